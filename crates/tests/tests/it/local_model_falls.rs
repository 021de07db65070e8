//! The model that runs on this machine falls over: an error to whoever waited,
//! another model where one may take over, and a new start, though not for ever.

use std::fs;
use std::path::PathBuf;

use atelier_api::event::TurnEvent;
use atelier_api::local_model::{LocalHelper, LocalModel};
use atelier_api::route::{Call, CallState, ModelDefaults, Models};
use atelier_api::secret::CreatedToken;
use atelier_api::turn::Chat;
use atelier_model::fake::{FakeModel, Script, Turn};
use atelier_tests::{Caller, Ran, Reply, Setup, TestApp, WEIGHTS, helpers, question, within};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

/// The provider that the model on this machine is.
const EMBEDDED: Uuid = Uuid::from_u128(1);
const DIE: &str = "please die";

/// An app whose local model can be asked.
async fn with_weights(mut setup: Setup) -> (TestApp, PathBuf) {
    let mut folder = PathBuf::new();
    setup = setup.settings(|settings| folder.clone_from(&settings.data));
    let folder = folder.join("models");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("tiny.gguf"), WEIGHTS).unwrap();
    (setup.start().await, folder)
}

async fn token(app: &TestApp) -> String {
    let owner = app.owner();
    let made = owner.post("/api/tokens", json!({ "name": "editor" })).await;
    made.ok::<CreatedToken>().secret
}

async fn v1(app: &TestApp, token: &str, text: &str, stream: bool) -> Reply {
    let body = json!({
        "model": "tiny",
        "messages": [{ "role": "user", "content": text }],
        "stream": stream,
    });
    let request = app.nobody().request(Method::POST, "/v1/chat/completions");
    let request = request
        .bearer_auth(token)
        .header("content-type", "application/json");
    app.nobody().send(request.body(body.to_string())).await
}

async fn local(owner: &Caller) -> LocalModel {
    owner.get("/api/models/local").await.ok()
}

/// A question to the model on this machine.
fn to_local(workspace: Uuid, text: &str) -> Chat {
    Chat {
        provider_id: Some(EMBEDDED),
        ..question(workspace, text)
    }
}

#[tokio::test]
async fn who_waited_is_told_and_who_asks_next_is_answered() {
    let (app, folder) = with_weights(Setup::sqlite().await.without_model()).await;
    let owner = app.owner();
    let workspace = owner.workspace("a").await.id;
    let token = token(&app).await;
    let models: Models = owner.get("/api/models").await.ok();
    assert_eq!(models.items[0].model, "tiny");
    assert!(local(&owner).await.helper_failure.is_none());
    for _ in 0..5 {
        // Whole, as a stream, and in a turn; after each it answers again.
        let whole = v1(&app, &token, DIE, false).await;
        assert!(whole.status.is_server_error(), "{whole}");
        assert!(whole.text().contains("ended by signal 9"), "{whole}");
        let fallen = local(&owner).await;
        assert_eq!(fallen.helper, LocalHelper::Ready);
        let why = fallen.helper_failure.unwrap();
        assert!(
            why.contains("signal 9; it starts again with the next request"),
            "{why}"
        );
        answers(&app, &token).await;
        assert_eq!(local(&owner).await.helper, LocalHelper::Loaded);
        assert!(local(&owner).await.helper_failure.is_none());

        let streamed = v1(&app, &token, DIE, true).await;
        assert!(streamed.text().contains("I read"), "{streamed}");
        assert!(streamed.text().contains("ended by signal 9"), "{streamed}");
        answers(&app, &token).await;

        let ran = owner.ask(&to_local(workspace, DIE)).await;
        let TurnEvent::Finished { code, detail, .. } = ran.end() else {
            panic!("{ran:?}")
        };
        assert_eq!(code.as_deref(), Some("model_failed"));
        assert!(detail.unwrap().contains("ended by signal 9"), "{ran:?}");
        let ran = owner.ask(&to_local(workspace, "hi")).await;
        assert!(ran.text().starts_with("I read "), "{ran:?}");
    }
    // Each fall cost one start, and nothing of it is left.
    let starts = fs::read(folder.join("starts")).unwrap().len();
    assert_eq!((starts, helpers(&folder).len()), (16, 1));
    app.finish().await;
}

