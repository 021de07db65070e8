//! What models want back with the tool calls they made: signed thinking and
//! encrypted reasoning, which OpenAI's clients have no place for. It waits
//! here, for the token it came with, until the calls come back.
//!
//! It is kept in memory alone. Where it is lost (a restart, another server, an
//! hour's rest) the conversation goes on without, as one does that comes from
//! another model.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use atelier_base::{Timestamp, TokenId};
use atelier_model::Message;
use atelier_model::serve::Keepsake;
use parking_lot::Mutex;

/// For how long something is kept that nobody asks for.
const KEPT: Duration = Duration::from_hours(1);
/// The most answers of a token whose belongings are kept, and bytes of them.
const ANSWERS: usize = 512;
const BYTES: usize = 4 * 1024 * 1024;
/// The most tokens that something is kept for, and bytes of it all.
const TOKENS: usize = 1_000;
const ALL_BYTES: usize = 64 * 1024 * 1024;

/// What is kept for all tokens.
#[derive(Debug, Default)]
pub(crate) struct Keepsakes(Mutex<HashMap<TokenId, Shelf>>);

/// What is kept for a token.
#[derive(Debug)]
struct Shelf {
    /// By the mark of an answer's first call.
    kept: HashMap<String, Kept>,
    bytes: usize,
    used: Timestamp,
}

#[derive(Debug)]
struct Kept {
    keepsake: Arc<Keepsake>,
    bytes: usize,
    /// When it was put here or last asked for.
    used: Timestamp,
}

impl Keepsakes {
    /// Keeps what an answer's calls want back.
    pub(super) fn put(&self, now: Timestamp, token: TokenId, keepsake: Keepsake) {
        let Some(first) = keepsake.calls.first().cloned() else {
            return;
        };
        let bytes = weight(&keepsake);
        if bytes > BYTES {
            return;
        }
        let mut shelves = self.0.lock();
        let shelf = shelves.entry(token).or_insert_with(|| Shelf {
            kept: HashMap::new(),
            bytes: 0,
            used: now,
        });
        let kept = Kept {
            keepsake: Arc::new(keepsake),
            bytes,
            used: now,
        };
        shelf.put(first, kept);
        make_room(&mut shelves);
    }

    /// Gives the messages of a conversation what their calls want back.
    pub(super) fn give_back(&self, now: Timestamp, token: TokenId, messages: &mut [Message]) {
        let with_calls = messages.iter().enumerate();
        let with_calls = with_calls.filter(|(_, said)| !said.tool_calls.is_empty());
        let marks = |said: &Message| said.tool_calls.iter().map(Keepsake::mark).collect();
        let wanted: Vec<(usize, Vec<String>)> =
            with_calls.map(|(at, said)| (at, marks(said))).collect();
        if wanted.is_empty() {
            return;
        }
        for (at, keepsake) in self.find(now, token, wanted) {
            messages[at].carried.clone_from(&keepsake.carried);
        }
    }

    /// Returns what is kept for calls of these marks, each with what it was
    /// asked for.
    fn find(
        &self,
        now: Timestamp,
        token: TokenId,
        wanted: Vec<(usize, Vec<String>)>,
    ) -> Vec<(usize, Arc<Keepsake>)> {
        let mut shelves = self.0.lock();
        let Some(shelf) = shelves.get_mut(&token) else {
            return Vec::new();
        };
        shelf.used = now;
        let kept = wanted.into_iter().filter_map(|(at, marks)| {
            let kept = shelf.kept.get_mut(marks.first()?)?;
            // What belongs to other calls as well is not good for these alone.
            if now.since(kept.used) >= KEPT || kept.keepsake.calls != marks {
                return None;
            }
            kept.used = now;
            Some((at, Arc::clone(&kept.keepsake)))
        });
        kept.collect()
    }
}

impl Shelf {
    /// Adds something, and lets go of what nobody asked for and of what rested
    /// longest, until the rest is within bounds.
    fn put(&mut self, mark: String, kept: Kept) {
        let now = kept.used;
        self.used = now;
        self.bytes += kept.bytes;
        if let Some(replaced) = self.kept.insert(mark, kept) {
            self.bytes -= replaced.bytes;
        }
        let Self {
            kept: all, bytes, ..
        } = self;
        all.retain(|_, kept| {
            let stays = now.since(kept.used) < KEPT;
            *bytes -= if stays { 0 } else { kept.bytes };
            stays
        });
        while self.kept.len() > ANSWERS || self.bytes > BYTES {
            let oldest = self.kept.iter().min_by_key(|(_, kept)| kept.used);
            let Some(mark) = oldest.map(|(mark, _)| mark.clone()) else {
                return;
            };
            self.bytes -= self.kept.remove(&mark).map_or(0, |kept| kept.bytes);
        }
    }
}

