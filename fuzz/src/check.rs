//! What holds for every input, however hostile: checked by the fuzz targets on
//! what the fuzzer makes up, and by the tests of `atelier-patch`, which have
//! this file as a module, on the corpus.
//!
//! Each check takes bytes and panics when something doesn't hold.

use std::collections::BTreeMap;

use atelier_base::WorkspacePath;
pub use atelier_patch::Format;
use atelier_patch::stream::{PreviewHunk, Reader};
use atelier_patch::{
    Change, Encoding, FileEdit, Hunk, Merge, ParseOptions, Passage, Patch, Plan, PlannedFile,
    lines, merge as merged, parse, parse_rewrite, parse_unnamed, plan as planned, select, unified,
};

/// What separates the parts of one input.
const SEPARATOR: &[u8] = b"\n%%%\n";
/// The files of the trees, by the order of the parts that are their content.
const NAMES: [&str; 5] = ["f", "g/h.py", "i", "näme with space", "j/k/l"];
/// The most lines an error may have.
const ERROR_LINES: usize = 40;

type Tree = BTreeMap<WorkspacePath, Vec<u8>>;

/// Reads the bytes as a patch in each way a format is read in, and plans it
/// over a small tree.
pub fn read(format: Format, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let files = tree(&[
        b"a\nb\nc\n",
        b"def f(a):\n    if a:\n        return 1\n\n    return 2\n",
        b"a\r\nb\r\nc",
        b"\xef\xbb\xbfx\n\n\n",
    ]);
    for options in options(format) {
        carry_out(&text, &options, &files);
    }
}

/// Plans a patch over a tree. The parts of the bytes are the patch and then
/// the contents of up to five files.
pub fn plan(bytes: &[u8]) {
    let parts = split(bytes);
    let text = String::from_utf8_lossy(parts[0]);
    let files = tree(&parts[1..]);
    for options in options(Format::Auto) {
        carry_out(&text, &options, &files);
    }
}

/// Reads an answer as the new text of some lines of a file, and as that of the
/// whole file without its name. The parts of the bytes are the answer and the
/// file.
pub fn rewrite(bytes: &[u8]) {
    let parts = split(bytes);
    let answer = String::from_utf8_lossy(parts[0]);
    let text = String::from_utf8_lossy(parts.get(1).copied().unwrap_or_default());
    let files = tree(&[text.as_bytes()]);
    let Some(path) = files.keys().next() else {
        return;
    };
    let count = u32::try_from(lines(text.as_bytes()).count()).unwrap_or(u32::MAX);
    let mut read: Vec<Patch> = parse_unnamed(&answer, path, &text).into_iter().collect();
    for (first, last) in [(1, 1), (1, count), (2, 3), (count, count), (0, 1), (3, 2)] {
        let passage = Passage {
            path,
            text: &text,
            first,
            last,
        };
        match parse_rewrite(&answer, &passage) {
            Ok(Some(patch)) => {
                check_outside(&patch, &text, first, last);
                read.push(patch);
            }
            Ok(None) => {}
            Err(error) => check_error(&error.to_string()),
        }
    }
    for patch in read {
        check_paths(&patch);
        assert!(patch.edits.iter().all(|edit| edit.path() == path) || is_diff(&patch));
        match planned(&patch, &files) {
            Ok(plan) => check_plan(&plan, &files),
            Err(error) => check_error(&error.to_string()),
        }
    }
}

/// Checks that a patch of some lines leaves those around them as they are.
fn check_outside(patch: &Patch, text: &str, first: u32, last: u32) {
    let [FileEdit::Replace { text: new, .. }] = patch.edits.as_slice() else {
        assert!(is_diff(patch), "{patch:?}");
        return;
    };
    let ends: Vec<usize> = lines(text.as_bytes())
        .scan(0, |end, line| {
            *end += line.len();
            Some(*end)
        })
        .collect();
    let above = first.checked_sub(2).map_or(0, |at| ends[at as usize]);
    let below = ends[last as usize - 1];
    assert!(new.len() >= above + text.len() - below, "lines are lost");
    assert!(new.as_bytes().starts_with(&text.as_bytes()[..above]));
    assert!(new.as_bytes().ends_with(&text.as_bytes()[below..]));
}

const fn is_diff(patch: &Patch) -> bool {
    matches!(patch.format, Format::Unified)
}

