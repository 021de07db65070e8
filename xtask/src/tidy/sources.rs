//! Names, sizes and words of source files.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::project;

/// Where our own sources are.
const FOLDERS: &[&str] = &["crates", "fuzz", "xtask", "web/src", "web/e2e", "web/tests"];
/// Where prose and configuration are; checked for words only.
const PROSE: &[&str] = &["docs", "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"];
/// Folders that tools fill.
const MADE: &[&str] = &["node_modules", "target", "dist", "results"];
/// Past this a file hides more than it holds together.
const LINES: usize = 800;
/// Names that say nothing of what is inside, and so attract everything.
const EMPTY_NAMES: &[&str] = &[
    "utils", "util", "helpers", "helper", "common", "manager", "misc",
];
/// Generated, and as long as the contract is.
const GENERATED: &[&str] = &["web/src/api/schema.ts"];

/// Words that Rust sources don't contain, and what to do instead. Each is put
/// together here so that this file doesn't contain it either.
const FORBIDDEN: &[(&str, &str)] = &[
    (concat!("#[", "allow("), "use #[expect(…, reason = \"…\")]"),
    (
        concat!("#![", "allow("),
        "use #![expect(…, reason = \"…\")]",
    ),
    (concat!("#[", "ignore"), "a test runs or doesn't exist"),
];

/// Complaints about names, sizes and words.
pub(super) fn complaints() -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    let top = project::top();
    for folder in FOLDERS {
        for file in project::files_below(&top.join(folder), MADE)? {
            let shown = project::shown(&file);
            complaints.extend(empty_name(&shown));
            if let Some(text) = source_text(&file)? {
                complaints.extend(in_text(&shown, &text));
                complaints.extend(machine_path(&shown, &text, &top.to_string_lossy()));
            }
        }
    }
    for place in PROSE {
        let place = top.join(place);
        let files = if place.is_file() {
            vec![place]
        } else {
            project::files_below(&place, MADE)?
        };
        for file in files {
            if let Some(text) = source_text(&file)? {
                let shown = project::shown(&file);
                complaints.extend(machine_path(&shown, &text, &top.to_string_lossy()));
            }
        }
    }
    Ok(complaints)
}

/// The text of a file that people write; pictures and data have none.
fn source_text(file: &Path) -> Result<Option<String>> {
    let written = ["rs", "ts", "tsx", "css", "sql", "md", "mjs", "toml"];
    if !has_extension(file, &written) {
        return Ok(None);
    }
    fs::read_to_string(file)
        .map(Some)
        .with_context(|| format!("could not read {}", file.display()))
}

fn empty_name(shown: &str) -> Option<String> {
    let is_code = [".rs", ".ts", ".tsx"]
        .iter()
        .any(|end| shown.ends_with(end));
    if !is_code {
        return None;
    }
    if shown.ends_with("/mod.rs") {
        return Some(format!("{shown}: a module is `name.rs`, not `name/mod.rs`"));
    }
    shown
        .split(['/', '.'])
        .find(|part| EMPTY_NAMES.contains(part))
        .map(|part| format!("{shown}: `{part}` doesn't say what is inside"))
}

fn in_text(shown: &str, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let lines = text.lines().count();
    if lines > LINES && !GENERATED.contains(&shown) {
        complaints.push(format!("{shown}: {lines} lines; split it below {LINES}"));
    }
    if has_extension(shown, &["rs"]) {
        for (word, instead) in FORBIDDEN {
            if text.contains(word) {
                complaints.push(format!("{shown}: contains `{word}`; {instead}"));
            }
        }
    }
    complaints
}

fn has_extension(file: impl AsRef<Path>, extensions: &[&str]) -> bool {
    let extension = file.as_ref().extension().and_then(|own| own.to_str());
    extension.is_some_and(|own| extensions.contains(&own))
}

/// The folder in which this checkout lies says something about one machine
/// and is wrong on every other.
fn machine_path(shown: &str, text: &str, top: &str) -> Option<String> {
    let is_telling = top.matches('/').count() > 1;
    (is_telling && text.contains(top))
        .then(|| format!("{shown}: names {top}, a place on one machine"))
}

#[cfg(test)]
mod tests {
    use super::{LINES, empty_name, in_text, machine_path};

    #[test]
    fn names_must_say_what_is_inside() {
        for good in [
            "crates/store/src/run.rs",
            "web/src/lib/path.ts",
            "xtask/Cargo.toml",
        ] {
            assert_eq!(empty_name(good), None);
        }
        for bad in [
            "crates/store/src/utils.rs",
            "crates/store/src/run/mod.rs",
            "web/src/lib/helpers/path.ts",
            "web/src/features/run/manager.test.tsx",
        ] {
            assert!(empty_name(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn long_files_and_forbidden_words_are_found() {
        assert_eq!(in_text("a.rs", &"\n".repeat(LINES)), Vec::<String>::new());
        assert_eq!(in_text("a.rs", &"\n".repeat(LINES + 1)).len(), 1);
        let silenced = concat!("#[", "allow(dead_code)]\nfn f() {}\n");
        assert_eq!(in_text("a.rs", silenced).len(), 1);
        assert_eq!(in_text("a.ts", silenced).len(), 0);
    }

    #[test]
    fn a_place_on_one_machine_is_found_when_it_is_telling() {
        let text = "see /home/ana/atelier/target";
        assert!(machine_path("a.md", text, "/home/ana/atelier").is_some());
        assert!(machine_path("a.md", text, "/home/ben/atelier").is_none());
        assert!(machine_path("a.md", "src/lib.rs and /src", "/src").is_none());
    }
}
