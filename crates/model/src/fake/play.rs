//! Turns a turn of the script into bytes of a wire format.
//!
//! [`Player`] does what the steps say; a [`Voice`] for each wire says it.

use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use serde_json::Value;

use super::captured::Captured;
use super::refusal::hides_thought;
use super::script::{ErrorStep, Form, Speech, Step, ToolCallStep, Turn, UsageStep};
use crate::wire::Wire;

mod anthropic;
mod chat;
mod completions;
mod gemini;
mod responses;
mod signature;
mod tally;

use tally::Tally;

pub(super) use signature::is_ours;
#[cfg(test)]
pub(super) use signature::sign;

/// The time in every answer: 2026-01-01, so that answers are the same each run.
const CREATED: u64 = 1_767_225_600;

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

/// How a wire says what a script tells. Each word adds whole events.
trait Voice {
    /// Begins an answer; the usage is what is known of it so far.
    fn begin(&mut self, usage: Option<UsageStep>, out: &mut Vec<String>);
    /// Says a piece of text; `refusal` when it declines.
    fn text(&mut self, piece: &str, refusal: bool, out: &mut Vec<String>);
    /// Thinks a piece.
    fn thought(&mut self, piece: &str, out: &mut Vec<String>);
    /// Calls a tool, its arguments in pieces.
    fn call(&mut self, call: &Called, out: &mut Vec<String>);
    /// Fails in the middle.
    fn error(&mut self, error: &ErrorStep, out: &mut Vec<String>);
    /// Ends an answer.
    fn finish(&mut self, end: &End<'_>, out: &mut Vec<String>);
    /// Writes an answer as one document.
    fn whole(&self, said: &Said, end: &End<'_>) -> Value;
}

/// A call of a tool, as a script tells it.
struct Called {
    /// Its id, if the script has one.
    id: Option<String>,
    name: String,
    arguments: String,
    /// How many characters of the arguments a piece has.
    chunk: usize,
}

/// How an answer ends.
struct End<'a> {
    /// The script's reason, in the words of Chat Completions.
    reason: Option<&'a str>,
    calls: usize,
    refused: bool,
    usage: Option<UsageStep>,
}

/// A whole answer.
#[derive(Default)]
struct Said {
    text: String,
    thought: String,
    calls: Vec<Called>,
    refused: bool,
}

/// Plays a turn for a request; `number` counts requests and makes ids unique.
pub(super) fn play(turn: &Turn, request: &Captured, number: usize) -> Reply {
    let stall = match turn.steps.first() {
        Some(Step::Stall(ms)) => Some(Duration::from_millis(*ms)),
        _ => None,
    };
    let steps = &turn.steps[usize::from(stall.is_some())..];
    let silent = |step: &&Step| !matches!(step, Step::Usage(_) | Step::NoUsage);
    let wire = request.wire().unwrap_or_default();
    let kind = match steps.iter().find(silent) {
        Some(Step::Error(error)) => refuse(wire, error),
        Some(Step::Cut) => Kind::Drop,
        _ if request.wants_stream() => {
            Kind::Stream(formed(stream(steps, request, number), &turn.form, wire))
        }
        _ => whole(steps, request, number),
    };
    let wait = stall.unwrap_or_default();
    Reply { wait, kind }
}

/// Answers with an error object.
pub(super) fn refuse(wire: Wire, error: &ErrorStep) -> Kind {
    let json = || error_body(wire, error).to_string();
    Kind::Whole {
        status: StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        retry_after: error.retry_after,
        body: error.body.clone().unwrap_or_else(json).into(),
    }
}

fn error_body(wire: Wire, error: &ErrorStep) -> Value {
    match wire {
        Wire::Anthropic => anthropic::error_body(error),
        Wire::Gemini => gemini::error_body(error),
        Wire::OpenAiChat | Wire::OpenAiResponses | Wire::OpenRouter | Wire::Local => {
            chat::error_body(error)
        }
    }
}

fn voice(request: &Captured, number: usize) -> Box<dyn Voice> {
    let model = request.model();
    let asked = request.body["stream_options"]["include_usage"] == true;
    // Mistral speaks of a gap as of a conversation, and tells usage unasked.
    let mistral = request.path.ends_with("/fim/completions");
    match request.wire().unwrap_or_default() {
        _ if request.fills_in() && !mistral => {
            let infill = request.is_infill();
            Box::new(completions::Speaker::new(model, number, asked, infill))
        }
        Wire::Anthropic => {
            let hides = hides_thought(request);
            Box::new(anthropic::Speaker::new(model, number, hides))
        }
        Wire::Gemini => Box::new(gemini::Speaker::new(model, number)),
        Wire::OpenAiResponses => Box::new(responses::Speaker::new(request, number)),
        Wire::OpenRouter => Box::new(chat::Speaker::of_openrouter(model, number)),
        Wire::OpenAiChat | Wire::Local => {
            Box::new(chat::Speaker::new(model, number, asked || mistral))
        }
    }
}

fn stream(steps: &[Step], request: &Captured, number: usize) -> Vec<Action> {
    let player = Player {
        voice: voice(request, number),
        actions: Vec::new(),
        tally: Tally::new(&request.body),
        calls: 0,
        refused: false,
    };
    player.run(steps)
}

/// Plays the events of one answer.
struct Player {
    voice: Box<dyn Voice>,
    actions: Vec<Action>,
    tally: Tally,
    calls: usize,
    refused: bool,
}

impl Player {
    fn run(mut self, steps: &[Step]) -> Vec<Action> {
        let silent = steps.contains(&Step::NoUsage);
        for step in steps {
            if let Step::Usage(usage) = step {
                self.tally.report(*usage);
            }
        }
        let usage = Some(self.tally.counts()).filter(|_| !silent);
        self.say(|voice, out| voice.begin(usage, out));
        let mut reason = None;
        for step in steps {
            match step {
                Step::Text(speech) => self.speak(speech, |voice, piece, out| {
                    voice.text(piece, false, out);
                }),
                Step::Refusal(speech) => {
                    self.refused = true;
                    self.speak(speech, |voice, piece, out| voice.text(piece, true, out));
                }
                Step::Reasoning(speech) => self.speak(speech, |voice, piece, out| {
                    voice.thought(piece, out);
                }),
                Step::ToolCall(call) => self.call(call),
                Step::Usage(_) | Step::NoUsage => {}
                Step::Stall(ms) => self.wait(*ms),
                Step::Raw(text) => self.actions.push(Action::Send(text.clone().into())),
                Step::Finish(word) => reason = Some(word.as_str()),
                Step::Error(error) => {
                    self.say(|voice, out| voice.error(error, out));
                    return self.actions;
                }
                Step::Cut => {
                    self.actions.push(Action::Abort);
                    return self.actions;
                }
                Step::End => return self.actions,
            }
        }
        let end = End {
            reason,
            calls: self.calls,
            refused: self.refused,
            usage: Some(self.tally.counts()).filter(|_| !silent),
        };
        self.say(|voice, out| voice.finish(&end, out));
        self.actions
    }

