//! How a file's bytes stand for text.
//!
//! UTF-8 is the rule, UTF-16 is known by its byte order mark, and an 8-bit
//! encoding is only ever used when somebody declared it: any bytes at all are
//! text in one, so guessing would change files that aren't.

use std::fmt;
use std::str::FromStr;

use crate::error::{ErrorCode, PatchError};
use crate::sheet::BOM;

/// How a file's bytes stand for text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    Utf8,
    /// UTF-16, the low byte first, with a byte order mark.
    Utf16Le,
    /// UTF-16, the high byte first, with a byte order mark.
    Utf16Be,
    /// One byte for each character, by the encoding's stable name:
    /// `iso-8859-1`, `windows-1252`, `koi8-r`.
    EightBit(&'static str),
}

/// ISO-8859-1 as it is: the web's encoders take it for Windows-1252.
const LATIN_1: &str = "iso-8859-1";

impl Encoding {
    /// Returns what bytes say of themselves: UTF-16 by its mark, or UTF-8.
    pub const fn of(bytes: &[u8]) -> Self {
        match bytes {
            [0xff, 0xfe, ..] => Self::Utf16Le,
            [0xfe, 0xff, ..] => Self::Utf16Be,
            _ => Self::Utf8,
        }
    }

    /// Returns the stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::EightBit(name) => name,
        }
    }

    /// Returns the encoding for reading a file, of what was declared for it:
    /// a byte order mark goes before any declaration.
    pub(crate) fn settle(bytes: &[u8], declared: Option<Self>) -> Self {
        match (Self::of(bytes), declared) {
            (Self::Utf8, Some(_)) if bytes.starts_with(b"\xef\xbb\xbf") => Self::Utf8,
            (Self::Utf8, Some(declared @ Self::EightBit(_))) => declared,
            (known, _) => known,
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no encoding in which files are edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the encoding is utf-8, utf-16le, utf-16be, or an 8-bit one such as windows-1252")]
pub struct UnknownEncoding;

impl FromStr for Encoding {
    type Err = UnknownEncoding;

    fn from_str(text: &str) -> Result<Self, UnknownEncoding> {
        let text = text.trim().to_ascii_lowercase();
        let is_latin = [
            "iso-8859-1",
            "iso8859-1",
            "iso_8859-1",
            "latin1",
            "latin-1",
            "l1",
        ];
        if is_latin.contains(&text.as_str()) {
            return Ok(Self::EightBit(LATIN_1));
        }
        match text.as_str() {
            "utf-8-bom" | "utf-8" | "utf8" => return Ok(Self::Utf8),
            "utf-16le" | "utf-16le-bom" | "utf-16" => return Ok(Self::Utf16Le),
            "utf-16be" | "utf-16be-bom" => return Ok(Self::Utf16Be),
            _ => {}
        }
        let known = encoding_rs::Encoding::for_label(text.as_bytes());
        let known = known.filter(|known| known.is_single_byte());
        known
            .and_then(|known| NAMES.into_iter().find(|name| named(name) == Some(known)))
            .map(Self::EightBit)
            .ok_or(UnknownEncoding)
    }
}

/// The 8-bit encodings besides Latin-1, by their stable names.
const NAMES: [&str; 26] = [
    "ibm866",
    "iso-8859-2",
    "iso-8859-3",
    "iso-8859-4",
    "iso-8859-5",
    "iso-8859-6",
    "iso-8859-7",
    "iso-8859-8",
    "iso-8859-10",
    "iso-8859-13",
    "iso-8859-14",
    "iso-8859-15",
    "iso-8859-16",
    "koi8-r",
    "koi8-u",
    "macintosh",
    "windows-874",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-1258",
];

fn named(name: &str) -> Option<&'static encoding_rs::Encoding> {
    encoding_rs::Encoding::for_label(name.as_bytes())
}

/// Returns a file's text in an encoding, a byte order mark of UTF-16 taken
/// off; `None` when the bytes are no text in it.
pub fn decode(bytes: &[u8], encoding: Encoding) -> Option<String> {
    let text = text_of(bytes, encoding).ok()?;
    let marked = matches!(encoding, Encoding::Utf16Le | Encoding::Utf16Be);
    Some(match text.strip_prefix(BOM) {
        Some(bare) if marked => bare.to_owned(),
        _ => text,
    })
}

/// Returns the text of a patch that comes as bytes: UTF-8, or UTF-16 with its
/// mark, as some shells write what a program prints; or else what is declared,
/// for a diff has its files' bytes in it.
pub fn patch_text(bytes: &[u8], declared: Option<Encoding>) -> Option<String> {
    decode(bytes, Encoding::of(bytes)).or_else(|| decode(bytes, declared?))
}

/// Returns the bytes of a file with this text, UTF-16 with its mark.
///
/// # Errors
/// When the encoding lacks a character of it; the error names it.
pub fn encode(text: String, encoding: Encoding) -> Result<Vec<u8>, PatchError> {
    bytes_of(text, encoding)
}

/// Returns a file's text, a byte order mark at its start.
///
/// # Errors
/// Where the bytes stop being text in the encoding.
pub(crate) fn text_of(bytes: &[u8], encoding: Encoding) -> Result<String, PatchError> {
    let refuse = |at: usize, hint: &str| {
        let detail = format!(
            "the file is not {} from byte {at} on{hint}",
            title(encoding)
        );
        PatchError::new(ErrorCode::Encoding, detail)
    };
    match encoding {
        Encoding::Utf8 => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => Err(refuse(
                error.valid_up_to(),
                ", and no other encoding is declared for it",
            )),
        },
        Encoding::Utf16Le => of_utf16(bytes, u16::from_le_bytes).map_err(|at| refuse(at, "")),
        Encoding::Utf16Be => of_utf16(bytes, u16::from_be_bytes).map_err(|at| refuse(at, "")),
        Encoding::EightBit(LATIN_1) => Ok(bytes.iter().copied().map(char::from).collect()),
        Encoding::EightBit(name) => {
            let known = named(name).ok_or_else(|| refuse(0, ""))?;
            let text = known.decode_without_bom_handling_and_without_replacement(bytes);
            text.map(std::borrow::Cow::into_owned).ok_or_else(|| {
                // Each byte stands alone, so the first bad one can be found.
                let is_bad = |byte: &u8| {
                    let bytes = std::slice::from_ref(byte);
                    known
                        .decode_without_bom_handling_and_without_replacement(bytes)
                        .is_none()
                };
                refuse(bytes.iter().position(is_bad).unwrap_or(0), "")
            })
        }
    }
}

