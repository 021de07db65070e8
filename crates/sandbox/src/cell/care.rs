//! The care for one job of a cell that stays: what it is watched for, how it is
//! ended, and what is told of it.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::net::{SendFlags, Shutdown};
use rustix::process::{Pid, Signal};

use super::job::{self, Job, Tag};
use super::spec::{Answer, Measure, News, Usage, Watch};
use super::system::Dead;
use super::watch;

/// How long what a terminal leaves behind may take to end by itself.
const GENTLE: Duration = Duration::from_millis(300);
/// How long a job may take to end when it is made to, before the cell is given
/// up.
const STUBBORN: Duration = Duration::from_secs(3);

/// A job and what is left to do for it.
pub(super) struct Care {
    pub job: Job,
    pub watch: Watch,
    /// What the cell's memory file systems held before it.
    files_before: u64,
    /// Its other side is closed when nobody wants the job any more.
    pub answer: OwnedFd,
    pub news: Vec<News>,
    /// Since when it is being ended.
    ending: Option<Ending>,
}

struct Ending {
    since: Instant,
    /// How often in a row nothing of it was found.
    clean: u32,
}

/// How far a job's end has come.
pub(super) enum Progress {
    Living,
    Gone,
    /// It can't be ended.
    Stubborn,
}

impl Care {
    pub(super) fn of(job: Job, watch: Watch, answer: OwnedFd) -> Self {
        Self {
            job,
            files_before: watch.memory_bytes.map_or(0, |_| watch::memory_files()),
            watch,
            answer,
            news: Vec::new(),
            ending: None,
        }
    }

    pub(super) fn is_ending(&self) -> bool {
        self.ending.is_some()
    }

    /// Measures the job's memory where the kernel does not; returns it when it
    /// is over the limit.
    pub(super) fn memory_over(&mut self) -> Option<(Measure, u64)> {
        let limit = self.watch.memory_bytes?;
        let tag = self.job.tag()?;
        let files = watch::memory_files().saturating_sub(self.files_before);
        let mine = |pid| matches!(job::tag_of(pid), Tag::Of(found) if found == tag);
        let bytes = files + watch::memory_of(limit.saturating_sub(files), mine);
        (bytes > limit).then_some((Measure::Memory, bytes))
    }

    /// Has it ended from now on.
    pub(super) fn end(&mut self) {
        self.ending.get_or_insert_with(|| Ending {
            since: Instant::now(),
            clean: 0,
        });
    }

    /// Takes in that its first process was collected: the rest ends with it.
    pub(super) fn lead_is_dead(&mut self, dead: Dead) {
        self.news.push(self.job.lead_is_dead(dead));
        self.end();
    }

    /// Ends what is left of it, if it is to end. Where nobody is in the cell
    /// (`nobody`) it is gone; else when it was not found twice: one that forks
    /// while it is looked for may escape the first look. `leaders` are the
    /// first processes of all jobs.
    pub(super) fn go_on_ending(&mut self, leaders: &[Pid], nobody: bool) -> Progress {
        let own = self.job.leader;
        let Some(ending) = &mut self.ending else {
            return Progress::Living;
        };
        if nobody {
            return Progress::Gone;
        }
        let others: Vec<Pid> = leaders.iter().copied().filter(|pid| *pid != own).collect();
        loop {
            let gentle = self.job.gentle && ending.since.elapsed() < GENTLE;
            let found = if gentle {
                self.job.signal(Signal::CONT, &others);
                self.job.signal(Signal::HUP, &others)
            } else {
                self.job.signal(Signal::KILL, &others)
            };
            if found > 0 {
                ending.clean = 0;
                let stubborn = ending.since.elapsed() > STUBBORN;
                return if stubborn {
                    Progress::Stubborn
                } else {
                    Progress::Living
                };
            }
            ending.clean += 1;
            if ending.clean > 1 {
                return Progress::Gone;
            }
        }
    }

    /// Tells what became of it.
    pub(super) fn answer(&mut self) {
        reply(&self.answer, std::mem::take(&mut self.news), self.job.usage);
    }
}

/// Answers and ends the conversation, also for whoever holds a copy of the
/// socket: a process that was forked and is not a program yet. The answer is
/// short: it fits into an empty socket, which this one is.
pub(super) fn reply(to: &OwnedFd, news: Vec<News>, usage: Usage) {
    let answer = Answer {
        news,
        cpu_micros: usage.cpu_micros,
        peak_bytes: usage.peak_bytes,
    };
    if let Ok(text) = serde_json::to_vec(&answer) {
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        let _ = rustix::net::send(to, &text, flags);
    }
    let _ = rustix::net::shutdown(to, Shutdown::Both);
}
