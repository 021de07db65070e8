//! `apply_patch`, in the shapes of Codex's own tests and of models that get
//! them slightly wrong.

use atelier_patch::Format;

use crate::story::{Case, check, lax, strict};

#[test]
fn envelopes_of_the_grammar_are_read_by_both_readings() {
    let cases: &[Case<'_>] = &[
        (
            "create",
            "*** Begin Patch\n*** Add File: d/new.txt\n+one\n+two\n*** End Patch\n",
            &[],
            Ok(&[("d/new.txt", "one\ntwo\n")]),
        ),
        (
            "delete",
            "*** Begin Patch\n*** Delete File: a\n*** End Patch",
            &[("a", "x\n"), ("b", "y\n")],
            Ok(&[("b", "y\n")]),
        ),
        (
            "update",
            "*** Begin Patch\n*** Update File: a\n@@\n foo\n-bar\n+baz\n*** End Patch\n",
            &[("a", "foo\nbar\n")],
            Ok(&[("a", "foo\nbaz\n")]),
        ),
        (
            "update and move",
            "*** Begin Patch\n*** Update File: a\n*** Move to: b/c\n@@\n-line\n+line2\n\
             *** End Patch\n",
            &[("a", "line\n")],
            Ok(&[("b/c", "line2\n")]),
        ),
        (
            "move only",
            "*** Begin Patch\n*** Update File: a\n*** Move to: b\n*** End Patch\n",
            &[("a", "line\n")],
            Ok(&[("b", "line\n")]),
        ),
        (
            "several chunks",
            "*** Begin Patch\n*** Update File: a\n@@\n foo\n-bar\n+BAR\n@@\n baz\n-qux\n+QUX\n\
             *** End Patch\n",
            &[("a", "foo\nbar\nbaz\nqux\n")],
            Ok(&[("a", "foo\nBAR\nbaz\nQUX\n")]),
        ),
        (
            "chunks apart, an addition in between",
            "*** Begin Patch\n*** Update File: a\n@@\n a\n-b\n+B\n@@\n c\n d\n-e\n+E\n@@\n f\n\
             +g\n*** End of File\n*** End Patch\n",
            &[("a", "a\nb\nc\nd\ne\nf\n")],
            Ok(&[("a", "a\nB\nc\nd\nE\nf\ng\n")]),
        ),
        (
            "several files",
            "*** Begin Patch\n*** Add File: n\n+1\n*** Update File: a\n@@\n-x\n+y\n\
             *** Delete File: b\n*** End Patch\n",
            &[("a", "x\n"), ("b", "z\n")],
            Ok(&[("a", "y\n"), ("n", "1\n")]),
        ),
        (
            "markers as content",
            "*** Begin Patch\n*** Update File: a\n@@\n-*** End Patch\n+*** Begin Patch\n \
             @@ x\n*** End Patch\n",
            &[("a", "*** End Patch\n@@ x\n")],
            Ok(&[("a", "*** Begin Patch\n@@ x\n")]),
        ),
        (
            "the first line of a file can change",
            "*** Begin Patch\n*** Update File: a\n@@\n-first\n+FIRST\n second\n*** End Patch\n",
            &[("a", "first\nsecond\n")],
            Ok(&[("a", "FIRST\nsecond\n")]),
        ),
        (
            "an end of file that repeats what stands above",
            "*** Begin Patch\n*** Update File: a\n@@\n x\n+y\n*** End of File\n*** End Patch\n",
            &[("a", "x\nx\nx\n")],
            Ok(&[("a", "x\nx\nx\ny\n")]),
        ),
        (
            "create where a file is",
            "*** Begin Patch\n*** Add File: a\n+1\n*** End Patch\n",
            &[("a", "0\n")],
            Err("file_exists"),
        ),
        (
            "move to where a file is",
            "*** Begin Patch\n*** Update File: a\n*** Move to: b\n@@\n-0\n+1\n*** End Patch\n",
            &[("a", "0\n"), ("b", "2\n")],
            Err("file_exists"),
        ),
        (
            "update of what isn't there",
            "*** Begin Patch\n*** Update File: a\n@@\n-0\n+1\n*** End Patch\n",
            &[],
            Err("file_missing"),
        ),
        (
            "delete of what isn't there",
            "*** Begin Patch\n*** Delete File: a\n*** End Patch\n",
            &[],
            Err("file_missing"),
        ),
        (
            "delete of a folder",
            "*** Begin Patch\n*** Delete File: d\n*** End Patch\n",
            &[("d/a", "")],
            Err("not_a_file"),
        ),
        (
            "no changes below an update",
            "*** Begin Patch\n*** Update File: a\n*** End Patch\n",
            &[("a", "0\n")],
            Err("syntax"),
        ),
        (
            "an unknown header",
            "*** Begin Patch\n*** Rename File: a\n*** End Patch\n",
            &[("a", "0\n")],
            Err("syntax"),
        ),
        (
            "a line without its sign",
            "*** Begin Patch\n*** Update File: a\n@@\n-0\nx\n+1\n*** End Patch\n",
            &[("a", "0\n")],
            Err("syntax"),
        ),
        (
            "a path that leads out",
            "*** Begin Patch\n*** Add File: ../a\n+1\n*** End Patch\n",
            &[],
            Err("invalid_path"),
        ),
        (
            "an absolute path",
            "*** Begin Patch\n*** Add File: /etc/passwd\n+1\n*** End Patch\n",
            &[],
            Err("invalid_path"),
        ),
    ];
    check(&lax(Format::ApplyPatch), cases);
    check(&strict(Format::ApplyPatch), cases);
}

