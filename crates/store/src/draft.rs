//! Drafts: copy-on-write layers over workspaces.

use atelier_base::{ContentHash, DraftId, ProposalId, Timestamp, UserId, WorkspaceId};

use crate::connection::{Reader, Writer};
use crate::error::Result;

words! {
    /// What became of a draft.
    pub enum DraftState {
        /// Runs may change it.
        Open = "open",
        /// It was thrown away; its changes are gone.
        Discarded = "discarded",
        /// Its changes are a proposal.
        Proposed = "proposed",
    }
}

record! {
    /// A copy-on-write layer over a workspace.
    "drafts" pub struct DraftRow {
        /// Names the draft, and its directory.
        pub id: DraftId,
        /// What it lies over.
        pub workspace_id: WorkspaceId,
        /// What became of it.
        pub state: DraftState,
        /// Whether it sees the workspace's build caches.
        pub share_caches: bool,
        /// The blob of what the workspace held when it was made; once it is a
        /// proposal, with what the draft read and changed.
        pub manifest_hash: ContentHash,
        /// The proposal made of it.
        pub proposal_id: Option<ProposalId>,
        /// Who made it.
        pub created_by: UserId,
        /// When.
        pub created_at: Timestamp,
    }
}

impl Reader {
    /// Finds a draft, discarded or not.
    pub async fn find_draft(&mut self, id: DraftId) -> Result<Option<DraftRow>> {
        self.find_one("SELECT * FROM drafts WHERE id = $1", args![id])
            .await
    }

    /// Finds the draft that a proposal was made of, discarded or not.
    pub async fn find_draft_of_proposal(&mut self, id: ProposalId) -> Result<Option<DraftRow>> {
        self.find_one("SELECT * FROM drafts WHERE proposal_id = $1", args![id])
            .await
    }

    /// Lists a workspace's drafts that were not discarded, newest first.
    pub async fn list_drafts(&mut self, workspace: WorkspaceId) -> Result<Vec<DraftRow>> {
        self.all(
            "SELECT * FROM drafts WHERE workspace_id = $1 AND state <> 'discarded'
             ORDER BY id DESC",
            args![workspace],
        )
        .await
    }

    /// Lists all drafts that were not discarded: for the start of the server.
    pub async fn list_kept_drafts(&mut self) -> Result<Vec<DraftId>> {
        self.values(
            "SELECT id FROM drafts WHERE state <> 'discarded' ORDER BY id",
            "id",
            args![],
        )
        .await
    }
}

impl Writer {
    /// Adds a draft.
    pub async fn insert_draft(&mut self, row: &DraftRow) -> Result<()> {
        self.insert(row).await
    }

    /// Notes that a draft was thrown away.
    pub async fn discard_draft(&mut self, id: DraftId) -> Result<()> {
        self.change(
            "drafts",
            id,
            "UPDATE drafts SET state = 'discarded' WHERE id = $1",
            args![id],
        )
        .await
    }

    /// Notes the proposal that was made of a draft, and the blob of what it
    /// stands on.
    pub async fn set_draft_proposed(
        &mut self,
        id: DraftId,
        proposal: ProposalId,
        manifest: ContentHash,
    ) -> Result<()> {
        self.change(
            "drafts",
            id,
            "UPDATE drafts SET state = 'proposed', proposal_id = $2, manifest_hash = $3
             WHERE id = $1",
            args![id, proposal, manifest],
        )
        .await
    }
}

#[cfg(test)]
mod tests;
