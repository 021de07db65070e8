//! `cargo xtask test`: everything that must pass, cheap first, none skipped.

pub(crate) mod steps;
mod tally;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::process::{self, Finished};
use crate::{project, tools};
use tally::{Format, Tally};

/// Runs every step, also after one has failed, and prints the table. The last
/// line of the output is `N passed, N failed`.
pub(crate) fn run() -> ExitCode {
    let mut report = Report::new();
    report.check("tools", tools::check);
    steps::format(&mut report);
    steps::tidy(&mut report);
    steps::web_packages(&mut report);
    steps::web_types(&mut report);
    steps::web_lint(&mut report);
    steps::web_tests(&mut report);
    steps::web_build(&mut report);
    steps::web_size(&mut report);
    steps::openapi(&mut report);
    steps::clippy(&mut report);
    let binary = steps::binary(&mut report);
    steps::rust_tests(&mut report);
    steps::stories(&mut report, binary.as_deref());
    report.finish()
}

/// What has been run, how it ended and how long it took.
pub(crate) struct Report {
    rows: Vec<Row>,
}

struct Row {
    name: String,
    tally: Tally,
    took: Duration,
}

impl Report {
    /// A report with nothing in it.
    pub(crate) fn new() -> Self {
        Self { rows: Vec::new() }
    }

    /// Does `work` as one check. Its value is there when it passed.
    pub(crate) fn check<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Option<T> {
        let started = begin(name);
        let done = work();
        let tally = Tally::of_check(done.is_ok());
        let value = match done {
            Ok(value) => Some(value),
            Err(error) => {
                println!("error: {error:#}");
                None
            }
        };
        self.end(name, tally, started);
        value
    }

    /// Runs a program that prints how many tests passed and failed.
    fn count(&mut self, name: &str, format: Format, command: &mut std::process::Command) {
        let started = begin(name);
        let tally = match process::listen(command) {
            Ok(Finished { ok, said }) => Tally::of_tests(format, &said, ok),
            Err(error) => {
                println!("error: {error:#}");
                Tally::of_check(false)
            }
        };
        self.end(name, tally, started);
    }

    /// Prints the table and says whether all passed.
    pub(crate) fn finish(self) -> ExitCode {
        let width = self.rows.iter().map(|row| row.name.len()).max();
        let width = width.unwrap_or_default();
        println!("\n{:width$}  result  passed  failed      time", "step");
        for row in &self.rows {
            let result = if row.tally.failed == 0 {
                "ok"
            } else {
                "FAILED"
            };
            println!(
                "{:width$}  {result:6}  {:6}  {:6}  {:6.1} s",
                row.name,
                row.tally.passed,
                row.tally.failed,
                row.took.as_secs_f64()
            );
        }
        let total: Tally = self.rows.iter().map(|row| row.tally).sum();
        println!("\n{} passed, {} failed", total.passed, total.failed);
        if total.failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }

    fn end(&mut self, name: &str, tally: Tally, started: Instant) {
        self.rows.push(Row {
            name: name.to_owned(),
            tally,
            took: started.elapsed(),
        });
    }
}

fn begin(name: &str) -> Instant {
    println!("\n== {name}");
    Instant::now()
}

/// `npm run SCRIPT` in the front end's folder.
fn web_npm(script: &str) -> std::process::Command {
    process::npm(&project::web(), ["run", "--silent", script])
}
