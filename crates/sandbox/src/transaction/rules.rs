//! What may be said together in one transaction. Looks at no file.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use atelier_base::WorkspacePath;

use super::{CHANGES_MAX, FileChange, FolderContent};
use crate::error::{FileError, FileResult};

/// What happens to what is at a path now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaving {
    /// A file is removed or renamed.
    File,
    /// A folder is removed.
    Folder,
    /// A folder is renamed.
    MovedFolder,
}

/// What is at a path afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arriving {
    /// A file.
    File,
    /// A new folder.
    Folder,
    /// A folder that was elsewhere.
    MovedFolder,
}

/// What a transaction means for each path that it names.
#[derive(Debug, Default)]
pub(super) struct Intent<'a> {
    leaving: HashMap<&'a WorkspacePath, Leaving>,
    arriving: HashMap<&'a WorkspacePath, Arriving>,
}

impl<'a> Intent<'a> {
    /// Sorts out the changes; an error if they contradict each other.
    pub(super) fn of(changes: &'a [FileChange]) -> FileResult<Self> {
        if u64::try_from(changes.len()).unwrap_or(u64::MAX) > CHANGES_MAX {
            return Err(FileError::TooMany {
                what: "changes in one transaction",
                max: CHANGES_MAX,
            });
        }
        let mut intent = Self::default();
        changes.iter().try_for_each(|change| intent.add(change))?;
        intent.check_arrivals()?;
        intent.check_departures()?;
        Ok(intent)
    }

    /// Returns whether what is at `path` goes away.
    pub(super) fn leaves(&self, path: &WorkspacePath) -> bool {
        self.leaving.contains_key(path)
    }

    /// Returns whether a file is put at `path`.
    pub(super) fn puts_file(&self, path: &WorkspacePath) -> bool {
        self.arriving.get(path) == Some(&Arriving::File)
    }

    fn add(&mut self, change: &'a FileChange) -> FileResult<()> {
        match change {
            FileChange::Write { path, .. } => self.arrive(path, Arriving::File),
            FileChange::MakeDirectory { path } => self.arrive(path, Arriving::Folder),
            FileChange::Remove { path, .. } => self.leave(path, Leaving::File),
            FileChange::RemoveDirectory {
                path,
                content: FolderContent::MustBeEmpty | FolderContent::Remove,
            } => self.leave(path, Leaving::Folder),
            FileChange::Rename { from, to, .. } | FileChange::MoveAndWrite { from, to, .. } => {
                self.move_to(from, to, Leaving::File, Arriving::File)
            }
            FileChange::RenameDirectory { from, to } => {
                self.move_to(from, to, Leaving::MovedFolder, Arriving::MovedFolder)
            }
        }
    }

    fn move_to(
        &mut self,
        from: &'a WorkspacePath,
        to: &'a WorkspacePath,
        leaving: Leaving,
        arriving: Arriving,
    ) -> FileResult<()> {
        if from == to {
            return Err(contradiction(from, "it is renamed to itself"));
        }
        self.leave(from, leaving)?;
        self.arrive(to, arriving)
    }

    fn leave(&mut self, path: &'a WorkspacePath, what: Leaving) -> FileResult<()> {
        match self.leaving.entry(path) {
            Entry::Vacant(free) => {
                free.insert(what);
                Ok(())
            }
            Entry::Occupied(_) => Err(contradiction(path, "it is removed or renamed twice")),
        }
    }

    fn arrive(&mut self, path: &'a WorkspacePath, what: Arriving) -> FileResult<()> {
        match self.arriving.entry(path) {
            Entry::Vacant(free) => {
                free.insert(what);
                Ok(())
            }
            Entry::Occupied(_) => Err(contradiction(path, "two changes put something there")),
        }
    }

    fn check_arrivals(&self) -> FileResult<()> {
        for path in self.arriving.keys() {
            if self.leaving.get(path) == Some(&Leaving::MovedFolder) {
                return Err(contradiction(path, "a renamed folder's name is used again"));
            }
            for folder in ancestors(path) {
                match self.arriving.get(&folder) {
                    Some(Arriving::File) => {
                        return Err(contradiction(path, "the folder it is in becomes a file"));
                    }
                    Some(Arriving::MovedFolder) => return Err(in_moved(path)),
                    Some(Arriving::Folder) | None => {}
                }
                match self.leaving.get(&folder) {
                    Some(Leaving::Folder) => {
                        return Err(contradiction(path, "the folder it is in is removed"));
                    }
                    Some(Leaving::MovedFolder) => return Err(in_moved(path)),
                    Some(Leaving::File) | None => {}
                }
            }
        }
        Ok(())
    }

    fn check_departures(&self) -> FileResult<()> {
        for (path, what) in &self.leaving {
            for folder in ancestors(path) {
                match (what, self.leaving.get(&folder)) {
                    (_, Some(Leaving::MovedFolder)) => return Err(in_moved(path)),
                    (Leaving::MovedFolder, Some(Leaving::Folder)) => {
                        return Err(contradiction(path, "the folder it is in is removed"));
                    }
                    _ => {}
                }
                if self.arriving.get(&folder) == Some(&Arriving::MovedFolder) {
                    return Err(in_moved(path));
                }
            }
        }
        Ok(())
    }
}

/// Lists the folders that a path is in, the innermost first.
pub(super) fn ancestors(path: &WorkspacePath) -> impl Iterator<Item = WorkspacePath> {
    std::iter::successors(path.parent(), WorkspacePath::parent)
}

fn in_moved(path: &WorkspacePath) -> FileError {
    contradiction(path, "the folder it is in is renamed")
}

fn contradiction(path: &WorkspacePath, why: &'static str) -> FileError {
    FileError::Contradiction {
        path: path.clone(),
        why,
    }
}
