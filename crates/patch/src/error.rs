//! The ways a patch is refused, told so that its author can do better.

mod show;

use atelier_base::{ContentHash, ErrorKind, PathError, WorkspacePath};

/// Why a patch was refused. Nothing of a refused patch is applied.
///
/// `Display` is the whole explanation for a person or a model: at most 40
/// lines, invisible characters named. The fields are the same for a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchError {
    /// What kind of failure it is.
    pub kind: ErrorCode,
    /// The file, when one is known.
    pub path: Option<WorkspacePath>,
    /// Which hunk of that file, from 1, counted through the whole patch.
    pub hunk: Option<u32>,
    /// Which line of the patch, from 1.
    pub patch_line: Option<u32>,
    /// What happened, in one sentence.
    pub detail: String,
    /// What the file says instead, when a hunk found no place or too many.
    pub evidence: Option<Box<Evidence>>,
}

/// What a file says where a hunk should have matched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The first line where the most similar place differs from the hunk.
    pub divergence: Option<Divergence>,
    /// Up to three lines of the file, from 1, where the hunk could begin.
    pub candidates: Vec<u32>,
    /// The lines of the file worth reading again, from 1, both included.
    pub reread: Option<(u32, u32)>,
    /// The hash of the file's current content.
    pub file_hash: Option<ContentHash>,
}

/// A line that the hunk expected and the file doesn't have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The line of the file, from 1.
    pub line: u32,
    /// The line as the hunk has it.
    pub expected: String,
    /// The line as the file has it; `None` past the end of the file.
    pub found: Option<String>,
}

/// The kinds of failure. The text of each is stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// The patch, a file or a result is larger than allowed.
    TooLarge,
    /// Matching would take too much work.
    TooComplex,
    /// The text has no edits in it.
    NoEdits,
    /// The patch breaks its format's grammar.
    Syntax,
    /// A block names no file.
    MissingPath,
    /// A path leads out of the workspace or breaks another rule.
    InvalidPath,
    /// The patch asks for something that isn't done here.
    Unsupported,
    /// Text is to be patched into a file that is not text, or the reverse.
    Binary,
    /// The file is not UTF-8.
    Encoding,
    /// The file to change doesn't exist.
    FileMissing,
    /// The file to create, or to move to, exists.
    FileExists,
    /// The path is a folder, a link or a device, or lies below a file.
    NotAFile,
    /// The file could not be read.
    Unreadable,
    /// The hunk's old text is not in the file.
    ContextNotFound,
    /// The hunk's old text is in the file several times.
    Ambiguous,
    /// The `@@` line is not in the file.
    ScopeNotFound,
    /// The file already has the hunk's new text.
    AlreadyApplied,
    /// The patch changes nothing.
    NoChange,
    /// The file to delete has other content than the patch says.
    ContentChanged,
    /// Two created paths differ only in case.
    CaseCollision,
    /// A whole file has a placeholder in it where its text should be.
    Elided,
}

impl ErrorCode {
    /// Returns the stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::TooComplex => "too_complex",
            Self::NoEdits => "no_edits",
            Self::Syntax => "syntax",
            Self::MissingPath => "missing_path",
            Self::InvalidPath => "invalid_path",
            Self::Unsupported => "unsupported",
            Self::Binary => "binary",
            Self::Encoding => "encoding",
            Self::FileMissing => "file_missing",
            Self::FileExists => "file_exists",
            Self::NotAFile => "not_a_file",
            Self::Unreadable => "unreadable",
            Self::ContextNotFound => "context_not_found",
            Self::Ambiguous => "ambiguous",
            Self::ScopeNotFound => "scope_not_found",
            Self::AlreadyApplied => "already_applied",
            Self::NoChange => "no_change",
            Self::ContentChanged => "content_changed",
            Self::CaseCollision => "case_collision",
            Self::Elided => "elided",
        }
    }

    /// Returns what the author of the patch can do about it.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::TooLarge => "Split the change into smaller patches.",
            Self::TooComplex => "Give longer, more distinctive context, or fewer hunks.",
            Self::NoEdits => {
                "Write the edits as SEARCH/REPLACE blocks, an apply_patch envelope, a unified \
                 diff, or JSON [{\"path\",\"old\",\"new\"}]."
            }
            Self::Syntax => "Correct the named line of the patch and send the whole patch again.",
            Self::MissingPath => "Write the file's path on the line above the block.",
            Self::InvalidPath => "Use a path relative to the workspace, with `/` between names.",
            Self::Unsupported => "Express the change in another way.",
            Self::Binary => "Replace the file as a whole by uploading it.",
            Self::Encoding => "Convert the file to UTF-8 first.",
            Self::FileMissing => "Check the path, or create the file instead of changing it.",
            Self::FileExists => "Change the existing file instead, or delete it first.",
            Self::NotAFile => "Name a regular file.",
            Self::Unreadable => "Try again; if it stays so, check the file's permissions.",
            Self::ContextNotFound => {
                "Read the named lines again and copy the old text exactly as it is in the file now."
            }
            Self::Ambiguous => {
                "Add unchanged lines before or after, until the old text occurs only once."
            }
            Self::ScopeNotFound => {
                "Copy the line after `@@` exactly from the file, or leave it out."
            }
            Self::AlreadyApplied => "Leave this hunk out; the file has the new text.",
            Self::NoChange => "There is nothing to do.",
            Self::ContentChanged => "Read the file again before deleting it.",
            Self::CaseCollision => "Give the files names that differ in more than case.",
            Self::Elided => "Write out the whole file, or change only parts of it with an edit.",
        }
    }
}

impl PatchError {
    /// Makes an error that names neither file nor line yet.
    pub(crate) fn new(kind: ErrorCode, detail: impl Into<String>) -> Self {
        Self {
            kind,
            path: None,
            hunk: None,
            patch_line: None,
            detail: detail.into(),
            evidence: None,
        }
    }

    /// Makes the error for a path that breaks a rule.
    pub(crate) fn bad_path(rule: &PathError) -> Self {
        Self::new(ErrorCode::InvalidPath, rule.to_string())
    }

    /// Names the file.
    pub(crate) fn in_file(mut self, path: &WorkspacePath) -> Self {
        self.path = Some(path.clone());
        self
    }

    /// Names the line of the patch; 0 names none.
    pub(crate) fn at_line(mut self, number: u32) -> Self {
        self.patch_line = Some(number).filter(|&number| number > 0);
        self
    }

    /// Returns the stable name of the kind of failure.
    pub const fn code(&self) -> &'static str {
        self.kind.as_str()
    }

    /// Returns what the author of the patch can do about it.
    pub const fn hint(&self) -> &'static str {
        self.kind.hint()
    }

    /// Returns the kind that an HTTP or exit status follows from.
    pub const fn error_kind(&self) -> ErrorKind {
        match self.kind {
            ErrorCode::TooLarge => ErrorKind::TooLarge,
            ErrorCode::Unreadable => ErrorKind::Unavailable,
            _ => ErrorKind::Invalid,
        }
    }
}

impl std::error::Error for PatchError {}
