//! Conversations: list, read, rename, put away.

use atelier_base::{ConversationId, WorkspaceId};
use atelier_store::{ConversationRow, MessageRow};

use super::Turn;
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::page::{Page, PageOf};
use crate::workspace::checked_name;

/// A conversation with what was said.
#[derive(Debug)]
pub struct ConversationDetail {
    /// The conversation.
    pub conversation: ConversationRow,
    /// The messages, oldest first.
    pub messages: Vec<MessageRow>,
    /// The turns, oldest first.
    pub turns: Vec<Turn>,
}

/// How many messages and turns of a conversation are shown.
const SHOWN: u32 = 1_000;

impl Domain {
    /// Lists a workspace's conversations, newest first.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see the workspace.
    pub async fn list_conversations(
        &self,
        ctx: &Ctx,
        workspace: WorkspaceId,
        page: &Page,
    ) -> Result<PageOf<ConversationRow>> {
        self.require_workspace(ctx, workspace).await?;
        let before = page.cursor_as::<ConversationId>()?;
        let limit = page.limit();
        let rows = self
            .store()
            .query(async |tx| tx.list_conversations(workspace, before, limit + 1).await)
            .await?;
        Ok(page.cut(rows, |conversation| conversation.id.to_string()))
    }

    /// Returns a conversation with its messages and turns.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see it.
    pub async fn get_conversation(
        &self,
        ctx: &Ctx,
        id: ConversationId,
    ) -> Result<ConversationDetail> {
        let conversation = self.require_conversation(ctx, id).await?;
        let (mut messages, mut rows) = self
            .store()
            .read(async |tx| {
                Ok::<_, Error>((
                    tx.list_messages(id, None, SHOWN).await?,
                    tx.list_turns(id, None, SHOWN).await?,
                ))
            })
            .await?;
        messages.reverse();
        rows.reverse();
        let mut turns = Vec::with_capacity(rows.len());
        for row in rows {
            turns.push(self.with_usage(row).await?);
        }
        Ok(ConversationDetail {
            conversation,
            messages,
            turns,
        })
    }

    /// Renames a conversation.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a title that is empty or too long.
    pub async fn update_conversation(
        &self,
        ctx: &Ctx,
        id: ConversationId,
        title: &str,
    ) -> Result<ConversationRow> {
        self.require_conversation(ctx, id).await?;
        let title = checked_name(title)
            .map_err(|_| Error::invalid("title", "a title has 1 to 120 characters"))?;
        self.store()
            .write(async |tx| {
                tx.update_title(id, &title).await?;
                Ok(tx.get_conversation(id).await?)
            })
            .await
    }

    /// Puts a conversation away.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see it.
    pub async fn delete_conversation(&self, ctx: &Ctx, id: ConversationId) -> Result<()> {
        self.require_conversation(ctx, id).await?;
        let now = self.now();
        Ok(self
            .store()
            .write(async |tx| tx.archive_conversation(id, Some(now)).await)
            .await?)
    }

    pub(crate) async fn require_conversation(
        &self,
        ctx: &Ctx,
        id: ConversationId,
    ) -> Result<ConversationRow> {
        ctx.person()?;
        let row = self
            .store()
            .query(async |tx| tx.get_conversation(id).await)
            .await?;
        self.require_workspace(ctx, row.workspace_id)
            .await
            .map_err(|error| match error {
                Error::NotFound { .. } => Error::NotFound {
                    what: "conversation",
                },
                other => other,
            })?;
        Ok(row)
    }
}
