//! Workspaces.

use atelier_base::{Timestamp, UserId, WorkspaceId};

use crate::connection::{Reader, Writer};
use crate::error::{Error, Result};

record! {
    /// A workspace.
    "workspaces" pub struct WorkspaceRow {
        /// Names the workspace.
        pub id: WorkspaceId,
        /// Whose it is.
        pub owner_id: UserId,
        /// What it is called.
        pub name: String,
        /// The model a new conversation starts with.
        pub default_model: Option<String>,
        /// Counts workspaces from 1; the host uid of its files derives from it.
        pub number: u32,
        /// When it was made.
        pub created_at: Timestamp,
        /// When its name, model, settings or archived state last changed.
        pub updated_at: Timestamp,
        /// When it was put away.
        pub archived_at: Option<Timestamp>,
        /// What is set for it, as a JSON object.
        pub settings: String,
    }
}

/// A workspace about to be made; its number is given to it then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWorkspace {
    /// Names the workspace.
    pub id: WorkspaceId,
    /// Whose it is.
    pub owner_id: UserId,
    /// What it is called.
    pub name: String,
    /// The model a new conversation starts with.
    pub default_model: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Which workspaces a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    /// Those in use.
    Open,
    /// Those put away.
    Archived,
}

impl Reader {
    /// Returns a workspace.
    pub async fn get_workspace(&mut self, id: WorkspaceId) -> Result<WorkspaceRow> {
        self.get_one("SELECT * FROM workspaces WHERE id = $1", id)
            .await
    }

    /// Finds a workspace.
    pub async fn find_workspace(&mut self, id: WorkspaceId) -> Result<Option<WorkspaceRow>> {
        self.find_one("SELECT * FROM workspaces WHERE id = $1", args![id])
            .await
    }

    /// Lists a person's workspaces, newest first, those made before `before`.
    pub async fn list_workspaces(
        &mut self,
        owner: UserId,
        shelf: Shelf,
        before: Option<WorkspaceId>,
        limit: u32,
    ) -> Result<Vec<WorkspaceRow>> {
        let sql = match shelf {
            Shelf::Open => {
                "SELECT * FROM workspaces
                 WHERE owner_id = $1 AND archived_at IS NULL AND ($2 IS NULL OR id < $2)
                 ORDER BY id DESC LIMIT $3"
            }
            Shelf::Archived => {
                "SELECT * FROM workspaces
                 WHERE owner_id = $1 AND archived_at IS NOT NULL AND ($2 IS NULL OR id < $2)
                 ORDER BY id DESC LIMIT $3"
            }
        };
        self.all(sql, args![owner, before, limit]).await
    }

    /// Lists the ids of all workspaces of everybody, oldest first.
    pub async fn list_workspace_ids(&mut self) -> Result<Vec<WorkspaceId>> {
        self.values("SELECT id FROM workspaces ORDER BY id", "id", args![])
            .await
    }

    /// Counts a person's workspaces, archived ones too.
    pub async fn count_workspaces(&mut self, owner: UserId) -> Result<u64> {
        let counted = self
            .values(
                "SELECT COUNT(*) AS workspaces FROM workspaces WHERE owner_id = $1",
                "workspaces",
                args![owner],
            )
            .await?;
        Ok(counted.into_iter().next().unwrap_or_default())
    }
}

impl Writer {
    /// Adds a workspace and gives it the next number.
    ///
    /// A number is free again only when the workspace with the highest one is
    /// deleted, which is done to failed imports alone.
    pub async fn insert_workspace(&mut self, new: &NewWorkspace) -> Result<WorkspaceRow> {
        self.find_one(
            "INSERT INTO workspaces
                 (id, owner_id, name, default_model, number, created_at, updated_at)
             SELECT $1, $2, $3, $4, COALESCE(MAX(number), 0) + 1, $5, $5 FROM workspaces
             RETURNING *",
            args![
                new.id,
                new.owner_id,
                new.name,
                new.default_model,
                new.created_at
            ],
        )
        .await?
        .ok_or_else(|| Error::NotFound {
            table: "workspaces",
            id: new.id.to_string(),
        })
    }

    /// Stores the name, default model, archived state, settings and change
    /// time of `row`.
    pub async fn update_workspace(&mut self, row: &WorkspaceRow) -> Result<()> {
        self.tell().await?;
        self.change(
            "workspaces",
            row.id,
            "UPDATE workspaces
             SET name = $2, default_model = $3, archived_at = $4, updated_at = $5,
                 settings = $6
             WHERE id = $1",
            args![
                row.id,
                row.name,
                row.default_model,
                row.archived_at,
                row.updated_at,
                row.settings
            ],
        )
        .await
    }

    /// Deletes a workspace and every row that belongs to it. Blobs stay: they
    /// may be shared.
    pub async fn delete_workspace(&mut self, id: WorkspaceId) -> Result<()> {
        /// Children before parents.
        const STATEMENTS: [&str; 21] = [
            "DELETE FROM events WHERE stream_id IN (SELECT id FROM runs WHERE workspace_id = $1)",
            "DELETE FROM events WHERE stream_id IN (SELECT id FROM turns WHERE workspace_id = $1)",
            "DELETE FROM events WHERE stream_id = $1",
            "DELETE FROM drafts WHERE workspace_id = $1",
            "DELETE FROM proposal_comments WHERE proposal_id IN
                 (SELECT id FROM proposals WHERE workspace_id = $1)",
            "DELETE FROM verdicts WHERE proposal_id IN
                 (SELECT id FROM proposals WHERE workspace_id = $1)",
            "DELETE FROM proposal_hunks WHERE proposal_id IN
                 (SELECT id FROM proposals WHERE workspace_id = $1)",
            "DELETE FROM proposal_files WHERE proposal_id IN
                 (SELECT id FROM proposals WHERE workspace_id = $1)",
            "DELETE FROM proposals WHERE workspace_id = $1",
            "DELETE FROM usage_records WHERE workspace_id = $1",
            "DELETE FROM runs WHERE workspace_id = $1",
            "DELETE FROM model_requests WHERE call_id IN
                 (SELECT id FROM model_calls WHERE workspace_id = $1)",
            "DELETE FROM model_calls WHERE workspace_id = $1",
            "DELETE FROM messages WHERE conversation_id IN
                 (SELECT id FROM conversations WHERE workspace_id = $1)",
            "DELETE FROM turns WHERE workspace_id = $1",
            "DELETE FROM conversations WHERE workspace_id = $1",
            "DELETE FROM file_versions WHERE workspace_id = $1",
            "DELETE FROM files WHERE workspace_id = $1",
            "DELETE FROM transactions WHERE workspace_id = $1",
            "DELETE FROM grants WHERE workspace_id = $1",
            "DELETE FROM workspaces WHERE id = $1",
        ];
        for sql in STATEMENTS {
            self.execute(sql, args![id]).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
