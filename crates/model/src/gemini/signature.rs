//! Signatures of thoughts: how they are kept, and where they go back.
//!
//! A part of an answer may have one, and must have it again when it is sent
//! back. From the third generation on, a tool call of the turn that goes on is
//! refused without; for calls that another model made the documentation names
//! a word to put in its place.

use serde_json::{Value, json};

use crate::conversation::Kept;

/// Stands for the signature of a call that another model made.
pub(crate) const FOREIGN: &str = "skip_thought_signature_validator";

/// What a signature belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signed<'a> {
    /// The call that comes next.
    Call(&'a str),
    /// So many bytes of text that came before.
    Text(&'a str, usize),
    /// A part of its own.
    Part(&'a Value),
}

/// Makes what is kept of a signed call.
pub(super) fn call(signature: String) -> Value {
    json!({"on": "call", "thoughtSignature": signature})
}

/// Makes what is kept of a signed text of so many bytes.
pub(super) fn text(signature: String, bytes: usize) -> Value {
    json!({"on": "text", "bytes": bytes, "thoughtSignature": signature})
}

/// Makes what is kept of a signed thought.
pub(super) fn thought(signature: String, text: String) -> Value {
    json!({"on": "part",
        "part": {"thought": true, "text": text, "thoughtSignature": signature}})
}

/// Reads what was kept; `None` when it is nothing of ours.
pub(super) fn read<'a>(kept: &Kept<'a>) -> Option<Signed<'a>> {
    let value = kept.value;
    let signature = value["thoughtSignature"].as_str();
    match value["on"].as_str()? {
        "call" => signature.map(Signed::Call),
        "text" => {
            let bytes = usize::try_from(value["bytes"].as_u64()?).ok()?;
            signature.map(|signature| Signed::Text(signature, bytes))
        }
        "part" => value.get("part").map(Signed::Part),
        _ => None,
    }
}
