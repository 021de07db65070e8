//! JSON edits.

use atelier_patch::Format;

use crate::story::{Case, check, lax, open_file, strict};

#[test]
fn old_text_is_replaced_by_new() {
    let cases: &[Case<'_>] = &[
        (
            "a whole line",
            r#"[{"path": "a", "old": "two", "new": "2"}]"#,
            &[("a", "one\ntwo\n")],
            Ok(&[("a", "one\n2\n")]),
        ),
        (
            "a whole line is preferred to a part of another",
            r#"[{"path": "a", "old": "two", "new": "2"}]"#,
            &[("a", "twofold\ntwo\n")],
            Ok(&[("a", "twofold\n2\n")]),
        ),
        (
            "part of a line",
            r#"[{"path": "a", "old": "b(1", "new": "c(2"}]"#,
            &[("a", "  a = b(1)\n")],
            Ok(&[("a", "  a = c(2)\n")]),
        ),
        (
            "from within a line into another",
            r#"[{"path": "a", "old": "1)\n  b(", "new": "1,"}]"#,
            &[("a", "x\n  a(1)\n  b(2)\n")],
            Ok(&[("a", "x\n  a(1,2)\n")]),
        ),
        (
            "the newline of the old text goes with it",
            r#"[{"path": "a", "old": "two\n", "new": ""}]"#,
            &[("a", "one\ntwo\nthree\n")],
            Ok(&[("a", "one\nthree\n")]),
        ),
        (
            "without its newline a line becomes empty",
            r#"[{"path": "a", "old": "two", "new": ""}]"#,
            &[("a", "one\ntwo\nthree\n")],
            Ok(&[("a", "one\n\nthree\n")]),
        ),
        (
            "a newline in the new text splits the line",
            r#"[{"path": "a", "old": "two", "new": "2\n"}]"#,
            &[("a", "one\ntwo\nthree\n")],
            Ok(&[("a", "one\n2\n\nthree\n")]),
        ),
        (
            "a lost newline joins lines",
            r#"[{"path": "a", "old": "two\n", "new": "2"}]"#,
            &[("a", "one\ntwo\nthree\n")],
            Ok(&[("a", "one\n2three\n")]),
        ),
        (
            "the last newline can be taken off",
            r#"[{"path": "a", "old": "two\n", "new": "2"}]"#,
            &[("a", "one\ntwo\n")],
            Ok(&[("a", "one\n2")]),
        ),
        (
            "the last newline can be added",
            r#"[{"path": "a", "old": "two", "new": "two\n"}]"#,
            &[("a", "one\ntwo")],
            Ok(&[("a", "one\ntwo\n")]),
        ),
        (
            "line endings are those of the file",
            r#"[{"path": "a", "old": "two\nthree", "new": "2\n2.5\n3"}]"#,
            &[("a", "one\r\ntwo\r\nthree\r\n")],
            Ok(&[("a", "one\r\n2\r\n2.5\r\n3\r\n")]),
        ),
        (
            "line endings can be what changes",
            r#"[{"path": "a", "old": "two\r\n", "new": "two\n"}]"#,
            &[("a", "one\r\ntwo\r\nthree\r\n")],
            Ok(&[("a", "one\r\ntwo\nthree\r\n")]),
        ),
        (
            "later edits see earlier ones",
            r#"[{"path": "a", "old": "x", "new": "y"}, {"path": "a", "old": "y", "new": "z"}]"#,
            &[("a", "x\n")],
            Ok(&[("a", "z\n")]),
        ),
        (
            "no old text creates",
            r#"[{"path": "d/a", "old": "", "new": "x\n"}]"#,
            &[],
            Ok(&[("d/a", "x\n")]),
        ),
        (
            "no old text overwrites nothing",
            r#"[{"path": "a", "old": "", "new": "x\n"}]"#,
            &[("a", "y\n")],
            Err("file_exists"),
        ),
        (
            "twice in one line",
            r#"[{"path": "a", "old": "b", "new": "c"}]"#,
            &[("a", "b b\n")],
            Err("ambiguous"),
        ),
        (
            "entities and escapes stay as they are",
            r#"[{"path": "a", "old": "&amp;", "new": "\\\\d &lt;"}]"#,
            &[("a", "x &amp; y\n")],
            Ok(&[("a", "x \\\\d &lt; y\n")]),
        ),
        ("not JSON", "[{", &[], Err("syntax")),
        ("not a list", "3", &[], Err("syntax")),
        ("an edit that is a text", r#"["a"]"#, &[], Err("syntax")),
        (
            "new text is missing",
            r#"[{"path": "a", "old": "b"}]"#,
            &[("a", "b\n")],
            Err("syntax"),
        ),
        (
            "a number for a path",
            r#"[{"path": 1, "old": "b", "new": "c"}]"#,
            &[("a", "b\n")],
            Err("syntax"),
        ),
        (
            "no path",
            r#"[{"old": "b", "new": "c"}]"#,
            &[("a", "b\n")],
            Err("missing_path"),
        ),
        ("no edits", "[]", &[], Err("no_edits")),
    ];
    check(&lax(Format::Edits), cases);
    check(&strict(Format::Edits), cases);
}

#[test]
fn the_loose_reading_knows_other_tools_names() {
    let before = &[("a", "b\n")][..];
    let after = &[("a", "c\n")][..];
    for patch in [
        r#"[{"file_path": "a", "old_string": "b", "new_string": "c"}]"#,
        r#"[{"filePath": "a", "oldString": "b", "newString": "c", "replaceAll": false}]"#,
        r#"{"path": "a", "oldText": "b", "newText": "c"}"#,
        r#"{"path": "a", "edits": [{"old_text": "b", "new_text": "c"}]}"#,
        r#"{"edits": [{"file": "./a", "search": "b", "replace": "c"}]}"#,
        "Like this:\n```json\n[{\"path\": \"a\", \"old\": \"b\", \"new\": \"c\"}]\n```\n",
        r#"{"command": "str_replace", "path": "a", "old_str": "b", "new_str": "c"}"#,
        r#"{"name": "edit", "arguments": {"file_path": "a", "old_string": "b", "new_string": "c"}}"#,
        r#"{"changes": [{"path": "a", "edits": [{"find": "b", "replacement": "c"}]}]}"#,
        r#"[[{"path": "a", "before": "b", "after": "c"}]]"#,
        "{\"path\": \"a\", \"old\": \"b\", \"new\": \"d\"}\n{\"path\": \"a\", \"old\": \"d\", \"new\": \"c\"}\n",
        r#"{"path": "a", "content": "c\n"}"#,
    ] {
        check(&lax(Format::Edits), &[(patch, patch, before, Ok(after))]);
        check(
            &strict(Format::Edits),
            &[(patch, patch, before, Err("syntax"))],
        );
        check(&lax(Format::Auto), &[(patch, patch, before, Ok(after))]);
    }
    let open = open_file(Format::Edits, "a");
    let patch = r#"[{"old": "b", "new": "c"}]"#;
    check(&open, &[("the open file", patch, before, Ok(after))]);
    let hinted = r#"[{"path": "a", "old": "b", "new": "c", "line": 3}]"#;
    let case = (
        "a line hint",
        hinted,
        &[("a", "b\n1\nb\n")][..],
        Ok(&[("a", "b\n1\nc\n")][..]),
    );
    check(&lax(Format::Edits), &[case]);
    let within = (
        "a line hint",
        hinted,
        &[("a", "=b\n1\n=b\n")][..],
        Ok(&[("a", "=b\n1\n=c\n")][..]),
    );
    check(&lax(Format::Edits), &[within]);
}

#[test]
fn every_place_is_replaced_when_it_is_asked_for() {
    let cases: &[Case<'_>] = &[
        (
            "in lines and across them",
            r#"[{"path": "a", "old": "x", "new": "yy", "replaceAll": true}]"#,
            &[("a", "x x\r\n1\nax")],
            Ok(&[("a", "yy yy\r\n1\nayy")]),
        ),
        (
            "over a line's end",
            r#"[{"path": "a", "old": "1\n2", "new": "3", "replace_all": true}]"#,
            &[("a", "1\r\n2\n1\n2\n")],
            Ok(&[("a", "3\n3\n")]),
        ),
        (
            "nowhere",
            r#"[{"path": "a", "old": "x", "new": "y", "replaceAll": true}]"#,
            &[("a", "1\n")],
            Err("context_not_found"),
        ),
        (
            "the new text has the old one in it",
            r#"[{"path": "a", "old": "x", "new": "xx", "replaceAll": true}]"#,
            &[("a", "x\nx\n")],
            Ok(&[("a", "xx\nxx\n")]),
        ),
        (
            "a mark at the start stays",
            r#"[{"path": "a", "old": "x", "new": "y", "replaceAll": true}]"#,
            &[("a", "\u{feff}x\n")],
            Ok(&[("a", "\u{feff}y\n")]),
        ),
        (
            "neither yes nor no",
            r#"[{"path": "a", "old": "x", "new": "y", "replaceAll": "yes"}]"#,
            &[("a", "x\n")],
            Err("syntax"),
        ),
        (
            "no old text is a new file",
            r#"{"type": "diff", "path": "n", "oldText": null, "newText": "x\n"}"#,
            &[],
            Ok(&[("n", "x\n")]),
        ),
    ];
    check(&lax(Format::Edits), cases);
    let grows = format!(
        r#"[{{"path": "a", "old": "x", "new": "{}", "replaceAll": true}}]"#,
        "y".repeat(1_000)
    );
    let many = "x\n".repeat(10_000);
    let case = (
        "too much",
        grows.as_str(),
        &[("a", many.as_str())][..],
        Err("too_large"),
    );
    check(&lax(Format::Edits), &[case]);
}

#[test]
fn a_tools_call_has_a_patch_in_it() {
    let envelope = "*** Begin Patch\n*** Update File: a\n@@\n-b\n+c\n*** End Patch\n";
    let before = &[("a", "b\n")][..];
    let after = &[("a", "c\n")][..];
    for call in [
        serde_json::json!({ "input": envelope }),
        serde_json::json!({ "command": ["apply_patch", envelope] }),
        serde_json::json!({ "name": "apply_patch", "arguments": { "patch": envelope } }),
        serde_json::json!({ "path": "a", "diff": "<<<<<<< SEARCH\nb\n=======\nc\n>>>>>>> REPLACE" }),
        serde_json::json!({ "diff": "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-b\n+c\n" }),
    ] {
        let call = call.to_string();
        let options = crate::story::open_file(Format::Auto, "a");
        check(&options, &[(&call, &call, before, Ok(after))]);
        let patch = atelier_patch::parse(&call, &options).unwrap();
        assert!(
            patch.reason.contains("within a tool's call"),
            "{}",
            patch.reason
        );
    }
}
