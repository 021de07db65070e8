//! Previews: the servers of a workspace's cell, shown to its members.
//!
//! A preview has an origin of its own, where nobody is signed in. A member
//! gets there by a ticket that works once; it is exchanged for a pass that is
//! good for that port of that workspace alone, and no longer than the session
//! it was asked for in. Both live in memory, as hashes.

use std::collections::HashMap;
use std::time::Duration;

use atelier_base::{Secret, Timestamp, UserId, WorkspaceId};
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::account::{TokenHash, hash, new_token};
use crate::ctx::{Actor, Ctx};
use crate::domain::Domain;
use crate::error::{Error, Result};

/// How long a ticket works.
pub const TICKET_LIFE: Duration = Duration::from_mins(1);
/// How long a pass is good for.
pub const PASS_LIFE: Duration = Duration::from_hours(12);
/// The most tickets, and the most passes; the oldest go first.
const KEPT: usize = 1_000;
const TICKET_PREFIX: &str = "atl_ticket_";
const PASS_PREFIX: &str = "atl_preview_";

/// A port of a workspace's cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The port.
    pub port: u16,
}

/// Leave to see a preview.
#[derive(Debug)]
pub struct Pass {
    place: Place,
    /// Cancelled when the person signs out.
    pub ended: CancellationToken,
}

/// What was found at a port.
#[derive(Debug)]
pub enum Reached {
    /// A connection to it.
    Open(TcpStream),
    /// Nothing listens there.
    Closed,
    /// The cell is not running.
    Stopped,
}

/// Who has tickets and passes.
#[derive(Debug, Default)]
pub(crate) struct Previews {
    tickets: Mutex<HashMap<TokenHash, Held>>,
    passes: Mutex<HashMap<TokenHash, Held>>,
}

#[derive(Clone, Debug)]
struct Held {
    place: Place,
    user: UserId,
    /// The session it was asked for in.
    session: TokenHash,
    expires: Timestamp,
    ended: CancellationToken,
}

impl Previews {
    /// Ends what was asked for in a session that ends.
    pub(crate) fn forget(&self, session: TokenHash) {
        for held in [&self.tickets, &self.passes] {
            held.lock().retain(|_, held| {
                let keep = held.session != session;
                if !keep {
                    held.ended.cancel();
                }
                keep
            });
        }
    }
}

fn keep(all: &Mutex<HashMap<TokenHash, Held>>, key: TokenHash, new: Held, now: Timestamp) {
    let mut all = all.lock();
    all.retain(|_, held| held.expires > now);
    if all.len() >= KEPT {
        let oldest = all.iter().min_by_key(|(_, held)| held.expires);
        if let Some(oldest) = oldest.map(|(key, _)| *key) {
            all.remove(&oldest);
        }
    }
    all.insert(key, new);
}

impl Domain {
    /// Makes a ticket to a port of a workspace, for the session that `session`
    /// proves. It works once, within [`TICKET_LIFE`].
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see the workspace.
    pub async fn open_preview(
        &self,
        ctx: &Ctx,
        session: &str,
        place: Place,
    ) -> Result<Secret<String>> {
        let user = ctx.person()?;
        self.require_workspace(ctx, place.workspace).await?;
        let (token, key) = new_token(TICKET_PREFIX)?;
        let now = self.now();
        let held = Held {
            place,
            user,
            session: hash(session),
            expires: now.plus(TICKET_LIFE),
            ended: CancellationToken::new(),
        };
        keep(&self.previews().tickets, key, held, now);
        Ok(token)
    }

    /// Exchanges a ticket for a pass, good for [`PASS_LIFE`].
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when the ticket is wrong, used, expired or
    /// for another place.
    pub async fn enter_preview(&self, ticket: &str, place: Place) -> Result<Secret<String>> {
        let found = self.previews().tickets.lock().remove(&hash(ticket));
        let now = self.now();
        let held = found
            .filter(|held| held.place == place && held.expires > now)
            .ok_or(Error::Unauthenticated)?;
        self.require_session(&held).await?;
        let (token, key) = new_token(PASS_PREFIX)?;
        let held = Held {
            expires: now.plus(PASS_LIFE),
            ..held
        };
        keep(&self.previews().passes, key, held, now);
        Ok(token)
    }

    /// Says whether a pass is good for a place, now.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when it is wrong, expired, for another place
    /// or of somebody who has signed out or is no longer a member.
    pub async fn check_preview(&self, pass: &str, place: Place) -> Result<Pass> {
        let key = hash(pass);
        let found = self.previews().passes.lock().get(&key).cloned();
        let held = found
            .filter(|held| held.place == place)
            .ok_or(Error::Unauthenticated)?;
        let checked = if held.expires > self.now() {
            self.require_session(&held).await
        } else {
            Err(Error::Unauthenticated)
        };
        if let Err(error) = checked {
            if matches!(error, Error::Unauthenticated) {
                self.previews().passes.lock().remove(&key);
                held.ended.cancel();
            }
            return Err(error);
        }
        Ok(Pass {
            place,
            ended: held.ended,
        })
    }

    /// Connects to the place of a pass. No cell is started for it.
    pub async fn connect_preview(&self, pass: &Pass) -> Reached {
        let site = self.site_of(pass.place.workspace);
        match self.host().connect(&site, pass.place.port).await {
            Ok(stream) => Reached::Open(stream),
            Err(_) if self.host().state(&site).await.is_none() => Reached::Stopped,
            Err(_) => Reached::Closed,
        }
    }

    /// Checks that the session still holds and its person is still a member.
    async fn require_session(&self, held: &Held) -> Result<()> {
        let now = self.now();
        let session = self
            .store()
            .query(async |tx| tx.find_session_by_hash(held.session, now).await)
            .await?;
        if session.is_none_or(|session| session.user_id != held.user) {
            return Err(Error::Unauthenticated);
        }
        let ctx = Ctx {
            actor: Actor::Person(held.user),
            request: self.new_request_id(),
            cancel: self.stopping().child_token(),
        };
        self.require_workspace(&ctx, held.place.workspace)
            .await
            .map_err(|error| match error {
                Error::NotFound { .. } => Error::Unauthenticated,
                other => other,
            })?;
        Ok(())
    }
}
