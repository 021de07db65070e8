//! Which keys are known by how they look, whole, and what only speaks of them.

use std::ops::Range;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRng, TestRunner};

use super::issued::{Body, ISSUED};
use super::{find, is_secret_name};

fn found(text: &str) -> Vec<(&'static str, &str)> {
    let mut all: Vec<(&'static str, Range<usize>)> = Vec::new();
    find(text.as_bytes(), &mut |kind, place| all.push((kind, place)));
    all.into_iter()
        .map(|(kind, place)| (kind, &text[place]))
        .collect()
}

/// Lines of base64 as a private key has them.
const LINES: [&str; 3] = [
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKB",
    "wQNfFmOQ7pzKzR3vS1xYd8HjL0aUe2Tn5GbI4cWkVqZsDy6MfXhEoPrJtNlBu9Kg",
    "h4XyQ1vRz7TjWm2=",
];

#[test]
fn a_private_key_ends_where_its_lines_do() {
    let lines = LINES.join("\n");
    let key = format!("-----BEGIN RSA PRIVATE KEY-----\n{lines}\n-----END RSA PRIVATE KEY-----");
    for (before, key, after) in [
        ("a ", key.as_str(), "\nfn main() {}\n"),
        ("{\"key\":\"", &key.replace('\n', "\\n"), "\"}"),
        ("", &key.replace('\n', "\r\n"), "\r\n"),
        (
            "const K = \"",
            &key.replace('\n', "\n\" +\n        \""),
            "\";\nlet a = 1;",
        ),
        ("[\"", &key.replace('\n', "\",\n  \""), "\"]"),
        ("+", &key.replace('\n', "\n+"), "\n+fn main()"),
        ("-", &key.replace('\n', "\n-"), "\n-fn main()"),
        // Cut short: the END is not there.
        ("", &format!("-----BEGIN PRIVATE KEY-----\n{lines}"), ""),
        (
            "\"",
            &format!("-----BEGIN PRIVATE KEY-----\n{lines}"),
            "\",\"path\":\"x\"}",
        ),
        (
            "",
            &format!("-----BEGIN PRIVATE KEY-----\n{}", LINES[0]),
            "\nThanks for that, and more",
        ),
        (
            "",
            &format!(
                "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0011\n\n{lines}\n-----END RSA PRIVATE KEY-----"
            ),
            "\n",
        ),
        (
            "",
            &format!(
                "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n{lines}\n=a1B2\n-----END PGP PRIVATE KEY BLOCK-----"
            ),
            "\n",
        ),
    ] {
        let text = format!("{before}{key}{after}");
        assert_eq!(found(&text), [("private-key", key)], "{text}");
    }
}

#[test]
fn what_speaks_of_a_private_key_is_none() {
    let code = "fn begin() -> &'static str {\n    \"-----BEGIN PRIVATE KEY-----\"\n}\n".repeat(400);
    for text in [
        code.as_str(),
        "// `-----BEGIN PRIVATE KEY-----` is in every key.\nlet lines = lines.into_iter().filter(secret);\nall.extend(lines.map(|line| line.as_bytes().to_vec()));",
        "{\"head\":\"-----BEGIN PRIVATE KEY-----\",\"sha\":\"9f3a1c7e5b2d4806AF19e3c75d8b02649f3a1c7e5b2d4806af19e3c7\"}",
        "-----BEGIN PRIVATE KEY-----\n/usr/share/doc/with/a/path/that/is/long/enough/to/be/a/line\n",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n",
        include_str!("../form.rs"),
        include_str!("armour.rs"),
    ] {
        assert_eq!(found(text), [], "{text}");
    }
    // Keys of issuers are in these tests, and a key in armour is not.
    let tests = found(include_str!("../tests.rs"));
    assert!(
        tests.iter().all(|(kind, _)| *kind == "github-token"),
        "{tests:?}"
    );
}

#[test]
fn a_token_of_several_parts_goes_whole() {
    let header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
    let claims = "eyJzdWIiOiJhbmEiLCJyb2xlIjoiYWRtaW4iLCJleHAiOjE3MDAwMDAwMDB9";
    let signed = "q7Zk2L-mXv9_RtB4nPw8Ys1HcJfE6dGaU3oQxKiT05M";
    let token = format!("{header}.{claims}.{signed}");
    let discord = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs";
    let azure = "aB38Q~x9Kf2mLpQ7rT4vWzY1bN6cD8gHjS5tU0";
    let slack = "hooks.slack.com/services/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";
    for (text, kind, key) in [
        (
            format!("Authorization: Bearer {token}\n"),
            "json-web-token",
            token.as_str(),
        ),
        (format!("let a = \"{token}\";"), "json-web-token", &token),
        (format!("?session={token}&x=1"), "json-web-token", &token),
        (format!("DISCORD_TOKEN={discord}\n"), "key", discord),
        (format!("The bot token: {discord}."), "key", discord),
        (format!("client_secret = '{azure}'"), "azure-secret", azure),
        (format!("here: {azure}"), "azure-secret", azure),
        (format!("URL=https://{slack}"), "slack-webhook", slack),
    ] {
        assert_eq!(found(&text), [(kind, key)], "{text}");
    }
    for text in [
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
        "eyJhbGciOiJIUzI1NiJ9.eyJh.short",
        "token: response.data.accessToken2.value.someLongName12345",
        "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
        "AKIAIOSFODNN7EXAMPLE",
        "sk-proj-put-the-key-of-your-project-here-please",
        "sk-1234567890abcdef1234567890abcdef",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

/// Characters that may follow a prefix, without those that end a sentence.
fn alphabet(body: Body) -> &'static str {
    match body {
        Body::Plain => "[A-Za-z0-9]",
        Body::UrlSafe | Body::Dotted | Body::Path => "[A-Za-z0-9_-]",
        Body::Capitals => "[A-Z0-9]",
        Body::Hex => "[0-9a-f]",
    }
}

#[test]
fn no_key_of_an_issuer_is_missed() {
    for (kind, prefix, body, least, most) in ISSUED {
        let rng = TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha);
        let mut runner = TestRunner::new_with_rng(Config::with_cases(300), rng);
        let bodies = format!("{}{{{least},{most}}}", alphabet(body));
        let ran = runner.run(&bodies.as_str(), |body| {
            let text = format!("x = \"{prefix}{body}\";");
            let keys = found(&text);
            prop_assert_eq!(keys.len(), 1, "{}", text);
            prop_assert_eq!(keys[0].0, kind);
            prop_assert_eq!(keys[0].1.len(), prefix.len() + body.len(), "{}", text);
            Ok(())
        });
        ran.unwrap();
    }
    let letters = "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";
    assert_eq!(found(letters), [("huggingface-token", letters)]);
}

#[test]
fn prefixes_with_the_same_first_byte_stand_together() {
    let firsts: Vec<u8> = ISSUED.iter().map(|row| row.1.as_bytes()[0]).collect();
    let mut groups = firsts.clone();
    groups.dedup();
    let mut different = firsts;
    different.sort_unstable();
    different.dedup();
    assert_eq!(groups.len(), different.len());
}

#[test]
fn behind_a_mark_no_more_is_read_than_a_key_may_have() {
    // `SG.` again and again is a mark behind each mark.
    let text = "SG.".repeat(1_000_000);
    for (_, _, body, _, most) in ISSUED {
        assert!(body.length(text.as_bytes(), most) <= most + 1);
    }
    assert_eq!(Body::Dotted.length(text.as_bytes(), 70), 71);
    assert_eq!(found(&text), []);
    // Nor are the dots behind each name counted that has no key.
    let text = ["apikey=".repeat(100_000), ".".repeat(1_000_000)].concat();
    assert_eq!(found(&text), []);
}

#[test]
fn names_say_what_is_secret() {
    for name in [
        "API_KEY",
        "clientSecret",
        "DB_PASS",
        "dbPass",
        "SMTP_PASS",
        "pass",
        "SSH_PASSPHRASE",
        "PASSWORD",
        "X-Auth-Token",
        "a.very.long.name.in.front.of.it.all.that.goes.on.and.on.and.on.until.nobody.reads.it.any.more.and.then.some.more.of.it.api_key",
    ] {
        assert!(is_secret_name(name), "{name}");
    }
    for name in [
        "",
        "token_id",
        "tokenizer",
        "bypass",
        "compass",
        "public_key_token",
        "passenger",
        "integrity",
        "secretName",
        "csrfToken",
        "é",
    ] {
        assert!(!is_secret_name(name), "{name}");
    }
}
