use std::collections::VecDeque;
use std::io;
use std::path::Path;

use futures_util::FutureExt as _;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream};
use tokio::sync::mpsc;

use super::weights::pin_of;
use super::*;
use crate::{
    Call, Delta, Endpoint, FinishReason, Gateway, GatewayOptions, Message, Prepared, Tool,
    ToolChoice, Wire,
};

/// What the scripted helper does with one order.
#[derive(Clone, Debug)]
enum Act {
    /// Says events about the question; `ID` stands for its number.
    Say(&'static [&'static str]),
    /// Says events and then closes its output, as a crash does.
    Crash(&'static [&'static str]),
}

const IDLE: Duration = Duration::from_mins(5);
const READY: &str = r#"{"type":"ready","version":2,"contextTokens":8192}"#;
const TEXT: &str = r#"{"type":"text","id":ID,"text":"to ID"}"#;
const DONE: &str = r#"{"type":"done","id":ID,"reason":"stop","tokens":2}"#;

/// What is said first, by start.
type First = Arc<parking_lot::Mutex<VecDeque<&'static str>>>;

/// A helper in this process, which acts after a script.
#[derive(Debug)]
struct Scripted {
    /// What it says when it starts; each start takes one.
    first: First,
    acts: Arc<Mutex<VecDeque<Act>>>,
    orders: mpsc::UnboundedSender<Value>,
    ended: mpsc::UnboundedSender<()>,
    tasks: TaskTracker,
    there: bool,
}

/// Tells that the process would have been ended.
struct Ends(mpsc::UnboundedSender<()>);

impl Drop for Ends {
    fn drop(&mut self) {
        // The test may be over.
        let _ = self.0.send(());
    }
}

impl Machine for Scripted {
    fn start(&self, weights: &Path) -> io::Result<Started> {
        assert!(weights.is_file());
        let first = self.first.lock().pop_front().expect("it may start again");
        let (input, orders) = tokio::io::duplex(1 << 20);
        let (said, output) = tokio::io::duplex(1 << 20);
        let acts = Arc::clone(&self.acts);
        let seen = self.orders.clone();
        let acting = self.tasks.spawn(act(first, orders, said, acts, seen));
        Ok(Started {
            input: Box::new(input),
            output: Box::new(output),
            ended: {
                let ends = Ends(self.ended.clone());
                let ended = acting.map(|_| "it was ended by signal 11".to_owned());
                ended.inspect(move |_| drop(ends)).boxed()
            },
        })
    }

    fn is_there(&self) -> bool {
        self.there
    }

    fn free_bytes(&self, _folder: &Path) -> Option<u64> {
        Some(1 << 20)
    }
}

async fn act(
    first: &'static str,
    orders: DuplexStream,
    mut said: DuplexStream,
    acts: Arc<Mutex<VecDeque<Act>>>,
    seen: mpsc::UnboundedSender<Value>,
) {
    if first.is_empty() {
        return;
    }
    said.write_all(format!("{first}\n").as_bytes())
        .await
        .unwrap();
    let mut lines = BufReader::new(orders).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let order: Value = serde_json::from_str(&line).unwrap();
        seen.send(order.clone()).unwrap();
        if order["type"] == "cancel" {
            continue;
        }
        let (events, crash) = match acts.lock().await.pop_front().expect("a question") {
            Act::Say(events) => (events, false),
            Act::Crash(events) => (events, true),
        };
        for event in events {
            let event = event.replace("ID", &order["id"].to_string());
            said.write_all(format!("{event}\n").as_bytes())
                .await
                .unwrap();
        }
        if crash {
            return;
        }
    }
}

struct Stage {
    gateway: Gateway,
    first: First,
    orders: mpsc::UnboundedReceiver<Value>,
    ended: mpsc::UnboundedReceiver<()>,
    _folder: tempfile::TempDir,
}

