//! The languages that a file or a piece of code can be run with.

use std::path::PathBuf;

use atelier_base::WorkspacePath;

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

    /// Finds a language by its name or a usual other name of it.
    pub fn find(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "python" | "python3" | "py" => Some(Self::Python),
            "javascript" | "js" | "node" | "nodejs" => Some(Self::JavaScript),
            "shell" | "sh" | "bash" => Some(Self::Shell),
            _ => None,
        }
    }

    /// Finds the language of a file by its extension.
    pub fn of_file(path: &WorkspacePath) -> Option<Self> {
        match path.extension()?.to_ascii_lowercase().as_str() {
            "py" => Some(Self::Python),
            "js" | "mjs" | "cjs" => Some(Self::JavaScript),
            "sh" | "bash" => Some(Self::Shell),
            _ => None,
        }
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
