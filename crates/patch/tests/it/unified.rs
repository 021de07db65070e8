//! Unified diffs.

use atelier_patch::Format;

use crate::story::{Case, check, lax, strict};

const ABC: &[(&str, &str)] = &[("a", "1\n2\n3\n4\n5\n6\n7\n8\n")];

#[test]
fn diffs_of_git_are_read_by_both_readings() {
    let cases: &[Case<'_>] = &[
        (
            "change",
            "diff --git a/a b/a\nindex 1..2 100644\n--- a/a\n+++ b/a\n@@ -3,3 +3,3 @@ fn x\n 3\n-4\n\
             +four\n 5\n",
            ABC,
            Ok(&[("a", "1\n2\n3\nfour\n5\n6\n7\n8\n")]),
        ),
        (
            "two hunks",
            "--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n-1\n+one\n 2\n@@ -7,2 +7,3 @@\n 7\n+7.5\n 8\n",
            ABC,
            Ok(&[("a", "one\n2\n3\n4\n5\n6\n7\n7.5\n8\n")]),
        ),
        (
            "create",
            "diff --git a/n b/n\nnew file mode 100644\nindex 0..1\n--- /dev/null\n+++ b/n\n\
             @@ -0,0 +1,2 @@\n+x\n+y\n\\ No newline at end of file\n",
            &[],
            Ok(&[("n", "x\ny")]),
        ),
        (
            "create an empty file",
            "diff --git a/n b/n\nnew file mode 100644\nindex 0000000..e69de29\n",
            &[],
            Ok(&[("n", "")]),
        ),
        (
            "delete",
            "diff --git a/a b/a\ndeleted file mode 100644\n--- a/a\n+++ /dev/null\n\
             @@ -1,2 +0,0 @@\n-x\n-y\n",
            &[("a", "x\ny\n"), ("b", "")],
            Ok(&[("b", "")]),
        ),
        (
            "delete of a file that has changed",
            "--- a/a\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n",
            &[("a", "x\nmine\n")],
            Err("content_changed"),
        ),
        (
            "rename",
            "diff --git a/a b/d/b\nsimilarity index 100%\nrename from a\nrename to d/b\n",
            &[("a", "x\n")],
            Ok(&[("d/b", "x\n")]),
        ),
        (
            "rename and change",
            "diff --git a/a b/b\nsimilarity index 50%\nrename from a\nrename to b\n--- a/a\n\
             +++ b/b\n@@ -1 +1 @@\n-x\n+y\n",
            &[("a", "x\n")],
            Ok(&[("b", "y\n")]),
        ),
        (
            "a mode beside a change",
            "diff --git a/a b/a\nold mode 100644\nnew mode 100755\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n\
             -x\n+y\n",
            &[("a", "x\n")],
            Ok(&[("a", "y\n")]),
        ),
        (
            "the last newline goes",
            "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+x\n\\ No newline at end of file\n",
            &[("a", "x\n")],
            Ok(&[("a", "x")]),
        ),
        (
            "the last newline comes",
            "--- a/a\n+++ b/a\n@@ -1 +1,2 @@\n-x\n\\ No newline at end of file\n+x\n+y\n",
            &[("a", "x")],
            Ok(&[("a", "x\ny\n")]),
        ),
        (
            "line endings of the file change",
            "--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n-x\r\n+x\n y\r\n",
            &[("a", "x\r\ny\r\n")],
            Ok(&[("a", "x\ny\r\n")]),
        ),
        (
            "lines that look like headers",
            "--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n x\n--- a/b\n+++ b/b\n",
            &[("a", "x\n-- a/b\n")],
            Ok(&[("a", "x\n++ b/b\n")]),
        ),
        (
            "a name in quotes",
            "diff --git \"a/\\303\\274 x\" \"b/\\303\\274 x\"\n--- \"a/\\303\\274 x\"\n\
             +++ \"b/\\303\\274 x\"\n@@ -1 +1 @@\n-x\n+y\n",
            &[("ü x", "x\n")],
            Ok(&[("ü x", "y\n")]),
        ),
        (
            "a name with spaces and a time",
            "--- a/x y\t2026-01-01\n+++ b/x y\t2026-01-01\n@@ -1 +1 @@\n-x\n+y\n",
            &[("x y", "x\n")],
            Ok(&[("x y", "y\n")]),
        ),
        (
            "names without prefixes",
            "--- dir/a\n+++ dir/a\n@@ -1 +1 @@\n-x\n+y\n",
            &[("dir/a", "x\n")],
            Ok(&[("dir/a", "y\n")]),
        ),
        (
            "several files",
            "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+y\n--- a/b\n+++ b/b\n@@ -1 +1 @@\n-p\n+q\n",
            &[("a", "x\n"), ("b", "p\n")],
            Ok(&[("a", "y\n"), ("b", "q\n")]),
        ),
        (
            "the line number decides between equal places",
            "--- a/a\n+++ b/a\n@@ -3 +3 @@\n-x\n+y\n",
            &[("a", "x\n1\nx\n2\nx\n")],
            Ok(&[("a", "x\n1\ny\n2\nx\n")]),
        ),
        (
            "no context at all, between lines",
            "--- a/a\n+++ b/a\n@@ -1,0 +2 @@\n+1.5\n",
            &[("a", "1\n2\n")],
            Ok(&[("a", "1\n1.5\n2\n")]),
        ),
        (
            "no context at all, past the end",
            "--- a/a\n+++ b/a\n@@ -7,0 +8 @@\n+x\n",
            &[("a", "1\n2\n")],
            Err("context_not_found"),
        ),
        (
            "a binary patch without whole hashes",
            "diff --git a/a b/a\nindex 1..2 100644\nGIT binary patch\nliteral 1\nA\n\n",
            &[("a", "x\n")],
            Err("unsupported"),
        ),
        (
            "binary files that differ",
            "diff --git a/a b/a\nindex 1..2 100644\nBinary files a/a and b/a differ\n",
            &[("a", "x\n")],
            Err("binary"),
        ),
        (
            "a copy",
            "diff --git a/a b/b\nsimilarity index 100%\ncopy from a\ncopy to b\n",
            &[("a", "x\n")],
            Ok(&[("a", "x\n"), ("b", "x\n")]),
        ),
        (
            "a copy with a change, of a file that changes too",
            "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+y\ndiff --git a/a b/b\n\
             similarity index 50%\ncopy from a\ncopy to b\n--- a/a\n+++ b/b\n@@ -1 +1 @@\n-x\n\
             +z\n",
            &[("a", "x\n")],
            Ok(&[("a", "y\n"), ("b", "z\n")]),
        ),
        (
            "a copy onto a file",
            "diff --git a/a b/b\ncopy from a\ncopy to b\n",
            &[("a", "x\n"), ("b", "mine\n")],
            Err("file_exists"),
        ),
        (
            "a copy of nothing",
            "diff --git a/a b/b\ncopy from a\ncopy to b\n",
            &[],
            Err("file_missing"),
        ),
        (
            "a name without a prefix in a diff of git",
            "diff --git dir/a dir/a\n--- dir/a\n+++ dir/a\n@@ -1 +1 @@\n-x\n+y\n",
            &[("dir/a", "x\n")],
            Ok(&[("dir/a", "y\n")]),
        ),
        (
            "a new file without a prefix, in a folder named as one",
            "diff --git b/a b/a\nnew file mode 100644\n--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+x\n",
            &[],
            Ok(&[("b/a", "x\n")]),
        ),
        (
            "git's other prefixes",
            "diff --git i/dir/a w/dir/a\n--- i/dir/a\n+++ w/dir/a\n@@ -1 +1 @@\n-x\n+y\n",
            &[("dir/a", "x\n")],
            Ok(&[("dir/a", "y\n")]),
        ),
        (
            "a diff of a link that stands",
            "diff --git a/l b/l\nindex 1..2 120000\n--- a/l\n+++ b/l\n@@ -1 +1 @@\n-x\n+y\n",
            &[("l", "x\n")],
            Err("unsupported"),
        ),
        (
            "a submodule",
            "diff --git a/s b/s\nindex 1..2 160000\n--- a/s\n+++ b/s\n@@ -1 +1 @@\n\
             -Subproject commit 1\n+Subproject commit 2\n",
            &[],
            Err("unsupported"),
        ),
        (
            "what git says of a submodule in words",
            "Submodule lib 1234567..89abcde:\n  > A commit\n",
            &[],
            Err("unsupported"),
        ),
        (
            "the diff of a merge",
            "diff --cc a\nindex 1,2..3\n--- a/a\n+++ b/a\n@@@ -1,1 -1,1 +1,1 @@@\n- x\n -y\n++z\n",
            &[("a", "x\n")],
            Err("unsupported"),
        ),
        (
            "a mode that is none",
            "diff --git a/a b/a\nold mode 100644\nnew mode 040000\n",
            &[("a", "x\n")],
            Err("syntax"),
        ),
        (
            "a symbolic link",
            "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n\
             +/etc\n\\ No newline at end of file\n",
            &[],
            Err("unsupported"),
        ),
        (
            "a path into git's own folder",
            "--- /dev/null\n+++ b/.git/hooks/x\n@@ -0,0 +1 @@\n+x\n",
            &[],
            Err("invalid_path"),
        ),
    ];
    check(&lax(Format::Unified), cases);
    check(&strict(Format::Unified), cases);
}

