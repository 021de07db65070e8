//! What models refused before, so that settings are refused once and not with
//! every request.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use atelier_base::ContentHash;
use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::{Map, Value};

use super::MENDS;
use crate::failure::{Peer, Reported};

/// How long a refusal is remembered: servers are updated.
const KEPT: Duration = Duration::from_hours(1);
/// The most refusals remembered, in all and of one place; the oldest goes
/// first.
const REMEMBERED: usize = 512;
const OF_ONE_PLACE: usize = 32;
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
/// Settings of which it matters here only whether they are there.
const ANY_VALUE: &[&str] = &[
    "budget_tokens",
    "maxOutputTokens",
    "max_completion_tokens",
    "max_output_tokens",
    "max_tokens",
    "random_seed",
    "seed",
    "stop",
    "stopSequences",
    "stop_sequences",
    "thinkingBudget",
    "tools",
];
/// Settings that hold others.
const GROUPS: &[&str] = &["generationConfig", "thinking", "thinkingConfig"];
/// Words of a refusal that is about what was said.
const ABOUT_CONTENT: &[&str] = &[
    "contents[",
    "input[",
    "messages[",
    "messages.",
    "\"contents\",",
    "\"input\",",
    "\"messages\",",
];

/// The refusals that were mended by other settings.
///
/// One is applied again to a request with the very settings that were refused,
/// to the same model with the same key, and to no other: a model may take a
/// temperature when it doesn't think, and an account more than another. What
/// was refused for its content, such as a signature, is not remembered.
#[derive(Default)]
pub(super) struct Mends(Mutex<VecDeque<Mend>>);

struct Mend {
    place: ContentHash,
    settings: ContentHash,
    refusal: Arc<Reported>,
    since: Instant,
}

/// A refusal may quote what nobody else is to read.
impl fmt::Debug for Mends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mends").field(&self.0.lock().len()).finish()
    }
}

/// A body that was refused, and what it was mended to.
pub(super) struct Mended {
    pub(super) before: Bytes,
    pub(super) after: Bytes,
    pub(super) refusal: Reported,
}

impl Mends {
    /// Notes by which mends a request came to be taken.
    pub(super) fn remember(&self, url: &str, peer: &Peer, mended: Vec<Mended>) {
        let (place, since) = (place(url, peer), Instant::now());
        let mut mended = mended.into_iter().peekable();
        while let Some(one) = mended.next() {
            // What is refused again in the same words was not mended.
            let helped = |next: &Mended| !next.refusal.is_like(&one.refusal);
            let settings = lasting(&one).filter(|_| mended.peek().is_none_or(helped));
            if let Some(settings) = settings {
                let refusal = Arc::new(one.refusal);
                self.add(Mend {
                    place,
                    settings,
                    refusal,
                    since,
                });
            }
        }
    }

    fn add(&self, mend: Mend) {
        let mut all = self.0.lock();
        let is_here = |old: &Mend| old.place == mend.place;
        all.retain(|old| {
            !(old.is_past(mend.since) || is_here(old) && old.settings == mend.settings)
        });
        if all.iter().filter(|old| is_here(old)).count() >= OF_ONE_PLACE {
            let oldest = all.iter().position(is_here);
            oldest.map(|at| all.remove(at));
        } else if all.len() >= REMEMBERED {
            all.pop_front();
        }
        all.push_back(mend);
    }

    /// Forgets what a model refused: it now refuses something else.
    pub(super) fn forget(&self, url: &str, peer: &Peer) {
        let place = place(url, peer);
        self.0.lock().retain(|mend| mend.place != place);
    }

    /// Returns a body without what the model is known to refuse of it.
    pub(super) fn apply(&self, url: &str, peer: &Peer, body: Bytes) -> Bytes {
        self.apply_at(url, peer, body, Instant::now())
    }

    fn apply_at(&self, url: &str, peer: &Peer, mut body: Bytes, now: Instant) -> Bytes {
        let known = self.known(url, peer, now);
        if known.is_empty() {
            return body;
        }
        for _ in 0..MENDS {
            let Ok(value) = serde_json::from_slice(&body) else {
                break;
            };
            let settings = settings(&value);
            let refused = known.iter().find(|(of, _)| *of == settings);
            let mended = refused.and_then(|(_, refusal)| peer.wire.mend(&body, refusal));
            match mended {
                Some(mended) => body = mended,
                None => break,
            }
        }
        body
    }

    /// Returns the refusals of a model, by settings.
    fn known(&self, url: &str, peer: &Peer, now: Instant) -> Vec<(ContentHash, Arc<Reported>)> {
        let all = self.0.lock();
        if all.is_empty() {
            return Vec::new();
        }
        let place = place(url, peer);
        let known = all.iter();
        let known = known.filter(|mend| mend.place == place && !mend.is_past(now));
        known
            .map(|mend| (mend.settings, Arc::clone(&mend.refusal)))
            .collect()
    }
}

impl Mend {
    fn is_past(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= KEPT
    }
}

/// Returns who refuses: a model at an address, for whoever has the key.
fn place(url: &str, peer: &Peer) -> ContentHash {
    let key = peer.key.as_ref().map_or("", |key| key.expose().as_str());
    let of = [peer.wire.as_str(), url, &peer.model, key].map(|part| format!("{part:?}"));
    ContentHash::of(of.join(" ").as_bytes())
}

/// Returns the settings that were refused; `None` for a refusal that is about
/// something else, or too long.
fn lasting(one: &Mended) -> Option<ContentHash> {
    let refusal = &one.refusal;
    if refusal.len() > LONGEST || ABOUT_CONTENT.iter().any(|word| refusal.names(word)) {
        return None;
    }
    let read = |body| serde_json::from_slice::<Value>(body).ok();
    let (refused, mended) = (read(&one.before)?, read(&one.after)?);
    let settings = settings(&refused);
    let is_lasting = settings != self::settings(&mended)
        // Signatures, or thoughts, were taken out as well.
        && said_bytes(&mended) >= said_bytes(&refused);
    is_lasting.then_some(settings)
}

/// Tells how an answer is asked for from what is asked.
fn settings(body: &Value) -> ContentHash {
    let mut kept = without_values(body);
    if let Some(fields) = kept.as_object_mut() {
        fields.retain(|name, _| !CONTENT.contains(&name.as_str()));
    }
    ContentHash::of(kept.to_string().as_bytes())
}

fn without_values(group: &Value) -> Value {
    let Value::Object(fields) = group else {
        return group.clone();
    };
    let kept = fields.iter().map(|(name, value)| {
        let value = match name.as_str() {
            any if ANY_VALUE.contains(&any) || CONTENT.contains(&any) => true.into(),
            group if GROUPS.contains(&group) => without_values(value),
            _ => value.clone(),
        };
        (name.clone(), value)
    });
    kept.collect::<Map<_, _>>().into()
}

fn said_bytes(body: &Value) -> usize {
    let content = CONTENT.iter().filter_map(|name| body.get(name));
    content.map(|value| value.to_string().len()).sum()
}

#[cfg(test)]
mod tests;
