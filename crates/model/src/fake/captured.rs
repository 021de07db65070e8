//! What the fake model was asked.

use atelier_base::Secret;
use bytes::Bytes;
use hyper::header::HeaderMap;
use serde_json::Value;

use super::protocol;
use crate::wire::Wire;

/// The headers that hold a key.
const KEY_HEADERS: [&str; 3] = ["authorization", "x-api-key", "x-goog-api-key"];

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Captured {
    /// The path, such as `/v1/chat/completions`.
    pub path: String,
    /// The headers in lower case, in order; the value of one that holds a key
    /// is `[secret]`.
    pub headers: Vec<(String, String)>,
    /// The key, if there was one, without the `Bearer` before it.
    pub bearer: Option<Secret<String>>,
    /// The body as JSON; `null` when there was none, or none that parses.
    pub body: Value,
    /// The body, byte for byte.
    pub raw: Bytes,
}

impl Captured {
    pub(crate) fn new(path: &str, headers: &HeaderMap, raw: Bytes) -> Self {
        let key = KEY_HEADERS.iter().find_map(|name| headers.get(*name));
        let bearer = key
            .and_then(|value| value.to_str().ok())
            .map(|value| value.strip_prefix("Bearer ").unwrap_or(value))
            .map(|key| Secret::new(key.to_owned()));
        let headers = headers
            .iter()
            .map(|(name, value)| {
                let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
                let secret = KEY_HEADERS.contains(&name.as_str());
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

    /// Returns the wire that the request is on; `None` when it asks for no
    /// answer. `OpenRouter`'s clients are told by how they name themselves;
    /// what fills in is on that of Chat Completions.
    pub fn wire(&self) -> Option<Wire> {
        let method = self.path.rsplit_once(':').map(|(_, method)| method);
        let titled = || self.headers.iter().any(|(name, _)| name == "x-title");
        if self.path.ends_with("/chat/completions") && titled() {
            Some(Wire::OpenRouter)
        } else if self.path.ends_with("/completions") || self.is_infill() {
            Some(Wire::OpenAiChat)
        } else if self.path.ends_with("/responses") {
            Some(Wire::OpenAiResponses)
        } else if self.path.ends_with("/messages") {
            Some(Wire::Anthropic)
        } else if matches!(method, Some("streamGenerateContent" | "generateContent")) {
            Some(Wire::Gemini)
        } else {
            None
        }
    }

    /// Returns the model asked; empty when none is named.
    pub fn model(&self) -> String {
        let in_path = || {
            let (path, _) = self.path.rsplit_once(':')?;
            path.rsplit('/').next()
        };
        let named = match self.wire() {
            Some(Wire::Gemini) => in_path(),
            _ => self.body["model"].as_str(),
        };
        named.unwrap_or_default().to_owned()
    }

    /// Returns the text of the last user message; empty when there is none.
    pub fn last_user_text(&self) -> String {
        let (list, texts) = match self.wire() {
            Some(Wire::Gemini) => ("contents", "parts"),
            Some(Wire::OpenAiResponses) => ("input", "content"),
            _ => ("messages", "content"),
        };
        // What fills in is asked with one text, and so can responses be.
        let plain = ["prompt", "input_prefix", "input"].map(|key| self.body[key].as_str());
        if let Some(text) = plain.into_iter().flatten().next() {
            return text.to_owned();
        }
        let messages = self.body[list].as_array().into_iter().flatten().rev();
        let users = messages.filter(|message| message["role"] == "user");
        // Outputs of tools are the person's message too on some wires.
        let mut texts = users.map(|message| text_of(&message[texts]));
        texts.find(|text| !text.is_empty()).unwrap_or_default()
    }

    /// Returns what is wrong with the conversation in this request, as strict
    /// servers see it: every tool call is answered at once, roles alternate,
    /// the system message is first. Empty when all is well, and for requests
    /// that are no completions.
    pub fn protocol_faults(&self) -> Vec<String> {
        match self.wire() {
            Some(wire) => protocol::faults(self, wire),
            None => Vec::new(),
        }
    }

    /// Returns whether it is to be filled in between a prefix and a suffix, or
    /// gone on from a prompt.
    pub(super) fn fills_in(&self) -> bool {
        let conversation = self.path.ends_with("/chat/completions");
        self.is_infill() || self.path.ends_with("/completions") && !conversation
    }

    /// Returns whether it is on the route that only llama.cpp has.
    pub(super) fn is_infill(&self) -> bool {
        self.path.ends_with("/infill")
    }

    pub(super) fn wants_stream(&self) -> bool {
        match self.wire() {
            Some(Wire::Gemini) => self.path.ends_with(":streamGenerateContent"),
            _ => self.body["stream"] == true,
        }
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
