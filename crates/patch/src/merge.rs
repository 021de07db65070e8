//! Three-way merge of lines, as `git merge-file --diff3` does it.
//!
//! The algorithm is that of git's `xdiff/xmerge.c` at its level "eager":
//! changes of the two sides that overlap or touch are a conflict, unless they
//! are the same change.

use std::ops::Range;

use crate::diff::{Replaced, changes_for_merge, extend};
use crate::encoding::{Encoding, bytes_of, text_of};
use crate::line::{count, lines};
use crate::sheet::BOM;

/// The outcome of a merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merge {
    /// The merged text; with conflict markers when there are conflicts.
    pub bytes: Vec<u8>,
    /// The places where both sides changed the same lines, in order.
    pub conflicts: Vec<Conflict>,
}

/// Lines that both sides changed differently. Lines count from 0 in each of
/// the three texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The lines of the base.
    pub base: Range<u32>,
    /// What our side made of them.
    pub ours: Range<u32>,
    /// What the other side made of them.
    pub theirs: Range<u32>,
}

/// Merges what two sides made of `base`.
///
/// No line of either side is lost: where both changed the same lines, both
/// versions stand in the result between `<<<<<<< ours`, `||||||| base`,
/// `=======` and `>>>>>>> theirs`.
///
/// UTF-16 is merged as the text that it is. When one side changed the
/// encoding, the result has the new one; when a text can't be read in its own
/// encoding, the whole file is one conflict.
pub fn merge(base: &[u8], ours: &[u8], theirs: &[u8]) -> Merge {
    let clean = |bytes: &[u8]| Merge {
        bytes: bytes.to_vec(),
        conflicts: Vec::new(),
    };
    if ours == base || ours == theirs {
        return clean(theirs);
    }
    if theirs == base {
        return clean(ours);
    }
    if [base, ours, theirs].map(Encoding::of) == [Encoding::Utf8; 3] {
        return merge_lines(base, ours, theirs);
    }
    merge_wide(base, ours, theirs).unwrap_or_else(|| keep_both(base, ours, theirs))
}

/// Merges texts of which one at least is UTF-16; `None` when one can't be
/// read.
fn merge_wide(base: &[u8], ours: &[u8], theirs: &[u8]) -> Option<Merge> {
    let texts = [base, ours, theirs];
    let encodings = texts.map(Encoding::of);
    let last = if encodings[1] == encodings[0] { 2 } else { 1 };
    let mut has_mark = [false; 3];
    let mut bare = [const { String::new() }; 3];
    for (at, bytes) in texts.into_iter().enumerate() {
        let text = text_of(bytes, encodings[at]).ok()?;
        has_mark[at] = text.starts_with(BOM);
        bare[at] = text.strip_prefix(BOM).map_or(text.clone(), str::to_owned);
    }
    let merged = merge(bare[0].as_bytes(), bare[1].as_bytes(), bare[2].as_bytes());
    let mut text = String::from_utf8(merged.bytes).ok()?;
    if has_mark[last] {
        text.insert(0, BOM);
    }
    Some(Merge {
        bytes: bytes_of(text, encodings[last]).ok()?,
        conflicts: merged.conflicts,
    })
}

/// Makes one conflict of two texts that can't be merged line by line.
fn keep_both(base: &[u8], ours: &[u8], theirs: &[u8]) -> Merge {
    let texts = Texts {
        base: lines(base).collect(),
        ours: lines(ours).collect(),
        theirs: lines(theirs).collect(),
    };
    let all = |lines: &[&[u8]]| 0..count(lines.len());
    let (ours, theirs) = (all(&texts.ours), all(&texts.theirs));
    let whole = Part::new(Taken::Conflict, &all(&texts.base), ours, theirs);
    texts.write(&[whole])
}

fn merge_lines(base: &[u8], ours: &[u8], theirs: &[u8]) -> Merge {
    let texts = Texts {
        base: lines(base).collect(),
        ours: lines(ours).collect(),
        theirs: lines(theirs).collect(),
    };
    let mine = changes_for_merge(&texts.base, &texts.ours);
    let other = changes_for_merge(&texts.base, &texts.theirs);
    texts.write(&texts.combine(&mine, &other))
}

/// The lines of the three texts.
struct Texts<'a> {
    base: Vec<&'a [u8]>,
    ours: Vec<&'a [u8]>,
    theirs: Vec<&'a [u8]>,
}

/// Which side a part of the result comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    Ours,
    Theirs,
    Conflict,
}

/// A part of the result where at least one side changed the base.
#[derive(Clone, Debug)]
struct Part {
    taken: Taken,
    base: Range<u32>,
    ours: Range<u32>,
    theirs: Range<u32>,
}

