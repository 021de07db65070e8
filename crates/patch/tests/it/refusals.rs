//! Errors that teach.

use std::collections::BTreeMap;

use atelier_base::{ContentHash, ErrorKind, limit};
use atelier_patch::{Entry, ErrorCode, Format, Source, SourceError, parse, plan};

use crate::story::{lax, path, planned};

fn block(old: &str, new: &str) -> String {
    format!("a.py\n<<<<<<< SEARCH\n{old}=======\n{new}>>>>>>> REPLACE\n")
}

#[test]
fn a_missing_place_is_shown_with_its_first_difference() {
    let before = "import os\n\n\ndef load(path):\n    with open(path) as file:\n        \
                  return file.read()\n\n\ndef save(path, text):\n    pass\n";
    let old = "def load(path):\n    with open(path, 'r') as file:\n        return file.read()\n";
    let patch = block("def save(path, text):\n", "def save(path, data):\n")
        + &block(old, "def load(path):\n    return None\n");
    let error = planned(&lax(Format::SearchReplace), &patch, &[("a.py", before)]).unwrap_err();
    let hash = ContentHash::of(before.as_bytes());
    let expected = format!(
        "a.py: hunk 2: the old text is not in the file [context_not_found, patch line 8]
  the closest place differs first at line 5:
    expected: \"    with open(path, 'r') as file:\"
    found:    \"    with open(path) as file:\"
  could begin at line: 4
  read again: lines 1-10
  file hash: {hash}
  hint: Read the named lines again and copy the old text exactly as it is in the file now."
    );
    assert_eq!(error.to_string(), expected);
    assert_eq!(error.kind, ErrorCode::ContextNotFound);
    assert_eq!(error.error_kind(), ErrorKind::Invalid);
}

#[test]
fn several_places_are_listed() {
    let before = "x\n1\nx\n2\nx\n3\nx\n";
    let patch = block("x\n", "y\n");
    let error = planned(&lax(Format::SearchReplace), &patch, &[("a.py", before)]).unwrap_err();
    assert_eq!(error.kind, ErrorCode::Ambiguous);
    assert_eq!(error.evidence.unwrap().candidates, [1, 3, 5]);
    assert!(error.detail.contains("occurs 4 times"), "{}", error.detail);
}

#[test]
fn what_was_applied_already_is_recognised() {
    let before = "one\ntwo hundred\nthree\n";
    for (name, old, new) in [
        ("a change", "two\n", "two hundred\n"),
        ("an addition", "one\nthree\n", "one\ntwo hundred\nthree\n"),
        (
            "a removal",
            "one\nzero\ntwo hundred\n",
            "one\ntwo hundred\n",
        ),
    ] {
        let patch = block(old, new);
        let error = planned(&lax(Format::SearchReplace), &patch, &[("a.py", before)]).unwrap_err();
        assert_eq!(error.code(), "already_applied", "{name}: {error}");
    }
    let part = r#"[{"path": "a.py", "old": "two thousand", "new": "hundred"}]"#;
    let error = planned(&lax(Format::Edits), part, &[("a.py", before)]).unwrap_err();
    assert_eq!(error.code(), "already_applied");
}

#[test]
fn a_refused_patch_changes_nothing_and_names_its_hunk() {
    let patch = block("x\n", "y\n") + &block("never\n", "ever\n");
    let error = planned(&lax(Format::SearchReplace), &patch, &[("a.py", "x\n")]).unwrap_err();
    assert_eq!((error.hunk, error.patch_line), (Some(2), Some(8)));
    assert_eq!(error.path, Some(path("a.py")));
}

#[test]
fn files_that_are_not_text_are_refused() {
    let patch = block("x\n", "y\n");
    let patch = parse(&patch, &lax(Format::SearchReplace)).unwrap();
    let huge = vec![b'x'; usize::try_from(limit::TEXT_FILE_BYTES).unwrap() + 1];
    for (bytes, code) in [
        (b"x\n\0".to_vec(), "binary"),
        (b"x\n\xe9\n".to_vec(), "encoding"),
        (
            "x\n".encode_utf16().flat_map(u16::to_le_bytes).collect(),
            "binary",
        ),
        (huge, "too_large"),
    ] {
        let tree = BTreeMap::from([(path("a.py"), bytes)]);
        assert_eq!(plan(&patch, &tree).unwrap_err().code(), code);
    }
}

/// A tree of one thing that is no regular file, or can't be read.
struct Odd(Result<Entry, SourceError>);

impl Source for Odd {
    fn read(&self, _: &atelier_base::WorkspacePath) -> Result<Entry, SourceError> {
        self.0.clone()
    }
}

#[test]
fn what_is_no_file_is_refused() {
    let patch = parse(&block("x\n", "y\n"), &lax(Format::SearchReplace)).unwrap();
    let broken = SourceError("input/output error".to_owned());
    for (entry, code, kind) in [
        (Ok(Entry::Directory), "not_a_file", ErrorKind::Invalid),
        (
            Ok(Entry::Other("symbolic link")),
            "not_a_file",
            ErrorKind::Invalid,
        ),
        (Ok(Entry::Missing), "file_missing", ErrorKind::Invalid),
        (Err(broken), "unreadable", ErrorKind::Unavailable),
    ] {
        let error = plan(&patch, &Odd(entry)).unwrap_err();
        assert_eq!((error.code(), error.error_kind()), (code, kind));
    }
    let create = "*** Begin Patch\n*** Add File: l/a\n+x\n*** End Patch\n";
    let patch = parse(create, &lax(Format::ApplyPatch)).unwrap();
    let error = plan(&patch, &Odd(Ok(Entry::Other("symbolic link")))).unwrap_err();
    assert_eq!(error.code(), "not_a_file");
}

#[test]
fn limits_are_held_where_the_patch_comes_in() {
    let long = "x".repeat(limit::PATCH_BYTES + 1);
    let files = |count: usize| -> String {
        let files = (0..count).map(|n| format!("*** Add File: f{n}\n+x\n"));
        format!(
            "*** Begin Patch\n{}*** End Patch\n",
            files.collect::<String>()
        )
    };
    let hunks = "@@\n-x\n+y\n".repeat(limit::PATCH_HUNKS + 1);
    let hunks = format!("*** Begin Patch\n*** Update File: a\n{hunks}*** End Patch\n");
    for text in [long, files(limit::PATCH_FILES + 1), hunks] {
        let error = parse(&text, &lax(Format::Auto)).unwrap_err();
        assert_eq!(error.error_kind(), ErrorKind::TooLarge, "{error}");
    }
    assert!(parse(&files(limit::PATCH_FILES), &lax(Format::Auto)).is_ok());
}

#[test]
fn lines_that_are_all_alike_use_up_the_work_and_no_more() {
    // Each hunk's lines are common, and only together do they occur once.
    let mut text = "a\nb\n".repeat(200_000);
    text.push_str("a\na\n");
    let old = "a\nb\n".repeat(8) + "a\na\n";
    let patch = block(&old, "c\n").repeat(200);
    let error = planned(&lax(Format::SearchReplace), &patch, &[("a.py", &text)]).unwrap_err();
    assert!(
        ["context_not_found", "too_complex", "ambiguous"].contains(&error.code()),
        "{error}"
    );
}
