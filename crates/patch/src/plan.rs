//! From a patch and a tree to the new bytes of every file, all or nothing.

use std::collections::HashMap;

use atelier_base::WorkspacePath;

use crate::diff::Hunk;
use crate::edit::{Format, Patch};
use crate::encoding::Encoding;
use crate::error::PatchError;
use crate::source::Source;

mod content;
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
    /// Its content before, or that of the file it is copied from; `None` when
    /// it is created.
    pub before: Option<Vec<u8>>,
    /// Its content afterwards; `None` when it is deleted.
    pub after: Option<Vec<u8>>,
    /// Whether it may be executed afterwards, or could before it was deleted.
    pub executable: bool,
    /// Whether it, or the file it is copied from, could be executed before. A
    /// change of this alone is a `Modify` with equal bytes.
    pub executable_before: bool,
    /// Whether its content is not text.
    pub binary: bool,
    /// How its bytes stand for text; of a binary file, nothing.
    pub encoding: Encoding,
    /// What can be accepted or rejected, in order: the hunk of a rename or a
    /// copy first, then that of a mode.
    pub hunks: Vec<Hunk>,
}

impl PlannedFile {
    /// Plans a change whose contents are known; its hunks are those of
    /// [`crate::diff`] between them. Whether the file may be executed does not
    /// change, unless [`Self::with_executable_before`] says so.
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
            executable_before: executable,
            binary: false,
            encoding: Encoding::default(),
            hunks: Vec::new(),
        };
        finish::describe(&mut file, None);
        file
    }

    /// Says whether the file could be executed before.
    #[must_use]
    pub fn with_executable_before(mut self, executable: bool) -> Self {
        self.executable_before = executable;
        self.hunks.clear();
        finish::describe(&mut self, None);
        self
    }

    /// Returns the path whose content is `before`.
    pub const fn home(&self) -> &WorkspacePath {
        match &self.change {
            Change::Rename { from } | Change::Copy { from } => from,
            Change::Create | Change::Modify | Change::Delete => &self.path,
        }
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
    /// It is made of another file, which stays; its content may differ.
    Copy {
        /// The other file.
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
    if patch.format == Format::Unified {
        tree.expect_renames(&patch.edits);
    }
    let mut last = HashMap::new();
    for (at, edit) in patch.edits.iter().enumerate() {
        last.extend(edit.paths().map(|path| (path, at)));
    }
    for (at, edit) in patch.edits.iter().enumerate() {
        tree.edit(edit)?;
        let done = edit.paths().filter(|path| last.get(path) == Some(&at));
        done.for_each(|path| tree.close(path));
    }
    tree.finish()
}
