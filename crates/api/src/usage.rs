//! What was used and what it cost.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Tokens and cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenUsage {
    /// Tokens of the requests.
    pub input_tokens: i64,
    /// Those of them that the provider had cached.
    pub cached_input_tokens: i64,
    /// Tokens of the answers.
    pub output_tokens: i64,
    /// US dollars as a decimal; null when a model's price is unknown.
    pub cost_usd: Option<String>,
    /// False when the provider reported nothing at the end, and the counts are
    /// the most that can have been used.
    pub measured: bool,
}

/// How usage is summed up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum GroupBy {
    /// By day, UTC.
    #[default]
    Day,
    /// By person.
    User,
    /// By model.
    Model,
    /// By task.
    Task,
    /// By workspace.
    Workspace,
    /// By turn.
    Turn,
}

/// Which usage is wanted.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetUsage {
    /// How it is summed up; by day when absent.
    #[serde(default)]
    pub group_by: Option<GroupBy>,
    /// Only this workspace.
    #[serde(default)]
    pub workspace_id: Option<uuid::Uuid>,
    /// From this time on (RFC 3339).
    #[serde(default)]
    pub from: Option<String>,
    /// Before this time (RFC 3339).
    #[serde(default)]
    pub to: Option<String>,
    /// `json` or `csv`; JSON when absent.
    #[serde(default)]
    pub format: Option<UsageFormat>,
}

/// In which form usage comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum UsageFormat {
    /// JSON.
    Json,
    /// Comma-separated values with a header line.
    Csv,
}

/// Usage summed up under one key.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsageRow {
    /// The day, model, task, or the id of the person, workspace or turn; `rest`
    /// in the last row where there are too many, for all that have none.
    pub key: String,
    /// A name for the key, when it has one; a turn goes by its conversation's title.
    pub name: Option<String>,
    /// Where it was asked, when the row is of a turn that is still there.
    pub turn: Option<UsageTurn>,
    /// How many requests went to models.
    pub calls: i64,
    /// Tokens of the requests.
    pub input_tokens: i64,
    /// Those of them that the provider had cached.
    pub cached_input_tokens: i64,
    /// Those of them that the provider put into its cache.
    pub cache_write_tokens: i64,
    /// Tokens of the answers.
    pub output_tokens: i64,
    /// Those of them that were reasoning.
    pub reasoning_tokens: i64,
    /// Execution time in milliseconds.
    pub run_ms: i64,
    /// US dollars as a decimal, of all that has a price; null when nothing that
    /// may cost something has one. While `unpriced` is above 0, the true cost
    /// may be higher.
    pub cost_usd: Option<String>,
    /// How many uses have no known price and are not in the cost.
    pub unpriced: i64,
}

/// Where a turn was asked, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsageTurn {
    /// The workspace of its conversation.
    pub workspace_id: uuid::Uuid,
    /// The conversation it is part of.
    pub conversation_id: uuid::Uuid,
    /// When it was asked.
    pub asked_at: String,
}

/// Usage of the signed-in person.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// The rows, in the order of their keys: at most 1,000 in JSON and 100,000
    /// in CSV, and one for the rest.
    pub items: Vec<UsageRow>,
    /// All rows together.
    pub total: UsageRow,
}
