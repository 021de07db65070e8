//! Reads one event of a stream, and the whole response that some events and
//! servers that ignore `stream` send.
//!
//! Servers leave out, add and send as `null`, so every field is optional and
//! unknown ones are ignored.

use serde::Deserialize;
use serde_json::Value;

use crate::delta::Usage;

/// One event. Only what we use is read: the response that `response.created`
/// repeats holds the whole request and is passed over.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Event {
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// A string in every event that we read.
    pub(super) delta: Value,
    /// The whole arguments of `response.function_call_arguments.done`.
    pub(super) arguments: Option<String>,
    pub(super) item: Option<Value>,
    pub(super) item_id: Option<String>,
    pub(super) output_index: Option<u64>,
    pub(super) summary_index: Option<u64>,
    pub(super) response: Option<Response>,
    /// The error of an `error` event that has one of its own.
    pub(super) error: Option<Value>,
    /// The fields of an `error` event that is the error itself.
    pub(super) code: Value,
    pub(super) message: Option<String>,
    pub(super) param: Value,
}

/// A response: what became of it, and what it holds.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Response {
    pub(super) status: Option<String>,
    pub(super) output: Option<Vec<Value>>,
    pub(super) usage: Option<Value>,
    pub(super) error: Option<Value>,
    pub(super) incomplete_details: Option<Value>,
}

impl Event {
    /// Reads an event; fails on what is not a JSON object of this shape.
    pub(super) fn read(data: &str) -> serde_json::Result<Self> {
        serde_json::from_str(data)
    }

    /// Takes the piece of text that the event adds.
    pub(super) fn take_delta(&mut self) -> String {
        match self.delta.take() {
            Value::String(text) => text,
            _ => String::new(),
        }
    }
}

/// Reads the usage object; `None` when it holds no counts.
pub(super) fn usage(value: &Value) -> Option<Usage> {
    let count = |pointer: &str| value.pointer(pointer).and_then(Value::as_u64);
    let (input, output) = (count("/input_tokens"), count("/output_tokens"));
    if input.is_none() && output.is_none() {
        return None;
    }
    let detail = |pointer| count(pointer).unwrap_or(0);
    Some(Usage {
        input_tokens: input.unwrap_or(0),
        cached_input_tokens: detail("/input_tokens_details/cached_tokens"),
        cache_write_tokens: detail("/input_tokens_details/cache_write_tokens"),
        output_tokens: output.unwrap_or(0),
        reasoning_tokens: detail("/output_tokens_details/reasoning_tokens"),
        charged_micros: None,
        estimated: false,
    })
}
