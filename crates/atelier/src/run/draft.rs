//! `atelier run --draft`: what the command changed, instead of changing it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use atelier_base::limit;
use atelier_sandbox::draft::{self, Draft};
use atelier_sandbox::files::{EntryKind, Found, Root};

/// Where the state of a transaction on a folder lies.
const STATE: &str = ".atelier";

/// A draft over a folder, gone when dropped.
pub(super) struct RunDraft {
    directory: PathBuf,
    folder: Root,
    draft: Draft,
}

impl RunDraft {
    /// Makes a draft over `folder`, beside the machine's temporary files.
    pub(super) fn over(folder: &Path) -> Result<Self> {
        let mut name = [0; 8];
        getrandom::fill(&mut name).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
        let name = format!("atelier-draft-{:016x}", u64::from_ne_bytes(name));
        let directory = std::env::temp_dir().join(name);
        // It must be on the folder's file system, and is used for writing only.
        let state = folder.join(STATE);
        let was_there = state.exists();
        let opened = Root::open(folder, &state)
            .context("could not open the current directory")
            .and_then(|root| {
                let draft = Draft::create(&directory, &root, &[]);
                Ok((root, draft.context("could not make a draft")?))
            });
        if !was_there {
            let _ = std::fs::remove_dir(&state);
        }
        let (folder, draft) = opened?;
        Ok(Self {
            directory,
            folder,
            draft,
        })
    }

    /// Returns where a cell finds it.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns a line for each change: a letter (added, modified, deleted) and
    /// the path.
    pub(super) fn changes(&self) -> Result<Vec<String>> {
        let layer = self.draft.layer(&self.folder, limit::IMPORT_FILES)?;
        let mut lines: Vec<(String, char)> = Vec::new();
        for path in &layer.hidden {
            if !layer.found.iter().any(|found| found.path == *path) {
                lines.push((path.to_string(), 'D'));
            }
        }
        for found in &layer.found {
            if let Some(letter) = self.letter(found)? {
                lines.push((found.path.to_string(), letter));
            }
        }
        lines.sort();
        let lines = lines.into_iter();
        Ok(lines
            .map(|(path, letter)| format!("{letter} {path}"))
            .collect())
    }

    /// A folder is told only when it is new; a file that was only touched is
    /// not a change.
    fn letter(&self, found: &Found) -> Result<Option<char>> {
        let before = self.folder.stat(&found.path)?;
        let Some(before) = before else {
            return Ok(Some('A'));
        };
        if before.kind != found.kind {
            return Ok(Some('M'));
        }
        let same = match found.kind {
            EntryKind::File => {
                let most = u64::MAX;
                before.executable == found.executable
                    && before.size == found.size
                    && self.folder.hash(&found.path, most)? == self.draft.hash(&found.path, most)?
            }
            EntryKind::Directory => true,
            _ => false,
        };
        Ok((!same).then_some('M'))
    }
}

impl Drop for RunDraft {
    fn drop(&mut self) {
        let _ = draft::remove(&self.directory);
    }
}
