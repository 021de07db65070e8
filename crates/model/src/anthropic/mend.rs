//! Takes out of a request what the provider refuses.

use bytes::Bytes;
use serde_json::{Value, json};

use super::thinking::{adaptive, thinks_unasked};
use crate::failure::Reported;
use crate::request::ToolChoice;

/// What can be left out when a model refuses it, with the words that a refusal
/// has for it. Models come and go that take or refuse each of these.
const OPTIONAL: &[(&str, &str)] = &[
    ("temperature", "temperature"),
    ("top_p", "top_p"),
    ("output_config", "output_config"),
    ("output_config", "effort"),
];

/// Returns a body without what the server refused it for: thinking that it
/// can't read, a call that can't be forced, or a setting that the model
/// doesn't take.
pub(crate) fn mend(body: &[u8], refusal: &Reported) -> Option<Bytes> {
    let mut value: Value = serde_json::from_slice(body).ok()?;
    let mended = (refusal.names("thinking") && without_thinking(&mut value, refusal))
        || (refusal.names("tool_choice") && call_in_words(&mut value))
        || refusal.take_out(&mut value, OPTIONAL);
    mended.then(|| serde_json::to_vec(&value).ok().map(Bytes::from))?
}

/// Asks for a call in words where it was forced, which models refuse that
/// always think.
fn call_in_words(body: &mut Value) -> bool {
    let choice = &mut body["tool_choice"];
    if !matches!(choice["type"].as_str(), Some("any" | "tool")) {
        return false;
    }
    let words = ToolChoice::in_words(choice["name"].as_str());
    choice["type"] = "auto".into();
    if let Some(choice) = choice.as_object_mut() {
        choice.remove("name");
    }
    // Behind the rules, which stay as they are cached.
    let block = json!({"type": "text", "text": words});
    match body["system"].as_array_mut() {
        Some(rules) => rules.push(block),
        None => body["system"] = json!([block]),
    }
    if body["thinking"].is_null() && thinks_unasked(body["model"].as_str().unwrap_or_default()) {
        body["thinking"] = adaptive();
    }
    true
}

/// Takes the thinking out of a body, or changes how it is asked for.
fn without_thinking(body: &mut Value, refusal: &Reported) -> bool {
    let blocks = |message: &mut Value| {
        let Some(content) = message["content"].as_array_mut() else {
            return false;
        };
        let before = content.len();
        content.retain(|block| {
            !matches!(
                block["type"].as_str(),
                Some("thinking" | "redacted_thinking")
            )
        });
        content.len() < before
    };
    let signed = refusal.names("signature") || refusal.names("blocks");
    if signed {
        let messages = body["messages"].as_array_mut();
        let taken = messages.into_iter().flatten().map(blocks);
        let taken = taken.fold(false, |any, one| any | one);
        // A budget demands thinking in the turn that goes on.
        let budget = body["thinking"]["type"] == "enabled";
        if let Some(body) = body.as_object_mut().filter(|_| taken && budget) {
            body.remove("thinking");
        }
        // Without any to take out, thinking was missed where it must stand.
        if taken || !refusal.names("expected") {
            return taken;
        }
    }
    let asked = body.as_object_mut();
    asked.is_some_and(|body| body.remove("thinking").is_some())
}
