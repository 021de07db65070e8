//! How much a run may use: the server's limits, a workspace's below them, and
//! a request's below those.

use std::time::Duration;

use atelier_sandbox::cell::Limits;
use serde::{Deserialize, Serialize};

use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::workspace::WorkspaceSettings;

/// Limits that are asked for; `None` leaves one as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LimitChange {
    /// Wall-clock time in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Memory in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Processor time, in percent of one processor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_percent: Option<u32>,
    /// Processes and threads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pids: Option<u32>,
    /// Output in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_bytes: Option<u64>,
    /// The size that the workspace may grow to, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_bytes: Option<u64>,
}

impl Domain {
    /// Checks limits that are set for a workspace.
    pub(crate) fn check_limits(&self, change: LimitChange) -> Result<()> {
        let names = Names {
            timeout: "settings.limits.timeoutMs",
            memory: "settings.limits.memoryBytes",
            cpu: "settings.limits.cpuPercent",
            pids: "settings.limits.pids",
            output: "settings.limits.outputBytes",
            disk: "settings.limits.diskBytes",
        };
        apply(change, &self.settings().run, self.longest(), &names).map(drop)
    }

    /// Returns the limits of a run in a workspace that asks for `change`.
    pub(crate) fn limits(
        &self,
        workspace: &WorkspaceSettings,
        change: LimitChange,
    ) -> Result<Limits> {
        let own = lowered(&self.settings().run, workspace.limits);
        let longest = self.longest();
        let wall = workspace.limits.timeout_ms.map(Duration::from_millis);
        let own = Limits {
            wall: wall.map_or(own.wall, |wall| wall.min(longest)),
            ..own
        };
        let names = Names {
            timeout: "limits.timeoutMs",
            memory: "limits.memoryBytes",
            cpu: "limits.cpuPercent",
            pids: "limits.pids",
            output: "limits.outputBytes",
            disk: "limits.diskBytes",
        };
        apply(change, &own, longest, &names)
    }

    /// Returns the longest time that a run may ask for.
    pub(crate) fn longest(&self) -> Duration {
        let settings = self.settings();
        settings.longest_run.max(settings.run.wall)
    }
}

/// Lowers limits to what a workspace has set. What was set when the server
/// allowed more counts as what it allows now.
fn lowered(most: &Limits, set: LimitChange) -> Limits {
    fn least<T: Ord + Copy>(most: T, set: Option<T>) -> T {
        set.map_or(most, |set| set.min(most))
    }
    Limits {
        memory_bytes: least(most.memory_bytes, set.memory_bytes),
        cpu_percent: least(most.cpu_percent, set.cpu_percent),
        pids: least(most.pids, set.pids),
        output_bytes: least(most.output_bytes, set.output_bytes),
        disk_bytes: least(most.disk_bytes, set.disk_bytes),
        ..most.clone()
    }
}

/// The fields of a request that hold limits.
struct Names {
    timeout: &'static str,
    memory: &'static str,
    cpu: &'static str,
    pids: &'static str,
    output: &'static str,
    disk: &'static str,
}

/// Applies a change to limits that it may lower, and to a time that it may
/// raise up to `longest`.
fn apply(change: LimitChange, most: &Limits, longest: Duration, names: &Names) -> Result<Limits> {
    let longest = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
    let wall = match change.timeout_ms {
        None => most.wall,
        wanted => Duration::from_millis(within(names.timeout, wanted, longest)?),
    };
    Ok(Limits {
        wall,
        memory_bytes: within(names.memory, change.memory_bytes, most.memory_bytes)?,
        cpu_percent: within(names.cpu, change.cpu_percent, most.cpu_percent)?,
        pids: within(names.pids, change.pids, most.pids)?,
        output_bytes: within(names.output, change.output_bytes, most.output_bytes)?,
        disk_bytes: within(names.disk, change.disk_bytes, most.disk_bytes)?,
        ..most.clone()
    })
}

/// Returns the limit asked for, or the most there is when none is.
fn within<T: Copy + PartialOrd + Default + std::fmt::Display>(
    field: &'static str,
    wanted: Option<T>,
    most: T,
) -> Result<T> {
    match wanted {
        None => Ok(most),
        Some(wanted) if wanted > T::default() && wanted <= most => Ok(wanted),
        Some(_) => Err(Error::invalid(
            field,
            format!("it is from 1 to {most}, the limit here"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: Names = Names {
        timeout: "timeout",
        memory: "memory",
        cpu: "cpu",
        pids: "pids",
        output: "output",
        disk: "disk",
    };

    #[test]
    fn limits_are_lowered_and_time_is_raised_to_the_longest() {
        let most = Limits::default();
        let longest = Duration::from_hours(24);
        let change = LimitChange {
            timeout_ms: Some(3_600_000),
            pids: Some(7),
            ..LimitChange::default()
        };
        let applied = apply(change, &most, longest, &NAMES).unwrap();
        assert_eq!((applied.wall, applied.pids), (Duration::from_hours(1), 7));
        assert_eq!(applied.memory_bytes, most.memory_bytes);
        let day = 24 * 3_600_000;
        for (change, field) in [
            (
                LimitChange {
                    timeout_ms: Some(day + 1),
                    ..change
                },
                "timeout",
            ),
            (
                LimitChange {
                    timeout_ms: Some(0),
                    ..change
                },
                "timeout",
            ),
            (
                LimitChange {
                    memory_bytes: Some((1 << 30) + 1),
                    ..change
                },
                "memory",
            ),
            (
                LimitChange {
                    cpu_percent: Some(201),
                    ..change
                },
                "cpu",
            ),
            (
                LimitChange {
                    pids: Some(0),
                    ..change
                },
                "pids",
            ),
            (
                LimitChange {
                    output_bytes: Some(u64::MAX),
                    ..change
                },
                "output",
            ),
            (
                LimitChange {
                    disk_bytes: Some(0),
                    ..change
                },
                "disk",
            ),
        ] {
            let error = apply(change, &most, longest, &NAMES).unwrap_err();
            assert!(
                matches!(error, Error::Invalid { field: f, .. } if f == field),
                "{error:?}"
            );
        }
    }

    #[test]
    fn what_is_set_above_the_servers_limits_counts_as_them() {
        let set = LimitChange {
            memory_bytes: Some(u64::MAX),
            pids: Some(3),
            ..LimitChange::default()
        };
        let own = lowered(&Limits::default(), set);
        assert_eq!((own.memory_bytes, own.pids), (1 << 30, 3));
    }
}
