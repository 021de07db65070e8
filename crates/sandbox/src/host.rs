//! The host behind a workspace: where its files and processes live.
//!
//! [`Host`] is the seam between the rules and the machine. [`LocalHost`] is
//! this machine; others dial in or drive containers.

use std::fmt::Debug;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::cell::{Cells, Output, Report, RunCommand};
use crate::doctor::Isolation;
use crate::runtime::Runtime;

/// A future behind a `dyn Host`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where a workspace's processes live.
pub trait Host: Send + Sync + Debug {
    /// Runs `command` over the workspace in the directory `workspace`; see
    /// [`Cells::run`].
    fn run<'a>(
        &'a self,
        workspace: &'a Path,
        command: RunCommand,
        cancel: CancellationToken,
        output: mpsc::Sender<Output>,
    ) -> BoxFuture<'a, Report>;

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
        workspace: &'a Path,
        command: RunCommand,
        cancel: CancellationToken,
        output: mpsc::Sender<Output>,
    ) -> BoxFuture<'a, Report> {
        Box::pin(self.cells.run(workspace, command, cancel, output))
    }

    fn isolation(&self) -> BoxFuture<'_, Isolation> {
        Box::pin(self.cells.probe())
    }

    fn runtimes(&self) -> BoxFuture<'_, Vec<Runtime>> {
        Box::pin(self.cells.runtimes())
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.cells.close())
    }
}
