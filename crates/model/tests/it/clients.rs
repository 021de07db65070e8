//! The providers' own clients, as their registries have them, against the
//! fake: what they read of each script must be what we read of it.
//!
//! `cargo xtask test` installs the clients and says where in `TEST_CLIENTS`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use atelier_base::Secret;
use atelier_model::fake::{ErrorStep, FakeModel, Form, Script, Speech, Step, Turn, UsageStep};
use atelier_model::{Delta, Endpoint, Error, FinishReason, Gateway, GatewayOptions};
use atelier_model::{Message, Request, Tool, Wire};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use url::Url;

const KEY: &str = "sk-test-0123456789";
const WORDS: &str = "Grüße, 世界 😀\n```rust\nfn main() {}\n```";

/// A client: the program, its script and what it speaks.
struct Client {
    program: fn(&Path) -> PathBuf,
    script: &'static str,
    /// The wires, each with the client's word for it.
    wires: &'static [(Wire, &'static str)],
}

/// A script, and whether an answer in one document is the same.
struct Case {
    name: &'static str,
    steps: Vec<Step>,
    form: Form,
    whole_too: bool,
}

#[tokio::test]
async fn openai_for_python_reads_what_we_read() {
    compare(&Client {
        program: |clients| clients.join("python/bin/python"),
        script: "read_openai.py",
        wires: &[
            (Wire::OpenAiChat, "chat"),
            (Wire::OpenAiResponses, "responses"),
        ],
    })
    .await;
}

#[tokio::test]
async fn openai_for_javascript_reads_what_we_read() {
    compare(&Client {
        program: |_| "node".into(),
        script: "read_openai.mjs",
        wires: &[
            (Wire::OpenAiChat, "chat"),
            (Wire::OpenAiResponses, "responses"),
        ],
    })
    .await;
}

#[tokio::test]
async fn anthropic_for_python_reads_what_we_read() {
    compare(&Client {
        program: |clients| clients.join("python/bin/python"),
        script: "read_anthropic.py",
        wires: &[(Wire::Anthropic, "messages")],
    })
    .await;
}

async fn compare(client: &Client) {
    let Some(clients) = clients() else {
        return;
    };
    let fake = FakeModel::local(Script::default().with_key(KEY))
        .await
        .unwrap();
    for (wire, api) in client.wires {
        let cases = cases();
        let mut asked = Vec::new();
        for case in &cases {
            for stream in [true, false] {
                if stream || case.whole_too {
                    asked.push((case, stream));
                }
            }
        }
        let mut questions = Vec::new();
        for (case, stream) in &asked {
            fake.push(Turn::of(case.steps.clone()).written(case.form));
            questions.push(json!({"name": case.name, "api": api, "stream": stream,
                "prompt": "hi", "tools": [tool_json("read"), tool_json("list")]}));
        }
        let read = ask((client, &clients), &fake, *wire, &json!(questions)).await;
        assert_eq!(read.len(), asked.len(), "{wire}");
        for ((case, stream), theirs) in asked.iter().zip(&read) {
            fake.push(Turn::of(case.steps.clone()).written(case.form));
            let ours = ours(&fake, *wire).await;
            let shown = format!("{} {wire}, {}, stream: {stream}", client.script, case.name);
            same(&ours, theirs, &shown);
        }
    }
    let left = fake.unexpected();
    assert_eq!(left, Vec::<String>::new());
}

fn cases() -> Vec<Case> {
    let case = |name, steps| Case {
        name,
        steps,
        form: Form::default(),
        whole_too: true,
    };
    let usage = UsageStep {
        input: 2_006,
        cached: 1_920,
        output: 300,
        reasoning: 64,
        ..UsageStep::default()
    };
    let words = || {
        Step::Text(Speech {
            text: WORDS.into(),
            chunk: 3,
            delay_ms: 0,
        })
    };
    let broken = |name, end| Case {
        whole_too: false,
        ..case(name, vec![Step::text("Half an"), end])
    };
    let refused = |status, retry_after| {
        Step::Error(ErrorStep {
            status,
            retry_after,
            ..ErrorStep::default()
        })
    };
    let odd = Form {
        crlf: true,
        keep_alive: true,
        cut_bytes: Some(1),
    };
    vec![
        case("text", vec![words(), Step::Usage(usage)]),
        Case {
            form: odd,
            ..case("text in an odd form", vec![words(), Step::Usage(usage)])
        },
        case(
            "thinking",
            vec![Step::reasoning("Hm, 世界."), Step::text("So.")],
        ),
        case(
            "parallel tool calls",
            vec![
                Step::text("Both:"),
                Step::tool_call("read", json!({"path": "ä 😀.py"})),
                Step::tool_call("list", json!({})),
                Step::tool_call("read", json!({"n": [1]})),
            ],
        ),
        case("refusal", vec![Step::refusal("I can't help with that.")]),
        case(
            "length",
            vec![Step::text("Half an"), Step::Finish("length".into())],
        ),
        broken("error in the middle", Step::Error(ErrorStep::default())),
        broken("cut", Step::Cut),
        case("rate limit", vec![refused(429, Some(1))]),
        case("overloaded", vec![refused(503, None)]),
        case("bad request", vec![refused(400, None)]),
    ]
}

