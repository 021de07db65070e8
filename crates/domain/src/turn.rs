//! Turns: a person asks, a model answers, edits become a proposal.
//!
//! A turn is an append-only log of events; whoever watches reads that log.
//! The turn itself goes on whether anybody watches or not.

mod answer;
mod context;
mod conversation;
mod gathered;
mod preview;
mod secrets;
mod selection;

use std::collections::BTreeMap;

use atelier_base::{
    ConversationId, MessageId, ModelCallId, ProviderId, TurnId, UserId, VersionId, WorkspaceId,
    WorkspacePath, limit,
};
use atelier_store::{
    ConversationRow, MessageRole, MessageRow, ModelCallRow, TurnMode, TurnRow, TurnState,
};

use crate::call::{Ask, ModelRef, Source, Spent, Task};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result, chain};
use crate::event::{Selection, TokenUsage, WorkspaceEvent};
use crate::live::Subscription;
use crate::usage::usd;
use atelier_model::Request;

pub use conversation::ConversationDetail;
pub use selection::NewSelection;

use self::selection::Selected;

/// A question to the assistant.
#[derive(Clone, Debug)]
pub struct NewTurn {
    /// The workspace it is about.
    pub workspace: WorkspaceId,
    /// The conversation to go on with; a new one when `None`.
    pub conversation: Option<ConversationId>,
    /// The question.
    pub message: String,
    /// Files whose text the model is given.
    pub files: Vec<WorkspacePath>,
    /// Lines of other files that the model is given, and no more of these.
    pub selections: Vec<NewSelection>,
    /// The provider; the workspace's when `None`.
    pub provider: Option<ProviderId>,
    /// The secrets that may leave with it.
    pub attach: Vec<uuid::Uuid>,
}

/// A turn with what it used and made.
#[derive(Debug)]
pub struct Turn {
    /// The turn.
    pub row: TurnRow,
    /// What it used.
    pub usage: TokenUsage,
    /// The proposals it made.
    pub proposals: Vec<atelier_base::ProposalId>,
    /// The requests it sent, in order.
    pub calls: Vec<ModelCallRow>,
    /// The names of the secrets that were attached to it.
    pub attached: Vec<String>,
    /// The names of the secrets that were kept out of it.
    pub withheld: Vec<String>,
    /// The lines of files that were selected for its question.
    pub selections: Vec<Selection>,
}

/// A request to a model with the bytes that went out.
#[derive(Debug)]
pub struct ModelCall {
    /// The call.
    pub row: ModelCallRow,
    /// The body, byte for byte; JSON, so text.
    pub request: String,
    /// What it was made of.
    pub sources: Vec<Source>,
}

/// How many files a question may bring along.
const FILES: usize = 100;
/// A turn on its way.
struct Going {
    ctx: Ctx,
    turn: TurnId,
    workspace: WorkspaceId,
    conversation: ConversationId,
    model: String,
    wanted: Option<ModelRef>,
    attach: Vec<uuid::Uuid>,
    attached: Vec<String>,
    selections: Vec<Selected>,
    seen: BTreeMap<WorkspacePath, VersionId>,
}

impl Domain {
    /// Starts a turn and returns a subscription to its events, from the first.
    ///
    /// # Errors
    /// [`Error::ModelNotConfigured`], [`Error::TurnRunning`],
    /// [`Error::NotFound`] for an attached secret that the asker has not, and
    /// [`Error::Invalid`] for a message that is empty or too long or for
    /// selected lines that are not there.
    pub async fn chat(&self, ctx: &Ctx, new: NewTurn) -> Result<(TurnId, Subscription)> {
        let user = ctx.person()?;
        self.require_workspace(ctx, new.workspace).await?;
        check(&new)?;
        self.require_pace(user, None)?;
        let selections = self.require_selections(&new).await?;
        let attached = self.names_attached(ctx, new.workspace, &new.attach).await?;
        let wanted = new.provider.map(|provider| ModelRef {
            provider,
            model: None,
        });
        let mut wish = Ask::new(Task::Chat, Request::default());
        (wish.workspace, wish.wanted) = (Some(new.workspace), wanted.clone());
        wish.selections = selections.len();
        let model = match self.routes(ctx, &wish).await?.first() {
            Some(chosen) => chosen.endpoint.model.clone(),
            None => return Err(Error::ModelNotConfigured),
        };
        let kept = selection::written(&selections)?;
        let (conversation, turn) = self
            .begin(ctx, user, &new, &model, (&attached, kept))
            .await?;
        let token = self.stopping().child_token();
        let guard = self.running().register(turn.as_uuid(), token.clone());
        // The turn goes on when the asker's request ends.
        let ctx = Ctx {
            cancel: token,
            ..ctx.clone()
        };
        let seen = BTreeMap::new();
        let going = Going {
            ctx,
            turn,
            workspace: new.workspace,
            conversation,
            model,
            wanted,
            attach: new.attach.clone(),
            attached,
            selections,
            seen,
        };
        let conversation = going.conversation;
        let (domain, worker) = (self.clone(), self.clone());
        self.detach(async move {
            let _registered = guard;
            let done = domain.run_to_end(async move { worker.answer(going, new.files).await });
            if let Err(error) = done.await.flatten() {
                tracing::error!(turn.id = %turn, error = %chain(&error), "a turn failed in the server");
                domain.record_failed_turn(new.workspace, turn, conversation).await;
            }
        });
        let events = self.subscribe(turn, Some(0)).await?;
        Ok((turn, events))
    }

