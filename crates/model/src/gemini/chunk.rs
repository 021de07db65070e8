//! Reads one chunk of a stream, which has the shape of a whole answer.
//!
//! Servers leave out what is empty, so every field is optional, and unknown
//! ones are ignored.

use serde::Deserialize;
use serde_json::Value;

use crate::delta::Usage;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Chunk {
    pub(super) candidates: Option<Vec<Candidate>>,
    pub(super) prompt_feedback: Option<PromptFeedback>,
    pub(super) usage_metadata: Option<Counts>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Candidate {
    pub(super) index: Option<u64>,
    pub(super) content: Option<Content>,
    pub(super) finish_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Content {
    pub(super) parts: Option<Vec<Part>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Part {
    pub(super) text: Option<String>,
    /// Whether the text is thinking.
    pub(super) thought: Option<bool>,
    pub(super) thought_signature: Option<String>,
    pub(super) function_call: Option<FunctionCall>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FunctionCall {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) args: Option<Value>,
}

/// What the provider says of a question that it won't answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PromptFeedback {
    pub(super) block_reason: Option<String>,
}

/// Token counts; the last chunk has the totals.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Counts {
    #[serde(rename = "promptTokenCount")]
    prompt: Option<u64>,
    /// A part of the prompt's.
    #[serde(rename = "cachedContentTokenCount")]
    cached: Option<u64>,
    #[serde(rename = "toolUsePromptTokenCount")]
    tool_use: Option<u64>,
    #[serde(rename = "candidatesTokenCount")]
    candidates: Option<u64>,
    /// Beside the candidates', not a part of them.
    #[serde(rename = "thoughtsTokenCount")]
    thoughts: Option<u64>,
}

impl Counts {
    /// Returns the usage; `None` when nothing was counted.
    pub(super) fn usage(self) -> Option<Usage> {
        let thought = self.thoughts.unwrap_or(0);
        let said = self.candidates.unwrap_or(0);
        Some(Usage {
            input_tokens: self.prompt?.saturating_add(self.tool_use.unwrap_or(0)),
            cached_input_tokens: self.cached.unwrap_or(0),
            cache_write_tokens: 0,
            output_tokens: said.saturating_add(thought),
            reasoning_tokens: thought,
            charged_micros: None,
            estimated: false,
        })
    }
}
