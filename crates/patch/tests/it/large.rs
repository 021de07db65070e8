//! Many hunks in a large file.

use std::fmt::Write as _;

use atelier_patch::{Format, MatchLabel, diff, merge, parse, splice};

use crate::story::{lax, planned};

#[test]
fn a_thousand_hunks_in_a_hundred_thousand_lines() {
    let mut before = String::new();
    for block in 0..12_500 {
        // Half of the lines are common ones.
        let _ = write!(
            before,
            "    fn step_{block}() {{\n        let x = {block};\n        if x > 1 {{\n            \
             go();\n        }}\n        done(x);\n    }}\n\n"
        );
    }
    assert_eq!(before.lines().count(), 100_000);
    let mut patch = String::from("a.rs\n");
    for block in (0..1_000).map(|n| n * 12) {
        let old =
            format!("fn step_{block}() {{\n    let x = {block};\n    if x > 1 {{\n        go();\n");
        let new = old.replace("go();", "go();\n        went();");
        let _ = write!(
            patch,
            "<<<<<<< SEARCH\n{old}=======\n{new}>>>>>>> REPLACE\n"
        );
    }
    let plan = planned(&lax(Format::Auto), &patch, &[("a.rs", &before)]).unwrap();
    let [file] = &plan.files[..] else {
        panic!("one file expected");
    };
    assert_eq!(file.hunks.len(), 1_000);
    assert!(file.hunks.iter().all(|hunk| {
        hunk.new_lines == 1 && matches!(hunk.label, MatchLabel::Indentation { by: 4, .. })
    }));
}

/// Lines of two kinds in no order.
fn noise(count: usize, mut seed: u64) -> Vec<String> {
    let lines = (0..count).map(|_| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        if seed >> 63 == 0 { "a\n" } else { "b\n" }.to_owned()
    });
    lines.collect()
}

#[test]
fn few_changes_among_common_lines_stay_few() {
    let before = noise(60_000, 1);
    let mut after = before.clone();
    for at in [10_000, 30_000, 50_000] {
        after[at] = "changed\n".to_owned();
    }
    let (before, after) = (before.concat(), after.concat());
    let hunks = diff(before.as_bytes(), after.as_bytes());
    let starts: Vec<u32> = hunks.iter().map(|hunk| hunk.old_start).collect();
    assert_eq!(starts, [10_000, 30_000, 50_000]);
    let other = before.replacen("a\n", "mine\n", 1);
    let merged = merge(before.as_bytes(), after.as_bytes(), other.as_bytes());
    assert_eq!(merged.conflicts, []);
    assert_eq!(merged.bytes, after.replacen("a\n", "mine\n", 1).as_bytes());
}

#[test]
fn large_texts_with_nothing_in_common_are_compared_all_the_same() {
    let (before, after) = (noise(60_000, 1).concat(), noise(60_000, 7).concat());
    let (before, after) = (before.as_bytes(), after.as_bytes());
    let hunks = diff(before, after);
    assert_eq!(
        splice(before, after, &hunks, &vec![true; hunks.len()]),
        after
    );
    assert_eq!(merge(before, after, before).bytes, after);
}

#[test]
fn long_runs_of_blank_lines_are_passed_over_once() {
    let blanks = "\n".repeat(1_000_000);
    for end in ["+z\n", "the end\n"] {
        let text = format!("--- a/f\n+++ b/f\n@@ -1 +1 @@\n-x\n+y\n{blanks}{end}");
        assert_eq!(parse(&text, &lax(Format::Auto)).unwrap().edits.len(), 1);
    }
}

#[test]
fn a_scope_that_is_everywhere_is_refused() {
    let before = "}\nx\n".repeat(50_000);
    let patch = "*** Begin Patch\n*** Update File: a\n@@ }\n@@ }\n-x\n+y\n*** End Patch\n";
    let error = planned(&lax(Format::Auto), patch, &[("a", &before)]).unwrap_err();
    assert_eq!(error.code(), "ambiguous");
}
