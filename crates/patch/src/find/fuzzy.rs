//! The last step: places that are nearly the hunk's. Also what an error shows
//! when even that finds nothing.

use std::collections::{HashMap, HashSet};

use super::align::Alignment;
use super::choose::Choice;
use super::fold::fold;
use super::ladder::Reading;
use super::repair::{Repair, Shift};
use super::{Finder, Form, Match, Outcome, Spot, TooComplex};
use crate::edit::{EditLine, LineOp};
use crate::error::Divergence;
use crate::label::MatchLabel;
use crate::sheet::LineId;

/// How many of a hunk's rarest lines vote for places.
const VOTERS: usize = 32;
/// A line that occurs more often than this tells nothing.
const COMMON: u32 = 64;
/// How many of the places with most votes are looked at.
const PLACES: usize = 8;
/// The least likeness of two lines that may stand for each other.
pub(super) const LINE: f64 = 0.75;
/// The least mean likeness of a place's lines.
const WHOLE: f64 = 0.85;
/// The least share of a place's lines that must be the same.
pub(super) const SAME: f64 = 0.6;
/// The same where the place has some lines more or fewer than the hunk.
const WHOLE_WITH_GAPS: f64 = 0.7;
/// By how much the best place must beat the next one.
const MARGIN: f64 = 0.1;
/// Longer lines than this, in characters, are alike only when they are equal.
const LINE_CHARS: usize = 400;

impl Finder {
    /// Finds the one place whose lines are nearly the hunk's. Every removed
    /// line must be there as it is; only kept lines may differ a little.
    pub(super) fn find_fuzzily(
        &mut self,
        reading: &Reading<'_>,
    ) -> Result<Outcome<Match>, TooComplex> {
        let old: Vec<&EditLine> = reading
            .body
            .iter()
            .filter(|l| l.op != LineOp::Add)
            .collect();
        if old.len() < 3 {
            return Ok(Outcome::Missing);
        }
        let starts = self.similar_places(&reading.old())?;
        let mut scored = Vec::new();
        for &(at, _) in &starts {
            scored.push((at, self.likeness(at, &old)?));
        }
        scored.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        let [(at, best), ref others @ ..] = scored[..] else {
            return Ok(Outcome::Missing);
        };
        if best < WHOLE {
            return self.find_with_gaps(reading, &starts);
        }
        let next = others.first().map_or(0.0, |(_, score)| *score);
        if best - next < MARGIN {
            return Ok(Outcome::Missing);
        }
        let Outcome::Found(at) = self.choose(vec![at], reading.choice) else {
            return Ok(Outcome::Missing);
        };
        match self.fits_nearly(at, &old) {
            Some(shift) if reading.allows(&shift) => Ok(Outcome::Found(nearly(at, shift, best))),
            Some(_) => Ok(Outcome::Missing),
            None => self.find_with_gaps(reading, &starts),
        }
    }

    /// Finds the one place that has the hunk's lines but for a few that it has
    /// more or fewer.
    fn find_with_gaps(
        &mut self,
        reading: &Reading<'_>,
        starts: &[(LineId, u32)],
    ) -> Result<Outcome<Match>, TooComplex> {
        let mut found: Vec<Alignment> = Vec::new();
        for &(start, _) in starts {
            found.extend(self.align(start, reading.body)?);
        }
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        // Lines above and below a gap speak for different starts of one place.
        let mut cores = HashSet::new();
        found.retain(|alignment| cores.insert(alignment.core));
        let next = found.get(1).map_or(0.0, |next| next.score);
        let Some(best) = found.into_iter().next() else {
            return Ok(Outcome::Missing);
        };
        let choice = Choice {
            length: best.length,
            ..reading.choice
        };
        let is_sure = best.score >= WHOLE_WITH_GAPS && best.score - next >= MARGIN;
        if !is_sure || !reading.allows(&best.shift) {
            return Ok(Outcome::Missing);
        }
        Ok(self.choose(vec![best.first], choice).map(|at| Match {
            body: Some(best.body),
            ..nearly(at, best.shift, best.score)
        }))
    }

    /// Returns the lines where a place begins that shares distinctive lines
    /// with `old`, and how many; those with most first, at most eight.
    pub(super) fn similar_places(
        &mut self,
        old: &[&str],
    ) -> Result<Vec<(LineId, u32)>, TooComplex> {
        self.sync(Form::Trim);
        let index = self.index(Form::Trim);
        let mut voters: Vec<(u32, usize, u64)> = Vec::new();
        for (offset, text) in old.iter().enumerate() {
            let key = index.key(text);
            let occurrences = index.occurrences(key);
            if !text.trim().is_empty() && (1..=COMMON).contains(&occurrences) {
                voters.push((occurrences, offset, key));
            }
        }
        voters.sort_unstable();
        voters.truncate(VOTERS);
        let mut votes: HashMap<LineId, u32> = HashMap::new();
        for (_, offset, key) in voters {
            self.work.charge(u64::from(COMMON) * (offset as u64 + 1))?;
            for line in self
                .trim
                .lines(key)
                .filter(|&line| self.sheet.is_live(line))
            {
                let start = (0..offset).try_fold(line, |line, _| self.sheet.before(line));
                // A place that would begin above the first line may have
                // fewer lines than the hunk.
                if let Some(start) = start.or(self.sheet.first()) {
                    *votes.entry(start).or_default() += 1;
                }
            }
        }
        let mut places: Vec<(LineId, u32)> = votes.into_iter().collect();
        places
            .sort_unstable_by_key(|&(at, votes)| (std::cmp::Reverse(votes), self.sheet.place(at)));
        places.truncate(PLACES);
        Ok(places)
    }

