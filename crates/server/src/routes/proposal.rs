//! Proposals and their review.

use atelier_api::proposal::{
    Accept, ApplyDiff, ApplyProposal, Change, Freshness, Hunk, HunkKind, HunkState, ListProposals,
    PatchFormat, Proposal, ProposalFile, ProposalState, ProposalSummary, UndoProposal, Warning,
};
use atelier_api::{Code, Page};
use atelier_base::{HunkId, ProposalId, WorkspaceId, WorkspacePath};
use atelier_domain as domain;
use atelier_domain::proposal::{Choice, NewProposal, Resolution};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;

use crate::app::App;
use crate::http::asker::Asker;
use crate::http::body::{Body, Id, MaybeBody, Query};
use crate::http::error::{ApiError, ApiResult};
use crate::routes::draft;
use crate::routes::file::{page_of, wanted};
use crate::routes::review::verdict;

pub(super) async fn apply_diff(
    State(app): State<App>,
    Asker(ctx): Asker,
    Body(body): Body<ApplyDiff>,
) -> ApiResult<impl IntoResponse> {
    let new = NewProposal {
        workspace: body.workspace_id.into(),
        patch: body.patch,
        format: body.format.map_or(domain::Format::Auto, format_from),
        path: body.path,
        title: body.title,
        confirm: body.confirm,
        accept: body.accept.map(|accept| match accept {
            Accept::All(_) => domain::proposal::Accept::All,
            Accept::Hunks(numbers) => domain::proposal::Accept::Numbers(numbers),
        }),
    };
    let made = app.domain.create_proposal(&ctx, new).await?;
    Ok((StatusCode::CREATED, Json(shown(made)?)))
}

pub(super) async fn list_proposals(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<WorkspaceId>,
    Query(query): Query<ListProposals>,
) -> ApiResult<Json<Page<ProposalSummary>>> {
    let page = wanted(query.cursor, query.limit)?;
    let found = app
        .domain
        .list_proposals(&ctx, id, query.state.map(state_from), &page)
        .await?;
    Ok(page_of(found, summary))
}

pub(super) async fn get_proposal(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<ProposalId>,
) -> ApiResult<Json<Proposal>> {
    Ok(Json(shown(app.domain.get_proposal(&ctx, id).await?)?))
}

pub(super) async fn apply_proposal(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<ProposalId>,
    Body(body): Body<ApplyProposal>,
) -> ApiResult<Json<Proposal>> {
    let choice = Choice {
        hunks: hunk_ids(body.hunks),
        resolutions: resolutions(body.resolutions)?,
        confirm: body.confirm,
        transaction: body.transaction_id.map(Into::into),
    };
    let applied = app.domain.apply_proposal(&ctx, id, choice).await?;
    Ok(Json(shown(applied)?))
}

pub(super) async fn reject_proposal(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<ProposalId>,
) -> ApiResult<Json<Proposal>> {
    Ok(Json(shown(app.domain.reject_proposal(&ctx, id).await?)?))
}

pub(super) async fn undo_proposal(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<ProposalId>,
    MaybeBody(body): MaybeBody<UndoProposal>,
) -> ApiResult<Json<Proposal>> {
    let choice = Choice {
        hunks: hunk_ids(body.hunks),
        resolutions: resolutions(body.resolutions)?,
        confirm: None,
        transaction: body.transaction_id.map(Into::into),
    };
    let undone = app.domain.undo_proposal(&ctx, id, choice).await?;
    Ok(Json(shown(undone)?))
}

pub(super) fn hunk_ids(ids: Option<Vec<impl Into<HunkId>>>) -> Option<Vec<HunkId>> {
    ids.map(|ids| ids.into_iter().map(Into::into).collect())
}

fn resolutions(
    answers: Vec<atelier_api::proposal::Resolution>,
) -> Result<Vec<Resolution>, domain::Error> {
    let answer = |answer: atelier_api::proposal::Resolution| {
        Ok(Resolution {
            path: WorkspacePath::new(&answer.path)?,
            content: answer.content,
            version: answer.version_id.into(),
        })
    };
    answers.into_iter().map(answer).collect()
}

pub(super) fn shown(found: domain::proposal::Proposal) -> ApiResult<Proposal> {
    let files = found
        .files
        .into_iter()
        .map(file)
        .collect::<ApiResult<_>>()?;
    Ok(Proposal {
        summary: summary(found.summary),
        files,
        draft: found.draft.map(draft::of_proposal),
        warning: found.warning.map(warning),
        verdict: found.verdict.map(verdict),
    })
}

/// Shows what is lost, here and in the problem that asks for a confirmation.
pub(crate) fn warning(found: domain::proposal::Warning) -> Warning {
    Warning {
        reasons: found.reasons,
        word: found.word,
    }
}

