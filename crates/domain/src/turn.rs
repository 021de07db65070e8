//! Turns: a person asks, a model answers, edits become a proposal.
//!
//! A turn is an append-only log of events; whoever watches reads that log.
//! The turn itself goes on whether anybody watches or not.

mod answer;
mod context;
mod conversation;
mod gathered;
mod preview;
mod record;

use std::collections::BTreeMap;

use atelier_base::{
    ConversationId, MessageId, ModelCallId, ProviderId, TurnId, UserId, VersionId, WorkspaceId,
    WorkspacePath, limit,
};
use atelier_model::Endpoint;
use atelier_store::{
    ConversationRow, MessageRole, MessageRow, ModelCallRow, TurnMode, TurnRow, TurnState,
};

use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result, chain};
use crate::event::{TokenUsage, WorkspaceEvent};
use crate::live::Subscription;
use crate::usage::usd;

pub use conversation::ConversationDetail;

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
    /// The provider; the workspace's when `None`.
    pub provider: Option<ProviderId>,
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
    /// The requests it sent.
    pub calls: Vec<ModelCallId>,
}

/// A request to a model with the bytes that went out.
#[derive(Debug)]
pub struct ModelCall {
    /// The call.
    pub row: ModelCallRow,
    /// The body, byte for byte; JSON, so text.
    pub request: String,
}

/// How many files a question may bring along.
const FILES: usize = 100;
/// A turn on its way.
struct Going {
    ctx: Ctx,
    turn: TurnId,
    user: UserId,
    workspace: WorkspaceId,
    conversation: ConversationId,
    endpoint: Endpoint,
    seen: BTreeMap<WorkspacePath, VersionId>,
}

impl Domain {
    /// Starts a turn and returns a subscription to its events, from the first.
    ///
    /// # Errors
    /// [`Error::ModelNotConfigured`], [`Error::TurnRunning`], and
    /// [`Error::Invalid`] for a message that is empty or too long.
    pub async fn chat(&self, ctx: &Ctx, new: NewTurn) -> Result<(TurnId, Subscription)> {
        let user = ctx.person()?;
        self.require_workspace(ctx, new.workspace).await?;
        check(&new)?;
        let provider = self
            .choose_provider(ctx, new.workspace, new.provider)
            .await?;
        let endpoint = self.endpoint(ctx, provider).await?;
        let (conversation, turn) = self.begin(ctx, user, &new, &endpoint).await?;
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
            user,
            workspace: new.workspace,
            conversation,
            endpoint,
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
        endpoint: &Endpoint,
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
            active_model: Some(endpoint.model.clone()),
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
            model: endpoint.model.clone(),
            state: TurnState::Running,
            error: None,
            created_at: now,
            finished_at: None,
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
                tx.touch_conversation(conversation.id, Some(&endpoint.model), now)
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
        ctx.person()?;
        let row = self
            .store()
            .read(async |tx| tx.get_model_call(id).await)
            .await?;
        self.require_workspace(ctx, row.workspace_id).await?;
        let bytes = self.store().blobs().get(row.request_hash).await?;
        let request = String::from_utf8(bytes)
            .map_err(|_| Error::Internal(format!("the request of {id} is not text")))?;
        Ok(ModelCall { row, request })
    }

    async fn require_turn(&self, ctx: &Ctx, id: TurnId) -> Result<TurnRow> {
        ctx.person()?;
        let row = self.store().read(async |tx| tx.get_turn(id).await).await?;
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
            row,
            usage: sum(&calls),
            proposals: proposals.into_iter().map(|proposal| proposal.id).collect(),
            calls: calls.into_iter().map(|call| call.id).collect(),
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
    let tokens = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let cost = calls
        .iter()
        .map(|call| call.cost_nanos)
        .sum::<Option<i64>>();
    TokenUsage {
        input_tokens: calls.iter().map(|call| tokens(call.input_tokens)).sum(),
        cached_input_tokens: calls
            .iter()
            .map(|call| tokens(call.cached_input_tokens))
            .sum(),
        output_tokens: calls.iter().map(|call| tokens(call.output_tokens)).sum(),
        cost_usd: cost.filter(|_| !calls.is_empty()).map(usd),
        measured: calls.iter().all(|call| call.measured),
    }
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
