//! Many hunks in a large file.

use std::fmt::Write as _;

use atelier_patch::{Format, MatchLabel};

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
