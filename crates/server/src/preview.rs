//! Previews: what listens in a workspace's cell, on an origin of its own.
//!
//! `<port>--<workspace>.localhost`, or below a configured domain, is not the
//! application: no route of it is served there, its cookie is neither taken
//! nor passed on, and what a page there does stays on that origin. A person
//! gets in with a ticket from the application, which becomes the preview's own
//! cookie.

mod address;
mod forward;
mod head;
mod page;

use std::convert::Infallible;

use atelier_base::Secret;
use atelier_domain::preview::{PASS_LIFE, Pass, Place, Reached};
use atelier_domain::{Error, chain};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, HOST, LOCATION, REFERRER_POLICY, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::cookie::CookieJar;
use tower::ServiceExt as _;

use crate::app::App;
pub(crate) use address::Addresses;
use head::Origins;

/// Where a ticket is exchanged for the cookie.
const ENTER: &str = "/.atelier/enter";
/// The preview's cookie, and its name where browsers can be made to insist on
/// https and on this very host.
const COOKIE: &str = "atelier_preview";
const SECURE_COOKIE: &str = "__Host-atelier_preview";

/// What is chosen from by the name of the host.
#[derive(Clone, Debug)]
struct Front {
    app: App,
    routes: Router,
}

/// Puts the previews before the application's routes.
pub(crate) fn before(app: App, routes: Router) -> Router {
    Router::new()
        .fallback(choose)
        .with_state(Front { app, routes })
}

async fn choose(State(front): State<Front>, request: Request) -> Response {
    let host = host_of(request.headers(), request.uri()).to_owned();
    match front.app.previews.place_of(&host) {
        Some(place) => Visit::new(&front.app, place, &host).answer(request).await,
        None => match front.routes.oneshot(request).await {
            Ok(response) => response,
            Err(never) => never_happens(never),
        },
    }
}

fn never_happens(never: Infallible) -> Response {
    match never {}
}

/// Returns the host that a request names.
pub(crate) fn host_of<'r>(headers: &'r HeaderMap, uri: &'r Uri) -> &'r str {
    let header = headers.get(HOST).and_then(|value| value.to_str().ok());
    header
        .or_else(|| uri.authority().map(axum::http::uri::Authority::as_str))
        .unwrap_or_default()
}

/// Returns the ticket in an address that a browser was sent to.
fn ticket_of(request: &Request) -> Option<String> {
    let query = request
        .uri()
        .query()
        .filter(|_| request.method() == Method::GET)?;
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "token")
        .map(|(_, value)| value.into_owned())
}

/// A request to a preview.
struct Visit<'a> {
    app: &'a App,
    place: Place,
    origins: Origins,
}

impl<'a> Visit<'a> {
    fn new(app: &'a App, place: Place, host: &str) -> Self {
        let origins = app.previews.origins(place, host);
        Self {
            app,
            place,
            origins,
        }
    }

    async fn answer(self, request: Request) -> Response {
        if request.uri().path() == ENTER {
            let ticket = ticket_of(&request);
            return self.enter(ticket).await;
        }
        let pass = match self.pass(request.headers()).await {
            Ok(pass) => pass,
            Err(Error::Unauthenticated) => return self.page(page::signed_out()),
            Err(error) => {
                tracing::error!(workspace.id = %self.place.workspace, error = %chain(&error), "a preview could not be checked");
                return self.page(page::failed());
            }
        };
        // The cookie is sent along by whatever page asks, so its origin counts.
        if self.origins.is_foreign(request.headers()) {
            return self.page(page::foreign());
        }
        match self.app.domain.connect_preview(&pass).await {
            Reached::Open(stream) => self.forward(pass, stream, request).await,
            Reached::Closed => self.page(page::closed(self.place.port)),
            Reached::Stopped => self.page(page::stopped()),
        }
    }

    async fn pass(&self, headers: &HeaderMap) -> Result<Pass, Error> {
        let jar = CookieJar::from_headers(headers);
        let cookie = jar
            .get(self.cookie_name())
            .ok_or(Error::Unauthenticated)?
            .value();
        self.app.domain.check_preview(cookie, self.place).await
    }

    /// Exchanges the ticket in the address for the cookie.
    async fn enter(&self, ticket: Option<String>) -> Response {
        let entered = match ticket {
            Some(ticket) => self.app.domain.enter_preview(&ticket, self.place).await,
            None => Err(Error::Unauthenticated),
        };
        match entered {
            Ok(pass) => self.entered(&pass),
            Err(Error::Unauthenticated) => self.page(page::signed_out()),
            Err(error) => {
                tracing::error!(workspace.id = %self.place.workspace, error = %chain(&error), "a preview could not be entered");
                self.page(page::failed())
            }
        }
    }

    fn entered(&self, pass: &Secret<String>) -> Response {
        let headers = [
            (SET_COOKIE, self.set_cookie(pass)),
            (LOCATION, "/".to_owned()),
            (CACHE_CONTROL, "no-store".to_owned()),
            (REFERRER_POLICY, "no-referrer".to_owned()),
        ];
        (StatusCode::SEE_OTHER, headers).into_response()
    }

    fn cookie_name(&self) -> &'static str {
        if self.origins.is_https() {
            SECURE_COOKIE
        } else {
            COOKIE
        }
    }

    /// A preview is shown in a frame of the application, which to the browser
    /// is another site. Only what it deems safe from eavesdroppers may send
    /// cookies there: https, and this machine itself.
    fn set_cookie(&self, pass: &Secret<String>) -> String {
        let reach = if self.origins.is_trustworthy() {
            "SameSite=None; Secure; Partitioned"
        } else {
            "SameSite=Lax"
        };
        format!(
            "{}={}; Path=/; Max-Age={}; HttpOnly; {reach}",
            self.cookie_name(),
            pass.expose(),
            PASS_LIFE.as_secs()
        )
    }

    fn page(&self, page: page::Page) -> Response {
        let ancestors = self.origins.frame_ancestors();
        let mut response = page.into_response();
        let policy = format!("default-src 'none'; style-src 'unsafe-inline'; {ancestors}");
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            response
                .headers_mut()
                .insert(axum::http::header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}
