//! Control groups: limits and counts for all processes of a cell together.
//!
//! Version 2 is used when its controllers can be given to groups below ours,
//! else version 1's hierarchies one by one, else none. Groups are made below
//! the group that the server itself is in, so that its own limits hold too.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::Limits;

mod part;
mod place;
mod scope;
mod shared;

use part::Part;
use place::Place;
pub(super) use shared::SharedCgroup;

/// The most groups that are kept for later cells.
const USED_MOST: usize = 4;
/// How often, and how long apart, an emptied group is tried to be removed.
const REMOVE_TRIES: u32 = 400;
const REMOVE_REST: Duration = Duration::from_millis(5);

/// What became of asking systemd for control groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delegation {
    /// It was not asked: memory and processes can be limited without it, or
    /// the kernel can't limit them at all.
    NotNeeded,
    /// This process is in a scope that was given to it.
    Given,
    /// It can't be asked, or refused: why, in words.
    Refused(String),
}

/// Asks systemd for a scope with control groups of our own, where these are
/// ruled by it and were not given to us: on each of the buses, whose sockets
/// are named, until one gives it. Moves the whole process. `name` is
/// [`super::CellOptions::cgroup`]. Blocks, for two seconds per bus at most;
/// call it before cells are made.
pub fn ask_for_groups(name: &str, buses: &[PathBuf]) -> Delegation {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let kept = Cgroups::prepare(name).kept();
    if (kept.memory && kept.pids) || !place::has_controllers(&mounts) {
        return Delegation::NotNeeded;
    }
    let mut reasons = Vec::new();
    for bus in buses.iter().filter(|bus| bus.exists()) {
        match scope::enter(bus) {
            Ok(()) => return Delegation::Given,
            Err(error) => reasons.push(format!("{}: {error}", bus.display())),
        }
    }
    Delegation::Refused(if reasons.is_empty() {
        "there is no bus on which systemd can be asked".to_owned()
    } else {
        reasons.join("; ")
    })
}

/// What makes a control group for each cell.
#[derive(Debug)]
pub(super) struct Cgroups {
    places: Vec<Place>,
    version: u8,
    made: AtomicU64,
    /// Groups of cells that ended, as good as new, with their limits.
    used: Mutex<Vec<(Limits, Cgroup)>>,
}

/// What a controller is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Controller {
    Memory,
    Pids,
    Cpu,
}

/// Which limits the kernel keeps by control groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// 1 or 2; 0 when there are none.
    pub version: u8,
    pub memory: bool,
    pub pids: bool,
    pub cpu: bool,
}

impl Cgroups {
    /// Finds where groups can be made and makes the one named `name` there,
    /// for those of the cells. Removes what a server that died left behind.
    pub(super) fn prepare(name: &str) -> Self {
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let (version, places) = place::find(&mounts, &own, name);
        for place in &places {
            sweep(&place.parent, name);
        }
        Self {
            places,
            version,
            made: AtomicU64::new(0),
            used: Mutex::default(),
        }
    }

    /// Returns which limits the kernel keeps.
    pub(super) fn kept(&self) -> Kept {
        let has = |controller| {
            self.places
                .iter()
                .any(|p| p.controllers.contains(&controller))
        };
        Kept {
            version: if self.places.is_empty() {
                0
            } else {
                self.version
            },
            memory: has(Controller::Memory),
            pids: has(Controller::Pids),
            cpu: has(Controller::Cpu),
        }
    }

    /// Makes the group of a cell that stays.
    pub(super) fn create_shared(&self, limits: &Limits) -> io::Result<SharedCgroup> {
        SharedCgroup::new(self.create(limits)?, limits)
    }

    /// Returns a group for one cell: one that has been used, or a new one.
    pub(super) fn lend(&self, limits: &Limits) -> io::Result<Cgroup> {
        let mut used = self.used.lock();
        if let Some(at) = used.iter().position(|(known, _)| known == limits) {
            return Ok(used.swap_remove(at).1);
        }
        drop(used);
        self.create(limits)
    }

    /// Takes back the group of a cell in which nothing is alive, to lend it
    /// again: making and removing a group costs more than most programs do.
    /// Returns it when it is not as good as new.
    pub(super) fn take_back(&self, limits: &Limits, group: Cgroup) -> Option<Cgroup> {
        let mut used = self.used.lock();
        if used.len() >= USED_MOST || !group.start_afresh() {
            return Some(group);
        }
        used.push((limits.clone(), group));
        None
    }

    /// Removes the groups that are kept for later cells.
    pub(super) fn clear(&self) {
        self.used.lock().clear();
    }

    /// Makes the group of one cell.
    fn create(&self, limits: &Limits) -> io::Result<Cgroup> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let mut group = Cgroup { parts: Vec::new() };
        for place in &self.places {
            let directory = place.base().join(format!("cell-{number}"));
            match fs::create_dir(&directory) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    fs::create_dir_all(&directory)?;
                }
                made => made?,
            }
            let part = Part::new(directory, self.version, place.controllers.clone());
            part.limit(limits)?;
            group.parts.push(part);
        }
        Ok(group)
    }
}

impl Drop for Cgroups {
    fn drop(&mut self) {
        self.clear();
        for place in &self.places {
            let _ = fs::remove_dir(place.base());
        }
    }
}

