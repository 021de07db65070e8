//! The workspaces' directories: where they are, and one writer at a time.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use atelier_base::WorkspaceId;
use atelier_sandbox::FileError;
use atelier_sandbox::files::Root;
use parking_lot::Mutex;
use tokio::sync::MutexGuard;

use crate::domain::Domain;
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
    writing: tokio::sync::Mutex<()>,
    /// Whether a change may have reached the files and not yet the rows. True
    /// until the first look.
    unfinished: AtomicBool,
}

impl Tree {
    /// Notes that a change is on its way from files to rows, or has arrived.
    pub(crate) fn set_unfinished(&self, unfinished: bool) {
        self.unfinished.store(unfinished, Ordering::SeqCst);
    }
}

impl Domain {
    /// Takes a tree for writing, after finishing what a crash or a database
    /// that was away left between its files and its rows: nobody may build on
    /// rows that are about to change.
    pub(crate) async fn write_to<'t>(&self, tree: &'t Arc<Tree>) -> Result<MutexGuard<'t, ()>> {
        let guard = tree.writing.lock().await;
        if tree.unfinished.load(Ordering::SeqCst) {
            self.finish_pending(tree).await?;
            tree.set_unfinished(false);
        }
        Ok(guard)
    }
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

    /// Returns the directory that a workspace's cells see.
    pub(crate) fn files_of(&self, workspace: WorkspaceId) -> PathBuf {
        self.place(workspace).join("files")
    }

    /// Returns the workspace whose cells see a directory.
    pub(crate) fn workspace_of(&self, files: &Path) -> Option<WorkspaceId> {
        let name = files.parent()?.file_name()?.to_str()?;
        let workspace = name.parse().ok()?;
        (self.files_of(workspace) == files).then_some(workspace)
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
                unfinished: AtomicBool::new(true),
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
