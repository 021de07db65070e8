use serde_json::{Value, json};

use super::*;
use crate::delta::{Delta, FinishReason, ToolCallPart, Usage};
use crate::message::{ImageSource, Role, ToolCall};
use crate::request::{Effort, ResponseForm, ToolChoice};

fn chat(body: &Value) -> Result<Served, Refusal> {
    read_chat(body.to_string().as_bytes())
}

fn with(field: &str, value: Value) -> Value {
    let mut body = json!({ "model": "m", "messages": [{ "role": "user", "content": "hi" }] });
    body[field] = value;
    body
}

#[test]
fn a_conversation_is_read_as_clients_send_it() {
    let served = chat(&json!({
        "model": "small", "stream": true, "stream_options": { "include_usage": true },
        "temperature": 0.5, "top_p": 1, "max_tokens": 9, "max_completion_tokens": 7, "stop": "END", "seed": -1,
        "n": 1, "parallel_tool_calls": false, "reasoning_effort": "low", "user": "x", "metadata": {}, "logit_bias": null,
        "frequency_penalty": 0.5, "presence_penalty": 0,
        "messages": [
            { "role": "developer", "content": [{ "type": "text", "text": "rules" }, { "type": "text", "text": "more" }] },
            { "role": "user", "name": "ana", "content": [
                { "type": "text", "text": "look" },
                { "type": "image_url", "image_url": { "url": "data:image/png;base64,AAAA", "detail": "low" } },
                { "type": "image_url", "image_url": "https://x.example/a.gif?b" }] },
            { "role": "assistant", "content": null, "tool_calls": [
                { "id": "call_1", "type": "function", "function": { "name": "read", "arguments": "{}" } }] },
            { "role": "tool", "tool_call_id": "call_1", "content": "text" },
            { "role": "assistant", "content": null, "refusal": "No." },
        ],
        "tools": [{ "type": "function", "function": { "name": "read", "strict": true } }],
        "tool_choice": { "type": "function", "function": { "name": "read" } },
        "response_format": { "type": "json_schema", "json_schema": { "name": "an answer", "schema": { "type": "object" } } },
    }))
    .unwrap();
    assert_eq!(
        (served.model.as_str(), served.stream, served.include_usage),
        ("small", true, true)
    );
    let Asked::Chat(request) = served.request else {
        panic!("a conversation")
    };
    let roles: Vec<Role> = request
        .messages
        .iter()
        .map(|message| message.role)
        .collect();
    assert_eq!(
        roles,
        [
            Role::System,
            Role::User,
            Role::Assistant,
            Role::Tool,
            Role::Assistant
        ]
    );
    assert_eq!(request.messages[0].content, "rules\nmore");
    let images = &request.messages[1].images;
    assert_eq!(images[0].source, ImageSource::Base64("AAAA".to_owned()));
    assert_eq!(images[1].media_type, "image/gif");
    assert_eq!(request.messages[2].tool_calls[0].arguments, "{}");
    assert_eq!(request.messages[3].tool_call_id.as_deref(), Some("call_1"));
    assert_eq!(request.messages[4].content, "No.");
    assert_eq!(request.max_output_tokens, Some(7));
    assert_eq!(
        (request.temperature, request.top_p, request.seed),
        (Some(0.5), Some(1.0), Some(-1))
    );
    assert_eq!(
        (request.stop.as_slice(), request.effort),
        (&["END".to_owned()][..], Some(Effort::Low))
    );
    assert_eq!(request.parallel_tool_calls, Some(false));
    assert_eq!(
        (request.frequency_penalty, request.presence_penalty),
        (Some(0.5), None)
    );
    assert_eq!(request.tool_choice, ToolChoice::Tool("read".to_owned()));
    assert_eq!(
        request.tools[0].parameters,
        json!({ "type": "object", "properties": {} })
    );
    let name = "ananswer".to_owned();
    assert_eq!(
        request.response,
        ResponseForm::Schema {
            name,
            schema: json!({ "type": "object" })
        }
    );
}

