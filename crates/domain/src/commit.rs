//! The bridge between a workspace's files and its rows: both change, or none.
//!
//! The rows ride in the journal of the file transaction. Once the journal is
//! durable the change will happen: files first, then rows, then the journal
//! goes. A crash in between is finished by [`Domain::recover`], which gives
//! the same rows to the same function; the transaction's id makes that safe
//! to repeat.

mod plan;
mod rows;

use std::sync::Arc;

use atelier_base::{
    ContentHash, FileId, HunkId, ProposalId, RunId, TransactionId, TurnId, UserId, WorkspacePath,
};
use atelier_sandbox::FileError;
use atelier_sandbox::transaction::{Changes, Committed, Expect};
use atelier_store::{AuthorKind, FileKind, HunkState, ProposalState, TransactionKind};
use serde::{Deserialize, Serialize};

use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::event::{ChangedFile, WorkspaceEvent};
use crate::tree::{Tree, blocking};

use plan::Plan;
pub(crate) use rows::new_row;
use rows::{Rows, stat_of, write_rows};

/// A change of several files and of the rows that describe them.
#[derive(Debug)]
pub(crate) struct Edit {
    pub(crate) kind: TransactionKind,
    pub(crate) user: UserId,
    pub(crate) files: Vec<FileEdit>,
    pub(crate) decision: Option<Decision>,
}

/// Who makes the versions of an edit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Author {
    pub(crate) kind: AuthorKind,
    pub(crate) turn: Option<TurnId>,
    pub(crate) run: Option<RunId>,
    pub(crate) proposal: Option<ProposalId>,
}

impl Author {
    pub(crate) const USER: Self = Self {
        kind: AuthorKind::User,
        turn: None,
        run: None,
        proposal: None,
    };
}

/// A change of one file.
#[derive(Debug)]
pub(crate) enum FileEdit {
    /// Makes a file or gives it new content.
    Write {
        file: FileId,
        origin: Origin,
        path: WorkspacePath,
        bytes: Vec<u8>,
        executable: bool,
        expect: Expect,
        author: Author,
    },
    /// Brings a deleted file back as its current version.
    Restore {
        file: FileId,
        path: WorkspacePath,
        bytes: Vec<u8>,
        executable: bool,
    },
    /// Makes a folder, or brings a deleted one back.
    MakeDirectory {
        file: FileId,
        origin: Origin,
        path: WorkspacePath,
    },
    /// Renames a file or folder.
    Rename {
        file: FileId,
        from: WorkspacePath,
        to: WorkspacePath,
        kind: FileKind,
        expect: Expect,
    },
    /// Renames a file and gives it new content.
    MoveAndWrite {
        file: FileId,
        from: WorkspacePath,
        to: WorkspacePath,
        bytes: Vec<u8>,
        executable: bool,
        expect: Expect,
        author: Author,
    },
    /// Deletes a file or link.
    Remove {
        file: FileId,
        path: WorkspacePath,
        expect: Expect,
    },
    /// Deletes a folder and what is in it.
    RemoveDirectory { file: FileId, path: WorkspacePath },
}

/// Whether the rows know the file already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Origin {
    /// It has no row.
    New,
    /// Its row is live.
    Known,
    /// Its row is marked as deleted.
    Deleted,
}

/// What an edit decides about a proposal.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) proposal: ProposalId,
    pub(crate) state: ProposalState,
    pub(crate) hunks: Vec<(HunkId, HunkState)>,
    pub(crate) applied: Vec<AppliedFile>,
    /// The hunks that were merged with what stood there.
    pub(crate) merged: Vec<HunkId>,
}

/// What applying a proposal did to one of its files, for undo.
#[derive(Debug)]
pub(crate) struct AppliedFile {
    pub(crate) position: u32,
    pub(crate) before: Option<ContentHash>,
    pub(crate) after: Option<ContentHash>,
}

impl Domain {
    /// Makes an edit, all or nothing, and announces it. The caller holds the
    /// tree's `writing` lock. Returns what changed.
    pub(crate) async fn commit(&self, tree: &Arc<Tree>, edit: Edit) -> Result<Vec<ChangedFile>> {
        self.commit_as(tree, edit, self.ids().next()).await
    }

    /// Makes an edit under an id that the caller chose, which no other has.
    pub(crate) async fn commit_as(
        &self,
        tree: &Arc<Tree>,
        edit: Edit,
        id: TransactionId,
    ) -> Result<Vec<ChangedFile>> {
        let proposal = edit.decision.as_ref().map(|decision| decision.proposal);
        let Plan { steps, rows } = Plan::make(self, id, tree.workspace, edit).await?;
        let encoded = serde_json::to_vec(&rows)
            .map_err(|e| Error::Internal(format!("rows do not serialise: {e}")))?;
        let changes = Changes {
            id,
            files: steps,
            rows: encoded,
        };
        let writer = Arc::clone(tree);
        tree.set_unfinished(true);
        let committed = match blocking(move || writer.root.commit(&changes)).await {
            Ok(committed) => committed,
            Err(error) => {
                // Any other failure left everything as it was.
                tree.set_unfinished(matches!(
                    error,
                    Error::Files(FileError::Unfinished { .. }) | Error::Internal(_)
                ));
                return Err(error);
            }
        };
        let changed = self.finish(tree, committed, rows).await?;
        tree.set_unfinished(false);
        if !changed.is_empty() {
            self.egress().files_changed(tree.workspace, &changed);
            self.streams()
                .publish(
                    tree.workspace,
                    &WorkspaceEvent::files_changed(changed.clone()),
                )
                .await?;
        }
        if let Some(proposal) = proposal {
            let event = WorkspaceEvent::ProposalChanged {
                proposal_id: proposal.as_uuid(),
            };
            self.streams().publish(tree.workspace, &event).await?;
        }
        Ok(changed)
    }

    /// Writes the rows of a committed change and lets its journal go.
    async fn finish(
        &self,
        tree: &Arc<Tree>,
        committed: Committed,
        rows: Rows,
    ) -> Result<Vec<ChangedFile>> {
        let ids = self.ids().clone();
        let reader = Arc::clone(tree);
        let (rows, stats) = blocking(move || {
            let stats = rows
                .files
                .iter()
                .map(|row| stat_of(&reader.root, row))
                .collect::<Vec<_>>();
            Ok((rows, stats))
        })
        .await?;
        let changed = write_rows(self.store(), &rows, &stats, || ids.next()).await?;
        blocking(move || committed.finish()).await?;
        Ok(changed)
    }

    /// Finishes the changes that stopped between files and rows. The caller
    /// holds the tree.
    pub(crate) async fn finish_pending(&self, tree: &Arc<Tree>) -> Result<()> {
        let reader = Arc::clone(tree);
        let pending = blocking(move || reader.root.recover()).await?;
        for committed in pending {
            let id = committed.id();
            let rows: Rows = serde_json::from_slice(committed.rows())
                .map_err(|e| Error::Internal(format!("the journal of {id} can't be read: {e}")))?;
            self.finish(tree, committed, rows).await?;
            tracing::info!(workspace.id = %tree.workspace, transaction.id = %id, "finished an interrupted edit");
        }
        Ok(())
    }
}
