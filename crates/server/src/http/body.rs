//! What requests carry: JSON bodies, query strings, ids in paths.

use std::str::FromStr;

use atelier_api::Code;
use atelier_base::limit;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::header::{CONTENT_TYPE, IF_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::http::error::{ApiError, ApiResult};

/// A JSON body that was read strictly: right media type, bounded size, no
/// unknown fields.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let bytes = whole(request, app).await?;
        parse(&bytes).map(Self)
    }
}

/// Reads a JSON body to its end: right media type, bounded size.
pub(crate) async fn whole(request: Request, app: &App) -> ApiResult<Bytes> {
    if media_type(request.headers()) != "application/json" {
        return Err(ApiError::new(
            Code::UnsupportedMediaType,
            "Send the body as `application/json`.",
        ));
    }
    Bytes::from_request(request, app)
        .await
        .map_err(|rejection| {
            if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
                let most = limit::JSON_BODY_BYTES / 1024 / 1024;
                ApiError::new(
                    Code::TooLarge,
                    format!("The body is larger than {most} MiB."),
                )
            } else {
                ApiError::new(Code::Invalid, "The body could not be read.")
            }
        })
}

/// A JSON body as [`Body`] reads it, or none, which stands for the default.
#[derive(Debug)]
pub(crate) struct MaybeBody<T>(pub(crate) T);

impl<T: DeserializeOwned + Default> FromRequest<App> for MaybeBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        if request.headers().get(CONTENT_TYPE).is_none() {
            return Ok(Self(T::default()));
        }
        let Body(body) = Body::from_request(request, app).await?;
        Ok(Self(body))
    }
}

/// Reads JSON and says where it is wrong.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> ApiResult<T> {
    serde_json::from_slice(bytes).map_err(|error| {
        let error_text = error.to_string();
        let place = if error.is_data() {
            String::new()
        } else {
            " The body is not JSON.".to_owned()
        };
        let failure = ApiError::new(Code::Invalid, format!("{error_text}.{place}"));
        match quoted(&error_text) {
            Some(field) => failure.field(field),
            None => failure,
        }
    })
}

/// Returns the field that serde names first.
fn quoted(text: &str) -> Option<&str> {
    let named = ["unknown field `", "missing field `", "duplicate field `"];
    named.iter().find_map(|lead| {
        text.split_once(lead)?
            .1
            .split_once('`')
            .map(|(field, _)| field)
    })
}

/// Returns the media type of a body, without parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> &str {
    let value = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

/// A query string that was read strictly.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        axum::extract::Query::<T>::from_request_parts(parts, app)
            .await
            .map(|query| Self(query.0))
            .map_err(|rejection| {
                let text = rejection.body_text();
                let detail = text
                    .rsplit_once(": ")
                    .map_or(text.as_str(), |(_, reason)| reason);
                let failure =
                    ApiError::new(Code::Invalid, format!("The query is not valid: {detail}."));
                match quoted(&text) {
                    Some(field) => failure.field(field),
                    None => failure,
                }
            })
    }
}

/// An id in the path. One that is not a UUID names nothing.
#[derive(Debug)]
pub(crate) struct Id<T>(pub(crate) T);

impl<T: FromStr> FromRequestParts<App> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let missing = || ApiError::new(Code::NotFound, "There is nothing with that id.");
        let Path(text) = Path::<String>::from_request_parts(parts, app)
            .await
            .map_err(|_| missing())?;
        text.parse().map(Self).map_err(|_| missing())
    }
}

/// The version that `If-Match` names, if it names one.
#[derive(Debug)]
pub(crate) struct IfMatch<T>(pub(crate) Option<T>);

impl<T: FromStr> FromRequestParts<App> for IfMatch<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        let Some(value) = parts.headers.get(IF_MATCH) else {
            return Ok(Self(None));
        };
        let text = value.to_str().unwrap_or_default().trim();
        let text = text
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'))
            .unwrap_or(text);
        text.parse()
            .map(|version| Self(Some(version)))
            .map_err(|_| {
                ApiError::new(
                    Code::Invalid,
                    "`If-Match` is not a version's id, in quotes.",
                )
                .field("If-Match")
            })
    }
}

/// Returns the `ETag` of a version.
pub(crate) fn etag(version: &impl std::fmt::Display) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("\"{version}\"")).ok()
}
