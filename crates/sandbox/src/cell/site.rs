//! What a cell is made over.

use std::path::{Path, PathBuf};

/// The files that a cell works on, and so which cell it is: a host keeps one
/// for each site.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Site {
    /// The workspace's directory.
    pub workspace: PathBuf,
    /// The directory of the draft through which the workspace is changed, when
    /// it is not changed itself.
    pub draft: Option<PathBuf>,
}

impl Site {
    /// Makes the site of a workspace itself.
    pub fn workspace(directory: &Path) -> Self {
        Self {
            workspace: directory.to_owned(),
            draft: None,
        }
    }
}
