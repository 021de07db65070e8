//! What is known of an answer while it comes, whatever wire it comes on.
//!
//! A wire's decoder says what an event means with a few words ([`Draft::say`],
//! [`Draft::begin_call`], [`Draft::stop`] …); limits, order and estimates are
//! kept here, once for all wires.

use std::collections::VecDeque;

use serde_json::Value;

use crate::delta::{Delta, FinishReason, ToolCallPart, Usage};
use crate::failure::Reported;
use crate::message::{Carried, ToolCall};
use crate::wire::Wire;

/// The highest count of tokens believed: no sum of such can overflow.
const MOST_TOKENS: u64 = 1 << 40;
/// The most tool calls taken in one answer.
const TOOL_CALLS: usize = 128;
/// The most things to be carried back taken in one answer.
const CARRIED: usize = 1_024;
/// The longest unknown finish reason kept, in characters.
const REASON_CHARS: usize = 64;

/// Why an answer can't be read on.
#[derive(Debug)]
pub(crate) enum Fault {
    /// An event is not JSON, or JSON of another shape.
    Shape(String),
    /// The server reports an error.
    Reported(Reported),
    /// The answer passes its limit.
    TooLarge,
    /// The bytes ended before the answer did.
    Cut,
}

/// An answer as far as it is known.
#[derive(Debug)]
pub(crate) struct Draft {
    wire: Wire,
    model: String,
    ready: VecDeque<Delta>,
    calls: Vec<ToolCall>,
    reason: Option<FinishReason>,
    usage: Option<Usage>,
    /// Whether the event that is being read has a report.
    reports: bool,
    /// How much was written when the last report came.
    reported_at: u64,
    stopped: bool,
    done: bool,
    text_bytes: usize,
    carried: usize,
    input_at_most: u64,
    written: u64,
    answer_bytes: usize,
    max_bytes: usize,
}

impl Draft {
    /// Begins the answer of `model` to a request of so many tokens at most.
    pub(crate) fn new(wire: Wire, model: &str, input_at_most: u64, max_bytes: usize) -> Self {
        Self {
            wire,
            model: model.to_owned(),
            ready: VecDeque::new(),
            calls: Vec::new(),
            reason: None,
            usage: None,
            reports: false,
            reported_at: 0,
            stopped: false,
            done: false,
            text_bytes: 0,
            carried: 0,
            input_at_most,
            written: 0,
            answer_bytes: 0,
            max_bytes,
        }
    }

    /// Returns the next delta that is ready.
    pub(crate) fn pop(&mut self) -> Option<Delta> {
        self.ready.pop_front()
    }

    /// Returns whether no delta is ready.
    pub(crate) fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    /// Adds a piece of the visible text; an empty one is nothing.
    pub(crate) fn say(&mut self, text: String) -> Result<(), Fault> {
        self.count(&text)?;
        self.text_bytes += text.len();
        if !text.is_empty() {
            self.ready.push_back(Delta::Text(text));
        }
        Ok(())
    }

    /// Adds a piece of the thinking; an empty one is nothing.
    pub(crate) fn think(&mut self, text: String) -> Result<(), Fault> {
        self.count(&text)?;
        if !text.is_empty() {
            self.ready.push_back(Delta::Reasoning(text));
        }
        Ok(())
    }

    /// Begins a tool call and returns its place among the calls. An id is
    /// made up when there is none; the name may come later.
    pub(crate) fn begin_call(
        &mut self,
        id: Option<String>,
        name: Option<String>,
        arguments: String,
    ) -> Result<usize, Fault> {
        let index = self.calls.len();
        if index == TOOL_CALLS {
            return Err(Fault::TooLarge);
        }
        self.count(&arguments)?;
        let id = id
            .filter(|id| !id.is_empty())
            .unwrap_or_else(|| made_up(index));
        let name = name.filter(|name| !name.is_empty());
        self.calls.push(ToolCall {
            id: id.clone(),
            name: name.clone().unwrap_or_default(),
            arguments: arguments.clone(),
        });
        self.ready.push_back(Delta::ToolCallPart(ToolCallPart {
            index,
            id: Some(id),
            name,
            arguments,
        }));
        Ok(index)
    }

    /// Adds to the tool call at `index`: a name, if it has none yet, and a
    /// piece of its arguments.
    pub(crate) fn extend_call(
        &mut self,
        index: usize,
        name: Option<String>,
        arguments: String,
    ) -> Result<(), Fault> {
        self.count(&arguments)?;
        let Some(call) = self.calls.get_mut(index) else {
            return Ok(());
        };
        let name = name.filter(|name| call.name.is_empty() && !name.is_empty());
        if let Some(late) = &name {
            call.name.clone_from(late);
        }
        call.arguments.push_str(&arguments);
        self.ready.push_back(Delta::ToolCallPart(ToolCallPart {
            index,
            id: None,
            name,
            arguments,
        }));
        Ok(())
    }

    /// Returns the tool calls so far.
    pub(crate) fn calls(&self) -> &[ToolCall] {
        &self.calls
    }

    /// Returns where in the message we are: the bytes of text and the number
    /// of calls that came before.
    pub(crate) const fn place(&self) -> (usize, usize) {
        (self.text_bytes, self.calls.len())
    }

