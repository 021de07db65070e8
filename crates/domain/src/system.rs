//! What this server and its machine can do.

pub use atelier_sandbox::doctor::{Isolation, Layer, LayerState};
pub use atelier_sandbox::runtime::Runtime;

use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::Result;

/// What this server and its machine can do.
#[derive(Debug)]
pub struct System {
    /// Which database engine runs.
    pub engine: atelier_store::Engine,
    /// How runs are isolated.
    pub isolation: Isolation,
    /// The languages that can be run.
    pub runtimes: Vec<Runtime>,
}

impl Domain {
    /// Says what this server and its machine can do.
    ///
    /// # Errors
    /// [`crate::Error::Unauthenticated`] when nobody is signed in.
    pub async fn get_system(&self, ctx: &Ctx) -> Result<System> {
        ctx.person()?;
        let engine = self.store().engine();
        Ok(System {
            engine,
            isolation: self.host().isolation().await,
            runtimes: self.host().runtimes().await,
        })
    }
}
