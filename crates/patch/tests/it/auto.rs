//! Finding out the format.

use atelier_patch::{Format, parse};

use crate::story::{check, lax};

const SEARCH: &str = "a.py\n```\n<<<<<<< SEARCH\n1\n=======\nI\n>>>>>>> REPLACE\n```\n";
const ENVELOPE: &str = "*** Begin Patch\n*** Update File: a.py\n@@\n-2\n+II\n*** End Patch\n";
const DIFF: &str = "```diff\n--- a/a.py\n+++ b/a.py\n@@ -3 +3 @@\n-3\n+III\n```\n";
const JSON: &str = "```json\n[{\"path\": \"a.py\", \"old\": \"1\", \"new\": \"I\"}]\n```\n";
const NAMED: &str = "b.py\n```python\nx = 1\n```\n";

#[test]
fn the_format_is_decided_and_the_reason_told() {
    let edits = r#"[{"path": "a.py", "old": "1", "new": "I"}]"#;
    for (text, format, reason) in [
        (
            SEARCH,
            Format::SearchReplace,
            "found 1 SEARCH/REPLACE block",
        ),
        (ENVELOPE, Format::ApplyPatch, "found 1 apply_patch envelope"),
        (DIFF, Format::Unified, "found 1 file in a unified diff"),
        (
            edits,
            Format::Edits,
            "the text is JSON with old and new texts",
        ),
        (
            JSON,
            Format::Edits,
            "a fenced block is JSON with old and new texts",
        ),
        (
            NAMED,
            Format::Whole,
            "1 fenced block is headed by a file name, and nothing else is",
        ),
    ] {
        let patch = parse(text, &lax(Format::Auto)).unwrap();
        assert_eq!((patch.format, patch.reason.as_str()), (format, reason));
        let inside = format!("Certainly! I changed it.\n\n{text}\nThat is all; run the tests.\n");
        if format != Format::Edits || text == JSON {
            let again = parse(&inside, &lax(Format::Auto)).unwrap();
            assert_eq!((again.format, again.edits.len()), (format, 1), "{inside}");
        }
    }
}

#[test]
fn an_answer_may_mix_formats() {
    let answer = format!("First:\n{SEARCH}\nthen\n{ENVELOPE}\nand\n\n{DIFF}\n");
    let before = &[("a.py", "1\n2\n3\n")][..];
    let after = &[("a.py", "I\nII\nIII\n")][..];
    check(
        &lax(Format::Auto),
        &[("three formats", &answer, before, Ok(after))],
    );
    let patch = parse(&answer, &lax(Format::Auto)).unwrap();
    let reason =
        "found 1 apply_patch envelope and 1 SEARCH/REPLACE block and 1 file in a unified diff";
    assert_eq!(patch.reason, reason);
}

#[test]
fn a_named_block_beside_edits_is_an_example() {
    let answer = format!("{SEARCH}\nThen `b.py` could look so:\n\nb.py\n```\nx\n```\n");
    let before = &[("a.py", "1\n"), ("b.py", "y\n")][..];
    let after = &[("a.py", "I\n"), ("b.py", "y\n")][..];
    check(
        &lax(Format::Auto),
        &[("example", &answer, before, Ok(after))],
    );
}

#[test]
fn prose_has_no_edits() {
    for text in [
        "",
        "I'd rather not change anything.\n",
        "Run this:\n```sh\nmake\n```\n",
        "- one\n+ two\n--- \n",
        "{\"a\": 1}",
        "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> main\n",
    ] {
        check(&lax(Format::Auto), &[(text, text, &[], Err("no_edits"))]);
    }
}
