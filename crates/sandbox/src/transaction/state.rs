//! The state directory: staged files, journals and the lock.
//!
//! For a transaction `ID` it holds `ID.0`, `ID.1` … (staged), `ID.new` (a
//! journal being written) and `ID.pending` or `ID.applied` (a journal).
//! Everything else in it belongs to others and is left alone.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use atelier_base::TransactionId;
use rustix::fs::{
    AtFlags, CWD, FlockOperation, Mode, OFlags, StatxFlags, flock, fstat, fsync, mkdirat, open,
    openat, renameat, statx, unlinkat,
};
use rustix::io::Errno;

use super::JOURNAL_BYTES;
use super::journal::{Journal, Stage};
use crate::error::{FileError, FileResult};
use crate::files::beneath::look_in;
use crate::files::names_in;
use crate::files::remove::{MOVED_UP, remove_tree};

/// How often the directory is made again that another process deletes.
const ATTEMPTS: usize = 32;

/// The directory, held by handle.
#[derive(Debug)]
pub(crate) struct StateDirectory {
    directory: OwnedFd,
    path: String,
    serial: Mutex<()>,
}

/// The lock on a state directory: against other threads and, by `flock`,
/// against other processes and other `Root`s.
pub(super) struct Locked<'a> {
    directory: BorrowedFd<'a>,
    _serial: MutexGuard<'a, ()>,
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // The kernel unlocks at the latest when the handle is closed.
        let _ = flock(self.directory, FlockOperation::Unlock);
    }
}

/// What lies in a state directory.
pub(super) struct Content {
    /// The journals, oldest first.
    pub(super) journals: BTreeMap<TransactionId, Stage>,
    /// What else is ours, and whose; `None` is what a deletion left.
    leftovers: Vec<(Option<TransactionId>, String)>,
}

impl StateDirectory {
    /// Opens the directory, making it when it is missing.
    pub(crate) fn open(path: &Path, files: BorrowedFd<'_>) -> FileResult<Self> {
        let shown = path.display().to_string();
        let state = |why| FileError::State {
            path: path.display().to_string(),
            why,
        };
        let directory = made(path).map_err(|error| match error {
            Errno::LOOP | Errno::NOTDIR => state("it is a link or not a directory"),
            other => FileError::io("make the state directory", &shown, other),
        })?;
        sync_name_of(path).map_err(|e| FileError::io("sync the folder of", &shown, e))?;
        let stat = fstat(&directory).map_err(|e| FileError::io("look at", &shown, e))?;
        if stat.st_uid != rustix::process::geteuid().as_raw() {
            return Err(state(
                "it belongs to another user, who could forge a journal",
            ));
        }
        if !same_mount(directory.as_fd(), files).map_err(|e| FileError::io("look at", &shown, e))? {
            return Err(state("it is on another file system than the files"));
        }
        Ok(Self {
            directory,
            path: shown,
            serial: Mutex::new(()),
        })
    }

