//! SEARCH/REPLACE blocks, as aider, Cline and Roo Code write them.
//!
//! A block's markers have five to nine characters, all of one length, and
//! stand at the start of their lines. Lines that look like markers of another
//! length, or are indented, are content.

use atelier_base::WorkspacePath;

use super::{Script, name, number, tagged, wrong};
use crate::apply::edit_lines;
use crate::edit::{Anchor, EditBody, EditHunk, FileEdit};
use crate::error::{ErrorCode, PatchError};
use crate::line::Ending;

/// The characters of a block's markers and their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Style {
    pub(crate) close: char,
    pub(crate) length: usize,
    /// Whether the head is that of a conflict in git, which only the tail
    /// tells from one: `<<<<<<< HEAD` … `>>>>>>> updated`.
    pub(crate) is_head: bool,
}

/// Reads every block of a text.
pub(super) fn read(script: &Script<'_>) -> Result<Vec<FileEdit>, PatchError> {
    let mut edits = Vec::new();
    let mut current = None;
    let mut at = 0;
    while at < script.lines.len() {
        if begins(script, at) {
            let (edit, next) = take(script, at, &mut current)?;
            edits.push(edit);
            at = next;
        } else if tagged::begins(script, at) {
            let (edit, next) = tagged::take(script, at, &mut current)?;
            edits.push(edit);
            at = next;
        } else {
            at += 1;
        }
    }
    Ok(edits)
}

/// Returns whether a block begins in a line.
pub(super) fn begins(script: &Script<'_>, at: usize) -> bool {
    let Some(Head { style, name, line }) = head(script.text_at(at)) else {
        return false;
    };
    let is_plain = name.is_empty() && line.is_none() && !style.is_head;
    is_plain || (!script.strict && (!style.is_head || find_tail(script, at, style).is_ok()))
}

/// Reads the block that begins in a line; returns the next line too.
/// `current` is the file that the block before was for.
pub(super) fn take<'a>(
    script: &Script<'a>,
    head: usize,
    current: &mut Option<WorkspacePath>,
) -> Result<(FileEdit, usize), PatchError> {
    let Some(Head { style, name, line }) = self::head(script.text_at(head)) else {
        return Err(wrong(head, "a block begins with `<<<<<<< SEARCH`"));
    };
    let tail = find_tail(script, head, style)?;
    let divider = find_divider(script, head, tail, style)?;
    let path = match name::alone(name) {
        Some(name) => script.path(name, head)?,
        None => path_of(script, head, current.as_ref())?,
    };
    *current = Some(path.clone());
    let (first, hint) = take_hints(script, head + 1, divider);
    let mut line = hint.or(line);
    refuse_hints(script, divider + 1, tail)?;
    let old = content(script, first, divider);
    let new = content(script, divider + 1, tail);
    let body = if old.iter().all(|(line, _)| line.trim().is_empty()) {
        EditBody::Fill(script.join(&new))
    } else {
        let bare = |lines: &[(&'a str, Ending)]| lines.iter().map(|(line, _)| *line).collect();
        let (old, new): (Vec<&str>, Vec<&str>) = (bare(&old), bare(&new));
        if !script.strict {
            line = line.or_else(|| first_number(&old)?.checked_sub(1));
        }
        EditBody::Lines(edit_lines(&old, &new))
    };
    let hunk = EditHunk {
        anchor: Anchor {
            line,
            ..Anchor::default()
        },
        body,
        patch_line: number(head),
    };
    let edit = FileEdit::Update {
        path,
        move_to: None,
        hunks: vec![hunk],
    };
    Ok((edit, tail + 1))
}

/// A block's first line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'a> {
    pub(crate) style: Style,
    /// The file's name, or nothing.
    pub(crate) name: &'a str,
    /// The line that is hinted at, from 0.
    line: Option<u32>,
}

/// Returns a block's head if a line is one: `<<<<<<< SEARCH`, perhaps with a
/// name and `line=12`, or `------- SEARCH` as Cline has it.
pub(crate) fn head(line: &str) -> Option<Head<'_>> {
    let (open, close) = match line.as_bytes().first()? {
        b'<' => ('<', '>'),
        b'-' => ('-', '+'),
        _ => return None,
    };
    let (length, word) = split_marker(line, open)?;
    let word = word.strip_suffix('>').unwrap_or(word);
    let is_head = word == " HEAD";
    let style = Style {
        close,
        length,
        is_head,
    };
    let plain = Head {
        style,
        name: "",
        line: None,
    };
    if is_head {
        return Some(plain);
    }
    let words = [" SEARCH", " ORIGINAL"];
    let rest = words.iter().find_map(|known| word.strip_prefix(known))?;
    if rest.is_empty() {
        return Some(plain);
    }
    let rest = rest.trim_start_matches(':').strip_prefix(' ')?.trim();
    let (name, hint) = match rest.rsplit_once("line=") {
        Some((name, hint)) => (
            name.trim_end(),
            Some(hint.trim_matches('"').parse::<u32>().ok()?),
        ),
        None => (rest, None),
    };
    let line = hint.and_then(|hint| hint.checked_sub(1));
    let is_hint = name.is_empty() && hint.is_some();
    (is_hint || name::alone(name).is_some()).then_some(Head {
        name,
        line,
        ..plain
    })
}

/// Returns the number of the first of lines that were copied with theirs
/// (`12 | text`). Finding the lines takes them off, unless the file has them.
fn first_number(old: &[&str]) -> Option<u32> {
    let number = |line: &str| line.split_once('|')?.0.trim().parse::<u32>().ok();
    let first = number(old.first()?)?;
    let mut numbered = old.iter().zip(first..);
    numbered
        .all(|(line, expected)| number(line) == Some(expected))
        .then_some(first)
}

