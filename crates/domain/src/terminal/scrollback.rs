//! What a terminal wrote, kept for those who come later.
//!
//! Bytes are addressed by their place in all that was ever written, so a
//! client takes up where it left. What is kept is bounded in lines and in
//! bytes: a program can't make the server grow, whatever it writes. Escape
//! sequences are not understood here, and so not repaired: what is kept begins
//! at the start of a line, but perhaps inside of what an earlier sequence
//! began, such as a colour or the alternate screen.

use std::collections::VecDeque;

/// How far past what must go a line start is searched for. A line that is
/// longer is cut in two.
const SEARCH: u64 = 64 * 1024;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    /// At least this many lines, as long as they fit.
    pub(super) lines: usize,
    /// At least this many bytes, however many lines they are: else a program
    /// that writes short lines would be ahead of every reader.
    pub(super) least_bytes: usize,
    /// Never more bytes than this.
    pub(super) bytes: usize,
    /// Bytes of a block, the unit that is allocated and freed.
    pub(super) block: usize,
}

/// The newest part of what a terminal wrote.
#[derive(Debug)]
pub(super) struct Scrollback {
    bounds: Bounds,
    blocks: VecDeque<Block>,
    /// The place of the first byte kept.
    start: u64,
    /// The place of the next byte to come.
    end: u64,
    /// Line ends among what is kept.
    lines: usize,
}

#[derive(Debug)]
struct Block {
    /// The place of its first byte, gone or not.
    first: u64,
    bytes: Vec<u8>,
    /// How many of its first bytes are gone.
    gone: usize,
    /// Line ends among the others.
    lines: usize,
}

impl Scrollback {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            blocks: VecDeque::new(),
            start: 0,
            end: 0,
            lines: 0,
        }
    }

    /// Returns the place of the first byte kept.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// Returns the place of the next byte to come.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Says whether a reader that saw all before `place` can go on there.
    pub(super) fn reaches(&self, place: u64) -> bool {
        (self.start..=self.end).contains(&place)
    }

    /// Adds what was written, and lets go of what is too old.
    pub(super) fn append(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let size = self.bounds.block;
            if self
                .blocks
                .back()
                .is_none_or(|last| last.bytes.len() == size)
            {
                self.blocks.push_back(Block::new(self.end));
            }
            let Some(block) = self.blocks.back_mut() else {
                return;
            };
            let taken = block.append(bytes, size);
            self.end += taken as u64;
            self.lines += line_ends(&bytes[..taken]);
            bytes = &bytes[taken..];
            // After each block, so that a large piece needs no more room.
            self.trim();
        }
    }

    /// Returns the bytes from `place` on, at most `most` of them; `None` when
    /// they are not kept any more. None are there yet when it is empty.
    pub(super) fn read(&self, place: u64, most: usize) -> Option<Vec<u8>> {
        if !self.reaches(place) {
            return None;
        }
        let length = most.min(usize::try_from(self.end - place).ok()?);
        let mut bytes = Vec::with_capacity(length);
        let at = self.blocks.partition_point(|block| block.end() <= place);
        for block in self.blocks.iter().skip(at) {
            let wanted = length - bytes.len();
            let part = block.from(place + bytes.len() as u64);
            bytes.extend_from_slice(&part[..wanted.min(part.len())]);
            if bytes.len() == length {
                break;
            }
        }
        Some(bytes)
    }

    fn trim(&mut self) {
        self.drop_lines();
        let most = self.bounds.bytes as u64;
        if self.end - self.start > most {
            let must = self.end - most;
            self.drop_until(self.line_start(must).unwrap_or(must));
        }
    }

    /// Lets go of lines that nobody asked to keep, a block at a time.
    fn drop_lines(&mut self) {
        while let Some(front) = self.blocks.front()
            && self.lines - front.lines > self.bounds.lines
        {
            let place = self.line_start(front.end()).unwrap_or(front.end());
            if self.end - place < self.bounds.least_bytes as u64 {
                return;
            }
            self.drop_until(place);
        }
    }

    /// Lets go of what is before `place`.
    fn drop_until(&mut self, place: u64) {
        while self.start < place
            && let Some(block) = self.blocks.front_mut()
        {
            let wanted = usize::try_from(place - self.start).unwrap_or(usize::MAX);
            let before = block.lines;
            let length = block.drop_first(wanted);
            self.lines -= before - block.lines;
            self.start += length as u64;
            if block.kept().is_empty() {
                self.blocks.pop_front();
            }
        }
    }

    /// Returns the first start of a line at `place` or shortly after.
    fn line_start(&self, place: u64) -> Option<u64> {
        // A line starts after an end, which may be the byte before.
        let before = place.saturating_sub(1);
        let at = self.blocks.partition_point(|block| block.end() <= before);
        for block in self.blocks.iter().skip(at) {
            let from = before.max(block.first + block.gone as u64);
            if from > place + SEARCH {
                break;
            }
            if let Some(end) = line_end_places(block.from(from)).next() {
                let start = from + end as u64 + 1;
                return (start <= place + SEARCH).then_some(start);
            }
        }
        None
    }
}

