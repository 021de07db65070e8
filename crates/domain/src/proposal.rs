//! Proposals: the only way from a patch to a workspace's files.
//!
//! [`making`](Domain::create_proposal) one writes nothing; applying one is a
//! single transaction of files and rows; undoing one is another, merged with
//! what was written since.

mod apply;
mod check;
mod comment;
mod conflict;
mod guard;
mod make;
mod shift;
mod show;
mod side;

use std::path::PathBuf;
use std::str::FromStr as _;

use atelier_base::{ContentHash, HunkId, ProposalId, VersionId, WorkspaceId};
use atelier_patch::{Hunk, HunkKind, MatchLabel};
use atelier_sandbox::cell::Site;
pub use atelier_store::{FileChange as Change, HunkState, ProposalState, VerdictState};
use atelier_store::{
    HunkState as State, Proposal as Stored, ProposalFileRow, ProposalHunkRow, ProposalRow,
    VerdictRow,
};

use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::draft::ProposalDraft;
use crate::error::{Error, Result};
use crate::event::WorkspaceEvent;

pub use apply::{Accept, Choice, Resolution};
pub use check::{CheckState, CheckedCommand, Verdict};
pub use comment::{Comment, CommentRow, LineSide, Lines, NewComment};
pub use guard::Warning;
pub use make::NewProposal;
pub(crate) use make::{Base, Origin, ReadyProposal, title_of};

/// A proposal in a list.
#[derive(Debug)]
pub struct ProposalSummary {
    /// The proposal.
    pub row: ProposalRow,
    /// How many files it changes.
    pub files: u32,
    /// Lines it adds.
    pub added: u32,
    /// Lines it removes.
    pub removed: u32,
}

/// A proposal, whole.
#[derive(Debug)]
pub struct Proposal {
    /// What lists show of it.
    pub summary: ProposalSummary,
    /// Its files, in the order of the patch.
    pub files: Vec<ProposalFile>,
    /// The draft that it was made of, while it is open.
    pub draft: Option<ProposalDraft>,
    /// What the hunks that are not applied destroy, and what confirms it.
    pub warning: Option<Warning>,
    /// The newest verdict of checks; `None` when it was not checked.
    pub verdict: Option<Verdict>,
}

/// One file of a proposal.
#[derive(Debug)]
pub struct ProposalFile {
    /// What happens to it.
    pub row: ProposalFileRow,
    /// How it stands to what the proposal was made on; `None` once decided.
    pub freshness: Option<Freshness>,
    /// The text before.
    pub before: Option<String>,
    /// The text after.
    pub after: Option<String>,
    /// The size of its content before, in bytes.
    pub before_bytes: Option<u64>,
    /// The size of its content after, in bytes.
    pub after_bytes: Option<u64>,
    /// The glob that locks it for assistants.
    pub locked: Option<String>,
    /// Its hunks.
    pub hunks: Vec<ProposalHunk>,
}

/// One hunk of a proposal.
#[derive(Debug)]
pub struct ProposalHunk {
    /// The hunk.
    pub row: ProposalHunkRow,
    /// The hunks without which it can't be applied.
    pub needs: Vec<HunkId>,
}

/// How a file stands to what a proposal was made on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// It is what the proposal was made on.
    Current,
    /// It changed since, and both changes go together.
    Merges,
    /// It changed since, in the same lines.
    Conflicts,
}

impl Domain {
    /// Rejects an open proposal. Its hunks stay readable.
    ///
    /// # Errors
    /// [`Error::ProposalDecided`] when it is not open.
    pub async fn reject_proposal(&self, ctx: &Ctx, id: ProposalId) -> Result<Proposal> {
        let stored = self.require_proposal(ctx, id).await?;
        let tree = self.trees().open(stored.proposal.workspace_id).await?;
        let writing = self.write_to(&tree).await?;
        let now = self.now();
        self.store()
            .write(async |tx| {
                let stored = tx.get_proposal(id).await?;
                require_open(&stored)?;
                let states: Vec<_> = stored
                    .hunks
                    .iter()
                    .map(|hunk| (hunk.id, State::Rejected))
                    .collect();
                tx.set_hunk_states(id, &states).await?;
                tx.set_proposal_state(id, ProposalState::Rejected, Some(now))
                    .await?;
                Ok::<_, Error>(())
            })
            .await?;
        drop(writing);
        self.announce_proposal(tree.workspace, id).await?;
        self.get_proposal(ctx, id).await
    }

