//! The watched folders of a tree, and what their events mean.

use std::collections::{BTreeMap, HashMap};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::sync::Arc;

use atelier_base::path::protected_name;
use atelier_base::{WorkspacePath, limit};
use rustix::fs::inotify::{self, ReadFlags, Reader, WatchFlags};
use rustix::fs::{AtFlags, FileType, statat};
use rustix::io::Errno;
use tokio::time::Instant;

use super::pending::Pending;
use crate::files::EntryKind;
use crate::files::beneath::{self, Mounts};
use crate::files::names_in;
use crate::files::rules::{Rules, is_tagged};

/// The most folders watched in one tree; the kernel's own limit is for all
/// trees of a user together.
const FOLDERS: usize = 16_384;
/// Bytes of events read at a time, and how often in a row.
const BUFFER: usize = 64 * 1024;
const GULPS: usize = 256;
/// Files by which folders change what is left out.
const RULING: [&str; 5] = [
    ".gitignore",
    "CACHEDIR.TAG",
    "Cargo.toml",
    "pom.xml",
    "build.sbt",
];

/// What is told about a folder's names.
const EVENTS: WatchFlags = WatchFlags::CREATE
    .union(WatchFlags::MODIFY)
    .union(WatchFlags::CLOSE_WRITE)
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::EXCL_UNLINK)
    .union(WatchFlags::ONLYDIR);

#[derive(Debug)]
pub(super) struct Watches {
    top: OwnedFd,
    inotify: Arc<OwnedFd>,
    folders: HashMap<i32, Folder>,
    /// The watch of each folder by its path; the top's is "".
    by_path: BTreeMap<String, i32>,
    partial: bool,
}

#[derive(Clone, Debug)]
struct Folder {
    path: Option<WorkspacePath>,
    rules: Arc<Rules>,
}

/// Whether what lies in a new folder is news.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Contents {
    News,
    Known,
}

impl Watches {
    pub(super) fn new(top: OwnedFd, inotify: Arc<OwnedFd>) -> Self {
        Self {
            top,
            inotify,
            folders: HashMap::new(),
            by_path: BTreeMap::new(),
            partial: false,
        }
    }

    /// Says whether some folders are not watched.
    pub(super) fn is_partial(&self) -> bool {
        self.partial
    }

    /// Watches the tree as it is now.
    pub(super) fn resync(&mut self) {
        let before = std::mem::take(&mut self.folders);
        self.by_path.clear();
        self.partial = false;
        // A folder that is watched keeps its watch.
        self.watch(None, Contents::Known, &mut Pending::new(Instant::now()));
        for wd in before.keys().filter(|wd| !self.folders.contains_key(wd)) {
            // It may be gone with its folder.
            let _ = inotify::remove_watch(&self.inotify, *wd);
        }
    }

    /// Reads the events that are there and notes what they mean.
    pub(super) fn drain(&mut self, pending: &mut Pending) {
        let inotify = Arc::clone(&self.inotify);
        let mut buffer = vec![MaybeUninit::uninit(); BUFFER];
        let mut reader = Reader::new(inotify.as_fd(), &mut buffer);
        let mut gulps = 0;
        loop {
            if reader.is_buffer_empty() {
                gulps += 1;
            }
            if gulps > GULPS {
                return;
            }
            match reader.next() {
                Ok(event) => {
                    let name = event
                        .file_name()
                        .map(|name| name.to_string_lossy().into_owned());
                    self.happened(event.wd(), event.events(), name, pending);
                }
                Err(Errno::INTR) => {}
                Err(_) => return,
            }
        }
    }

    fn happened(&mut self, wd: i32, what: ReadFlags, name: Option<String>, pending: &mut Pending) {
        if what.contains(ReadFlags::QUEUE_OVERFLOW) {
            return pending.add_everything();
        }
        if what.contains(ReadFlags::IGNORED) {
            return self.ended(wd);
        }
        let Some((folder, name)) = self.folders.get(&wd).cloned().zip(name) else {
            return;
        };
        if protected_name(&name).is_some() {
            return;
        }
        let moved =
            ReadFlags::CREATE | ReadFlags::MOVED_TO | ReadFlags::MOVED_FROM | ReadFlags::DELETE;
        let ruling = name == RULING[0] || what.intersects(moved);
        if ruling && RULING.contains(&name.as_str()) {
            return pending.add_everything();
        }
        let Some(path) = folder.path_of(&name) else {
            return;
        };
        if what.contains(ReadFlags::ISDIR) {
            self.folder_happened(path, what, &folder.rules, pending);
        } else if what.intersects(moved) || !folder.rules.leave_out(&path, EntryKind::File) {
            pending.add(path);
        }
    }

