//! Writing an imported tree, counting as it grows.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};

use atelier_base::path::PathError;
use atelier_base::{WorkspacePath, limit};
use rustix::fs::{Mode, OFlags, mkdirat, openat, symlinkat};
use rustix::io::Errno;

use super::link::{TARGET_BYTES, stays_inside};
use super::{Imported, Limits, Note, Staging, Watch};
use crate::error::{FileError, FileResult};
use crate::files::beneath::{self, Mounts};

/// Bytes copied at a time.
const CHUNK: usize = 128 * 1024;
/// The most notes kept.
const NOTES_MAX: usize = 1_000;

/// Writes into a staging directory and keeps to the limits.
pub(super) struct Writer<'a, 'w> {
    staging: &'a Staging,
    limits: Limits,
    watch: &'a mut Watch<'w>,
    done: Imported,
    /// Every name written: in lower case, to how it was spelled and whether
    /// it is a folder.
    names: HashMap<String, Name>,
    /// The folder written to last; most files go where the one before went.
    open: Option<(String, OwnedFd)>,
    chunk: Vec<u8>,
}

struct Name {
    spelled: String,
    folder: bool,
}

impl<'a, 'w> Writer<'a, 'w> {
    pub(super) fn new(staging: &'a Staging, limits: Limits, watch: &'a mut Watch<'w>) -> Self {
        Self {
            staging,
            limits,
            watch,
            done: Imported::default(),
            names: HashMap::new(),
            open: None,
            chunk: vec![0; CHUNK],
        }
    }

    /// Writes a file; returns how many bytes it had.
    pub(super) fn file(
        &mut self,
        path: &str,
        executable: bool,
        from: &mut dyn Read,
    ) -> FileResult<u64> {
        self.check_cancelled()?;
        let folder = self.parent(path)?;
        self.take_name(path, false)?;
        let mode = Mode::from_raw_mode(if executable { 0o777 } else { 0o666 });
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
        let file = openat(&folder, last(path), flags | OFlags::CLOEXEC, mode)
            .map_err(|e| failed(e, "write", path))?;
        let size = self.fill(path, File::from(file), from)?;
        self.open = Some((parent(path).to_owned(), folder));
        (self.watch.progress)(self.done.total);
        Ok(size)
    }

    /// Makes a folder; one that was made already is fine.
    pub(super) fn folder(&mut self, path: &str) -> FileResult<()> {
        self.check_cancelled()?;
        self.make(path).map(drop)
    }

    /// Makes a symbolic link, if it can't lead out.
    pub(super) fn link(&mut self, path: &str, target: &[u8]) -> FileResult<()> {
        self.check_cancelled()?;
        if u64::try_from(target.len()).unwrap_or(u64::MAX) >= TARGET_BYTES {
            return Err(refused(path, "it is a link to a name that is too long"));
        }
        if !stays_inside(path.matches('/').count(), target) {
            let target = String::from_utf8_lossy(target);
            return Err(refused(
                path,
                format!("it is a link that leads outside, to `{}`", shorten(&target)),
            ));
        }
        let folder = self.parent(path)?;
        self.take_name(path, false)?;
        symlinkat(target, &folder, last(path)).map_err(|e| failed(e, "make the link", path))
    }

    /// Notes what is left out.
    pub(super) fn note(&mut self, entry: &str, why: &'static str) {
        if self.done.notes.len() < NOTES_MAX {
            let entry = shorten(entry);
            self.done.notes.push(Note { entry, why });
        }
    }

