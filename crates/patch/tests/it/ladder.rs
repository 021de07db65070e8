//! Each step of the search, what it is called, and what it refuses.

use atelier_patch::Format;

use crate::story::{carried_out, check, labels, lax, path, planned, strict};

/// A name, the file, old and new lines, the result and its label.
type Step<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str, &'a str);

fn block(old: &str, new: &str) -> String {
    format!("a\n```a.py\n<<<<<<< SEARCH\n{old}=======\n{new}>>>>>>> REPLACE\n```\n")
}

const FUNCTION: &str = "def f(a):\n    # adds one to a, and nothing else\n    b = a + 1\n    \
                        return b\n";

#[test]
fn every_step_has_its_label() {
    let steps: &[Step<'_>] = &[
        ("exact", "x\ny\n", "y\n", "z\n", "x\nz\n", "exact"),
        (
            "space at the end of a kept line stays",
            "x  \ny\t\n",
            "x\ny\n",
            "x\nz\n",
            "x  \nz\n",
            "trailing space",
        ),
        (
            "space at the end of the patch's line",
            "x\ny\n",
            "x \ny\n",
            "x \nz\n",
            "x\nz\n",
            "trailing space",
        ),
        (
            "a blank line above that the file doesn't have",
            "x\ny\n",
            "\ny\n",
            "\nz\n",
            "x\nz\n",
            "trailing space",
        ),
        (
            "deeper in the file",
            "class A:\n    def f():\n        x\n",
            "def f():\n    x\n",
            "def f():\n    if y:\n        x\n\n    z\n",
            "class A:\n    def f():\n        if y:\n            x\n\n        z\n",
            "indent+4",
        ),
        (
            "less deep in the file",
            "def f():\n  x\n",
            "    def f():\n      x\n",
            "    def f():\n      y\n",
            "def f():\n  y\n",
            "indent-4",
        ),
        (
            "a tab deeper",
            "{\n\tx;\n}\n",
            "x;\n",
            "x;\ny;\n",
            "{\n\tx;\n\ty;\n}\n",
            "indent+1 tab",
        ),
        (
            "tabs in the file, spaces in the patch",
            "f {\n\tx {\n\t\ty;\n",
            "f {\n    x {\n        y;\n",
            "f {\n    x {\n        z;\n",
            "f {\n\tx {\n\t\tz;\n",
            "indent 4 spaces as tab",
        ),
        (
            "spaces in the file, tabs in the patch",
            "f {\n  x {\n    y;\n",
            "f {\n\tx {\n\t\ty;\n",
            "f {\n\tx {\n\t\tz;\n",
            "f {\n  x {\n    z;\n",
            "indent tab as 2 spaces",
        ),
        (
            "typographic quotes and dashes in the file",
            "say(“it’s”) – now\nx\n",
            "say(\"it's\") - now\nx\n",
            "say(\"it's\") - now\ny\n",
            "say(“it’s”) – now\ny\n",
            "unicode punctuation",
        ),
        (
            "no-break spaces in the patch",
            "a = 1\nb\n",
            "a\u{a0}=\u{a0}1\nb\n",
            "a\u{a0}=\u{a0}1\nc\n",
            "a = 1\nc\n",
            "unicode punctuation",
        ),
        (
            "entities in the patch",
            "if (a && b < c) {\n  x\n",
            "if (a &amp;&amp; b &lt; c) {\n  x\n",
            "if (a &amp;&amp; b &lt; d) {\n  x\n",
            "if (a && b < d) {\n  x\n",
            "unescaped",
        ),
        (
            "backslashes before quotes in the patch",
            "say(\"a\\n\")\n",
            "say(\\\"a\\n\\\")\n",
            "say(\\\"b\\n\\\")\n",
            "say(\"b\\n\")\n",
            "unescaped",
        ),
        (
            "entities, and less deep",
            "{\n  a &amp; b &lt; c\n  if (a && b)\n}\n",
            "if (a &amp;&amp; b)\n",
            "if (a &amp;&amp; c)\n",
            "{\n  a &amp; b &lt; c\n  if (a && c)\n}\n",
            "unescaped",
        ),
        (
            "a kept line that is a little different",
            FUNCTION,
            "def f(a):\n    # adds one to a and nothing else\n    b = a + 1\n    return b\n",
            "def f(a):\n    # adds one to a and nothing else\n    b = a + 2\n    return b\n",
            "def f(a):\n    # adds one to a, and nothing else\n    b = a + 2\n    return b\n",
            "fuzzy 99%",
        ),
    ];
    for (name, before, old, new, after, label) in steps {
        let patch = block(old, new);
        let files = &[("a.py", *before)][..];
        let plan = planned(&lax(Format::SearchReplace), &patch, files)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let result = carried_out(files, &plan);
        let text = String::from_utf8_lossy(&result[&path("a.py")]);
        assert_eq!(text, *after, "{name}");
        assert_eq!(labels(&plan), [*label], "{name}");
        let exactly = planned(&strict(Format::SearchReplace), &patch, files);
        assert_eq!(exactly.is_ok(), *label == "exact", "{name}: strict");
    }
}