    pub(crate) async fn announce_proposal(
        &self,
        workspace: WorkspaceId,
        id: ProposalId,
    ) -> Result<()> {
        let event = WorkspaceEvent::ProposalChanged {
            proposal_id: id.as_uuid(),
        };
        self.streams().publish(workspace, &event).await?;
        Ok(())
    }

    async fn require_proposal(&self, ctx: &Ctx, id: ProposalId) -> Result<Stored> {
        ctx.person()?;
        let stored = self
            .store()
            .read(async |tx| tx.get_proposal(id).await)
            .await?;
        self.require_workspace(ctx, stored.proposal.workspace_id)
            .await
            .map_err(|error| match error {
                Error::NotFound { .. } => Error::NotFound { what: "proposal" },
                other => other,
            })?;
        Ok(stored)
    }

    /// Returns a blob's bytes; none for no blob.
    async fn blob(&self, hash: Option<ContentHash>) -> Result<Vec<u8>> {
        match hash {
            Some(hash) => Ok(self.store().blobs().get(hash).await?),
            None => Ok(Vec::new()),
        }
    }
}

fn require_open(stored: &Stored) -> Result<()> {
    match stored.proposal.state {
        ProposalState::Open => Ok(()),
        other => Err(Error::ProposalDecided {
            state: decided(other),
        }),
    }
}

/// Returns a state as a person reads it.
fn decided(state: ProposalState) -> &'static str {
    match state {
        ProposalState::Open => "open",
        ProposalState::Superseded => "superseded by a later one",
        ProposalState::PartlyApplied => "partly applied",
        ProposalState::Applied => "applied",
        ProposalState::Rejected => "rejected",
        ProposalState::Undone => "undone",
    }
}

fn hunks_of(stored: &Stored, position: u32) -> impl Iterator<Item = &ProposalHunkRow> {
    stored
        .hunks
        .iter()
        .filter(move |hunk| hunk.file_position == position)
}

fn summary(stored: &Stored) -> ProposalSummary {
    ProposalSummary {
        row: stored.proposal.clone(),
        files: u32::try_from(stored.files.len()).unwrap_or(u32::MAX),
        added: stored.hunks.iter().map(|hunk| hunk.new_lines).sum(),
        removed: stored.hunks.iter().map(|hunk| hunk.old_lines).sum(),
    }
}

/// Returns a stored hunk in the edit engine's form.
fn engine_hunk(row: &ProposalHunkRow) -> Result<Hunk> {
    let broken = || Error::Internal(format!("hunk {} can't be read", row.id));
    Ok(Hunk {
        kind: kind_from(&row.kind).ok_or_else(broken)?,
        old_start: row.old_start,
        old_lines: row.old_lines,
        new_start: row.new_start,
        new_lines: row.new_lines,
        label: MatchLabel::from_str(&row.label).map_err(|_| broken())?,
    })
}

const KINDS: [(HunkKind, &str); 7] = [
    (HunkKind::Text, "text"),
    (HunkKind::Create, "create"),
    (HunkKind::Delete, "delete"),
    (HunkKind::Rename, "rename"),
    (HunkKind::Copy, "copy"),
    (HunkKind::Mode, "mode"),
    (HunkKind::Binary, "binary"),
];

pub(crate) fn kind_word(kind: HunkKind) -> &'static str {
    KINDS
        .iter()
        .find(|(known, _)| *known == kind)
        .map_or("text", |(_, word)| word)
}

fn kind_from(word: &str) -> Option<HunkKind> {
    KINDS
        .iter()
        .find(|(_, known)| *known == word)
        .map(|(kind, _)| *kind)
}

/// The hunks and files that a decision is made of.
type HunkStates = Vec<(HunkId, State)>;

/// A check whose draft is made.
struct ReadyCheck {
    row: VerdictRow,
    site: Site,
    place: PathBuf,
}

/// What stands at a path now.
#[derive(Debug)]
struct Standing {
    file: atelier_base::FileId,
    version: Option<VersionId>,
    bytes: Vec<u8>,
    hash: ContentHash,
    executable: bool,
}
