//! Hunks that have `...` for lines which they leave out.

use super::lines::is_elision;
use super::{Document, Stop, Task};
use crate::edit::{Anchor, EditBody, EditHunk, EditLine, LineOp};
use crate::find::{Position, Spot};
use crate::label::MatchLabel;
use crate::sheet::LineId;

/// The most parts a hunk may have.
const PARTS: usize = 64;

/// Splits a hunk at its unchanged lines of `...`, or of a comment that says so.
/// `None` when it has none, or has a part with nothing to find it by.
pub(super) fn parts(body: &[EditLine]) -> Option<Vec<&[EditLine]>> {
    let leaves_out = |line: &EditLine| {
        line.op == LineOp::Keep && (line.text.trim() == "..." || is_elision(&line.text))
    };
    if !body.iter().any(leaves_out) {
        return None;
    }
    let parts: Vec<&[EditLine]> = body
        .split(leaves_out)
        .filter(|part| !part.is_empty())
        .collect();
    let has_old = |part: &&[EditLine]| part.iter().any(|line| line.op != LineOp::Add);
    ((1..=PARTS).contains(&parts.len()) && parts.iter().all(has_old)).then_some(parts)
}

impl Document {
    /// Applies the parts of a hunk in the order of the file; each must have
    /// one place behind the one before.
    pub(super) fn apply_parts(
        &mut self,
        task: &Task<'_>,
        parts: &[&[EditLine]],
    ) -> Result<Position, Stop> {
        let mut position = task.position;
        for (number, part) in parts.iter().enumerate() {
            let given = &task.hunk.anchor;
            let is_last = number + 1 == parts.len();
            let anchor = if number == 0 {
                Anchor {
                    at_end: given.at_end && is_last,
                    final_newline: given.final_newline.filter(|_| is_last),
                    ..given.clone()
                }
            } else {
                Anchor {
                    ordered: true,
                    at_end: given.at_end && is_last,
                    final_newline: given.final_newline.filter(|_| is_last),
                    ..Anchor::default()
                }
            };
            let hunk = EditHunk {
                anchor,
                body: EditBody::Lines(part.to_vec()),
                patch_line: task.hunk.patch_line,
            };
            let task = Task {
                hunk: &hunk,
                position,
                strict: task.strict,
                equal: 1,
            };
            let mut found = Stop::unless_found(self.finder.find_lines(task.wanted(part))?)?;
            if number > 0 && !self.is_behind(found.spot, position.cursor) {
                return Err(Stop::Missing);
            }
            found.label = found.label.worse(MatchLabel::Elided);
            position = self.put_hunk(&hunk.anchor, part, &found);
        }
        Ok(position)
    }

    /// Returns whether a place is behind a line.
    fn is_behind(&self, spot: Spot, line: Option<LineId>) -> bool {
        let sheet = &self.finder.sheet;
        match (spot, line) {
            (Spot::Lines(at), Some(line)) => sheet.place(at) > sheet.place(line),
            (_, None) => true,
            (Spot::Behind(_), _) => false,
        }
    }
}
