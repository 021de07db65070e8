//! `atelier apply`: every format, its exit statuses, all or nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use atelier_tests::{Ended, run_program};
use serde_json::Value;
use tempfile::TempDir;

use super::edits::{add, delete, envelope, move_to, search_replace, update, whole};

const TEXT: &str = "one\ntwo\nthree\n";

/// A folder with a few files.
pub(crate) fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), TEXT).unwrap();
    fs::write(folder.path().join("b.txt"), "b\n").unwrap();
    folder
}

/// Everything in a folder: names, and texts of files.
pub(crate) fn tree(folder: &Path) -> BTreeMap<String, Option<String>> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            if path.is_symlink() {
                found.insert(name, None);
            } else if path.is_dir() {
                waiting.push(path);
                found.insert(name, None);
            } else {
                found.insert(name, fs::read_to_string(path).ok());
            }
        }
    }
    found
}

pub(crate) async fn apply(folder: &Path, flags: &[&str], patch: &str) -> Ended {
    let arguments: Vec<&str> = ["apply", "--dir", "."]
        .iter()
        .chain(flags)
        .copied()
        .collect();
    run_program(folder, &arguments, patch).await
}

#[tokio::test]
async fn apply_takes_every_format() {
    let unified = "--- a/a.txt\n+++ b/a.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n";
    let edits = r#"[{"path":"a.txt","old":"two","new":"TWO"}]"#;
    for (format, patch) in [
        ("search_replace", search_replace("a.txt", "two", "TWO")),
        ("apply_patch", envelope(&[update("a.txt", "two", "TWO")])),
        ("unified", unified.to_owned()),
        ("edits", edits.to_owned()),
        ("whole", whole("a.txt", "one\nTWO\nthree")),
    ] {
        for named in [format, "auto"] {
            let folder = project();
            let ended = apply(folder.path(), &["--format", named], &patch).await;
            assert_eq!(
                (ended.code, ended.stderr.as_str()),
                (Some(0), ""),
                "{format} as {named}: {ended:?}"
            );
            assert!(ended.stdout.starts_with("modify a.txt"), "{ended:?}");
            let expected = BTreeMap::from(
                [("a.txt", "one\nTWO\nthree\n"), ("b.txt", "b\n")]
                    .map(|(name, text)| (name.to_owned(), Some(text.to_owned()))),
            );
            assert_eq!(tree(folder.path()), expected, "{format} as {named}");
        }
    }
}

#[tokio::test]
async fn apply_makes_moves_and_deletes() {
    let folder = project();
    let patch = envelope(&[
        add("new/c.txt", "c"),
        delete("b.txt"),
        move_to("a.txt", "moved.txt", "two", "TWO"),
    ]);
    let ended = apply(folder.path(), &["--json"], &patch).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let said: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(said["applied"], true);
    let changes: BTreeSet<(&str, &str)> = said["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| {
            (
                file["change"].as_str().unwrap(),
                file["path"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        changes,
        BTreeSet::from([
            ("create", "new/c.txt"),
            ("delete", "b.txt"),
            ("rename", "moved.txt")
        ])
    );
    assert_eq!(
        tree(folder.path()).into_keys().collect::<Vec<_>>(),
        ["moved.txt", "new", "new/c.txt"]
    );
}

#[tokio::test]
async fn apply_only_checks_when_asked_to() {
    let folder = project();
    let before = tree(folder.path());
    let ended = apply(
        folder.path(),
        &["--check", "--json"],
        &search_replace("a.txt", "two", "TWO"),
    )
    .await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(
        serde_json::from_str::<Value>(&ended.stdout).unwrap()["applied"],
        false
    );
    let ended = apply(
        folder.path(),
        &["--check"],
        &search_replace("a.txt", "nine", "x"),
    )
    .await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(tree(folder.path()), before);
}

#[tokio::test]
async fn apply_refuses_with_1_and_changes_nothing() {
    let folder = project();
    std::os::unix::fs::symlink("/etc", folder.path().join("link")).unwrap();
    let before = tree(folder.path());
    for (what, patch) in [
        ("prose", "Nothing to do.".to_owned()),
        ("not there", search_replace("a.txt", "nine", "x")),
        (
            "one of two does not fit",
            [
                search_replace("b.txt", "b", "B"),
                search_replace("a.txt", "nine", "x"),
            ]
            .concat(),
        ),
        (
            "one of two leads out",
            envelope(&[update("a.txt", "two", "TWO"), add("../out.txt", "x")]),
        ),
        ("absolute", add_one("/etc/atelier-test")),
        ("git's own", add_one(".git/config")),
        ("ours", add_one(".atelier/x")),
        ("through a link", add_one("link/x")),
        (
            "cut off",
            "*** Begin Patch\n*** Update File: a.txt\n".to_owned(),
        ),
    ] {
        for flags in [&[][..], &["--json"]] {
            let ended = apply(folder.path(), flags, &patch).await;
            assert_eq!(ended.code, Some(1), "{what}: {ended:?}");
            if flags.is_empty() {
                assert!(
                    ended.stdout.is_empty() && !ended.stderr.is_empty(),
                    "{what}: {ended:?}"
                );
            } else {
                let said: Value = serde_json::from_str(&ended.stdout).unwrap();
                assert_eq!(said["applied"], false, "{what}");
                assert!(
                    said["error"]["code"].is_string() && said["error"]["message"].is_string(),
                    "{what}: {said}"
                );
            }
            assert_eq!(tree(folder.path()), before, "{what}");
        }
    }
}

fn add_one(path: &str) -> String {
    envelope(&[add(path, "x")])
}

#[tokio::test]
async fn apply_says_2_when_it_is_called_wrongly() {
    let folder = project();
    let large = "x".repeat(4 * 1024 * 1024 + 1);
    for (arguments, input) in [
        (&["apply"][..], ""),
        (&["apply", "--dir", "none"], ""),
        (&["apply", "--dir", "a.txt"], ""),
        (&["apply", "--dir", ".", "--format", "ed"], ""),
        (&["apply", "--dir", ".", "--path", "../x"], ""),
        (&["apply", "--dir", ".", "--colour"], ""),
        (&["apply", "--dir", "."], &large),
        (
            &["apply", "--dir", ".", "--base", "none"],
            "a.txt\n```\nx\n```\n",
        ),
        (&["apply", "--dir", ".", "--encoding", "morse"], ""),
        (&["apply", "--dir", ".", "--undo", "none"], ""),
        (&["apply", "--dir", ".", "--undo", "a.txt"], ""),
        (
            &["apply", "--dir", ".", "--undo", "a.txt", "--base", "."],
            "",
        ),
        (&["apply", "--dir", ".", "--check", "--record", "r"], ""),
        (&["frobnicate"], ""),
        (&[], ""),
    ] {
        let ended = run_program(folder.path(), arguments, input).await;
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
        assert!(!ended.stderr.is_empty(), "{arguments:?}");
    }
}
