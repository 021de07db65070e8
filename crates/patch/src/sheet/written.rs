//! A sheet's text, and what of it is as it was.

use std::ops::Range;

use super::{BOM, LineId, NONE, Sheet};
use crate::diff::{Edit, Edited, Hunk, joined};
use crate::line::{Ending, count, lines};

/// A sheet written out.
pub(crate) struct Written {
    /// The whole text.
    pub(crate) text: String,
    /// Its lines, in order; those whose numbers follow each other together.
    pub(crate) lines: Vec<Range<LineId>>,
    /// What is not as it was.
    changes: Vec<Change>,
}

/// Lines from the start that are gone or have another ending, and the bytes
/// of the text that are there instead.
struct Change {
    old: Range<LineId>,
    new: Range<usize>,
}

impl Sheet {
    /// Returns the whole text as it is now.
    pub(crate) fn to_text(&self) -> String {
        self.write().text
    }

    /// Writes the whole text as it is now.
    pub(crate) fn write(&self) -> Written {
        let mut text = String::with_capacity(self.text.len() + self.added.len() + BOM.len_utf8());
        if self.has_bom {
            text.push(BOM);
        }
        let mut written = Written {
            text,
            lines: Vec::new(),
            changes: Vec::new(),
        };
        let (mut at, mut old, mut new) = (self.first, 0, written.text.len());
        while at != NONE {
            let end = self.end_of_untouched(at);
            if end == at {
                self.write_line(at, &mut written.text);
                written.push_line(at..at + 1);
                at = self.lines[at as usize].next;
                continue;
            }
            written.push_change(old..at, new);
            let bytes = self.start_of(at)..self.start_of(end);
            written.text.push_str(&self.text[bytes]);
            written.push_line(at..end);
            (old, new) = (end, written.text.len());
            at = self.lines[end as usize - 1].next;
        }
        written.push_change(old..self.originals, new);
        written
    }

    /// Returns the hunks between the text at the start and what was written.
    /// `None` when the texts must be compared.
    pub(crate) fn hunks(&self, written: &Written) -> Option<Vec<Hunk>> {
        if self.has_bom || self.had_bom {
            return None;
        }
        let bytes = written.text.as_bytes();
        let mut edits = Vec::with_capacity(written.changes.len());
        // How many lines of either text lie before what comes next.
        let (mut old, mut new) = (0, 0);
        for change in &written.changes {
            let added: Vec<&[u8]> = lines(bytes.get(change.new.clone())?).collect();
            let edit = Edit {
                old: change.old.clone(),
                new_start: new + (change.old.start - old),
                added,
            };
            new = edit.new_start + count(edit.added.len());
            old = edit.old.end;
            edits.push(edit);
        }
        let old = self.text.as_bytes();
        let edited = Edited {
            line: |id| &old[self.start_of(id)..self.start_of(id + 1)],
            lines: self.originals,
            edits,
        };
        edited.changes().map(joined)
    }

    /// Returns whether any line was added that has a NUL in it.
    pub(crate) fn adds_nul(&self) -> bool {
        memchr::memchr(0, self.added.as_bytes()).is_some()
    }

    /// Returns where a line from the start begins; the one past the last, where
    /// the text ends.
    fn start_of(&self, id: LineId) -> usize {
        if id < self.originals {
            self.lines[id as usize].start as usize
        } else {
            self.text.len()
        }
    }

    /// Returns the first line from `id` on that isn't as it was, or doesn't
    /// follow the line that it followed.
    fn end_of_untouched(&self, mut id: LineId) -> LineId {
        while self.is_untouched(id) {
            id += 1;
            if self.lines[id as usize - 1].next != id {
                break;
            }
        }
        id
    }

    /// Returns whether a line is there from the start and has its ending.
    fn is_untouched(&self, id: LineId) -> bool {
        if !self.is_original(id) {
            return false;
        }
        let line = &self.lines[id as usize];
        let is_bare = id == self.last && !self.ends_with_newline();
        let end = (line.start + line.length) as usize + line.ending.as_str().len();
        end == self.start_of(id + 1) && is_bare == (line.ending == Ending::None)
    }

    fn ends_with_newline(&self) -> bool {
        self.stated_newline.unwrap_or(self.final_newline)
    }

    fn write_line(&self, id: LineId, text: &mut String) {
        text.push_str(self.text(id));
        if id == self.last && !self.ends_with_newline() {
            return;
        }
        let ending = match self.ending(id) {
            Ending::None => self.ending_beside(self.before(id)),
            ending => ending,
        };
        text.push_str(ending.as_str());
    }
}

impl Written {
    fn push_line(&mut self, ids: Range<LineId>) {
        match self.lines.last_mut() {
            Some(last) if last.end == ids.start => last.end = ids.end,
            _ => self.lines.push(ids),
        }
    }

    /// Notes that `old` went and that the text from `start` on came.
    fn push_change(&mut self, old: Range<LineId>, start: usize) {
        let new = start..self.text.len();
        if !old.is_empty() || !new.is_empty() {
            self.changes.push(Change { old, new });
        }
    }
}
