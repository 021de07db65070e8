//! SEARCH/REPLACE blocks, in the shapes of aider's, Cline's and Roo Code's
//! published cases.

use atelier_patch::Format;

use crate::story::{Case, check, lax, open_file};

const BLOCK: &str = "<<<<<<< SEARCH\ntwo\n=======\ntoo\n>>>>>>> REPLACE\n";
const BEFORE: &[(&str, &str)] = &[("src/a.py", "one\ntwo\nthree\n")];
const AFTER: &[(&str, &str)] = &[("src/a.py", "one\ntoo\nthree\n")];

#[test]
fn the_file_is_named_around_the_block() {
    for shape in [
        "src/a.py\nBLOCK",
        "src/a.py\n```python\nBLOCK```\n",
        "```python\nsrc/a.py\nBLOCK```\n",
        "```python src/a.py\nBLOCK```\n",
        "```src/a.py\nBLOCK```\n",
        "**src/a.py**\n```\nBLOCK```\n",
        "`src/a.py`:\n\n```python\nBLOCK```\n",
        "### src/a.py\n~~~\nBLOCK~~~\n",
        "Change `src/a.py` so:\n````\nBLOCK````\n",
        "Some prose.\n\n./src/a.py\nBLOCK\nMore prose.\n",
        "<replace_in_file>\n<path>src/a.py</path>\n<diff>\nBLOCK</diff>\n</replace_in_file>\n",
        "Here is the change to src/a.py:\n```python\nBLOCK```\n",
        "1. **src/a.py**:\n\n```\nBLOCK```\n",
        "File: `src/a.py`\nBLOCK",
        "#### src/a.py (updated)\n```src/a.py\nBLOCK```\n",
    ] {
        let patch = shape.replace("BLOCK", BLOCK);
        check(
            &lax(Format::SearchReplace),
            &[(shape, &patch, BEFORE, Ok(AFTER))],
        );
    }
    for head in ["<<<<<<< SEARCH src/a.py", "<<<<<<< SEARCH: `src/a.py`"] {
        let patch = BLOCK.replace("<<<<<<< SEARCH", head);
        let case = (head, patch.as_str(), BEFORE, Ok(AFTER));
        check(&lax(Format::SearchReplace), &[case]);
        check(&lax(Format::Auto), &[case]);
    }
    let spaced = "docs/my notes.txt\n```\n".to_owned() + BLOCK + "```\n";
    check(
        &lax(Format::SearchReplace),
        &[(
            "a name with spaces",
            &spaced,
            &[
                ("docs/my notes.txt", "one\ntwo\nthree\n"),
                ("notes.txt", "two\n"),
            ],
            Ok(&[
                ("docs/my notes.txt", "one\ntoo\nthree\n"),
                ("notes.txt", "two\n"),
            ]),
        )],
    );
    let options = open_file(Format::SearchReplace, "src/a.py");
    check(&options, &[("the open file", BLOCK, BEFORE, Ok(AFTER))]);
    let bare = "Here you are:\n```\n".to_owned() + BLOCK + "```\n";
    check(
        &options,
        &[("the open file, with prose", &bare, BEFORE, Ok(AFTER))],
    );
    let options = lax(Format::SearchReplace);
    check(
        &options,
        &[("no name at all", BLOCK, BEFORE, Err("missing_path"))],
    );
}

