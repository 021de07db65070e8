//! The real local model answers. `cargo xtask test --local-model` builds its
//! program, gets its weights and runs these; elsewhere they say that they were
//! not run.

use std::time::{Duration, Instant};

use atelier_model::local::{BASE_URL, HelperState};
use atelier_model::{
    Answer, Call, Completion, Delta, Endpoint, Error, Gateway, Message, Request, Tool, ToolChoice,
    Wire,
};
use atelier_tests::{eventually, helpers, real_files, real_model};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// Longer than any test.
const NEVER: Duration = Duration::from_mins(30);

pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        name: "This machine".to_owned(),
        base_url: BASE_URL.parse().unwrap(),
        wire: Wire::Local,
        key: None,
        model: "qwen2.5-coder-1.5b-instruct".to_owned(),
        max_output_tokens: None,
        prices: None,
    }
}

pub(super) fn model() -> Option<Gateway> {
    let model = real_model(NEVER);
    if model.is_none() {
        println!("not run: TEST_LOCAL_MODEL_PROGRAM and TEST_LOCAL_MODEL_WEIGHTS are not set");
    }
    model
}

pub(super) async fn asked(gateway: &Gateway, to: &Endpoint, request: &Request) -> Call {
    let prepared = gateway.prepare(to, request).unwrap();
    let cancel = CancellationToken::new();
    gateway.stream(prepared, cancel).await.unwrap()
}

pub(super) async fn filled(gateway: &Gateway, prefix: &str, suffix: &str) -> (Answer, f64) {
    let asked = Completion {
        prefix: prefix.to_owned(),
        suffix: suffix.to_owned(),
        max_output_tokens: Some(24),
        temperature: Some(0.0),
        ..Completion::default()
    };
    let begun = Instant::now();
    let cancel = CancellationToken::new();
    let mut call = gateway.complete(&endpoint(), &asked, cancel).await.unwrap();
    let mut first = None;
    let mut answer = String::new();
    loop {
        match call.next().await.unwrap().unwrap() {
            Delta::Text(text) => {
                first.get_or_insert_with(|| begun.elapsed().as_secs_f64());
                answer.push_str(&text);
            }
            Delta::Finish { reason } => {
                let Some(Ok(Delta::Usage(usage))) = call.next().await else {
                    panic!("usage comes last");
                };
                let whole = Answer {
                    text: answer,
                    reasoning: String::new(),
                    tool_calls: Vec::new(),
                    carried: Vec::new(),
                    reason,
                    usage,
                };
                return (whole, first.unwrap_or_default());
            }
            other => panic!("{other:?} in a filling"),
        }
    }
}

#[tokio::test]
async fn it_fills_in() {
    let Some(gateway) = model() else { return };
    let suffix = "\n\n\nprint(add(1, 2))\n";
    let (answer, _) = filled(&gateway, "def add(a, b):\n    return ", suffix).await;
    assert_eq!(answer.text.trim(), "a + b");
    assert!(answer.usage.output_tokens > 0 && !answer.usage.estimated);
}

#[tokio::test]
async fn it_calls_a_tool_that_it_must_call() {
    let Some(gateway) = model() else { return };
    let request = Request {
        messages: vec![Message::user("What is in the file src/main.rs?")],
        tools: vec![reading()],
        tool_choice: ToolChoice::Required,
        max_output_tokens: Some(128),
        ..Request::default()
    };
    let answer = asked(&gateway, &endpoint(), &request)
        .await
        .collect()
        .await
        .unwrap();
    let [call] = answer.tool_calls.as_slice() else {
        panic!("one call, not {:?}", answer.tool_calls);
    };
    assert_eq!(call.name, "read_file");
    let arguments: Value = serde_json::from_str(&call.arguments).unwrap();
    assert_eq!(arguments["path"], "src/main.rs");
}

pub(super) fn reading() -> Tool {
    Tool {
        name: "read_file".to_owned(),
        description: "Reads a file of the workspace.".to_owned(),
        parameters: json!({
            "type": "object",
            "properties": { "path": { "type": "string" } },
            "required": ["path"],
        }),
    }
}

