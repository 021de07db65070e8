//! Proposals: file changes to be reviewed, hunk by hunk.

mod comment;
mod verdict;

pub use comment::{CommentRow, LineSide};
pub use verdict::{VerdictRow, VerdictState};

use atelier_base::{
    ContentHash, FileId, HunkId, ProposalId, Timestamp, TurnId, UserId, VersionId, WorkspaceId,
    WorkspacePath,
};

use crate::connection::{Reader, Writer};
use crate::error::Result;

words! {
    /// How far the review of a proposal is.
    pub enum ProposalState {
        /// It can be applied.
        Open = "open",
        /// A later one took its place.
        Superseded = "superseded",
        /// Some of its hunks are applied.
        PartlyApplied = "partly_applied",
        /// All of its hunks are applied.
        Applied = "applied",
        /// A person refused it.
        Rejected = "rejected",
        /// It was applied, and that was taken back.
        Undone = "undone",
    }
}

words! {
    /// What a proposal does to one file.
    pub enum FileChange {
        /// The file is made.
        Create = "create",
        /// Its content changes.
        Modify = "modify",
        /// It is deleted.
        Delete = "delete",
        /// It is moved, and its content may change.
        Rename = "rename",
        /// It is a copy of another file, and its content may differ.
        Copy = "copy",
    }
}

words! {
    /// What became of a hunk.
    pub enum HunkState {
        /// Nobody decided yet.
        Open = "open",
        /// It was applied.
        Accepted = "accepted",
        /// A person refused it.
        Rejected = "rejected",
        /// It was applied, and that was taken back.
        Undone = "undone",
    }
}

record! {
    /// A proposal.
    "proposals" pub struct ProposalRow {
        /// Names the proposal.
        pub id: ProposalId,
        /// Whose files it would change.
        pub workspace_id: WorkspaceId,
        /// In whose name it was made.
        pub user_id: UserId,
        /// The turn that made it.
        pub turn_id: Option<TurnId>,
        /// What it is called.
        pub title: String,
        /// The edit format it came in.
        pub format: String,
        /// The patch as it came in, in the blob store.
        pub patch_hash: ContentHash,
        /// How far its review is.
        pub state: ProposalState,
        /// When it was made.
        pub created_at: Timestamp,
        /// When its state last changed from open.
        pub decided_at: Option<Timestamp>,
    }
}

record! {
    /// One file of a proposal.
    "proposal_files" pub struct ProposalFileRow {
        /// Whose file it is.
        pub proposal_id: ProposalId,
        /// Its place in the proposal, from 0.
        pub position: u32,
        /// What is done to it.
        pub change: FileChange,
        /// Where it will be.
        pub path: WorkspacePath,
        /// Where it is now, when it is moved; what it is a copy of.
        pub from_path: Option<WorkspacePath>,
        /// The file, when there is one.
        pub file_id: Option<FileId>,
        /// The version the change was made against.
        pub base_version_id: Option<VersionId>,
        /// The content of that version.
        pub before_hash: Option<ContentHash>,
        /// The content with all hunks applied.
        pub after_hash: Option<ContentHash>,
        /// Whether the file's owner can execute it now.
        pub executable_before: bool,
        /// Whether the file's owner will be able to execute it.
        pub executable: bool,
        /// How its text is written as bytes.
        pub encoding: String,
        /// Whether the content is no text, and so has one hunk for all.
        pub is_binary: bool,
        /// What the last apply found, for undo.
        pub applied_before_hash: Option<ContentHash>,
        /// What the last apply wrote, for undo.
        pub applied_after_hash: Option<ContentHash>,
    }
}

record! {
    /// One reviewable hunk of a proposal.
    "proposal_hunks" pub struct ProposalHunkRow {
        /// Names the hunk.
        pub id: HunkId,
        /// Whose hunk it is.
        pub proposal_id: ProposalId,
        /// The place of its file in the proposal.
        pub file_position: u32,
        /// Its place in the file, from 0.
        pub position: u32,
        /// What it is: lines, a move, a mode, a whole file.
        pub kind: String,
        /// The first line it replaces, from 0.
        pub old_start: u32,
        /// How many lines it replaces.
        pub old_lines: u32,
        /// The first line it writes, from 0, when all hunks are applied.
        pub new_start: u32,
        /// How many lines it writes.
        pub new_lines: u32,
        /// How its place was found.
        pub label: String,
        /// What became of it.
        pub state: HunkState,
        /// Whether it was merged with what the file had become.
        pub merged: bool,
    }
}

record! {
    /// How much a proposal of a list changes.
    "proposals" pub struct ProposalCounts {
        /// The proposal.
        pub id: ProposalId,
        /// How many files it changes.
        pub files: u32,
        /// How many lines it writes.
        pub added: u32,
        /// How many lines it replaces.
        pub removed: u32,
    }
}

/// A proposal with its files, by position, and their hunks, by file and
/// position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The proposal.
    pub proposal: ProposalRow,
    /// Its files.
    pub files: Vec<ProposalFileRow>,
    /// Their hunks.
    pub hunks: Vec<ProposalHunkRow>,
}