/// Lets go of the tokens that rested longest until the rest is within bounds.
fn make_room(shelves: &mut HashMap<TokenId, Shelf>) {
    let mut bytes: usize = shelves.values().map(|shelf| shelf.bytes).sum();
    while shelves.len() > TOKENS || bytes > ALL_BYTES {
        let oldest = shelves.iter().min_by_key(|(_, shelf)| shelf.used);
        let Some(token) = oldest.map(|(token, _)| *token) else {
            return;
        };
        bytes -= shelves.remove(&token).map_or(0, |shelf| shelf.bytes);
    }
}

/// Returns about how many bytes something takes.
fn weight(keepsake: &Keepsake) -> usize {
    let carried = keepsake.carried.iter();
    let carried = carried.map(|one| one.model.len() + one.value.to_string().len());
    let calls = keepsake.calls.iter().map(String::len);
    carried.chain(calls).sum()
}

#[cfg(test)]
mod tests {
    use atelier_model::{Carried, ToolCall, Wire};
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn made(id: &str) -> ToolCall {
        ToolCall {
            id: id.to_owned(),
            name: "read".to_owned(),
            arguments: "{}".to_owned(),
        }
    }

    fn keepsake(call: &str, bytes: usize) -> Keepsake {
        Keepsake {
            calls: vec![Keepsake::mark(&made(call))],
            carried: vec![Carried {
                wire: Wire::Gemini,
                model: "m".to_owned(),
                text_bytes: 0,
                calls: 0,
                value: json!("x".repeat(bytes)),
            }],
        }
    }

    fn has(kept: &Keepsakes, now: Timestamp, token: TokenId, calls: &[&str]) -> bool {
        let calls = calls.iter().map(|id| made(id));
        let mut said = [Message::assistant("", calls.collect())];
        kept.give_back(now, token, &mut said);
        !said[0].carried.is_empty()
    }

    fn token(of: u128) -> TokenId {
        Uuid::from_u128(of).into()
    }

    /// So many milliseconds after the beginning.
    fn at(millis: u64) -> Timestamp {
        Timestamp::from_micros(i64::try_from(millis * 1_000).unwrap())
    }

    #[test]
    fn what_calls_want_back_is_theirs_alone_and_for_an_hour() {
        let kept = Keepsakes::default();
        kept.put(at(0), token(1), keepsake("a", 9));
        assert!(has(&kept, at(0), token(1), &["a"]));
        assert!(!has(&kept, at(0), token(2), &["a"]));
        assert!(!has(&kept, at(0), token(1), &["b"]));
        assert!(!has(&kept, at(0), token(1), &["a", "b"]));
        // The same id in another conversation, for another call.
        let other = ToolCall {
            arguments: r#"{"path":"a"}"#.to_owned(),
            ..made("a")
        };
        let mut said = [Message::assistant("", vec![other])];
        kept.give_back(at(0), token(1), &mut said);
        assert_eq!(said[0].carried, vec![]);
        let hour = 3_600_000;
        for now in [hour - 1, 2 * hour - 2, 3 * hour - 3] {
            let there = has(&kept, at(now), token(1), &["a"]);
            assert!(there, "what is asked for stays");
        }
        assert!(!has(&kept, at(4 * hour), token(1), &["a"]));
        kept.put(at(4 * hour), token(1), keepsake("b", 9));
        assert_eq!(kept.0.lock()[&token(1)].kept.len(), 1, "the other is gone");
    }

    #[test]
    fn the_oldest_goes_when_there_is_too_much() {
        let kept = Keepsakes::default();
        for number in 0..=ANSWERS {
            let now = at(number as u64);
            kept.put(now, token(1), keepsake(&number.to_string(), 9));
        }
        let now = at(1_000);
        assert!(!has(&kept, now, token(1), &["0"]) && has(&kept, now, token(1), &["1"]));
        kept.put(at(1_001), token(1), keepsake("large", BYTES - 1_000));
        let now = at(1_002);
        assert!(has(&kept, now, token(1), &["large"]) && !has(&kept, now, token(1), &["2"]));
        kept.put(now, token(1), keepsake("too large", BYTES + 1));
        assert!(!has(&kept, now, token(1), &["too large"]));
        for of in 2..=20 {
            let now = at(2_000 + of);
            kept.put(now, token(of.into()), keepsake("large", BYTES - 1_000));
        }
        let now = at(3_000);
        assert!(!has(&kept, now, token(1), &["large"]) && has(&kept, now, token(20), &["large"]));
        let bytes: usize = kept.0.lock().values().map(|shelf| shelf.bytes).sum();
        assert!(bytes <= ALL_BYTES, "{bytes}");
    }
}
