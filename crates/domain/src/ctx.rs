//! Who asks: the first argument of every domain function.

use atelier_base::{RequestId, UserId};
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Nobody is signed in.
    Nobody,
    /// A signed-in person.
    Person(UserId),
}

/// The context of one call: who asks, which request it belongs to, and whether
/// the asker has gone away.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// Who asks.
    pub actor: Actor,
    /// The request, for the log.
    pub request: RequestId,
    /// Cancelled when the asker goes away.
    pub cancel: CancellationToken,
}

impl Ctx {
    /// Returns the signed-in person.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when nobody is signed in.
    pub fn person(&self) -> Result<UserId> {
        match self.actor {
            Actor::Person(id) => Ok(id),
            Actor::Nobody => Err(Error::Unauthenticated),
        }
    }
}
