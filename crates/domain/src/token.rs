//! Access tokens: what programs prove themselves with at the gateway.
//!
//! A token is good for asking models and for nothing else. It is shown once;
//! only its hash is kept.

use std::collections::HashMap;
use std::time::Duration;

use atelier_base::{Secret, Timestamp, TokenId, UserId, WorkspaceId};
use atelier_store::AccessTokenRow;
use parking_lot::Mutex;

use crate::account::{TokenHash, hash, new_token};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::workspace::checked_name;

/// Marks access tokens so that a scanner can find leaked ones.
pub const TOKEN_PREFIX: &str = "atl_token_";
/// How many of a token's last characters are shown.
const ENDING: usize = 4;
/// The most tokens of a person.
const TOKENS: usize = 100;
/// The most models a token may be bound to, and characters of one's name.
const MODELS: usize = 50;
const MODEL_CHARS: usize = 200;
/// The longest life that can be asked for, in days.
const LONGEST_DAYS: u32 = 3_650;
/// How often "last used" is written.
const TOUCH_EVERY: Duration = Duration::from_mins(5);
/// For how long a token is not looked up again. Another server on the same
/// database tells when it revokes one; should that be lost, the token is good
/// that much longer.
const REMEMBERED: Duration = Duration::from_secs(2);
/// The most tokens remembered.
const MOST_REMEMBERED: usize = 4_096;

/// An access token, without what proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    /// The token's id.
    pub id: TokenId,
    /// What it is called.
    pub name: String,
    /// Its last characters.
    pub ending: String,
    /// The workspace its calls count for.
    pub workspace: Option<WorkspaceId>,
    /// The models it may ask; `None` for all.
    pub models: Option<Vec<String>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is no longer good.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, give or take five minutes.
    pub last_used_at: Option<Timestamp>,
}

/// A token to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What it is called.
    pub name: String,
    /// The workspace its calls count for.
    pub workspace: Option<WorkspaceId>,
    /// The models it may ask; `None` for all.
    pub models: Option<Vec<String>>,
    /// For how many days it is good; `None` for good.
    pub expires_in_days: Option<u32>,
}

/// A new token and what proves it, shown once.
#[derive(Debug)]
pub struct TokenMade {
    /// The token.
    pub token: AccessToken,
    /// What proves it.
    pub secret: Secret<String>,
}

/// Who proved themselves with a token, and what it is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// The token.
    pub token: TokenId,
    /// For whom it acts.
    pub user: UserId,
    /// The workspace its calls count for.
    pub workspace: Option<WorkspaceId>,
    /// The models it may ask; `None` for all.
    pub models: Option<Vec<String>>,
}

impl Bearer {
    /// Says whether the token may ask a model.
    pub fn may_ask(&self, model: &str) -> bool {
        let all = |models: &Vec<String>| models.iter().any(|allowed| allowed == model);
        self.models.as_ref().is_none_or(all)
    }
}

impl Domain {
    /// Lists the asker's access tokens, oldest first.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when nobody is signed in.
    pub async fn list_tokens(&self, ctx: &Ctx) -> Result<Vec<AccessToken>> {
        let person = ctx.person()?;
        let rows = self
            .store()
            .query(async |tx| tx.list_access_tokens(person).await)
            .await?;
        rows.iter().map(shown).collect()
    }

    /// Makes an access token.
    ///
    /// # Errors
    /// [`Error::Invalid`] names what is wrong, and [`Error::NotFound`] says
    /// that the asker may not see the workspace.
    pub async fn create_token(&self, ctx: &Ctx, new: NewToken) -> Result<TokenMade> {
        let person = ctx.person()?;
        let name = checked_name(&new.name)?;
        let models = new.models.map(checked_models).transpose()?;
        let days = new.expires_in_days;
        if days.is_some_and(|days| days == 0 || days > LONGEST_DAYS) {
            let detail = format!("a token is good for 1 to {LONGEST_DAYS} days");
            return Err(Error::invalid("expiresInDays", detail));
        }
        if let Some(workspace) = new.workspace {
            self.require_workspace(ctx, workspace).await?;
        }
        if self.list_tokens(ctx).await?.len() >= TOKENS {
            return Err(Error::invalid(
                "name",
                format!("there are {TOKENS} tokens already; revoke one that is not used"),
            ));
        }
        let (secret, token_hash) = new_token(TOKEN_PREFIX)?;
        let now = self.now();
        let row = AccessTokenRow {
            id: self.ids().next(),
            user_id: person,
            name,
            token_hash,
            ending: ending(secret.expose()),
            workspace_id: new.workspace,
            models,
            created_at: now,
            expires_at: days.map(|days| now.plus(Duration::from_hours(u64::from(days) * 24))),
            last_used_at: None,
            revoked_at: None,
        };
        self.store()
            .write(async |tx| tx.insert_access_token(&row).await)
            .await?;
        Ok(TokenMade {
            token: shown(&row)?,
            secret,
        })
    }

