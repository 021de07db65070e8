//! Takes out of a request what a server refuses.

use bytes::Bytes;
use serde_json::{Value, json};

use super::REASONING;
use crate::failure::Reported;
use crate::request::{Effort, ToolChoice};

/// What can be left out when a model refuses it, with the words that a refusal
/// has for it. Models that reason take none of these.
const OPTIONAL: &[(&str, &str)] = &[
    ("stream_options", "stream_options"),
    ("top_p", "top_p"),
    ("temperature", "temperature"),
    ("parallel_tool_calls", "parallel_tool_calls"),
    ("stop", "'stop'"),
    ("stop", "`stop`"),
    ("stop", "supplied: stop"),
];
/// The field for how hard to think.
const EFFORT: &str = "reasoning_effort";
/// The old name of the answer's limit, and the new one.
const LIMITS: (&str, &str) = ("max_tokens", "max_completion_tokens");
/// What `OpenAI` says when a model calls tools here only if it doesn't think,
/// even when nothing was said about thinking.
const TOOLS_OR_THOUGHT: &str = "function tools with reasoning_effort";

/// Returns a body without what the server refused it for.
pub(crate) fn mend(body: &[u8], refusal: &Reported) -> Option<Bytes> {
    let mut value: Value = serde_json::from_slice(body).ok()?;
    let mended = renamed_limit(&mut value, refusal)
        || refusal.take_out(&mut value, OPTIONAL)
        || other_effort(&mut value, refusal)
        || call_in_words(&mut value, refusal)
        || other_reasoning(&mut value, refusal);
    mended.then(|| serde_json::to_vec(&value).ok().map(Bytes::from))?
}

/// Gives the answer's limit its new name, which the newer models insist on
/// wherever they are served.
fn renamed_limit(body: &mut Value, refusal: &Reported) -> bool {
    let (old, new) = LIMITS;
    let Some(fields) = body.as_object_mut().filter(|_| refusal.names(new)) else {
        return false;
    };
    let limit = fields.remove(old);
    limit.is_some_and(|limit| fields.insert(new.to_owned(), limit).is_none())
}

/// Asks for another effort, or for none in particular.
fn other_effort(body: &mut Value, refusal: &Reported) -> bool {
    if !refusal.names(EFFORT) {
        return false;
    }
    let other = match body[EFFORT].as_str() {
        // Nothing is less: whoever refuses it wants what we can't give.
        Some("none") => return false,
        _ if refusal.names(TOOLS_OR_THOUGHT) => Some("none"),
        Some("minimal") if refusal.names("'minimal'") => Some(Effort::instead_of_minimal(refusal)),
        _ => None,
    };
    let Some(fields) = body.as_object_mut() else {
        return false;
    };
    let Some(other) = other else {
        return fields.remove(EFFORT).is_some();
    };
    fields.insert(EFFORT.to_owned(), other.into());
    true
}

/// Asks for a call in words where it was forced, which models refuse that
/// always think.
fn call_in_words(body: &mut Value, refusal: &Reported) -> bool {
    let choice = &body["tool_choice"];
    let forced = choice.is_object() || choice == "required";
    if !forced || !refusal.names("tool_choice") {
        return false;
    }
    let words = ToolChoice::in_words(choice["function"]["name"].as_str());
    if let Some(fields) = body.as_object_mut() {
        fields.remove("tool_choice");
    }
    let Some(messages) = body["messages"].as_array_mut() else {
        return false;
    };
    match messages
        .first_mut()
        .filter(|first| first["role"] == "system")
    {
        None => messages.insert(0, json!({"role": "system", "content": words})),
        Some(rules) => match &mut rules["content"] {
            Value::Array(parts) => parts.push(json!({"type": "text", "text": words})),
            Value::String(text) => {
                text.push_str("\n\n");
                text.push_str(&words);
            }
            other => *other = words.into(),
        },
    }
    true
}

/// Takes the reasoning out of the model's messages, or adds it empty.
fn other_reasoning(body: &mut Value, refusal: &Reported) -> bool {
    if !refusal.names(REASONING) {
        return false;
    }
    // DeepSeek misses it where another model made the calls; others don't
    // know the field.
    let missed = refusal.names("passed back") || refusal.names("missing");
    let messages = body["messages"].as_array_mut().into_iter().flatten();
    messages
        .filter(|message| message["role"] == "assistant")
        .filter_map(Value::as_object_mut)
        .map(|message| {
            if missed {
                let is_missing = !message.contains_key(REASONING);
                message.entry(REASONING).or_insert_with(|| "".into());
                is_missing
            } else {
                message.remove(REASONING).is_some()
            }
        })
        .fold(false, |any, one| any | one)
}
