//! Bringing a whole tree into a new workspace: from a folder on this
//! machine, a zip archive, or a built-in template.
//!
//! Everything is first written to a [`Staging`] directory, which becomes the
//! workspace's directory by one rename when all went well and is deleted
//! when anything did not: a refused import leaves nothing behind.

mod folder;
mod link;
mod unzip;
mod writer;

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use atelier_base::{WorkspacePath, limit};
use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, RenameFlags, chownat, fchown, fsync, mkdirat, open, renameat_with,
    syncfs,
};
use rustix::io::Errno;
use tokio_util::sync::CancellationToken;

use crate::error::{FileError, FileResult};
use crate::files::remove::remove_tree;
use crate::files::{Root, names_in, open_child};
use writer::Writer;

pub use folder::copy_folder;
pub use unzip::{TopFolder, unzip};

/// What an import may grow to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes, unpacked.
    pub bytes: u64,
    /// The most files, links and folders.
    pub files: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: limit::IMPORT_BYTES,
            files: limit::IMPORT_FILES,
        }
    }
}

/// How far an import has come, or how far it went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Files, links and folders written.
    pub files: u64,
    /// Bytes written.
    pub bytes: u64,
}

/// What was imported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// How much it was.
    pub total: Progress,
    /// What was left out and why, at most 1,000 entries.
    pub notes: Vec<Note>,
}

/// Something that was left out of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What, escaped for showing.
    pub entry: String,
    /// Why.
    pub why: &'static str,
}

/// What an import reports to and asks while it runs.
pub struct Watch<'a> {
    /// Called after each file.
    pub progress: &'a mut dyn FnMut(Progress),
    /// Looked at before each file and every 128 KiB.
    pub cancel: &'a CancellationToken,
}

/// A new directory that is deleted on drop unless it was placed.
#[derive(Debug)]
pub struct Staging {
    path: PathBuf,
    directory: OwnedFd,
    placed: bool,
}

impl Staging {
    /// Makes the directory, which must not exist. Its parent must be one
    /// that no untrusted process writes to, on the file system of the place
    /// where it shall go.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn create(path: &Path) -> FileResult<Self> {
        let shown = path.display();
        mkdirat(CWD, path, Mode::from_raw_mode(0o755))
            .map_err(|e| FileError::io("make the folder", shown, e))?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory = open(path, flags, Mode::empty())
            .map_err(|e| FileError::io("open the folder", path.display(), e))?;
        Ok(Self {
            path: path.to_owned(),
            directory,
            placed: false,
        })
    }

    /// Returns where the directory is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the directory and all that is in it to a user and their group of
    /// the same number.
    ///
    /// # Errors
    /// When this process may not: only root may.
    pub fn assign_owner(&self, user: u32) -> FileResult<()> {
        give(&self.directory, user)
            .map_err(|e| FileError::io("set the owner in", self.path.display(), e))
    }

    /// Makes everything durable and renames the directory to `destination`,
    /// where nothing may be.
    ///
    /// # Errors
    /// When that fails; the directory is then deleted.
    pub fn place(mut self, destination: &Path) -> FileResult<()> {
        let shown = destination.display();
        // One sync of the file system instead of one for each file.
        syncfs(&self.directory).map_err(|e| FileError::io("sync", self.path.display(), e))?;
        renameat_with(CWD, &self.path, CWD, destination, RenameFlags::NOREPLACE)
            .map_err(|e| FileError::io("make the folder", shown, e))?;
        self.placed = true;
        for parent in [destination.parent(), self.path.parent()]
            .into_iter()
            .flatten()
        {
            sync_folder(parent)?;
        }
        Ok(())
    }

    pub(crate) fn handle(&self) -> &OwnedFd {
        &self.directory
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.placed
            && let Err(error) = delete_tree(&self.path)
        {
            tracing::warn!(%error, "an abandoned import could not be deleted");
        }
    }
}

/// Writes files, with the folders they are in, such as a template's.
///
/// # Errors
/// When one can't be written, or they exceed the default limits.
pub fn write_template(staging: &Staging, files: &[TemplateFile<'_>]) -> FileResult<Imported> {
    let cancel = CancellationToken::new();
    let mut watch = Watch {
        progress: &mut |_| {},
        cancel: &cancel,
    };
    let mut writer = Writer::new(staging, Limits::default(), &mut watch);
    for file in files {
        writer.file(file.path.as_str(), file.executable, &mut &*file.bytes)?;
    }
    Ok(writer.done())
}

/// A file of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TemplateFile<'a> {
    /// Where it goes.
    pub path: &'a WorkspacePath,
    /// Its content.
    pub bytes: &'a [u8],
    /// Whether it may be executed.
    pub executable: bool,
}

/// Gives a workspace's directory and all that is in it to a user and their
/// group of the same number. Links are given, not followed.
///
/// # Errors
/// When this process may not: only root may.
pub fn assign_owner(root: &Root, user: u32) -> FileResult<()> {
    give(root.handle(), user).map_err(|e| FileError::io("set the owner in", ".", e))
}

/// Deletes a directory with all that is in it, following no link and entering
/// no other mount. Missing is fine.
///
/// # Errors
/// When something in it can't be deleted.
pub fn delete_tree(path: &Path) -> FileResult<()> {
    let failed = |e: Errno| FileError::io("delete", path.display(), e);
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(failed(Errno::INVAL));
    };
    let parent = open_path(parent).map_err(failed)?;
    remove_tree(parent.as_fd(), name).map_err(failed)
}

fn give(folder: impl AsFd, user: u32) -> rustix::io::Result<()> {
    let owner = Some(rustix::fs::Uid::from_raw(user));
    let group = Some(rustix::fs::Gid::from_raw(user));
    // A handle of its own, because reading moves a handle's position.
    let folder = open_child(folder, ".")?;
    for (name, kind) in names_in(folder.as_fd())? {
        chownat(&folder, &name, owner, group, AtFlags::SYMLINK_NOFOLLOW)?;
        if kind.is_dir() {
            give(open_child(&folder, &name)?, user)?;
        }
    }
    fchown(&folder, owner, group)
}

fn sync_folder(path: &Path) -> FileResult<()> {
    open_path(path)
        .and_then(fsync)
        .map_err(|e| FileError::io("sync the folder", path.display(), e))
}

fn open_path(path: &Path) -> rustix::io::Result<File> {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    open(path, flags, Mode::empty()).map(File::from)
}
