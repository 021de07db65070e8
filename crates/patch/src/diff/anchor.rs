//! Cutting two texts where they surely belong together.
//!
//! Histogram diff looks at a whole region for every change in it, which is
//! quadratic for many changes in a long text. So the texts are first cut at
//! lines that occur once in both and stand in the same order (patience diff's
//! anchors), and only what lies between goes through the algorithm.

use std::ops::Range;

use imara_diff::{InternedInput, Token};

/// A stretch of both texts, to be compared on its own. It begins and ends
/// with anchors, where there are any, so that the heuristics see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) old: Range<usize>,
    pub(super) new: Range<usize>,
}

/// Returns the stretches in which two texts differ, in order.
pub(super) fn stretches(input: &InternedInput<&[u8]>) -> Vec<Stretch> {
    let (old, new) = (&input.before, &input.after);
    let same = |(a, b): &(&Token, &Token)| a == b;
    let head = old.iter().zip(new).take_while(same).count();
    let ends = old[head..].iter().rev().zip(new[head..].iter().rev());
    let tail = ends.take_while(same).count();
    let (old_end, new_end) = (old.len() - tail, new.len() - tail);
    let tokens = input.interner.num_tokens() as usize;
    let once = places_of_once(&old[head..old_end], tokens);
    let other = places_of_once(&new[head..new_end], tokens);
    let common = new[head..new_end]
        .iter()
        .enumerate()
        .filter_map(|(at, token)| {
            let from = once[token.0 as usize]?;
            (other[token.0 as usize] == Some(at)).then_some((from + head, at + head))
        });
    let mut cut = Cutter {
        old: head,
        new: head,
        stretches: Vec::new(),
    };
    for (from, to) in rising(&common.collect::<Vec<_>>()) {
        cut.before(from, to);
    }
    cut.before(old_end, new_end);
    cut.stretches
        .into_iter()
        .map(|Stretch { old: a, new: b }| Stretch {
            old: a.start - usize::from(a.start > 0)..(a.end + 1).min(old.len()),
            new: b.start - usize::from(b.start > 0)..(b.end + 1).min(new.len()),
        })
        .collect()
}

/// The stretches so far and where the next one begins.
struct Cutter {
    old: usize,
    new: usize,
    stretches: Vec<Stretch>,
}

impl Cutter {
    /// Cuts before a pair of lines that are the same.
    fn before(&mut self, old: usize, new: usize) {
        if self.old < old || self.new < new {
            self.stretches.push(Stretch {
                old: self.old..old,
                new: self.new..new,
            });
        }
        (self.old, self.new) = (old + 1, new + 1);
    }
}

/// Returns, by token, where it is if it is there once.
fn places_of_once(line: &[Token], tokens: usize) -> Vec<Option<usize>> {
    let mut places = vec![None; tokens];
    let mut seen = vec![false; tokens];
    for (at, token) in line.iter().enumerate() {
        let token = token.0 as usize;
        places[token] = Some(at).filter(|_| !seen[token]);
        seen[token] = true;
    }
    places
}

/// Returns a longest selection of pairs, given in the order of their second
/// part, in which the first part rises too.
fn rising(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // Patience sorting: each pile's top, and each pair's predecessor.
    let mut tops: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (at, (from, _)) in pairs.iter().enumerate() {
        let pile = tops.partition_point(|&top| pairs[top].0 < *from);
        before.push(pile.checked_sub(1).map(|left| tops[left]));
        match tops.get_mut(pile) {
            Some(top) => *top = at,
            None => tops.push(at),
        }
    }
    let last = tops.last().copied();
    let mut chosen: Vec<(usize, usize)> = std::iter::successors(last, |&at| before[at])
        .map(|at| pairs[at])
        .collect();
    chosen.reverse();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_at_lines_that_occur_once() {
        let old = "a\nx\nb\nx\nc\nd\ny\n";
        let new = "a\nx\nX\nb\nx\nc\nz\nd\ny\n";
        let input = InternedInput::new(old.as_bytes(), new.as_bytes());
        let expected = [
            Stretch {
                old: 1..3,
                new: 1..4,
            },
            Stretch {
                old: 4..6,
                new: 5..8,
            },
        ];
        assert_eq!(stretches(&input), expected);
    }

    #[test]
    fn the_longest_rise_is_chosen() {
        let pairs = [(3, 0), (0, 1), (1, 2), (5, 3), (2, 4), (4, 5)];
        assert_eq!(rising(&pairs), [(0, 1), (1, 2), (2, 4), (4, 5)]);
        assert_eq!(rising(&[]), []);
    }
}
