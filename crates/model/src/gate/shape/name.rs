//! Names of secrets, and where one stands before a value.

/// The longest name in front of a key, in bytes.
const LONGEST: usize = 64;
/// The most letters and digits of a name that are looked at, its last.
const LOOKED_AT: usize = 128;

/// Returns the name that a value at `at` is given to, as in `name = "value"`,
/// `"name": "value"`, `name=value` and `Name: Bearer value`.
pub(super) fn before(text: &[u8], at: usize) -> Option<&[u8]> {
    let before = &text[at.saturating_sub(2 * LONGEST)..at];
    // First what fails for nearly every value.
    let quote = |byte: &u8| matches!(byte, b'"' | b'\'' | b'`' | b' ' | b'\t');
    let last = before.last()?;
    if !(quote(last) || matches!(last, b'=' | b':' | b'>') || last.is_ascii_whitespace()) {
        return None;
    }
    let before = before.trim_ascii_end();
    let before = ["Bearer", "bearer", "Basic", "token"]
        .iter()
        .find_map(|word| before.strip_suffix(word.as_bytes()))
        .unwrap_or(before);
    let before = unquoted(before, quote);
    let before = match before.split_last()? {
        (b'=' | b':', before) => before,
        (b'>', before) => before.strip_suffix(b"=")?,
        _ => return None,
    };
    let before = before.strip_suffix(b":").unwrap_or(before);
    let before = unquoted(before, quote);
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let length = before.iter().rev().take_while(|byte| is_name(byte)).count();
    (1..=LONGEST)
        .contains(&length)
        .then(|| &before[before.len() - length..])
}

fn unquoted(text: &[u8], quote: impl Fn(&u8) -> bool) -> &[u8] {
    let quotes = text.iter().rev().take_while(|byte| quote(byte)).count();
    &text[..text.len() - quotes]
}

/// Says whether what has this name is secret: `API_KEY`, `clientSecret`.
pub fn is_secret_name(name: &str) -> bool {
    is_secret(name.as_bytes())
}

/// As [`is_secret_name`]; letters that are not ASCII say nothing.
pub(super) fn is_secret(name: &[u8]) -> bool {
    let mut folded = [0; LOOKED_AT];
    let mut start = LOOKED_AT;
    for byte in name
        .iter()
        .rev()
        .filter(|byte| byte.is_ascii_alphanumeric())
    {
        let Some(before) = start.checked_sub(1) else {
            break;
        };
        start = before;
        folded[start] = byte.to_ascii_lowercase();
    }
    let name = &folded[start..];
    let says = (0..name.len()).any(|at| {
        words(name[at])
            .iter()
            .any(|word| name[at..].starts_with(word))
    });
    (says || is_pass(name)) && !is_open(name)
}

/// The words that call something secret, by their first letter.
fn words(first: u8) -> &'static [&'static [u8]] {
    match first {
        b's' => &[b"secret", b"signingkey"],
        b'p' => &[b"passw", b"passphrase", b"pwd", b"privatekey"],
        b'a' => &[
            b"apikey",
            b"accesskey",
            b"authorization",
            b"authkey",
            b"accountkey",
        ],
        b't' => &[b"token"],
        b'c' => &[b"credential"],
        b'e' => &[b"encryptionkey"],
        _ => &[],
    }
}

/// Says whether a name ends as `DB_PASS` does, and not as `bypass`.
fn is_pass(name: &[u8]) -> bool {
    let words: [&[u8]; 6] = [
        b"bypass",
        b"compass",
        b"trespass",
        b"surpass",
        b"overpass",
        b"underpass",
    ];
    name.ends_with(b"pass") && !words.iter().any(|word| name.ends_with(word))
}

/// Says whether what bears the name of a secret is public, or only about one.
fn is_open(name: &[u8]) -> bool {
    let open: [&[u8]; 7] = [
        b"public",
        b"hash",
        b"digest",
        b"integrity",
        b"checksum",
        b"tokeniz",
        b"csrf",
    ];
    let about: [&[u8]; 11] = [
        b"id", b"ids", b"name", b"url", b"uri", b"path", b"file", b"type", b"types", b"ref",
        b"version",
    ];
    let has = |word: &&[u8]| name.windows(word.len()).any(|part| part == *word);
    about.iter().any(|end| name.ends_with(end)) || open.iter().any(has)
}
