//! The access tokens of programs.

use atelier_base::{Timestamp, TokenId, UserId, WorkspaceId};

use crate::account::TokenHash;
use crate::connection::{Reader, Writer};
use crate::error::Result;

record! {
    /// An access token.
    "access_tokens" pub struct AccessTokenRow {
        /// Names the token.
        pub id: TokenId,
        /// For whom its bearer acts.
        pub user_id: UserId,
        /// What it is called.
        pub name: String,
        /// The hash of the token.
        pub token_hash: TokenHash,
        /// Its last characters.
        pub ending: String,
        /// The workspace its calls count for.
        pub workspace_id: Option<WorkspaceId>,
        /// The models it may ask, as a JSON list; `None` for all.
        pub models: Option<String>,
        /// When it was made.
        pub created_at: Timestamp,
        /// From when on it is no longer good.
        pub expires_at: Option<Timestamp>,
        /// When it was last used, as coarsely as the caller notes it.
        pub last_used_at: Option<Timestamp>,
        /// When it was revoked.
        pub revoked_at: Option<Timestamp>,
    }
}

impl Reader {
    /// Returns an access token, also one that is no longer good.
    pub async fn get_access_token(&mut self, id: TokenId) -> Result<AccessTokenRow> {
        self.get_one("SELECT * FROM access_tokens WHERE id = $1", id)
            .await
    }

    /// Finds a token by its hash, unless it is expired or revoked.
    pub async fn find_access_token(
        &mut self,
        token_hash: TokenHash,
        now: Timestamp,
    ) -> Result<Option<AccessTokenRow>> {
        self.find_one(
            "SELECT * FROM access_tokens
             WHERE token_hash = $1 AND revoked_at IS NULL
               AND (expires_at IS NULL OR expires_at > $2)",
            args![token_hash, now],
        )
        .await
    }

    /// Lists a person's tokens that are not revoked, oldest first.
    pub async fn list_access_tokens(&mut self, user: UserId) -> Result<Vec<AccessTokenRow>> {
        self.all(
            "SELECT * FROM access_tokens WHERE user_id = $1 AND revoked_at IS NULL ORDER BY id",
            args![user],
        )
        .await
    }
}

impl Writer {
    /// Adds an access token.
    pub async fn insert_access_token(&mut self, row: &AccessTokenRow) -> Result<()> {
        self.insert(row).await
    }

    /// Notes when a token was used.
    pub async fn touch_access_token(&mut self, id: TokenId, at: Timestamp) -> Result<()> {
        self.change(
            "access_tokens",
            id,
            "UPDATE access_tokens SET last_used_at = $2 WHERE id = $1",
            args![id, at],
        )
        .await
    }

    /// Revokes a token; one that is revoked keeps its time.
    pub async fn revoke_access_token(&mut self, id: TokenId, at: Timestamp) -> Result<()> {
        self.tell().await?;
        self.change(
            "access_tokens",
            id,
            "UPDATE access_tokens SET revoked_at = COALESCE(revoked_at, $2) WHERE id = $1",
            args![id, at],
        )
        .await
    }
}

#[cfg(test)]
mod tests;
