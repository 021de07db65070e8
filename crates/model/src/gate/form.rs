//! The forms in which a value is looked for, beside the escapes that views
//! undo.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::view::{View, dense};
use super::{DEPTH, Form, SHORTEST_SECRET};

/// The fewest bytes of a value that is looked for across line breaks as it is:
/// shorter ones could come about where words meet.
const SHORTEST_DENSE: usize = 16;
/// The fewest bytes of a line that counts as a secret by itself, in a value of
/// several lines such as a private key.
const SHORTEST_LINE: usize = 24;

/// A byte string that gives a secret away.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    /// Which known secret.
    pub(super) owner: usize,
    pub(super) form: Form,
    pub(super) bytes: Box<[u8]>,
    /// How many bytes in front and behind hold some bits of the secret too.
    pub(super) before: usize,
    pub(super) after: usize,
    /// Whether it means something where line breaks were taken out.
    pub(super) survives_density: bool,
}

/// Returns what is looked for on behalf of the secret `value`.
pub(super) fn patterns(owner: usize, value: &str) -> Vec<Pattern> {
    let mut found = Vec::new();
    for text in spellings(value) {
        let trimmed = text.trim_ascii();
        literal(owner, &text, &mut found);
        encoded(owner, &text, &mut found);
        // What was read from a file often ends in a line break that its
        // encoding does not have.
        if trimmed.len() < text.len() && trimmed.len() >= SHORTEST_SECRET {
            literal(owner, trimmed, &mut found);
            encoded(owner, trimmed, &mut found);
        }
    }
    let mut known = std::collections::HashSet::new();
    found.retain(|pattern| known.insert(pattern.bytes.clone()));
    found
}

/// Returns the value, what it becomes when the escapes that stand in it by
/// chance are undone, and its lines if they are secrets by themselves.
fn spellings(value: &str) -> Vec<Vec<u8>> {
    let mut all = vec![value.as_bytes().to_vec()];
    for _ in 0..DEPTH {
        let last = all.last().map(Vec::as_slice).unwrap_or_default();
        let Ok(decoded) = View::of(last).decoded().map(|view| view.bytes().to_vec()) else {
            break;
        };
        if decoded.len() < SHORTEST_SECRET {
            break;
        }
        all.push(decoded);
    }
    if value.contains(' ') {
        all.push(value.replace(' ', "+").into_bytes());
    }
    let lines: Vec<&str> = value.lines().map(str::trim).collect();
    if lines.len() > 1 {
        // `-----BEGIN PRIVATE KEY-----` is in every key.
        let secret = |line: &&str| line.len() >= SHORTEST_LINE && !line.starts_with("-----");
        let lines = lines.into_iter().filter(secret);
        all.extend(lines.map(|line| line.as_bytes().to_vec()));
    }
    all
}

fn literal(owner: usize, value: &[u8], found: &mut Vec<Pattern>) {
    let dense = dense(value);
    let survives_density = dense == value && value.len() >= SHORTEST_DENSE;
    let pattern = |bytes: &[u8], survives_density| Pattern {
        owner,
        form: Form::Literal,
        bytes: bytes.into(),
        before: 0,
        after: 0,
        survives_density,
    };
    if dense != value && dense.len() >= SHORTEST_DENSE {
        found.push(pattern(&dense, true));
    }
    found.push(pattern(value, survives_density));
}

fn encoded(owner: usize, value: &[u8], found: &mut Vec<Pattern>) {
    for lead in 0..3 {
        for url_safe in [false, true] {
            found.extend(base64(owner, value, lead, url_safe));
        }
    }
    for table in [b"0123456789abcdef", b"0123456789ABCDEF"] {
        let digits = value
            .iter()
            .flat_map(|byte| [table[usize::from(byte >> 4)], table[usize::from(byte & 15)]]);
        found.push(Pattern {
            owner,
            form: Form::Hex,
            bytes: digits.collect(),
            before: 0,
            after: 0,
            survives_density: true,
        });
    }
}

/// Returns the base64 of `value` behind `lead` other bytes, without the
/// characters that its neighbours have a part in.
fn base64(owner: usize, value: &[u8], lead: usize, url_safe: bool) -> Option<Pattern> {
    let padded = [&[0; 2][..lead], value].concat();
    let text = if url_safe {
        URL_SAFE_NO_PAD.encode(&padded)
    } else {
        STANDARD_NO_PAD.encode(&padded)
    };
    let first = (lead * 8).div_ceil(6);
    let last = padded.len() * 8 / 6;
    let core = text.get(first..last)?;
    Some(Pattern {
        owner,
        form: Form::Base64,
        bytes: core.as_bytes().into(),
        before: usize::from(!(lead * 8).is_multiple_of(6)),
        after: usize::from(!(padded.len() * 8).is_multiple_of(6)),
        survives_density: true,
    })
}
