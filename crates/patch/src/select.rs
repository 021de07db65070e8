//! The result of accepting some of a file's hunks.

use atelier_base::WorkspacePath;

use crate::diff::{HunkKind, splice};
use crate::plan::{Change, PlannedFile};

/// What a file becomes when some of its hunks are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    /// Where the file is then.
    pub path: WorkspacePath,
    /// Where it was, when it moves.
    pub from: Option<WorkspacePath>,
    /// Its content then; `None` when there is no file at the path.
    pub bytes: Option<Vec<u8>>,
    /// Whether it may be executed then.
    pub executable: bool,
    /// Whether nothing is to be done.
    pub unchanged: bool,
}

/// Returns the result of accepting the hunks of `file` whose flag is set.
///
/// Hunks of text take their lines, the hunk of a rename decides the path, that
/// of a mode whether the file may be executed, and a file is created, copied
/// or deleted by its own hunk. A missing flag is a no.
pub fn select(file: &PlannedFile, accepted: &[bool]) -> Selected {
    let accepts = |kind| {
        let flags = accepted.iter().copied().chain(std::iter::repeat(false));
        let mut pairs = file.hunks.iter().zip(flags);
        pairs.any(|(hunk, flag)| hunk.kind == kind && flag)
    };
    let before = file.before.as_deref().unwrap_or_default();
    let after = file.after.as_deref().unwrap_or_default();
    let text = || splice(before, after, &file.hunks, accepted);
    let (path, from, bytes) = match &file.change {
        Change::Create if accepts(HunkKind::Create) => (&file.path, None, file.after.clone()),
        Change::Delete if accepts(HunkKind::Delete) => (&file.path, None, None),
        Change::Create | Change::Delete => (&file.path, None, file.before.clone()),
        Change::Modify => (&file.path, None, Some(text())),
        Change::Rename { from } if accepts(HunkKind::Rename) => {
            (&file.path, Some(from.clone()), Some(text()))
        }
        Change::Rename { from } => (from, None, Some(text())),
        Change::Copy { .. } if accepts(HunkKind::Copy) => (&file.path, None, Some(text())),
        Change::Copy { .. } => (&file.path, None, None),
    };
    let makes = matches!(file.change, Change::Create) || accepts(HunkKind::Mode);
    let executable = if makes {
        file.executable
    } else {
        file.executable_before
    };
    let is_same_mode = executable == file.executable_before;
    let unchanged = match (&file.change, &bytes) {
        (Change::Copy { .. }, None) => true,
        (Change::Copy { .. }, Some(_)) => false,
        (_, Some(_)) => from.is_none() && bytes == file.before && is_same_mode,
        (_, None) => file.before.is_none(),
    };
    Selected {
        unchanged,
        path: path.clone(),
        from,
        bytes,
        executable,
    }
}