    /// Records the turn, its message, and the conversation if it is new.
    async fn begin(
        &self,
        ctx: &Ctx,
        user: UserId,
        new: &NewTurn,
        model: &str,
        (attached, selections): (&[String], String),
    ) -> Result<(ConversationId, TurnId)> {
        if let Some(id) = new.conversation {
            let known = self.require_conversation(ctx, id).await?;
            if known.workspace_id != new.workspace {
                return Err(Error::invalid(
                    "conversationId",
                    "the conversation is in another workspace",
                ));
            }
        }
        let now = self.now();
        let conversation = ConversationRow {
            id: new.conversation.unwrap_or_else(|| self.ids().next()),
            workspace_id: new.workspace,
            title: title_of(&new.message),
            active_model: Some(model.to_owned()),
            created_at: now,
            updated_at: now,
            archived_at: None,
        };
        let turn = TurnRow {
            id: self.ids().next(),
            workspace_id: new.workspace,
            conversation_id: conversation.id,
            user_id: user,
            mode: TurnMode::Propose,
            model: model.to_owned(),
            state: TurnState::Running,
            error: None,
            created_at: now,
            finished_at: None,
            attached: secrets::written(attached)?,
            withheld: secrets::written(&[])?,
            selections,
        };
        let message = self.message(
            conversation.id,
            turn.id,
            MessageRole::User,
            new.message.clone(),
        );
        self.store()
            .write(async |tx| {
                if new.conversation.is_none() {
                    tx.insert_conversation(&conversation).await?;
                } else if tx
                    .list_turns(conversation.id, None, 1)
                    .await?
                    .iter()
                    .any(|turn| turn.state == TurnState::Running)
                {
                    return Err(Error::TurnRunning);
                }
                tx.touch_conversation(conversation.id, Some(model), now)
                    .await?;
                tx.insert_turn(&turn).await?;
                Ok(tx.insert_message(&message).await?)
            })
            .await?;
        Ok((conversation.id, turn.id))
    }

    fn message(
        &self,
        conversation: ConversationId,
        turn: TurnId,
        role: MessageRole,
        content: String,
    ) -> MessageRow {
        MessageRow {
            id: self.ids().next::<MessageId>(),
            conversation_id: conversation,
            turn_id: Some(turn),
            role,
            content,
            tool_calls: None,
            created_at: self.now(),
        }
    }

    /// Returns a turn with what it used and made.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see it.
    pub async fn get_turn(&self, ctx: &Ctx, id: TurnId) -> Result<Turn> {
        let row = self.require_turn(ctx, id).await?;
        self.with_usage(row).await
    }

    /// Subscribes to a turn's events.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see it.
    pub async fn watch_turn(&self, ctx: &Ctx, id: TurnId, after: u64) -> Result<Subscription> {
        let turn = self.require_turn(ctx, id).await?;
        let over = turn.state != TurnState::Running;
        Ok(self.subscribe(id, Some(after)).await?.over(over))
    }

    /// Stops a turn. A finished one stays as it is.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see it.
    pub async fn cancel_turn(&self, ctx: &Ctx, id: TurnId) -> Result<Turn> {
        let row = self.require_turn(ctx, id).await?;
        self.running().cancel(id.as_uuid());
        self.with_usage(row).await
    }

