//! Listing a whole tree: one pass of `getdents`, one `stat` per name.

use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use atelier_base::path::protected_name;
use atelier_base::{WorkspacePath, limit};
use rustix::fs::{AtFlags, FileType, RawDir, Stat, statat};
use rustix::io::Errno;

use super::beneath::{self, Mounts};
use super::rules::{Rules, is_tagged};
use super::{EntryKind, LeaveOut, Root, open_child};
use crate::error::{FileError, FileResult};

/// The most skipped names that a listing tells of.
const SKIPPED_MAX: usize = 1_000;
/// Bytes of directory entries read at a time.
const ENTRIES_BUFFER: usize = 64 * 1024;

/// What to list.
#[derive(Clone, Debug)]
pub struct WalkOptions {
    /// Only what is below this folder; `None`: everything.
    pub below: Option<WorkspacePath>,
    /// The most entries; more is an error.
    pub max_entries: u64,
    /// What is listed but not entered.
    pub leave_out: LeaveOut,
}

impl Default for WalkOptions {
    fn default() -> Self {
        Self {
            below: None,
            max_entries: limit::IMPORT_FILES,
            leave_out: LeaveOut::Nothing,
        }
    }
}

/// One entry of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its path.
    pub path: WorkspacePath,
    /// What it is; never `Missing`.
    pub kind: EntryKind,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written: nanoseconds since the epoch.
    pub modified_ns: i64,
    /// When its inode last changed: nanoseconds since the epoch. Programs
    /// can't set it, so together with the rest it says "unchanged".
    pub changed_ns: i64,
    /// The inode's number; it survives a rename.
    pub inode: u64,
    /// Whether its owner may execute it.
    pub executable: bool,
    /// Whether a tool made it: a folder that was not entered, or a file that
    /// the tree's `.gitignore` names. Always false when nothing is left out.
    pub left_out: bool,
}

impl Found {
    /// Describes what `stat` says is at `path`.
    pub(crate) fn of(path: WorkspacePath, stat: &Stat) -> Self {
        Self {
            kind: EntryKind::of(stat),
            size: beneath::size(stat),
            modified_ns: beneath::modified_ns(stat),
            changed_ns: beneath::changed_ns(stat),
            inode: stat.st_ino,
            executable: beneath::is_executable(stat),
            left_out: false,
            path,
        }
    }
}

/// A name that is on disk but not in the listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Where it is, escaped for showing.
    pub place: String,
    /// Why it was skipped.
    pub why: &'static str,
}

/// A tree, listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// What was found, sorted by path in byte order.
    pub found: Vec<Found>,
    /// What was left out because it can't be named or read, at most 1,000 of
    /// them. Protected folders are left out silently.
    pub skipped: Vec<Skipped>,
}

impl Root {
    /// Lists the tree without following links, entering protected folders or
    /// opening any file. Processes may change the tree meanwhile: what
    /// vanishes during the walk is not listed.
    ///
    /// # Errors
    /// When there are more entries than allowed, or the top can't be read.
    pub fn walk(&self, options: &WalkOptions) -> FileResult<Listing> {
        let below = options.below.as_ref();
        let top = beneath::open_folder(self.handle(), below, Mounts::Cross)
            .map_err(|e| beneath::explain_folder(e, "open the folder", below))?;
        let mut walk = Walk {
            options,
            count: 0,
            listing: Listing::default(),
        };
        let rules = match options.leave_out {
            LeaveOut::Nothing => None,
            LeaveOut::Generated => Some(self.rules_of(below)?),
        };
        let prefix = below.map_or(String::new(), |path| format!("{path}/"));
        let depth = prefix.matches('/').count();
        let at = Place {
            prefix: &prefix,
            rules: rules.as_ref(),
            depth,
        };
        walk.folder(&top, at)?;
        let mut listing = walk.listing;
        listing.found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        listing
            .skipped
            .sort_unstable_by(|a, b| a.place.cmp(&b.place));
        Ok(listing)
    }
}

impl Root {
    /// Reads the rules of a folder and of all that it lies in.
    fn rules_of(&self, folder: Option<&WorkspacePath>) -> FileResult<Arc<Rules>> {
        let mut rules = Rules::of_top(self.handle());
        let mut folders: Vec<_> =
            std::iter::successors(folder.cloned(), WorkspacePath::parent).collect();
        folders.reverse();
        for path in folders {
            let handle = beneath::open_folder(self.handle(), Some(&path), Mounts::Cross)
                .map_err(|e| beneath::explain(e, "open the folder", &path))?;
            rules = rules.enter(handle.as_fd(), &path);
        }
        Ok(rules)
    }
}

