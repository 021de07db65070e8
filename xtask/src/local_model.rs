//! The program of the local model: built on its own, because it takes a C++
//! compiler and minutes, and tested with the real weights.

mod builder;
mod needs;
mod peer;
mod weights;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{process, project};

pub(crate) use builder::{begin, serve};

/// The program.
const PROGRAM: &str = "atelier-local-model";

/// Builds the program and puts it beside the server's, where it is looked for.
///
/// # Errors
/// A tool is missing and can't be installed, or the build fails.
pub(crate) fn build() -> Result<PathBuf> {
    needs::install()?;
    println!(
        "local model: building its program; llama.cpp takes some nine minutes of processor time, once"
    );
    process::run(cargo_build().arg("--quiet"))?;
    put_in_place()
}

/// The command that builds it.
fn cargo_build() -> Command {
    let mut build = process::cargo(["build", "--release", "--locked"]);
    build.arg("--manifest-path");
    build.arg(project::top().join("local-model/Cargo.toml"));
    build.arg("--target-dir").arg(target().join("build"));
    build
}

/// Puts what was built beside the server's program.
fn put_in_place() -> Result<PathBuf> {
    let built = target().join("build/release").join(PROGRAM);
    let place = base().join("release").join(PROGRAM);
    let new = place.with_extension("new");
    let copied = fs::create_dir_all(base().join("release"))
        .and_then(|()| fs::copy(&built, &new))
        .and_then(|_| fs::rename(&new, &place));
    copied.with_context(|| format!("could not put the program at {}", place.display()))?;
    println!("local model: its program is at {}", project::shown(&place));
    Ok(place)
}

/// Builds the program, gets the weights, and lets them answer; also beside
/// another server of the same weights.
///
/// # Errors
/// Something can't be had, or a test fails.
pub(crate) fn test() -> Result<()> {
    with_peer("local_model_real", None)
}

/// The same, and measures both instead, so many times; nothing fails on a timing.
///
/// # Errors
/// Something can't be had.
pub(crate) fn bench(runs: usize) -> Result<()> {
    with_peer("local_model_speed", Some(runs))
}

fn with_peer(module: &str, runs: Option<usize>) -> Result<()> {
    let program = build()?;
    let weights = weights::get()?;
    let mut peer = peer::Peer::start(&weights)?;
    let mut tests = process::cargo(["nextest", "run", "--package", "atelier-tests"]);
    tests.args(["--test-threads", "1", "--success-output", "immediate"]);
    tests.arg(module);
    tests.env("TEST_LOCAL_MODEL_PROGRAM", program);
    let folder = weights.parent().unwrap_or(Path::new("/"));
    tests.env("TEST_LOCAL_MODEL_WEIGHTS", folder);
    tests.env("TEST_LOCAL_MODEL_PEER", peer::Peer::url());
    if let Some(runs) = runs {
        tests.env("TEST_LOCAL_MODEL_RUNS", runs.to_string());
    }
    let done = process::run(&mut tests);
    peer.end();
    done
}

/// Where everything of the local model lies that is built or fetched.
fn target() -> PathBuf {
    base().join("local-model")
}

fn base() -> PathBuf {
    let own = || project::top().join("target");
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(own, PathBuf::from)
}
