//! Cutting two texts where they surely belong together.
//!
//! A diff algorithm looks at a whole region for every change in it, which is
//! quadratic for many changes in a long text. So the texts are first cut at
//! lines that occur once in both and stand in the same order (the anchors of
//! patience diff), and large stretches without such lines at runs of lines
//! that do. Only what lies between is compared line by line.

use std::collections::HashMap;
use std::ops::Range;

use imara_diff::Token;

use crate::line::count;

/// Lines of both texts that differ, between lines that are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) old: Range<usize>,
    pub(super) new: Range<usize>,
    /// Whether the lines around it, if any, may be looked at with it: true
    /// unless they could be around another stretch too.
    pub(super) has_context: bool,
}

/// The product of a stretch's lines from which it is cut at runs.
pub(super) const LARGE: usize = 1 << 26;
/// The lines of a run.
const RUN: usize = 32;

impl Stretch {
    /// Returns the product of the lines: the most that comparing may cost.
    pub(super) fn size(&self) -> usize {
        self.old.len().saturating_mul(self.new.len())
    }
}

/// Returns the stretches in which two texts differ, in order.
pub(super) fn stretches(old: &[Token], new: &[Token]) -> Vec<Stretch> {
    let texts = Texts { old, new };
    let Some(whole) = texts.trim(texts.whole()) else {
        return Vec::new();
    };
    let mut stretches = Vec::new();
    for part in texts.cut(&whole, 1) {
        if part.size() <= LARGE {
            stretches.push(part);
            continue;
        }
        stretches.extend(texts.cut(&part, RUN).into_iter().map(|part| Stretch {
            has_context: false,
            ..part
        }));
    }
    stretches
}

/// Returns the product of two texts' lines without their common ends.
pub(super) fn size(old: &[Token], new: &[Token]) -> usize {
    let texts = Texts { old, new };
    let whole = texts.trim(texts.whole());
    whole.map_or(0, |stretch| stretch.size())
}

#[derive(Clone, Copy)]
struct Texts<'a> {
    old: &'a [Token],
    new: &'a [Token],
}

impl Texts<'_> {
    fn whole(self) -> Stretch {
        Stretch {
            old: 0..self.old.len(),
            new: 0..self.new.len(),
            has_context: true,
        }
    }

    /// Takes off what is the same at both ends; `None` if that is all.
    fn trim(self, stretch: Stretch) -> Option<Stretch> {
        let Stretch {
            mut old, mut new, ..
        } = stretch;
        let same = |(a, b): &(&Token, &Token)| a == b;
        let (a, b) = (&self.old[old.clone()], &self.new[new.clone()]);
        let head = a.iter().zip(b).take_while(same).count();
        let ends = a[head..].iter().rev().zip(b[head..].iter().rev());
        let tail = ends.take_while(same).count();
        old = old.start + head..old.end - tail;
        new = new.start + head..new.end - tail;
        let differs = !old.is_empty() || !new.is_empty();
        differs.then_some(Stretch {
            old,
            new,
            ..stretch
        })
    }

    /// Cuts a stretch at the runs of `length` lines that are once in both of
    /// its texts.
    fn cut(self, stretch: &Stretch, length: usize) -> Vec<Stretch> {
        let Stretch { old, new, .. } = stretch;
        let (old_part, new_part) = (&self.old[old.clone()], &self.new[new.clone()]);
        let mut pairs = if length == 1 {
            lines_once(old_part, new_part)
        } else {
            runs_once(old_part, new_part, length)
        };
        pairs.sort_unstable_by_key(|pair| pair.1);
        let mut parts = Vec::new();
        let (mut from, mut to) = (old.start, new.start);
        let end = (old.end, new.end);
        let place = |pair: (u32, u32)| (old.start + pair.0 as usize, new.start + pair.1 as usize);
        for (next, other) in rising(&pairs).into_iter().map(place).chain([end]) {
            parts.extend(self.trim(Stretch {
                old: from..next,
                new: to..other,
                has_context: stretch.has_context,
            }));
            (from, to) = (next + 1, other + 1);
        }
        parts
    }
}

