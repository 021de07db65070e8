//! A cell that stays, seen from the server.

mod screen;
mod start;

use std::io;
use std::net::TcpStream;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::UnixStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::cgroup::{Cgroup, SharedCgroup};
use super::channel;
use super::command::{Limits, Outcome, Output};
use super::ending::{self, Ending, Evidence};
use super::flow::{self, Pipes};
use super::ground::Ground;
use super::observe::Observer;
use super::refusal;
use super::run;
use super::spec::{Answer, Identity, JobSpec, News, Request, View};
use super::state::{CellProcess, CellState, ListeningPort};
use super::terminal::ScreenSize;

pub(super) use start::Supervised;

/// How long a cell may take to answer, and to end.
const ANSWER: Duration = Duration::from_secs(5);
const END: Duration = Duration::from_secs(5);
/// The most bytes of an answer.
const ANSWER_BYTES: u64 = 256 * 1024;

/// A cell that stays. It ends when it is told to, by itself when its first
/// process fails, and with this server in any case.
#[derive(Debug)]
pub(super) struct Live {
    requests: AsyncFd<OwnedFd>,
    group: SharedCgroup,
    identity: Option<Identity>,
    /// Notes what is opened in the workspace, in the cell of a draft.
    observer: Option<Arc<Observer>>,
    started: Instant,
    /// How many runs and terminals it has.
    pub users: watch::Sender<usize>,
    /// Asks for its end.
    pub stop: CancellationToken,
    /// It has ended, and nothing of it is left.
    pub over: CancellationToken,
}

/// A program to run in a cell, from a [`Task::Run`].
pub(super) struct Program {
    pub argv: Vec<String>,
    pub env: Vec<(String, String)>,
    pub cwd: String,
}

impl Live {
    /// Says whether the cell can be asked for anything.
    pub(super) fn is_usable(&self) -> bool {
        let mut events = [PollFd::new(&self.requests, PollFlags::empty())];
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let gone = !matches!(poll(&mut events, Some(&now)), Ok(0));
        !gone && !self.stop.is_cancelled() && !self.over.is_cancelled()
    }

    /// Runs a program to its end. `ending` resolves when it is to end early.
    pub(super) async fn run(
        self: &Arc<Self>,
        ground: &Ground,
        program: Program,
        input: Vec<u8>,
        limits: Limits,
        ending: impl Future<Output = Outcome>,
        output: &mpsc::Sender<Output>,
    ) -> Ending {
        let start = Instant::now();
        let wall = limits.wall;
        let ending = async {
            tokio::select! {
                outcome = ending => outcome,
                () = tokio::time::sleep(wall) => Outcome::Timeout,
                () = self.stop.cancelled() => Outcome::Interrupted,
            }
        };
        let (pipes, theirs) = match self.pipes() {
            Ok(pipes) => pipes,
            Err(error) => return Ending::refused(format!("No pipe could be made: {error}")),
        };
        let begun = self.begin(ground, program, &limits, None, &theirs).await;
        drop(theirs);
        let (control, group) = match begun {
            Ok(begun) => begun,
            Err(reason) => return Ending::refused(reason),
        };
        let ends = pipes.into_ends(input, control);
        let flowed = flow::flow(ends, limits.output_bytes, ending, output).await;
        self.settle().await;
        // A first process that is alive always answers.
        let complete = flowed.complete && !flowed.answer.is_empty();
        if !complete {
            self.stop.cancel();
        }
        let evidence = Evidence {
            wall: start.elapsed(),
            memory_kills: group.memory_kills(),
            refused_processes: group.refused_processes(),
            peak_memory: group.peak_memory(),
            flowed,
            limits,
        };
        // Nobody needs to wait for what is cleared away.
        let (live, limits) = (Arc::clone(self), evidence.limits.clone());
        ground.tasks().spawn(async move {
            let mut group = Some(group);
            if !live.stop.is_cancelled() {
                group = group.and_then(|group| live.group.take_back(&limits, group));
            }
            let Some(group) = group else { return };
            // What can't be ended alone is ended with its cell.
            if !group.remove().await {
                live.stop.cancel();
            }
            if !live.stop.is_cancelled() {
                live.group.prepare(&limits);
            }
        });
        ending::conclude(evidence)
    }

    fn pipes(&self) -> io::Result<(Pipes, [OwnedFd; 3])> {
        let (ours, theirs) = Pipes::make()?;
        if let Some(identity) = &self.identity {
            // So that a program can open its own `/dev/stdout`.
            let uid = rustix::fs::Uid::from_raw(identity.uid);
            let gid = rustix::fs::Gid::from_raw(identity.gid);
            for pipe in &theirs {
                rustix::fs::fchown(pipe, Some(uid), Some(gid))?;
            }
        }
        Ok((ours, theirs))
    }

