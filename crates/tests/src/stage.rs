//! Terminals whose programs the test plays itself.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as Pair;

use atelier_sandbox::cell::{
    Output, Report, RunCommand, Site, Terminal, TerminalCommand, TerminalEnd,
};
use atelier_sandbox::doctor::Isolation;
use atelier_sandbox::host::{BoxFuture, CellError, Host};
use atelier_sandbox::runtime::Runtime;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::within;

/// A host whose terminals' programs are played by whoever has the other end.
#[derive(Debug)]
pub struct Stage(mpsc::UnboundedSender<Puppet>);

/// A program in a terminal, as the test plays it.
#[derive(Debug)]
pub struct Puppet {
    screen: UnixStream,
    /// What was asked for.
    pub command: TerminalCommand,
    end: watch::Sender<Option<TerminalEnd>>,
    killed: oneshot::Receiver<()>,
}

impl Stage {
    /// Makes a stage, and where the programs come that are to be played.
    pub fn new() -> (Self, mpsc::UnboundedReceiver<Puppet>) {
        let (puppets, asked) = mpsc::unbounded_channel();
        (Self(puppets), asked)
    }

    fn open(&self, command: TerminalCommand) -> Result<Terminal, CellError> {
        let (ours, theirs) = Pair::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        theirs.set_nonblocking(true).unwrap();
        let (end, ending) = watch::channel(None);
        let (hold, killed) = oneshot::channel();
        let puppet = Puppet {
            screen: UnixStream::from_std(theirs).unwrap(),
            command,
            end,
            killed,
        };
        self.0
            .send(puppet)
            .map_err(|_| CellError::new("nobody plays the programs"))?;
        Ok(Terminal::new(OwnedFd::from(ours), ending, hold).unwrap())
    }
}

impl Host for Stage {
    fn run<'a>(
        &'a self,
        _: &'a Site,
        _: RunCommand,
        _: CancellationToken,
        _: mpsc::Sender<Output>,
    ) -> BoxFuture<'a, Report> {
        panic!("this is about terminals")
    }

    fn open_terminal<'a>(
        &'a self,
        _: &'a Site,
        command: TerminalCommand,
    ) -> BoxFuture<'a, Result<Terminal, CellError>> {
        Box::pin(async { self.open(command) })
    }

    fn isolation(&self) -> BoxFuture<'_, Isolation> {
        Box::pin(async {
            Isolation {
                ready: true,
                layers: Vec::new(),
                reason: None,
            }
        })
    }

    fn runtimes(&self) -> BoxFuture<'_, Vec<Runtime>> {
        Box::pin(async { Vec::new() })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

impl Puppet {
    /// Writes to the screen.
    ///
    /// # Panics
    /// When the terminal is gone, or not read.
    pub async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        let writing = self.screen.write_all(bytes.as_ref());
        within("the terminal to be read", writing).await.unwrap();
    }

    /// Reads what was typed.
    ///
    /// # Panics
    /// When nothing is, or the terminal is gone.
    pub async fn read(&mut self, length: usize) -> Vec<u8> {
        let mut typed = vec![0; length];
        within("something typed", self.screen.read_exact(&mut typed))
            .await
            .unwrap();
        typed
    }

    /// Ends by itself.
    pub fn exit(self, code: i32) {
        let end = TerminalEnd {
            exit_code: Some(code),
            ..TerminalEnd::default()
        };
        self.end.send_replace(Some(end));
    }

    /// Waits until it is ended from outside.
    ///
    /// # Panics
    /// When it is not.
    pub async fn killed(self) {
        within("the program to be ended", self.killed)
            .await
            .unwrap_err();
    }
}