/// Returns where each line is that occurs once in both texts.
fn lines_once(old: &[Token], new: &[Token]) -> Vec<(u32, u32)> {
    /// No line has this number, and no two lines have the one before it.
    const NEVER: u32 = u32::MAX;
    const OFTEN: u32 = u32::MAX - 1;
    let most = old.iter().chain(new).map(|token| token.0).max();
    let places = |lines: &[Token]| {
        let mut places = vec![NEVER; most.map_or(0, |most| most as usize + 1)];
        for (token, at) in lines.iter().zip(0..) {
            let place = &mut places[token.0 as usize];
            *place = if *place == NEVER { at } else { OFTEN };
        }
        places
    };
    let (from, to) = (places(old), places(new));
    let pairs = from.into_iter().zip(to);
    pairs
        .filter(|(from, to)| *from < OFTEN && *to < OFTEN)
        .collect()
}

/// Returns where each run of `length` lines is that occurs once in both texts.
fn runs_once(old: &[Token], new: &[Token], length: usize) -> Vec<(u32, u32)> {
    let (from, to) = (once(old, length), once(new, length));
    let pairs = from.iter().filter_map(|(run, from)| {
        let (from, to) = ((*from)?, (*to.get(run)?)?);
        // Two runs with the same hash may differ, but not in this line.
        (old[from] == new[to]).then_some((count(from), count(to)))
    });
    pairs.collect()
}

/// Returns where each run of `length` lines is, by its hash; `None` if it is
/// there several times.
fn once(lines: &[Token], length: usize) -> HashMap<u64, Option<usize>> {
    const BASE: u64 = 0x9e37_79b9_7f4a_7c15;
    // What the line that leaves the window still counts for.
    let leaving = (0..length).fold(1, |power: u64, _| power.wrapping_mul(BASE));
    let value = |token: &Token| u64::from(token.0) + 1;
    let mut places = HashMap::new();
    let mut hash = 0_u64;
    for (at, token) in lines.iter().enumerate() {
        hash = hash.wrapping_mul(BASE).wrapping_add(value(token));
        if let Some(left) = at.checked_sub(length) {
            hash = hash.wrapping_sub(value(&lines[left]).wrapping_mul(leaving));
        }
        if let Some(start) = (at + 1).checked_sub(length) {
            let place = places.entry(hash);
            place
                .and_modify(|place| *place = None)
                .or_insert(Some(start));
        }
    }
    places
}

/// Returns a longest selection of pairs, given in the order of their second
/// part, in which the first part rises too.
fn rising(pairs: &[(u32, u32)]) -> Vec<(u32, u32)> {
    /// The place before the first.
    const NONE: u32 = u32::MAX;
    // Patience sorting: each pile's top, and each pair's predecessor.
    let mut tops: Vec<u32> = Vec::new();
    let mut before: Vec<u32> = Vec::with_capacity(pairs.len());
    for (at, (from, _)) in (0..).zip(pairs) {
        let pile = tops.partition_point(|&top| pairs[top as usize].0 < *from);
        before.push(pile.checked_sub(1).map_or(NONE, |left| tops[left]));
        match tops.get_mut(pile) {
            Some(top) => *top = at,
            None => tops.push(at),
        }
    }
    let last = tops.last().copied();
    let mut chosen = Vec::with_capacity(tops.len());
    chosen.extend(
        std::iter::successors(last, |&at| {
            Some(before[at as usize]).filter(|&at| at != NONE)
        })
        .map(|at| pairs[at as usize]),
    );
    chosen.reverse();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Token> {
        text.bytes().map(|byte| Token(byte.into())).collect()
    }

    #[test]
    fn texts_are_cut_at_lines_that_occur_once() {
        let parts = stretches(&tokens("axbxcdy"), &tokens("axXbxczdy"));
        let ranges: Vec<_> = parts.into_iter().map(|part| (part.old, part.new)).collect();
        assert_eq!(ranges, [(2..2, 2..3), (5..5, 6..7)]);
        assert_eq!(stretches(&tokens("ab"), &tokens("ab")), []);
    }

    #[test]
    fn runs_of_common_lines_occur_once() {
        let (old, new) = (tokens("aabbabaaXbb"), tokens("YaabbabaaZbb"));
        let texts = Texts {
            old: &old,
            new: &new,
        };
        let parts = texts.cut(&texts.whole(), 3);
        let ranges: Vec<_> = parts.into_iter().map(|part| (part.old, part.new)).collect();
        assert_eq!(ranges, [(0..0, 0..1), (8..9, 9..10)]);
    }

    #[test]
    fn the_longest_rise_is_chosen() {
        let pairs = [(3, 0), (0, 1), (1, 2), (5, 3), (2, 4), (4, 5)];
        assert_eq!(rising(&pairs), [(0, 1), (1, 2), (2, 4), (4, 5)]);
        assert_eq!(rising(&[]), []);
    }
}
