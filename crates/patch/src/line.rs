//! Lines of bytes and of text, with their endings.
//!
//! A line ends with `\n` or `\r\n` and with nothing else: a lone `\r`, a form
//! feed, U+0085 and U+2028 are content, as they are for git and for compilers.

/// How a line ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// With the end of the file.
    None,
    /// With `\n`.
    #[default]
    Lf,
    /// With `\r\n`.
    CrLf,
}

impl Ending {
    /// Returns the bytes of the ending.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
        }
    }
}

/// The lines of some bytes, each with its ending; see [`lines`].
#[derive(Clone, Debug)]
pub struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let length = self
            .0
            .iter()
            .position(|&byte| byte == b'\n')
            .map_or(self.0.len(), |at| at + 1);
        let (line, rest) = self.0.split_at(length);
        self.0 = rest;
        Some(line)
    }
}

/// Splits bytes into lines and keeps each line's ending, so that joining the
/// lines gives the bytes back.
pub const fn lines(bytes: &[u8]) -> Lines<'_> {
    Lines(bytes)
}

/// Returns whether bytes are not text: they have a NUL in them.
pub fn is_binary(bytes: &[u8]) -> bool {
    bytes.contains(&0)
}

/// Splits text into lines without their endings, and the endings.
pub(crate) fn text_lines(text: &str) -> impl Iterator<Item = (&str, Ending)> {
    text.split_inclusive('\n')
        .map(|line| match line.strip_suffix('\n') {
            None => (line, Ending::None),
            Some(bare) => match bare.strip_suffix('\r') {
                Some(bare) => (bare, Ending::CrLf),
                None => (bare, Ending::Lf),
            },
        })
}

/// Makes a line number or count of a length. Inputs are far below the limit
/// (`limit::TEXT_FILE_BYTES`), so the saturation never shows.
pub(crate) fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_line_feeds_end_lines() {
        let text = "a\r\nb\rc\u{c}d\u{85}e\u{2028}f\n\ng";
        let split: Vec<_> = text_lines(text).collect();
        assert_eq!(
            split,
            [
                ("a", Ending::CrLf),
                ("b\rc\u{c}d\u{85}e\u{2028}f", Ending::Lf),
                ("", Ending::Lf),
                ("g", Ending::None),
            ]
        );
        let joined: Vec<u8> = lines(text.as_bytes()).flatten().copied().collect();
        assert_eq!(joined, text.as_bytes());
        assert_eq!(lines(b"").count(), 0);
    }

    #[test]
    fn a_nul_makes_bytes_binary() {
        assert!(is_binary(b"text\0"));
        assert!(!is_binary("t\u{e9}xt\r\n".as_bytes()));
    }
}
