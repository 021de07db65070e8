//! Private keys in their armour: `-----BEGIN … PRIVATE KEY-----` and the lines
//! of base64 below it.
//!
//! What only speaks of such a line, as this module does, is no key. Nothing is
//! taken beyond the last line of base64, for what stands there is somebody's.

use std::ops::Range;

use memchr::memmem;

/// What ends the first and the last line of the armour, and what begins them.
const KEY: &[u8] = b"PRIVATE KEY";
const DASHES: &[u8] = b"-----";
const BEGIN: &[u8] = b"-----BEGIN";
const END: &[u8] = b"-----END";
/// The most bytes between `BEGIN` or `END` and the dashes behind it.
const LONGEST_TITLE: usize = 40;
/// The longest private key, in bytes with its armour.
const LONGEST: usize = 16 * 1024;
/// The fewest characters of a whole line of base64.
const SHORTEST_LINE: usize = 40;
/// The most bytes from one line to the next: the end of a string, what joins
/// it to the next one, and how far that is set in.
const LONGEST_GAP: usize = 64;
/// The most lines such as `Proc-Type: 4,ENCRYPTED`, and bytes of one.
const HEADERS: usize = 6;
const LONGEST_HEADER: usize = 128;

/// Tells of each private key.
pub(super) fn find(text: &[u8], tell: &mut dyn FnMut(&'static str, Range<usize>)) {
    let mut at = 0;
    while let Some(found) = memmem::find(&text[at..], KEY) {
        let from = at;
        let title = at + found;
        at = title + KEY.len();
        let head = &text[from.max(title.saturating_sub(LONGEST_TITLE))..title];
        let start = memmem::rfind(head, BEGIN).map(|lead| title - head.len() + lead);
        let rest = &text[at..];
        // `-----BEGIN PGP PRIVATE KEY BLOCK-----`
        let title = rest.strip_prefix(b" BLOCK").unwrap_or(rest);
        let (Some(start), true) = (start, title.starts_with(DASHES)) else {
            continue;
        };
        at = text.len() - title.len() + DASHES.len();
        if let Some(end) = end(text, at) {
            tell("private-key", start..end);
            at = end;
        }
    }
}

/// Says where the lines of base64 end that begin at `from`, with the end of
/// their armour if it is there.
fn end(text: &[u8], from: usize) -> Option<usize> {
    let text = &text[..text.len().min(from + LONGEST)];
    let mut at = after_headers(text, from);
    at += gap(&text[at..]);
    let first = line(&text[at..]);
    if first < SHORTEST_LINE || !is_mixed(&text[at..at + first]) {
        return None;
    }
    let mut end = at;
    loop {
        let length = line(&text[at..]);
        if length < SHORTEST_LINE {
            return Some(after_rest(text, end));
        }
        end = at + length;
        at = end + gap(&text[end..]);
    }
}

/// Says where a key ends whose last whole line ends at `end`: with its END,
/// or else with the piece of a line below.
fn after_rest(text: &[u8], end: usize) -> usize {
    let mut at = end;
    // Before the END stand the rest, and in some a checksum.
    for _ in 0..3 {
        let next = at + gap(&text[at..]);
        let window = &text[at..text.len().min(next + 1 + END.len())];
        // The gap may have taken the first dash for the mark of a removed line.
        if let Some(found) = memmem::find(window, END).filter(|found| at + found + 1 >= next) {
            let title = at + found + END.len();
            let dashes = &text[title..text.len().min(title + LONGEST_TITLE)];
            let dashes = memmem::find(dashes, DASHES).map_or(0, |dashes| dashes + DASHES.len());
            return title + dashes;
        }
        at = next + line(&text[next..]);
    }
    let start = end + gap(&text[end..]);
    let rest = start + line(&text[start..]);
    let broken = memchr::memchr(b'\n', &text[end..start]).is_some();
    let whole = |byte: &u8| !matches!(byte, b' ' | b':' | b'.' | b'_' | b'-' | b'(');
    if broken && text.get(rest).is_none_or(whole) {
        rest
    } else {
        end
    }
}

/// Says where the lines of base64 can begin: behind `Name: value` lines.
fn after_headers(text: &[u8], from: usize) -> usize {
    let mut at = from;
    for _ in 0..HEADERS {
        let start = at + gap(&text[at..]);
        let line = &text[start..text.len().min(start + LONGEST_HEADER)];
        let name = line
            .iter()
            .take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'-');
        let name = name.count();
        let Some(end) = memchr::memchr(b'\n', line) else {
            break;
        };
        if name == 0 || !line[name..].starts_with(b": ") || line[..end].contains(&b'"') {
            break;
        }
        at = start + end;
    }
    at
}

/// Counts the characters of base64 that a text begins with.
fn line(text: &[u8]) -> usize {
    let coded = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'+' | b'/' | b'=');
    text.iter().take_while(coded).count()
}

/// Counts the bytes that a text begins with and that can stand between lines,
/// or between strings of one line each.
fn gap(text: &[u8]) -> usize {
    let mut before = 0;
    let between = |byte: &&u8| {
        let mark = **byte == b'-' && before == b'\n';
        before = **byte;
        mark || byte.is_ascii_whitespace()
            || matches!(
                **byte,
                b'"' | b'\'' | b'`' | b'\\' | b',' | b'+' | b'|' | b'>' | b'#' | b'*'
            )
    };
    text.iter().take(LONGEST_GAP).take_while(between).count()
}

/// Says whether small letters, capitals and digits are in a line, as they are
/// in base64 of chance; a path or a name seldom has all.
fn is_mixed(line: &[u8]) -> bool {
    line.iter().any(u8::is_ascii_digit)
        && line.iter().any(u8::is_ascii_uppercase)
        && line.iter().any(u8::is_ascii_lowercase)
}
