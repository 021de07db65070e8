//! Drafts.

use atelier_api::draft::{
    CreateDraft, Draft, DraftBase, DraftChange, DraftChangeKind, DraftDetail, DraftReads,
    DraftState, Drafts, ProposalDraft, ProposeDraft,
};
use atelier_api::proposal::Proposal;
use atelier_base::{DraftId, WorkspaceId};
use atelier_domain as domain;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;

use crate::app::App;
use crate::http::asker::Asker;
use crate::http::body::{Body, Id};
use crate::http::error::ApiResult;
use crate::routes::file::signed;
use crate::routes::proposal;

pub(super) async fn create_draft(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<WorkspaceId>,
    Body(body): Body<CreateDraft>,
) -> ApiResult<impl IntoResponse> {
    let row = app.domain.create_draft(&ctx, id, body.share_caches).await?;
    Ok((StatusCode::CREATED, Json(shown(row))))
}

pub(super) async fn list_drafts(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<WorkspaceId>,
) -> ApiResult<Json<Drafts>> {
    let rows = app.domain.list_drafts(&ctx, id).await?;
    Ok(Json(Drafts {
        items: rows.into_iter().map(shown).collect(),
    }))
}

pub(super) async fn get_draft(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<DraftId>,
) -> ApiResult<Json<DraftDetail>> {
    let found = app.domain.get_draft(&ctx, id).await?;
    let stood_on = found.stood_on.into_iter().map(|base| DraftBase {
        path: base.path.to_string(),
        hash: base.hash.to_string(),
        changed: base.changed,
    });
    Ok(Json(DraftDetail {
        draft: shown(found.row),
        changes: found.changes.into_iter().map(change).collect(),
        stood_on: stood_on.collect(),
        reads: reads(found.reads_unknown.as_deref()),
        reads_reason: found.reads_unknown,
        stale: found.stale.iter().map(ToString::to_string).collect(),
    }))
}

pub(super) async fn delete_draft(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<DraftId>,
) -> ApiResult<StatusCode> {
    app.domain.delete_draft(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn propose_draft(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<DraftId>,
    Body(body): Body<ProposeDraft>,
) -> ApiResult<impl IntoResponse> {
    let made = app
        .domain
        .create_draft_proposal(&ctx, id, body.title)
        .await?;
    let made: Proposal = proposal::shown(made)?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Shows the draft that a proposal was made of.
pub(super) fn of_proposal(draft: domain::draft::ProposalDraft) -> ProposalDraft {
    ProposalDraft {
        id: draft.id.into(),
        reads: reads(draft.reads_unknown.as_deref()),
        reads_reason: draft.reads_unknown,
        stale: draft.stale.iter().map(ToString::to_string).collect(),
    }
}

fn reads(unknown: Option<&str>) -> DraftReads {
    match unknown {
        Some(_) => DraftReads::All,
        None => DraftReads::Observed,
    }
}

fn shown(row: domain::DraftRow) -> Draft {
    Draft {
        id: row.id.into(),
        workspace_id: row.workspace_id.into(),
        state: match row.state {
            domain::DraftState::Open => DraftState::Open,
            domain::DraftState::Discarded => DraftState::Discarded,
            domain::DraftState::Proposed => DraftState::Proposed,
        },
        share_caches: row.share_caches,
        proposal_id: row.proposal_id.map(Into::into),
        created_at: row.created_at.to_string(),
        created_by: row.created_by.into(),
    }
}

fn change(change: domain::draft::DraftChange) -> DraftChange {
    use domain::draft::DraftChangeKind as From_;
    DraftChange {
        path: change.path.to_string(),
        kind: match change.kind {
            From_::Create => DraftChangeKind::Create,
            From_::Modify => DraftChangeKind::Modify,
            From_::Delete => DraftChangeKind::Delete,
            From_::Mode => DraftChangeKind::Mode,
            From_::Link => DraftChangeKind::Link,
            From_::Rename => DraftChangeKind::Rename,
        },
        from: change.from.map(|path| path.to_string()),
        size: change.size.map(signed),
        executable: change.executable,
        old_hash: change.old_hash.map(|hash| hash.to_string()),
        new_hash: change.new_hash.map(|hash| hash.to_string()),
    }
}
