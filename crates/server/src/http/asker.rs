//! Who asks: the session cookie, turned into a context.

use atelier_api::Code;
use atelier_base::Secret;
use atelier_domain::account::SESSION_LIFE;
use atelier_domain::{Actor, Ctx, chain};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum_extra::extract::cookie::CookieJar;

use crate::app::App;
use crate::http::error::ApiError;
use crate::http::request::Passing;

const COOKIE: &str = "atelier_session";
/// The prefix makes browsers insist on https and on this very host.
const SECURE_COOKIE: &str = "__Host-atelier_session";

/// A signed-in person's request. Extracting it fails with 401 otherwise.
#[derive(Debug)]
pub(crate) struct Asker(pub(crate) Ctx);

/// The request's session token, whether it proves anything or not.
#[derive(Debug)]
pub(crate) struct Token(pub(crate) Option<Secret<String>>);

impl FromRequestParts<App> for Asker {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Token(token) = Token::from_request_parts(parts, app).await?;
        let actor = match token {
            Some(token) => app.domain.authenticate(token.expose()).await?,
            None => Actor::Nobody,
        };
        if actor == Actor::Nobody {
            return Err(atelier_domain::Error::Unauthenticated.into());
        }
        let passing = passing(parts)?;
        Ok(Self(Ctx {
            actor,
            request: passing.id,
            cancel: passing.cancel,
        }))
    }
}

impl FromRequestParts<App> for Token {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let jar = CookieJar::from_headers(&parts.headers);
        Ok(Self(
            jar.get(cookie_name(app))
                .map(|cookie| Secret::new(cookie.value().to_owned())),
        ))
    }
}

impl FromRequestParts<App> for Passing {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        passing(parts)
    }
}

fn passing(parts: &Parts) -> Result<Passing, ApiError> {
    parts
        .extensions
        .get::<Passing>()
        .cloned()
        .ok_or_else(|| ApiError::new(Code::Internal, "The request has no name."))
}

fn cookie_name(app: &App) -> &'static str {
    if app.guard.is_secure() {
        SECURE_COOKIE
    } else {
        COOKIE
    }
}

/// Waits until the person who opened a lasting connection has signed out, or
/// nobody can tell any more.
pub(crate) async fn signed_out(app: &App, Token(token): &Token) {
    let Some(token) = token else { return };
    if let Err(error) = app.domain.until_signed_out(token.expose()).await {
        tracing::warn!(error = %chain(&error), "a connection is closed, for its session can't be read");
    }
}

/// Returns the `Set-Cookie` that keeps a person signed in.
pub(crate) fn session_cookie(app: &App, token: &Secret<String>) -> String {
    set_cookie(app, token.expose(), SESSION_LIFE.as_secs())
}

/// Returns the `Set-Cookie` that makes the browser forget the session.
pub(crate) fn no_session_cookie(app: &App) -> String {
    set_cookie(app, "", 0)
}

/// The token is URL-safe base64 with a prefix, so it needs no quoting.
fn set_cookie(app: &App, token: &str, seconds: u64) -> String {
    let secure = if app.guard.is_secure() {
        "; Secure"
    } else {
        ""
    };
    format!(
        "{}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}",
        cookie_name(app)
    )
}
