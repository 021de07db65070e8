//! Files that change their paths.

use atelier_base::WorkspacePath;

use super::Tree;
use crate::edit::{EditHunk, FileEdit};
use crate::error::PatchError;

impl Tree<'_> {
    /// Says which paths' files are renamed. A diff names every file as it was
    /// before, so a file may come where another has yet to leave.
    pub(in crate::plan) fn expect_renames(&mut self, edits: &[FileEdit]) {
        let renames = edits.iter().filter_map(|edit| match edit {
            FileEdit::Update { path, move_to, .. } => move_to.as_ref().and(Some(path)),
            _ => None,
        });
        self.leaving = renames.cloned().collect();
    }

    /// Changes a file and gives it another path, where nothing may be.
    pub(super) fn update_and_rename(
        &mut self,
        path: &WorkspacePath,
        hunks: &[EditHunk],
        to: &WorkspacePath,
    ) -> Result<(), PatchError> {
        // What came here while this file had yet to leave stays here.
        let stays = match self.lifted.remove(path) {
            Some(leaves) => self.slot(path)?.now.replace(leaves),
            None => None,
        };
        self.update(path, hunks)?;
        let content = self.slot(path)?.now.take();
        self.leaving.remove(path);
        if self.leaving.contains(to)
            && let Some(leaves) = self.slot(to)?.now.take()
        {
            self.lifted.insert(to.clone(), leaves);
        }
        self.vacant(to).map_err(|error| error.in_file(to))?;
        self.slot(to)?.now = content;
        self.slot(path)?.now = stays;
        Ok(())
    }
}