#[test]
fn what_can_not_be_had_is_refused_with_its_field() {
    let user = |content: Value| json!([{ "role": "user", "content": content }]);
    for (field, value, param) in [
        ("n", json!(2), "n"),
        ("logprobs", json!(true), "logprobs"),
        ("functions", json!([]), "functions"),
        ("modalities", json!(["text", "audio"]), "modalities"),
        ("model", json!(""), "model"),
        ("messages", json!([]), "messages"),
        (
            "messages",
            json!([{ "role": "robot", "content": "x" }]),
            "messages[0].role",
        ),
        (
            "messages",
            json!([{ "role": "tool", "content": "x" }]),
            "messages[0].tool_call_id",
        ),
        (
            "messages",
            user(json!([{ "type": "input_audio" }])),
            "messages[0].content",
        ),
        (
            "messages",
            user(json!([{ "type": "image_url", "image_url": { "url": "http://x/a.png" } }])),
            "messages[0].content",
        ),
        (
            "messages",
            user(
                json!([{ "type": "image_url", "image_url": { "url": "data:image/svg+xml;base64,AA" } }]),
            ),
            "messages[0].content",
        ),
        (
            "messages",
            user(json!([{ "type": "image_url", "image_url": { "url": "data:image/png,AA" } }])),
            "messages[0].content",
        ),
        ("temperature", json!(-0.1), "temperature"),
        ("temperature", json!(2.1), "temperature"),
        ("top_p", json!(1.5), "top_p"),
        ("frequency_penalty", json!(2.5), "frequency_penalty"),
        ("presence_penalty", json!(-2.5), "presence_penalty"),
        ("logit_bias", json!({ "50256": -100 }), "logit_bias"),
        ("max_tokens", json!(0), "max_tokens"),
        ("max_completion_tokens", json!(-1), "max_completion_tokens"),
        ("stop", json!(vec!["x"; 17]), "stop"),
        (
            "tools",
            json!([{ "type": "custom", "custom": {} }]),
            "tools[0]",
        ),
        (
            "tools",
            json!([{ "type": "function", "function": { "name": "a b" } }]),
            "tools[0].function.name",
        ),
        (
            "tools",
            json!([{ "type": "function", "function": { "name": "a", "parameters": [] } }]),
            "tools[0].function.parameters",
        ),
        ("tool_choice", json!("sometimes"), "tool_choice"),
        (
            "response_format",
            json!({ "type": "json_schema" }),
            "response_format",
        ),
        ("reasoning_effort", json!("enormous"), "reasoning_effort"),
    ] {
        let refused = chat(&with(field, value)).unwrap_err();
        assert_eq!(refused.param.as_deref(), Some(param), "{refused}");
        assert!(refused.message.ends_with('.'), "{refused}");
    }
    assert_eq!(
        read_chat(b"{\"model\":\"m\"}")
            .unwrap_err()
            .param
            .as_deref(),
        Some("messages")
    );
    assert_eq!(read_chat(b"[").unwrap_err().param, None);
}

#[test]
fn a_completion_is_read_with_its_suffix() {
    let read = |body: Value| read_completion(body.to_string().as_bytes());
    let served = read(
        json!({ "model": "m", "prompt": ["fn a() {"], "suffix": "}", "max_tokens": 5, "best_of": 1, "top_p": 0.5,
            "presence_penalty": 0, "logit_bias": {} }),
    );
    let Asked::Completion(gap) = served.unwrap().request else {
        panic!("a completion")
    };
    assert_eq!(
        (
            gap.prefix.as_str(),
            gap.suffix.as_str(),
            gap.max_output_tokens
        ),
        ("fn a() {", "}", Some(5))
    );
    assert_eq!(gap.top_p, Some(0.5));
    for (body, param) in [
        (json!({ "model": "m", "prompt": ["a", "b"] }), "prompt"),
        (json!({ "model": "m", "prompt": [1, 2] }), "prompt"),
        (json!({ "model": "m", "prompt": "" }), "prompt"),
        (json!({ "model": "m", "prompt": "a", "n": 2 }), "n"),
        (
            json!({ "model": "m", "prompt": "a", "best_of": 3 }),
            "best_of",
        ),
        (json!({ "model": "m", "prompt": "a", "echo": true }), "echo"),
        (
            json!({ "model": "m", "prompt": "a", "logprobs": 1 }),
            "logprobs",
        ),
        (json!({ "model": "m", "prompt": "a", "top_p": 2 }), "top_p"),
        (
            json!({ "model": "m", "prompt": "a", "frequency_penalty": 1 }),
            "frequency_penalty",
        ),
        (
            json!({ "model": "m", "prompt": "a", "logit_bias": { "1": 1 } }),
            "logit_bias",
        ),
    ] {
        assert_eq!(read(body).unwrap_err().param.as_deref(), Some(param));
    }
}

/// An answer with everything in it.
fn deltas() -> Vec<Delta> {
    let part = |id: Option<&str>, arguments: &str| {
        Delta::ToolCallPart(ToolCallPart {
            index: 0,
            id: id.map(str::to_owned),
            name: id.map(|_| "read".to_owned()),
            arguments: arguments.to_owned(),
        })
    };
    vec![
        Delta::Reasoning("hm".to_owned()),
        Delta::Text("Héy".to_owned()),
        part(Some("call_1"), ""),
        part(None, "{\"a\":1}"),
        Delta::ToolCall(ToolCall {
            id: "call_1".to_owned(),
            name: "read".to_owned(),
            arguments: "{\"a\":1}".to_owned(),
        }),
        Delta::Finish {
            reason: FinishReason::ToolCalls,
        },
        Delta::Usage(Usage {
            input_tokens: 5,
            cached_input_tokens: 2,
            output_tokens: 7,
            reasoning_tokens: 1,
            ..Usage::default()
        }),
    ]
}

