//! Plans of several files, and taking parts of them.

use atelier_patch::{Change, Format, HunkKind, Selected, select};

use crate::story::{Case, check, lax, path, planned};

fn envelope(files: &str) -> String {
    format!("*** Begin Patch\n{files}*** End Patch\n")
}

#[test]
fn operations_of_one_patch_see_each_other() {
    let swap = "*** Update File: a\n*** Move to: t\n*** Update File: b\n*** Move to: a\n\
                *** Update File: t\n*** Move to: b\n";
    let table: &[Case<'_>] = &[
        (
            "delete, then create at the same path",
            "*** Delete File: a\n*** Add File: a\n+new\n",
            &[("a", "old\n")],
            Ok(&[("a", "new\n")]),
        ),
        (
            "create, then change",
            "*** Add File: a\n+x\n*** Update File: a\n@@\n-x\n+y\n",
            &[],
            Ok(&[("a", "y\n")]),
        ),
        (
            "move, then change at the new path",
            "*** Update File: a\n*** Move to: b\n*** Update File: b\n@@\n-x\n+y\n",
            &[("a", "x\n")],
            Ok(&[("b", "y\n")]),
        ),
        (
            "move, then create at the old path",
            "*** Update File: a\n*** Move to: b\n*** Add File: a\n+new\n",
            &[("a", "x\n")],
            Ok(&[("a", "new\n"), ("b", "x\n")]),
        ),
        (
            "swap",
            swap,
            &[("a", "1\n"), ("b", "2\n")],
            Ok(&[("a", "2\n"), ("b", "1\n")]),
        ),
        (
            "a file becomes a folder",
            "*** Delete File: a\n*** Add File: a/b\n+x\n",
            &[("a", "1\n")],
            Ok(&[("a/b", "x\n")]),
        ),
        (
            "create, then delete",
            "*** Add File: a\n+x\n*** Delete File: a\n",
            &[("b", "")],
            Err("no_change"),
        ),
        (
            "create below a file",
            "*** Add File: a/b/c\n+x\n",
            &[("a", "1\n")],
            Err("not_a_file"),
        ),
        (
            "create below a file of the same patch",
            "*** Add File: a\n+x\n*** Add File: a/b\n+x\n",
            &[],
            Err("not_a_file"),
        ),
        (
            "create above a file of the same patch",
            "*** Add File: a/b\n+x\n*** Add File: a\n+x\n",
            &[],
            Err("not_a_file"),
        ),
        (
            "create the same path twice",
            "*** Add File: a\n+x\n*** Add File: a\n+y\n",
            &[],
            Err("file_exists"),
        ),
        (
            "change after deletion",
            "*** Delete File: a\n*** Update File: a\n@@\n-1\n+2\n",
            &[("a", "1\n")],
            Err("file_missing"),
        ),
        (
            "names that differ in case",
            "*** Add File: Read.me\n+x\n*** Add File: READ.ME\n+y\n",
            &[],
            Err("case_collision"),
        ),
        (
            "folders that differ in case",
            "*** Add File: Src/a\n+x\n*** Add File: src/b\n+y\n",
            &[],
            Err("case_collision"),
        ),
        (
            "a move that only changes case",
            "*** Update File: a.TXT\n*** Move to: a.txt\n",
            &[("a.TXT", "1\n")],
            Ok(&[("a.txt", "1\n")]),
        ),
        (
            "a change that changes nothing",
            "*** Update File: a\n@@\n 1\n-2\n+2\n",
            &[("a", "1\n2\n")],
            Err("no_change"),
        ),
    ];
    for (name, patch, before, after) in table {
        let patch = envelope(patch);
        check(&lax(Format::ApplyPatch), &[(name, &patch, before, *after)]);
    }
}

#[test]
fn parts_of_a_plan_can_be_taken() {
    let patch = envelope(
        "*** Add File: n\n+new\n*** Delete File: d\n*** Update File: m\n@@\n-1\n+I\n@@\n-9\n+IX\n\
         *** Update File: r\n*** Move to: s\n@@\n-x\n+y\n",
    );
    let before = [
        ("d", "gone\n"),
        ("m", "1\n2\n3\n4\n5\n6\n7\n8\n9\n"),
        ("r", "x\n"),
    ];
    let plan = planned(&lax(Format::ApplyPatch), &patch, &before).unwrap();
    let [n, d, m, r] = &plan.files[..] else {
        panic!("four files expected: {plan:?}");
    };
    let chosen = |at: &str, from: Option<&str>, text: Option<&str>, unchanged| Selected {
        executable: false,
        path: path(at),
        from: from.map(path),
        bytes: text.map(|text| text.as_bytes().to_vec()),
        unchanged,
    };
    assert_eq!(n.change, Change::Create);
    assert_eq!(select(n, &[true]), chosen("n", None, Some("new\n"), false));
    assert_eq!(select(n, &[]), chosen("n", None, None, true));
    assert_eq!(d.change, Change::Delete);
    assert_eq!(select(d, &[true]), chosen("d", None, None, false));
    assert_eq!(select(d, &[false]), chosen("d", None, Some("gone\n"), true));
    let text = |first: &str, last: &str| format!("{first}\n2\n3\n4\n5\n6\n7\n8\n{last}\n");
    for (accepted, first, last) in [
        ([true, true], "I", "IX"),
        ([true, false], "I", "9"),
        ([false, true], "1", "IX"),
        ([false, false], "1", "9"),
    ] {
        let unchanged = accepted == [false, false];
        let expected = chosen("m", None, Some(&text(first, last)), unchanged);
        assert_eq!(select(m, &accepted), expected);
    }
    let kinds: Vec<HunkKind> = r.hunks.iter().map(|hunk| hunk.kind).collect();
    assert_eq!(kinds, [HunkKind::Rename, HunkKind::Text]);
    assert_eq!(r.change, Change::Rename { from: path("r") });
    assert_eq!(
        select(r, &[true, true]),
        chosen("s", Some("r"), Some("y\n"), false)
    );
    assert_eq!(
        select(r, &[true, false]),
        chosen("s", Some("r"), Some("x\n"), false)
    );
    assert_eq!(
        select(r, &[false, true]),
        chosen("r", None, Some("y\n"), false)
    );
    assert_eq!(
        select(r, &[false, false]),
        chosen("r", None, Some("x\n"), true)
    );
}
