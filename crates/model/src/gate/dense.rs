//! A text without what breaks lines and long strings: space, quotes,
//! backslashes, commas, colons and the marks of quoted lines; with the way back
//! to where each byte came from.

use std::cell::OnceCell;
use std::ops::Range;

use memchr::memchr2_iter;

/// From how many bytes to how many it is noted where they came from.
const NOTED: usize = 64;

/// A text without what breaks it.
pub(super) struct Dense<'a> {
    text: &'a [u8],
    bytes: Vec<u8>,
    /// Whether what joins pieces was taken out too.
    joined: bool,
    /// Where each [`NOTED`]th byte came from; hardly ever wanted.
    places: OnceCell<Vec<usize>>,
}

impl<'a> Dense<'a> {
    pub(super) fn of(text: &'a [u8]) -> Self {
        Self {
            text,
            bytes: dense(text),
            joined: false,
            places: OnceCell::new(),
        }
    }

    /// Shows a text also without what joins its pieces, if it has such: the
    /// mark before an added or removed line, the plus between two strings.
    pub(super) fn joined(text: &'a [u8]) -> Option<Self> {
        let joins = memchr2_iter(b'+', b'-', text).any(|at| {
            // `- ` begins the items of lists.
            let said = text[at] == b'+' || text.get(at + 1).is_some_and(u8::is_ascii_alphanumeric);
            said && joins(text, at)
        });
        joins.then(|| {
            let kept = (0..text.len()).filter(|at| is_kept(text[*at]) && !self::joins(text, *at));
            Self {
                text,
                bytes: kept.map(|at| text[at]).collect(),
                joined: true,
                places: OnceCell::new(),
            }
        })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns where bytes came from.
    pub(super) fn source(&self, place: Range<usize>) -> Range<usize> {
        self.there(place.start)..self.there(place.end - 1) + 1
    }

    fn there(&self, here: usize) -> usize {
        let places = self
            .places
            .get_or_init(|| self.kept(0).step_by(NOTED).collect());
        let from = places[here / NOTED];
        self.kept(from).nth(here % NOTED).unwrap_or(from)
    }

    /// Returns what is kept, from a place in the text on.
    fn kept(&self, from: usize) -> impl Iterator<Item = usize> {
        let stays = |at: &usize| is_kept(self.text[*at]) && !(self.joined && joins(self.text, *at));
        (from..self.text.len()).filter(stays)
    }
}

/// Returns a text without what breaks it.
pub(super) fn dense(text: &[u8]) -> Vec<u8> {
    let mut kept = vec![0; text.len()];
    let mut length = 0;
    for &byte in text {
        // `length` never passes what was read; written without a branch, for
        // this goes over every byte that leaves.
        kept[length] = byte;
        length += usize::from(KEPT[usize::from(byte)]);
    }
    kept.truncate(length);
    kept
}

/// Says whether a byte is a mark that begins a line of a diff, or a plus
/// between strings.
fn joins(text: &[u8], at: usize) -> bool {
    let byte = text[at];
    if byte != b'+' && byte != b'-' {
        return false;
    }
    let Some(before) = at.checked_sub(1).map(|before| text[before]) else {
        return true;
    };
    let apart = || !is_kept(before) && text.get(at + 1).is_none_or(|byte| !is_kept(*byte));
    before == b'\n' || byte == b'+' && apart()
}

fn is_kept(byte: u8) -> bool {
    KEPT[usize::from(byte)] == 1
}

/// One for each byte that stays.
const KEPT: [u8; 256] = {
    let mut kept = [1; 256];
    let breaking = b" \t\r\n\x0b\x0c\"'`\\,:>|";
    let mut at = 0;
    while at < breaking.len() {
        kept[breaking[at] as usize] = 0;
        at += 1;
    }
    kept
};
