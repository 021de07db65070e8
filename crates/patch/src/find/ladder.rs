//! From exact to fuzzy: the steps in which a hunk's lines are looked for. A
//! step that finds something decides; later ones are not tried.

use std::borrow::Cow;

use super::choose::Choice;
use super::fold::{Escape, fold};
use super::repair::{Repair, Shift};
use super::scope::Windows;
use super::{Finder, Form, Match, Outcome, Position, Spot, TooComplex};
use crate::edit::{Anchor, EditLine, LineOp};
use crate::label::MatchLabel;
use crate::sheet::LineId;

/// What one hunk looks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) body: &'a [EditLine],
    pub(crate) anchor: &'a Anchor,
    pub(crate) position: Position,
    /// Whether only an exact match is taken.
    pub(crate) strict: bool,
}

/// A hunk in one of the readings in which it is looked for.
pub(super) struct Reading<'a> {
    /// The lines in use of the hunk.
    pub(super) body: &'a [EditLine],
    pub(super) choice: Choice<'a>,
    pub(super) escape: Option<Escape>,
}

impl<'a> Wanted<'a> {
    fn reading(&self, windows: &'a Windows, skipped: (usize, usize)) -> Reading<'a> {
        let body = &self.body[skipped.0..self.body.len() - skipped.1];
        let choice = Choice {
            anchor: self.anchor,
            position: self.position,
            windows,
            length: body.iter().filter(|line| line.op != LineOp::Add).count(),
            skipped: skipped.0,
        };
        Reading {
            body,
            choice,
            escape: None,
        }
    }
}

impl Reading<'_> {
    /// Returns the lines to look for.
    pub(super) fn old(&self) -> Vec<&str> {
        let old = self.body.iter().filter(|line| line.op != LineOp::Add);
        old.map(|line| line.text.as_str()).collect()
    }

    /// Returns whether every added line can be repaired like this.
    pub(super) fn allows(&self, shift: &Shift) -> bool {
        let repair = Repair {
            shift: shift.clone(),
            escape: None,
        };
        let mut added = self.body.iter().filter(|line| line.op == LineOp::Add);
        added.all(|line| repair.apply(&line.text).is_some())
    }

    fn found(&self, at: LineId, shift: Shift, label: MatchLabel) -> Match {
        let escape = self.escape;
        Match {
            spot: Spot::Lines(at),
            skipped: (0, 0),
            body: None,
            repair: Repair { shift, escape },
            label: escape.map_or(label, |_| MatchLabel::EscapeFold),
        }
    }
}

impl Finder {
    /// Finds the place of a hunk of whole lines that has old lines.
    pub(crate) fn find_lines(&mut self, wanted: Wanted<'_>) -> Result<Outcome<Match>, TooComplex> {
        if let Some(found) = self.at_hint(wanted) {
            return Ok(Outcome::Found(found));
        }
        let windows = match self.windows(wanted.anchor, wanted.position, wanted.strict)? {
            Outcome::Found(windows) => windows,
            Outcome::NoScope(level) if wanted.strict => return Ok(Outcome::NoScope(level)),
            // Lines that occur once need no scope to be found.
            _ => Windows::default(),
        };
        let reading = wanted.reading(&windows, (0, 0));
        let places = self.runs(Form::Exact, &reading.old())?;
        match self.choose(places, reading.choice) {
            Outcome::Missing if !wanted.strict => {}
            outcome => return Ok(exactly(outcome, &reading)),
        }
        self.find_less_exactly(wanted, &windows)
    }

