//! What happens when a model breaks off: another one takes over once, and no
//! tool is called twice.

use std::time::Duration;

use atelier_api::model::{Provider, Providers};
use atelier_api::page::Page;
use atelier_api::route::{Call, CallState};
use atelier_api::secret::CreatedToken;
use atelier_api::session::Session;
use atelier_domain::call::{Ask, Asked, Part, Task};
use atelier_domain::{Actor, Ctx, Error};
use atelier_model::fake::{FakeModel, Script, Step, Turn};
use atelier_model::{Delta, Message, Request, Tool};
use atelier_tests::{TestApp, on_both_engines};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// The wire formats that the first model is asked in.
const WIRES: [&str; 4] = ["openai_chat", "openai_responses", "anthropic", "gemini"];

async fn ctx(app: &TestApp) -> Ctx {
    let session: Session = app.owner().get("/api/session").await.ok();
    Ctx {
        actor: Actor::Person(session.user.id.into()),
        request: app.domain.new_request_id(),
        cancel: CancellationToken::new(),
    }
}

/// Configures a model that says so.
async fn model(app: &TestApp, name: &str, wire: &str, script: Script) -> FakeModel {
    let model = FakeModel::local(script).await.unwrap();
    let url = match wire {
        "gemini" => model.url().replace("/v1", "/v1beta"),
        _ => model.url(),
    };
    let body = json!({ "name": name, "baseUrl": url, "wire": wire, "model": name });
    app.owner()
        .post("/api/providers", body)
        .await
        .ok::<Provider>();
    model
}

/// A question that a tool helps to answer.
fn ask(takes_back: bool) -> Ask {
    let request = Request {
        messages: vec![Message::user("Pay the bill.")],
        tools: vec![Tool {
            name: "pay".to_owned(),
            description: "Pays a bill.".to_owned(),
            parameters: json!({ "type": "object", "properties": { "bill": { "type": "string" } } }),
        }],
        max_output_tokens: Some(200),
        ..Request::default()
    };
    let mut ask = Ask::new(Task::Chat, request);
    ask.takes_back = takes_back;
    ask
}

fn pay() -> Step {
    Step::tool_call("pay", json!({ "bill": "7" }))
}

/// What came of an answer.
#[derive(Debug, Default)]
struct Came {
    /// What stands in the end.
    text: String,
    /// The calls of tools, of all models.
    calls: usize,
    /// How often another model took over, and after how many calls of tools.
    switches: Vec<usize>,
    failure: Option<String>,
}

