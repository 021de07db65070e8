//! Live events over server-sent events and WebSocket.
//!
//! Events are read from the store, a page at a time, when the client is ready
//! for them. A client that does not read is cut off and can resume.

use std::convert::Infallible;
use std::time::Duration;

use atelier_domain::{EventRow, Subscription, chain};
use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{self, Stream};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::http::asker::{Token, signed_out};

/// How often an idle stream says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a WebSocket client may take to accept a message.
const PATIENCE: Duration = Duration::from_secs(10);
/// The last event of a turn or run.
const LAST: &str = "finished";

/// Streams events until the last one, the client or the server is gone.
pub(crate) fn events(subscription: Subscription, stop: CancellationToken) -> Response {
    respond(follow(subscription, stop))
}

/// Sends a stream as server-sent events.
pub(crate) fn respond(
    stream: impl Stream<Item = Result<Event, Infallible>> + Send + 'static,
) -> Response {
    let mut response = Sse::new(stream)
        .keep_alive(KeepAlive::new().interval(HEARTBEAT))
        .into_response();
    // Reverse proxies that gather responses would hold events back.
    response.headers_mut().insert(
        "x-accel-buffering",
        axum::http::HeaderValue::from_static("no"),
    );
    response
}

/// Where a stream is in its life.
struct Following {
    subscription: Subscription,
    stop: CancellationToken,
    waiting: std::vec::IntoIter<EventRow>,
    ended: bool,
}

fn follow(
    subscription: Subscription,
    stop: CancellationToken,
) -> impl Stream<Item = Result<Event, Infallible>> + Send {
    let start = Following {
        subscription,
        stop,
        waiting: Vec::new().into_iter(),
        ended: false,
    };
    stream::unfold(start, |mut following| async move {
        loop {
            if following.ended {
                return None;
            }
            if let Some(row) = following.waiting.next() {
                following.ended = row.kind == LAST;
                let event = Event::default().id(row.seq.to_string()).data(wire(&row));
                return Some((Ok(event), following));
            }
            let next = tokio::select! {
                next = following.subscription.next() => next,
                () = following.stop.cancelled() => return None,
            };
            match next {
                // What the stream is about has ended, and this client knows all of it.
                Ok(rows) if rows.is_empty() => return None,
                Ok(rows) => following.waiting = rows.into_iter(),
                Err(error) => {
                    tracing::warn!(error = %chain(&error), "an event stream broke off");
                    return None;
                }
            }
        }
    })
}

/// Writes a stored event in its wire form: the stored object with its number
/// and time in front.
fn wire(row: &EventRow) -> String {
    let rest = row.payload.strip_prefix('{').unwrap_or("}");
    format!("{{\"seq\":{},\"at\":\"{}\",{rest}", row.seq, row.created_at)
}

/// Sends events over a WebSocket until one side goes away.
pub(crate) async fn socket(
    mut socket: WebSocket,
    mut subscription: Subscription,
    app: &App,
    token: &Token,
) {
    let out = signed_out(app, token);
    tokio::pin!(out);
    loop {
        let rows = tokio::select! {
            next = subscription.next() => match next {
                Ok(rows) => rows,
                Err(error) => {
                    tracing::warn!(error = %chain(&error), "an event stream broke off");
                    break;
                }
            },
            message = socket.recv() => match message {
                // Nothing is asked of us here; pings are answered below us.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Text(_) | Message::Binary(_))) => continue,
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
            () = tokio::time::sleep(HEARTBEAT) => {
                if !send(&mut socket, Message::Ping(Bytes::new())).await { return }
                continue;
            }
            () = app.domain.stopping().cancelled() => break,
            () = &mut out => break,
        };
        for row in rows {
            if !send(&mut socket, Message::Text(wire(&row).into())).await {
                return;
            }
        }
    }
    let _ = send(&mut socket, Message::Close(None)).await;
}

/// Sends a message; false when the client is gone or does not read.
async fn send(socket: &mut WebSocket, message: Message) -> bool {
    matches!(
        tokio::time::timeout(PATIENCE, socket.send(message)).await,
        Ok(Ok(()))
    )
}

/// Returns where a client wants to resume: the query's number, else the one
/// that a reconnecting `EventSource` sends.
pub(crate) fn resume(query: Option<i64>, headers: &HeaderMap) -> u64 {
    let header = || headers.get("last-event-id")?.to_str().ok()?.parse().ok();
    query.map_or_else(
        || header().unwrap_or(0),
        |after| u64::try_from(after).unwrap_or(0),
    )
}
