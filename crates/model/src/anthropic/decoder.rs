//! Turns events into words of the [`Draft`].

use serde_json::{Value, json};

use super::event::{Block, Counts, Event, Piece, StopDetails};
use crate::delta::FinishReason;
use crate::draft::{Draft, Fault};
use crate::failure::Reported;

/// The most blocks that are open at a time; the provider opens one.
const OPEN: usize = 64;

/// What the wire itself needs to remember between two events.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    /// The blocks that are not at their end, by the provider's index.
    open: Vec<(u64, Open)>,
    counts: Counts,
}

/// A block that is not at its end.
#[derive(Debug)]
enum Open {
    /// The tool call at this place.
    Call(usize),
    /// Thinking, with the place it stands at.
    Thought {
        place: (usize, usize),
        text: String,
        signature: String,
    },
    /// Text, or something that is whole from the start or unknown to us.
    Plain,
}

impl Decoder {
    /// Takes the data of one event, or of a whole message.
    pub(crate) fn event(&mut self, data: &str, draft: &mut Draft) -> Result<(), Fault> {
        let data = data.trim();
        if data.is_empty() {
            return Ok(());
        }
        let shape = |_| Fault::Shape(data.to_owned());
        let event: Event = serde_json::from_str(data).map_err(shape)?;
        match event.kind.as_str() {
            "message_start" => {
                let usage = event.message.and_then(|message| message.usage);
                self.count(usage, draft);
            }
            "content_block_start" => {
                let block = event.content_block.unwrap_or_default();
                self.begin(event.index, block, draft)?;
            }
            "content_block_delta" => {
                self.extend(event.index, event.delta.unwrap_or_default(), draft)?;
            }
            "content_block_stop" => self.end(event.index, draft)?,
            "message_delta" => {
                self.count(event.usage, draft);
                let delta = event.delta.unwrap_or_default();
                stop(delta.stop_reason.as_deref(), delta.stop_details, draft)?;
            }
            "message_stop" => draft.end(),
            "message" => self.whole(event, draft)?,
            "error" => return Err(reported(data)),
            "" => return Err(unnamed(data)),
            // `ping`, and whatever else comes to be.
            _ => {}
        }
        Ok(())
    }

    fn whole(&mut self, event: Event, draft: &mut Draft) -> Result<(), Fault> {
        for block in event.content.unwrap_or_default() {
            self.begin(0, block, draft)?;
            self.end(0, draft)?;
        }
        self.count(event.usage, draft);
        stop(event.stop_reason.as_deref(), event.stop_details, draft)
    }

    fn begin(&mut self, index: u64, block: Block, draft: &mut Draft) -> Result<(), Fault> {
        if self.open.len() == OPEN {
            return Err(Fault::TooLarge);
        }
        let open = match block.kind.as_str() {
            "tool_use" => {
                // Some compatible servers send the whole input at once.
                let input = block.input.filter(|input| !is_empty(input));
                let input = input.map(|input| input.to_string());
                let call = draft.begin_call(block.id, block.name, input.unwrap_or_default())?;
                Open::Call(call)
            }
            "thinking" => {
                let text = block.thinking.unwrap_or_default();
                draft.think(text.clone())?;
                Open::Thought {
                    place: draft.place(),
                    text,
                    signature: block.signature.unwrap_or_default(),
                }
            }
            "redacted_thinking" => {
                let data = block.data.unwrap_or_default();
                draft.carry(json!({"type": "redacted_thinking", "data": data}))?;
                Open::Plain
            }
            _ => {
                draft.say(block.text.unwrap_or_default())?;
                Open::Plain
            }
        };
        self.open.push((index, open));
        Ok(())
    }

    fn extend(&mut self, index: u64, piece: Piece, draft: &mut Draft) -> Result<(), Fault> {
        if let Some(text) = piece.text {
            draft.say(text)?;
        }
        let open = self.open.iter_mut().rev().find(|(at, _)| *at == index);
        match open.map(|(_, open)| open) {
            Some(Open::Call(call)) => {
                let arguments = piece.partial_json.unwrap_or_default();
                draft.extend_call(*call, None, arguments)
            }
            Some(Open::Thought {
                text, signature, ..
            }) => {
                let (thought, sign) = (piece.thinking, piece.signature);
                let sign = sign.unwrap_or_default();
                draft.make_room(sign.len())?;
                signature.push_str(&sign);
                let thought = thought.unwrap_or_default();
                text.push_str(&thought);
                draft.think(thought)
            }
            Some(Open::Plain) | None => Ok(()),
        }
    }

    fn end(&mut self, index: u64, draft: &mut Draft) -> Result<(), Fault> {
        let Some(at) = self.open.iter().rposition(|(open, _)| *open == index) else {
            return Ok(());
        };
        let (_, open) = self.open.swap_remove(at);
        match open {
            // Without a signature nobody takes it back.
            Open::Thought {
                place,
                text,
                signature,
            } if !signature.is_empty() => {
                let value = json!({"type": "thinking", "thinking": text, "signature": signature});
                draft.carry_at(place, value)
            }
            Open::Thought { .. } | Open::Call(_) | Open::Plain => Ok(()),
        }
    }

    fn count(&mut self, counts: Option<Counts>, draft: &mut Draft) {
        let Some(counts) = counts else {
            return;
        };
        self.counts.update(counts);
        if let Some(usage) = self.counts.usage() {
            draft.report(usage);
        }
    }
}

fn stop(
    reason: Option<&str>,
    details: Option<StopDetails>,
    draft: &mut Draft,
) -> Result<(), Fault> {
    match reason {
        None | Some("") => {}
        Some("end_turn" | "stop_sequence") => draft.stop(FinishReason::Stop),
        Some("max_tokens" | "model_context_window_exceeded") => draft.stop(FinishReason::Length),
        Some("tool_use") => draft.stop(FinishReason::ToolCalls),
        Some("refusal") => {
            draft.say(details.and_then(|d| d.explanation).unwrap_or_default())?;
            draft.stop(FinishReason::Refusal);
        }
        // `pause_turn`: the answer goes on when it is sent back as it is.
        Some(other) => draft.stop_word(other),
    }
    Ok(())
}

fn reported(data: &str) -> Fault {
    let value = serde_json::from_str::<Value>(data).ok();
    let reported = value.as_ref().and_then(Reported::find);
    Fault::Reported(reported.unwrap_or_else(Reported::unexplained))
}

/// Says what an object without a type is: an error of a proxy, or nothing of
/// this wire.
fn unnamed(data: &str) -> Fault {
    let value = serde_json::from_str::<Value>(data).ok();
    match value.as_ref().and_then(Reported::find) {
        Some(reported) => Fault::Reported(reported),
        None => Fault::Shape(data.to_owned()),
    }
}

fn is_empty(input: &Value) -> bool {
    input.is_null() || input.as_object().is_some_and(serde_json::Map::is_empty)
}
