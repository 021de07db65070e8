//! Keys that nobody told the gate of, by how they look: a prefix that its
//! issuer gave it, the armour of a private key, or a name such as `api_key`
//! in front of something that only chance can have written.

use std::ops::Range;

use memchr::memmem;

/// The fewest characters of a key.
const SHORTEST: usize = 20;
/// The most characters of a key that is known by its name.
const LONGEST_NAMED: usize = 512;
/// The longest private key, in bytes with its armour.
const LONGEST_ARMOUR: usize = 16 * 1024;
/// The longest name in front of a key, in bytes.
const LONGEST_NAME: usize = 64;

/// Tells of each key in `text`: what kind it is, and where.
pub(super) fn find(text: &[u8], tell: &mut dyn FnMut(&'static str, Range<usize>)) {
    armoured(text, tell);
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
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/' | b'+' | b'=' | b'~')
}

/// Looks at a run of such characters, and in it behind each mark that a key
/// may stand behind.
fn parts(text: &[u8], run: Range<usize>, tell: &mut dyn FnMut(&'static str, Range<usize>)) {
    let mut start = run.start;
    while run.end - start >= SHORTEST {
        if let Some((kind, length)) = issued(&text[start..run.end]) {
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

/// What may follow a prefix.
#[derive(Clone, Copy)]
enum Body {
    /// Letters and digits.
    Plain,
    /// Letters, digits, `_` and `-`.
    UrlSafe,
    /// These, and dots.
    Dotted,
    /// Capitals and digits.
    Capitals,
    /// Hexadecimal digits.
    Hex,
}

impl Body {
    fn takes(self, byte: u8) -> bool {
        match self {
            Self::Plain => byte.is_ascii_alphanumeric(),
            Self::UrlSafe => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
            Self::Dotted => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'),
            Self::Capitals => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Hex => byte.is_ascii_hexdigit(),
        }
    }
}

/// The prefixes that issuers publish: kind, prefix, what follows, and how
/// much of it at least and at most.
const ISSUED: [(&str, &str, Body, usize, usize); 37] = [
    ("anthropic-key", "sk-ant-", Body::UrlSafe, 32, 200),
    ("openai-key", "sk-proj-", Body::UrlSafe, 32, 240),
    ("openai-key", "sk-svcacct-", Body::UrlSafe, 32, 240),
    ("openai-key", "sk-admin-", Body::UrlSafe, 32, 240),
    ("openrouter-key", "sk-or-v1-", Body::Hex, 48, 80),
    ("openai-key", "sk-", Body::Plain, 32, 64),
    ("github-token", "ghp_", Body::Plain, 36, 255),
    ("github-token", "gho_", Body::Plain, 36, 255),
    ("github-token", "ghu_", Body::Plain, 36, 255),
    ("github-token", "ghs_", Body::Plain, 36, 255),
    ("github-token", "ghr_", Body::Plain, 36, 255),
    ("github-token", "github_pat_", Body::UrlSafe, 40, 255),
    ("gitlab-token", "glpat-", Body::UrlSafe, 20, 64),
    ("slack-token", "xoxb-", Body::UrlSafe, 20, 255),
    ("slack-token", "xoxp-", Body::UrlSafe, 20, 255),
    ("slack-token", "xoxa-", Body::UrlSafe, 20, 255),
    ("slack-token", "xoxr-", Body::UrlSafe, 20, 255),
    ("slack-token", "xoxs-", Body::UrlSafe, 20, 255),
    ("slack-token", "xapp-", Body::UrlSafe, 20, 255),
    ("aws-key", "AKIA", Body::Capitals, 16, 16),
    ("aws-key", "ASIA", Body::Capitals, 16, 16),
    ("google-key", "AIza", Body::UrlSafe, 35, 35),
    ("google-token", "ya29.", Body::UrlSafe, 40, 1_024),
    ("stripe-key", "sk_live_", Body::Plain, 24, 120),
    ("stripe-key", "rk_live_", Body::Plain, 24, 120),
    ("npm-token", "npm_", Body::Plain, 36, 36),
    ("pypi-token", "pypi-AgE", Body::UrlSafe, 50, 1_024),
    ("sendgrid-key", "SG.", Body::Dotted, 60, 70),
    ("huggingface-token", "hf_", Body::Plain, 34, 40),
    ("groq-key", "gsk_", Body::Plain, 40, 64),
    ("xai-key", "xai-", Body::Plain, 64, 100),
    ("digitalocean-token", "dop_v1_", Body::Hex, 64, 64),
    ("shopify-token", "shpat_", Body::Hex, 32, 32),
    ("age-key", "AGE-SECRET-KEY-1", Body::Capitals, 58, 58),
    ("atelier-token", "atl_token_", Body::UrlSafe, 43, 43),
    ("atelier-session", "atl_session_", Body::UrlSafe, 43, 43),
    ("atelier-link", "atl_link_", Body::UrlSafe, 43, 43),
];

/// Says which issuer's key a text begins with, and how long it is.
fn issued(text: &[u8]) -> Option<(&'static str, usize)> {
    // Every prefix begins with one of these; most runs do not.
    if !matches!(
        text[0],
        b's' | b'g' | b'x' | b'A' | b'y' | b'r' | b'n' | b'p' | b'S' | b'h' | b'd' | b'a'
    ) {
        return None;
    }
    ISSUED
        .iter()
        .find_map(|&(kind, prefix, body, least, most)| {
            let rest = text.strip_prefix(prefix.as_bytes())?;
            let length = rest.iter().take_while(|byte| body.takes(**byte)).count();
            let written_by_chance = is_chance(&rest[..length]);
            ((least..=most).contains(&length) && written_by_chance)
                .then_some((kind, prefix.len() + length))
        })
}

/// Says where a key ends that begins with `run` and has the name of a key in
/// front of it.
fn named(text: &[u8], run: Range<usize>) -> Option<usize> {
    // First what fails for nearly every run.
    if !is_secret_name(std::str::from_utf8(name_before(text, run.start)?).ok()?) {
        return None;
    }
    let longest = &text[run.start..run.end.min(run.start + LONGEST_NAMED + 1)];
    // A dot is in the names of things, not in a key.
    let dot = longest.iter().position(|byte| matches!(byte, b'.' | b'~'));
    let value = &longest[..dot.unwrap_or(longest.len())];
    let fits = (SHORTEST + 4..=LONGEST_NAMED).contains(&value.len());
    (fits && is_chance(value) && !is_uuid(value)).then_some(run.start + value.len())
}

/// Returns the name that a value at `at` is given to, as in `name = "value"`,
/// `"name": "value"`, `name=value` and `Name: Bearer value`.
fn name_before(text: &[u8], at: usize) -> Option<&[u8]> {
    let before = &text[at.saturating_sub(2 * LONGEST_NAME)..at];
    let before = before.trim_ascii_end();
    let before = ["Bearer", "bearer", "Basic", "token"]
        .iter()
        .find_map(|word| before.strip_suffix(word.as_bytes()))
        .unwrap_or(before);
    let is_quote = |byte: &u8| matches!(byte, b'"' | b'\'' | b'`' | b' ' | b'\t');
    let quotes = before
        .iter()
        .rev()
        .take_while(|byte| is_quote(byte))
        .count();
    let before = &before[..before.len() - quotes];
    let before = match before.split_last()? {
        (b'=' | b':', before) => before,
        (b'>', before) => before.strip_suffix(b"=")?,
        _ => return None,
    };
    let before = before.strip_suffix(b":").unwrap_or(before);
    let quotes = before
        .iter()
        .rev()
        .take_while(|byte| is_quote(byte))
        .count();
    let before = &before[..before.len() - quotes];
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let length = before.iter().rev().take_while(|byte| is_name(byte)).count();
    (1..=LONGEST_NAME)
        .contains(&length)
        .then(|| &before[before.len() - length..])
}

/// Says whether what has this name is secret: `API_KEY`, `clientSecret`.
pub fn is_secret_name(name: &str) -> bool {
    let name: Vec<u8> = name
        .bytes()
        .filter(u8::is_ascii_alphanumeric)
        .map(|byte| byte.to_ascii_lowercase())
        .collect();
    let has = |word: &&str| memmem::find(&name, word.as_bytes()).is_some();
    let ends = |word: &&str| name.ends_with(word.as_bytes());
    let open = [
        "public",
        "hash",
        "digest",
        "integrity",
        "checksum",
        "tokeniz",
        "csrf",
    ];
    let about = [
        "id", "ids", "name", "url", "uri", "path", "file", "type", "types", "ref", "version",
    ];
    let secret = [
        "secret",
        "passw",
        "pwd",
        "apikey",
        "token",
        "accesskey",
        "privatekey",
        "credential",
        "authorization",
        "authkey",
        "signingkey",
        "encryptionkey",
        "accountkey",
    ];
    secret.iter().any(&has) && !open.iter().any(has) && !about.iter().any(ends)
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

/// Finds private keys in their armour, to its end if it has one.
fn armoured(text: &[u8], tell: &mut dyn FnMut(&'static str, Range<usize>)) {
    const BEGIN: &[u8] = b"PRIVATE KEY-----";
    let mut at = 0;
    while let Some(found) = memmem::find(&text[at..], BEGIN) {
        let body = at + found + BEGIN.len();
        let window = &text[body..text.len().min(body + LONGEST_ARMOUR)];
        let head = &text[at.max((at + found).saturating_sub(40))..at + found];
        let start = memmem::rfind(head, b"-----BEGIN").map(|lead| at + found - head.len() + lead);
        let end = memmem::find(window, BEGIN).map(|end| body + end + BEGIN.len());
        at = body;
        let Some(start) = start else { continue };
        let end = end.unwrap_or(body + window.len());
        // A sentence about keys has no key in it.
        let letters = text[body..end]
            .iter()
            .filter(|byte| byte.is_ascii_alphanumeric());
        if letters.count() >= 64 {
            tell("private-key", start..end);
            at = end;
        }
    }
}
