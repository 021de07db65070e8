//! Which part of the front end may import which.

use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};

use crate::project;

/// The folders of `web/src` and what each may import besides itself.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("lib", &[]),
    ("ui", &["lib"]),
    ("editor", &["lib"]),
    ("api", &["lib"]),
    ("commands", &["lib", "ui", "editor", "api"]),
    ("features", &["lib", "ui", "editor", "api", "commands"]),
    (
        "routes",
        &["lib", "ui", "editor", "api", "commands", "features"],
    ),
];

/// Layers that work without React.
const WITHOUT_REACT: &[&str] = &["lib", "editor"];

/// Complaints about imports between the folders of `web/src`.
pub(super) fn complaints() -> Result<Vec<String>> {
    let src = project::web().join("src");
    let mut complaints = Vec::new();
    for file in project::files_below(&src, &[])? {
        let extension = file.extension().and_then(|extension| extension.to_str());
        if matches!(extension, Some("ts" | "tsx")) {
            let text = fs::read_to_string(&file)
                .with_context(|| format!("could not read {}", file.display()))?;
            let place = file.strip_prefix(&src).unwrap_or(&file);
            complaints.extend(in_file(place, &text));
        }
    }
    Ok(complaints)
}

/// Complaints about one file at `place` below `web/src`. Files directly in
/// `web/src` wire everything together and may import all.
fn in_file(place: &Path, text: &str) -> Vec<String> {
    let Some(here) = Home::of(place) else {
        return Vec::new();
    };
    let shown = format!("web/src/{}", place.display());
    let Some((_, may)) = MAY_IMPORT.iter().find(|(layer, _)| *layer == here.layer) else {
        return vec![format!("{shown}: `{}` is no layer of web/src", here.layer)];
    };
    let mut complaints = Vec::new();
    for import in imports(text) {
        if matches!(import, "react" | "react-dom") && WITHOUT_REACT.contains(&here.layer.as_str()) {
            complaints.push(format!("{shown}: `{}` works without React", here.layer));
        }
        let Some(there) = resolve(place, import).as_deref().and_then(Home::of) else {
            continue;
        };
        if there.layer != here.layer && !may.contains(&there.layer.as_str()) {
            complaints.push(format!(
                "{shown}: {} may not import {} ({import})",
                here.layer, there.layer
            ));
        }
        if there.layer == "features" && here.layer == "features" && there.feature != here.feature {
            complaints.push(format!(
                "{shown}: features don't import each other ({import})"
            ));
        }
    }
    complaints
}

/// The layer a file belongs to and, in `features`, which feature.
struct Home {
    layer: String,
    feature: Option<String>,
}

impl Home {
    fn of(place: &Path) -> Option<Self> {
        let mut parts = place
            .components()
            .map(|part| part.as_os_str().to_string_lossy().into_owned());
        let layer = parts.next()?;
        let feature = parts.next();
        feature.is_some().then_some(Self { layer, feature })
    }
}

/// Where an import leads below `web/src`; nowhere for packages.
fn resolve(place: &Path, import: &str) -> Option<PathBuf> {
    if let Some(from_src) = import.strip_prefix("@/") {
        return Some(PathBuf::from(from_src));
    }
    if !import.starts_with('.') {
        return None;
    }
    let mut path = place.parent()?.to_path_buf();
    for part in Path::new(import).components() {
        match part {
            Component::ParentDir => {
                if !path.pop() {
                    return None;
                }
            }
            Component::Normal(name) => path.push(name),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    Some(path)
}

/// What a module imports or re-exports, statically or not: each quoted word
/// after `from`, `import` or `import(`.
fn imports(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for keyword in ["from", "import"] {
        for (at, _) in text.match_indices(keyword) {
            let starts_word = text[..at]
                .chars()
                .next_back()
                .is_none_or(|before| !before.is_alphanumeric() && before != '_' && before != '.');
            let rest = text[at + keyword.len()..].trim_start();
            let rest = rest.strip_prefix('(').map_or(rest, str::trim_start);
            if starts_word && let Some(import) = quoted(rest) {
                found.push(import);
            }
        }
    }
    found
}

fn quoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (import, _) = text[1..].split_once(quote)?;
    (!import.contains('\n')).then_some(import)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{imports, in_file};

    #[test]
    fn imports_are_found_in_every_form() {
        let text = r#"
            import { a } from "./a";
            import type { B } from '../b';
            import "./style.css";
            export * from "@/lib/c";
            const d = await import("./d");
            import {
              e,
            } from "react";
            const transform = Array.from("no import"); // from: a word
        "#;
        let mut found = imports(text);
        found.sort_unstable();
        let mut expected = vec!["./a", "../b", "./style.css", "@/lib/c", "./d", "react"];
        expected.sort_unstable();
        assert_eq!(found, expected);
    }

    #[test]
    fn layers_import_downwards_only() {
        for (place, import, complaints) in [
            ("routes/home.tsx", "../features/run/panel", 0),
            ("features/run/panel.tsx", "./output", 0),
            ("features/run/panel.tsx", "../../ui/button", 0),
            ("features/run/panel.tsx", "@/api/client", 0),
            ("features/run/panel.tsx", "../chat/list", 1),
            ("features/run/panel.tsx", "@/features/chat/list", 1),
            ("features/run/panel.tsx", "../../routes/home", 1),
            ("ui/button.tsx", "../lib/join", 0),
            ("ui/button.tsx", "../api/client", 1),
            ("ui/button.tsx", "react", 0),
            ("lib/join.ts", "react", 1),
            ("editor/diff.ts", "../ui/button", 1),
            ("main.tsx", "./routes/home", 0),
            ("misc/thing.ts", "../lib/join", 1),
        ] {
            let text = format!("import {{ x }} from \"{import}\";\n");
            let found = in_file(Path::new(place), &text);
            assert_eq!(found.len(), complaints, "{place} {import}: {found:?}");
        }
    }
}