struct Walk<'a> {
    options: &'a WalkOptions,
    count: u64,
    listing: Listing,
}

/// Where a walk is.
#[derive(Clone, Copy)]
struct Place<'a> {
    prefix: &'a str,
    rules: Option<&'a Arc<Rules>>,
    depth: usize,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &OwnedFd, at: Place<'_>) -> FileResult<()> {
        let names = match names_in(folder.as_fd()) {
            Ok(names) => names,
            // The folder went away while we walked.
            Err(Errno::NOENT) => return Ok(()),
            Err(error) => return Err(FileError::io("list the folder", at.prefix, error)),
        };
        for (name, _) in names {
            self.count += 1;
            if self.count > self.options.max_entries {
                return Err(FileError::TooMany {
                    what: "files and folders",
                    max: self.options.max_entries,
                });
            }
            self.entry(folder, &name, at)?;
        }
        Ok(())
    }

    fn entry(&mut self, folder: &OwnedFd, name: &CString, at: Place<'_>) -> FileResult<()> {
        let Ok(text) = name.to_str() else {
            let lossy = name.to_string_lossy();
            self.skip(at.prefix, &lossy, "its name is not UTF-8");
            return Ok(());
        };
        if protected_name(text).is_some() {
            return Ok(());
        }
        let Ok(path) = WorkspacePath::new(&format!("{}{text}", at.prefix)) else {
            self.skip(at.prefix, text, "its name can't be used in a workspace");
            return Ok(());
        };
        let Ok(stat) = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) else {
            return Ok(());
        };
        let mut found = Found::of(path.clone(), &stat);
        let kind = found.kind;
        found.left_out = at.rules.is_some_and(|rules| rules.leave_out(&path, kind));
        let left_out = found.left_out;
        self.listing.found.push(found);
        if kind != EntryKind::Directory || left_out {
            return Ok(());
        }
        if at.depth + 1 >= limit::PATH_DEPTH {
            self.skip(at.prefix, text, "what is in it is nested too deep");
            return Ok(());
        }
        self.enter(folder, name, &path, at)
    }

    fn enter(
        &mut self,
        folder: &OwnedFd,
        name: &CString,
        path: &WorkspacePath,
        at: Place<'_>,
    ) -> FileResult<()> {
        let child = match open_child(folder, name) {
            Ok(child) => child,
            Err(Errno::ACCESS | Errno::PERM) => {
                self.skip(at.prefix, path.name(), "what is in it can't be read");
                return Ok(());
            }
            // Gone, or swapped for something else, since we looked.
            Err(Errno::NOENT | Errno::LOOP | Errno::NOTDIR) => return Ok(()),
            Err(error) => return Err(FileError::io("open the folder", path, error)),
        };
        if at.rules.is_some() && is_tagged(child.as_fd()) {
            if let Some(found) = self.listing.found.last_mut() {
                found.left_out = true;
            }
            return Ok(());
        }
        let rules = at.rules.map(|rules| rules.enter(child.as_fd(), path));
        let inside = Place {
            prefix: &format!("{path}/"),
            rules: rules.as_ref(),
            depth: at.depth + 1,
        };
        self.folder(&child, inside)
    }

    fn skip(&mut self, prefix: &str, name: &str, why: &'static str) {
        if self.listing.skipped.len() < SKIPPED_MAX {
            let place = format!("{prefix}{}", name.escape_debug());
            self.listing.skipped.push(Skipped { place, why });
        }
    }
}

/// Returns the names in an open folder and what the folder says they are,
/// without `.` and `..`.
pub(crate) fn names_in(folder: BorrowedFd<'_>) -> rustix::io::Result<Vec<(CString, FileType)>> {
    let mut buffer = Vec::with_capacity(ENTRIES_BUFFER);
    let mut entries = RawDir::new(folder, buffer.spare_capacity_mut());
    let mut names = Vec::new();
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = entry.file_name();
        if name != c"." && name != c".." {
            names.push((name.to_owned(), entry.file_type()));
        }
    }
    Ok(names)
}
