//! A terminal over a WebSocket.
//!
//! What is shown and what is typed go their own ways: a program that does not
//! read holds up the client that types, never what is shown to it.

use std::time::Duration;

use atelier_api::terminal::{CLOSE_BEHIND, TYPED_BYTES, TerminalMessage, TerminalRequest};
use atelier_domain::terminal::{Attachment, Happening, ScreenSize, Typist};
use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};

use crate::app::App;
use crate::http::asker::{Token, signed_out};

/// How often a client is asked whether it is still there.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long nothing may come from a client, not even an answer to that: it may
/// have much to receive before the question.
const SILENCE: Duration = Duration::from_secs(90);
/// How long a client may take to accept a message.
const PATIENCE: Duration = Duration::from_secs(10);

/// The most bytes that are read of a message, only to say that it is too long.
pub(crate) const MESSAGE_BYTES: usize = 4 * TYPED_BYTES;
/// How long a client may take to answer the close.
const GOODBYE: Duration = Duration::from_secs(1);

/// Why a socket is closed: a code and a sentence; `None` when the client is
/// gone already.
type Close = Option<(u16, &'static str)>;

/// Shows a terminal, and types into it, until it ends or one side goes away.
pub(crate) async fn show(socket: WebSocket, attachment: Attachment, app: &App, token: &Token) {
    let (mut sink, mut stream) = socket.split();
    let typist = attachment.typist();
    let close = tokio::select! {
        close = send_all(&mut sink, attachment) => close,
        close = receive_all(&mut stream, &typist) => close,
        () = app.domain.stopping().cancelled() => Some((close_code::AWAY, "The server stops.")),
        () = signed_out(app, token) => Some((close_code::POLICY, "You have signed out.")),
    };
    if let Some((code, reason)) = close {
        let frame = CloseFrame {
            code,
            reason: reason.into(),
        };
        if send(&mut sink, Message::Close(Some(frame))).await.is_some() {
            // What the client sent meanwhile must be read: closing over it
            // would take back what is on its way to the client.
            let goodbye = async { while let Some(Ok(_)) = stream.next().await {} };
            let _ = tokio::time::timeout(GOODBYE, goodbye).await;
        }
    }
}

async fn send_all(sink: &mut SplitSink<WebSocket, Message>, mut attachment: Attachment) -> Close {
    let start = attachment.start();
    let first = TerminalMessage::Start {
        offset: start.offset,
        end: start.end,
        columns: start.size.columns,
        rows: start.size.rows,
        lost: start.lost,
    };
    send(sink, text(&first)).await?;
    let mut heartbeat = tokio::time::interval(HEARTBEAT);
    loop {
        let happening = tokio::select! {
            happening = attachment.next() => happening,
            _ = heartbeat.tick() => {
                send(sink, Message::Ping(Bytes::new())).await?;
                continue;
            }
        };
        let message = match happening {
            Happening::Output(bytes) => Message::Binary(bytes.into()),
            Happening::Resized(size) => text(&TerminalMessage::Resized {
                columns: size.columns,
                rows: size.rows,
            }),
            Happening::Ended(end) => {
                let last = TerminalMessage::Ended {
                    exit_code: end.exit_code,
                    signal: end.signal,
                    reason: end.reason,
                };
                send(sink, text(&last)).await?;
                return Some((close_code::NORMAL, "The terminal has ended."));
            }
            Happening::Behind => {
                return Some((CLOSE_BEHIND, "Read faster, or resume and miss some."));
            }
        };
        send(sink, message).await?;
    }
}

async fn receive_all(stream: &mut SplitStream<WebSocket>, typist: &Typist) -> Close {
    loop {
        let received = tokio::time::timeout(SILENCE, stream.next()).await.ok()??;
        match received {
            Ok(message) if length(&message) > TYPED_BYTES => {
                return Some((close_code::SIZE, "A message has at most 64 KiB."));
            }
            Ok(Message::Binary(bytes)) => typist.type_in(&bytes).await,
            Ok(Message::Text(request)) => match serde_json::from_str(&request) {
                Ok(TerminalRequest::Resize { columns, rows }) => {
                    typist.resize(ScreenSize { columns, rows });
                }
                Err(_) => {
                    return Some((
                        close_code::POLICY,
                        "A text message is JSON such as {\"type\":\"resize\",\"columns\":80,\"rows\":24}.",
                    ));
                }
            },
            Ok(Message::Ping(_) | Message::Pong(_)) => {}
            Ok(Message::Close(_)) => return None,
            // It is gone, or nothing that it sends can be understood any more.
            Err(_) => {
                return Some((
                    close_code::PROTOCOL,
                    "This is no message, or far too large.",
                ));
            }
        }
    }
}

fn length(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) => bytes.len(),
        // Of the others the protocol has its own limit.
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) => 0,
    }
}

fn text(message: &TerminalMessage) -> Message {
    // An enum of numbers and strings always serialises.
    Message::Text(serde_json::to_string(message).unwrap_or_default().into())
}

/// Sends a message; `None` when the client is gone or does not read.
async fn send(sink: &mut SplitSink<WebSocket, Message>, message: Message) -> Option<()> {
    tokio::time::timeout(PATIENCE, sink.send(message))
        .await
        .ok()?
        .ok()
}
