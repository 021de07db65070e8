use std::fs;

use atelier_base::Timestamp;
use uuid::Uuid;

use super::*;

/// A program goes on writing between the moment at which its file is looked at
/// and the one at which it is read.
#[test]
fn a_version_of_a_file_that_grew_meanwhile_is_as_long_as_its_content() {
    let folder = tempfile::tempdir().unwrap();
    let on_disk = folder.path().join("log.txt");
    let root = Root::open_to_read(folder.path()).unwrap();
    let path = WorkspacePath::new("log.txt").unwrap();
    for (before, after) in [("one\n", "one\ntwo\n"), ("one\ntwo\n", "one\n"), ("", "x")] {
        fs::write(&on_disk, before).unwrap();
        let found = root.stat(&path).unwrap().unwrap();
        fs::write(&on_disk, after).unwrap();
        let read = read_all(&root, vec![path.clone()]).unwrap();
        let [(_, bytes)] = read.as_slice() else {
            panic!("{read:?}");
        };
        assert_eq!(bytes, after.as_bytes());
        assert_eq!(found.size, before.len() as u64, "what was found is old");
        let content = Content {
            hash: ContentHash::of(bytes),
            bytes: bytes.len() as u64,
        };
        let version = content.version(nil(), nil(), &transaction(), &found);
        assert_eq!(version.size_bytes, after.len() as u64);
        assert_eq!(version.content_hash, ContentHash::of(after.as_bytes()));
    }
}

fn transaction() -> TransactionRow {
    TransactionRow {
        id: nil(),
        workspace_id: nil(),
        user_id: None,
        kind: TransactionKind::Scan,
        proposal_id: None,
        created_at: Timestamp::from_micros(0),
    }
}

fn nil<T: From<Uuid>>() -> T {
    T::from(Uuid::nil())
}
