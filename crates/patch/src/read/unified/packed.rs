//! Git's binary patches: reading what is packed in them.

use super::super::{Script, wrong};
use super::header::Header;
use crate::binary::{BinaryChange, line_of_85};
use crate::error::{ErrorCode, PatchError};

/// Reads the binary patch that begins in a line; returns the line after it.
pub(super) fn take(
    script: &Script<'_>,
    start: usize,
    header: &Header,
) -> Result<(BinaryChange, usize), PatchError> {
    let Some((old, new)) = header.hashes() else {
        let detail = "a binary patch is only taken with an `index` line of two whole hashes of 40 \
                      digits, as `git diff --binary` writes it";
        return Err(PatchError::new(ErrorCode::Unsupported, detail).at_line(super::number(start)));
    };
    let (forward, at) = take_part(script, start + 1)?;
    // The way back is not used; it must be whole, or the text was cut off.
    let mut next = at;
    if part_header(script.text_at(next)).is_some() {
        next = take_part(script, next)?.1;
    }
    let change = BinaryChange {
        old,
        new,
        is_delta: forward.is_delta,
        size: forward.size,
        packed: forward.packed,
    };
    Ok((change, next))
}

struct Part {
    is_delta: bool,
    size: u64,
    packed: Vec<u8>,
}

/// Reads one direction: its head, its lines and the blank line below them.
fn take_part(script: &Script<'_>, start: usize) -> Result<(Part, usize), PatchError> {
    let Some((is_delta, size)) = part_header(script.text_at(start)) else {
        let detail = "a binary patch has `literal` or `delta` and a size here";
        return Err(wrong(start, detail));
    };
    let mut packed = Vec::new();
    let mut at = start + 1;
    while let Some(line) = script.get(at).filter(|line| !line.text.is_empty()) {
        line_of_85(line.text, &mut packed)
            .ok_or_else(|| wrong(at, "the line is not base 85 as git writes it"))?;
        at += 1;
    }
    let part = Part {
        is_delta,
        size,
        packed,
    };
    Ok((part, at + 1))
}

fn part_header(line: &str) -> Option<(bool, u64)> {
    let (word, size) = line.split_once(' ')?;
    let is_delta = match word {
        "literal" => false,
        "delta" => true,
        _ => return None,
    };
    Some((is_delta, size.trim_end().parse().ok()?))
}
