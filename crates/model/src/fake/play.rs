//! Turns a turn of the script into bytes of the wire format.

use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use serde_json::{Value, json};

use super::captured::{Captured, text_of};
use super::script::{ErrorStep, Speech, Step, ToolCallStep, Turn, UsageStep};

/// The time in every answer: 2026-01-01, so that answers are the same each run.
const CREATED: u64 = 1_767_225_600;
/// How many characters make a token.
const CHARS_PER_TOKEN: u64 = 4;

/// How a request is answered.
#[derive(Debug)]
pub(super) struct Reply {
    /// How long the whole response is held back.
    pub(super) wait: Duration,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// The connection is dropped without a response.
    Drop,
    /// One whole body.
    Whole {
        status: StatusCode,
        retry_after: Option<u64>,
        body: Bytes,
    },
    /// A stream of events.
    Stream(Vec<Action>),
}

/// One thing a stream does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Wait(Duration),
    Send(Bytes),
    Abort,
}

/// Plays a turn for a request; `number` counts requests and makes ids unique.
pub(super) fn play(turn: &Turn, request: &Captured, number: usize) -> Reply {
    let stall = match turn.steps.first() {
        Some(Step::Stall(ms)) => Some(Duration::from_millis(*ms)),
        _ => None,
    };
    let steps = &turn.steps[usize::from(stall.is_some())..];
    let silent = |step: &&Step| !matches!(step, Step::Usage(_) | Step::NoUsage);
    let kind = match steps.iter().find(silent) {
        Some(Step::Error(error)) => refuse(error),
        Some(Step::Cut) => Kind::Drop,
        _ if request.body["stream"] == true => {
            Kind::Stream(Player::new(request, number).run(steps))
        }
        _ => whole(steps, request, number),
    };
    let wait = stall.unwrap_or_default();
    Reply { wait, kind }
}

/// Answers with an error object.
pub(super) fn refuse(error: &ErrorStep) -> Kind {
    let json = || error_body(error).to_string();
    Kind::Whole {
        status: StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        retry_after: error.retry_after,
        body: error.body.clone().unwrap_or_else(json).into(),
    }
}

fn error_body(error: &ErrorStep) -> Value {
    json!({"error": {
        "message": error.message, "type": "fake_error", "param": null, "code": error.code}})
}

/// Writes the events of one answer.
struct Player {
    number: usize,
    model: Value,
    wants_usage: bool,
    tool_calls: usize,
    actions: Vec<Action>,
    tally: Tally,
}

impl Player {
    fn new(request: &Captured, number: usize) -> Self {
        Self {
            number,
            model: request.body["model"].clone(),
            wants_usage: request.body["stream_options"]["include_usage"] == true,
            tool_calls: 0,
            actions: Vec::new(),
            tally: Tally::new(&request.body),
        }
    }

    fn run(mut self, steps: &[Step]) -> Vec<Action> {
        self.delta(json!({"role": "assistant", "content": ""}));
        let mut reason = None;
        for step in steps {
            match step {
                Step::Text(speech) => self.speak(speech, "content"),
                Step::Reasoning(speech) => self.speak(speech, "reasoning_content"),
                Step::ToolCall(call) => self.call(call),
                Step::Usage(usage) => self.tally.report(*usage),
                Step::NoUsage => self.wants_usage = false,
                Step::Stall(ms) => self.wait(*ms),
                Step::Raw(text) => self.actions.push(Action::Send(text.clone().into())),
                Step::Finish(word) => reason = Some(word.clone()),
                Step::Error(error) => {
                    self.event(&error_body(error));
                    return self.actions;
                }
                Step::Cut => {
                    self.actions.push(Action::Abort);
                    return self.actions;
                }
                Step::End => return self.actions,
            }
        }
        self.finish(reason);
        self.actions
    }

    fn speak(&mut self, speech: &Speech, field: &str) {
        self.tally.output(&speech.text);
        for piece in pieces(&speech.text, speech.chunk) {
            self.wait(speech.delay_ms);
            self.delta(json!({ field: piece }));
        }
    }

    fn call(&mut self, step: &ToolCallStep) {
        let call = wire_call(step, self.number, self.tool_calls);
        let index = self.tool_calls;
        self.tool_calls += 1;
        self.tally.output(&arguments(step));
        let function = json!({"name": step.name, "arguments": ""});
        let head =
            json!({"index": index, "id": call["id"], "type": "function", "function": function});
        self.delta(json!({"tool_calls": [head]}));
        for piece in pieces(&arguments(step), step.chunk) {
            let part = json!({"index": index, "function": {"arguments": piece}});
            self.delta(json!({"tool_calls": [part]}));
        }
    }

    fn finish(&mut self, reason: Option<String>) {
        let reason = reason.unwrap_or_else(|| default_reason(self.tool_calls).to_owned());
        self.choices(
            json!([{"index": 0, "delta": {}, "finish_reason": reason}]),
            Value::Null,
        );
        if self.wants_usage {
            let usage = self.tally.to_json();
            self.choices(json!([]), usage);
        }
        self.actions.push(Action::Send("data: [DONE]\n\n".into()));
    }

