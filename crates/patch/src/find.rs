//! Finding a hunk's one place in a text.
//!
//! Lines are looked up by hash, never by scanning the text: a hunk costs what
//! its rarest line's occurrences cost. A budget bounds the texts in which
//! every line is common.

mod align;
mod choose;
mod fold;
mod fuzzy;
mod index;
mod ladder;
mod repair;
mod scope;
mod within;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use crate::edit::EditLine;
use crate::label::MatchLabel;
use crate::line::count;
use crate::sheet::{LineId, Sheet};

pub(crate) use choose::Position;
use index::Index;
pub(crate) use ladder::Wanted;
pub(crate) use repair::Repair;
pub(crate) use within::Piece;
use within::WordIndex;

/// The line comparisons one plan may cost: about a second's worth. A patch
/// with context that occurs once per hunk needs a few per line.
const WORK: u64 = 1 << 28;

/// The rest of a plan's work, shared by its files.
#[derive(Clone, Debug)]
pub(crate) struct Work(Rc<Cell<u64>>);

impl Work {
    /// Returns a plan's whole budget.
    pub(crate) fn full() -> Self {
        Self(Rc::new(Cell::new(WORK)))
    }

    fn charge(&self, steps: u64) -> Result<(), TooComplex> {
        let left = self.0.get().checked_sub(steps).ok_or(TooComplex)?;
        self.0.set(left);
        Ok(())
    }
}

/// The work of a plan is used up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TooComplex;

/// How alike two lines must be to count as the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// The same bytes.
    Exact,
    /// The same without white space at both ends.
    Trim,
    /// The same after [`fold`], without white space at both ends.
    Fold,
}

/// A text, and what is known of where its lines are.
#[derive(Debug)]
pub(crate) struct Finder {
    pub(crate) sheet: Sheet,
    trim: Index,
    fold: Index,
    words: WordIndex,
    work: Work,
}

impl Finder {
    /// Pays for reading a whole text of so many bytes.
    pub(crate) fn charge(&self, bytes: usize) -> Result<(), TooComplex> {
        self.work.charge(bytes as u64)
    }
}

/// Where a hunk belongs and what must be done to fit it in.
#[derive(Clone, Debug)]
pub(crate) struct Match {
    pub(crate) spot: Spot,
    /// How many lines of the hunk's head and tail to leave out: blank
    /// context that the file doesn't have.
    pub(crate) skipped: (usize, usize),
    /// The hunk's lines as the file has them, where it has some more or fewer.
    pub(crate) body: Option<Vec<EditLine>>,
    pub(crate) repair: Repair,
    pub(crate) label: MatchLabel,
}

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spot {
    /// The old lines begin at this one.
    Lines(LineId),
    /// There are no old lines: behind this line, or at the start.
    Behind(Option<LineId>),
}

/// What a search came to.
#[derive(Clone, Debug)]
pub(crate) enum Outcome<T> {
    /// One place.
    Found(T),
    /// No place.
    Missing,
    /// Several places, by their first lines, in the text's order.
    Many(Vec<LineId>),
    /// A line that should stand above isn't there; which of them, from 0.
    NoScope(usize),
}

impl Finder {
    /// Makes a finder for a text. Indexes are built when first needed.
    pub(crate) fn new(text: Arc<String>, work: Work) -> Self {
        Self {
            sheet: Sheet::new(text),
            trim: Index::new(Form::Trim),
            fold: Index::new(Form::Fold),
            words: WordIndex::default(),
            work,
        }
    }

    fn index(&self, form: Form) -> &Index {
        match form {
            // Lines that are the same are so without the space around them,
            // and an index more would be a fifth of a plan's memory.
            Form::Exact | Form::Trim => &self.trim,
            Form::Fold => &self.fold,
        }
    }

    /// Takes the lines that came into the index of a form.
    fn sync(&mut self, form: Form) {
        let index = match form {
            Form::Exact | Form::Trim => &mut self.trim,
            Form::Fold => &mut self.fold,
        };
        index.sync(&self.sheet);
    }

    /// Returns the first lines of every place that has all of `needle`'s
    /// lines one after the other, in the text's order.
    fn runs(&mut self, form: Form, needle: &[&str]) -> Result<Vec<LineId>, TooComplex> {
        self.sync(form);
        let index = self.index(form);
        let keys: Vec<u64> = needle.iter().map(|line| index.key(line)).collect();
        let rarest = (0..keys.len()).min_by_key(|&at| index.occurrences(keys[at]));
        let Some(rarest) = rarest else {
            return Ok(Vec::new());
        };
        let mut starts = Vec::new();
        for id in index.lines(keys[rarest]) {
            let mut steps = 1;
            if self.sheet.is_live(id)
                && let Some(start) = self.back(index, id, &keys[..rarest], &mut steps)
                && self.forth(index, id, &keys[rarest + 1..], &mut steps)
                && (form != Form::Exact || self.is_exactly(start, needle))
            {
                starts.push(start);
            }
            self.work.charge(steps)?;
        }
        starts.sort_unstable_by_key(|&id| self.sheet.place(id));
        Ok(starts)
    }

    /// Returns whether the lines from `start` on are these, byte for byte.
    fn is_exactly(&self, start: LineId, needle: &[&str]) -> bool {
        let mut pairs = self.sheet.from(Some(start)).zip(needle);
        pairs.all(|(id, text)| self.sheet.text(id) == *text)
    }

    /// Walks from a line towards the start along `keys`; returns where it
    /// arrives if every line fits.
    fn back(&self, index: &Index, id: LineId, keys: &[u64], steps: &mut u64) -> Option<LineId> {
        let mut at = id;
        for &key in keys.iter().rev() {
            *steps += 1;
            at = self.sheet.before(at)?;
            if index.key_of(at) != key {
                return None;
            }
        }
        Some(at)
    }

    /// Walks from a line towards the end along `keys`; returns whether every
    /// line fits.
    fn forth(&self, index: &Index, id: LineId, keys: &[u64], steps: &mut u64) -> bool {
        let mut at = id;
        keys.iter().all(|&key| {
            *steps += 1;
            let next = self.sheet.after(Some(at));
            at = next.unwrap_or(at);
            next.is_some_and(|next| index.key_of(next) == key)
        })
    }
}
