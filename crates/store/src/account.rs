//! People, one-time sign-in links and sessions.

use atelier_base::{SessionId, Timestamp, UserId};

use crate::connection::{Reader, Writer};
use crate::error::Result;

/// The SHA-256 of a token. The token itself is never stored.
pub type TokenHash = [u8; 32];

record! {
    /// A person.
    "users" pub struct UserRow {
        /// Names the person.
        pub id: UserId,
        /// What the person is called.
        pub name: String,
        /// When the person was added.
        pub created_at: Timestamp,
    }
}

record! {
    /// A link that signs its person in once.
    "sign_in_links" pub struct SignInLinkRow {
        /// The hash of the token in the link.
        pub token_hash: TokenHash,
        /// Who is signed in by it.
        pub user_id: UserId,
        /// When it was made.
        pub created_at: Timestamp,
        /// From when on it does nothing.
        pub expires_at: Timestamp,
        /// When it was used; it is good for once.
        pub used_at: Option<Timestamp>,
    }
}

record! {
    /// A signed-in browser.
    "sessions" pub struct SessionRow {
        /// Names the session.
        pub id: SessionId,
        /// The hash of the token in the cookie.
        pub token_hash: TokenHash,
        /// Who is signed in.
        pub user_id: UserId,
        /// When the person signed in.
        pub created_at: Timestamp,
        /// When the session was last used, as coarsely as the caller touches it.
        pub last_seen_at: Timestamp,
        /// From when on it is over.
        pub expires_at: Timestamp,
        /// When it was ended before that.
        pub revoked_at: Option<Timestamp>,
    }
}

record! {
    /// A session that holds, with its person.
    "sessions with users" pub struct SignedIn {
        /// Names the session.
        pub session_id: SessionId,
        /// Who is signed in.
        pub user_id: UserId,
        /// What the person is called.
        pub user_name: String,
        /// When the session was last touched.
        pub last_seen_at: Timestamp,
        /// From when on it is over.
        pub expires_at: Timestamp,
    }
}

impl Reader {
    /// Finds the person the installation belongs to: the first one added.
    pub async fn find_owner(&mut self) -> Result<Option<UserRow>> {
        self.find_one("SELECT * FROM users ORDER BY id LIMIT 1", args![])
            .await
    }

    /// Returns a person.
    pub async fn get_user(&mut self, id: UserId) -> Result<UserRow> {
        self.get_one("SELECT * FROM users WHERE id = $1", id).await
    }

    /// Finds the session of a token, unless it is expired or revoked.
    pub async fn find_session_by_hash(
        &mut self,
        token_hash: TokenHash,
        now: Timestamp,
    ) -> Result<Option<SignedIn>> {
        self.find_one(
            "SELECT s.id AS session_id, s.user_id, u.name AS user_name, s.last_seen_at, s.expires_at
             FROM sessions s JOIN users u ON u.id = s.user_id
             WHERE s.token_hash = $1 AND s.revoked_at IS NULL AND s.expires_at > $2",
            args![token_hash, now],
        )
        .await
    }
}

impl Writer {
    /// Adds a person.
    pub async fn insert_user(&mut self, row: &UserRow) -> Result<()> {
        self.insert(row).await
    }

    /// Adds a sign-in link.
    pub async fn insert_sign_in_link(&mut self, row: &SignInLinkRow) -> Result<()> {
        self.insert(row).await
    }

    /// Uses a sign-in link up and returns whom it signs in; `None` when it is
    /// unknown, used or expired.
    pub async fn use_sign_in_link(
        &mut self,
        token_hash: TokenHash,
        now: Timestamp,
    ) -> Result<Option<UserId>> {
        let used = self
            .values(
                "UPDATE sign_in_links SET used_at = $2
                 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2
                 RETURNING user_id",
                "user_id",
                args![token_hash, now],
            )
            .await?;
        Ok(used.into_iter().next())
    }

    /// Adds a session.
    pub async fn insert_session(&mut self, row: &SessionRow) -> Result<()> {
        self.insert(row).await
    }

    /// Notes that a session was used, and until when it now lasts.
    pub async fn touch_session(
        &mut self,
        id: SessionId,
        last_seen_at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<()> {
        self.change(
            "sessions",
            id,
            "UPDATE sessions SET last_seen_at = $2, expires_at = $3 WHERE id = $1",
            args![id, last_seen_at, expires_at],
        )
        .await
    }

    /// Ends a session; one that has ended keeps its time.
    pub async fn revoke_session(&mut self, id: SessionId, at: Timestamp) -> Result<()> {
        self.change(
            "sessions",
            id,
            "UPDATE sessions SET revoked_at = COALESCE(revoked_at, $2) WHERE id = $1",
            args![id, at],
        )
        .await
    }

    /// Deletes the sessions and links that ended before `before`, and returns
    /// how many.
    pub async fn delete_ended_sessions(&mut self, before: Timestamp) -> Result<u64> {
        let sessions = self
            .execute(
                "DELETE FROM sessions WHERE expires_at < $1 OR revoked_at < $1",
                args![before],
            )
            .await?;
        let links = self
            .execute(
                "DELETE FROM sign_in_links WHERE expires_at < $1 OR used_at < $1",
                args![before],
            )
            .await?;
        Ok(sessions + links)
    }
}

#[cfg(test)]
mod tests;
