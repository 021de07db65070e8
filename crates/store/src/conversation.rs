//! Conversations, the turns in them and their messages.

use atelier_base::{ConversationId, MessageId, Timestamp, TurnId, UserId, WorkspaceId};

use crate::connection::{Reader, Writer};
use crate::error::Result;

words! {
    /// How a turn may act.
    pub enum TurnMode {
        /// It only answers.
        Ask = "ask",
        /// It makes a plan.
        Plan = "plan",
        /// It proposes changes.
        Propose = "propose",
        /// Its proposals are applied at once.
        AutoApply = "auto-apply",
    }
}

words! {
    /// How far a turn is.
    pub enum TurnState {
        /// It is going on.
        Running = "running",
        /// It came to its end.
        Done = "done",
        /// It failed; its error says why.
        Failed = "failed",
        /// A person stopped it.
        Cancelled = "cancelled",
        /// The server stopped while it was running.
        Interrupted = "interrupted",
    }
}

words! {
    /// Who speaks in a message.
    pub enum MessageRole {
        /// The person.
        User = "user",
        /// The assistant.
        Assistant = "assistant",
        /// A tool, answering the assistant's call.
        Tool = "tool",
    }
}

record! {
    /// A conversation.
    "conversations" pub struct ConversationRow {
        /// Names the conversation.
        pub id: ConversationId,
        /// Where it is held.
        pub workspace_id: WorkspaceId,
        /// What it is called.
        pub title: String,
        /// The model its next turn uses.
        pub active_model: Option<String>,
        /// When it began.
        pub created_at: Timestamp,
        /// When something last happened in it.
        pub updated_at: Timestamp,
        /// When it was put away.
        pub archived_at: Option<Timestamp>,
    }
}

record! {
    /// One request of a person and what the assistant did about it.
    "turns" pub struct TurnRow {
        /// Names the turn and its event stream.
        pub id: TurnId,
        /// Where it is held.
        pub workspace_id: WorkspaceId,
        /// The conversation it is part of.
        pub conversation_id: ConversationId,
        /// Who asked.
        pub user_id: UserId,
        /// How it may act.
        pub mode: TurnMode,
        /// The model it was begun with.
        pub model: String,
        /// How far it is.
        pub state: TurnState,
        /// Why it failed, in words for the person.
        pub error: Option<String>,
        /// When it began.
        pub created_at: Timestamp,
        /// When it ended.
        pub finished_at: Option<Timestamp>,
        /// The names of the secrets that were attached to it, as a JSON list.
        pub attached: String,
        /// The names of the secrets that were kept out of it, as a JSON list.
        pub withheld: String,
        /// The lines of files that were selected for its question, as a JSON
        /// list.
        pub selections: String,
    }
}

record! {
    /// A message of a conversation.
    "messages" pub struct MessageRow {
        /// Names the message.
        pub id: MessageId,
        /// Which conversation it is in.
        pub conversation_id: ConversationId,
        /// The turn it is part of.
        pub turn_id: Option<TurnId>,
        /// Who speaks.
        pub role: MessageRole,
        /// What is said.
        pub content: String,
        /// The tool calls it makes, as JSON.
        pub tool_calls: Option<String>,
        /// When it was said.
        pub created_at: Timestamp,
    }
}

record! {
    /// Where a turn was asked, and when.
    "turns" pub struct TurnPlace {
        /// Names the turn.
        pub id: TurnId,
        /// Where its conversation is held.
        pub workspace_id: WorkspaceId,
        /// The conversation it is part of.
        pub conversation_id: ConversationId,
        /// What that is called.
        pub title: String,
        /// When it began.
        pub created_at: Timestamp,
    }
}

impl Reader {
    /// Returns a conversation.
    pub async fn get_conversation(&mut self, id: ConversationId) -> Result<ConversationRow> {
        self.get_one("SELECT * FROM conversations WHERE id = $1", id)
            .await
    }

    /// Lists a workspace's conversations that are not archived, newest first,
    /// those begun before `before`.
    pub async fn list_conversations(
        &mut self,
        workspace: WorkspaceId,
        before: Option<ConversationId>,
        limit: u32,
    ) -> Result<Vec<ConversationRow>> {
        self.all(
            "SELECT * FROM conversations
             WHERE workspace_id = $1 AND archived_at IS NULL AND ($2 IS NULL OR id < $2)
             ORDER BY id DESC LIMIT $3",
            args![workspace, before, limit],
        )
        .await
    }

    /// Returns a turn.
    pub async fn get_turn(&mut self, id: TurnId) -> Result<TurnRow> {
        self.get_one("SELECT * FROM turns WHERE id = $1", id).await
    }

