//! `POST /api/ai/apply-diff`: every format in, hostile ones out.

use atelier_api::Code;
use atelier_api::file::AuthorKind;
use atelier_api::proposal::{PatchFormat, Proposal, ProposalState};
use atelier_tests::on_both_engines;
use serde_json::json;

use super::edits::{add, add_file, delete, envelope, move_to, search_replace, update, whole};

const TEXT: &str = "fn main() {\n    let a = 1;\n    let b = 2;\n    println!(\"{}\", a + b);\n}\n";
const WANTED: &str =
    "fn main() {\n    let a = 1;\n    let b = 3;\n    println!(\"{}\", a + b);\n}\n";

const UNIFIED: &str = "--- a/main.rs\n+++ b/main.rs\n@@ -1,5 +1,5 @@\n fn main() {\n     let a = 1;\n-    let b = 2;\n+    let b = 3;\n     println!(\"{}\", a + b);\n }\n";
const GIT: &str = "diff --git a/main.rs b/main.rs\nindex 1111111..2222222 100644\n";

on_both_engines! {
    async fn every_format_says_the_same(app) {
        let owner = app.owner();
        let edits = json!([{ "path": "main.rs", "old": "let b = 2;", "new": "let b = 3;" }]).to_string();
        for (format, patch, read_as) in [
            ("search_replace", search_replace("main.rs", "    let b = 2;", "    let b = 3;"), PatchFormat::SearchReplace),
            ("apply_patch", envelope(&[update("main.rs", "    let b = 2;", "    let b = 3;")]), PatchFormat::ApplyPatch),
            ("unified", UNIFIED.to_owned(), PatchFormat::Unified),
            ("unified", format!("{GIT}{UNIFIED}"), PatchFormat::Unified),
            ("edits", edits, PatchFormat::Edits),
            ("whole", whole("main.rs", WANTED.trim_end()), PatchFormat::Whole),
        ] {
            for named in [Some(format), Some("auto"), None] {
                let workspace = owner.workspace_with(format, &[("main.rs", TEXT)]).await.id;
                let mut body = json!({ "workspaceId": workspace, "patch": patch, "title": "Three" });
                if let Some(named) = named { body["format"] = named.into(); }
                let reply = owner.post("/api/ai/apply-diff", &body).await;
                assert_eq!(reply.status, 201, "{format}: {reply}");
                let proposal: Proposal = reply.ok();
                assert_eq!((proposal.summary.format, proposal.summary.title.as_str(), proposal.summary.state), (read_as, "Three", ProposalState::Open));
                assert_eq!((proposal.summary.added, proposal.summary.removed), (1, 1), "{format}");
                assert_eq!(proposal.files[0].after.as_deref(), Some(WANTED), "{format}");
                assert_eq!(owner.text(workspace, "main.rs").await, TEXT, "nothing is written");
                owner.apply(proposal.summary.id).await.ok::<Proposal>();
                assert_eq!(owner.text(workspace, "main.rs").await, WANTED, "{format}");
                // A patch that a person sends is the person's work.
                assert_eq!(owner.versions(workspace, "main.rs").await[0].author_kind, AuthorKind::User);
            }
        }
    }

    async fn a_block_without_a_name_means_the_path(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("src/main.rs", TEXT)]).await.id;
        let patch = search_replace("", "    let b = 2;", "    let b = 3;");
        let body = json!({ "workspaceId": workspace, "patch": patch, "path": "src/main.rs", "format": "search_replace" });
        let proposal: Proposal = owner.post("/api/ai/apply-diff", &body).await.ok();
        assert_eq!(proposal.files[0].path, "src/main.rs");
    }

    async fn a_patch_is_applied_at_once_whole_or_by_number(app) {
        let owner = app.owner();
        let patch = [search_replace("main.rs", "    let a = 1;", "    let a = 10;"), search_replace("main.rs", "    println!(\"{}\", a + b);", "    print!(\"{}\", a + b);")].concat();
        for (accept, state, one, two) in [
            (json!("all"), ProposalState::Applied, true, true),
            (json!([1, 2]), ProposalState::Applied, true, true),
            (json!([2]), ProposalState::PartlyApplied, false, true),
            (json!([]), ProposalState::Rejected, false, false),
        ] {
            let workspace = owner.workspace_with("a", &[("main.rs", TEXT)]).await.id;
            let body = json!({ "workspaceId": workspace, "patch": patch, "accept": accept });
            let proposal: Proposal = owner.post("/api/ai/apply-diff", &body).await.ok();
            assert_eq!(proposal.summary.state, state, "{accept}");
            let text = owner.text(workspace, "main.rs").await;
            assert_eq!((text.contains("a = 10"), text.contains("print!")), (one, two), "{accept}: {text}");
        }
        let workspace = owner.workspace_with("a", &[("main.rs", TEXT)]).await.id;
        for accept in [json!([0]), json!([3]), json!([1, 4_000_000_000_u32])] {
            let body = json!({ "workspaceId": workspace, "patch": patch, "accept": accept });
            owner.post("/api/ai/apply-diff", &body).await.refused_field(Code::Invalid, "accept");
        }
        assert_eq!(owner.text(workspace, "main.rs").await, TEXT);
    }

    async fn what_can_not_be_applied_changes_nothing(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("main.rs", TEXT), ("twice", "x\nx\n"), ("dir/file", "f\n")]).await.id;
        owner.sh(workspace, "printf '\\000\\001' > binary; printf '\\377\\n' > latin; head -c 8388609 /dev/zero | tr '\\0' a > large").await;
        let before = app.disk(workspace);
        let stale = UNIFIED.replace("let a = 1", "let a = 9").replace("let b = 2", "let b = 9");
        let fine = update("main.rs", "    let b = 2;", "    let b = 3;");
        let mut cases = vec![
            ("prose", "I would change line three.".to_owned()),
            ("cut-off block", "main.rs\n<<<<<<< SEARCH\nfn main\n".to_owned()),
            ("cut-off envelope", "*** Begin Patch\n*** Update File: main.rs\n@@\n".to_owned()),
            ("stale hunk", stale),
            ("not there", search_replace("main.rs", "let zzz = 1;", "x")),
            ("ambiguous", search_replace("twice", "x", "y")),
            ("missing file", search_replace("none.rs", "a", "b")),
            ("exists already", add_file("main.rs", "x")),
            ("deletes nothing", envelope(&[delete("none")])),
            ("moves onto another", envelope(&[move_to("main.rs", "twice", "    let b = 2;", "    let b = 3;")])),
            ("below a file", add_file("main.rs/x", "x")),
            ("a folder", add_file("dir", "x")),
            ("deletes a folder", envelope(&[delete("dir")])),
            ("binary", search_replace("binary", "x", "y")),
            ("not UTF-8", search_replace("latin", "x", "y")),
            ("too large to edit", search_replace("large", "b", "c")),
            ("no change", search_replace("main.rs", "    let b = 2;", "    let b = 2;")),
            ("a git binary patch", "diff --git a/x b/x\nnew file mode 100644\nGIT binary patch\nliteral 1\nIcmZPo000310RR91\n".to_owned()),
            ("a link by mode", "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc/passwd\n\\ No newline at end of file\n".to_owned()),
            ("one of two does not fit", envelope(&[fine.clone(), update("main.rs", "    let zzz = 2;", "x")])),
            ("one of two files leads out", envelope(&[fine, add("../out", "x")])),
        ];
        for path in ["../x", "/etc/x", "a/../../x", ".git/config", ".git/hooks/pre-commit", ".GIT/config", ".atelier/x", "a\\b", "C:\\x", "~/.ssh/../../x"] {
            cases.push(("hostile add", add_file(path, "x")));
            cases.push(("hostile block", search_replace(path, "", "x")));
            cases.push(("hostile diff", format!("--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n")));
            cases.push(("hostile edits", json!([{ "path": path, "old": "", "new": "x" }]).to_string()));
            cases.push(("hostile move", envelope(&[move_to("main.rs", path, "    let b = 2;", "    let b = 3;")])));
            cases.push(("hostile whole", whole(path, "x")));
        }
        for (what, patch) in cases {
            for accept in [None, Some("all")] {
                let reply = owner.post("/api/ai/apply-diff", json!({ "workspaceId": workspace, "patch": patch, "accept": accept })).await;
                let problem = reply.refused(Code::PatchInvalid);
                assert!(problem.detail.len() > 10 && problem.hint.is_some(), "{what}: {reply}");
            }
        }
        assert_eq!(app.disk(workspace), before);
        let proposals: serde_json::Value = owner.get(&format!("/api/workspaces/{workspace}/proposals")).await.ok();
        assert_eq!(proposals["items"], json!([]), "nothing is stored of what is refused");
    }

    async fn a_name_that_differs_by_case_alone_is_taken(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("main.rs", TEXT)]).await.id;
        let body = json!({ "workspaceId": workspace, "patch": add_file("MAIN.RS", "x"), "accept": "all" });
        owner.post("/api/ai/apply-diff", &body).await.refused_field(Code::PathTaken, "path");
        assert_eq!(owner.paths(workspace).await, ["main.rs"]);
    }

    async fn a_refused_hunk_is_told_with_what_is_there_instead(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("main.rs", TEXT)]).await.id;
        let patch = search_replace("main.rs", "    let a = 1;\n    let b = 7;", "x");
        let problem = owner.send_patch(workspace, &patch).await.refused(Code::PatchInvalid);
        for word in ["main.rs", "let b = 7;", "let b = 2;"] {
            assert!(problem.detail.contains(word), "{}", problem.detail);
        }
        let failure = problem.patch.unwrap();
        assert_eq!((failure.code.as_str(), failure.path.as_deref()), ("context_not_found", Some("main.rs")));
        assert_eq!((&failure.message, Some(&failure.hint)), (&problem.detail, problem.hint.as_ref()));
        let divergence = failure.divergence.unwrap();
        assert_eq!(divergence.expected.trim(), "let b = 7;");
        assert_eq!(divergence.found.as_deref().map(str::trim), Some("let b = 2;"));
        assert!(failure.file_hash.is_some() && failure.reread.is_some());
    }

    async fn a_large_patch_over_many_files_is_one_change(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let sections: Vec<String> = (0..300).map(|n| add(&format!("d{}/f{n}", n % 7), &format!("line {n}"))).collect();
        let proposal = owner.propose(workspace, &envelope(&sections)).await;
        assert_eq!(proposal.summary.file_count, 300);
        owner.apply(proposal.summary.id).await.ok::<Proposal>();
        assert_eq!(owner.paths(workspace).await.len(), 307);
        let many: Vec<String> = (0..1_001).map(|n| add(&format!("g{n}"), "x")).collect();
        owner.send_patch(workspace, &envelope(&many)).await.refused(Code::PatchInvalid);
        owner.undo(proposal.summary.id).await.ok::<Proposal>();
        assert!(app.disk(workspace).values().all(Option::is_none), "only folders are left");
    }

    async fn line_ends_and_marks_of_a_file_stay(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("crlf.txt", "\u{feff}one\r\ntwo\r\nthree"), ("mixed.txt", "one\ntwo\r\nthree\n")]).await.id;
        for (path, wanted) in [("crlf.txt", "\u{feff}one\r\nTWO\r\nthree"), ("mixed.txt", "one\nTWO\r\nthree\n")] {
            let id = owner.propose(workspace, &search_replace(path, "two", "TWO")).await.summary.id;
            owner.apply(id).await.ok::<Proposal>();
            assert_eq!(app.disk(workspace)[path].as_deref(), Some(wanted.as_bytes()), "{path}");
        }
    }
}
