//! What changes in the heads of messages between a browser and a preview.
//!
//! A development server thinks it is at `localhost:<port>`; the browser knows
//! it by the preview's origin. Each sees the name it knows the server by.

use atelier_domain::preview::Place;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ALT_SVC, CONNECTION, CONTENT_SECURITY_POLICY, COOKIE, FORWARDED,
    HOST, HeaderName, LOCATION, ORIGIN, REFERER, SET_COOKIE, STRICT_TRANSPORT_SECURITY, UPGRADE,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};

use super::address::port_of;
use crate::tunnel::strip_hops;

/// The cookies that are ours, by whatever name.
const OURS: [&str; 4] = [
    "atelier_session",
    "__Host-atelier_session",
    super::COOKIE,
    super::SECURE_COOKIE,
];
/// What a response may not say, because it would reach beyond its origin.
const BEYOND: [HeaderName; 4] = [
    X_FRAME_OPTIONS,
    STRICT_TRANSPORT_SECURITY,
    ALT_SVC,
    HeaderName::from_static("clear-site-data"),
];
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// The names of a preview: to the browser, and to the server in the cell.
#[derive(Debug)]
pub(super) struct Origins {
    place: Place,
    scheme: &'static str,
    host: String,
    local: bool,
    /// The application's own origins.
    app: Vec<String>,
}

impl Origins {
    pub(super) fn new(
        place: Place,
        scheme: &'static str,
        host: &str,
        local: bool,
        app: Vec<String>,
    ) -> Self {
        Self {
            place,
            scheme,
            host: host.to_owned(),
            local,
            app,
        }
    }

    pub(super) fn is_https(&self) -> bool {
        self.scheme == "https"
    }

    /// Says whether browsers deem it safe from eavesdroppers.
    pub(super) fn is_trustworthy(&self) -> bool {
        self.local || self.is_https()
    }

    /// Says who may show the preview in a frame: the application, and the
    /// preview itself.
    pub(super) fn frame_ancestors(&self) -> String {
        format!("frame-ancestors 'self' {}", self.app.join(" "))
    }

    /// Says whether a request comes from a page that is neither the preview
    /// nor another one of its workspace. Following a link is nobody's request.
    pub(super) fn is_foreign(&self, headers: &HeaderMap) -> bool {
        let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        let same = text(&SEC_FETCH_SITE) == Some("same-origin");
        match text(&ORIGIN) {
            Some("null") => !same,
            Some(origin) => self.inner(origin).is_none(),
            None => {
                let elsewhere = matches!(text(&SEC_FETCH_SITE), Some("cross-site" | "same-site"));
                let page = text(&REFERER).and_then(|referer| self.inner_address(referer));
                elsewhere && text(&SEC_FETCH_MODE) != Some("navigate") && page.is_none()
            }
        }
    }

    /// Makes a request one to the server in the cell.
    pub(super) fn rewrite_request(&self, headers: &mut HeaderMap, upgrade: Option<HeaderValue>) {
        strip_hops(headers);
        if let Some(protocol) = upgrade {
            headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
            headers.insert(UPGRADE, protocol);
        }
        self.rewrite_source(headers);
        let cookies = kept_cookies(headers);
        set(headers, COOKIE, cookies);
        headers.remove(FORWARDED);
        for (name, value) in [
            ("x-forwarded-host", Some(self.host.clone())),
            ("x-forwarded-proto", Some(self.scheme.to_owned())),
            ("x-forwarded-for", None),
            ("x-forwarded-port", None),
            ("x-real-ip", None),
        ] {
            set(headers, HeaderName::from_static(name), value);
        }
        set(headers, HOST, Some(inner_host(self.place.port)));
    }

    fn rewrite_source(&self, headers: &mut HeaderMap) {
        let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let origin = text(&ORIGIN).map(|origin| {
            let own = || format!("http://{}", inner_host(self.place.port));
            self.inner(origin).unwrap_or_else(own)
        });
        let referer = text(&REFERER).and_then(|referer| self.inner_address(referer));
        set(headers, ORIGIN, origin);
        set(headers, REFERER, referer);
    }

