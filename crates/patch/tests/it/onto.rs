//! Plans brought onto later work, and taken back.

use std::collections::BTreeMap;

use atelier_base::WorkspacePath;
use atelier_patch::{Change, OntoError, ParseOptions, Plan, PlannedFile, onto, parse, plan};
use proptest::collection::vec;
use proptest::prelude::*;

type Tree = BTreeMap<WorkspacePath, Vec<u8>>;

fn tree(files: &[(&str, &str)]) -> Tree {
    let file = |(path, text): &(&str, &str)| (path.parse().unwrap(), text.as_bytes().to_vec());
    files.iter().map(file).collect()
}

fn planned(patch: &str, tree: &Tree) -> Plan {
    plan(&parse(patch, &ParseOptions::default()).unwrap(), tree).unwrap()
}

/// Does what a plan says: removals first.
fn carry_out(plan: &Plan, tree: &Tree) -> Tree {
    let mut tree = tree.clone();
    for file in &plan.files {
        match &file.change {
            Change::Delete => assert_eq!(tree.remove(&file.path), file.before),
            Change::Rename { from } => assert_eq!(tree.remove(from), file.before),
            Change::Create | Change::Modify | Change::Copy { .. } => {}
        }
    }
    for file in &plan.files {
        if let Some(after) = &file.after {
            tree.insert(file.path.clone(), after.clone());
        }
    }
    tree
}

const BEFORE: [(&str, &str); 4] = [
    ("a", "1\n2\n3\n4\n5\n6\n"),
    ("b", "b\n"),
    ("c", "c1\nc2\nc3\nc4\nc5\n"),
    ("x", "x\n"),
];

const PATCH: &str = "*** Begin Patch
*** Update File: a
@@
-2
+two
 3
*** Delete File: b
*** Update File: c
*** Move to: moved/c
@@
-c2
+C2
 c3
*** Add File: new
+new
*** End Patch
";

#[test]
fn a_patch_lands_on_later_work_and_is_taken_back_from_it() {
    let before = tree(&BEFORE);
    let plan = planned(PATCH, &before);
    let later = [
        ("a", "1\n2\n3\n4\n5\nsix\n"),
        ("b", "b\n"),
        ("c", "c1\nc2\nc3\nc4\nc5\nc6\n"),
        ("x", "other\n"),
    ];
    let merged = onto(&plan, &tree(&later)).unwrap();
    let labels: Vec<_> = merged
        .files
        .iter()
        .flat_map(|f| &f.hunks)
        .map(|h| h.label.to_string())
        .collect();
    assert!(
        labels.contains(&"merged with your edits".to_owned()),
        "{labels:?}"
    );
    let after = carry_out(&merged, &tree(&later));
    let expected = tree(&[
        ("a", "1\ntwo\n3\n4\n5\nsix\n"),
        ("moved/c", "c1\nC2\nc3\nc4\nc5\nc6\n"),
        ("new", "new\n"),
        ("x", "other\n"),
    ]);
    assert_eq!(after, expected);

    // Taken back at once, it restores every byte; later, it keeps what came.
    let undo = onto(&merged.reversed(), &after).unwrap();
    assert_eq!(carry_out(&undo, &after), tree(&later));
    let mut still_later = after;
    still_later.insert("a".parse().unwrap(), b"0\n1\ntwo\n3\n4\n5\nsix\n".to_vec());
    let undo = onto(&merged.reversed(), &still_later).unwrap();
    let a = carry_out(&undo, &still_later).remove(&"a".parse().unwrap());
    assert_eq!(a.unwrap(), b"0\n1\n2\n3\n4\n5\nsix\n");
}

#[test]
fn what_is_there_already_is_left_out() {
    let before = tree(&BEFORE);
    let plan = planned(PATCH, &before);
    let after = carry_out(&plan, &before);
    assert_eq!(onto(&plan, &after).unwrap(), Plan::default());
    assert_eq!(onto(&plan.reversed(), &before).unwrap(), Plan::default());
}

#[test]
fn names_that_swap_are_taken_back() {
    let before = tree(&BEFORE);
    let to = |from: &str, to: &str, text: &str| {
        let from = from.parse().unwrap();
        let bytes = || Some(text.as_bytes().to_vec());
        let change = Change::Rename { from };
        PlannedFile::of(to.parse().unwrap(), change, bytes(), bytes(), false)
    };
    let swap = Plan {
        files: vec![to("a", "b", BEFORE[0].1), to("b", "a", BEFORE[1].1)],
    };
    let after = carry_out(&onto(&swap, &before).unwrap(), &before);
    assert_eq!(after[&"b".parse().unwrap()], before[&"a".parse().unwrap()]);
    let undo = onto(&swap.reversed(), &after).unwrap();
    assert_eq!(carry_out(&undo, &after), before);
}

