//! The front end's files, from the binary (from disk in debug builds).

use atelier_api::Code;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::http::error::ApiError;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Dist;

const INDEX: &str = "index.html";
/// The ending of a file's compressed copy, which is sent in its stead.
const PACKED: &str = ".br";

/// Serves the front end: a file where there is one, the page for addresses
/// that the page itself knows, a problem for unknown addresses of the API.
pub(crate) async fn page(request: Request) -> Response {
    let path = request.uri().path();
    if path == "/api" || path.starts_with("/api/") || path.starts_with("/v1/") {
        return ApiError::new(Code::NotFound, "There is no such address.")
            .into_response_for(&request);
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return ApiError::new(Code::MethodNotAllowed, "This address only answers to GET.")
            .into_response_for(&request);
    }
    let name = path.trim_start_matches('/');
    let is_file = !name.is_empty() && !name.ends_with(PACKED) && Dist::get(name).is_some();
    if !is_file && name.starts_with("assets/") {
        return ApiError::new(Code::NotFound, "There is no such file.").into_response_for(&request);
    }
    send(if is_file { name } else { INDEX }, request.headers()).unwrap_or_else(|| {
        let text = "The front end is not built. Run `cargo xtask run`, or `npm ci && npm run build` in web/.\n";
        (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
    })
}

fn send(name: &str, asked: &HeaderMap) -> Option<Response> {
    let plain = Dist::get(name)?;
    let packed = if takes_brotli(asked) {
        Dist::get(&format!("{name}{PACKED}"))
    } else {
        None
    };
    let tag = etag(&plain, packed.is_some())?;
    let known = asked.get(IF_NONE_MATCH).is_some_and(|known| known == tag);
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Response::new(Body::empty())
    };
    let headers = response.headers_mut();
    headers.insert(ETAG, tag);
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    // Names under assets/ carry a hash of their content.
    let life = if name.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(life));
    if known {
        return Some(response);
    }
    let kind = mime_guess::from_path(name).first_or_octet_stream();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_str(&with_charset(kind.as_ref())).ok()?,
    );
    if packed.is_some() {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    *response.body_mut() = Body::from(packed.unwrap_or(plain).data.into_owned());
    Some(response)
}

fn with_charset(kind: &str) -> String {
    if kind.starts_with("text/") {
        format!("{kind}; charset=utf-8")
    } else {
        kind.to_owned()
    }
}

fn etag(file: &EmbeddedFile, packed: bool) -> Option<HeaderValue> {
    let hash = u128::from_be_bytes(*file.metadata.sha256_hash().first_chunk()?);
    let form = if packed { "-br" } else { "" };
    HeaderValue::from_str(&format!("\"{hash:032x}{form}\"")).ok()
}

fn takes_brotli(asked: &HeaderMap) -> bool {
    let accepted = asked
        .get(ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    accepted.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        parts.next() == Some("br") && !parts.any(|part| part == "q=0" || part == "q=0.0")
    })
}
