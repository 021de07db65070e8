//! Forms that come about when files are put into files, and what a gate keeps
//! to itself.

use super::*;

/// Has nothing in it that stands for itself in JSON and in a URL.
const ODD: &str = "c4n\"ry\\7340+Zq/é&v9b";

fn lines(text: &str, before: &str) -> String {
    let wrapped = wrapped(text, 12, "\n");
    let lines: Vec<String> = wrapped
        .lines()
        .map(|line| format!("{before}{line}\n"))
        .collect();
    lines.concat()
}

fn listed(text: &str, write: impl Fn(u8) -> String) -> String {
    text.bytes().map(write).collect::<Vec<_>>().join(", ")
}

#[test]
fn a_value_is_found_in_files_within_files() {
    let gate = Gate::new(&[known("ODD", ODD)]);
    let url = |_: usize, byte: u8| !(byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte));
    let code = STANDARD.encode(ODD);
    let docker = format!(
        "{{\"auths\":{{\"x\":{{\"auth\":\"{}\"}}}}}}",
        STANDARD.encode(format!("ana:{ODD}"))
    );
    for (form, written) in [
        (
            "base64 of JSON",
            STANDARD.encode(format!("{{\"p\":\"{}\"}}", json(ODD))),
        ),
        (
            "base64 of a URL",
            STANDARD.encode(format!("https://x/?p={}&a=b", percent(ODD, url))),
        ),
        ("hex of JSON", hexed(&format!("[\"{}\"]", json(ODD)))),
        ("base64 of base64", STANDARD.encode(&docker)),
        (
            "base64 of base64 for URLs",
            URL_SAFE.encode(URL_SAFE_NO_PAD.encode(format!("?{ODD}"))),
        ),
        (
            "base64 of base64 in lines",
            wrapped(&STANDARD.encode(&docker), 30, "\n"),
        ),
        ("base64 in added lines", lines(&code, "+")),
        ("base64 in removed lines", lines(&code, "-")),
        ("hex in added lines", lines(&hexed(ODD), "+  ")),
        ("base64 in strings", lines(&code, "\" +\n    \"")),
        (
            "base64 in short strings",
            code.split_at(9).0.to_owned() + "\"+\"" + code.split_at(9).1,
        ),
        ("numbers", listed(ODD, |byte| byte.to_string())),
        (
            "hexadecimal numbers",
            listed(ODD, |byte| format!("0x{byte:02x}")),
        ),
        (
            "HEXADECIMAL numbers",
            listed(ODD, |byte| format!("0x{byte:02X}")),
        ),
        (
            "numbers in JSON",
            json(&format!("[\n{}]", listed(ODD, |byte| byte.to_string()))),
        ),
    ] {
        for text in [
            written.clone(),
            format!("a\n{written}\nb"),
            json(&format!("x\n{written}")),
        ] {
            let (clean, found) = gate.clean(&text);
            assert_eq!(found.len(), 1, "{form}: {text} -> {found:?}");
            assert_eq!(&*found[0].name, "ODD");
            assert_eq!(gate.scan(&clean), [], "{form}: {clean}");
        }
    }
}

#[test]
fn a_mark_at_the_begin_of_a_line_may_be_part_of_it() {
    // Standard base64 whose lines begin with the very marks of a diff.
    let value: String = (0..40).map(|_| "\u{fe0}>").collect();
    let code = STANDARD.encode(&value);
    let at = code.find('+').unwrap();
    let text = format!("{}\n{}", &code[..at], &code[at..]);
    let found = Gate::new(&[known("S", &value)]).scan(&text);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].place, 0..text.trim_end_matches('=').len());
}

#[test]
fn a_short_value_counts_only_unbroken() {
    let gate = Gate::new(&[known("S", "abc def,ghi"), known("T", "\": \": \": \"")]);
    let text = "abc def,ghi abcdef ghi abc\ndef,ghi x\": \": \": \"x";
    assert_eq!(
        gate.clean(text).0,
        "[secret S] abcdef ghi abc\ndef,ghi x[secret T]x"
    );
}

#[test]
fn a_value_that_repeats_itself_is_found_once_for_each_that_fits() {
    let gate = Gate::new(&[known("S", "aaaaaaaa")]);
    let text = "a".repeat(8_001);
    let (clean, found) = gate.clean(&text);
    assert!((500..=1_000).contains(&found.len()), "{}", found.len());
    assert!(!clean.contains("aaaaaaaa"));
}

#[test]
fn much_that_is_attached_opens_only_what_lies_in_it() {
    let inner = known("INNER", "s3cr3t-pass");
    let outer = known("OUTER", "ana:s3cr3t-pass@db");
    let open = Gate::new(&[outer.clone(), inner]).allowing(&[outer.value]);
    let text = "ana:s3cr3t-pass@db s3cr3t-pass ".repeat(2_000);
    let clean = "ana:s3cr3t-pass@db [secret INNER] ".repeat(2_000);
    assert_eq!(open.clean(&text).0, clean);
}

#[test]
fn a_gate_tells_nothing_of_what_it_looks_for() {
    let gate = Gate::new(&[known("CANARY", "c4n4ry-7340-value")]);
    let told = format!("{gate:?} {:?}", known("CANARY", "c4n4ry-7340-value"));
    assert!(told.contains("CANARY"));
    let bytes = format!("{:?}", b"c4n4").replace(['[', ']'], "");
    for part in ["c4n4", "YzRuN", &bytes, "63346e34"] {
        assert!(!told.contains(part), "{told}");
    }
}

#[test]
fn a_document_is_looked_through_from_its_texts_on() {
    let gate = Gate::new(&[known("S", "a\"b\\c%41d-secret")]);
    let hex = "9f3a1c7e5b2d4806af19e3c75d8b0264";
    for value in [
        "a\"b\\c%41d-secret",
        "YSJiXGMlNDFkLXNlY3JldA==",
        "a\\\"b\\\\c%41d-secret",
    ] {
        let document = serde_json::json!({ "a": [value], "b": "\n" }).to_string();
        let found = gate.scan_json(&document);
        assert_eq!(found.len(), 1, "{document}");
        assert_eq!(found, gate.scan(&document));
    }
    let named = format!("{{\"a\":\"\\n\",\"api_key\":\"{hex}\"}}");
    assert_eq!(gate.scan_json(&named)[0].form, Form::Shape);
    assert_eq!(gate.scan_json("{\"a\":1}"), []);
}
