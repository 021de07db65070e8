//! The door: every byte that leaves for a model leaves here.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use atelier_base::limit;
use bytes::Bytes;
use reqwest::header::HeaderMap;
use tokio_util::sync::CancellationToken;
use url::Url;

use self::mends::{Mended, Mends};
use self::transport::Refusal;
use crate::bound::AtMost;
use crate::call::{Call, Context, Wait};
use crate::endpoint::{self, Endpoint, PlainHttp};
use crate::error::{Error, Result};
use crate::failure::Peer;
use crate::http::Clients;
use crate::local::LocalModel;
use crate::request::Request;

mod check;
mod complete;
mod mends;
mod probe;
mod transport;

/// How often a request that was refused is mended and sent again.
const MENDS: usize = 6;

/// What a gateway is made with.
#[derive(Clone, Debug)]
pub struct GatewayOptions {
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long the first byte of an answer may take: a local model may have
    /// to be loaded and to read the whole conversation.
    pub first_byte_timeout: Duration,
    /// How long the pause between two chunks may be.
    pub idle_timeout: Duration,
    /// The longest answer taken (text, reasoning and tool arguments), in bytes.
    pub max_answer_bytes: usize,
    /// How we name ourselves.
    pub user_agent: String,
    /// Whether plain `http` may go beyond this machine and private networks.
    pub allow_plain_http: bool,
    /// The model that runs on this machine, if it can have one.
    pub local: Option<LocalModel>,
}

impl Default for GatewayOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            first_byte_timeout: Duration::from_mins(5),
            idle_timeout: Duration::from_mins(2),
            max_answer_bytes: limit::ANSWER_BYTES,
            user_agent: concat!("atelier/", env!("CARGO_PKG_VERSION")).to_owned(),
            allow_plain_http: false,
            local: None,
        }
    }
}

/// The only way to a model. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Gateway(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: GatewayOptions,
    clients: Clients,
    mends: Mends,
}

/// A request ready to leave: the exact bytes, and where they go.
#[derive(Clone)]
pub struct Prepared {
    url: Url,
    headers: HeaderMap,
    body: Bytes,
    at_most: AtMost,
    peer: Peer,
}

impl Prepared {
    /// Returns the body, byte for byte as it will leave. It holds no
    /// credentials; those are in a header.
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// Returns the most that it can use.
    pub const fn at_most(&self) -> AtMost {
        self.at_most
    }

    /// Returns the request as the fake model gets it.
    #[cfg(test)]
    pub(crate) fn captured(&self) -> crate::fake::Captured {
        crate::fake::Captured::new(self.url.path(), &self.headers, self.body.clone())
    }

    /// Returns where it will go.
    pub const fn url(&self) -> &Url {
        &self.url
    }
}

