//! Runs.

use std::time::Duration;

use atelier_api::event::After;
use atelier_api::run::{
    Execute, GetRun, LanguageRuntime, Outcome, Run, RunLimits, RunStatus, Runtimes,
};
use atelier_api::{Code, Page, PageQuery};
use atelier_base::{RunId, WorkspaceId, WorkspacePath};
use atelier_domain as domain;
use atelier_domain::run::{LimitChange, NewRun, Program};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::http::asker::Asker;
use crate::http::body::{Body, Id, Query};
use crate::http::error::{ApiError, ApiResult};
use crate::http::live;
use crate::routes::file::{signed, wanted};

/// The longest a request waits for a run's end.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

pub(super) async fn execute(
    State(app): State<App>,
    Asker(ctx): Asker,
    Body(body): Body<Execute>,
) -> ApiResult<impl IntoResponse> {
    let row = app.domain.execute(&ctx, new_run(body)?).await?;
    Ok((StatusCode::ACCEPTED, Json(shown(&app, row)?)))
}

pub(super) async fn get_run(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<RunId>,
    Query(query): Query<GetRun>,
) -> ApiResult<Json<Run>> {
    let wait = Duration::from_millis(query.wait.unwrap_or(0).into()).min(LONGEST_WAIT);
    let found = app.domain.get_run(&ctx, id, wait).await?;
    Ok(Json(Run {
        stdout: Some(found.stdout),
        stderr: Some(found.stderr),
        ..shown(&app, found.run)?
    }))
}

pub(super) async fn list_runs(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<WorkspaceId>,
    Query(query): Query<PageQuery>,
) -> ApiResult<Json<Page<Run>>> {
    let page = wanted(query.cursor, query.limit)?;
    let found = app.domain.list_runs(&ctx, id, &page).await?;
    let items = found.items.into_iter().map(|row| shown(&app, row));
    Ok(Json(Page {
        items: items.collect::<ApiResult<_>>()?,
        next_cursor: found.next_cursor,
    }))
}

pub(super) async fn watch_run(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<RunId>,
    Query(after): Query<After>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let subscription = app
        .domain
        .watch_run(&ctx, id, live::resume(after.after, &headers))
        .await?;
    Ok(live::events(subscription, app.domain.stopping().clone()))
}

pub(super) async fn cancel_run(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<RunId>,
) -> ApiResult<Json<Run>> {
    let row = app.domain.cancel_run(&ctx, id).await?;
    Ok(Json(shown(&app, row)?))
}

pub(super) async fn list_runtimes(
    State(app): State<App>,
    Asker(ctx): Asker,
) -> ApiResult<Json<Runtimes>> {
    let found = app.domain.list_runtimes(&ctx).await?;
    let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    let items = found.into_iter().map(|runtime| LanguageRuntime {
        language: runtime.language.as_str().to_owned(),
        version: runtime.version,
        aliases: owned(runtime.language.aliases()),
        extensions: owned(runtime.language.extensions()),
        compiled: runtime.language.is_compiled(),
    });
    Ok(Json(Runtimes {
        items: items.collect(),
    }))
}

fn new_run(body: Execute) -> ApiResult<NewRun> {
    let language = body.language;
    let program = match (body.command, body.argv, body.path, body.code) {
        (Some(command), None, None, None) => Program::Command(command),
        (None, Some(argv), None, None) => Program::Argv(argv),
        (None, None, Some(path), None) => {
            Program::File(WorkspacePath::new(&path).map_err(domain::Error::from)?)
        }
        (None, None, None, Some(code)) => {
            let language = language.clone().ok_or_else(|| {
                ApiError::new(Code::Invalid, "Say which language `code` is in.").field("language")
            })?;
            Program::Code { language, code }
        }
        _ => {
            return Err(ApiError::new(
                Code::Invalid,
                "Send exactly one of `command`, `argv`, `path` and `code`.",
            ));
        }
    };
    if language.is_some() && !matches!(program, Program::Code { .. }) {
        return Err(
            ApiError::new(Code::Invalid, "`language` goes with `code` only.").field("language"),
        );
    }
    Ok(NewRun {
        workspace: body.workspace_id.into(),
        draft: body.draft_id.map(Into::into),
        program,
        stdin: body.stdin.unwrap_or_default(),
        env: body.env.into_iter().collect(),
        limits: limits(&body.limits.unwrap_or_default()),
    })
}

/// Reads limits.
pub(super) fn limits(wanted: &RunLimits) -> LimitChange {
    LimitChange {
        timeout_ms: wanted.timeout_ms,
        memory_bytes: wanted.memory_bytes,
        cpu_percent: wanted.cpu_percent,
        pids: wanted.pids,
        output_bytes: wanted.output_bytes,
        disk_bytes: wanted.disk_bytes,
    }
}

/// Writes limits.
pub(super) fn shown_limits(set: LimitChange) -> RunLimits {
    RunLimits {
        timeout_ms: set.timeout_ms,
        memory_bytes: set.memory_bytes,
        cpu_percent: set.cpu_percent,
        pids: set.pids,
        output_bytes: set.output_bytes,
        disk_bytes: set.disk_bytes,
    }
}

fn shown(app: &App, row: domain::RunRow) -> ApiResult<Run> {
    let position = app.domain.queue_position(&row);
    // They are stored in the form that is sent.
    let stages = serde_json::from_str(&row.stages).map_err(|error| {
        domain::Error::Internal(format!("a run's stages can't be read: {error}"))
    })?;
    Ok(Run {
        id: row.id.into(),
        workspace_id: row.workspace_id.into(),
        command: row.command,
        status: match row.status {
            domain::RunStatus::Queued => RunStatus::Queued,
            domain::RunStatus::Running => RunStatus::Running,
            domain::RunStatus::Finished => RunStatus::Finished,
        },
        outcome: row.outcome.map(outcome),
        exit_code: row.exit_code,
        signal: row.signal,
        reason: row.reason,
        wall_ms: row.wall_ms.map(signed),
        cpu_ms: row.cpu_ms.map(signed),
        peak_memory_bytes: row.peak_memory_bytes.map(signed),
        stdout_bytes: signed(row.stdout_bytes),
        stderr_bytes: signed(row.stderr_bytes),
        stdout: None,
        stderr: None,
        created_at: row.created_at.to_string(),
        started_at: row.started_at.map(|at| at.to_string()),
        finished_at: row.finished_at.map(|at| at.to_string()),
        stages,
        queue_position: position.map(|place| u32::try_from(place).unwrap_or(u32::MAX)),
    })
}

fn outcome(outcome: domain::RunOutcome) -> Outcome {
    use domain::RunOutcome as From_;
    match outcome {
        From_::Ok => Outcome::Ok,
        From_::Exit => Outcome::Exit,
        From_::Signal => Outcome::Signal,
        From_::Timeout => Outcome::Timeout,
        From_::Memory => Outcome::Memory,
        From_::Pids => Outcome::Pids,
        From_::Output => Outcome::Output,
        From_::Disk => Outcome::Disk,
        From_::Cancelled => Outcome::Cancelled,
        From_::Interrupted => Outcome::Interrupted,
        From_::Refused => Outcome::Refused,
    }
}
