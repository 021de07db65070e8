//! What holds for every text and every patch.

use std::fmt::Write as _;

use atelier_patch::{
    Change, Format, ParseOptions, PlannedFile, diff, lines, merge, parse, plan, select, splice,
};
use proptest::prelude::*;

use crate::fuzz::check::check_plan;
use crate::story::{cases, lax, open_file, tree};

/// Few different lines, so that places repeat.
fn text() -> impl Strategy<Value = String> {
    let line = prop_oneof!["[ab]", "", "  [ab]", "[a-z]{2}", "“[ab]”"];
    let ending = prop_oneof![6 => Just("\n"), 1 => Just("\r\n")];
    proptest::collection::vec((line, ending), 0..30).prop_map(|lines| {
        let lines = lines.into_iter().map(|(line, ending)| line + ending);
        lines.collect::<String>()
    })
}

/// Distinct lines, each perhaps changed by one of two sides, with unchanged
/// lines in between.
fn disjoint() -> impl Strategy<Value = (String, String, String, String)> {
    proptest::collection::vec(0..4_u8, 1..20).prop_map(|sides| {
        let mut texts = [const { String::new() }; 4];
        for (at, side) in sides.iter().enumerate() {
            let line = format!("line {at}\n");
            let changed = match at % 3 {
                0 => format!("changed {at}\n"),
                1 => String::new(),
                _ => format!("line {at}\nadded {at}\n"),
            };
            let [base, ours, theirs, both] = &mut texts;
            base.push_str(&line);
            ours.push_str(if *side == 1 { &changed } else { &line });
            theirs.push_str(if *side == 2 { &changed } else { &line });
            both.push_str(if *side == 1 || *side == 2 {
                &changed
            } else {
                &line
            });
            for text in &mut texts {
                let _ = write!(text, "kept {at}\nkept too {at}\n");
            }
        }
        let [base, ours, theirs, both] = texts;
        (base, ours, theirs, both)
    })
}

/// A patch in one of the formats, with some of its characters changed.
fn mutated() -> impl Strategy<Value = String> {
    let seeds = prop_oneof![
        Just(
            "*** Begin Patch\n*** Update File: f\n@@ a\n a\n-b\n+c\n*** End of File\n*** End Patch\n"
        ),
        Just("f\n```\n<<<<<<< SEARCH\na\nb\n=======\nc\n>>>>>>> REPLACE\n```\n"),
        Just(
            "diff --git a/f b/f\nnew file mode 100644\n--- a/f\n+++ b/f\n@@ -1,2 +1 @@\n a\n-b\n\\ No newline\n"
        ),
        Just("[{\"path\": \"f\", \"old\": \"a\\nb\", \"new\": \"c\"}]"),
        Just("f\n```\na\nb\n```\n"),
        Just("diff --git \"a/\\303\\274\" \"b/\\30\"\nrename from f\nrename to g\n"),
    ];
    let junk = prop_oneof![
        Just("\n"),
        Just("@@"),
        Just("+"),
        Just("-"),
        Just(" "),
        Just("\\"),
        Just("\""),
        Just("```"),
        Just("\u{2028}é"),
        Just("<<<<<<<"),
        Just("======="),
        Just("4294967295"),
        Just("*** "),
        Just("\r\n"),
        Just("\t"),
        Just(":start_line:"),
        Just("{"),
        Just(","),
    ];
    let change = (any::<prop::sample::Index>(), 0..6_usize, junk);
    (seeds, proptest::collection::vec(change, 0..5)).prop_map(|(seed, changes)| {
        let mut chars: Vec<char> = seed.chars().collect();
        for (at, removed, junk) in changes {
            let at = at.index(chars.len() + 1);
            let end = (at + removed).min(chars.len());
            chars.splice(at..end, junk.chars());
        }
        chars.into_iter().collect()
    })
}

