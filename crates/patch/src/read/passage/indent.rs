//! The indentation of lines written anew: a model often drops some of it.

use std::collections::HashSet;

/// What a line ends with below which lines stand deeper.
const OPENERS: [char; 6] = [':', '{', '(', '[', '>', '='];

/// Returns new lines with the indentation that they have lost: what all old
/// ones have in common, or that of the first alone, as where the block was
/// trimmed. What fits the old lines best is taken.
///
/// Lines that say what the old ones say and still have some indentation of
/// their own stay as they are: to indent anew was all that was asked.
pub(super) fn indented(old: &[&str], new: &[&str]) -> Vec<String> {
    let as_is: Vec<String> = new.iter().map(|line| (*line).to_owned()).collect();
    let (wanted, has) = (common_indent(old), common_indent(new));
    let Some(missing) = wanted.strip_prefix(has) else {
        return as_is;
    };
    let says_the_same = old
        .iter()
        .map(|line| line.trim())
        .eq(new.iter().map(|line| line.trim()));
    if says_the_same && (wanted.is_empty() || !has.is_empty()) {
        return as_is;
    }
    let all: Vec<String> = new.iter().map(|line| deeper(missing, line)).collect();
    // Of equals the last wins. Lines without any indentation lost it more
    // likely than they were meant so; some of it was written on purpose.
    let tries = if !has.is_empty() {
        vec![all, as_is]
    } else if !first_indent(new).is_empty() {
        vec![as_is, all]
    } else {
        // Whatever stands below it, a first line at the margin lost its place.
        let firsts = [wanted, first_indent(old)].map(|depth| first_deeper(new, wanted, depth));
        firsts.into_iter().flatten().chain([all]).collect()
    };
    let best = tries.into_iter().max_by_key(|lines| likeness(old, lines));
    best.unwrap_or_default()
}

/// Returns lines whose first was trimmed with that one at its depth; `None`
/// when others were trimmed too, or when the first would head lines that then
/// stand no deeper than itself.
fn first_deeper(new: &[&str], wanted: &str, depth: &str) -> Option<Vec<String>> {
    let mut filled = new.iter().filter(|line| !line.trim().is_empty());
    let first = filled.next()?;
    let mut rest = filled.map(|line| indent(line)).peekable();
    if depth.is_empty() || !indent(first).is_empty() {
        return None;
    }
    let opens = first.trim_end().ends_with(OPENERS);
    if opens && rest.peek().is_some_and(|next| next.len() <= depth.len()) {
        return None;
    }
    if !rest.all(|indent| indent.starts_with(wanted)) {
        return None;
    }
    let mut lines: Vec<String> = new.iter().map(|line| (*line).to_owned()).collect();
    let line = lines.iter_mut().find(|line| !line.trim().is_empty())?;
    *line = deeper(depth, line);
    Some(lines)
}

/// Returns what the first line begins with that is not blank.
fn first_indent<'a>(lines: &[&'a str]) -> &'a str {
    let filled = lines.iter().find(|line| !line.trim().is_empty());
    filled.map_or("", |line| indent(line))
}

fn deeper(by: &str, line: &str) -> String {
    match line.trim() {
        "" => line.to_owned(),
        _ => format!("{by}{line}"),
    }
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
