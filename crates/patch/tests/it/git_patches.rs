//! What `git diff` writes of whole trees, with modes, moves and bytes.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use atelier_base::WorkspacePath;
use atelier_patch::{
    Change, Entry, Format, HunkKind, PatchError, Plan, Source, SourceError, parse, plan, select,
};

use crate::oracle::git;
use crate::story::{lax, path, strict};

/// Files with their bytes and whether they may be executed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Files(BTreeMap<WorkspacePath, (Vec<u8>, bool)>);

type Listed<'a> = &'a [(&'a str, &'a [u8], bool)];

impl Files {
    fn of(listed: Listed<'_>) -> Self {
        let files = listed.iter();
        Self(
            files
                .map(|(name, bytes, executable)| (path(name), (bytes.to_vec(), *executable)))
                .collect(),
        )
    }

    fn write(&self, folder: &Path) {
        for (name, (bytes, executable)) in &self.0 {
            let place = folder.join(name.as_str());
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(&place, bytes).unwrap();
            let mode = if *executable { 0o755 } else { 0o644 };
            fs::set_permissions(&place, fs::Permissions::from_mode(mode)).unwrap();
        }
    }

    fn carry_out(&mut self, plan: &Plan) {
        for file in &plan.files {
            if !matches!(file.change, Change::Copy { .. }) {
                self.0.remove(file.home());
            }
        }
        for file in &plan.files {
            if let Some(after) = &file.after {
                let content = (after.clone(), file.executable);
                self.0.insert(file.path.clone(), content);
            }
        }
    }
}

impl Source for Files {
    fn read(&self, path: &WorkspacePath) -> Result<Entry, SourceError> {
        Ok(match self.0.get(path) {
            Some((bytes, executable)) => Entry::File {
                bytes: bytes.clone(),
                executable: *executable,
            },
            None => Entry::Missing,
        })
    }
}

/// Returns git's diff between two trees.
fn diff_of(before: &Files, after: &Files) -> String {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let (done, output) = git(folder.path(), arguments);
        assert!(done, "{arguments:?}");
        String::from_utf8(output).unwrap()
    };
    run(&["init", "-q"]);
    before.write(folder.path());
    run(&["add", "-A"]);
    let author = ["-c", "user.name=Ana", "-c", "user.email=ana@example.org"];
    run(&[&author[..], &["commit", "-qm", "before", "--allow-empty"]].concat());
    for name in before.0.keys() {
        fs::remove_file(folder.path().join(name.as_str())).unwrap();
    }
    after.write(folder.path());
    run(&["add", "-A"]);
    let find = ["-M", "-C", "--find-copies-harder"];
    run(&[&["diff", "--cached", "--binary"][..], &find].concat())
}

fn planned(diff: &str, before: &Files) -> Result<Plan, PatchError> {
    let loose = parse(diff, &lax(Format::Unified)).and_then(|patch| plan(&patch, before));
    let exact = parse(diff, &strict(Format::Unified)).and_then(|patch| plan(&patch, before));
    assert_eq!(loose, exact, "{diff}");
    exact
}

const LONG: &[u8] = b"one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n";
const OTHER: &[u8] = b"one\ntwo\nthree\nFOUR\nfive\nsix\nseven\neight\nnine\nten\n";

/// Bytes that pack badly, so that git makes differences of them.
fn noise(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed;
    let step = |()| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        u8::try_from(state >> 24).unwrap()
    };
    std::iter::repeat_n((), length).map(step).collect()
}