fn events(out: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(out).unwrap();
    let mut events: Vec<&str> = text.split_terminator("\n\n").collect();
    assert_eq!(events.pop(), Some("data: [DONE]"));
    events
        .iter()
        .map(|event| serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap())
        .collect()
}

#[test]
fn a_stream_is_written_as_the_reference_says() {
    let mut answer = Answering::streaming(Kind::Chat, "1", 9, "m", true);
    let mut out = Vec::new();
    for delta in deltas() {
        answer.add(delta, &mut out);
    }
    answer.end(&mut out);
    let events = events(&out);
    let deltas: Vec<&Value> = events
        .iter()
        .map(|event| &event["choices"][0]["delta"])
        .collect();
    assert_eq!(*deltas[0], json!({ "role": "assistant", "content": "" }));
    assert_eq!(*deltas[1], json!({ "reasoning_content": "hm" }));
    assert_eq!(*deltas[2], json!({ "content": "Héy" }));
    assert_eq!(
        *deltas[3],
        json!({ "tool_calls": [{ "index": 0, "id": "call_1", "type": "function", "function": { "name": "read", "arguments": "" } }] })
    );
    assert_eq!(
        *deltas[4],
        json!({ "tool_calls": [{ "index": 0, "function": { "arguments": "{\"a\":1}" } }] })
    );
    assert_eq!(*deltas[5], json!({}));
    assert_eq!(events[5]["choices"][0]["finish_reason"], "tool_calls");
    assert_eq!(events[4]["choices"][0]["finish_reason"], Value::Null);
    assert_eq!(events[0]["usage"], Value::Null);
    assert_eq!(
        (&events[6]["choices"], &events[6]["usage"]["total_tokens"]),
        (&json!([]), &json!(12))
    );
    assert_eq!(
        events[6]["usage"]["completion_tokens_details"]["reasoning_tokens"],
        1
    );
    assert_eq!(events.len(), 7);
    assert!(
        events
            .iter()
            .all(|event| event["id"] == "chatcmpl-1" && event["created"] == 9)
    );
}

#[test]
fn a_whole_answer_is_written_as_the_reference_says() {
    let mut answer = Answering::whole(Kind::Chat, "1", 9, "m");
    let mut out = Vec::new();
    for delta in deltas() {
        answer.add(delta, &mut out);
    }
    assert!(out.is_empty());
    let whole: Value = serde_json::from_slice(&answer.into_whole()).unwrap();
    assert_eq!(whole["object"], "chat.completion");
    assert_eq!(
        whole["choices"],
        json!([{ "index": 0, "logprobs": null, "finish_reason": "tool_calls", "message": {
            "role": "assistant", "content": "Héy", "reasoning_content": "hm", "refusal": null,
            "tool_calls": [{ "id": "call_1", "type": "function", "function": { "name": "read", "arguments": "{\"a\":1}" } }] } }])
    );
    assert_eq!(whole["usage"]["prompt_tokens_details"]["cached_tokens"], 2);
}

#[test]
fn a_completion_is_text() {
    let mut out = Vec::new();
    let mut answer = Answering::streaming(Kind::Completion, "1", 9, "m", false);
    answer.add(Delta::Text("a".to_owned()), &mut out);
    answer.add(
        Delta::Finish {
            reason: FinishReason::Length,
        },
        &mut out,
    );
    answer.end(&mut out);
    let events = events(&out);
    assert_eq!(
        events[0]["choices"][0],
        json!({ "index": 0, "text": "a", "logprobs": null, "finish_reason": null })
    );
    assert_eq!(events[1]["choices"][0]["finish_reason"], "length");
    assert!(
        events
            .iter()
            .all(|event| event["object"] == "text_completion" && event.get("usage").is_none())
    );
    let mut answer = Answering::whole(Kind::Completion, "1", 9, "m");
    answer.add(Delta::Text("lost".to_owned()), &mut out);
    answer.restart("2", "n");
    answer.add(Delta::Text("b".to_owned()), &mut out);
    let whole: Value = serde_json::from_slice(&answer.into_whole()).unwrap();
    assert_eq!(
        (&whole["id"], &whole["choices"][0]["text"]),
        (&json!("cmpl-2"), &json!("b"))
    );
}

#[test]
fn an_answer_without_a_word_still_ends() {
    let mut out = Vec::new();
    Answering::streaming(Kind::Chat, "1", 9, "m", false).end(&mut out);
    let events = events(&out);
    assert_eq!(events[0]["choices"][0]["delta"]["role"], "assistant");
    assert_eq!(events[1]["choices"][0]["finish_reason"], "stop");
}