    fn speak(&mut self, speech: &Speech, say: fn(&mut dyn Voice, &str, &mut Vec<String>)) {
        self.tally.output(&speech.text);
        for piece in pieces(&speech.text, speech.chunk) {
            self.wait(speech.delay_ms);
            self.say(|voice, out| say(voice, &piece, out));
        }
    }

    fn call(&mut self, step: &ToolCallStep) {
        self.calls += 1;
        self.tally.output(&arguments(step));
        let call = Called::of(step);
        self.say(|voice, out| voice.call(&call, out));
    }

    fn say(&mut self, words: impl FnOnce(&mut dyn Voice, &mut Vec<String>)) {
        let mut out = Vec::new();
        words(self.voice.as_mut(), &mut out);
        let events = out.into_iter().map(|event| Action::Send(event.into()));
        self.actions.extend(events);
    }

    fn wait(&mut self, ms: u64) {
        if ms > 0 {
            self.actions.push(Action::Wait(Duration::from_millis(ms)));
        }
    }
}

impl Called {
    fn of(step: &ToolCallStep) -> Self {
        Self {
            id: step.id.clone(),
            name: step.name.clone(),
            arguments: arguments(step),
            chunk: step.chunk,
        }
    }
}

/// Gives a stream its form: line ends, keep-alives, and where it is cut.
fn formed(actions: Vec<Action>, form: &Form, wire: Wire) -> Vec<Action> {
    let mut made = Vec::with_capacity(actions.len());
    for action in actions {
        let Action::Send(event) = action else {
            made.push(action);
            continue;
        };
        let mut bytes = event.to_vec();
        if form.keep_alive {
            bytes.splice(0..0, keep_alive(wire).bytes());
        }
        if form.crlf {
            let text = String::from_utf8_lossy(&bytes).replace('\n', "\r\n");
            bytes = text.into_bytes();
        }
        match form.cut_bytes {
            Some(size) => {
                let pieces = bytes.chunks(size.max(1));
                made.extend(pieces.map(|piece| Action::Send(Bytes::copy_from_slice(piece))));
            }
            None => made.push(Action::Send(bytes.into())),
        }
    }
    made
}

const fn keep_alive(wire: Wire) -> &'static str {
    match wire {
        Wire::Anthropic => "event: ping\ndata: {\"type\": \"ping\"}\n\n",
        _ => ": keep-alive\n\n",
    }
}

