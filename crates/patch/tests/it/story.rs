//! A tree, a patch and what becomes of the tree.

use std::collections::BTreeMap;

use atelier_base::WorkspacePath;
use atelier_patch::{Change, Format, ParseOptions, PatchError, Plan, parse, plan};
use proptest::test_runner::{Config as ProptestConfig, RngSeed};

/// The seed of all random cases.
const SEED: u64 = 0x6174_656c_6965_7221;

/// A tree: paths and texts.
pub(crate) type Tree<'a> = &'a [(&'a str, &'a str)];

/// A name, a patch, the tree before, and the tree after or the error's code.
pub(crate) type Case<'a> = (&'a str, &'a str, Tree<'a>, Result<Tree<'a>, &'a str>);

pub(crate) fn path(text: &str) -> WorkspacePath {
    text.parse().unwrap()
}

pub(crate) fn tree(files: Tree<'_>) -> BTreeMap<WorkspacePath, Vec<u8>> {
    let files = files.iter();
    files
        .map(|(name, text)| (path(name), text.as_bytes().to_vec()))
        .collect()
}

pub(crate) fn lax(format: Format) -> ParseOptions {
    ParseOptions {
        format,
        ..ParseOptions::default()
    }
}

pub(crate) fn strict(format: Format) -> ParseOptions {
    ParseOptions {
        strict: true,
        ..lax(format)
    }
}

pub(crate) fn open_file(format: Format, name: &str) -> ParseOptions {
    ParseOptions {
        sole_path: Some(path(name)),
        ..lax(format)
    }
}

/// Reads and plans a patch.
pub(crate) fn planned(
    options: &ParseOptions,
    patch: &str,
    before: Tree<'_>,
) -> Result<Plan, PatchError> {
    plan(&parse(patch, options)?, &tree(before))
}

/// Returns the tree with a plan carried out.
pub(crate) fn carried_out(before: Tree<'_>, plan: &Plan) -> BTreeMap<WorkspacePath, Vec<u8>> {
    let mut files = tree(before);
    for file in &plan.files {
        match &file.change {
            Change::Rename { from } => files.remove(from),
            Change::Copy { .. } => None,
            Change::Create | Change::Modify | Change::Delete => files.remove(&file.path),
        };
    }
    for file in &plan.files {
        if let Some(after) = &file.after {
            files.insert(file.path.clone(), after.clone());
        }
    }
    files
}

/// Runs every case and compares.
pub(crate) fn check(options: &ParseOptions, cases: &[Case<'_>]) {
    for (name, patch, before, expected) in cases {
        let outcome = planned(options, patch, before);
        match (outcome, expected) {
            (Ok(plan), Ok(after)) => {
                assert_eq!(
                    shown(&carried_out(before, &plan)),
                    shown(&tree(after)),
                    "{name}"
                );
            }
            (Err(error), Err(code)) => assert_eq!(error.code(), *code, "{name}: {error}"),
            (Err(error), Ok(_)) => panic!("{name}: refused: {error}"),
            (Ok(plan), Err(code)) => panic!("{name}: {code} expected, got {plan:?}"),
        }
    }
}

/// Returns the label of each hunk of each file.
pub(crate) fn labels(plan: &Plan) -> Vec<String> {
    let hunks = plan.files.iter().flat_map(|file| &file.hunks);
    hunks.map(|hunk| hunk.label.to_string()).collect()
}

/// Returns how properties are tested: the same cases every time, so that a
/// failure is one for everybody.
pub(crate) fn cases(count: u32) -> ProptestConfig {
    ProptestConfig {
        cases: count,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(SEED),
        ..ProptestConfig::default()
    }
}

fn shown(files: &BTreeMap<WorkspacePath, Vec<u8>>) -> Vec<(String, String)> {
    let files = files.iter();
    let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
    files
        .map(|(path, bytes)| (path.to_string(), text(bytes)))
        .collect()
}
