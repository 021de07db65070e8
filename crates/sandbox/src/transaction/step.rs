//! The steps of a commit, each one small and in a fixed order.
//!
//! A commit is a list of steps and nothing else, so that a test can stop
//! after any of them and look at what a crash there would leave.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;

use atelier_base::{ContentHash, TransactionId, WorkspacePath};
use rustix::fs::{
    AtFlags, Mode, Stat, Timespec, Timestamps, fchmod, fchown, fsync, futimens, linkat, mkdirat,
    renameat, unlinkat,
};
use rustix::io::Errno;

use super::durable;
use super::journal::{Folder, Journal, Roll, Seen, Stage};
use super::state::{StateDirectory, staged_name};
use crate::error::{FileError, FileResult};
use crate::files::beneath::{self, Mounts, explain_folder, look, look_in, open_folder};
use crate::files::{Owner, Root};

/// One step of a commit.
#[derive(Debug)]
pub(super) enum Step<'a> {
    /// Writes new content to a staged file.
    Stage {
        staged: u32,
        bytes: &'a [u8],
        mode: FileMode,
    },
    /// Gives a file that goes away or moves a second name.
    Keep {
        staged: u32,
        path: &'a WorkspacePath,
    },
    /// Looks once more whether a path is as it was when the plan was made:
    /// what was hashed then is what is replaced now.
    Confirm {
        path: &'a WorkspacePath,
        witness: Witness,
    },
    /// Writes the journal under its temporary name.
    WriteJournal { bytes: Vec<u8> },
    /// Makes durable what was written so far: the journal, the staged files
    /// of these numbers, and their names.
    SyncStaged { staged: Vec<u32> },
    /// Renames the journal into place: the commit point.
    Publish,
    /// Makes the state directory durable.
    SyncState,
    /// Changes the tree as the journal says.
    Roll(Roll),
    /// Notes that nothing of the journal remains to be done. It needs no sync
    /// of its own: doing the steps once more is harmless until the next
    /// commit, and that one syncs the state directory first.
    MarkApplied,
}

/// What a staged file's mode and owner become.
#[derive(Clone, Copy, Debug)]
pub(super) enum FileMode {
    /// As new files have it, by the process's umask.
    New { executable: bool },
    /// As the file has it that it replaces.
    Like { mode: u32, owner: Owner },
}

/// How a path looked when the plan was made.
#[derive(Clone, Copy, Debug)]
pub(super) enum Witness {
    /// Nothing was there.
    Missing,
    /// This file was there, with this content.
    File {
        inode: u64,
        seen: Seen,
        expected: ContentHash,
    },
    /// The file was there that is now also staged.
    Kept { staged: u32, seen: Seen },
}

impl Step<'_> {
    /// Lists what is left to do once the journal is in place.
    pub(super) fn after_commit(journal: &Journal) -> Vec<Step<'static>> {
        let rolls = journal.rolls.iter().cloned().map(Step::Roll);
        std::iter::once(Step::SyncState)
            .chain(rolls)
            .chain([Step::MarkApplied])
            .collect()
    }
}

/// Carries out the steps of one transaction.
pub(super) struct Run<'a> {
    root: &'a Root,
    state: &'a StateDirectory,
    id: TransactionId,
}

impl<'a> Run<'a> {
    pub(super) fn new(root: &'a Root, state: &'a StateDirectory, id: TransactionId) -> Self {
        Self { root, state, id }
    }

    pub(super) fn step(&self, step: &Step<'_>) -> FileResult<()> {
        let state = self.state;
        match step {
            Step::Stage {
                staged,
                bytes,
                mode,
            } => self.stage(*staged, bytes, *mode),
            Step::Keep { staged, path } => self.keep(*staged, path),
            Step::Confirm { path, witness } => self.confirm(path, *witness),
            Step::WriteJournal { bytes } => self.write_journal(bytes),
            Step::SyncStaged { staged } => self.sync_staged(staged),
            Step::Publish => {
                state.rename(&format!("{}.new", self.id), &Stage::Pending.name(self.id))
            }
            Step::SyncState => state.sync(),
            Step::Roll(roll) => self.roll(roll),
            Step::MarkApplied => {
                state.rename(&Stage::Pending.name(self.id), &Stage::Applied.name(self.id))
            }
        }
    }

    fn stage(&self, staged: u32, bytes: &[u8], mode: FileMode) -> FileResult<()> {
        let name = staged_name(self.id, staged);
        let created = match mode {
            FileMode::New { executable: true } => 0o777,
            FileMode::New { executable: false } => 0o666,
            FileMode::Like { .. } => 0o600,
        };
        let mut file = self.state.create(&name, Mode::from_raw_mode(created))?;
        let as_root = self.root.owner();
        let owner = match mode {
            FileMode::New { .. } => as_root,
            FileMode::Like { owner, .. } => as_root.map(|_| owner),
        };
        let like = match mode {
            FileMode::New { .. } => None,
            FileMode::Like { mode, .. } => Some(mode),
        };
        file.write_all(bytes)
            .and_then(|()| Ok(dress(&file, owner, like)?))
            .map_err(|e| FileError::io("write", name, e))
    }

