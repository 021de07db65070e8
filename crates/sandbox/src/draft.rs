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

use atelier_base::{ContentHash, TransactionId, WorkspacePath};
use rustix::fs::{
    CWD, FileType, Mode, OFlags, XattrFlags, fchmod, fchown, fsetxattr, mkdirat, mknodat, open,
};

use crate::error::{FileError, FileResult};
use crate::files::{Content, Root};
use crate::transaction::{Changes, Expect, FileChange};

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

/// What a draft is filled with.
#[derive(Clone, Debug, Default)]
pub struct Filling {
    /// Files with their content, and whether they may be executed.
    pub files: Vec<(WorkspacePath, Vec<u8>, bool)>,
    /// Files of the workspace that are not to be seen.
    pub gone: Vec<WorkspacePath>,
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

    /// Puts files into a draft that no program has worked in yet, and hides
    /// others of the workspace.
    ///
    /// # Errors
    /// When something can't be written; the draft is then of no use.
    pub fn fill(&self, id: TransactionId, filling: Filling) -> FileResult<()> {
        let write = |(path, bytes, executable)| FileChange::Write {
            path,
            bytes,
            executable,
            expect: Expect::Any,
        };
        let written: std::collections::HashSet<_> = filling
            .files
            .iter()
            .map(|(path, ..)| path.clone())
            .collect();
        for path in filling.gone {
            // What is written there anyway hides what was.
            if !written.contains(&path) {
                let failed = |e| FileError::io("hide", &path, e);
                hide_file(&self.directory.join(UPPER), &self.upper, &path).map_err(failed)?;
            }
        }
        let changes = Changes {
            id,
            files: filling.files.into_iter().map(write).collect(),
            rows: Vec::new(),
        };
        self.upper.commit(&changes)?.finish()
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

/// Hides a file of the workspace, as the overlay itself marks what is deleted.
/// Nobody else has the draft yet, so that paths can be joined.
fn hide_file(upper: &Path, root: &Root, path: &WorkspacePath) -> rustix::io::Result<()> {
    let mut place = upper.to_owned();
    let mut names: Vec<&str> = path.as_str().split('/').collect();
    let last = names.pop().unwrap_or_default();
    for name in names {
        place.push(name);
        if !place.is_dir() {
            make_folder(&place, root, Mode::from_raw_mode(0o755))?;
        }
    }
    let kind = FileType::CharacterDevice;
    mknodat(CWD, place.join(last), kind, Mode::empty(), 0)
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
