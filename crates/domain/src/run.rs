//! Runs: queued, executed in a cell, streamed, recorded.

mod execute;
mod limits;
mod output;
mod program;
mod queue;
mod scratch;
mod selector;
mod stage;

use atelier_base::{DraftId, RunId, WorkspaceId};
use atelier_store::{RunRow, RunStatus};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::time::Duration;

use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::event::{OutputStream, RunEvent};
use crate::live::Subscription;
use crate::page::{Page, PageOf};

pub use atelier_sandbox::cell::Outcome;
pub use limits::LimitChange;
pub use program::Program;
pub(crate) use queue::{Capacity, Queue};
pub use scratch::{ScratchFile, ScratchJob, ScratchResult, StageLimits, StageResult};

/// A run to start.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The draft of it that is changed in its place.
    pub draft: Option<DraftId>,
    /// What is run.
    pub program: Program,
    /// What it reads on standard input.
    pub stdin: String,
    /// Environment variables in addition to the cell's.
    pub env: Vec<(String, String)>,
    /// Limits below the server's.
    pub limits: LimitChange,
}

/// A run with what it wrote.
#[derive(Debug)]
pub struct RunOutput {
    /// The run.
    pub run: RunRow,
    /// Standard output so far, lossily decoded.
    pub stdout: String,
    /// Standard error so far, lossily decoded.
    pub stderr: String,
}

impl Domain {
    /// Returns a run with its output; waits up to `wait` for its end.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see it.
    pub async fn get_run(&self, ctx: &Ctx, id: RunId, wait: Duration) -> Result<RunOutput> {
        let run = self.require_run(ctx, id).await?;
        let mut events = self.subscribe(id, Some(0)).await?;
        let mut output = RunOutput {
            run,
            stdout: String::new(),
            stderr: String::new(),
        };
        let mut collected = Collected::default();
        let deadline = tokio::time::Instant::now() + wait;
        loop {
            let batch = events.ready().await?;
            let none = batch.is_empty();
            for event in batch {
                collected.take(&event.payload)?;
            }
            // Nothing comes after its end.
            if collected.finished {
                break;
            }
            if !none {
                continue;
            }
            let finished = output.run.status == RunStatus::Finished;
            if finished
                || tokio::time::timeout_at(deadline, events.wait())
                    .await
                    .is_err()
            {
                break;
            }
        }
        output.run = self.store().query(async |tx| tx.get_run(id).await).await?;
        output.stdout = String::from_utf8_lossy(&collected.stdout).into_owned();
        output.stderr = String::from_utf8_lossy(&collected.stderr).into_owned();
        Ok(output)
    }

    /// Lists a workspace's runs, newest first.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see the workspace.
    pub async fn list_runs(
        &self,
        ctx: &Ctx,
        workspace: WorkspaceId,
        page: &Page,
    ) -> Result<PageOf<RunRow>> {
        self.require_workspace(ctx, workspace).await?;
        let before = page.cursor_as::<RunId>()?;
        let limit = page.limit();
        let rows = self
            .store()
            .query(async |tx| tx.list_runs(workspace, before, limit + 1).await)
            .await?;
        Ok(page.cut(rows, |run| run.id.to_string()))
    }

    /// Subscribes to a run's events.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see it.
    pub async fn watch_run(&self, ctx: &Ctx, id: RunId, after: u64) -> Result<Subscription> {
        let run = self.require_run(ctx, id).await?;
        let over = run.status == RunStatus::Finished;
        Ok(self.subscribe(id, Some(after)).await?.over(over))
    }

    /// Stops a run with all its processes. A finished one stays as it is.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see it.
    pub async fn cancel_run(&self, ctx: &Ctx, id: RunId) -> Result<RunRow> {
        self.require_run(ctx, id).await?;
        self.running().cancel(id.as_uuid());
        Ok(self.store().query(async |tx| tx.get_run(id).await).await?)
    }

    /// Returns how many runs go on before one that waits, and itself: 1 when it
    /// is the next. `None` when it does not wait.
    pub fn queue_position(&self, run: &RunRow) -> Option<usize> {
        let waits = run.status == RunStatus::Queued;
        let place = |queue: &Queue| queue.position(run.user_id, run.id);
        waits
            .then(|| place(self.run_queue()).or_else(|| place(self.server_queue())))
            .flatten()
    }

    async fn require_run(&self, ctx: &Ctx, id: RunId) -> Result<RunRow> {
        ctx.person()?;
        let run = self.store().query(async |tx| tx.get_run(id).await).await?;
        self.require_workspace(ctx, run.workspace_id)
            .await
            .map_err(|error| match error {
                Error::NotFound { .. } => Error::NotFound { what: "run" },
                other => other,
            })?;
        Ok(run)
    }
}

/// What a run has written so far, put together from its events.
#[derive(Default)]
struct Collected {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    finished: bool,
}

impl Collected {
    fn take(&mut self, payload: &str) -> Result<()> {
        let event: RunEvent = serde_json::from_str(payload)
            .map_err(|e| Error::Internal(format!("a stored event can't be read: {e}")))?;
        match event {
            RunEvent::Started { .. } | RunEvent::Stage { .. } => {}
            RunEvent::Finished { .. } => self.finished = true,
            RunEvent::Output {
                stream,
                text,
                base64,
            } => {
                let bytes = match (text, base64) {
                    (Some(text), _) => text.into_bytes(),
                    (None, Some(coded)) => STANDARD.decode(coded).unwrap_or_default(),
                    (None, None) => Vec::new(),
                };
                match stream {
                    OutputStream::Stdout => self.stdout.extend(bytes),
                    OutputStream::Stderr => self.stderr.extend(bytes),
                }
            }
        }
        Ok(())
    }
}