fn all_options() -> Vec<ParseOptions> {
    let formats = Format::ALL.into_iter();
    formats
        .flat_map(|format| {
            [
                lax(format),
                crate::story::strict(format),
                open_file(format, "f"),
            ]
        })
        .collect()
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn hunks_lead_from_before_to_after(before in text(), after in text()) {
        let (before, after) = (before.as_bytes(), after.as_bytes());
        let hunks = diff(before, after);
        prop_assert_eq!(splice(before, after, &hunks, &vec![true; hunks.len()]), after);
        prop_assert_eq!(splice(before, after, &hunks, &[]), before);
        for pair in hunks.windows(2) {
            let end = pair[0].old_start + pair[0].old_lines;
            prop_assert!(pair[1].old_start > end, "what touches is one hunk");
        }
    }

    #[test]
    fn hunks_accepted_one_by_one_come_to_the_same(
        before in text(), after in text(), order in proptest::collection::vec(any::<prop::sample::Index>(), 30),
    ) {
        let hunks = diff(before.as_bytes(), after.as_bytes());
        let mut waiting: Vec<usize> = (0..hunks.len()).collect();
        let mut accepted = vec![false; hunks.len()];
        let mut now = before.clone().into_bytes();
        for index in order.iter().take(hunks.len()) {
            let next = waiting.remove(index.index(waiting.len()));
            let alone: Vec<bool> = (0..hunks.len()).map(|at| at == next).collect();
            let theirs = splice(before.as_bytes(), after.as_bytes(), &hunks, &alone);
            accepted[next] = true;
            let merged = merge(before.as_bytes(), &now, &theirs);
            now = splice(before.as_bytes(), after.as_bytes(), &hunks, &accepted);
            if merged.conflicts.is_empty() && distinct(&before) && distinct(&after) {
                prop_assert_eq!(&merged.bytes, &now);
            }
        }
        prop_assert_eq!(now, after.into_bytes());
    }

    #[test]
    fn merging_with_the_base_is_the_other_side(base in text(), other in text()) {
        let (base, other) = (base.as_bytes(), other.as_bytes());
        for merged in [merge(base, other, base), merge(base, base, other), merge(base, other, other)] {
            prop_assert_eq!(&merged.bytes, other);
            prop_assert_eq!(merged.conflicts, []);
        }
    }

    #[test]
    fn disjoint_edits_are_both_there((base, ours, theirs, both) in disjoint()) {
        let merged = merge(base.as_bytes(), ours.as_bytes(), theirs.as_bytes());
        prop_assert_eq!(String::from_utf8_lossy(&merged.bytes), both);
        prop_assert_eq!(merged.conflicts, []);
    }

    #[test]
    fn what_was_applied_is_undone_through_later_edits((base, applied, user, both) in disjoint()) {
        // Undoing at once, and after the user wrote something too.
        for (now, expected) in [(&applied, &base), (&both, &user)] {
            let undone = merge(applied.as_bytes(), now.as_bytes(), base.as_bytes());
            prop_assert_eq!(undone.conflicts, []);
            prop_assert_eq!(String::from_utf8_lossy(&undone.bytes), expected.as_str());
        }
    }

    #[test]
    fn parts_are_taken_in_any_order_while_the_user_writes(
        (base, proposed, user, both) in disjoint(),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 60),
    ) {
        let (base, proposed) = (base.into_bytes(), proposed.into_bytes());
        let name = "f".parse().unwrap();
        let file = PlannedFile::of(name, Change::Modify, Some(base.clone()), Some(proposed), false);
        let mut waiting: Vec<usize> = (0..file.hunks.len()).collect();
        let mut now = user.into_bytes();
        for index in order.iter().take(file.hunks.len()) {
            let next = waiting.remove(index.index(waiting.len()));
            let alone: Vec<bool> = (0..file.hunks.len()).map(|at| at == next).collect();
            let part = select(&file, &alone).bytes.unwrap();
            let merged = merge(&base, &now, &part);
            prop_assert_eq!(merged.conflicts, []);
            now = merged.bytes;
        }
        prop_assert_eq!(String::from_utf8_lossy(&now), both);
    }

    #[test]
    fn no_line_of_either_side_is_lost(base in text(), ours in text(), theirs in text()) {
        let merged = merge(base.as_bytes(), ours.as_bytes(), theirs.as_bytes());
        let result: Vec<&[u8]> = lines(&merged.bytes).collect();
        let old: Vec<&[u8]> = lines(base.as_bytes()).collect();
        for side in [&ours, &theirs] {
            for line in lines(side.as_bytes()).filter(|line| !old.contains(line)) {
                prop_assert!(result.contains(&line), "{:?} is lost", line);
            }
        }
    }

    #[test]
    fn blocks_of_a_diff_do_what_the_diff_does(before in text(), after in text()) {
        // Old and new whole texts, as one SEARCH/REPLACE block.
        let (before, after) = (before.replace('\r', ""), after.replace('\r', ""));
        if before == after || before.trim().is_empty() {
            return Ok(());
        }
        let patch = format!("<<<<<<< SEARCH\n{before}=======\n{after}>>>>>>> REPLACE\n");
        let patch = parse(&patch, &open_file(Format::SearchReplace, "f")).unwrap();
        let planned = plan(&patch, &tree(&[("f", &before)])).unwrap();
        prop_assert_eq!(planned.files[0].after.as_deref(), Some(after.as_bytes()));
    }

    #[test]
    fn text_that_occurs_once_is_replaced_literally(
        before in text(),
        bare in any::<bool>(),
        picks in proptest::collection::vec((any::<[prop::sample::Index; 2]>(), "[ab\n]{0,4}"), 1..5),
    ) {
        let mut before = before.replace('\r', "");
        if bare {
            before.truncate(before.trim_end_matches('\n').len());
        }
        let mut expected = before.clone();
        let mut edits = Vec::new();
        for ([from, to], new) in picks {
            let starts: Vec<usize> = expected.char_indices().map(|(at, _)| at).collect();
            let ends = [&starts[..], &[expected.len()]].concat();
            let (from, to) = (*from.get(&ends), *to.get(&ends));
            let old = expected[from.min(to)..from.max(to)].to_owned();
            let places = starts.iter().filter(|&&at| expected[at..].starts_with(&old));
            if !old.is_empty() && places.count() == 1 && old != new {
                expected = expected.replacen(&old, &new, 1);
                edits.push(serde_json::json!({"path": "f", "old": old, "new": new}));
            }
        }
        if edits.is_empty() || expected == before {
            return Ok(());
        }
        let patch = serde_json::Value::Array(edits).to_string();
        let patch = parse(&patch, &crate::story::strict(Format::Edits)).unwrap();
        let planned = plan(&patch, &tree(&[("f", &before)])).unwrap();
        prop_assert_eq!(planned.files[0].after.as_deref(), Some(expected.as_bytes()));
    }

    #[test]
    fn random_text_never_panics(text in any::<String>(), file in any::<String>()) {
        for options in all_options() {
            if let Ok(patch) = parse(&text, &options) {
                let _ = plan(&patch, &tree(&[("f", &file)]));
            }
        }
    }

    #[test]
    fn mutated_patches_never_panic_and_plan_what_holds(patch in mutated(), file in text()) {
        let files = tree(&[("f", &file)]);
        for options in all_options() {
            let outcome = parse(&patch, &options).and_then(|patch| plan(&patch, &files));
            match outcome {
                Ok(plan) => check_plan(&plan, &files),
                Err(error) => prop_assert!(error.to_string().lines().count() <= 40),
            }
        }
    }
}

fn distinct(text: &str) -> bool {
    let mut all: Vec<&str> = text.lines().collect();
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    all.len() == count
}
