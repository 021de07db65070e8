//! What lets pages of other origins ask models: editors in a web view and apps
//! in a browser, with an access token.
//!
//! Nothing is allowed with credentials: a cookie counts for nothing there, and
//! a browser neither sends one nor shows an answer that came with one.

use atelier_api::v1;
use axum::extract::Request;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// What a browser asks before a page of the internet may reach a server at
/// home, and what it is answered.
const WANTS_PRIVATE: HeaderName = HeaderName::from_static("access-control-request-private-network");
const MAY_PRIVATE: HeaderName = HeaderName::from_static("access-control-allow-private-network");
/// The headers of an answer that a page may read.
const SHOWN: HeaderValue = HeaderValue::from_static("retry-after, x-request-id, x-should-retry");
/// For how long a browser need not ask again, in seconds.
const DAY: HeaderValue = HeaderValue::from_static("86400");

/// Says whether a page of any origin may make this request: one to models with
/// an access token, or the question of a browser whether it may.
pub(super) fn is_open_to_pages(request: &Request) -> bool {
    v1::is_address(request.uri().path())
        && (request.headers().contains_key(AUTHORIZATION) || is_preflight(request))
}

/// Answers a browser that asks whether a page may, and tells it so with every
/// answer.
pub(crate) async fn let_pages_ask(request: Request, next: Next) -> Response {
    if is_preflight(&request) {
        return may(request.headers());
    }
    let from_page = request.headers().contains_key(ORIGIN);
    let mut response = next.run(request).await;
    if from_page {
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, SHOWN);
    }
    response
}

fn is_preflight(request: &Request) -> bool {
    let headers = request.headers();
    request.method() == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

fn may(asked: &HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST"),
    );
    // Named one by one: `*` would not stand for `authorization`.
    if let Some(wanted) = asked.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
        headers.insert(
            VARY,
            HeaderValue::from_static("access-control-request-headers"),
        );
    }
    if asked.contains_key(WANTS_PRIVATE) {
        headers.insert(MAY_PRIVATE, HeaderValue::from_static("true"));
    }
    headers.insert(ACCESS_CONTROL_MAX_AGE, DAY);
    response
}
