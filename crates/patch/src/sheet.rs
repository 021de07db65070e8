//! A text being edited line by line.
//!
//! Lines keep their number for as long as the sheet lives, are linked in both
//! directions, and carry a sortable place, so that an edit costs as much as
//! the lines it touches and an index over lines needs no rebuilding.

mod written;

use std::sync::Arc;

use crate::line::{Ending, count, count_lines, make_room, text_lines};

/// A line of a [`Sheet`]; lines that were there from the start are numbered
/// by their place.
pub(crate) type LineId = u32;

const NONE: LineId = LineId::MAX;
/// The room between the places of two neighbours. 2^24 lines fit, and no
/// file within `limit::TEXT_FILE_BYTES` has as many.
const GAP: u64 = 1 << 40;
/// The byte order mark.
pub(crate) const BOM: char = '\u{feff}';

/// A text as linked lines.
#[derive(Debug)]
pub(crate) struct Sheet {
    /// The text at the start, with its byte order mark.
    text: Arc<String>,
    /// Every text added since.
    added: String,
    lines: Vec<Line>,
    first: LineId,
    last: LineId,
    originals: u32,
    has_bom: bool,
    /// Whether it did at the start.
    had_bom: bool,
    /// Whether the text ends with a newline, unless a patch says otherwise.
    final_newline: bool,
    stated_newline: Option<bool>,
    /// The ending of most lines at the start.
    usual: Ending,
}

#[derive(Clone, Copy, Debug)]
struct Line {
    start: u32,
    length: u32,
    prev: LineId,
    next: LineId,
    place: u64,
    ending: Ending,
    live: bool,
}

impl Sheet {
    /// Makes a sheet of a whole text; a byte order mark at its start is set
    /// aside and comes back in [`Self::to_text`].
    pub(crate) fn new(text: Arc<String>) -> Self {
        let bare = text.strip_prefix(BOM).unwrap_or(&text);
        let has_bom = bare.len() < text.len();
        let mut start = text.len() - bare.len();
        let (mut lines, mut crlf) = (Vec::with_capacity(count_lines(bare)), 0_usize);
        let mut id: LineId = 0;
        for (line, ending) in text_lines(bare) {
            lines.push(Line {
                start: count(start),
                length: count(line.len()),
                prev: id.wrapping_sub(1),
                next: id + 1,
                place: (u64::from(id) + 1).saturating_mul(GAP),
                ending,
                live: true,
            });
            id += 1;
            start += line.len() + ending.as_str().len();
            crlf += usize::from(ending == Ending::CrLf);
        }
        if let Some(last) = lines.last_mut() {
            last.next = NONE;
        }
        Self {
            added: String::new(),
            first: if lines.is_empty() { NONE } else { 0 },
            last: id.wrapping_sub(1),
            originals: id,
            has_bom,
            had_bom: has_bom,
            final_newline: bare.is_empty() || bare.ends_with('\n'),
            stated_newline: None,
            usual: if crlf * 2 > lines.len() {
                Ending::CrLf
            } else {
                Ending::Lf
            },
            lines,
            text,
        }
    }

    /// Returns the line's text without its ending.
    pub(crate) fn text(&self, id: LineId) -> &str {
        let line = &self.lines[id as usize];
        let text: &str = if self.is_original(id) {
            &self.text
        } else {
            &self.added
        };
        &text[line.start as usize..(line.start + line.length) as usize]
    }

    /// Returns the line's ending.
    pub(crate) fn ending(&self, id: LineId) -> Ending {
        self.lines[id as usize].ending
    }

    /// Returns the number of lines there ever were: the ids in use.
    pub(crate) fn ids(&self) -> LineId {
        count(self.lines.len())
    }

    /// Returns whether the line was there from the start.
    pub(crate) const fn is_original(&self, id: LineId) -> bool {
        id < self.originals
    }

    /// Returns whether `number` is one past the lines from the start.
    pub(crate) const fn is_end(&self, number: u32) -> bool {
        number == self.originals
    }

    /// Returns whether the line is there now.
    pub(crate) fn is_live(&self, id: LineId) -> bool {
        self.lines.get(id as usize).is_some_and(|line| line.live)
    }

    /// Returns what live lines sort by.
    pub(crate) fn place(&self, id: LineId) -> u64 {
        self.lines[id as usize].place
    }

    /// Returns the first line.
    pub(crate) fn first(&self) -> Option<LineId> {
        Some(self.first).filter(|&id| id != NONE)
    }

    /// Returns the last line.
    pub(crate) fn last(&self) -> Option<LineId> {
        Some(self.last).filter(|&id| id != NONE)
    }

    /// Returns the line after a line, or the first line after `None`.
    pub(crate) fn after(&self, id: Option<LineId>) -> Option<LineId> {
        let next = id.map_or(self.first, |id| self.lines[id as usize].next);
        Some(next).filter(|&id| id != NONE)
    }

    /// Returns the line before a line.
    pub(crate) fn before(&self, id: LineId) -> Option<LineId> {
        Some(self.lines[id as usize].prev).filter(|&id| id != NONE)
    }

    /// Returns the lines from `id` on.
    pub(crate) fn from(&self, id: Option<LineId>) -> impl Iterator<Item = LineId> {
        std::iter::successors(id, |&id| self.after(Some(id)))
    }

    /// Returns the line's number now, from 0. Costs a walk: for errors only.
    pub(crate) fn number(&self, id: LineId) -> u32 {
        count(self.from(self.first()).take_while(|&at| at != id).count())
    }

