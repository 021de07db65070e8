//! A text as it looks when escapes are undone, with the way back to where each
//! byte came from.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr2;

/// A text with some levels of escapes undone.
#[derive(Debug)]
pub(super) struct View<'a> {
    bytes: Cow<'a, [u8]>,
    /// What it was made of, one level less undone.
    parent: Option<Box<View<'a>>>,
    /// In order: from `here` on, bytes came from `there` on in the parent.
    jumps: Vec<Jump>,
}

/// Escapes one behind another, all of the same length and standing for as many
/// bytes. Twelve bytes, for a text may be nothing but escapes.
#[derive(Clone, Copy, Debug)]
struct Jump {
    /// Where in this view what the first stands for begins.
    here: u32,
    /// Where in the parent the first begins.
    there: u32,
    count: u16,
    /// The bytes of one in the parent.
    length: u8,
    /// The bytes that one stands for.
    stands_for: u8,
}

impl Jump {
    /// Where the next one would begin, here and there, to be one of them.
    fn next(self) -> (usize, usize) {
        let count = usize::from(self.count);
        (
            self.here as usize + count * usize::from(self.stands_for),
            self.there as usize + count * usize::from(self.length),
        )
    }
}

impl<'a> View<'a> {
    /// Shows a text as it is.
    pub(super) fn of(text: &'a [u8]) -> Self {
        Self {
            bytes: Cow::Borrowed(text),
            parent: None,
            jumps: Vec::new(),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns where in the text bytes of this view came from.
    pub(super) fn source(&self, place: Range<usize>) -> Range<usize> {
        match &self.parent {
            Some(parent) if !place.is_empty() => parent.source(self.in_parent(place)),
            _ => place,
        }
    }

    fn in_parent(&self, place: Range<usize>) -> Range<usize> {
        self.there(place.start).start..self.there(place.end - 1).end
    }

    /// Returns where in the parent a byte came from.
    fn there(&self, here: usize) -> Range<usize> {
        let after = self
            .jumps
            .partition_point(|jump| jump.here as usize <= here);
        let Some(jump) = after.checked_sub(1).map(|before| self.jumps[before]) else {
            return here..here + 1;
        };
        let (plain, parent) = jump.next();
        if here >= plain {
            let at = parent + (here - plain);
            return at..at + 1;
        }
        let number = (here - jump.here as usize) / usize::from(jump.stands_for);
        let start = jump.there as usize + number * usize::from(jump.length);
        start..start + usize::from(jump.length)
    }

    /// Undoes one level of escapes: those of JSON and programming languages
    /// (`\n`, `\"`, `\u0041`, `\x41`) and of URLs (`%41`). Gives the view back
    /// when there are none.
    pub(super) fn decoded(self) -> Result<Self, Self> {
        let text = &*self.bytes;
        // What is longer has no place in a jump, and is refused long before.
        if memchr2(b'\\', b'%', text).is_none() || u32::try_from(text.len()).is_err() {
            return Err(self);
        }
        let mut bytes = Vec::with_capacity(text.len());
        let mut jumps = Vec::new();
        let mut at = 0;
        while let Some(found) = memchr2(b'\\', b'%', &text[at..]) {
            let start = at + found;
            bytes.extend_from_slice(&text[at..start]);
            at = start;
            let mut buffer = [0; 4];
            if let Some((stands_for, length)) = escape(&text[start..], &mut buffer) {
                note(&mut jumps, (bytes.len(), start), (stands_for.len(), length));
                bytes.extend_from_slice(stands_for);
                at = start + length;
            } else {
                bytes.push(text[start]);
                at += 1;
            }
        }
        if jumps.is_empty() {
            return Err(self);
        }
        bytes.extend_from_slice(&text[at..]);
        Ok(Self {
            bytes: Cow::Owned(bytes),
            parent: Some(Box::new(self)),
            jumps,
        })
    }
}

/// Notes an escape: where it stands, here and there, and how long it is.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a view has less than 4 GiB, and an escape at most 12 bytes"
)]
fn note(
    jumps: &mut Vec<Jump>,
    (here, there): (usize, usize),
    (stands_for, length): (usize, usize),
) {
    let (stands_for, length) = (stands_for as u8, length as u8);
    match jumps.last_mut() {
        Some(last)
            if last.next() == (here, there)
                && (last.stands_for, last.length) == (stands_for, length)
                && last.count < u16::MAX =>
        {
            last.count += 1;
        }
        _ => jumps.push(Jump {
            here: here as u32,
            there: there as u32,
            count: 1,
            length,
            stands_for,
        }),
    }
}

