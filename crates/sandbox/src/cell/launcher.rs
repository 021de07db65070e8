//! The launcher: the small single-threaded program between the server and the
//! cells.
//!
//! It is started once, is told what all cells have in common, and forks itself
//! for each cell: a fork costs a fraction of a start. The fork reads what to
//! build, becomes the cell's host user, starts the cell's first process, and
//! waits for whichever comes first: the end of the cell, or the end of the
//! control socket, by which the server asks for the cell's end or has died.

use std::fs::{File, OpenOptions};
use std::io::{self, PipeReader, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{SendFlags, send};
use rustix::process::{
    DumpableBehavior, Pid, Signal, WaitOptions, getegid, geteuid, pidfd_send_signal,
    set_dumpable_behavior, waitpid,
};

use super::channel;
use super::confine;
use super::failure::Step;
use super::init::{self, Inheritance};
use super::spec::{Answer, Common, Failure, News, Spec, Task};
use super::system::{self, Fork};
use super::walls::Sources;

/// What the launcher says when it can be asked for cells.
pub(super) const READY: &[u8] = b"r";

/// The most bytes of news that are read from a cell.
const NEWS_BYTES: u64 = 64 << 10;

/// How long the first process may take to end the cell when asked to.
const OBEDIENCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 500_000_000,
};

const NAMESPACES: i32 = libc::CLONE_NEWUSER
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS;

/// Makes cells, as asked over standard input, until nobody can ask any more.
///
/// This is what [`super::Launcher::program`] runs. It must be called before
/// the program starts a thread or opens a file.
pub fn cell_main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve() -> io::Result<()> {
    system::close_from(3)?;
    // Where the program was started from memory it would have a number's name.
    rustix::thread::set_name(c"atelier-cell")?;
    let (_, mut received) = channel::receive(io::stdin(), &mut [0])?;
    let common = received.pop().ok_or(io::ErrorKind::UnexpectedEof)?;
    let common: Common = channel::read_back(common)?;
    system::ignore_no_signal();
    system::leave_children(true);
    channel::send(io::stdin(), READY, &[])?;
    loop {
        let (count, received) = channel::receive(io::stdin(), &mut [0])?;
        if count == 0 {
            return Ok(());
        }
        let Some(errand) = Errand::of(received) else {
            continue;
        };
        match system::fork_into(0) {
            Ok(Fork::Child) => errand.run(&common),
            Ok(Fork::Parent(..)) => {}
            Err(error) => errand.refuse(error),
        }
    }
}

/// What is sent along with the wish for a cell.
struct Errand {
    /// Its end is the cell's end.
    control: OwnedFd,
    spec: OwnedFd,
    stdin: OwnedFd,
    /// Standard output and error; for a cell that stays, the inotify instance
    /// of [`Spec::observe`]. Without them there are none.
    rest: Vec<OwnedFd>,
}

/// What is known once the specification is read.
struct Orders {
    spec: Spec,
    stdin: OwnedFd,
    opens: Option<OwnedFd>,
}

impl Errand {
    fn of(descriptors: Vec<OwnedFd>) -> Option<Self> {
        let mut descriptors = descriptors.into_iter();
        Some(Self {
            control: descriptors.next()?,
            spec: descriptors.next()?,
            stdin: descriptors.next()?,
            rest: descriptors.collect(),
        })
    }

    /// Makes the cell and waits for its end, in a process for it alone. What
    /// the cell is for is read here, so that no other cell's memory holds it.
    fn run(self, common: &Common) -> ! {
        system::leave_children(false);
        let answer = self.take_up().and_then(|orders| launch(common, orders));
        let answer = answer.unwrap_or_else(failed);
        let sent = answer_to(io::stdin(), &answer);
        system::leave(i32::from(sent.is_err()))
    }

    fn take_up(self) -> Result<Orders, Failure> {
        let step = "read the cell's specification";
        system::adopt(self.control.as_fd(), 0).step(step)?;
        let spec: Spec = channel::read_back(self.spec)
            .map_err(|_| io::Error::from_raw_os_error(libc::EBADMSG))
            .step(step)?;
        let mut rest = self.rest.into_iter();
        let opens = match spec.task {
            Task::Stay => rest.next(),
            Task::Run { .. } | Task::Probe => None,
        };
        for (stream, number) in rest.zip(1..) {
            system::adopt(stream.as_fd(), number).step(step)?;
        }
        Ok(Orders {
            spec,
            stdin: self.stdin,
            opens,
        })
    }

