//! A whole file whose name a model forgot to write above it.

use atelier_base::WorkspacePath;

use super::passage::is_diff;
use super::{Script, fence, whole};
use crate::diff::diff;
use crate::edit::{FileEdit, Format, ParseOptions, Patch};
use crate::line::text_lines;

/// Reads an answer to who asked for whole files and gave one, for its text
/// without its name.
///
/// The new text is the one fenced block that has at least three quarters of
/// the file's lines, blank ones aside, in their order, and something in the
/// place of its first and its last. `None` when there is no such block, for
/// then it is an excerpt or an example; when there are several that differ; and
/// when it is the file as it is. Blocks that aren't closed don't count, nor do
/// diffs, nor blocks with fewer fences than the file: they end at one of its
/// own.
pub fn parse_unnamed(answer: &str, path: &WorkspacePath, text: &str) -> Option<Patch> {
    let options = ParseOptions {
        sole_path: Some(path.clone()),
        ..ParseOptions::default()
    };
    let script = Script::new(answer, &options);
    let old = unended(text);
    let mut found: Option<String> = None;
    for fence in fence::all(&script) {
        let Ok(new) = whole::block(&script, fence) else {
            continue;
        };
        let lines = unended(&new);
        let is_cut = fences(&lines) < fences(&old);
        if lines == old || is_cut || is_diff(&script, fence) || !keeps_most(&old, &lines) {
            continue;
        }
        if found.as_ref().is_some_and(|other| *other != new) {
            return None;
        }
        found = Some(new);
    }
    let edit = FileEdit::Replace {
        path: path.clone(),
        text: found?,
    };
    Some(Patch {
        format: Format::Whole,
        reason: "1 fenced block has the only file's lines, without its name".to_owned(),
        strict: false,
        edits: vec![edit],
    })
}

/// Returns a text whose lines all end alike.
fn unended(text: &str) -> String {
    text_lines(text)
        .flat_map(|(line, _)| [line, "\n"])
        .collect()
}

fn fences(text: &str) -> usize {
    text.lines()
        .filter(|line| fence::marker(line).is_some())
        .count()
}

fn keeps_most(old: &str, new: &str) -> bool {
    let lines: Vec<&str> = old.lines().collect();
    let said = |lines: &[&str]| lines.iter().filter(|line| !line.trim().is_empty()).count();
    let mut lost = 0;
    for hunk in diff(old.as_bytes(), new.as_bytes()) {
        let (start, count) = (hunk.old_start as usize, hunk.old_lines as usize);
        let gone = said(lines.get(start..start + count).unwrap_or_default());
        let is_end = start == 0 || start + count == lines.len();
        if is_end && gone > 0 && hunk.new_lines == 0 {
            return false;
        }
        lost += gone;
    }
    let all = said(&lines);
    all > 0 && (all - lost) * 4 >= all * 3
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str =
        "import sys\n\n\ndef main():\n    print(1)\n    return 0\n\n\nsys.exit(main())\n";

    fn after(path: &str, text: &str, answer: &str) -> Option<String> {
        let path: WorkspacePath = path.parse().unwrap();
        let patch = parse_unnamed(answer, &path, text)?;
        match <[FileEdit; 1]>::try_from(patch.edits) {
            Ok([FileEdit::Replace { path: named, text }]) if named == path => Some(text),
            other => panic!("{other:?}"),
        }
    }

    fn fenced(text: &str) -> String {
        format!("Here it is:\n\n```python\n{text}```\nIt prints more.\n")
    }

    #[test]
    fn a_block_with_most_of_the_files_lines_is_the_file() {
        let changed = FILE.replace("print(1)", "print(2)");
        let longer = FILE.replace("    return 0", "    # All is well.\n    return 0");
        let excerpt = "def main():\n    print(2)\n    return 0\n";
        let head = changed.replace("sys.exit(main())\n", "");
        let tail = changed.replace("import sys\n\n\n", "");
        let example = "```sh\npython a.py\n```\n";
        let two = FILE.replace("print(1)", "print(3)");
        let crlf = FILE.replace('\n', "\r\n");
        for (what, answer, wanted) in [
            ("a change", fenced(&changed), Some(&changed)),
            ("an addition", fenced(&longer), Some(&longer)),
            (
                "with an example",
                fenced(&changed) + example,
                Some(&changed),
            ),
            (
                "said twice",
                fenced(&changed) + &fenced(&changed),
                Some(&changed),
            ),
            (
                "shown before",
                fenced(FILE) + &fenced(&changed),
                Some(&changed),
            ),
            ("two tries", fenced(&changed) + &fenced(&two), None),
            ("an excerpt", fenced(excerpt), None),
            ("its first lines", fenced(&head), None),
            ("its last lines", fenced(&tail), None),
            ("as it is", fenced(FILE), None),
            ("as it is, with other line ends", fenced(&crlf), None),
            ("another file", fenced("a\nb\nc\nd\n"), None),
            ("nothing", "I can't.".to_owned(), None),
            ("an empty block", fenced(""), None),
            ("cut off", format!("```python\n{changed}"), None),
            ("no block", changed.clone(), None),
            ("a diff", format!("```diff\n{changed}```\n"), None),
        ] {
            assert_eq!(after("a.py", FILE, &answer).as_ref(), wanted, "{what}");
        }
        assert_eq!(after("a.py", &crlf, &fenced(&changed)), Some(changed));
        // Nothing of a file without lines can be kept.
        assert_eq!(after("a.py", "", &fenced(FILE)), None);
        assert_eq!(after("a.py", "\n\n", &fenced(FILE)), None);
    }

    #[test]
    fn a_files_own_fences_are_no_files() {
        let text = "# Tools\n\nRun it:\n\n```sh\nmake\n```\n\nThen look.\n";
        let answer = format!("````markdown\n{}````\n", text.replace("Then", "Now"));
        assert_eq!(
            after("a.md", text, &answer).unwrap(),
            text.replace("Then", "Now")
        );
        assert_eq!(after("a.md", text, "```sh\nmake\n```\n"), None);
        // The block ends at the file's own fence.
        let long = format!("{}{text}", "More.\n".repeat(9));
        for fence in ["```markdown", "```"] {
            let answer = format!("{fence}\n{}```\n", long.replace("Then", "Now"));
            assert_eq!(after("a.md", &long, &answer), None, "{fence}");
        }
    }
}
