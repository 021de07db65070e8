//! What is on disk, seen as the transaction will find it.

use std::collections::HashMap;
use std::os::fd::AsFd;

use atelier_base::{ContentHash, WorkspacePath};
use rustix::fs::{FileType, Stat, fstat};

use super::{Plan, changed, wrong_kind};
use crate::error::{FileError, FileResult};
use crate::files::beneath::{self, Mounts, explain_folder, look, open_folder};
use crate::files::{hash_file, names_in};
use crate::transaction::CHECKED_FILE_BYTES;
use crate::transaction::journal::Seen;
use crate::transaction::step::{Step, Witness};

impl<'a> Plan<'a> {
    /// Looks at what is at a path once everything that leaves has left.
    pub(super) fn there(&self, path: &WorkspacePath) -> FileResult<Option<Stat>> {
        if self.intent.leaves(path) {
            return Ok(None);
        }
        look(self.root.handle(), path)
    }

    /// A rename's new name must be free; where case does not count, the old
    /// name itself may answer to it.
    pub(super) fn must_be_free(
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

    pub(super) fn confirm_missing(&mut self, path: &'a WorkspacePath) {
        if !self.intent.leaves(path) {
            let witness = Witness::Missing;
            self.confirms.push(Step::Confirm { path, witness });
        }
    }

    pub(super) fn folder_at(&self, path: &WorkspacePath) -> FileResult<Stat> {
        match look(self.root.handle(), path)? {
            None => Err(FileError::NotFound { path: path.clone() }),
            Some(stat) if beneath::file_type(&stat) == FileType::Directory => Ok(stat),
            Some(stat) => Err(wrong_kind(path, &stat, "a folder")),
        }
    }

    pub(super) fn must_become_empty(&self, path: &WorkspacePath) -> FileResult<()> {
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
    pub(super) fn check_case(&mut self, path: &WorkspacePath) -> FileResult<()> {
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

    pub(super) fn siblings_like(
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

    pub(super) fn names(&self, folder: Option<&WorkspacePath>) -> FileResult<Vec<String>> {
        let names = open_folder(self.root.handle(), folder, Mounts::Stay)
            .and_then(|handle| names_in(handle.as_fd()))
            .map_err(|e| explain_folder(e, "list the folder", folder))?;
        Ok(names
            .iter()
            .map(|(name, _)| name.to_string_lossy().into_owned())
            .collect())
    }

    /// Checks a file's content and returns how the file looked all the while.
    pub(super) fn check_hash(
        &self,
        path: &WorkspacePath,
        expected: ContentHash,
    ) -> FileResult<Stat> {
        let (file, before) = self.root.open_file(path)?;
        let look_again = file
            .try_clone()
            .map_err(|e| FileError::io("read", path, e))?;
        let found = hash_file(path, file, &before, CHECKED_FILE_BYTES)?;
        let after = fstat(&look_again).map_err(|e| beneath::explain(e, "look at", path))?;
        if found != expected || Seen::of(&before) != Seen::of(&after) {
            return Err(changed(path, expected, Some(found)));
        }
        Ok(after)
    }
}

fn lower(text: &str) -> String {
    text.to_lowercase()
}