impl Reader {
    /// Returns a proposal with its files and hunks.
    pub async fn get_proposal(&mut self, id: ProposalId) -> Result<Proposal> {
        Ok(Proposal {
            proposal: self
                .get_one("SELECT * FROM proposals WHERE id = $1", id)
                .await?,
            files: self
                .all(
                    "SELECT * FROM proposal_files WHERE proposal_id = $1 ORDER BY position",
                    args![id],
                )
                .await?,
            hunks: self
                .all(
                    "SELECT * FROM proposal_hunks WHERE proposal_id = $1
                     ORDER BY file_position, position",
                    args![id],
                )
                .await?,
        })
    }

    /// Lists a workspace's proposals, newest first, those made before
    /// `before`; of all states when `state` is `None`.
    pub async fn list_proposals(
        &mut self,
        workspace: WorkspaceId,
        state: Option<ProposalState>,
        before: Option<ProposalId>,
        limit: u32,
    ) -> Result<Vec<ProposalRow>> {
        self.all(
            "SELECT * FROM proposals
             WHERE workspace_id = $1 AND ($2 IS NULL OR state = $2) AND ($3 IS NULL OR id < $3)
             ORDER BY id DESC LIMIT $4",
            args![workspace, state, before, limit],
        )
        .await
    }

    /// Counts what each proposal changes that [`Self::list_proposals`] lists
    /// for the same arguments, in the same order.
    pub async fn count_proposal_changes(
        &mut self,
        workspace: WorkspaceId,
        state: Option<ProposalState>,
        before: Option<ProposalId>,
        limit: u32,
    ) -> Result<Vec<ProposalCounts>> {
        self.all(
            "SELECT p.id AS id,
                 (SELECT COUNT(*) FROM proposal_files f WHERE f.proposal_id = p.id) AS files,
                 (SELECT CAST(COALESCE(SUM(h.new_lines), 0) AS BIGINT)
                  FROM proposal_hunks h WHERE h.proposal_id = p.id) AS added,
                 (SELECT CAST(COALESCE(SUM(h.old_lines), 0) AS BIGINT)
                  FROM proposal_hunks h WHERE h.proposal_id = p.id) AS removed
             FROM proposals p
             WHERE p.workspace_id = $1 AND ($2 IS NULL OR p.state = $2)
                 AND ($3 IS NULL OR p.id < $3)
             ORDER BY p.id DESC LIMIT $4",
            args![workspace, state, before, limit],
        )
        .await
    }

    /// Lists the proposals a turn made, oldest first.
    pub async fn list_proposals_by_turn(&mut self, turn: TurnId) -> Result<Vec<ProposalRow>> {
        self.all(
            "SELECT * FROM proposals WHERE turn_id = $1 ORDER BY id",
            args![turn],
        )
        .await
    }
}

impl Writer {
    /// Adds a proposal with its files and hunks.
    pub async fn insert_proposal(&mut self, new: &Proposal) -> Result<()> {
        self.insert(&new.proposal).await?;
        self.insert_all(&new.files).await?;
        self.insert_all(&new.hunks).await
    }

    /// Stores how far the review of a proposal is.
    pub async fn set_proposal_state(
        &mut self,
        id: ProposalId,
        state: ProposalState,
        decided_at: Option<Timestamp>,
    ) -> Result<()> {
        self.change(
            "proposals",
            id,
            "UPDATE proposals SET state = $2, decided_at = $3 WHERE id = $1",
            args![id, state, decided_at],
        )
        .await
    }

    /// Stores what became of hunks of a proposal.
    ///
    /// # Errors
    /// `NotFound` when one of them is not the proposal's.
    pub async fn set_hunk_states(
        &mut self,
        proposal: ProposalId,
        states: &[(HunkId, HunkState)],
    ) -> Result<()> {
        for (hunk, state) in states {
            self.change(
                "proposal_hunks",
                hunk,
                "UPDATE proposal_hunks SET state = $3 WHERE id = $1 AND proposal_id = $2",
                args![*hunk, proposal, *state],
            )
            .await?;
        }
        Ok(())
    }

    /// Stores that hunks of a proposal were merged with what stood there.
    ///
    /// # Errors
    /// `NotFound` when one of them is not the proposal's.
    pub async fn set_hunks_merged(&mut self, proposal: ProposalId, hunks: &[HunkId]) -> Result<()> {
        for hunk in hunks {
            self.change(
                "proposal_hunks",
                hunk,
                "UPDATE proposal_hunks SET merged = $3 WHERE id = $1 AND proposal_id = $2",
                args![*hunk, proposal, true],
            )
            .await?;
        }
        Ok(())
    }

    /// Stores what an apply found in a file of a proposal and what it wrote;
    /// `None` where there was, or is, no file.
    pub async fn set_applied(
        &mut self,
        proposal: ProposalId,
        position: u32,
        before: Option<ContentHash>,
        after: Option<ContentHash>,
    ) -> Result<()> {
        self.change(
            "proposal_files",
            proposal,
            "UPDATE proposal_files SET applied_before_hash = $3, applied_after_hash = $4
             WHERE proposal_id = $1 AND position = $2",
            args![proposal, position, before, after],
        )
        .await
    }
}

#[cfg(test)]
mod tests;
