//! A conversation that goes from one provider to another and back.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::fake::{Captured, Script, Step, Turn, sign};
use crate::message::{Image, ImageSource};
use crate::request::{Effort, Tool, ToolChoice};

/// Models of other generations, which want other words.
const OTHERS: [&str; 2] = ["claude-sonnet-4-5", "gemini-2.5-pro"];

fn tools() -> Vec<Tool> {
    vec![Tool {
        name: "read".into(),
        description: "Reads a file.".into(),
        parameters: json!({"type": "object", "properties": {"path": {"type": "string"}}}),
    }]
}

fn thinks_and_calls(round: usize) -> Turn {
    Turn::of([
        Step::reasoning(format!("Round {round}.")),
        Step::text("I read both."),
        Step::tool_call("read", json!({"path": "a"})),
        Step::tool_call("read", json!({"path": "b"})),
    ])
}

#[tokio::test]
async fn a_turn_thinks_on_when_only_its_first_step_thought() {
    let fake = FakeModel::local(Script::default()).await.unwrap();
    let gateway = gateway();
    let to = Endpoint {
        max_output_tokens: Some(32_000),
        ..endpoint(&fake, Wire::Anthropic, "claude-sonnet-4-5")
    };
    let mut request = Request {
        messages: vec![Message::user("hi")],
        tools: tools(),
        effort: Some(Effort::Medium),
        ..Request::default()
    };
    let calls = || Step::tool_call("read", json!({"path": "a"}));
    let turns = [
        vec![Step::reasoning("I read."), calls()],
        vec![calls()],
        vec![calls()],
    ];
    for steps in turns {
        fake.push(Turn::of(steps));
        let seen = ask(&gateway, &to, &request).await;
        request.messages.push(seen.message());
        request
            .messages
            .push(Message::tool(&seen.calls[0].id, "text"));
    }
    let thinking: Vec<_> = fake
        .requests()
        .iter()
        .map(|sent| sent.body["thinking"].clone())
        .collect();
    assert!(thinking[0].is_object());
    assert!(
        thinking.iter().all(|one| *one == thinking[0]),
        "{thinking:?}"
    );
    fake.assert_finished();
}

/// Returns how many things of the request the fake signed.
fn signed(request: &Captured) -> usize {
    request.body.to_string().matches("\"sig-").count()
}

#[tokio::test]
async fn a_conversation_goes_on_with_another_provider_and_back() {
    let fake = FakeModel::local(Script::default()).await.unwrap();
    let gateway = gateway();
    for (from, first) in WIRES {
        for (to, second) in WIRES {
            let mut request = Request {
                messages: vec![Message::system("rules"), Message::user("hi")],
                tools: tools(),
                effort: Some(Effort::High),
                cache: true,
                ..Request::default()
            };
            let models = [(from, first), (to, second), (to, second), (from, first)];
            for (round, (wire, model)) in models.into_iter().enumerate() {
                fake.push(thinks_and_calls(round));
                let seen = ask(&gateway, &endpoint(&fake, *wire, model), &request).await;
                let shown = format!("{from} to {to}, round {round}");
                assert_eq!((seen.error, seen.calls.len()), (None, 2), "{shown}");
                let sent = fake.requests().pop().unwrap();
                assert_eq!(sent.protocol_faults(), Vec::<String>::new(), "{shown}");
                request.messages.push(seen.message());
                for (call, output) in seen.calls.iter().zip(["one", "two"]) {
                    request.messages.push(Message::tool(&call.id, output));
                }
            }
            let back = fake.requests().pop().unwrap();
            // What the first model signed in round 0 came back to it, and what
            // the other signed did not, unless they are one.
            let rounds = if from == to { 3 } else { 1 };
            let each = usize::from(*from != Wire::OpenAiChat);
            assert_eq!(signed(&back), rounds * each, "{from} to {to}");
        }
    }
    fake.assert_finished();
}

#[tokio::test]
async fn signed_thinking_that_is_refused_is_left_out_once() {
    let fake = FakeModel::local(Script::default()).await.unwrap();
    let gateway = gateway();
    for (wire, message) in [
        (
            Wire::Anthropic,
            "messages.1.content.0: Invalid `signature` in `thinking` block",
        ),
        (Wire::Gemini, "Corrupted thought signature."),
        (
            Wire::OpenAiResponses,
            "The encrypted content for item rs_1 could not be verified.",
        ),
    ] {
        let (_, model) = WIRES.iter().find(|(one, _)| *one == wire).unwrap();
        let to = endpoint(&fake, wire, model);
        let mut request = Request {
            messages: vec![Message::user("hi")],
            tools: tools(),
            ..Request::default()
        };
        fake.push(thinks_and_calls(0));
        let seen = ask(&gateway, &to, &request).await;
        request.messages.push(seen.message());
        fake.push(Turn::error(400, message));
        fake.push(Turn::text("ok"));
        assert_eq!(ask(&gateway, &to, &request).await.text, "ok", "{wire}");
        let sent = fake.requests();
        let [.., before, after] = sent.as_slice() else {
            unreachable!("three requests were sent");
        };
        assert!(signed(before) > 0, "{wire}");
        assert_eq!(signed(after), 0, "{wire}");
        assert_eq!(after.protocol_faults(), Vec::<String>::new(), "{wire}");
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just(" \n".to_owned()),
        Just("Grüße 😀".to_owned()),
        "[ -~]{1,12}",
    ]
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("call_0".to_owned()),
        Just("c00000001".to_owned()),
        "[a-zA-Z0-9_.:-]{1,50}",
    ]
}

