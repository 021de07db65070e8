//! Where previews are: from the name of a host to a place, and back.

use atelier_base::WorkspaceId;
use atelier_domain::preview::Place;
use url::Url;

use super::head::Origins;

/// The domain of previews when none is configured: browsers take every name
/// below it for this machine.
const LOCAL: &str = "localhost";

/// The names that previews have here.
#[derive(Debug)]
pub(crate) struct Addresses {
    /// The name that previews are below, and the port people reach them at.
    domain: String,
    port: Option<u16>,
    configured: bool,
    public: Option<Url>,
    /// More hosts that the application is known by.
    hosts: Vec<String>,
}

impl Addresses {
    /// Takes the configured domain, `name` or `name:port`, and where the
    /// application itself is.
    pub(crate) fn new(domain: Option<&str>, public: Option<&Url>, hosts: &[String]) -> Self {
        let (name, port) = split(domain.unwrap_or(LOCAL));
        Self {
            domain: name.to_ascii_lowercase(),
            port: port.or_else(|| public.and_then(Url::port)),
            configured: domain.is_some(),
            public: public.cloned(),
            hosts: hosts.to_vec(),
        }
    }

    /// Returns the place that a host names; `None` when it is no preview.
    pub(crate) fn place_of(&self, host: &str) -> Option<Place> {
        let (name, _) = split(host);
        let name = name.to_ascii_lowercase();
        let label = name.strip_suffix(&self.domain)?.strip_suffix('.')?;
        let (port, workspace) = label.split_once("--")?;
        let place = Place {
            port: port.parse().ok().filter(|port| *port > 0)?,
            workspace: workspace.parse::<WorkspaceId>().ok()?,
        };
        // One name for each place, or one cookie would be good for two.
        (label == label_of(place)).then_some(place)
    }

    /// Returns the origin of a place's preview, for somebody who asked the
    /// application at `host`; `None` when it can't be reached from there.
    pub(crate) fn origin_of(&self, place: Place, host: &str) -> Option<String> {
        let label = label_of(place);
        if self.configured {
            let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
            return Some(format!("{}://{label}.{}{port}", self.scheme(), self.domain));
        }
        let (name, port) = split(host);
        let here = ["localhost", "127.0.0.1", "[::1]"].contains(&name);
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        here.then(|| format!("{}://{label}.{LOCAL}{port}", self.scheme()))
    }

    /// Returns what a preview at `host` must know of origins.
    pub(super) fn origins(&self, place: Place, host: &str) -> Origins {
        let (_, port) = split(host);
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let scheme = self.scheme();
        let mut app: Vec<String> = self
            .public
            .iter()
            .map(|url| url.origin().ascii_serialization())
            .collect();
        if !self.configured {
            app.extend(["127.0.0.1", "localhost"].map(|name| format!("{scheme}://{name}{port}")));
        }
        app.extend(self.hosts.iter().map(|host| match split(host).1 {
            Some(_) => format!("{scheme}://{host}"),
            None => format!("{scheme}://{host}{port}"),
        }));
        app.dedup();
        Origins::new(
            place,
            scheme,
            &host.to_ascii_lowercase(),
            self.domain == LOCAL,
            app,
        )
    }

    /// Returns what the application's pages may show in frames, as sources of
    /// a Content-Security-Policy.
    pub(crate) fn frame_sources(&self) -> String {
        let (scheme, domain) = (self.scheme(), &self.domain);
        match (self.configured, self.port) {
            (false, _) => format!("{scheme}://*.{domain}:*"),
            (true, Some(port)) => format!("{scheme}://*.{domain}:{port}"),
            (true, None) => format!("{scheme}://*.{domain}"),
        }
    }

    /// Previews are reached as the application is.
    fn scheme(&self) -> &'static str {
        let https = self.public.as_ref().is_some_and(|url| {
            let local = url.domain() == Some(LOCAL);
            url.scheme() == "https" && (self.configured || local)
        });
        if https { "https" } else { "http" }
    }
}