fn tool_json(name: &str) -> Value {
    json!({"name": name, "description": "Does it.",
        "parameters": {"type": "object", "properties": {"path": {"type": "string"}}}})
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

/// Lets the client ask, and returns what it read.
async fn ask(
    (client, clients): (&Client, &Path),
    fake: &FakeModel,
    wire: Wire,
    questions: &Value,
) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    // Anthropic's client adds the version of the interface itself.
    let url = fake.url();
    let url = match wire {
        Wire::Anthropic => url.trim_end_matches("/v1").to_owned(),
        _ => url,
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "the clients are programs of other languages"
    )]
    let mut command = Command::new((client.program)(clients));
    command.arg(script.join(client.script)).args([&url, KEY]);
    command
        .arg(clients)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let input = questions.to_string();
    // On another thread, so that the fake can answer on this one.
    let run = move || {
        let mut child = command.spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    assert!(output.status.success(), "{}", client.script);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Asks by the gateway, and returns what we read in the client's form.
async fn ours(fake: &FakeModel, wire: Wire) -> Value {
    let gateway = Gateway::new(GatewayOptions::default()).unwrap();
    let endpoint = Endpoint {
        name: "Fake".into(),
        base_url: Url::parse(&fake.url()).unwrap(),
        wire,
        key: Some(Secret::new(KEY.to_owned())),
        model: "fake-model".into(),
        max_output_tokens: Some(1_000),
        prices: None,
    };
    let tool = |name: &str| Tool {
        name: name.into(),
        description: "Does it.".into(),
        parameters: tool_json(name)["parameters"].clone(),
    };
    let request = Request {
        messages: vec![Message::user("hi")],
        tools: vec![tool("read"), tool("list")],
        ..Request::default()
    };
    let mut seen = json!({"text": "", "reasoning": "", "calls": [], "finish": null});
    let prepared = gateway.prepare(&endpoint, &request).unwrap();
    let mut call = match gateway.stream(prepared, CancellationToken::new()).await {
        Ok(call) => call,
        Err(error) => {
            seen["error"] = word(&error).into();
            return seen;
        }
    };
    while let Some(delta) = call.next().await {
        match delta {
            Ok(delta) => add(&mut seen, delta),
            Err(error) => seen["error"] = word(&error).into(),
        }
    }
    seen
}

fn add(seen: &mut Value, delta: Delta) {
    let grow = |field: &mut Value, piece: &str| {
        *field = format!("{}{piece}", field.as_str().unwrap()).into();
    };
    match delta {
        Delta::Text(piece) => grow(&mut seen["text"], &piece),
        Delta::Reasoning(piece) => grow(&mut seen["reasoning"], &piece),
        Delta::ToolCall(call) => {
            let arguments: Value = serde_json::from_str(&call.arguments).unwrap();
            let calls = seen["calls"].as_array_mut().unwrap();
            calls.push(json!([call.id, call.name, arguments]));
        }
        Delta::Finish { reason } => {
            seen["finish"] = match reason {
                FinishReason::Stop => "stop".into(),
                FinishReason::Length => "length".into(),
                FinishReason::ToolCalls => "tool_calls".into(),
                FinishReason::Refusal => "refusal".into(),
                FinishReason::ContentFilter => "content_filter".into(),
                FinishReason::Other(word) => word.into(),
            };
        }
        Delta::Usage(usage) => {
            seen["usage"] = json!({"input": usage.input_tokens,
                "cached": usage.cached_input_tokens, "output": usage.output_tokens,
                "reasoning": usage.reasoning_tokens});
        }
        Delta::ToolCallPart(_) | Delta::Carried(_) => {}
    }
}

/// Says an error in the words of the clients' scripts.
fn word(error: &Error) -> &'static str {
    match error {
        Error::RateLimited { .. } => "rate_limited",
        Error::Overloaded { .. } => "overloaded",
        Error::BadRequest { .. } => "bad_request",
        Error::Unauthorized { .. } => "key_refused",
        Error::Cut { .. } => "cut",
        _ => "failed",
    }
}

fn same(ours: &Value, theirs: &Value, shown: &str) {
    for field in ["text", "reasoning", "finish"] {
        assert_eq!(theirs[field], ours[field], "{shown}: {theirs} {ours}");
    }
    // In mid-stream they have one error for all that a provider reports.
    let alike = theirs["error"] == "failed" && ours["error"] == "overloaded";
    if !alike {
        assert_eq!(theirs["error"], ours["error"], "{shown}: {theirs} {ours}");
    }
    let calls = theirs["calls"].as_array().unwrap().iter().map(|call| {
        let arguments = match &call[2] {
            Value::String(text) => serde_json::from_str(text).unwrap(),
            object => object.clone(),
        };
        json!([call[0], call[1], arguments])
    });
    if ours.get("error").is_none() {
        // Their made-up ids have the number of the request.
        let bare = |call: Value| json!([call[1], call[2]]);
        let calls: Vec<Value> = calls.map(bare).collect();
        let expected = ours["calls"].as_array().unwrap().iter().cloned();
        let expected: Vec<Value> = expected.map(bare).collect();
        assert_eq!(calls, expected, "{shown}");
        let counts = theirs["usage"].as_object().unwrap();
        assert!(!counts.is_empty(), "{shown}");
        for (kind, count) in counts {
            assert_eq!(*count, ours["usage"][kind], "{shown}: {kind}");
        }
    }
}
