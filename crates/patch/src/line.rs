//! Lines of bytes and of text, with their endings.
//!
//! A line ends with `\n` or `\r\n` and with nothing else: a lone `\r`, a form
//! feed, U+0085 and U+2028 are content, as they are for git and for compilers.

use crate::encoding::{Encoding, decode};

/// How a line ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// With the end of the file.
    None,
    /// With `\n`.
    #[default]
    Lf,
    /// With `\r\n`.
    CrLf,
}

impl Ending {
    /// Returns the bytes of the ending.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
        }
    }
}

/// The lines of some bytes, each with its ending; see [`lines`].
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    rest: &'a [u8],
    unit: Encoding,
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let unit_end = |feed: [u8; 2]| {
            let mut units = self.rest.as_chunks::<2>().0.iter();
            units.position(|unit| *unit == feed).map(|at| at * 2 + 2)
        };
        let end = match self.unit {
            Encoding::Utf16Le => unit_end([b'\n', 0]),
            Encoding::Utf16Be => unit_end([0, b'\n']),
            Encoding::Utf8 | Encoding::EightBit(_) => {
                memchr::memchr(b'\n', self.rest).map(|at| at + 1)
            }
        };
        let (line, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        Some(line)
    }
}

/// Splits bytes into lines and keeps each line's ending, so that joining the
/// lines gives the bytes back. Bytes that begin with the mark of UTF-16 are
/// split at its line feeds.
pub const fn lines(bytes: &[u8]) -> Lines<'_> {
    Lines {
        rest: bytes,
        unit: Encoding::of(bytes),
    }
}

/// Returns whether bytes are not text: they have a NUL in them, or the mark of
/// UTF-16 and something else behind it.
pub fn is_binary(bytes: &[u8]) -> bool {
    let encoding = Encoding::of(bytes);
    if encoding == Encoding::Utf8 {
        return memchr::memchr(0, bytes).is_some();
    }
    decode(bytes, encoding).is_none_or(|text| text.contains('\0'))
}

/// Splits text into lines without their endings, and the endings.
pub(crate) fn text_lines(text: &str) -> impl Iterator<Item = (&str, Ending)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(end) = memchr::memchr(b'\n', rest.as_bytes()) else {
            return Some((std::mem::take(&mut rest), Ending::None));
        };
        let line = &rest[..end];
        rest = &rest[end + 1..];
        Some(match line.strip_suffix('\r') {
            Some(bare) => (bare, Ending::CrLf),
            None => (line, Ending::Lf),
        })
    })
}

/// Returns how many lines a text has.
pub(crate) fn count_lines(text: &str) -> usize {
    let ends = memchr::memchr_iter(b'\n', text.as_bytes()).count();
    ends + usize::from(!text.is_empty() && !text.ends_with('\n'))
}

/// Makes a line number or count of a length. Inputs are far below the limit
/// (`limit::TEXT_FILE_BYTES`), so the saturation never shows.
pub(crate) fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Makes room in a list that is as long as a file: an eighth more at a time,
/// because twice as much would be the most memory that a plan takes.
pub(crate) fn make_room<T>(list: &mut Vec<T>) {
    if list.len() == list.capacity() {
        list.reserve_exact(list.len() / 8 + 64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_line_feeds_end_lines() {
        let text = "a\r\nb\rc\u{c}d\u{85}e\u{2028}f\n\ng";
        let split: Vec<_> = text_lines(text).collect();
        assert_eq!(
            split,
            [
                ("a", Ending::CrLf),
                ("b\rc\u{c}d\u{85}e\u{2028}f", Ending::Lf),
                ("", Ending::Lf),
                ("g", Ending::None),
            ]
        );
        let joined: Vec<u8> = lines(text.as_bytes()).flatten().copied().collect();
        assert_eq!(joined, text.as_bytes());
        assert_eq!(lines(b"").count(), 0);
    }

    #[test]
    fn lines_of_utf16_end_with_its_line_feeds() {
        // U+0A0A and U+0D0A have the byte of a line feed in them.
        let text = "\u{feff}a\r\n\u{a0a}\n\u{d0a}";
        let ends = |bytes: &[u8]| lines(bytes).map(<[u8]>::len).collect::<Vec<_>>();
        let units = || text.encode_utf16();
        let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
        assert_eq!(ends(&little), [8, 4, 2]);
        assert_eq!(ends(&big), [8, 4, 2]);
    }

    #[test]
    fn a_nul_makes_bytes_binary() {
        assert!(is_binary(b"text\0"));
        assert!(is_binary(b"\xff\xfea"));
        assert!(is_binary(b"\xff\xfe\0\0"));
        assert!(!is_binary(b"\xff\xfea\0"));
        assert!(!is_binary("t\u{e9}xt\r\n".as_bytes()));
    }
}
