//! What the gate finds, what it leaves alone, and what it leaves behind.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;

mod forms;
mod ordinary;
mod reference;

const SECRET: &str = "c4n4ry/7340+Zq\"v%9b\\e é";

fn known(name: &str, value: &str) -> Known {
    Known {
        name: name.to_owned(),
        value: Secret::new(value.to_owned()),
    }
}

fn gate() -> Gate {
    Gate::new(&[known("CANARY", SECRET)])
}

/// Writes a text as a string of JSON, without its quotes.
fn json(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap();
    quoted[1..quoted.len() - 1].to_owned()
}

/// Writes every character as `\uXXXX`.
fn unicode(text: &str) -> String {
    text.encode_utf16()
        .map(|unit| format!("\\u{unit:04x}"))
        .collect::<Vec<_>>()
        .concat()
}

fn hexed(text: &str) -> String {
    let bytes = text.bytes().map(|byte| format!("{byte:02x}"));
    bytes.collect::<Vec<_>>().concat()
}

/// Writes as a URL does every byte that `which` chooses.
fn percent(text: &str, which: impl Fn(usize, u8) -> bool) -> String {
    let mut written = Vec::new();
    for (at, byte) in text.bytes().enumerate() {
        if which(at, byte) || !byte.is_ascii() {
            written.extend_from_slice(format!("%{byte:02X}").as_bytes());
        } else {
            written.push(byte);
        }
    }
    String::from_utf8(written).unwrap()
}

/// Breaks a text into lines.
fn wrapped(text: &str, width: usize, end: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let lines: Vec<String> = letters
        .chunks(width)
        .map(|line| line.iter().collect())
        .collect();
    lines.join(end)
}

#[test]
fn a_known_value_is_found_in_every_form() {
    let gate = gate();
    let url = |_: usize, byte: u8| !byte.is_ascii_alphanumeric();
    let forms = [
        ("literal", SECRET.to_owned()),
        ("JSON", json(SECRET)),
        ("JSON twice", json(&json(SECRET))),
        ("JSON three times", json(&json(&json(SECRET)))),
        ("unicode escapes", unicode(SECRET)),
        ("unicode escapes in JSON", json(&unicode(SECRET))),
        (
            "capital escapes",
            unicode(SECRET).to_uppercase().replace("\\U", "\\u"),
        ),
        ("URL", percent(SECRET, url)),
        ("URL, all of it", percent(SECRET, |_, _| true)),
        ("URL, in part", percent(SECRET, |at, _| at % 3 == 0)),
        ("URL twice", percent(&percent(SECRET, url), url)),
        ("URL in JSON", json(&percent(SECRET, url))),
        (
            "form",
            percent(SECRET, |_, byte| byte != b' ' && url(0, byte)).replace(' ', "+"),
        ),
        ("hex", hexed(SECRET)),
        ("HEX", hexed(SECRET).to_uppercase()),
        ("hex with colons", wrapped(&hexed(SECRET), 2, ":")),
        ("hex in lines", wrapped(&hexed(SECRET), 16, "\n")),
        ("base64", STANDARD.encode(SECRET)),
        ("base64 behind 1", STANDARD.encode(format!("a{SECRET}b"))),
        ("base64 behind 2", STANDARD.encode(format!("ab{SECRET}"))),
        ("basic", STANDARD.encode(format!("ana:{SECRET}"))),
        ("base64 for URLs", URL_SAFE.encode(format!("?{SECRET}?"))),
        ("base64 without end", URL_SAFE_NO_PAD.encode(SECRET)),
        (
            "base64 in lines",
            wrapped(&STANDARD.encode(SECRET), 7, "\n"),
        ),
        (
            "base64 in CRLF",
            wrapped(&STANDARD.encode(SECRET), 10, "\r\n    "),
        ),
        (
            "base64 in lines in JSON",
            json(&wrapped(&STANDARD.encode(SECRET), 11, "\n")),
        ),
        ("base64 in a URL", percent(&STANDARD.encode(SECRET), url)),
        (
            "base64 in old JSON",
            STANDARD.encode(SECRET).replace('/', "\\/"),
        ),
        (
            "base64 of a file",
            STANDARD.encode(format!("KEY={SECRET}\n")),
        ),
        ("broken into lines", wrapped(SECRET, 9, "\n")),
    ];
    for (form, written) in forms {
        for (before, after) in [("", ""), ("x", "y"), ("token=", "\n"), ("{\"é\":\"", "\"}")] {
            let text = format!("{before}{written}{after}");
            let (clean, found) = gate.clean(&text);
            assert_eq!(found.len(), 1, "{form}: {text} -> {found:?}");
            assert_eq!(&*found[0].name, "CANARY");
            assert!(!clean.contains(&written), "{form}: {clean}");
            assert!(clean.contains("[secret CANARY]"), "{form}: {clean}");
            assert_eq!(gate.scan(&clean), [], "{form}: {clean}");
            let (before, after) = (before.trim_end_matches('x'), after.trim_start_matches('y'));
            assert!(
                clean.starts_with(before) && clean.ends_with(after),
                "{form}: {clean}"
            );
        }
    }
}

