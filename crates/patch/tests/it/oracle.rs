//! The same answers as git's.

use std::fs;
use std::path::Path;
use std::process::Command;

use atelier_patch::{Format, merge, parse, plan, unified};
use proptest::prelude::*;

use crate::story::{cases, lax, path, strict, tree};

/// Runs git in a folder, untouched by the user's settings; returns whether it
/// succeeded, and what it wrote.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> (bool, Vec<u8>) {
    #[expect(
        clippy::disallowed_methods,
        reason = "git is the oracle of these tests, and they run it directly"
    )]
    let output = Command::new("git")
        .args(["-c", "core.autocrlf=false", "-c", "apply.whitespace=nowarn"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CEILING_DIRECTORIES", folder)
        .output()
        .unwrap();
    (output.status.success(), output.stdout)
}

/// Lines as files have them: some common, with endings of both kinds, perhaps
/// none at the end, and perhaps a byte order mark.
fn text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[ab]",
        "",
        "  }",
        "-- x",
        "[+][+] y",
        "[a-z]{3}",
        "é\u{2028}\t"
    ];
    let ending = prop_oneof![8 => Just("\n"), 1 => Just("\r\n")];
    let lines = proptest::collection::vec((word, ending), 0..40);
    let mark = prop_oneof![6 => Just(""), 1 => Just("\u{feff}")];
    (mark, lines, any::<bool>()).prop_map(|(mark, lines, bare)| {
        let lines = lines.into_iter().map(|(word, ending)| word + ending);
        let mut text = mark.to_owned() + &lines.collect::<String>();
        if bare && text.ends_with('\n') {
            text.pop();
        }
        text
    })
}

/// A text and what a few edits make of it.
fn edited() -> impl Strategy<Value = (String, String)> {
    let edit = (any::<prop::sample::Index>(), 0..3_usize, text());
    (text(), proptest::collection::vec(edit, 0..4)).prop_map(|(before, edits)| {
        let mut lines: Vec<String> = before.split_inclusive('\n').map(str::to_owned).collect();
        for (at, removed, added) in edits {
            let at = at.index(lines.len() + 1);
            let end = (at + removed).min(lines.len());
            let mut added: Vec<String> = added
                .split_inclusive('\n')
                .take(3)
                .map(str::to_owned)
                .collect();
            if let Some(last) = added.last_mut().filter(|last| !last.ends_with('\n')) {
                last.push('\n');
            }
            lines.splice(at..end, added);
        }
        let last = lines.len().saturating_sub(1);
        for line in lines
            .iter_mut()
            .take(last)
            .filter(|line| !line.ends_with('\n'))
        {
            line.push('\n');
        }
        (before, lines.concat())
    })
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn diffs_are_applied_as_git_applies_them((before, after) in edited()) {
        let Some((diff, theirs)) = applied_by_git(&before, &after) else {
            return Ok(());
        };
        for options in [lax(Format::Unified), strict(Format::Unified)] {
            let patch = parse(&diff, &options).unwrap();
            let planned = plan(&patch, &tree(&[("old", &before)])).unwrap();
            let ours = planned.files[0].after.clone().unwrap_or_default();
            prop_assert_eq!(String::from_utf8_lossy(&ours), theirs.as_str());
        }
        let (diff, _) = applied_by_git(&after, &before).unwrap();
        let patch = parse(&diff, &strict(Format::Unified)).unwrap();
        let planned = plan(&patch, &tree(&[("old", &after)])).unwrap();
        let back = planned.files[0].after.clone().unwrap_or_default();
        prop_assert_eq!(String::from_utf8_lossy(&back), before.as_str());
    }

    #[test]
    fn our_diffs_are_read_by_git_and_by_us((before, after) in edited()) {
        if before == after {
            return Ok(());
        }
        let whole = atelier_patch::Patch {
            format: Format::Whole,
            reason: String::new(),
            strict: false,
            edits: vec![
                atelier_patch::FileEdit::Delete { path: path("f"), expected: None },
                atelier_patch::FileEdit::Create { path: path("f"), text: after.clone() },
            ],
        };
        let planned = plan(&whole, &tree(&[("f", &before)])).unwrap();
        let diff = unified(&planned);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("f"), &before).unwrap();
        fs::write(folder.path().join("diff"), &diff).unwrap();
        let (taken, _) = git(folder.path(), &["apply", "diff"]);
        prop_assert!(taken, "git refuses\n{}", diff);
        let theirs = fs::read_to_string(folder.path().join("f")).unwrap();
        prop_assert_eq!(&theirs, &after);
        let patch = parse(&diff, &crate::story::strict(Format::Unified)).unwrap();
        let again = plan(&patch, &tree(&[("f", &before)])).unwrap();
        prop_assert_eq!(again.files[0].after.as_deref(), Some(after.as_bytes()));
    }

    #[test]
    fn merges_are_those_of_git_or_say_that_they_conflict(
        (base, ours) in edited(), (_, other) in edited(),
    ) {
        let theirs = half_of(&base) + &other;
        let (mine, git) = both_merges(&base, &ours, &theirs);
        // A line that is there many times can be lined up in several ways, and
        // then there may be a conflict in one and none in the other. (One in
        // some ten thousand such texts even merges cleanly in two ways.)
        prop_assert!(mine == git || !mine.1 || !git.1, "{base:?} {ours:?} {theirs:?}");
    }

    #[test]
    fn merges_of_distinct_lines_are_those_of_git(sides in edits_of_distinct_lines()) {
        let [base, ours, theirs] = sides;
        let (mine, git) = both_merges(&base, &ours, &theirs);
        prop_assert_eq!(mine, git);
    }
}