/// Returns a text's bytes in an encoding.
///
/// # Errors
/// The first character that the encoding lacks, and its line.
pub(crate) fn bytes_of(text: String, encoding: Encoding) -> Result<Vec<u8>, PatchError> {
    match encoding {
        Encoding::Utf8 => Ok(text.into_bytes()),
        Encoding::Utf16Le => Ok(utf16(&text).flat_map(u16::to_le_bytes).collect()),
        Encoding::Utf16Be => Ok(utf16(&text).flat_map(u16::to_be_bytes).collect()),
        Encoding::EightBit(LATIN_1) => {
            let bytes = text.chars().map(|c| u8::try_from(u32::from(c)));
            let bytes: Result<Vec<u8>, _> = bytes.collect();
            bytes.map_err(|_| lacking(&text, encoding, |c| u32::from(c) < 0x100))
        }
        Encoding::EightBit(name) => {
            let encoded = named(name).map(|known| (known, known.encode(&text)));
            match encoded {
                Some((_, (bytes, _, false))) => Ok(bytes.into_owned()),
                Some((known, _)) => Err(lacking(&text, encoding, |c| {
                    !known.encode(c.encode_utf8(&mut [0; 4])).2
                })),
                None => Err(lacking(&text, encoding, |c| c.is_ascii())),
            }
        }
    }
}

fn utf16(text: &str) -> impl Iterator<Item = u16> {
    let mark = (!text.starts_with(BOM)).then_some(0xfeff);
    mark.into_iter().chain(text.encode_utf16())
}

fn of_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, usize> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(bytes.len());
    let mut at = 0;
    for read in char::decode_utf16(pairs.iter().copied().map(unit)) {
        let c = read.map_err(|_| at)?;
        text.push(c);
        at += 2 * c.len_utf16();
    }
    if rest.is_empty() { Ok(text) } else { Err(at) }
}

fn lacking(text: &str, encoding: Encoding, has: impl Fn(char) -> bool) -> PatchError {
    let (line, c) = text
        .split('\n')
        .zip(1..)
        .find_map(|(line, number)| Some((number, line.chars().find(|c| !has(*c))?)))
        .unwrap_or((0, char::REPLACEMENT_CHARACTER));
    let detail = format!(
        "the file is in {}, which has no `{c}` (U+{:04X}); line {line} would need it",
        title(encoding),
        u32::from(c)
    );
    PatchError::new(ErrorCode::Encoding, detail)
}

fn title(encoding: Encoding) -> String {
    encoding.as_str().to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_stable_and_read_back() {
        for (text, name) in [
            ("UTF-8", "utf-8"),
            ("utf-16le", "utf-16le"),
            ("UTF-16LE-BOM", "utf-16le"),
            ("utf-16be", "utf-16be"),
            ("latin1", "iso-8859-1"),
            ("ISO-8859-1", "iso-8859-1"),
            ("cp1252", "windows-1252"),
            ("windows-1251", "windows-1251"),
            ("koi8-r", "koi8-r"),
            ("ISO-8859-15", "iso-8859-15"),
        ] {
            let encoding: Encoding = text.parse().unwrap();
            assert_eq!(encoding.as_str(), name, "{text}");
            assert_eq!(name.parse(), Ok(encoding), "{text}");
        }
        for name in NAMES {
            assert_eq!(name.parse(), Ok(Encoding::EightBit(name)));
        }
        for text in [
            "",
            "utf-7",
            "shift_jis",
            "gbk",
            "iso-2022-jp",
            "x-user-defined",
        ] {
            assert_eq!(text.parse::<Encoding>(), Err(UnknownEncoding), "{text:?}");
        }
    }

    #[test]
    fn every_encoding_gives_its_bytes_back() {
        let every: Vec<u8> = (0..=255).collect();
        for name in NAMES.into_iter().chain([LATIN_1]) {
            let encoding = Encoding::EightBit(name);
            for byte in &every {
                let bytes = std::slice::from_ref(byte);
                if let Ok(text) = text_of(bytes, encoding) {
                    assert_eq!(bytes_of(text, encoding).unwrap(), bytes, "{name} {byte:#x}");
                }
            }
        }
        for (encoding, bytes) in [
            (
                Encoding::Utf16Le,
                &b"\xff\xfea\0\xac\x20\x3d\xd8\x00\xde"[..],
            ),
            (Encoding::Utf16Be, b"\xfe\xff\0a\x20\xac\xd8\x3d\xde\x00"),
        ] {
            assert_eq!(Encoding::of(bytes), encoding);
            let text = text_of(bytes, encoding).unwrap();
            assert_eq!(text, "\u{feff}a\u{20ac}\u{1f600}");
            assert_eq!(bytes_of(text, encoding).unwrap(), bytes);
            assert_eq!(decode(bytes, encoding).unwrap(), "a\u{20ac}\u{1f600}");
        }
    }
}
