//! Which of several places a hunk means, or none.

use super::scope::Windows;
use super::{Finder, Outcome};
use crate::edit::Anchor;
use crate::sheet::LineId;

/// Where the hunks before this one were found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Position {
    /// The last line that the hunk before touched.
    pub(crate) cursor: Option<LineId>,
    /// How far from its line hint the hunk before was found.
    pub(crate) drift: i64,
}

/// What disambiguates a hunk's places.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice<'a> {
    pub(super) anchor: &'a Anchor,
    pub(super) position: Position,
    /// Where the hunk's scope was found, if it has one.
    pub(super) windows: &'a Windows,
    /// The number of lines that a place covers.
    pub(super) length: usize,
    /// How many of the hunk's first lines the places don't cover.
    pub(super) skipped: usize,
}

impl Finder {
    /// Narrows places down by scope, order, end of file and line hint, in
    /// that order. Only the scope can leave none.
    pub(super) fn choose(&self, places: Vec<LineId>, choice: Choice<'_>) -> Outcome<LineId> {
        let mut places = self.within(places, choice);
        if choice.anchor.ordered
            && let Some(cursor) = choice.position.cursor
        {
            let after = self.sheet.place(cursor);
            prefer(&mut places, |id| self.sheet.place(id) >= after);
        }
        if choice.anchor.at_end {
            prefer(&mut places, |id| {
                self.last_of(id, choice.length) == self.sheet.last()
            });
        }
        if let Some(line) = choice.anchor.line
            && let Some(id) = self.nearest(&places, line, choice)
        {
            places = vec![id];
        }
        match places[..] {
            [] => Outcome::Missing,
            [id] => Outcome::Found(id),
            _ => Outcome::Many(places),
        }
    }

    /// Keeps the places inside of the scope, else those below its line.
    fn within(&self, places: Vec<LineId>, choice: Choice<'_>) -> Vec<LineId> {
        let Some(top) = choice.windows.as_slice().first() else {
            return places;
        };
        // A hunk may repeat the scope's line, so its end decides.
        let end = |id| {
            let last = self.last_of(id, choice.length);
            last.map_or(0, |last| self.sheet.place(last))
        };
        let mut below = places;
        below.retain(|&id| end(id) >= top.start);
        prefer(&mut below, |id| {
            choice.windows.hold(self.sheet.place(id), end(id))
        });
        below
    }

    /// Returns the place nearest to the line that the hunk was written for.
    /// None when two are as near, or when the hunk before says that the file
    /// has moved and the nearest place would then be another.
    fn nearest(&self, places: &[LineId], line: u32, choice: Choice<'_>) -> Option<LineId> {
        let line = i64::from(line) + i64::try_from(choice.skipped).unwrap_or(0);
        let plain = self.nearest_to(places, line)?;
        let moved = self.nearest_to(places, line + choice.position.drift)?;
        Some(plain).filter(|&id| id == moved)
    }

    /// Returns the place nearest to a line, if no other is as near.
    pub(super) fn nearest_to(&self, places: &[LineId], line: i64) -> Option<LineId> {
        let distance = |id: LineId| (i64::from(id) - line).abs();
        let original = places
            .iter()
            .copied()
            .filter(|&id| self.sheet.is_original(id));
        let nearest = original.clone().min_by_key(|&id| distance(id))?;
        let as_near = original.filter(|&id| distance(id) == distance(nearest));
        (as_near.count() == 1).then_some(nearest)
    }

    fn last_of(&self, first: LineId, length: usize) -> Option<LineId> {
        self.sheet.from(Some(first)).nth(length.saturating_sub(1))
    }
}

/// Keeps the places that fit, if there are any.
fn prefer(places: &mut Vec<LineId>, fits: impl Fn(LineId) -> bool) {
    if places.len() > 1 && places.iter().any(|&id| fits(id)) {
        places.retain(|&id| fits(id));
    }
}