    fn delta(&mut self, delta: Value) {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": null});
        self.choices(json!([choice]), Value::Null);
    }

    fn choices(&mut self, choices: Value, usage: Value) {
        let mut chunk = json!({
            "id": completion_id(self.number), "object": "chat.completion.chunk",
            "created": CREATED, "model": self.model, "choices": choices});
        if self.wants_usage {
            chunk["usage"] = usage;
        }
        self.event(&chunk);
    }

    fn event(&mut self, data: &Value) {
        let event = format!("data: {data}\n\n");
        self.actions.push(Action::Send(event.into()));
    }

    fn wait(&mut self, ms: u64) {
        if ms > 0 {
            self.actions.push(Action::Wait(Duration::from_millis(ms)));
        }
    }
}

/// Answers a request that doesn't stream. An error anywhere is a refusal, and
/// waiting is left out.
fn whole(steps: &[Step], request: &Captured, number: usize) -> Kind {
    let mut tally = Tally::new(&request.body);
    let (mut text, mut thought, mut calls) = (String::new(), String::new(), Vec::new());
    let mut reason = None;
    for step in steps {
        match step {
            Step::Text(speech) => text.push_str(&speech.text),
            Step::Reasoning(speech) => thought.push_str(&speech.text),
            Step::ToolCall(call) => {
                tally.output(&arguments(call));
                calls.push(wire_call(call, number, calls.len()));
            }
            Step::Usage(usage) => tally.report(*usage),
            Step::Finish(word) => reason = Some(word.clone()),
            Step::Error(error) => return refuse(error),
            Step::Cut | Step::End => return Kind::Drop,
            Step::NoUsage | Step::Stall(_) | Step::Raw(_) => {}
        }
    }
    tally.output(&text);
    tally.output(&thought);
    let reason = reason.unwrap_or_else(|| default_reason(calls.len()).to_owned());
    let mut message = json!({"role": "assistant", "content": text});
    if !thought.is_empty() {
        message["reasoning_content"] = thought.into();
    }
    if !calls.is_empty() {
        message["tool_calls"] = calls.into();
    }
    let mut body = json!({
        "id": completion_id(number), "object": "chat.completion", "created": CREATED,
        "model": request.body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": reason}]});
    if !steps.contains(&Step::NoUsage) {
        body["usage"] = tally.to_json();
    }
    Kind::Whole {
        status: StatusCode::OK,
        retry_after: None,
        body: body.to_string().into(),
    }
}

fn wire_call(step: &ToolCallStep, number: usize, index: usize) -> Value {
    let made_up = || format!("call_{number}_{index}");
    json!({
        "id": step.id.clone().unwrap_or_else(made_up), "type": "function",
        "function": {"name": step.name, "arguments": arguments(step)}})
}

fn arguments(step: &ToolCallStep) -> String {
    match &step.arguments {
        Value::String(text) => text.clone(),
        Value::Null => "{}".to_owned(),
        other => other.to_string(),
    }
}

const fn default_reason(tool_calls: usize) -> &'static str {
    if tool_calls > 0 { "tool_calls" } else { "stop" }
}

fn completion_id(number: usize) -> String {
    format!("chatcmpl-fake-{number}")
}

/// Cuts a text into pieces of so many characters.
fn pieces(text: &str, chars: usize) -> Vec<String> {
    let all: Vec<char> = text.chars().collect();
    all.chunks(chars.max(1))
        .map(|piece| piece.iter().collect())
        .collect()
}

/// Counts tokens, or repeats what the script says.
struct Tally {
    input_chars: u64,
    output_chars: u64,
    said: Option<UsageStep>,
}

impl Tally {
    fn new(body: &Value) -> Self {
        let messages = body["messages"].as_array().into_iter().flatten();
        let input_chars = messages.map(|m| chars(&text_of(&m["content"]))).sum();
        Self {
            input_chars,
            output_chars: 0,
            said: None,
        }
    }

    fn output(&mut self, text: &str) {
        self.output_chars += chars(text);
    }

    const fn report(&mut self, usage: UsageStep) {
        self.said = Some(usage);
    }

    fn to_json(&self) -> Value {
        let usage = self.said.unwrap_or(UsageStep {
            input: self.input_chars.div_ceil(CHARS_PER_TOKEN),
            output: self.output_chars.div_ceil(CHARS_PER_TOKEN),
            ..UsageStep::default()
        });
        json!({
            "prompt_tokens": usage.input,
            "completion_tokens": usage.output,
            "total_tokens": usage.input + usage.output,
            "prompt_tokens_details": {"cached_tokens": usage.cached},
            "completion_tokens_details": {"reasoning_tokens": usage.reasoning}})
    }
}

fn chars(text: &str) -> u64 {
    u64::try_from(text.chars().count()).unwrap_or(u64::MAX)
}