#[test]
fn blocks_are_read_as_they_are_written() {
    let cases: &[Case<'_>] = &[
        (
            "the second block is for the same file",
            "a\n```\na.py\n<<<<<<< SEARCH\n1\n=======\nI\n>>>>>>> REPLACE\n\n<<<<<<< SEARCH\n3\n\
             =======\nIII\n>>>>>>> REPLACE\n```\n",
            &[("a.py", "1\n2\n3\n")],
            Ok(&[("a.py", "I\n2\nIII\n")]),
        ),
        (
            "a later block sees the earlier one",
            "a.py\n<<<<<<< SEARCH\n1\n=======\n1\n2\n>>>>>>> REPLACE\n<<<<<<< SEARCH\n2\n=======\n\
             3\n>>>>>>> REPLACE\n",
            &[("a.py", "1\n")],
            Ok(&[("a.py", "1\n3\n")]),
        ),
        (
            "an empty search creates",
            "new.py\n<<<<<<< SEARCH\n=======\nx = 1\n>>>>>>> REPLACE\n",
            &[],
            Ok(&[("new.py", "x = 1\n")]),
        ),
        (
            "an empty search fills an empty file",
            "new.py\n<<<<<<< SEARCH\n=======\nx = 1\n>>>>>>> REPLACE\n",
            &[("new.py", "")],
            Ok(&[("new.py", "x = 1\n")]),
        ),
        (
            "an empty search overwrites nothing",
            "new.py\n<<<<<<< SEARCH\n=======\nx = 1\n>>>>>>> REPLACE\n",
            &[("new.py", "y = 2\n")],
            Err("file_exists"),
        ),
        (
            "an empty replacement removes",
            "a.py\n<<<<<<< SEARCH\n2\n=======\n>>>>>>> REPLACE\n",
            &[("a.py", "1\n2\n3\n")],
            Ok(&[("a.py", "1\n3\n")]),
        ),
        (
            "markers of five and of nine characters",
            "a.py\n<<<<< SEARCH\n1\n=====\nI\n>>>>> REPLACE\n<<<<<<<<< SEARCH\n2\n=========\nII\n\
             >>>>>>>>> REPLACE\n",
            &[("a.py", "1\n2\n")],
            Ok(&[("a.py", "I\nII\n")]),
        ),
        (
            "markers of another length are content",
            "a.md\n<<<<<<<<< SEARCH\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n=========\n\
             none\n>>>>>>>>> REPLACE\n",
            &[("a.md", "<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n")],
            Ok(&[("a.md", "none\n")]),
        ),
        (
            "indented markers are content",
            "a.md\n<<<<<<< SEARCH\n  =======\n  >>>>>>> REPLACE\n=======\n  <<<<<<< SEARCH\n\
             >>>>>>> REPLACE\n",
            &[("a.md", "  =======\n  >>>>>>> REPLACE\n")],
            Ok(&[("a.md", "  <<<<<<< SEARCH\n")]),
        ),
        (
            "a divider in the content is refused, not guessed",
            "a.rst\n<<<<<<< SEARCH\nTitle\n=======\n=======\nHead\n=======\n>>>>>>> REPLACE\n",
            &[("a.rst", "Title\n=======\n")],
            Err("syntax"),
        ),
        (
            "an escaped divider, as Roo Code has it",
            "a.rst\n<<<<<<< SEARCH\nTitle\n\\=======\n=======\nHead\n\\=======\n>>>>>>> REPLACE\n",
            &[("a.rst", "Title\n=======\n")],
            Ok(&[("a.rst", "Head\n=======\n")]),
        ),
        (
            "a line hint, as Roo Code has it",
            "a.py\n<<<<<<< SEARCH\n:start_line:3\n:end_line:3\n-------\nx\n=======\ny\n\
             >>>>>>> REPLACE\n",
            &[("a.py", "x\n1\nx\n")],
            Ok(&[("a.py", "x\n1\ny\n")]),
        ),
        (
            "Cline's dashes and pluses",
            "a.py\n------- SEARCH\nx\n=======\ny\n+++++++ REPLACE\n",
            &[("a.py", "x\n")],
            Ok(&[("a.py", "y\n")]),
        ),
        (
            "aider's older words",
            "a.py\n<<<<<<< ORIGINAL\nx\n=======\ny\n>>>>>>> UPDATED\n",
            &[("a.py", "x\n")],
            Ok(&[("a.py", "y\n")]),
        ),
        (
            "aider's closing bracket",
            "a.py\n<<<<<<< SEARCH>\nx\n=======\ny\n>>>>>>> REPLACE\n",
            &[("a.py", "x\n")],
            Ok(&[("a.py", "y\n")]),
        ),
        (
            "fences within the content",
            "a.md\n````\n<<<<<<< SEARCH\n```\nx\n```\n=======\n```\ny\n```\n>>>>>>> REPLACE\n````\n",
            &[("a.md", "```\nx\n```\n")],
            Ok(&[("a.md", "```\ny\n```\n")]),
        ),
        (
            "patterns of other languages are just text",
            "a.js\n<<<<<<< SEARCH\ns.replace(a, b)\n=======\ns.replace(a, \"$&$1\\\\1%s\")\n\
             >>>>>>> REPLACE\n",
            &[("a.js", "s.replace(a, b)\n")],
            Ok(&[("a.js", "s.replace(a, \"$&$1\\\\1%s\")\n")]),
        ),
        (
            "two places are one too many",
            "a.py\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n",
            &[("a.py", "x\nx\n")],
            Err("ambiguous"),
        ),
        (
            "part of a line is no line",
            "a.py\n<<<<<<< SEARCH\nx = 1\n=======\nx = 2\n>>>>>>> REPLACE\n",
            &[("a.py", "x = 10\n")],
            Err("context_not_found"),
        ),
        (
            "a block that is cut off",
            "a.py\n<<<<<<< SEARCH\nx\n=======\ny\n",
            &[("a.py", "x\n")],
            Err("syntax"),
        ),
        (
            "a block without divider",
            "a.py\n<<<<<<< SEARCH\nx\n>>>>>>> REPLACE\n",
            &[("a.py", "x\n")],
            Err("syntax"),
        ),
        (
            "a block in a block",
            "a.py\n<<<<<<< SEARCH\nx\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n",
            &[("a.py", "x\n")],
            Err("syntax"),
        ),
    ];
    check(&lax(Format::SearchReplace), cases);
}

