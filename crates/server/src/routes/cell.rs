//! A workspace's cell, its previews, and what it may reach.

use std::str::FromStr;

use atelier_api::Code;
use atelier_api::cell::{
    Cell, CellPort, CellProcess, CellStatus, CreateGrant, Denial, Denials, Grant, GrantAction,
    Grants, PreviewLink,
};
use atelier_base::{GrantId, Timestamp, WorkspaceId};
use atelier_domain::preview::Place;
use atelier_domain::{GrantRow, cell, network};
use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::IntoResponse;

use crate::app::App;
use crate::http::asker::{Asker, Token};
use crate::http::body::{Body, Id};
use crate::http::error::{ApiError, ApiResult};
use crate::preview::host_of;

/// The host that the application was asked at.
#[derive(Debug)]
pub(super) struct AskedHost(String);

impl FromRequestParts<App> for AskedHost {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        Ok(Self(host_of(&parts.headers, &parts.uri).to_owned()))
    }
}

/// A port of a workspace, from the path. What is none names nothing.
#[derive(Debug)]
pub(super) struct PortOf(Place);

impl FromRequestParts<App> for PortOf {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let missing = || ApiError::new(Code::NotFound, "There is no such port.");
        let Path((workspace, port)) = Path::<(String, String)>::from_request_parts(parts, app)
            .await
            .map_err(|_| missing())?;
        let workspace = WorkspaceId::from_str(&workspace).map_err(|_| missing())?;
        let port = port.parse().ok().filter(|port| *port > 0);
        Ok(Self(Place {
            workspace,
            port: port.ok_or_else(missing)?,
        }))
    }
}

pub(super) async fn get_cell(
    State(app): State<App>,
    Asker(ctx): Asker,
    AskedHost(host): AskedHost,
    Id(id): Id<WorkspaceId>,
) -> ApiResult<Json<Cell>> {
    let found = app.domain.get_cell(&ctx, id).await?;
    let weaker = found.weaker;
    let Some(state) = found.state else {
        return Ok(Json(Cell {
            state: CellStatus::Stopped,
            age_ms: None,
            memory_bytes: None,
            cpu_ms: None,
            processes: Vec::new(),
            ports: Vec::new(),
            weaker,
        }));
    };
    let port = |port: cell::ListeningPort| CellPort {
        url: app.previews.origin_of(
            Place {
                workspace: id,
                port: port.port,
            },
            &host,
        ),
        port: port.port,
        program: port.program,
    };
    Ok(Json(Cell {
        state: CellStatus::Running,
        age_ms: Some(millis(state.age)),
        memory_bytes: Some(state.memory_bytes),
        cpu_ms: state.cpu.map(millis),
        processes: state.processes.into_iter().map(process).collect(),
        ports: state.ports.into_iter().map(port).collect(),
        weaker,
    }))
}

pub(super) async fn stop_cell(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<WorkspaceId>,
) -> ApiResult<StatusCode> {
    app.domain.stop_cell(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn open_preview(
    State(app): State<App>,
    Asker(ctx): Asker,
    Token(token): Token,
    AskedHost(host): AskedHost,
    PortOf(place): PortOf,
) -> ApiResult<Json<PreviewLink>> {
    let session = token.ok_or(atelier_domain::Error::Unauthenticated)?;
    let ticket = app
        .domain
        .open_preview(&ctx, session.expose(), place)
        .await?;
    let origin = app.previews.origin_of(place, &host).ok_or_else(|| {
        ApiError::new(
            Code::Unavailable,
            format!("Previews can't be reached by somebody who opened Atelier at `{host}`."),
        )
        .hint(Some(
            "Open Atelier at `localhost`, or give previews a domain of their own with `preview.domain`.",
        ))
    })?;
    Ok(Json(PreviewLink {
        url: format!("{origin}/.atelier/enter?token={}", ticket.expose()),
    }))
}

pub(super) async fn list_grants(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<WorkspaceId>,
) -> ApiResult<Json<Grants>> {
    let found = app.domain.list_grants(&ctx, id).await?;
    Ok(Json(Grants {
        items: found.into_iter().map(grant).collect(),
    }))
}

pub(super) async fn create_grant(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<WorkspaceId>,
    Body(body): Body<CreateGrant>,
) -> ApiResult<impl IntoResponse> {
    let GrantAction::Network = body.action;
    let until = body
        .until
        .map(|until| Timestamp::parse(&until))
        .transpose()
        .map_err(|text| {
            let text: String = text.escape_debug().take(100).collect();
            let detail = format!("`{text}` is not a time such as `2027-01-31T12:00:00Z`.");
            ApiError::new(Code::Invalid, detail).field("until")
        })?;
    let made = app
        .domain
        .create_grant(&ctx, id, &body.resource, until)
        .await?;
    Ok((StatusCode::CREATED, Json(grant(made))))
}

pub(super) async fn delete_grant(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<GrantId>,
) -> ApiResult<StatusCode> {
    app.domain.delete_grant(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn list_denials(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<WorkspaceId>,
) -> ApiResult<Json<Denials>> {
    let found = app.domain.list_denials(&ctx, id).await?;
    Ok(Json(Denials {
        items: found.into_iter().map(denial).collect(),
    }))
}

fn process(found: cell::CellProcess) -> CellProcess {
    CellProcess {
        pid: found.pid,
        command: found.command,
        memory_bytes: found.memory_bytes,
    }
}

fn grant(row: GrantRow) -> Grant {
    Grant {
        id: row.id.into(),
        action: GrantAction::Network,
        resource: row.resource,
        created_by: row.created_by.into(),
        created_at: row.created_at.to_string(),
        until: row.expires_at.map(|until| until.to_string()),
    }
}

fn denial(found: network::Denial) -> Denial {
    Denial {
        resource: found.resource(),
        host: found.host.to_string(),
        port: found.port,
        count: found.count,
        last_at: found.last_at.to_string(),
    }
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
