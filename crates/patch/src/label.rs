//! How surely a hunk's place was found, as the reviewer is shown it.

use std::fmt;
use std::str::FromStr;

/// How a hunk's text was matched with the file's text.
///
/// `Display` gives the short text for the reviewer, which is also what is
/// stored; `FromStr` reads it back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MatchLabel {
    /// Byte for byte, line endings aside.
    #[default]
    Exact,
    /// It was merged with what somebody else wrote since the patch's base.
    Merged,
    /// But for white space at the ends of lines, or blank lines around.
    TrailingSpace,
    /// In parts, one after the other: the patch has `...` for the lines between
    /// them.
    Elided,
    /// Byte for byte, but only as a part of a line.
    PartOfLine,
    /// But for a uniform change of indentation, which the added lines got too.
    Indentation {
        /// How much deeper the file's lines are than the patch's, in `unit`;
        /// the width of a tab when tabs stand for spaces.
        by: i32,
        /// What is counted.
        unit: IndentUnit,
    },
    /// But for kinds of dashes, quotes and spaces.
    UnicodeFold,
    /// After undoing one level of escaping (`\"`, `&amp;`) in the patch.
    EscapeFold,
    /// But for small differences in unchanged lines around the change.
    Fuzzy {
        /// How alike the matched lines are, in percent.
        percent: u8,
    },
}

/// What a change of indentation is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndentUnit {
    /// Spaces.
    Space,
    /// Tabs.
    Tab,
    /// Both kinds of characters.
    Mixed,
    /// The patch has spaces where the file has tabs.
    ToTabs,
    /// The patch has tabs where the file has spaces.
    ToSpaces,
}

impl MatchLabel {
    /// Returns how far this label is from exact: higher is less sure.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Exact => 0,
            Self::Merged => 1,
            Self::TrailingSpace => 2,
            Self::Elided | Self::PartOfLine => 3,
            Self::Indentation { .. } => 4,
            Self::UnicodeFold => 5,
            Self::EscapeFold => 6,
            Self::Fuzzy { .. } => 7,
        }
    }

    /// Returns the less sure of two labels.
    pub fn worse(self, other: Self) -> Self {
        match (self, other) {
            (Self::Fuzzy { percent: mine }, Self::Fuzzy { percent }) if percent < mine => other,
            _ if other.rank() > self.rank() => other,
            _ => self,
        }
    }
}

impl fmt::Display for MatchLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Exact => f.write_str("exact"),
            Self::Merged => f.write_str("merged with your edits"),
            Self::TrailingSpace => f.write_str("trailing space"),
            Self::Elided => f.write_str("lines left out"),
            Self::PartOfLine => f.write_str("part of a line"),
            Self::Indentation { by, unit } => match unit {
                IndentUnit::Space => write!(f, "indent{by:+}"),
                IndentUnit::Tab => write!(f, "indent{by:+} tab"),
                IndentUnit::Mixed => write!(f, "indent{by:+} mixed"),
                IndentUnit::ToTabs => write!(f, "indent {by} spaces as tab"),
                IndentUnit::ToSpaces => write!(f, "indent tab as {by} spaces"),
            },
            Self::UnicodeFold => f.write_str("unicode punctuation"),
            Self::EscapeFold => f.write_str("unescaped"),
            Self::Fuzzy { percent } => write!(f, "fuzzy {percent}%"),
        }
    }
}

/// The text is not a match label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a match label")]
pub struct UnknownLabel;

impl FromStr for MatchLabel {
    type Err = UnknownLabel;

    fn from_str(text: &str) -> Result<Self, UnknownLabel> {
        Ok(match text {
            "exact" => Self::Exact,
            "merged with your edits" => Self::Merged,
            "trailing space" => Self::TrailingSpace,
            "lines left out" => Self::Elided,
            "part of a line" => Self::PartOfLine,
            "unicode punctuation" => Self::UnicodeFold,
            "unescaped" => Self::EscapeFold,
            _ => {
                if let Some(rest) = text.strip_prefix("indent") {
                    return indentation(rest).ok_or(UnknownLabel);
                }
                let percent = text
                    .strip_prefix("fuzzy ")
                    .and_then(|t| t.strip_suffix('%'));
                let percent = percent.and_then(|t| t.parse().ok()).ok_or(UnknownLabel)?;
                Self::Fuzzy { percent }
            }
        })
    }
}

fn indentation(text: &str) -> Option<MatchLabel> {
    let (number, unit) = if let Some(rest) = text.strip_prefix(" tab as ") {
        (rest.strip_suffix(" spaces")?, IndentUnit::ToSpaces)
    } else if let Some(rest) = text.strip_suffix(" spaces as tab") {
        (rest.strip_prefix(' ')?, IndentUnit::ToTabs)
    } else if let Some(rest) = text.strip_suffix(" tab") {
        (rest, IndentUnit::Tab)
    } else if let Some(rest) = text.strip_suffix(" mixed") {
        (rest, IndentUnit::Mixed)
    } else {
        (text, IndentUnit::Space)
    };
    let by = number.parse().ok()?;
    Some(MatchLabel::Indentation { by, unit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_round_trip_as_text() {
        let indents = [
            (4, IndentUnit::Space, "indent+4"),
            (-2, IndentUnit::Space, "indent-2"),
            (1, IndentUnit::Tab, "indent+1 tab"),
            (-3, IndentUnit::Mixed, "indent-3 mixed"),
            (4, IndentUnit::ToTabs, "indent 4 spaces as tab"),
            (2, IndentUnit::ToSpaces, "indent tab as 2 spaces"),
        ];
        let mut table: Vec<(MatchLabel, &str)> = indents
            .map(|(by, unit, text)| (MatchLabel::Indentation { by, unit }, text))
            .to_vec();
        table.extend([
            (MatchLabel::Exact, "exact"),
            (MatchLabel::Merged, "merged with your edits"),
            (MatchLabel::TrailingSpace, "trailing space"),
            (MatchLabel::Elided, "lines left out"),
            (MatchLabel::PartOfLine, "part of a line"),
            (MatchLabel::UnicodeFold, "unicode punctuation"),
            (MatchLabel::EscapeFold, "unescaped"),
            (MatchLabel::Fuzzy { percent: 93 }, "fuzzy 93%"),
        ]);
        for (label, text) in table {
            assert_eq!(label.to_string(), text);
            assert_eq!(text.parse(), Ok(label));
        }
        for text in ["", "indent", "indent+", "fuzzy", "fuzzy 300%", "Exact"] {
            assert_eq!(text.parse::<MatchLabel>(), Err(UnknownLabel), "{text:?}");
        }
    }

    #[test]
    fn the_less_sure_label_wins() {
        let fuzzy = |percent| MatchLabel::Fuzzy { percent };
        assert_eq!(fuzzy(95).worse(fuzzy(90)), fuzzy(90));
        assert_eq!(fuzzy(90).worse(fuzzy(95)), fuzzy(90));
        assert_eq!(
            MatchLabel::Exact.worse(MatchLabel::TrailingSpace),
            MatchLabel::TrailingSpace
        );
    }
}