#[test]
fn what_is_not_sure_is_refused() {
    let options = lax(Format::SearchReplace);
    for (name, before, old, new, code) in [
        (
            "the removed line is different",
            FUNCTION,
            "def f(a):\n    # adds one to a, and nothing else\n    b = a + 11\n    return b\n",
            "def f(a):\n    # adds one to a, and nothing else\n    b = a + 2\n    return b\n",
            "context_not_found",
        ),
        (
            "only the first and last line are there",
            "/**\n * one\n * two\n */\nf\n}\n",
            "/**\n * three\n * four\n */\nf\n}\n",
            "/**\n * five\n * four\n */\nf\n}\n",
            "context_not_found",
        ),
        (
            "the indentation differs from line to line",
            "  a = 1\n    b = 2\n",
            "a = 1\nb = 2\n",
            "a = 1\nb = 3\n",
            "context_not_found",
        ),
        (
            "an added line has less indentation than must go",
            "def f():\n  x\n",
            "    def f():\n      x\n",
            "    def f():\n  y\n",
            "context_not_found",
        ),
        (
            "two places but for their indentation",
            "if a:\n    x\nif b:\n        x\n",
            "x\n",
            "y\n",
            "ambiguous",
        ),
        (
            "two places that are nearly the same",
            "aaa one\nbbb\nccc\nddd\naaa two\nbbb\nccc\nddd\n",
            "aaa six\nbbb\nccc\nddd\n",
            "aaa six\nbbb\nccc\neee\n",
            "context_not_found",
        ),
    ] {
        let patch = block(old, new);
        check(&options, &[(name, &patch, &[("a.py", before)], Err(code))]);
    }
}

/// Eight lines of which each is distinct, in the file's form.
const STEPS: &str = "fn steps() {\n    first();\n    second();\n    third();\n    fourth();\n    \
                     fifth();\n    sixth();\n}\n";

#[test]
fn a_place_may_have_a_few_lines_more_or_fewer_than_the_hunk() {
    let change = |old: &str| old.replace("fifth();", "changed();");
    let with = |line: &str, more: &str| STEPS.replace(line, &format!("{line}{more}"));
    let twice = with("    first();\n", "    extra();\n")
        .replace("    sixth();\n", "    sixth();\n    more();\n");
    for (name, file, old) in [
        (
            "one more",
            with("    second();\n", "    new();\n"),
            STEPS.to_owned(),
        ),
        (
            "two more in a row",
            with("    first();\n", "    new();\n    newer();\n"),
            STEPS.to_owned(),
        ),
        ("two more apart", twice, STEPS.to_owned()),
        (
            "one fewer",
            STEPS.to_owned(),
            with("    first();\n", "    gone();\n"),
        ),
        (
            "one fewer at the head",
            STEPS.to_owned(),
            format!("// gone\n{STEPS}"),
        ),
        (
            "one fewer at the tail",
            STEPS.to_owned(),
            format!("{STEPS}// gone\n"),
        ),
        (
            "one more and one fewer",
            with("    sixth();\n", "    new();\n"),
            with("    first();\n", "    gone();\n"),
        ),
    ] {
        for file in [
            file.clone(),
            format!("use a;\n\n{file}\nfn other() {{\n    first();\n}}\n"),
        ] {
            let files = &[("a.py", file.as_str())][..];
            let plan = planned(
                &lax(Format::SearchReplace),
                &block(&old, &change(&old)),
                files,
            )
            .unwrap_or_else(|error| panic!("{name}: {error}"));
            let result = carried_out(files, &plan);
            let text = String::from_utf8_lossy(&result[&path("a.py")]).into_owned();
            assert_eq!(text, change(&file), "{name}");
            let [label] = &labels(&plan)[..] else {
                panic!("{name}: {plan:?}")
            };
            assert!(label.starts_with("fuzzy "), "{name}: {label}");
            assert!(
                planned(
                    &strict(Format::SearchReplace),
                    &block(&old, &change(&old)),
                    files
                )
                .is_err()
            );
        }
    }
}

