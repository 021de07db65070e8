//! Opening names beneath a directory handle, never through a link.
//!
//! Every path of a workspace is resolved here and nowhere else. `openat2`
//! (Linux 5.6) does the whole walk in the kernel, so that a folder swapped
//! for a link between two of our steps is refused, not followed.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use atelier_base::WorkspacePath;
use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, ResolveFlags, Stat, fstat, openat, openat2, statat,
};
use rustix::io::Errno;

use crate::error::{FileError, FileResult};

/// How often an `openat2` is tried again that a concurrent rename disturbed.
const ATTEMPTS: u32 = 32;

/// May the path cross into another mount?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mounts {
    /// Yes: for reading.
    Cross,
    /// No: for changing, because a rename can't cross.
    Stay,
}

/// Opens `path` beneath `root`. Links, magic links and ways out are refused.
pub(crate) fn open(
    root: BorrowedFd<'_>,
    path: &str,
    flags: OFlags,
    mounts: Mounts,
) -> rustix::io::Result<OwnedFd> {
    let mut resolve =
        ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_SYMLINKS;
    if mounts == Mounts::Stay {
        resolve |= ResolveFlags::NO_XDEV;
    }
    // Not O_NOFOLLOW: with it a final link is "not a folder", not a link.
    let flags = flags | OFlags::CLOEXEC | OFlags::NOCTTY;
    let mut last = Errno::AGAIN;
    for _ in 0..ATTEMPTS {
        match openat2(root, path, flags, Mode::empty(), resolve) {
            Err(Errno::AGAIN | Errno::INTR) => last = Errno::AGAIN,
            done => return done,
        }
    }
    Err(last)
}

/// Opens a folder of the workspace; `None` is the root itself.
pub(crate) fn open_folder(
    root: BorrowedFd<'_>,
    path: Option<&WorkspacePath>,
    mounts: Mounts,
) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    open(root, path.map_or(".", WorkspacePath::as_str), flags, mounts)
}

/// Looks at what `path` names without following a final link. `None` when it,
/// or a folder on the way, does not exist.
pub(crate) fn look(root: BorrowedFd<'_>, path: &WorkspacePath) -> FileResult<Option<Stat>> {
    let parent = match open_folder(root, path.parent().as_ref(), Mounts::Cross) {
        Ok(parent) => parent,
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
        Err(error) => return Err(explain(error, "open the folder of", path)),
    };
    match statat(&parent, path.name(), AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(stat)),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(explain(error, "look at", path)),
    }
}

/// Looks at a name in an open folder. `None` when it does not exist.
pub(crate) fn look_in(folder: impl AsFd, name: &str) -> rustix::io::Result<Option<Stat>> {
    match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(stat)),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Opens a regular file by its name in an open folder, for reading; `None`
/// when it is not one.
pub(crate) fn open_regular(folder: BorrowedFd<'_>, name: &str) -> Option<std::fs::File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let is_regular = |stat: &Stat| file_type(stat) == FileType::RegularFile;
    // Looked at first: opening a device does something.
    look_in(folder, name).ok()?.filter(is_regular)?;
    let file = openat(folder, name, flags, Mode::empty()).ok()?;
    let opened = fstat(&file).ok()?;
    is_regular(&opened).then(|| file.into())
}

/// Like [`explain`] for a folder, where `None` is the root.
pub(crate) fn explain_folder(
    error: Errno,
    doing: &'static str,
    folder: Option<&WorkspacePath>,
) -> FileError {
    match folder {
        Some(path) => explain(error, doing, path),
        None => FileError::io(doing, ".", error),
    }
}

/// Makes the typed error of a failed call on a workspace path.
pub(crate) fn explain(error: Errno, doing: &'static str, path: &WorkspacePath) -> FileError {
    let path = path.clone();
    match error {
        Errno::NOENT | Errno::NOTDIR => FileError::NotFound { path },
        Errno::LOOP => FileError::Symlink { path },
        Errno::XDEV => FileError::NotWritable {
            path: path.to_string(),
            why: "it lies on another file system than the workspace",
        },
        other => FileError::io(doing, path, other),
    }
}

/// Says what a file mode is, for people.
pub(crate) fn describe(stat: &Stat) -> &'static str {
    match file_type(stat) {
        FileType::RegularFile => "a file",
        FileType::Directory => "a folder",
        FileType::Symlink => "a symbolic link",
        FileType::Fifo => "a FIFO",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        FileType::Unknown => "something unknown",
    }
}

/// Returns the type part of a mode.
pub(crate) fn file_type(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

/// Returns whether the owner may execute it.
pub(crate) fn is_executable(stat: &Stat) -> bool {
    stat.st_mode & 0o100 != 0
}

/// Returns the modification time in nanoseconds since the epoch, saturating.
pub(crate) fn modified_ns(stat: &Stat) -> i64 {
    nanoseconds(stat.st_mtime, stat.st_mtime_nsec)
}

/// Returns the time of the last change of the inode, like [`modified_ns`].
pub(crate) fn changed_ns(stat: &Stat) -> i64 {
    nanoseconds(stat.st_ctime, stat.st_ctime_nsec)
}

/// Returns the size in bytes.
pub(crate) fn size(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or(0)
}

fn nanoseconds(seconds: impl Into<i128>, fraction: impl Into<i128>) -> i64 {
    let total = seconds.into() * 1_000_000_000 + fraction.into();
    i64::try_from(total).unwrap_or(if total < 0 { i64::MIN } else { i64::MAX })
}
