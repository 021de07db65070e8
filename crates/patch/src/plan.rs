//! From a patch and a tree to the new bytes of every file, all or nothing.

use atelier_base::WorkspacePath;

use crate::diff::Hunk;
use crate::edit::Patch;
use crate::error::PatchError;
use crate::source::Source;

mod finish;
mod tree;

/// What a patch would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The files it changes, in the order the patch first names them. A path
    /// occurs once, and no file is there that stays as it is.
    pub files: Vec<PlannedFile>,
}

/// What a patch would do to one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedFile {
    /// Where the file is afterwards, or was when it is deleted.
    pub path: WorkspacePath,
    /// What happens to it.
    pub change: Change,
    /// Its content before; `None` when it is created.
    pub before: Option<Vec<u8>>,
    /// Its content afterwards; `None` when it is deleted.
    pub after: Option<Vec<u8>>,
    /// Whether it may be executed.
    pub executable: bool,
    /// Whether its content is not text.
    pub binary: bool,
    /// What can be accepted or rejected, in order: a rename's own hunk first.
    pub hunks: Vec<Hunk>,
}

impl PlannedFile {
    /// Plans a change whose contents are known; its hunks are those of
    /// [`crate::diff`] between them.
    pub fn of(
        path: WorkspacePath,
        change: Change,
        before: Option<Vec<u8>>,
        after: Option<Vec<u8>>,
        executable: bool,
    ) -> Self {
        let mut file = Self {
            path,
            change,
            before,
            after,
            executable,
            binary: false,
            hunks: Vec::new(),
        };
        finish::describe(&mut file, None);
        file
    }
}

/// What happens to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is made.
    Create,
    /// Its content changes.
    Modify,
    /// It is removed.
    Delete,
    /// It moves, and its content may change too.
    Rename {
        /// Where it was.
        from: WorkspacePath,
    },
}

/// Finds every hunk's place and computes every file's new content.
///
/// Each file is read once. Later edits of a file see the earlier ones. The
/// hunks of a file are those of [`crate::diff`] between its content before
/// and after; each carries the least sure label of the patch's hunks in it.
///
/// # Errors
/// The first edit that can't be done as written; then nothing is planned.
pub fn plan(patch: &Patch, source: &dyn Source) -> Result<Plan, PatchError> {
    let mut tree = tree::Tree::new(source, patch.strict);
    for edit in &patch.edits {
        tree.edit(edit)?;
    }
    tree.finish()
}
