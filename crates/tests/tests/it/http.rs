//! What holds of every operation, walked from the table of operations.

use atelier_api::openapi::openapi;
use atelier_api::{Access, Body, Code, Method, OPERATIONS, Operation};
use atelier_base::limit;
use atelier_tests::{Caller, Reply, on_both_engines};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Error as SocketError;
use uuid::Uuid;

/// An id that nothing has.
const STRANGER: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);

/// A body that each operation takes; ids in it are nobody's.
fn body_of(operation: &Operation) -> Option<Value> {
    if matches!(operation.body, Body::None) {
        return None;
    }
    Some(match operation.id {
        "create_session" => json!({ "token": "wrong" }),
        "create_workspace" => json!({ "name": "made by a walk" }),
        "update_workspace" | "update_provider" => json!({ "name": "new" }),
        "create_file" => json!({ "path": "a" }),
        "update_file" => json!({ "content": "a" }),
        "restore_version" => json!({ "versionId": STRANGER }),
        "execute" => json!({ "workspaceId": STRANGER, "command": "true" }),
        "execute_piston" | "execute_v2" => {
            json!({ "language": "sh", "version": "*", "files": [{ "content": "true" }] })
        }
        "chat" => json!({ "workspaceId": STRANGER, "message": "hello" }),
        "apply_diff" => json!({ "workspaceId": STRANGER, "patch": "x" }),
        "update_conversation" | "update_terminal" => json!({ "title": "new" }),
        "apply_proposal" | "create_terminal" | "create_draft" | "propose_draft"
        | "undo_proposal" | "check_proposal" | "set_model_defaults" | "set_model" => json!({}),
        "create_comment" => json!({ "body": "Why?" }),
        "create_provider" => {
            json!({ "name": "walked", "baseUrl": "http://127.0.0.1:9/v1", "model": "m" })
        }
        "create_chat_completion" => {
            json!({ "model": "auto", "messages": [{ "role": "user", "content": "hi" }] })
        }
        "create_completion" => json!({ "model": "auto", "prompt": "hi" }),
        "create_secret" => json!({ "name": "walked", "value": "12345678" }),
        "update_secret" => json!({ "value": "12345678" }),
        "create_token" => json!({ "name": "walked" }),
        "create_grant" => json!({ "action": "network", "resource": "example.org" }),
        "route_model" => json!({ "task": "chat" }),
        "create_budget" => json!({ "scope": "user", "period": "day", "limitUsd": "5" }),
        "update_budget" => json!({ "limitTokens": 5 }),
        other => panic!("{other} is new: say what it takes"),
    })
}

fn method_of(operation: &Operation) -> reqwest::Method {
    match operation.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}

/// Returns an operation's path for an id.
fn path_of(operation: &Operation, id: &str) -> String {
    operation
        .path
        .replace("{id}", id)
        .replace("{port}", "8000")
        .replace("{model}", "m")
}

async fn call(caller: &Caller, operation: &Operation) -> Reply {
    let path = path_of(operation, &STRANGER.to_string());
    let mut request = caller.request(method_of(operation), &path);
    if let Some(body) = body_of(operation) {
        request = request
            .header("content-type", "application/json")
            .header("if-match", format!("\"{STRANGER}\""))
            .body(body.to_string());
    }
    caller.send(request).await
}

