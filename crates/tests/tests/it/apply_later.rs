//! `atelier apply` on later work: patches for an older tree, taking one back,
//! and what is asked about first.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use atelier_tests::run_program;
use futures_util::future::join_all;
use serde_json::Value;

use super::apply::{apply, project, tree};
use super::edits::{add, delete, envelope, move_to, search_replace, update, whole};

const LONG: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";

fn text(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

#[tokio::test]
async fn a_patch_for_an_older_tree_is_merged() {
    let folder = project();
    let base = tempfile::tempdir().unwrap();
    fs::write(base.path().join("a.txt"), LONG).unwrap();
    fs::write(folder.path().join("a.txt"), LONG.replace('8', "eight")).unwrap();
    let base = base.path().to_str().unwrap();
    let ended = apply(
        folder.path(),
        &["--base", base],
        &search_replace("a.txt", "2", "two"),
    )
    .await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.stdout.contains("modify a.txt +1 -1 (merged)"),
        "{ended:?}"
    );
    let merged = LONG.replace('8', "eight").replace('2', "two");
    assert_eq!(text(folder.path(), "a.txt"), merged);
    assert_eq!(
        fs::read_dir(base).unwrap().count(),
        1,
        "nothing is left in the base"
    );

    // The same once more finds it done; the same lines otherwise are a conflict.
    let again = apply(
        folder.path(),
        &["--base", base],
        &search_replace("a.txt", "2", "two"),
    )
    .await;
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.stdout.contains("nothing to change"), "{again:?}");
    let before = tree(folder.path());
    let patch = [
        search_replace("a.txt", "2", "zwei"),
        whole("new.txt", "new"),
    ]
    .concat();
    let refused = apply(folder.path(), &["--base", base], &patch).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    for said in ["`a.txt`", "line 2", "is now: two", "wanted: zwei"] {
        assert!(refused.stderr.contains(said), "{said}: {refused:?}");
    }
    let refused = apply(folder.path(), &["--base", base, "--json"], &patch).await;
    let said: Value = serde_json::from_str(&refused.stdout).unwrap();
    assert_eq!(said["error"]["code"], "merge_conflict");
    let conflict = &said["error"]["conflicts"][0];
    assert_eq!(conflict["places"][0]["lines"]["from"], 2, "{said}");
    assert!(
        conflict["merged"]
            .as_str()
            .unwrap()
            .contains("<<<<<<< ours")
    );
    assert_eq!(tree(folder.path()), before);
}

/// Makes, deletes, moves and changes.
fn much() -> String {
    envelope(&[
        add("new/deep/c.txt", "c"),
        delete("b.txt"),
        move_to("a.txt", "moved/a.txt", "two", "TWO"),
        update("long.txt", "2", "two"),
    ])
}

#[tokio::test]
async fn what_was_applied_is_taken_back_and_taken_back_again() {
    let folder = project();
    let at = folder.path();
    fs::write(at.join("long.txt"), LONG).unwrap();
    let before = tree(at);
    let records = tempfile::tempdir().unwrap();
    let record = |name: &str| records.path().join(name).to_str().unwrap().to_owned();
    let (first, second) = (record("first"), record("second"));
    let ended = apply(at, &["--record", &first], &much()).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let after = tree(at);
    assert_ne!(after, before);

    let ended = apply(at, &["--undo", &first, "--record", &second], "").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(tree(at), before, "folders that it made are gone too");
    let ended = apply(at, &["--undo", &second], "").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(tree(at), after);

    // Later work stays, in the same file and beside the others.
    fs::write(
        at.join("long.txt"),
        LONG.replace('2', "two").replace('8', "eight"),
    )
    .unwrap();
    fs::write(at.join("new/mine.txt"), "mine").unwrap();
    let ended = apply(at, &["--undo", &first], "").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(text(at, "long.txt"), LONG.replace('8', "eight"));
    assert_eq!(text(at, "new/mine.txt"), "mine");
    assert!(!at.join("new/deep").exists() && !at.join("moved").exists());
    assert_eq!(text(at, "a.txt"), "one\ntwo\nthree\n");
}

#[tokio::test]
async fn the_json_of_an_apply_is_a_record() {
    let folder = project();
    let at = folder.path();
    fs::write(at.join("long.txt"), LONG).unwrap();
    let before = tree(at);
    let ended = apply(at, &["--json"], &much()).await;
    let records = tempfile::tempdir().unwrap();
    let record = records.path().join("out.json");
    fs::write(&record, &ended.stdout).unwrap();
    let undo = ["--undo", record.to_str().unwrap()];

    // What was changed otherwise since is a conflict, and all stays.
    fs::write(at.join("long.txt"), LONG.replace('2', "zwei")).unwrap();
    let changed = tree(at);
    let ended = apply(at, &undo, "").await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("is now: zwei"), "{ended:?}");
    assert_eq!(tree(at), changed);

    fs::write(at.join("long.txt"), LONG.replace('2', "two")).unwrap();
    let checked = apply(at, &[&undo[..], &["--check"]].concat(), "").await;
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert!(checked.stdout.contains("+2\n"), "{checked:?}");
    let ended = apply(at, &undo, "").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(tree(at), before);
    let again = apply(at, &undo, "").await;
    assert_eq!(again.code, Some(0), "undone once, there is nothing to do");
    assert_eq!(tree(at), before);
}

