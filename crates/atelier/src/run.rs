//! `atelier run`: one command in a one-shot cell over the current directory.

mod draft;

use std::io::{Read as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use atelier_domain::network::FixedGrants;
use atelier_sandbox::cell::{
    Cells, Limits, Outcome, Output, Report, RunCommand, STDIN_BYTES, Site, Stream,
};
use clap::Args;
use std::io::IsTerminal as _;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::config::CellSettings;
use crate::{complain, machine, serve};
use draft::RunDraft;

/// The command line of `atelier run`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Memory in MiB.
    #[arg(long, value_name = "MIB")]
    memory: Option<u64>,
    /// Processor time in percent of one core.
    #[arg(long, value_name = "PERCENT")]
    cpu: Option<u32>,
    /// Processes and threads.
    #[arg(long, value_name = "COUNT")]
    pids: Option<u32>,
    /// Wall-clock time in seconds.
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// What it may reach: hosts with commas between them, such as
    /// `example.org,registries`, through an HTTP proxy; else nothing.
    #[arg(long, value_name = "none|HOSTS", default_value = "none", value_parser = FixedGrants::parse)]
    net: FixedGrants,
    /// Change nothing: the command changes a draft over the directory, whose
    /// changes are listed on standard error and thrown away.
    #[arg(long)]
    draft: bool,
    /// The command.
    #[arg(last = true, required = true, value_name = "ARGV")]
    argv: Vec<String>,
}

/// What a shell's children end with when they could not be started.
const NO_CELL: u8 = 125;
/// As `timeout(1)`.
const TIMED_OUT: u8 = 124;
/// As after SIGKILL.
const KILLED: u8 = 137;

/// Runs the command and passes its exit status on.
pub(crate) fn main(arguments: Arguments) -> ExitCode {
    match run(arguments) {
        Ok(report) => ExitCode::from(status(&report)),
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::from(NO_CELL)
        }
    }
}

fn run(arguments: Arguments) -> Result<Report> {
    let workspace = std::env::current_dir().context("could not find the current directory")?;
    let defaults = Limits::default();
    let limits = Limits {
        memory_bytes: arguments
            .memory
            .map_or(defaults.memory_bytes, |mib| mib.saturating_mul(1024 * 1024)),
        cpu_percent: arguments.cpu.unwrap_or(defaults.cpu_percent),
        pids: arguments.pids.unwrap_or(defaults.pids),
        wall: arguments.timeout.map_or(defaults.wall, Duration::from_secs),
        ..defaults
    };
    let command = RunCommand {
        stdin: read_stdin()?,
        limits,
        ..RunCommand::new(arguments.argv)
    };
    let draft = arguments.draft.then(|| RunDraft::over(&workspace));
    let draft = draft.transpose()?;
    let site = Site {
        workspace,
        draft: draft.as_ref().map(|draft| draft.directory().to_owned()),
    };
    machine::delegation();
    let cells = machine::cells(1, CellSettings::default())?;
    let report = serve::runtime()?.block_on(async {
        let cancel = CancellationToken::new();
        let (sender, receiver) = mpsc::channel(16);
        let run = run_with(
            &cells,
            &site,
            arguments.net,
            command,
            cancel.clone(),
            sender,
        );
        let running = async { tokio::join!(run, copy(receiver)).0 };
        tokio::pin!(running);
        let report = tokio::select! {
            report = &mut running => report,
            _ = tokio::signal::ctrl_c() => {
                cancel.cancel();
                running.await
            }
        };
        cells.close().await;
        report
    });
    if let Some(draft) = draft {
        let mut stderr = std::io::stderr().lock();
        for line in draft.changes().context("could not read the draft")? {
            let _ = writeln!(stderr, "{line}");
        }
    }
    Ok(report)
}

/// Runs it, in a cell with a way out only when there is somewhere to go.
async fn run_with(
    cells: &Cells,
    site: &Site,
    net: FixedGrants,
    command: RunCommand,
    cancel: CancellationToken,
    output: mpsc::Sender<Output>,
) -> Report {
    if net.is_empty() && site.draft.is_none() {
        return cells.run(&site.workspace, command, cancel, output).await;
    }
    let Some(mut exits) = cells.take_exits() else {
        return Report::refused("The cell's way out is taken");
    };
    let over = CancellationToken::new();
    let serve = async {
        if let Some(exit) = exits.recv().await {
            atelier_server::serve_fixed(exit.listener, net, over.clone()).await;
        }
    };
    let run = async {
        let report = cells.run_in(site, command, cancel, output).await;
        over.cancel();
        report
    };
    tokio::select! {
        report = run => report,
        // It ends only after the run has.
        never = async { serve.await; std::future::pending().await } => never,
    }
}

/// Reads what is piped in; a terminal is not waited for.
fn read_stdin() -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        stdin
            .lock()
            .take(STDIN_BYTES as u64 + 1)
            .read_to_end(&mut bytes)
            .context("could not read standard input")?;
        anyhow::ensure!(
            bytes.len() <= STDIN_BYTES,
            "standard input is larger than 8 MiB"
        );
    }
    Ok(bytes)
}

/// Passes the output on as it comes. A reader that went away is no error.
async fn copy(mut output: mpsc::Receiver<Output>) {
    while let Some(piece) = output.recv().await {
        let _ = match piece.stream {
            Stream::Stdout => std::io::stdout()
                .lock()
                .write_all(&piece.bytes)
                .and_then(|()| std::io::stdout().lock().flush()),
            Stream::Stderr => std::io::stderr().lock().write_all(&piece.bytes),
        };
    }
}

fn status(report: &Report) -> u8 {
    if let Some(reason) = &report.reason {
        complain(reason);
    }
    let byte = |number: i32| u8::try_from(number).unwrap_or(u8::MAX);
    match report.outcome {
        Outcome::Ok => 0,
        Outcome::Exit => report.exit_code.map_or(1, byte),
        Outcome::Signal => report
            .signal
            .map_or(KILLED, |signal| byte(signal.saturating_add(128))),
        Outcome::Timeout => TIMED_OUT,
        Outcome::Memory
        | Outcome::Pids
        | Outcome::Output
        | Outcome::Disk
        | Outcome::Interrupted => KILLED,
        Outcome::Cancelled => 130,
        Outcome::Refused => NO_CELL,
    }
}
