//! Follows a model's answer to its end and makes a proposal of its edits.

use std::time::Duration;

use atelier_base::{ConversationId, TurnId, WorkspaceId, WorkspacePath, limit};
use atelier_store::{MessageRole, TurnState};
use tokio::time::{Instant, timeout_at};

use super::Going;
use super::context::SYSTEM;
use super::gathered::{Cut, Gathered, Said};
use super::selection::{Edits, Selected};
use super::token_usage;
use crate::call::{Ask, Asked, EditForm, Part, Task};
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::event::{ContextFile, TurnEvent};
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
            Error::Model { detail, hint, .. } => Self {
                state: TurnState::Failed,
                code: Some("model_failed".to_owned()),
                detail: Some(detail.clone()),
                hint: hint.clone(),
            },
            Error::BudgetExceeded(exceeded) => Self {
                state: TurnState::Failed,
                code: Some("budget_exceeded".to_owned()),
                detail: Some(exceeded.to_string()),
                hint: Some(exceeded.hint()),
            },
            Error::PriceUnknown { .. } => Self {
                state: TurnState::Failed,
                code: Some("price_unknown".to_owned()),
                detail: Some(error.to_string()),
                hint: Some(crate::budget::PRICE_HINT.to_owned()),
            },
            Error::NoModelFits { .. } => Self {
                state: TurnState::Failed,
                code: Some("no_model_fits".to_owned()),
                detail: Some(error.to_string()),
                hint: None,
            },
            Error::SecretFound { .. } => Self {
                state: TurnState::Failed,
                code: Some("secret_found".to_owned()),
                detail: Some(error.to_string()),
                hint: Some("Take it out, or attach the secret to this request.".to_owned()),
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

impl Domain {
    /// Runs a turn to its end and records how it ended.
    pub(super) async fn answer(&self, mut going: Going, files: Vec<WorkspacePath>) -> Result<()> {
        let started = TurnEvent::Started {
            turn_id: going.turn.as_uuid(),
            conversation_id: going.conversation.as_uuid(),
            model: going.model.clone(),
            attached: going.attached.clone(),
            selections: going.selections.iter().map(Selected::shown).collect(),
        };
        self.streams().publish(going.turn, &started).await?;
        self.announce_turn(going.workspace, going.turn, going.conversation)
            .await?;
        let end = match self.converse(&mut going, files).await {
            Ok(None) => End::DONE,
            Ok(Some(cut)) => End {
                code: Some(cut.code.to_owned()),
                detail: Some(cut.why),
                ..End::DONE
            },
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

    /// Asks, follows the answer and proposes its edits; returns why the answer
    /// is not whole, if it isn't.
    async fn converse(&self, going: &mut Going, files: Vec<WorkspacePath>) -> Result<Option<Cut>> {
        let context = self.context(going, &files).await?;
        let mut ask = Ask::new(Task::Chat, context.request);
        ask.workspace = Some(going.workspace);
        ask.wanted.clone_from(&going.wanted);
        ask.sources = context.sources;
        ask.takes_back = true;
        ask.edits_after = Some(SYSTEM);
        ask.selections = going.selections.len();
        ask.attach.clone_from(&going.attach);
        ask.place = Some((going.conversation, going.turn));
        let mut asked = match self.ask(&going.ctx, ask).await {
            Err(Error::SecretFound { names }) => {
                self.withhold(going, &names).await?;
                return Err(Error::SecretFound { names });
            }
            asked => asked?,
        };
        self.withhold(going, asked.withheld()).await?;
        let event = context_event(&asked, context.files);
        self.streams().publish(going.turn, &event).await?;
        let mut said = Said::default();
        let outcome = self.follow(going, &mut asked, &mut said).await;
        let usage = token_usage(&asked.spent());
        self.streams()
            .publish(going.turn, &TurnEvent::Usage { usage })
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
        self.propose_edits(going, &said, asked.edits()).await?;
        Ok(said.cut)
    }

    /// Reads the answer and stores it as events, gathered a little.
    async fn follow(&self, going: &Going, asked: &mut Asked, said: &mut Said) -> Result<()> {
        let mut gathered = Gathered::new(going);
        let mut until: Option<Instant> = None;
        loop {
            let next = match until {
                None => Ok(asked.next().await),
                Some(until) => timeout_at(until, asked.next()).await,
            };
            let ended = match next {
                Err(_elapsed) => false,
                Ok(None) => true,
                Ok(Some(Err(error))) => {
                    self.streams()
                        .publish_all(going.turn, &gathered.take())
                        .await?;
                    return Err(error);
                }
                Ok(Some(Ok(Part::Switched(switched)))) => {
                    gathered.switch(going, asked, switched);
                    *said = Said::default();
                    false
                }
                Ok(Some(Ok(Part::Delta(delta)))) => {
                    gathered.add(delta, said);
                    if gathered.bytes < GATHER_BYTES {
                        until = until.or_else(|| Some(Instant::now() + GATHER));
                        continue;
                    }
                    false
                }
            };
            until = None;
            if ended {
                gathered.end_preview();
            }
            self.streams()
                .publish_all(going.turn, &gathered.take())
                .await?;
            if ended {
                return Ok(());
            }
        }
    }

    /// Makes a proposal of the answer's edits, if it has any.
    async fn propose_edits(&self, going: &mut Going, said: &Said, form: EditForm) -> Result<()> {
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
        let form = if said.tool_edits.is_empty() {
            form
        } else {
            EditForm::Blocks
        };
        let patch = match self.read_edits(going, &text, form).await? {
            Edits::Patch(patch) => patch,
            Edits::None => return Ok(()),
            Edits::Refused { code, detail, path } => {
                return self.edit_failed(going, code, detail, path).await;
            }
        };
        if let Some(Cut { code, why }) = &said.cut {
            let detail = format!("{why} Its edits may be incomplete, so none is proposed.");
            return self.edit_failed(going, code, detail, None).await;
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
            Err(Error::LockedPath { path, glob }) => {
                let detail = format!(
                    "`{path}` is locked for assistants by `{glob}`; nothing of the answer was proposed."
                );
                return self
                    .edit_failed(going, "locked_path", detail, Some(path))
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

fn context_event(asked: &Asked, files: Vec<ContextFile>) -> TurnEvent {
    TurnEvent::Context {
        model_call_id: asked.id().as_uuid(),
        bytes: asked.body_bytes() as u64,
        files,
        provider: asked.provider().to_owned(),
        model: asked.model().to_owned(),
        local: asked.is_local(),
        reason: asked.reason().to_owned(),
    }
}
