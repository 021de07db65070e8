//! One request of a program in a cell.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use atelier_domain::chain;
use atelier_domain::network::{Permit, Refusal};
use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::ext::ReasonPhrase;
use hyper::header::{CONTENT_TYPE, EXPECT, HOST, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::Line;
use crate::tunnel::{Counted, strip_hops};

/// How long each address of a host may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a connection may be silent.
const IDLE: Duration = Duration::from_mins(10);

type Answer = Response<BoxBody<Bytes, hyper::Error>>;

impl Line {
    /// Answers a request; it never fails, it refuses.
    pub(super) async fn answer(self, request: Request<Incoming>) -> Result<Answer, Infallible> {
        let answered = if request.method() == Method::CONNECT {
            self.connect(request).await
        } else {
            self.forward(request).await
        };
        Ok(answered.unwrap_or_else(|refusal| refusal))
    }

    /// Opens a tunnel.
    async fn connect(self, request: Request<Incoming>) -> Result<Answer, Answer> {
        let Some((host, port)) = tunnel_end(request.uri()) else {
            return Err(plain(
                StatusCode::BAD_REQUEST,
                "CONNECT names a host and a port, such as `example.org:443`.",
            ));
        };
        let (stream, permit) = self.reach(host, port).await?;
        let gate = self.gate.clone();
        gate.spawn(async move {
            // Fails when the program went away before it had its answer.
            let Ok(upgraded) = hyper::upgrade::on(request).await else {
                return;
            };
            let (mut inside, traffic) = Counted::new(TokioIo::new(upgraded));
            let mut outside = stream;
            tokio::select! {
                // One side's failure is the other's end; there is nobody to tell.
                _ = tokio::io::copy_bidirectional(&mut inside, &mut outside) => {}
                () = traffic.idle(IDLE) => {}
                () = self.ended(&permit) => {}
            }
        });
        Ok(Response::new(empty()))
    }

    /// Passes a request for an `http://` address on.
    async fn forward(self, request: Request<Incoming>) -> Result<Answer, Answer> {
        let host = request.uri().host().map(str::to_owned);
        let (Some("http"), Some(host)) = (request.uri().scheme_str(), host) else {
            return Err(plain(
                StatusCode::BAD_REQUEST,
                "This is an HTTP proxy: ask it for `http://` addresses, or with CONNECT.",
            ));
        };
        let port = request.uri().port_u16().unwrap_or(80);
        let request = origin_form(request, &host, port).ok_or_else(|| {
            plain(
                StatusCode::BAD_REQUEST,
                "The request's address can't be passed on.",
            )
        })?;
        let (stream, permit) = self.reach(&host, port).await?;
        let (stream, traffic) = Counted::new(stream);
        let unreachable = |_| {
            plain(
                StatusCode::BAD_GATEWAY,
                &format!("{host}:{port} did not answer in HTTP."),
            )
        };
        let (mut sender, connection) = http1::Builder::new()
            .preserve_header_case(true)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(unreachable)?;
        let gate = self.gate.clone();
        gate.spawn(async move {
            tokio::select! {
                // Both bodies say so themselves when it breaks off.
                _ = connection => {}
                () = traffic.idle(IDLE) => {}
                () = self.ended(&permit) => {}
            }
        });
        let mut response = sender.send_request(request).await.map_err(unreachable)?;
        strip_hops(response.headers_mut());
        Ok(response.map(BodyExt::boxed))
    }

    /// Connects to a host when that is permitted.
    async fn reach(&self, host: &str, port: u16) -> Result<(TcpStream, Permit), Answer> {
        let asked = self.gate.permit(host, port).await;
        let permit = match asked {
            Ok(Ok(permit)) => permit,
            Ok(Err(refusal)) => return Err(refused(&refusal)),
            Err(error) => {
                tracing::error!(gate = %self.gate, error = %chain(&error), "whether a connection is granted could not be decided");
                return Err(plain(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "Atelier could not decide whether this is granted; try again.",
                ));
            }
        };
        match dial(&permit.addresses).await {
            Some(stream) => Ok((stream, permit)),
            None => Err(plain(
                StatusCode::BAD_GATEWAY,
                &format!("{host}:{port} is granted, but does not accept connections."),
            )),
        }
    }
}

/// Returns the host and port that a tunnel is asked to; `None` when the target
/// is more or less than these two.
fn tunnel_end(target: &Uri) -> Option<(&str, u16)> {
    let (host, port) = (target.host()?, target.port_u16()?);
    let plain = target.scheme().is_none() && target.path_and_query().is_none();
    let userless = !target.authority()?.as_str().contains('@');
    (plain && userless).then_some((host, port))
}

/// Connects to the first address that accepts.
async fn dial(addresses: &[SocketAddr]) -> Option<TcpStream> {
    for address in addresses {
        let connected = tokio::time::timeout(CONNECT, TcpStream::connect(address)).await;
        if let Ok(Ok(stream)) = connected {
            let _ = stream.set_nodelay(true);
            return Some(stream);
        }
    }
    None
}

/// Makes a request to a proxy one to the origin: its path for an address, its
/// host for `Host`, and nothing that is meant for the proxy.
fn origin_form(mut request: Request<Incoming>, host: &str, port: u16) -> Option<Request<Incoming>> {
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", hyper::http::uri::PathAndQuery::as_str);
    let authority = if port == 80 {
        host.to_owned()
    } else {
        format!("{host}:{port}")
    };
    let uri: Uri = path.parse().ok()?;
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    strip_hops(headers);
    let for_proxies: Vec<HeaderName> = headers
        .keys()
        .filter(|name| name.as_str().starts_with("proxy-"))
        .cloned()
        .collect();
    for name in for_proxies {
        headers.remove(name);
    }
    // The body is asked for at once, so there is nothing to expect.
    headers.remove(EXPECT);
    headers.insert(HOST, HeaderValue::from_str(&authority).ok()?);
    Some(request)
}

/// Refuses in words: in the body for people, and in the status line for the
/// programs that show only that.
fn refused(refusal: &Refusal) -> Answer {
    let (status, reason) = match refusal {
        Refusal::NoHost => (StatusCode::BAD_REQUEST, None),
        Refusal::NotGranted { to, .. } => (
            StatusCode::FORBIDDEN,
            Some(format!("{to} is not granted in Atelier")),
        ),
        Refusal::NotNamed { to, .. } => (
            StatusCode::FORBIDDEN,
            Some(format!("{to} is not granted to this command")),
        ),
        Refusal::Private { to } => (
            StatusCode::FORBIDDEN,
            Some(format!("{to} has a private address")),
        ),
        Refusal::Unknown { .. } => (StatusCode::BAD_GATEWAY, None),
    };
    let mut answer = plain(status, &refusal.to_string());
    if let Some(reason) = reason.and_then(|reason| ReasonPhrase::try_from(reason).ok()) {
        answer.extensions_mut().insert(reason);
    }
    answer
}

fn plain(status: StatusCode, text: &str) -> Answer {
    let body = Full::from(format!("{text}\n")).map_err(|never| match never {});
    let mut answer = Response::new(body.boxed());
    *answer.status_mut() = status;
    answer.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    answer
}

fn empty() -> BoxBody<Bytes, hyper::Error> {
    Full::default().map_err(|never| match never {}).boxed()
}
