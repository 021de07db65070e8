//! What must be done to a hunk's added lines so that they fit where its old
//! lines were found.

use std::borrow::Cow;

use super::fold::Escape;
use crate::label::{IndentUnit, MatchLabel};
use crate::line::count;

/// What is done to every added line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Repair {
    pub(super) shift: Shift,
    pub(super) escape: Option<Escape>,
}

impl Repair {
    /// Returns the line as it fits; `None` when it has less indentation than
    /// would have to be taken away.
    pub(crate) fn apply<'a>(&self, line: &'a str) -> Option<Cow<'a, str>> {
        let Some(escape) = self.escape else {
            return self.shift.apply(line);
        };
        let line = escape.undo(line);
        self.shift.apply(&line).map(|line| line.into_owned().into())
    }
}

/// A change of indentation that is the same for every line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Shift {
    /// None.
    #[default]
    Same,
    /// The file has this before the patch's indentation.
    Deeper(String),
    /// The patch has this before the file's indentation.
    Shallower(String),
    /// The file has a tab for so many spaces of the patch.
    ToTabs(usize),
    /// The file has so many spaces for a tab of the patch.
    ToSpaces(usize),
}

impl Shift {
    /// Returns the shift that makes each first line's indentation the second
    /// one's, if one does for all. Blank lines don't count.
    pub(super) fn between<'a>(
        pairs: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    ) -> Option<Self> {
        let indents = pairs
            .filter(|(patch, _)| !patch.trim().is_empty())
            .map(|(patch, file)| (indent(patch), indent(file)));
        let Some((patch, file)) = indents.clone().find(|(patch, file)| patch != file) else {
            return Some(Self::Same);
        };
        let shift = Self::of_one(patch, file)?;
        let mut indents = indents;
        let fits = |(patch, file)| shift.apply_to_indent(patch).as_deref() == Some(file);
        indents.all(fits).then_some(shift)
    }

    fn of_one(patch: &str, file: &str) -> Option<Self> {
        let only = |text: &str, c: char| !text.is_empty() && text.chars().all(|x| x == c);
        if let Some(more) = file.strip_suffix(patch) {
            return Some(Self::Deeper(more.to_owned()));
        }
        if let Some(less) = patch.strip_suffix(file) {
            return Some(Self::Shallower(less.to_owned()));
        }
        let (wide, tabs, shift): (_, _, fn(usize) -> Self) = if only(patch, ' ') && only(file, '\t')
        {
            (patch.len(), file.len(), Self::ToTabs)
        } else if only(patch, '\t') && only(file, ' ') {
            (file.len(), patch.len(), Self::ToSpaces)
        } else {
            return None;
        };
        let width = wide / tabs;
        (width * tabs == wide && (2..=8).contains(&width)).then(|| shift(width))
    }

    /// Returns the line with its indentation changed.
    fn apply<'a>(&self, line: &'a str) -> Option<Cow<'a, str>> {
        if *self == Self::Same || line.trim().is_empty() {
            return Some(Cow::Borrowed(line));
        }
        let body = line.trim_start_matches([' ', '\t']);
        let indent = &line[..line.len() - body.len()];
        Some(Cow::Owned(self.apply_to_indent(indent)? + body))
    }

    fn apply_to_indent(&self, indent: &str) -> Option<String> {
        match self {
            Self::Same => Some(indent.to_owned()),
            Self::Deeper(more) => Some(format!("{more}{indent}")),
            Self::Shallower(less) => indent.strip_prefix(less.as_str()).map(str::to_owned),
            Self::ToTabs(width) => {
                let spaces = indent.len() - indent.trim_start_matches(' ').len();
                let rest = &indent[spaces - spaces % width..];
                Some("\t".repeat(spaces / width) + rest)
            }
            Self::ToSpaces(width) => {
                let rest = indent.trim_start_matches('\t');
                let tabs = indent.len() - rest.len();
                Some(" ".repeat(tabs * width) + rest)
            }
        }
    }

    /// Returns what the reviewer is told of the shift.
    pub(super) fn label(&self) -> MatchLabel {
        let number = |length: usize| count(length).cast_signed();
        let (by, unit) = match self {
            Self::Same => return MatchLabel::TrailingSpace,
            Self::Deeper(text) => (number(text.chars().count()), unit_of(text)),
            Self::Shallower(text) => (-number(text.chars().count()), unit_of(text)),
            Self::ToTabs(width) => (number(*width), IndentUnit::ToTabs),
            Self::ToSpaces(width) => (number(*width), IndentUnit::ToSpaces),
        };
        MatchLabel::Indentation { by, unit }
    }
}

/// Returns the white space at a line's start.
fn indent(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

fn unit_of(text: &str) -> IndentUnit {
    if text.chars().all(|c| c == ' ') {
        IndentUnit::Space
    } else if text.chars().all(|c| c == '\t') {
        IndentUnit::Tab
    } else {
        IndentUnit::Mixed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uniform_shift_is_seen_and_repaired() {
        type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);
        let cases: [Case<'_>; 6] = [
            (&[("a", "    a"), ("  b", "      b")], "  c", "      c"),
            (
                &[("    a", "a"), ("", ""), ("      b", "  b")],
                "     c",
                " c",
            ),
            (&[("a", "\ta"), ("\tb", "\t\tb")], "\tc", "\t\tc"),
            (&[("a", "a"), ("    b", "\tb")], "          c", "\t\t  c"),
            (&[("\ta", "  a"), ("\t\tb", "    b")], "\tc", "  c"),
            (&[("a", "a"), ("", "")], " c", " c"),
        ];
        for (pairs, added, expected) in cases {
            let shift = Shift::between(pairs.iter().copied()).unwrap();
            assert_eq!(shift.apply(added).as_deref(), Some(expected), "{shift:?}");
            assert_eq!(shift.apply("").as_deref(), Some(""));
        }
    }

    #[test]
    fn an_uneven_shift_is_refused() {
        for pairs in [
            [("a", "    a"), ("b", "  b")],
            [("  a", "    a"), ("  b", "  b")],
            [("   a", "\ta"), ("    b", "\tb")],
        ] {
            assert_eq!(Shift::between(pairs.into_iter()), None, "{pairs:?}");
        }
        assert_eq!(Shift::Shallower("    ".to_owned()).apply("  a"), None);
    }
}
