//! What a network grant names, and which connections it allows.

use std::net::IpAddr;

use url::Host;

/// The longest name of a host, in bytes (RFC 1035).
const NAME_BYTES: usize = 253;
/// The ports that a grant without one allows.
const WEB: [u16; 2] = [80, 443];
/// The word for the ready-made grant.
const REGISTRIES: &str = "registries";
/// The hosts that package managers fetch from, by registry.
const REGISTRY_HOSTS: [&str; 17] = [
    // PyPI
    "pypi.org",
    "files.pythonhosted.org",
    // npm
    "registry.npmjs.org",
    "registry.yarnpkg.com",
    // crates.io
    "crates.io",
    "index.crates.io",
    "static.crates.io",
    // Go
    "proxy.golang.org",
    "sum.golang.org",
    // RubyGems
    "rubygems.org",
    "index.rubygems.org",
    // Packagist
    "packagist.org",
    "repo.packagist.org",
    // Maven Central
    "repo.maven.apache.org",
    "repo1.maven.org",
    // Debian
    "deb.debian.org",
    "security.debian.org",
];

/// What a network grant names, in its canonical form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    /// A host, on one port or on those of the web.
    Host(Host, Option<u16>),
    /// Every host below a name, on the ports of the web.
    Below(String),
    /// The package registries.
    Registries,
}

impl Resource {
    /// Reads what a person wrote.
    ///
    /// # Errors
    /// Returns what is wrong with it and how to write it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == REGISTRIES {
            return Ok(Self::Registries);
        }
        if text.contains('/') {
            return Err(
                "give the host alone, such as `example.org`, without `https://` and without a path"
                    .to_owned(),
            );
        }
        if let Some(name) = text.strip_prefix("*.") {
            return below(name).map(Self::Below);
        }
        let (host, port) = split_port(text)?;
        let host = canonical(host).ok_or_else(|| {
            format!(
                "`{}` is not the name of a host; write `example.org`, `example.org:8443`, `*.example.org` or `registries`",
                shown(text)
            )
        })?;
        Ok(Self::Host(host, port))
    }

    /// Returns the address, when one is named itself.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Host(host, _) => address_of(host),
            Self::Below(_) | Self::Registries => None,
        }
    }

    /// Says whether a connection to `host`, in its canonical form, is allowed.
    pub(crate) fn allows(&self, host: &Host, port: u16) -> bool {
        match (self, host) {
            (Self::Host(granted, Some(only)), _) => granted == host && *only == port,
            (Self::Host(granted, None), _) => granted == host && WEB.contains(&port),
            (Self::Below(parent), Host::Domain(name)) => {
                WEB.contains(&port)
                    && name
                        .strip_suffix(parent.as_str())
                        .is_some_and(|rest| rest.ends_with('.'))
            }
            (Self::Registries, Host::Domain(name)) => {
                WEB.contains(&port) && REGISTRY_HOSTS.contains(&name.as_str())
            }
            (Self::Below(_) | Self::Registries, Host::Ipv4(_) | Host::Ipv6(_)) => false,
        }
    }
}

impl std::fmt::Display for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Host(host, None) => write!(f, "{host}"),
            Self::Host(host, Some(port)) => write!(f, "{host}:{port}"),
            Self::Below(name) => write!(f, "*.{name}"),
            Self::Registries => f.write_str(REGISTRIES),
        }
    }
}

/// Returns the grant that would allow a connection, and no more.
pub(crate) fn narrowest(host: &Host, port: u16) -> Resource {
    Resource::Host(host.clone(), (!WEB.contains(&port)).then_some(port))
}

/// Returns a host in the one form that names it: lower-case ASCII, addresses
/// in their usual spelling; `None` when it is no host.
pub(crate) fn canonical(text: &str) -> Option<Host> {
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.is_empty() || text.len() > 4 * NAME_BYTES {
        return None;
    }
    let host = Host::parse(text).ok()?;
    if let Host::Domain(name) = &host {
        let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"-_.".contains(&c);
        let whole = name.split('.').all(|label| (1..64).contains(&label.len()));
        if name.len() > NAME_BYTES || !whole || !name.bytes().all(plain) {
            return None;
        }
    }
    Some(host)
}

/// Returns the address that a host is, when it is no name.
pub(crate) fn address_of(host: &Host) -> Option<IpAddr> {
    match host {
        Host::Ipv4(v4) => Some(IpAddr::V4(*v4)),
        Host::Ipv6(v6) => Some(IpAddr::V6(*v6)),
        Host::Domain(_) => None,
    }
}

fn below(name: &str) -> Result<String, String> {
    match canonical(name) {
        Some(Host::Domain(name)) if name.contains('.') => Ok(name),
        Some(Host::Domain(name)) => Err(format!(
            "`*.{name}` would allow a whole top-level domain; name at least two parts, such as `*.example.org`"
        )),
        _ => Err(format!(
            "`{}` is not the name of a host; behind `*.` comes a name without a port",
            shown(name)
        )),
    }
}