fn call() -> impl Strategy<Value = ToolCall> {
    let arguments = prop_oneof![
        Just("{}".to_owned()),
        Just(String::new()),
        Just("{\"a\":".to_owned()),
        Just("[1e999]".to_owned()),
        Just("{\"a\":\"\\ud800\"}".to_owned()),
        Just("{\"path\":[{\"x\":null}]}".to_owned()),
    ];
    (id(), arguments).prop_map(|(id, arguments)| ToolCall {
        id,
        name: "read".into(),
        arguments,
    })
}

/// Things carried from anywhere, to any place, rightly signed by their model.
fn carried() -> impl Strategy<Value = Carried> {
    let models = WIRES.iter().map(|(_, model)| *model).chain(OTHERS);
    let model = proptest::sample::select(models.collect::<Vec<_>>());
    let wire = proptest::sample::select(Wire::ALL.as_slice());
    (wire, model, 0..30_usize, 0..3_usize, 0..3_usize).prop_map(
        |(wire, model, text_bytes, calls, kind)| Carried {
            wire,
            model: model.to_owned(),
            text_bytes,
            calls,
            value: carried_value(wire, model, kind),
        },
    )
}

fn carried_value(wire: Wire, model: &str, kind: usize) -> Value {
    match (wire, kind) {
        (Wire::Anthropic, 0) => json!({"type": "redacted_thinking", "data": "Eg=="}),
        (Wire::Anthropic, _) => json!({
            "type": "thinking", "thinking": "hm", "signature": sign(model, "hm")}),
        (Wire::Gemini, 0) => json!({"on": "text", "bytes": 3, "thoughtSignature": sign(model, "")}),
        (Wire::Gemini, 1) => json!({"on": "call", "thoughtSignature": sign(model, "read")}),
        (Wire::Gemini, _) => json!({"on": "part", "part": {
            "thought": true, "text": "hm", "thoughtSignature": sign(model, "")}}),
        (Wire::OpenRouter, _) => json!([]),
        (Wire::OpenAiResponses, _) => json!({"type": "message", "phase": "commentary"}),
        (Wire::OpenAiChat | Wire::Local, _) => json!({"reasoning_content": "hm"}),
    }
}

fn message() -> impl Strategy<Value = Message> {
    let image = Image {
        media_type: "image/png".into(),
        source: ImageSource::Base64("AAAA".into()),
    };
    let images = prop_oneof![4 => Just(Vec::new()), 1 => Just(vec![image])];
    let said = (
        text(),
        proptest::collection::vec(call(), 0..3),
        proptest::collection::vec(carried(), 0..3),
    );
    prop_oneof![
        1 => text().prop_map(Message::system),
        3 => (text(), images.clone()).prop_map(|(text, images)| Message::user(text).with_images(images)),
        3 => said.prop_map(|(text, calls, carried)| {
            Message::assistant(text, calls).with_carried(carried)
        }),
        3 => (id(), text(), images, any::<bool>()).prop_map(|(id, text, images, failed)| Message {
            tool_failed: failed,
            ..Message::tool(id, text).with_images(images)
        }),
    ]
}

fn request() -> impl Strategy<Value = Request> {
    let effort = proptest::option::of(proptest::sample::select(
        [Effort::Minimal, Effort::Low, Effort::Medium, Effort::High].as_slice(),
    ));
    let choice = proptest::sample::select(vec![
        ToolChoice::Auto,
        ToolChoice::None,
        ToolChoice::Required,
        ToolChoice::Tool("read".into()),
    ]);
    let messages = proptest::collection::vec(message(), 1..10);
    (messages, effort, choice, any::<bool>(), any::<bool>()).prop_map(
        |(messages, effort, tool_choice, cache, with_tools)| Request {
            messages,
            tools: if with_tools { tools() } else { Vec::new() },
            tool_choice,
            effort,
            cache,
            temperature: Some(0.5),
            stop: vec!["\n".into(), "END".into()],
            ..Request::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_conversation_is_legal_on_every_wire(request in request()) {
        static GATEWAY: LazyLock<Gateway> = LazyLock::new(gateway);
        for (wire, model) in WIRES {
            for model in OTHERS.into_iter().chain([*model]) {
                let to = Endpoint {
                    name: "P".into(),
                    base_url: Url::parse("http://localhost/v1").unwrap(),
                    wire: *wire,
                    key: None,
                    model: model.to_owned(),
                    max_output_tokens: Some(32_000),
                    prices: None,
                };
                let prepared = GATEWAY.prepare(&to, &request).unwrap();
                let sent = prepared.captured();
                let faults = sent.protocol_faults();
                prop_assert!(faults.is_empty(), "{} {}: {:?}\n{}", wire, model, faults, sent.body);
                let again = GATEWAY.prepare(&to, &request).unwrap();
                prop_assert_eq!(prepared.body(), again.body(), "it is the same each time");
            }
        }
    }
}
