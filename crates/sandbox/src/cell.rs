//! Cells: isolation by default.
//!
//! A run gets namespaces, a root made of an allow-list, no network, no
//! capabilities, system call filters and limits. When the kernel can't give
//! that, the run is refused with the reason; nothing ever runs outside a cell.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::doctor::Isolation;
use crate::runtime::Runtime;

mod cgroup;
mod command;
mod confine;
mod ending;
mod facts;
mod failure;
mod filter;
mod flow;
mod ground;
mod init;
mod isolation;
mod launcher;
mod refusal;
mod root;
mod run;
mod site;
mod spec;
mod state;
mod system;
mod terminal;
mod walls;
mod watch;

pub use command::{
    ARGUMENT_BYTES, Limits, Outcome, OutcomeError, Output, Report, RunCommand, STDIN_BYTES, Stream,
};
pub use launcher::cell_main;
pub use site::Site;
pub use state::{CellProcess, CellState, ListeningPort};
pub use terminal::{ScreenSize, Terminal, TerminalCommand, TerminalEnd};

use ground::Ground;

/// The program that builds a cell around itself: it must call [`cell_main`]
/// before it starts any thread.
#[derive(Clone, Debug)]
pub struct Launcher {
    /// The program's file.
    pub program: PathBuf,
    /// The arguments by which it knows that it is to call [`cell_main`].
    pub args: Vec<OsString>,
}

/// What cells have in common.
#[derive(Clone, Debug)]
pub struct CellOptions {
    /// The name of the control group that holds those of the cells. It must end
    /// in a dash and the server's process id, such as `atelier-4711`: groups of
    /// that form whose process is gone are removed.
    pub cgroup: String,
    /// The folders to search for programs, before those of the system.
    pub path: Vec<PathBuf>,
    /// How many runs there may be at a time; others wait.
    pub max_concurrent: usize,
}

/// Makes cells and runs commands in them. Clones share everything.
#[derive(Clone, Debug)]
pub struct Cells {
    ground: Arc<Ground>,
}

impl Cells {
    /// Makes what makes cells. It looks for tools, and starts nothing.
    pub fn new(launcher: Launcher, options: CellOptions) -> Self {
        Self {
            ground: Arc::new(Ground::new(launcher, options)),
        }
    }

    /// Runs `command` in a cell of its own over the directory `workspace`,
    /// sending what it writes to `output` as it comes. When it returns, nothing
    /// of the run is alive.
    ///
    /// It waits while [`CellOptions::max_concurrent`] others run. A full
    /// `output` holds the run up; a dropped one discards what is written. When
    /// `cancel` fires, or the returned future is dropped, the run is ended.
    ///
    /// A command that can't be run is no error but a report: [`Outcome::Refused`]
    /// with the reason.
    pub async fn run(
        &self,
        workspace: &Path,
        command: RunCommand,
        cancel: CancellationToken,
        output: mpsc::Sender<Output>,
    ) -> Report {
        ground::run(&self.ground, workspace, command, cancel, output).await
    }

    /// Returns the isolation that a run gets here, found by starting a cell
    /// the first time it is asked for.
    pub async fn probe(&self) -> Isolation {
        ground::probe(&self.ground).await
    }

    /// Returns the languages that can be run. The first time, each interpreter
    /// is asked for its version, in a cell.
    pub async fn runtimes(&self) -> Vec<Runtime> {
        ground::runtimes(&self.ground).await
    }

    /// Ends every run and returns when nothing of them is left. Later runs end
    /// as [`Outcome::Interrupted`] at once.
    pub async fn close(&self) {
        self.ground.close().await;
    }
}
