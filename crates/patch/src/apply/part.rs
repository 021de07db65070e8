//! A block's one line that is only a part of a line of the file.

use super::{Document, Stop, Task};
use crate::edit::{EditLine, LineOp};
use crate::find::{Outcome, Piece, Position};
use crate::label::MatchLabel;

/// Shorter texts occur anywhere by chance.
const LEAST_CHARS: usize = 4;

impl Document {
    /// Applies a hunk of one old line to the one place within a line where it
    /// is, if that begins and ends where words do.
    pub(super) fn apply_part(
        &mut self,
        task: &Task<'_>,
        body: &[EditLine],
    ) -> Result<Position, Stop> {
        let of = |not: LineOp| {
            let lines = body.iter().filter(move |line| line.op != not);
            lines.map(|line| line.text.as_str()).collect::<Vec<_>>()
        };
        let (old, new) = (of(LineOp::Add), of(LineOp::Remove).join("\n"));
        let [old] = old[..] else {
            return Err(Stop::Missing);
        };
        if old.trim().chars().count() < LEAST_CHARS || task.hunk.anchor.ordered {
            return Err(Stop::Missing);
        }
        let outcome = self.finder.find_within(old, task.hunk.anchor.line)?;
        let piece = match outcome {
            Outcome::Found(piece) if self.has_word_edges(piece) => piece,
            Outcome::Many(places) => return Err(Stop::Many(places)),
            _ => return Err(Stop::Missing),
        };
        let adds_to_it = new.contains(old) && new.len() > old.len();
        if adds_to_it && !matches!(self.finder.find_within(&new, None)?, Outcome::Missing) {
            return Err(Stop::Repeated);
        }
        Ok(self.put_piece(piece, &new, MatchLabel::PartOfLine))
    }

    fn has_word_edges(&self, piece: Piece) -> bool {
        let line = self.finder.sheet.text(piece.first);
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let (before, text) = line.split_at(piece.start);
        let (text, after) = text.split_at(piece.end - piece.start);
        let splits = |left: &str, right: &str| {
            is_word(left.chars().next_back()) && is_word(right.chars().next())
        };
        !splits(before, text) && !splits(text, after)
    }
}
