//! `atelier doctor`: what this machine gives, and how to get what it lacks.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use atelier_sandbox::cell::Delegation;
use atelier_sandbox::doctor::{Isolation, LayerState};
use atelier_sandbox::host::{Host as _, LocalHost};
use atelier_sandbox::runtime::Runtime;
use clap::Args;
use serde_json::json;

use crate::config::{self, CellSettings};
use crate::{machine, say, serve};

/// The command line of `atelier doctor`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Prints JSON.
    #[arg(long)]
    json: bool,
    /// The configuration file (TOML).
    #[arg(long, env = "ATELIER_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Starts a cell and reports each layer.
pub(crate) fn main(arguments: &Arguments) -> Result<ExitCode> {
    let cell = config::cell(arguments.config.as_deref())?;
    let groups = match machine::delegation() {
        Delegation::NotNeeded => "not asked".to_owned(),
        Delegation::Given => "gives a scope with control groups".to_owned(),
        Delegation::Refused(reason) => format!("gives no control groups: {reason}"),
    };
    let host = LocalHost::new(machine::cells(1, cell.clone())?);
    let (isolation, runtimes) = serve::runtime()?.block_on(async {
        let found = (host.isolation().await, host.runtimes().await);
        host.close().await;
        found
    });
    if arguments.json {
        say(&as_json(&isolation, &groups, &cell, &runtimes).to_string());
    } else {
        as_text(&isolation, &groups, &cell, &runtimes);
    }
    Ok(if isolation.ready {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn as_json(
    isolation: &Isolation,
    groups: &str,
    cell: &CellSettings,
    runtimes: &[Runtime],
) -> serde_json::Value {
    json!({
        "ready": isolation.ready,
        "reason": isolation.reason,
        "layers": isolation.layers.iter().map(|layer| json!({
            "name": layer.name, "state": layer.state.as_str(), "detail": layer.detail, "fix": layer.fix,
        })).collect::<Vec<_>>(),
        "systemd": groups,
        "cell": {
            "memoryBytes": cell.limits.memory_bytes,
            "pids": cell.limits.pids,
            "idleSeconds": cell.idle.as_secs(),
        },
        "runtimes": runtimes.iter().map(|runtime| json!({
            "language": runtime.language.as_str(), "version": runtime.version, "command": runtime.command,
        })).collect::<Vec<_>>(),
    })
}

fn as_text(isolation: &Isolation, groups: &str, cell: &CellSettings, runtimes: &[Runtime]) {
    let verdict = if isolation.ready {
        "Runs are isolated here."
    } else {
        "Runs can't be isolated here, so none is started."
    };
    say(verdict);
    if let Some(reason) = &isolation.reason {
        say(reason);
    }
    say("");
    for layer in &isolation.layers {
        let mark = match layer.state {
            LayerState::Active => "ok     ",
            LayerState::Weaker => "weaker ",
            LayerState::Missing => "missing",
        };
        say(&format!("{mark}  {:<22} {}", layer.name, layer.detail));
        if let Some(fix) = &layer.fix {
            say(&format!("         {:<22} to enable it: {fix}", ""));
        }
    }
    say(&format!("         {:<22} {groups}", "systemd"));
    say("");
    say(&format!(
        "A workspace's cell may use {} MiB of memory and {} processes in all, and ends after {} seconds without use.",
        cell.limits.memory_bytes >> 20,
        cell.limits.pids,
        cell.idle.as_secs()
    ));
    say("");
    if runtimes.is_empty() {
        say("No language was found that files can be run with.");
    }
    for runtime in runtimes {
        let version = runtime.version.as_deref().unwrap_or("version unknown");
        say(&format!(
            "{:<12} {version:<12} {}",
            runtime.language.as_str(),
            runtime.command.display()
        ));
    }
}
