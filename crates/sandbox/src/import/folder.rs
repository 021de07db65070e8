//! Copying a folder of this machine.

use std::ffi::CString;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, fstat, open, openat, readlinkat, statat};
use rustix::io::Errno;

use super::writer::{Writer, check_path, refused};
use super::{Imported, Limits, Staging, Watch};
use crate::error::{FileError, FileResult};
use crate::files::beneath;
use crate::files::{names_in, open_child};
use atelier_base::path::{PROTECTED, protected_name};

/// Copies what is in `source` into the staging directory.
///
/// Links are copied as links when they stay inside, and refused, with the
/// whole import, when they don't. `.git` is copied as it is; `.atelier`,
/// FIFOs, sockets, devices and names that can't be workspace paths are left
/// out and noted.
///
/// # Errors
/// When something can't be read or is refused, or a limit is exceeded.
pub fn copy_folder(
    source: &Path,
    staging: &Staging,
    limits: Limits,
    watch: &mut Watch<'_>,
) -> FileResult<Imported> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = open(source, flags, Mode::empty())
        .map_err(|e| FileError::io("open the folder", source.display(), e))?;
    let target = identity(&fstat(staging.handle()).map_err(|e| failed(e, "look at", "."))?);
    let writer = Writer::new(staging, limits, watch);
    let mut copy = Copy { writer, target };
    copy.folder(&folder, "")?;
    Ok(copy.writer.done())
}

struct Copy<'a, 'w> {
    writer: Writer<'a, 'w>,
    /// The staging directory: a source that holds it is not copied into
    /// itself for ever.
    target: (u64, u64),
}

impl Copy<'_, '_> {
    fn folder(&mut self, folder: &OwnedFd, prefix: &str) -> FileResult<()> {
        let mut names =
            names_in(folder.as_fd()).map_err(|e| failed(e, "list the folder", prefix))?;
        names.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        for (name, _) in names {
            self.entry(folder, prefix, &name)?;
        }
        Ok(())
    }

    fn entry(&mut self, folder: &OwnedFd, prefix: &str, name: &CString) -> FileResult<()> {
        let Ok(text) = name.to_str() else {
            let shown = format!("{prefix}{}", name.to_string_lossy());
            self.writer.note(&shown, "its name is not UTF-8");
            return Ok(());
        };
        let path = format!("{prefix}{text}");
        if protected_name(text).is_some_and(|folder| folder != PROTECTED[0] || text != PROTECTED[0])
        {
            self.writer.note(
                &path,
                "Atelier's and git's own folders are not copied under this name",
            );
            return Ok(());
        }
        if check_path(&path).is_err() {
            self.writer
                .note(&path, "its name can't be used in a workspace");
            return Ok(());
        }
        let stat = match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            // It went away since it was listed.
            Err(Errno::NOENT) => return Ok(()),
            Err(error) => return Err(failed(error, "look at", &path)),
        };
        match beneath::file_type(&stat) {
            FileType::Directory => self.inner(folder, name, &path, &stat),
            FileType::RegularFile => self.file(folder, name, &path),
            FileType::Symlink => {
                let target = readlinkat(folder, name, Vec::new())
                    .map_err(|e| failed(e, "read the link", &path))?;
                self.writer.link(&path, target.as_bytes())
            }
            _ => {
                self.writer.note(&path, "it is a FIFO, socket or device");
                Ok(())
            }
        }
    }

    fn inner(
        &mut self,
        folder: &OwnedFd,
        name: &CString,
        path: &str,
        stat: &Stat,
    ) -> FileResult<()> {
        if identity(stat) == self.target {
            return Ok(());
        }
        let child = open_child(folder, name).map_err(|e| failed(e, "open the folder", path))?;
        self.writer.folder(path)?;
        self.folder(&child, &format!("{path}/"))
    }

    fn file(&mut self, folder: &OwnedFd, name: &CString, path: &str) -> FileResult<()> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let handle =
            openat(folder, name, flags, Mode::empty()).map_err(|e| failed(e, "open", path))?;
        let stat = fstat(&handle).map_err(|e| failed(e, "look at", path))?;
        if beneath::file_type(&stat) != FileType::RegularFile {
            return Err(refused(path, "it changed while it was copied"));
        }
        // A sparse file is as large as it says: ask before reading its holes.
        if beneath::size(&stat) > self.writer.bytes_left() {
            return Err(self.writer.too_large());
        }
        let mut from = File::from(handle);
        self.writer
            .file(path, beneath::is_executable(&stat), &mut from)
            .map(drop)
    }
}

fn identity(stat: &Stat) -> (u64, u64) {
    (stat.st_dev, stat.st_ino)
}

fn failed(error: Errno, doing: &'static str, path: &str) -> FileError {
    FileError::io(doing, path, error)
}
