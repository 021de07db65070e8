//! Terminals.

use atelier_api::Code;
use atelier_api::terminal::{
    CreateTerminal, TakeUp, Terminal, TerminalState, Terminals, UpdateTerminal,
};
use atelier_base::{TerminalId, WorkspaceId, WorkspacePath};
use atelier_domain as domain;
use atelier_domain::terminal::{NewTerminal, ScreenSize, TerminalView};
use axum::Json;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{State, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::http::asker::{Asker, Token};
use crate::http::body::{Body, Id, Query};
use crate::http::error::{ApiError, ApiResult};
use crate::http::screen;

pub(super) async fn list_terminals(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<WorkspaceId>,
) -> ApiResult<Json<Terminals>> {
    let found = app.domain.list_terminals(&ctx, id).await?;
    Ok(Json(Terminals {
        items: found.into_iter().map(shown).collect(),
    }))
}

pub(super) async fn create_terminal(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<WorkspaceId>,
    Body(body): Body<CreateTerminal>,
) -> ApiResult<impl IntoResponse> {
    let usual = ScreenSize::default();
    let cwd = body.cwd.as_deref().map(WorkspacePath::new).transpose();
    let new = NewTerminal {
        workspace: id,
        argv: body.argv.unwrap_or_default(),
        cwd: cwd.map_err(|error| ApiError::from(domain::Error::from(error)).field("cwd"))?,
        size: ScreenSize {
            columns: body.columns.unwrap_or(usual.columns),
            rows: body.rows.unwrap_or(usual.rows),
        },
    };
    let made = app.domain.create_terminal(&ctx, new).await?;
    Ok((StatusCode::CREATED, Json(shown(made))))
}

pub(super) async fn update_terminal(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<TerminalId>,
    Body(body): Body<UpdateTerminal>,
) -> ApiResult<Json<Terminal>> {
    let title = body.title.as_deref();
    Ok(Json(shown(
        app.domain.update_terminal(&ctx, id, title).await?,
    )))
}

pub(super) async fn delete_terminal(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<TerminalId>,
) -> ApiResult<StatusCode> {
    app.domain.delete_terminal(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn attach_terminal(
    State(app): State<App>,
    Asker(ctx): Asker,
    token: Token,
    Id(id): Id<TerminalId>,
    Query(query): Query<TakeUp>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> ApiResult<Response> {
    let attachment = app.domain.attach_terminal(&ctx, id, query.after).await?;
    let upgrade =
        upgrade.map_err(|_| ApiError::new(Code::Invalid, "Open this address as a WebSocket."))?;
    Ok(upgrade
        .max_message_size(screen::MESSAGE_BYTES)
        .max_frame_size(screen::MESSAGE_BYTES)
        .on_upgrade(async move |socket| screen::show(socket, attachment, &app, &token).await))
}

fn shown(view: TerminalView) -> Terminal {
    let (end, ended_at) = view.end.unzip();
    let state = match end {
        None => TerminalState::Running,
        Some(_) => TerminalState::Ended,
    };
    let end = end.unwrap_or_default();
    Terminal {
        id: view.id.into(),
        workspace_id: view.workspace.into(),
        title: view.title,
        columns: view.size.columns,
        rows: view.size.rows,
        state,
        exit_code: end.exit_code,
        signal: end.signal,
        reason: end.reason,
        created_at: view.created_at.to_string(),
        ended_at: ended_at.map(|at| at.to_string()),
    }
}
