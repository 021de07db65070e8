//! What a patch asks for, in the one form that all formats are read into.

use std::fmt;
use std::str::FromStr;

use atelier_base::WorkspacePath;

use crate::binary::BinaryChange;
use crate::line::Ending;

/// A format in which edits are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Whichever of the others the text is in, within prose or without.
    #[default]
    Auto,
    /// `*** Begin Patch` … `*** End Patch`, as Codex reads it.
    ApplyPatch,
    /// `<<<<<<< SEARCH` … `=======` … `>>>>>>> REPLACE`, as aider reads it.
    SearchReplace,
    /// A unified diff, of git or of `diff -u`.
    Unified,
    /// JSON: `[{"path", "old", "new"}]`.
    Edits,
    /// Whole files: fenced blocks headed by a file name, or one file's text.
    Whole,
}

impl Format {
    /// Every format, in the order the help lists them.
    pub const ALL: [Self; 6] = [
        Self::Auto,
        Self::ApplyPatch,
        Self::SearchReplace,
        Self::Unified,
        Self::Edits,
        Self::Whole,
    ];

    /// Returns the stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::ApplyPatch => "apply_patch",
            Self::SearchReplace => "search_replace",
            Self::Unified => "unified",
            Self::Edits => "edits",
            Self::Whole => "whole",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the format is one of auto, apply_patch, search_replace, unified, edits, whole")]
pub struct UnknownFormat;

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        let known = Self::ALL.into_iter().find(|format| format.as_str() == text);
        known.ok_or(UnknownFormat)
    }
}

/// How to read a patch.
#[derive(Clone, Debug, Default)]
pub struct ParseOptions {
    /// The format, or `Auto`.
    pub format: Format,
    /// Whether to refuse what the format's grammar doesn't have, and every
    /// match that is not exact.
    pub strict: bool,
    /// The file that a block without a name means: the one that is open.
    pub sole_path: Option<WorkspacePath>,
}

/// A patch that was read, not yet matched with any file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// The format it was in; of a mixture, the format of the first edit.
    pub format: Format,
    /// Why that format was chosen, for a person.
    pub reason: String,
    /// Whether only exact matches are taken.
    pub strict: bool,
    /// What to do, in order. Later edits of a file see the earlier ones.
    pub edits: Vec<FileEdit>,
}

/// One operation on one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileEdit {
    /// Makes a file that must not exist.
    Create {
        /// Where.
        path: WorkspacePath,
        /// Its whole text.
        text: String,
    },
    /// Changes parts of a file, and perhaps its path.
    Update {
        /// The file.
        path: WorkspacePath,
        /// The path it gets, where nothing may be yet.
        move_to: Option<WorkspacePath>,
        /// The changes, in the order they are written.
        hunks: Vec<EditHunk>,
    },
    /// Removes a file.
    Delete {
        /// The file.
        path: WorkspacePath,
        /// The text it must have, line endings aside, where the patch says so.
        expected: Option<String>,
    },
    /// Makes a file of another one as that was before the patch.
    Copy {
        /// The other file, which stays.
        path: WorkspacePath,
        /// The new file, where nothing may be yet.
        to: WorkspacePath,
    },
    /// Gives a file that is not text a new content, makes or removes it.
    Binary {
        /// The file.
        path: WorkspacePath,
        /// The content, checked by its hashes.
        change: Box<BinaryChange>,
    },
    /// Says whether a file may be executed.
    Mode {
        /// The file.
        path: WorkspacePath,
        /// Whether it may be executed afterwards.
        executable: bool,
    },
    /// Gives a file, existing or not, a whole new text.
    Replace {
        /// The file.
        path: WorkspacePath,
        /// Its whole text.
        text: String,
    },
}

impl FileEdit {
    /// Returns the path the edit begins with.
    pub const fn path(&self) -> &WorkspacePath {
        match self {
            Self::Create { path, .. }
            | Self::Update { path, .. }
            | Self::Delete { path, .. }
            | Self::Copy { path, .. }
            | Self::Mode { path, .. }
            | Self::Binary { path, .. }
            | Self::Replace { path, .. } => path,
        }
    }

    /// Returns every path the edit reads or writes.
    pub fn paths(&self) -> impl Iterator<Item = &WorkspacePath> {
        let other = match self {
            Self::Update { move_to, .. } => move_to.as_ref(),
            Self::Copy { to, .. } => Some(to),
            _ => None,
        };
        std::iter::once(self.path()).chain(other)
    }
}

/// One change within a file, as its author wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditHunk {
    /// Where to look.
    pub anchor: Anchor,
    /// What to change.
    pub body: EditBody,
    /// The line of the patch it begins at, from 1; 0 when there is none to
    /// name.
    pub patch_line: u32,
}

/// What a hunk says, besides its text, of where it belongs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anchor {
    /// Lines that stand above it, outermost first: `@@ class A`, `@@ def f`.
    pub scopes: Vec<String>,
    /// The line of the file it was written for, from 0: a hint, never proof.
    pub line: Option<u32>,
    /// Whether it comes after the hunk before it in the file.
    pub ordered: bool,
    /// Whether it ends at the end of the file.
    pub at_end: bool,
    /// Whether the file ends with a newline afterwards, where the patch says.
    pub final_newline: Option<bool>,
}

/// What a hunk changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditBody {
    /// Whole lines: kept, removed and added ones.
    Lines(Vec<EditLine>),
    /// Any text, which may begin and end within a line, and its replacement.
    Text {
        /// The text to find, once. Never empty.
        old: String,
        /// What comes in its place.
        new: String,
    },
    /// Any text and its replacement, wherever it occurs, at least once.
    Every {
        /// The text to find. Never empty.
        old: String,
        /// What comes in its places.
        new: String,
    },
    /// The whole text of a file that doesn't exist or is empty.
    Fill(String),
}

/// One line of a hunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditLine {
    /// What happens to it.
    pub op: LineOp,
    /// The line without its ending.
    pub text: String,
    /// The ending of an added line, where the patch says it.
    pub ending: Option<Ending>,
}

/// What happens to a line of a hunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineOp {
    /// It stays.
    Keep,
    /// It goes.
    Remove,
    /// It comes.
    Add,
}

impl EditLine {
    /// Makes a line whose ending the patch doesn't say.
    pub fn new(op: LineOp, text: impl Into<String>) -> Self {
        Self {
            op,
            text: text.into(),
            ending: None,
        }
    }
}
