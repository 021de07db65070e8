//! A gateway beside another and beside none: time to the first token, streams
//! a second, memory of open streams, growth.
//!
//! `cargo bench -p atelier-model --bench gateway -- UPSTREAM_PORT SAMPLES TARGET…`,
//! where a target is `NAME=URL=KEY=PID` (an empty PID: its memory isn't
//! measured). This program plays the model itself, on the port given, so that
//! all targets stand before the same upstream; `cargo xtask bench` starts the
//! targets.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a measurement tells what it found and fails by panicking"
)]

mod client;
mod upstream;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use client::{Connection, Target};
use upstream::{Upstream, WORDS};

/// How many streams of one target are timed before the next target's turn, and
/// the pause before them.
const IN_A_ROW: usize = 10;
const CALM: Duration = Duration::from_millis(100);
/// How many streams run at once where throughput is measured.
const AT_ONCE: usize = 64;
/// How long throughput is measured, each of [`ROUNDS`] times.
const ROUND: Duration = Duration::from_secs(5);
const ROUNDS: usize = 3;
/// How many streams are held open where their memory is measured.
const HELD: usize = 2_000;
/// How many streams are run one after another where growth is looked for, and
/// how many of them at once.
const MANY: usize = 10_000;
const MANY_AT_ONCE: usize = 256;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let port = words.next().unwrap().parse().unwrap();
    let samples = words.next().unwrap().parse().unwrap();
    let upstream = Upstream::start(port).await;
    let mut targets = vec![Target::new("upstream alone", upstream.base(), "", "")];
    targets.extend(words.map(|word| Target::read(&word)));

    first_token(&targets, samples).await;
    rate(&targets).await;
    for target in targets.iter().filter(|target| target.pid.is_some()) {
        held(target, &upstream).await;
        growth(target).await;
    }
}

/// The time to the first token of one stream at a time: a few streams of each
/// target in turn. The first of them is not counted: the target before may
/// still be at work for what it has answered.
async fn first_token(targets: &[Target], samples: usize) {
    let mut connections = Vec::new();
    for target in targets {
        connections.push(Connection::to(target).await);
    }
    let mut times = vec![Vec::new(); targets.len()];
    // The first round warms all of them up.
    for round in 0..=samples.div_ceil(IN_A_ROW) {
        for (connection, times) in connections.iter_mut().zip(&mut times) {
            connection.stream(upstream::QUICK).await;
            tokio::time::sleep(CALM).await;
            for _ in 0..IN_A_ROW {
                let stream = connection.stream(upstream::QUICK).await;
                if round > 0 {
                    times.push(stream.first);
                }
            }
        }
    }
    println!("| one stream at a time | first token, ms: median | p95 | added, median |");
    println!("|---|---|---|---|");
    let mut alone = None;
    for (target, times) in targets.iter().zip(&mut times) {
        times.sort();
        let (median, p95) = (quantile(times, 50), quantile(times, 95));
        let alone = *alone.get_or_insert(median);
        let added = millis(median) - millis(alone);
        let (name, median, p95) = (&target.name, millis(median), millis(p95));
        println!("| {name} | {median:.2} | {p95:.2} | {added:.2} |");
    }
    println!();
}

/// Whole streams a second, [`AT_ONCE`] at a time, all targets in turn.
async fn rate(targets: &[Target]) {
    let mut rates = vec![Vec::new(); targets.len()];
    for _ in 0..ROUNDS {
        for (target, rates) in targets.iter().zip(&mut rates) {
            rates.push(streams_in(target, ROUND).await);
        }
    }
    println!(
        "| {AT_ONCE} streams at a time, {WORDS} words each | streams a second: median | all rounds |"
    );
    println!("|---|---|---|");
    for (target, rates) in targets.iter().zip(&mut rates) {
        let all: Vec<String> = rates.iter().map(|rate| format!("{rate:.0}")).collect();
        rates.sort_by(f64::total_cmp);
        let (name, median) = (&target.name, rates[rates.len() / 2]);
        println!("| {name} | {median:.0} | {} |", all.join(", "));
    }
    println!();
}

async fn streams_in(target: &Target, time: Duration) -> f64 {
    let until = Instant::now() + time;
    let done = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    run_at_once(AT_ONCE, target, |mut connection| {
        let done = Arc::clone(&done);
        async move {
            while Instant::now() < until {
                connection.stream(upstream::QUICK).await;
                done.fetch_add(1, Ordering::Relaxed);
            }
        }
    })
    .await;
    done.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64()
}

/// What a stream costs in memory that is open and waits for the model.
async fn held(target: &Target, upstream: &Upstream) {
    // What the first streams load stays; it belongs to no stream.
    many(target, MANY_AT_ONCE, MANY_AT_ONCE).await;
    let before = target.resident_kib();
    let mut connections = Vec::new();
    for _ in 0..HELD {
        let mut connection = Connection::to(target).await;
        connection.open(upstream::HELD).await;
        connections.push(connection);
    }
    let grown = target.resident_kib().saturating_sub(before);
    upstream.release();
    for connection in &mut connections {
        connection.finish().await;
    }
    println!(
        "{}: {HELD} streams held open: {:.1} KiB each.\n",
        target.name,
        grown as f64 / HELD as f64
    );
}

/// Whether streams leave anything behind.
async fn growth(target: &Target) {
    let mut marks = Vec::new();
    for _ in 0..4 {
        many(target, MANY / 4, MANY_AT_ONCE).await;
        marks.push(format!("{:.1}", target.resident_kib() as f64 / 1024.0));
    }
    println!(
        "{}: {MANY} streams, {MANY_AT_ONCE} at a time: {} MiB resident after each quarter.\n",
        target.name,
        marks.join(", ")
    );
}

async fn many(target: &Target, count: usize, at_once: usize) {
    let left = Arc::new(AtomicUsize::new(count));
    run_at_once(at_once, target, |mut connection| {
        let left = Arc::clone(&left);
        async move {
            let take = |left: usize| left.checked_sub(1);
            while left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
                .is_ok()
            {
                connection.stream(upstream::QUICK).await;
            }
        }
    })
    .await;
}

async fn run_at_once<F>(at_once: usize, target: &Target, work: impl Fn(Connection) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..at_once {
        workers.spawn(work(Connection::to(target).await));
    }
    while let Some(worker) = workers.join_next().await {
        worker.unwrap();
    }
}

/// The smallest sample that `percent` of all samples don't exceed.
fn quantile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1]
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
