//! From a text to an address that may be cloned from, resolved and pinned.

use std::net::{IpAddr, ToSocketAddrs};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use atelier_base::is_public;
use tokio_util::sync::CancellationToken;
use url::{Host, Url};

use super::{CloneOptions, Networks, Protocols, URL_BYTES};
use crate::error::{FileError, FileResult};

/// How long a name may take to resolve.
const RESOLVE: Duration = Duration::from_secs(15);
/// How often a waiting resolver looks whether it was cancelled.
const TICK: Duration = Duration::from_millis(50);
/// The most addresses of a host that git is told.
const ADDRESSES: usize = 8;

/// Where to clone from.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) url: Url,
    pub(super) host: String,
    /// What curl must take the host for, as `HOST:PORT:ADDRESS[,ADDRESS]`;
    /// `None` when the host is an address itself.
    pub(super) pin: Option<String>,
}

impl Origin {
    /// Checks the text and resolves the host.
    pub(super) fn check(
        text: &str,
        options: &CloneOptions,
        cancel: &CancellationToken,
    ) -> FileResult<Self> {
        let url = check_url(text, options.protocols)?;
        let port = url.port_or_known_default().unwrap_or(443);
        let (host, addresses) = match url.host() {
            Some(Host::Ipv4(v4)) => (v4.to_string(), vec![IpAddr::V4(v4)]),
            Some(Host::Ipv6(v6)) => (v6.to_string(), vec![IpAddr::V6(v6)]),
            Some(Host::Domain(name)) => (name.to_owned(), resolve(name, port, cancel)?),
            None => return Err(bad("it names no host")),
        };
        let private = addresses.iter().find(|address| !is_public(**address));
        if let (Networks::Public, Some(address)) = (options.networks, private) {
            return Err(FileError::PrivateHost {
                host,
                address: *address,
            });
        }
        let pin = matches!(url.host(), Some(Host::Domain(_))).then(|| pin(&host, port, &addresses));
        Ok(Self { url, host, pin })
    }
}

