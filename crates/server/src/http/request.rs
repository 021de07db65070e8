//! Each request's name in the log, and its life.

use std::time::Instant;

use atelier_base::RequestId;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::app::App;
use crate::http::error::ApiError;
use atelier_api::Code;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// What the middleware tells the handlers about a request.
#[derive(Clone, Debug)]
pub(crate) struct Passing {
    pub(crate) id: RequestId,
    /// Cancelled when the client goes away, or the answer is there.
    pub(crate) cancel: CancellationToken,
}

/// Names the request, runs it to its end, and logs it.
///
/// What changes something runs as a task of its own: a client that goes away
/// in the middle must not stop a change between its files and its rows.
pub(crate) async fn accompany(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let id = app.domain.new_request_id();
    let cancel = app.domain.stopping().child_token();
    let _gone = cancel.clone().drop_guard();
    request.extensions_mut().insert(Passing { id, cancel });
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let span = tracing::info_span!("request", request.id = %id);
    let reads = method == Method::GET || method == Method::HEAD;
    let mut response = if reads {
        next.run(request).instrument(span.clone()).await
    } else {
        let work = next.run(request).instrument(span.clone());
        app.domain.run_to_end(work).await.unwrap_or_else(|failure| {
            tracing::error!(request.id = %id, error = %failure, "a request ended early");
            ApiError::new(Code::Internal, "The request failed in the server.").into_response()
        })
    };
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(HEADER, value);
    }
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::debug!(parent: &span, %method, path, status = response.status().as_u16(), duration_ms, "request");
    response
}
