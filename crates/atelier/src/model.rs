//! `atelier model`: the weights of the model that runs on this machine.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use atelier_model::local::{HelperState, LocalModel, Progress, WeightsState};
use clap::{Args, Subcommand};
use parking_lot::Mutex;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::config::{self, StorageArguments};
use crate::{local, say, serve};

/// How many steps the bar has.
const BAR: u64 = 30;
/// How often the bar is drawn.
const EVERY: Duration = Duration::from_millis(100);

/// The command line of `atelier model`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Fetches the weights: 1.1 GB, once. What has arrived is kept when it
    /// breaks off; only a file with the right SHA-256 is taken.
    ///
    /// Exit status: 0 they are there, 1 they are not, 2 usage.
    Pull {
        /// Takes them from a file on this machine.
        #[arg(long, value_name = "PATH", conflicts_with = "url")]
        file: Option<PathBuf>,
        /// Fetches them from another address than their publisher's.
        #[arg(long, value_name = "URL")]
        url: Option<Url>,
        #[command(flatten)]
        storage: StorageArguments,
    },
    /// Says what is there of the local model.
    ///
    /// Exit status: 0 it can be used, 1 something is missing.
    Status {
        /// Prints JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        storage: StorageArguments,
    },
}

/// Fetches the weights, or says what is there.
pub(crate) fn main(arguments: Arguments) -> Result<ExitCode> {
    match arguments.command {
        Command::Pull { file, url, storage } => {
            serve::runtime()?.block_on(pull(storage, file, url))
        }
        Command::Status { json, storage } => {
            let (data, settings) = config::local(storage)?;
            status(&local::model(&data, settings), json)
        }
    }
}

async fn pull(
    storage: StorageArguments,
    file: Option<PathBuf>,
    url: Option<Url>,
) -> Result<ExitCode> {
    let (data, settings) = config::local(storage)?;
    let model = local::model(&data, settings);
    if model.state().weights == WeightsState::Ready {
        say(&format!(
            "The weights are at {} already.",
            model.path().display()
        ));
        return Ok(ExitCode::SUCCESS);
    }
    let bar = Bar::new(model.pin().size_bytes);
    let progress = |progress| bar.show(progress);
    let cancel = CancellationToken::new();
    let pulled = if let Some(file) = &file {
        model.pull_file(file, &progress, &cancel)
    } else {
        tokio::select! {
            pulled = model.pull(url, &progress, &cancel) => pulled,
            // What has arrived stays where it is.
            _ = tokio::signal::ctrl_c() => Err(atelier_model::Error::Cancelled),
        }
    };
    bar.end();
    pulled.map_err(|error| {
        let hint = error.hint();
        anyhow::anyhow!("{error}. {hint}")
    })?;
    say(&format!("The weights are at {}.", model.path().display()));
    if model.state().helper == HelperState::Missing {
        say("The program that runs them is not built yet: `cargo xtask run --local-model`.");
    }
    Ok(ExitCode::SUCCESS)
}

fn status(model: &LocalModel, as_json: bool) -> Result<ExitCode> {
    let (pin, state) = (model.pin(), model.state());
    let (weights, bytes) = match state.weights {
        WeightsState::Ready => ("ready", pin.size_bytes),
        WeightsState::Absent(bytes) => ("absent", bytes),
        WeightsState::Downloading(bytes) => ("downloading", bytes),
        WeightsState::Checking(_) => ("checking", pin.size_bytes),
    };
    let helper = match state.helper {
        HelperState::Missing => "missing",
        HelperState::Ready | HelperState::Loaded => "ready",
    };
    if as_json {
        let shown = json!({
            "model": pin.model, "license": pin.license, "path": model.path(),
            "weights": weights, "receivedBytes": bytes, "sizeBytes": pin.size_bytes,
            "sha256": pin.sha256, "helper": helper, "usable": model.is_usable(),
        });
        say(&serde_json::to_string_pretty(&shown).context("could not write JSON")?);
    } else {
        say(&format!("model     {} ({})", pin.model, pin.license));
        say(&format!(
            "weights   {weights}, {} of {} MB, {}",
            bytes / 1_000_000,
            pin.size_bytes / 1_000_000,
            model.path().display()
        ));
        say(&format!("program   {helper}"));
        if helper == "missing" {
            say("          to build it: cargo xtask run --local-model");
        }
        if weights == "absent" {
            say("          to fetch the weights: atelier model pull");
        }
    }
    Ok(if model.is_usable() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A bar on a terminal; elsewhere a line for each tenth.
struct Bar {
    total: u64,
    terminal: bool,
    drawn: Mutex<Drawn>,
}

struct Drawn {
    at: Option<Instant>,
    begun: Instant,
    first_bytes: Option<u64>,
    tenth: Option<(bool, u64)>,
}

impl Bar {
    fn new(total: u64) -> Self {
        Self {
            total,
            terminal: io::stderr().is_terminal(),
            drawn: Mutex::new(Drawn {
                at: None,
                begun: Instant::now(),
                first_bytes: None,
                tenth: None,
            }),
        }
    }

    fn show(&self, progress: Progress) {
        let (checking, bytes) = match progress {
            Progress::Received(bytes) => (false, bytes),
            Progress::Checked(bytes) => (true, bytes),
        };
        let mut drawn = self.drawn.lock();
        let first = *drawn.first_bytes.get_or_insert(bytes);
        let line = self.line(checking, bytes, bytes.saturating_sub(first), drawn.begun);
        let mut out = io::stderr().lock();
        // Nobody to show it to is no reason to stop.
        if self.terminal {
            let due = drawn.at.is_none_or(|at| at.elapsed() >= EVERY);
            if due || bytes == self.total {
                let _ = write!(out, "\r{line}\u{1b}[K");
                let _ = out.flush();
                drawn.at = Some(Instant::now());
            }
        } else {
            let tenth = Some((checking, bytes * 10 / self.total.max(1)));
            if drawn.tenth != tenth {
                let _ = writeln!(out, "{line}");
                drawn.tenth = tenth;
            }
        }
    }

    fn line(&self, checking: bool, bytes: u64, arrived: u64, begun: Instant) -> String {
        let total = self.total.max(1);
        let full = bytes * BAR / total;
        let bar: String = (0..BAR)
            .map(|at| if at < full { '#' } else { '.' })
            .collect();
        let (what, speed) = if checking {
            ("checking   ", String::new())
        } else {
            let rate = per_second(arrived, begun.elapsed()) / 1_000_000;
            ("downloading", format!("  {rate} MB/s"))
        };
        format!(
            "{what} [{bar}] {:3} %  {} of {} MB{speed}",
            bytes * 100 / total,
            bytes / 1_000_000,
            self.total / 1_000_000
        )
    }

    fn end(&self) {
        if self.terminal && self.drawn.lock().at.is_some() {
            let _ = writeln!(io::stderr().lock());
        }
    }
}

fn per_second(bytes: u64, took: Duration) -> u64 {
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    bytes.saturating_mul(1_000) / millis
}
