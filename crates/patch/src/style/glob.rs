//! Patterns of paths, as git's attributes and `.editorconfig` have them.

/// The most ways that the braces of one pattern may be read.
const WAYS: usize = 64;
/// The longest pattern that is read, in bytes; a longer one fits nothing.
const PATTERN_BYTES: usize = 512;

/// A pattern of paths.
#[derive(Debug)]
pub(super) struct Glob {
    ways: Vec<Vec<Token>>,
    /// Whether only the last name of a path counts.
    is_name: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Char(char),
    /// One character, but no slash.
    One,
    /// Any characters, but no slash.
    Some,
    /// Any characters.
    Any,
    /// Nothing, or folders with the slash behind them.
    Folders,
    Class {
        not: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Glob {
    /// Reads a pattern of `.gitattributes`.
    pub(super) fn of_git(pattern: &str) -> Self {
        let is_name = !pattern.trim_end_matches('/').contains('/');
        let pattern = pattern.strip_prefix('/').unwrap_or(pattern);
        Self::of(vec![pattern.to_owned()], is_name)
    }

    /// Reads the pattern of a section of `.editorconfig`.
    pub(super) fn of_editors(pattern: &str) -> Self {
        let is_name = !pattern.contains('/');
        let pattern = pattern.strip_prefix('/').unwrap_or(pattern);
        let mut ways = Vec::new();
        if pattern.len() <= PATTERN_BYTES {
            expand(pattern, &mut ways);
        }
        Self::of(ways, is_name)
    }

    fn of(ways: Vec<String>, is_name: bool) -> Self {
        let ways = ways.iter().filter(|way| way.len() <= PATTERN_BYTES);
        Self {
            ways: ways.map(|way| tokens(way)).collect(),
            is_name,
        }
    }

    /// Returns whether a path fits, relative to the folder of the rules.
    pub(super) fn fits(&self, path: &str) -> bool {
        let text = match path.rsplit_once('/') {
            Some((_, name)) if self.is_name => name,
            _ => path,
        };
        self.ways.iter().any(|way| fits(way, text))
    }
}

/// Writes out every way to read a pattern's braces, at most [`WAYS`].
fn expand(pattern: &str, ways: &mut Vec<String>) {
    if ways.len() >= WAYS {
        return;
    }
    let Some((open, close)) = braces(pattern) else {
        ways.push(pattern.to_owned());
        return;
    };
    let (head, inner, tail) = (
        &pattern[..open],
        &pattern[open + 1..close],
        &pattern[close + 1..],
    );
    for choice in choices(inner) {
        expand(&format!("{head}{choice}{tail}"), ways);
    }
}

/// Finds the first braces that close and give a choice.
fn braces(pattern: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(open) = pattern[from..].find('{').map(|at| from + at) {
        let mut depth = 0;
        let close = pattern[open..].char_indices().find(|(_, c)| {
            depth += match c {
                '{' => 1,
                '}' => -1,
                _ => 0,
            };
            depth == 0
        });
        let close = open + close?.0;
        if choices(&pattern[open + 1..close]).len() > 1 {
            return Some((open, close));
        }
        from = open + 1;
    }
    None
}

/// Splits what stands in braces: at commas, or numbers from one to another.
fn choices(inner: &str) -> Vec<String> {
    if let Some((first, last)) = inner.split_once("..")
        && let (Ok(first), Ok(last)) = (first.parse::<i32>(), last.parse::<i32>())
    {
        return (first..=last).take(WAYS).map(|n| n.to_string()).collect();
    }
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for c in inner.chars() {
        depth += match c {
            '{' => 1,
            '}' => -1,
            _ => 0,
        };
        match parts.last_mut() {
            Some(last) if c != ',' || depth > 0 => last.push(c),
            _ => parts.push(String::new()),
        }
    }
    parts
}

fn tokens(pattern: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let tail = &rest[c.len_utf8()..];
        let is_start = tokens.is_empty() || tokens.last() == Some(&Token::Char('/'));
        let (token, left) = if let Some(left) = rest.strip_prefix("**/").filter(|_| is_start) {
            (Token::Folders, left)
        } else if let Some(left) = rest.strip_prefix("**") {
            (Token::Any, left)
        } else {
            match c {
                '*' => (Token::Some, tail),
                '?' => (Token::One, tail),
                '[' => class(tail).unwrap_or((Token::Char('['), tail)),
                '\\' => {
                    let escaped = tail.chars().next().unwrap_or('\\');
                    let left = tail.get(escaped.len_utf8()..).unwrap_or_default();
                    (Token::Char(escaped), left)
                }
                c => (Token::Char(c), tail),
            }
        };
        tokens.push(token);
        rest = left;
    }
    tokens
}

/// Reads a class of characters behind its `[`.
fn class(text: &str) -> Option<(Token, &str)> {
    let end = text
        .char_indices()
        .skip(1)
        .find(|(_, c)| *c == ']')
        .map(|(at, _)| at)?;
    let (inner, rest) = (&text[..end], &text[end + 1..]);
    let bare = inner.strip_prefix(['!', '^']);
    let not = bare.is_some();
    let chars: Vec<char> = bare.unwrap_or(inner).chars().collect();
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(&first) = chars.get(at) {
        let last = chars
            .get(at + 2)
            .filter(|_| chars.get(at + 1) == Some(&'-'));
        ranges.push((first, last.copied().unwrap_or(first)));
        at += if last.is_some() { 3 } else { 1 };
    }
    Some((Token::Class { not, ranges }, rest))
}

/// Returns whether a text fits; the work is at most the product of both
/// lengths.
fn fits(tokens: &[Token], text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    // Whether the tokens so far fit the text up to each place.
    let mut reached = vec![false; chars.len() + 1];
    reached[0] = true;
    for token in tokens {
        let mut next = vec![false; chars.len() + 1];
        let mut open = false;
        for at in 0..=chars.len() {
            let here = reached[at];
            let before = at.checked_sub(1).map(|at| (reached[at], chars[at]));
            next[at] = match token {
                Token::Any => {
                    open |= here;
                    open
                }
                Token::Some => {
                    open &= before.is_none_or(|(_, c)| c != '/');
                    open |= here;
                    open
                }
                Token::Folders => {
                    let is_open = open && before.is_some_and(|(_, c)| c == '/');
                    open |= here;
                    here || is_open
                }
                Token::One => before.is_some_and(|(was, c)| was && c != '/'),
                Token::Char(wanted) => before.is_some_and(|(was, c)| was && c == *wanted),
                Token::Class { not, ranges } => before.is_some_and(|(was, c)| {
                    let is_in = ranges
                        .iter()
                        .any(|(first, last)| (first..=last).contains(&&c));
                    was && c != '/' && is_in != *not
                }),
            };
        }
        reached = next;
    }
    reached[chars.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_as_their_tools_say() {
        for (pattern, path, fits) in [
            ("*", "a/b.c", true),
            ("*.c", "a/b.c", true),
            ("*.c", "a/b.cc", false),
            ("*.{c,h}", "a/b.h", true),
            ("*.{c,h}", "a/b.{c,h}", false),
            ("*.{c}", "b.{c}", true),
            ("{a,{b,c}d}.x", "cd.x", true),
            ("file{1..3}", "file2", true),
            ("file{1..3}", "file4", false),
            ("lib/**.js", "lib/a/b.js", true),
            ("lib/*.js", "lib/a/b.js", false),
            ("/*.js", "a.js", true),
            ("/*.js", "lib/a.js", false),
            ("**/x/*.js", "x/a.js", true),
            ("**/x/*.js", "a/b/x/a.js", true),
            ("**/x/*.js", "ax/a.js", false),
            ("[abc].txt", "b.txt", true),
            ("[!abc].txt", "b.txt", false),
            ("[a-c]?.txt", "bz.txt", true),
            ("Make[", "Make[", true),
            ("\\*.c", "*.c", true),
            ("\\*.c", "a.c", false),
            ("", "a", false),
        ] {
            assert_eq!(
                Glob::of_editors(pattern).fits(path),
                fits,
                "{pattern} {path}"
            );
        }
        for (pattern, path, fits) in [
            ("*.txt", "a/b.txt", true),
            ("docs/*.txt", "docs/a.txt", true),
            ("docs/*.txt", "docs/b/a.txt", false),
            ("docs/**", "docs/b/a.txt", true),
            ("**/b/*.txt", "docs/b/a.txt", true),
            ("a/**/b", "a/b", true),
            ("a/**/b", "a/x/y/b", true),
            ("/a.txt", "b/a.txt", false),
            ("*.{c,h}", "a.c", false),
        ] {
            assert_eq!(Glob::of_git(pattern).fits(path), fits, "{pattern} {path}");
        }
        let many = "{a,b}".repeat(60);
        assert_eq!(Glob::of_editors(&many).ways.len(), WAYS);
        let stars = Glob::of_editors(&"*a".repeat(200));
        assert!(!stars.fits(&"a".repeat(199)));
    }
}
