//! `apply_patch`: the envelope that Codex defines.
//!
//! The grammar is Codex's `tool_apply_patch.lark`. Read loosely, the envelope
//! may stand in prose, in a fence or in a here-document, its markers may be
//! padded, and its first line may be missing.

use super::{Script, ScriptLine, number, wrong};
use crate::edit::{Anchor, EditBody, EditHunk, EditLine, FileEdit, LineOp};
use crate::error::PatchError;
use crate::line::Ending;

pub(crate) const BEGIN: &str = "*** Begin Patch";
pub(crate) const END: &str = "*** End Patch";
pub(crate) const ADD: &str = "*** Add File:";
pub(crate) const DELETE: &str = "*** Delete File:";
pub(crate) const UPDATE: &str = "*** Update File:";
pub(crate) const MOVE: &str = "*** Move to:";
pub(crate) const END_OF_FILE: &str = "*** End of File";

/// Reads every envelope in a text.
pub(super) fn read(script: &Script<'_>) -> Result<Vec<FileEdit>, PatchError> {
    let mut edits = Vec::new();
    let mut at = 0;
    while at < script.lines.len() {
        if begins(script, at) {
            let (more, next) = take(script, at)?;
            edits.extend(more);
            at = next;
        } else if script.strict && !script.text_at(at).trim().is_empty() {
            return Err(wrong(at, format!("the patch must begin with `{BEGIN}`")));
        } else {
            at += 1;
        }
    }
    Ok(edits)
}

/// Returns whether an envelope begins in a line.
pub(super) fn begins(script: &Script<'_>, at: usize) -> bool {
    let line = script.text_at(at);
    let is_begin = line.trim() == BEGIN;
    let is_header = [ADD, DELETE, UPDATE]
        .iter()
        .any(|header| line.starts_with(header));
    is_begin || (is_header && !script.strict)
}

/// Reads the envelope that begins in a line; returns the next line too.
pub(super) fn take(script: &Script<'_>, at: usize) -> Result<(Vec<FileEdit>, usize), PatchError> {
    let has_begin = script.text_at(at).trim() == BEGIN;
    let mut at = at + usize::from(has_begin);
    let mut edits = Vec::new();
    while let Some(line) = script.get(at) {
        let text = if script.strict {
            line.text
        } else {
            line.text.trim()
        };
        if line.text.trim() == END {
            return Ok((edits, at + 1));
        }
        if let Some(name) = text.strip_prefix(ADD) {
            at = take_create(script, at, name, &mut edits)?;
        } else if let Some(name) = text.strip_prefix(DELETE) {
            let path = script.path(name, at)?;
            let (expected, next) = take_removed(script, at + 1);
            edits.push(FileEdit::Delete { path, expected });
            at = next;
        } else if let Some(name) = text.strip_prefix(UPDATE) {
            at = take_update(script, at, name, &mut edits)?;
        } else if text.is_empty() && !script.strict {
            at += 1;
        } else if !script.strict && (!has_begin || ends_loosely(text)) {
            return Ok((edits, at));
        } else {
            return Err(unexpected(script, at));
        }
    }
    if script.strict {
        return Err(wrong(at, format!("the patch must end with `{END}`")));
    }
    Ok((edits, at))
}

/// Reads the lines that some models write below a deletion, each with its `-`.
fn take_removed(script: &Script<'_>, first: usize) -> (Option<String>, usize) {
    let removed = |line: &ScriptLine<'_>| line.text.starts_with('-') && !script.strict;
    let lines = script.lines.get(first..).unwrap_or_default().iter();
    let lines: Vec<(&str, Ending)> = lines
        .take_while(|line| removed(line))
        .map(|line| (&line.text[1..], line.ending))
        .collect();
    let text = (!lines.is_empty()).then(|| script.join(&lines));
    (text, first + lines.len())
}

/// Returns whether a line ends an envelope that has no last line of its own.
pub(crate) fn ends_loosely(text: &str) -> bool {
    text.starts_with("```") || text.starts_with("~~~") || matches!(text, "EOF" | "PATCH" | "\"")
}

fn unexpected(script: &Script<'_>, at: usize) -> PatchError {
    let line = script.text_at(at);
    wrong(
        at,
        format!(
            "expected `{ADD}`, `{DELETE}`, `{UPDATE}` or `{END}`, found `{line}`; within a file \
             every line starts with `+`, `-`, a space or `@@`"
        ),
    )
}

fn take_create(
    script: &Script<'_>,
    header: usize,
    name: &str,
    edits: &mut Vec<FileEdit>,
) -> Result<usize, PatchError> {
    let path = script.path(name, header)?;
    let mut lines: Vec<(&str, Ending)> = Vec::new();
    let mut at = header + 1;
    while let Some(line) = script.get(at) {
        match line.text.strip_prefix('+') {
            Some(text) => lines.push((text, line.ending)),
            // A blank line whose plus sign was lost, between others.
            None if line.text.is_empty()
                && !script.strict
                && script.text_at(at + 1).starts_with('+') =>
            {
                lines.push(("", line.ending));
            }
            None => break,
        }
        at += 1;
    }
    if lines.is_empty() && script.strict {
        return Err(wrong(
            at,
            "a file to add has at least one line that starts with `+`",
        ));
    }
    let text = script.join(&lines);
    edits.push(FileEdit::Create { path, text });
    Ok(at)
}

