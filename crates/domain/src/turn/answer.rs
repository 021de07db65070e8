//! Follows a model's answer to its end and makes a proposal of its edits.

use std::time::Duration;

use atelier_base::{ConversationId, ModelCallId, TurnId, WorkspaceId, WorkspacePath, limit};
use atelier_model::{Call, Delta, FinishReason, Usage};
use atelier_patch::{ErrorCode, Format, ParseOptions};
use atelier_store::{MessageRole, TurnState};
use tokio::time::{Instant, timeout_at};

use super::Going;
use super::record::{Timing, call_row};
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::event::TurnEvent;
use crate::proposal::Origin;

/// Text is gathered this long, or to this size, before it becomes an event.
const GATHER: Duration = Duration::from_millis(25);
const GATHER_BYTES: usize = 4 * 1024;

/// How a turn ended.
struct End {
    state: TurnState,
    code: Option<String>,
    detail: Option<String>,
    hint: Option<String>,
}

impl End {
    const DONE: Self = Self {
        state: TurnState::Done,
        code: None,
        detail: None,
        hint: None,
    };

    fn of(error: &Error) -> Self {
        match error {
            Error::Cancelled => Self {
                state: TurnState::Cancelled,
                ..Self::DONE
            },
            Error::Model { detail, hint } => Self {
                state: TurnState::Failed,
                code: Some("model_failed".to_owned()),
                detail: Some(detail.clone()),
                hint: hint.clone(),
            },
            Error::Store(_) | Error::Internal(_) => Self {
                state: TurnState::Failed,
                code: Some("internal".to_owned()),
                detail: Some("Something failed in the server; its log says what.".to_owned()),
                hint: None,
            },
            other => Self {
                state: TurnState::Failed,
                code: None,
                detail: Some(other.to_string()),
                hint: None,
            },
        }
    }
}

/// What a model said.
#[derive(Default)]
struct Said {
    text: String,
    /// Edits that came as a tool call rather than as text.
    tool_edits: Vec<String>,
    cut_short: bool,
}

impl Domain {
    /// Runs a turn to its end and records how it ended.
    pub(super) async fn answer(&self, mut going: Going, files: Vec<WorkspacePath>) -> Result<()> {
        let started = TurnEvent::Started {
            turn_id: going.turn.as_uuid(),
            conversation_id: going.conversation.as_uuid(),
            model: going.endpoint.model.clone(),
        };
        self.streams().publish(going.turn, &started).await?;
        self.announce_turn(going.workspace, going.turn, going.conversation)
            .await?;
        let end = match self.converse(&mut going, files).await {
            Ok(()) => End::DONE,
            Err(error) => {
                if !matches!(error, Error::Cancelled | Error::Model { .. }) {
                    tracing::warn!(turn.id = %going.turn, error = %crate::error::chain(&error), "a turn failed");
                }
                End::of(&error)
            }
        };
        // A turn that the server's stop ends was not cancelled by a person.
        let end = match end.state {
            TurnState::Cancelled if self.stopping().is_cancelled() => End {
                state: TurnState::Interrupted,
                ..end
            },
            _ => end,
        };
        self.finish_turn(going.workspace, going.turn, going.conversation, end)
            .await
    }

    /// Ends a turn that failed in the server, so that nobody waits for it.
    pub(super) async fn record_failed_turn(
        &self,
        workspace: WorkspaceId,
        turn: TurnId,
        conversation: ConversationId,
    ) {
        let end = End::of(&Error::Internal(String::new()));
        if let Err(error) = self.finish_turn(workspace, turn, conversation, end).await {
            tracing::error!(turn.id = %turn, error = %crate::error::chain(&error), "a turn could not be recorded");
        }
    }

    async fn finish_turn(
        &self,
        workspace: WorkspaceId,
        turn: TurnId,
        conversation: ConversationId,
        end: End,
    ) -> Result<()> {
        let now = self.now();
        self.store()
            .write(async |tx| {
                tx.finish_turn(turn, end.state, end.detail.as_deref(), now)
                    .await
            })
            .await?;
        let event = TurnEvent::Finished {
            state: end.state.as_str().to_owned(),
            code: end.code,
            detail: end.detail,
            hint: end.hint,
        };
        self.streams().publish(turn, &event).await?;
        self.announce_turn(workspace, turn, conversation).await
    }

    async fn converse(&self, going: &mut Going, files: Vec<WorkspacePath>) -> Result<()> {
        let context = self.context(going, &files).await?;
        let prepared = self
            .gateway()
            .prepare(&going.endpoint, &context.request)
            .map_err(model_error)?;
        let call_id = self.ids().next::<ModelCallId>();
        let mut timing = Timing {
            sent: self.now(),
            first: None,
        };
        let hash = self.store().blobs().put(prepared.body().to_vec()).await?;
        let row = call_row(going, call_id, hash, timing.sent);
        self.store()
            .write(async |tx| tx.insert_model_call(&row).await)
            .await?;
        let bytes = prepared.body().len() as u64;
        self.streams()
            .publish(
                going.turn,
                &TurnEvent::Context {
                    model_call_id: call_id.as_uuid(),
                    bytes,
                    files: context.files,
                },
            )
            .await?;
        let mut said = Said::default();
        let sent = prepared.body().clone();
        let (outcome, usage) = match self
            .gateway()
            .stream(prepared, going.ctx.cancel.clone())
            .await
        {
            Ok(mut call) => {
                if *call.body() != sent {
                    self.record_resent(call_id, call.body().to_vec()).await?;
                }
                let outcome = self.follow(going, &mut call, &mut said, &mut timing).await;
                (outcome, call.usage())
            }
            Err(error) => (Err(model_error(error)), Usage::default()),
        };
        self.record_call(going, call_id, &timing, usage, outcome.as_ref().err())
            .await?;
        if !said.text.is_empty() {
            let message = self.message(
                going.conversation,
                going.turn,
                MessageRole::Assistant,
                said.text.clone(),
            );
            self.store()
                .write(async |tx| tx.insert_message(&message).await)
                .await?;
        }
        outcome?;
        self.propose_edits(going, &said).await
    }

