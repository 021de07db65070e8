//! Remembered permissions.

use atelier_base::{GrantId, Timestamp, UserId, WorkspaceId};

use crate::connection::{Reader, Writer};
use crate::error::Result;

words! {
    /// What a grant allows.
    pub enum GrantAction {
        /// To reach hosts of the network.
        Network = "network",
    }
}

record! {
    /// A remembered permission in a workspace.
    "grants" pub struct GrantRow {
        /// Names the grant.
        pub id: GrantId,
        /// Where it holds.
        pub workspace_id: WorkspaceId,
        /// What it allows.
        pub action: GrantAction,
        /// What it allows that on, in its canonical form; granted at most once
        /// in a workspace.
        pub resource: String,
        /// Who granted it.
        pub created_by: UserId,
        /// When.
        pub created_at: Timestamp,
        /// From when on it no longer holds.
        pub expires_at: Option<Timestamp>,
    }
}

impl Reader {
    /// Returns a grant, also one that has expired.
    pub async fn get_grant(&mut self, id: GrantId) -> Result<GrantRow> {
        self.get_one("SELECT * FROM grants WHERE id = $1", id).await
    }

    /// Finds the grant of a resource, also one that has expired.
    pub async fn find_grant(
        &mut self,
        workspace: WorkspaceId,
        action: GrantAction,
        resource: &str,
    ) -> Result<Option<GrantRow>> {
        self.find_one(
            "SELECT * FROM grants WHERE workspace_id = $1 AND action = $2 AND resource = $3",
            args![workspace, action, resource.to_owned()],
        )
        .await
    }

    /// Lists the grants of a workspace that hold at `now`, oldest first.
    pub async fn list_grants(
        &mut self,
        workspace: WorkspaceId,
        now: Timestamp,
    ) -> Result<Vec<GrantRow>> {
        self.all(
            "SELECT * FROM grants
             WHERE workspace_id = $1 AND (expires_at IS NULL OR expires_at > $2) ORDER BY id",
            args![workspace, now],
        )
        .await
    }
}

impl Writer {
    /// Adds a grant.
    ///
    /// # Errors
    /// Fails when the workspace has one of that resource, holding or not.
    pub async fn insert_grant(&mut self, row: &GrantRow) -> Result<()> {
        self.insert(row).await
    }

    /// Lets a grant hold until another time.
    pub async fn update_grant_expiry(
        &mut self,
        id: GrantId,
        expires_at: Option<Timestamp>,
    ) -> Result<()> {
        self.change(
            "grants",
            id,
            "UPDATE grants SET expires_at = $2 WHERE id = $1",
            args![id, expires_at],
        )
        .await
    }

    /// Deletes a grant.
    pub async fn delete_grant(&mut self, id: GrantId) -> Result<()> {
        self.change("grants", id, "DELETE FROM grants WHERE id = $1", args![id])
            .await
    }

    /// Deletes the grants of a workspace that no longer hold at `now`, and
    /// returns how many.
    pub async fn delete_expired_grants(
        &mut self,
        workspace: WorkspaceId,
        now: Timestamp,
    ) -> Result<u64> {
        self.execute(
            "DELETE FROM grants WHERE workspace_id = $1 AND expires_at <= $2",
            args![workspace, now],
        )
        .await
    }
}

#[cfg(test)]
mod tests;
