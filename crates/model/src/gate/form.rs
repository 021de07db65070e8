//! The forms in which a value is looked for, beside the escapes that views
//! undo.

use std::collections::HashSet;
use std::ops::Range;

use atelier_base::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::dense::dense;
use super::view::View;
use super::{DEPTH, Form, SHORTEST_SECRET};

/// The fewest bytes of a value that is looked for across line breaks as it is:
/// shorter ones could come about where words meet.
const SHORTEST_DENSE: usize = 16;
/// The fewest bytes of a line that counts as a secret by itself, in a value of
/// several lines such as a private key.
const SHORTEST_LINE: usize = 24;
/// How many characters of base64 of base64 hold bits of the inner's first or
/// last character.
const NESTED: usize = 2;

/// A byte string that gives a secret away, looked for where what breaks lines
/// was taken out. It has no `Debug`, and is overwritten when it is dropped.
pub(super) struct Pattern {
    /// Which known secret.
    pub(super) owner: usize,
    pub(super) form: Form,
    bytes: Secret<Vec<u8>>,
    /// How many bytes in front and behind hold some bits of the secret too.
    pub(super) before: usize,
    pub(super) after: usize,
    /// What has to stand in the text as it is, if that matters.
    whole: Option<Whole>,
}

/// A value that counts only unbroken.
struct Whole {
    value: Secret<Vec<u8>>,
    /// How many bytes stand before the first that stays when what breaks lines
    /// is taken out.
    lead: usize,
}

impl Pattern {
    fn of(owner: usize, form: Form, bytes: Vec<u8>) -> Self {
        Self {
            owner,
            form,
            bytes: Secret::new(bytes),
            before: 0,
            after: 0,
            whole: None,
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.expose()
    }

    /// Says whether so little is left of it without what breaks lines that it
    /// is better looked for in the text as it is.
    pub(super) fn is_raw(&self) -> bool {
        self.whole.is_some() && self.bytes().len() < SHORTEST_SECRET
    }

    /// Makes it one that is looked for in the text as it is.
    pub(super) fn raw(mut self) -> Self {
        if let Some(whole) = self.whole.take() {
            self.bytes = whole.value;
        }
        self
    }

    /// Returns the place of a secret whose dense bytes came from `place`, if
    /// it stands there as it must.
    pub(super) fn stands(&self, text: &[u8], place: Range<usize>) -> Option<Range<usize>> {
        let Some(Whole { value, lead }) = &self.whole else {
            return Some(place);
        };
        let start = place.start.checked_sub(*lead)?;
        let whole = start..start + value.expose().len();
        (text.get(whole.clone()) == Some(value.expose().as_slice())).then_some(whole)
    }
}

/// Returns what is looked for on behalf of the secret `value`.
pub(super) fn patterns(owner: usize, value: &str) -> Vec<Pattern> {
    let mut found = Vec::new();
    for text in spellings(value) {
        let trimmed = text.trim_ascii();
        forms(owner, &text, &mut found);
        // What was read from a file often ends in a line break that its
        // encoding does not have.
        if trimmed.len() < text.len() && trimmed.len() >= SHORTEST_SECRET {
            forms(owner, trimmed, &mut found);
        }
    }
    for text in escaped(value.trim()) {
        encoded(owner, text.as_bytes(), &mut found);
    }
    let mut known = HashSet::new();
    found.retain(|pattern| {
        let whole = pattern
            .whole
            .as_ref()
            .map(|whole| whole.value.expose().clone());
        known.insert((pattern.bytes().to_vec(), whole))
    });
    found
}

fn forms(owner: usize, text: &[u8], found: &mut Vec<Pattern>) {
    found.push(literal(owner, text));
    encoded(owner, text, found);
    nested(owner, text, found);
    found.push(Pattern::of(
        owner,
        Form::Hex,
        listed(text, |byte| byte.to_string()),
    ));
}

/// Returns the value as it stands in a document of JSON and in a URL, if that
/// differs: such documents are encoded whole.
fn escaped(value: &str) -> Vec<String> {
    let quoted = serde_json::to_string(value).unwrap_or_default();
    let json = quoted.trim_start_matches('"');
    let json = json.strip_suffix('"').unwrap_or(json).to_owned();
    let url = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    let mut all = vec![json, value.bytes().map(url).collect()];
    all.retain(|text| text != value && text.len() >= SHORTEST_SECRET);
    all
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

fn literal(owner: usize, value: &[u8]) -> Pattern {
    let dense = dense(value);
    let whole = (dense.len() < SHORTEST_DENSE).then(|| Whole {
        value: Secret::new(value.to_vec()),
        lead: value
            .iter()
            .position(|byte| dense.first() == Some(byte))
            .unwrap_or(0),
    });
    Pattern {
        whole,
        ..Pattern::of(owner, Form::Literal, dense)
    }
}

fn encoded(owner: usize, value: &[u8], found: &mut Vec<Pattern>) {
    for lead in 0..3 {
        for url_safe in [false, true] {
            found.extend(base64(owner, value, lead, url_safe));
        }
    }
    found.push(Pattern::of(
        owner,
        Form::Hex,
        listed(value, |byte| format!("{byte:02x}")),
    ));
    found.push(Pattern::of(
        owner,
        Form::Hex,
        listed(value, |byte| format!("{byte:02X}")),
    ));
    found.push(Pattern::of(
        owner,
        Form::Hex,
        listed(value, |byte| format!("0x{byte:02x}")),
    ));
    found.push(Pattern::of(
        owner,
        Form::Hex,
        listed(value, |byte| format!("0x{byte:02X}")),
    ));
}

/// Writes each byte, one behind the other.
fn listed(value: &[u8], write: impl Fn(u8) -> String) -> Vec<u8> {
    value
        .iter()
        .flat_map(|byte| write(*byte).into_bytes())
        .collect()
}

/// Adds the base64 of the base64 of `value`: credentials in base64, as clients
/// keep them, in a file that is kept in base64 itself.
fn nested(owner: usize, value: &[u8], found: &mut Vec<Pattern>) {
    let mut inner = Vec::new();
    for lead in 0..3 {
        inner.extend(base64(owner, value, lead, false));
        inner.extend(base64(owner, value, lead, true));
    }
    for inner in inner {
        for lead in 0..3 {
            // Letters, digits and these marks have no `+` and `/` in theirs.
            found.extend(
                base64(owner, inner.bytes(), lead, false).map(|outer| Pattern {
                    before: outer.before + NESTED * inner.before,
                    after: outer.after + NESTED * inner.after,
                    ..outer
                }),
            );
        }
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
        before: usize::from(!(lead * 8).is_multiple_of(6)),
        after: usize::from(!(padded.len() * 8).is_multiple_of(6)),
        ..Pattern::of(owner, Form::Base64, core.as_bytes().to_vec())
    })
}
