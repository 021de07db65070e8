//! The launcher as the server sees it: one process, started when it is first
//! needed and again when it is gone, that forks itself for each cell.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::time::Duration;

use rustix::net::{AddressFamily, SocketFlags, SocketType};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::process::Child;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::channel;
use super::launcher::READY;
use super::spec::Common;
use super::system;
use super::{Launcher, spec::Spec};

/// How long the launcher may take to start, and to end.
const START: Duration = Duration::from_secs(10);
const END: Duration = Duration::from_secs(2);
/// How long it may take until it reads what it is asked.
const ASK: Duration = Duration::from_secs(5);

/// Makes the processes that cells are made by.
#[derive(Debug)]
pub(super) struct Zygote {
    launcher: Launcher,
    /// What cells have in common, or why there can be none.
    common: Result<Common, String>,
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    /// Its end is the launcher's, whose forks go on.
    requests: AsyncFd<OwnedFd>,
    process: Child,
}

impl Zygote {
    pub(super) fn new(launcher: Launcher, common: Result<Common, String>) -> Self {
        Self {
            launcher,
            common,
            running: Mutex::default(),
        }
    }

    /// Asks for a cell. `streams` are standard input and, unless it has none,
    /// output and error of what runs in it. Returns the control socket: the
    /// cell ends with it, and answers over it.
    ///
    /// # Errors
    /// The reason why there can be no cell, as a sentence.
    pub(super) async fn launch(
        &self,
        spec: &Spec,
        streams: &[OwnedFd],
    ) -> Result<tokio::net::UnixStream, String> {
        let untold = |error| format!("The launcher could not be told what to do: {error}");
        let (control, theirs) = UnixStream::pair().map_err(untold)?;
        let spec = channel::write_down(spec).map_err(untold)?;
        let mut descriptors = vec![theirs.as_fd(), spec.as_fd()];
        descriptors.extend(streams.iter().map(AsFd::as_fd));
        self.ask(&descriptors).await?;
        control
            .set_nonblocking(true)
            .and_then(|()| tokio::net::UnixStream::from_std(control))
            .map_err(untold)
    }

    async fn ask(&self, descriptors: &[BorrowedFd<'_>]) -> Result<(), String> {
        let mut running = self.running.lock().await;
        if let Some(launcher) = &*running {
            if launcher.ask(descriptors).await.is_ok() {
                return Ok(());
            }
            // It is dead, or as good as dead: dropped, it is ended.
            *running = None;
        }
        let launcher = running.insert(self.start().await?);
        let asked = launcher.ask(descriptors).await;
        asked.map_err(|error| format!("The launcher could not be told what to do: {error}"))
    }

    async fn start(&self) -> Result<Running, String> {
        let common = self.common.as_ref().map_err(Clone::clone)?;
        let started = timeout(START, Running::start(&self.launcher, common)).await;
        match started {
            Ok(Ok(running)) => Ok(running),
            Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => {
                Err(format!("The launcher could not be started: {error}"))
            }
            Ok(Err(_)) | Err(_) => {
                Err("The launcher is no program that can make a cell".to_owned())
            }
        }
    }

    /// Ends the launcher. Its cells end by themselves.
    pub(super) async fn end(&self) {
        if let Some(running) = self.running.lock().await.take() {
            let Running {
                requests,
                mut process,
            } = running;
            drop(requests);
            // Dropped, it would be killed.
            let _ = timeout(END, process.wait()).await;
        }
    }
}

impl Running {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where the sandbox starts processes"
    )]
    async fn start(launcher: &Launcher, common: &Common) -> io::Result<Self> {
        let (ours, theirs) = rustix::net::socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        )?;
        let process = tokio::process::Command::new(&launcher.program)
            .arg0("atelier-cell")
            .args(&launcher.args)
            .env_clear()
            // An interrupt typed at the server's terminal is the server's.
            .process_group(0)
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let common = channel::write_down(common)?;
        channel::send(&ours, b"c", &[common.as_fd()])?;
        let requests = system::wait_on(ours)?;
        let mut word = [0];
        let ready = requests.async_io(Interest::READABLE, |socket| {
            channel::receive(socket, &mut word)
        });
        match ready.await? {
            (1, _) if word == READY => Ok(Self { requests, process }),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    async fn ask(&self, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        let send = self.requests.async_io(Interest::WRITABLE, |socket| {
            channel::send(socket, b"l", descriptors)
        });
        timeout(ASK, send).await?
    }
}
