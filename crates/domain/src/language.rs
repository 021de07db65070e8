//! Which language a file is in, by its name.

use atelier_base::WorkspacePath;

/// Returns the language a file is highlighted as, when its name tells.
pub(crate) fn of(path: &WorkspacePath) -> Option<&'static str> {
    match path.name() {
        "Makefile" | "makefile" | "GNUmakefile" => return Some("makefile"),
        "Dockerfile" | "Containerfile" => return Some("dockerfile"),
        _ => {}
    }
    Some(match path.extension()?.to_ascii_lowercase().as_str() {
        "py" | "pyi" => "python",
        "js" | "mjs" | "cjs" => "javascript",
        "jsx" => "jsx",
        "ts" | "mts" | "cts" => "typescript",
        "tsx" => "tsx",
        "sh" | "bash" => "shell",
        "rs" => "rust",
        "go" => "go",
        "java" => "java",
        "c" | "h" => "c",
        "cc" | "cpp" | "cxx" | "hpp" | "hh" => "cpp",
        "cs" => "csharp",
        "rb" => "ruby",
        "php" => "php",
        "pl" | "pm" => "perl",
        "html" | "htm" => "html",
        "css" => "css",
        "scss" => "scss",
        "json" => "json",
        "yaml" | "yml" => "yaml",
        "toml" => "toml",
        "xml" | "svg" => "xml",
        "md" | "markdown" => "markdown",
        "sql" => "sql",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_languages() {
        for (path, language) in [
            ("a/b.py", Some("python")),
            ("X.TSX", Some("tsx")),
            ("Dockerfile", Some("dockerfile")),
            ("notes", None),
            (".env", None),
        ] {
            assert_eq!(of(&WorkspacePath::new(path).unwrap()), language, "{path}");
        }
    }
}
