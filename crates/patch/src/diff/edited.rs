//! The changes between a text and what edits made of it, from the lines that
//! the edits left alone.
//!
//! They are those that comparing the whole texts gives. That looks at every
//! line; but where a line that occurs once in both texts stands between two
//! edits, each of them can be looked at by itself. So only the occurrences of
//! a few lines are counted, and whatever is not that plain is left to the
//! comparison.

use std::ops::Range;

use super::anchor::{LARGE, Stretch};
use super::compare::{Replaced, WORK, changes, changes_of};
use super::tally::Tally;
use crate::line::count;

/// The lines at either end of what is between two edits that may tell them
/// apart.
const TELLING: u32 = 4;
/// Edits with more pairs of lines than this are compared, not looked through.
const FEW: usize = 64;

/// What edits made of lines that stood one after the other.
#[derive(Debug)]
pub(crate) struct Edit<'a> {
    /// The lines it removed.
    pub(crate) old: Range<u32>,
    /// The lines it added, and the first of them in the new text.
    pub(crate) added: Vec<&'a [u8]>,
    pub(crate) new_start: u32,
}

/// A text and the edits of it, in order; lines lie between any two of them.
pub(crate) struct Edited<'a, F> {
    /// Gives a line of the old text, with its ending.
    pub(crate) line: F,
    /// How many there are.
    pub(crate) lines: u32,
    pub(crate) edits: Vec<Edit<'a>>,
}

/// The lines around a change that were left alone: how many.
#[derive(Clone, Copy)]
struct Room {
    above: u32,
    below: u32,
}