fn take_update(
    script: &Script<'_>,
    header: usize,
    name: &str,
    edits: &mut Vec<FileEdit>,
) -> Result<usize, PatchError> {
    let path = script.path(name, header)?;
    let mut at = header + 1;
    let mut move_to = None;
    if let Some(name) = script.text_at(at).trim_start().strip_prefix(MOVE) {
        move_to = Some(script.path(name, at)?);
        at += 1;
    }
    let mut hunks = Vec::new();
    while let Some(line) = script.get(at) {
        if line.text.is_empty() && !script.strict {
            at += 1;
        } else if starts_chunk(script, line, hunks.is_empty()) {
            let (hunk, next) = take_chunk(script, at)?;
            hunks.push(hunk);
            at = next;
        } else {
            break;
        }
    }
    if hunks.is_empty() && move_to.is_none() {
        return Err(wrong(header, "the file to update has no changes below it"));
    }
    edits.push(FileEdit::Update {
        path,
        move_to,
        hunks,
    });
    Ok(at)
}

/// Returns whether a chunk begins in a line: at `@@`, the first one also at a
/// line of its own.
fn starts_chunk(script: &Script<'_>, line: ScriptLine<'_>, is_first: bool) -> bool {
    let is_body = line.text.starts_with(['+', '-', ' ']);
    let is_end = line.text.trim() == END && !script.strict;
    line.text.starts_with("@@") || (is_first && is_body && !is_end)
}

fn take_chunk(script: &Script<'_>, start: usize) -> Result<(EditHunk, usize), PatchError> {
    let mut anchor = Anchor {
        ordered: true,
        ..Anchor::default()
    };
    let mut at = start;
    while let Some(rest) = script.text_at(at).strip_prefix("@@") {
        read_scope(script, rest, &mut anchor);
        at += 1;
    }
    let mut body: Vec<EditLine> = Vec::new();
    while let Some(line) = script.get(at) {
        if line.text.trim_end() == END_OF_FILE {
            anchor.at_end = true;
            at += 1;
            break;
        }
        let Some((op, text)) = body_line(script, line) else {
            break;
        };
        body.push(EditLine::new(op, text));
        at += 1;
    }
    // Blank lines before the next marker belong to the layout of the patch.
    while !anchor.at_end && at > start && script.text_at(at - 1).is_empty() && body.pop().is_some()
    {
        at -= 1;
    }
    if body.is_empty() {
        return Err(wrong(
            at,
            "the chunk has no lines; each starts with `+`, `-` or a space",
        ));
    }
    let is_known = |line: &str| {
        line.is_empty() || line.starts_with("@@") || line.trim_start().starts_with("***")
    };
    if at < script.lines.len() && !is_known(script.text_at(at)) && !ends_loosely(script.text_at(at))
    {
        return Err(unexpected(script, at));
    }
    let hunk = EditHunk {
        anchor,
        body: EditBody::Lines(body),
        patch_line: number(start),
    };
    Ok((hunk, at))
}

fn body_line<'a>(script: &Script<'_>, line: ScriptLine<'a>) -> Option<(LineOp, &'a str)> {
    let op = match line.text.as_bytes().first() {
        Some(b'+') => LineOp::Add,
        Some(b'-') => LineOp::Remove,
        // The envelope's last line may be padded.
        Some(b' ') if line.text.trim() == END && is_last(script, line) => return None,
        Some(b' ') => LineOp::Keep,
        None if !script.strict => return Some((LineOp::Keep, "")),
        _ => return None,
    };
    Some((op, &line.text[1..]))
}

/// Returns whether only blank lines and fences follow.
fn is_last(script: &Script<'_>, line: ScriptLine<'_>) -> bool {
    let rest = script.lines.iter().skip(line.number as usize);
    !script.strict
        && rest.into_iter().all(|line| {
            let text = line.text.trim();
            text.is_empty() || ends_loosely(text)
        })
}

/// Reads what follows `@@`: a line of the file, or, read loosely, the line
/// numbers of a unified diff.
fn read_scope(script: &Script<'_>, rest: &str, anchor: &mut Anchor) {
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    if !script.strict
        && let Some(range) = super::unified::range(rest)
    {
        anchor.line = Some(range.old_line());
        return;
    }
    let text = match rest.trim_end().strip_suffix("@@") {
        Some(text) if !script.strict => text.trim_end(),
        _ => rest.trim_end(),
    };
    if !text.trim().is_empty() {
        anchor.scopes.push(text.to_owned());
    }
}
