//! The steps that `test` and `check` are made of.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::tally::Format;
use super::{Report, web_npm};
use crate::postgres::Postgres;
use crate::run::{Profile, build_atelier};
use crate::{apt, clients, openapi, process, project, tidy, web};

/// What a Chromium is called, best first.
const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome"];

/// Rust sources are formatted.
pub(crate) fn format(report: &mut Report) {
    report.check("format", || {
        process::run(&mut process::cargo(["fmt", "--all", "--check"]))
    });
}

/// The rules of [`tidy`] hold.
pub(crate) fn tidy(report: &mut Report) {
    report.check("tidy", tidy::run);
}

/// The front end's packages are installed.
pub(crate) fn web_packages(report: &mut Report) {
    report.check("web: packages", || web::install(&project::web()));
}

/// The front end's types check.
pub(crate) fn web_types(report: &mut Report) {
    report.check("web: types", || process::run(&mut web_npm("typecheck")));
}

/// The front end's lint is silent.
pub(crate) fn web_lint(report: &mut Report) {
    report.check("web: lint", || process::run(&mut web_npm("lint")));
}

/// The front end's unit and page tests.
pub(crate) fn web_tests(report: &mut Report) {
    report.count("web: tests", Format::Vitest, &mut web_npm("test"));
}

/// The pages build.
pub(crate) fn web_build(report: &mut Report) {
    report.check("web: build", web::build);
}

/// The built pages are within their size budget.
pub(crate) fn web_size(report: &mut Report) {
    report.check("web: size", || process::run(&mut web_npm("size")));
}

/// The written OpenAPI document and types are those of the code.
pub(crate) fn openapi(report: &mut Report) {
    report.check("openapi", openapi::check);
}

/// Clippy is silent.
pub(crate) fn clippy(report: &mut Report) {
    report.check("clippy", || {
        let mut clippy = process::cargo(["clippy", "--workspace", "--all-targets", "--quiet"]);
        process::run(clippy.args(["--", "--deny", "warnings"]))
    });
}

/// The binary that the stories drive.
pub(crate) fn binary(report: &mut Report) -> Option<PathBuf> {
    report.check("build", || build_atelier(Profile::Debug))
}

/// All Rust tests; those of the store and the integration tests on SQLite and
/// on a Postgres of our own, which they find through `TEST_DATABASE_URL`. The
/// providers' own clients are found through `TEST_CLIENTS`.
pub(crate) fn rust_tests(report: &mut Report) {
    let postgres = report.check("postgres", Postgres::start);
    let mut tests = process::cargo(["test", "--workspace", "--no-fail-fast"]);
    tests.env_remove("TEST_DATABASE_URL");
    if let Some(postgres) = &postgres {
        tests.env("TEST_DATABASE_URL", postgres.url());
    }
    tests.env_remove("TEST_CLIENTS");
    if let Some(folder) = report.check("clients", clients::install) {
        tests.env("TEST_CLIENTS", folder);
    }
    report.count("rust: tests", Format::Cargo, &mut tests);
}

/// The end-to-end stories in a real browser, against the real binary.
pub(crate) fn stories(report: &mut Report, binary: Option<&Path>) {
    let ready = report.check("chromium", || {
        let binary = binary.context("there is no binary to drive: its build failed")?;
        Ok((binary, chromium()?))
    });
    if let Some((binary, chromium)) = ready {
        let mut stories = web_npm("e2e");
        stories.env("ATELIER_BIN", binary);
        stories.env("CHROMIUM", chromium);
        report.count("stories", Format::Own, &mut stories);
    }
}

fn chromium() -> Result<PathBuf> {
    let find = || BROWSERS.iter().find_map(|name| process::find(name));
    if let Some(found) = find() {
        return Ok(found);
    }
    apt::install_one_of(
        &["chromium"],
        "The end-to-end stories need a Chromium browser",
    )?;
    find().context("Debian's chromium is installed but not in the search path")
}
