//! Cells: isolation by default.
//!
//! A run gets namespaces, a root made of an allow-list, no network, no
//! capabilities, system call filters and limits. When the kernel can't give
//! that, the run is refused with the reason; nothing ever runs outside a cell.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::doctor::Isolation;
use crate::runtime::Runtime;

mod command;

pub use command::{
    ARGUMENT_BYTES, Limits, Outcome, OutcomeError, Output, Report, RunCommand, STDIN_BYTES, Stream,
};

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
    /// The name of the control group that holds those of the cells, such as
    /// `atelier-4711`. It is removed when the last clone of [`Cells`] is.
    pub cgroup: String,
    /// The folders to search for programs, before those of the system.
    pub path: Vec<PathBuf>,
    /// How many runs there may be at a time; others wait.
    pub max_concurrent: usize,
}

/// Makes cells and runs commands in them.
#[derive(Clone, Debug)]
pub struct Cells {
    launcher: Launcher,
    options: CellOptions,
}

impl Cells {
    /// Makes what makes cells. Nothing is started before it is asked for.
    pub fn new(launcher: Launcher, options: CellOptions) -> Self {
        Self { launcher, options }
    }

    /// Runs `command` in a cell of its own over the directory `workspace`,
    /// sending what it writes to `output` as it comes.
    ///
    /// It waits while [`CellOptions::max_concurrent`] others run. A full
    /// `output` holds the run up; a dropped one discards what is written. When
    /// `cancel` fires, or the returned future is dropped, the run is ended.
    pub async fn run(
        &self,
        workspace: &Path,
        command: RunCommand,
        cancel: CancellationToken,
        output: mpsc::Sender<Output>,
    ) -> Report {
        drop((workspace, command, cancel, output));
        Report::refused(format!(
            "{} can't make cells",
            self.launcher.program.display()
        ))
    }

    /// Returns the isolation that a run gets here, found by starting a cell
    /// the first time it is asked for.
    pub async fn probe(&self) -> Isolation {
        Isolation {
            ready: false,
            layers: Vec::new(),
            reason: None,
        }
    }

    /// Returns the languages that can be run, found the first time.
    pub async fn runtimes(&self) -> Vec<Runtime> {
        let _ = &self.options;
        Vec::new()
    }

    /// Ends every run and returns when nothing of them is left.
    pub async fn close(&self) {}
}
