//! Paths inside a workspace, checked once where they enter.

use std::fmt;
use std::str::FromStr;

use crate::limit;

/// Folder names that hold state a proposal, a save or an import must never
/// touch: git's and ours. Compared without case, because some file systems do.
pub const PROTECTED: [&str; 2] = [".git", ".atelier"];

/// A relative path inside a workspace: `/`-separated, UTF-8, never empty,
/// never leading out and never into a protected folder.
///
/// This is a first check of the text. The second, which links can't fool, is
/// that files are opened relative to the workspace's directory handle.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkspacePath(String);

/// Why a text is not a path inside a workspace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// The path has no name in it.
    #[error("the path is empty")]
    Empty,
    /// The path starts at a root or a drive.
    #[error("`{0}` is absolute; use a path relative to the workspace")]
    Absolute(String),
    /// The path has a `.`, `..` or empty part.
    #[error("`{0}` has a `.`, `..` or empty part")]
    Traversal(String),
    /// The path has a backslash, a NUL or another control character.
    #[error("`{0}` has a character that a path can't have: {1}")]
    Character(String, &'static str),
    /// The path leads into a protected folder.
    #[error("`{0}` is inside `{1}`, which only git and Atelier themselves write")]
    Protected(String, &'static str),
    /// The path or a name in it is too long, or it is nested too deep.
    #[error("the path is too long: {0}")]
    TooLong(&'static str),
}

impl WorkspacePath {
    /// Checks `text` and makes a path of it.
    ///
    /// # Errors
    /// Says which rule the text breaks.
    pub fn new(text: &str) -> Result<Self, PathError> {
        let shown = || text.escape_debug().take(200).collect::<String>();
        if text.is_empty() {
            return Err(PathError::Empty);
        }
        if text.len() > limit::PATH_BYTES {
            return Err(PathError::TooLong("at most 1,024 bytes"));
        }
        if text.starts_with('/') || has_drive(text) {
            return Err(PathError::Absolute(shown()));
        }
        if text.contains('\\') {
            return Err(PathError::Character(shown(), "a backslash"));
        }
        if text.chars().any(char::is_control) {
            return Err(PathError::Character(shown(), "a control character"));
        }
        for (depth, name) in text.split('/').enumerate() {
            if depth >= limit::PATH_DEPTH {
                return Err(PathError::TooLong("at most 64 folders deep"));
            }
            if name.is_empty() || name == "." || name == ".." {
                return Err(PathError::Traversal(shown()));
            }
            if name.len() > limit::NAME_BYTES {
                return Err(PathError::TooLong("a name is at most 255 bytes"));
            }
            if let Some(folder) = protected_name(name) {
                return Err(PathError::Protected(shown(), folder));
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the last name.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// Returns the folder the last name is in; `None` at the top.
    pub fn parent(&self) -> Option<Self> {
        self.0
            .rsplit_once('/')
            .map(|(parent, _)| Self(parent.to_owned()))
    }

    /// Returns the ending after the last dot of the name, if it has one.
    pub fn extension(&self) -> Option<&str> {
        self.name()
            .rsplit_once('.')
            .filter(|(stem, _)| !stem.is_empty())
            .map(|(_, ext)| ext)
    }

    /// Returns whether the path is `other` or below it.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0
            .strip_prefix(&other.0)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// Returns the protected folder that `name` is, seen without case, without
/// trailing dots and spaces, and without the code points that HFS+ ignores
/// (the rules of git's `core.protectNTFS` and `core.protectHFS`).
pub fn protected_name(name: &str) -> Option<&'static str> {
    let bare: String = name
        .chars()
        .filter(|c| !matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}'))
        .collect();
    let bare = bare
        .split(':')
        .next()
        .unwrap_or("")
        .trim_end_matches(['.', ' ']);
    if bare.eq_ignore_ascii_case("git~1") {
        return Some(PROTECTED[0]);
    }
    PROTECTED
        .into_iter()
        .find(|folder| bare.eq_ignore_ascii_case(folder))
}

fn has_drive(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.next() == Some(':')
        && matches!(chars.next(), Some('/' | '\\'))
}

impl fmt::Display for WorkspacePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for WorkspacePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WorkspacePath({:?})", self.0)
    }
}

impl FromStr for WorkspacePath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        Self::new(text)
    }
}

impl AsRef<str> for WorkspacePath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_paths_are_taken_as_they_are() {
        for text in [
            "a",
            "src/main.rs",
            ".env",
            "a b/ü.txt",
            "..a",
            "a..",
            ".gitignore",
            ".github/x.yml",
            "C",
            "a:b",
            "日本/語",
        ] {
            assert_eq!(
                WorkspacePath::new(text).map(|p| p.to_string()),
                Ok(text.to_owned())
            );
        }
    }

    #[test]
    fn hostile_paths_are_refused() {
        let long = "a".repeat(256);
        let deep = "a/".repeat(64) + "b";
        for text in [
            "",
            "/",
            "/etc/passwd",
            "..",
            ".",
            "a/..",
            "../a",
            "a/../b",
            "a//b",
            "a/",
            "./a",
            "a\\b",
            "..\\a",
            "a\0b",
            "a\nb",
            "C:/x",
            "c:\\x",
            ".git",
            ".git/config",
            "a/.git/hooks/x",
            ".GIT/config",
            ".Git",
            ".git.",
            ".git ",
            ".git. .",
            ".git::$INDEX_ALLOCATION",
            "git~1/config",
            ".g\u{200c}it/config",
            ".atelier/journal",
            ".ATELIER",
            "a\u{7f}b",
            &long,
            &deep,
        ] {
            assert!(WorkspacePath::new(text).is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn parts_of_a_path() {
        let path = WorkspacePath::new("src/lib.test.rs").unwrap();
        assert_eq!(path.name(), "lib.test.rs");
        assert_eq!(path.extension(), Some("rs"));
        assert_eq!(path.parent().unwrap().as_str(), "src");
        assert!(path.is_within(&WorkspacePath::new("src").unwrap()));
        assert!(
            !WorkspacePath::new("srcs/a")
                .unwrap()
                .is_within(&WorkspacePath::new("src").unwrap())
        );
        assert_eq!(WorkspacePath::new(".env").unwrap().extension(), None);
    }
}
