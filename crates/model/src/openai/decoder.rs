//! Turns events into [`Delta`]s.

use std::collections::VecDeque;

use serde_json::Value;

use super::chunk::{self, Choice, Chunk};
use super::failure::Reported;
use super::tool_calls::ToolCalls;
use crate::delta::{Delta, FinishReason, Usage};

/// The data of the event that ends a stream.
const DONE: &str = "[DONE]";
/// The longest unknown finish reason kept, in characters.
const REASON_CHARS: usize = 64;
/// How many bytes or characters make a token, where we must guess.
const PER_TOKEN: u64 = 4;

/// What is known of an answer so far.
#[derive(Debug)]
pub(crate) struct Decoder {
    reason: Option<FinishReason>,
    usage: Option<Usage>,
    tool_calls: ToolCalls,
    done: bool,
    body_bytes: u64,
    answer_chars: u64,
    answer_bytes: usize,
    max_bytes: usize,
}

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

impl Decoder {
    /// Makes a decoder for the answer to a body of `body_bytes` bytes.
    pub(crate) fn new(body_bytes: usize, max_bytes: usize) -> Self {
        Self {
            reason: None,
            usage: None,
            tool_calls: ToolCalls::default(),
            done: false,
            body_bytes: u64::try_from(body_bytes).unwrap_or(u64::MAX),
            answer_chars: 0,
            answer_bytes: 0,
            max_bytes,
        }
    }

    /// Returns whether the model has said that it stopped.
    pub(crate) const fn has_reason(&self) -> bool {
        self.reason.is_some()
    }

    /// Returns whether the stream said that nothing more comes.
    pub(crate) const fn is_done(&self) -> bool {
        self.done
    }

    /// Returns the usage reported so far, or an estimate.
    pub(crate) fn usage(&self) -> Usage {
        self.usage.unwrap_or_else(|| Usage {
            input_tokens: self.body_bytes.div_ceil(PER_TOKEN),
            output_tokens: self.answer_chars.div_ceil(PER_TOKEN),
            estimated: true,
            ..Usage::default()
        })
    }

    /// Takes the data of one event.
    pub(crate) fn event(&mut self, data: &str, out: &mut VecDeque<Delta>) -> Result<(), Fault> {
        let data = data.trim();
        if data == DONE {
            self.done = true;
            return Ok(());
        }
        if data.is_empty() || self.done {
            return Ok(());
        }
        // The quick test keeps the common chunk to one parse.
        if data.contains("\"error\"")
            && let Ok(value) = serde_json::from_str::<Value>(data)
            && let Some(reported) = Reported::find(&value)
        {
            return Err(Fault::Reported(reported));
        }
        let chunk = Chunk::read(data).map_err(|_| Fault::Shape(data.to_owned()))?;
        self.chunk(chunk, out)
    }

    /// Says that nothing more comes.
    pub(crate) const fn end(&mut self) {
        self.done = true;
    }

    /// Ends the answer: what was held back goes out, then reason and usage.
    /// False when the answer never said that it was over.
    pub(crate) fn complete(&mut self, out: &mut VecDeque<Delta>) -> bool {
        let reason = match self.reason.take() {
            Some(reason) => reason,
            // Some servers leave the reason out but do say that all is sent.
            None if !self.done => return false,
            None if self.tool_calls.is_empty() => FinishReason::Stop,
            None => FinishReason::ToolCalls,
        };
        out.extend(self.tool_calls.take().map(Delta::ToolCall));
        out.push_back(Delta::Finish { reason });
        out.push_back(Delta::Usage(self.usage()));
        true
    }

    fn chunk(&mut self, chunk: Chunk, out: &mut VecDeque<Delta>) -> Result<(), Fault> {
        // The last report stands: vLLM can send a running count.
        if let Some(usage) = chunk.usage.as_ref().and_then(chunk::usage) {
            self.usage = Some(usage);
        }
        let choices = chunk.choices.into_iter().flatten();
        for choice in choices.filter(|choice| choice.index.unwrap_or(0) == 0) {
            self.choice(choice, out)?;
        }
        Ok(())
    }

    fn choice(&mut self, choice: Choice, out: &mut VecDeque<Delta>) -> Result<(), Fault> {
        if let Some(mut part) = choice.delta.or(choice.message) {
            let (text, thought) = part.texts();
            self.say(thought, Delta::Reasoning, out)?;
            self.say(text, Delta::Text, out)?;
            for call in part.tool_calls.into_iter().flatten() {
                let part = self.tool_calls.add(call).map_err(|_| Fault::TooLarge)?;
                self.count(&part.arguments)?;
                out.push_back(Delta::ToolCallPart(part));
            }
        }
        match choice.finish_reason.as_deref() {
            None | Some("") => {}
            Some("error") => return Err(Fault::Reported(Reported::unexplained())),
            Some(word) => self.reason = Some(reason(word)),
        }
        Ok(())
    }

    fn say(
        &mut self,
        words: String,
        delta: fn(String) -> Delta,
        out: &mut VecDeque<Delta>,
    ) -> Result<(), Fault> {
        self.count(&words)?;
        if !words.is_empty() {
            out.push_back(delta(words));
        }
        Ok(())
    }

    fn count(&mut self, words: &str) -> Result<(), Fault> {
        let chars = u64::try_from(words.chars().count()).unwrap_or(u64::MAX);
        self.answer_chars = self.answer_chars.saturating_add(chars);
        self.answer_bytes = self.answer_bytes.saturating_add(words.len());
        if self.answer_bytes > self.max_bytes {
            return Err(Fault::TooLarge);
        }
        Ok(())
    }
}

fn reason(word: &str) -> FinishReason {
    match word {
        "stop" => FinishReason::Stop,
        "length" => FinishReason::Length,
        "tool_calls" | "function_call" => FinishReason::ToolCalls,
        "content_filter" => FinishReason::ContentFilter,
        other => FinishReason::Other(other.chars().take(REASON_CHARS).collect()),
    }
}
