//! The groups of a cell that stays.

use std::fs;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::{Cgroup, Limits, place, remove_when_empty};

/// The control group of a cell that stays, with one below it for each job. A
/// version 2 group that has others below it may hold no process itself, so the
/// cell's first process has one of its own.
#[derive(Debug)]
pub(in crate::cell) struct SharedCgroup {
    /// A group for a job with these limits, made ahead or used before.
    spare: Mutex<Option<(Limits, Cgroup)>>,
    first: Cgroup,
    // The last to be dropped, because the others are in it.
    whole: Cgroup,
    limits: Limits,
    made: AtomicU64,
}

impl SharedCgroup {
    /// Makes one of the group `whole`.
    pub(super) fn new(whole: Cgroup, limits: &Limits) -> io::Result<Self> {
        for part in &whole.parts {
            if part.version == 2 {
                place::pass_on_all(&part.directory, &part.controllers)?;
            }
        }
        Ok(Self {
            first: whole.below("first", None)?,
            whole,
            limits: limits.clone(),
            made: AtomicU64::new(0),
            spare: Mutex::default(),
        })
    }

    /// Returns the files through which the cell's first process joins.
    pub(in crate::cell) fn join_files(&self) -> Vec<String> {
        self.first.join_files()
    }

    /// Makes a group ahead, so that the next job with these limits need not
    /// wait for it.
    pub(in crate::cell) fn prepare(&self, limits: &Limits) {
        let mut spare = self.spare.lock();
        if spare.is_none() {
            *spare = self.make(limits).ok().map(|group| (limits.clone(), group));
        }
    }

    /// Takes back the group of a job of which nothing is alive, to lend it to
    /// the next with these limits. Returns it when it is not as good as new.
    pub(in crate::cell) fn take_back(&self, limits: &Limits, group: Cgroup) -> Option<Cgroup> {
        let mut spare = self.spare.lock();
        if spare.is_some() || !group.start_afresh() {
            return Some(group);
        }
        *spare = Some((limits.clone(), group));
        None
    }

    /// Makes the group of one job, within the limits of the cell.
    pub(in crate::cell) fn create(&self, limits: &Limits) -> io::Result<Cgroup> {
        let spare = self.spare.lock().take();
        match spare {
            Some((prepared, group)) if prepared == *limits => Ok(group),
            _ => self.make(limits),
        }
    }

    fn make(&self, limits: &Limits) -> io::Result<Cgroup> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let within = Limits {
            // The kernel refuses a share that is larger than the parent's.
            cpu_percent: limits.cpu_percent.min(self.limits.cpu_percent),
            // The cell's first process is elsewhere.
            pids: limits.pids.saturating_sub(1),
            ..limits.clone()
        };
        self.whole.below(&format!("job-{number}"), Some(&within))
    }

    /// Returns the memory that the cell uses, in bytes.
    pub(in crate::cell) fn memory(&self) -> Option<u64> {
        let text = self.whole.read("memory.usage_in_bytes", "memory.current")?;
        text.trim().parse().ok()
    }

    /// Returns the processor time that the cell has used.
    pub(in crate::cell) fn cpu(&self) -> Option<Duration> {
        let text = self.whole.read("cpuacct.usage", "cpu.stat")?;
        let micros = text
            .lines()
            .find_map(|line| line.strip_prefix("usage_usec "));
        if let Some(micros) = micros {
            return Some(Duration::from_micros(micros.trim().parse().ok()?));
        }
        Some(Duration::from_nanos(text.trim().parse().ok()?))
    }

    /// Removes the groups. Nothing may be alive in them.
    pub(in crate::cell) async fn remove(&self) {
        drop(self.spare.lock().take());
        for part in &self.first.parts {
            remove_when_empty(&part.directory).await;
        }
        for part in &self.whole.parts {
            for job in fs::read_dir(&part.directory)
                .into_iter()
                .flatten()
                .flatten()
            {
                let _ = fs::remove_dir(job.path());
            }
            remove_when_empty(&part.directory).await;
        }
    }
}
