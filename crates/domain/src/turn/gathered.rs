//! Pieces of an answer on their way to becoming events.

use atelier_base::WorkspacePath;
use atelier_model::{Delta, FinishReason};

use super::Going;
use super::preview::Preview;
use crate::call::{Asked, Switched};
use crate::event::TurnEvent;

/// What a model said.
#[derive(Default)]
pub(super) struct Said {
    pub(super) text: String,
    /// Edits that came as a tool call rather than as text.
    pub(super) tool_edits: Vec<String>,
    /// Why it is not whole; `None` when it is.
    pub(super) cut: Option<Cut>,
}

/// Why an answer is not whole.
pub(super) struct Cut {
    /// A stable name.
    pub(super) code: &'static str,
    /// A sentence.
    pub(super) why: String,
}

impl Cut {
    /// Reads why a model stopped; `None` when it said all it wanted to.
    fn of(reason: &FinishReason) -> Option<Self> {
        let (code, why) = match reason {
            FinishReason::Stop | FinishReason::ToolCalls => return None,
            FinishReason::Length => (
                "cut_short",
                "The answer was cut off at the model's length limit.".to_owned(),
            ),
            FinishReason::Refusal => ("refused", "The model declined to answer.".to_owned()),
            FinishReason::ContentFilter => (
                "filtered",
                "The provider's content filter withheld the answer or a part of it.".to_owned(),
            ),
            FinishReason::Other(word) => (
                "cut_short",
                format!("The model stopped before its answer was whole; it says only `{word}`."),
            ),
        };
        Some(Self { code, why })
    }
}

/// Pieces of an answer that wait to become events, in order.
pub(super) struct Gathered {
    events: Vec<TurnEvent>,
    pub(super) bytes: usize,
    preview: Preview,
}

impl Gathered {
    pub(super) fn new(going: &Going) -> Self {
        Self {
            events: Vec::new(),
            bytes: 0,
            preview: Preview::new(sole_path(going)),
        }
    }

    /// Says that another model took over, and begins anew.
    pub(super) fn switch(&mut self, going: &Going, asked: &Asked, switched: Switched) {
        self.preview = Preview::new(sole_path(going));
        self.events.push(TurnEvent::Switched {
            model_call_id: asked.id().as_uuid(),
            from: switched.from,
            to: switched.to,
            local: switched.local,
            reason: switched.reason,
        });
    }

    /// Adds the changes that are whole only because the answer is.
    pub(super) fn end_preview(&mut self) {
        self.preview.end(&mut self.events);
    }

    pub(super) fn add(&mut self, delta: Delta, said: &mut Said) {
        match delta {
            Delta::Text(piece) => {
                // Postgres keeps no NUL in text.
                let piece = piece.replace('\0', "\u{fffd}");
                self.bytes += piece.len();
                said.text.push_str(&piece);
                let hunks = self.preview.reader.push(&piece);
                match self.events.last_mut() {
                    Some(TurnEvent::Text { text }) => text.push_str(&piece),
                    _ => self.events.push(TurnEvent::Text { text: piece }),
                }
                self.bytes += self.preview.show(hunks, &mut self.events);
            }
            Delta::Reasoning(piece) => {
                self.bytes += piece.len();
                match self.events.last_mut() {
                    Some(TurnEvent::Reasoning { text }) => text.push_str(&piece),
                    _ => self.events.push(TurnEvent::Reasoning { text: piece }),
                }
            }
            Delta::ToolCall(call) => said.tool_edits.extend(edits_of(&call)),
            Delta::Finish { reason } => said.cut = Cut::of(&reason),
            Delta::ToolCallPart(_) | Delta::Carried(_) | Delta::Usage(_) => {}
        }
    }

    pub(super) fn take(&mut self) -> Vec<TurnEvent> {
        self.bytes = 0;
        std::mem::take(&mut self.events)
    }
}

/// Returns the patch of an `apply_patch` call, which some models make unasked.
fn edits_of(call: &atelier_model::ToolCall) -> Option<String> {
    if call.name != "apply_patch" {
        return None;
    }
    let arguments: serde_json::Value = serde_json::from_str(&call.arguments).ok()?;
    ["input", "patch"]
        .iter()
        .find_map(|key| arguments[key].as_str())
        .map(str::to_owned)
}

/// Returns the file that a block without a name means: the only one given.
pub(super) fn sole_path(going: &Going) -> Option<WorkspacePath> {
    let mut paths = going.seen.keys();
    paths.next().filter(|_| going.seen.len() == 1).cloned()
}
