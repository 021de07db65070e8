//! Git's binary patches: a content, or the difference to one, packed.
//!
//! They are only taken with the hashes of the content before and after, so
//! that bytes nobody can read in a review are those the author had.

use std::io::Read as _;

use atelier_base::limit;
use flate2::read::ZlibDecoder;
use sha1::{Digest as _, Sha1};

use crate::error::{ErrorCode, PatchError};

/// A new content of a file that is not text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BinaryChange {
    /// Git's hash of the content before, 40 hexadecimal digits; all zeros when
    /// there is no file.
    pub old: String,
    /// Git's hash of the content afterwards; all zeros when there is no file.
    pub new: String,
    /// Whether `packed` is git's difference to the content before, rather than
    /// the content.
    pub is_delta: bool,
    /// The bytes that `packed` has when it is unpacked.
    pub size: u64,
    /// The content or the difference, compressed by zlib.
    pub packed: Vec<u8>,
}

impl BinaryChange {
    /// Returns whether the change makes the file.
    pub fn creates(&self) -> bool {
        is_nothing(&self.old)
    }

    /// Returns whether the change removes the file.
    pub fn deletes(&self) -> bool {
        is_nothing(&self.new)
    }

    /// Returns the content after the change of one before it.
    ///
    /// # Errors
    /// A content has another hash than the patch says, or the patch is broken.
    pub(crate) fn apply(&self, before: &[u8]) -> Result<Vec<u8>, PatchError> {
        if !self.creates() && hash_of(before) != self.old {
            let detail = format!(
                "the binary patch is for the content {}, and the file has {}",
                short(&self.old),
                short(&hash_of(before))
            );
            return Err(PatchError::new(ErrorCode::ContentChanged, detail));
        }
        if self.deletes() {
            return Ok(Vec::new());
        }
        let unpacked = self.unpack()?;
        let after = if self.is_delta {
            merge(before, &unpacked).ok_or_else(|| broken("its difference does not fit"))?
        } else {
            unpacked
        };
        if hash_of(&after) != self.new {
            return Err(broken("it gives another content than its hash says"));
        }
        Ok(after)
    }

    fn unpack(&self) -> Result<Vec<u8>, PatchError> {
        if self.size > limit::TEXT_FILE_BYTES {
            return Err(too_large());
        }
        let mut unpacked = Vec::new();
        let mut reader = ZlibDecoder::new(&self.packed[..]).take(self.size + 1);
        let read = reader.read_to_end(&mut unpacked);
        if read.is_err() || unpacked.len() as u64 != self.size {
            return Err(broken("it can't be unpacked"));
        }
        Ok(unpacked)
    }
}

/// Decodes a line of git's base 85: a letter for the number of bytes, and five
/// characters for each four of them.
pub(crate) fn line_of_85(line: &str, bytes: &mut Vec<u8>) -> Option<()> {
    const DIGITS: &[u8; 85] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz\
        !#$%&()*+-;<=>?@^_`{|}~";
    let (first, rest) = line.as_bytes().split_first()?;
    let length = usize::from(match first {
        b'A'..=b'Z' => first - b'A' + 1,
        b'a'..=b'z' => first - b'a' + 27,
        _ => return None,
    });
    let (groups, odd) = rest.as_chunks::<5>();
    if !odd.is_empty() || groups.len() != length.div_ceil(4) {
        return None;
    }
    let end = bytes.len() + length;
    for group in groups {
        let mut value = 0_u32;
        for digit in group {
            let digit = DIGITS.iter().position(|known| known == digit)?;
            value = value
                .checked_mul(85)?
                .checked_add(u32::try_from(digit).ok()?)?;
        }
        bytes.extend_from_slice(&value.to_be_bytes());
    }
    bytes.truncate(end);
    Some(())
}

