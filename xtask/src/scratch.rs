//! A folder that is gone when its owner is.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process;

/// A new, empty, private folder under the system's temporary folder, removed
/// with all its content when the value is dropped.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// Makes a folder that belongs to whoever runs this.
    pub(crate) fn new() -> Result<Self> {
        Self::made_by(std::process::Command::new("mktemp"))
    }

    /// Makes a folder with `mktemp`, a command that starts `mktemp` without
    /// its arguments; whoever that runs as owns the folder.
    pub(crate) fn made_by(mut mktemp: std::process::Command) -> Result<Self> {
        let template = std::env::temp_dir().join("atelier-xtask-XXXXXXXX");
        let printed = process::output(mktemp.arg("-d").arg(template))
            .context("could not make a temporary folder")?;
        Ok(Self(PathBuf::from(printed.trim())))
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            println!("warning: could not remove {}: {error}", self.0.display());
        }
    }
}
