//! What is said between us and the helper program of the local model: one
//! JSON document a line, in both directions.
//!
//! The helper compiles this very file, so that the two can't disagree; it
//! therefore names nothing but serde.

use serde::{Deserialize, Serialize};

/// The version of what is said here. The helper names the one it speaks when
/// it has loaded, and is not used when it is another.
pub(crate) const VERSION: u32 = 2;

/// The longest line, in bytes. A prompt that fits the model is far shorter.
pub(crate) const LINE_BYTES: usize = 16 * 1024 * 1024;

/// What we say to the helper.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(crate) enum Order<T> {
    /// Answer this, after what was asked before and after what is urgent.
    Ask {
        /// A number that no other question of this process has.
        id: u64,
        /// The question.
        ask: T,
    },
    /// Stop answering; the answer ends with [`Reason::Cancelled`].
    Cancel {
        /// The question.
        id: u64,
    },
}

/// One question to the model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ask {
    /// What the model reads, in order.
    pub(crate) prompt: Vec<Part>,
    /// The most tokens it may write; as many as its memory holds when `None`,
    /// and never more than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_tokens: Option<u32>,
    /// How freely it chooses; 0 always takes the likeliest token.
    pub(crate) temperature: f32,
    /// The share of likelihood that is chosen from.
    pub(crate) top_p: f32,
    /// Makes the choice repeatable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seed: Option<u32>,
    /// Texts that end the answer; they are not part of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) stop: Vec<String>,
    /// What follows the place that is filled in: an answer that ends with its
    /// beginning ends before it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) until: String,
    /// The JSON Schema that the answer must satisfy, as text: the order of an
    /// object's fields is the order in which they are written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) schema: Option<String>,
    /// Whether somebody waits for it at each key: then it comes before what
    /// takes longer, also in the middle of that.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) urgent: bool,
}

/// A piece of a prompt.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Part {
    /// The text.
    pub(crate) text: String,
    /// Whether names of special tokens in it are those tokens. Never for text
    /// that comes from people or files.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) special: bool,
    /// The most tokens of it that are read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<Limit>,
}

/// How much of a piece is read when it is long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Limit {
    /// Its first tokens.
    First(u32),
    /// Its last tokens. The cut moves in large steps, so that the piece has
    /// the same beginning while it grows.
    Last(u32),
}

/// What the helper says to us.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(crate) enum Event {
    /// The model is loaded.
    #[serde(rename_all = "camelCase")]
    Ready {
        /// The version of this protocol.
        version: u32,
        /// How many tokens questions and answers may have together.
        context_tokens: u32,
    },
    /// The prompt has been read.
    #[serde(rename_all = "camelCase")]
    Read {
        /// The question.
        id: u64,
        /// Its tokens.
        tokens: u32,
        /// The tokens that were known from an earlier question.
        cached_tokens: u32,
    },
    /// The next piece of the answer.
    Text {
        /// The question.
        id: u64,
        /// The piece; never empty.
        text: String,
    },
    /// The answer has ended.
    #[serde(rename_all = "camelCase")]
    Done {
        /// The question.
        id: u64,
        /// Why.
        reason: Reason,
        /// The tokens the model wrote.
        tokens: u32,
    },
    /// The question can't be answered.
    Failed {
        /// The question; none when the helper itself can't go on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
        /// What kind of failure it is.
        code: Code,
        /// A sentence for people.
        message: String,
    },
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Reason {
    /// The model had said all, or a text that ends the answer came.
    Stop,
    /// It reached the most tokens it may write.
    Length,
    /// We cancelled it.
    Cancelled,
}

/// Why a question can't be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Code {
    /// Prompt and answer don't fit the model.
    TooLong,
    /// The question makes no sense, such as a schema that is none.
    Invalid,
    /// Too many questions wait.
    Busy,
    /// The helper failed.
    Broken,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
const fn is_false(value: &bool) -> bool {
    !*value
}
