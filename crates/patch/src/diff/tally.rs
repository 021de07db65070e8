//! How often a few lines occur in a text and in what edits made of it.

/// How many bits the filter has for each line that is counted: what has to be
/// looked at for nothing is a sixteenth of all lines.
const BITS: usize = 16;

/// Lines that are counted.
pub(super) struct Tally<'a> {
    /// In the order of their hashes.
    entries: Vec<Entry<'a>>,
    /// A bit for each hash, found by its highest bits.
    filter: Vec<u64>,
    shift: u32,
    /// Whether two different lines had the same hash.
    has_clash: bool,
}

struct Entry<'a> {
    hash: u64,
    line: &'a [u8],
    /// A gap between two changes in which it stands.
    gap: Option<usize>,
    /// How often it is in the old text, and of these how often it was removed.
    old: u32,
    removed: u32,
    added: u32,
}

impl<'a> Tally<'a> {
    /// Makes a tally of lines that stand in a gap, or else were removed. Each
    /// removed one is in the list as often as it was.
    pub(super) fn of(lines: Vec<(&'a [u8], Option<usize>)>) -> Self {
        let entry = |(line, gap): (&'a [u8], Option<usize>)| Entry {
            hash: hash(line),
            line,
            gap,
            old: 0,
            removed: u32::from(gap.is_none()),
            added: 0,
        };
        let mut entries: Vec<Entry<'a>> = lines.into_iter().map(entry).collect();
        entries.sort_unstable_by_key(|entry| entry.hash);
        let mut has_clash = false;
        entries.dedup_by(|next, kept| {
            if next.hash != kept.hash {
                return false;
            }
            has_clash |= next.line != kept.line;
            kept.gap = kept.gap.or(next.gap);
            kept.removed += next.removed;
            true
        });
        let words = (entries.len() * BITS / 64).next_power_of_two().max(2);
        let mut tally = Self {
            filter: vec![0; words],
            shift: 64 - (words * 64).trailing_zeros(),
            has_clash,
            entries: Vec::new(),
        };
        for entry in &entries {
            let (word, bit) = tally.place(entry.hash);
            tally.filter[word] |= bit;
        }
        tally.entries = entries;
        tally
    }

    /// Counts a line of the old text.
    pub(super) fn count_old(&mut self, line: &[u8]) {
        if let Some(entry) = self.entry(line) {
            entry.old += 1;
        }
    }

    /// Counts a line that was added.
    pub(super) fn count_added(&mut self, line: &[u8]) {
        if let Some(entry) = self.entry(line) {
            entry.added += 1;
        }
    }

    /// Returns whether each of so many gaps has a line that is once in both
    /// texts, and none of the removed lines is.
    pub(super) fn tells(&self, gaps: usize) -> bool {
        if self.has_clash {
            return false;
        }
        let mut told = vec![false; gaps];
        for entry in &self.entries {
            let new = entry.old - entry.removed + entry.added;
            if (entry.old, new) != (1, 1) {
                continue;
            }
            match entry.gap {
                Some(gap) if entry.removed == 0 => told[gap] = true,
                _ => return false,
            }
        }
        told.into_iter().all(|told| told)
    }

    fn entry(&mut self, line: &[u8]) -> Option<&mut Entry<'a>> {
        let hash = hash(line);
        let (word, bit) = self.place(hash);
        if self.filter[word] & bit == 0 {
            return None;
        }
        let at = self.entries.binary_search_by_key(&hash, |entry| entry.hash);
        let entry = &mut self.entries[at.ok()?];
        self.has_clash |= entry.line != line;
        Some(entry)
    }

    fn place(&self, hash: u64) -> (usize, u64) {
        let bit = usize::try_from(hash >> self.shift).unwrap_or(0);
        (bit / 64, 1 << (bit % 64))
    }
}

/// Returns a hash of a line, whose highest bits are its best. Whoever makes
/// lines collide on purpose has his texts compared as a whole, no more.
fn hash(line: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |hash: u64, word: u64| (hash.rotate_left(23) ^ word).wrapping_mul(FACTOR);
    let (words, rest) = line.as_chunks::<8>();
    let hash = words.iter().fold(line.len() as u64, |hash, word| {
        mix(hash, u64::from_le_bytes(*word))
    });
    let last = match line.last_chunk::<8>() {
        Some(last) => u64::from_le_bytes(*last),
        None => rest
            .iter()
            .fold(0, |word, byte| word << 8 | u64::from(*byte)),
    };
    mix(mix(hash, last), 0)
}
