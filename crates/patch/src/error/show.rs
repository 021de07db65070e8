//! A patch error as text: short, exact, with invisible characters named.

use std::fmt::{self, Write as _};

use super::{Divergence, Evidence, PatchError};

/// The most characters shown of one line of a file or patch.
const LINE_CHARS: usize = 160;
/// The most characters shown of the sentence that says what happened.
const DETAIL_CHARS: usize = 600;

impl fmt::Display for PatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{path}: ")?;
        }
        if let Some(hunk) = self.hunk {
            write!(f, "hunk {hunk}: ")?;
        }
        let detail = self.detail.lines().collect::<Vec<_>>().join(" ");
        f.write_str(&shorten(&detail, DETAIL_CHARS))?;
        write!(f, " [{}", self.code())?;
        if let Some(line) = self.patch_line {
            write!(f, ", patch line {line}")?;
        }
        f.write_char(']')?;
        if let Some(evidence) = &self.evidence {
            show_evidence(f, evidence)?;
        }
        write!(f, "\n  hint: {}", self.hint())
    }
}

fn show_evidence(f: &mut fmt::Formatter<'_>, evidence: &Evidence) -> fmt::Result {
    if let Some(divergence) = &evidence.divergence {
        show_divergence(f, divergence)?;
    }
    if !evidence.candidates.is_empty() {
        let lines: Vec<String> = evidence.candidates.iter().map(u32::to_string).collect();
        write!(f, "\n  could begin at line: {}", lines.join(", "))?;
    }
    if let Some((first, last)) = evidence.reread {
        write!(f, "\n  read again: lines {first}-{last}")?;
    }
    if let Some(hash) = &evidence.file_hash {
        write!(f, "\n  file hash: {hash}")?;
    }
    Ok(())
}

fn show_divergence(f: &mut fmt::Formatter<'_>, divergence: &Divergence) -> fmt::Result {
    let Divergence {
        line,
        expected,
        found,
    } = divergence;
    write!(f, "\n  the closest place differs first at line {line}:")?;
    write!(f, "\n    expected: {}", quote(expected))?;
    match found {
        Some(found) => write!(f, "\n    found:    {}", quote(found))?,
        None => f.write_str("\n    found:    the end of the file")?,
    }
    let mut named: Vec<String> = Vec::new();
    for (side, text) in [("expected", Some(expected)), ("found", found.as_ref())] {
        for (column, c) in text.into_iter().flat_map(|text| text.chars().enumerate()) {
            if let Some(name) = invisible(c)
                && named.len() < 4
            {
                let code = u32::from(c);
                named.push(format!(
                    "{side} has U+{code:04X} {name} at column {}",
                    column + 1
                ));
            }
        }
    }
    if !named.is_empty() {
        write!(f, "\n    {}", named.join("; "))?;
    }
    Ok(())
}

/// Writes a line as a JSON string, so that every character of it shows.
fn quote(line: &str) -> String {
    let mut out = String::from("\"");
    for c in shorten(line, LINE_CHARS).chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            _ if c.is_control() || invisible(c).is_some() => {
                // The characters named here are all below U+10000.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

fn shorten(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// Returns the name of a character that looks like another or like nothing.
const fn invisible(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{a0}' => "NO-BREAK SPACE",
        '\u{ad}' => "SOFT HYPHEN",
        '\u{85}' => "NEXT LINE",
        '\u{2000}'..='\u{200a}' => "TYPOGRAPHIC SPACE",
        '\u{200b}' => "ZERO WIDTH SPACE",
        '\u{200c}' | '\u{200d}' => "ZERO WIDTH JOINER",
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' => "DIRECTION MARK",
        '\u{2028}' => "LINE SEPARATOR",
        '\u{2029}' => "PARAGRAPH SEPARATOR",
        '\u{202f}' => "NARROW NO-BREAK SPACE",
        '\u{205f}' => "MATHEMATICAL SPACE",
        '\u{2060}' => "WORD JOINER",
        '\u{2066}'..='\u{2069}' => "DIRECTION ISOLATE",
        '\u{3000}' => "IDEOGRAPHIC SPACE",
        '\u{feff}' => "BYTE ORDER MARK",
        '\u{c}' => "FORM FEED",
        '\r' => "CARRIAGE RETURN",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;

    #[test]
    fn an_error_names_what_can_not_be_seen() {
        let mut error = PatchError::new(ErrorCode::ContextNotFound, "the old text is not in it");
        error.hunk = Some(2);
        error.patch_line = Some(14);
        error.evidence = Some(Box::new(Evidence {
            divergence: Some(Divergence {
                line: 31,
                expected: "\tx = \"1\"".to_owned(),
                found: Some("\tx =\u{a0}\"1\"\u{200b}".to_owned()),
            }),
            candidates: vec![28, 90],
            reread: Some((25, 40)),
            file_hash: None,
        }));
        let expected = r#"hunk 2: the old text is not in it [context_not_found, patch line 14]
  the closest place differs first at line 31:
    expected: "\tx = \"1\""
    found:    "\tx =\u00a0\"1\"\u200b"
    found has U+00A0 NO-BREAK SPACE at column 5; found has U+200B ZERO WIDTH SPACE at column 9
  could begin at line: 28, 90
  read again: lines 25-40
  hint: Read the named lines again and copy the old text exactly as it is in the file now."#;
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn an_error_stays_short() {
        let mut error = PatchError::new(ErrorCode::Syntax, "a\n".repeat(10_000));
        error.evidence = Some(Box::new(Evidence {
            divergence: Some(Divergence {
                line: 1,
                expected: "\u{200b}".repeat(100_000),
                found: None,
            }),
            ..Evidence::default()
        }));
        let text = error.to_string();
        assert!(text.lines().count() <= 40, "{text}");
        assert!(text.len() < 4_000, "{}", text.len());
    }
}
