//! Reads what a server says went wrong, and says it as an [`Error`].
//!
//! No two servers agree on the shape: OpenAI sends `{"error":{…}}`, Gemini's
//! compatible endpoint the same in a list, Ollama `{"error":"text"}`, older
//! vLLM `{"object":"error",…}`, FastAPI `{"detail":…}`, proxies a web page.

use std::time::Duration;

use atelier_base::Secret;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;

use crate::error::Error;
use crate::wire::Wire;

/// The longest provider message kept, in characters.
const MESSAGE_CHARS: usize = 500;
/// The wait when a provider limits the rate without saying for how long.
const RETRY_DEFAULT: Duration = Duration::from_secs(5);
/// The longest wait believed.
const RETRY_MAX: Duration = Duration::from_hours(24);

/// The headers that hold the provider's id of a request.
const REQUEST_IDS: &[&str] = &["request-id", "x-request-id"];
/// The longest id kept, in characters.
const REQUEST_ID_CHARS: usize = 80;

/// Whom we talk to: what an error message may name, and the key that it must
/// never hold.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) wire: Wire,
    pub(crate) endpoint: String,
    pub(crate) model: String,
    pub(crate) path: String,
    pub(crate) key: Option<Secret<String>>,
}

impl Peer {
    /// Makes a server's text fit to show: without the key (some servers quote
    /// it), on one line, shortened.
    pub(crate) fn clean(&self, text: &str) -> String {
        let hidden = match &self.key {
            Some(key) if !key.expose().is_empty() => text.replace(key.expose().as_str(), "[key]"),
            _ => text.to_owned(),
        };
        let words: Vec<&str> = hidden
            .split(|c: char| c.is_whitespace() || c.is_control())
            .filter(|word| !word.is_empty())
            .collect();
        let line = words.join(" ");
        match line.char_indices().nth(MESSAGE_CHARS) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    }

    /// Says that what came is not the protocol.
    pub(crate) fn protocol(&self, what: &str) -> Error {
        let text = self.clean(what);
        let start: String = text.chars().take(120).collect();
        Error::Protocol {
            endpoint: self.endpoint.clone(),
            wire: self.wire,
            detail: format!("it sent `{start}`"),
        }
    }
}

/// What a server reported.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Reported {
    message: String,
    /// `code`, `type` and `param` in lower case, separated by spaces.
    words: String,
    /// A numeric `code`, which is an HTTP status with OpenRouter, vLLM and
    /// Gemini.
    status: Option<u16>,
    /// How long to wait, where the body says it (Gemini).
    wait: Option<Duration>,
    /// The provider's id of the request, for asking it what went wrong.
    request: Option<String>,
}

impl Reported {
    /// Finds an error in a JSON value; `None` when it is something else.
    pub(crate) fn find(value: &Value) -> Option<Self> {
        let value = match value {
            Value::Array(list) => list.first()?,
            other => other,
        };
        match value.get("error") {
            Some(Value::Object(_)) => Some(Self {
                request: value["request_id"].as_str().map(str::to_owned),
                ..Self::from_object(&value["error"])
            }),
            Some(Value::String(text)) => Some(Self {
                message: text.clone(),
                ..Self::default()
            }),
            _ if value["object"] == "error" => Some(Self::from_object(value)),
            _ => None,
        }
    }

    /// Reads the body of an HTTP error, whatever it is.
    pub(crate) fn from_body(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let Ok(value) = serde_json::from_str::<Value>(&text) else {
            let is_page = text.trim_start().starts_with('<');
            let message = if is_page { "it sent a web page" } else { &text };
            return Self {
                message: message.to_owned(),
                ..Self::default()
            };
        };
        Self::find(&value).unwrap_or_else(|| Self::from_object(&value))
    }

    /// Stands for a fault without a word of explanation.
    pub(crate) fn unexplained() -> Self {
        Self {
            message: "it gave no reason".to_owned(),
            ..Self::default()
        }
    }

