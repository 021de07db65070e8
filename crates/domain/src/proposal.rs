//! Proposals: the only way from a patch to a workspace's files.
//!
//! [`making`](Domain::create_proposal) one writes nothing; applying one is a
//! single transaction of files and rows; undoing one is another, merged with
//! what was written since.

mod apply;
mod make;
mod undo;

use std::str::FromStr as _;

use atelier_base::{ContentHash, HunkId, ProposalId, VersionId, WorkspaceId};
use atelier_patch::{Hunk, HunkKind, MatchLabel};
pub use atelier_store::{FileChange as Change, HunkState, ProposalState};
use atelier_store::{
    HunkState as State, Proposal as Stored, ProposalFileRow, ProposalHunkRow, ProposalRow,
};

use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::draft::ProposalDraft;
use crate::error::{Error, Result};
use crate::event::WorkspaceEvent;
use crate::page::{Page, PageOf};

pub use apply::{Accept, Resolution};
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
    /// Its hunks.
    pub hunks: Vec<ProposalHunkRow>,
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
    /// Returns a proposal with its texts and hunks.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see it.
    pub async fn get_proposal(&self, ctx: &Ctx, id: ProposalId) -> Result<Proposal> {
        let stored = self.require_proposal(ctx, id).await?;
        let open = stored.proposal.state == ProposalState::Open;
        let mut files = Vec::with_capacity(stored.files.len());
        for row in &stored.files {
            let freshness = if open {
                Some(self.freshness(&stored, row).await?)
            } else {
                None
            };
            files.push(ProposalFile {
                freshness,
                before: self.proposal_text(row, row.before_hash).await?,
                after: self.proposal_text(row, row.after_hash).await?,
                hunks: hunks_of(&stored, row.position).cloned().collect(),
                row: row.clone(),
            });
        }
        let draft = if open {
            self.draft_of_proposal(id).await?
        } else {
            None
        };
        Ok(Proposal {
            summary: summary(&stored),
            files,
            draft,
        })
    }

    /// Lists a workspace's proposals, newest first.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see the workspace.
    pub async fn list_proposals(
        &self,
        ctx: &Ctx,
        workspace: WorkspaceId,
        state: Option<ProposalState>,
        page: &Page,
    ) -> Result<PageOf<ProposalSummary>> {
        self.require_workspace(ctx, workspace).await?;
        let before = page.cursor_as::<ProposalId>()?;
        let limit = page.limit();
        let stored = self
            .store()
            .read(async |tx| {
                let rows = tx
                    .list_proposals(workspace, state, before, limit + 1)
                    .await?;
                let mut stored = Vec::with_capacity(rows.len());
                for row in rows {
                    stored.push(tx.get_proposal(row.id).await?);
                }
                Ok::<_, Error>(stored)
            })
            .await?;
        let summaries = stored.iter().map(summary).collect();
        Ok(page.cut(summaries, |summary| summary.row.id.to_string()))
    }

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

    async fn proposal_text(
        &self,
        file: &ProposalFileRow,
        hash: Option<ContentHash>,
    ) -> Result<Option<String>> {
        match hash {
            Some(hash) if !file.is_binary => {
                Ok(String::from_utf8(self.blob(Some(hash)).await?).ok())
            }
            _ => Ok(None),
        }
    }

    /// Returns a blob's bytes; none for no blob.
    async fn blob(&self, hash: Option<ContentHash>) -> Result<Vec<u8>> {
        match hash {
            Some(hash) => Ok(self.store().blobs().get(hash).await?),
            None => Ok(Vec::new()),
        }
    }

    /// Says how a file stands to what its proposal was made on, by what the
    /// rows say; applying looks at the disk.
    async fn freshness(&self, stored: &Stored, file: &ProposalFileRow) -> Result<Freshness> {
        let workspace = stored.proposal.workspace_id;
        let place = file.from_path.as_ref().unwrap_or(&file.path);
        let current = self
            .store()
            .read(
                async |tx| match tx.find_live_by_path(workspace, place).await? {
                    Some(row) => tx.find_current(row.id).await,
                    None => Ok(None),
                },
            )
            .await?
            .map(|version| version.content_hash);
        if current == file.before_hash {
            return Ok(Freshness::Current);
        }
        let (Some(ours), Some(_), Some(_)) = (current, file.before_hash, file.after_hash) else {
            return Ok(Freshness::Conflicts);
        };
        let merge = atelier_patch::merge(
            &self.blob(file.before_hash).await?,
            &self.blob(Some(ours)).await?,
            &self.blob(file.after_hash).await?,
        );
        Ok(if merge.conflicts.is_empty() {
            Freshness::Merges
        } else {
            Freshness::Conflicts
        })
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

fn kind_word(kind: HunkKind) -> &'static str {
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

/// What stands at a path now.
#[derive(Debug)]
struct Standing {
    file: atelier_base::FileId,
    version: Option<VersionId>,
    bytes: Vec<u8>,
    hash: ContentHash,
    executable: bool,
}
