//! Turns chunks into words of the [`Draft`].

use serde_json::Value;

use super::chunk::{Candidate, Chunk, Part};
use super::signature;
use crate::delta::FinishReason;
use crate::draft::{Draft, Fault};
use crate::failure::Reported;

/// The data of the event with which some compatible servers end a stream; the
/// provider itself just closes it.
const DONE: &str = "[DONE]";

/// What reads the chunks; the wire needs to remember nothing between two.
#[derive(Debug, Default)]
pub(crate) struct Decoder;

impl Decoder {
    /// Takes the data of one event, or of a whole answer: one chunk, or a
    /// list of them from a server that doesn't know `alt=sse`.
    #[expect(clippy::unused_self, reason = "every decoder is used the same way")]
    pub(crate) fn event(&mut self, data: &str, draft: &mut Draft) -> Result<(), Fault> {
        let data = data.trim();
        if data == DONE {
            draft.end();
            return Ok(());
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
        let shape = |_| Fault::Shape(data.to_owned());
        if data.starts_with('[') {
            let chunks: Vec<Chunk> = serde_json::from_str(data).map_err(shape)?;
            return chunks.into_iter().try_for_each(|chunk| take(chunk, draft));
        }
        take(serde_json::from_str(data).map_err(shape)?, draft)
    }
}

fn take(chunk: Chunk, draft: &mut Draft) -> Result<(), Fault> {
    if let Some(usage) = chunk.usage_metadata.and_then(super::chunk::Counts::usage) {
        draft.report(usage);
    }
    let blocked = chunk.prompt_feedback.and_then(|said| said.block_reason);
    if blocked.is_some_and(|reason| reason != "BLOCKED_REASON_UNSPECIFIED") {
        draft.stop(FinishReason::ContentFilter);
    }
    let candidates = chunk.candidates.into_iter().flatten();
    for candidate in candidates.filter(|candidate| candidate.index.unwrap_or(0) == 0) {
        add(candidate, draft)?;
    }
    Ok(())
}

fn add(candidate: Candidate, draft: &mut Draft) -> Result<(), Fault> {
    let parts = candidate.content.and_then(|content| content.parts);
    for part in parts.into_iter().flatten() {
        add_part(part, draft)?;
    }
    if let Some(word) = candidate.finish_reason {
        stop(&word, draft);
    }
    Ok(())
}

fn add_part(part: Part, draft: &mut Draft) -> Result<(), Fault> {
    let signature = part.thought_signature.filter(|signed| !signed.is_empty());
    if let Some(call) = part.function_call {
        if let Some(signature) = signature {
            draft.carry(signature::call(signature))?;
        }
        let arguments = match call.args {
            None | Some(Value::Null) => String::new(),
            Some(args) => args.to_string(),
        };
        return draft.begin_call(call.id, call.name, arguments).map(|_| ());
    }
    let text = part.text.unwrap_or_default();
    if part.thought == Some(true) {
        if let Some(signature) = signature {
            draft.carry(signature::thought(signature, text.clone()))?;
        }
        return draft.think(text);
    }
    let bytes = text.len();
    draft.say(text)?;
    match signature {
        Some(signature) => draft.carry(signature::text(signature, bytes)),
        None => Ok(()),
    }
}

fn stop(word: &str, draft: &mut Draft) {
    match word {
        "" | "FINISH_REASON_UNSPECIFIED" => {}
        "STOP" if draft.calls().is_empty() => draft.stop(FinishReason::Stop),
        "STOP" => draft.stop(FinishReason::ToolCalls),
        "MAX_TOKENS" => draft.stop(FinishReason::Length),
        "SAFETY"
        | "RECITATION"
        | "LANGUAGE"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "MODEL_ARMOR"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION" => {
            draft.stop(FinishReason::ContentFilter);
        }
        other => draft.stop_word(other),
    }
}
