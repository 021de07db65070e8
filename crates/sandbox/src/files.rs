//! A workspace's files, read through a directory handle.
//!
//! Owns the one way from a [`WorkspacePath`] to bytes. It follows no link,
//! opens nothing but regular files and folders, and reads nothing without a
//! size limit: what lies in a workspace was put there by code that we don't
//! trust. Changes go through [`crate::transaction`].

pub(crate) mod beneath;
mod look;
pub(crate) mod remove;
pub(crate) mod rules;
mod walk;

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;

use atelier_base::{ContentHash, Timestamp, WorkspacePath};
use rustix::fs::{CWD, FileType, Mode, OFlags, Stat, fstat, mkdirat, open, openat};
use rustix::io::Errno;

use crate::error::{FileError, FileResult};
use crate::transaction::StateDirectory;
use beneath::Mounts;

pub use look::Seen;
pub use rules::LeaveOut;
pub(crate) use walk::names_in;
pub use walk::{Found, Listing, Skipped, WalkOptions};

/// Bytes read from a file at a time while hashing.
const CHUNK: usize = 128 * 1024;

/// A workspace's directory, held by handle, and the state directory in which
/// its edit transactions are staged and journalled.
///
/// All methods block; call them where blocking is allowed.
#[derive(Debug)]
pub struct Root {
    files: OwnedFd,
    state: Option<Arc<StateDirectory>>,
    owner: Option<Owner>,
}

/// Who new files belong to: set when we run as root, whose files the
/// workspace's own processes could not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) user: rustix::fs::Uid,
    pub(crate) group: rustix::fs::Gid,
}

/// A file's content and what goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Whether its owner may execute it.
    pub executable: bool,
    /// When it was last written.
    pub modified: Timestamp,
}

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// Nothing.
    Missing,
    /// A regular file.
    File,
    /// A folder.
    Directory,
    /// A symbolic link, which is never followed.
    Symlink,
    /// Something that is never opened: "a FIFO", "a socket", "a device".
    Other(&'static str),
}

impl Root {
    /// Opens the workspace whose files lie in `files`.
    ///
    /// `state` is the directory for journals and staged files; it is made
    /// when missing. It must be on the file system of `files`, and no
    /// untrusted process may write to it: beside the tree, or `DIR/.atelier`,
    /// which no [`WorkspacePath`] can name.
    ///
    /// Call [`Root::recover`] before the first read.
    ///
    /// # Errors
    /// When either is not a directory that can be used so.
    pub fn open(files: &Path, state: &Path) -> FileResult<Self> {
        let mut root = Self::open_to_read(files)?;
        root.state = Some(Arc::new(StateDirectory::open(state, root.handle())?));
        Ok(root)
    }

