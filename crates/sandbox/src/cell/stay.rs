//! The first process of a cell that stays: it does what the server asks, over
//! one socket, and collects the dead. With nothing to do it sleeps.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{
    AddressFamily, SocketAddrV4, SocketAddrV6, SocketFlags, SocketType, bind, connect, listen,
    socket_with, sockopt,
};
use rustix::process::{Pid, Signal};
use rustix::thread::CapabilitySet;

use super::channel;
use super::confine::{self, Confinement};
use super::failure::Step;
use super::job::{self, Job, JobFiles, Tag};
use super::look;
use super::observe;
use super::spec::{
    Answer, Common, Failure, JobSpec, Measure, News, PROXY_PORT, Request, Spec, Watch,
};
use super::system::{self, Dead};
use super::watch::{self, Watcher};

/// How long what a terminal leaves behind may take to end by itself.
const GENTLE: Duration = Duration::from_millis(300);
/// How long a job may take to end when it is made to, before the cell is given
/// up.
const STUBBORN: Duration = Duration::from_secs(3);
/// How long to wait between two looks at a job that is ending.
const ENDING_REST: Duration = Duration::from_millis(2);

/// Gives up what is not needed for looking after jobs. What is kept reaches
/// nothing outside: it counts in the cell's user namespace only.
pub(super) fn give_up() -> Result<(), Failure> {
    confine::keep_only(
        // To give each job a namespace of its own, to see which is whose, and
        // to measure directories that a program closed to itself.
        CapabilitySet::SYS_ADMIN | CapabilitySet::SYS_PTRACE | CapabilitySet::DAC_READ_SEARCH,
    )
}

/// Looks after jobs until the server asks for the end or is gone.
///
/// `layer` is the draft's own, and `opens` the inotify instance by which the
/// server sees what is opened in the workspace.
pub(super) fn stay(
    common: &Common,
    spec: &Spec,
    layer: Option<OwnedFd>,
    opens: Option<OwnedFd>,
) -> Result<Option<News>, Failure> {
    system::hold_signals();
    let mut steward = Steward {
        signals: system::signal_descriptor().step("wait for signals")?,
        confinement: Confinement::prepare(common)?,
        watcher: Watcher::over(&spec.watch, layer),
        jobs: Vec::new(),
    };
    let proxy = listen_for_proxy().step("listen for the network's way out")?;
    // Before any program runs, so that nothing is opened unseen.
    let placed = opens.map(|opens| channel::write_down(&observe::place(&opens, &spec.observe)));
    let step = "tell that the cell stands";
    let placed = placed.transpose().step(step)?;
    let descriptors = [Some(&proxy), placed.as_ref()];
    let descriptors: Vec<_> = descriptors.iter().flatten().map(AsFd::as_fd).collect();
    channel::send(io::stdin(), b"r", &descriptors).step(step)?;
    drop((proxy, placed));
    while steward.turn() {}
    Ok(None)
}

/// The socket belongs to this network for ever, whoever accepts on it.
fn listen_for_proxy() -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    let address = std::net::SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, PROXY_PORT);
    bind(&socket, &address)?;
    listen(&socket, 128)?;
    Ok(socket)
}

struct Steward {
    signals: OwnedFd,
    confinement: Confinement,
    watcher: Watcher,
    jobs: Vec<Care>,
}

/// A job and what is left to do for it.
struct Care {
    job: Job,
    watch: Watch,
    /// What the cell's memory file systems held before it.
    files_before: u64,
    answer: OwnedFd,
    news: Vec<News>,
    /// Since when it is being ended.
    ending: Option<Ending>,
}

struct Ending {
    since: Instant,
    /// How often in a row nothing of it was found.
    clean: u32,
}

impl Steward {
    /// Waits for something and does it; returns whether to go on.
    fn turn(&mut self) -> bool {
        let (asked, signalled) = self.wait();
        if signalled && self.collect_dead() {
            return false;
        }
        if asked && !self.serve() {
            return false;
        }
        self.look_at_limits();
        self.go_on_ending()
    }

