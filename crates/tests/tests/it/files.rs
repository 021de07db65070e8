//! Files: made, saved, renamed, deleted, brought back, and their versions.

use atelier_api::Code;
use atelier_api::file::{AuthorKind, File, FileContent, FileKind, Version, VersionContent};
use atelier_base::ContentHash;
use atelier_tests::{Caller, on_both_engines};
use serde_json::json;
use uuid::Uuid;

/// Paths that nothing may be made at or moved to.
const HOSTILE: [&str; 21] = [
    "",
    "/",
    "/etc/passwd",
    "..",
    ".",
    "../x",
    "a/../b",
    "a//b",
    "a/",
    "./a",
    "a\\b",
    "..\\a",
    "a\u{0}b",
    "a\nb",
    "C:/x",
    ".git",
    ".git/config",
    "a/.GIT/hooks",
    ".git./x",
    ".atelier/x",
    "g\u{200c}it/../../x",
];

async fn make(caller: &Caller, workspace: Uuid, path: &str) -> atelier_tests::Reply {
    let body = json!({ "path": path, "content": "" });
    caller
        .post(&format!("/api/workspaces/{workspace}/files"), body)
        .await
}

async fn rename(caller: &Caller, file: Uuid, to: &str) -> atelier_tests::Reply {
    caller
        .patch(&format!("/api/files/{file}"), json!({ "path": to }))
        .await
}

