//! `OpenRouter`'s `reasoning_details`: thinking in its provider's own form,
//! which wants it back with the message, in the same order.
//!
//! A stream brings each of them in pieces, told apart by their index and
//! kind; texts grow, and every other field stands as it came last.

use serde_json::{Map, Value};

/// The fields that come in pieces.
const GROWING: &[&str] = &["text", "summary", "data"];
/// The most of them taken in one answer.
const DETAILS: usize = 1_024;

/// The reasoning of one answer, as far as it has come.
#[derive(Debug, Default)]
pub(super) struct Details(Vec<Map<String, Value>>);

/// More of them than an answer may have.
#[derive(Debug)]
pub(super) struct TooMany;

impl Details {
    /// Takes what a chunk brings and returns how many bytes that is.
    pub(super) fn add(&mut self, pieces: Vec<Value>) -> Result<usize, TooMany> {
        let mut bytes = 0;
        for piece in pieces {
            let Value::Object(piece) = piece else {
                continue;
            };
            bytes += piece
                .values()
                .filter_map(Value::as_str)
                .map(str::len)
                .sum::<usize>();
            let full = self.0.len() == DETAILS;
            match self.0.last_mut().filter(|last| continues(last, &piece)) {
                Some(last) => grow(last, piece),
                None if full => return Err(TooMany),
                None => self.0.push(piece),
            }
        }
        Ok(bytes)
    }

    /// Gives out what there is, as it goes back; `None` when there is nothing.
    pub(super) fn take(&mut self) -> Option<Value> {
        let all = std::mem::take(&mut self.0);
        (!all.is_empty()).then(|| all.into_iter().map(Value::Object).collect())
    }
}

/// Returns whether a piece belongs to what came last. Without an index only
/// plain text can be in pieces.
fn continues(last: &Map<String, Value>, piece: &Map<String, Value>) -> bool {
    let same = |key: &str| last.get(key) == piece.get(key);
    let numbered = piece.get("index").is_some_and(Value::is_number);
    let plain = piece
        .get("type")
        .is_some_and(|kind| kind == "reasoning.text");
    same("type") && same("index") && (numbered || plain)
}

fn grow(detail: &mut Map<String, Value>, piece: Map<String, Value>) {
    for (key, value) in piece {
        match (detail.get_mut(&key), value) {
            (Some(Value::String(text)), Value::String(more)) if GROWING.contains(&&*key) => {
                text.push_str(&more);
            }
            (Some(_), Value::Null) => {}
            (_, value) => {
                detail.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pieces_become_what_goes_back() {
        let mut details = Details::default();
        for (piece, bytes) in [
            (
                json!([{"type": "reasoning.text", "text": "Let ", "index": 0,
                    "format": "anthropic-claude-v1", "signature": null}]),
                14 + 4 + 19,
            ),
            (
                json!([{"type": "reasoning.text", "text": "me.", "index": 0}]),
                14 + 3,
            ),
            (
                json!([{"type": "reasoning.text", "signature": "sig", "index": 0},
                    {"type": "reasoning.encrypted", "data": "xx", "index": 1, "id": "rs_1"}]),
                14 + 3 + 19 + 2 + 4,
            ),
            (json!(["odd"]), 0),
            (json!([{"type": "reasoning.encrypted", "data": "a"}]), 20),
            (json!([{"type": "reasoning.encrypted", "data": "b"}]), 20),
        ] {
            let Value::Array(piece) = piece else {
                unreachable!("each is a list");
            };
            assert_eq!(details.add(piece).unwrap(), bytes);
        }
        let expected = json!([
            {"type": "reasoning.text", "text": "Let me.", "index": 0,
                "format": "anthropic-claude-v1", "signature": "sig"},
            {"type": "reasoning.encrypted", "data": "xx", "index": 1, "id": "rs_1"},
            {"type": "reasoning.encrypted", "data": "a"},
            {"type": "reasoning.encrypted", "data": "b"}]);
        assert_eq!(details.take(), Some(expected));
        assert_eq!(details.take(), None);
    }
}