#[test]
fn blocks_are_read_as_other_tools_have_them() {
    let cases: &[Case<'_>] = &[
        (
            "aider's first words",
            "a.py\n<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> updated\n",
            &[("a.py", "x\n")],
            Ok(&[("a.py", "y\n")]),
        ),
        (
            "a conflict of git is no block",
            "a.py\n<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> main\n",
            &[("a.py", "x\n")],
            Err("no_edits"),
        ),
        (
            "a conflict of git is content",
            "a.py\n<<<<<< SEARCH\n<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> main\n======\ny\n\
             >>>>>> REPLACE\n",
            &[("a.py", "<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> main\n")],
            Ok(&[("a.py", "y\n")]),
        ),
        (
            "lines copied with their numbers",
            "a.py\n<<<<<<< SEARCH\n3 | x\n4 |   z\n=======\n3 | y\n4 |   z\n5 | w\n\
             >>>>>>> REPLACE\n",
            &[("a.py", "x\n  z\nx\n  z\n")],
            Ok(&[("a.py", "x\n  z\ny\n  z\nw\n")]),
        ),
        (
            "a table is not numbered lines",
            "a.md\n<<<<<<< SEARCH\n1 | one\n3 | three\n=======\n1 | I\n3 | III\n>>>>>>> REPLACE\n",
            &[("a.md", "1 | one\n3 | three\n")],
            Ok(&[("a.md", "1 | I\n3 | III\n")]),
        ),
        (
            "a hint with a space",
            "a.py\n<<<<<<< SEARCH\n:start_line: 3\n-------\nx\n=======\ny\n>>>>>>> REPLACE\n",
            &[("a.py", "x\n1\nx\n")],
            Ok(&[("a.py", "x\n1\ny\n")]),
        ),
        (
            "lines left out",
            "a.py\n<<<<<<< SEARCH\nstart\none\n...\ntwo\n    ...\nend\n=======\nstart\nONE\n...\n\
             two\n    ...\nEND\n>>>>>>> REPLACE\n",
            &[("a.py", "start\none\n1\n2\ntwo\n3\nend\n")],
            Ok(&[("a.py", "start\nONE\n1\n2\ntwo\n3\nEND\n")]),
        ),
        (
            "lines left out, told by a comment",
            "a.js\n<<<<<<< SEARCH\nf() {\n  // ... existing code ...\n  end()\n=======\ng() {\n  \
             // ... existing code ...\n  finish()\n>>>>>>> REPLACE\n",
            &[("a.js", "f() {\n  1\n  end()\n}\n")],
            Ok(&[("a.js", "g() {\n  1\n  finish()\n}\n")]),
        ),
        (
            "dots that are in the file stand for themselves",
            "a.py\n<<<<<<< SEARCH\ndef f():\n    ...\n=======\ndef g():\n    ...\n>>>>>>> REPLACE\n",
            &[("a.py", "def f():\n    ...\n\ndef f():\n    1\n")],
            Ok(&[("a.py", "def g():\n    ...\n\ndef f():\n    1\n")]),
        ),
        (
            "lines left out between two possible places",
            "a.py\n<<<<<<< SEARCH\nx\n...\nz\n=======\ny\n...\nz\n>>>>>>> REPLACE\n",
            &[("a.py", "x\n1\nx\n2\nz\n")],
            Err("ambiguous"),
        ),
        (
            "lines left out in the wrong order",
            "a.py\n<<<<<<< SEARCH\nx\n...\nz\n=======\ny\n...\nw\n>>>>>>> REPLACE\n",
            &[("a.py", "z\n1\nx\n")],
            Err("context_not_found"),
        ),
        (
            "an addition behind lines left out has no place",
            "a.py\n<<<<<<< SEARCH\nx\n...\n=======\nx\n...\ny\n>>>>>>> REPLACE\n",
            &[("a.py", "x\n1\n")],
            Err("context_not_found"),
        ),
        (
            "a block after prose that names another file",
            "a.py\n```\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n```\n\nThen in b.py too:\n\
             ```\n<<<<<<< SEARCH\nx\n=======\nz\n>>>>>>> REPLACE\n```\n",
            &[("a.py", "x\n"), ("b.py", "x\n")],
            Ok(&[("a.py", "y\n"), ("b.py", "z\n")]),
        ),
    ];
    check(&lax(Format::SearchReplace), cases);
    let elided = crate::story::planned(
        &lax(Format::SearchReplace),
        "a\n```a.py\n<<<<<<< SEARCH\nx\n...\nz\n=======\ny\n...\nz\n>>>>>>> REPLACE\n```\n",
        &[("a.py", "x\n1\nz\n")],
    );
    assert_eq!(crate::story::labels(&elided.unwrap()), ["lines left out"]);
}

