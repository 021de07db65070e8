//! Symbolic links that a run makes: shown, never followed, by no route.

use atelier_api::Code;
use atelier_api::file::{FileContent, FileKind};
use atelier_api::run::{Execute, Outcome};
use atelier_model::fake::Turn;
use atelier_tests::{on_both_engines, question};
use serde_json::json;

use super::edits::{add_file, search_replace, whole};

on_both_engines! {
    async fn a_link_is_never_followed(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("real/inside", "inside\n")]).await.id;
        let run = owner.sh(workspace, "ln -s /etc/passwd file; ln -s /etc folder; ln -s ../../.. up; ln -s real within; ln -s nowhere dangling").await;
        assert_eq!(run.outcome, Some(Outcome::Ok), "{run:?}");
        let passwd = std::fs::read("/etc/passwd").unwrap();
        let links = ["dangling", "file", "folder", "up", "within"];
        let before = app.disk(workspace);

        for link in links {
            let shown = owner.read(workspace, link).await;
            assert_eq!((shown.file.kind, shown.content, shown.version_id), (FileKind::Symlink, None, None), "{link}");
            for version in [None, Some(shown.file.id)] {
                let reply = owner.save(shown.file.id, version, "evil").await;
                assert!(reply.status.is_client_error(), "{reply}");
            }
            for path in [format!("{link}/new"), link.to_owned()] {
                let reply = owner.post(&format!("/api/workspaces/{workspace}/files"), json!({ "path": path, "content": "evil" })).await;
                assert!(reply.status.is_client_error(), "{reply}");
                let reply = owner.patch(&format!("/api/files/{}", owner.file(workspace, "real/inside").await.id), json!({ "path": path })).await;
                assert!(reply.status.is_client_error(), "{reply}");
            }
            for patch in [search_replace(link, "root", "evil"), add_file(&format!("{link}/new"), "evil"), add_file(link, "evil"), whole(link, "evil")] {
                let reply = owner.send_patch(workspace, &patch).await;
                assert!(reply.status.is_client_error(), "{link}: {reply}");
                assert!(!reply.text().contains("root:"), "{reply}");
            }
            let run = owner.post("/api/execute", Execute { workspace_id: workspace, path: Some(link.to_owned()), ..Execute::default() }).await;
            assert!(run.status.is_client_error(), "{run}");
        }
        // What is read through a link inside is read at its own path only.
        let patch = search_replace("within/inside", "inside", "changed");
        owner.send_patch(workspace, &patch).await.refused(Code::PatchInvalid);

        app.model.push(Turn::text("Nothing."));
        let mut asked = question(workspace, "What is in them?");
        asked.files = links.map(str::to_owned).into_iter().chain(["folder/passwd".to_owned(), "within/inside".to_owned()]).collect();
        owner.ask(&asked).await;
        let sent = String::from_utf8_lossy(&app.model.requests()[0].raw).into_owned();
        assert!(!sent.contains("root:"), "{sent}");

        assert_eq!(app.disk(workspace), before);
        assert_eq!(std::fs::read("/etc/passwd").unwrap(), passwd);
    }

    async fn a_link_is_renamed_and_deleted_itself(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("real/inside", "inside\n")]).await.id;
        owner.sh(workspace, "ln -s real link").await;
        let link = owner.file(workspace, "link").await;
        let renamed: FileContent = owner.patch(&format!("/api/files/{}", link.id), json!({ "path": "moved" })).await.ok();
        assert_eq!((renamed.file.path.as_str(), renamed.file.kind), ("moved", FileKind::Symlink));
        owner.delete(&format!("/api/files/{}", link.id)).await.done();
        assert_eq!(owner.paths(workspace).await, ["real", "real/inside"]);
        // A folder with a link in it goes without what the link leads to.
        owner.sh(workspace, "mkdir box && ln -s ../real box/link").await;
        let folder = owner.file(workspace, "box").await.id;
        owner.delete(&format!("/api/files/{folder}")).await.done();
        assert_eq!(owner.text(workspace, "real/inside").await, "inside\n");
        assert_eq!(owner.paths(workspace).await, ["real", "real/inside"]);
    }
}
