//! What is asked of a model, the same for every provider.

use serde_json::Value;

/// One request for an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// The conversation so far, oldest first. Must not be empty.
    pub messages: Vec<Message>,
    /// The tools the model may call.
    pub tools: Vec<Tool>,
    /// Sampling temperature; the provider's default when `None`.
    pub temperature: Option<f32>,
    /// The most tokens the answer may have; the provider's default when `None`.
    pub max_output_tokens: Option<u32>,
}

/// Who a message is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The rules of the conversation; first if present.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
    /// The output of a tool call.
    Tool,
}

impl Role {
    /// Returns the word for it on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }
}

/// One message of a conversation. Built with [`Message::system`],
/// [`Message::user`], [`Message::assistant`] and [`Message::tool`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who it is from.
    pub role: Role,
    /// Its text; may be empty in an assistant message that calls tools.
    pub content: String,
    /// The calls an assistant message makes; empty for every other role.
    pub tool_calls: Vec<ToolCall>,
    /// The call a tool message answers; `None` for every other role.
    pub tool_call_id: Option<String>,
}

impl Message {
    /// Makes a system message.
    pub fn system(content: impl Into<String>) -> Self {
        Self::plain(Role::System, content.into())
    }

    /// Makes a user message.
    pub fn user(content: impl Into<String>) -> Self {
        Self::plain(Role::User, content.into())
    }

    /// Makes an assistant message with the calls it made, if any.
    pub fn assistant(content: impl Into<String>, tool_calls: Vec<ToolCall>) -> Self {
        Self {
            tool_calls,
            ..Self::plain(Role::Assistant, content.into())
        }
    }

    /// Makes the output of the tool call `id`.
    pub fn tool(id: impl Into<String>, output: impl Into<String>) -> Self {
        Self {
            tool_call_id: Some(id.into()),
            ..Self::plain(Role::Tool, output.into())
        }
    }

    fn plain(role: Role, content: String) -> Self {
        Self {
            role,
            content,
            tool_calls: Vec::new(),
            tool_call_id: None,
        }
    }
}

/// A tool a model may call.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// Its name: letters, digits, `_` and `-`, at most 64.
    pub name: String,
    /// What it does, for the model.
    pub description: String,
    /// The JSON Schema of its arguments, an object.
    pub parameters: Value,
}

/// A model's wish to call a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCall {
    /// The id its output must name. Made up (`call_0`, `call_1` …) when the
    /// server sent none.
    pub id: String,
    /// The tool.
    pub name: String,
    /// The arguments as the model wrote them. Meant to be a JSON object, but
    /// model output: parse it as untrusted text.
    pub arguments: String,
}
