//! The OpenAI Chat Completions wire format, and the dialects of it that
//! compatible servers speak.
//!
//! After <https://platform.openai.com/docs/api-reference/chat>; the departures
//! of OpenRouter, vLLM, llama.cpp, Ollama, DeepSeek and Mistral are named
//! where they are handled.

/// The field of a message that holds what was thought.
const REASONING: &str = "reasoning_content";

pub(crate) mod body;
mod chunk;
mod decoder;
mod details;
pub(crate) mod mend;
mod tool_calls;

pub(crate) use decoder::Decoder;

/// How `OpenRouter` wants programs to name themselves.
pub(crate) const ATTRIBUTION: [(&str, &str); 2] = [
    ("http-referer", env!("CARGO_PKG_REPOSITORY")),
    ("x-title", "Atelier"),
];
