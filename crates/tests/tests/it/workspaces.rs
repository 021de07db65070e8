//! Workspaces: how they come to be, are refused, and are put away.

use std::fs;
use std::os::unix::fs::symlink;

use atelier_api::Code;
use atelier_api::file::{AuthorKind, FileKind};
use atelier_api::run::{Execute, Outcome};
use atelier_api::session::Session;
use atelier_api::workspace::{CreateProgress, Source, Templates, Workspace};
use atelier_domain::workspace::{ImportProgress, Source as From_};
use atelier_domain::{Actor, Ctx, Error};
use atelier_tests::{Caller, Events, eventually, on_both_engines, within};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::git::GitServer;
use super::zips;

async fn create_streaming(owner: &Caller, source: &Source) -> Events<CreateProgress> {
    let request = owner
        .request(Method::POST, "/api/workspaces")
        .header("content-type", "application/json")
        .body(json!({ "name": "streamed", "source": source }).to_string());
    owner.open(request).await
}

fn git(url: String) -> Source {
    Source::Git { url }
}

fn folder(path: impl AsRef<std::path::Path>) -> Source {
    let path = path.as_ref().to_str().unwrap().to_owned();
    Source::Folder { path }
}

on_both_engines! {
    async fn an_empty_workspace_is_named_as_asked(app) {
        let made: Workspace = app.owner().create("  Ünï 日本  ", Source::Empty).await.ok();
        assert_eq!((made.name.as_str(), made.archived_at.as_deref()), ("Ünï 日本", None));
        let found: Workspace = app.owner().get(&format!("/api/workspaces/{}", made.id)).await.ok();
        assert_eq!(found.id, made.id);
        assert_eq!(app.owner().paths(made.id).await, Vec::<String>::new());
    }

    async fn every_template_runs_and_passes_its_own_tests(app) {
        let templates: Templates = app.owner().get("/api/templates").await.ok();
        let ids: Vec<&str> = templates.items.iter().map(|template| template.id.as_str()).collect();
        assert_eq!(ids, ["python", "node", "static-site"]);
        for (id, main, tests, said) in [
            ("python", Some("main.py"), Some("python3 -m unittest"), "  3  the"),
            ("node", Some("index.js"), Some("node --test"), "  3 the"),
            ("static-site", None, None, ""),
        ] {
            let source = Source::Template { template: id.to_owned() };
            let made: Workspace = app.owner().create(id, source).await.ok();
            for file in app.owner().files(made.id).await {
                assert_eq!(file.kind, FileKind::File);
                assert_eq!(app.owner().versions(made.id, &file.path).await[0].author_kind, AuthorKind::Import);
            }
            if let (Some(main), Some(tests)) = (main, tests) {
                let run = app.owner().run(&Execute {
                    workspace_id: made.id, path: Some(main.to_owned()), ..Execute::default()
                }).await;
                assert_eq!(run.outcome, Some(Outcome::Ok), "{run:?}");
                assert!(run.stdout.as_deref().unwrap().contains(said), "{run:?}");
                let run = app.owner().sh(made.id, tests).await;
                assert_eq!(run.outcome, Some(Outcome::Ok), "{run:?}");
            }
        }
    }

    async fn a_folder_is_copied_not_shared(app) {
        let from = app.imports().join("project");
        fs::create_dir_all(from.join("src/empty")).unwrap();
        fs::write(from.join("src/main.py"), "print(1)\n").unwrap();
        fs::write(from.join("bytes.bin"), [0, 159, 146, 150]).unwrap();
        symlink("src/main.py", from.join("link.py")).unwrap();
        let made: Workspace = app.owner().create("copy", folder(&from)).await.ok();
        assert_eq!(app.owner().paths(made.id).await, ["bytes.bin", "link.py", "src", "src/empty", "src/main.py"]);
        assert_eq!(app.owner().text(made.id, "src/main.py").await, "print(1)\n");
        assert_eq!(app.owner().file(made.id, "link.py").await.kind, FileKind::Symlink);
        assert!(app.owner().read(made.id, "bytes.bin").await.binary);
        app.owner().overwrite(made.id, "src/main.py", "print(2)\n").await;
        assert_eq!(fs::read_to_string(from.join("src/main.py")).unwrap(), "print(1)\n");
    }

    async fn folders_that_may_not_be_copied_are_refused(app) {
        let imports = app.imports();
        fs::create_dir(imports.join("fine")).unwrap();
        fs::write(imports.join("file"), "").unwrap();
        symlink("/etc", imports.join("etc")).unwrap();
        symlink(app.data(), imports.join("ours")).unwrap();
        fs::create_dir(imports.join("leaks")).unwrap();
        symlink("/etc/passwd", imports.join("leaks/passwd")).unwrap();
        for (path, code, field) in [
            ("fine".into(), Code::Invalid, Some("source.path")),
            ("./import/fine".into(), Code::Invalid, Some("source.path")),
            (imports.join("missing"), Code::Invalid, Some("source.path")),
            (imports.join("file"), Code::Invalid, Some("source.path")),
            ("/etc".into(), Code::ImportRefused, None),
            ("/".into(), Code::Invalid, Some("source.path")),
            (imports.join("etc"), Code::ImportRefused, None),
            (imports.join("../../.."), Code::Invalid, Some("source.path")),
            (imports.join("fine/../../../etc"), Code::Invalid, Some("source.path")),
            (app.data(), Code::Invalid, Some("source.path")),
            (app.data().join("workspaces"), Code::Invalid, Some("source.path")),
            (imports.join("ours"), Code::Invalid, Some("source.path")),
            (imports.join("leaks"), Code::ImportRefused, None),
        ] {
            let reply = app.owner().create("a", folder(&path)).await;
            assert_eq!(reply.refused(code).field.as_deref(), field, "{}: {reply}", path.display());
        }
        app.assert_workspaces(0).await;
    }

    async fn a_zip_is_unpacked(app) {
        let bytes = zips::archive(&[("top/a.txt", b"A"), ("top/b/c.txt", b"C\r\n"), ("top/.git/config", b"[core]")]);
        let made: Workspace = app.owner().upload("zipped", &bytes).await.ok();
        assert_eq!(made.name, "zipped");
        assert_eq!(app.owner().paths(made.id).await, ["a.txt", "b", "b/c.txt"]);
        assert_eq!(app.owner().text(made.id, "b/c.txt").await, "C\r\n");
    }

    async fn hostile_zips_are_refused_whole(app, |setup| setup.settings(|s| {
        s.import.max_bytes = 100_000;
        s.import.max_files = 50;
    })) {
        let many: Vec<String> = (0..51).map(|n| format!("f{n}")).collect();
        let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
        let mut cut = zips::archive(&[("a", b"a")]);
        cut.truncate(cut.len() - 10);
        for (what, bytes) in [
            ("garbage", b"not a zip at all".to_vec()),
            ("nothing", Vec::new()),
            ("cut off", cut),
            ("leads up", zips::with_name("../evil")),
            ("leads up inside", zips::with_name("a/../../evil")),
            ("absolute", zips::with_name("/etc/evil")),
            ("a drive", zips::with_name("C:\\evil")),
            ("a backslash", zips::with_name("..\\evil")),
            ("a NUL", zips::with_name("ev\0il")),
            ("twice", zips::with_name("a.txt")),
            ("only case differs", zips::with_name("A.TXT")),
            ("a link out", zips::with_link("l", "/etc/passwd")),
            ("a link up", zips::with_link("b/l", "../../x")),
            ("a bomb", zips::archive(&[("zeros", &vec![0; 200_000])])),
            ("many files", zips::archive(&many)),
        ] {
            let reply = app.owner().upload("a", &bytes).await;
            reply.refused(Code::ImportRefused);
            assert!(reply.problem().detail.len() > 10, "{what}: {reply}");
            app.assert_workspaces(0).await;
        }
        let random: Vec<u8> = (0..150_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        app.owner().upload("a", &random).await.refused_field(Code::TooLarge, "archive");
        app.assert_workspaces(0).await;
    }

    async fn a_form_is_read_strictly(app) {
        let owner = app.owner();
        let zip = zips::archive(&[("a", b"a")]);
        let zip = String::from_utf8_lossy(&zip).into_owned();
        let part = |name: &str, value: &str| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        let cases = [
            ("no archive", part("name", "a"), Some("archive")),
            ("no name", part("archive", &zip), Some("name")),
            ("unknown field", part("colour", "red"), Some("colour")),
            ("long name", part("name", &"n".repeat(1_000)), Some("name")),
        ];
        for (what, body, field) in cases {
            let request = owner.request(Method::POST, "/api/workspaces")
                .header("content-type", "multipart/form-data; boundary=b").body(format!("{body}--b--\r\n"));
            let reply = owner.send(request).await;
            assert_eq!(reply.refused(Code::Invalid).field.as_deref(), field, "{what}");
        }
        for kind in ["multipart/form-data", "multipart/form-data; boundary=other"] {
            let request = owner.request(Method::POST, "/api/workspaces").header("content-type", kind)
                .body(part("name", "a"));
            owner.send(request).await.refused(Code::Invalid);
        }
        app.assert_workspaces(0).await;
    }

    async fn an_upload_that_breaks_off_leaves_nothing(app) {
        use tokio::io::AsyncWriteExt as _;
        let mut stream = tokio::net::TcpStream::connect(app.authority()).await.unwrap();
        let head = format!(
            "POST /api/workspaces HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 1000000\r\n\r\n\
             --b\r\nContent-Disposition: form-data; name=\"archive\"; filename=\"a.zip\"\r\n\r\n{}",
            app.authority(), app.owner().cookie().unwrap(), "x".repeat(10_000));
        stream.write_all(head.as_bytes()).await.unwrap();
        let staging = app.data().join("imports");
        eventually("the upload to begin", || fs::read_dir(&staging).unwrap().count() == 1).await;
        drop(stream);
        app.settle().await;
        app.assert_workspaces(0).await;
    }

    async fn a_repository_is_cloned_with_progress(app) {
        let server = GitServer::start(&[("README.md", "# Hello\n"), ("src/main.py", "print(1)\n")]).await;
        let mut events = create_streaming(&app.owner(), &git(server.url())).await;
        let mut phases = Vec::new();
        let workspace = loop {
            match events.next().await.unwrap() {
                CreateProgress::Progress { phase, .. } => phases.push(phase),
                CreateProgress::Created { workspace } => break workspace,
                CreateProgress::Failed { problem } => panic!("{problem:?}"),
            }
        };
        assert!(events.next().await.is_none(), "the stream ends with the workspace");
        // A slow client misses some, but never the first.
        assert!(!phases.is_empty());
        assert_eq!(app.owner().paths(workspace.id).await, ["README.md", "src", "src/main.py"]);
        assert_eq!(app.owner().text(workspace.id, "README.md").await, "# Hello\n");
        let said = app.owner().sh(workspace.id, "cat .git/HEAD").await.stdout;
        assert_eq!(said.as_deref(), Some("ref: refs/heads/main\n"));
    }

    async fn a_clone_that_fails_says_why_in_the_stream(app) {
        let server = GitServer::start(&[("a", "a")]).await;
        let missing = server.url().replace("project", "missing");
        let last = create_streaming(&app.owner(), &git(missing.clone())).await.all().await.pop();
        let Some(CreateProgress::Failed { problem }) = last else { panic!("{last:?}") };
        assert_eq!(problem.code, Code::ImportRefused.as_str(), "{problem:?}");
        assert!(!problem.request_id.is_empty());
        app.owner().create("a", git(missing)).await.refused(Code::ImportRefused);
        app.assert_workspaces(0).await;
    }

    async fn closing_the_stream_cancels_the_clone(app) {
        let server = GitServer::start(&[("a", "a")]).await;
        let events = create_streaming(&app.owner(), &git(server.slow_url())).await;
        within("git to ask", server.asked()).await;
        drop(events);
        within("git to be ended", server.left()).await;
        app.settle().await;
        app.assert_workspaces(0).await;
    }

    async fn a_client_that_goes_away_cancels_the_clone(app) {
        let server = GitServer::start(&[("a", "a")]).await;
        let owner = app.owner();
        let asking = owner.create("a", git(server.slow_url()));
        tokio::select! {
            reply = asking => panic!("{reply}"),
            () = server.asked() => {}
        }
        within("git to be ended", server.left()).await;
        app.settle().await;
        app.assert_workspaces(0).await;
    }

    async fn an_import_cancelled_at_its_last_step_leaves_nothing(app) {
        let from = app.imports().join("many");
        fs::create_dir(&from).unwrap();
        for n in 0..50 {
            fs::write(from.join(format!("f{n}")), format!("{n}")).unwrap();
        }
        let owner: Session = app.owner().get("/api/session").await.ok();
        let ctx = Ctx {
            actor: Actor::Person(owner.user.id.into()),
            request: app.domain.new_request_id(),
            cancel: CancellationToken::new(),
        };
        let (progress, mut changes) = watch::channel(ImportProgress::default());
        let made = app.domain.create_workspace(&ctx, "many", From_::Folder(from), progress);
        let cancel = async {
            changes.wait_for(|now| now.phase == "Recording files").await.unwrap();
            ctx.cancel.cancel();
        };
        let (made, ()) = tokio::join!(made, cancel);
        assert!(matches!(made, Err(Error::Cancelled)), "{made:?}");
        app.assert_workspaces(0).await;
    }

    async fn closing_the_stream_leaves_all_or_nothing(app) {
        let from = app.imports().join("large");
        fs::create_dir(&from).unwrap();
        for n in 0..500 {
            fs::write(from.join(format!("f{n}")), "").unwrap();
        }
        let mut events = create_streaming(&app.owner(), &folder(&from)).await;
        events.next().await.unwrap();
        drop(events);
        app.settle().await;
        let rows: Vec<Workspace> = app.owner().list("/api/workspaces", 10).await;
        app.assert_workspaces(rows.len()).await;
    }

    async fn by_default_only_public_https_repositories_are_cloned(app, |setup| setup.settings(|s| {
        s.import.git_allow_http = false;
        s.import.git_allow_private = false;
    })) {
        let server = GitServer::start(&[("a", "a")]).await;
        for url in [
            server.url(),
            server.url().replace("http:", "https:"),
            "https://127.0.0.1/r.git".to_owned(),
            "https://localhost/r.git".to_owned(),
            "https://[::1]/r.git".to_owned(),
            "https://10.0.0.1/r.git".to_owned(),
            "https://169.254.169.254/latest".to_owned(),
            "https://0x7f000001/r.git".to_owned(),
            "http://example.com/r.git".to_owned(),
            "file:///etc".to_owned(),
            "/etc".to_owned(),
            "../..".to_owned(),
            "ssh://git@example.com/r.git".to_owned(),
            "git@example.com:r.git".to_owned(),
            "git://example.com/r.git".to_owned(),
            "ext::sh -c id".to_owned(),
            "--upload-pack=id".to_owned(),
            "https://user:secret@127.0.0.1/r.git".to_owned(),
            String::new(),
        ] {
            let reply = app.owner().create("a", git(url.clone())).await;
            reply.refused(Code::ImportRefused);
            assert!(!reply.text().contains("secret"), "{reply}");
        }
        app.assert_workspaces(0).await;
    }

    async fn imports_above_the_limits_leave_nothing(app, |setup| setup.settings(|s| {
        s.import.max_bytes = 10_000;
        s.import.max_files = 5;
    })) {
        let imports = app.imports();
        fs::create_dir(imports.join("big")).unwrap();
        fs::write(imports.join("big/a"), vec![b'x'; 10_001]).unwrap();
        fs::create_dir(imports.join("many")).unwrap();
        for n in 0..6 {
            fs::write(imports.join(format!("many/{n}")), "").unwrap();
        }
        for name in ["big", "many"] {
            let problem = app.owner().create("a", folder(imports.join(name))).await.refused(Code::ImportRefused);
            assert!(problem.hint.unwrap().contains("limits"));
        }
        let text: String = (0..20_000_u32).map(|n| char::from(b'a' + (n.wrapping_mul(2_654_435_761) >> 27) as u8 % 26)).collect();
        let server = GitServer::start(&[("big", &text)]).await;
        app.owner().create("a", git(server.url())).await.refused(Code::ImportRefused);
        app.assert_workspaces(0).await;
    }

    async fn workspaces_are_renamed_put_away_and_brought_back(app) {
        let owner = app.owner();
        let made = owner.workspace("first").await;
        let path = format!("/api/workspaces/{}", made.id);
        let renamed: Workspace = owner.patch(&path, json!({ "name": "second" })).await.ok();
        assert_eq!(renamed.name, "second");
        assert!(renamed.updated_at > made.updated_at);
        let provider = owner.get("/api/providers").await.ok::<Value>()["items"][0]["id"].clone();
        let with: Workspace = owner.patch(&path, json!({ "defaultModel": provider })).await.ok();
        assert_eq!(with.default_model.as_deref(), provider.as_str());
        let without: Workspace = owner.patch(&path, json!({ "defaultModel": null })).await.ok();
        assert_eq!((without.default_model, without.name.as_str()), (None, "second"));
        for name in ["", " ", "a\nb"] {
            owner.patch(&path, json!({ "name": name })).await.refused_field(Code::Invalid, "name");
        }
        owner.delete(&path).await.done();
        assert_eq!(owner.list::<Workspace>("/api/workspaces", 10).await.len(), 0);
        let archived: Vec<Workspace> = owner.list("/api/workspaces?archived=true", 10).await;
        assert_eq!(archived.iter().map(|workspace| workspace.id).collect::<Vec<_>>(), [made.id]);
        assert!(archived[0].archived_at.is_some());
        let back: Workspace = owner.patch(&path, json!({ "archived": false })).await.ok();
        assert_eq!(back.archived_at, None);
        assert_eq!(owner.list::<Workspace>("/api/workspaces", 10).await.len(), 1);
    }

    async fn workspaces_are_listed_by_page_newest_first(app) {
        let owner = app.owner();
        let mut made = Vec::new();
        for n in 0..7 {
            made.push(owner.workspace(&format!("w{n}")).await.id);
        }
        made.reverse();
        for limit in [1, 2, 3, 7, 8, 5_000] {
            let listed: Vec<Workspace> = owner.list("/api/workspaces", limit).await;
            assert_eq!(listed.iter().map(|workspace| workspace.id).collect::<Vec<_>>(), made, "{limit}");
        }
        owner.get("/api/workspaces?cursor=x").await.refused_field(Code::Invalid, "cursor");
    }

    async fn twenty_thousand_files_list_by_page(app) {
        let from = app.imports().join("huge");
        for folder in 0..200 {
            let folder = from.join(format!("d{folder:03}"));
            fs::create_dir_all(&folder).unwrap();
            for file in 0..100 {
                let (name, first) = (format!("f{file:02}.txt"), from.join("d000"));
                // Links are made faster than files, and copied like them.
                if folder == first {
                    fs::write(folder.join(name), format!("{file}\n")).unwrap();
                } else {
                    fs::hard_link(first.join(&name), folder.join(name)).unwrap();
                }
            }
        }
        let begun = std::time::Instant::now();
        let made: Workspace = app.owner().create("huge", folder(&from)).await.ok();
        let imported = begun.elapsed();
        let begun = std::time::Instant::now();
        let files: Vec<atelier_api::file::File> = app.owner().list(&format!("/api/workspaces/{}/files", made.id), 5_000).await;
        println!("20,000 files: imported in {imported:?}, listed in {:?}", begun.elapsed());
        assert_eq!(files.len(), 20_200);
        assert!(files.is_sorted_by(|a, b| a.path < b.path));
        assert_eq!(app.owner().get(&format!("/api/files/{}", files[20_199].id)).await.ok::<atelier_api::file::FileContent>().content.as_deref(), Some("99\n"));
    }
}
