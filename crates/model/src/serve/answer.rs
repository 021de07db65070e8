//! Writes an answer, as it comes or whole.
#![expect(
    clippy::option_option,
    reason = "on this wire, what is absent differs from what is null"
)]

use atelier_base::ContentHash;
use serde::Serialize;

use crate::delta::{Delta, FinishReason, ToolCallPart, Usage};
use crate::draft::is_made_up;
use crate::message::{Carried, ToolCall};

/// The last line of a stream.
const DONE: &[u8] = b"data: [DONE]\n\n";

/// What is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A conversation.
    Chat,
    /// A completion.
    Completion,
}

/// What has to come back with an answer's tool calls. Clients of this wire
/// have no place for it, so it waits for the calls to come back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keepsake {
    /// The marks of the answer's calls.
    pub calls: Vec<String>,
    /// What goes back beside them.
    pub carried: Vec<Carried>,
}

impl Keepsake {
    /// Returns what a call is known by when it comes back: the id that the
    /// client got, which some models give out anew in each conversation, and a
    /// hash of what is called, however its arguments are spaced.
    pub fn mark(call: &ToolCall) -> String {
        let read = serde_json::from_str::<serde_json::Value>(&call.arguments);
        let arguments = read.map_or_else(|_| call.arguments.clone(), |read| read.to_string());
        let what = ContentHash::of(format!("{}\n{arguments}", call.name).as_bytes());
        format!("{} {what}", call.id)
    }
}

/// An answer that is being written.
#[derive(Debug)]
pub struct Answering {
    kind: Kind,
    id: String,
    created: i64,
    model: String,
    include_usage: bool,
    begun: bool,
    finish: Option<&'static str>,
    usage: Usage,
    keepsake: Keepsake,
    /// What came, for a whole answer only.
    whole: Option<Whole>,
}

#[derive(Debug, Default)]
struct Whole {
    text: String,
    reasoning: String,
    calls: Vec<ToolCall>,
}

#[derive(Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: &'a [Choice<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Option<WireUsage>>,
}

#[derive(Default, Serialize)]
struct Choice<'a> {
    index: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    delta: Option<Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    logprobs: Option<()>,
    finish_reason: Option<&'static str>,
}

#[derive(Default, Serialize)]
struct Message<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<Option<&'a str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<WireCall<'a>>,
}

#[derive(Serialize)]
struct WireCall<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'static str>,
    function: WireFunction<'a>,
}

#[derive(Serialize)]
struct WireFunction<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    arguments: &'a str,
}

#[derive(Clone, Copy, Serialize)]
struct WireUsage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: PromptDetails,
    completion_tokens_details: CompletionDetails,
}

#[derive(Clone, Copy, Serialize)]
struct PromptDetails {
    cached_tokens: u64,
}

#[derive(Clone, Copy, Serialize)]
struct CompletionDetails {
    reasoning_tokens: u64,
}

impl Answering {
    /// Begins an answer that is written as it comes. `id` is the call's, and
    /// `created` the time in seconds since 1970.
    pub fn streaming(kind: Kind, id: &str, created: i64, model: &str, include_usage: bool) -> Self {
        let prefix = match kind {
            Kind::Chat => "chatcmpl-",
            Kind::Completion => "cmpl-",
        };
        Self {
            kind,
            id: format!("{prefix}{id}"),
            created,
            model: model.to_owned(),
            include_usage,
            begun: false,
            finish: None,
            usage: Usage::default(),
            keepsake: Keepsake::default(),
            whole: None,
        }
    }

    /// Begins an answer that is written at once.
    pub fn whole(kind: Kind, id: &str, created: i64, model: &str) -> Self {
        Self {
            whole: Some(Whole::default()),
            ..Self::streaming(kind, id, created, model, false)
        }
    }

    /// Begins anew: another model took over.
    pub fn restart(&mut self, id: &str, model: &str) {
        let fresh = Self::streaming(self.kind, id, self.created, model, self.include_usage);
        *self = Self {
            whole: self.whole.take().map(|_| Whole::default()),
            // A role that was said once is not said again.
            begun: self.begun,
            ..fresh
        };
    }

