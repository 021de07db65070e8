//! The versions of files, and the edit transactions that made them.

use atelier_base::{
    ContentHash, FileId, ProposalId, RunId, Timestamp, TransactionId, TurnId, UserId, VersionId,
    WorkspaceId, WorkspacePath,
};

use crate::connection::{Reader, Writer};
use crate::error::Result;

words! {
    /// Who or what made a version.
    pub enum AuthorKind {
        /// A person, by hand.
        User = "user",
        /// The assistant, by an applied proposal.
        Assistant = "assistant",
        /// A program that ran.
        Run = "run",
        /// Git.
        Git = "git",
        /// The import that made the workspace.
        Import = "import",
    }
}

words! {
    /// What an edit transaction was.
    pub enum TransactionKind {
        /// The first filling of a workspace.
        Import = "import",
        /// A file or directory was made.
        Create = "create",
        /// A file was saved.
        Save = "save",
        /// A file or folder was moved.
        Rename = "rename",
        /// A file or folder was deleted.
        Delete = "delete",
        /// A file or an old version was brought back.
        Restore = "restore",
        /// A proposal was applied, whole or in part.
        Apply = "apply",
        /// An applied proposal was undone.
        Undo = "undo",
        /// Something changed the files beside us: a run, git, an editor.
        Scan = "scan",
    }
}

record! {
    /// One content of one file.
    "file_versions" pub struct VersionRow {
        /// Names the version.
        pub id: VersionId,
        /// Whose content it is.
        pub file_id: FileId,
        /// The file's workspace.
        pub workspace_id: WorkspaceId,
        /// Where the file was then.
        pub path: WorkspacePath,
        /// The content, in the blob store.
        pub content_hash: ContentHash,
        /// The content's size in bytes.
        pub size_bytes: u64,
        /// Whether the file's owner could execute it.
        pub executable: bool,
        /// Who or what made it.
        pub author_kind: AuthorKind,
        /// The person who made it or in whose name it was made.
        pub user_id: Option<UserId>,
        /// The turn that made it.
        pub turn_id: Option<TurnId>,
        /// The run that made it.
        pub run_id: Option<RunId>,
        /// The proposal it was applied from.
        pub proposal_id: Option<ProposalId>,
        /// The edit transaction it was made in.
        pub transaction_id: TransactionId,
        /// When it was made.
        pub created_at: Timestamp,
    }
}

record! {
    /// An applied change of a workspace's files.
    "transactions" pub struct TransactionRow {
        /// Names the transaction.
        pub id: TransactionId,
        /// Whose files it changed.
        pub workspace_id: WorkspaceId,
        /// The person who made it, if one did.
        pub user_id: Option<UserId>,
        /// What it was.
        pub kind: TransactionKind,
        /// The proposal it applied or undid.
        pub proposal_id: Option<ProposalId>,
        /// When it was made.
        pub created_at: Timestamp,
    }
}

impl Reader {
    /// Returns a version.
    pub async fn get_version(&mut self, id: VersionId) -> Result<VersionRow> {
        self.get_one("SELECT * FROM file_versions WHERE id = $1", id)
            .await
    }

    /// Finds a version.
    pub async fn find_version(&mut self, id: VersionId) -> Result<Option<VersionRow>> {
        self.find_one("SELECT * FROM file_versions WHERE id = $1", args![id])
            .await
    }

    /// Finds the newest version of a file; directories have none.
    pub async fn find_current(&mut self, file: FileId) -> Result<Option<VersionRow>> {
        self.find_one(
            "SELECT v.* FROM file_versions v JOIN files f ON f.current_version_id = v.id
             WHERE f.id = $1",
            args![file],
        )
        .await
    }

    /// Lists a file's versions, newest first, those made before `before`.
    pub async fn list_versions(
        &mut self,
        file: FileId,
        before: Option<VersionId>,
        limit: u32,
    ) -> Result<Vec<VersionRow>> {
        self.all(
            "SELECT * FROM file_versions WHERE file_id = $1 AND ($2 IS NULL OR id < $2)
             ORDER BY id DESC LIMIT $3",
            args![file, before, limit],
        )
        .await
    }

    /// Lists the versions a turn made, oldest first.
    pub async fn list_versions_by_turn(&mut self, turn: TurnId) -> Result<Vec<VersionRow>> {
        self.all(
            "SELECT * FROM file_versions WHERE turn_id = $1 ORDER BY id",
            args![turn],
        )
        .await
    }

    /// Finds an edit transaction.
    pub async fn find_transaction(&mut self, id: TransactionId) -> Result<Option<TransactionRow>> {
        self.find_one("SELECT * FROM transactions WHERE id = $1", args![id])
            .await
    }
}

impl Writer {
    /// Adds a version.
    pub async fn insert_version(&mut self, row: &VersionRow) -> Result<()> {
        self.insert(row).await
    }

    /// Adds versions; tens of thousands at once are fine.
    pub async fn insert_versions(&mut self, rows: &[VersionRow]) -> Result<()> {
        self.insert_all(rows).await
    }

    /// Adds an edit transaction. Returns `false`, and does nothing, when it is
    /// there already: then its rows are too, and recovery has nothing to do.
    pub async fn insert_transaction(&mut self, row: &TransactionRow) -> Result<bool> {
        let inserted = self
            .execute(
                "INSERT INTO transactions (id, workspace_id, user_id, kind, proposal_id, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (id) DO NOTHING",
                args![
                    row.id,
                    row.workspace_id,
                    row.user_id,
                    row.kind,
                    row.proposal_id,
                    row.created_at
                ],
            )
            .await?;
        Ok(inserted == 1)
    }
}

#[cfg(test)]
mod tests;
