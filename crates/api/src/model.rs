//! Model providers and what was sent to them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::turn::LineRange;

/// A way to a model: an OpenAI-compatible endpoint, a key and a model name.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Provider {
    /// The provider's id.
    pub id: Uuid,
    /// The name shown.
    pub name: String,
    /// The address that the format's routes are appended to.
    pub base_url: String,
    /// The format it speaks: `openai_chat`, `openai_responses`, `anthropic`,
    /// `gemini`, `openrouter`, or `local` for the model in this server.
    pub wire: String,
    /// True when it runs on hardware of your own: it costs nothing unless you
    /// set a price, and is asked when you are offline.
    pub local: bool,
    /// The model's name at the provider.
    pub model: String,
    /// True when a key is stored. The key itself never comes back.
    pub has_key: bool,
    /// True when it comes from the server's environment and can't be changed here.
    pub from_environment: bool,
    /// Price of a million input tokens in US dollars, as a decimal; null when unknown.
    pub input_usd_per_million: Option<String>,
    /// Price of a million output tokens in US dollars, as a decimal; null when unknown.
    pub output_usd_per_million: Option<String>,
}

/// Every configured provider.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Providers {
    /// The providers, oldest first; the first is the default.
    pub items: Vec<Provider>,
}

/// Configures a provider.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateProvider {
    /// The name shown, 1 to 120 characters, unique.
    #[schema(min_length = 1, max_length = 120)]
    pub name: String,
    /// The address that the format's routes are appended to.
    #[schema(max_length = 2048)]
    pub base_url: String,
    /// The format it speaks; `openai_chat` when absent.
    #[serde(default)]
    pub wire: Option<String>,
    /// True when it runs on hardware of your own. When absent, a test of the
    /// provider may find that out.
    #[serde(default)]
    pub local: Option<bool>,
    /// The key; absent when the endpoint needs none.
    #[serde(default)]
    #[schema(max_length = 4096)]
    pub key: Option<String>,
    /// The model's name at the provider.
    #[schema(min_length = 1, max_length = 200)]
    pub model: String,
    /// Price of a million input tokens in US dollars, as a decimal.
    #[serde(default)]
    pub input_usd_per_million: Option<String>,
    /// Price of a million output tokens in US dollars, as a decimal.
    #[serde(default)]
    pub output_usd_per_million: Option<String>,
}

/// Changes a provider. Absent fields stay as they are; an empty key removes
/// the stored one, an empty price makes it unknown.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateProvider {
    /// The name shown.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 120)]
    pub name: Option<String>,
    /// The address that the format's routes are appended to.
    #[serde(default)]
    #[schema(max_length = 2048)]
    pub base_url: Option<String>,
    /// The format it speaks.
    #[serde(default)]
    pub wire: Option<String>,
    /// True when it runs on hardware of your own.
    #[serde(default)]
    pub local: Option<bool>,
    /// The new key.
    #[serde(default)]
    #[schema(max_length = 4096)]
    pub key: Option<String>,
    /// The model's name at the provider.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub model: Option<String>,
    /// Price of a million input tokens in US dollars.
    #[serde(default)]
    pub input_usd_per_million: Option<String>,
    /// Price of a million output tokens in US dollars.
    #[serde(default)]
    pub output_usd_per_million: Option<String>,
}

/// What a test of a provider found.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProviderCheck {
    /// True when the provider answered and knows the model.
    pub ok: bool,
    /// What happened, in a sentence.
    pub detail: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The models the provider offers, when it says.
    pub models: Vec<String>,
    /// What kind of server it is, such as `ollama`, when it answered.
    pub kind: Option<String>,
}

/// A piece of what a request was made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestSource {
    /// What it is, such as `rules`, `message`, `file` or `selection`.
    pub kind: String,
    /// The file's path.
    pub path: Option<String>,
    /// The file's version.
    pub version_id: Option<Uuid>,
    /// The lines of the file; null for all.
    pub lines: Option<LineRange>,
    /// How many bytes of it.
    pub bytes: u64,
    /// Why it is in the request, in a sentence.
    pub reason: String,
}

/// One request to a model, with the exact body that went out.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelCall {
    /// The call's id.
    pub id: Uuid,
    /// The turn it was made in.
    pub turn_id: Option<Uuid>,
    /// The provider's name.
    pub provider: String,
    /// The model's name.
    pub model: String,
    /// What it was for, such as `chat`.
    pub task: String,
    /// Why it was this model, in a sentence.
    pub reason: String,
    /// BLAKE3 of the body, 64 hex digits.
    pub request_hash: String,
    /// The body, byte for byte. Credential headers are never kept.
    pub request: String,
    /// What the body was made of.
    pub sources: Vec<RequestSource>,
    /// When it was made.
    pub created_at: String,
}