    /// Revokes an access token; it is refused from now on.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker has no such token.
    pub async fn delete_token(&self, ctx: &Ctx, id: TokenId) -> Result<()> {
        let person = ctx.person()?;
        let row = self
            .store()
            .query(async |tx| tx.get_access_token(id).await)
            .await?;
        if row.user_id != person || row.revoked_at.is_some() {
            return Err(Error::NotFound { what: "token" });
        }
        let now = self.now();
        self.store()
            .write(async |tx| tx.revoke_access_token(id, now).await)
            .await?;
        self.tokens().forget(row.token_hash);
        Ok(())
    }

    /// Says who proves themselves with a token; `None` when it is unknown,
    /// expired or revoked.
    ///
    /// # Errors
    /// Fails when the store fails.
    pub async fn authenticate_token(&self, token: &str) -> Result<Option<Bearer>> {
        if !token.starts_with(TOKEN_PREFIX) {
            return Ok(None);
        }
        let (hash, now) = (hash(token), self.now());
        if let Some(bearer) = self.tokens().find(hash, now) {
            return Ok(Some(bearer));
        }
        let generation = self.tokens().generation();
        let found = self
            .store()
            .query(async |tx| tx.find_access_token(hash, now).await)
            .await?;
        let Some(row) = found else { return Ok(None) };
        if row
            .last_used_at
            .is_none_or(|last| now.since(last) > TOUCH_EVERY)
        {
            self.store()
                .write(async |tx| tx.touch_access_token(row.id, now).await)
                .await?;
        }
        let token = shown(&row)?;
        let bearer = Bearer {
            token: row.id,
            user: row.user_id,
            workspace: row.workspace_id,
            models: token.models,
        };
        let until = now.plus(REMEMBERED);
        let until = row.expires_at.map_or(until, |end| until.min(end));
        self.tokens()
            .remember(hash, bearer.clone(), until, generation);
        Ok(Some(bearer))
    }
}

/// The tokens that were used a moment ago.
#[derive(Debug, Default)]
pub(crate) struct Tokens(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    bearers: HashMap<TokenHash, (Bearer, Timestamp)>,
    /// How many were revoked: one that was being looked up meanwhile is not
    /// remembered.
    generation: u64,
}

impl Tokens {
    fn find(&self, hash: TokenHash, now: Timestamp) -> Option<Bearer> {
        let remembered = self.0.lock();
        let (bearer, until) = remembered.bearers.get(&hash)?;
        (now < *until).then(|| bearer.clone())
    }

    fn generation(&self) -> u64 {
        self.0.lock().generation
    }

    fn remember(&self, hash: TokenHash, bearer: Bearer, until: Timestamp, generation: u64) {
        let mut remembered = self.0.lock();
        if remembered.generation != generation {
            return;
        }
        if remembered.bearers.len() >= MOST_REMEMBERED {
            remembered.bearers.clear();
        }
        remembered.bearers.insert(hash, (bearer, until));
    }

    fn forget(&self, hash: TokenHash) {
        let mut remembered = self.0.lock();
        remembered.bearers.remove(&hash);
        remembered.generation += 1;
    }

    /// Forgets all, because another server may have revoked one.
    pub(crate) fn forget_all(&self) {
        let mut remembered = self.0.lock();
        remembered.bearers.clear();
        remembered.generation += 1;
    }
}

fn checked_models(models: Vec<String>) -> Result<String> {
    let fits = |model: &String| {
        !model.trim().is_empty()
            && model.chars().count() <= MODEL_CHARS
            && !model.contains(char::is_control)
    };
    if models.is_empty() || models.len() > MODELS || !models.iter().all(fits) {
        return Err(Error::invalid(
            "models",
            format!("name 1 to {MODELS} models, or leave it out for all of them"),
        ));
    }
    serde_json::to_string(&models).map_err(|e| Error::Internal(format!("models: {e}")))
}

/// A token is ASCII.
fn ending(token: &str) -> String {
    token[token.len().saturating_sub(ENDING)..].to_owned()
}

fn shown(row: &AccessTokenRow) -> Result<AccessToken> {
    let models = row.models.as_deref().map(serde_json::from_str).transpose();
    Ok(AccessToken {
        id: row.id,
        name: row.name.clone(),
        ending: row.ending.clone(),
        workspace: row.workspace_id,
        models: models
            .map_err(|e| Error::Internal(format!("a token's models can't be read: {e}")))?,
        created_at: row.created_at,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
    })
}
