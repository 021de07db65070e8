//! The ways in which edit tools are known to fail, one test for each.

use atelier_patch::{ErrorCode, Format, merge, select};

use crate::story::{Case, carried_out, check, lax, path, planned};

fn envelope(chunks: &str) -> String {
    format!("*** Begin Patch\n*** Update File: a.py\n{chunks}*** End Patch\n")
}

fn block(old: &str, new: &str) -> String {
    format!("a.py\n<<<<<<< SEARCH\n{old}=======\n{new}>>>>>>> REPLACE\n")
}

#[test]
fn failure_1_a_pure_addition_ignores_its_scope() {
    let patch = envelope("@@ class B:\n+    x = 1\n");
    let before = "class A:\n    pass\n\nclass B:\n    pass\n\nend\n";
    let after = before.replace("class B:\n", "class B:\n    x = 1\n");
    let case: Case<'_> = (
        "scope",
        &patch,
        &[("a.py", before)],
        Ok(&[("a.py", &after)]),
    );
    check(&lax(Format::ApplyPatch), &[case]);
    let patch = envelope("@@ class C:\n+    x = 1\n");
    let case: Case<'_> = (
        "no scope",
        &patch,
        &[("a.py", before)],
        Err("scope_not_found"),
    );
    check(&lax(Format::ApplyPatch), &[case]);
}

#[test]
fn failure_2_endings_are_mixed_and_the_mark_is_lost() {
    let before = "\u{feff}one\r\ntwo\r\nthree\r\n";
    let after = "\u{feff}one\r\n2\r\n2.5\r\nthree\r\n";
    for patch in [envelope("@@\n-two\n+2\n+2.5\n"), block("two\n", "2\n2.5\n")] {
        let case: Case<'_> = (
            "endings",
            &patch,
            &[("a.py", before)],
            Ok(&[("a.py", after)]),
        );
        check(&lax(Format::Auto), &[case]);
    }
}

#[test]
fn failure_3_a_stray_marker_is_blamed_on_the_first_line() {
    let patch = envelope("@@\n-x\n+y\nneither\n");
    let error = planned(&lax(Format::ApplyPatch), &patch, &[("a.py", "x\n")]).unwrap_err();
    assert_eq!((error.kind, error.patch_line), (ErrorCode::Syntax, Some(6)));
    let stray = envelope("@@\n@@\n-x\n+y\n");
    let case: Case<'_> = ("stray", &stray, &[("a.py", "x\n")], Ok(&[("a.py", "y\n")]));
    check(&lax(Format::ApplyPatch), &[case]);
}

#[test]
fn failure_4_long_context_fails_without_saying_where() {
    let before = (0..80).fold(String::new(), |text, n| text + &format!("line {n}\n"));
    let old = before.replace("line 41\n", "line forty-one\n");
    let error = planned(
        &lax(Format::Auto),
        &block(&old, "new\n"),
        &[("a.py", &before)],
    )
    .unwrap_err();
    let divergence = error.evidence.unwrap().divergence.unwrap();
    assert_eq!(
        (divergence.line, divergence.found.as_deref()),
        (42, Some("line 41"))
    );
}

#[test]
fn failure_5_a_refusal_lacks_hunk_places_and_hash() {
    let before = "f(1)\ng()\nh()\n\nf(1)\ng()\nh()\n";
    let patch = block("g()\n", "i()\n");
    let error = planned(&lax(Format::Auto), &patch, &[("a.py", before)]).unwrap_err();
    assert_eq!((error.kind, error.hunk), (ErrorCode::Ambiguous, Some(1)));
    let evidence = error.evidence.unwrap();
    assert_eq!(evidence.candidates, [2, 6]);
    assert!(evidence.file_hash.is_some());
}

#[test]
fn failure_6_the_first_and_last_line_are_taken_for_a_match() {
    let before = "/**\n * a\n * b\n * c\n */\nfn f() {\n    one();\n    two();\n}\n";
    let patch = block(
        "/**\n * x\n * y\n * z\n */\nfn f() {\n    three();\n    four();\n}\n",
        "gone\n",
    );
    let case: Case<'_> = (
        "anchors",
        &patch,
        &[("a.py", before)],
        Err("context_not_found"),
    );
    check(&lax(Format::Auto), &[case]);
}

#[test]
fn failure_7_the_first_of_several_is_taken() {
    let patch = block("x\n", "y\n");
    let case: Case<'_> = (
        "several",
        &patch,
        &[("a.py", "x\n1\nx\n")],
        Err("ambiguous"),
    );
    check(&lax(Format::Auto), &[case]);
    let part = r#"[{"path": "a.py", "old": "foo(", "new": "bar("}]"#;
    let after = &[("a.py", "let x = bar(1);\n")][..];
    let case: Case<'_> = ("within", part, &[("a.py", "let x = foo(1);\n")], Ok(after));
    check(&lax(Format::Edits), &[case]);
}

