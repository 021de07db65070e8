//! What `.env` files set, and what of it is secret.

use atelier_base::Secret;
use atelier_model::gate::{Known, SHORTEST_SECRET, is_secret_name};

/// The fewest bytes of a value that is secret although its name does not say.
const SHORTEST_UNNAMED: usize = 12;
/// The fewest letters of a value of nothing but letters that is secret: a
/// shorter one is a word that stands all over a project.
const SHORTEST_LETTERS: usize = 16;
/// Ends of files that show what to set, not what is set.
const EXAMPLES: [&str; 5] = [".example", ".sample", ".template", ".dist", ".defaults"];

/// What such files are called at the top of a workspace.
pub(super) const USUAL: [&str; 10] = [
    ".env",
    ".env.local",
    ".env.development",
    ".env.development.local",
    ".env.production",
    ".env.production.local",
    ".env.staging",
    ".env.test",
    ".env.test.local",
    ".envrc",
];

/// Says whether the file at a path sets variables.
pub(super) fn is_env(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let own = name == ".env" || name.starts_with(".env.") || name == ".envrc";
    own && !EXAMPLES.iter().any(|end| name.ends_with(end))
}

/// Returns the secrets that a file sets.
pub(super) fn values(bytes: &[u8]) -> Vec<Known> {
    let text = String::from_utf8_lossy(bytes);
    let mut known = Vec::new();
    // Editors on Windows put a byte order mark in front.
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(&text);
    while let Some((name, value, after)) = next(rest) {
        rest = after;
        add(name, &value, &mut known);
    }
    known
}

fn add(name: &str, value: &str, known: &mut Vec<Known>) {
    let mut push = |value: &str| {
        known.push(Known {
            name: name.to_owned(),
            value: Secret::new(value.to_owned()),
        });
    };
    if let Some((password, whole)) = password_in(value) {
        push(whole);
        if is_secret(password, SHORTEST_SECRET) {
            push(password);
        }
    } else if is_secret_name(name) && is_secret(value, SHORTEST_SECRET)
        || is_secret(value, SHORTEST_UNNAMED) && looks_random(value)
    {
        push(value);
    }
}

/// Reads the next assignment: `NAME=value`, `export NAME="value"`; one in
/// quotes may have several lines.
fn next(text: &str) -> Option<(&str, String, &str)> {
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line);
        let assigned = line
            .split_once('=')
            .filter(|(name, _)| is_name(name.trim()));
        let Some((name, value)) = assigned else {
            rest = after;
            continue;
        };
        let value = value.trim();
        let Some(quote) = value
            .chars()
            .next()
            .filter(|c| matches!(c, '"' | '\'' | '`'))
        else {
            let value = value.split(" #").next().unwrap_or(value).trim_end();
            return Some((name.trim(), value.to_owned(), after));
        };
        // From the quote on, over the ends of lines.
        let begin = rest.find(quote)? + 1;
        return Some(match closing(&rest[begin..], quote) {
            Some(length) => {
                let after = &rest[begin + length + 1..];
                let inner = unescaped(&rest[begin..begin + length], quote);
                (name.trim(), inner, after)
            }
            None => (name.trim(), value[1..].to_owned(), after),
        });
    }
    None
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            _ if c == quote => return Some(at),
            _ => {}
        }
    }
    None
}

fn unescaped(text: &str, quote: char) -> String {
    if quote != '"' {
        return text.to_owned();
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => plain.push('\n'),
                Some('r') => plain.push('\r'),
                Some('t') => plain.push('\t'),
                Some(other) => plain.push(other),
                None => plain.push('\\'),
            },
            _ => plain.push(c),
        }
    }
    plain
}

/// Returns the password in an address, and the address.
fn password_in(value: &str) -> Option<(&str, &str)> {
    let (_, rest) = value.split_once("://")?;
    let (user, _) = rest.split('/').next()?.rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    (!password.is_empty() && !password.contains('$')).then_some((password, value))
}

/// Says whether a value is no word, number, address or place that a project
/// is full of.
fn is_secret(value: &str, shortest: usize) -> bool {
    let letters = value
        .bytes()
        .all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_'));
    let number = value
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b':' | b','));
    let refers = value.contains("${") || value.contains("$(");
    let ordinary = (letters || number) && value.len() < SHORTEST_LETTERS;
    value.len() >= shortest && !ordinary && !refers
}

/// Says whether a value whose name does not call it secret may be one.
fn looks_random(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
    let place = value.contains("://")
        || value.contains(char::is_whitespace)
        || value.contains('@')
        || value.starts_with(['/', '.', '~'])
        || value.matches('.').count() > 1;
    digits >= 3 && letters >= 3 && !place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_variables_are_told_from_examples() {
        for path in [
            ".env",
            "a/.env",
            ".env.local",
            "x/y/.env.production",
            ".envrc",
        ] {
            assert!(is_env(path), "{path}");
        }
        for path in [
            "env",
            ".env.example",
            "a/.env.sample",
            ".environment",
            "a.env",
            ".env/x",
        ] {
            assert!(!is_env(path), "{path}");
        }
    }

    #[test]
    fn secrets_are_told_from_what_a_project_is_full_of() {
        let text = r#"FIRST_PASS=Sup3rS3cret!
# a comment with TOKEN=not-an-assignment-1
NODE_ENV=development
export API_TOKEN=tok-12345678  # of the staging server
PASSWORD="pa\"ss word\n1"
SINGLE='p$w0rd with # in it'
DB_PASSWORD=postgres
SECRET_WORDS=correct-horse-battery-staple
DATABASE_URL=postgres://ana:s3cr3tpass@db.example.com:5432/app
REDIS_URL=redis://localhost:6379/0
PORT=300000000
PUBLIC_URL=https://example.com/a1b2c3d4e5
UNNAMED=9f3a1c7e5b2d4806
KEY_FILE=/run/secrets/key-0123456789
VERSION=1.2.3-beta.20240101
API_SECRET=${OTHER_SECRET_VALUE}
CLIENT_SECRET="-----BEGIN KEY-----
bGluZSBvbmU=
-----END KEY-----"
broken line
EMPTY=
SSH_PASSPHRASE=w1thWords
BYPASS=not-a-s3cret
TOKEN="never closed 12345
LAST_TOKEN=0123456789abcdef"#;
        let known = values(format!("\u{feff}{text}").as_bytes());
        let found: Vec<(&str, &str)> = known
            .iter()
            .map(|known| (known.name.as_str(), known.value.expose().as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("FIRST_PASS", "Sup3rS3cret!"),
                ("API_TOKEN", "tok-12345678"),
                ("PASSWORD", "pa\"ss word\n1"),
                ("SECRET_WORDS", "correct-horse-battery-staple"),
                (
                    "DATABASE_URL",
                    "postgres://ana:s3cr3tpass@db.example.com:5432/app"
                ),
                ("DATABASE_URL", "s3cr3tpass"),
                ("UNNAMED", "9f3a1c7e5b2d4806"),
                (
                    "CLIENT_SECRET",
                    "-----BEGIN KEY-----\nbGluZSBvbmU=\n-----END KEY-----"
                ),
                ("SSH_PASSPHRASE", "w1thWords"),
                ("TOKEN", "never closed 12345"),
                ("LAST_TOKEN", "0123456789abcdef"),
            ]
        );
    }
}
