//! `cargo xtask bench`: the whole product beside its peers.
//!
//! Cases that are compared take turns in one run, so that a busy machine is
//! equally busy for both. What is timed is what a user waits for: whole
//! processes and whole requests. Nothing here passes or fails on a timing.

mod first_load;
mod gateway;
mod http;
mod patches;
mod runs;
mod samples;
mod server;

use std::thread;
use std::time::Duration;

use anyhow::Result;

use crate::run::{Profile, build_atelier, build_launcher};
use crate::{process, project, web};
use server::Server;

/// How long a server may calm down before its memory counts as idle.
const IDLE: Duration = Duration::from_secs(10);

/// Builds the product as users run it, measures it with `samples` samples of
/// each case and prints the tables as Markdown.
///
/// # Errors
/// A build fails, or a measured command doesn't do what it should.
pub(crate) fn run(samples: usize) -> Result<()> {
    web::install(&project::web())?;
    web::build()?;
    let binary = build_atelier(Profile::Release)?;
    let server = Server::start(&binary)?;
    let at_start = server.resident_kib()?;
    thread::sleep(IDLE);
    let idle = server.resident_kib()?;

    println!("## Memory of the server\n");
    println!("| when | resident, MiB |\n|---|---|");
    println!("| ready | {:.1} |", mib(at_start));
    println!("| idle for {} s | {:.1} |\n", IDLE.as_secs(), mib(idle));

    println!("## First load\n");
    first_load::measure(&server)?;
    println!("## Runs ({samples} samples)\n");
    runs::measure(&binary, &server, samples)?;
    runs::flood(&server)?;
    drop(server);
    // What the runs left to be written, or in memory, is none of its.
    let server = Server::start(&binary)?;
    thread::sleep(IDLE);
    let streams = samples.max(gateway::LEAST_SAMPLES);
    println!("## The gateway ({streams} samples)\n");
    gateway::measure(&server, streams)?;
    drop(server);
    println!("## Cells ({samples} samples)\n");
    cells(samples)?;
    println!("## One patch of 200 files and 1,000 hunks ({samples} samples)\n");
    patches::measure(&binary, samples)?;
    println!("## Planning in process ({samples} samples)\n");
    plans(samples)
}

/// Measures planning without a program around it.
fn plans(samples: usize) -> Result<()> {
    let mut bench = process::cargo(["bench", "--quiet", "--package", "atelier-patch"]);
    bench.args(["--bench", "plans", "--"]);
    process::run(bench.arg(samples.to_string()))
}

/// Measures cells without a server around them.
fn cells(samples: usize) -> Result<()> {
    let launcher = build_launcher()?;
    let mut bench = process::cargo(["bench", "--quiet", "--package", "atelier-sandbox"]);
    bench.args(["--bench", "cells", "--"]).arg(launcher);
    process::run(bench.arg(samples.to_string()))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a figure for people, far below 2^52"
)]
fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
