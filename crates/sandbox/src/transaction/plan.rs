//! From changes to steps: checks everything that can be checked before
//! anything is written, because after the commit point nothing may fail.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::os::fd::AsFd;

use atelier_base::{ContentHash, WorkspacePath};
use rustix::fs::{
    Access, AtFlags, FileType, Stat, StatxAttributes, StatxFlags, accessat, fstat, statx,
};
use rustix::io::Errno;

use super::journal::{Journal, Roll, Seen};
use super::rules::{Intent, ancestors};
use super::step::{FileMode, Step, Witness};
use super::{CHECKED_FILE_BYTES, Changes, Expect, FileChange, FolderContent};
use crate::error::{FileError, FileResult};
use crate::files::beneath::{self, Mounts, look, open_folder};
use crate::files::{Owner, Root, hash_file, names_in};

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
        let sync = |folder: &Option<WorkspacePath>| Roll::Sync {
            folder: folder.clone(),
        };
        let make = |path: &WorkspacePath| Roll::MakeFolder { path: path.clone() };
        let mut rolls = self.unlinks.clone();
        rolls.extend(removals.into_iter().map(|(_, roll)| roll));
        // Once a staged name is gone, recovery takes the old name as removed;
        // so that must be durable before.
        rolls.extend(self.left.iter().map(sync));
        rolls.extend(self.folders.iter().map(make));
        rolls.extend(self.moves.iter().chain(&self.places).cloned());
        rolls.extend(self.touched.iter().map(sync));
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
        let mut steps = self.stages;
        steps.extend(self.confirms);
        steps.extend([Step::WriteJournal { bytes }, Step::SyncState, Step::Publish]);
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
            Some(stat) => {
                self.expect_file(path, stat, expect)?;
                self.may_replace(path, stat)?;
                FileMode::like(stat, executable)
            }
            None => {
                if let Expect::Hash(expected) = expect {
                    return Err(changed(path, expected, None));
                }
                FileMode::New { executable }
            }
        };
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

    /// Looks at what is at a path once everything that leaves has left.
    fn there(&self, path: &WorkspacePath) -> FileResult<Option<Stat>> {
        if self.intent.leaves(path) {
            return Ok(None);
        }
        look(self.root.handle(), path)
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
        match self.there(folder)? {
            Some(stat) => match beneath::file_type(&stat) {
                FileType::Directory => Ok(()),
                FileType::Symlink => Err(FileError::Symlink {
                    path: folder.clone(),
                }),
                _ => Err(wrong_kind(folder, &stat, "a folder")),
            },
            None => {
                self.check_case(folder)?;
                self.touch(folder)?;
                self.folders.insert(folder.clone());
                Ok(())
            }
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

    fn must_be_changeable(&mut self, folder: Option<WorkspacePath>) -> FileResult<()> {
        if self.may_change.contains(&folder) {
            return Ok(());
        }
        let shown = || folder.as_ref().map_or(".", WorkspacePath::as_str);
        let refused = |why| FileError::NotWritable {
            path: shown().to_owned(),
            why,
        };
        let handle =
            open_folder(self.root.handle(), folder.as_ref(), Mounts::Stay).map_err(|e| {
                match &folder {
                    Some(path) => beneath::explain(e, "open the folder", path),
                    None => FileError::io("open the folder", ".", e),
                }
            })?;
        let access = Access::WRITE_OK | Access::EXEC_OK;
        accessat(&handle, ".", access, AtFlags::EACCESS).map_err(|e| match e {
            Errno::ROFS => refused("the file system is read-only"),
            Errno::ACCESS => refused("this process may not write to the folder"),
            Errno::PERM => refused("the folder is marked immutable"),
            e => FileError::io("check the folder", shown(), e),
        })?;
        if fixed(&handle, "", AtFlags::EMPTY_PATH, StatxAttributes::APPEND) {
            return Err(refused("the folder is marked append-only"));
        }
        self.may_change.insert(folder);
        Ok(())
    }

    /// Checks what a rename over, or removal of, this entry can still meet.
    fn may_replace(&self, path: &WorkspacePath, stat: &Stat) -> FileResult<()> {
        let refused = |why| FileError::NotWritable {
            path: path.to_string(),
            why,
        };
        let folder = open_folder(self.root.handle(), path.parent().as_ref(), Mounts::Stay)
            .map_err(|e| beneath::explain(e, "open the folder of", path))?;
        let marks = StatxAttributes::IMMUTABLE | StatxAttributes::APPEND;
        if fixed(&folder, path.name(), AtFlags::SYMLINK_NOFOLLOW, marks) {
            return Err(refused("it is marked immutable or append-only"));
        }
        if fixed(
            &folder,
            path.name(),
            AtFlags::SYMLINK_NOFOLLOW,
            StatxAttributes::MOUNT_ROOT,
        ) {
            return Err(refused("something is mounted on it"));
        }
        let inside =
            fstat(&folder).map_err(|e| beneath::explain(e, "look at the folder of", path))?;
        let user = rustix::process::geteuid();
        let sticky = inside.st_mode & 0o1000 != 0;
        if sticky && !user.is_root() && ![stat.st_uid, inside.st_uid].contains(&user.as_raw()) {
            return Err(refused("it belongs to another user in a sticky folder"));
        }
        Ok(())
    }

    /// A rename's new name must be free; where case does not count, the old
    /// name itself may answer to it.
    fn must_be_free(
        &mut self,
        to: &'a WorkspacePath,
        from: &WorkspacePath,
        old: &Stat,
    ) -> FileResult<()> {
        match self.there(to)? {
            None => {
                self.confirm_missing(to);
                Ok(())
            }
            Some(stat)
                if stat.st_ino == old.st_ino && lower(to.as_str()) == lower(from.as_str()) =>
            {
                Ok(())
            }
            Some(_) => Err(FileError::Exists { path: to.clone() }),
        }
    }

    fn confirm_missing(&mut self, path: &'a WorkspacePath) {
        if !self.intent.leaves(path) {
            let witness = Witness::Missing;
            self.confirms.push(Step::Confirm { path, witness });
        }
    }

    fn folder_at(&self, path: &WorkspacePath) -> FileResult<Stat> {
        match look(self.root.handle(), path)? {
            None => Err(FileError::NotFound { path: path.clone() }),
            Some(stat) if beneath::file_type(&stat) == FileType::Directory => Ok(stat),
            Some(stat) => Err(wrong_kind(path, &stat, "a folder")),
        }
    }

    fn must_become_empty(&self, path: &WorkspacePath) -> FileResult<()> {
        for name in self.names(Some(path))? {
            let inside = WorkspacePath::new(&format!("{path}/{name}"));
            if !inside.is_ok_and(|inside| self.intent.leaves(&inside)) {
                return Err(FileError::NotEmpty {
                    path: path.clone(),
                    entry: name.escape_debug().to_string(),
                });
            }
        }
        Ok(())
    }

    /// Refuses a new name that differs only by case from another: such a tree
    /// can't be checked out on half of the world's machines.
    fn check_case(&mut self, path: &WorkspacePath) -> FileResult<()> {
        let collision = |existing: String| FileError::CaseCollision {
            path: path.to_string(),
            existing,
        };
        match self.new_names.insert(lower(path.as_str()), path.clone()) {
            Some(other) if other != *path => return Err(collision(other.to_string())),
            _ => {}
        }
        let folder = path.parent();
        if folder.as_ref().is_some_and(|f| self.folders.contains(f)) {
            return Ok(());
        }
        let prefix = folder.as_ref().map_or(String::new(), |f| format!("{f}/"));
        for name in self.siblings_like(folder, path.name())? {
            let existing = format!("{prefix}{name}");
            let leaves = WorkspacePath::new(&existing).is_ok_and(|p| self.intent.leaves(&p));
            if name != path.name() && !leaves {
                return Err(collision(existing));
            }
        }
        Ok(())
    }

    fn siblings_like(
        &mut self,
        folder: Option<WorkspacePath>,
        name: &str,
    ) -> FileResult<Vec<String>> {
        if !self.siblings.contains_key(&folder) {
            let mut by_lower: HashMap<String, Vec<String>> = HashMap::new();
            for name in self.names(folder.as_ref())? {
                by_lower.entry(lower(&name)).or_default().push(name);
            }
            self.siblings.insert(folder.clone(), by_lower);
        }
        let like = self
            .siblings
            .get(&folder)
            .and_then(|all| all.get(&lower(name)));
        Ok(like.cloned().unwrap_or_default())
    }

    fn names(&self, folder: Option<&WorkspacePath>) -> FileResult<Vec<String>> {
        let shown = folder.map_or(".", WorkspacePath::as_str);
        let names = open_folder(self.root.handle(), folder, Mounts::Stay)
            .and_then(|handle| names_in(handle.as_fd()))
            .map_err(|e| FileError::io("list the folder", shown, e))?;
        Ok(names
            .iter()
            .map(|(name, _)| name.to_string_lossy().into_owned())
            .collect())
    }

    /// Checks a file's content and returns how the file looked all the while.
    fn check_hash(&self, path: &WorkspacePath, expected: ContentHash) -> FileResult<Stat> {
        let (file, before) = self.root.open_file(path)?;
        let look_again = file
            .try_clone()
            .map_err(|e| FileError::io("read", path, e))?;
        let found = hash_file(path, file, &before, CHECKED_FILE_BYTES)?;
        let after = self.stat(path, &look_again)?;
        if found != expected || Seen::of(&before) != Seen::of(&after) {
            return Err(changed(path, expected, Some(found)));
        }
        Ok(after)
    }

    fn stat(&self, path: &WorkspacePath, file: &File) -> FileResult<Stat> {
        fstat(file).map_err(|e| beneath::explain(e, "look at", path))
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

/// Returns whether the file system marks an entry in one of these ways.
fn fixed(folder: impl AsFd, name: &str, flags: AtFlags, marks: StatxAttributes) -> bool {
    // Where `statx` or a mark is unknown, nothing is marked that we could see.
    statx(folder, name, flags, StatxFlags::TYPE)
        .is_ok_and(|found| (found.stx_attributes & found.stx_attributes_mask).intersects(marks))
}

fn lower(text: &str) -> String {
    text.to_lowercase()
}

fn changed(path: &WorkspacePath, expected: ContentHash, found: Option<ContentHash>) -> FileError {
    FileError::Changed {
        path: path.clone(),
        expected: Some(expected),
        found,
    }
}

fn wrong_kind(path: &WorkspacePath, stat: &Stat, wanted: &'static str) -> FileError {
    FileError::WrongKind {
        path: path.clone(),
        found: beneath::describe(stat),
        wanted,
    }
}
