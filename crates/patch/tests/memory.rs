//! How much memory planning takes: a program of its own, for its allocator
//! counts whatever runs beside it.
#![expect(
    clippy::unwrap_used,
    unsafe_code,
    reason = "a test fails by panicking, and an allocator is unsafe by its nature"
)]

#[path = "memory/counting.rs"]
mod counting;
#[path = "memory/made.rs"]
mod made;

use std::collections::BTreeMap;

use atelier_patch::{ParseOptions, Plan, Source, parse, plan};

use counting::peak_of;

/// The most bytes out at once while planning, for each byte of the patch, of
/// the files before and of the files after.
const FACTOR: usize = 4;

fn planned(patch: &str, source: &dyn Source) -> Plan {
    let patch = parse(patch, &ParseOptions::default()).unwrap();
    plan(&patch, source).unwrap()
}

fn touched(patch: &str, plan: &Plan) -> usize {
    let length = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len);
    let files = plan.files.iter();
    let files = files.map(|file| length(&file.before) + length(&file.after));
    patch.len() + files.sum::<usize>()
}

#[test]
fn planning_takes_at_most_four_times_the_bytes_it_touches() {
    let lines = 100_000;
    let file = BTreeMap::from([("a.rs".parse().unwrap(), made::blocks(lines).into_bytes())]);
    let blocks = made::replacements(1_000, lines);
    let (diff, tree) = (made::diff(), made::tree());
    for (name, patch, source) in [("blocks", &blocks, &file), ("diff", &diff, &tree)] {
        let (peak, plan) = peak_of(|| planned(patch, source));
        let hunks: usize = plan.files.iter().map(|file| file.hunks.len()).sum();
        assert_eq!(hunks, 1_000, "{name}");
        let touched = touched(patch, &plan);
        assert!(
            peak <= FACTOR * touched,
            "{name}: {peak} bytes at once for {touched} touched"
        );
    }
}
