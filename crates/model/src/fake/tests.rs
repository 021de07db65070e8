//! The fake as a client without our gateway sees it.

use std::time::Duration;

use reqwest::Response;
use serde_json::{Value, json};

use super::*;
use crate::http::Clients;

async fn start(turns: &Value) -> FakeModel {
    let script = json!({"turns": turns}).to_string();
    FakeModel::local(Script::from_json(&script).unwrap())
        .await
        .unwrap()
}

async fn post(fake: &FakeModel, body: &Value) -> reqwest::Result<Response> {
    let clients = Clients::build("test", Duration::from_secs(5)).unwrap();
    let url = format!("{}/chat/completions", fake.url()).parse().unwrap();
    let client = clients.get(&url).unwrap();
    client.post(url).body(body.to_string()).send().await
}

/// Asks without streaming and returns status and body.
async fn ask(fake: &FakeModel, text: &str) -> (u16, Value) {
    let messages = json!([{"role": "user", "content": text}]);
    let response = post(fake, &json!({"model": "m", "messages": messages}))
        .await
        .unwrap();
    let status = response.status().as_u16();
    let body = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

async fn say(fake: &FakeModel, text: &str) -> String {
    let (_, body) = ask(fake, text).await;
    let content = &body["choices"][0]["message"]["content"];
    content.as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_request_that_does_not_stream_gets_one_document() {
    let fake = start(&json!([{"steps": [
        {"reasoning": "hm"},
        {"text": "twelve chars", "delayMs": 60_000},
        {"toolCall": {"name": "read", "arguments": {"path": "a"}, "id": "c1"}}
    ]}]))
    .await;
    let (status, body) = ask(&fake, "eight ch").await;
    let call = json!({"id": "c1", "type": "function",
        "function": {"name": "read", "arguments": "{\"path\":\"a\"}"}});
    let expected = json!({
        "id": "chatcmpl-fake-0", "object": "chat.completion", "created": 1_767_225_600,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
            "role": "assistant", "content": "twelve chars", "reasoning_content": "hm",
            "tool_calls": [call]}}],
        "usage": {"prompt_tokens": 2, "completion_tokens": 7, "total_tokens": 9,
            "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0}}});
    assert_eq!((status, body), (200, expected));
    fake.assert_finished();
}

#[tokio::test]
async fn a_stream_is_written_as_the_reference_says() {
    let fake = start(&json!([{"steps": [{"text": "abcde", "chunk": 3}]}])).await;
    let messages = json!([{"role": "user", "content": "hi"}]);
    let options = json!({"include_usage": true});
    let request = json!({
        "model": "m", "messages": messages, "stream": true, "stream_options": options});
    let response = post(&fake, &request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let stream = response.bytes().await.unwrap();
    let stream = String::from_utf8(stream.to_vec()).unwrap();
    let events: Vec<&str> = stream.split_terminator("\n\n").collect();
    let data: Vec<&str> = events
        .iter()
        .map(|e| e.strip_prefix("data: ").unwrap())
        .collect();
    let (done, chunks) = data.split_last().unwrap();
    assert_eq!(*done, "[DONE]");
    let chunks: Vec<Value> = chunks
        .iter()
        .map(|c| serde_json::from_str(c).unwrap())
        .collect();
    let deltas: Vec<&Value> = chunks.iter().map(|c| &c["choices"][0]["delta"]).collect();
    assert_eq!(
        deltas,
        [
            &json!({"role": "assistant", "content": ""}),
            &json!({"content": "abc"}),
            &json!({"content": "de"}),
            &json!({}),
            &Value::Null,
        ]
    );
    assert_eq!(chunks[3]["choices"][0]["finish_reason"], "stop");
    assert_eq!(chunks[3]["usage"], Value::Null);
    assert_eq!(chunks[4]["choices"], json!([]));
    assert_eq!(chunks[4]["usage"]["total_tokens"], 3);
}

#[tokio::test]
async fn turns_are_chosen_by_what_is_asked_and_used_up() {
    let fake = start(&json!([
        {"match": "blue", "steps": [{"text": "blue 1"}]},
        {"match": "red", "repeat": true, "steps": [{"text": "red"}]},
        {"match": "blue", "steps": [{"text": "blue 2"}]},
        {"steps": [{"text": "any"}]}
    ]))
    .await;
    for (asked, said) in [
        ("a red one", "red"),
        ("a blue one", "blue 1"),
        ("a red one", "red"),
        ("a blue one", "blue 2"),
        ("a green one", "any"),
        ("a red one", "red"),
    ] {
        assert_eq!(say(&fake, asked).await, said);
    }
    fake.assert_finished();
    let (status, body) = ask(&fake, "a green one").await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (400, &json!("unscripted"))
    );
    assert_eq!(fake.unexpected(), ["a green one"]);
    fake.push(Turn::text("pushed"));
    assert_eq!(say(&fake, "a green one").await, "pushed");
}

#[tokio::test]
#[should_panic(expected = "turns not used")]
async fn a_turn_left_over_is_found() {
    start(&json!([{"steps": [{"text": "a"}]}]))
        .await
        .assert_finished();
}

#[tokio::test]
#[should_panic(expected = "unexpected: [\"hi\"]")]
async fn an_unexpected_request_is_found() {
    let fake = start(&json!([])).await;
    ask(&fake, "hi").await;
    fake.assert_finished();
}

#[tokio::test]
#[should_panic(expected = "message 0: it is empty")]
async fn a_broken_conversation_is_found() {
    let fake = start(&json!([{"steps": [{"text": "a"}]}])).await;
    ask(&fake, "").await;
    fake.assert_finished();
}

#[tokio::test]
async fn stopping_cuts_what_still_streams() {
    let fake = start(&json!([{"steps": [{"text": "half"}, {"stall": 600_000}]}])).await;
    let messages = json!([{"role": "user", "content": "hi"}]);
    let request = json!({"model": "m", "messages": messages, "stream": true});
    let response = post(&fake, &request).await.unwrap();
    fake.shutdown().await;
    assert!(response.bytes().await.is_err());
    assert!(post(&fake, &request).await.is_err());
}
