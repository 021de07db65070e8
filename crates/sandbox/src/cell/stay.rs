//! The first process of a cell that stays: it does what the server asks, over
//! one socket, and collects the dead. With nothing to do it sleeps.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{
    AddressFamily, SocketAddrV4, SocketAddrV6, SocketFlags, SocketType, bind, connect, listen,
    socket_with, sockopt,
};
use rustix::process::Pid;
use rustix::thread::CapabilitySet;

use super::care::{self, Care, Progress};
use super::channel;
use super::confine::{self, Confinement};
use super::failure::Step;
use super::job::{self, Job};
use super::look;
use super::observe;
use super::spare::{JobFiles, Spare};
use super::spec::{Common, Failure, Measure, News, Orders, PROXY_PORT, Request, Spec, Usage};
use super::system::{self, Children};
use super::watch::Watcher;

/// How long to wait between two looks at a job that is ending.
const ENDING_REST: Duration = Duration::from_millis(2);
/// How long nothing may be asked before the next job is made ready for.
const LULL: Duration = Duration::from_millis(1);
/// The most bytes of a request.
const REQUEST_BYTES: usize = 1024;

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
        spare: None,
        wants_spare: true,
        alone: true,
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
    /// What the next job is started by. It is made when there is no job, and
    /// taken by the first, so that no program ever runs beside it: one could
    /// stop it, or change its limits, to the harm of later jobs.
    spare: Option<Spare>,
    /// Whether a spare is to be made when nothing else is to do.
    wants_spare: bool,
    /// Whether there is nobody in the cell but us.
    alone: bool,
}

impl Steward {
    /// Waits for something and does it; returns whether to go on.
    fn turn(&mut self) -> bool {
        let (asked, signalled) = self.wait();
        if !asked && !signalled {
            self.make_ready();
        }
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
        let waiting = self.jobs.iter().filter(|care| !care.is_ending());
        events.extend(waiting.map(|care| PollFd::new(&care.answer, gone)));
        let time = rest.map(|rest| Timespec {
            tv_sec: i64::try_from(rest.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: rest.subsec_nanos().into(),
        });
        if poll(&mut events, time.as_ref()).is_err() {
            return (false, false);
        }
        let happened: Vec<bool> = events.iter().map(|e| !e.revents().is_empty()).collect();
        let waiting = self.jobs.iter_mut().filter(|care| !care.is_ending());
        for (care, gone) in waiting.zip(happened.iter().skip(2)) {
            if *gone {
                care.end();
            }
        }
        (happened[0], happened[1])
    }

    fn rest(&self) -> Option<Duration> {
        if self.jobs.is_empty() {
            return self.wants_spare.then_some(LULL);
        }
        let ending = self.jobs.iter().any(Care::is_ending);
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
        loop {
            let dead = match system::collect() {
                Children::Dead(dead) => dead,
                Children::Living => return stop,
                Children::None => {
                    self.alone = true;
                    return stop;
                }
            };
            self.spare.take_if(|spare| spare.pid == dead.pid);
            let mut jobs = self.jobs.iter_mut();
            if let Some(care) = jobs.find(|care| care.job.leader == dead.pid) {
                care.lead_is_dead(dead);
            }
        }
    }

    /// Makes ready for the next job, while there is none. Whether that can be
    /// done at all the next job will tell: it is not tried again before.
    fn make_ready(&mut self) {
        if self.alone && self.wants_spare && self.jobs.is_empty() {
            self.wants_spare = false;
            self.spare = Spare::make(&self.confinement).ok();
            self.alone = self.spare.is_none();
        }
    }

    /// Does what the server asks; returns whether it is still there.
    fn serve(&mut self) -> bool {
        let mut text = [0; REQUEST_BYTES];
        let Ok((count @ 1.., descriptors)) = channel::receive(io::stdin(), &mut text) else {
            return false;
        };
        let mut descriptors = descriptors.into_iter();
        let Some(answer) = descriptors.next() else {
            return false;
        };
        match serde_json::from_slice(&text[..count]) {
            Ok(Request::Start { watch, screen }) => {
                match self.start(screen, descriptors, &answer) {
                    Ok(job) => self.jobs.push(Care::of(job, watch, answer)),
                    Err(failure) => {
                        care::reply(&answer, vec![News::Failed(failure)], Usage::default());
                    }
                }
            }
            Ok(Request::Connect { port, version_6 }) => {
                if let Ok(socket) = dial(port, version_6) {
                    let _ = channel::send(&answer, b"c", &[socket.as_fd()]);
                }
            }
            Ok(Request::Look) => look::tell(&answer, self.spare.as_ref().map(|spare| spare.pid)),
            Err(_) => return false,
        }
        true
    }

    fn start(
        &mut self,
        screen: Option<(u16, u16)>,
        mut descriptors: impl Iterator<Item = OwnedFd>,
        answer: &OwnedFd,
    ) -> Result<Job, Failure> {
        let spec = descriptors.next().ok_or(io::ErrorKind::InvalidInput);
        let spec = spec.step("take the program's orders")?;
        let terminal = screen.map(job::open_terminal).transpose();
        let (master, slave) = terminal.step("open a terminal")?.unzip();
        let streams = match slave {
            Some(slave) => vec![slave],
            None => descriptors.by_ref().take(3).collect(),
        };
        let files = JobFiles {
            spec,
            streams,
            groups: descriptors.collect(),
        };
        let mut others = 0;
        if self.jobs.is_empty() {
            self.watcher.put_off();
        } else {
            others = job::processes().count() as u64;
        }
        let screen = screen.is_some();
        let orders = Orders { others, screen };
        (self.wants_spare, self.alone) = (true, false);
        let job = Job::start(self.spare.take(), &orders, &files, &self.confinement)?;
        if let Some(master) = master {
            let _ = channel::send(answer, b"t", &[master.as_fd()]);
        }
        Ok(job)
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
                && !care.is_ending()
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
            .retain_mut(|care| match care.go_on_ending(&leaders, self.alone) {
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
