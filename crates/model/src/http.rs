//! The one place where outbound HTTP clients are made.

use std::time::Duration;

use reqwest::{Client, ClientBuilder, redirect, retry};
use url::Url;

use crate::endpoint::is_private;
use crate::error::{Error, Result};

/// How long an unused connection is kept for the next request.
const POOL_IDLE: Duration = Duration::from_secs(90);
/// How often a quiet HTTP/2 connection is asked whether it still lives.
const PING_EVERY: Duration = Duration::from_secs(30);

/// The clients, by where the traffic goes.
#[derive(Debug)]
pub(crate) struct Clients {
    /// Plain http to this machine and private networks. It never asks a proxy
    /// of the environment, and needs no CA certificates to be set up.
    direct: Client,
    /// Everything else. Without CA certificates on the machine it can't be
    /// built; that must not stop the direct one.
    outbound: Result<Client, String>,
}

impl Clients {
    /// Builds the clients.
    ///
    /// # Errors
    /// [`Error::Client`] when the TLS library can't be set up at all.
    pub(crate) fn build(user_agent: &str, connect_timeout: Duration) -> Result<Self> {
        let direct = builder(user_agent, connect_timeout)
            .no_proxy()
            .tls_certs_only([])
            .build()
            .map_err(|error| Error::Client {
                reason: reason(&error),
            })?;
        let outbound = builder(user_agent, connect_timeout)
            .build()
            .map_err(|error| reason(&error));
        Ok(Self { direct, outbound })
    }

    /// Returns the client for a URL.
    ///
    /// # Errors
    /// [`Error::Client`] when there is no TLS client on this machine.
    pub(crate) fn get(&self, url: &Url) -> Result<&Client> {
        if url.scheme() == "http" && url.host().is_some_and(|host| is_private(&host)) {
            return Ok(&self.direct);
        }
        self.outbound.as_ref().map_err(|reason| Error::Client {
            reason: reason.clone(),
        })
    }
}

/// Builds the client of downloads. It follows redirects, since publishers send
/// on to where the bytes are; nothing secret goes with it, and what arrives is
/// trusted by its hash alone.
///
/// # Errors
/// [`Error::Client`] when the TLS library can't be set up.
pub(crate) fn downloads(user_agent: &str) -> Result<Client> {
    builder(user_agent, Duration::from_secs(20))
        .redirect(redirect::Policy::limited(5))
        .build()
        .map_err(|error| Error::Client {
            reason: reason(&error),
        })
}

/// No total timeout, since an answer may take minutes; no redirects, since
/// the key must not follow them; no retries, since a repeated request is paid
/// for twice.
fn builder(user_agent: &str, connect_timeout: Duration) -> ClientBuilder {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the place the rule names"
    )]
    Client::builder()
        .user_agent(user_agent)
        .connect_timeout(connect_timeout)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .pool_idle_timeout(POOL_IDLE)
        .http2_keep_alive_interval(PING_EVERY)
        .http2_keep_alive_timeout(PING_EVERY)
}

/// Writes an error with its causes, since it is kept as text.
fn reason(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
