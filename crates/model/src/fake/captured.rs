//! What the fake model was asked.

use atelier_base::Secret;
use bytes::Bytes;
use hyper::header::{AUTHORIZATION, HeaderMap};
use serde_json::Value;

use super::protocol;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Captured {
    /// The path, such as `/v1/chat/completions`.
    pub path: String,
    /// The headers in lower case, in order; the value of `authorization` is
    /// `[secret]`.
    pub headers: Vec<(String, String)>,
    /// The bearer token, if there was one.
    pub bearer: Option<Secret<String>>,
    /// The body as JSON; `null` when there was none, or none that parses.
    pub body: Value,
    /// The body, byte for byte.
    pub raw: Bytes,
}

impl Captured {
    pub(super) fn new(path: &str, headers: &HeaderMap, raw: Bytes) -> Self {
        let bearer = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .map(|key| Secret::new(key.to_owned()));
        let headers = headers
            .iter()
            .map(|(name, value)| {
                let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
                let secret = name == AUTHORIZATION;
                let text = if secret { "[secret]".to_owned() } else { text };
                (name.as_str().to_owned(), text)
            })
            .collect();
        Self {
            path: path.to_owned(),
            headers,
            bearer,
            body: serde_json::from_slice(&raw).unwrap_or(Value::Null),
            raw,
        }
    }

    /// Returns the text of the last user message; empty when there is none.
    pub fn last_user_text(&self) -> String {
        let messages = self.body["messages"].as_array();
        let mut users = messages.into_iter().flatten().rev();
        let last = users.find(|message| message["role"] == "user");
        last.map(|message| text_of(&message["content"]))
            .unwrap_or_default()
    }

    /// Returns what is wrong with the conversation in this request, as strict
    /// servers see it: every tool call is answered at once, roles alternate,
    /// the system message is first. Empty when all is well, and for requests
    /// that are no completions.
    pub fn protocol_faults(&self) -> Vec<String> {
        if self.is_completion() {
            protocol::faults(&self.body)
        } else {
            Vec::new()
        }
    }

    pub(super) fn is_completion(&self) -> bool {
        self.path.ends_with("/chat/completions")
    }
}

/// Returns the text of a message's content: a string, or the text parts.
pub(super) fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .filter_map(|part| part["text"].as_str())
            .collect(),
        _ => String::new(),
    }
}
