//! From changes to steps: checks everything that can be checked before
//! anything is written, because after the commit point nothing may fail.

mod check;
mod permission;

use std::collections::{BTreeSet, HashMap, HashSet};

use atelier_base::{ContentHash, WorkspacePath};
use rustix::fs::{FileType, Stat};

use super::journal::{Folder, Journal, Roll, Seen};
use super::rules::{Intent, ancestors};
use super::step::{FileMode, Step, Witness};
use super::{Changes, Expect, FileChange, FolderContent};
use crate::error::{FileError, FileResult};
use crate::files::beneath::{self, look};
use crate::files::{Owner, Root};

/// A checked transaction.
pub(super) struct Plan<'a> {
    root: &'a Root,
    intent: Intent<'a>,
    staged: u32,
    stages: Vec<Step<'a>>,
    confirms: Vec<Step<'a>>,
    unlinks: Vec<Roll>,
    /// Folders to remove, by path.
    removals: Vec<(WorkspacePath, Roll)>,
    moves: Vec<Roll>,
    places: Vec<Roll>,
    /// Folders to make; sorted, so that outer ones come first.
    folders: BTreeSet<WorkspacePath>,
    /// Folders whose names change; `None` is the root.
    touched: BTreeSet<Option<WorkspacePath>>,
    /// Folders from which a file moves away.
    left: BTreeSet<Option<WorkspacePath>>,
    may_change: HashSet<Option<WorkspacePath>>,
    new_names: HashMap<String, WorkspacePath>,
    siblings: HashMap<Option<WorkspacePath>, HashMap<String, Vec<String>>>,
}

impl<'a> Plan<'a> {
    /// Checks the changes against the tree.
    pub(super) fn make(root: &'a Root, changes: &'a Changes) -> FileResult<Self> {
        let mut plan = Self {
            root,
            intent: Intent::of(&changes.files)?,
            staged: 0,
            stages: Vec::new(),
            confirms: Vec::new(),
            unlinks: Vec::new(),
            removals: Vec::new(),
            moves: Vec::new(),
            places: Vec::new(),
            folders: BTreeSet::new(),
            touched: BTreeSet::new(),
            left: BTreeSet::new(),
            may_change: HashSet::new(),
            new_names: HashMap::new(),
            siblings: HashMap::new(),
        };
        changes
            .files
            .iter()
            .try_for_each(|change| plan.add(change))?;
        Ok(plan)
    }

    /// Makes the journal: what is done after the commit point.
    pub(super) fn journal(&self, changes: &Changes) -> Journal {
        let mut removals = self.removals.clone();
        // Inner folders before those that they are in.
        removals.sort_by(|a, b| b.0.cmp(&a.0));
        let sync = |folders: &BTreeSet<Option<WorkspacePath>>| Roll::Sync {
            folders: folders.iter().cloned().map(Folder).collect(),
        };
        let make = |path: &WorkspacePath| Roll::MakeFolder { path: path.clone() };
        let mut rolls = self.unlinks.clone();
        rolls.extend(removals.into_iter().map(|(_, roll)| roll));
        // Once a staged name is gone, recovery takes the old name as removed;
        // so that must be durable before.
        if !self.left.is_empty() {
            rolls.push(sync(&self.left));
        }
        rolls.extend(self.folders.iter().map(make));
        rolls.extend(self.moves.iter().chain(&self.places).cloned());
        rolls.push(sync(&self.touched));
        Journal {
            id: changes.id,
            staged: self.staged,
            rolls,
            rows: changes.rows.clone(),
        }
    }