    fn refuse(self, error: io::Error) {
        if let Err(failure) = Err::<(), _>(error).step("start a process for the cell") {
            let _ = answer_to(&self.control, &failed(failure));
        }
    }
}

fn failed(failure: Failure) -> Answer {
    Answer {
        news: vec![News::Failed(failure)],
        ..Answer::default()
    }
}

fn answer_to(control: impl AsFd, answer: &Answer) -> io::Result<()> {
    let text = serde_json::to_vec(answer)?;
    send(control, &text, SendFlags::NOSIGNAL)?;
    Ok(())
}

fn launch(common: &Common, orders: Orders) -> Result<Answer, Failure> {
    let Orders { spec, stdin, opens } = orders;
    let spec = &spec;
    let cgroups = open_groups(spec)?;
    let mut sources = None;
    if let Some(identity) = &spec.identity {
        let map = identity.map_root.then(|| confine::root_map(identity));
        let map = map.transpose()?;
        sources = Some(Sources::open(
            &common.root,
            spec,
            map.as_ref().map(AsFd::as_fd),
        )?);
        let streams: &[&dyn AsFd] = match spec.task {
            // It has no streams of its own.
            Task::Stay => &[],
            Task::Run { .. } | Task::Probe => &[&stdin, &io::stdout(), &io::stderr()],
        };
        confine::become_identity(identity, streams)?;
    }
    let ids = (geteuid().as_raw(), getegid().as_raw());
    let (reader, writer) = io::pipe().step("make a pipe")?;
    let forked = system::fork_into(NAMESPACES as u64).step("make the cell's namespaces")?;
    match forked {
        Fork::Child => {
            drop(reader);
            let inheritance = Inheritance {
                stdin,
                cgroups,
                sources,
                opens,
                ids,
            };
            init::live(common, spec, inheritance, &writer)
        }
        Fork::Parent(first, handle) => {
            drop((writer, stdin, cgroups, sources, opens));
            system::close_output();
            let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
            Ok(await_end(first, &handle, reader))
        }
    }
}

fn open_groups(spec: &Spec) -> Result<Vec<File>, Failure> {
    let open = |path: &String| OpenOptions::new().write(true).open(path);
    let files = spec.cgroup_join.iter().map(open);
    files
        .collect::<Result<_, _>>()
        .step("open the control group")
}

/// Waits until nothing of the cell is alive.
fn await_end(first: Pid, handle: &OwnedFd, mut reader: PipeReader) -> Answer {
    if !await_either(handle) {
        // Asked to, the first process counts what it ends; it need not obey.
        let _ = pidfd_send_signal(handle, Signal::TERM);
        let mut end = [PollFd::new(handle, PollFlags::IN)];
        if !matches!(poll(&mut end, Some(&OBEDIENCE)), Ok(1)) {
            let _ = pidfd_send_signal(handle, Signal::KILL);
        }
    }
    // The kernel ends all others of the namespace before the first process can
    // be waited for.
    let _ = waitpid(Some(first), WaitOptions::empty());
    let (cpu_micros, peak_bytes) = system::children_usage();
    let mut text = Vec::new();
    let _ = Read::by_ref(&mut reader)
        .take(NEWS_BYTES)
        .read_to_end(&mut text);
    let lines = text.split(|byte| *byte == b'\n');
    Answer {
        news: lines
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect(),
        cpu_micros,
        peak_bytes,
    }
}

/// Waits for the end of the first process or of the control socket; returns
/// whether it was the process's.
fn await_either(handle: &OwnedFd) -> bool {
    let control = io::stdin();
    loop {
        let mut events = [
            PollFd::new(handle, PollFlags::IN),
            PollFd::new(&control, PollFlags::IN | PollFlags::RDHUP),
        ];
        if poll(&mut events, None).is_err() {
            continue;
        }
        if !events[0].revents().is_empty() {
            return true;
        }
        if !events[1].revents().is_empty() {
            return false;
        }
    }
}
