//! A text as it looks when escapes are undone or line breaks taken out, with
//! the way back to where each byte came from.

use std::borrow::Cow;
use std::cell::OnceCell;
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

#[derive(Clone, Copy, Debug)]
struct Jump {
    here: usize,
    there: usize,
    /// Whether the bytes up to the next jump are what an escape stands for;
    /// then all of them came from all of it.
    escape: bool,
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
        let last = place.end - 1;
        let after = self.jumps.partition_point(|jump| jump.here <= last);
        let end = match self.jumps.get(after) {
            Some(next) if after > 0 && self.jumps[after - 1].escape => next.there,
            _ => self.there(last) + 1,
        };
        self.there(place.start)..end
    }

    fn there(&self, here: usize) -> usize {
        let after = self.jumps.partition_point(|jump| jump.here <= here);
        match after.checked_sub(1).map(|before| self.jumps[before]) {
            Some(jump) if jump.escape => jump.there,
            Some(jump) => jump.there + (here - jump.here),
            None => here,
        }
    }

    /// Undoes one level of escapes: those of JSON and programming languages
    /// (`\n`, `\"`, `\u0041`, `\x41`) and of URLs (`%41`). Gives the view back
    /// when there are none.
    pub(super) fn decoded(self) -> Result<Self, Self> {
        let text = &*self.bytes;
        if memchr2(b'\\', b'%', text).is_none() {
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
                jumps.push(Jump {
                    here: bytes.len(),
                    there: start,
                    escape: true,
                });
                bytes.extend_from_slice(stands_for);
                at = start + length;
                jumps.push(Jump {
                    here: bytes.len(),
                    there: at,
                    escape: false,
                });
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
        b'n' => (b'\n', 2),
        b'r' => (b'\r', 2),
        b't' => (b'\t', 2),
        b'b' => (8, 2),
        b'f' => (12, 2),
        mark if mark.is_ascii_punctuation() => (mark, 2),
        _ => return None,
    };
    buffer[0] = value;
    Some((&buffer[..1], length))
}

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

/// A text without what breaks lines and long strings: space, quotes,
/// backslashes, commas, colons and the marks of quoted lines.
#[derive(Debug)]
pub(super) struct Dense<'a> {
    text: &'a [u8],
    bytes: Vec<u8>,
    /// Where each byte came from; hardly ever wanted.
    places: OnceCell<Vec<usize>>,
}

impl<'a> Dense<'a> {
    pub(super) fn of(text: &'a [u8]) -> Self {
        Self {
            text,
            bytes: dense(text),
            places: OnceCell::new(),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns where bytes came from.
    pub(super) fn source(&self, place: Range<usize>) -> Range<usize> {
        let places = self.places.get_or_init(|| {
            let kept = self.text.iter().enumerate();
            kept.filter(|(_, byte)| is_kept(**byte))
                .map(|(at, _)| at)
                .collect()
        });
        places[place.start]..places[place.end - 1] + 1
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
