//! Hunks that would repeat what they have added already.

use super::Document;
use super::refuse::is_telling;
use crate::edit::{EditLine, LineOp};
use crate::find::{Match, Spot};
use crate::sheet::LineId;

impl Document {
    /// Returns whether a hunk only adds lines above or below all of its
    /// context, and these stand right there. Context on both sides of an
    /// addition says by itself that it isn't there yet.
    pub(super) fn repeats(&self, body: &[EditLine], found: &Match) -> bool {
        let (head, tail) = found.skipped;
        let body = &body[head..body.len() - tail];
        let is_added = |line: &&EditLine| line.op == LineOp::Add;
        let (above, rest) = match found.spot {
            Spot::Lines(_) => body.split_at(body.iter().take_while(is_added).count()),
            Spot::Behind(_) => body.split_at(0),
        };
        let kept = rest.len() - rest.iter().rev().take_while(is_added).count();
        let (kept, below) = rest.split_at(kept);
        let adds = above.iter().chain(below);
        kept.iter().all(|line| line.op == LineOp::Keep)
            && adds.clone().any(|line| is_telling(&line.text))
            && self.stand_above(above, found)
            && self.stand_below(below, kept.len(), found)
    }

    fn stand_above(&self, lines: &[EditLine], found: &Match) -> bool {
        let sheet = &self.finder.sheet;
        let Spot::Lines(first) = found.spot else {
            return lines.is_empty();
        };
        let mut at = Some(first);
        lines.iter().rev().all(|line| {
            at = at.and_then(|id| sheet.before(id));
            self.is_line(at, line, found)
        })
    }

    fn stand_below(&self, lines: &[EditLine], kept: usize, found: &Match) -> bool {
        let sheet = &self.finder.sheet;
        let mut at = match found.spot {
            Spot::Lines(first) => sheet.from(Some(first)).nth(kept.saturating_sub(1)),
            Spot::Behind(line) => line,
        };
        lines.iter().all(|line| {
            at = at.and_then(|id| sheet.after(Some(id)));
            self.is_line(at, line, found)
        })
    }

    /// Returns whether a line is what adding another would make.
    fn is_line(&self, id: Option<LineId>, line: &EditLine, found: &Match) -> bool {
        let text = found.repair.apply(&line.text);
        id.is_some_and(|id| text.is_some_and(|text| self.finder.sheet.text(id) == text))
    }
}