    pub(super) fn handle(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    /// Waits until nobody else changes anything through this directory.
    pub(super) fn lock(&self) -> FileResult<Locked<'_>> {
        // A thread that panicked left at most what a crash leaves.
        let serial = self.serial.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match flock(&self.directory, FlockOperation::LockExclusive) {
                Ok(()) => break,
                Err(Errno::INTR) => {}
                Err(error) => return Err(FileError::io("lock", &self.path, error)),
            }
        }
        let locked = Locked {
            directory: self.handle(),
            _serial: serial,
        };
        let stat = fstat(&self.directory).map_err(|e| FileError::io("look at", &self.path, e))?;
        if stat.st_nlink == 0 {
            return Err(FileError::StateDeleted {
                path: self.path.clone(),
            });
        }
        Ok(locked)
    }

    /// Lists what is there.
    pub(super) fn list(&self) -> FileResult<Content> {
        let mut content = Content {
            journals: BTreeMap::new(),
            leftovers: Vec::new(),
        };
        for (name, _) in self.names()? {
            let Ok(name) = name.to_str() else { continue };
            if name.starts_with(MOVED_UP) {
                content.leftovers.push((None, name.to_owned()));
            }
            let Some((id, rest)) = split_name(name) else {
                continue;
            };
            match Stage::of_suffix(rest) {
                Some(stage) => {
                    content.journals.insert(id, stage);
                }
                None => content.leftovers.push((Some(id), name.to_owned())),
            }
        }
        Ok(content)
    }

    /// Reads the journal of a transaction, if there is one.
    pub(super) fn find(&self, id: TransactionId) -> FileResult<Option<Journal>> {
        for stage in [Stage::Applied, Stage::Pending] {
            let name = stage.name(id);
            match self.read(&name) {
                Ok(bytes) => return Journal::decode(&name, id, &bytes).map(Some),
                Err(Errno::NOENT) => {}
                Err(error) => return Err(FileError::io("read the journal", name, error)),
            }
        }
        Ok(None)
    }

    /// Makes a new file.
    pub(super) fn create(&self, name: &str, mode: Mode) -> FileResult<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
        openat(&self.directory, name, flags | OFlags::CLOEXEC, mode)
            .map(File::from)
            .map_err(|e| FileError::io("stage", name, e))
    }

    /// Makes a file's content durable.
    pub(super) fn sync_file(&self, name: &str) -> FileResult<()> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        openat(&self.directory, name, flags, Mode::empty())
            .and_then(fsync)
            .map_err(|e| FileError::io("sync", name, e))
    }

    /// Makes what was written, renamed and deleted here durable.
    pub(super) fn sync(&self) -> FileResult<()> {
        fsync(&self.directory).map_err(|e| FileError::io("sync", &self.path, e))
    }

    pub(super) fn rename(&self, from: &str, to: &str) -> FileResult<()> {
        renameat(&self.directory, from, &self.directory, to)
            .map_err(|e| FileError::io("rename", from, e))
    }

    /// Returns whether something is staged under this name.
    pub(super) fn has(&self, name: &str) -> FileResult<bool> {
        look_in(&self.directory, name)
            .map(|stat| stat.is_some())
            .map_err(|e| FileError::io("look at", name, e))
    }

    /// Deletes what a transaction staged before it failed.
    pub(super) fn discard(&self, id: TransactionId, staged: u32) -> FileResult<()> {
        self.delete(&format!("{id}.new"))?;
        (0..staged).try_for_each(|n| self.delete(&staged_name(id, n)))
    }

    /// Deletes a finished transaction: first its journal, so that a crash in
    /// between leaves orphans and not a journal without its files.
    pub(super) fn finish(&self, id: TransactionId, staged: u32) -> FileResult<()> {
        self.delete(&Stage::Applied.name(id))?;
        (0..staged).try_for_each(|n| self.delete(&staged_name(id, n)))
    }

    /// Deletes the directory if nothing is in it.
    pub(super) fn remove_if_empty(&self) -> FileResult<()> {
        match unlinkat(CWD, self.path.as_str(), AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST) => Ok(()),
            Err(error) => Err(FileError::io("delete", &self.path, error)),
        }
    }

    fn delete(&self, name: &str) -> FileResult<()> {
        remove_tree(self.handle(), name).map_err(|e| FileError::io("delete", name, e))
    }

    fn names(&self) -> FileResult<Vec<(std::ffi::CString, rustix::fs::FileType)>> {
        // A handle of its own, because reading moves a handle's position.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        openat(&self.directory, ".", flags, Mode::empty())
            .and_then(|handle| names_in(handle.as_fd()))
            .map_err(|e| FileError::io("list", &self.path, e))
    }

    fn read(&self, name: &str) -> rustix::io::Result<Vec<u8>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let handle = openat(&self.directory, name, flags, Mode::empty())?;
        let mut bytes = Vec::new();
        File::from(handle)
            .take(JOURNAL_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(|e| Errno::from_io_error(&e).unwrap_or(Errno::IO))?;
        Ok(bytes)
    }
}

impl Content {
    /// Deletes what was staged for transactions that have no journal.
    pub(super) fn delete_orphans(&self, state: &StateDirectory) -> FileResult<()> {
        self.leftovers
            .iter()
            .filter(|(id, _)| id.is_none_or(|id| !self.journals.contains_key(&id)))
            .try_for_each(|(_, name)| state.delete(name))
    }
}

/// Names the `n`th staged file of a transaction.
pub(super) fn staged_name(id: TransactionId, n: u32) -> String {
    format!("{id}.{n}")
}

fn split_name(name: &str) -> Option<(TransactionId, &str)> {
    let (id, rest) = name.split_once('.')?;
    let known = rest == "new" || Stage::of_suffix(rest).is_some() || rest.parse::<u32>().is_ok();
    known.then_some(())?;
    let parsed: TransactionId = id.parse().ok()?;
    // Only the spelling that we write: a UUID has several.
    (parsed.to_string() == id).then_some((parsed, rest))
}

/// Opens the directory, making it when it is missing. Another process may
/// delete it in between, because it is empty.
fn made(path: &Path) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut last = Errno::NOENT;
    for _ in 0..ATTEMPTS {
        match mkdirat(CWD, path, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error),
        }
        match open(path, flags, Mode::empty()) {
            Err(Errno::NOENT) => last = Errno::NOENT,
            done => return done,
        }
    }
    Err(last)
}

/// Makes durable that the directory is there: a power cut that forgets it
/// forgets the journals in it. Also when it was there already, because whoever
/// made it may have come no further.
fn sync_name_of(directory: &Path) -> rustix::io::Result<()> {
    let folder = directory.parent().filter(|path| *path != Path::new(""));
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = open(folder.unwrap_or(Path::new(".")), flags, Mode::empty())?;
    fsync(folder)
}

/// Returns whether a file can be renamed from one folder to the other.
fn same_mount(a: BorrowedFd<'_>, b: BorrowedFd<'_>) -> rustix::io::Result<bool> {
    if fstat(a)?.st_dev != fstat(b)?.st_dev {
        return Ok(false);
    }
    // Two bind mounts of one file system have one device and still refuse a
    // rename between them. Kernels before 5.8 don't tell; there the commit
    // fails at its first rename instead.
    let mount = |fd| statx(fd, "", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID);
    match (mount(a), mount(b)) {
        (Ok(a), Ok(b)) if a.stx_mask & b.stx_mask & StatxFlags::MNT_ID.bits() != 0 => {
            Ok(a.stx_mnt_id == b.stx_mnt_id)
        }
        _ => Ok(true),
    }
}
