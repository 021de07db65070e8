//! The new text of selected lines: one fenced block, which is what a small
//! model writes best of all that is less than a file.

mod indent;

use atelier_base::WorkspacePath;

use super::fence::Fence;
use super::{Script, fence, parse, unified, whole, wrong};
use crate::edit::{FileEdit, Format, ParseOptions, Patch};
use crate::error::{ErrorCode, PatchError};
use crate::line::{Ending, text_lines};
use indent::indented;

/// Lines of a file that an answer may write anew.
#[derive(Clone, Copy, Debug)]
pub struct Passage<'a> {
    /// The file.
    pub path: &'a WorkspacePath,
    /// Its whole text.
    pub text: &'a str,
    /// The first of the lines, from 1.
    pub first: u32,
    /// The last of them.
    pub last: u32,
}

/// Reads what an answer puts in place of the lines of a passage, and makes a
/// patch of the whole file of it.
///
/// The new text is the answer's one fenced block. Indentation that all lines
/// of the passage have and the block has dropped comes back, and so do blank
/// lines at the passage's ends, and the fences of a passage that is a fenced
/// block itself. Where the only blocks are diffs, they are read as such.
/// `None` when the answer has no block, or only blocks that quote the passage,
/// be it without its indentation: then it is no edit.
///
/// # Errors
/// [`ErrorCode::Syntax`] for a block that is not closed, for several blocks of
/// which it can't be told which one is meant, for one that lacks fences within
/// the passage, and for a diff that can't be read;
/// [`ErrorCode::ContextNotFound`] when the text has no such lines.
pub fn parse_rewrite(answer: &str, passage: &Passage<'_>) -> Result<Option<Patch>, PatchError> {
    let all: Vec<(&str, Ending)> = text_lines(passage.text).collect();
    let (first, last) = (passage.first as usize, passage.last as usize);
    let old = all.get(first.wrapping_sub(1)..last);
    let Some(old) = old.filter(|old| !old.is_empty()) else {
        let detail = format!("the file has no lines {first} to {last}");
        return Err(PatchError::new(ErrorCode::ContextNotFound, detail).in_file(passage.path));
    };
    let old: Vec<&str> = old.iter().map(|(line, _)| *line).collect();
    let found = blocks(answer, passage.path, &old).map_err(|error| error.in_file(passage.path))?;
    let new = match found.texts.as_slice() {
        [] if found.has_diff => return diff(answer, passage.path).map(Some),
        [] => return Ok(None),
        [(_, new)] => new,
        // An example, a second try, or both halves: guessing would be wrong.
        [_, (second, _), ..] => {
            let detail = format!(
                "the answer has {} different blocks; the selected lines can have only one new text",
                found.texts.len()
            );
            return Err(wrong(*second, detail).in_file(passage.path));
        }
    };
    Ok(Some(Patch {
        format: Format::Whole,
        reason: "1 fenced block takes the place of the selected lines".to_owned(),
        strict: false,
        edits: vec![FileEdit::Replace {
            path: passage.path.clone(),
            text: spliced(&all, first - 1..last, new),
        }],
    }))
}

/// The fenced blocks of an answer that are no quotations.
#[derive(Default)]
struct Blocks {
    /// The different new texts, by the line in which each one's block begins.
    texts: Vec<(usize, Vec<String>)>,
    /// Whether there are diffs besides.
    has_diff: bool,
}

fn blocks(answer: &str, path: &WorkspacePath, old: &[&str]) -> Result<Blocks, PatchError> {
    let options = ParseOptions {
        sole_path: Some(path.clone()),
        ..ParseOptions::default()
    };
    let script = Script::new(answer, &options);
    let may_diff = !matches!(path.extension(), Some("diff" | "patch"));
    let mut found = Blocks::default();
    for fence in fence::all(&script) {
        let text = whole::block(&script, fence)?;
        if may_diff && is_diff(&script, fence) {
            found.has_diff = true;
            continue;
        }
        let lines: Vec<&str> = text_lines(&text).map(|(line, _)| line).collect();
        let lines = fenced_as(old, &lines).ok_or_else(|| {
            let detail = "the selected lines have fences (```) that the block lacks; \
                          ask for the change without a selection";
            wrong(fence.open, detail)
        })?;
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let lines = framed(old, indented(old, &lines));
        let is_known = found.texts.iter().any(|(_, other)| *other == lines);
        if !is_known && !lines.iter().eq(old) {
            found.texts.push((fence.open, lines));
        }
    }
    Ok(found)
}

