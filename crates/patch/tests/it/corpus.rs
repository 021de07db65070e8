//! The corpus: every folder of `tests/corpus` is a tree, a patch and what
//! must come of it.

mod case;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use atelier_patch::stream::Reader;
use atelier_patch::{Change, ErrorCode, Format, HunkKind, PatchError, Plan, parse, plan};
use case::{Case, Expected, Files};
use serde_json::{Value, json};

use crate::fuzz::check::check_hunks;

/// The fewest cases that there may be.
const CASES: usize = 400;

#[test]
fn every_case_comes_out_as_it_must() {
    let cases = case::all();
    let wrong: Vec<String> = cases.iter().filter_map(complaint).collect();
    assert!(
        wrong.is_empty(),
        "{} of {} cases:\n\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

fn run(case: &Case) -> Result<Plan, PatchError> {
    parse(&case.patch, &case.options).and_then(|patch| plan(&patch, &case.before))
}

/// Returns what is wrong with what came of a case.
fn complaint(case: &Case) -> Option<String> {
    let told = match (&case.expected, run(case)) {
        (Expected::After(files), Ok(plan)) => {
            plan.files.iter().for_each(check_hunks);
            let mut told = differences(files, &case.before.after(&plan));
            if let Some(expected) = &case.labels {
                told += &other_labels(expected, &plan);
            }
            told
        }
        (Expected::Refused(fields), Err(error)) => other_fields(fields, &error),
        (Expected::After(_), Err(error)) => format!("  refused: {error}\n"),
        (Expected::Refused(fields), Ok(plan)) => {
            let files = case.before.after(&plan);
            let now = differences(&case.before.files, &files);
            format!("  applied, but must be refused as {fields}\n{now}")
        }
    };
    (!told.is_empty()).then(|| format!("{}:\n{told}", case.name))
}

/// Tells where two trees differ.
fn differences(expected: &Files, found: &Files) -> String {
    let mut told = String::new();
    let paths: BTreeSet<_> = expected.keys().chain(found.keys()).collect();
    for path in paths {
        let show = |files: &Files| match files.get(path) {
            None => "nothing".to_owned(),
            Some((bytes, executable)) => {
                let mode = if *executable { "executable " } else { "" };
                let text = format!("{mode}{:?}", String::from_utf8_lossy(bytes));
                text.chars().take(1_000).collect()
            }
        };
        if expected.get(path) != found.get(path) {
            let (expected, found) = (show(expected), show(found));
            let _ = writeln!(
                told,
                "  {path}\n    expected {expected}\n    found    {found}"
            );
        }
    }
    told
}

fn other_labels(expected: &Value, plan: &Plan) -> String {
    let labels = |file: &atelier_patch::PlannedFile| {
        let labels = file.hunks.iter().map(|hunk| hunk.label.to_string());
        labels.collect::<Vec<_>>()
    };
    let files = plan.files.iter();
    let found: BTreeMap<&str, Vec<String>> = files.map(|f| (f.path.as_str(), labels(f))).collect();
    let found = json!(found);
    if found == *expected {
        return String::new();
    }
    format!("  labels: expected {expected}, found {found}\n")
}

/// Tells which of the fields that a refusal must have are others.
fn other_fields(expected: &Value, error: &PatchError) -> String {
    let evidence = error.evidence.clone().unwrap_or_default();
    let divergence = evidence.divergence.as_ref();
    let found = json!({
        "code": error.code(),
        "path": error.path.as_ref().map(ToString::to_string),
        "hunk": error.hunk,
        "patchLine": error.patch_line,
        "line": divergence.map(|it| it.line),
        "expected": divergence.map(|it| it.expected.clone()),
        "found": divergence.and_then(|it| it.found.clone()),
        "candidates": evidence.candidates,
        "reread": evidence.reread.map(|(from, to)| json!({"from": from, "to": to})),
    });
    let mut told = String::new();
    for (field, value) in expected.as_object().unwrap() {
        if found[field] != *value {
            let _ = writeln!(told, "  {field}: expected {value}, found {}", found[field]);
        }
    }
    let shown = error.to_string();
    if shown.lines().count() > 40 {
        let _ = writeln!(told, "  the explanation has more than 40 lines");
    }
    if !told.is_empty() {
        let _ = writeln!(told, "  {}", shown.replace('\n', "\n  "));
    }
    told
}

/// Cuts every patch at every place: the reader for showing never gives way,
/// and what it shows has lines that the patch has.
#[test]
fn every_patch_is_shown_while_it_is_written() {
    for case in case::all() {
        let mut reader = Reader::new(case.options.clone());
        let mut hunks = Vec::new();
        let mut piece = [0; 4];
        for c in case.patch.chars() {
            hunks.extend(reader.push(c.encode_utf8(&mut piece)));
        }
        hunks.extend(reader.finish());
        let lines = hunks
            .iter()
            .flat_map(|hunk| hunk.removed.iter().chain(&hunk.added));
        let is_json = case.patch.trim_start().starts_with(['[', '{']);
        for line in lines.filter(|_| !is_json) {
            assert!(
                case.patch.contains(line),
                "{}: {line:?} is not in the patch",
                case.name
            );
        }
    }
}

#[test]
fn every_format_operation_rung_and_refusal_occurs() {
    let cases = case::all();
    let mut seen = BTreeSet::new();
    for case in &cases {
        match &case.expected {
            Expected::Refused(fields) => {
                seen.insert(format!("refused as {}", fields["code"].as_str().unwrap()));
            }
            Expected::After(_) => {
                let patch = parse(&case.patch, &case.options).unwrap();
                let plan = plan(&patch, &case.before).unwrap();
                note(case.options.format, patch.format, &plan, &mut seen);
            }
        }
    }
    let missing: Vec<String> = wanted()
        .into_iter()
        .filter(|it| !seen.contains(it))
        .collect();
    assert!(missing.is_empty(), "no case has: {missing:#?}");
    assert!(cases.len() >= CASES, "only {} cases", cases.len());
}

/// Notes what a plan has in it.
fn note(asked: Format, found: Format, plan: &Plan, seen: &mut BTreeSet<String>) {
    let mut operations: BTreeSet<&str> = BTreeSet::new();
    for file in &plan.files {
        operations.insert(operation(&file.change));
        for hunk in &file.hunks {
            match hunk.kind {
                HunkKind::Mode => operations.insert("mode"),
                HunkKind::Binary => operations.insert("binary"),
                _ => false,
            };
            let label = hunk.label.to_string();
            // Without the amount: `indent+4`, `indent 4 spaces as tab`, `fuzzy 93%`.
            let words = label.split(|c: char| c.is_ascii_digit() || "+-".contains(c));
            seen.insert(words.take(1).map(str::trim_end).collect());
        }
    }
    if plan.files.len() > 1 {
        operations.insert("several files");
    }
    for operation in operations {
        seen.insert(format!("{found}: {operation}"));
        seen.insert(format!("{asked}: {operation}"));
    }
}

const fn operation(change: &Change) -> &'static str {
    match change {
        Change::Create => "create",
        Change::Modify => "modify",
        Change::Delete => "delete",
        Change::Rename { .. } => "rename",
        Change::Copy { .. } => "copy",
    }
}

/// Returns what must occur. SEARCH/REPLACE, pairs and whole files have no way
/// to say "delete" or "rename".
fn wanted() -> Vec<String> {
    let mut wanted = Vec::new();
    for format in Format::ALL {
        let operations: &[&str] = match format {
            Format::SearchReplace | Format::Edits | Format::Whole => {
                &["create", "modify", "several files"]
            }
            Format::ApplyPatch => &["create", "modify", "delete", "rename", "several files"],
            Format::Auto | Format::Unified => &[
                "create",
                "modify",
                "delete",
                "rename",
                "copy",
                "mode",
                "binary",
                "several files",
            ],
        };
        wanted.extend(
            operations
                .iter()
                .map(|operation| format!("{format}: {operation}")),
        );
    }
    let labels = [
        "exact",
        "trailing space",
        "lines left out",
        "part of a line",
        "indent",
        "unicode punctuation",
        "unescaped",
        "fuzzy",
    ];
    wanted.extend(labels.map(str::to_owned));
    wanted.extend(REFUSALS.map(|kind| format!("refused as {}", kind.as_str())));
    wanted
}

/// Every kind of refusal but `TooComplex`, which takes a larger patch than is
/// kept here.
const REFUSALS: [ErrorCode; 20] = [
    ErrorCode::TooLarge,
    ErrorCode::NoEdits,
    ErrorCode::Syntax,
    ErrorCode::MissingPath,
    ErrorCode::InvalidPath,
    ErrorCode::Unsupported,
    ErrorCode::Binary,
    ErrorCode::Encoding,
    ErrorCode::FileMissing,
    ErrorCode::FileExists,
    ErrorCode::NotAFile,
    ErrorCode::Unreadable,
    ErrorCode::ContextNotFound,
    ErrorCode::Ambiguous,
    ErrorCode::ScopeNotFound,
    ErrorCode::AlreadyApplied,
    ErrorCode::NoChange,
    ErrorCode::ContentChanged,
    ErrorCode::CaseCollision,
    ErrorCode::Elided,
];
