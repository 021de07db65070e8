//! Models, and which of them tasks go to.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::workspace::present;

/// What a model is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// To talk.
    Chat,
    /// To plan a change.
    Plan,
    /// To change files.
    Edit,
    /// To find a fault.
    Debug,
    /// To explain code.
    Explain,
    /// To change the shape of code and not what it does.
    Refactor,
    /// To go on with what is being typed.
    Complete,
    /// To make something shorter.
    Summarise,
    /// To describe a commit.
    CommitMessage,
}

/// Who says what a model costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum PriceSource {
    /// Nobody: the price is unknown, which is not nothing.
    Unknown,
    /// It runs on hardware of your own.
    Local,
    /// You.
    Person,
    /// The provider, when it was tested.
    Provider,
    /// The published table that comes with this release.
    Published,
}

/// A model you can ask.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// Its provider.
    pub provider_id: Uuid,
    /// The provider's name.
    pub provider: String,
    /// Its name there.
    pub model: String,
    /// The format the provider speaks.
    pub wire: String,
    /// True when it runs on hardware of your own.
    pub local: bool,
    /// True for the model that the provider is set to.
    pub configured: bool,
    /// How many tokens it reads; null when unknown.
    pub context_tokens: Option<u64>,
    /// How many tokens it writes; null when unknown.
    pub max_output_tokens: Option<u64>,
    /// How many parameters it has; null when unknown. A small one is asked for
    /// whole files instead of single changes.
    pub parameters: Option<u64>,
    /// Whether it sees images; null when unknown.
    pub images: Option<bool>,
    /// Whether it calls tools; null when unknown.
    pub tools: Option<bool>,
    /// Whether it can think before it answers; null when unknown.
    pub reasoning: Option<bool>,
    /// Whether it fills in between two texts; null when unknown.
    pub fim: Option<bool>,
    /// Price of a million tokens sent in US dollars, as a decimal; null when unknown.
    pub input_usd_per_million: Option<String>,
    /// Price of a million tokens answered.
    pub output_usd_per_million: Option<String>,
    /// Price of a million tokens from the provider's cache; null: as input.
    pub cached_input_usd_per_million: Option<String>,
    /// Price of a million tokens put into the provider's cache; null: as input.
    pub cache_write_usd_per_million: Option<String>,
    /// What a long conversation costs; null: no more than a short one.
    pub long: Option<LongPrices>,
    /// Who says so.
    pub price_source: PriceSource,
    /// The day the published table was read, when the price is from it.
    pub price_date: Option<String>,
    /// Milliseconds until its first token of late, on average.
    pub first_token_ms: Option<u64>,
    /// Milliseconds until its answers' ends of late, on average.
    pub latency_ms: Option<u64>,
    /// True when its provider could not be reached a moment ago.
    pub unreachable: bool,
}

/// The prices of all tokens of a call that sends more than so many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LongPrices {
    /// How many tokens are sent at the usual prices at most.
    #[schema(minimum = 1, maximum = 1_000_000_000_u64)]
    pub from_tokens: u64,
    /// Price of a million tokens sent in US dollars, as a decimal.
    pub input_usd_per_million: String,
    /// Price of a million tokens answered; null: the usual one.
    #[serde(default)]
    pub output_usd_per_million: Option<String>,
    /// Price of a million tokens from the provider's cache; null: as input here.
    #[serde(default)]
    pub cached_input_usd_per_million: Option<String>,
}

/// Every model you can ask.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Models {
    /// The models, provider by provider, each provider's own first.
    pub items: Vec<Model>,
}

/// What you say of a model, over what its provider and the published table
/// say. Prices come in pairs; without any they are theirs again. A size that is
/// absent stays as it is; null takes back what was said of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetModel {
    /// Price of a million tokens sent in US dollars, as a decimal.
    #[serde(default)]
    pub input_usd_per_million: Option<String>,
    /// Price of a million tokens answered.
    #[serde(default)]
    pub output_usd_per_million: Option<String>,
    /// Price of a million tokens from the provider's cache.
    #[serde(default)]
    pub cached_input_usd_per_million: Option<String>,
    /// Price of a million tokens put into the provider's cache.
    #[serde(default)]
    pub cache_write_usd_per_million: Option<String>,
    /// What a long conversation costs, where that is more.
    #[serde(default)]
    pub long: Option<LongPrices>,
    /// How many tokens it reads.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 1_000_000_000_u64)]
    pub context_tokens: Option<Option<u64>>,
    /// How many tokens it writes.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 1_000_000_000_u64)]
    pub max_output_tokens: Option<Option<u64>>,
    /// How many parameters it has.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 1_000_000_000_000_000_u64)]
    pub parameters: Option<Option<u64>>,
}

/// A model by its provider and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModelRef {
    /// The provider.
    pub provider_id: Uuid,
    /// The model there; the one the provider is set to when null.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub model: Option<String>,
}

/// Which of the models that fit a task comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Prefer {
    /// The first of the task's models; without any the workspace's, then the
    /// providers' in order.
    Order,
    /// The cheapest.
    Cheapest,
    /// The one that answered soonest of late.
    Fastest,
    /// One on hardware of your own.
    Local,
}

/// Which models one task goes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskModels {
    /// The task.
    pub task: Task,
    /// Which of those that fit comes first.
    pub prefer: Prefer,
    /// The models in question, at most 20; every provider's own when empty.
    #[serde(default)]
    pub models: Vec<ModelRef>,
}