impl<'a, F: Fn(u32) -> &'a [u8]> Edited<'a, F> {
    /// Returns every change, or `None` when the texts must be compared.
    pub(crate) fn changes(&self) -> Option<Vec<Replaced>> {
        let trimmed: Vec<Replaced> = (0..self.edits.len())
            .filter_map(|at| self.trim(at))
            .collect();
        if let [only] = trimmed.as_slice()
            && self.edits.len() == 1
        {
            return Some(self.within_one(only));
        }
        if trimmed.len() < self.edits.len() || !self.stand_apart(&trimmed) {
            return None;
        }
        let mut work = WORK;
        let mut found = Vec::with_capacity(trimmed.len());
        for (at, change) in trimmed.into_iter().enumerate() {
            let size = change.old.len().saturating_mul(change.new.len());
            work = work.checked_sub(size).filter(|_| size <= LARGE)?;
            if self.is_plain(at, &change) {
                found.push(change);
                continue;
            }
            let (old, new, above) = self.surroundings(at, &change);
            let stretch = Stretch {
                old: above..above + change.old.len(),
                new: above..above + change.new.len(),
                has_context: true,
            };
            let within = changes_of(&old, &new, vec![stretch]);
            found.extend(moved(within, &change, above));
        }
        Some(found)
    }

    /// Returns the changes of the only edit.
    fn within_one(&self, change: &Replaced) -> Vec<Replaced> {
        if self.is_plain(0, change) {
            return vec![change.clone()];
        }
        let (old, new, above) = self.surroundings(0, change);
        moved(changes(&old, &new), change, above).collect()
    }

    /// Returns how many lines around an edit were left alone.
    fn room(&self, at: usize) -> Room {
        let Edit { old, .. } = &self.edits[at];
        let above = at.checked_sub(1).map_or(0, |at| self.edits[at].old.end);
        let below = self.edits.get(at + 1);
        let below = below.map_or(self.lines, |next| next.old.start);
        Room {
            above: old.start - above,
            below: below - old.end,
        }
    }

    /// Returns a line of the new text at an edit or in the room around it.
    fn new_line(&self, at: usize, number: u32) -> &'a [u8] {
        let Edit {
            old,
            added,
            new_start,
        } = &self.edits[at];
        let Some(inside) = number.checked_sub(*new_start) else {
            return (self.line)(old.start - (new_start - number));
        };
        match added.get(inside as usize) {
            Some(line) => line,
            None => (self.line)(old.end + inside - count(added.len())),
        }
    }

    /// Takes off what is the same at both ends of an edit; it may then lie
    /// lower or higher than it did. `None` when it changes nothing.
    fn trim(&self, at: usize) -> Option<Replaced> {
        let Edit {
            old,
            added,
            new_start,
        } = &self.edits[at];
        let Room { above, below } = self.room(at);
        let (old_start, old_end) = (old.start - above, old.end + below);
        let (new_start, new_end) = (new_start - above, new_start + count(added.len()) + below);
        let shorter = (old_end - old_start).min(new_end - new_start);
        let head = |most: u32| {
            let mut head = above.min(most);
            while head < most
                && (self.line)(old_start + head) == self.new_line(at, new_start + head)
            {
                head += 1;
            }
            head
        };
        let tail = |most: u32| {
            let mut tail = below.min(most);
            while tail < most
                && (self.line)(old_end - 1 - tail) == self.new_line(at, new_end - 1 - tail)
            {
                tail += 1;
            }
            tail
        };
        // The texts' own ends come off before any other.
        let (head, tail) = if at > 0 && at + 1 == self.edits.len() {
            let tail = tail(shorter);
            (head(shorter - tail), tail)
        } else {
            let head = head(shorter);
            (head, tail(shorter - head))
        };
        let change = Replaced {
            old: old_start + head..old_end - tail,
            new: new_start + head..new_end - tail,
        };
        (!change.old.is_empty() || !change.new.is_empty()).then_some(change)
    }

    /// Returns whether a change is one as it is: no line of it is in both
    /// texts, and it can't be moved up or down.
    fn is_plain(&self, at: usize, change: &Replaced) -> bool {
        let Replaced { old, new } = change;
        let ends = |range: &Range<u32>, line: &dyn Fn(u32) -> &'a [u8]| {
            let last = range.end.checked_sub(1)?;
            (!range.is_empty()).then(|| (line(range.start), line(last)))
        };
        let new_line = |number| self.new_line(at, number);
        let above = old.start.checked_sub(1).map(&self.line);
        let below = (old.end < self.lines).then(|| (self.line)(old.end));
        let (old_ends, new_ends) = (ends(old, &self.line), ends(new, &new_line));
        let moves = |(first, last): (&[u8], &[u8])| Some(first) == below || Some(last) == above;
        if old_ends.is_some_and(moves) || new_ends.is_some_and(moves) {
            return false;
        }
        old.len() * new.len() <= FEW
            && old.clone().all(|a| {
                let a = (self.line)(a);
                new.clone().all(|b| a != new_line(b))
            })
    }

    /// Returns the old and the new lines of a change with one more at either
    /// end where there are any, and how many the first ones are: 0 or 1.
    fn surroundings(&self, at: usize, change: &Replaced) -> (Vec<&'a [u8]>, Vec<&'a [u8]>, usize) {
        let Replaced { old, new } = change;
        let above = u32::from(old.start > 0);
        let below = u32::from(old.end < self.lines);
        let old = old.start - above..old.end + below;
        let new = new.start - above..new.end + below;
        let old = old.map(&self.line).collect();
        let new = new.map(|number| self.new_line(at, number)).collect();
        (old, new, above as usize)
    }

    /// Returns whether a line that occurs once in both texts stands between
    /// any two changes, and no such line is in another place than before.
    /// Only what lies between the first change and the last counts.
    fn stand_apart(&self, changes: &[Replaced]) -> bool {
        let (Some(first), Some(last)) = (changes.first(), changes.last()) else {
            return false;
        };
        let mut lines = Vec::new();
        for (gap, pair) in changes.windows(2).enumerate() {
            let between = pair[0].old.end..pair[1].old.start;
            let new_between = pair[0].new.end..pair[1].new.start;
            if between.is_empty() || between.len() != new_between.len() {
                return false;
            }
            let top = between.start..between.end.min(between.start + TELLING);
            let bottom = top.end.max(between.end.saturating_sub(TELLING))..between.end;
            for lines_there in [top, bottom] {
                let there = lines_there.map(&self.line).max_by_key(|line| line.len());
                lines.extend(there.map(|line| (line, Some(gap))));
            }
        }
        for change in changes {
            lines.extend(change.old.clone().map(|number| ((self.line)(number), None)));
        }
        let mut tally = Tally::of(lines);
        for number in first.old.start..last.old.end {
            tally.count_old((self.line)(number));
        }
        for (at, change) in changes.iter().enumerate() {
            for number in change.new.clone() {
                tally.count_added(self.new_line(at, number));
            }
        }
        tally.tells(changes.len() - 1)
    }
}

/// Returns the changes of a change's surroundings as those of the texts.
fn moved(within: Vec<Replaced>, change: &Replaced, above: usize) -> impl Iterator<Item = Replaced> {
    let above = count(above);
    let (old, new) = (change.old.start - above, change.new.start - above);
    within.into_iter().map(move |part| Replaced {
        old: part.old.start + old..part.old.end + old,
        new: part.new.start + new..part.new.end + new,
    })
}
