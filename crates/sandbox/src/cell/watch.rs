//! Limits that the kernel does not keep for us, measured from inside the cell.
//!
//! The workspace's size is walked in slices, so that the program's end is
//! noticed at once; memory is summed only where no controller counts it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::spec::{Measure, News, WORKSPACE, Watch};

/// The entries of the workspace measured before looking up again.
const SLICE: usize = 2_000;
/// The shortest time between two walks.
const WALK_REST: Duration = Duration::from_secs(1);
/// The time between two looks at memory.
const MEMORY_REST: Duration = Duration::from_millis(50);

/// Watches one cell.
#[derive(Debug)]
pub(super) struct Watcher {
    memory_bytes: Option<u64>,
    disk_bytes: u64,
    walk: Option<Walk>,
    next_walk: Instant,
}

impl Watcher {
    pub(super) fn new(watch: &Watch) -> Self {
        Self {
            memory_bytes: watch.memory_bytes,
            disk_bytes: watch.disk_bytes,
            walk: None,
            next_walk: Instant::now() + WALK_REST,
        }
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
        if let Some(limit) = self.memory_bytes {
            let bytes = memory(limit);
            if bytes > limit {
                let measure = Measure::Memory;
                return Some(News::Over { measure, bytes });
            }
        }
        if self.walk.is_none() && Instant::now() >= self.next_walk {
            self.walk = Some(Walk::new());
        }
        let walk = self.walk.as_mut()?;
        let done = walk.step();
        if walk.bytes > self.disk_bytes {
            let (measure, bytes) = (Measure::Disk, walk.bytes);
            return Some(News::Over { measure, bytes });
        }
        if done {
            // A tenth of the time at most goes into walking.
            let rest = (walk.worked * 10).max(WALK_REST);
            self.next_walk = Instant::now() + rest;
            self.walk = None;
        }
        None
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
    fn new() -> Self {
        Self {
            open: None,
            folders: vec![PathBuf::from(WORKSPACE)],
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
/// bytes. Resident sets count shared pages several times; only when their sum
/// is above `limit` are the proportional sets, which are slow, added up.
fn memory(limit: u64) -> u64 {
    let files: u64 = ["/tmp", "/dev/shm"].iter().map(|path| occupied(path)).sum();
    let resident = files + processes().map(|path| resident(&path)).sum::<u64>();
    if resident <= limit {
        return resident;
    }
    files + processes().map(|path| proportional(&path)).sum::<u64>()
}

fn processes() -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| {
        path.file_name()
            .is_some_and(|name| name.as_encoded_bytes().iter().all(u8::is_ascii_digit))
    })
}

fn occupied(path: &str) -> u64 {
    rustix::fs::statvfs(path).map_or(0, |fs| (fs.f_blocks - fs.f_bfree) * fs.f_frsize)
}

fn resident(process: &Path) -> u64 {
    kib_in(&process.join("status"), "VmRSS:") * 1024
}

fn proportional(process: &Path) -> u64 {
    kib_in(&process.join("smaps_rollup"), "Pss:") * 1024
}

/// Reads a line such as `VmRSS:   1234 kB`. A process that is gone has none.
fn kib_in(file: &Path, key: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let value = text.lines().find_map(|line| line.strip_prefix(key));
    value
        .and_then(|value| value.trim().strip_suffix(" kB")?.parse().ok())
        .unwrap_or(0)
}