    /// Lists a conversation's turns, newest first, those begun before `before`.
    pub async fn list_turns(
        &mut self,
        conversation: ConversationId,
        before: Option<TurnId>,
        limit: u32,
    ) -> Result<Vec<TurnRow>> {
        self.all(
            "SELECT * FROM turns WHERE conversation_id = $1 AND ($2 IS NULL OR id < $2)
             ORDER BY id DESC LIMIT $3",
            args![conversation, before, limit],
        )
        .await
    }

    /// Lists where a person's turns were asked, from the turn `first` to the
    /// turn `last`, oldest first.
    pub async fn list_turn_places(
        &mut self,
        user: UserId,
        first: TurnId,
        last: TurnId,
    ) -> Result<Vec<TurnPlace>> {
        self.all(
            "SELECT turns.id, turns.workspace_id, turns.conversation_id, conversations.title,
                 turns.created_at
             FROM turns JOIN conversations ON conversations.id = turns.conversation_id
             WHERE turns.user_id = $1 AND turns.id >= $2 AND turns.id <= $3
             ORDER BY turns.id",
            args![user, first, last],
        )
        .await
    }

    /// Lists the turns that are going on, oldest first.
    pub async fn list_running_turns(&mut self) -> Result<Vec<TurnRow>> {
        self.all(
            "SELECT * FROM turns WHERE state = 'running' ORDER BY id",
            args![],
        )
        .await
    }

    /// Lists a conversation's messages, newest first, those said before
    /// `before`.
    pub async fn list_messages(
        &mut self,
        conversation: ConversationId,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<MessageRow>> {
        self.all(
            "SELECT * FROM messages WHERE conversation_id = $1 AND ($2 IS NULL OR id < $2)
             ORDER BY id DESC LIMIT $3",
            args![conversation, before, limit],
        )
        .await
    }
}

impl Writer {
    /// Adds a conversation.
    pub async fn insert_conversation(&mut self, row: &ConversationRow) -> Result<()> {
        self.insert(row).await
    }

    /// Renames a conversation.
    pub async fn update_title(&mut self, id: ConversationId, title: &str) -> Result<()> {
        self.change(
            "conversations",
            id,
            "UPDATE conversations SET title = $2 WHERE id = $1",
            args![id, title.to_owned()],
        )
        .await
    }

    /// Notes that something happened in a conversation, with which model.
    pub async fn touch_conversation(
        &mut self,
        id: ConversationId,
        active_model: Option<&str>,
        at: Timestamp,
    ) -> Result<()> {
        self.change(
            "conversations",
            id,
            "UPDATE conversations SET updated_at = $3, active_model = COALESCE($2, active_model)
             WHERE id = $1",
            args![id, active_model.map(str::to_owned), at],
        )
        .await
    }

    /// Puts a conversation away, or brings it back with `None`.
    pub async fn archive_conversation(
        &mut self,
        id: ConversationId,
        archived_at: Option<Timestamp>,
    ) -> Result<()> {
        self.change(
            "conversations",
            id,
            "UPDATE conversations SET archived_at = $2 WHERE id = $1",
            args![id, archived_at],
        )
        .await
    }

    /// Adds a turn.
    pub async fn insert_turn(&mut self, row: &TurnRow) -> Result<()> {
        self.insert(row).await
    }

    /// Notes which secrets were kept out of a turn, as a JSON list of names.
    pub async fn set_withheld(&mut self, id: TurnId, names: &str) -> Result<()> {
        self.change(
            "turns",
            id,
            "UPDATE turns SET withheld = $2 WHERE id = $1",
            args![id, names.to_owned()],
        )
        .await
    }

    /// Ends a turn. Returns `false`, and changes nothing, when it had ended.
    pub async fn finish_turn(
        &mut self,
        id: TurnId,
        state: TurnState,
        error: Option<&str>,
        at: Timestamp,
    ) -> Result<bool> {
        let changed = self
            .execute(
                "UPDATE turns SET state = $2, error = $3, finished_at = $4
                 WHERE id = $1 AND state = 'running'",
                args![id, state, error.map(str::to_owned), at],
            )
            .await?;
        Ok(changed == 1)
    }

    /// Ends every running turn as interrupted and returns them as they are
    /// then, oldest first: for the start of the server.
    pub async fn interrupt_running_turns(&mut self, at: Timestamp) -> Result<Vec<TurnRow>> {
        let mut turns: Vec<TurnRow> = self
            .all(
                "UPDATE turns SET state = 'interrupted', finished_at = $1
                 WHERE state = 'running' RETURNING *",
                args![at],
            )
            .await?;
        turns.sort_by_key(|turn| turn.id);
        Ok(turns)
    }

    /// Adds a message.
    pub async fn insert_message(&mut self, row: &MessageRow) -> Result<()> {
        self.insert(row).await
    }
}

#[cfg(test)]
mod tests;
