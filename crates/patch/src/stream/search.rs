//! SEARCH/REPLACE blocks, line by line.

use super::{HUNK_LINES, PreviewHunk, Reader, State, path_of};
use atelier_base::WorkspacePath;

use crate::diff::HunkKind;
use crate::edit::LineOp;
use crate::read::name;
use crate::read::search_replace::{Head, Style, head, split_marker};
use crate::read::tagged::{Step, Tagged};

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
        let Head {
            style, name: named, ..
        } = head(line).filter(|head| !head.style.is_head)?;
        let path = find_path(reader, named);
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

/// Returns the file of a block: named in it, above it, or that of the block
/// before.
fn find_path(reader: &mut Reader, named: &str) -> Option<WorkspacePath> {
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
    path
}

/// Begins an edit in tags if a line does.
pub(super) fn begin_tagged(reader: &mut Reader, line: &str) -> Option<State> {
    let (tagged, step) = Tagged::begin(line)?;
    let path = find_path(reader, "");
    reader.pending = Some(PreviewHunk::new(path, HunkKind::Text));
    Some(go_on(reader, tagged, step))
}

/// Reads the next line of an edit in tags.
pub(super) fn read_tagged(reader: &mut Reader, mut tagged: Tagged, line: &str) -> State {
    let step = tagged.read(line);
    go_on(reader, tagged, step)
}

fn go_on(reader: &mut Reader, tagged: Tagged, step: Step) -> State {
    match step {
        Step::More => State::Tagged(tagged),
        Step::Broken => {
            reader.pending = None;
            State::Prose
        }
        Step::Done => {
            if let Some(hunk) = &mut reader.pending {
                hunk.put_body(&tagged.into_body());
            }
            reader.flush(true);
            State::Prose
        }
    }
}