/// Which models tasks go to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelDefaults {
    /// True when nothing may leave for another machine: only models on
    /// hardware of your own are asked.
    pub offline: bool,
    /// Every task.
    pub tasks: Vec<TaskModels>,
}

/// Sets which models tasks go to, from the next request on.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetModelDefaults {
    /// Whether nothing may leave for another machine.
    #[serde(default)]
    pub offline: bool,
    /// The tasks that differ from what they come with; the others go back to it.
    #[serde(default)]
    pub tasks: Vec<TaskModels>,
}

/// Asks which model would be asked; none is.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteModel {
    /// What for.
    pub task: Task,
    /// The workspace it would be asked in.
    #[serde(default)]
    pub workspace_id: Option<Uuid>,
    /// The model that is chosen by name.
    #[serde(default)]
    pub model: Option<ModelRef>,
    /// How many bytes of text would be sent; 0 when absent.
    #[serde(default)]
    pub input_bytes: Option<u64>,
    /// The most tokens the answer may have.
    #[serde(default)]
    pub max_output_tokens: Option<u64>,
    /// Whether images would be sent.
    #[serde(default)]
    pub images: bool,
    /// Whether tools could be called.
    #[serde(default)]
    pub tools: bool,
    /// Whether it is to fill in between two texts.
    #[serde(default)]
    pub fim: bool,
    /// US dollars that a budget has left, to try that out; what your budgets
    /// really have when absent.
    #[serde(default)]
    pub left_usd: Option<String>,
}

/// What routing says of one model.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouteCandidate {
    /// Its provider.
    pub provider_id: Uuid,
    /// The provider's name.
    pub provider: String,
    /// Its name there.
    pub model: String,
    /// True when it runs on hardware of your own.
    pub local: bool,
    /// Whether it may answer.
    pub fits: bool,
    /// Why it is where it is, or why it may not, in a sentence.
    pub reason: String,
    /// The most it would cost in US dollars, with an answer of 4,096 tokens
    /// when no limit is given; null when its price is unknown.
    pub most_usd: Option<String>,
}

/// Which model would be asked.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelRoute {
    /// The model that would be asked; null when none fits.
    pub chosen: Option<RouteCandidate>,
    /// Those that may answer, the best first, then those that may not.
    pub candidates: Vec<RouteCandidate>,
    /// True when nothing may leave for another machine.
    pub offline: bool,
    /// US dollars that the budgets have left; null when none counts money.
    pub left_usd: Option<String>,
    /// Tokens that the budgets have left; null when none counts them.
    pub left_tokens: Option<u64>,
}

/// How far a request to a model is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum CallState {
    /// The answer is being waited for or is coming in.
    Running,
    /// The answer came to its end.
    Done,
    /// It failed; its error says why.
    Failed,
    /// Somebody stopped it.
    Cancelled,
    /// The server stopped while it was running.
    Interrupted,
}

/// A request to a model, with what it used.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// The request's id, for `GET /api/model-calls/:id`.
    pub id: Uuid,
    /// The workspace it was made in.
    pub workspace_id: Option<Uuid>,
    /// The conversation it was made in.
    pub conversation_id: Option<Uuid>,
    /// The turn it was made in.
    pub turn_id: Option<Uuid>,
    /// The access token it was made with.
    pub token_id: Option<Uuid>,
    /// The request that failed and that this one took over from.
    pub replaces_id: Option<Uuid>,
    /// What it was for.
    pub task: String,
    /// The provider.
    pub provider_id: Option<Uuid>,
    /// The name the provider had.
    pub provider: String,
    /// The model.
    pub model: String,
    /// The format it was asked in.
    pub wire: String,
    /// True when it ran on hardware of your own.
    pub local: bool,
    /// Why this model, in a sentence.
    pub reason: String,
    /// How far it is.
    pub state: CallState,
    /// Why the model stopped.
    pub stop_reason: Option<String>,
    /// Tokens of the request.
    pub input_tokens: i64,
    /// Those of them that the provider had cached.
    pub cached_input_tokens: i64,
    /// Those of them that the provider put into its cache.
    pub cache_write_tokens: i64,
    /// Tokens of the answer.
    pub output_tokens: i64,
    /// Those of them that were reasoning.
    pub reasoning_tokens: i64,
    /// False when the provider reported nothing at the end, and the counts are
    /// the most that can have been used.
    pub measured: bool,
    /// US dollars as a decimal; null when the price is unknown or it is running.
    pub cost_usd: Option<String>,
    /// The most it could cost, reserved while it runs.
    pub reserved_usd: Option<String>,
    /// The most tokens it could use, reserved while it runs.
    pub reserved_tokens: i64,
    /// Milliseconds until the first token.
    pub first_token_ms: Option<u64>,
    /// Milliseconds until the end.
    pub latency_ms: Option<u64>,
    /// Why it failed.
    pub error: Option<String>,
    /// When it was made.
    pub created_at: String,
}

/// Requests to models, the latest first.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Calls {
    /// The requests.
    pub items: Vec<Call>,
    /// Give this back as `cursor` for the next page; null on the last.
    pub next_cursor: Option<String>,
}

/// Which requests to models are wanted.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListCalls {
    /// Only of this workspace.
    #[serde(default)]
    pub workspace_id: Option<Uuid>,
    /// Only of this turn.
    #[serde(default)]
    pub turn_id: Option<Uuid>,
    /// Where the last page ended.
    #[serde(default)]
    pub cursor: Option<String>,
    /// How many, from 1 to 5,000; 20 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
}