async fn answers(app: &TestApp, token: &str) {
    let reply: Value = v1(app, token, "hi", false).await.ok();
    let text = reply["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(text.starts_with("I read "), "{reply}");
}

#[tokio::test]
async fn only_another_at_home_takes_over_from_one_that_was_chosen() {
    let (app, folder) = with_weights(Setup::sqlite().await).await;
    let owner = app.owner();
    let workspace = owner.workspace("a").await.id;
    // What was said to it stays here: whether it falls, ...
    let ran = owner.ask(&to_local(workspace, DIE)).await;
    assert!(why(&ran).contains("ended by signal 9"), "{ran:?}");
    // ... or doesn't even start.
    fs::write(folder.join("fall"), "").unwrap();
    let ran = owner.ask(&to_local(workspace, "hi")).await;
    assert!(why(&ran).contains("there is too little memory"), "{ran:?}");
    fs::remove_file(folder.join("fall")).unwrap();
    let token = token(&app).await;
    stands_again(&app, &token).await;
    let reply = v1(&app, &token, DIE, false).await;
    assert!(reply.text().contains("ended by signal 9"), "{reply}");
    assert!(app.model.requests().is_empty(), "something left");

    let second = FakeModel::local(Script::of([Turn::text("from beside").repeat()])).await;
    let second = second.unwrap();
    let body =
        json!({ "name": "Beside", "baseUrl": second.url(), "model": "beside", "local": true });
    owner.post("/api/providers", body).await.ok::<Value>();
    let ran = owner.ask(&to_local(workspace, DIE)).await;
    let switched = ran.events.iter().find_map(|event| match &event.event {
        TurnEvent::Switched {
            from, to, reason, ..
        } => Some((from.clone(), to.clone(), reason.clone())),
        _ => None,
    });
    let (from, to, reason) = switched.unwrap();
    assert_eq!((from.as_str(), to.as_str()), ("tiny", "beside"));
    assert!(reason.contains("ended by signal 9"), "{reason}");
    assert!(ran.text().ends_with("from beside"), "{ran:?}");
    let calls: atelier_api::page::Page<Call> = owner.get("/api/calls?limit=2").await.ok();
    let states: Vec<CallState> = calls.items.iter().map(|call| call.state).collect();
    assert_eq!(states, [CallState::Done, CallState::Failed]);
    assert!(app.model.requests().is_empty(), "something left");
    app.finish().await;
}

#[tokio::test]
async fn a_model_elsewhere_takes_over_from_one_that_was_only_preferred() {
    let (app, _) = with_weights(Setup::sqlite().await).await;
    let owner = app.owner();
    let workspace = owner.workspace("a").await.id;
    let at_home = json!({ "tasks": [{ "task": "chat", "prefer": "local" }] });
    owner
        .put("/api/models/defaults", at_home.clone())
        .await
        .ok::<ModelDefaults>();
    app.model.push(Turn::text("from afar"));
    let ran = owner.ask(&question(workspace, DIE)).await;
    assert!(ran.text().ends_with("from afar"), "{ran:?}");
    let mut offline = at_home;
    offline["offline"] = true.into();
    let set: ModelDefaults = owner.put("/api/models/defaults", offline).await.ok();
    assert!(set.offline);
    let before = app.model.requests().len();
    let ran = owner.ask(&question(workspace, DIE)).await;
    assert!(why(&ran).contains("ended by signal 9"), "{ran:?}");
    assert_eq!(app.model.requests().len(), before, "nothing left");
    app.finish().await;
}

/// Why a turn failed.
fn why(ran: &Ran) -> String {
    let TurnEvent::Finished { detail, .. } = ran.end() else {
        panic!("{ran:?}")
    };
    detail.unwrap()
}

async fn stands_again(app: &TestApp, token: &str) {
    within("it to stand again", async {
        while !v1(app, token, "hi", false).await.status.is_success() {}
    })
    .await;
}

#[tokio::test]
async fn one_that_falls_at_each_start_is_left_alone_and_says_why() {
    let (app, folder) = with_weights(Setup::sqlite().await.without_model()).await;
    let (owner, token) = (app.owner(), token(&app).await);
    fs::write(folder.join("fall"), "").unwrap();
    for _ in 0..40 {
        let reply = v1(&app, &token, "hi", false).await;
        assert!(reply.status.is_server_error(), "{reply}");
        assert!(
            reply.text().contains("there is too little memory"),
            "{reply}"
        );
    }
    let starts = fs::read(folder.join("starts")).unwrap().len();
    assert!(starts < 10, "{starts} starts for 40 questions");
    let why = local(&owner).await.helper_failure.unwrap();
    assert!(why.contains("there is too little memory"), "{why}");
    assert!(helpers(&folder).is_empty());
    fs::remove_file(folder.join("fall")).unwrap();
    stands_again(&app, &token).await;
    assert!(local(&owner).await.helper_failure.is_none());
    app.finish().await;
}