impl Block {
    fn new(first: u64) -> Self {
        Self {
            first,
            bytes: Vec::new(),
            gone: 0,
            lines: 0,
        }
    }

    /// Returns the place after its last byte.
    fn end(&self) -> u64 {
        self.first + self.bytes.len() as u64
    }

    fn kept(&self) -> &[u8] {
        &self.bytes[self.gone..]
    }

    /// Returns what it has from `place` on; that must not be before it.
    fn from(&self, place: u64) -> &[u8] {
        let skip = usize::try_from(place - self.first).unwrap_or(usize::MAX);
        self.bytes.get(skip..).unwrap_or_default()
    }

    /// Adds as much as there is room for in `size` bytes, and returns how much
    /// that is.
    fn append(&mut self, bytes: &[u8], size: usize) -> usize {
        let taken = bytes.len().min(size - self.bytes.len());
        let needed = self.bytes.len() + taken;
        if needed > self.bytes.capacity() {
            // Little for a terminal in which little happens, never more than
            // a block.
            let wanted = needed.next_power_of_two().min(size);
            self.bytes.reserve_exact(wanted - self.bytes.len());
        }
        self.bytes.extend_from_slice(&bytes[..taken]);
        self.lines += line_ends(&bytes[..taken]);
        taken
    }

    /// Lets go of up to `length` bytes, and returns how many that were.
    fn drop_first(&mut self, length: usize) -> usize {
        let length = length.min(self.kept().len());
        self.lines = if length == self.kept().len() {
            0
        } else {
            self.lines - line_ends(&self.kept()[..length])
        };
        self.gone += length;
        length
    }
}

fn line_ends(bytes: &[u8]) -> usize {
    bytes.iter().map(|&byte| usize::from(byte == b'\n')).sum()
}