    /// Takes the next step of the answer, and adds to `out` what it is in a
    /// stream.
    pub fn add(&mut self, delta: Delta, out: &mut Vec<u8>) {
        let delta = self.kept(delta);
        if let Some(whole) = &mut self.whole {
            match delta {
                Delta::Text(text) => whole.text.push_str(&text),
                Delta::Reasoning(text) => whole.reasoning.push_str(&text),
                Delta::ToolCall(call) => whole.calls.push(call),
                Delta::Finish { reason } => self.finish = Some(finish(&reason)),
                Delta::Usage(usage) => self.usage = usage,
                Delta::Carried(carried) => self.keepsake.carried.push(carried),
                Delta::ToolCallPart(_) => {}
            }
            return;
        }
        self.begin(out);
        match (delta, self.kind) {
            (Delta::Text(text), Kind::Chat) => self.say(
                Message {
                    content: Some(Some(&text)),
                    ..Message::default()
                },
                out,
            ),
            (Delta::Text(text), Kind::Completion) => {
                let choice = Choice {
                    text: Some(&text),
                    ..Choice::default()
                };
                self.chunk(&[choice], out);
            }
            (Delta::Reasoning(text), Kind::Chat) => self.say(
                Message {
                    reasoning_content: Some(&text),
                    ..Message::default()
                },
                out,
            ),
            (Delta::ToolCallPart(part), Kind::Chat) => self.part(&part, out),
            (Delta::Finish { reason }, _) => {
                self.finish = Some(finish(&reason));
                self.say(Message::default(), out);
            }
            (Delta::Usage(usage), _) => self.usage = usage,
            (Delta::Carried(carried), _) => self.keepsake.carried.push(carried),
            // Its parts said it all; a completion has no calls.
            (Delta::ToolCall(_) | Delta::ToolCallPart(_) | Delta::Reasoning(_), _) => {}
        }
    }

    /// Says whether the model has stopped: of a stream, only its usage may
    /// come after that.
    pub const fn is_finished(&self) -> bool {
        self.finish.is_some()
    }

    /// Takes what has to come back with the answer's calls; `None` when
    /// nothing has to.
    pub fn take_keepsake(&mut self) -> Option<Keepsake> {
        let keepsake = std::mem::take(&mut self.keepsake);
        let needed = !keepsake.calls.is_empty() && !keepsake.carried.is_empty();
        needed.then_some(keepsake)
    }

    /// Gives calls their ids, and notes those of whole ones. An id that was
    /// made up for want of one is the same in every answer; clients, and we,
    /// tell calls by them.
    fn kept(&mut self, mut delta: Delta) -> Delta {
        match &mut delta {
            Delta::ToolCallPart(part) => {
                if let Some(id) = &mut part.id {
                    self.single_out(part.index, id);
                }
            }
            Delta::ToolCall(call) => {
                self.single_out(self.keepsake.calls.len(), &mut call.id);
                self.keepsake.calls.push(Keepsake::mark(call));
            }
            Delta::Text(_)
            | Delta::Reasoning(_)
            | Delta::Carried(_)
            | Delta::Finish { .. }
            | Delta::Usage(_) => {}
        }
        delta
    }

    fn single_out(&self, index: usize, id: &mut String) {
        if is_made_up(id, index) {
            let answer = self.id.rsplit('-').next().unwrap_or_default();
            *id = format!("call_{answer}_{index}");
        }
    }