/// Shows where it goes and how large it is; a conversation is not for logs.
impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared")
            .field("url", &self.url.as_str())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Gateway {
    /// Makes a gateway.
    ///
    /// # Errors
    /// [`Error::Client`] when the HTTP client can't be set up.
    pub fn new(options: GatewayOptions) -> Result<Self> {
        let clients = Clients::build(&options.user_agent, options.connect_timeout)?;
        Ok(Self(Arc::new(Inner {
            options,
            clients,
            mends: Mends::default(),
        })))
    }

    /// Returns the model that runs on this machine.
    pub fn local(&self) -> Option<&LocalModel> {
        self.0.options.local.as_ref()
    }

    /// Returns the model that runs on this machine, which must be there.
    ///
    /// # Errors
    /// [`Error::LocalModel`] when there is none.
    pub(crate) fn require_local(&self) -> Result<&LocalModel> {
        self.local().ok_or_else(|| Error::LocalModel {
            reason: "this server has none".to_owned(),
        })
    }

    /// Reads a base URL as a person gives it, such as
    /// `https://api.openai.com/v1`. A trailing slash or a
    /// route such as `/chat/completions` is taken off.
    ///
    /// # Errors
    /// [`Error::InvalidBaseUrl`] unless it is `https` (or `http` to a private
    /// host) without credentials, query and fragment.
    pub fn parse_base_url(&self, text: &str) -> Result<Url> {
        endpoint::parse_base_url(text, self.plain_http())
    }

    /// Serialises a request, once. The caller stores [`Prepared::body`] before
    /// it sends it.
    ///
    /// # Errors
    /// [`Error::InvalidBaseUrl`], [`Error::InvalidKey`] or
    /// [`Error::InvalidRequest`].
    pub fn prepare(&self, endpoint: &Endpoint, request: &Request) -> Result<Prepared> {
        let (route, query) = endpoint.wire.answer_route(&endpoint.model);
        let (mut url, headers, peer) = self.address(endpoint, &route)?;
        url.set_query(query);
        if endpoint.model.trim().is_empty() {
            let reason = "it names no model";
            return Err(Error::InvalidRequest { reason });
        }
        request
            .check()
            .map_err(|reason| Error::InvalidRequest { reason })?;
        if let Some(parameter) = request.lacking(endpoint.wire) {
            return Err(Error::Unsupported {
                model: endpoint.model.clone(),
                parameter,
            });
        }
        let body = endpoint.wire.encode(request, endpoint)?;
        let body = self.0.mends.apply(url.as_str(), &peer, body);
        Ok(Prepared {
            url,
            headers,
            at_most: AtMost::of(request, endpoint, body.len()),
            body,
            peer,
        })
    }

    /// Sends a request and returns once the server has begun to answer; what
    /// [`send`](Self::send) does, for callers that don't keep what went out.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn stream(&self, mut prepared: Prepared, cancel: CancellationToken) -> Result<Call> {
        self.send(&mut prepared, cancel).await
    }

    /// Sends a request and returns once the server has begun to answer.
    ///
    /// Nothing is ever sent twice, with one exception: a server that refuses
    /// the request for something that can be mended (a setting that the model
    /// doesn't take, signed thinking that it can't read) is asked again, at
    /// most six times; `prepared` is then what went out last, also when that
    /// failed. Settings that a model refused are left out of the same ones
    /// for an hour.
    ///
    /// # Errors
    /// [`Error::Cancelled`] at once when the token is cancelled; what the
    /// server reports; [`Error::Connect`], [`Error::Tls`], [`Error::Idle`].
    pub async fn send(&self, prepared: &mut Prepared, cancel: CancellationToken) -> Result<Call> {
        let wait = Wait::from_now(self.0.options.first_byte_timeout);
        let mends = &self.0.mends;
        let mut mended: Vec<Mended> = Vec::new();
        loop {
            let response = self.post(prepared, &cancel, wait).await?;
            if response.status().is_success() {
                mends.remember(prepared.url.as_str(), &prepared.peer, mended);
                return Call::new(response, self.context(prepared, cancel), wait);
            }
            let refusal = Refusal::read(response, &prepared.peer, &cancel, wait).await?;
            let url = prepared.url.as_str();
            let Some(body) = refusal.mend(prepared).filter(|_| mended.len() < MENDS) else {
                if refusal.is_about_request() {
                    mends.forget(url, &prepared.peer);
                }
                return Err(refusal.into_error(&prepared.peer));
            };
            let next = mends.apply(url, &prepared.peer, body.clone());
            mended.push(Mended {
                before: std::mem::replace(&mut prepared.body, next),
                after: body,
                refusal: refusal.into_reported(),
            });
        }
    }

    fn context(&self, prepared: &Prepared, cancel: CancellationToken) -> Context {
        Context {
            peer: prepared.peer.clone(),
            at_most: prepared.at_most,
            cancel,
            idle_timeout: self.0.options.idle_timeout,
            max_answer_bytes: self.0.options.max_answer_bytes,
        }
    }

    fn plain_http(&self) -> PlainHttp {
        if self.0.options.allow_plain_http {
            PlainHttp::Everywhere
        } else {
            PlainHttp::PrivateHosts
        }
    }
}

#[cfg(test)]
mod tests;
