//! Runs.

use std::time::Duration;

use atelier_api::event::After;
use atelier_api::run::{Execute, GetRun, Outcome, Run, RunStatus};
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
use crate::routes::file::{page_of, signed, wanted};

/// The longest a request waits for a run's end.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

pub(super) async fn execute(
    State(app): State<App>,
    Asker(ctx): Asker,
    Body(body): Body<Execute>,
) -> ApiResult<impl IntoResponse> {
    let row = app.domain.execute(&ctx, new_run(body)?).await?;
    Ok((StatusCode::ACCEPTED, Json(shown(row))))
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
        ..shown(found.run)
    }))
}

pub(super) async fn list_runs(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<WorkspaceId>,
    Query(query): Query<PageQuery>,
) -> ApiResult<Json<Page<Run>>> {
    let page = wanted(query.cursor, query.limit)?;
    Ok(page_of(app.domain.list_runs(&ctx, id, &page).await?, shown))
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
    Ok(Json(shown(app.domain.cancel_run(&ctx, id).await?)))
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
    let limits = body.limits.unwrap_or_default();
    Ok(NewRun {
        workspace: body.workspace_id.into(),
        program,
        stdin: body.stdin.unwrap_or_default(),
        env: body.env.into_iter().collect(),
        limits: LimitChange {
            timeout_ms: limits.timeout_ms,
            memory_bytes: limits.memory_bytes,
            pids: limits.pids,
            output_bytes: limits.output_bytes,
        },
    })
}

fn shown(row: domain::RunRow) -> Run {
    Run {
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
    }
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
