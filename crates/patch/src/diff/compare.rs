//! The changes between two sequences of lines.

use std::hash::Hash;
use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};

use super::anchor::{self, LARGE, Stretch};
use crate::line::count;

/// What all stretches of one comparison may cost, as products of lines. Past
/// it a stretch counts as changed as a whole, which is true if not minimal.
pub(super) const WORK: usize = 1 << 30;

/// Lines of the old text that were replaced by lines of the new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Replaced {
    pub(crate) old: Range<u32>,
    pub(crate) new: Range<u32>,
}

/// Returns every change between two texts, in order and ungrouped, as a
/// person reads it best.
pub(crate) fn changes<T: AsRef<[u8]> + Copy + Default + Eq + Hash>(
    old: &[T],
    new: &[T],
) -> Vec<Replaced> {
    let input = interned(old, new);
    let stretches = anchor::stretches(&input.before, &input.after);
    changes_of(old, new, stretches)
}

/// Returns the changes of some stretches of two texts; see [`changes`].
pub(super) fn changes_of<T: AsRef<[u8]> + Copy + Default + Eq + Hash>(
    old: &[T],
    new: &[T],
    stretches: Vec<Stretch>,
) -> Vec<Replaced> {
    compare(old, new, stretches, |input| {
        let mut diff = Diff::compute(Algorithm::Histogram, input);
        diff.postprocess_lines(input);
        diff
    })
}

/// Returns every change between two texts as git's merge sees them: by Myers'
/// algorithm, without the indentation heuristic, in texts that are not large.
pub(crate) fn changes_for_merge<T: Copy + Default + Eq + Hash>(
    old: &[T],
    new: &[T],
) -> Vec<Replaced> {
    let diff = |input: &InternedInput<T>| {
        let mut diff = Diff::compute(Algorithm::Myers, input);
        diff.postprocess_no_heuristic(input);
        diff
    };
    let input = interned(old, new);
    if anchor::size(&input.before, &input.after) <= LARGE {
        return moved(&diff(&input), 0, 0).collect();
    }
    let stretches = anchor::stretches(&input.before, &input.after);
    compare(old, new, stretches, diff)
}

fn interned<T: Copy + Default + Eq + Hash>(old: &[T], new: &[T]) -> InternedInput<T> {
    let mut input = InternedInput::default();
    input.update_before(old.iter().copied());
    input.update_after(new.iter().copied());
    input
}

/// Compares the texts within each stretch.
fn compare<T: Copy + Default + Eq + Hash>(
    old: &[T],
    new: &[T],
    stretches: Vec<Stretch>,
    diff: impl Fn(&InternedInput<T>) -> Diff,
) -> Vec<Replaced> {
    let mut changes = Vec::with_capacity(stretches.len());
    let mut work = WORK;
    for stretch in stretches {
        let left = work.checked_sub(stretch.size());
        let Some(left) = left.filter(|_| stretch.size() <= LARGE) else {
            changes.push(Replaced {
                old: count(stretch.old.start)..count(stretch.old.end),
                new: count(stretch.new.start)..count(stretch.new.end),
            });
            continue;
        };
        work = left;
        let around = usize::from(stretch.has_context);
        let widen = |range: Range<usize>, length: usize| {
            range.start.saturating_sub(around)..(range.end + around).min(length)
        };
        let (old_part, new_part) = (widen(stretch.old, old.len()), widen(stretch.new, new.len()));
        let input = interned(&old[old_part.clone()], &new[new_part.clone()]);
        changes.extend(moved(&diff(&input), old_part.start, new_part.start));
    }
    changes
}

/// Returns a diff's changes as those of texts that begin so far above.
fn moved(diff: &Diff, old: usize, new: usize) -> impl Iterator<Item = Replaced> {
    let down = |range: Range<u32>, by: usize| range.start + count(by)..range.end + count(by);
    diff.hunks().map(move |hunk| Replaced {
        old: down(hunk.before, old),
        new: down(hunk.after, new),
    })
}
