use std::fs;
use std::os::unix::fs::PermissionsExt;

use atelier_base::ContentHash;

use super::*;

struct Fixture {
    directory: tempfile::TempDir,
    blobs: BlobStore,
}

impl Fixture {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let blobs = BlobStore::open(&directory.path().join("blobs"))
            .await
            .unwrap();
        Self { directory, blobs }
    }

    fn file(&self, hash: ContentHash) -> PathBuf {
        self.directory
            .path()
            .join("blobs")
            .join(BlobStore::relative_path(hash))
    }

    fn temporary_files(&self) -> usize {
        fs::read_dir(self.directory.path().join("blobs/tmp"))
            .unwrap()
            .count()
    }
}

#[tokio::test]
async fn contents_come_back_and_are_kept_once() {
    let t = Fixture::new().await;
    for bytes in [&b""[..], b"a", b"\0\xff", &vec![7; 100_000]] {
        let hash = t.blobs.put(bytes.to_vec()).await.unwrap();
        assert_eq!(hash, ContentHash::of(bytes));
        assert_eq!(t.blobs.put(bytes.to_vec()).await.unwrap(), hash);
        assert_eq!(t.blobs.get(hash).await.unwrap(), bytes);
        assert!(t.blobs.exists(hash).await.unwrap());
    }
    assert_eq!(t.temporary_files(), 0);
    let missing = ContentHash::of(b"missing");
    assert!(!t.blobs.exists(missing).await.unwrap());
    let error = t.blobs.get(missing).await.unwrap_err();
    assert!(matches!(error, Error::BlobNotFound { hash } if hash == missing));
}

#[tokio::test]
async fn only_the_owner_can_read_a_blob() {
    let t = Fixture::new().await;
    let hash = t.blobs.put(b"private".to_vec()).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let file = t.file(hash);
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(file.parent().unwrap()), 0o700);
}

#[tokio::test]
async fn a_damaged_blob_is_noticed() {
    let t = Fixture::new().await;
    let hash = t.blobs.put(b"content".to_vec()).await.unwrap();
    for damage in [&b"contenx"[..], b"content ", b""] {
        fs::write(t.file(hash), damage).unwrap();
        let error = t.blobs.get(hash).await.unwrap_err();
        assert!(matches!(error, Error::BlobCorrupt { hash: named } if named == hash));
    }
    t.blobs.put(b"content".to_vec()).await.unwrap();
    assert_eq!(t.blobs.get(hash).await.unwrap(), b"content", "mended");
}

#[tokio::test]
async fn a_batch_appears_whole_when_it_is_committed() {
    let t = Fixture::new().await;
    let old = t.blobs.put(b"old".to_vec()).await.unwrap();
    let mut batch = t.blobs.batch();
    let contents = vec![
        b"one".to_vec(),
        b"old".to_vec(),
        b"one".to_vec(),
        b"two".to_vec(),
    ];
    let hashes = batch.put_many(contents.clone()).await.unwrap();
    assert_eq!(hashes[1], old);
    assert!(!t.blobs.exists(hashes[0]).await.unwrap());
    batch.commit().await.unwrap();
    for (hash, content) in hashes.into_iter().zip(contents) {
        assert_eq!(t.blobs.get(hash).await.unwrap(), content);
    }
    assert_eq!(t.temporary_files(), 0);
}

#[tokio::test]
async fn a_batch_that_is_dropped_leaves_nothing() {
    let t = Fixture::new().await;
    let mut batch = t.blobs.batch();
    let hashes = batch.put_many(vec![b"one".to_vec()]).await.unwrap();
    assert_eq!(t.temporary_files(), 1);
    drop(batch);
    assert_eq!(t.temporary_files(), 0);
    assert!(!t.blobs.exists(hashes[0]).await.unwrap());
}

#[tokio::test]
async fn leftovers_of_a_crash_are_removed() {
    let t = Fixture::new().await;
    fs::write(t.directory.path().join("blobs/tmp/.tmpX"), "half").unwrap();
    let hash = t.blobs.put(b"kept".to_vec()).await.unwrap();
    t.blobs.remove_leftovers().await.unwrap();
    assert_eq!(t.temporary_files(), 0);
    assert!(t.blobs.exists(hash).await.unwrap());
}
