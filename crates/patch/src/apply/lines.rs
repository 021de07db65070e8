//! Edits as kept, removed and added lines.

use std::borrow::Cow;

use crate::diff::changes;
use crate::edit::{EditLine, LineOp};
use crate::line::{Ending, text_lines};

/// Writes every line ending as `\n`.
pub(super) fn unify(text: &str) -> Cow<'_, str> {
    if text.contains("\r\n") {
        Cow::Owned(text.replace("\r\n", "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Reads an old and a new text as kept, removed and added lines. Not possible
/// when one of them ends with a newline and the other doesn't: then the last
/// line is to be joined with what follows.
pub(super) fn text_to_lines(old: &str, new: &str) -> Option<Vec<EditLine>> {
    let (plain_old, plain_new) = (unify(old), unify(new));
    if plain_old == plain_new && old != new {
        let lines: Vec<&str> = text_lines(old).map(|(line, _)| line).collect();
        return Some(rewrite(&lines, text_lines(new)));
    }
    let terminated = plain_old.ends_with('\n');
    if terminated && !plain_new.is_empty() && !plain_new.ends_with('\n') {
        return None;
    }
    let (old, new) = (split(&plain_old, terminated), split(&plain_new, terminated));
    Some(edit_lines(&old, &new))
}

/// Splits a text at its newlines; `terminated` when the last one ends the
/// last line rather than beginning an empty one.
fn split(text: &str, terminated: bool) -> Vec<&str> {
    let text = if terminated {
        text.strip_suffix('\n')
    } else {
        Some(text)
    };
    text.map_or(Vec::new(), |text| text.split('\n').collect())
}

/// Returns the lines of an edit from `old` to `new`, as a diff sees it.
pub(crate) fn edit_lines(old: &[&str], new: &[&str]) -> Vec<EditLine> {
    let mut lines = Vec::with_capacity(old.len().max(new.len()));
    let mut done = 0;
    for change in changes(old, new) {
        let (from, to) = (change.old.start as usize, change.old.end as usize);
        let added = &new[change.new.start as usize..change.new.end as usize];
        let line = |op| move |text: &&str| EditLine::new(op, *text);
        lines.extend(old[done..from].iter().map(line(LineOp::Keep)));
        // Blank lines at a hunk's edge may be missing in the file, so they
        // come last.
        let is_blank = |text: &&&str| text.trim().is_empty();
        let blanks = old[from..to].iter().rev().take_while(is_blank).count();
        lines.extend(old[from..to - blanks].iter().map(line(LineOp::Remove)));
        lines.extend(added.iter().map(line(LineOp::Add)));
        lines.extend(old[to - blanks..to].iter().map(line(LineOp::Remove)));
        done = to;
    }
    lines.extend(
        old[done..]
            .iter()
            .map(|text| EditLine::new(LineOp::Keep, *text)),
    );
    lines
}

/// Returns the lines of an edit that writes every line anew, with endings.
pub(super) fn rewrite<'a>(
    old: &[&str],
    new: impl Iterator<Item = (&'a str, Ending)>,
) -> Vec<EditLine> {
    let removed = old.iter().map(|text| EditLine::new(LineOp::Remove, *text));
    let added = new.map(|(text, ending)| EditLine {
        ending: Some(ending),
        ..EditLine::new(LineOp::Add, text)
    });
    removed.chain(added).collect()
}

/// Returns whether a line stands for lines left out: dots and a word for them,
/// mostly in a comment. `...existing,` is code that spreads a value.
pub(super) fn is_elision(line: &str) -> bool {
    let line = line.trim().to_lowercase();
    let bare = line
        .trim_start_matches(['/', '#', '*', '<', '!', '-', ';', '%', '{'])
        .trim_start();
    let Some(rest) = bare.strip_prefix("...").or_else(|| bare.strip_prefix('…')) else {
        return false;
    };
    let is_comment = bare.len() < line.len();
    let attached = rest.starts_with(|c: char| c.is_alphanumeric());
    let rest = rest
        .trim_start_matches(['.', ' '])
        .trim_start_matches("the ");
    let words = [
        "existing",
        "rest of",
        "remaining",
        "unchanged",
        "same ",
        "previous ",
    ];
    let is_meant = |word: &str, tail: &str| {
        let goes_on = word.ends_with(' ') || tail.starts_with(' ');
        is_comment || !attached || goes_on
    };
    words.iter().any(|word| {
        rest.strip_prefix(word)
            .is_some_and(|tail| is_meant(word, tail))
    })
}
