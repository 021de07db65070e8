//! `cargo xtask fuzz`: hostile input for everything in `fuzz/`.
//!
//! The targets are built by the compiler that builds the product, without a
//! sanitizer: no crate under test has unsafe code, so panics, failed checks
//! and time are what can go wrong. New inputs are kept in `fuzz/corpus`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::{process, project};

/// The version of cargo-fuzz that the project was last fuzzed with.
const VERSION: &str = "0.13.2";
/// The longest input: enough for a few files with a few hunks each.
const INPUT_BYTES: u32 = 8192;
/// A target that needs longer for one input hangs, as far as users can tell.
const INPUT_SECONDS: u32 = 10;
/// Past this a target's memory is a failure.
const MEMORY_MIB: u32 = 2048;

/// Runs the targets named, or all, one after the other, each for so many
/// minutes.
///
/// # Errors
/// A target doesn't exist or doesn't build, or inputs were found that break
/// something: the message names them.
pub(crate) fn run(minutes: u32, named: &[String]) -> Result<()> {
    let known = targets()?;
    for name in named {
        ensure!(
            known.contains(name),
            "there is no target `{name}`; there are: {}",
            known.join(", ")
        );
    }
    let chosen = if named.is_empty() { &known } else { named };
    install()?;
    process::run(fuzz("build").args(chosen.iter().take(usize::from(chosen.len() == 1))))?;
    let mut rows = Vec::new();
    let mut broken = Vec::new();
    for name in chosen {
        let ran = run_one(name, minutes)?;
        rows.push(format!("| `{name}` | {} |", summary(&ran.said)));
        if !ran.ok {
            broken.push(failing_input(&ran.said).unwrap_or_else(|| name.clone()));
        }
    }
    println!(
        "\n| target | inputs tried |\n|---|---|\n{}",
        rows.join("\n")
    );
    if broken.is_empty() {
        return Ok(());
    }
    bail!(
        "inputs that break something (`cargo fuzz run --sanitizer none TARGET INPUT` shows each):\n  - {}",
        broken.join("\n  - ")
    )
}

fn run_one(name: &str, minutes: u32) -> Result<process::Finished> {
    let mut run = fuzz("run");
    run.args([name, "--"])
        .arg(format!("-max_total_time={}", minutes * 60))
        .arg(format!("-max_len={INPUT_BYTES}"))
        .arg(format!("-timeout={INPUT_SECONDS}"))
        .arg(format!("-rss_limit_mb={MEMORY_MIB}"))
        .args(["-dict=dictionary.txt", "-print_final_stats=1"]);
    println!("fuzzing {name} for {minutes} minutes");
    process::listen(&mut run)
}

/// `cargo fuzz COMMAND` in the folder of the targets.
fn fuzz(command: &str) -> Command {
    let mut cargo = process::cargo(["fuzz", command, "--sanitizer", "none"]);
    cargo.args(["--fuzz-dir", "."]).current_dir(folder());
    cargo
}

fn folder() -> PathBuf {
    project::top().join("fuzz")
}

/// The names of the targets, in their order.
fn targets() -> Result<Vec<String>> {
    let folder = folder().join("fuzz_targets");
    let entries =
        fs::read_dir(&folder).with_context(|| format!("could not list {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry.context("could not list the targets")?.path();
        names.extend(
            path.file_stem()
                .map(|name| name.to_string_lossy().into_owned()),
        );
    }
    names.sort();
    Ok(names)
}

fn install() -> Result<()> {
    let mut ask = process::cargo(["fuzz", "--version"]);
    if ask.output().is_ok_and(|answer| answer.status.success()) {
        return Ok(());
    }
    println!("installing cargo-fuzz {VERSION}");
    let install = ["install", "--locked", "cargo-fuzz", "--version", VERSION];
    process::run(&mut process::cargo(install))
}

/// How many inputs were tried, of the last line that says it.
fn summary(said: &str) -> String {
    let mut lines = said.lines().rev();
    let runs = lines.find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    runs.map_or_else(|| "unknown".to_owned(), |runs| runs.trim().to_owned())
}

/// Where the input is that broke a target.
fn failing_input(said: &str) -> Option<String> {
    let mut lines = said.lines();
    let line = lines.find_map(|line| line.split_once("Test unit written to "))?;
    Some(format!("fuzz/{}", line.1.trim_start_matches("./")))
}

#[cfg(test)]
mod tests {
    use super::{failing_input, summary, targets};

    #[test]
    fn every_target_is_declared_and_has_seeds() {
        let manifest = std::fs::read_to_string(super::folder().join("Cargo.toml")).unwrap();
        for name in targets().unwrap() {
            assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
            let seeds = super::folder().join("corpus").join(&name);
            assert!(std::fs::read_dir(seeds).unwrap().count() > 0, "{name}");
        }
    }

    #[test]
    fn what_a_target_says_is_understood() {
        let said = "Done 12 runs in 1 second(s)\nstat::number_of_executed_units: 12\n";
        assert_eq!(summary(said), "12");
        assert_eq!(summary(""), "unknown");
        let said = "artifact_prefix='a/'; Test unit written to ./artifacts/plan/crash-1\n";
        assert_eq!(
            failing_input(said).as_deref(),
            Some("fuzz/artifacts/plan/crash-1")
        );
    }
}
