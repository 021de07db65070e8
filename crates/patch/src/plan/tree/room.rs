//! Whether there is room for a new file at a path.

use atelier_base::WorkspacePath;

use super::{Slot, Tree};
use crate::error::{ErrorCode, PatchError};
use crate::source::Entry;

impl Tree<'_> {
    /// Checks that a file can be made at a path, and reserves its name.
    pub(super) fn vacant(&mut self, path: &WorkspacePath) -> Result<(), PatchError> {
        if self.slot(path)?.now.is_some() {
            return Err(PatchError::new(
                ErrorCode::FileExists,
                "the file exists already, and nothing is overwritten",
            ));
        }
        let mut folder = path.parent();
        while let Some(path) = folder {
            self.folder(&path)?;
            folder = path.parent();
        }
        let holds = |(other, slot): (&WorkspacePath, &Slot)| {
            slot.now.is_some() && other != path && other.is_within(path)
        };
        if self.slots.iter().any(holds) {
            return Err(not_a_file(path, "a folder"));
        }
        self.reserve(path)
    }

    /// Checks that a path is a folder or nothing.
    fn folder(&mut self, path: &WorkspacePath) -> Result<(), PatchError> {
        let entry = match self.slots.get(path) {
            Some(slot) if slot.now.is_some() => return Err(not_a_file(path, "a file")),
            Some(_) => return Ok(()),
            None => self.read(path)?,
        };
        match entry {
            Entry::Missing | Entry::Directory => Ok(()),
            Entry::File { .. } | Entry::TooLarge => Err(not_a_file(path, "a file")),
            Entry::Other(what) => Err(not_a_file(path, what)),
        }
    }

    /// Refuses a created path that differs from another only in case, in any
    /// of its names: some file systems have one file for both.
    fn reserve(&mut self, path: &WorkspacePath) -> Result<(), PatchError> {
        let mut part = Some(path.clone());
        while let Some(path) = part {
            let known = self.created.entry(path.as_str().to_lowercase());
            let known = known.or_insert_with(|| path.clone());
            if *known != path {
                let detail = format!("the patch also creates `{known}`");
                return Err(PatchError::new(ErrorCode::CaseCollision, detail).in_file(&path));
            }
            part = path.parent();
        }
        Ok(())
    }
}

/// Makes the error for a path that is something else than a file.
pub(super) fn not_a_file(path: &WorkspacePath, what: &str) -> PatchError {
    let detail = format!("`{path}` is {what}");
    PatchError::new(ErrorCode::NotAFile, detail).in_file(path)
}

/// Makes the error for a file that is larger than text may be.
pub(super) fn too_large(path: &WorkspacePath) -> PatchError {
    let detail = "the file is larger than text may be, 8 MiB";
    PatchError::new(ErrorCode::TooLarge, detail).in_file(path)
}
