//! Runs: executions with limits, output and an outcome. Their output is in
//! the event log, in the stream of the run's id.

use atelier_base::{RunId, Timestamp, UserId, WorkspaceId};

use crate::connection::{Reader, Writer};
use crate::error::Result;

words! {
    /// How far a run is.
    pub enum RunStatus {
        /// It waits for its turn.
        Queued = "queued",
        /// It goes on.
        Running = "running",
        /// It ended; its outcome says how.
        Finished = "finished",
    }
}

words! {
    /// How a run ended.
    pub enum RunOutcome {
        /// With exit status 0.
        Ok = "ok",
        /// With another exit status.
        Exit = "exit",
        /// Killed by a signal.
        Signal = "signal",
        /// It took longer than it may.
        Timeout = "timeout",
        /// It used more memory than it may.
        Memory = "memory",
        /// It started more processes than it may.
        Pids = "pids",
        /// It wrote more output than it may.
        Output = "output",
        /// It wrote more to the disk than it may.
        Disk = "disk",
        /// A person stopped it.
        Cancelled = "cancelled",
        /// The server stopped while it was running.
        Interrupted = "interrupted",
        /// It was not started; the reason says why.
        Refused = "refused",
    }
}

record! {
    /// One execution.
    "runs" pub struct RunRow {
        /// Names the run and its event stream.
        pub id: RunId,
        /// Whose files it works on.
        pub workspace_id: WorkspaceId,
        /// Who started it.
        pub user_id: UserId,
        /// The command as a person reads it.
        pub command: String,
        /// The program and its arguments, as a JSON array.
        pub argv: String,
        /// Its limits, as JSON.
        pub limits: String,
        /// How far it is.
        pub status: RunStatus,
        /// How it ended.
        pub outcome: Option<RunOutcome>,
        /// Its exit status.
        pub exit_code: Option<i32>,
        /// The signal it was killed by.
        pub signal: Option<i32>,
        /// Why it ended so, in words.
        pub reason: Option<String>,
        /// Milliseconds it took.
        pub wall_ms: Option<u64>,
        /// Milliseconds of processor time it took.
        pub cpu_ms: Option<u64>,
        /// The most memory it used at once, in bytes.
        pub peak_memory_bytes: Option<u64>,
        /// What it wrote to its standard output, in bytes.
        pub stdout_bytes: u64,
        /// What it wrote to its standard error, in bytes.
        pub stderr_bytes: u64,
        /// When it was asked for.
        pub created_at: Timestamp,
        /// When it started.
        pub started_at: Option<Timestamp>,
        /// When it ended.
        pub finished_at: Option<Timestamp>,
        /// Its stages that ended, as a JSON array.
        pub stages: String,
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunEnd {
    /// How it ended.
    pub outcome: RunOutcome,
    /// Its exit status.
    pub exit_code: Option<i32>,
    /// The signal it was killed by.
    pub signal: Option<i32>,
    /// Why it ended so, in words.
    pub reason: Option<String>,
    /// Milliseconds it took.
    pub wall_ms: Option<u64>,
    /// Milliseconds of processor time it took.
    pub cpu_ms: Option<u64>,
    /// The most memory it used at once, in bytes.
    pub peak_memory_bytes: Option<u64>,
    /// What it wrote to its standard output, in bytes.
    pub stdout_bytes: u64,
    /// What it wrote to its standard error, in bytes.
    pub stderr_bytes: u64,
    /// When it ended.
    pub finished_at: Timestamp,
}

impl Reader {
    /// Returns a run.
    pub async fn get_run(&mut self, id: RunId) -> Result<RunRow> {
        self.get_one("SELECT * FROM runs WHERE id = $1", id).await
    }

    /// Lists a workspace's runs, newest first, those asked for before `before`.
    pub async fn list_runs(
        &mut self,
        workspace: WorkspaceId,
        before: Option<RunId>,
        limit: u32,
    ) -> Result<Vec<RunRow>> {
        self.all(
            "SELECT * FROM runs WHERE workspace_id = $1 AND ($2 IS NULL OR id < $2)
             ORDER BY id DESC LIMIT $3",
            args![workspace, before, limit],
        )
        .await
    }
}

impl Writer {
    /// Adds a run.
    pub async fn insert_run(&mut self, row: &RunRow) -> Result<()> {
        self.insert(row).await
    }

    /// Notes that a queued run started. Returns `false`, and changes nothing,
    /// when it is not queued (any more).
    pub async fn start_run(&mut self, id: RunId, at: Timestamp) -> Result<bool> {
        let changed = self
            .execute(
                "UPDATE runs SET status = 'running', started_at = $2
                 WHERE id = $1 AND status = 'queued'",
                args![id, at],
            )
            .await?;
        Ok(changed == 1)
    }

    /// Stores the stages of a run that ended, as a JSON array.
    pub async fn set_run_stages(&mut self, id: RunId, stages: &str) -> Result<()> {
        self.change(
            "runs",
            id,
            "UPDATE runs SET stages = $2 WHERE id = $1",
            args![id, stages.to_owned()],
        )
        .await
    }

    /// Stores how a run ended. Returns `false`, and changes nothing, when it
    /// had ended.
    pub async fn finish_run(&mut self, id: RunId, end: &RunEnd) -> Result<bool> {
        let changed = self
            .execute(
                "UPDATE runs
                 SET status = 'finished', outcome = $2, exit_code = $3, signal = $4, reason = $5,
                     wall_ms = $6, cpu_ms = $7, peak_memory_bytes = $8, stdout_bytes = $9,
                     stderr_bytes = $10, finished_at = $11
                 WHERE id = $1 AND status <> 'finished'",
                args![
                    id,
                    end.outcome,
                    end.exit_code,
                    end.signal,
                    end.reason,
                    end.wall_ms,
                    end.cpu_ms,
                    end.peak_memory_bytes,
                    end.stdout_bytes,
                    end.stderr_bytes,
                    end.finished_at,
                ],
            )
            .await?;
        Ok(changed == 1)
    }

    /// Ends every unfinished run as interrupted and returns them as they are
    /// then, oldest first: for the start of the server.
    pub async fn interrupt_unfinished_runs(&mut self, at: Timestamp) -> Result<Vec<RunRow>> {
        let mut runs: Vec<RunRow> = self
            .all(
                "UPDATE runs SET status = 'finished', outcome = 'interrupted', finished_at = $1
                 WHERE status <> 'finished' RETURNING *",
                args![at],
            )
            .await?;
        runs.sort_by_key(|run| run.id);
        Ok(runs)
    }
}

#[cfg(test)]
mod tests;