#[test]
fn failure_8_entities_escapes_and_dollars_are_written_as_others() {
    let cases: &[(&str, &str, &str, &str)] = &[
        (
            "a && b\n",
            "a &amp;&amp; b\n",
            "a &amp;&amp; c\n",
            "a && c\n",
        ),
        ("x\n", "x\n", "$& $1 $$ \\0 \\n\n", "$& $1 $$ \\0 \\n\n"),
        ("&amp;\n", "&amp;\n", "&amp;lt;\n", "&amp;lt;\n"),
        ("a\\\\b\n", "a\\\\b\n", "a\\\\c\n", "a\\\\c\n"),
    ];
    for (before, old, new, after) in cases {
        let patch = block(old, new);
        let case: Case<'_> = (before, &patch, &[("a.py", before)], Ok(&[("a.py", after)]));
        check(&lax(Format::SearchReplace), &[case]);
    }
}

#[test]
fn failure_9_markers_in_the_content_end_the_block() {
    let before = "Title\n=======\ntext\n";
    let patch = envelope("@@\n Title\n =======\n-text\n+<<<<<<< SEARCH\n+>>>>>>> REPLACE\n");
    let after = "Title\n=======\n<<<<<<< SEARCH\n>>>>>>> REPLACE\n";
    let case: Case<'_> = (
        "markers",
        &patch,
        &[("a.py", before)],
        Ok(&[("a.py", after)]),
    );
    check(&lax(Format::Auto), &[case]);
}

#[test]
fn failure_10_a_refusal_fills_the_context() {
    let before = "x".repeat(100_000) + "\n" + &"y\n".repeat(10_000);
    let old = "z".repeat(100_000) + "\n" + &"y\n".repeat(10_000);
    let error = planned(
        &lax(Format::Auto),
        &block(&old, "n\n"),
        &[("a.py", &before)],
    )
    .unwrap_err();
    let text = error.to_string();
    assert!(text.lines().count() <= 40 && text.len() < 4_000, "{text}");
}

#[test]
fn failure_11_an_old_base_undoes_newer_work() {
    let base = "a\nb\nc\nd\ne\n";
    let proposed = "a\nB\nc\nd\ne\n";
    let newer = "a\nb\nc\nd\nE\n";
    let merged = merge(base.as_bytes(), newer.as_bytes(), proposed.as_bytes());
    assert_eq!(merged.bytes, b"a\nB\nc\nd\nE\n");
    assert!(merged.conflicts.is_empty());
}

#[test]
fn failure_12_rejecting_discards_what_the_user_wrote() {
    let patch = block("b\n", "B\n") + &block("d\n", "D\n");
    let files = &[("a.py", "a\nb\nc\nd\ne\n")][..];
    let plan = planned(&lax(Format::Auto), &patch, files).unwrap();
    let file = &plan.files[0];
    let some = select(file, &[true, false]).bytes.unwrap();
    let before = file.before.as_deref().unwrap();
    let merged = merge(before, b"a\nb\nc\nd\ne\nmine\n", &some);
    assert_eq!(merged.bytes, b"a\nB\nc\nd\ne\nmine\n");
    // What was rejected is still there to be taken later.
    let rest = select(file, &[false, true]).bytes.unwrap();
    let merged = merge(before, &merged.bytes, &rest);
    assert_eq!(merged.bytes, b"a\nB\nc\nD\ne\nmine\n");
}

#[test]
fn failure_13_a_placeholder_replaces_what_it_stands_for() {
    let patch = "a.py\n```\nfirst\n// ... rest of the code unchanged ...\n```\n";
    let case: Case<'_> = ("elided", patch, &[("a.py", "one\ntwo\n")], Err("elided"));
    check(&lax(Format::Whole), &[case]);
}

#[test]
fn failure_14_a_patch_is_applied_where_its_context_is_not() {
    let patch = "--- a/a.py\n+++ b/a.py\n@@ -2,3 +2,3 @@\n p\n-q\n+r\n s\n";
    let before = "1\n2\n3\n4\n5\n";
    let case: Case<'_> = (
        "no context",
        patch,
        &[("a.py", before)],
        Err("context_not_found"),
    );
    check(&lax(Format::Unified), &[case]);
    let good = envelope("@@\n-2\n+two\n");
    let plan = planned(&lax(Format::Auto), &good, &[("a.py", before)]).unwrap();
    let result = carried_out(&[("a.py", before)], &plan);
    assert_eq!(result[&path("a.py")], b"1\ntwo\n3\n4\n5\n");
}
