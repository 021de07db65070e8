//! The workspaces' directories: where they are, and one writer at a time.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use atelier_base::WorkspaceId;
use atelier_sandbox::FileError;
use atelier_sandbox::files::Root;
use parking_lot::Mutex;

use crate::error::{Error, Result};

/// The opened directories of all workspaces.
#[derive(Debug)]
pub(crate) struct Trees {
    data: PathBuf,
    open: Mutex<HashMap<WorkspaceId, Arc<Tree>>>,
}

/// One workspace's directory.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) workspace: WorkspaceId,
    pub(crate) root: Root,
    /// The directory that cells see.
    pub(crate) files: PathBuf,
    /// Held while files and rows change together, so that nobody sees one
    /// without the other.
    pub(crate) writing: tokio::sync::Mutex<()>,
}

impl Trees {
    pub(crate) fn new(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
            open: Mutex::default(),
        }
    }

    /// Returns where a workspace's `files` and `state` directories are.
    pub(crate) fn place(&self, workspace: WorkspaceId) -> PathBuf {
        self.data.join("workspaces").join(workspace.to_string())
    }

    /// Returns where a workspace is made before it has its place.
    pub(crate) fn staging(&self) -> PathBuf {
        self.data.join("imports")
    }

    /// Opens a workspace's directory.
    pub(crate) async fn open(&self, workspace: WorkspaceId) -> Result<Arc<Tree>> {
        if let Some(tree) = self.open.lock().get(&workspace) {
            return Ok(Arc::clone(tree));
        }
        let place = self.place(workspace);
        let tree = blocking(move || {
            let files = place.join("files");
            let root = Root::open(&files, &place.join("state"))?;
            Ok(Arc::new(Tree {
                workspace,
                root,
                files,
                writing: tokio::sync::Mutex::default(),
            }))
        })
        .await?;
        // Two callers may have opened it at once; both get the first's.
        Ok(Arc::clone(
            self.open.lock().entry(workspace).or_insert(tree),
        ))
    }
}

/// Runs file work on a thread that may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FileError> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done?),
        Err(failure) => Err(Error::Internal(format!("file work ended early: {failure}"))),
    }
}
