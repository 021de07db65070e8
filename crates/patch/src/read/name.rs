//! File names as people and models write them around a block.

use super::{Script, fence};

/// How many lines above a block its name may stand.
pub(crate) const REACH: usize = 4;
/// Names without a dot or a slash that are file names all the same.
const KNOWN: [&str; 9] = [
    "Makefile",
    "Dockerfile",
    "Containerfile",
    "LICENSE",
    "README",
    "Gemfile",
    "Procfile",
    "Justfile",
    "CHANGELOG",
];

/// Returns the name above a block and the index of its line. At most one
/// fence and one blank line may stand between; or the name has a fence of its
/// own.
pub(super) fn above<'a>(script: &Script<'a>, at: usize) -> Option<(&'a str, usize)> {
    let first = at.saturating_sub(REACH);
    let lines = script.lines.get(first..at).unwrap_or_default();
    let lines = lines.iter().map(|line| line.text);
    let (name, up) = nearest(lines.rev(), script.strict)?;
    Some((name, at - 1 - up))
}

/// Returns the name in the lines above a block, the nearest line first, and
/// how many lines are passed on the way up.
pub(crate) fn nearest<'a>(
    lines: impl Iterator<Item = &'a str>,
    strict: bool,
) -> Option<(&'a str, usize)> {
    let lines: Vec<&str> = lines.take(REACH).collect();
    let (mut blanks, mut fences) = (0, 0);
    for (up, line) in lines.iter().copied().enumerate() {
        if line.trim().is_empty() {
            blanks += 1;
        } else if let Some((_, _, info)) = fence::marker(line) {
            fences += 1;
            if let Some(name) = in_info(info) {
                return Some((name, up));
            }
        } else if is_tag(line) {
            fences += 1;
        } else {
            let name = of_line(line);
            let near = || (blanks == 0 && !strict).then(|| loose(line)).flatten();
            return name.or_else(near).map(|name| (name, up));
        }
        if fences > 1 && blanks == 0 {
            return framed(&lines[up..]).map(|name| (name, up + 1));
        }
        if blanks > 1 || fences > 1 {
            return None;
        }
    }
    None
}

/// Returns the name that is all of a fenced block, the last line first.
fn framed<'a>(lines: &[&'a str]) -> Option<&'a str> {
    let [close, name, open, ..] = *lines else {
        return None;
    };
    fence::marker(close).filter(|(_, _, info)| info.is_empty())?;
    fence::marker(open)?;
    alone(name)
}

/// Returns the file name that a line is, within the marks it is set in, or
/// the only one that it has in backticks.
pub(super) fn of_line(line: &str) -> Option<&str> {
    if let Some(name) = alone(line) {
        return Some(name);
    }
    let mut ticked = line.split('`').skip(1).step_by(2);
    let name = ticked.find(|name| is_plausible(name))?;
    ticked.all(|name| !is_plausible(name)).then_some(name)
}

/// Returns whether a line opens a tag that a block stands in: `<diff>`.
fn is_tag(line: &str) -> bool {
    let line = line.trim();
    matches!(
        line,
        "<edits>" | "<diff>" | "<content>" | "<![CDATA[" | "<diff><![CDATA[" | "<content><![CDATA["
    )
}

/// Returns the file name of a line right above a block that has more than one
/// word: a name with spaces, or the only name in a sentence.
pub(super) fn loose(line: &str) -> Option<&str> {
    spaced(line).or_else(|| {
        let mut names = line
            .split_whitespace()
            .map(|word| word.trim_matches(|c: char| "`*\"'()[]:,;!?".contains(c) || c == '.'))
            .filter(|word| !word.contains(['`', '(', ')']) && has_extension(word));
        let name = names.next()?;
        (names.next().is_none() && !line.contains('`')).then_some(name)
    })
}

/// Returns the file name with spaces that a line is. Words that sentences have
/// and names don't make it a sentence.
pub(crate) fn spaced(line: &str) -> Option<&str> {
    const WORDS: [&str; 39] = [
        "a", "add", "and", "at", "change", "contents", "create", "edit", "example", "fix", "for",
        "from", "here", "here's", "i", "in", "into", "is", "let's", "like", "modify", "new",
        "next", "now", "of", "or", "output", "replace", "run", "see", "so", "that", "the", "then",
        "this", "to", "update", "we", "with",
    ];
    let bare = undecorate(line);
    let words = || bare.split_whitespace();
    let is_prose = |word: &str| WORDS.contains(&word.to_lowercase().as_str());
    let is_name = (2..=5).contains(&words().count())
        && has_extension(bare)
        && !line.trim_end().ends_with(':')
        && !bare.contains(['`', ',', ';', '?', '!', '='])
        && !words().any(is_prose);
    (is_name && is_plausible(bare)).then_some(bare)
}

