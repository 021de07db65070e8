//! How much runs, cells and terminals may use.

use std::time::Duration;

use anyhow::{Result, bail};
use atelier_domain::rate::{Rate, RateSettings};
use atelier_domain::terminal::TerminalSettings;
use atelier_sandbox::cell::Limits;

use super::section::{CellSection, LimitsSection, RunSection, TerminalSection};

/// What a cell that stays may use with all that runs in it, and how long it
/// stays when nothing does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CellSettings {
    pub(crate) limits: Limits,
    pub(crate) idle: Duration,
}

impl Default for CellSettings {
    fn default() -> Self {
        Self {
            limits: Limits {
                memory_bytes: 4 << 30,
                pids: 2_048,
                ..Limits::default()
            },
            idle: Duration::from_mins(10),
        }
    }
}

/// Reads what a cell may use; `run` is what each of its runs may.
pub(super) fn cell_settings(section: &CellSection, run: &Limits) -> Result<CellSettings> {
    let defaults = CellSettings::default();
    let most = Limits {
        memory_bytes: section
            .memory_mb
            .map_or(defaults.limits.memory_bytes, |mb| {
                mb.saturating_mul(1024 * 1024)
            }),
        pids: section.pids.unwrap_or(defaults.limits.pids),
        ..defaults.limits
    };
    if most.memory_bytes == 0 || most.pids == 0 || section.idle_seconds == Some(0) {
        bail!("every limit under `[cell]` is at least 1");
    }
    // Only what was written is wrong: the defaults are small on no machine.
    if section.memory_mb.is_some() && most.memory_bytes < run.memory_bytes {
        bail!("`cell.memory_mb` is less than `run.memory_mb`, which is what one run in it may use");
    }
    if section.pids.is_some() && most.pids < run.pids {
        bail!("`cell.pids` is less than `run.pids`, which is what one run in it may have");
    }
    let idle = section.idle_seconds.map(Duration::from_secs);
    Ok(CellSettings {
        limits: most,
        idle: idle.unwrap_or(defaults.idle),
    })
}

/// Reads how often models may be asked.
pub(super) fn rates(section: &LimitsSection) -> Result<RateSettings> {
    let defaults = RateSettings::default();
    let rate = |minute: Option<u32>, at_once: Option<u32>, usual: Rate| Rate {
        per_minute: minute.unwrap_or(usual.per_minute),
        burst: at_once.unwrap_or(usual.burst),
    };
    let user = rate(
        section.model_requests_per_minute,
        section.model_requests_at_once,
        defaults.user,
    );
    let token = rate(
        section.token_requests_per_minute,
        section.token_requests_at_once,
        defaults.token,
    );
    let least = user
        .per_minute
        .min(user.burst)
        .min(token.per_minute)
        .min(token.burst);
    if least == 0 {
        bail!("every limit under `[limits]` is at least 1");
    }
    Ok(RateSettings { user, token })
}

pub(super) fn limits(section: &RunSection) -> Result<Limits> {
    let defaults = Limits::default();
    let limits = Limits {
        wall: section
            .wall_seconds
            .map_or(defaults.wall, Duration::from_secs),
        memory_bytes: section
            .memory_mb
            .map_or(defaults.memory_bytes, |mb| mb.saturating_mul(1024 * 1024)),
        cpu_percent: section.cpu_percent.unwrap_or(defaults.cpu_percent),
        pids: section.pids.unwrap_or(defaults.pids),
        output_bytes: section
            .output_kb
            .map_or(defaults.output_bytes, |kb| kb.saturating_mul(1024)),
        ..defaults
    };
    if limits.wall.is_zero()
        || limits.memory_bytes == 0
        || limits.cpu_percent == 0
        || limits.pids == 0
        || limits.output_bytes == 0
    {
        bail!("every limit under `[run]` is at least 1");
    }
    Ok(limits)
}

pub(super) fn terminal_settings(section: &TerminalSection) -> Result<TerminalSettings> {
    let defaults = TerminalSettings::default();
    let settings = TerminalSettings {
        per_workspace: section.per_workspace.unwrap_or(defaults.per_workspace),
        scrollback_lines: section
            .scrollback_lines
            .unwrap_or(defaults.scrollback_lines),
        scrollback_bytes: section
            .scrollback_mb
            .map_or(defaults.scrollback_bytes, |mb| {
                mb.saturating_mul(1024 * 1024)
            }),
        ..defaults
    };
    if settings.scrollback_lines == 0 || settings.scrollback_bytes == 0 {
        bail!("a terminal under `[terminal]` keeps at least 1 line and 1 MB");
    }
    Ok(settings)
}

/// Returns the longest time that a run may ask for: a day, if nothing is said.
pub(super) fn longest_run(section: &RunSection) -> Result<Duration> {
    let usual = limits(section)?.wall;
    let longest = match section.max_timeout_seconds {
        Some(seconds) => Duration::from_secs(seconds),
        None => Duration::from_hours(24).max(usual),
    };
    if longest < usual {
        bail!("`run.max_timeout_seconds` is less than `run.wall_seconds`, the time of every run");
    }
    Ok(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_may_use_what_the_file_says_and_no_less_than_a_run() {
        let run = Limits::default();
        let read = |text: &str| cell_settings(&toml::from_str(text).unwrap(), &run);
        let cell = read("memory_mb = 8192\npids = 300\nidle_seconds = 5").unwrap();
        let found = (cell.limits.memory_bytes, cell.limits.pids, cell.idle);
        assert_eq!(found, (8 << 30, 300, Duration::from_secs(5)));
        assert_eq!(read("").unwrap(), CellSettings::default());
        for (text, named) in [
            ("memory_mb = 1", "run.memory_mb"),
            ("pids = 2", "run.pids"),
            ("idle_seconds = 0", "[cell]"),
            ("pids = 0", "[cell]"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(named), "{text}: {error}");
        }
    }

    #[test]
    fn a_run_may_ask_for_a_day_and_never_for_less_than_the_usual_time() {
        let longest = |wall_seconds, max_timeout_seconds| {
            longest_run(&RunSection {
                wall_seconds,
                max_timeout_seconds,
                ..RunSection::default()
            })
            .ok()
        };
        assert_eq!(longest(None, None), Some(Duration::from_hours(24)));
        assert_eq!(
            longest(Some(100_000), None),
            Some(Duration::from_secs(100_000))
        );
        assert_eq!(longest(Some(60), Some(90)), Some(Duration::from_secs(90)));
        assert_eq!(longest(Some(60), Some(59)), None);
    }

    #[test]
    fn zero_limits_are_refused() {
        assert!(
            limits(&RunSection {
                pids: Some(0),
                ..RunSection::default()
            })
            .is_err()
        );
        assert_eq!(
            limits(&RunSection {
                wall_seconds: Some(5),
                ..RunSection::default()
            })
            .unwrap()
            .wall,
            Duration::from_secs(5)
        );
    }
}