    fn write_journal(&self, bytes: &[u8]) -> FileResult<()> {
        let name = format!("{}.new", self.id);
        let mut file = self.state.create(&name, Mode::RUSR | Mode::WUSR)?;
        file.write_all(bytes)
            .map_err(|e| FileError::io("write the journal", name, e))
    }

    fn sync_staged(&self, staged: &[u32]) -> FileResult<()> {
        let state = self.state;
        let files = staged.iter().map(|n| staged_name(self.id, *n));
        let names: Vec<_> = files
            .chain([format!("{}.new", self.id)])
            .map(Some)
            .collect();
        // `None` is the directory itself, whose names are complete by now.
        let all = [names, vec![None]].concat();
        durable::each(&all, |name| match name {
            Some(name) => state.sync_file(name),
            None => state.sync(),
        })
    }

    fn keep(&self, staged: u32, path: &WorkspacePath) -> FileResult<()> {
        let name = staged_name(self.id, staged);
        let folder = self.parent(path)?;
        let state = self.state.handle();
        match linkat(&folder, path.name(), state, &*name, AtFlags::empty()) {
            Ok(()) => Ok(()),
            // No hard links here, not for this file, or not one more of them.
            Err(Errno::PERM | Errno::OPNOTSUPP | Errno::MLINK | Errno::NOSYS) => {
                self.keep_copy(&name, path)
            }
            Err(error) => Err(beneath::explain(error, "keep", path)),
        }
    }

    /// Copies a file that can't have a second name. The time of its last
    /// change goes along and is how the copy is later recognised.
    fn keep_copy(&self, name: &str, path: &WorkspacePath) -> FileResult<()> {
        let (mut from, stat) = self.root.open_file(path)?;
        let failed = |e: io::Error| FileError::io("keep a copy of", path, e);
        let mut to = self.state.create(name, Mode::RUSR | Mode::WUSR)?;
        io::copy(&mut from, &mut to).map_err(failed)?;
        let owner = self.root.owner().map(|_| Owner::of(&stat));
        dress(&to, owner, Some(stat.st_mode)).map_err(|e| failed(e.into()))?;
        futimens(&to, &times(&stat)).map_err(|e| failed(e.into()))?;
        to.sync_all().map_err(failed)
    }

    fn confirm(&self, path: &WorkspacePath, witness: Witness) -> FileResult<()> {
        let now = look(self.root.handle(), path)?;
        let unchanged = match (witness, &now) {
            (Witness::Missing, None) => true,
            (Witness::File { inode, seen, .. }, Some(now)) => {
                now.st_ino == inode && Seen::of(now) == seen
            }
            (Witness::Kept { staged, seen }, Some(now)) => {
                self.is_kept(staged, now)? && Seen::of(now) == seen
            }
            _ => false,
        };
        if unchanged {
            return Ok(());
        }
        Err(FileError::Changed {
            path: path.clone(),
            expected: match witness {
                Witness::File { expected, .. } => Some(expected),
                Witness::Missing | Witness::Kept { .. } => None,
            },
            found: None,
        })
    }

    /// Returns whether a file is the one that is staged under this number.
    fn is_kept(&self, staged: u32, file: &Stat) -> FileResult<bool> {
        let name = staged_name(self.id, staged);
        let kept =
            look_in(self.state.handle(), &name).map_err(|e| FileError::io("look at", name, e))?;
        Ok(kept.is_some_and(|kept| {
            kept.st_ino == file.st_ino || (kept.st_nlink == 1 && Seen::of(&kept) == Seen::of(file))
        }))
    }

    fn roll(&self, roll: &Roll) -> FileResult<()> {
        match roll {
            Roll::Unlink {
                path,
                kept,
                seen,
                moved,
            } => self.unlink(path, *kept, *seen, *moved),
            Roll::Retire {
                path,
                staged,
                inode,
            } => self.retire(path, *staged, *inode),
            Roll::RemoveEmpty { path } => self.remove_empty(path),
            Roll::MakeFolder { path } => self.make_folder(path).map(drop),
            Roll::RenameFolder { from, to, inode } => self.rename_folder(from, to, *inode),
            Roll::Place { path, staged } => self.place(path, *staged),
            Roll::Sync { folders } => {
                durable::each(folders, |Folder(folder)| self.sync(folder.as_ref()))
            }
        }
    }

    fn unlink(&self, path: &WorkspacePath, kept: u32, seen: Seen, moved: bool) -> FileResult<()> {
        let Some(now) = look(self.root.handle(), path)? else {
            return Ok(());
        };
        let same = self.is_kept(kept, &now)? && (moved || Seen::of(&now) == seen);
        if !same {
            return Ok(());
        }
        let folder = self.parent(path)?;
        match unlinkat(&folder, path.name(), AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(beneath::explain(error, "remove", path)),
        }
    }

