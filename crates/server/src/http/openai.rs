//! Errors in OpenAI's form, and who asks there.

use atelier_api::v1::{OpenAiError, OpenAiFault};
use atelier_api::{Code, Problem};
use atelier_domain::token::Bearer;
use atelier_domain::{Actor, Ctx};
use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};

use crate::app::App;
use crate::http::error::ApiError;
use crate::http::request::Passing;

/// Tells OpenAI's own clients not to try again what will fail again.
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// A program's request, proved by an access token; a cookie counts for
/// nothing. Extracting it fails with 401 otherwise.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) ctx: Ctx,
    pub(crate) bearer: Bearer,
}

impl FromRequestParts<App> for Program {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let token = parts.headers.get(AUTHORIZATION);
        let token = token.and_then(|value| value.to_str().ok());
        let token = token.and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let bearer = match token {
            Some(token) => app.domain.authenticate_token(token).await?,
            None => None,
        };
        let bearer = bearer.ok_or_else(|| {
            ApiError::new(Code::NotSignedIn, "The access token is missing, wrong, expired or revoked.")
                .hint(Some("Make one on the Models page, under Access tokens, and send it as `Authorization: Bearer atl_token_…`."))
        })?;
        let passing = Passing::from_request_parts(parts, app).await?;
        let ctx = Ctx {
            actor: Actor::Person(bearer.user),
            request: passing.id,
            cancel: passing.cancel,
        };
        Ok(Self { ctx, bearer })
    }
}

/// Writes a problem as OpenAI does, and its status.
pub(crate) fn as_openai(parts: &mut axum::http::response::Parts, problem: &Problem) -> Vec<u8> {
    if parts.status == StatusCode::UNPROCESSABLE_ENTITY {
        parts.status = StatusCode::BAD_REQUEST;
    }
    let json = HeaderValue::from_static("application/json");
    parts.headers.insert(CONTENT_TYPE, json);
    let error = fault(problem);
    let spent = error.error.r#type == "insufficient_quota";
    if spent {
        parts.status = StatusCode::TOO_MANY_REQUESTS;
    }
    if spent || problem.code == Code::ModelMisconfigured.as_str() {
        let never = HeaderValue::from_static("false");
        parts.headers.insert(SHOULD_RETRY, never);
    }
    serde_json::to_vec(&error).unwrap_or_default()
}

/// Returns a problem in OpenAI's form.
pub(crate) fn fault(problem: &Problem) -> OpenAiError {
    let (kind, code) = match problem.code.as_str() {
        "not_signed_in" => ("authentication_error", "invalid_api_key"),
        "context_too_long" => ("invalid_request_error", "context_length_exceeded"),
        "too_many" | "model_busy" => ("rate_limit_error", "rate_limit_exceeded"),
        "not_found" => ("not_found_error", "model_not_found"),
        "budget_exceeded" => ("insufficient_quota", "insufficient_quota"),
        "denied" => ("permission_error", "denied"),
        code => match problem.status {
            400..=499 => ("invalid_request_error", code),
            _ => ("api_error", code),
        },
    };
    let message = match &problem.hint {
        Some(hint) => format!("{} {hint}", problem.detail),
        None => problem.detail.clone(),
    };
    OpenAiError {
        error: OpenAiFault {
            message,
            r#type: kind.to_owned(),
            param: problem.field.clone(),
            code: Some(code.to_owned()),
        },
    }
}
