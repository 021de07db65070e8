//! Fenced blocks of Markdown.

use super::Script;

/// A fenced block: the indexes of its first and last line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fence<'a> {
    pub(super) open: usize,
    /// `None` when the text ends before the block does.
    pub(super) close: Option<usize>,
    /// What follows the opening characters.
    pub(super) info: &'a str,
}

/// Returns a fence's character, its length and what follows, if a line is one.
pub(crate) fn marker(line: &str) -> Option<(char, usize, &str)> {
    let line = line.trim();
    let c = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let info = line.trim_start_matches(c);
    let length = line.len() - info.len();
    (length >= 3 && !info.contains('`')).then_some((c, length, info.trim()))
}

/// Returns every fenced block of a text, outermost ones only.
pub(super) fn all<'a>(script: &Script<'a>) -> Vec<Fence<'a>> {
    let mut fences = Vec::new();
    let mut open: Option<(char, usize, usize, &'a str)> = None;
    for (at, line) in script.lines.iter().enumerate() {
        let Some((c, length, info)) = marker(line.text) else {
            continue;
        };
        match open {
            None => open = Some((c, length, at, info)),
            Some((opened, least, start, name)) => {
                if c == opened && length >= least && info.is_empty() {
                    fences.push(Fence {
                        open: start,
                        close: Some(at),
                        info: name,
                    });
                    open = None;
                }
            }
        }
    }
    fences.extend(open.map(|(_, _, start, info)| Fence {
        open: start,
        close: None,
        info,
    }));
    fences
}
