//! Unified diffs: those of git and of `diff -u`.
//!
//! Line numbers are hints and counts are checked, but only a strict reading
//! refuses wrong ones: models can't count.

pub(crate) mod file_name;
mod header;
mod packed;

use super::{Script, ScriptLine, number, wrong};
use crate::edit::{Anchor, EditBody, EditHunk, EditLine, FileEdit, LineOp};
use crate::error::PatchError;
use crate::line::Ending;

/// The numbers of `@@ -1,2 +3,4 @@`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    old_start: u32,
    pub(crate) old_lines: u32,
    pub(crate) new_lines: u32,
}

impl Range {
    /// Returns the first old line, from 0; of a range without old lines, the
    /// line that the new ones come before.
    pub(super) const fn old_line(self) -> u32 {
        if self.old_lines == 0 {
            self.old_start
        } else {
            self.old_start.saturating_sub(1)
        }
    }
}

/// Reads what stands between `@@` and `@@`, if it is line numbers.
pub(crate) fn range(text: &str) -> Option<Range> {
    let (old, rest) = text.trim_start().strip_prefix('-')?.split_once(' ')?;
    let new = rest.trim_start().strip_prefix('+')?;
    let new = new
        .split_once(' ')
        .map_or(new, |(new, _)| new)
        .trim_end_matches('@');
    let pair = |text: &str| {
        let (start, lines) = text.split_once(',').unwrap_or((text, "1"));
        Some((start.parse::<u32>().ok()?, lines.parse::<u32>().ok()?))
    };
    let ((old_start, old_lines), (_, new_lines)) = (pair(old)?, pair(new)?);
    Some(Range {
        old_start,
        old_lines,
        new_lines,
    })
}

/// Reads every diff in a text; what is around them is passed over.
pub(super) fn read(script: &Script<'_>) -> Result<Vec<FileEdit>, PatchError> {
    let mut edits = Vec::new();
    let mut at = 0;
    while at < script.lines.len() {
        if begins(script, at) {
            let (more, next) = take(script, at)?;
            edits.extend(more);
            at = next;
        } else if script.strict && range_of(script, at).is_some() {
            return Err(wrong(at, "a hunk stands outside of a file"));
        } else {
            at += 1;
        }
    }
    Ok(edits)
}

/// Returns whether a file's diff begins in a line.
pub(super) fn begins(script: &Script<'_>, at: usize) -> bool {
    let is_pair =
        |at| script.text_at(at).starts_with("--- ") && script.text_at(at + 1).starts_with("+++ ");
    let line = script.text_at(at);
    ["diff --git ", "diff --cc ", "diff --combined "]
        .iter()
        .any(|mark| line.starts_with(mark))
        || is_pair(at)
        || (script.sole_path.is_some() && !script.strict && range_of(script, at).is_some())
        || (line.starts_with("Submodule ") && header::is_submodule(line))
}

/// Reads the file's diff that begins in a line; returns the next line too.
pub(super) fn take(
    script: &Script<'_>,
    start: usize,
) -> Result<(Vec<FileEdit>, usize), PatchError> {
    let (header, mut at) = header::take(script, start)?;
    if script.text_at(at) == "GIT binary patch" {
        let (change, next) = packed::take(script, at, &header)?;
        return Ok((header.binary(script, start, change)?, next));
    }
    let mut hunks = Vec::new();
    while let Some(line) = script.get(at) {
        if line.text.starts_with("@@@") {
            return Err(wrong(
                at,
                "this is the diff of a merge, which can't be applied",
            ));
        }
        let is_body = hunks.is_empty() && header.has_names && !script.strict;
        let starts = line.text.starts_with("@@") || (is_body && is_body_line(line.text));
        if !starts {
            break;
        }
        let (hunk, next) = take_hunk(script, at)?;
        hunks.push(hunk);
        at = next;
    }
    Ok((header.edits(script, start, hunks)?, at))
}

fn range_of(script: &Script<'_>, at: usize) -> Option<Range> {
    range(script.text_at(at).strip_prefix("@@")?)
}

fn is_body_line(text: &str) -> bool {
    text.starts_with(['+', '-', ' '])
}

/// A line of a hunk's body.
struct BodyLine<'a> {
    op: LineOp,
    line: ScriptLine<'a>,
    text: &'a str,
    /// Whether `\ No newline at end of file` follows.
    is_bare: bool,
    /// Whether what the script takes for half of an ending is the line's.
    has_return: bool,
}

fn take_hunk(script: &Script<'_>, start: usize) -> Result<(EditHunk, usize), PatchError> {
    let range = range_of(script, start);
    let has_header = script.text_at(start).starts_with("@@");
    if script.strict && range.is_none() {
        return Err(wrong(
            start,
            "a hunk begins with `@@ -line,count +line,count @@`",
        ));
    }
    let (body, at) = take_body(script, start + usize::from(has_header), range);
    let count_of = |not: LineOp| body.iter().filter(|line| line.op != not).count();
    let (old, new) = (count_of(LineOp::Add), count_of(LineOp::Remove));
    let fits = |range: Range| range.old_lines as usize == old && range.new_lines as usize == new;
    if script.strict && !range.is_some_and(fits) {
        return Err(wrong(
            start,
            format!(
                "the hunk has {old} old and {new} new lines, which is not what its header says"
            ),
        ));
    }
    if body.is_empty() {
        let detail = "the hunk has no lines; each starts with `+`, `-` or a space";
        return Err(wrong(at, detail));
    }
    let mut anchor = Anchor {
        line: range.map(Range::old_line),
        ordered: true,
        ..Anchor::default()
    };
    state_end(&mut anchor, &body);
    let hunk = EditHunk {
        anchor,
        body: EditBody::Lines(edit_lines(script, start, &body)),
        patch_line: number(start),
    };
    Ok((hunk, at))
}