    /// Adds lines behind `prev`, or at the start behind `None`.
    pub(crate) fn insert(&mut self, prev: Option<LineId>, lines: &[(&str, Ending)]) {
        let needed = count(lines.len());
        let next = self.after(prev);
        let mut step = self.room(prev, next) / (u64::from(needed) + 1);
        if step == 0 {
            self.spread();
            step = self.room(prev, next) / (u64::from(needed) + 1);
        }
        let mut prev = prev.unwrap_or(NONE);
        let mut place = self.lines.get(prev as usize).map_or(0, |line| line.place);
        for (text, ending) in lines {
            let start = self.added.len();
            self.added.push_str(text);
            let id = self.link(start, text.len(), *ending, prev, next.unwrap_or(NONE));
            if next.is_some() {
                place += step;
                self.lines[id as usize].place = place;
            }
            prev = id;
        }
    }

    /// Takes a line out. Its text and former place stay readable.
    pub(crate) fn remove(&mut self, id: LineId) {
        let Line { prev, next, .. } = self.lines[id as usize];
        match self.lines.get_mut(prev as usize) {
            Some(line) => line.next = next,
            None => self.first = next,
        }
        match self.lines.get_mut(next as usize) {
            Some(line) => line.prev = prev,
            None => self.last = prev,
        }
        self.lines[id as usize].live = false;
    }

    /// Says whether the text ends with a newline.
    pub(crate) const fn state_final_newline(&mut self, newline: bool) {
        self.stated_newline = Some(newline);
    }

    /// Makes the last line say by its ending whether the text ends with a
    /// newline. A last line of neither text nor ending goes: it only says that
    /// the line before it has one.
    pub(crate) fn settle_end(&mut self) {
        let Some(last) = self.last() else {
            return;
        };
        let newline = self.stated_newline.unwrap_or(self.final_newline);
        if newline && self.ending(last) == Ending::None {
            self.lines[last as usize].ending = self.ending_beside(Some(last));
        } else if !newline && self.text(last).is_empty() {
            self.remove(last);
            self.stated_newline = Some(true);
        } else if !newline {
            self.lines[last as usize].ending = Ending::None;
        }
    }

    /// Says whether the text begins with a byte order mark.
    pub(crate) const fn state_bom(&mut self, has_bom: bool) {
        self.has_bom = has_bom;
    }

    /// Returns whether the text begins with a byte order mark.
    pub(crate) const fn has_bom(&self) -> bool {
        self.has_bom
    }

    /// Returns the ending a line gets that comes next to `neighbour`.
    pub(crate) fn ending_beside(&self, neighbour: Option<LineId>) -> Ending {
        let mut at = neighbour;
        // Only a file's last line has no ending: one step back is enough.
        for _ in 0..2 {
            match at {
                Some(id) if self.ending(id) == Ending::None => at = self.before(id),
                Some(id) => return self.ending(id),
                None => break,
            }
        }
        self.usual
    }

    fn room(&self, prev: Option<LineId>, next: Option<LineId>) -> u64 {
        let start = prev.map_or(0, |id| self.place(id));
        next.map_or(u64::MAX, |id| self.place(id) - start)
    }

    /// Gives the lines even places again.
    fn spread(&mut self) {
        let ids: Vec<LineId> = self.from(self.first()).collect();
        let mut place = 0;
        for id in ids {
            place += GAP;
            self.lines[id as usize].place = place;
        }
    }

    fn link(
        &mut self,
        start: usize,
        length: usize,
        ending: Ending,
        prev: LineId,
        next: LineId,
    ) -> LineId {
        let id = self.ids();
        let place = self.lines.get(prev as usize).map_or(0, |line| line.place);
        make_room(&mut self.lines);
        self.lines.push(Line {
            start: count(start),
            length: count(length),
            prev,
            next,
            place: place.saturating_add(GAP),
            ending,
            live: true,
        });
        match self.lines.get_mut(prev as usize) {
            Some(line) => line.next = id,
            None => self.first = id,
        }
        match self.lines.get_mut(next as usize) {
            Some(line) => line.prev = id,
            None => self.last = id,
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LF: Ending = Ending::Lf;

    #[test]
    fn a_sheet_gives_its_text_back() {
        for text in [
            "",
            "a",
            "a\n",
            "\u{feff}a\r\nb\n\nc",
            "\n",
            "\u{feff}",
            "\r\n\r",
        ] {
            assert_eq!(
                Sheet::new(Arc::new(text.to_owned())).to_text(),
                text,
                "{text:?}"
            );
        }
    }

    #[test]
    fn the_state_of_the_end_is_kept_unless_stated() {
        let mut sheet = Sheet::new(Arc::new("a\r\nb".to_owned()));
        sheet.insert(Some(1), &[("c", Ending::CrLf)]);
        assert_eq!(sheet.to_text(), "a\r\nb\r\nc");
        sheet.remove(2);
        sheet.remove(1);
        assert_eq!(sheet.to_text(), "a");
        sheet.state_final_newline(true);
        assert_eq!(sheet.to_text(), "a\r\n");
    }

    #[test]
    fn places_stay_in_order_under_many_inserts() {
        let mut sheet = Sheet::new(Arc::new("a\nb\n".to_owned()));
        for round in 0..500 {
            let at = if round % 3 == 0 { None } else { Some(0) };
            sheet.insert(at, &[("x", LF), ("y", LF), ("z", LF)]);
        }
        let places: Vec<u64> = sheet
            .from(sheet.first())
            .map(|id| sheet.place(id))
            .collect();
        assert_eq!(places.len(), 1_502);
        assert!(places.is_sorted_by(|a, b| a < b));
        assert_eq!(sheet.number(1), 1_501);
    }
}
