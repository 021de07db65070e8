//! Showing a patch while it is written.

use atelier_patch::stream::{PreviewHunk, Reader};
use atelier_patch::{EditBody, FileEdit, Format, HunkKind, LineOp, ParseOptions, parse};
use proptest::prelude::*;

use crate::story::{cases, lax, open_file};

/// An answer with every format that is read line by line.
const ANSWER: &str = "I'd change three files.\r\n\nsrc/a.py\n```python\n<<<<<<< SEARCH\n\
    :start_line:3\n-------\none\ntwo\n=======\none\ntoo\n>>>>>>> REPLACE\n```\n\nThen:\n\n\
    *** Begin Patch\n*** Update File: b.rs\n@@ fn f\n keep\n-old\n+n\u{e9}w\n@@\n-gone\n*** Add File: \
    c.rs\n+first\n+second\n*** Update File: d.rs\n*** Move to: e.rs\n@@\n-x\n+y\n*** Delete File: \
    f.rs\n*** End Patch\n\nAnd:\n```diff\n--- a/g.rs\n+++ b/g.rs\n@@ -1,2 +1,2 @@\n same\n--- a\n\
    +++ b\n@@ -9 +9,2 @@\n-nine\n+9\n+10\n--- /dev/null\n+++ b/h.rs\n@@ -0,0 +1 @@\n+new\n```\n\
    diff --git a/i.rs b/i.rs\nold mode 100644\nnew mode 100755\ndiff --git a/j b/k\nsimilarity \
    index 90%\nrename from j\nrename to k\n--- a/j\n+++ b/k\n@@ -1 +1 @@\n-p\n+q\n\nThat is all.\n";

fn shown(hunks: &[PreviewHunk]) -> Vec<String> {
    let hunks = hunks.iter();
    let path = |hunk: &PreviewHunk| {
        hunk.path
            .as_ref()
            .map_or("?".to_owned(), ToString::to_string)
    };
    let end = |hunk: &PreviewHunk| match (hunk.done, hunk.cut) {
        (true, false) => "",
        (true, true) => " (cut)",
        (false, _) => " (open)",
    };
    hunks
        .map(|hunk| {
            format!(
                "{} {:?} -{} +{}{}",
                path(hunk),
                hunk.kind,
                hunk.removed.join("|"),
                hunk.added.join("|"),
                end(hunk)
            )
        })
        .collect()
}

fn streamed(options: &ParseOptions, pieces: &[&str]) -> Vec<PreviewHunk> {
    let mut reader = Reader::new(options.clone());
    let mut hunks = Vec::new();
    for piece in pieces {
        hunks.extend(reader.push(piece));
    }
    hunks.extend(reader.finish());
    hunks
}

#[test]
fn hunks_come_as_they_become_whole() {
    assert_eq!(
        shown(&streamed(&lax(Format::Auto), &[ANSWER])),
        [
            "src/a.py Text -two +too",
            "b.rs Text -old +n\u{e9}w",
            "b.rs Text -gone +",
            "c.rs Create - +first|second",
            "e.rs Rename - +",
            "d.rs Text -x +y",
            "f.rs Delete - +",
            "g.rs Text --- a +++ b",
            "g.rs Text -nine +9|10",
            "h.rs Create - +new",
            "i.rs Mode - +",
            "k Rename - +",
            "k Text -p +q",
        ]
    );
    let mut reader = Reader::new(lax(Format::Auto));
    let mut came = Vec::new();
    for line in ANSWER.split_inclusive('\n') {
        came.push(reader.push(line).len());
    }
    let first = ANSWER.split_inclusive('\n');
    let tail = first
        .take_while(|line| !line.starts_with(">>>>>>> REPLACE"))
        .count();
    assert_eq!(came.iter().position(|&count| count > 0), Some(tail));
}

#[test]
fn what_is_under_way_can_be_seen() {
    let mut reader = Reader::new(lax(Format::Auto));
    assert!(
        reader
            .push("*** Begin Patch\n*** Add File: a\n+one\n+tw")
            .is_empty()
    );
    let pending = reader.pending().unwrap();
    assert_eq!((pending.kind, pending.done), (HunkKind::Create, false));
    assert_eq!(pending.added, ["one"]);
    assert_eq!(shown(&reader.finish()), ["a Create - +one|tw (open)"]);
    for (text, expected) in [
        (
            "a.py\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REP",
            "a.py Text -x +y|>>>>>>> REP (open)",
        ),
        (
            "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-1\n+2\n",
            "x Text -1 +2 (open)",
        ),
        ("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\n+2", "x Text -1 +2"),
    ] {
        assert_eq!(shown(&streamed(&lax(Format::Auto), &[text])), [expected]);
    }
}

#[test]
fn every_cut_gives_the_same() {
    let options = lax(Format::Auto);
    let whole = streamed(&options, &[ANSWER]);
    for at in (0..=ANSWER.len()).filter(|&at| ANSWER.is_char_boundary(at)) {
        let (head, tail) = ANSWER.split_at(at);
        assert_eq!(streamed(&options, &[head, tail]), whole, "cut at {at}");
    }
    let mut bytes = [0; 4];
    let mut reader = Reader::new(options);
    let mut hunks: Vec<PreviewHunk> = Vec::new();
    for c in ANSWER.chars() {
        hunks.extend(reader.push(c.encode_utf8(&mut bytes)));
    }
    hunks.extend(reader.finish());
    assert_eq!(hunks, whole);
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn every_text_in_every_cut_gives_the_same(
        lines in proptest::collection::vec((0..ANSWER.lines().count(), any::<bool>()), 0..40),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..6),
        format in prop::sample::select(Format::ALL.to_vec()),
    ) {
        let known: Vec<&str> = ANSWER.split_inclusive('\n').collect();
        let text: String = lines
            .iter()
            .map(|&(at, whole)| if whole { known[at] } else { known[at].trim_end() })
            .collect();
        let options = open_file(format, "open.txt");
        let whole = streamed(&options, &[&text]);
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        places.retain(|&at| text.is_char_boundary(at));
        places.sort_unstable();
        let mut pieces = Vec::new();
        let mut from = 0;
        for at in places {
            pieces.push(&text[from..at]);
            from = at;
        }
        pieces.push(&text[from..]);
        prop_assert_eq!(streamed(&options, &pieces), whole);
    }
}