on_both_engines! {
    async fn each_save_is_a_version_of_the_user(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let mut now = owner.write(workspace, "src/main.py", "one\n").await;
        assert_eq!(now.file.language.as_deref(), Some("python"));
        for text in ["two\n", "three\n"] {
            let reply = owner.save(now.file.id, now.version_id, text).await;
            let saved: FileContent = reply.ok();
            assert_ne!(saved.version_id, now.version_id);
            assert_eq!(reply.header("etag"), format!("\"{}\"", saved.version_id.unwrap()));
            assert_eq!((saved.content.as_deref(), saved.binary), (Some(text), false));
            assert_eq!(saved.file.size_bytes, i64::try_from(text.len()).unwrap());
            now = saved;
        }
        let versions = owner.versions(workspace, "src/main.py").await;
        let mut texts = Vec::new();
        for version in &versions {
            assert_eq!((version.author_kind, version.run_id, version.turn_id, version.proposal_id), (AuthorKind::User, None, None, None));
            let read: VersionContent = owner.get(&format!("/api/versions/{}", version.id)).await.ok();
            let text = read.content.unwrap();
            assert_eq!(version.content_hash, ContentHash::of(text.as_bytes()).to_string());
            texts.push(text);
        }
        assert_eq!(texts, ["three\n", "two\n", "one\n"]);
        assert_eq!(Some(versions[0].id), now.version_id);
        assert_eq!(app.disk(workspace)["src/main.py"].as_deref(), Some(&b"three\n"[..]));
        let paged: Vec<Version> = owner.list(&format!("/api/files/{}/versions", now.file.id), 1).await;
        assert_eq!(paged.len(), 3);
    }

    async fn saving_the_same_text_makes_no_version(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let made = owner.write(workspace, "a", "same").await;
        let saved: FileContent = owner.save(made.file.id, made.version_id, "same").await.ok();
        assert_eq!(saved.version_id, made.version_id);
        assert_eq!(owner.versions(workspace, "a").await.len(), 1);
    }

    async fn texts_are_kept_byte_for_byte(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        for (n, text) in [
            "", "\n", "a", "a\r\nb\r\n", "a\rb\n\r\n", "\u{feff}bom\r\n", "mixed\r\nends\n",
            "no end", "tab\ttrail  \n", "\u{2028}\u{85}é日🦀\u{202e}", "\u{fffd}\n", "nul\u{0}\n",
        ].iter().enumerate() {
            let path = format!("f{n}");
            owner.write(workspace, &path, "before").await;
            let saved = owner.overwrite(workspace, &path, text).await;
            assert_eq!(app.disk(workspace)[&path].as_deref(), Some(text.as_bytes()));
            // A NUL makes a file binary, as for git; it is kept all the same.
            let shown = (!text.contains('\u{0}')).then(|| (*text).to_owned());
            assert_eq!((saved.content, saved.binary), (shown.clone(), shown.is_none()), "{text:?}");
        }
    }

    async fn folders_on_the_way_are_made_too(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        owner.write(workspace, "a/b/c.txt", "c").await;
        let made: FileContent = owner.post(&format!("/api/workspaces/{workspace}/files"),
            json!({ "path": "x/y", "kind": "directory" })).await.ok();
        assert_eq!((made.file.kind, made.version_id, made.content), (FileKind::Directory, None, None));
        let found: Vec<(String, FileKind)> = owner.files(workspace).await.into_iter().map(|file| (file.path, file.kind)).collect();
        use FileKind::{Directory, File};
        assert_eq!(found, [("a".into(), Directory), ("a/b".into(), Directory), ("a/b/c.txt".into(), File), ("x".into(), Directory), ("x/y".into(), Directory)]);
        for taken in ["a", "a/b", "a/b/c.txt", "A", "a/b/C.txt"] {
            make(&owner, workspace, taken).await.refused_field(Code::PathTaken, "path");
        }
        for below_a_file in ["a/b/c.txt/d", "a/b/c.txt/d/e"] {
            let reply = make(&owner, workspace, below_a_file).await;
            assert!(reply.status.is_client_error(), "{reply}");
        }
        let body = json!({ "path": "z", "kind": "directory", "content": "text" });
        owner.post(&format!("/api/workspaces/{workspace}/files"), body).await.refused_field(Code::Invalid, "content");
    }

    async fn nothing_is_made_at_or_moved_to_a_hostile_path(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let file = owner.write(workspace, "a.txt", "a").await.file.id;
        let before = app.disk(workspace);
        let long = "n".repeat(256);
        let deep = "d/".repeat(64) + "x";
        for path in HOSTILE.into_iter().chain([long.as_str(), deep.as_str()]) {
            make(&owner, workspace, path).await.refused_field(Code::PathInvalid, "path");
            rename(&owner, file, path).await.refused_field(Code::PathInvalid, "path");
        }
        assert_eq!(app.disk(workspace), before);
    }

    async fn a_stale_save_shows_both_sides(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let base = "one\ntwo\nthree\nfour\nfive\n";
        let opened = owner.write(workspace, "a", base).await;
        let theirs = base.replace("five", "FIVE");
        let saved: FileContent = owner.save(opened.file.id, opened.version_id, &theirs).await.ok();

        let problem = owner.save(opened.file.id, opened.version_id, &base.replace("one", "ONE")).await.refused(Code::StaleVersion);
        let stale = *problem.stale.unwrap();
        assert!(stale.clean);
        assert_eq!(stale.version_id, saved.version_id);
        assert_eq!(stale.content.as_deref(), Some(theirs.as_str()));
        assert_eq!(stale.base.as_deref(), Some(base));
        let merged = stale.merged.unwrap();
        assert_eq!(merged, "ONE\ntwo\nthree\nfour\nFIVE\n");
        let after: FileContent = owner.save(opened.file.id, stale.version_id, &merged).await.ok();
        assert_eq!(after.content, Some(merged));

        let problem = owner.save(opened.file.id, opened.version_id, &base.replace("one", "uno")).await.refused(Code::StaleVersion);
        let stale = *problem.stale.unwrap();
        assert!(!stale.clean);
        let merged = stale.merged.unwrap();
        for part in ["<<<<<<<", "uno", "=======", "ONE", ">>>>>>>"] {
            assert!(merged.contains(part), "{merged}");
        }
        assert_eq!(owner.text(workspace, "a").await, "ONE\ntwo\nthree\nfour\nFIVE\n");
    }

    async fn a_save_on_a_version_of_another_file_is_stale(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let (a, b) = (owner.write(workspace, "a", "a").await, owner.write(workspace, "b", "secret b").await);
        let problem = owner.save(a.file.id, b.version_id, "new").await.refused(Code::StaleVersion);
        let stale = *problem.stale.unwrap();
        assert_eq!((stale.base, stale.content.as_deref()), (None, Some("a")));
    }

    async fn a_rename_keeps_the_file_and_its_versions(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let made = owner.write(workspace, "old.py", "1").await;
        owner.overwrite(workspace, "old.py", "2").await;
        let renamed: FileContent = rename(&owner, made.file.id, "new/deep/name.rs").await.ok();
        assert_eq!((renamed.file.id, renamed.file.path.as_str()), (made.file.id, "new/deep/name.rs"));
        assert_eq!(renamed.file.language.as_deref(), Some("rust"));
        assert_eq!(owner.versions(workspace, "new/deep/name.rs").await.len(), 2);
        assert_eq!(owner.paths(workspace).await, ["new", "new/deep", "new/deep/name.rs"]);
        let same: FileContent = rename(&owner, made.file.id, "new/deep/name.rs").await.ok();
        assert_eq!(same.file.path, "new/deep/name.rs");
        // Versions remember the path they were made at.
        let paths: Vec<String> = owner.versions(workspace, "new/deep/name.rs").await.into_iter().map(|version| version.path).collect();
        assert_eq!(paths, ["old.py", "old.py"]);
    }

    async fn a_folder_takes_along_what_is_in_it(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("src/a", "A"), ("src/in/b", "B"), ("srcs", "S"), ("other/x", "X")]).await.id;
        let folder = owner.file(workspace, "src").await.id;
        let inner = owner.file(workspace, "src/in/b").await.id;
        rename(&owner, folder, "src/in/out").await.refused_field(Code::Invalid, "path");
        rename(&owner, folder, "other").await.refused_field(Code::PathTaken, "path");
        rename(&owner, folder, "lib").await.ok::<FileContent>();
        assert_eq!(owner.paths(workspace).await, ["lib", "lib/a", "lib/in", "lib/in/b", "other", "other/x", "srcs"]);
        assert_eq!(owner.file(workspace, "lib/in/b").await.id, inner);
        assert_eq!(owner.text(workspace, "lib/in/b").await, "B");
    }

    async fn a_name_may_change_only_its_case(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("readme.md", "r"), ("Docs/a", "a")]).await.id;
        for (from, to) in [("readme.md", "README.md"), ("Docs", "docs")] {
            let id = owner.file(workspace, from).await.id;
            let renamed: FileContent = rename(&owner, id, to).await.ok();
            assert_eq!((renamed.file.id, renamed.file.path.as_str()), (id, to));
        }
        assert_eq!(owner.paths(workspace).await, ["README.md", "docs", "docs/a"]);
    }

    async fn a_deleted_file_comes_back_with_its_versions(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let made = owner.write(workspace, "dir/a", "1").await;
        let saved = owner.overwrite(workspace, "dir/a", "2").await;
        let path = format!("/api/files/{}", made.file.id);
        owner.delete(&path).await.done();
        assert_eq!(owner.paths(workspace).await, ["dir"]);
        let deleted: Vec<File> = owner.list(&format!("/api/workspaces/{workspace}/files?deleted=true"), 10).await;
        assert_eq!(deleted.iter().map(|file| file.id).collect::<Vec<_>>(), [made.file.id]);
        assert!(deleted[0].deleted_at.is_some());
        owner.delete(&path).await.refused(Code::NotFound);
        owner.save(made.file.id, saved.version_id, "3").await.refused(Code::NotFound);
        rename(&owner, made.file.id, "b").await.refused(Code::NotFound);
        let back: FileContent = owner.patch(&path, json!({ "deleted": false })).await.ok();
        assert_eq!((back.content.as_deref(), back.version_id, back.file.deleted_at), (Some("2"), saved.version_id, None));
        assert_eq!(owner.versions(workspace, "dir/a").await.len(), 2);
        let again: FileContent = owner.patch(&path, json!({ "deleted": false })).await.ok();
        assert_eq!(again.version_id, saved.version_id);
    }

    async fn a_deleted_folder_comes_back_whole(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("src/a", "A"), ("src/in/b", "B"), ("src/in/gone", "G"), ("keep", "K")]).await.id;
        let gone = owner.file(workspace, "src/in/gone").await.id;
        owner.delete(&format!("/api/files/{gone}")).await.done();
        let folder = owner.file(workspace, "src").await.id;
        let inner = owner.file(workspace, "src/in/b").await.id;
        owner.delete(&format!("/api/files/{folder}")).await.done();
        assert_eq!(owner.paths(workspace).await, ["keep"]);
        assert_eq!(app.disk(workspace).len(), 1);
        owner.patch(&format!("/api/files/{folder}"), json!({ "deleted": false })).await.ok::<FileContent>();
        // What was deleted before the folder stays deleted.
        assert_eq!(owner.paths(workspace).await, ["keep", "src", "src/a", "src/in", "src/in/b"]);
        assert_eq!(owner.file(workspace, "src/in/b").await.id, inner);
        assert_eq!(owner.text(workspace, "src/in/b").await, "B");
    }

    async fn a_file_in_a_deleted_folder_comes_back_alone(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("src/in/b", "B"), ("src/a", "A")]).await.id;
        let (folder, inner) = (owner.file(workspace, "src").await.id, owner.file(workspace, "src/in/b").await.id);
        owner.delete(&format!("/api/files/{folder}")).await.done();
        owner.patch(&format!("/api/files/{inner}"), json!({ "deleted": false })).await.ok::<FileContent>();
        assert_eq!(owner.paths(workspace).await, ["src", "src/in", "src/in/b"]);
    }

    async fn a_taken_path_keeps_a_deleted_file_away(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let first = owner.write(workspace, "a", "first").await.file.id;
        owner.delete(&format!("/api/files/{first}")).await.done();
        owner.write(workspace, "a", "second").await;
        owner.patch(&format!("/api/files/{first}"), json!({ "deleted": false })).await.refused_field(Code::PathTaken, "path");
        assert_eq!(owner.text(workspace, "a").await, "second");
    }

    async fn deleted_files_are_listed_by_page_newest_first(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let mut deleted = Vec::new();
        for n in 0..5 {
            let file = owner.write(workspace, &format!("f{n}"), "").await.file.id;
            owner.delete(&format!("/api/files/{file}")).await.done();
            deleted.push(file);
        }
        deleted.reverse();
        for limit in [1, 2, 5, 6] {
            let listed: Vec<File> = owner.list(&format!("/api/workspaces/{workspace}/files?deleted=true"), limit).await;
            assert_eq!(listed.into_iter().map(|file| file.id).collect::<Vec<_>>(), deleted, "{limit}");
        }
    }

    async fn an_old_version_becomes_current_again(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let first = owner.write(workspace, "a", "first").await;
        let second = owner.overwrite(workspace, "a", "second").await;
        let other = owner.write(workspace, "b", "other").await;
        let path = format!("/api/files/{}/restore", first.file.id);
        let restore = async |version: Option<Uuid>, edited: Option<Uuid>| {
            let mut request = owner.request(reqwest::Method::POST, &path).header("content-type", "application/json");
            if let Some(edited) = edited { request = request.header("if-match", format!("\"{edited}\"")); }
            owner.send(request.body(json!({ "versionId": version }).to_string())).await
        };
        restore(first.version_id, None).await.refused(Code::PreconditionRequired);
        restore(first.version_id, first.version_id).await.refused(Code::StaleVersion);
        restore(other.version_id, second.version_id).await.refused(Code::NotFound);
        let restored: FileContent = restore(first.version_id, second.version_id).await.ok();
        assert_eq!(restored.content.as_deref(), Some("first"));
        let versions = owner.versions(workspace, "a").await;
        assert_eq!(versions.len(), 3, "going back is a version too");
        assert_eq!(versions[0].content_hash, versions[2].content_hash);
    }

    async fn binary_and_large_files_are_shown_without_text(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        owner.sh(workspace, "printf '\\377\\376x' > bytes; head -c 8388609 /dev/zero | tr '\\0' a > large; truncate -s 68000000 huge; printf '\\303\\250' > text").await;
        let bytes = owner.read(workspace, "bytes").await;
        assert_eq!((bytes.content.as_deref(), bytes.binary, bytes.version_id.is_some()), (None, true, true));
        let large = owner.read(workspace, "large").await;
        assert_eq!((large.content.as_deref(), large.binary, large.version_id.is_some(), large.file.size_bytes), (None, false, true, 8_388_609));
        let huge = owner.read(workspace, "huge").await;
        assert_eq!((huge.content.as_deref(), huge.version_id, huge.file.size_bytes), (None, None, 68_000_000));
        assert_eq!(owner.text(workspace, "text").await, "è");
        // A binary file can be replaced by text, on the version that was seen.
        let saved: FileContent = owner.save(bytes.file.id, bytes.version_id, "text now").await.ok();
        assert_eq!(saved.content.as_deref(), Some("text now"));
        owner.sh(workspace, "rm huge").await;
    }

    async fn a_file_in_a_folder_that_tools_fill_stays_as_long_as_it_is_there(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let made = owner.write(workspace, "node_modules/mine.js", "1\n").await;
        // What a run does makes the server look at the whole tree again.
        owner.sh(workspace, "echo x > other").await;
        let now: FileContent = owner.get(&format!("/api/files/{}", made.file.id)).await.ok();
        assert_eq!((now.file.deleted_at, now.content.as_deref()), (None, Some("1\n")));
        owner.delete(&format!("/api/files/{}", made.file.id)).await.done();
    }

    async fn pages_of_files_are_in_the_order_of_paths(app) {
        let owner = app.owner();
        let files = ["b", "a", "a-b", "a.b", "a/b", "Z", "ü", "日本"].map(|path| (path, ""));
        let workspace = owner.workspace("a").await.id;
        for (path, text) in files.into_iter().filter(|(path, _)| *path != "a/b") {
            owner.write(workspace, path, text).await;
        }
        owner.write(workspace, "dir/x", "").await;
        let all = owner.paths(workspace).await;
        let mut sorted = all.clone();
        sorted.sort();
        assert_eq!(all, sorted, "bytewise on both engines");
        for limit in [1, 2, 3, 8, 100] {
            let listed: Vec<File> = owner.list(&format!("/api/workspaces/{workspace}/files"), limit).await;
            assert_eq!(listed.into_iter().map(|file| file.path).collect::<Vec<_>>(), all, "{limit}");
        }
    }
}