#[test]
fn texts_may_stand_in_tags() {
    let before = &[("a.py", "x = 1\nb\nx = 1\n")][..];
    let cases: &[Case<'_>] = &[
        (
            "with a hint",
            "<path>a.py</path>\n<edits>\n\n<old_text line=3>\nx = 1\n</old_text>\n<new_text>\nx = 2\ny\n\
             </new_text>\n\n</edits>\n",
            before,
            Ok(&[("a.py", "x = 1\nb\nx = 2\ny\n")]),
        ),
        (
            "in one line each, quoted hint, the same file again",
            "a.py\n<old_text line=\"1\">x = 1</old_text><new_text>x = 5</new_text>\n\
             <old_string>b</old_string>\n\n<new_string>c</new_string>\n",
            before,
            Ok(&[("a.py", "x = 5\nc\nx = 1\n")]),
        ),
        (
            "without indentation, for it is found",
            "a.py\n<old_text>\nif y:\n    z\n</old_text>\n<new_text>\nif y:\n    w\n</new_text>\n",
            &[("a.py", "def f():\n    if y:\n        z\n")],
            Ok(&[("a.py", "def f():\n    if y:\n        w\n")]),
        ),
        (
            "nothing old makes a file",
            "n.py\n<old_text>\n</old_text>\n<new_text>\nx\n</new_text>\n",
            &[],
            Ok(&[("n.py", "x\n")]),
        ),
        (
            "two places and no hint",
            "a.py\n<old_str>x = 1</old_str>\n<new_str>x = 2</new_str>\n",
            before,
            Err("ambiguous"),
        ),
        (
            "cut off",
            "a.py\n<old_text>\nx = 1\n</old_text>\n<new_text>\nx",
            before,
            Err("syntax"),
        ),
        (
            "something between",
            "a.py\n<old_text>\nx = 1\n</old_text>\nso\n<new_text>\nx\n</new_text>\n",
            before,
            Err("syntax"),
        ),
        (
            "a hint behind the marker",
            "a.py\n<<<<<<< SEARCH line=3\nx = 1\n=======\nx = 2\n>>>>>>> REPLACE\n<<<<<<< SEARCH a.py \
             line=\"1\"\nx = 1\n=======\nx = 3\n>>>>>>> REPLACE\n",
            before,
            Ok(&[("a.py", "x = 3\nb\nx = 2\n")]),
        ),
    ];
    check(&lax(Format::SearchReplace), cases);
    check(&lax(Format::Auto), cases);
}