    /// Opens a directory without a state directory: it can be read, and every
    /// change is refused.
    ///
    /// # Errors
    /// When it is not a directory that can be read.
    pub fn open_to_read(files: &Path) -> FileResult<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let shown = files.display();
        let handle = open(files, flags, Mode::empty())
            .map_err(|e| FileError::io("open the folder", shown, e))?;
        beneath::open_folder(handle.as_fd(), None, Mounts::Stay).map_err(|e| match e {
            Errno::NOSYS => FileError::State {
                path: files.display().to_string(),
                why: "the kernel has no openat2; Linux 5.6 or newer is needed",
            },
            e => FileError::io("open the folder", files.display(), e),
        })?;
        let stat = fstat(&handle).map_err(|e| FileError::io("look at", files.display(), e))?;
        let owner = rustix::process::geteuid()
            .is_root()
            .then(|| Owner::of(&stat));
        Ok(Self {
            state: None,
            files: handle,
            owner,
        })
    }

    /// Makes the empty directory `files` and opens it like [`Root::open`].
    ///
    /// # Errors
    /// When it exists or can't be made.
    pub fn create(files: &Path, state: &Path) -> FileResult<Self> {
        mkdirat(CWD, files, Mode::from_raw_mode(0o755))
            .map_err(|e| FileError::io("make the folder", files.display(), e))?;
        Self::open(files, state)
    }

    /// Reads a file of at most `max` bytes.
    ///
    /// # Errors
    /// When there is no regular file, it is larger, or the path leads through
    /// a link.
    pub fn read(&self, path: &WorkspacePath, max: u64) -> FileResult<Content> {
        let (file, stat) = self.open_file(path)?;
        let too_large = || FileError::TooLarge {
            what: format!("`{path}`"),
            max,
        };
        if beneath::size(&stat) > max {
            return Err(too_large());
        }
        let mut bytes = Vec::with_capacity(usize::try_from(beneath::size(&stat)).unwrap_or(0));
        // A process may append while we read, so the limit holds here too.
        file.take(max.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|e| FileError::io("read", path, e))?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > max {
            return Err(too_large());
        }
        Ok(Content {
            bytes,
            executable: beneath::is_executable(&stat),
            modified: Timestamp::from_micros(beneath::modified_ns(&stat) / 1_000),
        })
    }

    /// Says what `path` names. A name behind a file is missing.
    ///
    /// # Errors
    /// When the path leads through a link or can't be looked at.
    pub fn entry(&self, path: &WorkspacePath) -> FileResult<EntryKind> {
        let found = beneath::look(self.handle(), path)?;
        Ok(found.map_or(EntryKind::Missing, |stat| EntryKind::of(&stat)))
    }

    /// Returns what a walk would say about `path`; `None` when nothing is there.
    ///
    /// # Errors
    /// As [`Root::entry`].
    pub fn stat(&self, path: &WorkspacePath) -> FileResult<Option<Found>> {
        let found = beneath::look(self.handle(), path)?;
        Ok(found.map(|stat| Found::of(path.clone(), &stat)))
    }

    /// Hashes a file of at most `max` bytes without holding it in memory.
    ///
    /// # Errors
    /// As [`Root::read`].
    pub fn hash(&self, path: &WorkspacePath, max: u64) -> FileResult<ContentHash> {
        let (file, stat) = self.open_file(path)?;
        hash_file(path, file, &stat, max)
    }

    /// Returns the permission bits of the workspace's directory.
    pub(crate) fn mode(&self) -> FileResult<u32> {
        let stat = fstat(&self.files).map_err(|e| FileError::io("look at", ".", e))?;
        Ok(stat.st_mode & 0o777)
    }

    /// Returns the state directory.
    pub(crate) fn state(&self) -> FileResult<&Arc<StateDirectory>> {
        self.state.as_ref().ok_or(FileError::NotWritable {
            path: ".".to_owned(),
            why: "it was opened for reading",
        })
    }

    /// Returns the handle of the workspace's directory.
    pub(crate) fn handle(&self) -> BorrowedFd<'_> {
        self.files.as_fd()
    }

    /// Returns who new files belong to; `None`: to whom they belong anyway.
    pub(crate) fn owner(&self) -> Option<Owner> {
        self.owner
    }

    /// Opens a regular file for reading and looks at it.
    pub(crate) fn open_file(&self, path: &WorkspacePath) -> FileResult<(File, Stat)> {
        // O_NONBLOCK: opening a FIFO that nobody writes to must not hang.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK;
        let wrong = |found| FileError::WrongKind {
            path: path.clone(),
            found,
            wanted: "a file",
        };
        let handle = beneath::open(self.handle(), path.as_str(), flags, Mounts::Cross);
        let handle = handle.map_err(|error| match error {
            Errno::NXIO | Errno::NODEV => wrong("a socket or device"),
            other => beneath::explain(other, "open", path),
        })?;
        let stat = fstat(&handle).map_err(|e| beneath::explain(e, "look at", path))?;
        if beneath::file_type(&stat) != FileType::RegularFile {
            return Err(wrong(beneath::describe(&stat)));
        }
        Ok((File::from(handle), stat))
    }
}

/// Hashes an open file; `path` is for the error.
pub(crate) fn hash_file(
    path: &WorkspacePath,
    mut file: File,
    stat: &Stat,
    max: u64,
) -> FileResult<ContentHash> {
    let too_large = || FileError::TooLarge {
        what: format!("`{path}`"),
        max,
    };
    if beneath::size(stat) > max {
        return Err(too_large());
    }
    let mut hasher = blake3::Hasher::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = file
            .read(&mut chunk)
            .map_err(|e| FileError::io("read", path, e))?;
        if read == 0 {
            return Ok(ContentHash::from_bytes(*hasher.finalize().as_bytes()));
        }
        hasher.update(&chunk[..read]);
        if hasher.count() > max {
            return Err(too_large());
        }
    }
}

impl EntryKind {
    pub(crate) fn of(stat: &Stat) -> Self {
        match beneath::file_type(stat) {
            FileType::RegularFile => Self::File,
            FileType::Directory => Self::Directory,
            FileType::Symlink => Self::Symlink,
            _ => Self::Other(beneath::describe(stat)),
        }
    }
}

impl Owner {
    pub(crate) fn of(stat: &Stat) -> Self {
        Self {
            user: rustix::fs::Uid::from_raw(stat.st_uid),
            group: rustix::fs::Gid::from_raw(stat.st_gid),
        }
    }
}

/// Opens a folder by a name in another folder, not following a link.
pub(crate) fn open_child(
    folder: impl AsFd,
    name: impl rustix::path::Arg,
) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(folder, name, flags | OFlags::NONBLOCK, Mode::empty())
}
