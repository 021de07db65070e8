//! Live streams, as a client reads them.

use std::marker::PhantomData;

use atelier_api::event::Numbered;
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::header::ACCEPT;
use reqwest::{RequestBuilder, Response};
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::caller::check_head;
use crate::{Caller, within};

/// Server-sent events that are still coming, each an `E`.
#[derive(Debug)]
pub struct Events<E> {
    response: Response,
    unread: Vec<u8>,
    event: PhantomData<E>,
}

impl Caller {
    /// Opens a stream of server-sent events.
    ///
    /// # Panics
    /// When the answer is something else.
    pub async fn open<E: DeserializeOwned>(&self, request: RequestBuilder) -> Events<E> {
        let request = request.header(ACCEPT, "text/event-stream");
        let response = within("a stream", request.send()).await.unwrap();
        check_head(response.url().path(), &response);
        if response.status() != 200 {
            let status = response.status();
            let text = response.text().await.unwrap_or_default();
            panic!("no stream but {status}: {text}");
        }
        let kind = response.headers()["content-type"].to_str().unwrap();
        assert!(kind.starts_with("text/event-stream"), "{kind}");
        Events {
            response,
            unread: Vec::new(),
            event: PhantomData,
        }
    }

    /// Opens a stream of server-sent events with GET.
    ///
    /// # Panics
    /// As [`Caller::open`].
    pub async fn watch<E: DeserializeOwned>(&self, path: &str) -> Events<Numbered<E>> {
        self.open(self.request(reqwest::Method::GET, path)).await
    }

    /// Opens a WebSocket, with more headers.
    ///
    /// # Errors
    /// What the server answers when it refuses.
    ///
    /// # Panics
    /// When the address or a header is not valid.
    pub async fn socket(
        &self,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Socket, Box<SocketError>> {
        let address = format!("{}{path}", self.base().replacen("http", "ws", 1));
        let mut request = address.into_client_request().unwrap();
        let cookie = self.cookie().map(|cookie| ("cookie", cookie));
        for (name, value) in headers.iter().copied().chain(cookie) {
            let value = HeaderValue::from_str(value).unwrap();
            request
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
        let connected = within("a WebSocket", tokio_tungstenite::connect_async(request)).await;
        connected
            .map(|(stream, _)| Socket { stream })
            .map_err(Box::new)
    }
}

impl<E: DeserializeOwned> Events<E> {
    /// Waits for the next event; `None` when the stream has ended.
    ///
    /// # Panics
    /// When nothing comes, or something that is no event.
    pub async fn next(&mut self) -> Option<E> {
        self.next_raw().await.map(|(_, data)| read(&data))
    }

    /// Waits for the next event with its id; `None` when the stream has ended.
    ///
    /// # Panics
    /// When nothing comes, or something that is no event.
    pub async fn next_raw(&mut self) -> Option<(Option<String>, String)> {
        loop {
            while let Some(block) = self.block() {
                if let Some(data) = field(&block, "data") {
                    return Some((field(&block, "id"), data));
                }
            }
            let chunk = within("the next event", self.response.chunk()).await;
            // A server that stops may cut the stream anywhere.
            self.unread.extend(chunk.ok().flatten()?);
        }
    }

    /// Takes the next whole block of lines off what was read.
    fn block(&mut self) -> Option<String> {
        let end = self.unread.windows(2).position(|two| two == b"\n\n")?;
        let rest = self.unread.split_off(end + 2);
        let block = std::mem::replace(&mut self.unread, rest);
        Some(String::from_utf8(block).unwrap())
    }

    /// Reads events until one fits, and returns all read so far.
    ///
    /// # Panics
    /// When the stream ends before.
    pub async fn until(&mut self, mut fits: impl FnMut(&E) -> bool) -> Vec<E> {
        let mut all = Vec::new();
        loop {
            let event = self.next().await.expect("the stream ended too early");
            let found = fits(&event);
            all.push(event);
            if found {
                return all;
            }
        }
    }

    /// Reads all events until the stream ends.
    ///
    /// # Panics
    /// As [`Events::next`].
    pub async fn all(mut self) -> Vec<E> {
        let mut all = Vec::new();
        while let Some(event) = self.next().await {
            all.push(event);
        }
        all
    }
}

fn read<E: DeserializeOwned>(data: &str) -> E {
    serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {data}"))
}

/// Returns a field of an event; comments and other fields are skipped.
fn field(block: &str, name: &str) -> Option<String> {
    let values: Vec<&str> = block
        .lines()
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .map(|value| value.strip_prefix(' ').unwrap_or(value))
        .collect();
    (!values.is_empty()).then(|| values.join("\n"))
}

/// An open WebSocket.
#[derive(Debug)]
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    /// Waits for the next message, pings aside; `None` when the connection is
    /// gone.
    ///
    /// # Panics
    /// When nothing comes.
    pub async fn message(&mut self) -> Option<Message> {
        loop {
            match within("the next message", self.stream.next()).await {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(message)) => return Some(message),
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// Sends a message; false when the connection is gone.
    ///
    /// # Panics
    /// When the server does not take it.
    pub async fn send(&mut self, message: Message) -> bool {
        within("a message to be taken", self.stream.send(message))
            .await
            .is_ok()
    }

    /// Waits for the next event; `None` when the server has closed.
    ///
    /// # Panics
    /// When nothing comes, or something that is no event.
    pub async fn next<E: DeserializeOwned>(&mut self) -> Option<Numbered<E>> {
        loop {
            match within("the next message", self.stream.next()).await {
                Some(Ok(Message::Text(text))) => return Some(read(&text)),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(other)) => panic!("an unexpected message: {other:?}"),
            }
        }
    }

    /// Reads events until one fits, and returns all read so far.
    ///
    /// # Panics
    /// When the server closes before.
    pub async fn until<E: DeserializeOwned>(
        &mut self,
        mut fits: impl FnMut(&E) -> bool,
    ) -> Vec<Numbered<E>> {
        let mut all = Vec::new();
        loop {
            let event = self.next().await.expect("the server closed too early");
            let found = fits(&event.event);
            all.push(event);
            if found {
                return all;
            }
        }
    }
}