    /// Adds the end of a stream.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        self.begin(out);
        if self.finish.is_none() {
            self.finish = Some("stop");
            self.say(Message::default(), out);
        }
        if self.include_usage {
            let usage = Some(Some(self.used()));
            self.write(&[], usage, out);
        }
        out.extend_from_slice(DONE);
    }

    /// Returns the whole answer.
    pub fn into_whole(self) -> Vec<u8> {
        let whole = self.whole.as_ref();
        let text = whole.map_or("", |whole| whole.text.as_str());
        let reasoning = whole.map_or("", |whole| whole.reasoning.as_str());
        let calls = whole.map_or(&[][..], |whole| whole.calls.as_slice());
        let finish_reason = Some(self.finish.unwrap_or("stop"));
        let choice = match self.kind {
            Kind::Completion => Choice {
                text: Some(text),
                finish_reason,
                ..Choice::default()
            },
            Kind::Chat => Choice {
                message: Some(Message {
                    role: Some("assistant"),
                    content: Some((!text.is_empty() || calls.is_empty()).then_some(text)),
                    reasoning_content: (!reasoning.is_empty()).then_some(reasoning),
                    refusal: Some(None),
                    tool_calls: calls.iter().map(whole_call).collect(),
                }),
                finish_reason,
                ..Choice::default()
            },
        };
        let object = match self.kind {
            Kind::Chat => "chat.completion",
            Kind::Completion => "text_completion",
        };
        let chunk = Chunk {
            id: &self.id,
            object,
            created: self.created,
            model: &self.model,
            choices: &[choice],
            usage: Some(Some(self.used())),
        };
        // Texts and numbers always serialise.
        serde_json::to_vec(&chunk).unwrap_or_default()
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if self.begun {
            return;
        }
        self.begun = true;
        if self.kind == Kind::Chat {
            let message = Message {
                role: Some("assistant"),
                content: Some(Some("")),
                ..Message::default()
            };
            self.say(message, out);
        }
    }

    fn part(&self, part: &ToolCallPart, out: &mut Vec<u8>) {
        let first = part.id.is_some() || part.name.is_some();
        let call = WireCall {
            index: Some(part.index),
            id: part.id.as_deref(),
            r#type: first.then_some("function"),
            function: WireFunction {
                name: part.name.as_deref(),
                arguments: &part.arguments,
            },
        };
        let message = Message {
            tool_calls: vec![call],
            ..Message::default()
        };
        self.say(message, out);
    }

    fn say(&self, message: Message<'_>, out: &mut Vec<u8>) {
        let choice = Choice {
            delta: (self.kind == Kind::Chat).then_some(message),
            text: (self.kind == Kind::Completion).then_some(""),
            finish_reason: self.finish,
            ..Choice::default()
        };
        self.chunk(&[choice], out);
    }

    fn chunk(&self, choices: &[Choice<'_>], out: &mut Vec<u8>) {
        // With usage at the end, the others say that they have none.
        self.write(choices, self.include_usage.then_some(None), out);
    }

    fn write(&self, choices: &[Choice<'_>], usage: Option<Option<WireUsage>>, out: &mut Vec<u8>) {
        let object = match self.kind {
            Kind::Chat => "chat.completion.chunk",
            Kind::Completion => "text_completion",
        };
        let chunk = Chunk {
            id: &self.id,
            object,
            created: self.created,
            model: &self.model,
            choices,
            usage,
        };
        out.extend_from_slice(b"data: ");
        // Texts and numbers always serialise, and a `Vec` always takes them.
        let _ = serde_json::to_writer(&mut *out, &chunk);
        out.extend_from_slice(b"\n\n");
    }

    fn used(&self) -> WireUsage {
        let usage = self.usage;
        WireUsage {
            prompt_tokens: usage.input_tokens,
            completion_tokens: usage.output_tokens,
            total_tokens: usage.input_tokens.saturating_add(usage.output_tokens),
            prompt_tokens_details: PromptDetails {
                cached_tokens: usage.cached_input_tokens,
            },
            completion_tokens_details: CompletionDetails {
                reasoning_tokens: usage.reasoning_tokens,
            },
        }
    }
}

fn whole_call(call: &ToolCall) -> WireCall<'_> {
    WireCall {
        index: None,
        id: Some(&call.id),
        r#type: Some("function"),
        function: WireFunction {
            name: Some(&call.name),
            arguments: &call.arguments,
        },
    }
}

fn finish(reason: &FinishReason) -> &'static str {
    match reason {
        FinishReason::Stop => "stop",
        // What has no word here is at least not taken for whole.
        FinishReason::Length | FinishReason::Other(_) => "length",
        FinishReason::ToolCalls => "tool_calls",
        FinishReason::Refusal | FinishReason::ContentFilter => "content_filter",
    }
}
