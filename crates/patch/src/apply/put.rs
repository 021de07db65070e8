//! Writing a matched hunk into a document.

use std::borrow::Cow;

use super::Document;
use crate::edit::{Anchor, EditLine, LineOp};
use crate::find::{Match, Piece, Position, Repair, Spot};
use crate::label::MatchLabel;
use crate::line::Ending;
use crate::sheet::LineId;

impl Document {
    /// Writes a hunk where it was found; returns where that was.
    pub(super) fn put_hunk(
        &mut self,
        anchor: &Anchor,
        body: &[EditLine],
        found: &Match,
    ) -> Position {
        let (head, tail) = found.skipped;
        let body = found.body.as_deref().unwrap_or(body);
        let cursor = self.put(&body[head..body.len() - tail], found.spot, found);
        if let Some(newline) = anchor.final_newline
            && self.finder.sheet.after(cursor).is_none()
        {
            self.finder.sheet.state_final_newline(newline);
        }
        let drift = match (found.spot, anchor.line) {
            (Spot::Lines(at), Some(line)) if self.finder.sheet.is_original(at) => {
                i64::from(at) - i64::from(line) - i64::try_from(head).unwrap_or(0)
            }
            _ => 0,
        };
        Position { cursor, drift }
    }

    /// Writes a hunk's lines at its place; returns the last line it touched.
    pub(super) fn put(&mut self, body: &[EditLine], spot: Spot, found: &Match) -> Option<LineId> {
        let sheet = &self.finder.sheet;
        let (mut prev, mut here) = match spot {
            Spot::Lines(id) => (sheet.before(id), Some(id)),
            Spot::Behind(line) => (line, None),
        };
        let mut ending = sheet.ending_beside(prev.or(here).or(sheet.first()));
        let mut added: Vec<(Cow<'_, str>, Ending)> = Vec::new();
        for line in body {
            match (line.op, here) {
                (LineOp::Add, _) => {
                    let text = found.repair.apply(&line.text);
                    let text = text.unwrap_or(Cow::Borrowed(&line.text));
                    added.push((text, line.ending.unwrap_or(ending)));
                }
                (LineOp::Keep, Some(id)) => {
                    self.insert(prev, &mut added, found.label);
                    let mark = self.marks.entry(id).or_insert((found.label, false));
                    if !mark.1 {
                        mark.0 = mark.0.worse(found.label);
                    }
                    ending = self.finder.sheet.ending_beside(Some(id));
                    (prev, here) = (Some(id), self.finder.sheet.after(Some(id)));
                }
                (LineOp::Remove, Some(id)) => {
                    ending = self.finder.sheet.ending_beside(Some(id));
                    here = self.finder.sheet.after(Some(id));
                    self.marks.insert(id, (found.label, true));
                    self.finder.sheet.remove(id);
                }
                // A match covers every old line.
                (LineOp::Keep | LineOp::Remove, None) => {}
            }
        }
        self.insert(prev, &mut added, found.label).or(prev)
    }

    /// Adds lines behind `prev`; returns the last of them.
    fn insert(
        &mut self,
        prev: Option<LineId>,
        lines: &mut Vec<(Cow<'_, str>, Ending)>,
        label: MatchLabel,
    ) -> Option<LineId> {
        if lines.is_empty() {
            return None;
        }
        let ids = self.finder.sheet.ids();
        let borrowed: Vec<(&str, Ending)> = lines.iter().map(|(t, e)| (&**t, *e)).collect();
        self.finder.sheet.insert(prev, &borrowed);
        lines.clear();
        let added = ids..self.finder.sheet.ids();
        self.marks
            .extend(added.clone().map(|id| (id, (label, true))));
        added.last()
    }

    /// Replaces a piece of text that begins and ends within lines.
    pub(super) fn put_piece(&mut self, piece: Piece, new: &str, label: MatchLabel) -> Position {
        let sheet = &self.finder.sheet;
        let prev = sheet.before(piece.first);
        let prefix = &sheet.text(piece.first)[..piece.start];
        let suffix = piece.last.map_or("", |last| &sheet.text(last)[piece.end..]);
        let text = [prefix, new, suffix].concat();
        let mut removed: Vec<LineId> = Vec::new();
        for id in sheet.from(Some(piece.first)) {
            removed.push(id);
            if Some(id) == piece.last {
                break;
            }
        }
        let (lines, ends_file_bare) = self.lines_of_piece(piece, &text, &removed);
        let mut lines = lines
            .into_iter()
            .map(|(text, ending)| (Cow::Borrowed(text), ending))
            .collect();
        for id in removed {
            self.marks.insert(id, (label, true));
            self.finder.sheet.remove(id);
        }
        let cursor = self.insert(prev, &mut lines, label).or(prev);
        if ends_file_bare {
            self.finder.sheet.state_final_newline(false);
        }
        Position { cursor, drift: 0 }
    }

    /// Returns the lines of a text that comes in place of `removed`, and
    /// whether the file ends with it and without a newline.
    fn lines_of_piece<'a>(
        &self,
        piece: Piece,
        text: &'a str,
        removed: &[LineId],
    ) -> (Vec<(&'a str, Ending)>, bool) {
        let sheet = &self.finder.sheet;
        let mut parts: Vec<&str> = text.split('\n').collect();
        let mut ends_file_bare = false;
        if piece.last.is_none() {
            // The piece took the file's last newline with it.
            ends_file_bare = parts.last().is_some_and(|part| !part.is_empty());
            if !ends_file_bare {
                parts.pop();
            }
        }
        let beside = sheet.ending_beside(Some(piece.first));
        let mut endings = vec![beside; parts.len()];
        if parts.len() == removed.len() {
            // As many lines as before: each keeps its ending.
            endings = removed
                .iter()
                .map(|&id| sheet.ending_beside(Some(id)))
                .collect();
        }
        if let (Some(last), Some(ending)) = (piece.last, endings.last_mut()) {
            *ending = sheet.ending(last);
        }
        (parts.into_iter().zip(endings).collect(), ends_file_bare)
    }
}

impl Match {
    /// Makes the match of something that needs no finding.
    pub(super) fn exact(spot: Spot) -> Self {
        Self {
            spot,
            skipped: (0, 0),
            body: None,
            repair: Repair::default(),
            label: MatchLabel::Exact,
        }
    }
}
