//! `apply_patch`, line by line.

use atelier_base::WorkspacePath;

use super::{PreviewHunk, Reader, State, path_of};
use crate::diff::HunkKind;
use crate::edit::LineOp;
use crate::read::apply_patch::{ADD, BEGIN, DELETE, END, END_OF_FILE, MOVE, UPDATE, ends_loosely};

/// An envelope that is open.
#[derive(Debug, Default)]
pub(super) struct Envelope {
    path: Option<WorkspacePath>,
    /// Whether the file is changed rather than made.
    is_update: bool,
}

/// Returns whether an envelope begins in a line.
pub(super) fn begins(line: &str) -> bool {
    line.trim() == BEGIN
        || [ADD, DELETE, UPDATE]
            .iter()
            .any(|mark| line.starts_with(mark))
}

impl Envelope {
    pub(super) fn begin(reader: &mut Reader, line: &str) -> Self {
        let mut envelope = Self::default();
        envelope.header(reader, line.trim());
        envelope
    }

    pub(super) fn read(mut self, reader: &mut Reader, line: &str) -> State {
        let text = line.trim();
        if text == END || ends_loosely(text) {
            reader.flush(true);
            return State::Prose;
        }
        if self.header(reader, text) {
            return State::Envelope(self);
        }
        let op = match line.as_bytes().first() {
            Some(b'+') => LineOp::Add,
            Some(b'-') => LineOp::Remove,
            _ => LineOp::Keep,
        };
        if op != LineOp::Keep {
            if reader.pending.is_none() && self.is_update {
                let hunk = PreviewHunk::new(self.path.clone(), HunkKind::Text);
                reader.pending = Some(hunk);
            }
            reader.put(op, &line[1..]);
        }
        State::Envelope(self)
    }

    /// Reads a line that begins a file or a chunk; returns whether it was one.
    fn header(&mut self, reader: &mut Reader, text: &str) -> bool {
        let file = |mark: &str| text.strip_prefix(mark).map(path_of);
        if let Some(path) = file(ADD) {
            reader.flush(true);
            reader.pending = Some(PreviewHunk::new(path.clone(), HunkKind::Create));
            (self.path, self.is_update) = (path, false);
        } else if let Some(path) = file(DELETE) {
            reader.flush(true);
            reader.pending = Some(PreviewHunk::new(path.clone(), HunkKind::Delete));
            (self.path, self.is_update) = (path, false);
        } else if let Some(path) = file(UPDATE) {
            reader.flush(true);
            (self.path, self.is_update) = (path, true);
        } else if let Some(path) = file(MOVE) {
            reader.flush(true);
            reader.tell(path, HunkKind::Rename);
        } else if text == END_OF_FILE || text.starts_with("@@") {
            reader.flush(true);
        } else {
            return false;
        }
        true
    }
}
