//! Cells: isolation by default.
//!
//! A run gets namespaces, a root made of an allow-list, no network, no
//! capabilities, system call filters and limits. When the kernel can't give
//! that, the run is refused with the reason; nothing ever runs outside a cell.

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::fd::IntoRawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::doctor::Isolation;
use crate::host::{CellError, NetworkExit};
use crate::runtime::Runtime;

mod care;
mod cgroup;
mod channel;
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
mod job;
mod keep;
mod launcher;
mod live;
mod look;
mod observe;
mod refusal;
mod root;
mod run;
mod site;
mod spare;
mod spec;
mod state;
mod stay;
mod system;
mod terminal;
mod walls;
mod watch;
mod zygote;

pub use cgroup::{Delegation, ask_for_groups};
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

impl Launcher {
    /// Makes a launcher of a program's bytes, which are kept in memory from
    /// then on, so that it is found whatever happens to files.
    ///
    /// # Errors
    /// This machine doesn't let programs run from memory.
    pub fn embedded(image: &[u8]) -> io::Result<Self> {
        use rustix::fs::{MemfdFlags, SealFlags};
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let file = rustix::fs::memfd_create("atelier-cell", flags)?;
        let mut file = std::fs::File::from(file);
        file.write_all(image)?;
        rustix::fs::fcntl_add_seals(
            &file,
            SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW,
        )?;
        // Open for as long as this process may start cells.
        let descriptor = file.into_raw_fd();
        Ok(Self {
            program: format!("/proc/self/fd/{descriptor}").into(),
            args: Vec::new(),
        })
    }
}

/// Returns the system call filters of cells, each as the array of `struct
/// sock_filter` that the kernel and other sandboxes take, in the order in which
/// to install them.
///
/// # Errors
/// There is none for this processor.
pub fn call_filters() -> io::Result<Vec<Vec<u8>>> {
    let programs = filter::compile().map_err(io::Error::other)?;
    Ok(programs.iter().map(filter::bytes).collect())
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
    /// What a cell that stays may use as a whole.
    pub cell: Limits,
    /// How long a cell stays when nothing runs in it.
    pub idle: Duration,
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

    /// Runs `command` in the cell of `site`, which is started when there is
    /// none and stays afterwards. Otherwise as [`Cells::run`].
    pub async fn run_in(
        &self,
        site: &Site,
        command: RunCommand,
        cancel: CancellationToken,
        output: mpsc::Sender<Output>,
    ) -> Report {
        ground::run_in(&self.ground, site, command, cancel, output).await
    }

    /// Opens a terminal in the cell of `site`, which is started when there is
    /// none.
    ///
    /// # Errors
    /// No cell can be made, or the program can't be started in it.
    pub async fn open_terminal(
        &self,
        site: &Site,
        command: TerminalCommand,
    ) -> Result<Terminal, CellError> {
        ground::open_terminal(&self.ground, site, command).await
    }

    /// Connects to a TCP port of the cell of `site`, as from inside it.
    ///
    /// # Errors
    /// There is no cell, or nothing listens there.
    pub async fn connect(&self, site: &Site, port: u16) -> Result<TcpStream, CellError> {
        let live = self.ground.keeper().find(site);
        let live = live.ok_or_else(|| CellError::new("The workspace's cell is not running"))?;
        let connected = live.connect(port).await;
        connected
            .map_err(|error| CellError::new(format!("Nothing answers on port {port}: {error}")))
    }

    /// Returns what the cell of `site` is like; `None` when there is none.
    pub async fn state(&self, site: &Site) -> Option<CellState> {
        let live = self.ground.keeper().find(site)?;
        live.look().await.ok()
    }

    /// Ends the cell of `site` with all that runs in it.
    pub async fn stop(&self, site: &Site) {
        if let Some(live) = self.ground.keeper().find(site) {
            live.stop.cancel();
            live.over.cancelled().await;
        }
    }

    /// Has all written down that programs of the draft of `site` opened until
    /// now; see [`Draft::reads`](crate::draft::Draft::reads).
    pub async fn settle_reads(&self, site: &Site) {
        if let Some(live) = self.ground.keeper().find(site) {
            live.settle().await;
        }
    }

    /// Hands over where the way out of each new cell comes; once.
    pub fn take_exits(&self) -> Option<mpsc::Receiver<NetworkExit>> {
        self.ground.keeper().take_exits()
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
