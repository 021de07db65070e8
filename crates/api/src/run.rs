//! Executions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Starts a run in the workspace's cell. Exactly one of `command`, `argv`,
/// `path` and `code` says what is run.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Execute {
    /// The workspace it runs in.
    pub workspace_id: Uuid,
    /// A command line for `sh -c`.
    #[serde(default)]
    pub command: Option<String>,
    /// A program and its arguments.
    #[serde(default)]
    pub argv: Option<Vec<String>>,
    /// A file of the workspace, run by its language's interpreter.
    #[serde(default)]
    pub path: Option<String>,
    /// Program text; needs `language`.
    #[serde(default)]
    pub code: Option<String>,
    /// The language of `code`: `python`, `javascript` or `shell`.
    #[serde(default)]
    pub language: Option<String>,
    /// What the program reads on standard input.
    #[serde(default)]
    pub stdin: Option<String>,
    /// Environment variables in addition to the cell's own.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Limits below the server's own.
    #[serde(default)]
    pub limits: Option<RunLimits>,
}

/// Limits of a run. Absent ones are the server's; larger ones are refused.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunLimits {
    /// Wall-clock time in milliseconds.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
    /// Memory in bytes.
    #[serde(default)]
    pub memory_bytes: Option<u64>,
    /// Processes and threads.
    #[serde(default)]
    pub pids: Option<u32>,
    /// Output of both streams in bytes.
    #[serde(default)]
    pub output_bytes: Option<u64>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum RunStatus {
    /// It waits for its turn.
    Queued,
    /// It runs.
    Running,
    /// It ended; the outcome says how.
    Finished,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Exit status 0.
    Ok,
    /// Another exit status.
    Exit,
    /// A signal ended it.
    Signal,
    /// It ran longer than its time.
    Timeout,
    /// It used more memory than its limit.
    Memory,
    /// It started more processes than its limit.
    Pids,
    /// It wrote more output than its limit.
    Output,
    /// It wrote more to disk than its limit.
    Disk,
    /// A person stopped it.
    Cancelled,
    /// The server stopped while it ran.
    Interrupted,
    /// It was not started; the reason says why.
    Refused,
}

/// An execution.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// The run's id.
    pub id: Uuid,
    /// The workspace it is in.
    pub workspace_id: Uuid,
    /// What is run, as a person would write it.
    pub command: String,
    /// How far it is.
    pub status: RunStatus,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The exit status, when the program exited.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Why it was refused or ended, in a sentence.
    pub reason: Option<String>,
    /// Wall-clock time in milliseconds.
    pub wall_ms: Option<i64>,
    /// Processor time in milliseconds.
    pub cpu_ms: Option<i64>,
    /// The most memory it held, in bytes.
    pub peak_memory_bytes: Option<i64>,
    /// Bytes written to standard output.
    pub stdout_bytes: i64,
    /// Bytes written to standard error.
    pub stderr_bytes: i64,
    /// Standard output so far, lossily decoded; only from `GET /api/execute/:jobId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdout: Option<String>,
    /// Standard error so far, lossily decoded; only from `GET /api/execute/:jobId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stderr: Option<String>,
    /// When it was asked for.
    pub created_at: String,
    /// When it started.
    pub started_at: Option<String>,
    /// When it ended.
    pub finished_at: Option<String>,
}

/// How `GET /api/execute/:jobId` answers.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetRun {
    /// Waits up to this many milliseconds (at most 30,000) for the end.
    #[serde(default)]
    pub wait: Option<u32>,
}
