//! Signing in: one-time links and sessions.
//!
//! There is one owner and no password. The server prints a link with a token
//! that works once; what is stored is only the token's hash.

use std::time::Duration;

use atelier_base::{Ids, Secret, SessionId, Timestamp, UserId};
pub(crate) use atelier_store::TokenHash;
use atelier_store::{SessionRow, SignInLinkRow, Store, UserRow};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::ctx::{Actor, Ctx};
use crate::domain::Domain;
use crate::error::{Error, Result};

/// How long a sign-in link works.
pub const LINK_LIFE: Duration = Duration::from_hours(1);
/// How long a session lasts without being used.
pub const SESSION_LIFE: Duration = Duration::from_hours(720);
/// Marks our tokens so that a scanner can find leaked ones.
const LINK_PREFIX: &str = "atl_link_";
const SESSION_PREFIX: &str = "atl_session_";
/// How often "last seen" is written: a session is not worth a write a request.
const TOUCH_EVERY: Duration = Duration::from_mins(5);

/// A new session and the token that proves it, shown once.
#[derive(Debug)]
pub struct SignedIn {
    /// The person.
    pub user: UserRow,
    /// The token for the cookie.
    pub token: Secret<String>,
}

impl Domain {
    /// Makes a sign-in token that works once, within [`LINK_LIFE`].
    ///
    /// # Errors
    /// Fails when the store fails.
    pub async fn create_sign_in_token(&self) -> Result<Secret<String>> {
        issue_sign_in_token(self.store(), self.ids(), self.now()).await
    }

    /// Exchanges a sign-in token for a session.
    ///
    /// # Errors
    /// [`Error::SignInLink`] when the token is wrong, used or expired.
    pub async fn create_session(&self, token: &str) -> Result<SignedIn> {
        let hash = hash(token);
        let (session_token, session_hash) = new_token(SESSION_PREFIX)?;
        let (id, now) = (self.ids().next::<SessionId>(), self.now());
        let user = self
            .store()
            .write(async |tx| {
                let user = tx
                    .use_sign_in_link(hash, now)
                    .await?
                    .ok_or(Error::SignInLink)?;
                let session = SessionRow {
                    id,
                    token_hash: session_hash,
                    user_id: user,
                    created_at: now,
                    last_seen_at: now,
                    expires_at: now.plus(SESSION_LIFE),
                    revoked_at: None,
                };
                tx.insert_session(&session).await?;
                tx.get_user(user).await.map_err(Error::from)
            })
            .await?;
        Ok(SignedIn {
            user,
            token: session_token,
        })
    }

    /// Says whose session a token proves, and keeps the session alive.
    ///
    /// # Errors
    /// Fails when the store fails; a wrong token is [`Actor::Nobody`].
    pub async fn authenticate(&self, token: &str) -> Result<Actor> {
        let hash = hash(token);
        let now = self.now();
        let found = self
            .store()
            .query(async |tx| tx.find_session_by_hash(hash, now).await)
            .await?;
        let Some(session) = found else {
            return Ok(Actor::Nobody);
        };
        if now.since(session.last_seen_at) > TOUCH_EVERY {
            self.store()
                .write(async |tx| {
                    tx.touch_session(session.session_id, now, now.plus(SESSION_LIFE))
                        .await
                })
                .await?;
        }
        Ok(Actor::Person(session.user_id))
    }

    /// Returns the signed-in person.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when nobody is signed in.
    pub async fn get_user(&self, ctx: &Ctx) -> Result<UserRow> {
        let id = ctx.person()?;
        Ok(self.store().query(async |tx| tx.get_user(id).await).await?)
    }

    /// Ends the session that a token proves.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when nobody is signed in.
    pub async fn delete_session(&self, ctx: &Ctx, token: &str) -> Result<()> {
        ctx.person()?;
        let (hash, now) = (hash(token), self.now());
        self.store()
            .write(async |tx| match tx.find_session_by_hash(hash, now).await? {
                Some(session) => tx.revoke_session(session.session_id, now).await,
                None => Ok(()),
            })
            .await?;
        self.previews().forget(hash);
        self.signed_out().send_replace(());
        Ok(())
    }

    /// Waits until a session that `token` proved is ended by its person. What
    /// goes on long after a request was let in, such as a WebSocket, ends then.
    ///
    /// # Errors
    /// Fails when the store fails.
    pub async fn until_signed_out(&self, token: &str) -> Result<()> {
        let mut ended = self.signed_out().subscribe();
        while self.authenticate(token).await? != Actor::Nobody {
            // The sender lives as long as `self`.
            let _ = ended.changed().await;
        }
        Ok(())
    }
}

/// Makes a sign-in token for the owner, whom the first one creates.
///
/// # Errors
/// Fails when the store fails.
pub async fn issue_sign_in_token(
    store: &Store,
    ids: &Ids,
    now: Timestamp,
) -> Result<Secret<String>> {
    let (token, token_hash) = new_token(LINK_PREFIX)?;
    let new = UserRow {
        id: ids.next::<UserId>(),
        name: "Owner".to_owned(),
        created_at: now,
    };
    store
        .write(async |tx| {
            let owner = if let Some(owner) = tx.find_owner().await? {
                owner.id
            } else {
                tx.insert_user(&new).await?;
                new.id
            };
            let expires_at = now.plus(LINK_LIFE);
            let link = SignInLinkRow {
                token_hash,
                user_id: owner,
                created_at: now,
                expires_at,
                used_at: None,
            };
            Ok::<_, Error>(tx.insert_sign_in_link(&link).await?)
        })
        .await?;
    Ok(token)
}

/// Makes a token of 256 random bits and its hash.
pub(crate) fn new_token(prefix: &str) -> Result<(Secret<String>, TokenHash)> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|e| Error::Internal(format!("no randomness: {e}")))?;
    let token = format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes));
    let hash = hash(&token);
    Ok((Secret::new(token), hash))
}

/// A token has 256 random bits, so a plain hash of it can't be guessed back.
pub(crate) fn hash(token: &str) -> TokenHash {
    Sha256::digest(token.as_bytes()).into()
}
