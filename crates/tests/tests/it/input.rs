//! Wrong input: each of the fixed routes says what is wrong, and where.

use atelier_api::Code;
use atelier_api::proposal::Proposal;
use atelier_api::turn::TurnState;
use atelier_model::fake::{Step, Turn};
use atelier_tests::{Caller, Reply, on_both_engines, question};
use reqwest::Method;
use serde_json::{Value, json};

/// A request that is refused: what is sent, the code, the field to blame.
type Case<'a> = (&'a str, Value, Code, Option<&'a str>);

async fn post_each(caller: &Caller, path: &str, cases: Vec<Case<'_>>) {
    for (what, body, code, field) in cases {
        let reply = caller.post(path, &body).await;
        assert_eq!(reply.problem().field.as_deref(), field, "{what}: {reply}");
        reply.refused(code);
    }
}

async fn raw(caller: &Caller, method: Method, path: &str, kind: Option<&str>, body: &str) -> Reply {
    let mut request = caller.request(method, path).body(body.to_owned());
    if let Some(kind) = kind {
        request = request.header("content-type", kind);
    }
    caller.send(request).await
}

on_both_engines! {
    async fn creating_a_workspace_reads_strictly(app) {
        let long = "n".repeat(121);
        post_each(&app.owner(), "/api/workspaces", vec![
            ("unknown field", json!({ "name": "a", "color": "red" }), Code::Invalid, Some("color")),
            ("missing field", json!({}), Code::Invalid, Some("name")),
            ("wrong type", json!({ "name": 7 }), Code::Invalid, None),
            ("not an object", json!([1]), Code::Invalid, None),
            ("empty name", json!({ "name": "  " }), Code::Invalid, Some("name")),
            ("long name", json!({ "name": long }), Code::Invalid, Some("name")),
            ("control character", json!({ "name": "a\u{0}b" }), Code::Invalid, Some("name")),
            ("unknown source", json!({ "name": "a", "source": { "type": "ftp" } }), Code::Invalid, None),
            ("unknown field of a source", json!({ "name": "a", "source": { "type": "git", "url": "https://h/r", "depth": 1 } }), Code::Invalid, Some("depth")),
            ("no template", json!({ "name": "a", "source": { "type": "template" } }), Code::Invalid, Some("template")),
            ("unknown template", json!({ "name": "a", "source": { "type": "template", "template": "cobol" } }), Code::Invalid, Some("source.template")),
        ]).await;
        app.assert_workspaces(0).await;
    }

    async fn bodies_must_be_json_of_the_right_media_type(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await;
        let file = owner.write(workspace.id, "a", "").await.file.id;
        for (method, path) in [
            (Method::POST, "/api/workspaces".to_owned()),
            (Method::PATCH, format!("/api/files/{file}")),
            (Method::POST, "/api/ai/chat".to_owned()),
            (Method::POST, "/api/ai/apply-diff".to_owned()),
            (Method::POST, "/api/execute".to_owned()),
        ] {
            for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
                raw(&owner, method.clone(), &path, kind, "{}").await.refused(Code::UnsupportedMediaType);
            }
            for broken in ["", "{", "nul", "{\"name\":\"\\ud800\"}", "{} {}"] {
                let reply = raw(&owner, method.clone(), &path, Some("application/json; charset=utf-8"), broken).await;
                reply.refused(Code::Invalid);
            }
            let deep = "[".repeat(100_000);
            raw(&owner, method, &path, Some("application/json"), &deep).await.refused(Code::Invalid);
        }
    }

    async fn listing_files_reads_its_query_strictly(app) {
        let workspace = app.owner().workspace("a").await;
        for (query, field) in [
            ("limit=0", Some("limit")),
            ("limit=5001", Some("limit")),
            ("limit=-1", None),
            ("limit=x", None),
            ("cursor=..%2Fa", Some("cursor")),
            ("cursor=%00", Some("cursor")),
            ("deleted=perhaps", None),
            ("depth=1", Some("depth")),
            ("deleted=true&cursor=x", Some("cursor")),
        ] {
            let reply = app.owner().get(&format!("/api/workspaces/{}/files?{query}", workspace.id)).await;
            assert_eq!(reply.refused(Code::Invalid).field.as_deref(), field, "{query}");
        }
    }

    async fn saving_a_file_reads_strictly(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await;
        let file = owner.write(workspace.id, "a", "one").await;
        let path = format!("/api/files/{}", file.file.id);
        let version = file.version_id.unwrap();
        for (what, edited, body, code, field) in [
            ("nothing", version.to_string(), json!({}), Code::Invalid, None),
            ("two at once", version.to_string(), json!({ "content": "b", "path": "b" }), Code::Invalid, None),
            ("unknown field", version.to_string(), json!({ "text": "b" }), Code::Invalid, Some("text")),
            ("wrong type", version.to_string(), json!({ "content": 1 }), Code::Invalid, None),
            ("deletes by PATCH", version.to_string(), json!({ "deleted": true }), Code::Invalid, Some("deleted")),
            ("a version that is none", "\"new\"".to_owned(), json!({ "content": "b" }), Code::Invalid, Some("If-Match")),
            ("any version", "*".to_owned(), json!({ "content": "b" }), Code::Invalid, Some("If-Match")),
            ("too large", version.to_string(), json!({ "content": "x".repeat(8 * 1024 * 1024 + 1) }), Code::TooLarge, None),
            ("leads out", version.to_string(), json!({ "path": "../b" }), Code::PathInvalid, Some("path")),
        ] {
            let request = owner.request(Method::PATCH, &path).header("if-match", edited)
                .header("content-type", "application/json").body(body.to_string());
            let reply = owner.send(request).await;
            assert_eq!(reply.problem().field.as_deref(), field, "{what}: {reply}");
            reply.refused(code);
        }
        owner.patch(&path, json!({ "content": "b" })).await.refused(Code::PreconditionRequired);
        assert_eq!(owner.text(workspace.id, "a").await, "one");
    }

    async fn asking_the_assistant_reads_strictly(app) {
        let owner = app.owner();
        let id = owner.workspace("a").await.id;
        let files: Vec<String> = (0..101).map(|n| format!("f{n}")).collect();
        post_each(&owner, "/api/ai/chat", vec![
            ("no workspace", json!({ "message": "hi" }), Code::Invalid, Some("workspaceId")),
            ("no message", json!({ "workspaceId": id }), Code::Invalid, Some("message")),
            ("workspace is no id", json!({ "workspaceId": "x", "message": "hi" }), Code::Invalid, None),
            ("unknown field", json!({ "workspaceId": id, "message": "hi", "mode": "auto" }), Code::Invalid, Some("mode")),
            ("empty message", json!({ "workspaceId": id, "message": " \n" }), Code::Invalid, Some("message")),
            ("long message", json!({ "workspaceId": id, "message": "x".repeat(256 * 1024 + 1) }), Code::TooLarge, None),
            ("too many files", json!({ "workspaceId": id, "message": "hi", "files": files }), Code::Invalid, Some("files")),
            ("file leads out", json!({ "workspaceId": id, "message": "hi", "files": ["../x"] }), Code::PathInvalid, Some("path")),
            ("unknown conversation", json!({ "workspaceId": id, "message": "hi", "conversationId": id }), Code::NotFound, None),
            ("unknown provider", json!({ "workspaceId": id, "message": "hi", "providerId": id }), Code::NotFound, None),
        ]).await;
        assert_eq!(app.model.requests().len(), 0);
    }

    async fn sending_a_patch_reads_strictly(app) {
        let owner = app.owner();
        let id = owner.workspace("a").await.id;
        post_each(&owner, "/api/ai/apply-diff", vec![
            ("no patch", json!({ "workspaceId": id }), Code::Invalid, Some("patch")),
            ("no workspace", json!({ "patch": "x" }), Code::Invalid, Some("workspaceId")),
            ("unknown field", json!({ "workspaceId": id, "patch": "x", "force": true }), Code::Invalid, Some("force")),
            ("unknown format", json!({ "workspaceId": id, "patch": "x", "format": "ed" }), Code::Invalid, None),
            ("accepts some", json!({ "workspaceId": id, "patch": "x", "accept": "some" }), Code::Invalid, None),
            ("no edits", json!({ "workspaceId": id, "patch": "Hello." }), Code::PatchInvalid, Some("patch")),
            ("too large", json!({ "workspaceId": id, "patch": "x".repeat(4 * 1024 * 1024 + 1) }), Code::TooLarge, None),
            ("path leads out", json!({ "workspaceId": id, "patch": "x", "path": "/etc/passwd" }), Code::PathInvalid, Some("path")),
        ]).await;
    }

    async fn starting_a_run_reads_strictly(app) {
        let owner = app.owner();
        let id = owner.workspace("a").await.id;
        let variables: serde_json::Map<String, Value> = (0..201).map(|n| (format!("V{n}"), json!(""))).collect();
        post_each(&owner, "/api/execute", vec![
            ("nothing to run", json!({ "workspaceId": id }), Code::Invalid, None),
            ("two things", json!({ "workspaceId": id, "command": "true", "argv": ["true"] }), Code::Invalid, None),
            ("no workspace", json!({ "command": "true" }), Code::Invalid, Some("workspaceId")),
            ("unknown field", json!({ "workspaceId": id, "command": "true", "network": true }), Code::Invalid, Some("network")),
            ("unknown limit", json!({ "workspaceId": id, "command": "true", "limits": { "gpu": 1 } }), Code::Invalid, Some("gpu")),
            ("no language", json!({ "workspaceId": id, "code": "1" }), Code::Invalid, Some("language")),
            ("unknown language", json!({ "workspaceId": id, "code": "1", "language": "cobol" }), Code::Invalid, Some("language")),
            ("language without code", json!({ "workspaceId": id, "command": "true", "language": "python" }), Code::Invalid, Some("language")),
            ("file no language runs", json!({ "workspaceId": id, "path": "a.txt" }), Code::Invalid, Some("path")),
            ("file leads out", json!({ "workspaceId": id, "path": "../a.py" }), Code::PathInvalid, Some("path")),
            ("empty argv", json!({ "workspaceId": id, "argv": [] }), Code::Invalid, Some("argv")),
            ("NUL in a command", json!({ "workspaceId": id, "command": "a\u{0}b" }), Code::Invalid, Some("argv")),
            ("bad variable", json!({ "workspaceId": id, "command": "true", "env": { "A=B": "" } }), Code::Invalid, Some("env")),
            ("many variables", json!({ "workspaceId": id, "command": "true", "env": variables }), Code::Invalid, Some("env")),
            ("no time", json!({ "workspaceId": id, "command": "true", "limits": { "timeoutMs": 0 } }), Code::Invalid, Some("limits.timeoutMs")),
            ("too much time", json!({ "workspaceId": id, "command": "true", "limits": { "timeoutMs": 86_400_001 } }), Code::Invalid, Some("limits.timeoutMs")),
            ("too much memory", json!({ "workspaceId": id, "command": "true", "limits": { "memoryBytes": (512_u64 << 20) + 1 } }), Code::Invalid, Some("limits.memoryBytes")),
            ("too many processes", json!({ "workspaceId": id, "command": "true", "limits": { "pids": 257 } }), Code::Invalid, Some("limits.pids")),
            ("too much output", json!({ "workspaceId": id, "command": "true", "limits": { "outputBytes": (256 << 10) + 1 } }), Code::Invalid, Some("limits.outputBytes")),
            ("negative", json!({ "workspaceId": id, "command": "true", "limits": { "pids": -1 } }), Code::Invalid, None),
        ]).await;
        let runs: Value = owner.get(&format!("/api/workspaces/{id}/runs")).await.ok();
        assert_eq!(runs["items"], json!([]), "no run was made");
    }

    async fn reading_runs_and_usage_reads_queries_strictly(app) {
        let owner = app.owner();
        let id = owner.workspace("a").await.id;
        let run = owner.sh(id, "true").await.id;
        for (path, field) in [
            (format!("/api/execute/{run}?wait=-1"), None),
            (format!("/api/execute/{run}?wait=x"), None),
            (format!("/api/execute/{run}?timeout=1"), Some("timeout")),
            (format!("/api/execute/{run}/events?after=x"), None),
            ("/api/usage?groupBy=colour".to_owned(), None),
            ("/api/usage?group_by=day".to_owned(), Some("group_by")),
            ("/api/usage?from=yesterday".to_owned(), Some("from")),
            ("/api/usage?to=2026-13-01T00:00:00Z".to_owned(), Some("to")),
            ("/api/usage?format=xml".to_owned(), None),
            ("/api/usage?workspaceId=x".to_owned(), None),
        ] {
            let reply = owner.get(&path).await;
            assert_eq!(reply.refused(Code::Invalid).field.as_deref(), field, "{path}");
        }
        let stranger = format!("/api/usage?workspaceId={run}");
        owner.get(&stranger).await.refused(Code::NotFound);
    }

    async fn a_nul_in_text_is_no_fault_of_ours(app) {
        // Postgres can't store a NUL in text, SQLite can.
        let owner = app.owner();
        let id = owner.workspace("a").await.id;
        let chat = json!({ "workspaceId": id, "message": "a\u{0}b" });
        owner.post("/api/ai/chat", chat).await.refused_field(Code::Invalid, "message");
        let model = json!({ "defaultModel": "a\u{0}b" });
        owner.patch(&format!("/api/workspaces/{id}"), model).await.refused_field(Code::Invalid, "defaultModel");
        let answers = [Turn::text("nul: \u{0}."), Turn::error(400, "nul: \u{0}."), Turn::of([Step::reasoning("\u{0}"), Step::Cut])];
        for (answer, state) in answers.into_iter().zip([TurnState::Done, TurnState::Failed, TurnState::Failed]) {
            app.model.push(answer);
            assert_eq!(owner.ask(&question(id, "hello")).await.turn.state, state);
        }
        let patch = json!({ "workspaceId": id, "title": "a\u{0}b\nc",
            "patch": "*** Begin Patch\n*** Add File: x\n+y\n*** End Patch\n" });
        let proposal: Proposal = owner.post("/api/ai/apply-diff", patch).await.ok();
        assert_eq!(proposal.summary.title, "abc");
        owner.write(id, "nul", "a\u{0}b").await;
        let run = owner.sh(id, "printf 'a\\0b'").await;
        assert_eq!(run.stdout.as_deref(), Some("a\0b"));
    }
}
