//! Text that begins or ends within a line.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use super::fold::Escape;
use super::{Finder, Outcome, TooComplex};
use crate::line::{Ending, count};
use crate::sheet::{LineId, Sheet};

/// Lines by the words in them, to find text within lines without reading all
/// of them.
#[derive(Debug, Default)]
pub(super) struct WordIndex {
    hasher: RandomState,
    lines: HashMap<u64, Vec<LineId>>,
    synced: LineId,
}

impl WordIndex {
    fn sync(&mut self, sheet: &Sheet) {
        for id in self.synced..sheet.ids() {
            for (_, word) in words(sheet.text(id)) {
                let lines = self.lines.entry(self.hasher.hash_one(word)).or_default();
                if lines.last() != Some(&id) {
                    lines.push(id);
                }
            }
        }
        self.synced = sheet.ids();
    }

    fn lines(&self, word: &str) -> &[LineId] {
        let lines = self.lines.get(&self.hasher.hash_one(word));
        lines.map_or(&[], Vec::as_slice)
    }
}

/// A found text: from a place in a line to a place in the same or another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) first: LineId,
    /// Where it begins in the first line, in bytes.
    pub(crate) start: usize,
    /// The line it ends in; `None` when it ends with the file's last newline.
    pub(crate) last: Option<LineId>,
    /// Where it ends in the last line, in bytes.
    pub(crate) end: usize,
}

impl Finder {
    /// Finds the one place of a text, or the one nearest to the line that it
    /// was written for. Line endings of every kind are `\n`.
    pub(crate) fn find_within(
        &mut self,
        old: &str,
        line: Option<u32>,
    ) -> Result<Outcome<Piece>, TooComplex> {
        let parts: Vec<&str> = old.split('\n').collect();
        let mut pieces: Vec<Piece> = Vec::new();
        for first in self.lines_to_try(&parts)? {
            self.work.charge(count(parts.len()).into())?;
            let text = self.sheet.text(first);
            self.work.charge(text.len() as u64 / 16)?;
            for start in starts(text, parts[0], parts.len() > 1) {
                pieces.extend(self.piece_at(first, start, &parts));
            }
        }
        pieces.sort_unstable_by_key(|piece| (self.sheet.place(piece.first), piece.start));
        pieces.dedup();
        if let Some(line) = line {
            let lines: Vec<LineId> = pieces.iter().map(|piece| piece.first).collect();
            if let Some(nearest) = self.nearest_to(&lines, line.into()) {
                pieces.retain(|piece| piece.first == nearest);
            }
        }
        Ok(match pieces[..] {
            [] => Outcome::Missing,
            [piece] => Outcome::Found(piece),
            _ => {
                let mut lines: Vec<LineId> = pieces.iter().map(|piece| piece.first).collect();
                lines.dedup();
                Outcome::Many(lines)
            }
        })
    }

    /// Finds the one place of a text from which one level of escaping has to
    /// be undone first; returns the new text without it too.
    pub(crate) fn find_unescaped(
        &mut self,
        old: &str,
        new: &str,
    ) -> Result<Outcome<(Piece, String)>, TooComplex> {
        for escape in Escape::ALL {
            let undone = escape.undo(old);
            if undone == old || undone.is_empty() {
                continue;
            }
            match self.find_within(&undone, None)? {
                Outcome::Missing => {}
                outcome => return Ok(outcome.map(|piece| (piece, escape.undo(new)))),
            }
        }
        Ok(Outcome::Missing)
    }

