//! What a person is asked when a proposal and later edits don't go together.

use atelier_patch::{Encoding, Merge, decode, lines};
use atelier_store::ProposalFileRow;

use super::Standing;
use super::side::encoding_of;
use crate::error::{Conflict, Piece};

/// A merge that could not be made, and what it was of.
pub(super) struct Found {
    pub(super) base: Vec<u8>,
    pub(super) theirs: Vec<u8>,
    pub(super) merge: Merge,
}

/// Tells of a conflict; `sides` are the proposal's texts of before and after.
pub(super) fn conflict(
    file: &ProposalFileRow,
    sides: (Option<&[u8]>, Option<&[u8]>),
    now: Option<Standing>,
    reason: &str,
    found: Option<Found>,
) -> Conflict {
    let encoding = encoding_of(file);
    let text = |bytes: &[u8]| decode(bytes, encoding).filter(|_| !file.is_binary);
    let ours = now.as_ref().map(|now| now.bytes.as_slice());
    let (base, theirs) = match &found {
        Some(found) => (Some(found.base.as_slice()), Some(found.theirs.as_slice())),
        None => sides,
    };
    let pieces = match (&found, ours) {
        (Some(found), Some(ours)) => pieces(found, ours, encoding).unwrap_or_default(),
        _ => Vec::new(),
    };
    Conflict {
        path: file.path.clone(),
        reason: reason.to_owned(),
        version: now.as_ref().and_then(|now| now.version),
        base: base.and_then(text),
        yours: ours.and_then(text),
        theirs: theirs.and_then(text),
        merged: found.as_ref().and_then(|found| text(&found.merge.bytes)),
        pieces,
    }
}

/// Cuts a merge into what goes together and what doesn't, in order.
///
/// The marker lines are known by what stands between them, so that lines of
/// the file that look like markers are none. `None` when the texts are not
/// those of the merge.
fn pieces(found: &Found, ours: &[u8], encoding: Encoding) -> Option<Vec<Piece>> {
    let texts = [ours, &found.base, &found.theirs].map(|bytes| lines(bytes).collect::<Vec<_>>());
    let merged: Vec<&[u8]> = lines(&found.merge.bytes).collect();
    let text = |lines: &[&[u8]]| decode(&lines.concat(), encoding);
    let mut pieces = Vec::new();
    let mut done = 0;
    for conflict in &found.merge.conflicts {
        let parts = [&conflict.ours, &conflict.base, &conflict.theirs];
        let [yours, base, theirs] = std::array::from_fn(|side| {
            let range = parts[side];
            texts[side].get(range.start as usize..range.end as usize)
        });
        let (yours, base, theirs) = (yours?, base?, theirs?);
        // Three lines of markers, one before each side, and one at the end.
        let length = yours.len() + base.len() + theirs.len() + 4;
        let start = (done..merged.len()).find(|&at| {
            let rest = merged.get(at + 1..).unwrap_or_default();
            starts(merged.get(at), b'<')
                && same(rest.get(..yours.len()), yours)
                && starts(rest.get(yours.len()), b'|')
                && same(
                    rest.get(yours.len() + 1..yours.len() + 1 + base.len()),
                    base,
                )
        })?;
        if start > done {
            pieces.push(Piece::Same(text(merged.get(done..start)?)?));
        }
        pieces.push(Piece::Conflict {
            base: text(base)?,
            yours: text(yours)?,
            theirs: text(theirs)?,
        });
        done = start + length;
    }
    if let Some(rest) = merged.get(done..).filter(|rest| !rest.is_empty()) {
        pieces.push(Piece::Same(text(rest)?));
    }
    Some(pieces)
}

fn starts(line: Option<&&[u8]>, marker: u8) -> bool {
    let mut bytes = line.into_iter().flat_map(|line| line.iter());
    // In UTF-16 each marker has a zero beside it.
    bytes
        .by_ref()
        .filter(|&&byte| byte != 0)
        .take(7)
        .filter(|&&byte| byte == marker)
        .count()
        == 7
}

/// Says whether lines are the same but for the ending of the last one, which
/// a merge adds where a marker follows.
fn same(found: Option<&[&[u8]]>, wanted: &[&[u8]]) -> bool {
    let Some(found) = found.filter(|found| found.len() == wanted.len()) else {
        return false;
    };
    let mut pairs = found.iter().zip(wanted);
    pairs.all(|(found, wanted)| found.starts_with(wanted) || wanted.starts_with(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(base: &str, ours: &str, theirs: &str) -> Vec<Piece> {
        let merge = atelier_patch::merge(base.as_bytes(), ours.as_bytes(), theirs.as_bytes());
        let found = Found {
            base: base.into(),
            theirs: theirs.into(),
            merge,
        };
        pieces(&found, ours.as_bytes(), Encoding::Utf8).expect("the texts are those of the merge")
    }

    fn both(base: &str, yours: &str, theirs: &str) -> Piece {
        let [base, yours, theirs] = [base, yours, theirs].map(str::to_owned);
        Piece::Conflict {
            base,
            yours,
            theirs,
        }
    }

    #[test]
    fn what_goes_together_is_told_from_what_does_not() {
        let same = |text: &str| Piece::Same(text.to_owned());
        assert_eq!(
            cut(
                "a\nb\nc\nd\ne\nf\n",
                "a\nB\nc\nd\ne\nF\n",
                "A\nx\nc\nd\ne\nf2\n"
            ),
            [
                both("a\nb\n", "a\nB\n", "A\nx\n"),
                same("c\nd\ne\n"),
                both("f\n", "F\n", "f2\n")
            ],
        );
        assert_eq!(cut("x", "y", "z"), [both("x", "y", "z")]);
    }

    #[test]
    fn lines_that_look_like_markers_are_kept() {
        let text = "<<<<<<< ours\nq\n=======\nr\n>>>>>>> theirs\nm\n";
        let [base, ours, theirs] = ["1\n", "2\n", "3\n"].map(|end| format!("{text}{end}"));
        let same = Piece::Same(text.to_owned());
        assert_eq!(
            cut(&base, &ours, &theirs),
            [same, both("1\n", "2\n", "3\n")]
        );
    }
}