#[test]
fn what_stands_around_a_secret_stays() {
    let gate = Gate::new(&[
        known("A", "first-secret-value"),
        known("B", "other-secret-value"),
    ]);
    let text = "é first-secret-value, ü\\u00e9 \"other-secret-value\" ö first-secret-valu";
    let (clean, found) = gate.clean(text);
    assert_eq!(
        clean,
        "é [secret A], ü\\u00e9 \"[secret B]\" ö first-secret-valu"
    );
    let forms: Vec<_> = found
        .iter()
        .map(|finding| (&*finding.name, finding.form))
        .collect();
    assert_eq!(forms, [("A", Form::Literal), ("B", Form::Literal)]);
}

#[test]
fn an_attached_secret_passes_and_no_other() {
    let gate = Gate::new(&[
        known("A", "ghp_0a1B2c3D4e5F6g7H8i9J0kLmNoPqRsTuVwXy"),
        known("B", "other-secret-value"),
    ]);
    let text = "ghp_0a1B2c3D4e5F6g7H8i9J0kLmNoPqRsTuVwXy other-secret-value";
    let open = gate.allowing(&[Secret::new(
        "ghp_0a1B2c3D4e5F6g7H8i9J0kLmNoPqRsTuVwXy".to_owned(),
    )]);
    assert_eq!(
        open.clean(text).0,
        "ghp_0a1B2c3D4e5F6g7H8i9J0kLmNoPqRsTuVwXy [secret B]"
    );
    assert_eq!(gate.clean(text).0, "[secret A] [secret B]");
}

#[test]
fn overlapping_secrets_go_together() {
    let gate = Gate::new(&[
        known("URL", "postgres://ana:s3cr3t-pass@db/x"),
        known("PASSWORD", "s3cr3t-pass"),
        known("TAIL", "pass@db/x?ssl"),
    ]);
    assert_eq!(
        gate.clean("a postgres://ana:s3cr3t-pass@db/x?ssl b").0,
        "a [secret URL] b"
    );
    let open = gate.allowing(&[Secret::new("postgres://ana:s3cr3t-pass@db/x".to_owned())]);
    assert_eq!(
        open.clean("postgres://ana:s3cr3t-pass@db/x").1,
        [],
        "what is in it, too"
    );
    assert_eq!(open.clean("s3cr3t-pass").1.len(), 1);
}

#[test]
fn short_values_are_no_secrets() {
    let gate = Gate::new(&[
        known("SHORT", "test"),
        known("SEVEN", "1234567"),
        known("EMPTY", ""),
    ]);
    assert_eq!(gate.scan("this is a test: 1234567, dGVzdA==, 74657374"), []);
    assert_eq!(Gate::new(&[]).scan("nothing"), []);
}

#[test]
fn a_private_key_is_found_whole_and_by_its_lines() {
    let body = (0..3_u32)
        .map(|line| {
            format!(
                "{}\n",
                STANDARD.encode(format!("line {line} of a private key, forty eight bytes!"))
            )
        })
        .collect::<Vec<_>>()
        .concat();
    let key = format!("-----BEGIN PRIVATE KEY-----\n{body}-----END PRIVATE KEY-----\n");
    let gate = Gate::new(&[known("KEY", &key)]);
    for text in [
        key.clone(),
        key.replace('\n', "\r\n"),
        json(&key),
        json(&json(&key)),
        body.clone(),
    ] {
        let (clean, _) = gate.clean(&text);
        for line in body.lines() {
            assert!(!clean.contains(line), "{clean}");
        }
    }
    let (clean, found) = Gate::new(&[]).clean(&key);
    assert_eq!(
        (&*found[0].name, found[0].form),
        ("private-key", Form::Shape)
    );
    assert_eq!(clean, "[secret private-key]\n");
    let sentence = "A file with -----BEGIN PRIVATE KEY----- at its head is a key.";
    assert_eq!(Gate::new(&[]).scan(sentence), []);
}

