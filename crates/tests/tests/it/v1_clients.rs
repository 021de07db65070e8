//! OpenAI's own clients against our `/v1`: what they read is what the model
//! said.
//!
//! `cargo xtask test` installs the clients and says where in `TEST_CLIENTS`.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use atelier_api::secret::CreatedToken;
use atelier_model::fake::{Step, Turn, UsageStep};
use atelier_tests::{TestApp, on_both_engines, within};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

/// Lets a client ask each question in turn; returns what it read.
async fn ask(app: &TestApp, program: &Path, script: &str, key: &str, questions: &Value) -> Value {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../model/tests/clients");
    let url = format!("http://{}/v1", app.authority());
    #[expect(
        clippy::disallowed_methods,
        reason = "the clients are programs of other languages"
    )]
    let mut command = tokio::process::Command::new(program);
    command
        .arg(scripts.join(script))
        .args([url.as_str(), key])
        .args(clients())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin
        .write_all(questions.to_string().as_bytes())
        .await
        .unwrap();
    drop(stdin);
    let output = within("the client to end", child.wait_with_output()).await;
    let output = output.unwrap();
    assert!(output.status.success(), "{script}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Returns where the clients are; `None`, and says so, when nobody tells.
#[expect(clippy::print_stdout, reason = "a test that isn't run says so")]
fn clients() -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the tests are told by the environment where the clients are"
    )]
    let clients = std::env::var("TEST_CLIENTS");
    if clients.is_err() {
        println!("not run: TEST_CLIENTS is not set");
    }
    clients.ok().map(PathBuf::from)
}

on_both_engines! {
    async fn openai_s_own_clients_read_what_the_model_said(app) {
        let Some(clients) = clients() else { return };
        let token = app.owner().post("/api/tokens", json!({ "name": "client" })).await;
        let token = token.ok::<CreatedToken>().secret;
        let usage = UsageStep { input: 2_006, cached: 1_920, output: 300, ..UsageStep::default() };
        let tools = json!([{ "name": "read", "description": "Reads.", "parameters": { "type": "object" } }]);
        let question = |stream: bool| json!({ "name": "", "api": "chat", "stream": stream, "prompt": "hi", "tools": tools });
        let questions = json!([question(true), question(false), question(true), question(false)]);
        for (program, script) in [
            (clients.join("python/bin/python"), "read_openai.py"),
            (PathBuf::from("node"), "read_openai.mjs"),
        ] {
            for _ in [true, false] {
                app.model.push(Turn::of([Step::text("Grüße, 世界 😀"), Step::Usage(usage)]));
            }
            for _ in [true, false] {
                app.model.push(Turn::of([Step::tool_call("read", json!({ "path": "ä" })), Step::tool_call("read", json!({}))]));
            }
            let read = ask(app, &program, script, &token, &questions).await;
            for answer in &read.as_array().unwrap()[..2] {
                let wanted = json!({ "input": 2_006, "cached": 1_920, "output": 300, "reasoning": 0 });
                assert_eq!((&answer["text"], &answer["finish"]), (&json!("Grüße, 世界 😀"), &json!("stop")), "{script}: {read}");
                assert_eq!(answer["usage"], wanted, "{script}: {read}");
            }
            for answer in &read.as_array().unwrap()[2..] {
                let calls = answer["calls"].as_array().unwrap();
                let arguments = |at: usize| serde_json::from_str::<Value>(calls[at][2].as_str().unwrap()).unwrap();
                assert_eq!((arguments(0), arguments(1)), (json!({ "path": "ä" }), json!({})), "{script}: {read}");
                assert_ne!(calls[0][0], calls[1][0], "{script}: each call has an id of its own");
                assert_eq!(answer["finish"], "tool_calls", "{script}: {read}");
            }
            let refused = ask(app, &program, script, "atl_wrong", &json!([question(true)])).await;
            assert_eq!(refused[0]["error"], "key_refused", "{script}: {refused}");
        }
    }
}