    /// Returns whether the server names something of the request.
    pub(crate) fn names(&self, word: &str) -> bool {
        self.message.to_lowercase().contains(word) || self.words.contains(word)
    }

    /// Returns whether both are about the same, whichever request it was.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        (&self.message, &self.words) == (&other.message, &other.words)
    }

    /// Returns how many bytes long it is.
    pub(crate) fn len(&self) -> usize {
        let request = self.request.as_ref().map_or(0, String::len);
        self.message.len() + self.words.len() + request
    }

    /// Takes the first setting out of a body that the server names, of those
    /// that can be left out; each comes with a word that refusals have for it.
    pub(crate) fn take_out(&self, body: &mut Value, optional: &[(&str, &str)]) -> bool {
        let Some(fields) = body.as_object_mut() else {
            return false;
        };
        let mut optional = optional.iter();
        optional.any(|(field, word)| self.names(word) && fields.remove(*field).is_some())
    }

    /// Says it as an error, for an HTTP status.
    pub(crate) fn into_error(self, status: u16, headers: &HeaderMap, peer: &Peer) -> Error {
        let id = REQUEST_IDS.iter().find_map(|name| headers.get(*name));
        let id = id.and_then(|id| id.to_str().ok()).map(str::to_owned);
        let request = id.or(self.request);
        Self { request, ..self }.classify(Some(status), headers, peer)
    }

    /// Says it as an error, for an event in the middle of an answer.
    pub(crate) fn into_stream_error(self, peer: &Peer) -> Error {
        let status = self.status;
        self.classify(status, &HeaderMap::new(), peer)
    }

    fn from_object(value: &Value) -> Self {
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_lowercase();
        let message = match (&value["message"], &value["detail"]) {
            (Value::String(message), _) => message.clone(),
            (_, Value::String(detail)) => detail.clone(),
            _ => value.to_string(),
        };
        Self {
            message: with_upstream(message, &value["metadata"]),
            words: [
                text("code"),
                text("type"),
                text("param"),
                text("status"),
                details(value, "reason").unwrap_or_default().to_lowercase(),
            ]
            .join(" "),
            status: value["code"].as_u64().and_then(|n| u16::try_from(n).ok()),
            wait: details(value, "retryDelay").and_then(seconds),
            request: None,
        }
    }

    /// Returns the message as people are shown it, with the id of the request
    /// behind it.
    fn text(&self, peer: &Peer) -> String {
        let text = match peer.clean(&self.message) {
            text if text.is_empty() => "it gave no reason".to_owned(),
            text => text,
        };
        match self.request.as_deref().map(|id| peer.clean(id)) {
            Some(id) if !id.is_empty() && id.chars().count() <= REQUEST_ID_CHARS => {
                format!("{text} (request {id})")
            }
            _ => text,
        }
    }

    fn classify(self, status: Option<u16>, headers: &HeaderMap, peer: &Peer) -> Error {
        let says = |needles: &[&str]| {
            let message = self.message.to_lowercase();
            let hit = |needle: &&str| message.contains(*needle) || self.words.contains(*needle);
            needles.iter().any(hit)
        };
        let endpoint = peer.endpoint.clone();
        let message = self.text(peer);
        // The specific words first: servers put them behind many a status.
        if says(CONTEXT_WORDS) || status == Some(413) {
            let model = peer.model.clone();
            return Error::ContextTooLong { model, message };
        }
        if says(CREDIT_WORDS) || status == Some(402) {
            return Error::OutOfCredit { endpoint, message };
        }
        if status == Some(401) || says(KEY_WORDS) {
            return Error::Unauthorized { endpoint, message };
        }
        match status {
            Some(403) => Error::Forbidden { endpoint, message },
            Some(400 | 404 | 422) if says(MODEL_WORDS) => Error::ModelNotFound {
                endpoint,
                model: peer.model.clone(),
                message,
            },
            Some(status @ (404 | 405 | 501)) => Error::WrongPath {
                endpoint,
                path: peer.path.clone(),
                status,
            },
            Some(429) => Error::RateLimited {
                endpoint,
                retry_after: retry_after(headers, self.wait),
                message,
            },
            Some(status @ 300..400) => Error::Redirected { endpoint, status },
            Some(408 | 425 | 500..) => Error::Overloaded { endpoint, message },
            Some(status @ 400..500) => Error::BadRequest {
                endpoint,
                status,
                message,
            },
            _ => without_status(&says, endpoint, message),
        }
    }
}