/// Reads a hunk's lines: as many as its header counts, and, read loosely, as
/// many more as look like lines of a hunk.
fn take_body<'a>(
    script: &Script<'a>,
    start: usize,
    range: Option<Range>,
) -> (Vec<BodyLine<'a>>, usize) {
    let (mut old, mut new) = range.map_or((0, 0), |r| (r.old_lines, r.new_lines));
    // What a header counts is only said.
    let room = old.saturating_add(new).min(64);
    let mut body: Vec<BodyLine<'a>> = Vec::with_capacity(room as usize);
    let (mut at, mut blank_until) = (start, start);
    while let Some(line) = script.get(at) {
        let is_counted = old > 0 || new > 0;
        let op = match line.text.as_bytes().first() {
            Some(b'\\') if line.text.starts_with("\\ ") => {
                if let Some(last) = body.last_mut() {
                    last.is_bare = true;
                    // The script's own ending is the next line's too.
                    last.has_return =
                        last.line.ending == Ending::CrLf && line.ending != Ending::CrLf;
                }
                at += 1;
                continue;
            }
            _ if script.strict && !is_counted => break,
            Some(b'-') if !is_counted && begins(script, at) => break,
            Some(b'-') if !is_counted && range.is_some() && line.text == "-- " => break,
            Some(b'-') if !script.strict && is_signature(script, at) => break,
            // A new file, unless the two lines are just those still counted.
            Some(b'-')
                if (old, new) != (1, 1)
                    && !script.strict
                    && begins(script, at)
                    && script.text_at(at + 2).starts_with("@@ -") =>
            {
                break;
            }
            Some(b'+') => LineOp::Add,
            Some(b'-') => LineOp::Remove,
            Some(b' ') => LineOp::Keep,
            // A blank line whose space was lost.
            None if !script.strict && (is_counted || at < blank_until) => LineOp::Keep,
            None if !script.strict && at >= blank_until => {
                // Each run of blank lines is looked past once.
                let Some(next) = goes_on(script, at) else {
                    break;
                };
                blank_until = next;
                continue;
            }
            _ => break,
        };
        old = old.saturating_sub(u32::from(op != LineOp::Add));
        new = new.saturating_sub(u32::from(op != LineOp::Remove));
        let text = line.text.get(1..).unwrap_or("");
        body.push(BodyLine {
            op,
            line,
            text,
            is_bare: false,
            has_return: false,
        });
        at += 1;
    }
    trim_layout(range, &mut body, &mut at);
    (body, at)
}

/// Returns the next line that is not blank if it looks like one of a hunk and
/// not like an item of a list.
fn goes_on(script: &Script<'_>, at: usize) -> Option<usize> {
    let next = (at..script.lines.len()).find(|&at| !script.text_at(at).is_empty())?;
    let text = script.text_at(next);
    let is_item = text.starts_with("- ") && !text.starts_with("-  ");
    let is_end = text == "-- " || text.starts_with("--- ");
    (is_body_line(text) && !is_item && !is_end).then_some(next)
}

/// Returns whether a line is the end of a mailed patch: `-- ` above git's
/// version and nothing but the next mail.
fn is_signature(script: &Script<'_>, at: usize) -> bool {
    let is_version = |text: &str| {
        let parts = text.trim().split('.');
        parts.clone().count() > 1
            && text.starts_with(|c: char| c.is_ascii_digit())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || ". ()-".contains(c))
    };
    let after = script.text_at(at + 2);
    matches!(script.text_at(at), "-- " | "--")
        && is_version(script.text_at(at + 1))
        && (after.is_empty() || after.starts_with("From "))
}

/// Takes off blank lines behind a hunk that its header doesn't count.
fn trim_layout(range: Option<Range>, body: &mut Vec<BodyLine<'_>>, at: &mut usize) {
    let counted = range.map_or(0, |range| range.old_lines as usize);
    let mut old = body.iter().filter(|line| line.op != LineOp::Add).count();
    while old > counted
        && body
            .last()
            .is_some_and(|last| last.line.text.is_empty() && !last.is_bare)
    {
        body.pop();
        old -= 1;
        *at -= 1;
    }
}

/// Notes what the hunk says of the end of the file.
fn state_end(anchor: &mut Anchor, body: &[BodyLine<'_>]) {
    let last = |not: LineOp| body.iter().rev().find(|line| line.op != not);
    let is_bare = |line: Option<&BodyLine<'_>>| line.is_some_and(|line| line.is_bare);
    let (old, new) = (is_bare(last(LineOp::Add)), is_bare(last(LineOp::Remove)));
    if old || new {
        anchor.at_end = true;
        anchor.final_newline = Some(!new);
    }
}

/// Makes the hunk's lines. Their endings count when the header ends with `\n`
/// and a line of the body with `\r\n`: then they are the file's own.
fn edit_lines(script: &Script<'_>, start: usize, body: &[BodyLine<'_>]) -> Vec<EditLine> {
    let is_crlf = |line: ScriptLine<'_>| line.ending == Ending::CrLf;
    let states = !script.get(start).is_some_and(is_crlf) && body.iter().any(|l| is_crlf(l.line));
    let lines = body.iter().map(|line| EditLine {
        op: line.op,
        text: line.text.to_owned() + if line.has_return { "\r" } else { "" },
        ending: Some(line.line.ending)
            .filter(|_| states && line.op == LineOp::Add && !line.is_bare),
    });
    lines.collect()
}
