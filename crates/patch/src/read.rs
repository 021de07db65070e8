//! Reading a patch: which format it is in, and what it asks for.

pub(crate) mod apply_patch;
mod auto;
pub(crate) mod edits;
pub(crate) mod fence;
pub(crate) mod name;
pub(crate) mod passage;
pub(crate) mod search_replace;
pub(crate) mod tagged;
pub(crate) mod unified;
pub(crate) mod unnamed;
mod whole;

use atelier_base::{WorkspacePath, limit};

use crate::edit::{EditBody, EditHunk, FileEdit, Format, ParseOptions, Patch};
use crate::error::{ErrorCode, PatchError};
use crate::line::{Ending, count, count_lines, text_lines};

/// Reads a patch.
///
/// At most `limit::PATCH_BYTES` bytes, `PATCH_FILES` files and `PATCH_HUNKS`
/// hunks are read. With [`Format::Auto`] the edits are found wherever they
/// stand in the text, and the patch says in `reason` what was found.
///
/// # Errors
/// Why the text is not a patch, with the line.
pub fn parse(text: &str, options: &ParseOptions) -> Result<Patch, PatchError> {
    if text.len() > limit::PATCH_BYTES {
        let detail = format!("the patch has {} bytes; at most 4 MiB are read", text.len());
        return Err(PatchError::new(ErrorCode::TooLarge, detail));
    }
    // Only a whole file's text can have a byte order mark of its own.
    let mark = Some('\u{feff}').filter(|_| options.format != Format::Whole);
    let text = mark
        .and_then(|mark| text.strip_prefix(mark))
        .unwrap_or(text);
    let inner = (!options.strict && !matches!(options.format, Format::Edits | Format::Whole))
        .then(|| edits::wrapped(text));
    let inner = inner.flatten();
    let text = inner.as_deref().unwrap_or(text);
    let script = Script::new(text, options);
    let (format, mut reason, edits) = match options.format {
        Format::Auto => auto::read(&script)?,
        format => (
            format,
            format!("the format was given as {format}"),
            script.read(format)?,
        ),
    };
    if inner.is_some() {
        reason.push_str(", within a tool's call in JSON");
    }
    let edits = join(edits);
    check_limits(&edits)?;
    if edits.is_empty() {
        let detail = format!("there are no edits in the text ({reason})");
        return Err(PatchError::new(ErrorCode::NoEdits, detail));
    }
    let strict = options.strict;
    Ok(Patch {
        format,
        reason,
        strict,
        edits,
    })
}

/// A patch's text by lines.
struct Script<'a> {
    text: &'a str,
    lines: Vec<ScriptLine<'a>>,
    strict: bool,
    sole_path: Option<&'a WorkspacePath>,
    /// Whether every line ends with `\r\n`: then that is how the text came
    /// here and says nothing of the files.
    is_crlf: bool,
}

/// One line of a patch.
#[derive(Clone, Copy, Debug)]
struct ScriptLine<'a> {
    /// The line without its ending.
    text: &'a str,
    ending: Ending,
    /// From 1.
    number: u32,
}

impl<'a> Script<'a> {
    fn new(text: &'a str, options: &'a ParseOptions) -> Self {
        let mut lines: Vec<ScriptLine<'a>> = Vec::with_capacity(count_lines(text));
        let numbered = text_lines(text).zip(1..);
        lines.extend(numbered.map(|((text, ending), number)| ScriptLine {
            text,
            ending,
            number,
        }));
        let mut ended = lines.iter().filter(|line| line.ending != Ending::None);
        Self {
            text,
            is_crlf: ended.all(|line| line.ending == Ending::CrLf),
            lines,
            strict: options.strict,
            sole_path: options.sole_path.as_ref(),
        }
    }