fn summary(found: domain::proposal::ProposalSummary) -> ProposalSummary {
    let row = found.row;
    ProposalSummary {
        id: row.id.into(),
        workspace_id: row.workspace_id.into(),
        turn_id: row.turn_id.map(Into::into),
        title: row.title,
        format: format_of(&row.format),
        state: state(row.state),
        file_count: found.files,
        added: found.added,
        removed: found.removed,
        created_at: row.created_at.to_string(),
        decided_at: row.decided_at.map(|at| at.to_string()),
    }
}

fn file(found: domain::proposal::ProposalFile) -> ApiResult<ProposalFile> {
    let row = found.row;
    Ok(ProposalFile {
        change: match row.change {
            domain::proposal::Change::Create => Change::Create,
            domain::proposal::Change::Modify => Change::Modify,
            domain::proposal::Change::Delete => Change::Delete,
            domain::proposal::Change::Rename => Change::Rename,
            domain::proposal::Change::Copy => Change::Copy,
        },
        path: row.path.to_string(),
        from_path: row.from_path.map(|path| path.to_string()),
        base_version_id: row.base_version_id.map(Into::into),
        freshness: found.freshness.map(|freshness| match freshness {
            domain::proposal::Freshness::Current => Freshness::Current,
            domain::proposal::Freshness::Merges => Freshness::Merges,
            domain::proposal::Freshness::Conflicts => Freshness::Conflicts,
        }),
        before: found.before,
        after: found.after,
        binary: row.is_binary,
        encoding: row.encoding,
        before_bytes: found.before_bytes,
        after_bytes: found.after_bytes,
        executable_before: row.executable_before,
        executable: row.executable,
        locked: found.locked,
        hunks: found
            .hunks
            .into_iter()
            .map(hunk)
            .collect::<ApiResult<_>>()?,
    })
}

fn hunk(found: domain::proposal::ProposalHunk) -> ApiResult<Hunk> {
    let row = found.row;
    Ok(Hunk {
        id: row.id.into(),
        kind: match row.kind.as_str() {
            "text" => HunkKind::Text,
            "create" => HunkKind::Create,
            "delete" => HunkKind::Delete,
            "rename" => HunkKind::Rename,
            "copy" => HunkKind::Copy,
            "mode" => HunkKind::Mode,
            "binary" => HunkKind::Binary,
            _ => {
                return Err(ApiError::new(
                    Code::Internal,
                    "A stored hunk has an unknown kind.",
                ));
            }
        },
        old_start: row.old_start,
        old_lines: row.old_lines,
        new_start: row.new_start,
        new_lines: row.new_lines,
        label: row.label,
        state: match row.state {
            domain::proposal::HunkState::Open => HunkState::Open,
            domain::proposal::HunkState::Accepted => HunkState::Accepted,
            domain::proposal::HunkState::Rejected => HunkState::Rejected,
            domain::proposal::HunkState::Undone => HunkState::Undone,
        },
        merged: row.merged,
        needs: found.needs.into_iter().map(Into::into).collect(),
    })
}

fn state(state: domain::proposal::ProposalState) -> ProposalState {
    use domain::proposal::ProposalState as From_;
    match state {
        From_::Open => ProposalState::Open,
        From_::Superseded => ProposalState::Superseded,
        From_::PartlyApplied => ProposalState::PartlyApplied,
        From_::Applied => ProposalState::Applied,
        From_::Rejected => ProposalState::Rejected,
        From_::Undone => ProposalState::Undone,
    }
}

fn state_from(state: ProposalState) -> domain::proposal::ProposalState {
    use domain::proposal::ProposalState as To;
    match state {
        ProposalState::Open => To::Open,
        ProposalState::Superseded => To::Superseded,
        ProposalState::PartlyApplied => To::PartlyApplied,
        ProposalState::Applied => To::Applied,
        ProposalState::Rejected => To::Rejected,
        ProposalState::Undone => To::Undone,
    }
}

fn format_from(format: PatchFormat) -> domain::Format {
    match format {
        PatchFormat::Auto => domain::Format::Auto,
        PatchFormat::ApplyPatch => domain::Format::ApplyPatch,
        PatchFormat::SearchReplace => domain::Format::SearchReplace,
        PatchFormat::Unified => domain::Format::Unified,
        PatchFormat::Edits => domain::Format::Edits,
        PatchFormat::Whole => domain::Format::Whole,
    }
}

/// Reads the stored word; what is not known any more is `auto`.
fn format_of(word: &str) -> PatchFormat {
    match word {
        "apply_patch" => PatchFormat::ApplyPatch,
        "search_replace" => PatchFormat::SearchReplace,
        "unified" => PatchFormat::Unified,
        "edits" => PatchFormat::Edits,
        "whole" => PatchFormat::Whole,
        _ => PatchFormat::Auto,
    }
}
