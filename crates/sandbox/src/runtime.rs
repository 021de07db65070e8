//! The languages that a file or a piece of code can be run with.

use std::path::PathBuf;

use atelier_base::WorkspacePath;

mod tool;

pub(crate) use tool::tools;

/// A language that can be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Python 3.
    Python,
    /// JavaScript on Node.
    JavaScript,
    /// Bourne shell: bash where there is one.
    Shell,
}

/// A language that this machine can run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runtime {
    /// The language.
    pub language: Language,
    /// What the interpreter says its version is, such as `3.11.2`.
    pub version: Option<String>,
    /// The interpreter.
    pub command: PathBuf,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 3] = [Self::Python, Self::JavaScript, Self::Shell];

    /// Returns the word for it: `python`, `javascript` or `shell`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::JavaScript => "javascript",
            Self::Shell => "shell",
        }
    }

    /// Returns the programs that run it, best first.
    fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Python => &["python3", "python"],
            Self::JavaScript => &["node"],
            Self::Shell => &["bash", "sh"],
        }
    }

    /// Finds a language by its name or a usual other name of it.
    pub fn find(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "python" | "python3" | "py" => Some(Self::Python),
            "javascript" | "js" | "node" | "nodejs" => Some(Self::JavaScript),
            "shell" | "sh" | "bash" => Some(Self::Shell),
            _ => None,
        }
    }

    /// Returns the extensions of its files, without the dot.
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Python => &["py"],
            Self::JavaScript => &["js", "mjs", "cjs"],
            Self::Shell => &["sh", "bash"],
        }
    }

    /// Finds the language of a file by its extension.
    pub fn of_file(path: &WorkspacePath) -> Option<Self> {
        let extension = path.extension()?.to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|language| language.extensions().contains(&extension.as_str()))
    }
}

impl Runtime {
    /// Returns the command that runs a file of the workspace, from its top.
    pub fn file_argv(&self, path: &WorkspacePath) -> Vec<String> {
        // `./` keeps a name that begins with a dash from being an option.
        vec![self.program(), format!("./{path}")]
    }

    /// Returns the command that runs a piece of code, which must be short
    /// enough for one argument (128 KiB).
    pub fn code_argv(&self, code: &str) -> Vec<String> {
        let flag = match self.language {
            Language::Python | Language::Shell => "-c",
            Language::JavaScript => "-e",
        };
        vec![self.program(), flag.to_owned(), code.to_owned()]
    }

    fn program(&self) -> String {
        self.command.to_string_lossy().into_owned()
    }
}

/// Finds the languages whose interpreters are in the folders `path` or the
/// system's, without versions.
pub(crate) fn find(path: &[PathBuf]) -> Vec<Runtime> {
    let interpreter = |language: Language| {
        let mut programs = language.programs().iter();
        let command = programs.find_map(|program| tool::locate(program, path))?;
        Some(Runtime {
            language,
            version: None,
            command,
        })
    };
    Language::ALL.into_iter().filter_map(interpreter).collect()
}

/// Finds a version number in what a program says to `--version`.
pub(crate) fn version_in(text: &str) -> Option<String> {
    let words = text
        .split_whitespace()
        .map(|word| word.trim_start_matches('v'));
    let mut numbers = words.filter(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let word = numbers.next()?;
    let end = word.find(|c: char| !c.is_ascii_digit() && c != '.');
    Some(word[..end.unwrap_or(word.len())].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_known_by_name_and_extension() {
        for (file, language) in [
            ("a/b.py", Some(Language::Python)),
            ("x.MJS", Some(Language::JavaScript)),
            ("run.sh", Some(Language::Shell)),
            ("README", None),
            (".py", None),
        ] {
            let path = WorkspacePath::new(file).unwrap();
            assert_eq!(Language::of_file(&path), language, "{file}");
        }
        for language in Language::ALL {
            assert_eq!(Language::find(language.as_str()), Some(language));
        }
        assert_eq!(Language::find("cobol"), None);
    }

    #[test]
    fn a_file_that_looks_like_an_option_is_a_file() {
        let runtime = Runtime {
            language: Language::Python,
            version: None,
            command: PathBuf::from("/usr/bin/python3"),
        };
        let path = WorkspacePath::new("-c.py").unwrap();
        assert_eq!(runtime.file_argv(&path), ["/usr/bin/python3", "./-c.py"]);
        assert_eq!(runtime.code_argv("1"), ["/usr/bin/python3", "-c", "1"]);
    }

    #[test]
    fn versions_are_found_in_what_programs_say() {
        for (text, version) in [
            ("Python 3.11.7\n", Some("3.11.7")),
            ("v20.11.1\n", Some("20.11.1")),
            (
                "GNU bash, version 5.2.15(1)-release (x86_64)",
                Some("5.2.15"),
            ),
            ("usage: sh", None),
        ] {
            assert_eq!(version_in(text).as_deref(), version);
        }
    }
}