#[test]
fn keys_that_nobody_told_of_are_known_by_their_shape() {
    let gate = Gate::new(&[]);
    let chance = "9fKq2LmZx7Rt4VbN8cWd1HsJ6gYp3QeA5uTi0oXv";
    let hex = "9f3a1c7e5b2d4806af19e3c75d8b0264";
    for (text, kind) in [
        (format!("key ghp_{}", &chance[..36]), "github-token"),
        (format!("\"sk-ant-api03-{chance}\""), "anthropic-key"),
        (format!("sk-proj-{chance}"), "openai-key"),
        (format!("AKIA{}", &chance.to_uppercase()[..16]), "aws-key"),
        (
            format!("https://x/?key=AIza{}", &chance[..35]),
            "google-key",
        ),
        (format!("atl_token_{chance}123"), "atelier-token"),
        (format!("API_KEY={chance}"), "key"),
        (format!("\"apiToken\": \"{chance}\""), "key"),
        (format!("client_secret: '{hex}'"), "key"),
        (format!("Authorization: Bearer {chance}"), "key"),
        (json(&format!("{{\"password\":\"{chance}\"}}")), "key"),
        (json(&format!("a\nghp_{}", &chance[..36])), "github-token"),
        (
            percent(&format!("secret={chance}"), |_, byte| byte == b'='),
            "key",
        ),
    ] {
        let (clean, found) = gate.clean(&text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert_eq!(
            (&*found[0].name, found[0].form),
            (kind, Form::Shape),
            "{text}"
        );
        assert!(
            !clean.contains(&chance[..16]) && !clean.contains(hex),
            "{clean}"
        );
    }
}

#[test]
fn places_for_keys_are_no_keys() {
    let gate = Gate::new(&[]);
    for text in [
        "API_KEY=your-api-key-goes-here-please",
        "API_KEY=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx0000",
        "token = process.env.GITHUB_TOKEN_FOR_RELEASE_2024_x",
        "password: \"${POSTGRES_PASSWORD_FROM_ENVIRONMENT_1}\"",
        "sk-0000000000000000000000000000000000000000",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "AKIAIOSFODNN",
        "secret: abcdefghijklmnopqrstuvwxyz0123456789",
        "client_id: 9f3a1c7e5b2d4806af19e3c75d8b0264",
        "public_key_token=9f3a1c7e5b2d4806af19e3c75d8b0264",
        "secret_id = 6f9619ff-8b86-d011-b42d-00cf4fc964ff",
        "token: 6f9619ff-8b86-d011-b42d-00cf4fc964ff",
        "const SECRET_INTERNALS_DO_NOT_USE = e.exports.SecretInternals1234567890",
        "fn access_token_is_refreshed_when_it_expires_after_60_minutes() {}",
        "-----BEGIN PRIVATE KEY-----",
    ] {
        assert_eq!(gate.scan(text), [], "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// However often and in whatever way a secret is written, nothing of that
    /// writing is left.
    #[test]
    fn no_writing_of_a_secret_is_left(
        secret in "[ -~éß漢]{8,60}",
        before in "[ -~\\n\u{e9}]{0,40}",
        after in "[ -~\\n\u{e9}]{0,40}",
        code in 0..7_usize,
        escapes in prop::collection::vec(0..4_usize, 0..3),
        lead in 0..3_usize,
        width in 4..80_usize,
    ) {
        prop_assume!(secret.trim() == secret && !"[secret S]".contains(&secret));
        let inner = &"ab"[..lead.min(2)];
        let led = format!("{inner}{secret}");
        let mut written = match code {
            0 => secret.clone(),
            1 => STANDARD.encode(&led),
            2 => URL_SAFE_NO_PAD.encode(format!("{led}tail")),
            3 => hexed(&led),
            4 => hexed(&led).to_uppercase(),
            5 => wrapped(&STANDARD.encode(&led), width, "\n"),
            _ => unicode(&secret),
        };
        // A secret that is itself an escape is undone with what is around it,
        // so what is around it is escaped with it, as programs do.
        for escape in &escapes {
            written = match escape {
                0 => json(&written),
                1 => unicode(&written),
                2 => percent(&written, |_, byte| !byte.is_ascii_alphanumeric()),
                _ => json(&json(&written)),
            };
        }
        let depth: usize = escapes.iter().map(|escape| if *escape == 3 { 2 } else { 1 }).sum::<usize>()
            + usize::from(code == 6);
        prop_assume!(depth <= DEPTH);
        let before = before.replace(['\\', '%'], " ");
        let text = format!("{before} {written} {after}");
        let gate = Gate::new(&[known("S", &secret)]);
        let (clean, found) = gate.clean(&text);
        prop_assert!(!found.is_empty(), "{}", text);
        prop_assert!(!clean.contains(&written), "{} -> {}", text, clean);
        prop_assert!(gate.scan(&clean).is_empty(), "{} -> {}", text, clean);
    }

    /// Any text at all is looked through without a panic, and the places fit.
    #[test]
    fn any_text_is_looked_through(text in "(?s).{0,200}", secret in "(?s).{0,20}") {
        let gate = Gate::new(&[known("S", &secret), known("T", "a\\u0041%41b")]);
        let mut end = 0;
        for finding in gate.scan(&text) {
            prop_assert!(finding.place.start >= end && !finding.place.is_empty());
            prop_assert!(text.get(finding.place.clone()).is_some());
            end = finding.place.end;
        }
    }
}