async fn follow(mut asked: Asked) -> Came {
    let mut came = Came::default();
    while let Some(part) = asked.next().await {
        match part {
            Ok(Part::Delta(Delta::Text(text))) => came.text.push_str(&text),
            Ok(Part::Delta(Delta::ToolCall(call))) => {
                assert_eq!(
                    (call.name.as_str(), call.arguments.as_str()),
                    ("pay", r#"{"bill":"7"}"#)
                );
                came.calls += 1;
            }
            Ok(Part::Delta(_)) => {}
            Ok(Part::Switched(switched)) => {
                assert_eq!(
                    (switched.from.as_str(), switched.to.as_str()),
                    ("First", "Second")
                );
                came.text.clear();
                came.switches.push(came.calls);
            }
            Err(Error::Model { detail, .. }) => came.failure = Some(detail),
            Err(other) => panic!("{other}"),
        }
    }
    came
}

/// How the latest calls ended, the latest first.
async fn ends(app: &TestApp, count: usize) -> Vec<(String, CallState)> {
    let page: Page<Call> = app
        .owner()
        .get(&format!("/api/calls?limit={count}"))
        .await
        .ok();
    let calls = page.items.into_iter();
    calls.map(|call| (call.model, call.state)).collect()
}

on_both_engines! {
    async fn a_tool_is_called_once_whenever_the_first_model_breaks_off(app, |setup| setup.without_model()) {
        let ctx = ctx(app).await;
        for wire in WIRES {
            let first = model(app, "First", wire, Script::default()).await;
            let second = model(app, "Second", "openai_chat", Script::of([Turn::of([Step::text("Done."), pay()]).repeat()])).await;
            // Whether the asker who can't take back what it was given is
            // answered by the other one.
            for (breaks, unseen) in [
                (vec![pay(), Step::Cut], false),
                (vec![pay(), pay(), Step::End], false),
                (vec![Step::text("I will pay."), pay(), Step::Cut], false),
                (vec![Step::text("I wi"), Step::Cut], false),
                (vec![Step::Cut], true),
                (Turn::error(429, "slow down").steps, true),
                (Turn::error(500, "broken").steps, true),
                (Turn::error(503, "busy").steps, true),
            ] {
                for takes_back in [true, false] {
                    first.push(Turn::of(breaks.clone()));
                    let came = follow(app.domain.ask(&ctx, ask(takes_back)).await.unwrap()).await;
                    let what = format!("{wire} {breaks:?} {takes_back}: {came:?}");
                    if takes_back || unseen {
                        assert_eq!((came.switches.as_slice(), came.calls), ([0].as_slice(), 1), "{what}");
                        assert_eq!((came.text.as_str(), came.failure.as_deref()), ("Done.", None), "{what}");
                        assert_eq!(ends(app, 2).await, [("Second".to_owned(), CallState::Done), ("First".to_owned(), CallState::Failed)], "{what}");
                    } else {
                        assert!(came.switches.is_empty() && came.calls == 0 && came.failure.is_some(), "{what}");
                        assert_eq!(ends(app, 1).await, [("First".to_owned(), CallState::Failed)], "{what}");
                    }
                }
            }
            if wire == "openai_chat" {
                // A call that was handed over stands, whatever comes after it.
                let stop = r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#;
                first.push(Turn::of([pay(), Step::Raw(format!("{stop}\n\n")), Step::Cut]));
                let came = follow(app.domain.ask(&ctx, ask(true)).await.unwrap()).await;
                assert!(came.switches.is_empty() && came.failure.is_none() && came.calls == 1, "{came:?}");
            }
            first.assert_finished();
            for provider in app.owner().get("/api/providers").await.ok::<Providers>().items {
                app.owner().delete(&format!("/api/providers/{}", provider.id)).await.done();
            }
            drop(second);
        }
    }

    async fn one_that_is_silent_for_too_long_is_given_up(app, |setup| setup.without_model().silence(Duration::from_secs(2))) {
        let ctx = ctx(app).await;
        let stall = Step::Stall(600_000);
        let first = model(app, "First", "openai_chat", Script::of([
            Turn::of([stall.clone(), Step::text("late")]),
            Turn::of([Step::text("I wi"), pay(), stall]),
        ])).await;
        let _second = model(app, "Second", "openai_chat", Script::of([Turn::of([pay()]).repeat()])).await;
        for _ in 0..2 {
            let came = follow(app.domain.ask(&ctx, ask(true)).await.unwrap()).await;
            assert_eq!((came.switches.as_slice(), came.calls, came.failure.as_deref()), ([0].as_slice(), 1, None), "{came:?}");
        }
        first.assert_finished();
    }

    async fn a_whole_answer_of_the_interface_begins_anew_and_a_streamed_one_does_not(app, |setup| setup.without_model()) {
        let made: CreatedToken = app.owner().post("/api/tokens", json!({ "name": "editor" })).await.ok();
        let half = || Turn::of([Step::text("half an ans"), pay(), Step::Cut]);
        let first = model(app, "First", "openai_chat", Script::of([half(), half()])).await;
        let _second = model(app, "Second", "openai_chat", Script::of([Turn::text("whole").repeat()])).await;
        for stream in [false, true] {
            let tool = json!({ "type": "function", "function": { "name": "pay", "parameters": { "type": "object" } } });
            let body = json!({ "model": "auto", "stream": stream, "tools": [tool], "messages": [{ "role": "user", "content": "hi" }] });
            let request = app.nobody().request(Method::POST, "/v1/chat/completions").bearer_auth(&made.secret);
            let reply = app.nobody().send(request.header("content-type", "application/json").body(body.to_string())).await;
            if stream {
                assert!(reply.text().contains("half an ans") && reply.text().contains("\"error\""), "{reply}");
                assert!(!reply.text().contains("whole") && !reply.text().contains("[DONE]"), "{reply}");
            } else {
                let answer: Value = reply.ok();
                let message = &answer["choices"][0]["message"];
                assert_eq!((&message["content"], &message["tool_calls"]), (&json!("whole"), &Value::Null), "{answer}");
            }
        }
        first.assert_finished();
    }
}