    /// Asks for a program; returns the socket that its life hangs on.
    async fn begin(
        &self,
        ground: &Ground,
        program: Program,
        limits: &Limits,
        screen: Option<ScreenSize>,
        streams: &[OwnedFd],
    ) -> Result<(UnixStream, Cgroup), String> {
        let kept = ground.cgroups().kept();
        let group = self.group.create(limits);
        let group = group.map_err(|error| format!("No control group could be made: {error}"))?;
        let spec = channel::write_down(&JobSpec {
            argv: program.argv,
            env: program.env,
            cwd: program.cwd,
            rlimits: run::rlimits(limits, kept),
        });
        let spec = spec.map_err(|error| format!("The command can't be written down: {error}"))?;
        let request = Request::Start {
            watch: run::watch(limits, kept),
            screen: screen.map(|size| (size.columns, size.rows)),
        };
        let joins = group.joins();
        let joins = joins.map_err(|error| format!("The control group can't be joined: {error}"))?;
        let own = [&spec].into_iter().chain(streams).map(AsFd::as_fd);
        let descriptors: Vec<_> = own.chain(joins.iter().map(AsFd::as_fd)).collect();
        let asked = self.ask(&request, &descriptors).await;
        let answer = asked.map_err(|error| format!("The cell could not be asked: {error}"))?;
        Ok((answer, group))
    }

    /// Connects to a port of the cell.
    pub(super) async fn connect(&self, port: u16) -> io::Result<tokio::net::TcpStream> {
        let mut last = io::ErrorKind::ConnectionRefused.into();
        for version_6 in [false, true] {
            match self.dial(port, version_6).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn dial(&self, port: u16, version_6: bool) -> io::Result<tokio::net::TcpStream> {
        let answer = self.ask(&Request::Connect { port, version_6 }, &[]).await?;
        let socket = timeout(ANSWER, receive_one(&answer)).await??;
        let stream = TcpStream::from(socket);
        stream.set_nonblocking(true)?;
        let stream = tokio::net::TcpStream::from_std(stream)?;
        timeout(ANSWER, stream.writable()).await??;
        match stream.take_error()? {
            Some(error) => Err(error),
            None => Ok(stream),
        }
    }

    /// Looks at what there is in the cell.
    pub(super) async fn look(&self) -> io::Result<CellState> {
        let answer = self.ask(&Request::Look, &[]).await?;
        let file = timeout(ANSWER, receive_one(&answer)).await??;
        let view: View = channel::read_back(file)?;
        let processes = view.processes.into_iter().map(|process| CellProcess {
            pid: process.pid,
            command: process.command,
            memory_bytes: process.memory_bytes,
        });
        let ports = view.ports.into_iter().map(|port| ListeningPort {
            port: port.port,
            program: port.program,
        });
        let processes: Vec<_> = processes.collect();
        let resident = processes.iter().map(|process| process.memory_bytes).sum();
        Ok(CellState {
            age: self.started.elapsed(),
            memory_bytes: self.group.memory().unwrap_or(resident),
            cpu: self.group.cpu(),
            processes,
            ports: ports.collect(),
        })
    }

    /// Sends a request; returns the socket of its answer.
    async fn ask(
        &self,
        request: &Request,
        descriptors: &[std::os::fd::BorrowedFd<'_>],
    ) -> io::Result<UnixStream> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let ours = UnixStream::from_std(ours)?;
        let request = serde_json::to_vec(request)?;
        let mut all = vec![theirs.as_fd()];
        all.extend_from_slice(descriptors);
        let send = self.requests.async_io(Interest::WRITABLE, |socket| {
            channel::send(socket, &request, &all)
        });
        timeout(ANSWER, send).await??;
        Ok(ours)
    }

    /// Notes what is opened in the cell of a draft, for as long as it is polled.
    pub(super) async fn observe(&self) {
        match &self.observer {
            Some(observer) => match observer.follow().await {},
            None => std::future::pending().await,
        }
    }

    /// Has all written down that was opened in the cell of a draft until now.
    pub(super) async fn settle(&self) {
        if let Some(observer) = &self.observer {
            observer.settle().await;
        }
    }

    /// Removes what is left of the cell, of which nothing is alive.
    pub(super) async fn clear(&self) {
        if let Some(observer) = &self.observer {
            observer.close().await;
        }
        self.group.remove().await;
    }
}

fn explain(answer: &[u8]) -> String {
    let answer: Answer = serde_json::from_slice(answer).unwrap_or_default();
    match answer.news.into_iter().next() {
        Some(News::Failed(failure)) => refusal::explain(&failure).text(),
        Some(News::NotStarted { errno }) => {
            let error = io::Error::from_raw_os_error(errno);
            format!("The program could not be started: {error}")
        }
        _ => "The cell did not start".to_owned(),
    }
}

/// Receives a message that is one descriptor.
async fn receive_one(socket: &UnixStream) -> io::Result<OwnedFd> {
    let receive = socket.async_io(Interest::READABLE, || channel::receive(socket, &mut [0]));
    let (_, descriptors) = receive.await?;
    let one = descriptors.into_iter().next();
    one.ok_or_else(|| io::ErrorKind::ConnectionRefused.into())
}
