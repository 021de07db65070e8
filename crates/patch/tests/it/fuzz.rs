//! The corpus of the fuzz targets, every time the tests run.

use std::fs;
use std::path::{Path, PathBuf};

#[expect(
    unreachable_pub,
    reason = "the fuzz targets, which are another crate, have this file as a library"
)]
#[path = "../../../../fuzz/src/check.rs"]
pub(crate) mod check;

use check::{Format, merge, plan, read, rewrite, stream};

/// Returns the committed inputs of a target: those with a name, not those
/// called by their hash, which a run of the fuzzer left.
fn seeds(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let entries = fs::read_dir(folder.join(target)).unwrap();
    let files = entries.map(|entry| entry.unwrap().path());
    let is_named = |path: &PathBuf| path.file_name().unwrap().len() != 40;
    let mut files: Vec<PathBuf> = files.filter(is_named).collect();
    files.sort();
    assert!(!files.is_empty(), "{target} has no seeds");
    files
}

fn replay(target: &str, check: impl Fn(&[u8])) {
    for file in seeds(target) {
        check(&fs::read(file).unwrap());
    }
}

#[test]
fn the_seeds_of_every_reader_hold() {
    for format in Format::ALL {
        replay(format.as_str(), |bytes| read(format, bytes));
    }
}

#[test]
fn the_seeds_of_the_stream_hold() {
    replay("stream", stream);
}

#[test]
fn the_seeds_of_new_texts_hold() {
    replay("rewrite", rewrite);
}

#[test]
fn the_seeds_of_the_planner_hold() {
    replay("plan", plan);
}

#[test]
fn the_seeds_of_the_merge_hold() {
    replay("merge", merge);
}
