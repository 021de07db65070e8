//! Workspaces.

use std::convert::Infallible;
use std::path::PathBuf;

use atelier_api::workspace::{
    CheckCommand, CreateProgress, CreateWorkspace, DestructiveLimits, ListWorkspaces, RequestRules,
    SecretsRule, Source, Template, Templates, UpdateSettings, UpdateWorkspace, Workspace,
    WorkspaceSettings,
};
use atelier_api::{Code, Page, event::After};
use atelier_base::{WorkspaceId, limit};
use atelier_domain::template::TEMPLATES;
use atelier_domain::workspace::{
    CheckCommand as Check, ImportProgress, RequestSettings, SettingsChange, Source as From_,
    ThresholdChange, WorkspaceChange, WorkspaceSettings as Settings,
};
use atelier_domain::{Ctx, EgressMode, WorkspaceRow};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{
    DefaultBodyLimit, FromRequest as _, Multipart, Request, State, WebSocketUpgrade,
};
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::Event;
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{self, Stream};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::DropGuard;

use crate::app::App;
use crate::http::asker::{Asker, Token};
use crate::http::body::{Body, Id, Query, media_type};
use crate::http::error::{ApiError, ApiResult};
use crate::http::live;
use crate::http::request::Passing;
use crate::routes::file::wanted;
use crate::routes::run::{limits, shown_limits};

pub(super) async fn list_templates(_: Asker) -> Json<Templates> {
    let items = TEMPLATES.iter().map(|template| Template {
        id: template.id.to_owned(),
        name: template.name.to_owned(),
        description: template.description.to_owned(),
    });
    Json(Templates {
        items: items.collect(),
    })
}

pub(super) async fn list_workspaces(
    State(app): State<App>,
    Asker(ctx): Asker,
    Query(query): Query<ListWorkspaces>,
) -> ApiResult<Json<Page<Workspace>>> {
    let page = wanted(query.cursor, query.limit)?;
    let found = app
        .domain
        .list_workspaces(&ctx, query.archived.unwrap_or(false), &page)
        .await?;
    let items = found.items.into_iter().map(shown);
    Ok(Json(Page {
        items: items.collect::<ApiResult<_>>()?,
        next_cursor: found.next_cursor,
    }))
}

pub(super) async fn get_workspace(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<WorkspaceId>,
) -> ApiResult<Json<Workspace>> {
    Ok(Json(shown(app.domain.get_workspace(&ctx, id).await?)?))
}

pub(super) async fn update_workspace(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<WorkspaceId>,
    Body(body): Body<UpdateWorkspace>,
) -> ApiResult<Json<Workspace>> {
    let change = WorkspaceChange {
        name: body.name,
        default_model: body.default_model,
        archived: body.archived,
        settings: body.settings.map(settings_change),
    };
    let row = app.domain.update_workspace(&ctx, id, change).await?;
    Ok(Json(shown(row)?))
}

pub(super) async fn delete_workspace(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<WorkspaceId>,
) -> ApiResult<StatusCode> {
    let change = WorkspaceChange {
        archived: Some(true),
        ..WorkspaceChange::default()
    };
    app.domain.update_workspace(&ctx, id, change).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn watch_workspace(
    State(app): State<App>,
    Asker(ctx): Asker,
    token: Token,
    Id(id): Id<WorkspaceId>,
    Query(after): Query<After>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> ApiResult<Response> {
    let after = after.after.map(|after| u64::try_from(after).unwrap_or(0));
    let subscription = app.domain.watch_workspace(&ctx, id, after).await?;
    let upgrade =
        upgrade.map_err(|_| ApiError::new(Code::Invalid, "Open this address as a WebSocket."))?;
    Ok(upgrade
        .max_message_size(1024)
        .on_upgrade(async move |socket| live::socket(socket, subscription, &app, &token).await))
}

/// What a request to make a workspace carries.
struct Wanted {
    name: String,
    source: From_,
    /// Deletes the upload when the import is done.
    upload: Option<Upload>,
}

struct Upload(PathBuf);

impl Drop for Upload {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            tracing::warn!(%error, "an upload could not be deleted");
        }
    }
}

