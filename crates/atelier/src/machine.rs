//! This machine: its cells.

use anyhow::{Context as _, Result};
use atelier_sandbox::cell::{CellOptions, Cells, Delegation, Launcher, ask_for_groups};

use crate::config::{CellSettings, buses, search_path};

/// Host uids of workspaces begin here: above those of people and services.
pub(crate) const HOST_UID_BASE: u32 = 200_000;

/// The launcher of cells as it was built beside this program; empty when it
/// was not.
const LAUNCHER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/launcher"));

/// Asks systemd for control groups where cells need it; see
/// [`ask_for_groups`].
pub(crate) fn delegation() -> Delegation {
    let found = ask_for_groups(&cgroup(), &buses());
    match &found {
        Delegation::NotNeeded => {}
        Delegation::Given => tracing::info!("systemd gave a scope with control groups"),
        Delegation::Refused(reason) => tracing::warn!(
            reason,
            "systemd gives no control groups; `atelier doctor` says what is weaker"
        ),
    }
    found
}

fn cgroup() -> String {
    format!("atelier-{}", std::process::id())
}

/// Makes this machine's cells. Their launcher is the small program that this
/// one carries, or this one itself.
pub(crate) fn cells(max_concurrent: usize, cell: CellSettings) -> Result<Cells> {
    let small = (!LAUNCHER.is_empty()).then(|| Launcher::embedded(LAUNCHER));
    let launcher = match small {
        Some(Ok(launcher)) => launcher,
        _ => Launcher {
            program: std::env::current_exe().context("could not find the program's own file")?,
            args: vec![crate::CELL.into()],
        },
    };
    Ok(Cells::new(
        launcher,
        CellOptions {
            cgroup: cgroup(),
            path: search_path(),
            max_concurrent,
            cell: cell.limits,
            idle: cell.idle,
        },
    ))
}