    /// Returns how many bytes may still be written.
    pub(super) fn bytes_left(&self) -> u64 {
        self.limits.bytes - self.done.total.bytes
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    pub(super) fn too_large(&self) -> FileError {
        FileError::TooLarge {
            what: "the import".to_owned(),
            max: self.limits.bytes,
        }
    }

    pub(super) fn check_cancelled(&self) -> FileResult<()> {
        if self.watch.cancel.is_cancelled() {
            return Err(FileError::Cancelled);
        }
        Ok(())
    }

    pub(super) fn done(self) -> Imported {
        self.done
    }

    fn fill(&mut self, path: &str, mut to: File, from: &mut dyn Read) -> FileResult<u64> {
        let mut size = 0_u64;
        loop {
            let read = match from.read(&mut self.chunk) {
                Ok(0) => return Ok(size),
                Ok(read) => read,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                // The reader's own words: a checksum, a truncation.
                Err(e) => return Err(refused(path, format!("it can't be read: {e}"))),
            };
            let more = u64::try_from(read).unwrap_or(u64::MAX);
            if more > self.bytes_left() {
                return Err(self.too_large());
            }
            to.write_all(&self.chunk[..read])
                .map_err(|e| FileError::io("write", path, e))?;
            size += more;
            self.done.total.bytes += more;
            self.check_cancelled()?;
        }
    }

    /// Opens the folder a path is in, making it if need be.
    fn parent(&mut self, path: &str) -> FileResult<OwnedFd> {
        let parent = parent(path);
        match self.open.take() {
            Some((open, handle)) if open == parent => Ok(handle),
            _ => self.make(parent),
        }
    }

    fn make(&mut self, path: &str) -> FileResult<OwnedFd> {
        if !path.is_empty() && !self.is_made(path) {
            let outer = self.make(parent(path))?;
            self.take_name(path, true)?;
            mkdirat(&outer, last(path), Mode::from_raw_mode(0o777))
                .map_err(|e| failed(e, "make the folder", path))?;
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let name = if path.is_empty() { "." } else { path };
        beneath::open(self.staging.handle().as_fd(), name, flags, Mounts::Stay)
            .map_err(|e| failed(e, "open the folder", path))
    }

    fn is_made(&self, path: &str) -> bool {
        self.names
            .get(&path.to_lowercase())
            .is_some_and(|name| name.folder && name.spelled == path)
    }

    /// Notes a new name: it must be free, also where case does not count.
    fn take_name(&mut self, path: &str, folder: bool) -> FileResult<()> {
        if self.done.total.files >= self.limits.files {
            return Err(FileError::TooMany {
                what: "files, links and folders",
                max: self.limits.files,
            });
        }
        let name = Name {
            spelled: path.to_owned(),
            folder,
        };
        match self.names.insert(path.to_lowercase(), name) {
            None => {
                self.done.total.files += 1;
                Ok(())
            }
            Some(other) if other.spelled == path => Err(refused(path, "it is there twice")),
            Some(other) => Err(FileError::CaseCollision {
                path: path.to_owned(),
                existing: other.spelled,
            }),
        }
    }
}

/// Checks a name inside `.git`, which no `WorkspacePath` can be.
pub(super) fn check_path(path: &str) -> Result<(), PathError> {
    match WorkspacePath::new(path) {
        Err(PathError::Protected(..)) if is_git_path(path) => {
            let without: Vec<_> = path
                .split('/')
                .map(|part| if part == ".git" { "git" } else { part })
                .collect();
            WorkspacePath::new(&without.join("/")).map(drop)
        }
        checked => checked.map(drop),
    }
}

fn is_git_path(path: &str) -> bool {
    path.split('/').any(|part| part == ".git")
}

pub(super) fn refused(entry: &str, why: impl Into<String>) -> FileError {
    FileError::Entry {
        entry: shorten(entry),
        why: why.into(),
    }
}

/// Makes text from outside fit to be shown.
pub(super) fn shorten(text: &str) -> String {
    text.escape_debug().take(limit::NAME_BYTES).collect()
}

fn failed(error: Errno, doing: &'static str, path: &str) -> FileError {
    match error {
        // A link or a file that the same import wrote stands in the way.
        Errno::LOOP | Errno::NOTDIR => refused(path, "what it is in is not a folder"),
        other => FileError::io(doing, path, other),
    }
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
