//! What models refused before, so that each settings are refused once and not
//! with every request.

use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::{Map, Value};

use super::MENDS;
use crate::failure::Reported;
use crate::wire::Wire;

/// How long a refusal is remembered: servers are updated.
const KEPT: Duration = Duration::from_hours(1);
/// The most refusals remembered; the oldest goes first.
const REMEMBERED: usize = 256;
/// The longest refusal remembered, in bytes.
const LONGEST: usize = 4 * 1024;

/// What is said in a request, on whichever wire: it differs each time.
const CONTENT: &[&str] = &[
    "contents",
    "input",
    "input_prefix",
    "input_suffix",
    "instructions",
    "messages",
    "prompt",
    "suffix",
    "system",
    "systemInstruction",
];
/// Settings of which it matters whether they are there: no model refuses one
/// text that ends an answer and takes another.
const ANY_VALUE: &[&str] = &[
    "budget_tokens",
    "maxOutputTokens",
    "max_completion_tokens",
    "max_output_tokens",
    "max_tokens",
    "random_seed",
    "responseJsonSchema",
    "response_format",
    "seed",
    "stop",
    "stopSequences",
    "stop_sequences",
    "text",
    "thinkingBudget",
    "tools",
];
/// Words of a refusal that is about what was said.
const ABOUT_CONTENT: &[&str] = &["contents[", "input[", "messages[", "messages."];

/// The refusals that were mended by other settings.
///
/// One is applied again to a request with the very settings that were refused,
/// and to no other: a model may take a temperature when it doesn't think. What
/// was refused for its content, such as a signature, is not remembered.
#[derive(Debug, Default)]
pub(super) struct Mends(Mutex<Vec<Mend>>);

#[derive(Debug)]
struct Mend {
    url: String,
    settings: Value,
    refusal: Reported,
    since: Instant,
}

impl Mends {
    /// Notes that a server refused a body and what it was mended to.
    pub(super) fn remember(&self, url: &str, refused: &[u8], mended: &[u8], refusal: Reported) {
        let about_content = || ABOUT_CONTENT.iter().any(|word| refusal.names(word));
        if refusal.len() > LONGEST || about_content() {
            return;
        }
        let read = |body| serde_json::from_slice::<Value>(body).unwrap_or_default();
        let (refused, mended) = (read(refused), read(mended));
        let settings = settings(&refused);
        if settings == self::settings(&mended) || said_bytes(&mended) < said_bytes(&refused) {
            return;
        }
        let since = Instant::now();
        let mend = Mend {
            url: url.to_owned(),
            settings,
            refusal,
            since,
        };
        let mut all = self.0.lock();
        all.retain(|old| {
            !old.is_past(since) && (old.url != mend.url || old.settings != mend.settings)
        });
        if all.len() >= REMEMBERED {
            all.remove(0);
        }
        all.push(mend);
    }

    /// Returns a body without what the server is known to refuse of it.
    pub(super) fn apply(&self, wire: Wire, url: &str, body: Bytes) -> Bytes {
        self.apply_at(wire, url, body, Instant::now())
    }

    fn apply_at(&self, wire: Wire, url: &str, body: Bytes, now: Instant) -> Bytes {
        let all = self.0.lock();
        let known = |mend: &&Mend| mend.url == url && !mend.is_past(now);
        if !all.iter().any(|mend| known(&mend)) {
            return body;
        }
        let mut body = body;
        for _ in 0..MENDS {
            let Ok(value) = serde_json::from_slice(&body) else {
                break;
            };
            let settings = settings(&value);
            let mut refused = all.iter().filter(known);
            let mended = refused
                .find(|mend| mend.settings == settings)
                .and_then(|mend| wire.mend(&body, &mend.refusal));
            match mended {
                Some(mended) => body = mended,
                None => break,
            }
        }
        body
    }
}

impl Mend {
    fn is_past(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= KEPT
    }
}

/// Returns how an answer is asked for, without what is asked.
fn settings(body: &Value) -> Value {
    let Value::Object(fields) = body else {
        return body.clone();
    };
    let kept = |(name, value): (&String, &Value)| {
        let name = name.as_str();
        let value = match () {
            () if CONTENT.contains(&name) => return None,
            () if ANY_VALUE.contains(&name) => true.into(),
            () => settings(value),
        };
        Some((name.to_owned(), value))
    };
    fields.iter().filter_map(kept).collect::<Map<_, _>>().into()
}

fn said_bytes(body: &Value) -> usize {
    let content = CONTENT.iter().filter_map(|name| body.get(name));
    content.map(|value| value.to_string().len()).sum()
}

#[cfg(test)]
mod tests;
