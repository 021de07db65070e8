//! A program of a cell that stays: how it is started there, and how all that it
//! started is found again.
//!
//! Each job is given a host name namespace of its own. No program can leave
//! it (the system call filter forbids it, and there are no capabilities), so
//! its number tells a job's processes from all others, however often they
//! forked and whatever session they are in, with control groups or without. It
//! is held open as long as the job is looked for: a number is given again as
//! soon as its namespace is gone.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::channel;
use super::confine::Confinement;
use super::failure::Step;
use super::spec::{Failure, JobSpec, News, Usage};
use super::system::{self, Fork};

/// The most bytes that a starting program tells of itself.
const TOLD_BYTES: usize = 4096;

/// A job that was started.
#[derive(Debug)]
pub(super) struct Job {
    pub leader: Pid,
    /// Whether its processes are asked to end before they are made to.
    pub gentle: bool,
    /// What the first process tells of itself, until it was read.
    told: Option<UnixStream>,
    /// The job's own namespace.
    namespace: Option<File>,
    tag: Option<u64>,
    failure: Option<News>,
    pub usage: Usage,
}

/// The descriptors that come with a job.
#[derive(Debug)]
pub(super) struct JobFiles {
    /// Standard input, output and error; empty for a job with a screen.
    pub streams: Vec<OwnedFd>,
    /// Open control group files to join through.
    pub groups: Vec<OwnedFd>,
}

impl Job {
    /// Starts a job; returns it with the terminal it has its screen on.
    pub(super) fn start(
        spec: &JobSpec,
        files: JobFiles,
        confinement: &Confinement,
    ) -> Result<(Self, Option<OwnedFd>), Failure> {
        let (master, streams) = match spec.screen {
            Some(screen) => {
                let (master, slave) = open_terminal(screen).step("open a terminal")?;
                (Some(master), vec![slave])
            }
            None => (None, files.streams),
        };
        let (told, teller) = UnixStream::pair().step("make a socket")?;
        let namespace = libc::CLONE_NEWUTS as u64;
        match system::fork_into(namespace).step("start a process")? {
            Fork::Child => {
                let failed = become_program(spec, streams, files.groups, confinement, &teller);
                tell(&teller, &failed);
                system::leave(127)
            }
            Fork::Parent(leader, _) => {
                let job = Self {
                    leader,
                    gentle: spec.screen.is_some(),
                    told: Some(told),
                    namespace: None,
                    tag: None,
                    failure: None,
                    usage: Usage::default(),
                };
                Ok((job, master))
            }
        }
    }

    /// Returns why the program did not start, if it did not.
    pub(super) fn failure(&mut self) -> Option<News> {
        self.hear();
        self.failure.take()
    }

    /// Sends `signal` to every process of the job; returns how many there are.
    /// A process whose job can't be told is taken for one of this, but for the
    /// `others` that lead jobs: they can't be looked at until they are the
    /// programs they are to be.
    pub(super) fn signal(&mut self, signal: Signal, others: &[Pid]) -> usize {
        self.hear();
        let mine = |pid: &Pid| match tag_of(*pid) {
            Tag::Of(tag) => Some(tag) == self.tag,
            Tag::Hidden => !others.contains(pid),
            Tag::Dead => false,
        };
        let all = processes().filter(mine);
        all.map(|pid| {
            let _ = kill_process(pid, signal);
        })
        .count()
    }

    /// Returns the number that tells the job's processes from others.
    pub(super) fn tag(&mut self) -> Option<u64> {
        self.hear();
        self.tag
    }

    /// Reads what the first process tells of itself, which it does before it
    /// becomes the program; the program itself can't.
    fn hear(&mut self) {
        let Some(told) = self.told.take() else { return };
        let (mut text, mut buffer) = (Vec::new(), [0; TOLD_BYTES]);
        while let Ok((count @ 1.., descriptors)) = channel::receive(&told, &mut buffer) {
            text.extend_from_slice(&buffer[..count]);
            let first = descriptors.into_iter().next();
            self.namespace = first.map(File::from).or(self.namespace.take());
        }
        let namespace = self
            .namespace
            .as_ref()
            .and_then(|file| file.metadata().ok());
        self.tag = namespace.map(|namespace| namespace.ino());
        self.failure = text
            .split_first()
            .and_then(|(_, rest)| serde_json::from_slice(rest).ok());
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

fn open_terminal((columns, rows): (u16, u16)) -> io::Result<(OwnedFd, OwnedFd)> {
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

/// Turns the new process into the program; returns what kept it from that.
fn become_program(
    spec: &JobSpec,
    streams: Vec<OwnedFd>,
    groups: Vec<OwnedFd>,
    confinement: &Confinement,
    teller: &UnixStream,
) -> News {
    if let Err(failure) = prepare(spec, &streams, groups, confinement, teller) {
        return News::Failed(failure);
    }
    let errno = exec(spec).raw_os_error().unwrap_or(0);
    News::NotStarted { errno }
}

fn prepare(
    spec: &JobSpec,
    streams: &[OwnedFd],
    groups: Vec<OwnedFd>,
    confinement: &Confinement,
    teller: &UnixStream,
) -> Result<(), Failure> {
    let step = "mark the program's processes";
    let namespace = File::open("/proc/self/ns/uts").step(step)?;
    channel::send(teller, b"n", &[namespace.as_fd()]).step(step)?;
    for group in groups {
        File::from(group)
            .write_all(b"0")
            .step("join the control group")?;
    }
    // So that the program takes its own group for the top.
    system::unshare(libc::CLONE_NEWCGROUP).step("make a control group namespace")?;
    rustix::process::setsid().step("make a session")?;
    let last = streams.last().ok_or(io::ErrorKind::InvalidInput);
    let last = last.step("take the program's streams")?;
    if spec.screen.is_some() {
        rustix::process::ioctl_tiocsctty(last).step("take the terminal")?;
    }
    for number in 0..3 {
        let stream = streams.get(number).unwrap_or(last);
        system::adopt(stream.as_fd(), number).step("take the program's streams")?;
    }
    system::release_signals();
    let others = if spec.rlimits.beside_others {
        // This one is of the job already.
        processes().count().saturating_sub(1) as u64
    } else {
        0
    };
    confinement.apply(&spec.rlimits, others)?;
    std::env::set_current_dir(&spec.cwd).step(&format!("enter {}", spec.cwd))
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is where the sandbox starts processes"
)]
fn exec(spec: &JobSpec) -> io::Error {
    let mut words = spec.argv.iter();
    Command::new(words.next().map_or("", String::as_str))
        .args(words)
        .env_clear()
        .envs(spec.env.iter().map(|(name, value)| (name, value)))
        .exec()
}

fn tell(mut teller: &UnixStream, news: &News) {
    if let Ok(line) = serde_json::to_vec(news) {
        let _ = teller.write_all(&line);
    }
}