    /// Reads the answer and stores it as events, gathered a little.
    async fn follow(
        &self,
        going: &Going,
        call: &mut Call,
        said: &mut Said,
        timing: &mut Timing,
    ) -> Result<()> {
        let mut gathered = Gathered::default();
        let mut until: Option<Instant> = None;
        loop {
            let next = match until {
                None => Ok(call.next().await),
                Some(until) => timeout_at(until, call.next()).await,
            };
            let ended = match next {
                Err(_elapsed) => false,
                Ok(None) => true,
                Ok(Some(Err(error))) => {
                    self.streams()
                        .publish_all(going.turn, &gathered.take())
                        .await?;
                    return Err(model_error(error));
                }
                Ok(Some(Ok(delta))) => {
                    timing.first.get_or_insert_with(|| self.now());
                    gathered.add(delta, said);
                    if gathered.bytes < GATHER_BYTES {
                        until = until.or_else(|| Some(Instant::now() + GATHER));
                        continue;
                    }
                    false
                }
            };
            until = None;
            self.streams()
                .publish_all(going.turn, &gathered.take())
                .await?;
            if ended {
                return Ok(());
            }
        }
    }

    /// Makes a proposal of the answer's edits, if it has any.
    async fn propose_edits(&self, going: &mut Going, said: &Said) -> Result<()> {
        let text = if said.tool_edits.is_empty() {
            said.text.clone()
        } else {
            said.tool_edits.join("\n")
        };
        if text.len() > limit::PATCH_BYTES {
            return self
                .edit_failed(
                    going,
                    "too_large",
                    "The answer's edits are larger than 4 MiB.".to_owned(),
                    None,
                )
                .await;
        }
        let sole_path = (going.seen.len() == 1)
            .then(|| going.seen.keys().next().cloned())
            .flatten();
        let patch = match atelier_patch::parse(
            &text,
            &ParseOptions {
                format: Format::Auto,
                strict: false,
                sole_path,
            },
        ) {
            Ok(patch) => patch,
            Err(error) if error.kind == ErrorCode::NoEdits => return Ok(()),
            Err(error) => {
                return self
                    .edit_failed(going, error.code(), error.to_string(), error.path)
                    .await;
            }
        };
        if said.cut_short {
            let detail = "The answer was cut off at the model's length limit, so its edits may be incomplete.".to_owned();
            return self.edit_failed(going, "cut_short", detail, None).await;
        }
        let title = crate::proposal::title_of(&patch);
        let origin = Origin {
            turn: Some(going.turn),
            seen: std::mem::take(&mut going.seen),
        };
        let id = match self
            .propose(&going.ctx, going.workspace, &text, &patch, title, origin)
            .await
        {
            Ok(id) => id,
            Err(Error::Patch(error)) => {
                return self
                    .edit_failed(going, error.code(), error.to_string(), error.path)
                    .await;
            }
            Err(error) => return Err(error),
        };
        let proposal = self.get_proposal(&going.ctx, id).await?;
        let summary = proposal.summary;
        let event = TurnEvent::Proposal {
            proposal_id: id.as_uuid(),
            files: summary.files,
            added: summary.added,
            removed: summary.removed,
        };
        self.streams().publish(going.turn, &event).await?;
        Ok(())
    }

    async fn edit_failed(
        &self,
        going: &Going,
        code: &str,
        detail: String,
        path: Option<WorkspacePath>,
    ) -> Result<()> {
        let event = TurnEvent::EditFailed {
            code: code.to_owned(),
            detail,
            path: path.map(|path| path.to_string()),
        };
        self.streams().publish(going.turn, &event).await?;
        Ok(())
    }
}

fn model_error(error: atelier_model::Error) -> Error {
    match error {
        atelier_model::Error::Cancelled => Error::Cancelled,
        other => Error::Model {
            detail: other.to_string(),
            hint: Some(other.hint().to_owned()),
        },
    }
}

/// Pieces of an answer that wait to become events, in order.
#[derive(Default)]
struct Gathered {
    events: Vec<TurnEvent>,
    bytes: usize,
}

impl Gathered {
    fn add(&mut self, delta: Delta, said: &mut Said) {
        match delta {
            Delta::Text(piece) => {
                // Postgres keeps no NUL in text.
                let piece = piece.replace('\0', "\u{fffd}");
                self.bytes += piece.len();
                said.text.push_str(&piece);
                match self.events.last_mut() {
                    Some(TurnEvent::Text { text }) => text.push_str(&piece),
                    _ => self.events.push(TurnEvent::Text { text: piece }),
                }
            }
            Delta::Reasoning(piece) => {
                self.bytes += piece.len();
                match self.events.last_mut() {
                    Some(TurnEvent::Reasoning { text }) => text.push_str(&piece),
                    _ => self.events.push(TurnEvent::Reasoning { text: piece }),
                }
            }
            Delta::ToolCall(call) => said.tool_edits.extend(edits_of(&call)),
            Delta::Finish { reason } => said.cut_short = reason == FinishReason::Length,
            Delta::ToolCallPart(_) | Delta::Usage(_) => {}
        }
    }

    fn take(&mut self) -> Vec<TurnEvent> {
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