/// Reads the escape that a text begins with: what it stands for, and how long
/// it is.
fn escape<'b>(text: &[u8], buffer: &'b mut [u8; 4]) -> Option<(&'b [u8], usize)> {
    let (&first, rest) = text.split_first()?;
    if first == b'%' {
        buffer[0] = u8::try_from(hex(rest.get(..2)?)?).ok()?;
        return Some((&buffer[..1], 3));
    }
    let (value, length) = match *rest.first()? {
        b'u' => return unicode(rest, buffer),
        b'x' => (u8::try_from(hex(rest.get(1..3)?)?).ok()?, 4),
        mark => (SHORT[usize::from(mark)], 2),
    };
    if length == 2 && value == 0 {
        return None;
    }
    buffer[0] = value;
    Some((&buffer[..1], length))
}

/// By the byte behind a backslash: what they stand for, or zero.
const SHORT: [u8; 256] = {
    let mut short = [0; 256];
    let mut at = 0_u8;
    while at < 128 {
        if at.is_ascii_punctuation() {
            short[at as usize] = at;
        }
        at += 1;
    }
    short[b'n' as usize] = b'\n';
    short[b'r' as usize] = b'\r';
    short[b't' as usize] = b'\t';
    short[b'b' as usize] = 8;
    short[b'f' as usize] = 12;
    short
};

/// Reads `u0041`, a pair of surrogates, or `u{41}`.
fn unicode<'b>(text: &[u8], buffer: &'b mut [u8; 4]) -> Option<(&'b [u8], usize)> {
    let (value, length) = if text.get(1) == Some(&b'{') {
        let end = text.iter().take(9).position(|&byte| byte == b'}')?;
        (hex(&text[2..end])?, end + 2)
    } else {
        let high = hex(text.get(1..5)?)?;
        match text.get(5..7) {
            Some(b"\\u") if (0xD800..0xDC00).contains(&high) => {
                let low = hex(text.get(7..11)?)?;
                let pair = (0xDC00..0xE000).contains(&low);
                let low = pair.then_some(low)?;
                (0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00), 12)
            }
            _ => (high, 6),
        }
    };
    // A lone surrogate stands for nothing that a secret can hold.
    let character = char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER);
    Some((character.encode_utf8(buffer).as_bytes(), length))
}

fn hex(digits: &[u8]) -> Option<u32> {
    let mut value = 0;
    for digit in digits {
        value = value << 4 | char::from(*digit).to_digit(16)?;
    }
    (!digits.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_nothing_but_escapes_takes_little_memory() {
        assert_eq!(size_of::<Jump>(), 12);
        let text = "\\".repeat(1 << 20);
        let mut view = View::of(text.as_bytes());
        let mut jumps = 0;
        for length in [1 << 19, 1 << 18, 1 << 17, 1 << 16] {
            view = view.decoded().unwrap();
            assert_eq!(view.bytes().len(), length);
            assert_eq!(view.source(length - 1..length).end, text.len());
            jumps += view.jumps.len();
        }
        assert!(jumps <= 20, "{jumps}");
        // At worst each escape has a jump of its own.
        let text = "\\na".repeat(1_000);
        let view = View::of(text.as_bytes()).decoded().unwrap();
        assert_eq!(view.jumps.len(), 1_000);
    }
}
