//! Google's Gemini wire format.
//!
//! After <https://ai.google.dev/api/generate-content>,
//! <https://ai.google.dev/gemini-api/docs/function-calling>,
//! <https://ai.google.dev/gemini-api/docs/thought-signatures>,
//! <https://ai.google.dev/gemini-api/docs/structured-output> and the types of
//! <https://github.com/googleapis/python-genai>.

pub(crate) mod body;
mod chunk;
mod decoder;
mod settings;
mod signature;

pub(crate) use decoder::Decoder;
pub(crate) use settings::{demands_signatures, limit};
pub(crate) use signature::FOREIGN;

/// The header that holds the key.
pub(crate) const KEY_HEADER: &str = "x-goog-api-key";
/// Asks for server-sent events in place of one JSON list.
pub(crate) const QUERY: &str = "alt=sse";

/// Returns the route of an answer of `model` beneath a base URL.
pub(crate) fn route(model: &str) -> String {
    // A tuned model's name has its collection in front.
    let collection = if model.contains('/') { "" } else { "models/" };
    format!("/{collection}{model}:streamGenerateContent")
}