#[test]
fn what_was_changed_otherwise_is_told_and_nothing_is_planned() {
    let plan = planned(PATCH, &tree(&BEFORE));
    let with = |path: &str, text: Option<&str>| {
        let mut now = tree(&BEFORE);
        let path = path.parse().unwrap();
        match text {
            Some(text) => now.insert(path, text.as_bytes().to_vec()),
            None => now.remove(&path),
        };
        now
    };
    for (what, now, path, said) in [
        (
            "same line",
            with("a", Some("1\nZWEI\n3\n4\n5\n6\n")),
            "a",
            "ZWEI",
        ),
        ("gone", with("a", None), "a", "gone"),
        (
            "deleted, but changed",
            with("b", Some("B\n")),
            "b",
            "deletes",
        ),
        ("moved away", with("c", None), "c", "gone"),
        ("taken", with("moved/c", Some("mine")), "moved/c", "moves"),
        ("made twice", with("new", Some("mine")), "new", "makes"),
        ("a folder", with("new/inner", Some("mine")), "new", "makes"),
    ] {
        let error = onto(&plan, &now).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(said), "{what}: {text}");
        let OntoError::Clashes(clashes) = error else {
            panic!("{what}")
        };
        assert_eq!(clashes.len(), 1, "{what}");
        assert_eq!(clashes[0].path.as_str(), path, "{what}");
        assert_eq!(clashes[0].merged.is_some(), what == "same line");
    }
}

#[test]
fn an_explanation_of_many_conflicts_is_short() {
    let old: String = (0..100)
        .map(|n| format!("line {n}\n\n\n\n"))
        .collect::<Vec<_>>()
        .concat();
    let names: Vec<String> = (0..30).map(|n| format!("f{n}.txt")).collect();
    let files: Vec<(&str, &str)> = names
        .iter()
        .map(|name| (name.as_str(), old.as_str()))
        .collect();
    let whole = |word: &str| old.replace("line", word);
    let patch: Vec<String> = names
        .iter()
        .map(|name| format!("{name}\n```\n{}```\n", whole("wanted")))
        .collect();
    let plan = planned(&patch.concat(), &tree(&files));
    let now: Vec<(&str, String)> = names.iter().map(|n| (n.as_str(), whole("mine"))).collect();
    let now: Vec<(&str, &str)> = now.iter().map(|(n, t)| (*n, t.as_str())).collect();
    let text = onto(&plan, &tree(&now)).unwrap_err().to_string();
    assert!(text.lines().count() <= 40, "{text}");
    assert!(text.contains("more files"), "{text}");
}

/// Edits of a text of numbered lines: at each of these places, so many lines
/// go and so many of somebody's come.
fn edited(old: &[String], edits: &[(usize, usize, usize)], whose: &str) -> Vec<u8> {
    let mut lines = old.to_vec();
    for (n, (at, gone, come)) in edits.iter().enumerate() {
        let at = at % (lines.len() + 1);
        let end = (at + gone).min(lines.len());
        let come = (0..*come).map(|line| format!("{whose} {n} {line}\n"));
        lines.splice(at..end, come);
    }
    lines.concat().into_bytes()
}

fn somebodys<'a>(text: &'a [u8], whose: &'a str) -> impl Iterator<Item = &'a str> {
    let text = std::str::from_utf8(text).unwrap();
    text.lines().filter(move |line| line.starts_with(whose))
}

proptest! {
    #[test]
    fn nobodys_lines_are_lost_and_an_undo_restores_every_byte(
        count in 0_usize..60,
        patch in vec((0_usize..60, 0_usize..4, 0_usize..4), 1..5),
        mine in vec((0_usize..60, 0_usize..4, 0_usize..4), 0..5),
        later in vec((0_usize..60, 0_usize..3, 1_usize..4), 0..3),
    ) {
        let old: Vec<String> = (0..count).map(|n| format!("line {n}\n")).collect();
        let path: WorkspacePath = "a".parse().unwrap();
        let (before, after) = (old.concat().into_bytes(), edited(&old, &patch, "patch"));
        let file = PlannedFile::of(path.clone(), Change::Modify, Some(before), Some(after.clone()), false);
        let plan = Plan { files: vec![file] };
        let now = Tree::from([(path.clone(), edited(&old, &mine, "mine"))]);
        // A conflict is a refusal: then everything stays as it is.
        let Ok(merged) = onto(&plan, &now) else { return Ok(()) };
        let result = carry_out(&merged, &now);
        for line in somebodys(&now[&path], "mine") {
            prop_assert!(somebodys(&result[&path], "mine").any(|kept| kept == line), "{}", line);
        }
        for line in somebodys(&after, "patch") {
            prop_assert!(somebodys(&result[&path], "patch").any(|kept| kept == line), "{}", line);
        }
        let undo = onto(&merged.reversed(), &result).unwrap();
        prop_assert_eq!(&carry_out(&undo, &result), &now);
        // Later work survives the undo, too, or stops it.
        let text = String::from_utf8(result[&path].clone()).unwrap();
        let lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        let since = Tree::from([(path.clone(), edited(&lines, &later, "later"))]);
        if let Ok(undo) = onto(&merged.reversed(), &since) {
            let undone = carry_out(&undo, &since);
            for line in somebodys(&since[&path], "later") {
                prop_assert!(somebodys(&undone[&path], "later").any(|kept| kept == line), "{}", line);
            }
        }
    }
}
