//! What is marked to be cached, where a provider caches only that.

use serde_json::{Value, json};

use super::*;
use crate::request::{Tool, ToolChoice};

/// How many calls a step has: more blocks than a provider looks back over.
const CALLS: usize = 25;

fn asks(step: usize) -> Request {
    let call = |step: usize, n: usize| ToolCall {
        id: format!("call_{step}_{n}"),
        name: "read".into(),
        arguments: "{}".into(),
    };
    let mut messages = vec![Message::system("rules"), Message::user("hi")];
    for step in 0..step {
        let calls: Vec<_> = (0..CALLS).map(|n| call(step, n)).collect();
        let outputs = calls.iter().map(|call| Message::tool(&call.id, "text"));
        let outputs: Vec<_> = outputs.collect();
        messages.push(Message::assistant("", calls));
        messages.extend(outputs);
    }
    Request {
        messages,
        tools: vec![Tool {
            name: "read".into(),
            description: "reads".into(),
            parameters: json!({"type": "object"}),
        }],
        tool_choice: ToolChoice::Auto,
        cache: true,
        ..Request::default()
    }
}

/// Returns the places of the messages that are marked.
fn marked(body: &Value) -> Vec<usize> {
    let messages = body["messages"].as_array().unwrap().iter().enumerate();
    let marked = messages.filter(|(_, message)| message.to_string().contains("cache_control"));
    marked.map(|(place, _)| place).collect()
}

#[test]
fn each_step_of_a_turn_finds_the_one_before_in_the_cache() {
    let gateway = gateway();
    for (wire, model) in [
        (Wire::Anthropic, "claude-opus-4-6"),
        (Wire::OpenRouter, "anthropic/claude-opus-4.6"),
    ] {
        let to = Endpoint {
            name: "P".into(),
            base_url: Url::parse("https://host/v1").unwrap(),
            wire,
            key: None,
            model: model.into(),
            max_output_tokens: None,
            prices: None,
        };
        let mut before = None;
        for step in 0..4 {
            let prepared = gateway.prepare(&to, &asks(step)).unwrap();
            let sent = prepared.captured();
            assert_eq!(
                sent.protocol_faults(),
                Vec::<String>::new(),
                "{wire} {step}"
            );
            let last = sent.body["messages"].as_array().unwrap().len() - 1;
            let marks = marked(&sent.body);
            assert!(marks.contains(&last), "{wire} {step}: {marks:?}");
            assert!(sent.body.to_string().matches("cache_control").count() <= 4);
            assert!(
                before.is_none_or(|end| marks.contains(&end)),
                "{wire} {step}: {marks:?} lacks {before:?}"
            );
            before = Some(last);
        }
    }
}
