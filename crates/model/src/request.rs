//! What is asked of a model, the same for every provider.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::message::Message;

/// One request for an answer.
///
/// What a provider or model has no word for is left out, never an error:
/// `seed` and `parallel_tool_calls`, say, are wishes. Only `response` is
/// enforced by the provider where it can be and else asked for in words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// The conversation so far, oldest first. Must not be empty.
    pub messages: Vec<Message>,
    /// The tools the model may call.
    pub tools: Vec<Tool>,
    /// Whether it may, must or must not call one.
    pub tool_choice: ToolChoice,
    /// Whether it may call several at once; the provider's default when
    /// `None`.
    pub parallel_tool_calls: Option<bool>,
    /// Sampling temperature; the provider's default when `None`.
    pub temperature: Option<f32>,
    /// Nucleus sampling, from 0 to 1; the provider's default when `None`.
    pub top_p: Option<f32>,
    /// The most tokens the answer may have, reasoning included; the
    /// provider's default when `None`.
    pub max_output_tokens: Option<u32>,
    /// Texts that end the answer, which is then without them.
    pub stop: Vec<String>,
    /// The seed of the sampling.
    pub seed: Option<i64>,
    /// The form of the answer.
    pub response: ResponseForm,
    /// How hard to think; the provider's default when `None`.
    pub effort: Option<Effort>,
    /// Whether to mark what the provider should cache (the rules, the tools
    /// and the conversation so far), where it doesn't cache by itself.
    pub cache: bool,
}

/// A tool a model may call.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// Its name: letters, digits, `_` and `-`, at most 64.
    pub name: String,
    /// What it does, for the model.
    pub description: String,
    /// The JSON Schema of its arguments, an object.
    pub parameters: Value,
}

/// Whether a model may, must or must not call a tool. Without tools it means
/// nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ToolChoice {
    /// As it likes.
    #[default]
    Auto,
    /// None.
    None,
    /// At least one, whichever.
    Required,
    /// The one with this name.
    Tool(String),
}

/// The form of an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ResponseForm {
    /// Text.
    #[default]
    Text,
    /// One JSON object, of any shape.
    Json,
    /// One JSON document after a schema.
    Schema {
        /// A name for it: letters, digits, `_` and `-`, at most 64.
        name: String,
        /// The JSON Schema, of an object.
        schema: Value,
    },
}

impl ResponseForm {
    /// Asks for the form in words, for models that can't be held to it.
    pub(crate) fn in_words(&self) -> Option<String> {
        match self {
            Self::Text => None,
            Self::Json => Some("Answer with one JSON object and nothing else.".to_owned()),
            Self::Schema { schema, .. } => Some(format!(
                "Answer with one JSON document after this JSON Schema and nothing else: {schema}"
            )),
        }
    }
}

/// How hard a model is to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effort {
    /// As little as it can.
    Minimal,
    /// A little.
    Low,
    /// As most questions need.
    Medium,
    /// As long as it takes.
    High,
}

impl Effort {
    /// Returns the word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}