/// Cuts `host:port` apart. An IPv6 address is in brackets.
fn split_port(text: &str) -> Result<(&str, Option<u16>), String> {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inner, rest)) => (&text[..inner.len() + 2], rest.strip_prefix(':')),
        None => match text.split_once(':') {
            Some((_, more)) if more.contains(':') => {
                return Err("write an IPv6 address in brackets, such as `[2001:db8::1]`".to_owned());
            }
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let port = port
        .map(|port| {
            let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
            port.parse::<u16>().ok().filter(|port| digits && *port > 0)
        })
        .map(|port| port.ok_or_else(|| "a port is a number from 1 to 65535".to_owned()))
        .transpose()?;
    Ok((host, port))
}

/// Returns the beginning of what somebody wrote, fit for a message.
fn shown(text: &str) -> String {
    text.escape_debug().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_writes_has_one_form() {
        for (written, kept) in [
            ("example.org", "example.org"),
            (" Example.ORG. ", "example.org"),
            ("example.org:8443", "example.org:8443"),
            ("*.Example.org", "*.example.org"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("*.BÜCHER.example", "*.xn--bcher-kva.example"),
            ("ｅｘａｍｐｌｅ.org", "example.org"),
            ("registries", "registries"),
            ("localhost:3000", "localhost:3000"),
            ("1.1.1.1", "1.1.1.1"),
            ("0x1.1", "1.0.0.1"),
            ("[2606:4700::1111]:443", "[2606:4700::1111]:443"),
            ("[2606:4700:0:0::1111]", "[2606:4700::1111]"),
        ] {
            let resource = Resource::parse(written).unwrap();
            assert_eq!(resource.to_string(), kept, "{written}");
            assert_eq!(Resource::parse(kept).unwrap(), resource, "{kept}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused_with_a_reason() {
        let long = "a.".repeat(200);
        for (written, reason) in [
            ("", "is not the name"),
            ("https://example.org", "without `https://`"),
            ("example.org/path", "without `https://`"),
            ("example.org:", "1 to 65535"),
            ("example.org:0", "1 to 65535"),
            ("example.org:65536", "1 to 65535"),
            ("example.org:+80", "1 to 65535"),
            ("exa mple.org", "is not the name"),
            ("user@example.org", "is not the name"),
            ("*", "is not the name"),
            ("a.*.org", "is not the name"),
            ("*.org", "top-level"),
            ("*.example.org:80", "without a port"),
            ("*.1.1.1.1", "is not the name"),
            ("..", "is not the name"),
            ("a..b", "is not the name"),
            ("2606:4700::1111", "in brackets"),
            ("[::1", "in brackets"),
            ("[x]", "is not the name"),
            ("a\0b", "is not the name"),
            (&long, "is not the name"),
        ] {
            let refused = Resource::parse(written).unwrap_err();
            assert!(refused.contains(reason), "{written:?}: {refused}");
        }
    }

    #[test]
    fn a_grant_allows_what_it_names_and_no_more() {
        for (granted, asked, port, allowed) in [
            ("example.org", "example.org", 443, true),
            ("example.org", "example.org", 80, true),
            ("example.org", "EXAMPLE.org.", 443, true),
            ("example.org", "example.org", 22, false),
            ("example.org", "www.example.org", 443, false),
            ("example.org", "example.org.evil.test", 443, false),
            ("example.org", "notexample.org", 443, false),
            ("example.org:8443", "example.org", 8443, true),
            ("example.org:8443", "example.org", 443, false),
            ("*.example.org", "a.example.org", 443, true),
            ("*.example.org", "a.b.example.org", 80, true),
            ("*.example.org", "example.org", 443, false),
            ("*.example.org", "evilexample.org", 443, false),
            ("*.example.org", "a.example.org", 8080, false),
            ("registries", "pypi.org", 443, true),
            ("registries", "evil.pypi.org", 443, false),
            ("registries", "deb.debian.org", 80, true),
            ("registries", "example.org", 443, false),
            ("1.1.1.1", "1.1.1.1", 443, true),
            ("1.1.1.1", "0x01010101", 443, true),
            ("1.1.1.1", "1.1.1.2", 443, false),
            ("[2606:4700::1111]", "[2606:4700:0::1111]", 443, true),
            ("*.example.org", "[2606:4700::1111]", 443, false),
        ] {
            let host = canonical(asked).unwrap();
            let resource = Resource::parse(granted).unwrap();
            assert_eq!(
                resource.allows(&host, port),
                allowed,
                "{granted}: {asked}:{port}"
            );
        }
    }

    #[test]
    fn a_denial_is_granted_no_wider_than_needed() {
        let host = canonical("example.org").unwrap();
        assert_eq!(narrowest(&host, 443).to_string(), "example.org");
        assert_eq!(narrowest(&host, 22).to_string(), "example.org:22");
    }
}
