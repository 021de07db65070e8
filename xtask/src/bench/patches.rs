//! One large patch through `git apply` and through ours.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::samples::{Case, interleave, time};
use crate::process;
use crate::scratch::Scratch;

const FILES: usize = 200;
const LINES: usize = 200;
/// Changed lines of each file, far enough apart to be hunks of their own.
const CHANGED: [usize; 5] = [20, 60, 100, 140, 180];

/// Measures and prints the table.
///
/// # Errors
/// A command fails or leaves something else than the patched files.
pub(super) fn measure(binary: &Path, samples: usize) -> Result<()> {
    let folder = Scratch::new()?;
    let patch = folder.path().join("change.patch");
    let by_git = repository(&folder.path().join("git"))?;
    let by_us = repository(&folder.path().join("atelier"))?;
    write_files(&by_git, true)?;
    fs::write(&patch, process::output(git(&by_git).arg("diff"))?)?;
    reset(&by_git)?;

    let git_apply = |check: bool| {
        let mut apply = git(&by_git);
        apply.arg("apply").args(check.then_some("--check"));
        time(apply.arg(&patch))
    };
    let atelier_apply = |check: bool| {
        let mut apply = Command::new(binary);
        apply.args(["apply", "--format", "unified", "--dir"]);
        apply.arg(&by_us).args(check.then_some("--check"));
        let patch = fs::File::open(&patch).context("could not open the patch")?;
        time(apply.stdin(patch))
    };
    let cases = vec![
        Case::peer("`git apply --check`", || git_apply(true)),
        Case::against("`git apply --check`", "`atelier apply --check`", || {
            atelier_apply(true)
        }),
        Case::peer("`git apply`", || applied(&by_git, || git_apply(false))),
        Case::against("`git apply`", "`atelier apply`", || {
            applied(&by_us, || atelier_apply(false))
        }),
    ];
    interleave(cases, samples)
}

/// Does `apply`, looks at what it left in `repository`, and puts it back.
fn applied(repository: &Path, apply: impl Fn() -> Result<Duration>) -> Result<Duration> {
    let took = apply()?;
    for file in 0..FILES {
        let path = repository.join(name(file));
        let left = fs::read_to_string(&path)
            .with_context(|| format!("could not read {}", path.display()))?;
        ensure!(
            left == text(file, true),
            "{} is not patched",
            path.display()
        );
    }
    reset(repository)?;
    Ok(took)
}

fn repository(folder: &Path) -> Result<PathBuf> {
    fs::create_dir(folder).with_context(|| format!("could not create {}", folder.display()))?;
    write_files(folder, false)?;
    process::run(git(folder).args(["init", "--quiet"]))?;
    process::run(git(folder).args(["add", "."]))?;
    process::run(git(folder).args(["commit", "--quiet", "--message=before"]))?;
    Ok(folder.to_path_buf())
}

fn reset(repository: &Path) -> Result<()> {
    process::run(git(repository).args(["checkout", "--quiet", "--force", "."]))?;
    process::run(git(repository).args(["clean", "--quiet", "--force", "-d", "-x"]))
}

/// git without what a person has configured.
fn git(repository: &Path) -> Command {
    let mut git = Command::new("git");
    git.current_dir(repository)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .args(["-c", "user.name=bench", "-c", "user.email=bench@localhost"]);
    git
}

fn write_files(folder: &Path, changed: bool) -> Result<()> {
    for file in 0..FILES {
        let path = folder.join(name(file));
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent)
            .with_context(|| format!("could not create {}", parent.display()))?;
        fs::write(&path, text(file, changed))
            .with_context(|| format!("could not write {}", path.display()))?;
    }
    Ok(())
}

fn name(file: usize) -> String {
    format!("src/module_{}/file_{file}.py", file % 10)
}

fn text(file: usize, changed: bool) -> String {
    let mut text = String::new();
    for line in 1..=LINES {
        let value = if changed && CHANGED.contains(&line) {
            "changed"
        } else {
            "original"
        };
        // Writing to a string can't fail.
        let _ = writeln!(text, "value_{file}_{line} = compute({line}, \"{value}\")");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{CHANGED, FILES, text};

    #[test]
    fn the_patch_has_a_thousand_hunks() {
        let changed = text(0, true).matches("changed").count();
        assert_eq!(changed * FILES, 1000);
        assert_eq!(text(0, false).matches("changed").count(), 0);
        assert!(CHANGED.windows(2).all(|pair| pair[1] - pair[0] > 6));
    }
}
