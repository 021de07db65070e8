//! The host behind a workspace: where its files and processes live.
//!
//! [`Host`] is the seam between the rules and the machine. [`LocalHost`] is
//! this machine; others dial in or drive containers.

use std::fmt::Debug;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::cell::{CellState, Cells, Output, Report, RunCommand, Site, Terminal, TerminalCommand};
use crate::doctor::Isolation;
use crate::runtime::{self, Runtime};

/// A future behind a `dyn Host`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Something in a cell could not be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct CellError {
    /// What is wrong, and what to do about it, in sentences.
    pub reason: String,
}

impl CellError {
    /// Makes an error with its reason.
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
        }
    }

    fn unsupported(what: &str) -> Self {
        Self::new(format!("This host has no {what}"))
    }
}

/// The way out of a cell: what listens, inside it, on the port that its
/// programs take for an HTTP proxy. It ends when the cell does.
#[derive(Debug)]
pub struct NetworkExit {
    /// Whose way out it is.
    pub site: Site,
    /// The socket, which lies in the cell's network and no other.
    pub listener: TcpListener,
}

/// Where a workspace's processes live.
pub trait Host: Send + Sync + Debug {
    /// Runs `command` in the cell of `site`; see [`Cells::run`].
    fn run<'a>(
        &'a self,
        site: &'a Site,
        command: RunCommand,
        cancel: CancellationToken,
        output: mpsc::Sender<Output>,
    ) -> BoxFuture<'a, Report>;

    /// Runs `command` over `directory` in a cell of its own, which is gone
    /// afterwards; see [`Cells::run`].
    fn run_alone<'a>(
        &'a self,
        _directory: &'a Path,
        _command: RunCommand,
        _cancel: CancellationToken,
        _output: mpsc::Sender<Output>,
    ) -> BoxFuture<'a, Report> {
        Box::pin(async { Report::refused("This host has no cells for one run alone") })
    }

    /// Starts a terminal in the cell of `site`.
    ///
    /// # Errors
    /// No cell can be made there, or its program can't be started.
    fn open_terminal<'a>(
        &'a self,
        _site: &'a Site,
        _command: TerminalCommand,
    ) -> BoxFuture<'a, Result<Terminal, CellError>> {
        Box::pin(async { Err(CellError::unsupported("terminals")) })
    }

    /// Connects to a TCP port of the cell of `site`, as from inside it. No
    /// cell is started for it.
    ///
    /// # Errors
    /// There is no cell, or nothing listens there.
    fn connect<'a>(
        &'a self,
        _site: &'a Site,
        _port: u16,
    ) -> BoxFuture<'a, Result<TcpStream, CellError>> {
        Box::pin(async { Err(CellError::unsupported("connections")) })
    }

    /// Returns what the cell of `site` is like; `None` when there is none.
    fn state<'a>(&'a self, _site: &'a Site) -> BoxFuture<'a, Option<CellState>> {
        Box::pin(async { None })
    }

    /// Has all written down that programs of the draft of `site` opened until
    /// now; see [`Draft::reads`](crate::draft::Draft::reads).
    fn settle_reads<'a>(&'a self, _site: &'a Site) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }

    /// Ends the cell of `site` and all that runs in it.
    fn stop<'a>(&'a self, _site: &'a Site) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }

    /// Hands over the ways out of cells: each cell that starts has one, at
    /// which its programs ask for an HTTP proxy. To be taken once; `None` when
    /// somebody has it already.
    fn take_exits(&self) -> Option<mpsc::Receiver<NetworkExit>> {
        None
    }

    /// Returns the isolation that a run gets here; see [`Cells::probe`].
    fn isolation(&self) -> BoxFuture<'_, Isolation>;

    /// Returns the languages that can run here; see [`Cells::runtimes`].
    fn runtimes(&self) -> BoxFuture<'_, Vec<Runtime>>;

    /// Ends every run and returns when nothing of them is left.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// Says whether this process is root, and so gives each workspace a host user
/// of its own.
pub fn runs_as_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// This machine.
#[derive(Clone, Debug)]
pub struct LocalHost {
    cells: Cells,
}

impl LocalHost {
    /// Makes a host that runs in `cells`.
    pub fn new(cells: Cells) -> Self {
        Self { cells }
    }

    /// Returns the cells.
    pub fn cells(&self) -> &Cells {
        &self.cells
    }
}

impl Host for LocalHost {
    fn run<'a>(
        &'a self,
        site: &'a Site,
        command: RunCommand,
        cancel: CancellationToken,
        output: mpsc::Sender<Output>,
    ) -> BoxFuture<'a, Report> {
        Box::pin(self.cells.run_in(site, command, cancel, output))
    }

    fn run_alone<'a>(
        &'a self,
        directory: &'a Path,
        command: RunCommand,
        cancel: CancellationToken,
        output: mpsc::Sender<Output>,
    ) -> BoxFuture<'a, Report> {
        Box::pin(self.cells.run(directory, command, cancel, output))
    }

    fn open_terminal<'a>(
        &'a self,
        site: &'a Site,
        command: TerminalCommand,
    ) -> BoxFuture<'a, Result<Terminal, CellError>> {
        Box::pin(self.cells.open_terminal(site, command))
    }

    fn connect<'a>(
        &'a self,
        site: &'a Site,
        port: u16,
    ) -> BoxFuture<'a, Result<TcpStream, CellError>> {
        Box::pin(self.cells.connect(site, port))
    }

    fn state<'a>(&'a self, site: &'a Site) -> BoxFuture<'a, Option<CellState>> {
        Box::pin(self.cells.state(site))
    }

    fn settle_reads<'a>(&'a self, site: &'a Site) -> BoxFuture<'a, ()> {
        Box::pin(self.cells.settle_reads(site))
    }

    fn stop<'a>(&'a self, site: &'a Site) -> BoxFuture<'a, ()> {
        Box::pin(self.cells.stop(site))
    }

    fn take_exits(&self) -> Option<mpsc::Receiver<NetworkExit>> {
        self.cells.take_exits()
    }

    fn isolation(&self) -> BoxFuture<'_, Isolation> {
        Box::pin(self.cells.probe())
    }

    fn runtimes(&self) -> BoxFuture<'_, Vec<Runtime>> {
        Box::pin(async { runtime::settle(self.cells.runtimes().await) })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.cells.close())
    }
}