/// Returns whether a block is a diff, by its name or by how it begins.
pub(super) fn is_diff(script: &Script<'_>, fence: Fence<'_>) -> bool {
    let name = fence.info.split_whitespace().next().unwrap_or_default();
    let begins = || {
        let mut inside = fence.open + 1..fence.close?;
        inside.find(|&at| !script.text_at(at).trim().is_empty())
    };
    matches!(name, "diff" | "patch" | "udiff")
        || begins().is_some_and(|at| unified::begins(script, at))
}

/// Reads the diffs of an answer whose edits were to be blocks of plain text.
fn diff(answer: &str, path: &WorkspacePath) -> Result<Patch, PatchError> {
    let options = ParseOptions {
        format: Format::Unified,
        strict: false,
        sole_path: Some(path.clone()),
    };
    parse(answer, &options).map_err(|error| match error.kind {
        ErrorCode::NoEdits => {
            let detail = "the block is a diff without `@@ -1,2 +1,2 @@` lines, which say \
                          where it belongs; only the new text of the lines is needed";
            PatchError::new(ErrorCode::Syntax, detail).in_file(path)
        }
        _ => error,
    })
}

/// Returns the lines of a block with the fences of the passage around them,
/// where the passage is one fenced block and the model took its fences for the
/// answer's. `None` when fences of the passage are lost in another way.
fn fenced_as(old: &[&str], new: &[&str]) -> Option<Vec<String>> {
    let fences = |lines: &[&str]| -> Vec<usize> {
        let markers = lines.iter().enumerate();
        let markers = markers.filter(|(_, line)| fence::marker(line).is_some());
        markers.map(|(at, _)| at).collect()
    };
    let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
    let fenced = fences(old);
    if fenced.is_empty() || new.is_empty() || !fences(new).is_empty() {
        return Some(owned(new));
    }
    let [open, close] = fenced[..] else {
        return None;
    };
    let (above, rest) = old.split_at_checked(open + 1)?;
    let below = rest.get(close - open - 1..)?;
    let is_blank = |line: &&str| line.trim().is_empty();
    let is_alone = above.iter().rev().skip(1).all(is_blank) && below.iter().skip(1).all(is_blank);
    is_alone.then(|| owned(&[above, new, below].concat()))
}

/// Joins a file's lines with some of them replaced. The end of the file stays
/// as it was, with its newline or without.
fn spliced(all: &[(&str, Ending)], place: std::ops::Range<usize>, new: &[String]) -> String {
    let before = all.get(..place.start).unwrap_or_default();
    let after = all.get(place.end..).unwrap_or_default();
    let kept = |lines: &[(&str, Ending)]| -> String {
        let parts = lines.iter().map(|(line, end)| [*line, end.as_str()]);
        parts.flatten().collect()
    };
    let mut text = kept(before);
    // Which ending a new line gets is found by its neighbours later on.
    text.extend(new.iter().flat_map(|line| [line.as_str(), "\n"]));
    let at_end = after.is_empty() && all.last().is_some_and(|(_, end)| *end == Ending::None);
    if at_end && !new.is_empty() {
        text.pop();
    }
    text + &kept(after)
}

/// Gives back the blank lines at the ends of a passage that its new text lacks.
fn framed(old: &[&str], mut new: Vec<String>) -> Vec<String> {
    let is_blank = |line: &&str| line.trim().is_empty();
    if old.iter().all(is_blank) || new.iter().all(|line| line.trim().is_empty()) {
        return new;
    }
    let owned = |line: &&str| (*line).to_owned();
    if new.first().is_some_and(|line| !line.trim().is_empty()) {
        let above = old.iter().take_while(|line| is_blank(line)).map(owned);
        new = above.chain(new).collect();
    }
    if new.last().is_some_and(|line| !line.trim().is_empty()) {
        let below: Vec<String> = old
            .iter()
            .rev()
            .take_while(|line| is_blank(line))
            .map(owned)
            .collect();
        new.extend(below.into_iter().rev());
    }
    new
}

#[cfg(test)]
mod tests;
