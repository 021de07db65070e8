//! Looks for many patterns at once, reading only every few bytes.
//!
//! Every pattern has at least `shortest` bytes, so of any `shortest - 3`
//! neighbouring places in its first bytes one is looked at, whatever the
//! pattern's place in the text. There the four bytes tell by a table which
//! patterns may lie around them. (Wu and Manber, 1994, with fixed steps.)

use std::ops::Range;

use super::form::Pattern;

/// How many bytes are looked up together.
const GRAM: usize = 4;
/// Bits of the filter in front of the table: from 1 KiB to 64 KiB, which stays
/// near the processor; sixteen for each entry if that fits.
const FILTER_BITS: std::ops::RangeInclusive<u32> = 13..=19;

/// Patterns, arranged to be found. They are secrets, so it has no `Debug`.
#[derive(Default)]
pub(super) struct Search {
    patterns: Vec<Pattern>,
    step: usize,
    filter: Vec<u64>,
    /// By the hash of four bytes: the range in `entries`.
    heads: Vec<u32>,
    entries: Vec<Entry>,
    bits: u32,
    filter_bits: u32,
}

/// Where four bytes stand in a pattern.
#[derive(Clone, Copy)]
struct Entry {
    pattern: u32,
    offset: u32,
}

/// Is told of a pattern and its place, and says whether it takes it.
pub(super) type Tell<'a> = dyn FnMut(&Pattern, Range<usize>) -> bool + 'a;

impl Search {
    /// Arranges patterns, each of at least four bytes.
    pub(super) fn new(mut patterns: Vec<Pattern>) -> Self {
        patterns.retain(|pattern| pattern.bytes().len() >= GRAM);
        let Some(shortest) = patterns.iter().map(|pattern| pattern.bytes().len()).min() else {
            return Self::default();
        };
        let step = shortest - GRAM + 1;
        let mut grams = Vec::with_capacity(patterns.len() * step);
        for (position, found) in (0_u32..).zip(&patterns) {
            for (offset, gram) in (0_u32..).zip(found.bytes().windows(GRAM).take(step)) {
                let pattern = position;
                grams.push((read(gram), Entry { pattern, offset }));
            }
        }
        let bits = grams.len().next_power_of_two().ilog2().clamp(4, 18);
        let filter_bits = (bits + 4).clamp(*FILTER_BITS.start(), *FILTER_BITS.end());
        grams.sort_by_key(|(gram, _)| hash(*gram, bits));
        let mut heads = vec![0_u32; (1 << bits) + 1];
        let mut filter = vec![0_u64; 1 << (filter_bits - 6)];
        for (gram, _) in &grams {
            heads[hash(*gram, bits) + 1] += 1;
            let bit = hash(*gram, filter_bits);
            filter[bit / 64] |= 1 << (bit % 64);
        }
        let mut sum = 0;
        for head in &mut heads {
            sum += *head;
            *head = sum;
        }
        Self {
            patterns,
            step,
            filter,
            heads,
            entries: grams.into_iter().map(|(_, entry)| entry).collect(),
            bits,
            filter_bits,
        }
    }

    /// Says whether there is nothing to look for.
    pub(super) fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Tells of the places of each pattern in `text`, until `tell` has taken
    /// one; then of none that overlaps with it.
    pub(super) fn find(&self, text: &[u8], tell: &mut Tell<'_>) {
        if self.patterns.is_empty() {
            return;
        }
        let mut taken = Vec::new();
        let mut at = 0;
        while let Some(gram) = text.get(at..at + GRAM) {
            let gram = read(gram);
            let bit = hash(gram, self.filter_bits);
            if self.filter[bit / 64] >> (bit % 64) & 1 == 1 {
                self.verify(text, at, &mut taken, tell);
            }
            at += self.step;
        }
    }

    /// Looks for the patterns that may lie around a place. `taken` is where the
    /// last one taken of each pattern lies.
    #[cold]
    fn verify(&self, text: &[u8], at: usize, taken: &mut Vec<Range<usize>>, tell: &mut Tell<'_>) {
        let slot = hash(read(&text[at..at + GRAM]), self.bits);
        let (from, to) = (self.heads[slot] as usize, self.heads[slot + 1] as usize);
        for entry in &self.entries[from..to] {
            let Some(start) = at.checked_sub(entry.offset as usize) else {
                continue;
            };
            let number = entry.pattern as usize;
            let pattern = &self.patterns[number];
            let end = start + pattern.bytes().len();
            let last = taken.get(number).cloned().unwrap_or_default();
            // A text of one letter and a secret of the same are found once
            // for each secret that fits, not once for each letter.
            if start < last.end && last.start < end || text.get(start..end) != Some(pattern.bytes())
            {
                continue;
            }
            if tell(pattern, widened(text, start..end, pattern)) {
                taken.resize(self.patterns.len().max(taken.len()), 0..0);
                taken[number] = start..end;
            }
        }
    }
}

/// Adds the neighbours of a place that hold bits of the secret too.
fn widened(text: &[u8], place: Range<usize>, pattern: &Pattern) -> Range<usize> {
    let coded =
        |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'+' | b'/' | b'-' | b'_');
    let before = text[..place.start].iter().rev().take(pattern.before);
    let after = text[place.end..].iter().take(pattern.after);
    place.start - before.take_while(coded).count()..place.end + after.take_while(coded).count()
}

fn read(gram: &[u8]) -> u32 {
    gram.iter().fold(0, |all, byte| all << 8 | u32::from(*byte))
}

fn hash(gram: u32, bits: u32) -> usize {
    (gram.wrapping_mul(0x9E37_79B1) >> (32 - bits)) as usize
}
