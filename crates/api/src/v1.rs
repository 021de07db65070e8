//! The models' interface in OpenAI's form. Its requests and answers are as the
//! OpenAI API reference has them; only its errors and lists are typed here.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// Says whether what is at this path speaks as OpenAI does.
pub fn is_address(path: &str) -> bool {
    matches!(
        path,
        "/v1/chat/completions" | "/v1/completions" | "/v1/models"
    )
}

/// A request for an answer in a conversation: `model`, `messages`, `stream`,
/// `tools` and the rest as OpenAI's `POST /v1/chat/completions` takes them.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(value_type = Object)]
pub struct ChatCompletionRequest(pub Value);

/// An answer, as OpenAI's `chat.completion` or, streamed, its
/// `chat.completion.chunk`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(value_type = Object)]
pub struct ChatCompletion(pub Value);

/// A request for a completion: `model`, `prompt`, `suffix`, `stream` and the
/// rest as OpenAI's `POST /v1/completions` takes them.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(value_type = Object)]
pub struct CompletionRequest(pub Value);

/// A completion, as OpenAI's `text_completion`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(value_type = Object)]
pub struct TextCompletion(pub Value);

/// A model that can be asked.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OpenAiModel {
    /// What it is called in requests.
    pub id: String,
    /// `model`.
    pub object: String,
    /// Seconds since 1970; 0, for nobody says.
    pub created: i64,
    /// The provider's name.
    pub owned_by: String,
}

/// The models that can be asked.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OpenAiModels {
    /// `list`.
    pub object: String,
    /// The models.
    pub data: Vec<OpenAiModel>,
}

/// An error in OpenAI's form.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OpenAiError {
    /// The error.
    pub error: OpenAiFault,
}

/// What went wrong, in OpenAI's form.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OpenAiFault {
    /// A sentence for a person, with what to do about it.
    pub message: String,
    /// The kind: `invalid_request_error`, `authentication_error`,
    /// `permission_error`, `not_found_error`, `rate_limit_error`,
    /// `insufficient_quota`, or `api_error`.
    pub r#type: String,
    /// The field to blame.
    pub param: Option<String>,
    /// A word for programs: our own code, or OpenAI's for what it has one.
    pub code: Option<String>,
}