#[tokio::test]
async fn it_keeps_to_a_tools_schema_that_refers_to_itself() {
    let Some(gateway) = model() else { return };
    let request = Request {
        messages: vec![Message::user("Delete the files a.txt and b.txt.")],
        tools: vec![
            reading(),
            Tool {
                name: "delete_files".to_owned(),
                description: "Deletes files of the workspace.".to_owned(),
                // As pydantic writes it.
                parameters: json!({
                    "$defs": { "File": {
                        "type": "object",
                        "properties": { "path": { "type": "string" } },
                        "required": ["path"],
                    } },
                    "type": "object",
                    "properties": { "files": {
                        "type": "array",
                        "items": { "$ref": "#/$defs/File" },
                    } },
                    "required": ["files"],
                }),
            },
        ],
        tool_choice: ToolChoice::Tool("delete_files".to_owned()),
        max_output_tokens: Some(128),
        ..Request::default()
    };
    for choice in [request.tool_choice.clone(), ToolChoice::Required] {
        let request = Request {
            tool_choice: choice,
            ..request.clone()
        };
        let call = asked(&gateway, &endpoint(), &request).await;
        let answer = call.collect().await.unwrap();
        let [call] = answer.tool_calls.as_slice() else {
            panic!("one call, not {:?}", answer.tool_calls);
        };
        let arguments: Value = serde_json::from_str(&call.arguments).unwrap();
        assert_eq!(arguments["files"][1]["path"], "b.txt", "{arguments}");
    }
}

#[tokio::test]
async fn it_stops_when_it_is_told_to() {
    let Some(gateway) = model() else { return };
    let request = Request {
        messages: vec![Message::user("Count from 1 to 500, one number a line.")],
        ..Request::default()
    };
    let prepared = gateway.prepare(&endpoint(), &request).unwrap();
    let cancel = CancellationToken::new();
    let mut call = gateway.stream(prepared, cancel.clone()).await.unwrap();
    assert!(matches!(call.next().await, Some(Ok(Delta::Text(_)))));
    cancel.cancel();
    assert!(matches!(call.next().await, Some(Err(Error::Cancelled))));
    drop(call);
    // The next question waits for one token at most.
    let begun = Instant::now();
    let (answer, _) = filled(&gateway, "x = [1, 2, ", "]\n").await;
    assert!(!answer.text.is_empty());
    println!(
        "the next answer came after {:.2} s",
        begun.elapsed().as_secs_f64()
    );
}

#[tokio::test]
async fn it_remembers_the_file_that_is_being_written() {
    let Some(gateway) = model() else { return };
    // Load it before anything is timed.
    filled(&gateway, "a = ", "\n").await;
    let (first, second) = twice(&gateway, "rule").await;
    let (known, all) = (
        second.0.usage.cached_input_tokens,
        second.0.usage.input_tokens,
    );
    assert!(known * 10 >= all * 9, "{known} of {all} tokens were known");
    assert_eq!(first.0.usage.cached_input_tokens, 0);
}

/// Fills in twice in a prompt of 480 tokens, the second time after one more
/// key; the answers, and after how many seconds they begin.
pub(super) async fn twice(gateway: &Gateway, name: &str) -> ((Answer, f64), (Answer, f64)) {
    let file: String = (0..25)
        .map(|at| format!("def {name}_{at}(value, limit):\n    return value + {at} < limit\n\n"))
        .collect::<Vec<_>>()
        .concat();
    let suffix = "\n\n\nprint(total([1, 2]))\n";
    let one = format!("{file}def total(values):\n    # All of them.\n    return s");
    let first = filled(gateway, &one, suffix).await;
    let second = filled(gateway, &format!("{one}u"), suffix).await;
    (first, second)
}

#[tokio::test]
async fn it_is_unloaded_when_nobody_asks() {
    let Some(gateway) = real_model(Duration::from_secs(1)) else {
        return;
    };
    let (_, weights) = real_files().unwrap();
    let folder = weights.parent().unwrap();
    for _ in 0..2 {
        let (answer, _) = filled(&gateway, "x = [1, 2, ", "]\n").await;
        assert!(!answer.text.is_empty());
        assert_eq!(helpers(folder).len(), 1);
        eventually("it to be unloaded", || helpers(folder).is_empty()).await;
        let state = gateway.local().unwrap().state();
        assert_eq!((state.helper, state.fall), (HelperState::Ready, None));
    }
}
