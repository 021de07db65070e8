//! What a model sends back, the same for every provider.

use crate::message::{Carried, ToolCall};

/// One step of an answer.
///
/// A complete answer ends with the assembled [`Delta::ToolCall`]s, then one
/// [`Delta::Finish`], then one [`Delta::Usage`]. An answer that breaks off
/// ends with an error instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delta {
    /// A piece of the visible answer. Never empty.
    Text(String),
    /// A piece of the model's thinking, where the provider shows it.
    Reasoning(String),
    /// A piece of a tool call, for showing it grow. Callers that only act on
    /// whole calls ignore it and take [`Delta::ToolCall`].
    ToolCallPart(ToolCallPart),
    /// A whole tool call, after its last part.
    ToolCall(ToolCall),
    /// Something to be kept with the message and sent back unchanged.
    Carried(Carried),
    /// The model has stopped.
    Finish {
        /// Why it stopped.
        reason: FinishReason,
    },
    /// What the call used; sent once, last.
    Usage(Usage),
}

/// A piece of a tool call as it arrives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolCallPart {
    /// Which call of this answer it belongs to, counted from 0 in order of
    /// appearance (not the provider's own index, which some servers repeat).
    pub index: usize,
    /// The call's id; in its first part only.
    pub id: Option<String>,
    /// The tool's name; in its first part only.
    pub name: Option<String>,
    /// The next piece of the arguments' JSON text; may be empty.
    pub arguments: String,
}

/// Why a model stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// It said all it wanted to.
    Stop,
    /// It reached the token limit; the answer is incomplete.
    Length,
    /// It waits for the outputs of its tool calls.
    ToolCalls,
    /// It declined; its text, if any, says so.
    Refusal,
    /// The provider withheld the rest.
    ContentFilter,
    /// A word we don't know, shortened to 64 characters.
    Other(String),
}

/// What one call used, in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens read, those from and into the provider's cache included.
    pub input_tokens: u64,
    /// The part of `input_tokens` that came from the provider's cache.
    pub cached_input_tokens: u64,
    /// The part of `input_tokens` that was written to the provider's cache,
    /// which some charge more for.
    pub cache_write_tokens: u64,
    /// Tokens written, reasoning included.
    pub output_tokens: u64,
    /// The part of `output_tokens` that was reasoning.
    pub reasoning_tokens: u64,
    /// What the provider says that it charges, in micro-dollars rounded up;
    /// `None` when it doesn't say.
    pub charged_micros: Option<u64>,
    /// True when the provider reported nothing at the end, and the numbers are
    /// the most that we know of: what it reported before, else a token for
    /// each byte sent and received.
    pub estimated: bool,
}
