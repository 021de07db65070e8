//! The real local model answers. `cargo xtask test --local-model` builds its
//! program, gets its weights and runs these; elsewhere they say that they were
//! not run.

use std::collections::BTreeMap;
use std::time::Instant;

use atelier_base::WorkspacePath;
use atelier_model::local::BASE_URL;
use atelier_model::{
    Answer, Call, Completion, Delta, Endpoint, Error, Gateway, Message, Prices, Request, Tool,
    ToolChoice, Wire,
};
use atelier_patch::{ParseOptions, parse, plan};
use atelier_tests::{peer_of_real_model, real_model};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// How often generation is measured on each side.
const RUNS: usize = 10;
/// How many tokens a measured answer has.
const TOKENS: u32 = 64;

fn endpoint() -> Endpoint {
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

fn model() -> Option<Gateway> {
    let model = real_model();
    if model.is_none() {
        println!("not run: TEST_LOCAL_MODEL_PROGRAM and TEST_LOCAL_MODEL_WEIGHTS are not set");
    }
    model
}

async fn asked(gateway: &Gateway, to: &Endpoint, request: &Request) -> Call {
    let prepared = gateway.prepare(to, request).unwrap();
    let cancel = CancellationToken::new();
    gateway.stream(prepared, cancel).await.unwrap()
}

async fn filled(gateway: &Gateway, prefix: &str, suffix: &str) -> (Answer, f64) {
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
        tools: vec![Tool {
            name: "read_file".to_owned(),
            description: "Reads a file of the workspace.".to_owned(),
            parameters: json!({
                "type": "object",
                "properties": { "path": { "type": "string" } },
                "required": ["path"],
            }),
        }],
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

#[tokio::test]
async fn its_edit_of_a_whole_file_applies() {
    let Some(gateway) = model() else { return };
    let before = "def count_words(text):\n    return len(text.split())\n\n\nif __name__ == \"__main__\":\n    print(count_words(input()))\n";
    let wish = format!(
        "Here is words.py:\n\n```python\n{before}```\n\nRename the function count_words to count everywhere. Answer with the whole new file and nothing else."
    );
    let request = Request {
        messages: vec![
            Message::user(wish),
            Message::assistant("words.py\n```python\n", Vec::new()),
        ],
        stop: vec!["\n```".to_owned()],
        max_output_tokens: Some(256),
        temperature: Some(0.0),
        ..Request::default()
    };
    let answer = asked(&gateway, &endpoint(), &request)
        .await
        .collect()
        .await
        .unwrap();
    let patch = format!("words.py\n```python\n{}\n```\n", answer.text);
    let path: WorkspacePath = "words.py".parse().unwrap();
    let tree = BTreeMap::from([(path, before.as_bytes().to_vec())]);
    let patch = parse(&patch, &ParseOptions::default()).unwrap();
    let planned = plan(&patch, &tree).unwrap();
    let after = String::from_utf8(planned.files[0].after.clone().unwrap()).unwrap();
    assert_eq!(after, before.replace("count_words", "count"));
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
    let file: String = (0..26)
        .map(|at| format!("def rule_{at}(value, limit):\n    return value + {at} < limit\n\n"))
        .collect::<Vec<_>>()
        .concat();
    let suffix = "\n\n\nprint(total([1, 2]))\n";
    let one = format!("{file}def total(values):\n    return s");
    let (_, cold) = filled(&gateway, &one, suffix).await;
    let (second, warm) = filled(&gateway, &format!("{one}u"), suffix).await;
    let (known, all) = (second.usage.cached_input_tokens, second.usage.input_tokens);
    assert!(known * 10 >= all * 9, "{known} of {all} tokens were known");
    println!(
        "{all} tokens: first {cold:.2} s, second {warm:.2} s, {:.1} times sooner",
        cold / warm
    );
}

#[tokio::test]
async fn the_same_weights_answer_elsewhere() {
    let Some(gateway) = model() else { return };
    let Some(url) = peer_of_real_model() else {
        println!("not run: TEST_LOCAL_MODEL_PEER is not set");
        return;
    };
    let peer = Endpoint {
        name: "Peer".to_owned(),
        base_url: url,
        wire: Wire::OpenAiChat,
        prices: Some(Prices::FREE),
        ..endpoint()
    };
    gateway.check(&peer).await.unwrap();
    let mut ratios = Vec::new();
    for run in 0..=RUNS {
        let ours = speed(&gateway, &endpoint(), run).await;
        let theirs = speed(&gateway, &peer, run).await;
        // The first of each loads and warms up.
        if run > 0 {
            println!(
                "ours {ours:.2} tokens/s, peer {theirs:.2}, ratio {:.2}",
                ours / theirs
            );
            ratios.push(ours / theirs);
        }
    }
    ratios.sort_by(f64::total_cmp);
    let median = f64::midpoint(ratios[RUNS / 2 - 1], ratios[RUNS / 2]);
    println!("median ratio of {RUNS} runs: {median:.2}");
}

/// How many tokens a second come after the first.
async fn speed(gateway: &Gateway, to: &Endpoint, run: usize) -> f64 {
    let request = Request {
        messages: vec![Message::user(format!(
            "Write {} Python functions with long docstrings.",
            run + 20
        ))],
        max_output_tokens: Some(TOKENS),
        temperature: Some(0.0),
        ..Request::default()
    };
    let mut call = asked(gateway, to, &request).await;
    let (mut begun, mut pieces) = (None, 0_u32);
    while let Some(delta) = call.next().await {
        if matches!(delta.unwrap(), Delta::Text(_)) {
            begun.get_or_insert_with(Instant::now);
            pieces += 1;
        }
    }
    assert!(pieces > 1, "it says something");
    f64::from(pieces - 1) / begun.unwrap().elapsed().as_secs_f64()
}
