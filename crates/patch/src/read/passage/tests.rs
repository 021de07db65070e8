//! Answers of small models, and what becomes of the lines.

use super::*;

const FILE: &str =
    "class A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n";

/// Returns the file's text after an answer, for some lines of it.
fn after(
    text: &str,
    (first, last): (u32, u32),
    answer: &str,
) -> Result<Option<String>, PatchError> {
    let path: WorkspacePath = "a.py".parse().unwrap();
    let passage = Passage {
        path: &path,
        text,
        first,
        last,
    };
    let patch = parse_rewrite(answer, &passage)?;
    Ok(
        patch.map(|patch| match <[FileEdit; 1]>::try_from(patch.edits) {
            Ok([FileEdit::Replace { text, .. }]) => text,
            other => panic!("{other:?}"),
        }),
    )
}

fn fenced(text: &str) -> String {
    format!("Here it is:\n\n```python\n{text}```\nIt returns more.\n")
}

#[test]
fn one_block_takes_the_place_of_the_lines() {
    for (lines, block, wanted) in [
        (
            (2, 3),
            "    def f(self):\n        return 10\n",
            FILE.replace('1', "10"),
        ),
        (
            (3, 3),
            "        x = 1\n        return x\n",
            FILE.replace("return 1", "x = 1\n        return x"),
        ),
        (
            (2, 4),
            "",
            FILE.replace("    def f(self):\n        return 1\n\n", ""),
        ),
        ((1, 6), "pass\n", "pass\n".to_owned()),
    ] {
        assert_eq!(
            after(FILE, lines, &fenced(block)),
            Ok(Some(wanted)),
            "{block}"
        );
    }
}

#[test]
fn indentation_that_the_model_dropped_comes_back() {
    let wanted = Ok(Some(FILE.replace('1', "10")));
    for block in [
        "    def f(self):\n        return 10\n",
        "def f(self):\n    return 10\n",
        // The first line alone, as where the block was trimmed.
        "def f(self):\n        return 10\n",
    ] {
        assert_eq!(after(FILE, (2, 3), &fenced(block)), wanted, "{block}");
    }
    // A part of it.
    let deep = "if a:\n        x = 1\n        y = 2\n";
    let less = after(deep, (2, 3), &fenced("    x = 1\n    y = 3\n"));
    assert_eq!(less, Ok(Some(deep.replace("y = 2", "y = 3"))));
    // What stands less deep on purpose does.
    let up = after(deep, (2, 3), &fenced("        x = 1\n    y = 2\n"));
    assert_eq!(up, Ok(Some(deep.replace("        y = 2", "    y = 2"))));
    let tabs = after(
        "{\n\t\ta();\n\t\tb();\n}\n",
        (2, 3),
        &fenced("a();\n\nc();\n"),
    );
    assert_eq!(tabs, Ok(Some("{\n\t\ta();\n\n\t\tc();\n}\n".to_owned())));
}

#[test]
fn a_first_line_without_indentation_is_told_from_a_new_block() {
    let two = "def f():\n    a = 1\n    b = 2\n";
    let ruby = "def f\n  a = 1\n  b = 2\nend\n";
    let up = "if a:\n        x = 1\ny = 2\n";
    for (text, lines, block, wanted) in [
        // Lines that were wrapped in a block, and the whole lost its place.
        (
            two,
            (2, 3),
            "if x:\n    a = 1\n    b = 2\n",
            "def f():\n    if x:\n        a = 1\n        b = 2\n",
        ),
        (
            ruby,
            (2, 3),
            "if x\n  a = 1\n  b = 2\nend\n",
            "def f\n  if x\n    a = 1\n    b = 2\n  end\nend\n",
        ),
        // A line above that heads nothing, trimmed as the block's first one.
        (
            two,
            (2, 3),
            "log()\n    a = 1\n    b = 2\n",
            "def f():\n    log()\n    a = 1\n    b = 2\n",
        ),
        // The first line stood deeper than those below it.
        (
            FILE,
            (3, 6),
            "return 10\n\n    def g(self):\n        return 2\n",
            &FILE.replace('1', "10"),
        ),
        (
            FILE,
            (3, 6),
            "def h(self):\n        return 1\n\n    def g(self):\n        return 2\n",
            &FILE.replace("        return 1", "    def h(self):\n        return 1"),
        ),
        // Also where what they have in common is nothing.
        (up, (2, 3), "x = 10\ny = 2\n", &up.replace('1', "10")),
    ] {
        let got = after(text, lines, &fenced(block));
        assert_eq!(got, Ok(Some(wanted.to_owned())), "{block}");
    }
}

#[test]
fn white_space_can_be_all_that_changes() {
    let deep = "if a:\n        x = 1\n        y = 2  \n";
    for (text, lines, block, wanted) in [
        // Less deep, but deep.
        (
            deep,
            (2, 3),
            "    x = 1\n    y = 2\n",
            "if a:\n    x = 1\n    y = 2\n",
        ),
        // A line that should not have been deeper than the others.
        ("  a\nb\n", (1, 2), "a\nb\n", "a\nb\n"),
        // Blanks at the end of a line.
        (
            deep,
            (2, 3),
            "        x = 1\n        y = 2\n",
            &deep.replace("  \n", "\n"),
        ),
    ] {
        let got = after(text, lines, &fenced(block));
        assert_eq!(got, Ok(Some(wanted.to_owned())), "{block}");
    }
}