/// Returns whether a name ends with a dot and a few letters or digits.
fn has_extension(name: &str) -> bool {
    let Some((stem, extension)) = name.rsplit_once('.') else {
        return false;
    };
    let is_letter = |c: char| c.is_ascii_alphanumeric();
    (1..=10).contains(&extension.len())
        && extension.starts_with(|c: char| c.is_ascii_alphabetic())
        && extension.chars().all(is_letter)
        && !(stem.len() == 1 && extension.len() == 1)
        && !name.contains("://")
        && !name.contains(['<', '>', '|', '@'])
}

/// Returns the file name that a line is, within the marks it is set in.
pub(crate) fn alone(line: &str) -> Option<&str> {
    let line = line.trim();
    let tagged = line.strip_prefix("<path>");
    let tagged = tagged.and_then(|line| line.strip_suffix("</path>"));
    let line = tagged.map_or(line, str::trim);
    let bare = undecorate(line);
    let has_space = bare.contains(char::is_whitespace);
    let is_set = |mark| line.trim_end_matches(':').ends_with(mark) && line.contains(mark);
    let is_decorated = !bare.contains('`') && (is_set('`') || is_set('*'));
    let is_name = is_plausible(bare) || (is_decorated && is_word(bare));
    ((!has_space || is_decorated) && is_name).then_some(bare)
}

/// Returns the file name in what follows an opening fence: `python a.py`,
/// `python:a.py`, `title="a.py"`.
pub(crate) fn in_info(info: &str) -> Option<&str> {
    info.split_whitespace().find_map(|token| {
        let value = token.split_once('=').map_or(token, |(_, value)| value);
        let value = value.trim_matches(['"', '\'', '{', '}']);
        let value = value.split_once(':').map_or(value, |(_, path)| path);
        is_plausible(value).then_some(value)
    })
}

fn undecorate(line: &str) -> &str {
    let marks = ['#', '*', '`', '"', '\'', ':', ' ', '\t'];
    let mut bare = line.trim_matches(marks);
    let number = bare.trim_start_matches(|c: char| c.is_ascii_digit());
    if number.len() < bare.len() && number.starts_with(['.', ')']) {
        bare = number[1..].trim_matches(marks);
    }
    bare = bare.strip_prefix("- ").unwrap_or(bare).trim_matches(marks);
    for label in ["File name:", "Filename:", "File path:", "File:", "Path:"] {
        let head = bare.get(..label.len());
        if head.is_some_and(|head| head.eq_ignore_ascii_case(label)) {
            return bare[label.len()..].trim_matches(marks);
        }
    }
    bare
}

fn is_plausible(name: &str) -> bool {
    let has_mark = name.contains(['.', '/']) || KNOWN.contains(&name);
    let is_other = name.contains("://") || name.ends_with('.') || name.contains(['<', '>', '|']);
    has_mark && !is_other && !name.starts_with("...")
}

fn is_word(name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    !name.is_empty() && name.chars().all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_spaces_and_sentences_have_names() {
        for (line, name) in [
            ("my notes.txt", Some("my notes.txt")),
            ("src/My File (2).py", Some("src/My File (2).py")),
            ("### docs/read me.md", Some("docs/read me.md")),
            ("Update main.py", Some("main.py")),
            ("Here is the change to src/main.py:", Some("src/main.py")),
            ("Now, in main.py, do this.", Some("main.py")),
            ("Move a.py to b.py:", None),
            ("Version 1.2 of it, e.g. now:", None),
            ("see https://example.com/a.py", None),
            ("It is done", None),
            ("x = f(a.b)", None),
        ] {
            assert_eq!(loose(line), name, "{line:?}");
        }
    }

    #[test]
    fn names_are_found_in_their_marks() {
        for (line, name) in [
            ("src/a.py", Some("src/a.py")),
            ("**src/a.py**", Some("src/a.py")),
            ("`src/a.py`:", Some("src/a.py")),
            ("### `src/a.py`", Some("src/a.py")),
            ("#### src/a.py", Some("src/a.py")),
            ("File: src/a.py", Some("src/a.py")),
            ("1. **src/a.py**:", Some("src/a.py")),
            ("- `a.py`", Some("a.py")),
            ("`my notes.txt`", Some("my notes.txt")),
            ("Makefile", Some("Makefile")),
            ("`justfile`", Some("justfile")),
            ("__init__.py", Some("__init__.py")),
            ("<path>src/a.py</path>", Some("src/a.py")),
            (".gitignore", Some(".gitignore")),
            ("Now change `src/a.py` like this:", Some("src/a.py")),
            ("Move `a.py` to `b.py`:", None),
            ("Here is the change to main.py:", None),
            ("Done.", None),
            ("...", None),
            ("see https://example.com/a.py", None),
            (">>>>>>> REPLACE", None),
            ("", None),
        ] {
            assert_eq!(of_line(line), name, "{line:?}");
        }
        for (info, name) in [
            ("python", None),
            ("python src/a.py", Some("src/a.py")),
            ("src/a.py", Some("src/a.py")),
            ("ts:src/a.ts", Some("src/a.ts")),
            ("js title=\"src/a.js\"", Some("src/a.js")),
            ("c++", None),
        ] {
            assert_eq!(in_info(info), name, "{info:?}");
        }
    }
}
