//! Which hosts and origins may talk to the server.
//!
//! A local server is reachable by every page its user opens. So a request is
//! answered only when `Host` is a name this server is known by (which defeats
//! DNS rebinding) and when `Origin`, if there is one, is this server's own.
//! That holds for reads and for WebSocket upgrades too, which browsers send
//! without asking. What asks models with an access token may be a page of any
//! origin (see `cors`): its token is proof, and no cookie counts there.

use atelier_api::Code;
use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use url::{Host, Url};

use crate::app::App;
use crate::http::cors;
use crate::http::error::ApiError;

/// The names the server answers to.
#[derive(Debug)]
pub(crate) struct Guard {
    /// `host` or `host:port`, lower case.
    hosts: Vec<String>,
    /// The origin of the public URL.
    public_origin: Option<String>,
    secure: bool,
}

impl Guard {
    pub(crate) fn new(public_url: Option<&Url>, allowed: &[String]) -> Self {
        let mut hosts: Vec<String> = allowed
            .iter()
            .map(|host| host.to_ascii_lowercase())
            .collect();
        hosts.extend(public_url.and_then(authority));
        Self {
            hosts,
            public_origin: public_url.map(|url| url.origin().ascii_serialization()),
            secure: public_url.is_some_and(|url| url.scheme() == "https"),
        }
    }

    /// Says whether people reach the server over https.
    pub(crate) fn is_secure(&self) -> bool {
        self.secure
    }

    fn knows(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let Ok(url) = Url::parse(&format!("http://{host}/")) else {
            return false;
        };
        if url.path() != "/" || url.username() != "" || url.password().is_some() {
            return false;
        }
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        let name = url.host_str().unwrap_or_default();
        loopback
            || self
                .hosts
                .iter()
                .any(|known| *known == host || known == name)
    }

    /// Says whether `origin` is the page of this server at `host`.
    fn is_own(&self, origin: &str, host: &str) -> bool {
        let scheme = if self.secure { "https" } else { "http" };
        let own = Url::parse(&format!("{scheme}://{host}/"))
            .map(|url| url.origin().ascii_serialization());
        own.is_ok_and(|own| own == origin) || self.public_origin.as_deref() == Some(origin)
    }

    /// Returns the host that is asked, when it is one of ours.
    fn check_host<'a>(
        &self,
        headers: &'a HeaderMap,
        authority: Option<&'a str>,
    ) -> Result<&'a str, (Code, String)> {
        let host = headers
            .get(HOST)
            .map(HeaderValue::to_str)
            .transpose()
            .ok()
            .flatten()
            .or(authority)
            .unwrap_or_default();
        if self.knows(host) {
            return Ok(host);
        }
        let detail = format!(
            "This server does not answer for `{}`.",
            host.escape_debug().take(100).collect::<String>()
        );
        Err((Code::HostRefused, detail))
    }

    fn check_origin(&self, headers: &HeaderMap, host: &str) -> Result<(), (Code, String)> {
        let own = match headers.get(ORIGIN).map(HeaderValue::to_str) {
            None => !is_part_of_another_page(headers),
            Some(Ok(origin)) => self.is_own(origin, host),
            Some(Err(_)) => false,
        };
        if own {
            return Ok(());
        }
        Err((
            Code::OriginRefused,
            "Requests from pages of other origins are refused.".to_owned(),
        ))
    }
}

/// Says whether a browser asks for something that a page of another origin
/// shows or runs, such as an image: that goes without `Origin`, and from a
/// page of the same site with the cookie. Following a link is no such thing.
fn is_part_of_another_page(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(HeaderValue::as_bytes);
    let elsewhere = matches!(text("sec-fetch-site"), Some(b"cross-site" | b"same-site"));
    elsewhere && text("sec-fetch-mode") != Some(b"navigate")
}