/// Answers a request that doesn't stream. An error anywhere is a refusal, and
/// waiting is left out.
fn whole(steps: &[Step], request: &Captured, number: usize) -> Kind {
    let mut tally = Tally::new(&request.body);
    let mut said = Said::default();
    let mut reason = None;
    for step in steps {
        match step {
            Step::Text(speech) => said.text.push_str(&speech.text),
            Step::Refusal(speech) => {
                said.refused = true;
                said.text.push_str(&speech.text);
            }
            Step::Reasoning(speech) => said.thought.push_str(&speech.text),
            Step::ToolCall(call) => {
                tally.output(&arguments(call));
                said.calls.push(Called::of(call));
            }
            Step::Usage(usage) => tally.report(*usage),
            Step::Finish(word) => reason = Some(word.as_str()),
            Step::Error(error) => return refuse(request.wire().unwrap_or_default(), error),
            Step::Cut | Step::End => return Kind::Drop,
            Step::NoUsage | Step::Stall(_) | Step::Raw(_) => {}
        }
    }
    tally.output(&said.text);
    tally.output(&said.thought);
    let end = End {
        reason,
        calls: said.calls.len(),
        refused: said.refused,
        usage: Some(tally.counts()).filter(|_| !steps.contains(&Step::NoUsage)),
    };
    Kind::Whole {
        status: StatusCode::OK,
        retry_after: None,
        body: voice(request, number).whole(&said, &end).to_string().into(),
    }
}

fn arguments(step: &ToolCallStep) -> String {
    match &step.arguments {
        Value::String(text) => text.clone(),
        Value::Null => "{}".to_owned(),
        other => other.to_string(),
    }
}

/// Cuts a text into pieces of so many characters.
fn pieces(text: &str, chars: usize) -> Vec<String> {
    let all: Vec<char> = text.chars().collect();
    all.chunks(chars.max(1))
        .map(|piece| piece.iter().collect())
        .collect()
}

/// Writes an event with a name.
fn named(name: &str, data: &Value) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}

/// Writes an event without one.
fn unnamed(data: &Value) -> String {
    format!("data: {data}\n\n")
}