    /// Makes a response one of the preview's origin. `asked` is the origin
    /// that the request came from, as the browser knows it.
    pub(super) fn rewrite_response(&self, headers: &mut HeaderMap, asked: Option<&HeaderValue>) {
        strip_hops(headers);
        for name in &BEYOND {
            headers.remove(name);
        }
        let cookies: Vec<HeaderValue> = headers
            .get_all(SET_COOKIE)
            .iter()
            .filter_map(own_cookie)
            .collect();
        headers.remove(SET_COOKIE);
        for cookie in cookies {
            headers.append(SET_COOKIE, cookie);
        }
        let location = headers
            .get(LOCATION)
            .and_then(|value| self.outer_address(value.to_str().ok()?));
        if let Some(location) = location {
            set(headers, LOCATION, Some(location));
        }
        let inner_asked = asked.and_then(|asked| self.inner(asked.to_str().ok()?));
        let allowed = headers.get(ACCESS_CONTROL_ALLOW_ORIGIN);
        if let (Some(inner), Some(asked), Some(allowed)) = (inner_asked, asked, allowed)
            && allowed.as_bytes() == inner.as_bytes()
        {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, asked.clone());
        }
        // Beside the server's own policy: browsers hold to both.
        if let Ok(policy) = HeaderValue::from_str(&self.frame_ancestors()) {
            headers.append(CONTENT_SECURITY_POLICY, policy);
        }
    }

    /// Returns what the server in the cell knows an origin by, when it is this
    /// preview's or that of another port of the workspace.
    fn inner(&self, origin: &str) -> Option<String> {
        let host = origin.strip_prefix(self.scheme)?.strip_prefix("://")?;
        let (label, below) = host.split_once('.')?;
        let (_, own_below) = self.host.split_once('.')?;
        let port = port_of(label, self.place.workspace)?;
        (below == own_below).then(|| format!("http://{}", inner_host(port)))
    }

    fn inner_address(&self, address: &str) -> Option<String> {
        let start = address.find("://")? + 3;
        let end = address[start..]
            .find('/')
            .map_or(address.len(), |at| start + at);
        let (origin, path) = address.split_at(end);
        Some(format!("{}{path}", self.inner(origin)?))
    }

    /// Returns the preview's address for one of the server in the cell.
    fn outer_address(&self, address: &str) -> Option<String> {
        let rest = address.strip_prefix("http://")?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, path) = rest.split_at(end);
        let (name, port) = host.rsplit_once(':')?;
        let here = ["localhost", "127.0.0.1", "0.0.0.0", "[::1]"].contains(&name);
        (here && port == self.place.port.to_string())
            .then(|| format!("{}://{}{path}", self.scheme, self.host))
    }
}

fn inner_host(port: u16) -> String {
    if port == 80 {
        "localhost".to_owned()
    } else {
        format!("localhost:{port}")
    }
}

/// Sets or removes a header; what is no header's value removes it.
fn set(headers: &mut HeaderMap, name: HeaderName, value: Option<String>) {
    match value.and_then(|value| HeaderValue::from_str(&value).ok()) {
        Some(value) => drop(headers.insert(name, value)),
        None => drop(headers.remove(name)),
    }
}

/// Returns the cookies of a request without ours; `None` when none is left.
fn kept_cookies(headers: &HeaderMap) -> Option<String> {
    let kept: Vec<&str> = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .map(str::trim)
        .filter(|pair| !pair.is_empty() && !is_ours(pair))
        .collect();
    (!kept.is_empty()).then(|| kept.join("; "))
}

fn is_ours(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default().trim();
    OURS.iter().any(|ours| ours.eq_ignore_ascii_case(name))
}

/// Returns a cookie that a preview sets, for its own host alone; `None` when
/// it would replace one of ours.
fn own_cookie(value: &HeaderValue) -> Option<HeaderValue> {
    let text = value.to_str().ok()?;
    let mut parts = text.split(';');
    let pair = parts.next()?;
    if is_ours(pair) {
        return None;
    }
    let kept = parts.filter(|part| {
        let name = part.split('=').next().unwrap_or_default().trim();
        !name.eq_ignore_ascii_case("domain")
    });
    let kept: Vec<&str> = std::iter::once(pair).chain(kept).collect();
    HeaderValue::from_str(&kept.join(";")).ok()
}

#[cfg(test)]
mod tests;