    fn retire(&self, path: &WorkspacePath, staged: u32, inode: u64) -> FileResult<()> {
        let name = staged_name(self.id, staged);
        let now = look(self.root.handle(), path)?;
        if self.state.has(&name)? || now.is_none_or(|now| now.st_ino != inode) {
            return Ok(());
        }
        let folder = self.parent(path)?;
        let state = self.state.handle();
        renameat(&folder, path.name(), state, &*name)
            .map_err(|e| beneath::explain(e, "remove the folder", path))
    }

    fn remove_empty(&self, path: &WorkspacePath) -> FileResult<()> {
        if look(self.root.handle(), path)?.is_none() {
            return Ok(());
        }
        let folder = self.parent(path)?;
        match unlinkat(&folder, path.name(), AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST | Errno::NOTDIR) => Ok(()),
            Err(error) => Err(beneath::explain(error, "remove the folder", path)),
        }
    }

    /// Makes a folder, with those it lies in, and opens it.
    fn make_folder(&self, path: &WorkspacePath) -> FileResult<OwnedFd> {
        let root = self.root.handle();
        match open_folder(root, Some(path), Mounts::Stay) {
            Err(Errno::NOENT) => {}
            Ok(folder) => return Ok(folder),
            Err(error) => return Err(blocked(error, path)),
        }
        let parent = self.parent_made(path)?;
        match mkdirat(&parent, path.name(), Mode::from_raw_mode(0o777)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(beneath::explain(error, "make the folder", path)),
        }
        let folder = open_folder(root, Some(path), Mounts::Stay).map_err(|e| blocked(e, path))?;
        if let Some(Owner { user, group }) = self.root.owner() {
            fchown(&folder, Some(user), Some(group))
                .map_err(|e| beneath::explain(e, "set the owner of", path))?;
        }
        Ok(folder)
    }

    fn rename_folder(
        &self,
        from: &WorkspacePath,
        to: &WorkspacePath,
        inode: u64,
    ) -> FileResult<()> {
        let root = self.root.handle();
        if look(root, from)?.is_none_or(|stat| stat.st_ino != inode) {
            return Ok(());
        }
        let (old, new) = (self.parent(from)?, self.parent_made(to)?);
        // Of what may have come there since, this replaces an empty folder.
        renameat(&old, from.name(), &new, to.name())
            .map_err(|e| beneath::explain(e, "rename the folder", from))
    }

    fn place(&self, path: &WorkspacePath, staged: u32) -> FileResult<()> {
        let name = staged_name(self.id, staged);
        if !self.state.has(&name)? {
            return Ok(());
        }
        let folder = self.parent_made(path)?;
        renameat(self.state.handle(), &*name, &folder, path.name()).map_err(|e| match e {
            Errno::ISDIR | Errno::NOTEMPTY | Errno::EXIST => FileError::WrongKind {
                path: path.clone(),
                found: "a folder",
                wanted: "a file",
            },
            e => beneath::explain(e, "put in place", path),
        })
    }

    fn sync(&self, folder: Option<&WorkspacePath>) -> FileResult<()> {
        match open_folder(self.root.handle(), folder, Mounts::Stay) {
            Ok(handle) => fsync(&handle).map_err(|e| explain_folder(e, "sync the folder", folder)),
            // A process removed it; then there is nothing to make durable.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(()),
            Err(error) => Err(explain_folder(error, "open the folder", folder)),
        }
    }

    fn parent(&self, path: &WorkspacePath) -> FileResult<OwnedFd> {
        open_folder(self.root.handle(), path.parent().as_ref(), Mounts::Stay)
            .map_err(|e| beneath::explain(e, "open the folder of", path))
    }

    fn parent_made(&self, path: &WorkspacePath) -> FileResult<OwnedFd> {
        match path.parent() {
            Some(parent) => self.make_folder(&parent),
            None => self.parent(path),
        }
    }
}

impl Seen {
    pub(super) fn of(stat: &Stat) -> Self {
        Self {
            size: beneath::size(stat),
            modified_ns: beneath::modified_ns(stat),
        }
    }
}

/// Says that something other than a folder is where a folder must be.
fn blocked(error: Errno, path: &WorkspacePath) -> FileError {
    match error {
        Errno::NOTDIR => FileError::WrongKind {
            path: path.clone(),
            found: "not a folder",
            wanted: "a folder",
        },
        other => beneath::explain(other, "open the folder", path),
    }
}

/// Sets owner, then mode: changing the owner clears the set-id bits, which
/// are never set again.
fn dress(file: &File, owner: Option<Owner>, mode: Option<u32>) -> rustix::io::Result<()> {
    if let Some(Owner { user, group }) = owner {
        fchown(file, Some(user), Some(group))?;
    }
    match mode {
        Some(mode) => fchmod(file, Mode::from_raw_mode(mode & 0o777)),
        None => Ok(()),
    }
}

fn times(stat: &Stat) -> Timestamps {
    let modified = beneath::modified_ns(stat);
    let time = Timespec {
        tv_sec: modified.div_euclid(1_000_000_000),
        tv_nsec: modified.rem_euclid(1_000_000_000),
    };
    Timestamps {
        last_access: time,
        last_modification: time,
    }
}