    /// Waits; marks jobs whose asker is gone. Returns whether there is a request
    /// and whether there is a signal.
    fn wait(&mut self) -> (bool, bool) {
        let rest = self.rest();
        let server = io::stdin();
        let gone = PollFlags::RDHUP;
        let mut events = vec![
            PollFd::new(&server, PollFlags::IN | gone),
            PollFd::new(&self.signals, PollFlags::IN),
        ];
        let waiting = self.jobs.iter().filter(|care| care.ending.is_none());
        events.extend(waiting.map(|care| PollFd::new(&care.answer, gone)));
        let time = rest.map(|rest| Timespec {
            tv_sec: i64::try_from(rest.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: rest.subsec_nanos().into(),
        });
        if poll(&mut events, time.as_ref()).is_err() {
            return (false, false);
        }
        let happened: Vec<bool> = events.iter().map(|e| !e.revents().is_empty()).collect();
        let waiting = self.jobs.iter_mut().filter(|care| care.ending.is_none());
        for (care, gone) in waiting.zip(happened.iter().skip(2)) {
            if *gone {
                care.end();
            }
        }
        (happened[0], happened[1])
    }

    fn rest(&self) -> Option<Duration> {
        if self.jobs.is_empty() {
            return None;
        }
        let ending = self.jobs.iter().any(|care| care.ending.is_some());
        let watching = self.watcher.rest();
        Some(if ending {
            watching.min(ENDING_REST)
        } else {
            watching
        })
    }

    /// Collects the dead; returns whether the launcher asks for the end.
    fn collect_dead(&mut self) -> bool {
        let stop = system::drain_signals(self.signals.as_fd());
        while let Some(dead) = system::collect() {
            if let Some(care) = self
                .jobs
                .iter_mut()
                .find(|care| care.job.leader == dead.pid)
            {
                care.lead_is_dead(dead);
            }
        }
        stop
    }

    /// Does what the server asks; returns whether it is still there.
    fn serve(&mut self) -> bool {
        let mut byte = [0];
        let Ok((1, descriptors)) = channel::receive(io::stdin(), &mut byte) else {
            return false;
        };
        let mut descriptors = descriptors.into_iter();
        let (Some(request), Some(answer)) = (descriptors.next(), descriptors.next()) else {
            return false;
        };
        let rest = descriptors.collect();
        match channel::read_back(request) {
            Ok(Request::Start(spec)) => self.start(*spec, rest, answer),
            Ok(Request::Connect { port, version_6 }) => {
                if let Ok(socket) = dial(port, version_6) {
                    let _ = channel::send(&answer, b"c", &[socket.as_fd()]);
                }
            }
            Ok(Request::Look) => look::tell(&answer),
            Err(_) => return false,
        }
        true
    }

    fn start(&mut self, spec: JobSpec, mut streams: Vec<OwnedFd>, answer: OwnedFd) {
        let groups =
            streams.split_off(streams.len().min(if spec.screen.is_some() { 0 } else { 3 }));
        match Job::start(&spec, JobFiles { streams, groups }, &self.confinement) {
            Ok((job, screen)) => {
                if let Some(screen) = screen {
                    let _ = channel::send(&answer, b"t", &[screen.as_fd()]);
                }
                self.jobs.push(Care {
                    job,
                    files_before: spec.watch.memory_bytes.map_or(0, |_| watch::memory_files()),
                    watch: spec.watch,
                    answer,
                    news: Vec::new(),
                    ending: None,
                });
            }
            Err(failure) => reply(&answer, vec![News::Failed(failure)], &Answer::default()),
        }
    }

    fn look_at_limits(&mut self) {
        if self.jobs.is_empty() {
            return;
        }
        let occupied = self.watcher.walk();
        let crowded = self.watcher.memory_over();
        for care in &mut self.jobs {
            let over = occupied
                .filter(|bytes| *bytes > care.watch.disk_bytes)
                .map(|bytes| (Measure::Disk, bytes))
                .or(crowded.map(|bytes| (Measure::Memory, bytes)))
                .or_else(|| care.memory_over());
            if let Some((measure, bytes)) = over
                && care.ending.is_none()
            {
                care.news.push(News::Over { measure, bytes });
                care.end();
            }
        }
    }

    /// Ends what is to end and answers for what has; returns whether all obey.
    fn go_on_ending(&mut self) -> bool {
        let mut obey = true;
        let leaders: Vec<Pid> = self.jobs.iter().map(|care| care.job.leader).collect();
        self.jobs
            .retain_mut(|care| match care.go_on_ending(&leaders) {
                Progress::Living => true,
                Progress::Gone => {
                    care.answer();
                    false
                }
                Progress::Stubborn => {
                    obey = false;
                    true
                }
            });
        obey
    }
}

enum Progress {
    Living,
    Gone,
    Stubborn,
}

impl Care {
    /// Measures the job's memory where the kernel does not; returns it when it
    /// is over the limit.
    fn memory_over(&mut self) -> Option<(Measure, u64)> {
        let limit = self.watch.memory_bytes?;
        let tag = self.job.tag()?;
        let files = watch::memory_files().saturating_sub(self.files_before);
        let mine = |pid| matches!(job::tag_of(pid), Tag::Of(found) if found == tag);
        let bytes = files + watch::memory_of(limit.saturating_sub(files), mine);
        (bytes > limit).then_some((Measure::Memory, bytes))
    }

