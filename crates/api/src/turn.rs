//! Conversations and turns.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::usage::TokenUsage;

/// Asks the assistant. The answer is the turn's events, as server-sent events.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Chat {
    /// The workspace the question is about.
    pub workspace_id: Uuid,
    /// The conversation to go on with; a new one when absent.
    #[serde(default)]
    pub conversation_id: Option<Uuid>,
    /// The question, at most 256 KiB.
    #[schema(min_length = 1, max_length = 262_144)]
    pub message: String,
    /// Paths of files whose text the model is given.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub files: Vec<String>,
    /// Lines of other files: of these the model is given no more. A small model
    /// that is given one selection is asked to write its lines anew.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub selections: Vec<Selection>,
    /// The model's provider id; the workspace's default when absent.
    #[serde(default)]
    pub provider_id: Option<Uuid>,
    /// The secrets that may leave with it, by their ids.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub attach: Vec<Uuid>,
}

/// Lines of a file that a person selected for a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Selection {
    /// The file's path.
    pub path: String,
    /// The version whose lines they are; asked without one, the current. A
    /// proposal replaces the lines of this version, whatever was saved since.
    #[serde(default)]
    pub version_id: Option<Uuid>,
    /// The lines.
    pub lines: LineRange,
}

/// Lines of a text, the first and the last included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LineRange {
    /// The first of them, from 1.
    #[schema(minimum = 1)]
    pub first: u32,
    /// The last of them.
    #[schema(minimum = 1)]
    pub last: u32,
}

/// A conversation.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conversation {
    /// The conversation's id.
    pub id: Uuid,
    /// The workspace it is in.
    pub workspace_id: Uuid,
    /// The title shown.
    pub title: String,
    /// The model it last used.
    pub active_model: Option<String>,
    /// When it began.
    pub created_at: String,
    /// When it last went on.
    pub updated_at: String,
}

/// Changes a conversation.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateConversation {
    /// The new title, 1 to 120 characters.
    #[schema(min_length = 1, max_length = 120)]
    pub title: String,
}

/// A conversation with all that was said.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConversationDetail {
    /// The conversation.
    pub conversation: Conversation,
    /// The messages, oldest first.
    pub messages: Vec<Message>,
    /// The turns, oldest first.
    pub turns: Vec<Turn>,
}

/// Who said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// A person.
    User,
    /// The assistant.
    Assistant,
}

/// Something said in a conversation.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The message's id.
    pub id: Uuid,
    /// The turn it belongs to.
    pub turn_id: Option<Uuid>,
    /// Who said it.
    pub role: Role,
    /// The text, as Markdown.
    pub content: String,
    /// When it was said.
    pub created_at: String,
}

/// How far a turn is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum TurnState {
    /// The assistant works.
    Running,
    /// It ended well.
    Done,
    /// It failed.
    Failed,
    /// A person stopped it.
    Cancelled,
    /// The server stopped while it ran.
    Interrupted,
}

/// One request of a person and all that the assistant does about it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Turn {
    /// The turn's id.
    pub id: Uuid,
    /// The workspace it is about.
    pub workspace_id: Uuid,
    /// The conversation it is in.
    pub conversation_id: Uuid,
    /// How far it is.
    pub state: TurnState,
    /// The model that answers.
    pub model: String,
    /// Why it failed, or why its answer is not whole.
    pub error: Option<String>,
    /// What it used.
    pub usage: TokenUsage,
    /// The proposals it made.
    pub proposal_ids: Vec<Uuid>,
    /// The requests it sent to the model; each can be read byte for byte.
    pub model_call_ids: Vec<Uuid>,
    /// The same requests, in order: who was asked, and why.
    pub calls: Vec<TurnCall>,
    /// The names of the secrets that a person attached to it.
    pub attached: Vec<String>,
    /// The names of the secrets that were kept out of it.
    pub withheld: Vec<String>,
    /// The lines of files that a person selected for its question.
    pub selections: Vec<Selection>,
    /// When it began.
    pub created_at: String,
    /// When it ended.
    pub finished_at: Option<String>,
}

/// A request of a turn to a model.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TurnCall {
    /// The request, for `GET /api/model-calls/:id`.
    pub id: Uuid,
    /// The provider that was asked.
    pub provider: String,
    /// The model that was asked.
    pub model: String,
    /// True when it ran on hardware of the person's own.
    pub local: bool,
    /// Why it was this model, in a sentence.
    pub reason: String,
    /// The request that failed and that this one took over from.
    pub replaces_id: Option<Uuid>,
    /// Why it failed.
    pub error: Option<String>,
}