#[test]
fn what_is_shown_is_what_is_read() {
    let patch = parse(ANSWER, &lax(Format::Auto)).unwrap();
    let mut read: Vec<(String, Vec<String>, Vec<String>)> = Vec::new();
    for edit in &patch.edits {
        if let FileEdit::Create { path, text } = edit {
            let added = text.lines().map(str::to_owned).collect();
            read.push((path.to_string(), Vec::new(), added));
        }
        let FileEdit::Update {
            path,
            move_to,
            hunks,
        } = edit
        else {
            continue;
        };
        // A diff names the new path, an envelope the old one.
        let path = if path.as_str() == "j" {
            move_to.as_ref()
        } else {
            Some(path)
        };
        for hunk in hunks {
            let EditBody::Lines(lines) = &hunk.body else {
                panic!("{hunk:?}");
            };
            let of = |op| {
                let lines = lines.iter().filter(|line| line.op == op);
                lines.map(|line| line.text.clone()).collect::<Vec<_>>()
            };
            read.push((
                path.unwrap().to_string(),
                of(LineOp::Remove),
                of(LineOp::Add),
            ));
        }
    }
    let shown = streamed(&lax(Format::Auto), &[ANSWER]);
    let shown: Vec<_> = shown
        .into_iter()
        .filter(|hunk| !hunk.removed.is_empty() || !hunk.added.is_empty())
        .map(|hunk| (hunk.path.unwrap().to_string(), hunk.removed, hunk.added))
        .collect();
    assert_eq!(shown, read);
}

#[test]
fn other_formats_are_shown_as_far_as_they_can_be() {
    let whole = "Here:\n\n**a.md**\n````\n```\nx\n```\n````\n\n```py b.py\ny\n";
    assert_eq!(
        shown(&streamed(&lax(Format::Whole), &[whole])),
        ["a.md Create - +```|x|```", "b.py Create - +y (open)"]
    );
    assert_eq!(streamed(&lax(Format::Auto), &[whole]), []);
    let json = r#"[{"path": "a", "old": "one\ntwo", "new": "one\n2"}, {"path": "b", "old": "", "new": "x"}]"#;
    let mut reader = Reader::new(lax(Format::Auto));
    let (head, tail) = json.split_at(json.find(", {").unwrap());
    assert_eq!(shown(&reader.push(head)), ["a Text -two +2"]);
    assert_eq!(shown(&reader.push(tail)), ["b Create - +x"]);
    assert!(reader.finish().is_empty());
    assert_eq!(streamed(&lax(Format::Edits), &[&json[..30]]), []);
    for (json, expected) in [
        (
            r#"{"name": "edit", "arguments": {"file_path": "a", "edits": [{"find": "1", "replacement": "2"}]}}"#,
            &["a Text -1 +2"][..],
        ),
        (
            "{\"path\": \"a\", \"old\": \"{\\\"\", \"new\": \"]\"}\n{\"path\": \"b\", \"content\": \"x\"}\n",
            &["a Text -{\" +]", "b Create - +x"],
        ),
        (
            r#" [{"old": null, "new": "x", "all": [1, {"a": 2}]}]"#,
            &["open.txt Create - +x"],
        ),
        (
            r#"[{"path": 1, "old": 2, "new": 3}, {"a": "b"}, "path"]"#,
            &[],
        ),
        (
            "[a](b) and\na.py\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n",
            &["a.py Text -x +y"],
        ),
        (" \n", &[]),
        ("{", &[]),
    ] {
        let options = open_file(Format::Auto, "open.txt");
        assert_eq!(shown(&streamed(&options, &[json])), expected, "{json}");
        let pieces: Vec<String> = json.chars().map(String::from).collect();
        let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
        assert_eq!(shown(&streamed(&options, &pieces)), expected, "{json}");
    }
    let prose = "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> main\n--- \n+ x\n- y\n";
    assert_eq!(streamed(&lax(Format::Auto), &[prose]), []);
}

#[test]
fn memory_is_bounded() {
    let mut reader = Reader::new(lax(Format::ApplyPatch));
    reader.push("*** Begin Patch\n*** Add File: a\n+");
    for _ in 0..1_000 {
        reader.push(&"x".repeat(1_000));
    }
    reader.push("\n");
    let line = &reader.pending().unwrap().added[0];
    assert!(line.len() < 20_000, "{}", line.len());
    for _ in 0..10_000 {
        reader.push("+y\n");
    }
    let pending = reader.pending().unwrap();
    assert!(pending.cut && pending.added.len() < 5_000);
    let mut json = Reader::new(lax(Format::Edits));
    for _ in 0..100 {
        json.push(&"[{\"a\":".repeat(1_000));
    }
    assert!(json.finish().is_empty());
    // Past the limit of a patch nothing more is read.
    let piece = "+z\n".repeat(100_000);
    for _ in 0..20 {
        reader.push(&piece);
    }
    assert!(reader.push("*** End Patch\n").is_empty());
    assert_eq!(reader.finish().len(), 1);
}