    fn end(&mut self) {
        self.ending.get_or_insert_with(|| Ending {
            since: Instant::now(),
            clean: 0,
        });
    }

    fn lead_is_dead(&mut self, dead: Dead) {
        self.job.usage.cpu_micros = dead.cpu_micros;
        self.job.usage.peak_bytes = dead.peak_bytes;
        self.news.push(self.job.failure().unwrap_or(News::Ended {
            exit_code: dead.exit_code,
            signal: dead.signal,
        }));
        self.end();
    }

    /// A job is gone when it was not found twice: one that forks while it is
    /// looked for may escape the first look.
    fn go_on_ending(&mut self, leaders: &[Pid]) -> Progress {
        let own = self.job.leader;
        let Some(ending) = &mut self.ending else {
            return Progress::Living;
        };
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

    fn answer(&mut self) {
        let answer = Answer {
            cpu_micros: self.job.usage.cpu_micros,
            peak_bytes: self.job.usage.peak_bytes,
            ..Answer::default()
        };
        reply(&self.answer, std::mem::take(&mut self.news), &answer);
    }
}

/// The answer is short: it fits into an empty socket, which this one is.
fn reply(to: &OwnedFd, news: Vec<News>, usage: &Answer) {
    let answer = Answer { news, ..*usage };
    if let Ok(text) = serde_json::to_vec(&answer) {
        let flags = rustix::net::SendFlags::NOSIGNAL | rustix::net::SendFlags::DONTWAIT;
        let _ = rustix::net::send(to, &text, flags);
    }
}

/// Begins to connect; whoever gets the socket sees what becomes of it.
fn dial(port: u16, version_6: bool) -> io::Result<OwnedFd> {
    let family = if version_6 {
        AddressFamily::INET6
    } else {
        AddressFamily::INET
    };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family, SocketType::STREAM, flags, None)?;
    let connected = if version_6 {
        connect(
            &socket,
            &SocketAddrV6::new(std::net::Ipv6Addr::LOCALHOST, port, 0, 0),
        )
    } else {
        connect(
            &socket,
            &SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, port),
        )
    };
    match connected {
        Ok(()) | Err(rustix::io::Errno::INPROGRESS) => Ok(socket),
        Err(error) => Err(error.into()),
    }
}