/// Reads the bytes as a patch that comes in pieces, in several ways to cut it,
/// and expects the same of each.
pub fn stream(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let piece = 1 + usize::from(bytes.first().copied().unwrap_or_default() % 32);
    for format in Format::ALL {
        let [_, open, lax] = options(format);
        for options in [open, lax] {
            let whole = streamed(&options, &text, usize::MAX);
            assert_eq!(whole, streamed(&options, &text, piece), "a cut is seen");
            for hunk in &whole {
                hunk.path.iter().for_each(check_path);
            }
        }
    }
}

fn streamed(options: &ParseOptions, text: &str, piece: usize) -> Vec<PreviewHunk> {
    let mut reader = Reader::new(options.clone());
    let mut hunks = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.char_indices().map(|(at, _)| at).nth(piece);
        let (head, tail) = rest.split_at(end.unwrap_or(rest.len()));
        hunks.extend(reader.push(head));
        rest = tail;
    }
    hunks.extend(reader.finish());
    hunks
}

/// Merges the three parts of the bytes: the base, ours and theirs.
pub fn merge(bytes: &[u8]) {
    let parts = split(bytes);
    let part = |at: usize| parts.get(at).copied().unwrap_or_default();
    let [base, ours, theirs] = [part(0), part(1), part(2)];
    for (outcome, expected) in [
        (merged(base, ours, base), ours),
        (merged(base, base, theirs), theirs),
        (merged(base, ours, ours), ours),
    ] {
        assert_eq!(outcome.bytes, expected, "one side alone is the result");
        assert!(outcome.conflicts.is_empty());
    }
    let outcome = merged(base, ours, theirs);
    assert_eq!(outcome, merged(base, ours, theirs), "a merge is determined");
    check_conflicts(&outcome, [base, ours, theirs]);
    // Texts in different encodings have no lines in common.
    let mark = |text: &'_ [u8]| [&b"\xff\xfe"[..], b"\xfe\xff"].map(|mark| text.starts_with(mark));
    if mark(base) == mark(ours) && mark(base) == mark(theirs) {
        check_lines(&outcome, [base, ours, theirs]);
    }
}

/// Checks that every line of either side is in the result, if the base hadn't
/// it already.
fn check_lines(outcome: &Merge, [base, ours, theirs]: [&[u8]; 3]) {
    let known: Vec<&[u8]> = lines(base).map(bare).collect();
    let result: Vec<&[u8]> = lines(&outcome.bytes).map(bare).collect();
    for line in lines(ours).chain(lines(theirs)).map(bare) {
        // Bytes that are no UTF-16, though their mark says so, are kept among
        // others that are none.
        let mut windows = outcome.bytes.windows(line.len().max(1));
        let kept = known.contains(&line)
            || result.contains(&line)
            || line.is_empty()
            || windows.any(|bytes| bytes == line);
        assert!(kept, "a line is lost: {:?}", String::from_utf8_lossy(line));
    }
}

fn check_conflicts(outcome: &Merge, texts: [&[u8]; 3]) {
    for conflict in &outcome.conflicts {
        let ranges = [&conflict.base, &conflict.ours, &conflict.theirs];
        for (range, text) in ranges.into_iter().zip(texts) {
            let length = lines(text).count();
            assert!(range.start <= range.end && range.end as usize <= length);
        }
    }
}

/// Returns a line without its ending, because a conflict's markers may need
/// one where a text has none, and without a mark of UTF-16, which comes before
/// the markers.
fn bare(line: &[u8]) -> &[u8] {
    let marks = [&b"\xff\xfe"[..], b"\xfe\xff"];
    let line = marks
        .iter()
        .find_map(|mark| line.strip_prefix(*mark))
        .unwrap_or(line);
    let is_end = |byte: &&u8| b"\r\n\0".contains(byte);
    let start = line.len() - line.iter().skip_while(is_end).count();
    let line = &line[start..];
    &line[..line.len() - line.iter().rev().take_while(is_end).count()]
}

fn options(format: Format) -> [ParseOptions; 3] {
    let lax = ParseOptions {
        format,
        ..ParseOptions::default()
    };
    [
        ParseOptions {
            strict: true,
            ..lax.clone()
        },
        ParseOptions {
            sole_path: NAMES[0].parse().ok(),
            ..lax.clone()
        },
        lax,
    ]
}

