//! Turns events into words of the [`Draft`].

use serde_json::{Value, json};

use super::REASONING;
use super::chunk::{Choice, Chunk};
use super::details::Details;
use super::tool_calls::ToolCalls;
use crate::delta::FinishReason;
use crate::draft::{Draft, Fault};
use crate::failure::Reported;

/// The data of the event that ends a stream.
const DONE: &str = "[DONE]";

/// What the wire itself needs to remember between two events.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    tool_calls: ToolCalls,
    /// Some of the text is a refusal.
    refused: bool,
    /// What OpenRouter wants back; `None` on other wires.
    details: Option<Details>,
    /// What DeepSeek thought, which it wants back beside the calls that came
    /// of it (<https://api-docs.deepseek.com/guides/thinking_mode>).
    thought: String,
}

impl Decoder {
    /// Makes the decoder of `OpenRouter`'s dialect.
    pub(crate) fn of_openrouter() -> Self {
        Self {
            details: Some(Details::default()),
            ..Self::default()
        }
    }

    /// Takes the data of one event, or of a whole answer.
    pub(crate) fn event(&mut self, data: &str, draft: &mut Draft) -> Result<(), Fault> {
        let data = data.trim();
        if data == DONE {
            draft.end();
            return self.carry(draft);
        }
        if data.is_empty() {
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
        self.chunk(chunk, draft)
    }

    fn chunk(&mut self, chunk: Chunk, draft: &mut Draft) -> Result<(), Fault> {
        // The last report stands: vLLM can send a running count.
        if let Some(usage) = chunk.usage() {
            draft.report(usage);
        }
        if let Value::String(words) = chunk.content {
            draft.say(words)?;
        }
        if chunk.stop == true {
            let full = chunk.stop_type == "limit";
            draft.stop(if full {
                FinishReason::Length
            } else {
                FinishReason::Stop
            });
        }
        let choices = chunk.choices.into_iter().flatten();
        for choice in choices.filter(|choice| choice.index.unwrap_or(0) == 0) {
            self.choice(choice, draft)?;
        }
        Ok(())
    }

    fn choice(&mut self, choice: Choice, draft: &mut Draft) -> Result<(), Fault> {
        draft.say(choice.text.unwrap_or_default())?;
        if let Some(mut part) = choice.delta.or(choice.message) {
            let refusal = part.refusal.as_ref();
            self.refused |= refusal.is_some_and(|words| !words.is_empty());
            if self.details.is_none() {
                // Counted as it is shown.
                let thought = part.reasoning_content.as_deref();
                self.thought.push_str(thought.unwrap_or_default());
            }
            let (text, thought) = part.texts();
            draft.think(thought)?;
            draft.say(text)?;
            if let (Some(details), Some(pieces)) = (&mut self.details, part.reasoning_details) {
                let bytes = details.add(pieces).map_err(|_| Fault::TooLarge)?;
                draft.make_room(bytes)?;
            }
            for call in part.tool_calls.into_iter().flatten() {
                self.tool_calls.add(call, draft)?;
            }
        }
        if choice
            .finish_reason
            .as_deref()
            .is_some_and(|word| !word.is_empty())
        {
            self.carry(draft)?;
        }
        match choice.finish_reason.as_deref() {
            None | Some("") => {}
            Some("error") => return Err(Fault::Reported(Reported::unexplained())),
            Some("stop") if self.refused => draft.stop(FinishReason::Refusal),
            // The words behind `stop` are those of TGI, Together and proxies.
            Some("stop" | "eos" | "eos_token" | "stop_sequence" | "end_turn") => {
                draft.stop(FinishReason::Stop);
            }
            // Mistral's is the model's own limit.
            Some("length" | "model_length") => draft.stop(FinishReason::Length),
            Some("tool_calls" | "function_call") => draft.stop(FinishReason::ToolCalls),
            Some("content_filter") => draft.stop(FinishReason::ContentFilter),
            Some(other) => draft.stop_word(other),
        }
        Ok(())
    }

    /// Hands out what is to be sent back, once it is whole.
    fn carry(&mut self, draft: &mut Draft) -> Result<(), Fault> {
        let thought = std::mem::take(&mut self.thought);
        if !thought.is_empty() && !draft.calls().is_empty() {
            draft.carry(json!({ REASONING: thought }))?;
        }
        let details = self.details.as_mut().and_then(Details::take);
        details.map_or(Ok(()), |details| draft.carry(details))
    }
}