#[tokio::test]
async fn what_destroys_much_is_asked_about() {
    let folder = project();
    let at = folder.path();
    for n in 0..11 {
        fs::write(at.join(format!("f{n}")), "x\n").unwrap();
    }
    fs::write(at.join("long.txt"), "line\n".repeat(100)).unwrap();
    let before = tree(at);
    let many: Vec<String> = (0..11).map(|n| delete(&format!("f{n}"))).collect();
    for (patch, said) in [
        (envelope(&many), "deletes 11 files"),
        (whole("long.txt", "line"), "keep 1 of its 100 lines"),
    ] {
        for flags in [&[][..], &["--check"]] {
            let ended = apply(at, flags, &patch).await;
            assert_eq!(ended.code, Some(1), "{ended:?}");
            assert!(
                ended.stderr.contains(said) && ended.stderr.contains("--allow-destructive"),
                "{ended:?}"
            );
        }
        let ended = apply(at, &["--json"], &patch).await;
        let told: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(told["error"]["code"], "destructive");
        assert_eq!(tree(at), before);
    }
    let ended = apply(at, &["--allow-destructive"], &envelope(&many)).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!at.join("f0").exists());
}

#[tokio::test]
async fn modes_copies_and_declared_encodings_are_applied() {
    let folder = project();
    let at = folder.path();
    fs::write(at.join("latin.txt"), b"caf\xe9\nbar\n").unwrap();
    let patch = "diff --git a/a.txt b/a.txt\nold mode 100644\nnew mode 100755\n\
                 diff --git a/b.txt b/copy.txt\nsimilarity index 100%\ncopy from b.txt\ncopy to copy.txt\n";
    let ended = apply(at, &[], patch).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.stdout.contains("modify a.txt +0 -0 executable"),
        "{ended:?}"
    );
    assert!(
        ended.stdout.contains("copy copy.txt from b.txt"),
        "{ended:?}"
    );
    let mode = |name: &str| fs::metadata(at.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("a.txt"), mode("b.txt")), (0o755, 0o644));
    assert_eq!(text(at, "copy.txt"), "b\n");

    let patch = search_replace("latin.txt", "café", "thé");
    let ended = apply(at, &[], &patch).await;
    assert_eq!(
        ended.code,
        Some(1),
        "nobody said what encoding it is: {ended:?}"
    );
    let ended = apply(at, &["--encoding", "latin1"], &patch).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(fs::read(at.join("latin.txt")).unwrap(), b"th\xe9\nbar\n");
}

#[tokio::test]
async fn a_check_prints_a_diff_and_leaves_nothing() {
    let folder = project();
    let at = folder.path();
    let patch = search_replace("a.txt", "two", "TWO");
    let before = tree(at);
    let times = fs::metadata(at).unwrap().modified().unwrap();
    let ended = apply(at, &["--check"], &patch).await;
    let diff = "diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n";
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), diff));
    assert!(ended.stderr.contains("read as search_replace"), "{ended:?}");
    assert_eq!(fs::metadata(at).unwrap().modified().unwrap(), times);
    assert_eq!(tree(at), before);
    let ended = apply(at, &["--check", "--json"], &patch).await;
    let said: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        (&said["diff"], &said["format"]),
        (&diff.into(), &"search_replace".into())
    );
    assert!(said["reason"].is_string() && said.get("record").is_none());
    // And the diff is a patch.
    let ended = apply(at, &["--strict"], diff).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[tokio::test]
async fn many_at_once_lose_nothing() {
    let folder = project();
    let at = folder.path();
    fs::write(at.join("long.txt"), LONG).unwrap();
    let patches: Vec<String> = (0..8)
        .map(|n| envelope(&[add(&format!("new{n}"), "new")]))
        .collect();
    let ended = join_all(patches.iter().map(|patch| apply(at, &[], patch))).await;
    for (n, ended) in ended.iter().enumerate() {
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(text(at, &format!("new{n}")), "new\n");
    }
    assert!(!at.join(".atelier").exists());
}

#[tokio::test]
async fn a_record_that_can_not_be_written_stops_everything() {
    let folder = project();
    let before = tree(folder.path());
    let record = folder.path().join("none/record");
    let ended = apply(
        folder.path(),
        &["--record", record.to_str().unwrap()],
        &search_replace("a.txt", "two", "TWO"),
    )
    .await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stderr.contains("could not write the record"),
        "{ended:?}"
    );
    assert_eq!(tree(folder.path()), before);
    // Help names every flag.
    let help = run_program(folder.path(), &["apply", "--help"], "").await;
    for flag in [
        "--base",
        "--undo",
        "--record",
        "--allow-destructive",
        "--encoding",
    ] {
        assert!(help.stdout.contains(flag), "{flag}");
    }
}
