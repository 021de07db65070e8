//! Where the files that a patch is planned against come from.

use std::collections::BTreeMap;

use atelier_base::WorkspacePath;

use crate::encoding::Encoding;

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Nothing.
    Missing,
    /// A regular file.
    File {
        /// Its content.
        bytes: Vec<u8>,
        /// Whether it may be executed.
        executable: bool,
    },
    /// A folder.
    Directory,
    /// A regular file with more bytes than text may have.
    TooLarge,
    /// Something that a patch can't be applied to, by name: "symbolic link",
    /// "device", "named pipe".
    Other(&'static str),
}

/// A file could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(
    /// The reason, for a person.
    pub String,
);

/// The tree that a patch is planned against: one version of each file, which
/// must not change while [`crate::plan`] runs.
pub trait Source {
    /// Returns what is at `path`, without following a symbolic link.
    ///
    /// # Errors
    /// Says why the file could not be read; a missing file is no error.
    fn read(&self, path: &WorkspacePath) -> Result<Entry, SourceError>;

    /// Returns the encoding that somebody declared for a file, which goes
    /// before what [`crate::Style`] finds in the tree. Without either the file
    /// must be UTF-8, or UTF-16 with its mark.
    fn declared_encoding(&self, path: &WorkspacePath) -> Option<Encoding> {
        let _ = path;
        None
    }
}

/// A tree in memory. A path that others lie below is a folder.
impl Source for BTreeMap<WorkspacePath, Vec<u8>> {
    fn read(&self, path: &WorkspacePath) -> Result<Entry, SourceError> {
        if let Some(bytes) = self.get(path) {
            return Ok(Entry::File {
                bytes: bytes.clone(),
                executable: false,
            });
        }
        let behind = self.range(path..).map(|(other, _)| other);
        let mut below = behind.take_while(|other| other.as_str().starts_with(path.as_str()));
        let is_folder = below.any(|other| other.is_within(path));
        Ok(if is_folder {
            Entry::Directory
        } else {
            Entry::Missing
        })
    }
}