    /// Finds the place of a hunk whose exact lines the file doesn't have.
    fn find_less_exactly(
        &mut self,
        wanted: Wanted<'_>,
        windows: &Windows,
    ) -> Result<Outcome<Match>, TooComplex> {
        let whole = wanted.reading(windows, (0, 0));
        let outcome = self.find_loosely(&whole)?;
        if !matches!(outcome, Outcome::Missing) {
            return Ok(outcome);
        }
        let skipped = blank_edges(wanted.body);
        if skipped != (0, 0) {
            let reading = wanted.reading(windows, skipped);
            let places = self.runs(Form::Exact, &reading.old())?;
            let outcome = match self.choose(places, reading.choice) {
                Outcome::Missing => self.find_loosely(&reading)?,
                outcome => exactly(outcome, &reading),
            };
            match outcome {
                Outcome::Missing => {}
                Outcome::Found(mut found) => {
                    found.skipped = skipped;
                    found.label = found.label.worse(MatchLabel::TrailingSpace);
                    return Ok(Outcome::Found(found));
                }
                outcome => return Ok(outcome),
            }
        }
        self.find_fuzzily(&whole)
    }

    /// Returns the match when the very lines are at the hinted place: no other
    /// place is nearer, so none needs to be looked for.
    fn at_hint(&self, wanted: Wanted<'_>) -> Option<Match> {
        let line = wanted.anchor.line?;
        let Anchor { scopes, at_end, .. } = wanted.anchor;
        if wanted.position.drift != 0 || !scopes.is_empty() || *at_end {
            return None;
        }
        let is_past = |cursor| self.sheet.place(line) >= self.sheet.place(cursor);
        if !self.sheet.is_original(line)
            || !self.sheet.is_live(line)
            || !wanted.position.cursor.is_none_or(is_past)
        {
            return None;
        }
        let nowhere = Windows::default();
        let reading = wanted.reading(&nowhere, (0, 0));
        let mut here = self.sheet.from(Some(line));
        let fits = |old: &str| here.next().is_some_and(|id| self.sheet.text(id) == old);
        let all = reading.old().into_iter().all(fits);
        all.then(|| reading.found(line, Shift::Same, MatchLabel::Exact))
    }

    /// Tries trailing space, indentation, look-alike characters and escapes.
    fn find_loosely(&mut self, reading: &Reading<'_>) -> Result<Outcome<Match>, TooComplex> {
        for form in [Form::Trim, Form::Fold] {
            let outcome = self.find_shifted(form, reading)?;
            if !matches!(outcome, Outcome::Missing) {
                return Ok(outcome);
            }
        }
        if reading.escape.is_some() {
            return Ok(Outcome::Missing);
        }
        for escape in Escape::ALL {
            let unescaped = undo(escape, reading.body);
            let reading = Reading {
                body: &unescaped,
                choice: reading.choice,
                escape: Some(escape),
            };
            if unescaped.is_empty() {
                continue;
            }
            let places = self.runs(Form::Exact, &reading.old())?;
            let outcome = match self.choose(places, reading.choice) {
                Outcome::Missing => self.find_loosely(&reading)?,
                outcome => exactly(outcome, &reading),
            };
            if !matches!(outcome, Outcome::Missing) {
                return Ok(outcome);
            }
        }
        Ok(Outcome::Missing)
    }

    /// Finds lines that are the same in `form` but for a uniform indentation:
    /// first those with the same indentation, then the others.
    fn find_shifted(
        &mut self,
        form: Form,
        reading: &Reading<'_>,
    ) -> Result<Outcome<Match>, TooComplex> {
        let old = reading.old();
        let mut shifted: Vec<(LineId, Shift)> = Vec::new();
        for at in self.runs(form, &old)? {
            self.work.charge(old.len() as u64)?;
            if let Some(shift) = self.shift_at(form, at, &old)
                && reading.allows(&shift)
            {
                shifted.push((at, shift));
            }
        }
        for same in [true, false] {
            let places = shifted
                .iter()
                .filter(|(_, shift)| (*shift == Shift::Same) == same);
            let places = places.map(|(at, _)| *at).collect();
            match self.choose(places, reading.choice) {
                Outcome::Missing => {}
                outcome => {
                    return Ok(outcome.map(|at| {
                        let shift = shifted.iter().find(|(line, _)| *line == at);
                        let shift = shift.map_or(Shift::Same, |(_, shift)| shift.clone());
                        let label = if form == Form::Fold {
                            MatchLabel::UnicodeFold
                        } else {
                            shift.label()
                        };
                        reading.found(at, shift, label)
                    }));
                }
            }
        }
        Ok(Outcome::Missing)
    }

