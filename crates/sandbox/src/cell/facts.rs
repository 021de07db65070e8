//! The walls seen from inside, for the doctor.

use std::fs;

use super::failure::Step;
use super::spec::{Facts, Failure};
use super::system;

/// The namespaces that a cell has of its own, as the kernel names them.
pub(super) const NAMESPACES: [&str; 7] = ["user", "mnt", "pid", "net", "ipc", "uts", "cgroup"];

/// Looks at the process that asks.
pub(super) fn look() -> Result<Facts, Failure> {
    let status = fs::read_to_string("/proc/self/status").step("read /proc/self/status")?;
    Ok(Facts {
        namespaces: namespaces(),
        status: status
            .lines()
            .filter_map(|line| line.split_once(':'))
            .filter(|(name, _)| matches!(*name, "CapBnd" | "NoNewPrivs" | "Seccomp" | "Uid"))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect(),
        landlock: system::landlock_version(),
    })
}

/// Returns the namespaces of the process that asks: each one's name and what
/// tells it from others.
pub(super) fn namespaces() -> Vec<(String, String)> {
    NAMESPACES
        .iter()
        .filter_map(|name| {
            let link = fs::read_link(format!("/proc/self/ns/{name}")).ok()?;
            Some(((*name).to_owned(), link.to_string_lossy().into_owned()))
        })
        .collect()
}
