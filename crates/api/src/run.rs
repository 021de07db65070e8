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
    /// A draft of the workspace; the run changes it and not the workspace.
    #[serde(default)]
    pub draft_id: Option<Uuid>,
    /// A command line for `sh -c`.
    #[serde(default)]
    pub command: Option<String>,
    /// A program and its arguments.
    #[serde(default)]
    pub argv: Option<Vec<String>>,
    /// A file of the workspace, run by its language's interpreter or compiler.
    #[serde(default)]
    pub path: Option<String>,
    /// Program text; needs `language`.
    #[serde(default)]
    pub code: Option<String>,
    /// The language of `code`: one of `GET /api/runtimes`, or an alias of it.
    #[serde(default)]
    pub language: Option<String>,
    /// What the program reads on standard input.
    #[serde(default)]
    pub stdin: Option<String>,
    /// Environment variables in addition to the cell's own.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Limits below the workspace's.
    #[serde(default)]
    pub limits: Option<RunLimits>,
}

/// Limits of a run, or of a workspace's runs. Absent ones are what stands
/// above: the workspace's for a run, the server's for a workspace. Larger ones
/// are refused, but for the time, which a run may raise to the server's longest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunLimits {
    /// Wall-clock time in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Memory in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Processor time, in percent of one processor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_percent: Option<u32>,
    /// Processes and threads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pids: Option<u32>,
    /// Output of both streams in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_bytes: Option<u64>,
    /// The size that the workspace may grow to, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_bytes: Option<u64>,
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

/// A stage of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum StageName {
    /// The program is compiled.
    Compile,
    /// The program runs.
    Run,
}

/// A stage that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    /// Which.
    pub name: StageName,
    /// How it ended.
    pub outcome: Outcome,
    /// Its exit status, when its program exited.
    pub exit_code: Option<i32>,
    /// Its wall-clock time in milliseconds.
    pub wall_ms: i64,
}

/// A language that can be run.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LanguageRuntime {
    /// The language.
    pub language: String,
    /// The version of the program that runs or compiles it, when it says one.
    pub version: Option<String>,
    /// Other names that it goes by.
    pub aliases: Vec<String>,
    /// File endings it is chosen for, without the dot.
    pub extensions: Vec<String>,
    /// Whether it is compiled first, as a stage of its own.
    pub compiled: bool,
}

/// The languages that can be run.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Runtimes {
    /// One for each language that this machine has.
    pub items: Vec<LanguageRuntime>,
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
    /// Its stages that ended: `compile`, if its language is compiled, and `run`.
    #[serde(default)]
    pub stages: Vec<Stage>,
    /// While it is queued: how many runs go on before it, and itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_position: Option<u32>,
}

/// How `GET /api/execute/:jobId` answers.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetRun {
    /// Waits up to this many milliseconds (at most 30,000) for the end.
    #[serde(default)]
    pub wait: Option<u32>,
}