    fn shift_at(&self, form: Form, at: LineId, old: &[&str]) -> Option<Shift> {
        let folded = |text| match form {
            Form::Fold => fold(text),
            Form::Exact | Form::Trim => Cow::Borrowed(text),
        };
        let lines = self
            .sheet
            .from(Some(at))
            .map(|id| folded(self.sheet.text(id)));
        let pairs: Vec<_> = old.iter().map(|text| folded(text)).zip(lines).collect();
        Shift::between(pairs.iter().map(|(old, line)| (&**old, &**line)))
    }

    /// Finds where a hunk of added lines only goes.
    pub(crate) fn find_insertion(
        &mut self,
        wanted: Wanted<'_>,
    ) -> Result<Outcome<Match>, TooComplex> {
        let Anchor { at_end, line, .. } = *wanted.anchor;
        let behind = |line: Option<LineId>| Match {
            spot: Spot::Behind(line),
            skipped: (0, 0),
            body: None,
            repair: Repair::default(),
            label: MatchLabel::Exact,
        };
        if !wanted.anchor.scopes.is_empty() {
            let windows = self.windows(wanted.anchor, wanted.position, wanted.strict)?;
            return Ok(match windows {
                Outcome::Found(windows) => match windows.as_slice() {
                    [window] => Outcome::Found(behind(Some(window.line))),
                    several => Outcome::Many(several.iter().map(|w| w.line).collect()),
                },
                outcome => outcome.map(|_| behind(None)),
            });
        }
        Ok(match line {
            Some(line) if !at_end => match self.sheet.is_live(line) {
                true if self.sheet.is_original(line) => {
                    Outcome::Found(behind(self.sheet.before(line)))
                }
                _ if self.sheet.is_end(line) => Outcome::Found(behind(self.sheet.last())),
                _ => Outcome::Missing,
            },
            _ => Outcome::Found(behind(self.sheet.last())),
        })
    }
}

impl<T> Outcome<T> {
    pub(super) fn map<U>(self, f: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Found(found) => Outcome::Found(f(found)),
            Self::Missing => Outcome::Missing,
            Self::Many(places) => Outcome::Many(places),
            Self::NoScope(level) => Outcome::NoScope(level),
        }
    }
}

fn exactly(outcome: Outcome<LineId>, reading: &Reading<'_>) -> Outcome<Match> {
    outcome.map(|at| reading.found(at, Shift::Same, MatchLabel::Exact))
}

/// Returns how many blank old lines a hunk has at its head and its tail.
/// None of a hunk that would have no other old lines.
fn blank_edges(body: &[EditLine]) -> (usize, usize) {
    let is_blank = |line: &&EditLine| line.op != LineOp::Add && line.text.trim().is_empty();
    let head = body.iter().take_while(is_blank).count();
    let tail = body[head..].iter().rev().take_while(is_blank).count();
    let rest = &body[head..body.len() - tail];
    if rest.iter().any(|line| line.op != LineOp::Add) {
        (head, tail)
    } else {
        (0, 0)
    }
}

/// Undoes an escaping in every line; empty when no old line has any.
fn undo(escape: Escape, body: &[EditLine]) -> Vec<EditLine> {
    let undone: Vec<EditLine> = body
        .iter()
        .map(|line| EditLine {
            text: escape.undo(&line.text),
            ..line.clone()
        })
        .collect();
    let mut pairs = body.iter().zip(&undone);
    if pairs.any(|(line, undone)| line.op != LineOp::Add && line.text != undone.text) {
        undone
    } else {
        Vec::new()
    }
}
