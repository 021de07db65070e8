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
/// Bits of the filter in front of the table: 8 KiB, which stays in the
/// processor's nearest cache.
const FILTER_BITS: u32 = 16;

/// Patterns, arranged to be found.
#[derive(Debug, Default)]
pub(super) struct Search {
    patterns: Vec<Pattern>,
    step: usize,
    filter: Vec<u64>,
    /// By the hash of four bytes: the range in `entries`.
    heads: Vec<u32>,
    entries: Vec<Entry>,
    bits: u32,
}

/// Four bytes of a pattern.
#[derive(Clone, Copy, Debug)]
struct Entry {
    gram: u32,
    pattern: u32,
    offset: u32,
}

impl Search {
    /// Arranges patterns, each of at least four bytes.
    pub(super) fn new(mut patterns: Vec<Pattern>) -> Self {
        patterns.retain(|pattern| pattern.bytes.len() >= GRAM);
        let Some(shortest) = patterns.iter().map(|pattern| pattern.bytes.len()).min() else {
            return Self::default();
        };
        let step = shortest - GRAM + 1;
        let mut entries = Vec::with_capacity(patterns.len() * step);
        for (position, pattern) in (0_u32..).zip(&patterns) {
            for (offset, gram) in (0_u32..).zip(pattern.bytes.windows(GRAM).take(step)) {
                entries.push(Entry {
                    gram: read(gram),
                    pattern: position,
                    offset,
                });
            }
        }
        let bits = entries.len().next_power_of_two().ilog2().clamp(4, 18);
        entries.sort_by_key(|entry| hash(entry.gram, bits));
        let mut heads = vec![0_u32; (1 << bits) + 1];
        let mut filter = vec![0_u64; 1 << (FILTER_BITS - 6)];
        for entry in &entries {
            heads[hash(entry.gram, bits) + 1] += 1;
            let bit = hash(entry.gram, FILTER_BITS);
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
            entries,
            bits,
        }
    }

    /// Says whether there is nothing to look for.
    pub(super) fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Tells of each place of each pattern in `text`.
    pub(super) fn find(&self, text: &[u8], tell: &mut dyn FnMut(&Pattern, Range<usize>)) {
        if self.patterns.is_empty() {
            return;
        }
        let mut at = 0;
        while let Some(gram) = text.get(at..at + GRAM) {
            let gram = read(gram);
            let bit = hash(gram, FILTER_BITS);
            if self.filter[bit / 64] >> (bit % 64) & 1 == 1 {
                self.verify(text, at, gram, tell);
            }
            at += self.step;
        }
    }

    #[cold]
    fn verify(
        &self,
        text: &[u8],
        at: usize,
        gram: u32,
        tell: &mut dyn FnMut(&Pattern, Range<usize>),
    ) {
        let slot = hash(gram, self.bits);
        let (from, to) = (self.heads[slot] as usize, self.heads[slot + 1] as usize);
        for entry in &self.entries[from..to] {
            let Some(start) = at.checked_sub(entry.offset as usize) else {
                continue;
            };
            let pattern = &self.patterns[entry.pattern as usize];
            let end = start + pattern.bytes.len();
            if entry.gram == gram && text.get(start..end) == Some(&*pattern.bytes) {
                tell(pattern, widened(text, start..end, pattern));
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
