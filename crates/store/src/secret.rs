//! The sealed secrets of persons and workspaces.

use atelier_base::{SecretId, Timestamp, UserId, WorkspaceId};

use crate::connection::{Reader, Writer};
use crate::error::Result;

record! {
    /// A sealed secret.
    "secrets" pub struct SecretRow {
        /// Names the secret.
        pub id: SecretId,
        /// Whose it is.
        pub owner_id: UserId,
        /// The workspace it is for; `None` for all of its owner's.
        pub workspace_id: Option<WorkspaceId>,
        /// What it is called; unique in its workspace, or among its owner's.
        pub name: String,
        /// The value, sealed.
        pub sealed: Vec<u8>,
        /// When it was stored.
        pub created_at: Timestamp,
        /// When its value was last replaced.
        pub replaced_at: Option<Timestamp>,
    }
}

impl Reader {
    /// Returns a secret.
    pub async fn get_secret(&mut self, id: SecretId) -> Result<SecretRow> {
        self.get_one("SELECT * FROM secrets WHERE id = $1", id)
            .await
    }

    /// Lists a person's own secrets and, if one is named, a workspace's, by
    /// name.
    pub async fn list_secrets(
        &mut self,
        owner: UserId,
        workspace: Option<WorkspaceId>,
    ) -> Result<Vec<SecretRow>> {
        self.all(
            "SELECT * FROM secrets
             WHERE (owner_id = $1 AND workspace_id IS NULL) OR workspace_id = $2
             ORDER BY name, id",
            args![owner, workspace],
        )
        .await
    }

    /// Lists the secrets of everybody, for a change of the key.
    pub async fn list_all_secrets(&mut self) -> Result<Vec<SecretRow>> {
        self.all("SELECT * FROM secrets ORDER BY id", args![]).await
    }
}

impl Writer {
    /// Adds a secret.
    ///
    /// # Errors
    /// `Taken` when its workspace or its owner has one of that name.
    pub async fn insert_secret(&mut self, row: &SecretRow) -> Result<()> {
        self.tell().await?;
        self.insert(row).await
    }

    /// Seals a secret anew.
    pub async fn update_secret(&mut self, id: SecretId, sealed: Vec<u8>) -> Result<()> {
        self.change(
            "secrets",
            id,
            "UPDATE secrets SET sealed = $2 WHERE id = $1",
            args![id, sealed],
        )
        .await
    }

    /// Gives a secret another value, sealed.
    pub async fn replace_secret(
        &mut self,
        id: SecretId,
        sealed: Vec<u8>,
        at: Timestamp,
    ) -> Result<()> {
        self.tell().await?;
        self.change(
            "secrets",
            id,
            "UPDATE secrets SET sealed = $2, replaced_at = $3 WHERE id = $1",
            args![id, sealed, at],
        )
        .await
    }

    /// Deletes a secret.
    pub async fn delete_secret(&mut self, id: SecretId) -> Result<()> {
        self.tell().await?;
        self.change(
            "secrets",
            id,
            "DELETE FROM secrets WHERE id = $1",
            args![id],
        )
        .await
    }
}

#[cfg(test)]
mod tests;