    fn folder_happened(
        &mut self,
        path: WorkspacePath,
        what: ReadFlags,
        rules: &Rules,
        pending: &mut Pending,
    ) {
        let left_out = rules.leave_out(&path, EntryKind::Directory);
        let came = what.intersects(ReadFlags::CREATE | ReadFlags::MOVED_TO);
        let went = what.intersects(ReadFlags::DELETE | ReadFlags::MOVED_FROM);
        if came || went {
            self.forget(&path);
            pending.add(path.clone());
        }
        let known = self.by_path.contains_key(path.as_str());
        // A folder's mode may have let us in.
        if !went && !left_out && !known {
            self.watch(Some(path), Contents::News, pending);
        }
    }

    /// Watches a folder and all that is in it. The watch comes first and the
    /// look second, so that nothing falls in between.
    fn watch(&mut self, path: Option<WorkspacePath>, contents: Contents, pending: &mut Pending) {
        let mut folders = vec![path];
        while let Some(path) = folders.pop() {
            let depth = path
                .as_ref()
                .map_or(0, |path| path.as_str().matches('/').count() + 1);
            if depth >= limit::PATH_DEPTH {
                continue;
            }
            let Some((handle, folder)) = self.watch_one(path) else {
                continue;
            };
            for (name, kind) in names_in(handle.as_fd()).unwrap_or_default() {
                let Some(path) = name.to_str().ok().and_then(|name| folder.path_of(name)) else {
                    continue;
                };
                let enter = is_folder(&handle, &path, kind)
                    && !folder.rules.leave_out(&path, EntryKind::Directory);
                if contents == Contents::News {
                    pending.add(path.clone());
                }
                if enter {
                    folders.push(Some(path));
                }
            }
        }
    }

    /// Watches one folder; `None` when it can't be, or is not to be.
    fn watch_one(&mut self, path: Option<WorkspacePath>) -> Option<(OwnedFd, Folder)> {
        let handle = beneath::open_folder(self.top.as_fd(), path.as_ref(), Mounts::Cross).ok()?;
        if path.is_some() && is_tagged(handle.as_fd()) {
            return None;
        }
        let rules = match &path {
            None => Rules::of_top(handle.as_fd()),
            Some(path) => self.rules_around(path)?.enter(handle.as_fd(), path),
        };
        let folder = Folder { path, rules };
        if self.folders.len() >= FOLDERS {
            self.partial = true;
            return None;
        }
        // By its handle: a name might be a link by now.
        let place = format!("/proc/self/fd/{}", handle.as_raw_fd());
        match inotify::add_watch(&self.inotify, place, EVENTS) {
            Ok(wd) => {
                let key = folder.path.as_ref().map_or("", WorkspacePath::as_str);
                self.by_path.insert(key.to_owned(), wd);
                self.folders.insert(wd, folder.clone());
                Some((handle, folder))
            }
            Err(error) => {
                // ENOSPC: the user has no watches left.
                self.partial |= error != Errno::NOENT;
                None
            }
        }
    }

    fn rules_around(&self, path: &WorkspacePath) -> Option<Arc<Rules>> {
        let parent = path.parent();
        let wd = self
            .by_path
            .get(parent.as_ref().map_or("", WorkspacePath::as_str))?;
        Some(Arc::clone(&self.folders.get(wd)?.rules))
    }

    /// Stops watching a folder that is not at `path` any more, and all below.
    fn forget(&mut self, path: &WorkspacePath) {
        let below = format!("{path}/")..format!("{path}0");
        let mut gone: Vec<String> = self
            .by_path
            .range(below)
            .map(|(path, _)| path.clone())
            .collect();
        gone.push(path.to_string());
        for path in gone {
            if let Some(wd) = self.by_path.remove(&path) {
                self.folders.remove(&wd);
                // It may be gone with its folder.
                let _ = inotify::remove_watch(&self.inotify, wd);
            }
        }
    }

    /// Notes that the kernel ended a watch.
    fn ended(&mut self, wd: i32) {
        let Some(folder) = self.folders.remove(&wd) else {
            return;
        };
        let key = folder.path.as_ref().map_or("", WorkspacePath::as_str);
        if self.by_path.get(key) == Some(&wd) {
            self.by_path.remove(key);
        }
    }
}

impl Folder {
    /// Returns the path of a name in it; `None` for what no workspace has.
    fn path_of(&self, name: &str) -> Option<WorkspacePath> {
        if protected_name(name).is_some() {
            return None;
        }
        match &self.path {
            None => WorkspacePath::new(name).ok(),
            Some(folder) => WorkspacePath::new(&format!("{folder}/{name}")).ok(),
        }
    }
}

fn is_folder(folder: &OwnedFd, path: &WorkspacePath, kind: FileType) -> bool {
    match kind {
        FileType::Directory => true,
        // Some file systems don't say.
        FileType::Unknown => statat(folder, path.name(), AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|stat| beneath::file_type(&stat) == FileType::Directory),
        _ => false,
    }
}
