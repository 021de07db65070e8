//! Taking turns, and saying what came of it.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// One thing to measure: each call does it once and says how long that took,
/// preparation and clearing up not counted.
pub(super) struct Case<'a> {
    name: String,
    peer: Option<String>,
    once: Box<dyn FnMut() -> Result<Duration> + 'a>,
}

impl<'a> Case<'a> {
    /// A case that others are compared with.
    pub(super) fn peer(name: &str, once: impl FnMut() -> Result<Duration> + 'a) -> Self {
        Self {
            name: name.to_owned(),
            peer: None,
            once: Box::new(once),
        }
    }

    /// A case that is compared with the one named `peer`.
    pub(super) fn against(
        peer: &str,
        name: &str,
        once: impl FnMut() -> Result<Duration> + 'a,
    ) -> Self {
        Self {
            peer: Some(peer.to_owned()),
            ..Self::peer(name, once)
        }
    }
}

/// Runs all cases in turn, `samples` times after one unmeasured round, and
/// prints a row of the table for each.
///
/// # Errors
/// The first error of a case, with its name.
pub(super) fn interleave(mut cases: Vec<Case<'_>>, samples: usize) -> Result<()> {
    ensure!(samples > 0, "a median needs at least one sample");
    let mut times = vec![Vec::with_capacity(samples); cases.len()];
    for round in 0..=samples {
        for (case, times) in cases.iter_mut().zip(&mut times) {
            let took = (case.once)().with_context(|| format!("could not measure {}", case.name))?;
            if round > 0 {
                times.push(took);
            }
        }
    }
    for own in &mut times {
        own.sort();
    }
    println!("| case | median, ms | p95, ms | × its peer |\n|---|---|---|---|");
    for (case, own) in cases.iter().zip(&times) {
        let peer = cases
            .iter()
            .position(|other| Some(&other.name) == case.peer.as_ref());
        let ratio = peer.map_or(String::new(), |peer| {
            let ratio = millis(quantile(own, 50)) / millis(quantile(&times[peer], 50));
            format!("{ratio:.2} × {}", cases[peer].name)
        });
        println!(
            "| {} | {:.2} | {:.2} | {ratio} |",
            case.name,
            millis(quantile(own, 50)),
            millis(quantile(own, 95))
        );
    }
    println!();
    Ok(())
}

/// How long a program takes from its start to its end, its output unseen.
///
/// # Errors
/// It can't be started or fails.
pub(super) fn time(command: &mut Command) -> Result<Duration> {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let started = Instant::now();
    let status = command
        .status()
        .with_context(|| format!("could not start {}", command.get_program().display()))?;
    let took = started.elapsed();
    if !status.success() {
        bail!("{} ended with {status}", command.get_program().display());
    }
    Ok(took)
}

/// The smallest sample that `percent` of all samples don't exceed.
fn quantile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Case, interleave, quantile};

    #[test]
    fn quantiles_are_samples() {
        let of = |count: u64| (1..=count).map(Duration::from_millis).collect::<Vec<_>>();
        for (count, percent, expected) in [
            (1, 50, 1),
            (1, 95, 1),
            (3, 50, 2),
            (4, 50, 2),
            (20, 95, 19),
            (100, 95, 95),
            (10, 95, 10),
        ] {
            let found = quantile(&of(count), percent);
            assert_eq!(
                found,
                Duration::from_millis(expected),
                "{percent} % of {count}"
            );
        }
    }

    #[test]
    fn cases_take_turns() {
        let order = std::cell::RefCell::new(String::new());
        let case = |name: &'static str| {
            let order = &order;
            Case::peer(name, move || {
                order.borrow_mut().push_str(name);
                Ok(Duration::from_millis(1))
            })
        };
        interleave(vec![case("a"), case("b")], 2).unwrap();
        assert_eq!(*order.borrow(), "ababab");
        assert!(interleave(vec![case("a")], 0).is_err());
    }
}
