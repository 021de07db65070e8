//! Checks of proposals and comments on them.

use atelier_api::proposal::Proposal;
use atelier_api::review::{
    CheckProposal, CheckState, CheckedCommand, Comment, Comments, CreateComment, LineSide, Verdict,
    VerdictState,
};
use atelier_base::{CommentId, ProposalId};
use atelier_domain::proposal as domain;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;

use crate::app::App;
use crate::http::asker::Asker;
use crate::http::body::{Body, Id, MaybeBody};
use crate::http::error::ApiResult;
use crate::routes::proposal::{hunk_ids, shown};

pub(super) async fn check_proposal(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<ProposalId>,
    MaybeBody(body): MaybeBody<CheckProposal>,
) -> ApiResult<(StatusCode, Json<Proposal>)> {
    let hunks = hunk_ids(body.hunks);
    let found = app.domain.check_proposal(&ctx, id, hunks).await?;
    Ok((StatusCode::ACCEPTED, Json(shown(found)?)))
}

pub(super) async fn cancel_check(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<ProposalId>,
) -> ApiResult<Json<Proposal>> {
    let found = app.domain.cancel_check(&ctx, id).await?;
    Ok(Json(shown(found)?))
}

pub(super) async fn list_comments(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<ProposalId>,
) -> ApiResult<Json<Comments>> {
    let found = app.domain.list_comments(&ctx, id).await?;
    Ok(Json(Comments {
        items: found.into_iter().map(comment).collect(),
    }))
}

pub(super) async fn create_comment(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<ProposalId>,
    Body(body): Body<CreateComment>,
) -> ApiResult<impl IntoResponse> {
    let side = body.side.map(|side| match side {
        LineSide::Old => domain::LineSide::Old,
        LineSide::New => domain::LineSide::New,
    });
    let new = domain::NewComment {
        hunk: body.hunk_id.map(Into::into),
        lines: side.zip(body.line).map(|(side, first)| domain::Lines {
            side,
            first,
            count: body.line_count.unwrap_or(1),
        }),
        body: body.body,
    };
    let made = app.domain.create_comment(&ctx, id, new).await?;
    Ok((StatusCode::CREATED, Json(comment(made))))
}

pub(super) async fn delete_comment(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<CommentId>,
) -> ApiResult<StatusCode> {
    app.domain.delete_comment(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn comment(found: domain::Comment) -> Comment {
    let row = found.row;
    Comment {
        outdated: found.is_outdated,
        id: row.id.into(),
        proposal_id: row.proposal_id.into(),
        user_id: row.user_id.into(),
        hunk_id: row.hunk_id.map(Into::into),
        side: row.side.map(|side| match side {
            domain::LineSide::Old => LineSide::Old,
            domain::LineSide::New => LineSide::New,
        }),
        line: row.line,
        line_count: row.line.map(|_| row.line_count.unwrap_or(1)),
        body: row.body,
        created_at: row.created_at.to_string(),
    }
}

pub(super) fn verdict(found: domain::Verdict) -> Verdict {
    let row = found.row;
    Verdict {
        id: row.id.into(),
        state: match row.state {
            domain::VerdictState::Running => VerdictState::Running,
            domain::VerdictState::Passed => VerdictState::Passed,
            domain::VerdictState::Failed => VerdictState::Failed,
            domain::VerdictState::Cancelled => VerdictState::Cancelled,
            domain::VerdictState::Interrupted => VerdictState::Interrupted,
        },
        hunks: found.hunks.into_iter().map(Into::into).collect(),
        base_hash: row.base_hash.to_string(),
        tree_hash: row.tree_hash.to_string(),
        stale: found.is_stale,
        commands: found.commands.into_iter().map(command).collect(),
        reason: row.reason,
        created_at: row.created_at.to_string(),
        finished_at: row.finished_at.map(|at| at.to_string()),
    }
}

fn command(found: domain::CheckedCommand) -> CheckedCommand {
    CheckedCommand {
        name: found.name,
        argv: found.argv,
        state: match found.state {
            domain::CheckState::Waiting => CheckState::Waiting,
            domain::CheckState::Running => CheckState::Running,
            domain::CheckState::Passed => CheckState::Passed,
            domain::CheckState::Failed => CheckState::Failed,
            domain::CheckState::Cancelled => CheckState::Cancelled,
            domain::CheckState::Skipped => CheckState::Skipped,
        },
        outcome: found.outcome,
        exit_code: found.exit_code,
        wall_ms: found.wall_ms,
        output: found.output,
    }
}