fn authority(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

/// Refuses requests from elsewhere.
pub(crate) async fn refuse_strangers(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Response {
    let authority = request
        .uri()
        .authority()
        .map(axum::http::uri::Authority::as_str);
    let headers = request.headers();
    let checked = app.guard.check_host(headers, authority).and_then(|host| {
        if cors::is_open_to_pages(&request) {
            return Ok(());
        }
        app.guard.check_origin(headers, host)
    });
    match checked {
        Ok(()) => next.run(request).await,
        Err((code, detail)) => {
            let hint = match code {
                Code::HostRefused => Some(
                    "Open the address the server printed, or add the name to `server.allowed_hosts`.",
                ),
                _ => None,
            };
            ApiError::new(code, detail)
                .hint(hint)
                .into_response_for(&request)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(guard: &Guard, host: &str, origin: Option<&str>) -> Result<(), Code> {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        let host = guard.check_host(&headers, None);
        host.and_then(|host| guard.check_origin(&headers, host))
            .map_err(|(code, _)| code)
    }

    #[test]
    fn only_our_own_hosts_and_origins_pass() {
        let local = Guard::new(None, &["studio.lan".to_owned()]);
        for (host, origin, expected) in [
            ("127.0.0.1:7340", None, Ok(())),
            ("localhost:7340", Some("http://localhost:7340"), Ok(())),
            ("[::1]:7340", Some("http://[::1]:7340"), Ok(())),
            ("studio.lan:7340", Some("http://studio.lan:7340"), Ok(())),
            (
                "127.0.0.1:7340",
                Some("http://127.0.0.1:7341"),
                Err(Code::OriginRefused),
            ),
            (
                "127.0.0.1:7340",
                Some("https://evil.example"),
                Err(Code::OriginRefused),
            ),
            ("127.0.0.1:7340", Some("null"), Err(Code::OriginRefused)),
            (
                "localhost:7340",
                Some("http://localhost.evil.example:7340"),
                Err(Code::OriginRefused),
            ),
            ("evil.example", None, Err(Code::HostRefused)),
            ("localhost.evil.example", None, Err(Code::HostRefused)),
            ("127.0.0.1.evil.example:7340", None, Err(Code::HostRefused)),
            ("localhost@evil.example", None, Err(Code::HostRefused)),
            ("evil.example/localhost", None, Err(Code::HostRefused)),
            ("8080--work.localhost:7340", None, Err(Code::HostRefused)),
            ("", None, Err(Code::HostRefused)),
        ] {
            assert_eq!(check(&local, host, origin), expected, "{host} {origin:?}");
        }
    }

    #[test]
    fn other_pages_can_not_show_what_is_ours() {
        let guard = Guard::new(None, &[]);
        for (site, mode, expected) in [
            ("same-origin", "no-cors", Ok(())),
            ("none", "navigate", Ok(())),
            ("cross-site", "navigate", Ok(())),
            ("cross-site", "no-cors", Err(Code::OriginRefused)),
            ("same-site", "no-cors", Err(Code::OriginRefused)),
            ("same-site", "cors", Err(Code::OriginRefused)),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, "localhost:7340".parse().unwrap());
            headers.insert("sec-fetch-site", site.parse().unwrap());
            headers.insert("sec-fetch-mode", mode.parse().unwrap());
            let host = guard.check_host(&headers, None);
            let found = host
                .and_then(|host| guard.check_origin(&headers, host))
                .map_err(|(code, _)| code);
            assert_eq!(found, expected, "{site} {mode}");
        }
    }

    #[test]
    fn a_public_url_is_ours() {
        let url = Url::parse("https://atelier.example").unwrap();
        let public = Guard::new(Some(&url), &[]);
        assert!(public.is_secure());
        assert_eq!(
            check(&public, "atelier.example", Some("https://atelier.example")),
            Ok(())
        );
        assert_eq!(
            check(&public, "atelier.example", Some("http://atelier.example")),
            Err(Code::OriginRefused)
        );
        assert_eq!(
            check(&public, "127.0.0.1:7340", Some("https://atelier.example")),
            Ok(())
        );
    }
}
