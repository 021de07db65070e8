//! The hunks of a plan are those that comparing the contents gives, however
//! the edits were written.

use atelier_patch::{
    Anchor, EditBody, EditHunk, EditLine, FileEdit, Format, LineOp, Patch, lines, plan,
};
use proptest::prelude::*;

use crate::fuzz::check::check_hunks;
use crate::story::{cases, path, tree};

/// What an edit does behind the one before: how many lines it leaves alone,
/// how many it removes, and what it adds.
type Step = (usize, usize, Vec<String>);

/// Lines of which some are everywhere, some in several places and most once.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just("\n".to_owned()),
        3 => Just("}\n".to_owned()),
        3 => "    [ab]\n",
        6 => "[a-z]{2}\n",
        9 => "[a-z]{6}\n",
        2 => "return [a-z]{30}\n",
        1 => "[ab]\r\n",
    ]
}

fn text() -> impl Strategy<Value = String> {
    let lines = proptest::collection::vec(line(), 0..60);
    (lines, any::<bool>()).prop_map(|(lines, is_bare)| {
        let text = lines.concat();
        let bare = text.strip_suffix('\n').filter(|_| is_bare);
        bare.unwrap_or(&text).to_owned()
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let added = proptest::collection::vec(line(), 0..4);
    proptest::collection::vec((0..9_usize, 0..4_usize, added), 1..8)
}

/// Writes steps as hunks without context, at the numbers of their lines.
/// `again` tells which removed lines the next hunk adds once more.
fn patch(before: &str, steps: &[Step], again: &[bool]) -> Patch {
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let bare = |text: &str| text.trim_end_matches(['\r', '\n']).to_owned();
    let mut hunks = Vec::new();
    let mut taken: Vec<EditLine> = Vec::new();
    let mut at = 0;
    for ((kept, removed, added), again) in steps.iter().zip(again) {
        at = (at + kept).min(old.len());
        let end = (at + removed).min(old.len());
        let gone = old[at..end].iter().map(|line| bare(line));
        let mut body: Vec<EditLine> = gone
            .map(|line| EditLine::new(LineOp::Remove, line))
            .collect();
        let added = added.iter().map(|line| bare(line));
        let added = added.map(|line| EditLine::new(LineOp::Add, line));
        let moved = std::mem::take(&mut taken);
        if *again {
            let removed = body.iter().cloned();
            taken.extend(removed.map(|line| EditLine {
                op: LineOp::Add,
                ..line
            }));
        }
        body.extend(added.chain(moved));
        if body.is_empty() {
            continue;
        }
        let anchor = Anchor {
            line: u32::try_from(at).ok(),
            ordered: true,
            ..Anchor::default()
        };
        hunks.push(EditHunk {
            anchor,
            body: EditBody::Lines(body),
            patch_line: 0,
        });
        at = end;
    }
    Patch {
        format: Format::Unified,
        reason: String::new(),
        strict: true,
        edits: vec![FileEdit::Update {
            path: path("f"),
            move_to: None,
            hunks,
        }],
    }
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn the_hunks_of_edits_are_those_of_the_contents(
        before in text(), steps in steps(), again in proptest::collection::vec(any::<bool>(), 8),
    ) {
        let patch = patch(&before, &steps, &again);
        if let Ok(plan) = plan(&patch, &tree(&[("f", &before)])) {
            plan.files.iter().for_each(check_hunks);
        }
    }

    #[test]
    fn the_hunks_of_a_new_text_are_those_of_the_contents(before in text(), after in text()) {
        let edits = vec![FileEdit::Replace { path: path("f"), text: after }];
        let patch = Patch { format: Format::Whole, reason: String::new(), strict: false, edits };
        if let Ok(plan) = plan(&patch, &tree(&[("f", &before)])) {
            plan.files.iter().for_each(check_hunks);
        }
    }
}

/// Edits far from each other in lines that are mostly their own, as real ones
/// are: the hunks are known without comparing, and must be the same.
#[test]
fn a_function_put_between_others_slides_as_it_does_in_a_diff() {
    let function = |name: &str| format!("fn {name}() {{\n    go();\n}}\n\n");
    let before: String = ["a", "b", "c", "d", "e"].map(function).concat();
    let old: Vec<&[u8]> = lines(before.as_bytes()).collect();
    for at in 0..=old.len() {
        let body: Vec<EditLine> = function("x")
            .lines()
            .map(|line| EditLine::new(LineOp::Add, line))
            .collect();
        for other in (0..old.len()).filter(|other| other.abs_diff(at) > 1) {
            let mut hunks = [(at, body.clone()), (other, removal(old[other]))];
            hunks.sort_by_key(|hunk| hunk.0);
            let hunks = hunks.into_iter().map(|(line, body)| EditHunk {
                anchor: Anchor {
                    line: u32::try_from(line).ok(),
                    ordered: true,
                    ..Anchor::default()
                },
                body: EditBody::Lines(body),
                patch_line: 0,
            });
            let mut patch = patch(&before, &[], &[]);
            patch.edits = vec![FileEdit::Update {
                path: path("f"),
                move_to: None,
                hunks: hunks.collect(),
            }];
            let plan = plan(&patch, &tree(&[("f", &before)])).unwrap();
            plan.files.iter().for_each(check_hunks);
        }
    }
}

fn removal(line: &[u8]) -> Vec<EditLine> {
    let text = String::from_utf8_lossy(line);
    vec![EditLine::new(LineOp::Remove, text.trim_end())]
}