    fn read(&self, format: Format) -> Result<Vec<FileEdit>, PatchError> {
        match format {
            Format::Auto => auto::read(self).map(|(_, _, edits)| edits),
            Format::ApplyPatch => apply_patch::read(self),
            Format::SearchReplace => search_replace::read(self),
            Format::Unified => unified::read(self),
            Format::Edits => edits::read(self),
            Format::Whole => whole::read(self),
        }
    }

    /// Returns the line at an index.
    fn get(&self, at: usize) -> Option<ScriptLine<'a>> {
        self.lines.get(at).copied()
    }

    /// Returns the text of the line at an index; empty past the end.
    fn text_at(&self, at: usize) -> &'a str {
        self.lines.get(at).map_or("", |line| line.text)
    }

    /// Reads a path that stands in the line at `at`.
    fn path(&self, text: &str, at: usize) -> Result<WorkspacePath, PatchError> {
        let mut text = text.trim();
        while let Some(rest) = text.strip_prefix("./").filter(|_| !self.strict) {
            text = rest.trim_start();
        }
        WorkspacePath::new(text).map_err(|rule| PatchError::bad_path(&rule).at_line(number(at)))
    }

    /// Joins lines to a file's text; each line has its own ending, but `\n`
    /// where the endings say nothing, also at the end.
    fn join(&self, lines: &[(&str, Ending)]) -> String {
        let mut text = String::new();
        for (line, ending) in lines {
            text.push_str(line);
            text.push_str(match ending {
                Ending::CrLf if !self.is_crlf => "\r\n",
                _ => "\n",
            });
        }
        text
    }
}

/// Returns the number of the line at an index.
fn number(at: usize) -> u32 {
    count(at) + 1
}

/// Makes the error for a line that breaks the grammar.
fn wrong(at: usize, detail: impl Into<String>) -> PatchError {
    PatchError::new(ErrorCode::Syntax, detail).at_line(number(at))
}

/// Joins updates of the same file that follow each other.
fn join(edits: Vec<FileEdit>) -> Vec<FileEdit> {
    let mut joined: Vec<FileEdit> = Vec::with_capacity(edits.len());
    for edit in edits {
        match (joined.last_mut(), edit) {
            (
                Some(FileEdit::Update {
                    path,
                    move_to: None,
                    hunks,
                }),
                FileEdit::Update {
                    path: next,
                    move_to: None,
                    hunks: more,
                },
            ) if *path == next && joins(hunks, &more) => hunks.extend(more),
            (_, edit) => joined.push(edit),
        }
    }
    joined
}

/// Returns whether hunks may follow hunks in one update: not those that come
/// in the order of the file, because a second part starts over.
fn joins(hunks: &[EditHunk], more: &[EditHunk]) -> bool {
    let free = |hunk: &EditHunk| !hunk.anchor.ordered && !matches!(hunk.body, EditBody::Fill(_));
    hunks.iter().all(free) && more.iter().all(free)
}

/// Returns the path that tells an edit's file from others: a copy's is new.
const fn written(edit: &FileEdit) -> &WorkspacePath {
    match edit {
        FileEdit::Copy { to, .. } => to,
        other => other.path(),
    }
}

fn check_limits(edits: &[FileEdit]) -> Result<(), PatchError> {
    let too_many = |what: &str, limit: usize| {
        let detail = format!("the patch has more than {limit} {what}");
        Err(PatchError::new(ErrorCode::TooLarge, detail))
    };
    let mut paths: Vec<&WorkspacePath> = edits.iter().map(written).collect();
    paths.sort_unstable();
    paths.dedup();
    if paths.len() > limit::PATCH_FILES {
        return too_many("files", limit::PATCH_FILES);
    }
    let hunks = edits.iter().map(|edit| match edit {
        FileEdit::Update { hunks, .. } => hunks.len(),
        _ => 1,
    });
    if hunks.sum::<usize>() > limit::PATCH_HUNKS {
        return too_many("hunks", limit::PATCH_HUNKS);
    }
    Ok(())
}
