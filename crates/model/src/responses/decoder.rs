//! Turns events into words of the [`Draft`].
//!
//! An answer is a list of items: reasoning, messages and function calls. An
//! item is added, grows, and is done; the event that it is done holds the
//! whole of it, and the last event the whole of all. Some servers leave out
//! the growing or even the items' own events, so whatever was not seen to
//! grow is taken from the whole.

use serde_json::{Value, json};

use super::calls::Calls;
use super::event::{self, Event, Response};
use crate::delta::FinishReason;
use crate::draft::{Draft, Fault};
use crate::failure::Reported;

/// The data of the event with which compatible servers end a stream.
const DONE: &str = "[DONE]";
/// The most items taken in one answer.
const ITEMS: usize = 1_024;

/// What the wire itself needs to remember between two events.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    calls: Calls,
    /// What was seen of each item, by its place in the output.
    items: Vec<Seen>,
    refused: bool,
}

/// What was seen of an item.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// Some of its text has gone out.
    said: bool,
    /// It is done.
    done: bool,
    /// Where in the message it began.
    place: (usize, usize),
}

impl Decoder {
    /// Takes the data of one event, or of a whole answer.
    pub(crate) fn event(&mut self, data: &str, draft: &mut Draft) -> Result<(), Fault> {
        let data = data.trim();
        if data == DONE {
            draft.end();
            return Ok(());
        }
        if data.is_empty() {
            return Ok(());
        }
        match Event::read(data) {
            Ok(event) if !event.kind.is_empty() => self.take(event, draft),
            Ok(_) | Err(_) => self.untyped(data, draft),
        }
    }

    /// Takes what has no type of event: a whole response, an error, or an
    /// event of a kind that we don't know and whose fields mean other things.
    fn untyped(&mut self, data: &str, draft: &mut Draft) -> Result<(), Fault> {
        let shape = || Fault::Shape(data.to_owned());
        let value: Value = serde_json::from_str(data).map_err(|_| shape())?;
        if let Some(reported) = Reported::find(&value) {
            return Err(Fault::Reported(reported));
        }
        if value["object"] == "response" {
            let response = serde_json::from_value(value).map_err(|_| shape())?;
            return self.close(response, draft);
        }
        if value.is_object() && !value["type"].as_str().is_some_and(is_ours) {
            return Ok(());
        }
        Err(shape())
    }

    fn take(&mut self, mut event: Event, draft: &mut Draft) -> Result<(), Fault> {
        match event.kind.as_str() {
            "response.output_text.delta" => self.text(&mut event, draft),
            "response.refusal.delta" => {
                self.refused = true;
                self.text(&mut event, draft)
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                self.seen(event.output_index, draft)?.said = true;
                draft.think(event.take_delta())
            }
            // A summary has parts, each with a title of its own.
            "response.reasoning_summary_part.added" if event.summary_index > Some(0) => {
                draft.think("\n\n".to_owned())
            }
            "response.function_call_arguments.delta" | "response.function_call_arguments.done" => {
                let piece = event.take_delta();
                self.calls.grow(&event, piece, draft)
            }
            "response.output_item.added" => self.added(&event, draft),
            "response.output_item.done" => match event.item {
                Some(item) => self.item(event.output_index, item, draft),
                None => Ok(()),
            },
            "response.completed"
            | "response.incomplete"
            | "response.failed"
            | "response.cancelled" => {
                let mut response = event.response.take().unwrap_or_default();
                let ending = event.kind.trim_start_matches("response.");
                response.status = Some(ending.to_owned());
                self.close(response, draft)
            }
            "error" => Err(Fault::Reported(reported(event))),
            _ => Ok(()),
        }
    }

    fn text(&mut self, event: &mut Event, draft: &mut Draft) -> Result<(), Fault> {
        self.seen(event.output_index, draft)?.said = true;
        draft.say(event.take_delta())
    }

    fn added(&mut self, event: &Event, draft: &mut Draft) -> Result<(), Fault> {
        self.seen(event.output_index, draft)?;
        match &event.item {
            Some(item) if item["type"] == "function_call" => {
                self.calls.begin(event.output_index, item, draft)
            }
            _ => Ok(()),
        }
    }