/// Splits a line into a marker's length and what follows it.
pub(crate) fn split_marker(line: &str, c: char) -> Option<(usize, &str)> {
    let line = line.trim_end();
    let rest = line.trim_start_matches(c);
    let length = line.len() - rest.len();
    (5..=9).contains(&length).then_some((length, rest))
}

/// Finds a block's last line: of the head's length, or else of any.
fn find_tail(script: &Script<'_>, head: usize, style: Style) -> Result<usize, PatchError> {
    let length_at = |at| {
        let (length, word) = split_marker(script.text_at(at), style.close)?;
        matches!(word, " REPLACE" | " UPDATED" | " updated").then_some(length)
    };
    let next_head = (head + 1..script.lines.len())
        .find(|&at| self::head(script.text_at(at)).is_some_and(|other| other.style == style))
        .unwrap_or(script.lines.len());
    let mut inside = head + 1..next_head;
    let same = inside
        .clone()
        .find(|&at| length_at(at) == Some(style.length));
    let any = || inside.find(|&at| !script.strict && length_at(at).is_some());
    same.or_else(any).ok_or_else(|| {
        let tail = String::from(style.close).repeat(style.length);
        wrong(head, format!("the block has no last line `{tail} REPLACE`"))
    })
}

/// Finds the one line between a block's old and new text.
fn find_divider(
    script: &Script<'_>,
    head: usize,
    tail: usize,
    style: Style,
) -> Result<usize, PatchError> {
    let lines_of = |fits: &dyn Fn(usize) -> bool| -> Vec<usize> {
        let is_divider = |at: &usize| {
            let marker = split_marker(script.text_at(*at), '=');
            marker.is_some_and(|(length, rest)| rest.is_empty() && fits(length))
        };
        (head + 1..tail).filter(is_divider).collect()
    };
    let mut dividers = lines_of(&|length| length == style.length);
    if dividers.is_empty() && !script.strict {
        dividers = lines_of(&|_| true);
    }
    match dividers[..] {
        [divider] => Ok(divider),
        [] => {
            let divider = "=".repeat(style.length);
            Err(wrong(
                head,
                format!("the block has no line `{divider}` between its texts"),
            ))
        }
        [first, second, ..] => Err(wrong(
            head,
            format!(
                "lines {} and {} could both divide the block; write its three markers with \
                 another number of characters than the content has, five to nine",
                number(first),
                number(second)
            ),
        )),
    }
}

/// Returns the file a block is for: named above it, or that of the block
/// before, or the only one there is.
pub(super) fn path_of(
    script: &Script<'_>,
    head: usize,
    current: Option<&WorkspacePath>,
) -> Result<WorkspacePath, PatchError> {
    if let Some((name, at)) = name::above(script, head) {
        return script.path(name, at);
    }
    let path = current.or(script.sole_path).cloned();
    path.ok_or_else(|| {
        PatchError::new(
            ErrorCode::MissingPath,
            "the block doesn't say which file it is for",
        )
        .at_line(number(head))
    })
}

/// Reads Roo Code's `:start_line:12` and the dashes below it; returns the
/// first line of content and the hinted line, from 0.
fn take_hints(script: &Script<'_>, first: usize, divider: usize) -> (usize, Option<u32>) {
    let (mut at, mut line) = (first, None);
    while at < divider {
        let text = script.text_at(at).trim();
        if let Some(number) = text.strip_prefix(":start_line:") {
            line = number.trim().parse::<u32>().ok();
        } else if !text.starts_with(":end_line:") {
            break;
        }
        at += 1;
    }
    let is_dashes = split_marker(script.text_at(at), '-').is_some_and(|(_, rest)| rest.is_empty());
    if at > first && at < divider && is_dashes {
        at += 1;
    }
    (at, line.and_then(|line| line.checked_sub(1)))
}

/// Refuses a line hint in the new text, where it would become content.
fn refuse_hints(script: &Script<'_>, first: usize, end: usize) -> Result<(), PatchError> {
    let is_hint = |&at: &usize| {
        let text = script.text_at(at).trim();
        let hints = [":start_line:", ":end_line:"];
        let rest = hints.iter().find_map(|hint| text.strip_prefix(hint));
        rest.is_some_and(|rest| rest.trim().parse::<u32>().is_ok())
    };
    match (first..end).find(is_hint) {
        Some(at) if !script.strict => Err(wrong(
            at,
            "a line number belongs above the old text; write a backslash before it if the new \
             text has it",
        )),
        _ => Ok(()),
    }
}

/// Returns lines of content; a backslash that keeps a line from looking like
/// a marker is taken off.
fn content<'a>(script: &Script<'a>, first: usize, end: usize) -> Vec<(&'a str, Ending)> {
    let lines = script.lines.get(first..end).unwrap_or_default();
    let bare = |text: &'a str| match text.strip_prefix('\\') {
        Some(rest) if !script.strict && is_marker(rest) => rest,
        _ => text,
    };
    lines
        .iter()
        .map(|line| (bare(line.text), line.ending))
        .collect()
}

/// Returns whether a line looks like a marker of a block, of a merge conflict
/// or of a line number.
fn is_marker(line: &str) -> bool {
    let is_hint = [":start_line:", ":end_line:"]
        .iter()
        .any(|hint| line.starts_with(hint));
    is_hint
        || ['<', '=', '>', '-', '+'].into_iter().any(|c| {
            let rest = split_marker(line, c).map(|(_, rest)| rest);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        })
}
