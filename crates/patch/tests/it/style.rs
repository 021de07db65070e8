//! New files as the project wants its files to be.

use atelier_patch::{Encoding, Ending, Format, Style, decode};

use crate::story::{Case, Tree, check, lax, path, planned};

fn style(at: &str, files: Tree<'_>) -> Style {
    Style::of(&path(at), |rules| {
        let found = files.iter().find(|(name, _)| *name == rules.as_str());
        found.map(|(_, text)| (*text).to_owned())
    })
}

#[test]
fn the_files_of_rules_are_those_of_each_folder() {
    let sources: Vec<String> = Style::sources(&path("a/b/c.txt"))
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        sources,
        [
            ".gitattributes",
            ".editorconfig",
            "a/.gitattributes",
            "a/.editorconfig",
            "a/b/.gitattributes",
            "a/b/.editorconfig"
        ]
    );
}

#[test]
fn the_nearest_and_last_rule_counts() {
    let editors = "root = true\n[*]\nend_of_line = lf\ninsert_final_newline = true\n\
        [*.{bat,cmd}]\nEnd_Of_Line = CRLF ; not a comment here\n[*.{bat,cmd}]\nend_of_line = crlf\n\
        [legacy/**.txt]\ncharset = latin1\n[*.csv]\ncharset = utf-8-bom\nindent_size = 4\n";
    let files = &[
        (".editorconfig", editors),
        (
            ".gitattributes",
            "# all\n* text=auto\n*.sh text eol=lf\n*.vcproj eol=crlf\n\"a b.*\" eol=crlf\n",
        ),
        (
            "win/.editorconfig",
            "[*]\nend_of_line = crlf\n[keep.txt]\nend_of_line = unset\n",
        ),
        (
            "win/new/.editorconfig",
            "root = true\n[*.md]\ninsert_final_newline = false\n",
        ),
        (
            "data/.gitattributes",
            "*.xml working-tree-encoding=UTF-16LE-BOM\n*.bin binary\n",
        ),
    ][..];
    let ending = |at| style(at, files).ending;
    for (at, expected) in [
        ("a.txt", Some(Ending::Lf)),
        ("x/run.bat", Some(Ending::CrLf)),
        ("p.vcproj", Some(Ending::CrLf)),
        ("a b.c", Some(Ending::CrLf)),
        ("win/a.txt", Some(Ending::CrLf)),
        ("win/run.sh", Some(Ending::Lf)),
        ("win/keep.txt", None),
        ("win/new/a.txt", None),
    ] {
        assert_eq!(ending(at), expected, "{at}");
    }
    let encoding = |at| style(at, files).encoding.map(Encoding::as_str);
    assert_eq!(encoding("legacy/x/a.txt"), Some("iso-8859-1"));
    assert_eq!(encoding("data/a.xml"), Some("utf-16le"));
    assert_eq!(encoding("a.txt"), None);
    assert_eq!(style("a.csv", files).has_mark, Some(true));
    assert_eq!(style("a.csv", files).final_newline, Some(true));
    assert_eq!(style("win/new/a.md", files).final_newline, Some(false));
    assert_eq!(style("win/new/a.txt", files).final_newline, None);
    assert_eq!(style("a.txt", &[]), Style::default());
    let huge = "[*]\nend_of_line = crlf\n".repeat(5_000);
    assert_eq!(style("a", &[(".editorconfig", &huge)]), Style::default());
}

#[test]
fn new_files_follow_the_project() {
    const RULES: (&str, &str) = (
        ".editorconfig",
        "[*]\ninsert_final_newline = true\n[*.bat]\nend_of_line = crlf\n[*.csv]\ncharset = utf-8-bom\n",
    );
    let cases: &[Case<'_>] = &[
        (
            "line endings",
            "*** Begin Patch\n*** Add File: a.bat\n+x\n+y\n*** End Patch\n",
            &[RULES],
            Ok(&[RULES, ("a.bat", "x\r\ny\r\n")]),
        ),
        (
            "line endings that the patch itself has",
            r#"[{"path": "a.txt", "old": "", "new": "x\r\ny\n"}]"#,
            &[RULES],
            Ok(&[RULES, ("a.txt", "x\r\ny\n")]),
        ),
        (
            "the last newline",
            r#"[{"path": "a.txt", "old": "", "new": "x"}]"#,
            &[RULES],
            Ok(&[RULES, ("a.txt", "x\n")]),
        ),
        (
            "a diff says that there is no last newline",
            "--- /dev/null\n+++ b/a.txt\n@@ -0,0 +1 @@\n+x\n\\ No newline at end of file\n",
            &[RULES],
            Ok(&[RULES, ("a.txt", "x")]),
        ),
        (
            "a byte order mark",
            "a.csv\n```\n1,2\n```\n",
            &[RULES],
            Ok(&[RULES, ("a.csv", "\u{feff}1,2\n")]),
        ),
        (
            "files that are there stay as they are",
            "*** Begin Patch\n*** Update File: a.bat\n@@\n-x\n+y\n*** End Patch\n",
            &[RULES, ("a.bat", "x\nz")],
            Ok(&[RULES, ("a.bat", "y\nz")]),
        ),
    ];
    check(&lax(Format::Auto), cases);
}

#[test]
fn declared_encodings_are_found_in_the_tree() {
    let rules = (
        ".gitattributes",
        "*.txt working-tree-encoding=ISO-8859-1\n*.xml working-tree-encoding=UTF-16LE\n",
    );
    let make = "*** Begin Patch\n*** Add File: a.txt\n+caf\u{e9}\n*** Add File: b.xml\n+\u{20ac}\n*** End Patch\n";
    let plan = planned(&lax(Format::Auto), make, &[rules]).unwrap();
    assert_eq!(plan.files[0].after.as_deref(), Some(&b"caf\xe9\n"[..]));
    assert_eq!(plan.files[0].encoding.as_str(), "iso-8859-1");
    assert_eq!(
        plan.files[1].after.as_deref(),
        Some(&b"\xff\xfe\xac\x20\n\0"[..])
    );
    assert!(!plan.files[1].binary);
    let shown = decode(
        plan.files[1].after.as_deref().unwrap(),
        plan.files[1].encoding,
    );
    assert_eq!(shown.as_deref(), Some("\u{20ac}\n"));
    let rename = "*** Begin Patch\n*** Update File: a.txt\n*** Move to: c\n*** End Patch\n";
    let delete = "*** Begin Patch\n*** Delete File: a.txt\n*** End Patch\n";
    let mut tree = crate::story::tree(&[rules]);
    tree.insert(path("a.txt"), b"caf\xe9\n".to_vec());
    for patch in [rename, delete] {
        let patch = atelier_patch::parse(patch, &lax(Format::Auto)).unwrap();
        let plan = atelier_patch::plan(&patch, &tree).unwrap();
        let file = &plan.files[0];
        let shown = decode(file.before.as_deref().unwrap(), file.encoding);
        assert_eq!(shown.as_deref(), Some("caf\u{e9}\n"), "{:?}", file.change);
    }
    let lacking = make.replace("caf\u{e9}", "\u{20ac}");
    let refused = planned(&lax(Format::Auto), &lacking, &[rules]).unwrap_err();
    assert_eq!(refused.code(), "encoding");
    assert_eq!(refused.path, Some(path("a.txt")));
}
