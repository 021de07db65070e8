//! Whole files.

use atelier_patch::Format;

use crate::story::{Case, check, lax, open_file};

#[test]
fn named_blocks_are_files() {
    let cases: &[Case<'_>] = &[
        (
            "a name above",
            "Here:\n\nsrc/a.py\n```python\nx = 1\n```\n",
            &[],
            Ok(&[("src/a.py", "x = 1\n")]),
        ),
        (
            "a name within the fence's line",
            "```python title=\"src/a.py\"\nx = 1\n```\n",
            &[("src/a.py", "x = 0\n")],
            Ok(&[("src/a.py", "x = 1\n")]),
        ),
        (
            "several, and one that is no file",
            "**a.txt**\n```\n1\n```\n\nRun it:\n\n```sh\nmake\n```\n\n`b.txt`:\n```\n2\n```\n",
            &[],
            Ok(&[("a.txt", "1\n"), ("b.txt", "2\n")]),
        ),
        (
            "a longer fence holds a fence",
            "a.md\n````\n```\nx\n```\n````\n",
            &[],
            Ok(&[("a.md", "```\nx\n```\n")]),
        ),
        (
            "no name",
            "```python\nx = 1\n```\n",
            &[],
            Err("missing_path"),
        ),
        (
            "a name with spaces",
            "my notes.txt\n```\n1\n```\n",
            &[],
            Ok(&[("my notes.txt", "1\n")]),
        ),
        (
            "a sentence is no name",
            "See main.py\n```\n1\n```\n",
            &[],
            Err("missing_path"),
        ),
        (
            "a name in the first line's comment",
            "```ts\n// src/a.ts\nlet x\n```\n\n```html\n<!-- b.html -->\n<p>\n```\n",
            &[],
            Ok(&[
                ("b.html", "<!-- b.html -->\n<p>\n"),
                ("src/a.ts", "// src/a.ts\nlet x\n"),
            ]),
        ),
        (
            "a comment where none can be",
            "```json\n// a.json\n{}\n```\n",
            &[],
            Ok(&[("a.json", "{}\n")]),
        ),
        (
            "a comment with more than a name",
            "```py\n# see a.py for this\nx\n```\n",
            &[],
            Err("missing_path"),
        ),
        ("cut off", "a.py\n```\nx = 1\n", &[], Err("syntax")),
        (
            "lines keep their endings",
            "a\n```a.txt\n1\n2.5\n3\n```\n",
            &[("a.txt", "1\r\n2\r\n3\r\n")],
            Ok(&[("a.txt", "1\r\n2.5\r\n3\r\n")]),
        ),
        (
            "a placeholder where text should be",
            "a.py\n```\nx = 1\n# ... rest of the code stays ...\n```\n",
            &[("a.py", "x = 0\ny = 2\n")],
            Err("elided"),
        ),
        (
            "a placeholder that was there before",
            "a.py\n```\nx = 1\n# ... existing code ...\n```\n",
            &[("a.py", "x = 0\n# ... existing code ...\n")],
            Ok(&[("a.py", "x = 1\n# ... existing code ...\n")]),
        ),
        (
            "nothing new",
            "a.py\n```\nx = 1\n```\n",
            &[("a.py", "x = 1\n")],
            Err("no_change"),
        ),
    ];
    check(&lax(Format::Whole), cases);
}

#[test]
fn one_files_text_needs_no_block() {
    let before = &[("a.py", "x = 0\n")][..];
    let after = &[("a.py", "x = 1\n")][..];
    let cases: &[Case<'_>] = &[
        ("as it is", "x = 1\n", before, Ok(after)),
        (
            "without a last newline",
            "x = 1",
            before,
            Ok(&[("a.py", "x = 1")]),
        ),
        ("in a fence", "```python\nx = 1\n```\n", before, Ok(after)),
        (
            "with prose around",
            "Sure:\n```\nx = 1\n```\nBye.\n",
            before,
            Ok(after),
        ),
        ("a new file", "x = 1\n", &[], Ok(after)),
        ("emptied", "", before, Ok(&[("a.py", "")])),
        (
            "Windows line endings on the way",
            "x = 1\r\ny = 2\r\n",
            before,
            Ok(&[("a.py", "x = 1\ny = 2\n")]),
        ),
    ];
    check(&open_file(Format::Whole, "a.py"), cases);
    let readme = "# Title\n\n```sh\nmake\n```\n";
    check(
        &open_file(Format::Whole, "README.md"),
        &[(
            "fences of a document are its text",
            readme,
            &[("README.md", "# T\n")],
            Ok(&[("README.md", readme)]),
        )],
    );
}