/// Returns git's diff between two texts, of a file called `old`, and what git
/// makes of the first by it; `None` when there is no difference.
fn applied_by_git(before: &str, after: &str) -> Option<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("old"), before).unwrap();
    fs::write(folder.path().join("new"), after).unwrap();
    let (same, diff) = git(folder.path(), &["diff", "--no-index", "old", "new"]);
    if same || before == after {
        return None;
    }
    let diff = String::from_utf8(diff).unwrap().replace("b/new", "b/old");
    fs::write(folder.path().join("diff"), &diff).unwrap();
    let (taken, _) = git(folder.path(), &["apply", "diff"]);
    assert!(taken, "git refuses its own diff");
    let theirs = fs::read_to_string(folder.path().join("old")).unwrap_or_default();
    Some((diff, theirs))
}

/// Returns the first half of a text's lines.
fn half_of(text: &str) -> String {
    let half = text.split_inclusive('\n').count() / 2;
    text.split_inclusive('\n').take(half).collect()
}

/// A text without a line that occurs twice, and two edited versions of it.
fn edits_of_distinct_lines() -> impl Strategy<Value = [String; 3]> {
    let side = || proptest::collection::vec(0..8_u8, 24);
    (1..24_usize, side(), side()).prop_map(|(length, ours, theirs)| {
        let version = |name: &str, edits: &[u8]| -> String {
            let lines = (0..length).zip(edits).map(|(at, edit)| match edit {
                0 => String::new(),
                1 => format!("{name} {at}\n"),
                2 => format!("line {at}\n{name} {at}\n"),
                3 => format!("both {at}\n"),
                _ => format!("line {at}\n"),
            });
            lines.collect()
        };
        [
            version("", &[4; 24]),
            version("ours", &ours),
            version("theirs", &theirs),
        ]
    })
}

/// A merged text and whether it is free of conflicts.
pub(crate) type Merged = (String, bool);

/// Returns our merge and git's.
pub(crate) fn both_merges(base: &str, ours: &str, theirs: &str) -> (Merged, Merged) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("base", base), ("ours", ours), ("theirs", theirs)] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let names = ["-L", "ours", "-L", "base", "-L", "theirs"];
    let arguments = [
        &["merge-file", "--diff3", "-p"],
        &names[..],
        &["ours", "base", "theirs"],
    ];
    let (clean, merged) = git(folder.path(), &arguments.concat());
    let mine = merge(base.as_bytes(), ours.as_bytes(), theirs.as_bytes());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        (text(mine.bytes), mine.conflicts.is_empty()),
        (text(merged), clean),
    )
}

#[test]
fn a_byte_order_mark_in_a_diff_is_that_of_the_file() {
    let texts = [
        "\u{feff}a\nb\n",
        "a\nb\n",
        "\u{feff}A\nb\n",
        "\u{feff}new\na\nb\n",
        "new\n\u{feff}a\nb\n",
        "\u{feff}\u{feff}a\nb\n",
        "\u{feff}b\n",
        "b\n",
        "\u{feff}",
        "\u{feff}\n",
        "\u{feff}a\nb\nc\nd\ne\nf\n\u{feff}a\n",
        "\u{feff}a\nb\nc\nd\ne\nf\n\u{feff}z\n",
    ];
    for before in texts {
        for after in texts.into_iter().filter(|after| *after != before) {
            let theirs = applied_by_git(before, after).unwrap();
            assert_eq!(theirs.1, after, "git");
            let patch = parse(&theirs.0, &crate::story::strict(Format::Unified)).unwrap();
            let planned = plan(&patch, &tree(&[("old", before)]))
                .unwrap_or_else(|error| panic!("{before:?} {after:?}: {error}"));
            let ours = planned.files[0].after.clone().unwrap_or_default();
            assert_eq!(String::from_utf8_lossy(&ours), after, "{before:?}");
        }
    }
}