/// Adds what `OpenRouter` passes on of the provider behind it, whose own words
/// say more than "Provider returned error".
fn with_upstream(message: String, metadata: &Value) -> String {
    let raw = match &metadata["raw"] {
        Value::String(raw) => match serde_json::from_str::<Value>(raw) {
            Ok(inner) => Reported::find(&inner).map_or_else(|| raw.clone(), |found| found.message),
            Err(_) => raw.clone(),
        },
        _ => String::new(),
    };
    match (metadata["provider_name"].as_str(), raw.as_str()) {
        (None, "") => message,
        (None, raw) => format!("{message}: {raw}"),
        (Some(name), "") => format!("{name}: {message}"),
        (Some(name), raw) => format!("{name}: {message}: {raw}"),
    }
}

/// Classifies by words alone: an event in mid-stream has no status.
fn without_status(says: &dyn Fn(&[&str]) -> bool, endpoint: String, message: String) -> Error {
    if says(&["rate_limit", "rate limit", "too many requests"]) {
        return Error::RateLimited {
            endpoint,
            retry_after: RETRY_DEFAULT,
            message,
        };
    }
    if says(&["overloaded", "server_error", "unavailable", "timeout_error"]) {
        return Error::Overloaded { endpoint, message };
    }
    Error::Failed { endpoint, message }
}

const CONTEXT_WORDS: &[&str] = &[
    // OpenAI, Groq, Together.
    "context_length_exceeded",
    "maximum context length",
    // llama.cpp.
    "exceed_context_size",
    "exceeds the available context size",
    // Anthropic's and Gemini's compatible endpoints.
    "prompt is too long",
    "exceeds the maximum number of tokens",
    "exceed context limit",
    // Mistral, LM Studio and others.
    "context window",
    "context length",
];

/// A wrong key behind a status that says something else (Gemini).
const KEY_WORDS: &[&str] = &["api_key_invalid", "api key not valid"];

const CREDIT_WORDS: &[&str] = &[
    "insufficient_quota",
    "insufficient balance",
    "insufficient credits",
    "credit balance is too low",
];

const MODEL_WORDS: &[&str] = &[
    "model_not_found",
    "not a valid model",
    "model not found",
    "invalid model",
    "unknown model",
    "no such model",
    "model does not exist",
    // Anthropic: `model: claude-x`.
    "model: ",
    // Gemini.
    "is not found for api version",
    // `The model "x" does not exist`, `model "x" not found, try pulling it`.
    "the model `",
    "the model '",
    "the model \"",
    "model '",
    "model \"",
];

/// Reads how long to wait. A date instead of seconds is not read: it would
/// need the two clocks to agree.
fn retry_after(headers: &HeaderMap, said: Option<Duration>) -> Duration {
    let number = |name: &str| {
        let value = headers.get(name)?.to_str().ok()?;
        value.trim().parse::<f64>().ok()
    };
    let seconds = number("retry-after-ms")
        .map(|ms| ms / 1_000.0)
        .or_else(|| number(RETRY_AFTER.as_str()));
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .or(said)
        .map_or(RETRY_DEFAULT, |wait| wait.min(RETRY_MAX))
}

/// Finds a field among the typed details of Google's errors.
fn details<'a>(error: &'a Value, field: &str) -> Option<&'a str> {
    let mut details = error["details"].as_array()?.iter();
    details.find_map(|detail| detail[field].as_str())
}

/// Reads a time such as `34.07s`.
fn seconds(text: &str) -> Option<Duration> {
    let number: f64 = text.strip_suffix('s')?.parse().ok()?;
    Duration::try_from_secs_f64(number).ok()
}

#[cfg(test)]
mod tests;