#[test]
fn what_git_writes_is_carried_out_to_the_byte_and_the_mode() {
    let image = noise(1, 3_000);
    let mut edited = image.clone();
    edited[1_500..1_510].copy_from_slice(b"\0 changed ");
    let cases: &[(&str, Listed<'_>, Listed<'_>)] = &[
        (
            "a mode alone",
            &[("run.sh", b"x\n", false)],
            &[("run.sh", b"x\n", true)],
        ),
        (
            "a mode goes, with a change",
            &[("my run.sh", LONG, true)],
            &[("my run.sh", OTHER, false)],
        ),
        ("a new program", &[], &[("run.sh", b"x\n", true)]),
        ("an empty program", &[], &[("run.sh", b"", true)]),
        ("a program goes", &[("run.sh", b"x", true)], &[]),
        (
            "a copy",
            &[("a", LONG, true)],
            &[("a", LONG, true), ("d/b", LONG, true)],
        ),
        (
            "a copy of a changed file, changed, with another mode",
            &[("a", LONG, false)],
            &[("a", OTHER, false), ("b", LONG, false), ("c", OTHER, true)],
        ),
        (
            "a move with a change and a mode",
            &[("a", LONG, false)],
            &[("b", OTHER, true)],
        ),
        (
            "a copy and a move of one file",
            &[("a", LONG, false)],
            &[("b", LONG, false), ("c", OTHER, false)],
        ),
        (
            "names with quotes, tabs are refused elsewhere",
            &[("s\u{fc}\u{df} \"q\"", LONG, false)],
            &[("s\u{fc}\u{df} \"r\"", LONG, false)],
        ),
        (
            "a picture comes",
            &[],
            &[("p.png", &image, false), ("empty\u{e9}", b"", false)],
        ),
        (
            "a picture changes",
            &[("p.png", &image, false)],
            &[("p.png", &edited, true)],
        ),
        (
            "a picture moves and changes",
            &[("p.png", &image, false)],
            &[("d/q.png", &edited, false)],
        ),
        (
            "a picture is copied and changes",
            &[("p.png", &image, false)],
            &[("p.png", &image, false), ("q.png", &edited, false)],
        ),
        ("a picture goes", &[("p.png", &image, false)], &[]),
        (
            "a text becomes a picture",
            &[("a", LONG, false)],
            &[("a", b"\0\x01\xff", false)],
        ),
    ];
    for (name, before, after) in cases {
        let (before, after) = (Files::of(before), Files::of(after));
        let diff = diff_of(&before, &after);
        let plan = planned(&diff, &before).unwrap_or_else(|e| panic!("{name}: {e}\n{diff}"));
        let mut result = before.clone();
        result.carry_out(&plan);
        assert_eq!(result, after, "{name}\n{diff}");
        let refused = planned(&diff, &after);
        assert!(
            refused.is_err(),
            "{name} a second time: {refused:?}\n{diff}"
        );
    }
}

#[test]
fn each_part_of_a_plan_is_a_decision() {
    let before = Files::of(&[("a", LONG, false), ("p", b"\0old", false)]);
    let after = Files::of(&[
        ("a", LONG, false),
        ("b", OTHER, true),
        ("p", b"\0new", true),
    ]);
    let plan = planned(&diff_of(&before, &after), &before).unwrap();
    let [copy, picture] = &plan.files[..] else {
        panic!("{plan:?}");
    };
    let kinds = |file: &atelier_patch::PlannedFile| -> Vec<HunkKind> {
        file.hunks.iter().map(|hunk| hunk.kind).collect()
    };
    assert_eq!(
        kinds(copy),
        [HunkKind::Copy, HunkKind::Mode, HunkKind::Text]
    );
    assert_eq!(copy.change, Change::Copy { from: path("a") });
    assert_eq!(kinds(picture), [HunkKind::Mode, HunkKind::Binary]);
    let copied = |accepted: &[bool]| {
        let chosen = select(copy, accepted);
        (chosen.bytes, chosen.executable, chosen.unchanged)
    };
    assert_eq!(
        copied(&[true, true, true]),
        (Some(OTHER.to_vec()), true, false)
    );
    assert_eq!(
        copied(&[true, false, false]),
        (Some(LONG.to_vec()), false, false)
    );
    assert_eq!(copied(&[false, true, true]), (None, true, true));
    let pictured = |accepted: &[bool]| {
        let chosen = select(picture, accepted);
        (chosen.bytes.unwrap(), chosen.executable, chosen.unchanged)
    };
    assert_eq!(pictured(&[true, true]), (b"\0new".to_vec(), true, false));
    assert_eq!(pictured(&[true, false]), (b"\0old".to_vec(), true, false));
    assert_eq!(pictured(&[false, false]), (b"\0old".to_vec(), false, true));
}

#[test]
fn binary_patches_are_taken_only_with_the_content_they_are_for() {
    let (image, edited) = (noise(1, 300), noise(2, 300));
    let before = Files::of(&[("p", &image, false)]);
    let diff = diff_of(&before, &Files::of(&[("p", &edited, false)]));
    let code = |diff: &str, files: &Files| planned(diff, files).unwrap_err().code();
    let other = Files::of(&[("p", &edited, false)]);
    assert_eq!(code(&diff, &other), "content_changed");
    let short: String = diff
        .lines()
        .map(|line| match line.strip_prefix("index ") {
            Some(_) => "index 0123456..789abcd 100644\n".to_owned(),
            None => format!("{line}\n"),
        })
        .collect();
    assert_eq!(code(&short, &before), "unsupported");
    // Another digit of the content than the hash is of.
    let at = diff.find("literal").unwrap() + 20;
    let digit = if &diff[at..=at] == "a" { "b" } else { "a" };
    let forged = [&diff[..at], digit, &diff[at + 1..]].concat();
    assert_eq!(code(&forged, &before), "syntax");
    let cut = &diff[..diff.len() / 3];
    assert!(planned(cut, &before).is_err());
    let bomb = diff.replace("literal 300", "literal 99999999999");
    assert_eq!(code(&bomb, &before), "too_large");
    let named = "diff --git a/p b/p\nindex 1..2 100644\nBinary files a/p and b/p differ\n";
    assert_eq!(code(named, &before), "binary");
}