    /// Returns what was sent to a model, byte for byte.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see it.
    pub async fn get_model_call(&self, ctx: &Ctx, id: ModelCallId) -> Result<ModelCall> {
        let person = ctx.person()?;
        let (row, sent) = self
            .store()
            .read(async |tx| {
                Ok::<_, Error>((
                    tx.get_model_call(id).await?,
                    tx.find_model_request(id).await?,
                ))
            })
            .await?;
        match row.workspace_id {
            Some(workspace) => drop(self.require_workspace(ctx, workspace).await?),
            None if row.user_id == person => {}
            None => return Err(Error::NotFound { what: "model call" }),
        }
        let (bytes, sources) = if let Some(sent) = sent {
            (sent.body, sent.sources)
        } else {
            let kept = self.store().blobs().get(row.request_hash).await;
            let gone = |_| Error::NotFound {
                what: "request: it is no longer kept",
            };
            (kept.map_err(gone)?, "[]".to_owned())
        };
        let request = String::from_utf8(bytes)
            .map_err(|_| Error::Internal(format!("the request of {id} is not text")))?;
        let sources = serde_json::from_str(&sources)
            .map_err(|e| Error::Internal(format!("the manifest of {id} can't be read: {e}")))?;
        Ok(ModelCall {
            row,
            request,
            sources,
        })
    }

    async fn require_turn(&self, ctx: &Ctx, id: TurnId) -> Result<TurnRow> {
        ctx.person()?;
        let row = self.store().query(async |tx| tx.get_turn(id).await).await?;
        self.require_workspace(ctx, row.workspace_id)
            .await
            .map_err(|error| match error {
                Error::NotFound { .. } => Error::NotFound { what: "turn" },
                other => other,
            })?;
        Ok(row)
    }

    async fn with_usage(&self, row: TurnRow) -> Result<Turn> {
        let id = row.id;
        let (calls, proposals) = self
            .store()
            .read(async |tx| {
                Ok::<_, Error>((
                    tx.list_model_calls(id).await?,
                    tx.list_proposals_by_turn(id).await?,
                ))
            })
            .await?;
        Ok(Turn {
            attached: secrets::read(&row.attached)?,
            withheld: secrets::read(&row.withheld)?,
            selections: selection::read(&row.selections)?,
            row,
            usage: sum(&calls),
            proposals: proposals.into_iter().map(|proposal| proposal.id).collect(),
            calls,
        })
    }

    pub(crate) async fn announce_turn(
        &self,
        workspace: WorkspaceId,
        turn: TurnId,
        conversation: ConversationId,
    ) -> Result<()> {
        let event = WorkspaceEvent::TurnChanged {
            turn_id: turn.as_uuid(),
            conversation_id: conversation.as_uuid(),
        };
        self.streams().publish(workspace, &event).await?;
        Ok(())
    }
}

fn check(new: &NewTurn) -> Result<()> {
    if new.message.trim().is_empty() {
        return Err(Error::invalid("message", "ask something"));
    }
    // Postgres keeps no NUL in text, and no model was ever asked one.
    if new.message.contains('\0') {
        return Err(Error::invalid("message", "the message has a NUL character"));
    }
    if new.message.len() > limit::MESSAGE_BYTES {
        return Err(Error::TooLarge {
            what: "the message".to_owned(),
            limit: "256 KiB".to_owned(),
        });
    }
    if new.files.len() > FILES {
        return Err(Error::invalid("files", format!("at most {FILES} files")));
    }
    Ok(())
}

/// Returns the first line of a message as a conversation's title.
fn title_of(message: &str) -> String {
    const CHARS: usize = 60;
    let line = message.trim().lines().next().unwrap_or_default().trim();
    match line.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line.to_owned(),
    }
}

/// Adds up what calls used; the cost is unknown as soon as one's is.
fn sum(calls: &[ModelCallRow]) -> TokenUsage {
    let sum = |of: fn(&ModelCallRow) -> u64| signed(calls.iter().map(of).sum());
    let cost = calls
        .iter()
        .map(|call| call.cost_micros)
        .sum::<Option<i64>>();
    TokenUsage {
        input_tokens: sum(|call| call.input_tokens),
        cached_input_tokens: sum(|call| call.cached_input_tokens),
        output_tokens: sum(|call| call.output_tokens),
        cost_usd: cost.filter(|_| !calls.is_empty()).map(usd),
        measured: calls.iter().all(|call| call.measured),
    }
}

/// Writes what calls used as an event carries it.
fn token_usage(spent: &Spent) -> TokenUsage {
    TokenUsage {
        input_tokens: signed(spent.usage.input_tokens),
        cached_input_tokens: signed(spent.usage.cached_input_tokens),
        output_tokens: signed(spent.usage.output_tokens),
        cost_usd: spent.cost_micros.map(usd),
        measured: !spent.usage.estimated,
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_the_beginning_of_the_question() {
        assert_eq!(title_of("  Fix the bug\nplease"), "Fix the bug");
        assert_eq!(title_of(&"x".repeat(80)).chars().count(), 61);
    }
}
