//! The new text of selected lines: one fenced block, which is what a small
//! model writes best of all that is less than a file.

use std::collections::HashSet;

use atelier_base::WorkspacePath;

use super::{Script, fence, whole, wrong};
use crate::edit::{FileEdit, Format, ParseOptions, Patch};
use crate::error::{ErrorCode, PatchError};
use crate::line::{Ending, text_lines};

/// Lines of a file that an answer may write anew.
#[derive(Clone, Copy, Debug)]
pub struct Passage<'a> {
    /// The file.
    pub path: &'a WorkspacePath,
    /// Its whole text.
    pub text: &'a str,
    /// The first of the lines, from 1.
    pub first: u32,
    /// The last of them.
    pub last: u32,
}

/// Reads what an answer puts in place of the lines of a passage, and makes a
/// patch of the whole file of it.
///
/// The new text is the answer's one fenced block. Indentation that all lines
/// of the passage have and the block has dropped comes back, and so do blank
/// lines at the passage's ends. `None` when the answer has no block, or only
/// blocks that quote the passage as it is: then it is no edit.
///
/// # Errors
/// [`ErrorCode::Syntax`] for a block that is not closed, and for several
/// blocks of which it can't be told which one is meant;
/// [`ErrorCode::ContextNotFound`] when the text has no such lines.
pub fn parse_rewrite(answer: &str, passage: &Passage<'_>) -> Result<Option<Patch>, PatchError> {
    let all: Vec<(&str, Ending)> = text_lines(passage.text).collect();
    let (first, last) = (passage.first as usize, passage.last as usize);
    let old = all.get(first.wrapping_sub(1)..last);
    let Some(old) = old.filter(|old| !old.is_empty()) else {
        let detail = format!("the file has no lines {first} to {last}");
        return Err(PatchError::new(ErrorCode::ContextNotFound, detail).in_file(passage.path));
    };
    let old: Vec<&str> = old.iter().map(|(line, _)| *line).collect();
    let options = ParseOptions::default();
    let script = Script::new(answer, &options);
    let mut news = Vec::new();
    for fence in fence::all(&script) {
        let text = whole::block(&script, fence).map_err(|error| error.in_file(passage.path))?;
        let lines: Vec<&str> = text_lines(&text).map(|(line, _)| line).collect();
        let lines = framed(&old, indented(&old, &lines));
        let quotes = lines.iter().map(|line| line.trim_end());
        if !quotes.eq(old.iter().map(|line| line.trim_end())) {
            news.push((fence.open, lines));
        }
    }
    let new = match news.as_slice() {
        [] => return Ok(None),
        [(_, new)] => new,
        // An example, a second try, or both halves: guessing would be wrong.
        [_, (second, _), ..] => {
            let detail = format!(
                "the answer has {} different blocks; the selected lines can have only one new text",
                news.len()
            );
            return Err(wrong(*second, detail).in_file(passage.path));
        }
    };
    Ok(Some(Patch {
        format: Format::Whole,
        reason: "1 fenced block takes the place of the selected lines".to_owned(),
        strict: false,
        edits: vec![FileEdit::Replace {
            path: passage.path.clone(),
            text: spliced(&all, first - 1..last, new),
        }],
    }))
}

/// Joins a file's lines with some of them replaced. The end of the file stays
/// as it was, with its newline or without.
fn spliced(all: &[(&str, Ending)], place: std::ops::Range<usize>, new: &[String]) -> String {
    let before = all.get(..place.start).unwrap_or_default();
    let after = all.get(place.end..).unwrap_or_default();
    let kept = |lines: &[(&str, Ending)]| -> String {
        let parts = lines.iter().map(|(line, end)| [*line, end.as_str()]);
        parts.flatten().collect()
    };
    let mut text = kept(before);
    // Which ending a new line gets is found by its neighbours later on.
    text.extend(new.iter().flat_map(|line| [line.as_str(), "\n"]));
    let at_end = after.is_empty() && all.last().is_some_and(|(_, end)| *end == Ending::None);
    if at_end && !new.is_empty() {
        text.pop();
    }
    text + &kept(after)
}

/// Gives back the blank lines at the ends of a passage that its new text lacks.
fn framed(old: &[&str], mut new: Vec<String>) -> Vec<String> {
    let is_blank = |line: &&str| line.trim().is_empty();
    if old.iter().all(is_blank) || new.iter().all(|line| line.trim().is_empty()) {
        return new;
    }
    let owned = |line: &&str| (*line).to_owned();
    if new.first().is_some_and(|line| !line.trim().is_empty()) {
        let above = old.iter().take_while(|line| is_blank(line)).map(owned);
        new = above.chain(new).collect();
    }
    if new.last().is_some_and(|line| !line.trim().is_empty()) {
        let below: Vec<String> = old
            .iter()
            .rev()
            .take_while(|line| is_blank(line))
            .map(owned)
            .collect();
        new.extend(below.into_iter().rev());
    }
    new
}

/// Returns new lines with the indentation that the old ones have in common,
/// where the new ones have lost it: all of them, or the first alone. What fits
/// the old lines best is taken.
fn indented(old: &[&str], new: &[&str]) -> Vec<String> {
    let as_is: Vec<String> = new.iter().map(|line| (*line).to_owned()).collect();
    let (wanted, has) = (common_indent(old), common_indent(new));
    let Some(missing) = wanted
        .strip_prefix(has)
        .filter(|missing| !missing.is_empty())
    else {
        return as_is;
    };
    let deeper = |line: &str| match line.trim() {
        "" => line.to_owned(),
        _ => format!("{missing}{line}"),
    };
    let all: Vec<String> = new.iter().map(|line| deeper(line)).collect();
    let mut first = as_is.clone();
    if let Some(line) = first.iter_mut().find(|line| !line.trim().is_empty()) {
        *line = deeper(line);
    }
    // Of equals the last wins. Lines without any indentation lost it more
    // likely than they were meant so; some of it was written on purpose.
    let tries = if has.is_empty() {
        [as_is, first, all]
    } else {
        [all, first, as_is]
    };
    let best = tries.into_iter().max_by_key(|lines| likeness(old, lines));
    best.unwrap_or_default()
}

/// Returns how alike lines are to the old ones: how many are among them, and
/// how many stand as deep as the one in the same place.
fn likeness(old: &[&str], new: &[String]) -> (usize, usize) {
    let known: HashSet<&str> = old
        .iter()
        .copied()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let same = new
        .iter()
        .filter(|line| known.contains(line.as_str()))
        .count();
    let pairs = old.iter().zip(new);
    let as_deep = pairs
        .filter(|(old, new)| indent(old) == indent(new))
        .count();
    (same, as_deep)
}

/// Returns the white space that every line begins with, blank ones aside.
fn common_indent<'a>(lines: &[&'a str]) -> &'a str {
    let mut indents = lines
        .iter()
        .filter(|line| !line.trim().is_empty())
        .map(|line| indent(line));
    let first = indents.next().unwrap_or_default();
    indents.fold(first, |common, next| {
        let same = common.bytes().zip(next.bytes()).take_while(|(a, b)| a == b);
        // White space of several bytes may be cut by this; then there is none.
        common.get(..same.count()).unwrap_or_default()
    })
}

fn indent(line: &str) -> &str {
    let rest = line.trim_start().len();
    line.get(..line.len() - rest).unwrap_or_default()
}

#[cfg(test)]
mod tests {
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
}
