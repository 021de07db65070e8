//! A control group in one hierarchy.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Controller, Limits};

/// The period of the processor quota and the least quota, in microseconds.
const CPU_PERIOD: u64 = 100_000;
const CPU_LEAST: u64 = 1_000;
/// The most processes that the kernel knows numbers for.
const PIDS_MOST: u64 = 4_194_304;
/// The most memory, in bytes, that a group that is lent again may still be
/// charged for.
const LEFT_MOST: u64 = 2 << 20;
/// The most bytes that are read of a file.
const FILE_BYTES: usize = 1024;

#[derive(Debug)]
pub(super) struct Part {
    pub directory: PathBuf,
    pub version: u8,
    pub controllers: Vec<Controller>,
    /// Files that are used for each job, open since the first time; `None` for
    /// one that this hierarchy does not have.
    files: Mutex<BTreeMap<&'static str, Option<Arc<File>>>>,
}

impl Part {
    pub(super) fn new(directory: PathBuf, version: u8, controllers: Vec<Controller>) -> Self {
        Self {
            directory,
            version,
            controllers,
            files: Mutex::default(),
        }
    }

    /// Returns the name of the file through which a process joins.
    pub(super) fn join_name(&self) -> &'static str {
        // Through `tasks` a thread moves itself alone, for which version 1
        // need not stop the whole system as it does for `cgroup.procs`.
        match self.version {
            1 => "tasks",
            _ => "cgroup.procs",
        }
    }

    /// Sets the limits of a new group.
    pub(super) fn limit(&self, limits: &Limits) -> io::Result<()> {
        let quota = (u64::from(limits.cpu_percent) * CPU_PERIOD / 100).max(CPU_LEAST);
        // One more for the cell's own first process.
        let pids = (u64::from(limits.pids) + 1).min(PIDS_MOST).to_string();
        for controller in &self.controllers {
            match (controller, self.version) {
                (Controller::Pids, _) => self.write("pids.max", &pids)?,
                (Controller::Memory, 1) => self.limit_memory_v1(limits.memory_bytes)?,
                (Controller::Memory, _) => {
                    self.write("memory.max", &limits.memory_bytes.to_string())?;
                    self.write_if_there("memory.swap.max", "0")?;
                }
                (Controller::Cpu, 1) => {
                    self.write("cpu.cfs_period_us", &CPU_PERIOD.to_string())?;
                    self.write("cpu.cfs_quota_us", &quota.to_string())?;
                }
                (Controller::Cpu, _) => self.write("cpu.max", &format!("{quota} {CPU_PERIOD}"))?,
            }
        }
        Ok(())
    }

    fn limit_memory_v1(&self, bytes: u64) -> io::Result<()> {
        self.write("memory.limit_in_bytes", &bytes.to_string())?;
        // Memory and swap together; absent where swap is not accounted.
        self.write_if_there("memory.memsw.limit_in_bytes", &bytes.to_string())
    }

    /// Version 2 has no peak of memory that can be set back for all readers.
    pub(super) fn start_afresh(&self) -> bool {
        let little = || {
            let text = self.read("memory.usage_in_bytes");
            let bytes = text.and_then(|text| text.trim().parse::<u64>().ok());
            bytes.is_some_and(|bytes| bytes <= LEFT_MOST)
        };
        let forget = || {
            let peak = self.open("memory.max_usage_in_bytes");
            peak.is_some_and(|peak| peak.write_at(b"0", 0).is_ok())
        };
        self.version == 1
            && self.read("tasks").is_some_and(|tasks| tasks.is_empty())
            && (!self.controllers.contains(&Controller::Memory) || (little() && forget()))
    }

    /// Opens a file, for writing too where that is allowed.
    pub(super) fn open(&self, name: &'static str) -> Option<Arc<File>> {
        let mut files = self.files.lock();
        if let Some(known) = files.get(name) {
            return known.clone();
        }
        let path = self.directory.join(name);
        let both = File::options().read(true).write(true).open(&path);
        let file = match both.or_else(|_| File::open(&path)) {
            Ok(file) => Some(Arc::new(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(_) => return None,
        };
        files.insert(name, file.clone());
        file
    }

    /// Reads a file from its beginning, as the kernel has it now.
    pub(super) fn read(&self, name: &'static str) -> Option<String> {
        let mut buffer = [0; FILE_BYTES];
        let count = self.open(name)?.read_at(&mut buffer, 0).ok()?;
        let text = buffer.get(..count)?;
        Some(String::from_utf8_lossy(text).into_owned())
    }

    fn write(&self, file: &str, text: &str) -> io::Result<()> {
        fs::OpenOptions::new()
            .write(true)
            .open(self.directory.join(file))
            .and_then(|mut file| io::Write::write_all(&mut file, text.as_bytes()))
    }

    fn write_if_there(&self, file: &str, text: &str) -> io::Result<()> {
        match self.write(file, text) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }
}
