//! Where things are in the checkout, and what lies there.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::{Context, Result};

/// The top folder of the checkout.
///
/// Cargo says at run time which checkout it was started in; what was compiled
/// in may be another one when several share a target folder.
pub(crate) fn top() -> &'static Path {
    static TOP: LazyLock<PathBuf> = LazyLock::new(|| {
        let mut folder = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        folder.pop();
        folder
    });
    &TOP
}

/// The front end's folder.
pub(crate) fn web() -> PathBuf {
    top().join("web")
}

/// All files below `folder` in a stable order, without hidden folders and
/// without folders named in `except`. A folder that doesn't exist has none.
pub(crate) fn files_below(folder: &Path, except: &[&str]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if folder.is_dir() {
        collect(folder, except, &mut found)?;
    }
    found.sort();
    Ok(found)
}

/// `path` as people write it: from the top, with forward slashes.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(top())
        .unwrap_or(path)
        .display()
        .to_string()
}

fn collect(folder: &Path, except: &[&str], found: &mut Vec<PathBuf>) -> Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("could not list {}", folder.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("could not list {}", folder.display()))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let kind = entry
            .file_type()
            .with_context(|| format!("could not look at {}", entry.path().display()))?;
        if kind.is_file() {
            found.push(entry.path());
        } else if kind.is_dir() && !name.starts_with('.') && !except.contains(&name.as_ref()) {
            collect(&entry.path(), except, found)?;
        }
    }
    Ok(())
}
