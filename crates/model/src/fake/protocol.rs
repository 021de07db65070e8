//! What every request to a model must keep, as each provider has it.

use serde_json::Value;

use super::captured::Captured;
use crate::wire::Wire;

mod anthropic;
mod chat;
mod completions;
mod gemini;
mod responses;

/// Returns what is wrong with a request.
pub(super) fn faults(request: &Captured, wire: Wire) -> Vec<String> {
    match wire {
        _ if request.fills_in() => completions::faults(request),
        Wire::Anthropic => anthropic::faults(request),
        Wire::Gemini => gemini::faults(request),
        Wire::OpenAiResponses => responses::faults(request),
        Wire::OpenAiChat | Wire::OpenRouter | Wire::Local => chat::faults(&request.body),
    }
}

/// Returns whether a name or id is of letters, digits, `_` and `-`.
fn is_word(text: &str, most: usize) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    (1..=most).contains(&text.len()) && text.bytes().all(word)
}

/// Finds the fields of an object that are not known.
fn unknown<'a>(object: &'a Value, known: &'a [&str]) -> impl Iterator<Item = &'a str> {
    let fields = object.as_object().into_iter().flat_map(|map| map.keys());
    let fields = fields.map(String::as_str);
    fields.filter(|field| !known.contains(field))
}

#[cfg(test)]
mod tests;