#[test]
fn a_line_more_or_fewer_beside_the_change_is_refused() {
    let change = |old: &str| old.replace("    fifth();\n", "    changed();\n    again();\n");
    let with = |line: &str, more: &str| STEPS.replace(line, &format!("{line}{more}"));
    let elsewhere = STEPS
        .replace("second", "zweitens")
        .replace("third", "drittens")
        .replace("first", "erstens");
    for (name, file, old) in [
        (
            "above it",
            with("    fourth();\n", "    new();\n"),
            STEPS.to_owned(),
        ),
        (
            "below it",
            with("    fifth();\n", "    new();\n"),
            STEPS.to_owned(),
        ),
        (
            "the hunk's, above it",
            STEPS.to_owned(),
            with("    fourth();\n", "    gone();\n"),
        ),
        (
            "the hunk's, below it",
            STEPS.to_owned(),
            with("    fifth();\n", "    gone();\n"),
        ),
        (
            "too many",
            with("    third();\n", "    1\n    2\n    3\n    4\n"),
            STEPS.to_owned(),
        ),
        (
            "too little is the same",
            with("    sixth();\n", "    new();\n"),
            elsewhere,
        ),
        (
            "two places",
            with("    first();\n", "    new();\n").repeat(2),
            STEPS.to_owned(),
        ),
        (
            "two changes in one place",
            with(
                "    second();\n",
                "    fourth();\n    fifth();\n    sixth();\n",
            ),
            STEPS.to_owned(),
        ),
    ] {
        let patch = block(&old, &change(&old));
        let error = planned(&lax(Format::SearchReplace), &patch, &[("a.py", &file)]).unwrap_err();
        assert_eq!(error.code(), "context_not_found", "{name}: {error}");
    }
    // Where lines are only added, the lines around them must stand together.
    let old = "    second();\n    third();\n    fourth();\n    fifth();\n";
    let added = old.replace("    fourth();\n", "    added();\n    fourth();\n");
    let file = with("    third();\n", "    new();\n");
    let error = planned(
        &lax(Format::SearchReplace),
        &block(old, &added),
        &[("a.py", &file)],
    )
    .unwrap_err();
    assert_eq!(error.code(), "context_not_found");
    let file = with("    fourth();\n", "    new();\n");
    let files = &[("a.py", file.as_str())][..];
    let plan = planned(&lax(Format::SearchReplace), &block(old, &added), files).unwrap();
    let after = file.replace("    fourth();\n", "    added();\n    fourth();\n");
    assert_eq!(plan.files[0].after.as_deref(), Some(after.as_bytes()));
}

#[test]
fn an_exact_place_is_preferred_to_a_looser_one() {
    let files = &[("a.py", "    x\nx\n")][..];
    let plan = planned(&lax(Format::SearchReplace), &block("x\n", "y\n"), files).unwrap();
    assert_eq!(plan.files[0].after.as_deref(), Some(&b"    x\ny\n"[..]));
    assert_eq!(labels(&plan), ["exact"]);
}

#[test]
fn text_within_a_line_can_be_escaped_too() {
    let patch = r#"[{"path": "a", "old": "b &amp;&amp; c", "new": "b &amp;&amp; d"}]"#;
    let files = &[("a", "if (a && b && c) {\n")][..];
    let plan = planned(&lax(Format::Edits), patch, files).unwrap();
    assert_eq!(
        plan.files[0].after.as_deref(),
        Some(&b"if (a && b && d) {\n"[..])
    );
    assert_eq!(labels(&plan), ["unescaped"]);
}

#[test]
fn a_hunk_of_two_blocks_has_the_worse_of_their_labels() {
    let two = block("b\n", "B\n") + &block("    c\n", "    C\n");
    let files = &[("a.py", "a\nb\nc\nd\ne\nz\n")][..];
    let plan = planned(&lax(Format::SearchReplace), &two, files).unwrap();
    assert_eq!(labels(&plan), ["indent-4"]);
    let apart = two + &block("z\n", "Z\n");
    let plan = planned(&lax(Format::SearchReplace), &apart, files).unwrap();
    assert_eq!(labels(&plan), ["indent-4", "exact"]);
}

#[test]
fn bytes_that_no_hunk_changes_stay() {
    let options = lax(Format::SearchReplace);
    let cases = [
        ("\u{feff}a\r\nb\r\nc\r\n", "\u{feff}a\r\nB\r\nB2\r\nc\r\n"),
        ("a\nb\r\nc\n", "a\nB\r\nB2\r\nc\n"),
        ("a\r\nb\nc\r\n", "a\r\nB\nB2\nc\r\n"),
        ("a\nb", "a\nB\nB2"),
        ("a\r\nb", "a\r\nB\r\nB2"),
        (
            "\u{c}a\u{2028}x\u{85}\rb\nb\n",
            "\u{c}a\u{2028}x\u{85}\rb\nB\nB2\n",
        ),
        ("b", "B\nB2"),
        ("\tb\t\nb\n\n\n", "\tb\t\nB\nB2\n\n\n"),
    ];
    for (before, after) in cases {
        let patch = block("b\n", "B\nB2\n");
        let (before, after) = (&[("a.py", before)][..], &[("a.py", after)][..]);
        check(&options, &[(before[0].1, &patch, before, Ok(after))]);
    }
    let grown = "a.py\n<<<<<<< SEARCH\nb\n=======\nb\nc\n>>>>>>> REPLACE\n";
    let before = &[("a.py", "a\r\nb")][..];
    let after = &[("a.py", "a\r\nb\r\nc")][..];
    check(
        &options,
        &[("after a last line without ending", grown, before, Ok(after))],
    );
}