fn split(bytes: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(SEPARATOR.len()).position(|w| w == SEPARATOR) {
        parts.push(&rest[..at]);
        rest = &rest[at + SEPARATOR.len()..];
    }
    parts.push(rest);
    parts
}

fn tree(contents: &[&[u8]]) -> Tree {
    let names = NAMES.iter().filter_map(|name| name.parse().ok());
    let files = names.zip(contents);
    files.map(|(name, bytes)| (name, bytes.to_vec())).collect()
}

fn carry_out(text: &str, options: &ParseOptions, files: &Tree) {
    let outcome = parse(text, options).and_then(|patch| {
        check_paths(&patch);
        let plan = planned(&patch, files)?;
        assert_eq!(
            Ok(&plan),
            planned(&patch, files).as_ref(),
            "a plan is determined"
        );
        Ok(plan)
    });
    match outcome {
        Ok(plan) => check_plan(&plan, files),
        Err(error) => check_error(&error.to_string()),
    }
}

fn check_error(shown: &str) {
    assert!(
        shown.lines().count() <= ERROR_LINES,
        "a long error: {shown}"
    );
}

/// Checks that a patch names nothing outside of the workspace.
fn check_paths(patch: &Patch) {
    for edit in &patch.edits {
        check_path(edit.path());
    }
}

fn check_path(path: &WorkspacePath) {
    let text = path.as_str();
    let is_inside = |part: &str| {
        !["", ".", ".."].contains(&part)
            && ![".git", ".atelier"]
                .iter()
                .any(|own| own.eq_ignore_ascii_case(part))
    };
    assert!(text.split('/').all(is_inside), "{text:?} leads out");
    assert!(!text.contains(['\\', '\0', '\n']), "{text:?} is no path");
}

/// Checks that a plan starts at the tree, that its hunks lead to its result
/// and are those of the contents, and that the diff printed of it leads there
/// too.
pub fn check_plan(plan: &Plan, files: &Tree) {
    assert!(!plan.files.is_empty());
    for file in &plan.files {
        check_path(&file.path);
        if file.change != Change::Create {
            assert_eq!(files.get(file.home()), file.before.as_ref());
        }
        let all = select(file, &vec![true; file.hunks.len()]);
        assert_eq!((all.bytes, all.unchanged), (file.after.clone(), false));
        assert_eq!(all.path, file.path);
        assert!(select(file, &[]).unchanged);
        check_hunks(file);
    }
    let is_plain = |file: &PlannedFile| {
        let name = file.path.as_str();
        let is_text = |bytes: &Option<Vec<u8>>| {
            std::str::from_utf8(bytes.as_deref().unwrap_or_default()).is_ok()
        };
        is_text(&file.before)
            && is_text(&file.after)
            && !file.binary
            && file.encoding == Encoding::Utf8
            && !name.contains(['"', '\u{fffd}'])
    };
    if plan.files.iter().all(is_plain) {
        check_printed(plan, files);
    }
}

/// Checks that a file's hunks, however the plan found them, are those that
/// comparing its contents gives.
pub fn check_hunks(file: &PlannedFile) {
    let compared = PlannedFile::of(
        file.path.clone(),
        file.change.clone(),
        file.before.clone(),
        file.after.clone(),
        file.executable,
    );
    let compared = compared.with_executable_before(file.executable_before);
    let ranges = |file: &PlannedFile| -> Vec<_> {
        let hunks = file.hunks.iter();
        let range = |hunk: &Hunk| {
            (
                hunk.old_start,
                hunk.old_lines,
                hunk.new_start,
                hunk.new_lines,
            )
        };
        hunks.map(|hunk| (hunk.kind, range(hunk))).collect()
    };
    assert_eq!(ranges(file), ranges(&compared), "{file:?}");
}

fn check_printed(plan: &Plan, files: &Tree) {
    let options = ParseOptions {
        format: Format::Unified,
        strict: true,
        sole_path: None,
    };
    let diff = unified(plan);
    let again = parse(&diff, &options).and_then(|patch| planned(&patch, files));
    let again = again.unwrap_or_else(|error| panic!("our own diff is refused: {error}\n{diff}"));
    let afters = |plan: &Plan| -> Vec<(WorkspacePath, Option<Vec<u8>>)> {
        let files = plan.files.iter();
        files
            .map(|file| (file.path.clone(), file.after.clone()))
            .collect()
    };
    assert_eq!(afters(&again), afters(plan), "{diff}");
}
