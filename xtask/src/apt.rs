//! Debian packages that the tests need and a fresh machine lacks.

use std::process::Command;

use anyhow::{Result, bail};

use crate::process;

/// Installs the first of `packages` that this machine's sources offer.
///
/// # Errors
/// We aren't root, there is no apt, or no package could be installed; the
/// message is the sentence a person can act on.
pub(crate) fn install_one_of(packages: &[&str], purpose: &str) -> Result<()> {
    let by_hand = by_hand(packages, purpose);
    if !can_install() {
        bail!("{by_hand}");
    }
    if packages.iter().any(|package| install(package)) {
        return Ok(());
    }
    // The package lists of a fresh machine are empty or old.
    process::run(Command::new("apt-get").args(["update", "-qq"]))?;
    if packages.iter().any(|package| install(package)) {
        return Ok(());
    }
    bail!("apt-get could not install it. {by_hand}")
}

/// Whether packages can be installed here: we are root, and there is apt.
pub(crate) fn can_install() -> bool {
    process::is_root() && process::find("apt-get").is_some()
}

/// The command that installs packages by hand.
pub(crate) fn command(packages: &[&str]) -> String {
    let sudo = if process::is_root() { "" } else { "sudo " };
    format!(
        "{sudo}apt-get install --no-install-recommends {}",
        packages.join(" ")
    )
}

fn install(package: &str) -> bool {
    println!("installing Debian's {package}");
    process::run(
        Command::new("apt-get")
            .args(["install", "-y", "-qq", "--no-install-recommends", package])
            .env("DEBIAN_FRONTEND", "noninteractive")
            // A single-user runlevel keeps the packages' own services from starting.
            .env("RUNLEVEL", "1"),
    )
    .is_ok()
}

fn by_hand(packages: &[&str], purpose: &str) -> String {
    let package = packages.first().unwrap_or(&"it");
    format!("{purpose}. Install it with: sudo apt-get install --no-install-recommends {package}")
}
