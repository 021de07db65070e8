//! The contract of the front end: the OpenAPI document that the code makes,
//! and the TypeScript types that are made from the document.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::{process, project, web};

/// Writes both files.
///
/// # Errors
/// The document can't be made, the generator fails, or a file can't be written.
pub(crate) fn write() -> Result<()> {
    let document = document_path();
    fs::write(&document, document_from_code()?)
        .with_context(|| format!("could not write {}", document.display()))?;
    make_types()
}

/// Fails when a written file is not what [`write`] would write. Leaves both
/// files as they were.
///
/// # Errors
/// A file is stale, or what [`write`] fails with.
pub(crate) fn check() -> Result<()> {
    if read(&document_path())? != document_from_code()? {
        bail!("crates/api/openapi.json is stale; run: cargo xtask openapi");
    }
    let types = types_path();
    let written = read(&types)?;
    make_types()?;
    if read(&types)? == written {
        return Ok(());
    }
    fs::write(&types, written)
        .with_context(|| format!("could not put {} back", types.display()))?;
    bail!("web/src/api/schema.ts is stale; run: cargo xtask openapi")
}

fn document_path() -> PathBuf {
    project::top().join("crates/api/openapi.json")
}

fn types_path() -> PathBuf {
    project::web().join("src/api/schema.ts")
}

fn document_from_code() -> Result<String> {
    let args = [
        "run",
        "--quiet",
        "--package",
        "atelier-api",
        "--bin",
        "openapi",
    ];
    process::output(&mut process::cargo(args))
}

/// The generator lives in a package of its own: it needs an older TypeScript
/// than the front end is written in.
fn make_types() -> Result<()> {
    let tools = project::web().join("tools");
    web::install(&tools)?;
    process::run(&mut process::npm(&tools, ["run", "--silent", "gen:api"]))
}

fn read(path: &std::path::Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))
}
