//! Keys that nobody told the gate of, by how they look: a prefix that its
//! issuer gave it, the armour of a private key, or a name such as `api_key`
//! in front of something that only chance can have written.

use std::ops::Range;

mod armour;
mod issued;
mod name;
#[cfg(test)]
mod tests;

pub use self::name::is_secret_name;

/// The fewest characters of a key, with its prefix.
const SHORTEST: usize = 20;
/// The fewest and the most characters of a key that is known by its name, or
/// of what stands before its first dot.
const SHORTEST_NAMED: usize = 24;
const LONGEST_NAMED: usize = 512;

/// Tells of each key in `text`: what kind it is, and where.
pub(super) fn find(text: &[u8], tell: &mut dyn FnMut(&'static str, Range<usize>)) {
    armour::find(text, tell);
    let mut at = SHORTEST - 1;
    // Each run of at least `SHORTEST` characters has one at such a place.
    while at < text.len() {
        if !is_key(text[at]) {
            at += SHORTEST;
            continue;
        }
        let before = text[..at].iter().rev().take_while(|byte| is_key(**byte));
        let start = at - before.count();
        let after = text[at..].iter().take_while(|byte| is_key(**byte));
        let end = at + after.count();
        if end - start >= SHORTEST {
            parts(text, start..end, tell);
        }
        at = end + SHORTEST;
    }
}

/// Says whether a byte may stand in a key, or between it and its name.
fn is_key(byte: u8) -> bool {
    KEY[usize::from(byte)]
}

const KEY: [bool; 256] = {
    let mut key = [false; 256];
    let mut at = 0_u8;
    while at < 128 {
        key[at as usize] = at.is_ascii_alphanumeric()
            || matches!(at, b'_' | b'-' | b'.' | b'/' | b'+' | b'=' | b'~');
        at += 1;
    }
    key
};

/// Looks at a run of such characters, and in it behind each mark that a key
/// may stand behind.
fn parts(text: &[u8], run: Range<usize>, tell: &mut dyn FnMut(&'static str, Range<usize>)) {
    let mut start = run.start;
    while run.end - start >= SHORTEST {
        if let Some((kind, length)) = issued::issued(&text[start..run.end]) {
            tell(kind, start..start + length);
            start += length;
        } else if let Some(end) = named(text, start..run.end) {
            tell("key", start..end);
            start = end;
        }
        let rest = &text[start..run.end];
        match rest
            .iter()
            .position(|byte| matches!(byte, b'=' | b'/' | b'+' | b'.'))
        {
            // Behind `/` and `+` every piece of base64 would be looked at.
            Some(mark) => start += mark + 1,
            None => return,
        }
    }
}

/// Says where a key ends that begins with `run` and has the name of a key in
/// front of it.
fn named(text: &[u8], run: Range<usize>) -> Option<usize> {
    if run.len() < SHORTEST_NAMED || !name::is_secret(name::before(text, run.start)?) {
        return None;
    }
    let value = &text[run.clone()];
    let longest = &value[..value.len().min(LONGEST_NAMED + 1)];
    // Dots are in the names of things, which begin with no chance. What does
    // is a token of several parts, and all of them are the key.
    let first = longest.split(|byte| *byte == b'.').next()?;
    let fits = (SHORTEST_NAMED..=LONGEST_NAMED).contains(&first.len());
    if !(fits && is_chance(first) && !is_uuid(first)) {
        return None;
    }
    // Only of a key, which is not looked at again: it may be as long as the text.
    let stops = value.iter().rev().take_while(|byte| **byte == b'.').count();
    Some(run.end - stops)
}

fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Says whether only chance can have written this: digits and letters mixed,
/// with nearly as many different ones as chance gives.
fn is_chance(value: &[u8]) -> bool {
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = value
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic())
        .count();
    let length = value.len();
    if digits * 16 < length || letters * 8 < length {
        return false;
    }
    let mut counts = [0_u16; 128];
    for byte in value {
        let count = &mut counts[usize::from(byte & 127)];
        *count = count.saturating_add(1);
    }
    let distinct = counts.iter().filter(|count| **count > 0).count();
    let most = counts.iter().copied().max().map_or(0, usize::from);
    // Sixteen digits can be no more different than that, and a placeholder
    // such as `xxxxxxxx0000` repeats itself. Steps such as `abcdefgh` and
    // `12345678` are written by people.
    let steps = value
        .windows(2)
        .filter(|pair| pair[1] == pair[0].wrapping_add(1));
    distinct >= 10 && most * 4 <= length && steps.count() * 4 <= length
}
