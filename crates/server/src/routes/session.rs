//! Signing in and out.

use atelier_api::session::{Session, SignIn, User};
use atelier_domain::UserRow;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::IntoResponse;

use crate::app::App;
use crate::http::asker::{Asker, Token, no_session_cookie, session_cookie};
use crate::http::body::Body;
use crate::http::error::ApiResult;

pub(super) async fn create_session(
    State(app): State<App>,
    Body(body): Body<SignIn>,
) -> ApiResult<impl IntoResponse> {
    let signed_in = app.domain.create_session(&body.token).await?;
    let cookie = session_cookie(&app, &signed_in.token);
    Ok((
        StatusCode::CREATED,
        [(SET_COOKIE, cookie)],
        Json(Session {
            user: user(signed_in.user),
        }),
    ))
}

pub(super) async fn get_session(
    State(app): State<App>,
    Asker(ctx): Asker,
) -> ApiResult<Json<Session>> {
    let found = app.domain.get_user(&ctx).await?;
    Ok(Json(Session { user: user(found) }))
}

pub(super) async fn delete_session(
    State(app): State<App>,
    Asker(ctx): Asker,
    Token(token): Token,
) -> ApiResult<impl IntoResponse> {
    if let Some(token) = token {
        app.domain.delete_session(&ctx, token.expose()).await?;
    }
    Ok((
        StatusCode::NO_CONTENT,
        [(SET_COOKIE, no_session_cookie(&app))],
    ))
}

fn user(row: UserRow) -> User {
    User {
        id: row.id.into(),
        name: row.name,
    }
}
