//! Files and patches of any size.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use atelier_base::WorkspacePath;

/// A file whose every eighth line begins a block that is told by its number;
/// half of the lines are common ones.
pub(crate) fn blocks(lines: usize) -> String {
    let mut text = String::new();
    for block in 0..lines / 8 {
        let _ = write!(
            text,
            "    fn step_{block}() {{\n        let x = {block};\n        if x > 1 {{\n            \
             go();\n        }}\n        done(x);\n    }}\n\n"
        );
    }
    text
}

/// SEARCH/REPLACE blocks for such a file, spread over it evenly, each with
/// four spaces less than the file's lines.
pub(crate) fn replacements(hunks: usize, lines: usize) -> String {
    let mut patch = String::from("a.rs\n");
    for hunk in 0..hunks {
        let block = hunk * (lines / 8) / hunks;
        let old =
            format!("fn step_{block}() {{\n    let x = {block};\n    if x > 1 {{\n        go();\n");
        let new = old.replace("go();", "go();\n        went();");
        let _ = write!(
            patch,
            "<<<<<<< SEARCH\n{old}=======\n{new}>>>>>>> REPLACE\n"
        );
    }
    patch
}

/// How many files the large diff changes.
const FILES: usize = 200;
/// How many lines each has, and which of them change.
const LINES: usize = 200;
const CHANGED: [usize; 5] = [20, 60, 100, 140, 180];

/// The 200 files that a diff of 1,000 hunks changes.
pub(crate) fn tree() -> BTreeMap<WorkspacePath, Vec<u8>> {
    let files = (0..FILES).filter_map(|file| {
        let path = name(file).parse().ok()?;
        let lines = (1..=LINES).map(|line| row(file, line, "original"));
        Some((path, lines.collect::<String>().into_bytes()))
    });
    files.collect()
}

/// The git diff of 1,000 hunks over these files.
pub(crate) fn diff() -> String {
    let mut diff = String::new();
    for file in 0..FILES {
        let name = name(file);
        let _ = write!(
            diff,
            "diff --git a/{name} b/{name}\n--- a/{name}\n+++ b/{name}\n"
        );
        for changed in CHANGED {
            let _ = writeln!(diff, "@@ -{0},7 +{0},7 @@", changed - 3);
            for line in changed - 3..=changed + 3 {
                if line == changed {
                    let _ = write!(diff, "-{}", row(file, line, "original"));
                    let _ = write!(diff, "+{}", row(file, line, "changed"));
                } else {
                    let _ = write!(diff, " {}", row(file, line, "original"));
                }
            }
        }
    }
    diff
}

fn name(file: usize) -> String {
    format!("src/module_{}/file_{file}.py", file % 10)
}

fn row(file: usize, line: usize, value: &str) -> String {
    format!("value_{file}_{line} = compute({line}, \"{value}\")\n")
}