    /// Lists all the steps of the commit.
    pub(super) fn steps(self, journal: &Journal) -> FileResult<Vec<Step<'a>>> {
        let bytes = journal.encode()?;
        let staged = self.stages.iter().filter_map(|step| match step {
            Step::Stage { staged, .. } => Some(*staged),
            _ => None,
        });
        let sync = Step::SyncStaged {
            staged: staged.collect(),
        };
        let mut steps = self.stages;
        steps.extend(self.confirms);
        steps.extend([Step::WriteJournal { bytes }, sync, Step::Publish]);
        steps.extend(Step::after_commit(journal));
        Ok(steps)
    }

    fn add(&mut self, change: &'a FileChange) -> FileResult<()> {
        match change {
            FileChange::Write {
                path,
                bytes,
                executable,
                expect,
            } => self.write(path, bytes, *executable, *expect),
            FileChange::Remove { path, expect } => self.leave(path, *expect, false).map(drop),
            FileChange::Rename { from, to, expect } => self.rename(from, to, *expect),
            FileChange::MoveAndWrite {
                from,
                to,
                bytes,
                executable,
                expect,
            } => {
                let (_, stat) = self.leave(from, *expect, false)?;
                if beneath::file_type(&stat) != FileType::RegularFile {
                    return Err(wrong_kind(from, &stat, "a file"));
                }
                let mode = FileMode::like(&stat, *executable);
                let there = self.there(to)?;
                self.put(to, bytes, (there, mode), Expect::Missing)
            }
            FileChange::MakeDirectory { path } => self.make_folder(path),
            FileChange::RemoveDirectory { path, content } => self.remove_folder(path, *content),
            FileChange::RenameDirectory { from, to } => self.rename_folder(from, to),
        }
    }

    fn write(
        &mut self,
        path: &'a WorkspacePath,
        bytes: &'a [u8],
        executable: bool,
        expect: Expect,
    ) -> FileResult<()> {
        let there = self.there(path)?;
        let mode = match &there {
            Some(stat) => FileMode::like(stat, executable),
            None => FileMode::New { executable },
        };
        self.put(path, bytes, (there, mode), expect)
    }

    /// Plans that a file comes to `path`, given what is there and which mode
    /// it gets.
    fn put(
        &mut self,
        path: &'a WorkspacePath,
        bytes: &'a [u8],
        (there, mode): (Option<Stat>, FileMode),
        expect: Expect,
    ) -> FileResult<()> {
        if let Some(stat) = &there {
            self.expect_file(path, stat, expect)?;
            self.may_replace(path, stat)?;
        } else if let Expect::Hash(expected) = expect {
            return Err(changed(path, expected, None));
        }
        if there.is_none() && expect == Expect::Missing {
            self.confirm_missing(path);
        }
        let staged = self.next();
        self.stages.push(Step::Stage {
            staged,
            bytes,
            mode,
        });
        self.places.push(Roll::Place {
            path: path.clone(),
            staged,
        });
        self.arrive(path, there.is_some())
    }

    /// Checks the expectation about a file that is overwritten.
    fn expect_file(
        &mut self,
        path: &'a WorkspacePath,
        stat: &Stat,
        expect: Expect,
    ) -> FileResult<()> {
        match (beneath::file_type(stat), expect) {
            (_, Expect::Missing) => Err(FileError::Exists { path: path.clone() }),
            (FileType::Symlink, _) => Err(FileError::Symlink { path: path.clone() }),
            (FileType::RegularFile, Expect::Any) => Ok(()),
            (FileType::RegularFile, Expect::Hash(expected)) => {
                let stat = self.check_hash(path, expected)?;
                let witness = Witness::File {
                    inode: stat.st_ino,
                    seen: Seen::of(&stat),
                    expected,
                };
                self.confirms.push(Step::Confirm { path, witness });
                Ok(())
            }
            _ => Err(wrong_kind(path, stat, "a file")),
        }
    }

    /// Plans that the file at `path` goes away; returns its staged name.
    fn leave(
        &mut self,
        path: &'a WorkspacePath,
        expect: Expect,
        moved: bool,
    ) -> FileResult<(u32, Stat)> {
        let there = look(self.root.handle(), path)?;
        let stat = match (there, expect) {
            (_, Expect::Missing) => {
                return Err(FileError::Contradiction {
                    path: path.clone(),
                    why: "what is removed or renamed can't be expected to be missing",
                });
            }
            (None, Expect::Hash(expected)) => return Err(changed(path, expected, None)),
            (None, Expect::Any) => return Err(FileError::NotFound { path: path.clone() }),
            (Some(stat), Expect::Any) => stat,
            (Some(stat), Expect::Hash(expected)) => match beneath::file_type(&stat) {
                FileType::RegularFile => self.check_hash(path, expected)?,
                FileType::Symlink => return Err(FileError::Symlink { path: path.clone() }),
                _ => return Err(wrong_kind(path, &stat, "a file")),
            },
        };
        if beneath::file_type(&stat) == FileType::Directory {
            return Err(wrong_kind(path, &stat, "a file"));
        }
        self.may_replace(path, &stat)?;
        self.touch(path)?;
        let kept = self.next();
        let seen = Seen::of(&stat);
        self.stages.push(Step::Keep { staged: kept, path });
        let witness = Witness::Kept { staged: kept, seen };
        self.confirms.push(Step::Confirm { path, witness });
        // What is overwritten by a file need not be removed first.
        if !self.intent.puts_file(path) {
            self.unlinks.push(Roll::Unlink {
                path: path.clone(),
                kept,
                seen,
                moved,
            });
            if moved {
                self.left.insert(path.parent());
            }
        }
        Ok((kept, stat))
    }

    fn rename(
        &mut self,
        from: &'a WorkspacePath,
        to: &'a WorkspacePath,
        expect: Expect,
    ) -> FileResult<()> {
        let (staged, stat) = self.leave(from, expect, true)?;
        self.must_be_free(to, from, &stat)?;
        self.places.push(Roll::Place {
            path: to.clone(),
            staged,
        });
        self.arrive(to, false)
    }

    fn make_folder(&mut self, path: &'a WorkspacePath) -> FileResult<()> {
        if self.there(path)?.is_some() {
            return Err(FileError::Exists { path: path.clone() });
        }
        self.confirm_missing(path);
        self.arrive(path, false)?;
        self.folders.insert(path.clone());
        Ok(())
    }

    fn remove_folder(&mut self, path: &'a WorkspacePath, content: FolderContent) -> FileResult<()> {
        let stat = self.folder_at(path)?;
        self.may_replace(path, &stat)?;
        self.touch(path)?;
        let roll = match content {
            FolderContent::MustBeEmpty => {
                self.must_become_empty(path)?;
                Roll::RemoveEmpty { path: path.clone() }
            }
            FolderContent::Remove => {
                // A folder that moves gets a new `..`, which is a write to it.
                self.must_be_changeable(Some(path.clone()))?;
                Roll::Retire {
                    path: path.clone(),
                    staged: self.next(),
                    inode: stat.st_ino,
                }
            }
        };
        self.removals.push((path.clone(), roll));
        Ok(())
    }

    fn rename_folder(&mut self, from: &'a WorkspacePath, to: &'a WorkspacePath) -> FileResult<()> {
        let stat = self.folder_at(from)?;
        self.may_replace(from, &stat)?;
        self.touch(from)?;
        self.must_be_changeable(Some(from.clone()))?;
        self.must_be_free(to, from, &stat)?;
        self.moves.push(Roll::RenameFolder {
            from: from.clone(),
            to: to.clone(),
            inode: stat.st_ino,
        });
        self.arrive(to, false)
    }

    fn next(&mut self) -> u32 {
        self.staged += 1;
        self.staged - 1
    }

    /// Plans the folders and the checks for a name that is written.
    fn arrive(&mut self, path: &WorkspacePath, exists: bool) -> FileResult<()> {
        if !exists {
            let mut outer: Vec<_> = ancestors(path).collect();
            outer.reverse();
            for folder in outer {
                self.folder_on_the_way(&folder)?;
            }
            self.check_case(path)?;
        }
        self.touch(path)
    }

    fn folder_on_the_way(&mut self, folder: &WorkspacePath) -> FileResult<()> {
        if self.folders.contains(folder) {
            return Ok(());
        }
        let Some(stat) = self.there(folder)? else {
            self.check_case(folder)?;
            self.touch(folder)?;
            self.folders.insert(folder.clone());
            return Ok(());
        };
        match beneath::file_type(&stat) {
            FileType::Directory => Ok(()),
            FileType::Symlink => Err(FileError::Symlink {
                path: folder.clone(),
            }),
            _ => Err(wrong_kind(folder, &stat, "a folder")),
        }
    }

    /// Notes that the name changes in its folder, which must allow it.
    fn touch(&mut self, path: &WorkspacePath) -> FileResult<()> {
        let folder = path.parent();
        self.touched.insert(folder.clone());
        if folder.as_ref().is_some_and(|f| self.folders.contains(f)) {
            return Ok(());
        }
        self.must_be_changeable(folder)
    }
}

impl FileMode {
    /// Keeps a file's permissions, but for the executable bits: set, when
    /// wanted and not there, for whoever may read.
    fn like(stat: &Stat, executable: bool) -> Self {
        let mode = match (executable, beneath::is_executable(stat)) {
            (true, true) => stat.st_mode,
            (true, false) => stat.st_mode | ((stat.st_mode & 0o444) >> 2),
            (false, _) => stat.st_mode & !0o111,
        };
        Self::Like {
            mode: mode & 0o777,
            owner: Owner::of(stat),
        }
    }
}

pub(super) fn changed(
    path: &WorkspacePath,
    expected: ContentHash,
    found: Option<ContentHash>,
) -> FileError {
    FileError::Changed {
        path: path.clone(),
        expected: Some(expected),
        found,
    }
}

pub(super) fn wrong_kind(path: &WorkspacePath, stat: &Stat, wanted: &'static str) -> FileError {
    FileError::WrongKind {
        path: path.clone(),
        found: beneath::describe(stat),
        wanted,
    }
}