/// Returns the first label of a place's host.
fn label_of(place: Place) -> String {
    format!("{}--{}", place.port, place.workspace)
}

/// Returns the place that an origin of a sibling preview names: the same
/// workspace's, at the same domain, on another port.
pub(super) fn port_of(label: &str, workspace: WorkspaceId) -> Option<u16> {
    let (port, _) = label.split_once("--")?;
    let port = port.parse().ok()?;
    (label == label_of(Place { workspace, port })).then_some(port)
}

/// Cuts `name:port` apart.
fn split(host: &str) -> (&str, Option<u16>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (host, None),
        },
        _ => (host, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01900000-0000-7000-8000-000000000001";

    fn place(port: u16) -> Place {
        Place {
            workspace: ID.parse().unwrap(),
            port,
        }
    }

    #[test]
    fn a_host_names_one_place_or_none() {
        let local = Addresses::new(None, None, &[]);
        for (host, port) in [
            (format!("8000--{ID}.localhost:7340"), Some(8000)),
            (format!("8000--{ID}.LOCALHOST"), Some(8000)),
            (format!("65535--{ID}.localhost:7340"), Some(65535)),
            (format!("08000--{ID}.localhost:7340"), None),
            (format!("+8000--{ID}.localhost:7340"), None),
            (format!("0--{ID}.localhost:7340"), None),
            (format!("65536--{ID}.localhost:7340"), None),
            (format!("8000--{}.localhost", ID.replace('-', "")), None),
            (format!("8000-{ID}.localhost"), None),
            (format!("x.8000--{ID}.localhost"), None),
            (format!("8000--{ID}.localhost.evil.example"), None),
            (format!("8000--{ID}.evillocalhost"), None),
            (format!("8000--{ID}.localhost."), None),
            (format!("8000--{ID}"), None),
            ("localhost:7340".to_owned(), None),
            ("127.0.0.1:7340".to_owned(), None),
            ("[::1]:7340".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(local.place_of(&host), port.map(place), "{host}");
        }
    }

    #[test]
    fn a_preview_is_where_its_application_is() {
        let url = |text: &str| Some(Url::parse(text).unwrap());
        for (domain, public, asked, origin, frames) in [
            (
                None,
                None,
                "127.0.0.1:7340",
                Some("http://{}.localhost:7340"),
                "http://*.localhost:*",
            ),
            (
                None,
                None,
                "[::1]:7340",
                Some("http://{}.localhost:7340"),
                "http://*.localhost:*",
            ),
            (
                None,
                None,
                "localhost",
                Some("http://{}.localhost"),
                "http://*.localhost:*",
            ),
            (None, None, "studio.lan:7340", None, "http://*.localhost:*"),
            (
                None,
                url("https://atelier.example"),
                "atelier.example",
                None,
                "http://*.localhost:*",
            ),
            (
                None,
                url("https://localhost:8443"),
                "localhost:8443",
                Some("https://{}.localhost:8443"),
                "https://*.localhost:*",
            ),
            (
                Some("preview.example"),
                url("https://atelier.example"),
                "atelier.example",
                Some("https://{}.preview.example"),
                "https://*.preview.example",
            ),
            (
                Some("Preview.example:8443"),
                url("https://atelier.example"),
                "127.0.0.1:7340",
                Some("https://{}.preview.example:8443"),
                "https://*.preview.example:8443",
            ),
            (
                Some("preview.lan"),
                url("http://studio.lan:7340"),
                "studio.lan:7340",
                Some("http://{}.preview.lan:7340"),
                "http://*.preview.lan:7340",
            ),
        ] {
            let addresses = Addresses::new(domain, public.as_ref(), &[]);
            let found = addresses.origin_of(place(8000), asked);
            let expected = origin.map(|origin| origin.replace("{}", &format!("8000--{ID}")));
            assert_eq!(found, expected, "{domain:?} {asked}");
            assert_eq!(addresses.frame_sources(), frames);
            if let Some(origin) = found {
                let host = origin.split_once("://").unwrap().1;
                assert_eq!(addresses.place_of(host), Some(place(8000)));
            }
        }
    }
}