pub(super) async fn create_workspace(
    State(app): State<App>,
    Asker(ctx): Asker,
    passing: Passing,
    request: Request,
) -> ApiResult<Response> {
    let streams = accepts_events(request.headers());
    let wanted = read(&app, request).await?;
    if streams {
        return Ok(live::respond(create_streaming(app, ctx, passing, wanted)));
    }
    let (progress, _) = watch::channel(ImportProgress::default());
    let row = app
        .domain
        .create_workspace(&ctx, &wanted.name, wanted.source, progress)
        .await?;
    drop(wanted.upload);
    Ok((StatusCode::CREATED, Json(shown(row)?)).into_response())
}

async fn read(app: &App, request: Request) -> ApiResult<Wanted> {
    match media_type(request.headers()) {
        "application/json" => {
            let mut request = request;
            DefaultBodyLimit::max(limit::JSON_BODY_BYTES).apply(&mut request);
            let Body(body) = Body::<CreateWorkspace>::from_request(request, app).await?;
            let source = match body.source {
                Source::Empty => From_::Empty,
                Source::Template { template } => From_::Template(template),
                Source::Folder { path } => From_::Folder(PathBuf::from(path)),
                Source::Git { url } => From_::Git(url),
            };
            Ok(Wanted {
                name: body.name,
                source,
                upload: None,
            })
        }
        "multipart/form-data" => read_archive(app, request).await,
        _ => Err(ApiError::new(
            Code::UnsupportedMediaType,
            "Send `application/json`, or `multipart/form-data` with `name` and `archive`.",
        )),
    }
}

/// Reads the form into a file, as it comes and no more than is allowed.
async fn read_archive(app: &App, request: Request) -> ApiResult<Wanted> {
    let broken = |_| {
        ApiError::new(
            Code::Invalid,
            "The form could not be read; send `name` and `archive`.",
        )
    };
    let mut form = Multipart::from_request(request, app)
        .await
        .map_err(|_| ApiError::new(Code::Invalid, "The form has no boundary."))?;
    let (mut name, mut upload) = (None, None);
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        match field.name() {
            Some("name") => name = Some(read_name(&mut field).await?),
            Some("archive") => upload = Some(read_file(app, &mut field).await?),
            other => {
                let field = other.unwrap_or_default().to_owned();
                return Err(
                    ApiError::new(Code::Invalid, format!("unknown field `{field}`")).field(&field),
                );
            }
        }
    }
    let missing =
        |field: &str| ApiError::new(Code::Invalid, format!("missing field `{field}`")).field(field);
    let upload = upload.ok_or_else(|| missing("archive"))?;
    let name = name.ok_or_else(|| missing("name"))?;
    Ok(Wanted {
        name,
        source: From_::Zip(upload.0.clone()),
        upload: Some(upload),
    })
}

async fn read_name(field: &mut axum::extract::multipart::Field<'_>) -> ApiResult<String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = chunk(field).await? {
        bytes.extend(chunk);
        if bytes.len() > limit::NAME_CHARS * 4 {
            return Err(ApiError::new(Code::Invalid, "The name is too long.").field("name"));
        }
    }
    String::from_utf8(bytes)
        .map_err(|_| ApiError::new(Code::Invalid, "The name is not UTF-8.").field("name"))
}

async fn read_file(
    app: &App,
    field: &mut axum::extract::multipart::Field<'_>,
) -> ApiResult<Upload> {
    let most = app.domain.import_limit_bytes();
    let failed = |error: std::io::Error| {
        tracing::error!(%error, "an upload could not be stored");
        ApiError::new(
            Code::Unavailable,
            "The upload could not be stored; is the disk full?",
        )
    };
    let path = app.domain.new_upload_path();
    let mut file = tokio::fs::File::create_new(&path).await.map_err(failed)?;
    let upload = Upload(path);
    let mut size = 0;
    while let Some(chunk) = chunk(field).await? {
        size += chunk.len() as u64;
        if size > most {
            return Err(ApiError::new(
                Code::TooLarge,
                format!("The archive is larger than {most} bytes."),
            )
            .field("archive"));
        }
        file.write_all(&chunk).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)?;
    Ok(upload)
}

