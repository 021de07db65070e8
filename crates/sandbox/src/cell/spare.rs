//! A process that is ready to become a program of a cell that stays.
//!
//! Most of what a program's start costs is the same for all: a process, its
//! namespace and session, Landlock and the call filters. That is done ahead,
//! by a process that then waits for its orders. It has no capabilities left
//! and holds nothing but the socket over which the orders come.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::net::{AddressFamily, SocketFlags, SocketType};
use rustix::process::Pid;

use super::channel;
use super::confine::{self, Confinement};
use super::failure::Step;
use super::spec::{Failure, JobSpec, News, Orders};
use super::system::{self, Fork};

/// The most bytes of orders.
const ORDERS_BYTES: usize = 256;

/// A process that waits for its orders, seen from the cell's first process.
#[derive(Debug)]
pub(super) struct Spare {
    pub pid: Pid,
    /// Takes the orders; tells of the process's namespace, and of what kept it
    /// from becoming the program. It can be read without waiting.
    pub link: OwnedFd,
}

/// What a program is started with.
#[derive(Debug)]
pub(super) struct JobFiles {
    /// The [`JobSpec`].
    pub spec: OwnedFd,
    /// Standard input, output and error, or the one terminal.
    pub streams: Vec<OwnedFd>,
    /// Open control group files to join through.
    pub groups: Vec<OwnedFd>,
}

impl Spare {
    /// Makes one. It gets ready while we go on.
    pub(super) fn make(confinement: &Confinement) -> Result<Self, Failure> {
        let (link, theirs) = rustix::net::socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        )
        .step("make a socket")?;
        let namespace = libc::CLONE_NEWUTS as u64;
        match system::fork_into(namespace).step("start a process")? {
            Fork::Child => live(confinement, theirs.as_fd()),
            Fork::Parent(pid, _) => {
                rustix::io::ioctl_fionbio(&link, true).step("make a socket")?;
                Ok(Self { pid, link })
            }
        }
    }

    /// Has it become a program. An error says that it is gone, and that nothing
    /// was started.
    pub(super) fn order(&self, orders: &Orders, files: &JobFiles) -> io::Result<()> {
        let orders = serde_json::to_vec(orders)?;
        let descriptors = [&files.spec].into_iter();
        let descriptors = descriptors.chain(&files.streams).chain(&files.groups);
        let descriptors: Vec<_> = descriptors.map(AsFd::as_fd).collect();
        channel::send(&self.link, &orders, &descriptors)
    }
}

/// Lives the life of the process until it is the program.
fn live(confinement: &Confinement, link: BorrowedFd<'_>) -> ! {
    let news = match get_ready(confinement, link).and_then(|()| take_orders(link)) {
        Ok(Some(spec)) => {
            let errno = exec(&spec).raw_os_error().unwrap_or(0);
            News::NotStarted { errno }
        }
        Ok(None) => system::leave(0),
        Err(failure) => News::Failed(failure),
    };
    if let Ok(news) = serde_json::to_vec(&news) {
        let _ = channel::send(link, &news, &[]);
    }
    system::leave(127)
}

fn get_ready(confinement: &Confinement, link: BorrowedFd<'_>) -> Result<(), Failure> {
    let step = "mark the program's processes";
    let namespace = File::open("/proc/self/ns/uts").step(step)?;
    channel::send(link, b"n", &[namespace.as_fd()]).step(step)?;
    drop(namespace);
    rustix::process::setsid().step("make a session")?;
    system::release_signals();
    confinement.apply()?;
    // Among them are the first process's sockets, whose end somebody awaits.
    // None of them is owned from here on: what owns them was left behind.
    system::close_all_but(link).step("close what is not the program's")
}

/// Waits for orders and does what is left to do but to start the program;
/// `None` when there will be none.
fn take_orders(link: BorrowedFd<'_>) -> Result<Option<JobSpec>, Failure> {
    let mut text = [0; ORDERS_BYTES];
    let (count, received) = channel::receive(link, &mut text).step("receive the orders")?;
    if count == 0 {
        return Ok(None);
    }
    let step = "read the orders";
    let orders: Orders = serde_json::from_slice(&text[..count])
        .map_err(io::Error::from)
        .step(step)?;
    let mut received = received.into_iter();
    let spec = received.next().ok_or(io::ErrorKind::InvalidInput);
    let spec: JobSpec = channel::read_back(spec.step(step)?).step(step)?;
    let count = if orders.screen { 1 } else { 3 };
    let streams: Vec<_> = received.by_ref().take(count).collect();
    for group in received {
        File::from(group)
            .write_all(b"0")
            .step("join the control group")?;
    }
    take_streams(&streams, orders.screen)?;
    confine::limit(&spec.rlimits, orders.others)?;
    std::env::set_current_dir(&spec.cwd).step(&format!("enter {}", spec.cwd))?;
    Ok(Some(spec))
}

fn take_streams(streams: &[OwnedFd], screen: bool) -> Result<(), Failure> {
    let step = "take the program's streams";
    let last = streams.last().ok_or(io::ErrorKind::InvalidInput);
    let last = last.step(step)?;
    if screen {
        rustix::process::ioctl_tiocsctty(last).step("take the terminal")?;
    }
    for number in 0..3 {
        let stream = streams.get(number).unwrap_or(last);
        system::adopt(stream.as_fd(), number).step(step)?;
    }
    Ok(())
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