/// Checks everything about the address that needs no network.
fn check_url(text: &str, protocols: Protocols) -> FileResult<Url> {
    if text.len() > URL_BYTES {
        return Err(bad("it is too long"));
    }
    // The URL standard drops some of them, so that what is shown and what is
    // cloned would differ.
    if text.chars().any(char::is_control) {
        return Err(bad("it has a control character"));
    }
    let url = Url::parse(text.trim()).map_err(|_| bad("it is not a URL"))?;
    match (url.scheme(), protocols) {
        ("https", _) | ("http", Protocols::HttpsAndHttp) => {}
        _ => return Err(bad("only https is allowed")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(FileError::Address {
            why: "it has a user name or password in it",
            hint: "Remove what is before the `@`: addresses are stored and shown.",
        });
    }
    // A name with a final dot is another name to curl, and so not pinned.
    if url.domain().is_some_and(|name| name.ends_with('.')) {
        return Err(bad("its host name ends in a dot"));
    }
    if url.path().trim_matches('/').is_empty() {
        return Err(bad("it names no repository"));
    }
    Ok(url)
}

/// Resolves a name, on a thread of its own: the system's resolver can't be
/// interrupted. A thread left behind ends by the resolver's own timeout.
fn resolve(name: &str, port: u16, cancel: &CancellationToken) -> FileResult<Vec<IpAddr>> {
    let not_found = || FileError::HostNotFound {
        host: name.to_owned(),
    };
    let (send, receive) = mpsc::sync_channel(1);
    let asked = (name.to_owned(), port);
    std::thread::spawn(move || {
        let found = asked.to_socket_addrs();
        // Nobody listens any more when the clone was cancelled.
        drop(send.send(found.map(|all| all.map(|a| a.ip()).collect::<Vec<_>>())));
    });
    let mut waited = Duration::ZERO;
    while waited < RESOLVE {
        match receive.recv_timeout(TICK) {
            Ok(Ok(addresses)) if !addresses.is_empty() => return Ok(addresses),
            Ok(_) | Err(RecvTimeoutError::Disconnected) => return Err(not_found()),
            Err(RecvTimeoutError::Timeout) => waited += TICK,
        }
        if cancel.is_cancelled() {
            return Err(FileError::Cancelled);
        }
    }
    Err(not_found())
}

fn pin(host: &str, port: u16, addresses: &[IpAddr]) -> String {
    let mut texts: Vec<String> = Vec::new();
    for address in addresses {
        let text = match address {
            IpAddr::V4(v4) => v4.to_string(),
            IpAddr::V6(v6) => format!("[{v6}]"),
        };
        if !texts.contains(&text) && texts.len() < ADDRESSES {
            texts.push(text);
        }
    }
    format!("{host}:{port}:{}", texts.join(","))
}

fn bad(why: &'static str) -> FileError {
    FileError::Address {
        why,
        hint: "Use the repository's https address, such as https://example.org/name/project.git.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use atelier_base::ErrorKind;

    fn check(text: &str, options: &CloneOptions) -> FileResult<Origin> {
        Origin::check(text, options, &CancellationToken::new())
    }

    #[test]
    fn only_plain_https_addresses_are_taken() {
        let options = CloneOptions::default();
        let long = format!("https://example.org/{}", "a".repeat(URL_BYTES));
        for text in [
            "",
            "project",
            "/srv/project.git",
            "file:///srv/project.git",
            "http://example.org/a",
            "ssh://git@example.org/a",
            "git@example.org:a/b.git",
            "git://example.org/a",
            "ftp://example.org/a",
            "ext::sh -c id",
            "ext::https://example.org/a",
            "--upload-pack=id",
            "-c",
            "https://",
            "https:///a",
            "https://example.org",
            "https://example.org/",
            "https://u@example.org/a",
            "https://u:p@example.org/a",
            "https://:p@example.org/a",
            "https://localhost./a",
            "https://exa mple.org/a",
            "javascript:alert(1)",
            "data:,a",
            "\0https://example.org/\0a\0://",
            &long,
        ] {
            let refused = check(text, &options).unwrap_err();
            assert!(
                matches!(refused, FileError::Address { .. }),
                "{text:?}: {refused}"
            );
            assert_eq!(refused.kind(), ErrorKind::Invalid);
            assert!(refused.hint().is_some());
        }
    }

    #[test]
    fn private_hosts_are_refused_however_they_are_written() {
        let options = CloneOptions::default();
        for text in [
            "https://127.0.0.1/a",
            "https://127.1/a",
            "https://0x7f.0.0.1/a",
            "https://2130706433/a",
            "https://017700000001/a",
            "https://localhost/a",
            "https://LOCALHOST/a",
            "https://10.1.2.3:8443/a",
            "https://169.254.169.254/latest/meta-data",
            "https://[::1]/a",
            "https://[::ffff:127.0.0.1]/a",
            "https://[fe80::1]/a",
            "https://[fd00:ec2::254]/a",
            "https://0/a",
            "https://①②⑦.0.0.1/a",
        ] {
            let refused = check(text, &options).unwrap_err();
            assert!(
                matches!(refused, FileError::PrivateHost { .. }),
                "{text:?}: {refused}"
            );
            assert_eq!(refused.kind(), ErrorKind::Denied);
        }
        let any = CloneOptions {
            networks: Networks::Any,
            protocols: Protocols::HttpsAndHttp,
            ..options
        };
        assert_eq!(
            check("http://127.1:8080/a", &any).unwrap().url.as_str(),
            "http://127.0.0.1:8080/a"
        );
        assert!(check("file:///srv/a", &any).is_err());
    }

    #[test]
    fn names_are_pinned_to_what_was_checked() {
        let addresses = ["1.2.3.4", "2606:4700::1111", "1.2.3.4"].map(|a| a.parse().unwrap());
        assert_eq!(
            pin("example.org", 443, &addresses),
            "example.org:443:1.2.3.4,[2606:4700::1111]"
        );
    }
}
