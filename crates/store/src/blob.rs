//! Contents, each kept once under its hash: `ab/cdef…` in a directory.
//!
//! A name appears only when its whole content is on the disk, so a crash
//! leaves no blob cut short: content goes to a file in `tmp`, is synced, and is
//! then renamed. What is read is hashed again.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use atelier_base::ContentHash;
use parking_lot::Mutex;
use tempfile::TempPath;

use crate::error::{Error, Result};

/// The blob directory. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct BlobStore {
    root: Arc<Path>,
    /// Which of the 256 folders are known to be on the disk.
    durable: Arc<Mutex<[bool; 256]>>,
}

/// Many blobs that are synced once, together: for an import.
///
/// Dropping it without [`commit`](Self::commit) leaves nothing behind.
#[derive(Debug)]
pub struct BlobBatch {
    store: BlobStore,
    waiting: Vec<(ContentHash, TempPath)>,
}

impl BlobStore {
    /// Opens the directory, and creates it if it does not exist.
    pub async fn open(root: &Path) -> Result<Self> {
        let store = Self {
            root: root.into(),
            durable: Arc::new(Mutex::new([false; 256])),
        };
        let tmp = store.tmp();
        blocking(move || create_folder(&tmp)).await?;
        Ok(store)
    }

    /// Stores `bytes` durably and returns their hash.
    pub async fn put(&self, bytes: Vec<u8>) -> Result<ContentHash> {
        let store = self.clone();
        blocking(move || {
            let hash = ContentHash::of(&bytes);
            let folder = store.create_folder_of(hash)?;
            let path = store.path(hash);
            if !is_stored(&path, &bytes)? {
                let file = store.write_temporary(&bytes, Sync::Now)?;
                give_name(file, &path)?;
            }
            // Also when it existed: a batch may have renamed it just now.
            sync_folder(&folder)?;
            Ok(hash)
        })
        .await
    }

    /// Begins a batch.
    pub fn batch(&self) -> BlobBatch {
        BlobBatch {
            store: self.clone(),
            waiting: Vec::new(),
        }
    }

    /// Returns the content of a hash.
    ///
    /// # Errors
    /// `BlobNotFound`; `BlobCorrupt` when the content does not have that hash.
    pub async fn get(&self, hash: ContentHash) -> Result<Vec<u8>> {
        let path = self.path(hash);
        blocking(move || match fs::read(&path) {
            Ok(bytes) if ContentHash::of(&bytes) == hash => Ok(bytes),
            Ok(_) => Err(Error::BlobCorrupt { hash }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(Error::BlobNotFound { hash })
            }
            Err(source) => Err(failed("read", &path, source)),
        })
        .await
    }

    /// Returns whether there is a blob of this hash.
    pub async fn exists(&self, hash: ContentHash) -> Result<bool> {
        let path = self.path(hash);
        blocking(move || path.try_exists().map_err(|e| failed("look for", &path, e))).await
    }

    /// Removes what a crash left in `tmp`. Only for the start of the server:
    /// it takes the ground from under a `put` or a batch that is going on.
    pub async fn remove_leftovers(&self) -> Result<()> {
        let store = self.clone();
        blocking(move || {
            let tmp = store.tmp();
            let entries = fs::read_dir(&tmp).map_err(|e| failed("list", &tmp, e))?;
            for entry in entries {
                let path = entry.map_err(|e| failed("list", &tmp, e))?.path();
                fs::remove_file(&path).map_err(|e| failed("remove", &path, e))?;
            }
            Ok(())
        })
        .await
    }

    /// Returns where the content of a hash is, relative to the directory.
    pub fn relative_path(hash: ContentHash) -> PathBuf {
        let name = hash.to_string();
        let (folder, rest) = name.split_at(2);
        Path::new(folder).join(rest)
    }

    fn path(&self, hash: ContentHash) -> PathBuf {
        self.root.join(Self::relative_path(hash))
    }

    fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// Makes the folder of a blob, durably, unless this was done before. The
    /// lock is held meanwhile: who finds the folder made may rely on it.
    fn create_folder_of(&self, hash: ContentHash) -> Result<PathBuf> {
        let first = hash.as_bytes()[0];
        let folder = self.root.join(format!("{first:02x}"));
        let mut durable = self.durable.lock();
        if !durable[usize::from(first)] {
            create_folder(&folder)?;
            sync_folder(&self.root)?;
            durable[usize::from(first)] = true;
        }
        Ok(folder)
    }

    fn write_temporary(&self, bytes: &[u8], sync: Sync) -> Result<TempPath> {
        let tmp = self.tmp();
        let write = || {
            // `tempfile` makes files that their owner alone can read.
            let mut file = tempfile::NamedTempFile::new_in(&tmp)?;
            file.write_all(bytes)?;
            if sync == Sync::Now {
                file.as_file().sync_all()?;
            }
            Ok(file.into_temp_path())
        };
        write().map_err(|e| failed("write a blob in", &tmp, e))
    }

    fn sync_all(&self) -> Result<()> {
        let sync = || Ok(rustix::fs::syncfs(fs::File::open(&self.root)?)?);
        sync().map_err(|e| failed("sync", &self.root, e))
    }
}

impl BlobBatch {
    /// Adds contents and returns their hashes, in order. They can be read
    /// after [`commit`](Self::commit).
    pub async fn put_many(&mut self, contents: Vec<Vec<u8>>) -> Result<Vec<ContentHash>> {
        let store = self.store.clone();
        let written = blocking(move || {
            let write = |bytes: Vec<u8>| {
                let hash = ContentHash::of(&bytes);
                let file = if is_stored(&store.path(hash), &bytes)? {
                    None
                } else {
                    Some(store.write_temporary(&bytes, Sync::Later)?)
                };
                Ok((hash, file))
            };
            contents.into_iter().map(write).collect::<Result<Vec<_>>>()
        })
        .await?;
        let hashes = written.iter().map(|(hash, _)| *hash).collect();
        self.waiting.extend(
            written
                .into_iter()
                .filter_map(|(hash, file)| Some((hash, file?))),
        );
        Ok(hashes)
    }

    /// Makes the batch durable, at the price of two syncs of the file system,
    /// however many blobs there are.
    pub async fn commit(self) -> Result<()> {
        let Self { store, waiting } = self;
        blocking(move || {
            store.sync_all()?;
            for (hash, file) in waiting {
                store.create_folder_of(hash)?;
                give_name(file, &store.path(hash))?;
            }
            store.sync_all()
        })
        .await
    }
}

/// When a written file reaches the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sync {
    Now,
    Later,
}

/// Returns whether the blob is there; one of another size is damaged, and is
/// written anew.
fn is_stored(path: &Path, bytes: &[u8]) -> Result<bool> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len() == bytes.len() as u64),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(failed("look for", path, source)),
    }
}

/// Renames a written file to its blob's name. Two at once do no harm: they
/// have the same content.
fn give_name(file: TempPath, path: &Path) -> Result<()> {
    file.persist(path)
        .map_err(|e| failed("rename a blob to", path, e.error))
}

fn create_folder(path: &Path) -> Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|e| failed("create", path, e))
}

fn sync_folder(folder: &Path) -> Result<()> {
    fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|e| failed("sync", folder, e))
}

fn failed(doing: &'static str, path: &Path, source: io::Error) -> Error {
    Error::Io {
        doing,
        path: path.to_owned(),
        source,
    }
}

/// Runs file system work where it may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(failed(
            "work in",
            Path::new("the blob directory"),
            error.into(),
        )),
    }
}

#[cfg(test)]
mod tests;