on_both_engines! {
    async fn nobody_gets_401_from_everything_that_is_not_public(app) {
        for operation in OPERATIONS {
            let reply = call(&app.nobody(), operation).await;
            match operation.access {
                Access::SignedIn | Access::Program => drop(reply.refused(Code::NotSignedIn)),
                Access::Public if operation.id == "create_session" => {
                    reply.refused(Code::SignInLinkInvalid);
                }
                Access::Public => assert_eq!(reply.status, 200, "{reply}"),
            }
        }
        app.assert_workspaces(0).await;
    }

    async fn ids_that_nothing_has_are_404(app) {
        let owner = app.owner();
        // Signing out would make the owner nobody.
        for operation in OPERATIONS.iter().filter(|known| known.id != "delete_session") {
            let names_a_thing = operation.path.contains("{id}")
                || ["execute", "chat", "apply_diff"].contains(&operation.id);
            let reply = call(&owner, operation).await;
            if operation.access == Access::Program {
                // The owner's cookie is for pages.
                reply.refused(Code::NotSignedIn);
            } else if names_a_thing {
                reply.refused(Code::NotFound);
            } else if operation.id == "create_session" {
                reply.refused(Code::SignInLinkInvalid);
            } else {
                assert!(reply.status.is_success(), "{reply}");
            }
        }
    }

    async fn ids_that_are_none_are_404(app) {
        for operation in OPERATIONS.iter().filter(|known| known.path.contains("{id}")) {
            for id in ["x", "%00", "..%2f..", "0", "00000000-0000-0000-0000-00000000000g"] {
                let path = path_of(operation, id);
                let mut request = app.owner().request(method_of(operation), &path);
                if let Some(body) = body_of(operation) {
                    request = request.header("content-type", "application/json").body(body.to_string());
                }
                app.owner().send(request).await.refused(Code::NotFound);
            }
        }
    }

    async fn unknown_addresses_and_methods_are_problems(app) {
        for path in ["/api", "/api/", "/api/none", "/api/workspaces/", "/v1/none", "/api/files"] {
            for caller in [app.owner(), app.nobody()] {
                caller.get(path).await.refused(Code::NotFound);
                caller.post(path, json!({})).await.refused(Code::NotFound);
            }
        }
        let put = |path| OPERATIONS.iter().any(|known| known.path == path && known.method == Method::Put);
        for operation in OPERATIONS.iter().filter(|known| !put(known.path)) {
            let path = path_of(operation, &STRANGER.to_string());
            let request = app.owner().request(reqwest::Method::PUT, &path);
            app.owner().send(request).await.refused(Code::MethodNotAllowed);
        }
    }

    async fn the_contract_is_public_and_the_saved_one(app) {
        let served: Value = app.nobody().get("/api/openapi.json").await.ok();
        assert_eq!(served, openapi());
        let saved: Value = serde_json::from_str(include_str!("../../../api/openapi.json")).unwrap();
        assert_eq!(served, saved, "run `cargo xtask openapi`");
        for path in ["/healthz", "/readyz"] {
            let health: Value = app.nobody().get(path).await.ok();
            assert_eq!(health, json!({ "status": "ok" }));
        }
    }

    async fn an_error_is_compressed_if_it_says_so(app) {
        for (path, signed_in) in [("/api/workspaces", false), ("/api/files/x", true), ("/api/none", true)] {
            for coding in ["gzip", "br", "gzip, deflate, br, zstd"] {
                let caller = if signed_in { app.owner() } else { app.nobody() };
                let request = caller.request(reqwest::Method::GET, path).header("accept-encoding", coding);
                let answer = request.send().await.unwrap();
                let said = answer.headers().get("content-encoding").cloned();
                let body = answer.bytes().await.unwrap();
                let plain = serde_json::from_slice::<Value>(&body).is_ok();
                assert_eq!(plain, said.is_none(), "{path} {coding}: says {said:?}, sends {body:?}");
            }
        }
    }

    async fn pages_of_other_origins_and_hosts_are_refused(app) {
        let (owner, own) = (app.owner(), format!("http://{}", app.authority()));
        let port = app.authority().rsplit_once(':').unwrap().1.to_owned();
        let localhost = format!("localhost:{port}");
        for (host, origin, refused) in [
            (None, None, None),
            (None, Some(own.as_str()), None),
            (Some(localhost.as_str()), Some(&*format!("http://{localhost}")), None),
            (None, Some("https://evil.example"), Some(Code::OriginRefused)),
            (None, Some("null"), Some(Code::OriginRefused)),
            (None, Some("http://127.0.0.1:1"), Some(Code::OriginRefused)),
            (None, Some(&*own.replacen("http", "https", 1)), Some(Code::OriginRefused)),
            (Some("evil.example"), None, Some(Code::HostRefused)),
            (Some(&*format!("evil.example:{port}")), Some(&*format!("http://evil.example:{port}")), Some(Code::HostRefused)),
            (Some(&*format!("8080--work.localhost:{port}")), None, Some(Code::HostRefused)),
        ] {
            for method in [reqwest::Method::GET, reqwest::Method::POST] {
                let body = if method == reqwest::Method::POST { "{\"name\":\"a\"}" } else { "" };
                let mut request = owner.request(method, "/api/workspaces")
                    .header("content-type", "application/json").body(body);
                if let Some(host) = host { request = request.header("host", host); }
                if let Some(origin) = origin { request = request.header("origin", origin); }
                let reply = owner.send(request).await;
                match refused {
                    Some(code) => drop(reply.refused(code)),
                    None => assert!(reply.status.is_success(), "{host:?} {origin:?}: {reply}"),
                }
            }
        }
        app.assert_workspaces(3).await;
    }

    async fn foreign_pages_can_not_open_a_web_socket(app) {
        let workspace = app.owner().workspace("a").await;
        let path = format!("/api/workspaces/{}/events", workspace.id);
        let own = format!("http://{}", app.authority());
        for (headers, expected) in [
            (vec![("origin", own.as_str())], None),
            (vec![], None),
            (vec![("origin", "https://evil.example")], Some(403)),
            (vec![("origin", "null")], Some(403)),
            (vec![("host", "evil.example")], Some(403)),
        ] {
            let opened = app.owner().socket(&path, &headers).await;
            assert_eq!(opened.err().as_deref().map(status_of), expected, "{headers:?}");
        }
        let opened = app.nobody().socket(&path, &[]).await;
        assert_eq!(opened.err().as_deref().map(status_of), Some(401));
        app.owner().get(&path).await.refused(Code::Invalid);
    }

    async fn over_https_the_cookie_is_only_for_https(app, |setup| setup.public_url("https://atelier.example")) {
        assert!(app.owner().cookie().unwrap().starts_with("__Host-atelier_session="));
        let token = app.domain.create_sign_in_token().await.unwrap();
        let reply = app.nobody().post("/api/session", json!({ "token": token.expose() })).await;
        assert!(reply.header("set-cookie").contains("; Secure"), "{reply:?}");
        for (host, origin, refused) in [
            ("atelier.example", "https://atelier.example", None),
            ("atelier.example", "http://atelier.example", Some(Code::OriginRefused)),
            ("atelier.example", "https://evil.example", Some(Code::OriginRefused)),
        ] {
            let request = app.owner().request(reqwest::Method::GET, "/api/session")
                .header("host", host).header("origin", origin);
            let reply = app.owner().send(request).await;
            match refused {
                Some(code) => drop(reply.refused(code)),
                None => assert!(reply.status.is_success(), "{reply}"),
            }
        }
    }

    async fn bodies_over_the_limit_are_refused(app) {
        let body = bytes::Bytes::from(vec![b' '; limit::JSON_BODY_BYTES + 1]);
        let taking = |known: &&Operation| !matches!(known.body, Body::None) && known.access != Access::Program;
        for operation in OPERATIONS.iter().filter(taking) {
            let path = path_of(operation, &STRANGER.to_string());
            let request = app.owner().request(method_of(operation), &path)
                .header("content-type", "application/json").body(body.clone());
            app.owner().send(request).await.refused(Code::TooLarge);
        }
    }
}

fn status_of(error: &SocketError) -> u16 {
    match error {
        SocketError::Http(response) => response.status().as_u16(),
        other => panic!("no answer: {other}"),
    }
}
