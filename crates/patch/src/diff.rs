//! The difference of two texts in reviewable hunks, and taking some of them.

mod anchor;
mod compare;
mod edited;
mod tally;

use std::ops::Range;

use crate::label::MatchLabel;
use crate::line::{count, lines};

pub(crate) use compare::{Replaced, changes, changes_for_merge};
pub(crate) use edited::{Edit, Edited};

/// One change that is accepted or rejected as a whole.
///
/// The ranges are lines, from 0, of the text before and after, without
/// context and without unchanged lines within.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// What it changes.
    pub kind: HunkKind,
    /// The first line of the old text, from 0.
    pub old_start: u32,
    /// How many lines of the old text it replaces.
    pub old_lines: u32,
    /// The first line of the new text, from 0.
    pub new_start: u32,
    /// How many lines of the new text it brings.
    pub new_lines: u32,
    /// How its place was found.
    pub label: MatchLabel,
}

/// What a hunk changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HunkKind {
    /// Lines of a file.
    Text,
    /// Makes the file.
    Create,
    /// Removes the file.
    Delete,
    /// Gives the file its new path; has no lines.
    Rename,
    /// Makes the file of another one; has no lines.
    Copy,
    /// Changes whether the file may be executed; has no lines.
    Mode,
    /// Changes a content that isn't text, as a whole; has no lines.
    Binary,
}

impl Hunk {
    /// Returns the lines of the old text.
    pub(crate) fn old_range(&self) -> Range<u32> {
        self.old_start..self.old_start.saturating_add(self.old_lines)
    }

    /// Returns the lines of the new text.
    pub(crate) fn new_range(&self) -> Range<u32> {
        self.new_start..self.new_start.saturating_add(self.new_lines)
    }

    /// Makes the hunk of `kind` over the given lines, exactly matched.
    pub(crate) fn over(kind: HunkKind, old: Range<u32>, new: Range<u32>) -> Self {
        Self {
            kind,
            old_start: old.start,
            old_lines: old.end - old.start,
            new_start: new.start,
            new_lines: new.end - new.start,
            label: MatchLabel::Exact,
        }
    }
}

/// Returns the hunks that make `after` of `before`, in order.
///
/// The algorithm is histogram diff, with the indentation heuristic of git,
/// between lines that occur once in both texts; line endings count as content.
/// Long stretches that have next to nothing in common become one hunk each.
pub fn diff(before: &[u8], after: &[u8]) -> Vec<Hunk> {
    let (before, after) = (split(before), split(after));
    joined(changes(&before, &after))
}

/// Returns the hunks of changes in order.
pub(crate) fn joined(changes: Vec<Replaced>) -> Vec<Hunk> {
    let mut hunks: Vec<Hunk> = Vec::with_capacity(changes.len());
    for Replaced { old, new } in changes {
        match hunks.last_mut() {
            // Only what touches is one decision: a hunk holds no unchanged
            // line, so that what is counted and shown is what changes.
            Some(last) if old.start == last.old_range().end => {
                last.old_lines = old.end - last.old_start;
                last.new_lines = new.end - last.new_start;
            }
            _ => hunks.push(Hunk::over(HunkKind::Text, old, new)),
        }
    }
    hunks
}

/// Returns `before` with the accepted hunks' lines taken from `after`.
///
/// `hunks` are those that [`diff`] or [`crate::plan`] gave for these two
/// texts, in order; only those of text count, and one of bytes that aren't
/// text takes `after` as a whole. A hunk without a flag in `accepted` is not
/// accepted. With all accepted the result is `after`, with
/// none it is `before`.
pub fn splice(before: &[u8], after: &[u8], hunks: &[Hunk], accepted: &[bool]) -> Vec<u8> {
    let (old, new) = (split(before), split(after));
    let mut bytes = Vec::with_capacity(before.len().max(after.len()));
    let mut done = 0_u32;
    let taken = accepted.iter().copied().chain(std::iter::repeat(false));
    let mut pairs = hunks.iter().zip(taken.clone());
    if pairs.any(|(hunk, accept)| hunk.kind == HunkKind::Binary && accept) {
        return after.to_vec();
    }
    for (hunk, accept) in hunks.iter().zip(taken) {
        if hunk.kind == HunkKind::Text && accept {
            extend(&mut bytes, &old, done..hunk.old_start);
            extend(&mut bytes, &new, hunk.new_range());
            done = hunk.old_range().end;
        }
    }
    extend(&mut bytes, &old, done..count(old.len()));
    bytes
}

/// Returns the lines in a list that is no longer than they are.
fn split(bytes: &[u8]) -> Vec<&[u8]> {
    let mut split = Vec::with_capacity(lines(bytes).count());
    split.extend(lines(bytes));
    split
}

/// Appends a range of lines; what lies outside the text is left out, because
/// hunks may come from storage.
pub(crate) fn extend(bytes: &mut Vec<u8>, lines: &[&[u8]], range: Range<u32>) {
    let end = (range.end as usize).min(lines.len());
    let start = (range.start as usize).min(end);
    for line in &lines[start..end] {
        bytes.extend_from_slice(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(before: &str, after: &str) -> Vec<(u32, u32, u32, u32)> {
        diff(before.as_bytes(), after.as_bytes())
            .iter()
            .map(|h| (h.old_start, h.old_lines, h.new_start, h.new_lines))
            .collect()
    }

    #[test]
    fn a_hunk_is_a_run_of_changed_lines() {
        let before = "a\nb\nc\nd\ne\nf\n";
        assert_eq!(ranges(before, before), []);
        assert_eq!(ranges(before, "A\nB\nc\nd\ne\nf\n"), [(0, 2, 0, 2)]);
        assert_eq!(
            ranges(before, "A\nb\nC\nd\ne\nf\n"),
            [(0, 1, 0, 1), (2, 1, 2, 1)]
        );
        assert_eq!(ranges("", "a\n"), [(0, 0, 0, 1)]);
        assert_eq!(ranges("a\n", ""), [(0, 1, 0, 0)]);
        assert_eq!(ranges("a", "a\n"), [(0, 1, 0, 1)]);
    }

    #[test]
    fn some_hunks_are_taken() {
        let before = b"a\nb\nc\nd\ne\nf";
        let after = b"A\nb\nc\nd\ne\nf\ng\n";
        let hunks = diff(before, after);
        assert_eq!(hunks.len(), 2);
        let take = |accepted: &[bool]| splice(before, after, &hunks, accepted);
        assert_eq!(take(&[true, true]), after);
        assert_eq!(take(&[]), before);
        assert_eq!(take(&[true]), b"A\nb\nc\nd\ne\nf");
        assert_eq!(take(&[false, true]), b"a\nb\nc\nd\ne\nf\ng\n");
    }

    #[test]
    fn hunks_from_elsewhere_do_not_panic() {
        let wrong = Hunk::over(HunkKind::Text, 5..90, 7..4_000_000_000);
        assert_eq!(splice(b"a\n", b"b\n", &[wrong], &[true]), b"a\n");
    }
}
