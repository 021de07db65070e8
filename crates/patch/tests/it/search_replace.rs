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
    ] {
        let patch = shape.replace("BLOCK", BLOCK);
        check(
            &lax(Format::SearchReplace),
            &[(shape, &patch, BEFORE, Ok(AFTER))],
        );
    }
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
