//! Looking at some paths of a tree as a walk of all of it would.

use std::collections::HashMap;
use std::os::fd::AsFd as _;
use std::sync::Arc;

use atelier_base::WorkspacePath;
use rustix::fs::{AtFlags, statat};
use rustix::io::Errno;

use super::beneath::{self, Mounts};
use super::rules::{Rules, is_tagged};
use super::walk::Found;
use super::{EntryKind, Root};

/// What a walk would say of one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It is there.
    Here(Found),
    /// Nothing is there.
    Gone,
    /// It lies in a folder that a walk does not enter.
    Hidden,
}

impl Root {
    /// Says of each path what a walk that leaves out what tools make would.
    ///
    /// Never fails: what can't be looked at is [`Seen::Hidden`].
    pub fn look_at(&self, paths: Vec<WorkspacePath>) -> Vec<(WorkspacePath, Seen)> {
        let mut look = Look {
            root: self,
            folders: HashMap::new(),
        };
        paths
            .into_iter()
            .map(|path| {
                let seen = look.at(&path);
                (path, seen)
            })
            .collect()
    }
}

/// What is known of the folders on the way to the paths.
struct Look<'a> {
    root: &'a Root,
    folders: HashMap<Option<WorkspacePath>, Folder>,
}

#[derive(Clone)]
enum Folder {
    Open(Arc<Rules>),
    Gone,
    Hidden,
}

impl Look<'_> {
    fn at(&mut self, path: &WorkspacePath) -> Seen {
        let rules = match self.folder(path.parent()) {
            Folder::Open(rules) => rules,
            Folder::Gone => return Seen::Gone,
            Folder::Hidden => return Seen::Hidden,
        };
        let parent = path.parent();
        let opened = beneath::open_folder(self.root.handle(), parent.as_ref(), Mounts::Cross);
        let stat =
            opened.and_then(|folder| statat(&folder, path.name(), AtFlags::SYMLINK_NOFOLLOW));
        match stat {
            Ok(stat) => {
                let mut found = Found::of(path.clone(), &stat);
                found.left_out = rules.leave_out(path, found.kind) || self.is_cache(&found);
                Seen::Here(found)
            }
            Err(error) => match missing(error) {
                Folder::Gone => Seen::Gone,
                _ => Seen::Hidden,
            },
        }
    }

    fn is_cache(&self, found: &Found) -> bool {
        found.kind == EntryKind::Directory
            && beneath::open_folder(self.root.handle(), Some(&found.path), Mounts::Cross)
                .is_ok_and(|folder| is_tagged(folder.as_fd()))
    }

    fn folder(&mut self, path: Option<WorkspacePath>) -> Folder {
        if let Some(known) = self.folders.get(&path) {
            return known.clone();
        }
        let folder = match &path {
            None => Folder::Open(Rules::of_top(self.root.handle())),
            Some(path) => self.look_into(path),
        };
        self.folders.insert(path, folder.clone());
        folder
    }

    fn look_into(&mut self, path: &WorkspacePath) -> Folder {
        let rules = match self.folder(path.parent()) {
            Folder::Open(rules) => rules,
            other => return other,
        };
        if rules.leave_out(path, EntryKind::Directory) {
            return Folder::Hidden;
        }
        match beneath::open_folder(self.root.handle(), Some(path), Mounts::Cross) {
            Ok(folder) if is_tagged(folder.as_fd()) => Folder::Hidden,
            Ok(folder) => Folder::Open(rules.enter(folder.as_fd(), path)),
            Err(error) => missing(error),
        }
    }
}

/// Says what a folder is that could not be opened: a walk finds nothing behind
/// a file or a link, and can't tell what lies in a folder that it may not read.
fn missing(error: Errno) -> Folder {
    match error {
        Errno::NOENT | Errno::NOTDIR | Errno::LOOP => Folder::Gone,
        _ => Folder::Hidden,
    }
}