impl Stage {
    fn new(first: &[&'static str], acts: &[Act]) -> Self {
        Self::with(first, acts, true, true, IDLE)
    }

    fn with(
        first: &[&'static str],
        acts: &[Act],
        there: bool,
        weights: bool,
        idle: Duration,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        if weights {
            std::fs::write(folder.path().join("small.gguf"), b"weights").unwrap();
        }
        let (sender, orders) = mpsc::unbounded_channel();
        let (end, ended) = mpsc::unbounded_channel();
        let first: First = Arc::new(parking_lot::Mutex::new(first.iter().copied().collect()));
        let local = LocalModel::new(LocalOptions {
            weights: Weights::new(folder.path(), pin_of(b"weights")),
            machine: Arc::new(Scripted {
                first: Arc::clone(&first),
                acts: Arc::new(Mutex::new(acts.iter().cloned().collect())),
                orders: sender,
                ended: end,
                tasks: TaskTracker::new(),
                there,
            }),
            source: None,
            context_tokens: 8_192,
            idle,
        });
        let gateway = Gateway::new(GatewayOptions {
            local: Some(local),
            ..GatewayOptions::default()
        });
        Self {
            gateway: gateway.unwrap(),
            first,
            orders,
            ended,
            _folder: folder,
        }
    }

    fn helper(&self) -> HelperState {
        self.gateway.local().unwrap().state().helper
    }

    fn prepare(&self, request: &Request) -> Result<Prepared> {
        let endpoint = Endpoint {
            name: "This machine".to_owned(),
            base_url: BASE_URL.parse().unwrap(),
            wire: Wire::Local,
            key: None,
            model: "small".to_owned(),
            max_output_tokens: None,
            prices: None,
        };
        self.gateway.prepare(&endpoint, request)
    }

    async fn ask(&self, request: Request) -> Result<Call> {
        let prepared = self.prepare(&request)?;
        self.gateway
            .stream(prepared, CancellationToken::new())
            .await
    }

    async fn fails(&self) -> String {
        self.ask(hello()).await.unwrap_err().to_string()
    }
}

fn hello() -> Request {
    Request {
        messages: vec![Message::user("Hello")],
        ..Request::default()
    }
}

#[tokio::test]
async fn an_answer_comes_through_the_gateway() {
    let mut stage = Stage::new(
        &[READY],
        &[Act::Say(&[
            r#"{"type":"read","id":ID,"tokens":12,"cachedTokens":4}"#,
            r#"{"type":"text","id":ID,"text":"Hi "}"#,
            r#"{"type":"text","id":ID,"text":"you."}"#,
            DONE,
        ])],
    );
    assert_eq!(stage.helper(), HelperState::Ready);
    let prepared = stage.prepare(&hello()).unwrap();
    let body: Value = serde_json::from_slice(prepared.body()).unwrap();
    let call = stage.ask(hello()).await.unwrap();
    let answer = call.collect().await.unwrap();
    assert_eq!(
        (answer.text.as_str(), answer.reason),
        ("Hi you.", FinishReason::Stop)
    );
    assert_eq!(answer.usage.input_tokens, 12);
    assert_eq!(answer.usage.cached_input_tokens, 4);
    assert!(!answer.usage.estimated);
    let order = stage.orders.recv().await.unwrap();
    assert_eq!(order["ask"], body, "what was stored is what was asked");
    assert_eq!(stage.helper(), HelperState::Loaded);
}

#[tokio::test]
async fn a_forced_call_is_read_as_one() {
    let stage = Stage::new(
        &[READY],
        &[Act::Say(&[
            r#"{"type":"text","id":ID,"text":"{\"name\": \"read\", "}"#,
            r#"{"type":"text","id":ID,"text":"\"arguments\": {\"path\": \"a\"}}"}"#,
            DONE,
        ])],
    );
    let request = Request {
        tools: vec![Tool {
            name: "read".to_owned(),
            description: String::new(),
            parameters: json!({"type": "object"}),
        }],
        tool_choice: ToolChoice::Required,
        ..hello()
    };
    let answer = stage.ask(request).await.unwrap().collect().await.unwrap();
    assert_eq!(
        (answer.text.as_str(), answer.reason),
        ("", FinishReason::ToolCalls)
    );
    assert_eq!(answer.tool_calls[0].arguments, r#"{"path":"a"}"#);
}

#[tokio::test]
async fn answers_are_told_apart() {
    let stage = Stage::new(
        &[READY],
        &[Act::Say(&[TEXT, DONE]), Act::Say(&[TEXT, DONE])],
    );
    let (one, two) = tokio::join!(stage.ask(hello()), stage.ask(hello()));
    let (one, two) = tokio::join!(one.unwrap().collect(), two.unwrap().collect());
    let mut texts = [one.unwrap().text, two.unwrap().text];
    texts.sort();
    assert_eq!(texts, ["to 1", "to 2"]);
}

#[tokio::test]
async fn an_answer_that_nobody_wants_is_cancelled() {
    let mut stage = Stage::new(
        &[READY],
        &[Act::Say(&[r#"{"type":"text","id":ID,"text":"Well"}"#])],
    );
    let mut call = stage.ask(hello()).await.unwrap();
    assert_eq!(
        call.next().await.unwrap().unwrap(),
        Delta::Text("Well".to_owned())
    );
    drop(call);
    assert_eq!(stage.orders.recv().await.unwrap()["type"], "ask");
    assert_eq!(
        stage.orders.recv().await.unwrap(),
        json!({"type": "cancel", "id": 1})
    );
}

#[tokio::test]
async fn a_crash_is_an_error_and_a_new_start() {
    let stage = Stage::new(
        &[READY, READY],
        &[Act::Crash(&[TEXT]), Act::Say(&[TEXT, DONE])],
    );
    let error = stage.ask(hello()).await.unwrap().collect().await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("signal 11"), "{error}");
    assert!(error.contains("starts again"), "{error}");
    assert_eq!(stage.helper(), HelperState::Ready);
    let answer = stage.ask(hello()).await.unwrap().collect().await;
    assert_eq!(answer.unwrap().text, "to 1");
}

/// A helper that ends while it loads.
const GONE: &str = "";

#[tokio::test]
async fn one_that_never_stands_is_left_alone_and_says_why() {
    let stage = Stage::new(&[GONE; 10], &[]);
    for _ in 0..1_000 {
        let error = stage.ask(hello()).await.unwrap_err();
        assert_eq!(error.code(), "model_local_fell");
        assert!(error.to_string().contains("ended"), "{error}");
    }
    // Two, one more for the first second, and one for the two after it: a
    // minute of asking would be nine.
    let starts = 10 - stage.first.lock().len();
    assert!(starts < 8, "{starts}");
    let state = stage.gateway.local().unwrap().state();
    assert!(state.fall.unwrap().contains("ended"));
    assert_eq!(state.helper, HelperState::Ready);
}

#[tokio::test]
async fn an_answer_makes_falls_good() {
    let whole = Act::Say(&[TEXT, DONE]);
    let fall = Act::Crash(&[TEXT]);
    let acts = [fall.clone(), whole.clone(), fall, whole];
    let stage = Stage::new(&[READY; 3], &acts);
    for falls in [true, false, true, false] {
        let answer = stage.ask(hello()).await.unwrap().collect().await;
        assert_eq!(answer.is_err(), falls, "{answer:?}");
        let state = stage.gateway.local().unwrap().state();
        assert_eq!(state.fall.is_some(), falls);
    }
}

#[tokio::test]
async fn what_began_to_load_is_loaded_though_nobody_waits() {
    let stage = Stage::new(&[READY], &[Act::Say(&[TEXT, DONE])]);
    assert!(stage.ask(hello()).now_or_never().is_none(), "it loads");
    // A second start would find no script and panic.
    let answer = stage.ask(hello()).await.unwrap().collect().await;
    assert_eq!(answer.unwrap().text, "to 1");
}

#[tokio::test]
async fn what_cannot_fit_is_refused_before_it_is_asked() {
    let stage = Stage::new(&[], &[]);
    let request = Request {
        messages: vec![Message::user("a".repeat(5 << 20))],
        ..Request::default()
    };
    let error = stage.ask(request).await.unwrap_err();
    assert!(matches!(error, Error::ContextTooLong { .. }), "{error:?}");
}

#[tokio::test]
async fn it_is_unloaded_when_it_is_not_used() {
    let act = Act::Say(&[DONE]);
    let soon = Duration::from_millis(20);
    let mut stage = Stage::with(&[READY, READY], &[act.clone(), act], true, true, soon);
    stage.ask(hello()).await.unwrap().collect().await.unwrap();
    stage.ended.recv().await.unwrap();
    assert_eq!(stage.helper(), HelperState::Ready);
    stage.ask(hello()).await.unwrap().collect().await.unwrap();
}

#[tokio::test]
async fn what_is_missing_is_said() {
    let error = Stage::with(&[], &[], false, true, IDLE).fails().await;
    assert!(error.contains("not built"), "{error}");
    let error = Stage::with(&[], &[], true, false, IDLE).fails().await;
    assert!(error.contains("weights are not on this machine"), "{error}");
    let broken = r#"{"type":"failed","code":"broken","message":"there is too little memory"}"#;
    let error = Stage::new(&[broken], &[]).fails().await;
    assert!(error.contains("too little memory"), "{error}");
    let old = r#"{"type":"ready","version":0,"contextTokens":1}"#;
    let error = Stage::new(&[old], &[]).fails().await;
    assert!(error.contains("another version"), "{error}");
}

#[tokio::test]
async fn a_question_that_is_too_long_is_told_as_such() {
    let stage = Stage::new(
        &[READY],
        &[Act::Say(&[
            r#"{"type":"failed","id":ID,"code":"tooLong","message":"9 tokens"}"#,
        ])],
    );
    let error = stage.ask(hello()).await.unwrap().collect().await;
    assert!(
        matches!(error, Err(Error::ContextTooLong { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn what_the_disk_cannot_hold_is_not_fetched() {
    let stage = Stage::with(&[], &[], true, false, IDLE);
    let local = stage.gateway.local().unwrap();
    let cancel = CancellationToken::new();
    let url = "http://127.0.0.1:1/".parse().unwrap();
    let error = local.pull(Some(url), &|_| {}, &cancel).await.unwrap_err();
    assert!(error.to_string().contains("1 MiB free"), "{error}");
    let state = local.state();
    assert_eq!(state.weights, WeightsState::Absent(0));
}