#[test]
fn only_the_loose_reading_takes_what_models_make_of_it() {
    let files = &[("a", "x\n\nold\ny\n")][..];
    let after = &[("a", "x\n\nnew\ny\n")][..];
    let cases: &[Case<'_>] = &[
        (
            "a here-document",
            "<<'EOF'\n*** Begin Patch\n*** Update File: a\n@@\n-old\n+new\n*** End Patch\nEOF\n",
            files,
            Ok(after),
        ),
        (
            "a shell call",
            "apply_patch <<PATCH\n*** Begin Patch\n*** Update File: a\n@@\n-old\n+new\n\
             *** End Patch\nPATCH\n",
            files,
            Ok(after),
        ),
        (
            "padded markers",
            "  *** Begin Patch  \n  *** Update File: a\n@@\n-old\n+new\n  *** End Patch  \n",
            files,
            Ok(after),
        ),
        (
            "prose and a fence around",
            "I'd do this:\n\n```diff\n*** Begin Patch\n*** Update File: a\n@@\n-old\n+new\n\
             *** End Patch\n```\n\nDone.\n",
            files,
            Ok(after),
        ),
        (
            "no envelope",
            "*** Update File: a\n@@\n-old\n+new\n",
            files,
            Ok(after),
        ),
        (
            "an envelope that is cut off by its fence",
            "```\n*** Begin Patch\n*** Update File: a\n@@\n-old\n+new\n```\n",
            files,
            Ok(after),
        ),
        (
            "blank lines without their space",
            "*** Begin Patch\n\n*** Update File: a\n\n@@\n x\n\n-old\n+new\n\n*** End Patch\n",
            files,
            Ok(after),
        ),
        (
            "line numbers as scope",
            "*** Begin Patch\n*** Update File: a\n@@ -3,1 +3,1 @@\n-old\n+new\n*** End Patch\n",
            files,
            Ok(after),
        ),
        (
            "a deletion with its lines",
            "*** Begin Patch\n*** Delete File: b\n-x\n-y\n*** Update File: a\n@@\n-old\n+new\n\
             *** End Patch\n",
            &[("a", "x\n\nold\ny\n"), ("b", "x\ny\n")],
            Ok(after),
        ),
        (
            "scopes that end like those of a diff",
            "*** Begin Patch\n*** Update File: a\n@@ x @@\n-old\n+new\n*** End Patch\n",
            files,
            Ok(after),
        ),
        (
            "a path from the current folder",
            "*** Begin Patch\n*** Update File: ./a\n@@\n-old\n+new\n*** End Patch\n",
            files,
            Ok(after),
        ),
        (
            "Windows line endings on the way",
            "*** Begin Patch\r\n*** Update File: a\r\n@@\r\n-old\r\n+new\r\n*** End Patch\r\n",
            files,
            Ok(after),
        ),
    ];
    check(&lax(Format::ApplyPatch), cases);
    for (name, patch, before, _) in cases {
        let outcome = crate::story::planned(&strict(Format::ApplyPatch), patch, before);
        if *name != "Windows line endings on the way" {
            assert!(outcome.is_err(), "the strict reading took {name}");
        }
    }
    let stale = "*** Begin Patch\n*** Delete File: b\n-x\n*** End Patch\n";
    let other = &[("b", "mine\n")][..];
    check(
        &lax(Format::ApplyPatch),
        &[(
            "a deletion of other lines",
            stale,
            other,
            Err("content_changed"),
        )],
    );
    let first = "*** Begin Patch\n*** Update File: a\n-old\n+new\n*** End Patch\n";
    check(
        &lax(Format::ApplyPatch),
        &[("no `@@` in the first chunk", first, files, Ok(after))],
    );
}

#[test]
fn what_is_not_in_the_grammar_is_named_with_its_line() {
    for (patch, line, word) in [
        (
            "*** Begin Patch\n*** Environment ID: x\n*** Update File: a\n",
            2,
            "Environment ID",
        ),
        (
            "*** Begin Patch\n*** Add File: n\n+x\n*** Rename File: a\n",
            4,
            "Rename File",
        ),
        ("*** Begin Patch\n*** Update File: a\n@@\n-x\ny\n", 5, "`y`"),
        (
            "*** Begin Patch\n*** Add File: n\nx = 1\n*** End Patch\n",
            3,
            "`x = 1`",
        ),
        (
            "*** Begin Patch\n*** Update File: a\n@@ f\n*** End Patch\n",
            4,
            "no lines",
        ),
    ] {
        let options = lax(Format::ApplyPatch);
        let error = atelier_patch::parse(patch, &options).unwrap_err();
        assert_eq!(
            (error.code(), error.patch_line),
            ("syntax", Some(line)),
            "{patch}"
        );
        assert!(error.detail.contains(word), "{}", error.detail);
    }
}

#[test]
fn equal_chunks_are_meant_one_for_each_place() {
    let chunk = "@@\n-x\n+y\n";
    let patch = |chunks: usize| {
        let chunks = chunk.repeat(chunks);
        format!("*** Begin Patch\n*** Update File: a\n{chunks}*** End Patch\n")
    };
    let before = &[("a", "x\n1\nx\n2\nx\n")][..];
    let options = lax(Format::ApplyPatch);
    let two = patch(2);
    let three = patch(3);
    check(
        &options,
        &[
            (
                "as many as places",
                &three,
                before,
                Ok(&[("a", "y\n1\ny\n2\ny\n")]),
            ),
            ("fewer than places", &two, before, Err("ambiguous")),
        ],
    );
}
