//! `@@` lines that say which of several places is meant.

use atelier_patch::Format;

use crate::story::{Case, check, lax, strict};

const CLASSES: &str = "\
class A:
    def f(self):
        return 1

    def g(self):
        return 1

class B:
    def f(self):
        return 1

    def g(self):
        return 1
";

fn envelope(chunks: &str) -> String {
    format!("*** Begin Patch\n*** Update File: a.py\n{chunks}*** End Patch\n")
}

#[test]
fn scopes_decide_between_equal_places() {
    let changed = |number: usize| {
        let mut seen = 0;
        let lines = CLASSES.lines().map(|line| {
            seen += usize::from(line.contains("return"));
            let hit = line.contains("return") && seen == number;
            if hit { "        return 2" } else { line }
        });
        lines.collect::<Vec<_>>().join("\n") + "\n"
    };
    let change = "-        return 1\n+        return 2\n";
    for (scopes, place) in [
        ("@@ class A:\n@@     def f(self):\n", Ok(1)),
        ("@@ class A:\n@@ def g(self):\n", Ok(2)),
        ("@@ class B:\n@@     def f(self):\n", Ok(3)),
        ("@@ class B\n@@ def g\n", Ok(4)),
        ("@@ class B:\n     def g(self):\n", Ok(4)),
        ("@@ class A:\n", Err("ambiguous")),
        ("@@ def f(self):\n", Err("ambiguous")),
        ("@@\n", Err("ambiguous")),
        ("@@ class C:\n", Err("ambiguous")),
        ("@@ class B:\n@@ def h(self):\n", Err("ambiguous")),
    ] {
        let patch = envelope(&(scopes.to_owned() + change));
        let text = place.map(changed).unwrap_or_default();
        let after = [("a.py", text.as_str())];
        let expected = place.map(|_| &after[..]);
        let case: Case<'_> = (scopes, &patch, &[("a.py", CLASSES)], expected);
        check(&lax(Format::ApplyPatch), &[case]);
    }
    let unknown = envelope(&("@@ class C:\n".to_owned() + change));
    let case: Case<'_> = ("C", &unknown, &[("a.py", CLASSES)], Err("scope_not_found"));
    check(&strict(Format::ApplyPatch), &[case]);
}

#[test]
fn additions_without_context_go_below_their_scope() {
    let added = "+    x = 0\n";
    let cases: &[(&str, &str, Result<&str, &str>)] = &[
        (
            "@@ class B:\n",
            "class A:\n    y\nclass B:\n    y\n",
            Ok("class A:\n    y\nclass B:\n    x = 0\n    y\n"),
        ),
        ("@@ class B:\n", "class A:\n", Err("scope_not_found")),
        ("@@ class B:\n", "class B:\nclass B:\n", Err("ambiguous")),
        ("@@\n", "class A:\n", Ok("class A:\n    x = 0\n")),
        ("@@\n", "", Ok("    x = 0\n")),
    ];
    for (scope, before, expected) in cases {
        let patch = envelope(&format!("{scope}{added}"));
        let after = expected.map(|text| [("a.py", text)]);
        let expected = after.as_ref().map(|after| &after[..]).map_err(|code| *code);
        check(
            &lax(Format::ApplyPatch),
            &[(before, &patch, &[("a.py", before)], expected)],
        );
    }
}

#[test]
fn chunks_in_the_order_of_the_file_disambiguate() {
    let before = "x\nstart\nx\nend\n";
    let patch = envelope("@@\n-start\n+START\n@@\n-x\n+y\n");
    let after = &[("a.py", "x\nSTART\ny\nend\n")][..];
    let case: Case<'_> = ("the place below", &patch, &[("a.py", before)], Ok(after));
    check(&lax(Format::ApplyPatch), &[case]);
    let patch = envelope("@@\n-end\n+END\n@@\n-start\n+START\n");
    let after = &[("a.py", "x\nSTART\nx\nEND\n")][..];
    let case: Case<'_> = (
        "out of order, but unique",
        &patch,
        &[("a.py", before)],
        Ok(after),
    );
    check(&lax(Format::ApplyPatch), &[case]);
}

#[test]
fn braces_do_not_end_a_scope() {
    let before = "int f()\n{\n  x;\n}\n\nint g()\n{\n  x;\n}\n";
    let patch = envelope("@@ int f()\n-  x;\n+  y;\n");
    let after = &[("a.py", "int f()\n{\n  y;\n}\n\nint g()\n{\n  x;\n}\n")][..];
    let case: Case<'_> = ("braces", &patch, &[("a.py", before)], Ok(after));
    check(&lax(Format::ApplyPatch), &[case]);
}
