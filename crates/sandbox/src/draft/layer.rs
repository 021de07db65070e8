//! Reading the upper layer of an overlay that is, or was, mounted elsewhere.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use atelier_base::path::protected_name;
use atelier_base::{WorkspacePath, limit};
use rustix::fs::{AtFlags, FileType, Stat, fgetxattr, readlinkat, statat};
use rustix::io::Errno;

use super::OPAQUE;
use crate::error::{FileError, FileResult};
use crate::files::beneath::{self, Mounts};
use crate::files::rules::{Rules, is_tagged};
use crate::files::{EntryKind, Found, Root, names_in, open_child};

/// What marks an empty file that stands for "nothing", on kernels that use
/// one in place of a device, and the folders that have such files.
const WHITEOUT: &str = "user.overlay.whiteout";

/// What a draft's own layer says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layer {
    /// The files, folders and links that the draft has its own of, by path. A
    /// folder is here also when only something in it is.
    pub found: Vec<Found>,
    /// The paths at which nothing of the workspace is seen any more: what was
    /// deleted, or replaced by something new.
    pub hidden: Vec<WorkspacePath>,
    /// The links among `found` that lead elsewhere than the workspace's of the
    /// same path.
    pub links: Vec<WorkspacePath>,
    /// The folders that could not be looked into.
    pub unread: Vec<WorkspacePath>,
}

/// Reads a layer; `max_entries` is the most that it may have.
pub(super) fn read(upper: &Root, lower: &Root, max_entries: u64) -> FileResult<Layer> {
    let top = beneath::open_folder(upper.handle(), None, Mounts::Stay)
        .map_err(|e| FileError::io("open the draft", ".", e))?;
    let below = beneath::open_folder(lower.handle(), None, Mounts::Cross)
        .map_err(|e| FileError::io("open the folder", ".", e))?;
    let mut reading = Reading {
        max_entries,
        count: 0,
        layer: Layer::default(),
    };
    let rules = Rules::of_top_layers(&[top.as_fd(), below.as_fd()]);
    reading.folder(&Folder {
        path: None,
        upper: top,
        lower: Some(below),
        rules,
    })?;
    let mut layer = reading.layer;
    layer.found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    layer.hidden.sort_unstable();
    Ok(layer)
}

struct Reading {
    max_entries: u64,
    count: u64,
    layer: Layer,
}

/// A folder of the draft, and the workspace's that shines through it.
struct Folder {
    path: Option<WorkspacePath>,
    upper: OwnedFd,
    lower: Option<OwnedFd>,
    rules: Arc<Rules>,
}

impl Reading {
    fn folder(&mut self, folder: &Folder) -> FileResult<()> {
        let shown = folder.path.as_ref().map_or(".", WorkspacePath::as_str);
        let names = names_in(folder.upper.as_fd())
            .map_err(|e| FileError::io("list the draft's folder", shown, e))?;
        for (name, _) in names {
            self.count += 1;
            if self.count > self.max_entries {
                return Err(FileError::TooMany {
                    what: "changed files and folders in the draft",
                    max: self.max_entries,
                });
            }
            // What no workspace can hold can't leave the draft either.
            let Some(path) = name.to_str().ok().and_then(|name| folder.child(name)) else {
                continue;
            };
            if let Ok(stat) = statat(&folder.upper, &name, AtFlags::SYMLINK_NOFOLLOW) {
                self.entry(folder, path, &stat)?;
            }
        }
        Ok(())
    }

    fn entry(&mut self, folder: &Folder, path: WorkspacePath, stat: &Stat) -> FileResult<()> {
        let below = folder.below(path.name());
        let was = below.as_ref().map_or(EntryKind::Missing, EntryKind::of);
        if is_whiteout(folder.upper.as_fd(), path.name(), stat) {
            if was != EntryKind::Missing && !folder.rules.leave_out(&path, was) {
                self.layer.hidden.push(path);
            }
            return Ok(());
        }
        let found = Found::of(path.clone(), stat);
        if folder.rules.leave_out(&path, found.kind) {
            return Ok(());
        }
        match found.kind {
            EntryKind::Directory => return self.enter(folder, found, was),
            EntryKind::File | EntryKind::Symlink => {}
            EntryKind::Missing | EntryKind::Other(_) => return Ok(()),
        }
        if was == EntryKind::Directory {
            self.layer.hidden.push(path.clone());
        }
        if found.kind == EntryKind::Symlink && !folder.is_same_link(path.name()) {
            self.layer.links.push(path);
        }
        self.layer.found.push(found);
        Ok(())
    }

    fn enter(&mut self, folder: &Folder, found: Found, was: EntryKind) -> FileResult<()> {
        let path = found.path.clone();
        let depth = path.as_str().matches('/').count() + 1;
        let Ok(upper) = open_child(&folder.upper, path.name()) else {
            self.layer.found.push(found);
            self.layer.unread.push(path);
            return Ok(());
        };
        if depth >= limit::PATH_DEPTH || is_tagged(upper.as_fd()) {
            return Ok(());
        }
        let opaque = is_opaque(upper.as_fd());
        if opaque && was != EntryKind::Missing {
            self.layer.hidden.push(path.clone());
        }
        let lower = match &folder.lower {
            Some(lower) if !opaque => open_child(lower, path.name()).ok(),
            _ => None,
        };
        if lower.as_ref().is_some_and(|lower| is_tagged(lower.as_fd())) {
            return Ok(());
        }
        let layers = [Some(upper.as_fd()), lower.as_ref().map(AsFd::as_fd)];
        let layers: Vec<BorrowedFd<'_>> = layers.into_iter().flatten().collect();
        let rules = folder.rules.enter_layers(&layers, &path);
        self.layer.found.push(found);
        self.folder(&Folder {
            path: Some(path),
            upper,
            lower,
            rules,
        })
    }
}

impl Folder {
    fn child(&self, name: &str) -> Option<WorkspacePath> {
        if protected_name(name).is_some() {
            return None;
        }
        match &self.path {
            None => WorkspacePath::new(name).ok(),
            Some(folder) => WorkspacePath::new(&format!("{folder}/{name}")).ok(),
        }
    }

    /// Returns what the workspace has of this name.
    fn below(&self, name: &str) -> Option<Stat> {
        beneath::look_in(self.lower.as_ref()?, name).ok()?
    }

    fn is_same_link(&self, name: &str) -> bool {
        let target = |folder: &OwnedFd| readlinkat(folder, name, Vec::new()).ok();
        let lower = self.lower.as_ref().and_then(target);
        lower.is_some() && target(&self.upper) == lower
    }
}

/// Says whether an entry stands for "nothing is here".
fn is_whiteout(folder: BorrowedFd<'_>, name: &str, stat: &Stat) -> bool {
    match beneath::file_type(stat) {
        FileType::CharacterDevice => stat.st_rdev == 0,
        FileType::RegularFile if stat.st_size == 0 => beneath::open_regular(folder, name)
            .is_some_and(|file| has_attribute(file.as_fd(), WHITEOUT)),
        _ => false,
    }
}

fn is_opaque(folder: BorrowedFd<'_>) -> bool {
    let mut value = [0_u8; 8];
    // "x" marks a folder that has marked files; it hides nothing by itself.
    matches!(fgetxattr(folder, OPAQUE, &mut value[..]), Ok(1) if value[0] == b'y')
}

fn has_attribute(file: BorrowedFd<'_>, name: &str) -> bool {
    let mut value = [0_u8; 8];
    match fgetxattr(file, name, &mut value[..]) {
        Ok(_) | Err(Errno::RANGE) => true,
        Err(_) => false,
    }
}
