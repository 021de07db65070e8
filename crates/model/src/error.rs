//! Everything that can go wrong between us and a model.

use std::time::Duration;

use atelier_base::ErrorKind;

use crate::wire::Wire;

/// The crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong between us and a model.
///
/// `message` is the provider's own text, with the key taken out, on one line
/// and shortened. `endpoint` is the name the user gave it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The base URL can't be used.
    #[error("the base URL is not usable: {reason}")]
    InvalidBaseUrl {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The key holds characters that no HTTP header can carry.
    #[error("the key of {endpoint} holds characters that no key can have")]
    InvalidKey {
        /// The endpoint's name.
        endpoint: String,
    },
    /// A price is no decimal.
    #[error("`{text}` is not a price in dollars per million tokens, such as 0.15")]
    InvalidPrice {
        /// What was given, shortened.
        text: String,
    },
    /// The request can't be sent to anybody.
    #[error("the request to the model is not valid: {reason}")]
    InvalidRequest {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The model's wire has no word for what must not be left out.
    #[error("`{model}` takes no `{parameter}`")]
    Unsupported {
        /// The model asked.
        model: String,
        /// The parameter.
        parameter: &'static str,
    },
    /// The fake model's script could not be read.
    #[error("could not read the script of the fake model")]
    InvalidScript {
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// The HTTP client could not be set up, such as for want of CA certificates.
    #[error("could not set up the HTTPS client")]
    Client {
        /// The library's reason.
        reason: String,
    },
    /// No connection could be made.
    #[error("could not connect to {endpoint}: {reason}")]
    Connect {
        /// The endpoint's name.
        endpoint: String,
        /// Why, in a few words.
        reason: &'static str,
        /// The whole story.
        #[source]
        source: reqwest::Error,
    },
    /// The other end's TLS or certificate is not acceptable.
    #[error("could not make a secure connection to {endpoint}")]
    Tls {
        /// The endpoint's name.
        endpoint: String,
        /// The whole story.
        #[source]
        source: reqwest::Error,
    },
    /// The key is wrong, missing or revoked.
    #[error("{endpoint} does not accept the key: {message}")]
    Unauthorized {
        /// The endpoint's name.
        endpoint: String,
        /// The provider's text.
        message: String,
    },
    /// The key is right but may not do this.
    #[error("{endpoint} does not allow this with the key: {message}")]
    Forbidden {
        /// The endpoint's name.
        endpoint: String,
        /// The provider's text.
        message: String,
    },
    /// The account with the provider has no money left.
    #[error("{endpoint} says that the account has no credit left: {message}")]
    OutOfCredit {
        /// The endpoint's name.
        endpoint: String,
        /// The provider's text.
        message: String,
    },
    /// The provider has no such model.
    #[error("{endpoint} has no model `{model}`: {message}")]
    ModelNotFound {
        /// The endpoint's name.
        endpoint: String,
        /// The model asked for.
        model: String,
        /// The provider's text.
        message: String,
    },
    /// The server answers but doesn't speak this protocol at this URL.
    #[error("{endpoint} has nothing at {path} (HTTP {status})")]
    WrongPath {
        /// The endpoint's name.
        endpoint: String,
        /// The path asked for.
        path: String,
        /// The HTTP status.
        status: u16,
    },
    /// The server wants us elsewhere; a key is not carried to another place.
    #[error("{endpoint} redirects to another address (HTTP {status})")]
    Redirected {
        /// The endpoint's name.
        endpoint: String,
        /// The HTTP status.
        status: u16,
    },
    /// Too many requests or tokens in the provider's time window.
    #[error("{endpoint} limits the rate of requests: {message}")]
    RateLimited {
        /// The endpoint's name.
        endpoint: String,
        /// When to try again; five seconds when the provider didn't say.
        retry_after: Duration,
        /// The provider's text.
        message: String,
    },
    /// The provider is overloaded or broken for the moment.
    #[error("{endpoint} is not available at the moment: {message}")]
    Overloaded {
        /// The endpoint's name.
        endpoint: String,
        /// The provider's text.
        message: String,
    },
    /// The provider refuses the request as we made it.
    #[error("{endpoint} refused the request (HTTP {status}): {message}")]
    BadRequest {
        /// The endpoint's name.
        endpoint: String,
        /// The HTTP status.
        status: u16,
        /// The provider's text.
        message: String,
    },
    /// The conversation is longer than the model's context.
    #[error("the conversation is too long for `{model}`: {message}")]
    ContextTooLong {
        /// The model asked.
        model: String,
        /// The provider's text.
        message: String,
    },
    /// The provider reported a fault in the middle of its answer.
    #[error("{endpoint} failed in the middle of its answer: {message}")]
    Failed {
        /// The endpoint's name.
        endpoint: String,
        /// The provider's text.
        message: String,
    },
    /// What came back is not the protocol.
    #[error("{endpoint} does not answer in the format `{wire}`: {detail}")]
    Protocol {
        /// The endpoint's name.
        endpoint: String,
        /// The format it is set to speak.
        wire: Wire,
        /// What came instead.
        detail: String,
    },
    /// The answer ended without its end.
    #[error("the answer of {endpoint} was cut off")]
    Cut {
        /// The endpoint's name.
        endpoint: String,
        /// The transport's reason; `None` when it ended in an orderly way.
        #[source]
        source: Option<reqwest::Error>,
    },
    /// Nothing came for too long.
    #[error("{endpoint} sent nothing for {} seconds", after.as_secs_f32())]
    Idle {
        /// The endpoint's name.
        endpoint: String,
        /// How long we waited.
        after: Duration,
    },
    /// The answer is larger than we take.
    #[error("the answer of {endpoint} is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The endpoint's name.
        endpoint: String,
        /// The limit that it passed, in bytes.
        limit_bytes: usize,
    },
    /// The model that runs on this machine can't be used.
    #[error("the local model can't be used: {reason}")]
    LocalModel {
        /// Why.
        reason: String,
    },
    /// The program of the local model doesn't start, or doesn't stay up.
    #[error("the local model doesn't run: {reason}")]
    LocalModelFell {
        /// How it ended, and when it starts again.
        reason: String,
    },
    /// The weights of the local model could not be had.
    #[error("could not get the local model's weights: {reason}")]
    Weights {
        /// Why.
        reason: String,
    },
    /// The caller cancelled.
    #[error("the request to the model was cancelled")]
    Cancelled,
}

impl Error {
    /// Returns the kind of failure, as our own callers see it.
    ///
    /// A wrong provider key is `Unavailable`, not `Unauthenticated`: the
    /// person is signed in with us all the same.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::InvalidBaseUrl { .. }
            | Self::InvalidKey { .. }
            | Self::InvalidPrice { .. }
            | Self::InvalidRequest { .. }
            | Self::Unsupported { .. }
            | Self::InvalidScript { .. }
            | Self::BadRequest { .. } => ErrorKind::Invalid,
            Self::Client { .. }
            | Self::Connect { .. }
            | Self::Tls { .. }
            | Self::Unauthorized { .. }
            | Self::Forbidden { .. }
            | Self::OutOfCredit { .. }
            | Self::ModelNotFound { .. }
            | Self::WrongPath { .. }
            | Self::Redirected { .. }
            | Self::Overloaded { .. }
            | Self::Failed { .. }
            | Self::Protocol { .. }
            | Self::Cut { .. }
            | Self::LocalModel { .. }
            | Self::LocalModelFell { .. }
            | Self::Weights { .. }
            | Self::Idle { .. } => ErrorKind::Unavailable,
            Self::RateLimited { retry_after, .. } => ErrorKind::Limited {
                retry_after: *retry_after,
            },
            Self::ContextTooLong { .. } | Self::TooLarge { .. } => ErrorKind::TooLarge,
            Self::Cancelled => ErrorKind::Cancelled,
        }
    }

    /// Returns a stable word for the error, for stored records and clients.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InvalidBaseUrl { .. } => "model_base_url_invalid",
            Self::InvalidKey { .. } => "model_key_invalid",
            Self::InvalidPrice { .. } => "model_price_invalid",
            Self::InvalidRequest { .. } => "model_request_invalid",
            Self::Unsupported { .. } => "model_parameter_unsupported",
            Self::InvalidScript { .. } => "model_script_invalid",
            Self::Client { .. } => "model_client_failed",
            Self::Connect { .. } => "model_unreachable",
            Self::Tls { .. } => "model_tls_failed",
            Self::Unauthorized { .. } => "model_key_refused",
            Self::Forbidden { .. } => "model_forbidden",
            Self::OutOfCredit { .. } => "model_out_of_credit",
            Self::ModelNotFound { .. } => "model_not_found",
            Self::WrongPath { .. } => "model_wrong_path",
            Self::Redirected { .. } => "model_redirected",
            Self::RateLimited { .. } => "model_rate_limited",
            Self::Overloaded { .. } => "model_overloaded",
            Self::BadRequest { .. } => "model_bad_request",
            Self::ContextTooLong { .. } => "model_context_too_long",
            Self::Failed { .. } => "model_failed",
            Self::Protocol { .. } => "model_protocol",
            Self::Cut { .. } => "model_cut",
            Self::Idle { .. } => "model_idle",
            Self::TooLarge { .. } => "model_answer_too_large",
            Self::LocalModel { .. } => "model_local_unavailable",
            Self::LocalModelFell { .. } => "model_local_fell",
            Self::Weights { .. } => "model_weights_failed",
            Self::Cancelled => "model_cancelled",
        }
    }

    /// Returns what the user can do about it, as a sentence.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::InvalidBaseUrl { .. } => {
                "Use the address the provider documents, such as https://api.openai.com/v1."
            }
            Self::InvalidKey { .. } | Self::Unauthorized { .. } => {
                "Copy the key again from the provider's page and save it in the model's settings."
            }
            Self::InvalidPrice { .. } => "Write a decimal such as 0.15 or 2.5.",
            Self::InvalidRequest { .. } => "Report this: Atelier made a request it must not make.",
            Self::Unsupported { .. } => "Leave it out, or ask a model that takes it.",
            Self::InvalidScript { .. } => "Compare the file with the example in the documentation.",
            Self::Client { .. } => {
                "Install the system's CA certificates (package ca-certificates)."
            }
            Self::Connect { .. } => {
                "Check that the base URL is right, that the server runs and that this machine reaches it."
            }
            Self::Tls { .. } => {
                "Check that the base URL is right and that the server's certificate is valid."
            }
            Self::Forbidden { .. } => {
                "Check with the provider which models and regions the key may use."
            }
            Self::OutOfCredit { .. } => "Add credit to the account with the provider.",
            Self::ModelNotFound { .. } => "Choose a model that the provider lists.",
            Self::WrongPath { .. } | Self::Protocol { .. } => {
                "Check the base URL and the format; for most servers the URL ends in /v1."
            }
            Self::Redirected { .. } => "Use the address it redirects to as the base URL.",
            Self::RateLimited { .. } => "Wait a moment and try again.",
            Self::Overloaded { .. } | Self::Failed { .. } | Self::Cut { .. } => {
                "Try again, or use another model."
            }
            Self::BadRequest { .. } => {
                "Check that the model supports what was asked, such as tools."
            }
            Self::ContextTooLong { .. } => {
                "Attach fewer files, begin a new conversation or choose a model with a longer context."
            }
            Self::Idle { .. } => "Try again; if the model is slow to start, raise the time limit.",
            Self::TooLarge { .. } => "Ask for less at once.",
            Self::LocalModel { .. } => {
                "Get it with the button on the Models page, or with `cargo xtask run --local-model` and `atelier model pull`."
            }
            Self::LocalModelFell { .. } => {
                "Use another model meanwhile. It needs about 2 GB of memory; a smaller `local_model.context_tokens` needs less."
            }
            Self::Weights { .. } => {
                "Try again: what has arrived is kept. `atelier model pull` also takes another address (--url) or a file (--file)."
            }
            Self::Cancelled => "Ask again when you want to go on.",
        }
    }
}
