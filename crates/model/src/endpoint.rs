//! Where a model is: an address, a key, a name, a price.

use std::net::IpAddr;

use atelier_base::Secret;
use url::{Host, Url};

use crate::error::{Error, Result};
use crate::price::Prices;
use crate::wire::Wire;

/// The longest base URL taken, in bytes.
pub const BASE_URL_BYTES: usize = 2_048;

/// The routes beneath a base URL that people copy along with it.
const ROUTES: &[&str] = &["/chat/completions", "/responses", "/messages", "/models"];
/// The route of the list of models beneath a base URL.
pub(crate) const MODELS: &str = "/models";

/// One model at one server.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// What the user calls it; used in messages.
    pub name: String,
    /// The base URL, as [`Gateway::parse_base_url`](crate::Gateway::parse_base_url)
    /// gives it.
    pub base_url: Url,
    /// The format it speaks.
    pub wire: Wire,
    /// The key, sent as the wire wants it; `None` for servers that want none.
    pub key: Option<Secret<String>>,
    /// The model's name, as the server knows it.
    pub model: String,
    /// The longest answer the model gives, in tokens; `None` when unknown.
    pub max_output_tokens: Option<u32>,
    /// What it costs; `None` when unknown (not: free).
    pub prices: Option<Prices>,
}

/// Whether plain `http` may go to hosts that are not private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlainHttp {
    PrivateHosts,
    Everywhere,
}

/// Reads a base URL as a person gives it: surrounding space, a trailing slash
/// and a trailing route such as `/chat/completions` are taken off.
pub(crate) fn parse_base_url(text: &str, plain: PlainHttp) -> Result<Url> {
    let text = text.trim();
    if text.len() > BASE_URL_BYTES {
        return Err(invalid("it is too long"));
    }
    if !text.starts_with("http://") && !text.starts_with("https://") {
        return Err(invalid("it must begin with https:// or http://"));
    }
    let mut url = Url::parse(text).map_err(|_| invalid("it is not a URL"))?;
    validate(&url, plain)?;
    let path = base_path(&url).to_owned();
    url.set_path(&path);
    Ok(url)
}

/// Refuses a base URL that must not be called.
pub(crate) fn validate(url: &Url, plain: PlainHttp) -> Result<()> {
    let Some(host) = url.host() else {
        return Err(invalid("it names no host"));
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("it must not hold a user name or password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("it must not hold a query (?) or fragment (#)"));
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if plain == PlainHttp::Everywhere || is_private(&host) => Ok(()),
        "http" => Err(invalid(
            "plain http is only for this machine and private networks; use https",
        )),
        _ => Err(invalid("it must begin with https:// or http://")),
    }
}

/// Returns the URL of `route` beneath a base URL.
pub(crate) fn route_url(base: &Url, route: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{route}", base_path(base)));
    url
}

/// Returns whether a host is, by its address or name alone, this machine or
/// in a private network.
///
/// Link-local addresses don't count: cloud metadata services live there.
pub(crate) fn is_private(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(ip) => is_private_ip(IpAddr::V4(*ip)),
        Host::Ipv6(ip) => is_private_ip(IpAddr::V6(*ip)),
        Host::Domain(name) => is_private_name(name),
    }
}

fn is_private_ip(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            // 100.64/10 is shared address space, where overlay VPNs live.
            let shared = first == 100 && (64..128).contains(&second);
            v4.is_loopback() || v4.is_private() || shared
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_private_ip(IpAddr::V4(v4)),
            None => v6.is_loopback() || v6.is_unique_local(),
        },
    }
}

fn is_private_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let suffixes = [".localhost", ".local", ".lan", ".internal", ".home.arpa"];
    // A single label is a name that only a private resolver knows, such as a
    // container's.
    !name.contains('.') || suffixes.iter().any(|suffix| name.ends_with(suffix))
}

fn base_path(url: &Url) -> &str {
    let path = url.path().trim_end_matches('/');
    let route = ROUTES.iter().find_map(|route| path.strip_suffix(route));
    route.unwrap_or(path).trim_end_matches('/')
}

const fn invalid(reason: &'static str) -> Error {
    Error::InvalidBaseUrl { reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls_are_normalised() {
        for (text, completions) in [
            (
                "https://api.openai.com/v1",
                "https://api.openai.com/v1/chat/completions",
            ),
            (
                " https://api.openai.com/v1/ ",
                "https://api.openai.com/v1/chat/completions",
            ),
            (
                "https://host/v1/chat/completions",
                "https://host/v1/chat/completions",
            ),
            (
                "https://host/v1/chat/completions/",
                "https://host/v1/chat/completions",
            ),
            (
                "https://host/v1/messages",
                "https://host/v1/chat/completions",
            ),
            ("https://host", "https://host/chat/completions"),
            (
                "http://localhost:11434/v1",
                "http://localhost:11434/v1/chat/completions",
            ),
            ("http://[::1]:8080", "http://[::1]:8080/chat/completions"),
            (
                "https://host/a%20b/v1",
                "https://host/a%20b/v1/chat/completions",
            ),
        ] {
            let url = parse_base_url(text, PlainHttp::PrivateHosts).unwrap();
            assert_eq!(route_url(&url, "/chat/completions").as_str(), completions);
            let again = parse_base_url(url.as_str(), PlainHttp::PrivateHosts).unwrap();
            assert_eq!(again, url, "reading it again changes nothing");
        }
    }

    #[test]
    fn base_urls_that_must_not_be_called_are_refused() {
        for text in [
            "",
            "api.openai.com/v1",
            "localhost:11434",
            "ftp://host/v1",
            "file:///etc/passwd",
            "https://",
            "https://user:pass@host/v1",
            "https://user@host/v1",
            "https://host/v1?key=1",
            "https://host/v1#x",
            "http://api.openai.com/v1",
            "http://8.8.8.8/v1",
            "http://169.254.169.254/latest",
            "http://172.32.0.1/v1",
            "http://[2606:4700::1111]/v1",
            "http://[::ffff:8.8.8.8]/v1",
            "http://localhost.example.com/v1",
        ] {
            let err = parse_base_url(text, PlainHttp::PrivateHosts).unwrap_err();
            assert!(matches!(err, Error::InvalidBaseUrl { .. }), "{text}");
        }
        let long = format!("https://host/{}", "a".repeat(BASE_URL_BYTES));
        assert!(parse_base_url(&long, PlainHttp::PrivateHosts).is_err());
    }

    #[test]
    fn plain_http_is_for_private_hosts_or_by_option() {
        for host in [
            "localhost",
            "ollama",
            "127.0.0.1",
            "127.9.9.9",
            "10.0.0.2",
            "192.168.1.9",
            "172.16.0.1",
            "100.64.0.1",
            "[::1]",
            "[fd00::1]",
            "[::ffff:127.0.0.1]",
            "gpu.local",
            "host.docker.internal",
            "box.lan",
        ] {
            let text = format!("http://{host}/v1");
            assert!(
                parse_base_url(&text, PlainHttp::PrivateHosts).is_ok(),
                "{host}"
            );
        }
        assert!(parse_base_url("http://8.8.8.8/v1", PlainHttp::Everywhere).is_ok());
    }
}
