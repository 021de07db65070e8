//! Characters that are typed as one and pasted as another.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;

/// Writes dashes, quotes and spaces of every kind as the ASCII ones, leaves
/// out characters of no width, and composes letters with their accents.
///
/// The set is that of Codex's `seek_sequence`, with the ellipsis and the
/// invisible characters that chat models insert.
pub(crate) fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.nfc() {
        match c {
            '\u{2010}'..='\u{2015}' | '\u{2212}' => out.push('-'),
            '\u{2018}'..='\u{201b}' => out.push('\''),
            '\u{201c}'..='\u{201f}' => out.push('"'),
            '\u{a0}' | '\u{2002}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
                out.push(' ');
            }
            '\u{2026}' => out.push_str("..."),
            '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}' => {}
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// One level of escaping that an author added by mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escape {
    /// `&amp;`, `&lt;`, `&gt;`, `&quot;`, `&#39;`, `&apos;`.
    Html,
    /// A backslash before a quote.
    Quotes,
    /// A backslash before a quote or a backslash.
    Backslashes,
    /// Of HTML, and a backslash before a quote.
    HtmlQuotes,
    /// A line's number in front of it, as files are shown to models: `12 | `.
    Numbers,
}

impl Escape {
    pub(super) const ALL: [Self; 5] = [
        Self::Html,
        Self::Quotes,
        Self::Backslashes,
        Self::HtmlQuotes,
        Self::Numbers,
    ];

    /// Undoes the escaping.
    pub(super) fn undo(self, text: &str) -> String {
        match self {
            Self::Html => unescape_html(text),
            Self::Quotes => unescape_backslashes(text, &['"', '\'', '`']),
            Self::Backslashes => unescape_backslashes(text, &['"', '\'', '`', '\\']),
            Self::HtmlQuotes => Self::Quotes.undo(&unescape_html(text)),
            Self::Numbers => {
                let lines: Vec<&str> = text.split('\n').map(without_number).collect();
                lines.join("\n")
            }
        }
    }
}

/// Takes the number off a line: digits, a space, a bar, and a space.
fn without_number(line: &str) -> &str {
    let digits = line.trim_start();
    let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    match rest.strip_prefix(" |") {
        Some(rest) if rest.len() + 2 < digits.len() => rest.strip_prefix(' ').unwrap_or(rest),
        _ => line,
    }
}

fn unescape_html(text: &str) -> String {
    // The ampersand comes last, or `&amp;lt;` would lose two levels.
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

fn unescape_backslashes(text: &str, escaped: &[char]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.peek() {
            Some(next) if c == '\\' && escaped.contains(next) => {
                out.extend(chars.next());
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_alikes_become_ascii() {
        assert_eq!(fold("“a”\u{a0}– ‘b’…\u{200b}"), "\"a\" - 'b'...");
        assert_eq!(fold("plain é"), "plain é");
        assert_eq!(fold("e\u{301}"), "é");
    }

    #[test]
    fn one_level_of_escaping_is_undone() {
        for (escape, from, to) in [
            (Escape::Html, "a &amp;&amp; b &lt; c", "a && b < c"),
            (Escape::Html, "&amp;lt;", "&lt;"),
            (Escape::Quotes, r#"say(\"hi\\n\")"#, r#"say("hi\\n")"#),
            (Escape::Backslashes, r#"say(\"hi\\n\")"#, r#"say("hi\n")"#),
            (Escape::HtmlQuotes, r#"\"&amp;\""#, r#""&""#),
            (Escape::Quotes, r"\", r"\"),
            (Escape::Numbers, "12 |   x\n 13 |\ny | z", "  x\n\ny | z"),
        ] {
            assert_eq!(escape.undo(from), to, "{escape:?}");
        }
    }
}