#[test]
fn only_the_loose_reading_takes_what_models_make_of_them() {
    let cases: &[Case<'_>] = &[
        (
            "wrong counts",
            "--- a/a\n+++ b/a\n@@ -3,9 +3,1 @@\n 3\n-4\n+four\n 5\n",
            ABC,
            Ok(&[("a", "1\n2\n3\nfour\n5\n6\n7\n8\n")]),
        ),
        (
            "counts that are too small",
            "--- a/a\n+++ b/a\n@@ -3,1 +3,1 @@\n 3\n-4\n+four\n 5\n",
            ABC,
            Ok(&[("a", "1\n2\n3\nfour\n5\n6\n7\n8\n")]),
        ),
        (
            "no line numbers, as aider asks for",
            "```diff\n--- a\n+++ a\n@@ ... @@\n 3\n-4\n+four\n@@ ... @@\n-8\n+eight\n```\n",
            ABC,
            Ok(&[("a", "1\n2\n3\nfour\n5\n6\n7\neight\n")]),
        ),
        (
            "no `@@` at all",
            "--- a/a\n+++ b/a\n 3\n-4\n+four\n",
            ABC,
            Ok(&[("a", "1\n2\n3\nfour\n5\n6\n7\n8\n")]),
        ),
        (
            "a blank line without its space",
            "--- a/a\n+++ b/a\n@@ -1,3 +1,3 @@\n x\n\n-y\n+z\n",
            &[("a", "x\n\ny\n")],
            Ok(&[("a", "x\n\nz\n")]),
        ),
        (
            "prose behind the hunk",
            "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+y\n\n- this changes x\n- and nothing else\n",
            &[("a", "x\n")],
            Ok(&[("a", "y\n")]),
        ),
        (
            "a mail around the diff",
            "From 0123 Mon Sep 17 00:00:00 2001\nFrom: Ana <ana@example.org>\nSubject: [PATCH] y\n\
             \nWhy:\n- because\n---\n a | 2 +-\n 1 file changed\n\ndiff --git a/a b/a\n--- a/a\n\
             +++ b/a\n@@ -1 +1 @@\n-x\n+y\n-- \n2.43.0\n\n",
            &[("a", "x\n")],
            Ok(&[("a", "y\n")]),
        ),
        (
            "a mail with a signature",
            "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+y\n\n-- \nAna <ana@example.org>\n+49 30 1234\n",
            &[("a", "x\n")],
            Ok(&[("a", "y\n")]),
        ),
        (
            "a mail whose hunk counts too many lines",
            "--- a/a\n+++ b/a\n@@ -1,4 +1,4 @@\n-x\n+y\n-- \n2.43.0\n",
            &[("a", "x\n")],
            Ok(&[("a", "y\n")]),
        ),
        (
            "a time behind a space",
            "--- a/my a 2026-01-01 10:00:00.5 +0100\n+++ b/my a 2026-01-01 10:00:01\n@@ -1 +1 @@\n\
             -x\n+y\n",
            &[("my a", "x\n")],
            Ok(&[("my a", "y\n")]),
        ),
        (
            "a file that `diff -N` makes",
            "--- n\t1970-01-01 01:00:00.000000000 +0100\n+++ n\t2026-01-01 10:00:00\n@@ -0,0 +1 @@\n\
             +x\n",
            &[],
            Ok(&[("n", "x\n")]),
        ),
        (
            "a file that `diff -N` removes",
            "--- a\t2026-01-01 10:00:00\n+++ a\t1969-12-31 16:00:00 -0800\n@@ -1 +0,0 @@\n-x\n",
            &[("a", "x\n"), ("b", "")],
            Ok(&[("b", "")]),
        ),
        (
            "a deletion that leaves out the text",
            "--- a/a\n+++ /dev/null\n",
            &[("a", "x\n"), ("b", "")],
            Ok(&[("b", "")]),
        ),
    ];
    check(&lax(Format::Unified), cases);
    let bare = "Replace it:\n@@ -3 +3 @@\n-3\n+three\n@@ -8 +8 @@\n-8\n+eight\n";
    let options = crate::story::open_file(Format::Auto, "a");
    let after = &[("a", "1\n2\nthree\n4\n5\n6\n7\neight\n")][..];
    check(
        &options,
        &[("hunks of the open file", bare, ABC, Ok(after))],
    );
    let stale: &[Case<'_>] = &[
        (
            "line numbers of an older file",
            "--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n-x\n+y\n z\n",
            &[("a", "0\n0\n0\nx\nz\n")],
            Ok(&[("a", "0\n0\n0\ny\nz\n")]),
        ),
        (
            "the nearest of several places",
            "--- a/a\n+++ b/a\n@@ -4 +4 @@\n-x\n+y\n",
            &[("a", "x\n1\n1\n1\nx\n1\n1\n1\nx\n")],
            Ok(&[("a", "x\n1\n1\n1\ny\n1\n1\n1\nx\n")]),
        ),
        (
            "two places equally near",
            "--- a/a\n+++ b/a\n@@ -2 +2 @@\n-x\n+y\n",
            &[("a", "x\n1\nx\n")],
            Err("ambiguous"),
        ),
        (
            "the hunk before says that the file has moved",
            "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-first\n+FIRST\n@@ -5 +5 @@\n-x\n+y\n",
            &[("a", "0\n0\n0\nfirst\nx\n0\n0\nx\n")],
            Err("ambiguous"),
        ),
        (
            "Windows line endings in the file only",
            "--- a/a\n+++ b/a\n@@ -1,2 +1,3 @@\n x\n+y\n z\n",
            &[("a", "x\r\nz\r\n")],
            Ok(&[("a", "x\r\ny\r\nz\r\n")]),
        ),
        (
            "Windows line endings in the diff only",
            "--- a/a\r\n+++ b/a\r\n@@ -1,2 +1,3 @@\r\n x\r\n+y\r\n z\r\n",
            &[("a", "x\nz\n")],
            Ok(&[("a", "x\ny\nz\n")]),
        ),
    ];
    check(&lax(Format::Unified), stale);
    check(&strict(Format::Unified), stale);
}

#[test]
fn a_name_that_begins_with_a_space_is_not_another_files() {
    let patch = "--- a/ f\t\n+++ b/ f\t\n@@ -1 +1 @@\n-x\n+y\n";
    let (before, after) = (
        &[("f", "x\n"), (" f", "x\n")],
        &[("f", "x\n"), (" f", "y\n")],
    );
    for options in [lax(Format::Unified), strict(Format::Unified)] {
        check(&options, &[("a space", patch, before, Ok(after))]);
    }
    let patch = "*** Begin Patch\n*** Add File: ./ f\n+x\n*** End Patch\n";
    check(
        &lax(Format::ApplyPatch),
        &[("./", patch, &[], Ok(&[("f", "x\n")]))],
    );
}