#[test]
fn a_diff_is_read_as_one() {
    let wanted = "-        return 1\n+        return 10\n";
    let path: WorkspacePath = "a.py".parse().unwrap();
    let passage = Passage {
        path: &path,
        text: FILE,
        first: 2,
        last: 3,
    };
    for (info, head) in [
        ("diff", "--- a/a.py\n+++ b/a.py\n@@ -3,1 +3,1 @@\n"),
        ("python", "--- a/a.py\n+++ b/a.py\n@@ -3,1 +3,1 @@\n"),
        ("", "@@ -3,1 +3,1 @@\n"),
    ] {
        let answer = format!("So:\n```{info}\n{head}{wanted}```\nDone.\n");
        let patch = parse_rewrite(&answer, &passage).unwrap().unwrap();
        let [FileEdit::Update { hunks, .. }] = patch.edits.as_slice() else {
            panic!("{head}: {:?}", patch.edits);
        };
        let crate::edit::EditBody::Lines(lines) = &hunks[0].body else {
            panic!("{head}: {hunks:?}");
        };
        assert_eq!(lines.len(), 2, "{head}: {lines:?}");
    }
    let error = after(FILE, (2, 3), &format!("```diff\n{wanted}```\n")).unwrap_err();
    assert_eq!(error.kind, ErrorCode::Syntax);
    assert!(error.to_string().contains("without `@@"), "{error}");
}

#[test]
fn the_fences_of_a_document_stay() {
    let text = "Run\n\n```sh\nmake\n```\n\nand see.\n";
    let sh = |body: &str| format!("Here:\n```sh\n{body}```\n");
    let wanted = Ok(Some(text.replace("make", "make all")));
    for (lines, answer) in [
        ((3, 5), sh("make all\n")),
        ((2, 6), sh("make all\n")),
        ((4, 4), sh("make all\n")),
        ((3, 5), "````md\n```sh\nmake all\n```\n````\n".to_owned()),
    ] {
        assert_eq!(after(text, lines, &answer), wanted, "{lines:?} {answer}");
    }
    assert_eq!(after(text, (3, 5), &sh("make\n")), Ok(None));
    // The block may be all of the lines or what is between the fences.
    let error = after(text, (1, 7), &sh("make all\n")).unwrap_err();
    assert_eq!((error.kind, error.patch_line), (ErrorCode::Syntax, Some(2)));
}

#[test]
fn blank_lines_at_the_ends_stay() {
    let text = "a\n\nb\n\nc\n";
    assert_eq!(
        after(text, (2, 4), &fenced("B\n")),
        Ok(Some("a\n\nB\n\nc\n".to_owned()))
    );
    assert_eq!(
        after(text, (2, 4), &fenced("\n\nB\n")),
        Ok(Some("a\n\n\nB\n\nc\n".to_owned()))
    );
}

#[test]
fn the_end_of_the_file_and_its_line_endings_stay() {
    assert_eq!(
        after("a\nb", (2, 2), &fenced("B\n")),
        Ok(Some("a\nB".to_owned()))
    );
    assert_eq!(
        after("a\nb", (1, 1), &fenced("A\n")),
        Ok(Some("A\nb".to_owned()))
    );
    assert_eq!(
        after("a\nb", (2, 2), &fenced("")),
        Ok(Some("a\n".to_owned()))
    );
    assert_eq!(
        after("a\r\nb\r\n", (1, 1), &fenced("A\n")),
        Ok(Some("A\nb\r\n".to_owned()))
    );
}

#[test]
fn without_a_block_it_is_an_answer() {
    assert_eq!(after(FILE, (2, 3), "It returns `1`."), Ok(None));
    // A quotation is none, nor is one that lost its indentation.
    assert_eq!(
        after(FILE, (2, 3), &fenced("def f(self):\n    return 1\n")),
        Ok(None)
    );
}

#[test]
fn of_several_blocks_those_that_quote_do_not_count() {
    let old = fenced("    def f(self):\n        return 1\n");
    let new = fenced("    def f(self):\n        return 10\n");
    let other = fenced("    def f(self):\n        return 100\n");
    let wanted = Ok(Some(FILE.replace('1', "10")));
    assert_eq!(after(FILE, (2, 3), &format!("{old}{new}")), wanted);
    // Nor does one that is said twice, or a diff of the same.
    let diff = "```diff\n-        return 1\n+        return 10\n```\n";
    assert_eq!(after(FILE, (2, 3), &format!("{new}{new}")), wanted);
    assert_eq!(after(FILE, (2, 3), &format!("{diff}{new}")), wanted);
    // Two that differ are refused, for nothing says which is meant.
    let error = after(FILE, (2, 3), &format!("{new}{other}")).unwrap_err();
    assert_eq!(
        (error.kind, error.patch_line),
        (ErrorCode::Syntax, Some(10))
    );
    assert!(error.to_string().contains("2 different blocks"), "{error}");
}

#[test]
fn what_is_cut_off_or_outside_is_refused() {
    let error = after(FILE, (2, 3), "```\n    def f(self):\n").unwrap_err();
    assert_eq!(error.kind, ErrorCode::Syntax);
    for lines in [(0, 1), (3, 2), (6, 7), (7, 7)] {
        let error = after(FILE, lines, &fenced("x\n")).unwrap_err();
        assert_eq!(error.kind, ErrorCode::ContextNotFound, "{lines:?}");
    }
}