async fn chunk(field: &mut axum::extract::multipart::Field<'_>) -> ApiResult<Option<Bytes>> {
    field
        .chunk()
        .await
        .map_err(|_| ApiError::new(Code::Cancelled, "The upload broke off."))
}

fn accepts_events(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/event-stream"))
}

/// Makes a workspace and tells how far it is. Closing the stream cancels it.
fn create_streaming(
    app: App,
    ctx: Ctx,
    passing: Passing,
    wanted: Wanted,
) -> impl Stream<Item = Result<Event, Infallible>> + Send {
    let cancel = app.domain.stopping().child_token();
    let ctx = Ctx {
        cancel: cancel.clone(),
        ..ctx
    };
    let (events, received) = mpsc::channel(1);
    let domain = app.domain.clone();
    domain.detach(async move {
        let (progress, mut changes) = watch::channel(ImportProgress::default());
        let work = app.domain.create_workspace(&ctx, &wanted.name, wanted.source, progress);
        tokio::pin!(work);
        let end = loop {
            tokio::select! {
                done = &mut work => break done,
                changed = changes.changed() => {
                    if changed.is_ok() {
                        let now = changes.borrow_and_update().clone();
                        // A client that is slow gets the newest state next.
                        let _ = events.try_send(CreateProgress::Progress { phase: now.phase, percent: now.percent });
                    }
                }
            }
        };
        drop(wanted.upload);
        let last = match end.map_err(ApiError::from).and_then(shown) {
            Ok(workspace) => CreateProgress::Created { workspace },
            Err(error) => CreateProgress::Failed { problem: error.into_problem(&passing) },
        };
        // The client may be gone; then nobody wants to know.
        let _ = events.send(last).await;
    });
    stream::unfold(
        (received, cancel.drop_guard()),
        |(mut received, guard): (mpsc::Receiver<CreateProgress>, DropGuard)| async move {
            let event = received.recv().await?;
            let data = serde_json::to_string(&event).unwrap_or_default();
            Some((Ok(Event::default().data(data)), (received, guard)))
        },
    )
}

fn shown(row: WorkspaceRow) -> ApiResult<Workspace> {
    let settings = Settings::of(&row)?;
    Ok(Workspace {
        id: row.id.into(),
        owner_id: row.owner_id.into(),
        name: row.name,
        default_model: row.default_model,
        created_at: row.created_at.to_string(),
        updated_at: row.updated_at.to_string(),
        archived_at: row.archived_at.map(|at| at.to_string()),
        settings: WorkspaceSettings {
            limits: shown_limits(settings.limits),
            locked_paths: settings.locked_paths,
            checks: settings
                .checks
                .into_iter()
                .map(|check| CheckCommand {
                    name: check.name,
                    argv: check.argv,
                })
                .collect(),
            destructive: DestructiveLimits {
                deleted_files: settings.destructive.deleted_files,
                lost_percent: settings.destructive.lost_percent,
                total_lines: settings.destructive.total_lines,
            },
            requests: shown_rules(settings.requests),
        },
    })
}

fn settings_change(change: UpdateSettings) -> SettingsChange {
    let checks = change.checks.map(|checks| {
        let command = |check: CheckCommand| Check {
            name: check.name,
            argv: check.argv,
        };
        checks.into_iter().map(command).collect()
    });
    SettingsChange {
        limits: change.limits.as_ref().map(limits),
        locked_paths: change.locked_paths,
        checks,
        destructive: change.destructive.map(|limits| ThresholdChange {
            deleted_files: limits.deleted_files,
            lost_percent: limits.lost_percent,
            total_lines: limits.total_lines,
        }),
        requests: change.requests.map(|rules| RequestSettings {
            secrets: match rules.secrets {
                SecretsRule::Replace => EgressMode::Replace,
                SecretsRule::Refuse => EgressMode::Refuse,
            },
            keep_days: rules.keep_days,
            keep_mb: rules.keep_mb,
        }),
    }
}

fn shown_rules(settings: RequestSettings) -> RequestRules {
    RequestRules {
        secrets: match settings.secrets {
            EgressMode::Replace => SecretsRule::Replace,
            EgressMode::Refuse => SecretsRule::Refuse,
        },
        keep_days: settings.keep_days,
        keep_mb: settings.keep_mb,
    }
}