    /// Returns the mean likeness of the lines of a place and `old`, 0 to 1.
    fn likeness(&self, at: LineId, old: &[&EditLine]) -> Result<f64, TooComplex> {
        let mut sum = 0.0;
        for (line, id) in old.iter().zip(self.sheet.from(Some(at))) {
            let text = self.sheet.text(id);
            self.work.charge(alike_cost(&line.text, text))?;
            sum += alike(&line.text, text);
        }
        Ok(sum / ratio_part(old.len()))
    }

    /// Returns the shift of a place where only kept lines differ, each only a
    /// little, and most not at all.
    fn fits_nearly(&self, at: LineId, old: &[&EditLine]) -> Option<Shift> {
        let mut same: Vec<(&str, &str)> = Vec::new();
        let mut here = self.sheet.from(Some(at));
        for line in old {
            let text = self.sheet.text(here.next()?);
            let score = alike(&line.text, text);
            if score >= 1.0 {
                same.push((&line.text, text));
            } else if line.op == LineOp::Remove || score < LINE {
                return None;
            }
        }
        let distinct = same.iter().filter(|(text, _)| !text.trim().is_empty());
        if distinct.count() < 2 || ratio_part(same.len()) < SAME * ratio_part(old.len()) {
            return None;
        }
        Shift::between(same.into_iter())
    }

    /// Returns up to three places that are most like the hunk, as lines from
    /// 1, and where the first of them differs first.
    pub(crate) fn explain(
        &mut self,
        body: &[EditLine],
    ) -> Result<(Vec<u32>, Option<Divergence>), TooComplex> {
        let old = body.iter().filter(|line| line.op != LineOp::Add);
        let old: Vec<&str> = old.map(|line| line.text.as_str()).collect();
        let places = self.similar_places(&old)?;
        let lines = places
            .iter()
            .take(3)
            .map(|(at, _)| self.shown_line(*at))
            .collect();
        let Some((at, _)) = places.first() else {
            return Ok((lines, None));
        };
        let mut line = self.shown_line(*at);
        let mut here = self.sheet.from(Some(*at));
        for expected in old {
            let id = here.next();
            line = id.map_or(line + 1, |id| self.shown_line(id));
            let found = id.map(|id| self.sheet.text(id));
            if found != Some(expected) {
                let divergence = Divergence {
                    line,
                    expected: expected.to_owned(),
                    found: found.map(str::to_owned),
                };
                return Ok((lines, Some(divergence)));
            }
        }
        Ok((lines, None))
    }

    /// Returns the line's number from 1: in the file as it is, or, of a line
    /// that the patch itself added, in the file as patched so far.
    pub(crate) fn shown_line(&self, id: LineId) -> u32 {
        1 + if self.sheet.is_original(id) {
            id
        } else {
            self.sheet.number(id)
        }
    }

    /// Returns whether the lines stand somewhere, white space at the ends of
    /// lines aside.
    pub(crate) fn has_lines(&mut self, lines: &[&str]) -> Result<bool, TooComplex> {
        let places = self.runs(Form::Trim, lines)?;
        Ok(!places.is_empty())
    }
}

fn nearly(at: LineId, shift: Shift, score: f64) -> Match {
    Match {
        spot: Spot::Lines(at),
        skipped: (0, 0),
        body: None,
        repair: Repair {
            shift,
            escape: None,
        },
        label: MatchLabel::Fuzzy {
            percent: percent(score),
        },
    }
}

/// Returns how alike two lines are without their outer white space, 0 to 1.
pub(super) fn alike(a: &str, b: &str) -> f64 {
    let (a, b) = (fold(a), fold(b));
    let (a, b) = (a.trim(), b.trim());
    if a == b {
        return 1.0;
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let longest = a.len().max(b.len());
    if longest > LINE_CHARS || a.is_empty() || b.is_empty() {
        return 0.0;
    }
    1.0 - ratio_part(edit_distance(&a, &b)) / ratio_part(longest)
}

pub(super) fn alike_cost(a: &str, b: &str) -> u64 {
    let chars = |text: &str| text.len().min(LINE_CHARS) as u64;
    1 + if a == b { 0 } else { chars(a) * chars(b) / 8 }
}

/// Returns Levenshtein's distance: the fewest characters to insert, delete or
/// replace.
fn edit_distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// Makes a number of lines or characters a part of a ratio.
pub(super) fn ratio_part(length: usize) -> f64 {
    f64::from(super::count(length))
}

/// Returns a likeness below 1 in whole percent.
fn percent(score: f64) -> u8 {
    let whole = (1..100_u8).rev().find(|&p| f64::from(p) <= score * 100.0);
    whole.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_levenshtein() {
        for (a, b, distance) in [("", "ab", 2), ("kitten", "sitting", 3), ("a", "a", 0)] {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            assert_eq!(edit_distance(&chars(a), &chars(b)), distance, "{a} {b}");
        }
        assert!((alike("  let x = 1;", "let y = 1;") - 0.9).abs() < 1e-9);
        assert_eq!(percent(0.939), 93);
    }
}
