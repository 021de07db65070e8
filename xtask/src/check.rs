//! `cargo xtask check`: the quick subset of `test`, for before a commit.

use std::process::ExitCode;

use crate::test::{Report, steps};

/// Runs the quick steps and prints their table.
pub(crate) fn run() -> ExitCode {
    let mut report = Report::new();
    steps::format(&mut report);
    steps::tidy(&mut report);
    steps::web_packages(&mut report);
    steps::web_types(&mut report);
    steps::web_lint(&mut report);
    steps::clippy(&mut report);
    report.finish()
}
