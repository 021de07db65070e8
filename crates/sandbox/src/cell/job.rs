//! A program of a cell that stays, and how all that it started is found again.
//!
//! Each job is given a host name namespace of its own. No program can leave
//! it (the system call filter forbids it, and there are no capabilities), so
//! its number tells a job's processes from all others, however often they
//! forked and whatever session they are in, with control groups or without. It
//! is held open as long as the job is looked for: a number is given again as
//! soon as its namespace is gone.

use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::channel;
use super::confine::Confinement;
use super::spare::{JobFiles, Spare};
use super::spec::{Failure, News, Orders, Usage};
use super::system::Dead;

/// The most bytes that a starting program tells of itself.
const TOLD_BYTES: usize = 4096;

/// A job that was started.
#[derive(Debug)]
pub(super) struct Job {
    pub leader: Pid,
    /// Whether its processes are asked to end before they are made to.
    pub gentle: bool,
    /// Whether the leader was collected.
    ended: bool,
    /// What the leader tells of itself before it is the program; the program
    /// itself can't.
    link: OwnedFd,
    /// The job's own namespace. Until it is known there is only the leader.
    namespace: Option<(File, u64)>,
    failure: Option<News>,
    pub usage: Usage,
}

impl Job {
    /// Starts a job by the process that was made ready for it, or by a new one.
    pub(super) fn start(
        ready: Option<Spare>,
        orders: &Orders,
        files: &JobFiles,
        confinement: &Confinement,
    ) -> Result<Self, Failure> {
        let ready = ready.filter(|spare| spare.order(orders, files).is_ok());
        let Spare { pid, link } = if let Some(ready) = ready {
            ready
        } else {
            let new = Spare::make(confinement)?;
            // One that is gone already has told why.
            let _ = new.order(orders, files);
            new
        };
        Ok(Self {
            leader: pid,
            gentle: orders.screen,
            ended: false,
            link,
            namespace: None,
            failure: None,
            usage: Usage::default(),
        })
    }

    /// Takes in that the leader was collected; returns how it ended.
    pub(super) fn lead_is_dead(&mut self, dead: Dead) -> News {
        self.ended = true;
        self.usage = Usage {
            cpu_micros: dead.cpu_micros,
            peak_bytes: dead.peak_bytes,
        };
        self.hear();
        self.failure.take().unwrap_or(News::Ended {
            exit_code: dead.exit_code,
            signal: dead.signal,
        })
    }

    /// Sends `signal` to every process of the job; returns how many there are, with
    /// a leader that was not collected.
    /// A process whose job can't be told is taken for one of this, but for the
    /// `others` that lead jobs: they can't be looked at until they are the
    /// programs they are to be.
    pub(super) fn signal(&mut self, signal: Signal, others: &[Pid]) -> usize {
        let Some(own) = self.tag() else {
            if !self.ended {
                let _ = kill_process(self.leader, signal);
            }
            return usize::from(!self.ended);
        };
        let mine = |pid: &Pid| match tag_of(*pid) {
            Tag::Of(tag) => tag == own,
            Tag::Hidden => !others.contains(pid),
            Tag::Dead => false,
        };
        let mut count = 0;
        for pid in processes().filter(mine) {
            let _ = kill_process(pid, signal);
            count += 1;
        }
        // A leader that is dead but not collected tells no tag. There is still
        // to be told how it ended, and what it used.
        count.max(usize::from(!self.ended))
    }

    /// Returns the number that tells the job's processes from others.
    pub(super) fn tag(&mut self) -> Option<u64> {
        self.hear();
        self.namespace.as_ref().map(|(_, tag)| *tag)
    }

    /// Takes in what the leader has told by now.
    fn hear(&mut self) {
        let mut buffer = [0; TOLD_BYTES];
        while let Ok((count @ 1.., descriptors)) = channel::receive(&self.link, &mut buffer) {
            if let Some(namespace) = descriptors.into_iter().next().map(File::from) {
                let tag = namespace.metadata().map(|namespace| namespace.ino());
                self.namespace = tag.ok().map(|tag| (namespace, tag));
            } else {
                self.failure = serde_json::from_slice(&buffer[..count]).ok();
            }
        }
    }
}

/// Which job a process is of.
pub(super) enum Tag {
    Of(u64),
    /// It can't be looked at: a program that is secret to its own user.
    Hidden,
    Dead,
}

/// Finds out which job a process is of.
pub(super) fn tag_of(pid: Pid) -> Tag {
    match fs::metadata(format!("/proc/{}/ns/uts", pid.as_raw_nonzero())) {
        Ok(namespace) => Tag::Of(namespace.ino()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Tag::Hidden,
        Err(_) => Tag::Dead,
    }
}

/// Returns all processes of the cell but the first.
pub(super) fn processes() -> impl Iterator<Item = Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| *pid != 1)
        .filter_map(Pid::from_raw)
}

/// Makes a terminal; returns the side of the keys and the program's.
pub(super) fn open_terminal((columns, rows): (u16, u16)) -> io::Result<(OwnedFd, OwnedFd)> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    unlockpt(&master)?;
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let slave = rustix::pty::ioctl_tiocgptpeer(&master, flags)?;
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&slave, size)?;
    Ok((master, slave))
}