/// Returns git's hash of a content.
fn hash_of(bytes: &[u8]) -> String {
    let mut hash = Sha1::new();
    hash.update(format!("blob {}\0", bytes.len()));
    hash.update(bytes);
    let digits = hash.finalize();
    let halves = digits.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digit = |half| char::from_digit(u32::from(half), 16).unwrap_or('0');
    halves.map(digit).collect()
}

/// Applies git's difference: its instructions copy a part of the content
/// before, or bring bytes of their own.
fn merge(before: &[u8], delta: &[u8]) -> Option<Vec<u8>> {
    let mut rest = delta;
    let (from, to) = (size(&mut rest)?, size(&mut rest)?);
    if from != before.len() || to as u64 > limit::TEXT_FILE_BYTES {
        return None;
    }
    let mut after = Vec::with_capacity(to);
    while let Some((&code, tail)) = rest.split_first() {
        rest = tail;
        let piece = if code & 0x80 == 0 {
            let (piece, tail) = rest.split_at_checked(usize::from(code))?;
            rest = tail;
            piece
        } else {
            let mut part = |bits: std::ops::Range<u32>| {
                let mut value = 0_usize;
                for (place, bit) in bits.enumerate() {
                    if code & (1 << bit) != 0 {
                        let (&byte, tail) = rest.split_first()?;
                        rest = tail;
                        value |= usize::from(byte) << (8 * place);
                    }
                }
                Some(value)
            };
            let (start, length) = (part(0..4)?, part(4..7)?);
            let length = if length == 0 { 0x1_0000 } else { length };
            before.get(start..start.checked_add(length)?)?
        };
        if piece.is_empty() || after.len() + piece.len() > to {
            return None;
        }
        after.extend_from_slice(piece);
    }
    (after.len() == to).then_some(after)
}

/// Reads a number of a difference: seven bits in each byte, low ones first.
fn size(rest: &mut &[u8]) -> Option<usize> {
    let mut value = 0_usize;
    for shift in (0..35).step_by(7) {
        let (&byte, tail) = rest.split_first()?;
        *rest = tail;
        value |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn is_nothing(hash: &str) -> bool {
    hash.bytes().all(|digit| digit == b'0')
}

fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

fn broken(why: &str) -> PatchError {
    let detail = format!("the binary patch is broken: {why}");
    PatchError::new(ErrorCode::Syntax, detail)
}

fn too_large() -> PatchError {
    let detail = "the binary patch makes a file of more than 8 MiB";
    PatchError::new(ErrorCode::TooLarge, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_85_is_read_as_git_writes_it() {
        let read = |line: &str| {
            let mut bytes = Vec::new();
            line_of_85(line, &mut bytes).map(|()| bytes)
        };
        // What git writes for an empty content, packed.
        let packed = [0x78, 0x01, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01];
        assert_eq!(read("HcmV?d00001").unwrap(), packed);
        for line in [
            "",
            "H",
            "HcmV?d0000",
            "HcmV?d000011",
            "1cmV?d",
            "A\u{e9}000",
            "D~~~~~",
        ] {
            assert_eq!(read(line), None, "{line:?}");
        }
    }

    #[test]
    fn differences_copy_and_bring_bytes() {
        let before = b"0123456789";
        // Sizes 10 and 7: copy 4 from 2, bring "abc".
        let delta = b"\x0a\x07\x91\x02\x04\x03abc";
        assert_eq!(merge(before, delta).unwrap(), b"2345abc");
        for wrong in [
            &b"\x09\x07\x91\x02\x04\x03abc"[..],
            b"\x0a\x08\x91\x02\x04\x03abc",
            b"\x0a\x06\x91\x02\x04\x03abc",
            b"\x0a\x07\x91\x09\x04\x03abc",
            b"\x0a\x07\x91\x02\x04\x03ab",
            b"\x0a\x07\x91",
            b"\x0a\x07\x00",
            b"\xff\xff\xff\xff\xff\xff",
            b"",
        ] {
            assert_eq!(merge(before, wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn hashes_are_those_of_git() {
        assert_eq!(hash_of(b""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
    }
}