fn line_end_places(bytes: &[u8]) -> impl Iterator<Item = usize> {
    let places = bytes.iter().enumerate();
    places.filter_map(|(at, &byte)| (byte == b'\n').then_some(at))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const BLOCK: usize = 16 * 1024;

    fn scrollback(lines: usize, bytes: usize) -> Scrollback {
        Scrollback::new(Bounds {
            lines,
            least_bytes: bytes / 8,
            bytes,
            block: BLOCK,
        })
    }

    fn all(kept: &Scrollback) -> Vec<u8> {
        kept.read(kept.start(), usize::MAX).unwrap()
    }

    /// The memory that is held, in bytes.
    fn held(kept: &Scrollback) -> usize {
        kept.blocks.iter().map(|block| block.bytes.capacity()).sum()
    }

    #[test]
    fn the_newest_bytes_stay_from_the_start_of_a_line() {
        let mut kept = scrollback(100, 20);
        kept.append(b"one\ntwo\nthree\nfour\nfi");
        assert_eq!(all(&kept), b"two\nthree\nfour\nfi");
        assert_eq!((kept.start(), kept.end()), (4, 21));
        kept.append(b"ve\n");
        assert_eq!(all(&kept), b"two\nthree\nfour\nfive\n");
        kept.append(b"6");
        assert_eq!(all(&kept), b"three\nfour\nfive\n6");
        assert_eq!(kept.read(7, 10), None);
        assert_eq!(kept.read(26, 10), None);
        assert_eq!(kept.read(25, 10).as_deref(), Some(&b""[..]));
    }

    #[test]
    fn a_hundred_thousand_lines_stay_whole() {
        let mut kept = scrollback(100_000, 32 << 20);
        for line in 0..900_000 {
            kept.append(format!("{line:080}\r\n").as_bytes());
        }
        let text = String::from_utf8(all(&kept)).unwrap();
        let lines = text.lines().count();
        assert!((100_000..100_000 + BLOCK / 80).contains(&lines), "{lines}");
        for (line, at) in text.lines().zip(900_000 - lines..) {
            assert_eq!(line.parse(), Ok(at));
        }
        assert!(held(&kept) < text.len() + 2 * BLOCK);
    }

    #[test]
    fn short_lines_stay_longer() {
        let mut kept = scrollback(1_000, 1 << 20);
        kept.append(&b"y\r\n".repeat(200_000));
        let length = all(&kept).len();
        assert!((1 << 17..(1 << 17) + BLOCK).contains(&length), "{length}");
    }

    #[test]
    fn a_quiet_terminal_holds_little() {
        let mut kept = scrollback(100_000, 32 << 20);
        kept.append(b"$ ");
        assert!(held(&kept) <= 8, "{}", held(&kept));
    }

    #[test]
    fn floods_are_bounded() {
        let title = b"\x1b]0;title\x07".repeat(100);
        for (what, piece) in [
            ("a line without end", vec![b'x'; 5_000]),
            ("titles without end", title),
            ("empty lines", vec![b'\n'; 5_000]),
        ] {
            let mut kept = scrollback(1_000, 100_000);
            for _ in 0..500 {
                kept.append(&piece);
            }
            assert_eq!(kept.end(), 500 * piece.len() as u64);
            let length = kept.end() - kept.start();
            assert!(length <= 100_000, "{what}: {length}");
            assert!(
                what == "empty lines" || length == 100_000,
                "{what}: {length}"
            );
            assert!(
                held(&kept) <= 100_000 + 2 * BLOCK,
                "{what}: {}",
                held(&kept)
            );
        }
    }

    #[test]
    fn a_line_start_far_away_is_not_worth_what_is_between() {
        let mut kept = scrollback(1_000, 200_000);
        kept.append(&vec![b'x'; 150_000]);
        kept.append(b"\n");
        kept.append(&vec![b'y'; 49_999]);
        assert_eq!(kept.start(), 0);
        kept.append(b"z");
        assert_eq!(kept.start(), 1, "cut inside of the line");
        kept.append(&vec![b'z'; 100_000]);
        assert_eq!(kept.start(), 150_001, "cut after the line");
    }

    /// What keeps everything, and is cut as it was told.
    fn check(
        kept: &Scrollback,
        whole: &[u8],
        before: u64,
    ) -> std::result::Result<(), TestCaseError> {
        let start = usize::try_from(kept.start()).unwrap();
        let (bounds, lines) = (kept.bounds, line_ends(&whole[start..]));
        prop_assert_eq!(kept.end(), whole.len() as u64);
        prop_assert_eq!(&all(kept), &whole[start..]);
        prop_assert_eq!(kept.lines, lines);
        prop_assert!(whole.len() - start <= bounds.bytes);
        let many = bounds.lines + bounds.block;
        let least = bounds.least_bytes + 2 * bounds.block + longest_line(whole);
        prop_assert!(lines <= many || whole.len() - start <= least);
        if kept.start() != before && whole[start - 1] != b'\n' {
            prop_assert!(!whole[start..].contains(&b'\n'), "cut inside of a line");
        }
        // What was let go of had to be.
        let full = whole.len() - start + longest_line(whole) + bounds.block >= bounds.bytes;
        prop_assert!(start == 0 || full || lines >= bounds.lines);
        Ok(())
    }

    fn longest_line(whole: &[u8]) -> usize {
        let lines = whole.split(|&byte| byte == b'\n');
        lines.map(|line| line.len() + 1).max().unwrap_or(0)
    }

    proptest! {
        #[test]
        fn no_byte_is_lost_or_repeated(
            pieces in vec(vec(prop_oneof![Just(b'\n'), Just(b'a'), any::<u8>()], 0..90), 0..40),
            lines in 0_usize..20,
            bytes in 1_usize..600,
            least_bytes in 0_usize..100,
            block in 1_usize..40,
            most in 1_usize..100,
        ) {
            let bounds = Bounds { lines, least_bytes: least_bytes.min(bytes), bytes, block };
            let mut kept = Scrollback::new(bounds);
            let mut whole = Vec::new();
            let mut readers: Vec<(u64, Vec<u8>)> = Vec::new();
            for piece in &pieces {
                readers.push((kept.end(), Vec::new()));
                let before = kept.start();
                kept.append(piece);
                whole.extend_from_slice(piece);
                check(&kept, &whole, before)?;
                let start = usize::try_from(kept.start()).unwrap();
                for place in 0..=whole.len() {
                    let read = kept.read(place as u64, most);
                    let there = (place >= start).then(|| whole[place..].iter().copied().take(most).collect::<Vec<u8>>());
                    prop_assert_eq!(read, there);
                }
                // Each reader follows in small pieces, as long as it can.
                for (begun, seen) in &mut readers {
                    while let Some(next) = kept.read(*begun + seen.len() as u64, most) {
                        if next.is_empty() { break }
                        seen.extend(next);
                    }
                    let first = usize::try_from(*begun).unwrap();
                    prop_assert_eq!(&seen[..], &whole[first..first + seen.len()]);
                }
            }
        }
    }
}
