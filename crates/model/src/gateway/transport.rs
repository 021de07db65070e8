//! One HTTP exchange: addressing, sending, reading a refusal.

use std::error::Error as StdError;
use std::io;

use atelier_base::Secret;
use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{RequestBuilder, Response};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{Gateway, Prepared};
use crate::call::Wait;
use crate::endpoint::{self, Endpoint};
use crate::error::{Error, Result};
use crate::failure::{Peer, Reported};
use crate::wire::Wire;

/// The most bytes read of an HTTP error's body.
const ERROR_BODY_BYTES: usize = 64 * 1024;

impl Gateway {
    /// Returns where a route of an endpoint is, and how to say who we are.
    pub(super) fn address(&self, to: &Endpoint, route: &str) -> Result<(Url, HeaderMap, Peer)> {
        endpoint::validate(&to.base_url, self.plain_http())?;
        let url = endpoint::route_url(&to.base_url, route);
        let key = to.key.as_ref().map(|key| key.expose().trim());
        let key = key
            .filter(|key| !key.is_empty())
            .map(|key| Secret::new(key.to_owned()));
        let mut headers = HeaderMap::new();
        to.wire.introduce(&mut headers);
        if let Some(key) = &key {
            let (name, value) = to.wire.key_header(key.expose());
            headers.insert(name, secret(&value, &to.name)?);
        }
        let peer = Peer {
            wire: to.wire,
            endpoint: to.name.clone(),
            model: to.model.clone(),
            path: url.path().to_owned(),
            key,
        };
        Ok((url, headers, peer))
    }

    /// Sends a prepared request and waits for the head of the response.
    pub(super) async fn post(
        &self,
        prepared: &Prepared,
        cancel: &CancellationToken,
        wait: Wait,
    ) -> Result<Response> {
        if prepared.peer.wire == Wire::Local {
            let asked = self.require_local()?.ask(&prepared.body);
            return wait.run(asked, cancel, &prepared.peer).await?;
        }
        let client = self.0.clients.get(&prepared.url)?;
        let request = client
            .post(prepared.url.clone())
            .headers(prepared.headers.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "text/event-stream")
            .body(prepared.body.clone());
        send(request, &prepared.peer, cancel, wait).await
    }

    /// Posts a question about the server itself.
    pub(super) async fn post_json(
        &self,
        url: Url,
        headers: HeaderMap,
        body: String,
        peer: &Peer,
        cancel: &CancellationToken,
        wait: Wait,
    ) -> Result<Response> {
        let client = self.0.clients.get(&url)?;
        let request = client.post(url).headers(headers).body(body);
        let request = request.header(CONTENT_TYPE, "application/json");
        send(request, peer, cancel, wait).await
    }

    /// Asks for a URL and waits for the head of the response.
    pub(super) async fn get(
        &self,
        url: Url,
        headers: HeaderMap,
        peer: &Peer,
        cancel: &CancellationToken,
        wait: Wait,
    ) -> Result<Response> {
        let client = self.0.clients.get(&url)?;
        let request = client.get(url).headers(headers);
        let request = request.header(ACCEPT, "application/json");
        send(request, peer, cancel, wait).await
    }
}

/// A response that is not a success.
pub(super) struct Refusal {
    status: u16,
    headers: HeaderMap,
    reported: Reported,
}

impl Refusal {
    /// Reads a refusal's body, as far as it goes.
    ///
    /// # Errors
    /// Only [`Error::Cancelled`]; a body that breaks off is used as it is.
    pub(super) async fn read(
        response: Response,
        peer: &Peer,
        cancel: &CancellationToken,
        wait: Wait,
    ) -> Result<Self> {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = match read_body(response, ERROR_BODY_BYTES, peer, cancel, wait).await {
            Ok((body, _)) => body,
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(_) => Vec::new(),
        };
        Ok(Self {
            status,
            headers,
            reported: Reported::from_body(&body),
        })
    }

    /// Returns whether another request might be taken.
    pub(super) fn is_about_request(&self) -> bool {
        matches!(self.status, 400 | 422)
    }

    /// Returns what the server says.
    pub(super) fn into_reported(self) -> Reported {
        self.reported
    }

    /// Returns the body without what the server refuses; `None` when it is
    /// nothing that can be left out.
    pub(super) fn mend(&self, prepared: &Prepared) -> Option<Bytes> {
        if !self.is_about_request() {
            return None;
        }
        prepared.peer.wire.mend(&prepared.body, &self.reported)
    }

    /// Says it as an error.
    pub(super) fn into_error(self, peer: &Peer) -> Error {
        self.reported.into_error(self.status, &self.headers, peer)
    }
}

/// Reads at most `limit` bytes of a body; the second value says whether that
/// was all.
pub(super) async fn read_body(
    mut response: Response,
    limit: usize,
    peer: &Peer,
    cancel: &CancellationToken,
    wait: Wait,
) -> Result<(Vec<u8>, bool)> {
    let mut body = Vec::new();
    loop {
        let chunk = wait.run(response.chunk(), cancel, peer).await?;
        let Some(chunk) = chunk.map_err(|error| cut(error, peer))? else {
            return Ok((body, true));
        };
        let room = limit - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            return Ok((body, false));
        }
    }
}

async fn send(
    request: RequestBuilder,
    peer: &Peer,
    cancel: &CancellationToken,
    wait: Wait,
) -> Result<Response> {
    let sent = wait.run(request.send(), cancel, peer).await?;
    sent.map_err(|error| unsent(error.without_url(), peer))
}

fn secret(value: &str, endpoint: &str) -> Result<HeaderValue> {
    let value = HeaderValue::from_str(value);
    let mut value = value.map_err(|_| Error::InvalidKey {
        endpoint: endpoint.to_owned(),
    })?;
    // Keeps it out of every `Debug`, the HTTP library's own included.
    value.set_sensitive(true);
    Ok(value)
}

fn cut(error: reqwest::Error, peer: &Peer) -> Error {
    Error::Cut {
        endpoint: peer.endpoint.clone(),
        source: Some(error.without_url()),
    }
}

/// Tells why a request got no response.
fn unsent(source: reqwest::Error, peer: &Peer) -> Error {
    let endpoint = peer.endpoint.clone();
    if causes(&source).any(is_tls) {
        return Error::Tls { endpoint, source };
    }
    if !source.is_connect() {
        let source = Some(source);
        return Error::Cut { endpoint, source };
    }
    let reason = connect_reason(&source);
    Error::Connect {
        endpoint,
        reason,
        source,
    }
}

fn connect_reason(error: &reqwest::Error) -> &'static str {
    let io = causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>());
    match io.map(io::Error::kind).last() {
        _ if error.is_timeout() => "it took too long",
        // The library has no type for it, only this text.
        _ if causes(error).any(|cause| cause.to_string() == "dns error") => "its name is not known",
        Some(io::ErrorKind::ConnectionRefused) => "nothing listens there",
        Some(io::ErrorKind::TimedOut) => "it took too long",
        Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => {
            "there is no way to its network"
        }
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted) => {
            "it closed the connection"
        }
        _ => "the connection failed",
    }
}

/// Walks the causes of an error, nearest first.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |cause| (*cause).source())
}

/// A `rustls::Error` travels inside an `io::Error` or two, whose `source`
/// skips what they hold.
fn is_tls(cause: &(dyn StdError + 'static)) -> bool {
    let inner = cause
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    cause.is::<rustls::Error>() || inner.is_some_and(|inner| is_tls(inner))
}