    /// Returns the lines in which a text of these lines can begin: those at
    /// the right distance from its rarest whole word, or all.
    fn lines_to_try(&mut self, parts: &[&str]) -> Result<Vec<LineId>, TooComplex> {
        self.words.sync(&self.sheet);
        let last = parts.len() - 1;
        let mut rarest: Option<(usize, &[LineId])> = None;
        for (offset, part) in parts.iter().enumerate() {
            for (at, word) in words(part) {
                let begins = at > 0 || offset > 0;
                let ends = at + word.len() < part.len() || offset < last;
                let lines = self.words.lines(word);
                if begins && ends && rarest.is_none_or(|(_, best)| lines.len() < best.len()) {
                    rarest = Some((offset, lines));
                }
            }
        }
        let Some((offset, lines)) = rarest else {
            self.work.charge(u64::from(self.sheet.ids()))?;
            return Ok(self.sheet.from(self.sheet.first()).collect());
        };
        self.work.charge(lines.len() as u64 * (offset as u64 + 1))?;
        let live = lines
            .iter()
            .copied()
            .filter(|&line| self.sheet.is_live(line));
        let starts =
            live.filter_map(|line| (0..offset).try_fold(line, |line, _| self.sheet.before(line)));
        Ok(starts.collect())
    }

    /// Returns the piece that begins there, if the text is there.
    fn piece_at(&self, first: LineId, start: usize, parts: &[&str]) -> Option<Piece> {
        let [_, middle @ .., tail] = parts else {
            let end = start + parts.first()?.len();
            let last = Some(first);
            return Some(Piece {
                first,
                start,
                last,
                end,
            });
        };
        let mut line = first;
        for part in middle {
            line = self.sheet.after(Some(line))?;
            if self.sheet.text(line) != *part {
                return None;
            }
        }
        let last = self.sheet.after(Some(line));
        let fits = match last {
            Some(last) => self.sheet.text(last).starts_with(tail),
            None => tail.is_empty() && self.sheet.ending(line) != Ending::None,
        };
        let end = tail.len();
        fits.then_some(Piece {
            first,
            start,
            last,
            end,
        })
    }
}

/// Returns where a text's first part can begin in a line: anywhere, or only
/// so that it ends with the line. Overlapping places count.
fn starts(line: &str, part: &str, to_end: bool) -> Vec<usize> {
    if to_end {
        let start = line.len().checked_sub(part.len());
        return start.filter(|_| line.ends_with(part)).into_iter().collect();
    }
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = line[from..].find(part) {
        found.push(from + at);
        // Two are enough to know that it is ambiguous.
        if found.len() == 2 {
            break;
        }
        let step = line[from + at..].chars().next().map_or(1, char::len_utf8);
        from += at + step;
    }
    found
}

/// Returns the runs of letters, digits and underscores, and where they begin.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + text[from..].find(is_word)?;
        let rest = &text[start..];
        let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        from = start + length;
        Some((start, &text[start..from]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::find::Work;

    fn find(text: &str, old: &str) -> Option<(usize, usize, usize, usize)> {
        let mut finder = Finder::new(std::sync::Arc::new(text.to_owned()), Work::full());
        match finder.find_within(old, None).unwrap() {
            Outcome::Found(p) => {
                let last = p.last.map_or(usize::MAX, |line| line as usize);
                Some((p.first as usize, p.start, last, p.end))
            }
            _ => None,
        }
    }

    #[test]
    fn text_is_found_within_lines() {
        let text = "let alpha = 1;\r\nlet beta = alpha;\r\nlet gamma = 3;\r\n";
        assert_eq!(find(text, "beta"), Some((1, 4, 1, 8)));
        assert_eq!(find(text, "eta = al"), Some((1, 5, 1, 13)));
        assert_eq!(find(text, "1;\nlet beta"), Some((0, 12, 1, 8)));
        assert_eq!(
            find(text, "1;\nlet beta = alpha;\nlet g"),
            Some((0, 12, 2, 5))
        );
        assert_eq!(find(text, "= 3;\n"), Some((2, 10, usize::MAX, 0)));
        for old in ["alpha", "let ", "delta", "3;\n\n", "alpha\n"] {
            assert_eq!(find(text, old), None, "{old:?}");
        }
        assert_eq!(find("aaa", "aa"), None, "overlapping places are two");
    }
}
