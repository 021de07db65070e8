//! A directory as the edit engine reads it.

use atelier_base::{WorkspacePath, limit};
use atelier_patch::{Encoding, Entry, Source, SourceError};
use atelier_sandbox::FileError;
use atelier_sandbox::files::{EntryKind, Root};

/// A directory, opened, and what was said of its files.
pub(super) struct Directory<'a> {
    root: &'a Root,
    encoding: Option<Encoding>,
}

impl<'a> Directory<'a> {
    pub(super) fn new(root: &'a Root, encoding: Option<Encoding>) -> Self {
        Self { root, encoding }
    }
}

impl Source for Directory<'_> {
    fn read(&self, path: &WorkspacePath) -> Result<Entry, SourceError> {
        let failed = |error: FileError| SourceError(atelier_domain::chain(&error));
        Ok(match self.root.entry(path).map_err(failed)? {
            EntryKind::Missing => Entry::Missing,
            EntryKind::Directory => Entry::Directory,
            EntryKind::Symlink => Entry::Other("symbolic link"),
            EntryKind::Other(what) => Entry::Other(what),
            EntryKind::File => {
                let content = self.root.read(path, limit::TEXT_FILE_BYTES);
                let content = content.map_err(failed)?;
                Entry::File {
                    bytes: content.bytes,
                    executable: content.executable,
                }
            }
        })
    }

    fn declared_encoding(&self, _: &WorkspacePath) -> Option<Encoding> {
        self.encoding
    }
}