/// Removes the groups of servers that are gone: those named like `name`, which
/// ends in a process id. The kernel refuses to remove a group that is in use.
fn sweep(parent: &Path, name: &str) {
    let Some((prefix, _)) = name.rsplit_once('-') else {
        return;
    };
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let file_name = entry.file_name();
        let rest = file_name
            .to_str()
            .and_then(|n| n.strip_prefix(prefix)?.strip_prefix('-'));
        let pid = rest.map(|rest| rest.strip_suffix(place::SERVER).unwrap_or(rest));
        let Some(pid) = pid.and_then(|pid| pid.parse::<u32>().ok()) else {
            continue;
        };
        if Path::new(&format!("/proc/{pid}")).exists() {
            continue;
        }
        remove_tree(&entry.path(), 3);
    }
}

/// Removes a group and those below it, so many levels deep.
fn remove_tree(group: &Path, levels: u32) {
    if levels > 0 {
        for below in fs::read_dir(group).into_iter().flatten().flatten() {
            remove_tree(&below.path(), levels - 1);
        }
    }
    let _ = fs::remove_dir(group);
}

/// The control group of one cell, in each hierarchy.
#[derive(Debug)]
pub(super) struct Cgroup {
    parts: Vec<Part>,
}

impl Cgroup {
    /// Makes a group below this one.
    fn below(&self, name: &str, limits: Option<&Limits>) -> io::Result<Self> {
        let mut group = Self { parts: Vec::new() };
        for part in &self.parts {
            let directory = part.directory.join(name);
            fs::create_dir(&directory)?;
            let part = Part::new(directory, part.version, part.controllers.clone());
            if let Some(limits) = limits {
                part.limit(limits)?;
            }
            group.parts.push(part);
        }
        Ok(group)
    }

    /// Returns the files through which a process joins, by writing `0`.
    pub(super) fn joins(&self) -> io::Result<Vec<Arc<File>>> {
        let joins = self.parts.iter().map(|part| {
            let file = part.open(part.join_name());
            file.ok_or_else(|| io::ErrorKind::NotFound.into())
        });
        joins.collect()
    }

    /// Returns the paths of the same files.
    pub(super) fn join_files(&self) -> Vec<String> {
        let paths = self.parts.iter();
        let paths = paths.map(|part| part.directory.join(part.join_name()));
        paths
            .map(|path| path.to_string_lossy().into_owned())
            .collect()
    }

    /// Returns how many processes were ended for want of memory.
    pub(super) fn memory_kills(&self) -> u64 {
        self.count("memory.oom_control", "memory.events", "oom_kill")
    }

    /// Returns how many processes were refused.
    pub(super) fn refused_processes(&self) -> u64 {
        self.count("pids.events", "pids.events", "max")
    }

    /// Returns the most memory used at one time, in bytes.
    pub(super) fn peak_memory(&self) -> Option<u64> {
        let text = self.read("memory.max_usage_in_bytes", "memory.peak")?;
        text.trim().parse().ok()
    }

    /// Forgets what was counted. Returns whether nothing is left of what was in
    /// the group: no process, no memory to speak of, and no count that can't be
    /// taken back.
    fn start_afresh(&self) -> bool {
        self.parts.iter().all(Part::start_afresh)
            && self.memory_kills() == 0
            && self.refused_processes() == 0
    }

    fn count(&self, v1: &'static str, v2: &'static str, key: &str) -> u64 {
        let text = self.read(v1, v2).unwrap_or_default();
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(key)?.trim().parse().ok());
        value.unwrap_or(0)
    }

    fn read(&self, v1: &'static str, v2: &'static str) -> Option<String> {
        self.parts
            .iter()
            .find_map(|part| part.read(if part.version == 1 { v1 } else { v2 }))
    }

    /// Removes the group. Nothing may be alive in it; what is still on its way
    /// out of the kernel is waited for.
    /// Returns whether it is gone.
    pub(super) async fn remove(mut self) -> bool {
        let mut gone = true;
        for part in std::mem::take(&mut self.parts) {
            gone &= remove_when_empty(&part.directory).await;
        }
        gone
    }
}

async fn remove_when_empty(directory: &Path) -> bool {
    for _ in 0..REMOVE_TRIES {
        match fs::remove_dir(directory) {
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                tokio::time::sleep(REMOVE_REST).await;
            }
            _ => return true,
        }
    }
    false
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        for part in &self.parts {
            let _ = fs::remove_dir(&part.directory);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_dead_servers_left_is_removed_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        let alive = std::process::id();
        let kept = [
            format!("atelier-{alive}"),
            "atelier-notes".to_owned(),
            "other-999999999".to_owned(),
        ];
        let dead = ["atelier-999999999/cell-3/job-7", "atelier-999999998-server"];
        for folder in kept.iter().map(String::as_str).chain(dead) {
            fs::create_dir_all(parent.path().join(folder)).unwrap();
        }
        sweep(parent.path(), "atelier-1");
        let left = fs::read_dir(parent.path()).unwrap().flatten();
        let mut left: Vec<_> = left.map(|entry| entry.file_name()).collect();
        left.sort();
        assert_eq!(left, kept.map(std::ffi::OsString::from));
    }
}
