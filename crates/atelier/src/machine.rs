//! This machine: its cells and the server's master key.

use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use atelier_base::Secret;
use atelier_domain::vault::KEY_BYTES;
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

/// Reads the master key that seals secrets, or makes it at the first start.
pub(crate) fn master_key(data: &Path) -> Result<Secret<[u8; KEY_BYTES]>> {
    let path = data.join("secret.key");
    match OpenOptions::new().read(true).open(&path) {
        Ok(mut file) => {
            let mode = file.metadata()?.permissions().mode();
            if mode & 0o077 != 0 {
                bail!(
                    "`{}` can be read by others; run `chmod 600` on it",
                    path.display()
                );
            }
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            let key = <[u8; KEY_BYTES]>::try_from(bytes.as_slice())
                .ok()
                .with_context(|| format!("`{}` is not a master key", path.display()))?;
            Ok(Secret::new(key))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => make_key(&path),
        Err(error) => Err(error).with_context(|| format!("could not read `{}`", path.display())),
    }
}

fn make_key(path: &Path) -> Result<Secret<[u8; KEY_BYTES]>> {
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    let failed = || format!("could not write `{}`", path.display());
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(failed)?;
    file.write_all(&key).with_context(failed)?;
    file.sync_all().with_context(failed)?;
    Ok(Secret::new(key))
}
