//! The providers' own clients, installed for the tests that compare with what
//! they read: pinned versions from their registries, in the target folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{apt, process, project};

/// Where the lists of packages and the scripts are.
const LISTS: &str = "crates/model/tests/clients";
/// The files that say what is installed.
const WANTED: [&str; 3] = ["requirements.txt", "package.json", "package-lock.json"];
/// Where is written what was installed last.
const STAMP: &str = "installed";

/// Installs the clients, unless those that are wanted are there, and returns
/// the folder: a Python environment in `python`, packages in `node_modules`.
///
/// # Errors
/// A registry can't be reached, or Python has no `venv`.
pub(crate) fn install() -> Result<PathBuf> {
    let lists = project::top().join(LISTS);
    let folder = folder();
    let mut wanted = String::new();
    for name in WANTED {
        let path = lists.join(name);
        let text = fs::read_to_string(&path);
        wanted += &text.with_context(|| format!("could not read {}", path.display()))?;
    }
    let stamp = folder.join(STAMP);
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(folder);
    }
    fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
    for name in &WANTED[1..] {
        let copied = fs::copy(lists.join(name), folder.join(name));
        copied.with_context(|| format!("could not copy {name}"))?;
    }
    process::run(&mut process::npm(
        &folder,
        ["ci", "--no-audit", "--no-fund", "--silent"],
    ))?;
    python(&folder.join("python"), &lists.join(WANTED[0]))?;
    fs::write(&stamp, wanted).with_context(|| format!("could not write {}", stamp.display()))?;
    Ok(folder)
}

/// Makes a Python environment with the packages of a list and no others.
fn python(environment: &Path, list: &Path) -> Result<()> {
    if make(environment).is_err() {
        // Debian has it in a package of its own.
        apt::install_one_of(
            &["python3-venv"],
            "The tests compare with Python clients, which need an environment of their own",
        )?;
        make(environment)?;
    }
    let mut pip = Command::new(environment.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps"]);
    pip.args([
        "--disable-pip-version-check",
        "--only-binary=:all:",
        "--requirement",
    ]);
    process::run(pip.arg(list))
}

fn make(environment: &Path) -> Result<()> {
    let mut python = Command::new("python3");
    process::run(python.args(["-m", "venv", "--clear"]).arg(environment))
}

fn folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(|| project::top().join("target"), PathBuf::from);
    target.join("clients")
}
