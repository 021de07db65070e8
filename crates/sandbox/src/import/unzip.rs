//! Unpacking a zip archive that somebody uploaded.
//!
//! Nothing in an archive is believed: names are checked as workspace paths,
//! sizes are counted while unpacking, and reading the directory at the end
//! may not cost more than the number of files allowed.

use std::io::{self, Read, Seek, SeekFrom};

use rustix::fs::FileType;
use zip::ZipArchive;
use zip::result::ZipError;

use super::link::TARGET_BYTES;
use super::writer::{Writer, refused, shorten};
use super::{Imported, Limits, Staging, Watch};
use crate::error::{FileError, FileResult};
use atelier_base::WorkspacePath;
use atelier_base::path::PathError;

/// What the directory of an archive may cost to read: this for any archive…
const DIRECTORY_BYTES: u64 = 1024 * 1024;
/// … and this for each file allowed.
const DIRECTORY_ENTRY_BYTES: u64 = 256;

/// What to do with a folder that holds everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopFolder {
    /// Unpack it like any other.
    Keep,
    /// Leave it out and unpack what is in it, as archives of a project have
    /// one named like it.
    Strip,
}

/// Unpacks an archive into the staging directory.
///
/// `.git` and `.atelier` folders are left out and noted. Anything else that
/// can't be unpacked as it is refuses the whole archive: absolute names,
/// `..`, backslashes, control characters, links that lead outside, names
/// that are there twice or differ only by case, encrypted entries, devices,
/// overlapping entries, and entries that unpack to another size than said.
///
/// # Errors
/// When the archive is refused or exceeds a limit.
pub fn unzip<R: Read + Seek>(
    archive: R,
    staging: &Staging,
    limits: Limits,
    top: TopFolder,
    watch: &mut Watch<'_>,
) -> FileResult<Imported> {
    let mut writer = Writer::new(staging, limits, watch);
    let mut archive = open(archive, &writer)?;
    let strip = match top {
        TopFolder::Keep => None,
        TopFolder::Strip => common_folder(&archive),
    };
    for index in 0..archive.len() {
        entry(&mut archive, index, strip.as_deref(), &mut writer)?;
    }
    Ok(writer.done())
}

fn open<R: Read + Seek>(reader: R, writer: &Writer<'_, '_>) -> FileResult<ZipArchive<Metered<R>>> {
    let files = writer.limits().files;
    let metered = Metered {
        inner: reader,
        left: Some(DIRECTORY_BYTES + files.saturating_mul(DIRECTORY_ENTRY_BYTES)),
    };
    let mut archive = ZipArchive::new(metered).map_err(|error| match error {
        ZipError::Io(e) if e.kind() == io::ErrorKind::QuotaExceeded => too_many(files),
        error => unreadable(error),
    })?;
    if archive.len() as u64 > files {
        return Err(too_many(files));
    }
    if archive.has_duplicate_names() {
        return Err(bad("it has two entries of one name"));
    }
    // Each entry has a local header of at least 30 bytes to read for this.
    if archive.has_overlapping_entries().map_err(unreadable)? {
        return Err(bad("its entries overlap, as in a zip bomb"));
    }
    let mut metered = archive.into_inner();
    metered.left = None;
    ZipArchive::new(metered).map_err(unreadable)
}

fn entry<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    index: usize,
    strip: Option<&str>,
    writer: &mut Writer<'_, '_>,
) -> FileResult<()> {
    let data = archive.by_index_data(index).map_err(unreadable)?;
    let name = data.name().map_err(unreadable)?.into_owned();
    if data.encrypted() {
        return Err(refused(&name, "it is encrypted"));
    }
    let said = data.size();
    let kind = data
        .unix_mode()
        .map_or(FileType::Unknown, FileType::from_raw_mode);
    let executable = data.unix_mode().is_some_and(|mode| mode & 0o111 != 0);
    let Some(path) = path_of(&name, strip, writer)? else {
        return Ok(());
    };
    if name.ends_with('/') {
        return writer.folder(&path);
    }
    match kind {
        FileType::Directory => {
            return Err(refused(&name, "it is a folder, but its name says a file"));
        }
        FileType::RegularFile | FileType::Unknown | FileType::Symlink => {}
        _ => return Err(refused(&name, "it is a FIFO, socket or device")),
    }
    if said > writer.bytes_left() {
        return Err(writer.too_large());
    }
    let file = archive.by_index(index).map_err(|e| match e {
        ZipError::Io(e) => FileError::io("read the archive at", &name, e),
        error => refused(&name, error.to_string()),
    })?;
    // One byte more than was said is enough to know that it was a lie.
    let mut content = file.take(said.saturating_add(1));
    let size = if kind == FileType::Symlink {
        link(&path, &mut content, writer)?
    } else {
        writer.file(&path, executable, &mut content)?
    };
    if size != said {
        return Err(refused(
            &name,
            "it unpacks to another size than the archive says",
        ));
    }
    Ok(())
}

fn link(path: &str, content: &mut dyn Read, writer: &mut Writer<'_, '_>) -> FileResult<u64> {
    let mut target = Vec::new();
    content
        .take(TARGET_BYTES)
        .read_to_end(&mut target)
        .map_err(|e| refused(path, format!("it can't be read: {e}")))?;
    writer.link(path, &target)?;
    Ok(target.len() as u64)
}

/// Checks an entry's name; `None` for what is left out.
fn path_of(
    name: &str,
    strip: Option<&str>,
    writer: &mut Writer<'_, '_>,
) -> FileResult<Option<String>> {
    let path = name.strip_suffix('/').unwrap_or(name);
    match WorkspacePath::new(path) {
        Ok(_) => {}
        Err(PathError::Protected(..)) => {
            writer.note(path, "Atelier's and git's own folders are not unpacked");
            return Ok(None);
        }
        Err(error) => return Err(refused(name, error.to_string())),
    }
    match strip {
        None => Ok(Some(path.to_owned())),
        Some(top) if path == top => Ok(None),
        Some(top) => Ok(path
            .strip_prefix(top)
            .and_then(|rest| rest.strip_prefix('/'))
            .map(str::to_owned)),
    }
}

/// Returns the folder that every entry is in, if there is one.
fn common_folder<R: Read + Seek>(archive: &ZipArchive<R>) -> Option<String> {
    let mut names = archive.file_names().map(Result::ok);
    let first = names.next()??.into_owned();
    let (top, _) = first.split_once('/')?;
    let inside = |name: &str| {
        name.strip_prefix(top)
            .is_some_and(|rest| rest.starts_with('/'))
    };
    names
        .all(|name| name.is_some_and(|name| inside(&name)))
        .then(|| top.to_owned())
}

fn unreadable(error: ZipError) -> FileError {
    bad(&shorten(&error.to_string()))
}

fn bad(why: &str) -> FileError {
    FileError::Archive {
        why: why.to_owned(),
    }
}

fn too_many(max: u64) -> FileError {
    FileError::TooMany {
        what: "entries in the archive",
        max,
    }
}

/// A reader that stops after so many bytes: the directory of an archive says
/// itself how many entries it has, and each costs memory.
struct Metered<R> {
    inner: R,
    left: Option<u64>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        if let Some(left) = &mut self.left {
            *left = left
                .checked_sub(read as u64)
                .ok_or(io::ErrorKind::QuotaExceeded)?;
        }
        Ok(read)
    }
}

impl<R: Seek> Seek for Metered<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}