impl Texts<'_> {
    /// Walks both sides' changes in the order of the base.
    fn combine(&self, mine: &[Replaced], other: &[Replaced]) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        let (mut i, mut j) = (0, 0);
        // How far each side has moved against the base by the changes passed.
        let (mut shift_ours, mut shift_theirs) = (0, 0);
        while i < mine.len() || j < other.len() {
            match (mine.get(i), other.get(j)) {
                (Some(a), b) if b.is_none_or(|b| a.old.end < b.old.start) => {
                    let theirs = moved(&a.old, shift_theirs);
                    let ours = a.new.clone();
                    push(&mut parts, Part::new(Taken::Ours, &a.old, ours, theirs));
                    (i, shift_ours) = (i + 1, shift_after(a));
                }
                (a, Some(b)) if a.is_none_or(|a| b.old.end < a.old.start) => {
                    let ours = moved(&b.old, shift_ours);
                    let theirs = b.new.clone();
                    push(&mut parts, Part::new(Taken::Theirs, &b.old, ours, theirs));
                    (j, shift_theirs) = (j + 1, shift_after(b));
                }
                (Some(a), Some(b)) => {
                    if !self.same(a, b) {
                        push(&mut parts, overlap(a, b));
                    }
                    let (end_a, end_b) = (a.old.end, b.old.end);
                    if end_a >= end_b {
                        (j, shift_theirs) = (j + 1, shift_after(b));
                    }
                    if end_b >= end_a {
                        (i, shift_ours) = (i + 1, shift_after(a));
                    }
                }
                // One list is not at its end, so an arm above fits.
                _ => break,
            }
        }
        parts
    }

    /// Returns whether both sides made the same change.
    fn same(&self, a: &Replaced, b: &Replaced) -> bool {
        let ours = self.ours.get(a.new.start as usize..a.new.end as usize);
        let theirs = self.theirs.get(b.new.start as usize..b.new.end as usize);
        a.old == b.old && ours == theirs
    }

    /// Writes our text with the other side's parts and the conflicts in it.
    fn write(&self, parts: &[Part]) -> Merge {
        let mut merge = Merge {
            bytes: Vec::new(),
            conflicts: Vec::new(),
        };
        let mut done = 0;
        for part in parts {
            extend(&mut merge.bytes, &self.ours, done..part.ours.start);
            match part.taken {
                Taken::Ours => extend(&mut merge.bytes, &self.ours, part.ours.clone()),
                Taken::Theirs => extend(&mut merge.bytes, &self.theirs, part.theirs.clone()),
                Taken::Conflict => {
                    self.write_conflict(&mut merge.bytes, part);
                    merge.conflicts.push(Conflict {
                        base: part.base.clone(),
                        ours: part.ours.clone(),
                        theirs: part.theirs.clone(),
                    });
                }
            }
            done = part.ours.end;
        }
        let end = count(self.ours.len());
        extend(&mut merge.bytes, &self.ours, done..end);
        merge
    }

    fn write_conflict(&self, bytes: &mut Vec<u8>, part: &Part) {
        let ending: &[u8] = if self.ends_with_crlf(part) {
            b"\r\n"
        } else {
            b"\n"
        };
        let sides = [
            (&b"<<<<<<< ours"[..], &self.ours, &part.ours),
            (b"||||||| base", &self.base, &part.base),
            (b"=======", &self.theirs, &part.theirs),
        ];
        for (marker, lines, range) in sides {
            bytes.extend_from_slice(marker);
            bytes.extend_from_slice(ending);
            extend(bytes, lines, range.clone());
            if !range.is_empty() && !bytes.ends_with(b"\n") {
                bytes.extend_from_slice(ending);
            }
        }
        bytes.extend_from_slice(b">>>>>>> theirs");
        bytes.extend_from_slice(ending);
    }

    /// Returns whether the markers of a conflict end with `\r\n`: when the
    /// lines around it do on all sides that can tell.
    fn ends_with_crlf(&self, part: &Part) -> bool {
        let before = |range: &Range<u32>| (range.start as usize).saturating_sub(1);
        let mut answer = crlf_at(&self.ours, before(&part.ours));
        if answer != Some(false) {
            answer = crlf_at(&self.theirs, before(&part.theirs));
        }
        if answer != Some(false) {
            answer = crlf_at(&self.base, 0);
        }
        answer == Some(true)
    }
}

/// Returns whether a line ends with `\r\n`; of a last line without ending,
/// the line before it; `None` when neither tells.
fn crlf_at(lines: &[&[u8]], at: usize) -> Option<bool> {
    let line = lines.get(at)?;
    if line.ends_with(b"\n") {
        return Some(line.ends_with(b"\r\n"));
    }
    let before = lines.get(at.checked_sub(1)?)?;
    Some(before.ends_with(b"\r\n"))
}

impl Part {
    fn new(taken: Taken, base: &Range<u32>, ours: Range<u32>, theirs: Range<u32>) -> Self {
        Self {
            taken,
            base: base.clone(),
            ours,
            theirs,
        }
    }
}

fn shift_after(change: &Replaced) -> i64 {
    i64::from(change.new.end) - i64::from(change.old.end)
}

fn moved(range: &Range<u32>, by: i64) -> Range<u32> {
    let at = |line: u32| u32::try_from(i64::from(line) + by).unwrap_or(0);
    at(range.start)..at(range.end)
}

/// Makes a conflict of two changes that overlap or touch, over the lines that
/// either of them changed.
fn overlap(a: &Replaced, b: &Replaced) -> Part {
    let base = a.old.start.min(b.old.start)..a.old.end.max(b.old.end);
    let side = |change: &Replaced| {
        let before = change.old.start - base.start;
        let after = base.end - change.old.end;
        change.new.start.saturating_sub(before)..change.new.end + after
    };
    Part::new(Taken::Conflict, &base, side(a), side(b))
}

/// Appends a part, or joins it to the last one when they touch on a side.
fn push(parts: &mut Vec<Part>, part: Part) {
    match parts.last_mut() {
        Some(last) if part.ours.start <= last.ours.end || part.theirs.start <= last.theirs.end => {
            if last.taken != part.taken {
                last.taken = Taken::Conflict;
            }
            last.base.end = part.base.end;
            last.ours.end = part.ours.end;
            last.theirs.end = part.theirs.end;
        }
        _ => parts.push(part),
    }
}

#[cfg(test)]
mod tests;
