//! Drafts: copy-on-write layers over a workspace's files.
//!
//! A draft is a directory with the upper layer of an overlay file system and
//! its work directory. A cell mounts them over the workspace; what its
//! programs change lands in the upper layer and nowhere else. Here the
//! directory is made, read without mounting anything, and removed. What lies
//! in it was put there by code that we don't trust: it is read by handle, and
//! no link is followed.

mod layer;
pub(crate) mod reads;

use std::path::{Path, PathBuf};

use atelier_base::{ContentHash, WorkspacePath};
use rustix::fs::{CWD, Mode, OFlags, XattrFlags, fchmod, fchown, fsetxattr, mkdirat, open};

use crate::error::{FileError, FileResult};
use crate::files::{Content, Root};

pub use layer::Layer;
pub use reads::{Observed, Reads};

/// The directory of what was changed.
const UPPER: &str = "upper";
/// The overlay's own directory beside it.
const WORK: &str = "work";
/// Where [`Root`] keeps its state of the upper layer.
const STATE: &str = "state";
/// What marks a directory that hides all of the one below it.
pub(crate) const OPAQUE: &str = "user.overlay.opaque";

/// A draft's directory.
#[derive(Debug)]
pub struct Draft {
    directory: PathBuf,
    upper: Root,
}

impl Draft {
    /// Makes the directory of a draft over `workspace`. The folders `hidden`,
    /// such as build caches that are not to be shared, are empty in it.
    ///
    /// # Errors
    /// When it exists or can't be made; the file system must keep extended
    /// attributes of users for `hidden`.
    pub fn create(
        directory: &Path,
        workspace: &Root,
        hidden: &[WorkspacePath],
    ) -> FileResult<Self> {
        let made = make(directory, workspace, hidden);
        if made.is_err() {
            // What there is of it is of no use.
            let _ = crate::import::delete_tree(directory);
        }
        made?;
        Self::open(directory)
    }

    /// Opens the directory of a draft.
    ///
    /// # Errors
    /// When it is not there.
    pub fn open(directory: &Path) -> FileResult<Self> {
        let upper = Root::open(&directory.join(UPPER), &directory.join(STATE))?;
        Ok(Self {
            directory: directory.to_owned(),
            upper,
        })
    }

    /// Reads a file that the draft has its own copy of, of at most `max` bytes.
    ///
    /// # Errors
    /// As [`Root::read`].
    pub fn read(&self, path: &WorkspacePath, max: u64) -> FileResult<Content> {
        self.upper.read(path, max)
    }

    /// Hashes a file that the draft has its own copy of, of at most `max` bytes.
    ///
    /// # Errors
    /// As [`Root::hash`].
    pub fn hash(&self, path: &WorkspacePath, max: u64) -> FileResult<ContentHash> {
        self.upper.hash(path, max)
    }

    /// Lists what the draft has copies of and what it hides of the workspace,
    /// without what tools make.
    ///
    /// # Errors
    /// [`FileError::TooMany`] above `max_entries`.
    pub fn layer(&self, workspace: &Root, max_entries: u64) -> FileResult<Layer> {
        layer::read(&self.upper, workspace, max_entries)
    }
}

/// Removes the directory of a draft with all that is in it. Missing is fine.
///
/// # Errors
/// When something in it can't be deleted.
pub fn remove(directory: &Path) -> FileResult<()> {
    crate::import::delete_tree(directory)
}

fn make(directory: &Path, workspace: &Root, hidden: &[WorkspacePath]) -> FileResult<()> {
    let failed =
        |error, path: &Path| FileError::io("make the draft's folder", path.display(), error);
    // Others pass through it on their way to nothing.
    mkdirat(CWD, directory, Mode::from_raw_mode(0o711)).map_err(|e| failed(e, directory))?;
    let mode = Mode::from_raw_mode(workspace.mode()?);
    for name in [UPPER, WORK] {
        let path = directory.join(name);
        make_folder(&path, workspace, mode).map_err(|e| failed(e, &path))?;
    }
    let upper = directory.join(UPPER);
    for folder in hidden {
        let mut path = upper.clone();
        for name in folder.as_str().split('/') {
            path.push(name);
            if !path.is_dir() {
                let mode = Mode::from_raw_mode(0o755);
                make_folder(&path, workspace, mode).map_err(|e| failed(e, &path))?;
            }
        }
        hide(&path).map_err(|e| failed(e, &path))?;
    }
    Ok(())
}

/// Makes a folder that belongs to whom the workspace belongs to.
fn make_folder(path: &Path, workspace: &Root, mode: Mode) -> rustix::io::Result<()> {
    mkdirat(CWD, path, mode)?;
    let folder = open_folder(path)?;
    fchmod(&folder, mode)?;
    match workspace.owner() {
        Some(owner) => fchown(&folder, Some(owner.user), Some(owner.group)),
        None => Ok(()),
    }
}

fn hide(path: &Path) -> rustix::io::Result<()> {
    fsetxattr(open_folder(path)?, OPAQUE, b"y", XattrFlags::empty())
}

fn open_folder(path: &Path) -> rustix::io::Result<std::os::fd::OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    open(path, flags, Mode::empty())
}

/// Returns where the drafts of a data directory are.
pub fn place(data: &Path, name: &str) -> PathBuf {
    data.join("drafts").join(name)
}
