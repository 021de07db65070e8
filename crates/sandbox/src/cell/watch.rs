//! Limits that the kernel does not keep for us, measured from inside the cell.
//!
//! The workspace's size is walked in slices, so that the program's end is
//! noticed at once; memory is summed only where no controller counts it.

use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::Pid;

use super::job;
use super::spec::{Measure, News, WORKSPACE, Watch};

/// The entries of the workspace measured before looking up again.
const SLICE: usize = 2_000;
/// The shortest time between two walks.
const WALK_REST: Duration = Duration::from_secs(1);
/// How long the first of all programs is left to itself.
const MOMENT: Duration = Duration::from_millis(5);
/// The time between two looks at memory.
const MEMORY_REST: Duration = Duration::from_millis(50);

/// Watches one cell.
#[derive(Debug)]
pub(super) struct Watcher {
    memory_bytes: Option<u64>,
    disk_bytes: u64,
    /// What is measured instead of the workspace.
    layer: Option<OwnedFd>,
    walk: Option<Walk>,
    next_walk: Instant,
}

impl Watcher {
    pub(super) fn new(watch: &Watch) -> Self {
        Self {
            memory_bytes: watch.memory_bytes,
            disk_bytes: watch.disk_bytes,
            layer: None,
            walk: None,
            next_walk: Instant::now() + WALK_REST,
        }
    }

    /// Has the layer of a draft measured instead of the workspace: to list the
    /// workspace's folders would look like a program's reading them.
    pub(super) fn over(watch: &Watch, layer: Option<OwnedFd>) -> Self {
        Self {
            layer,
            ..Self::new(watch)
        }
    }

    /// Leaves a program that was just started to itself for a moment: one slice
    /// takes longer than many a program, whose end would wait for it.
    pub(super) fn put_off(&mut self) {
        self.next_walk = self.next_walk.max(Instant::now() + MOMENT);
    }

    /// Returns how long to rest before the next look.
    pub(super) fn rest(&self) -> Duration {
        let until_walk = match self.walk {
            Some(_) => Duration::ZERO,
            None => self.next_walk.saturating_duration_since(Instant::now()),
        };
        match self.memory_bytes {
            Some(_) => until_walk.min(MEMORY_REST),
            None => until_walk,
        }
    }

    /// Measures what is due; returns what is over its limit.
    pub(super) fn look(&mut self) -> Option<News> {
        let memory = self.memory_over().map(|bytes| (Measure::Memory, bytes));
        let (measure, bytes) = memory.or_else(|| {
            let bytes = self.walk()?;
            (bytes > self.disk_bytes).then_some((Measure::Disk, bytes))
        })?;
        Some(News::Over { measure, bytes })
    }

    /// Returns the memory of the whole cell when it is over its limit.
    pub(super) fn memory_over(&self) -> Option<u64> {
        let limit = self.memory_bytes?;
        let bytes = memory(limit);
        (bytes > limit).then_some(bytes)
    }

    /// Walks on when that is due; returns the workspace's size as far as it is
    /// known by then.
    pub(super) fn walk(&mut self) -> Option<u64> {
        if self.walk.is_none() && Instant::now() >= self.next_walk {
            let top = match &self.layer {
                Some(layer) => format!("/proc/self/fd/{}", layer.as_raw_fd()),
                None => WORKSPACE.to_owned(),
            };
            self.walk = Some(Walk::new(top.into()));
        }
        let walk = self.walk.as_mut()?;
        let done = walk.step();
        let bytes = walk.bytes;
        if done {
            // A tenth of the time at most goes into walking.
            let rest = (walk.worked * 10).max(WALK_REST);
            self.next_walk = Instant::now() + rest;
            self.walk = None;
        }
        Some(bytes)
    }
}

/// A measurement of the workspace under way.
#[derive(Debug)]
struct Walk {
    open: Option<fs::ReadDir>,
    folders: Vec<PathBuf>,
    bytes: u64,
    worked: Duration,
}

impl Walk {
    fn new(top: PathBuf) -> Self {
        Self {
            open: None,
            folders: vec![top],
            bytes: 0,
            worked: Duration::ZERO,
        }
    }

    /// Measures one slice; returns whether it was the last.
    fn step(&mut self) -> bool {
        let start = Instant::now();
        let done = (0..SLICE).any(|_| self.entry().is_none());
        self.worked += start.elapsed();
        done
    }

    /// Measures one entry, or opens the next folder.
    fn entry(&mut self) -> Option<()> {
        let Some(entry) = self.open.as_mut().and_then(Iterator::next) else {
            self.open = fs::read_dir(self.folders.pop()?).ok();
            return Some(());
        };
        let Ok(entry) = entry else { return Some(()) };
        // Does not follow links: they are counted as themselves.
        if let Ok(meta) = entry.metadata() {
            self.bytes += meta.blocks() * 512;
            if meta.is_dir() {
                self.folders.push(entry.path());
            }
        }
        Some(())
    }
}

/// The memory of all processes and of the cell's memory file systems, in
/// bytes.
fn memory(limit: u64) -> u64 {
    let files = memory_files();
    files + memory_of(limit.saturating_sub(files), |_| true)
}

/// What the cell's memory file systems hold, in bytes.
pub(super) fn memory_files() -> u64 {
    ["/tmp", "/dev/shm"].iter().map(|path| occupied(path)).sum()
}

/// The memory of the processes that are `counted`, in bytes. Resident sets
/// count shared pages several times; only when their sum is above `limit` are
/// the proportional sets, which are slow, added up.
pub(super) fn memory_of(limit: u64, counted: impl Fn(Pid) -> bool) -> u64 {
    let sum = |file, key| {
        let counted = job::processes().filter(|pid| counted(*pid));
        counted.map(|pid| kib_in(pid, file, key) * 1024).sum()
    };
    let resident = sum("status", "VmRSS:");
    if resident <= limit {
        return resident;
    }
    sum("smaps_rollup", "Pss:")
}

fn occupied(path: &str) -> u64 {
    rustix::fs::statvfs(path).map_or(0, |fs| (fs.f_blocks - fs.f_bfree) * fs.f_frsize)
}

/// Reads a line such as `VmRSS:   1234 kB`. A process that is gone has none.
fn kib_in(process: Pid, file: &str, key: &str) -> u64 {
    let path = format!("/proc/{}/{file}", process.as_raw_nonzero());
    let text = fs::read_to_string(path).unwrap_or_default();
    let value = text.lines().find_map(|line| line.strip_prefix(key));
    value
        .and_then(|value| value.trim().strip_suffix(" kB")?.parse().ok())
        .unwrap_or(0)
}
