//! Secrets in a whole server: sent where they belong, kept nowhere in clear.

use std::fs;
use std::path::Path;

use atelier_api::model::{Provider, ProviderCheck};
use atelier_model::fake::{ErrorStep, FakeModel, Script, Step, Turn};
use atelier_tests::{Server, question, run_program};
use serde_json::json;

const KEY: &str = "sk-canary-7340-stored";
const ENVIRONMENT: &str = "sk-canary-7340-environment";

/// Returns the files below a folder that hold a text anywhere in their bytes.
fn holding(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, text));
        } else if path.is_file() {
            let bytes = fs::read(&path).unwrap();
            if bytes
                .windows(text.len())
                .any(|window| window == text.as_bytes())
            {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

#[tokio::test]
async fn a_key_is_in_no_file_log_answer_or_export() {
    let folder = tempfile::tempdir().unwrap();
    // A provider that repeats the key in everything it says.
    let echo = |status| {
        Step::Error(ErrorStep {
            status,
            message: format!("Incorrect key: {KEY}"),
            ..ErrorStep::default()
        })
    };
    let model = FakeModel::local(
        Script::of([
            Turn::of([echo(401)]),
            Turn::of([Step::text("a"), echo(500)]),
            Turn::text("Fine."),
        ])
        .with_key(KEY),
    )
    .await
    .unwrap();
    let config = format!(
        "[model]\nbase_url = \"{}\"\nname = \"fake-model\"\napi_key = \"{ENVIRONMENT}\"\n",
        model.url()
    );
    fs::write(folder.path().join("atelier.toml"), config).unwrap();
    let mut server = Server::start(folder.path()).await;
    let owner = server.owner().await;
    let workspace = owner.workspace("a").await.id;
    let mut said = String::new();

    let body = json!({ "name": "Mine", "baseUrl": model.url(), "model": "fake-model", "key": KEY });
    let reply = owner.post("/api/providers", body).await;
    said.push_str(reply.text());
    let provider = reply.ok::<Provider>().id;
    for path in [
        format!("/api/providers/{provider}/check"),
        format!("/api/providers/{}/check", uuid::Uuid::nil()),
    ] {
        let reply = owner.poke(&path).await;
        reply.ok::<ProviderCheck>();
        said.push_str(reply.text());
    }
    said.push_str(owner.get("/api/providers").await.text());
    said.push_str(owner.get("/api/system").await.text());
    for _ in 0..3 {
        let mut asked = question(workspace, "hi");
        asked.provider_id = Some(provider);
        let ran = owner.ask(&asked).await;
        said = format!("{said}{ran:?}");
        for call in ran.turn.model_call_ids {
            said.push_str(owner.get(&format!("/api/model-calls/{call}")).await.text());
        }
    }
    // The environment's provider is refused by this model: its key shows too.
    let refused = owner.ask(&question(workspace, "hi")).await;
    said = format!("{said}{refused:?}");
    let run = owner
        .sh(
            workspace,
            "env; cat /proc/self/environ; cat /proc/*/environ",
        )
        .await;
    said = format!("{said}{run:?}");
    let export = run_program(folder.path(), &["admin", "export", "--data", "data"], "").await;
    said.push_str(&export.stdout);
    assert_eq!(server.terminate().await, Some(0));
    said.push_str(&server.log());

    assert!(model.requests().iter().any(|request| {
        request
            .bearer
            .as_ref()
            .is_some_and(|key| key.expose() == KEY)
    }));
    for secret in [KEY, ENVIRONMENT] {
        assert!(!said.contains(secret), "{secret} was said");
        assert_eq!(
            holding(&folder.path().join("data"), secret),
            Vec::<String>::new()
        );
    }
    let cookie = owner
        .cookie()
        .unwrap()
        .split_once('=')
        .unwrap()
        .1
        .to_owned();
    for token in [cookie.as_str(), server.token.as_str()] {
        assert!(!said.contains(token), "a token was said");
        assert_eq!(
            holding(&folder.path().join("data"), token),
            Vec::<String>::new()
        );
    }
}
