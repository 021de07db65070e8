//! SEARCH/REPLACE blocks, line by line.

use super::{HUNK_LINES, PreviewHunk, Reader, State, path_of};
use crate::diff::HunkKind;
use crate::edit::LineOp;
use crate::read::name;
use crate::read::search_replace::{Style, split_marker, style};

/// A block that is open.
#[derive(Debug)]
pub(super) struct Search {
    style: Style,
    is_divided: bool,
    has_hints: bool,
}

impl Search {
    /// Begins a block if a line is its head. That of a conflict in git is not
    /// taken for one, for only its last line tells.
    pub(super) fn begin(reader: &mut Reader, line: &str) -> Option<Self> {
        let (style, named) = style(line).filter(|(style, _)| !style.is_head)?;
        let above = reader.above.iter().rev().map(String::as_str);
        let path = name::alone(named).or_else(|| Some(name::nearest(above, false)?.0));
        let path = match path {
            Some(name) => path_of(name),
            None => reader
                .current
                .clone()
                .or_else(|| reader.options.sole_path.clone()),
        };
        reader.current.clone_from(&path);
        reader.pending = Some(PreviewHunk::new(path, HunkKind::Text));
        Some(Self {
            style,
            is_divided: false,
            has_hints: false,
        })
    }

    pub(super) fn read(mut self, reader: &mut Reader, line: &str) -> State {
        let marks = |c, word: &[&str]| {
            let marker = split_marker(line, c);
            marker.is_some_and(|(length, rest)| length == self.style.length && word.contains(&rest))
        };
        if self.is_divided && marks(self.style.close, &[" REPLACE", " UPDATED"]) {
            end(reader);
            return State::Prose;
        }
        if !self.is_divided && marks('=', &[""]) {
            self.is_divided = true;
            return State::Search(self);
        }
        let op = if self.is_divided {
            LineOp::Add
        } else {
            LineOp::Remove
        };
        let is_first = reader
            .pending
            .as_ref()
            .is_none_or(|hunk| hunk.removed.is_empty());
        let is_hint = line.starts_with(":start_line:") || line.starts_with(":end_line:");
        let is_rule = self.has_hints && marks('-', &[""]);
        if op == LineOp::Remove && is_first && (is_hint || is_rule) {
            self.has_hints = is_hint;
        } else {
            reader.put(op, line);
        }
        State::Search(self)
    }
}

/// Gives out the block with only what it changes.
fn end(reader: &mut Reader) {
    if let Some(hunk) = &mut reader.pending {
        if hunk.removed.iter().all(|line| line.trim().is_empty()) {
            hunk.kind = HunkKind::Create;
            hunk.removed.clear();
        } else if hunk.removed.len() < HUNK_LINES && hunk.added.len() < HUNK_LINES {
            let (old, new) = (
                std::mem::take(&mut hunk.removed),
                std::mem::take(&mut hunk.added),
            );
            let old: Vec<&str> = old.iter().map(String::as_str).collect();
            let new: Vec<&str> = new.iter().map(String::as_str).collect();
            hunk.put_all(&old, &new);
        }
    }
    reader.flush(true);
}
