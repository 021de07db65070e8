//! What this server and its machine can do.

pub use atelier_sandbox::doctor::{Isolation, Layer, LayerState};
pub use atelier_sandbox::runtime::Runtime;

use std::time::Duration;

use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::Result;
use crate::run::LimitChange;

/// What this server and its machine can do.
#[derive(Debug)]
pub struct System {
    /// Which database engine runs.
    pub engine: atelier_store::Engine,
    /// How runs are isolated.
    pub isolation: Isolation,
    /// The languages that can be run.
    pub runtimes: Vec<Runtime>,
    /// The limits of a run, all of them.
    pub limits: LimitChange,
    /// The longest time that a run may ask for, in milliseconds.
    pub longest_run_ms: u64,
}

impl Domain {
    /// Says what this server and its machine can do.
    ///
    /// # Errors
    /// [`crate::Error::Unauthenticated`] when nobody is signed in.
    pub async fn get_system(&self, ctx: &Ctx) -> Result<System> {
        ctx.person()?;
        let engine = self.store().engine();
        let run = &self.settings().run;
        Ok(System {
            engine,
            isolation: self.host().isolation().await,
            runtimes: self.host().runtimes().await,
            limits: LimitChange {
                timeout_ms: Some(millis(run.wall)),
                memory_bytes: Some(run.memory_bytes),
                cpu_percent: Some(run.cpu_percent),
                pids: Some(run.pids),
                output_bytes: Some(run.output_bytes),
                disk_bytes: Some(run.disk_bytes),
            },
            longest_run_ms: millis(self.longest()),
        })
    }

    /// Lists the languages that can be run.
    ///
    /// # Errors
    /// [`crate::Error::Unauthenticated`] when nobody is signed in.
    pub async fn list_runtimes(&self, ctx: &Ctx) -> Result<Vec<Runtime>> {
        ctx.person()?;
        Ok(self.host().runtimes().await)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