    /// Counts bytes of something that is kept aside for now.
    pub(crate) const fn make_room(&mut self, bytes: usize) -> Result<(), Fault> {
        self.answer_bytes = self.answer_bytes.saturating_add(bytes);
        if self.answer_bytes > self.max_bytes {
            return Err(Fault::TooLarge);
        }
        Ok(())
    }

    /// Takes something to be sent back unchanged, standing where we are.
    pub(crate) fn carry(&mut self, value: Value) -> Result<(), Fault> {
        self.carry_at(self.place(), value)
    }

    /// Takes something to be sent back unchanged, standing at a place that
    /// [`Draft::place`] returned.
    pub(crate) fn carry_at(&mut self, place: (usize, usize), value: Value) -> Result<(), Fault> {
        self.carried += 1;
        self.make_room(weight(&value))?;
        if self.carried > CARRIED {
            return Err(Fault::TooLarge);
        }
        let (text_bytes, calls) = place;
        self.ready.push_back(Delta::Carried(Carried {
            wire: self.wire,
            model: self.model.clone(),
            text_bytes,
            calls,
            value,
        }));
        Ok(())
    }

    /// Notes why the model stopped; the last word stands.
    pub(crate) fn stop(&mut self, reason: FinishReason) {
        self.stopped = true;
        self.reason = Some(reason);
    }

    /// Notes a finish reason that has no name of ours.
    pub(crate) fn stop_word(&mut self, word: &str) {
        let word = word.chars().take(REASON_CHARS).collect();
        self.stop(FinishReason::Other(word));
    }

    /// Notes what the provider says was used so far; the last report stands.
    pub(crate) fn report(&mut self, usage: Usage) {
        let believed = |tokens: u64| tokens.min(MOST_TOKENS);
        let input = believed(usage.input_tokens);
        let cached = usage.cached_input_tokens.min(input);
        let output = believed(usage.output_tokens);
        self.usage = Some(Usage {
            input_tokens: input,
            cached_input_tokens: cached,
            cache_write_tokens: usage.cache_write_tokens.min(input - cached),
            output_tokens: output,
            reasoning_tokens: usage.reasoning_tokens.min(output),
            charged_micros: usage.charged_micros,
            estimated: usage.estimated,
        });
        self.reports = true;
    }

    /// Says that an event was read. What it reports counts all that it holds,
    /// in whatever order.
    pub(crate) const fn end_event(&mut self) {
        if self.reports {
            self.reports = false;
            self.reported_at = self.written;
        }
    }

    /// Says that nothing more comes.
    pub(crate) const fn end(&mut self) {
        self.stopped = true;
        self.done = true;
    }

    /// Returns whether the model has said that it stopped.
    pub(crate) const fn has_reason(&self) -> bool {
        self.reason.is_some()
    }

    /// Returns whether the stream said that nothing more comes.
    pub(crate) const fn is_done(&self) -> bool {
        self.done
    }

    /// Returns what was used, as it was reported at the end; until then, and
    /// without such a report, the most that we know of: the input as reported
    /// or bounded, and a token for each byte that came of the answer.
    ///
    /// A report before the end counts what was written until then, and some
    /// providers begin with one that counts next to nothing.
    pub(crate) fn usage(&self) -> Usage {
        let reported = self.usage.unwrap_or_default();
        let is_final = self.stopped && self.reported_at == self.written;
        if self.usage.is_some() && is_final {
            return reported;
        }
        Usage {
            input_tokens: match reported.input_tokens {
                0 => self.input_at_most,
                tokens => tokens,
            },
            output_tokens: reported.output_tokens.max(self.written),
            charged_micros: None,
            estimated: true,
            ..reported
        }
    }

    /// Ends the answer: the whole calls go out, then reason and usage. False
    /// when the answer never said that it was over.
    pub(crate) fn complete(&mut self) -> bool {
        let reason = match self.reason.take() {
            Some(reason) => reason,
            // Some servers leave the reason out but do say that all is sent.
            None if !self.done => return false,
            None if self.calls.is_empty() => FinishReason::Stop,
            None => FinishReason::ToolCalls,
        };
        for mut call in std::mem::take(&mut self.calls) {
            if call.arguments.trim().is_empty() {
                "{}".clone_into(&mut call.arguments);
            }
            self.ready.push_back(Delta::ToolCall(call));
        }
        self.ready.push_back(Delta::Finish { reason });
        self.ready.push_back(Delta::Usage(self.usage()));
        true
    }

    fn count(&mut self, words: &str) -> Result<(), Fault> {
        self.written = self.written.saturating_add(words.len() as u64);
        self.make_room(words.len())
    }
}

/// Returns the id of a call that came without one.
fn made_up(index: usize) -> String {
    format!("call_{index}")
}

/// Says whether a call's id may be one that was made up.
pub(crate) fn is_made_up(id: &str, index: usize) -> bool {
    id == made_up(index)
}

/// Returns about how many bytes a value takes.
fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(weight).sum::<usize>() + list.len(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| key.len() + weight(value))
            .sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
    }
}