fn assert_same_merge(base: &str, ours: &str, theirs: &str) {
    let (mine, git) = both_merges(base, ours, theirs);
    assert_eq!(mine, git, "base {base:?} ours {ours:?} theirs {theirs:?}");
}

#[test]
fn ordinary_merges_are_those_of_git() {
    let base = "a\nb\nc\nd\ne\nf\ng\nh\n";
    for (ours, theirs) in [
        ("A\nb\nc\nd\ne\nf\ng\nh\n", "a\nb\nc\nd\ne\nf\ng\nH\n"),
        ("a\nB\nc\nd\ne\nf\ng\nh\n", "a\nb\nC\nd\ne\nf\ng\nh\n"),
        ("a\nX\nc\nd\ne\nf\ng\nh\n", "a\nY\nc\nd\ne\nf\ng\nh\n"),
        ("a\nX\nc\nd\ne\nf\ng\nh\n", "a\nX\nc\nd\ne\nf\ng\nh\n"),
        ("a\nc\nd\ne\nf\ng\nh\n", "a\nB\nc\nd\ne\nf\ng\nh\n"),
        ("a\nb\nc\nd\n", "a\nb\nc\nd\ne\nf\ng\nh\ni\n"),
        ("", base),
        ("", "a\nb\nc\nd\ne\nf\ng\nH\n"),
        ("a\nb\nc\nd\ne\nf\ng\nh", "a\nb\nc\nd\ne\nf\ng\nh\ni"),
        ("a\nX\nY\nd\ne\nf\ng\nh\n", "a\nX\nZ\nd\ne\nf\ng\nh\n"),
        ("x\na\nb\nc\nd\ne\nf\ng\nh\n", "y\na\nb\nc\nd\ne\nf\ng\nh\n"),
    ] {
        assert_same_merge(base, ours, theirs);
        assert_same_merge(
            &base.replace('\n', "\r\n"),
            &ours.replace('\n', "\r\n"),
            &theirs.replace('\n', "\r\n"),
        );
    }
    assert_same_merge("", "a\n", "b\n");
    assert_same_merge("", "a", "a");
}

#[test]
fn git_reads_every_kind_of_change_that_we_print() {
    let patch = "*** Begin Patch\n*** Add File: new/näme with space\n+one\n+two\n\
                 *** Add File: \"quoted\".txt\n+x\n*** Delete File: gone\n\
                 *** Update File: moved from\n*** Move to: moved/to\n*** Update File: edited\n\
                 *** Move to: edited.2\n@@\n-5\n+five\n*** Update File: bare\n@@\n-x\n+y\n\
                 *** End Patch\n";
    let before = [
        ("gone", "g\n"),
        ("moved from", "m\n"),
        ("edited", "1\n2\n3\n4\n5\n6\n7\n8\n9\n"),
        ("bare", "a\nx"),
    ];
    let planned = crate::story::planned(&lax(Format::ApplyPatch), patch, &before).unwrap();
    let empty = "empty\n```empty.txt\n```\n";
    let empty = crate::story::planned(&lax(Format::Whole), empty, &[]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in before {
        fs::write(folder.path().join(name), text).unwrap();
    }
    fs::write(
        folder.path().join("diff"),
        unified(&planned) + &unified(&empty),
    )
    .unwrap();
    let (taken, _) = git(folder.path(), &["apply", "diff"]);
    assert!(taken, "git refuses\n{}", unified(&planned));
    let mut expected = crate::story::carried_out(&before, &planned);
    expected.insert(path("empty.txt"), Vec::new());
    for (name, bytes) in &expected {
        assert_eq!(
            &fs::read(folder.path().join(name.as_str())).unwrap(),
            bytes,
            "{name}"
        );
    }
    for name in ["gone", "moved from", "edited"] {
        assert!(!folder.path().join(name).exists(), "{name}");
    }
}
