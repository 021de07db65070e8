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
        let kind = match self.root.entry(path) {
            // The patch's author hears of it as of any edit that doesn't fit.
            Err(FileError::Symlink { .. }) => EntryKind::Other("path behind a symbolic link"),
            kind => kind.map_err(failed)?,
        };
        Ok(match kind {
            EntryKind::Missing => Entry::Missing,
            EntryKind::Directory => Entry::Directory,
            EntryKind::Symlink => Entry::Other("symbolic link"),
            EntryKind::Other(what) => Entry::Other(what),
            EntryKind::File => {
                let content = match self.root.read(path, limit::TEXT_FILE_BYTES) {
                    Err(FileError::TooLarge { .. }) => return Ok(Entry::TooLarge),
                    content => content.map_err(failed)?,
                };
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