    /// Takes a whole item.
    fn item(&mut self, index: Option<u64>, item: Value, draft: &mut Draft) -> Result<(), Fault> {
        let seen = self.seen(index, draft)?;
        seen.done = true;
        let before = *seen;
        match item["type"].as_str().unwrap_or_default() {
            "message" => self.message(before, &item, draft),
            "reasoning" => reasoning(before, item, draft),
            "function_call" => self.calls.whole(index, &item, draft),
            _ => Ok(()),
        }
    }

    fn message(&mut self, before: Seen, item: &Value, draft: &mut Draft) -> Result<(), Fault> {
        // Newer models want to be told again which of their messages were
        // comments on the way and which the answer.
        if let Some(phase) = item["phase"].as_str() {
            let value = json!({"type": "message", "phase": phase});
            draft.carry_at(before.place, value)?;
        }
        for part in item["content"].as_array().into_iter().flatten() {
            self.refused |= part["type"] == "refusal";
            let words = part["text"].as_str().or_else(|| part["refusal"].as_str());
            if !before.said {
                draft.say(words.unwrap_or_default().to_owned())?;
            }
        }
        Ok(())
    }

    /// Takes the end of the answer.
    fn close(&mut self, response: Response, draft: &mut Draft) -> Result<(), Fault> {
        if let Some(usage) = response.usage.as_ref().and_then(event::usage) {
            draft.report(usage);
        }
        if let Some(error) = response.error.filter(Value::is_object) {
            return Err(Fault::Reported(as_error(error)));
        }
        for (index, item) in (0..).zip(response.output.into_iter().flatten()) {
            if !self.seen(Some(index), draft)?.done {
                self.item(Some(index), item, draft)?;
            }
        }
        let details = response.incomplete_details.unwrap_or_default();
        match response.status.as_deref() {
            Some("completed") | None if self.refused => draft.stop(FinishReason::Refusal),
            Some("completed") | None if draft.calls().is_empty() => draft.stop(FinishReason::Stop),
            Some("completed") | None => draft.stop(FinishReason::ToolCalls),
            Some("incomplete") => match details["reason"].as_str() {
                Some("max_output_tokens") => draft.stop(FinishReason::Length),
                Some("content_filter") => draft.stop(FinishReason::ContentFilter),
                other => draft.stop_word(other.unwrap_or("incomplete")),
            },
            Some("failed" | "cancelled") => return Err(Fault::Reported(Reported::unexplained())),
            Some(other) => draft.stop_word(other),
        }
        draft.end();
        Ok(())
    }

    /// Returns what was seen of the item at `index`, which begins now if it
    /// is new. Servers that number nothing have one item at a time.
    fn seen(&mut self, index: Option<u64>, draft: &Draft) -> Result<&mut Seen, Fault> {
        let index = index.map_or(Ok(self.items.len().saturating_sub(1)), usize::try_from);
        let index = index.unwrap_or(ITEMS);
        if index >= ITEMS {
            return Err(Fault::TooLarge);
        }
        if index >= self.items.len() {
            let fresh = Seen {
                place: draft.place(),
                ..Seen::default()
            };
            self.items.resize(index + 1, fresh);
        }
        Ok(&mut self.items[index])
    }
}

fn reasoning(before: Seen, item: Value, draft: &mut Draft) -> Result<(), Fault> {
    if !before.said {
        let parts = ["summary", "content"].map(|field| item[field].as_array());
        let texts = parts.into_iter().flatten().flatten();
        let texts: Vec<&str> = texts.filter_map(|part| part["text"].as_str()).collect();
        draft.think(texts.join("\n\n"))?;
    }
    // Without its encrypted form it is of no use to a server that was told to
    // keep nothing.
    if item["encrypted_content"].is_string() {
        draft.carry_at(before.place, item)?;
    }
    Ok(())
}

fn is_ours(kind: &str) -> bool {
    kind == "error" || kind.starts_with("response.")
}

/// Reads an `error` event: the error in it, or its own fields.
fn reported(event: Event) -> Reported {
    let own = json!({"code": event.code, "message": event.message, "param": event.param});
    as_error(event.error.filter(Value::is_object).unwrap_or(own))
}

fn as_error(error: Value) -> Reported {
    Reported::find(&json!({ "error": error })).unwrap_or_else(Reported::unexplained)
}
