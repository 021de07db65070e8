//! The interface of Piston, version 2, as its clients speak it: in snake case,
//! and with `{"message"}` for every error.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Says whether what is at this path speaks as Piston does.
pub fn is_address(path: &str) -> bool {
    path.starts_with("/api/v2/")
}

/// Runs a program that comes with its files.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub struct PistonExecute {
    /// The language, by a name or alias.
    pub language: String,
    /// Which of its versions: a semver selector.
    pub version: String,
    /// The files; the first one of text is where the program begins.
    pub files: Vec<PistonFile>,
    /// What the program reads on standard input.
    #[serde(default)]
    pub stdin: Option<String>,
    /// The program's arguments.
    #[serde(default)]
    pub args: Option<Vec<String>>,
    /// The compiler's wall-clock time in milliseconds.
    #[serde(default)]
    pub compile_timeout: Option<i64>,
    /// The program's wall-clock time in milliseconds.
    #[serde(default)]
    pub run_timeout: Option<i64>,
    /// The compiler's processor time in milliseconds.
    #[serde(default)]
    pub compile_cpu_time: Option<i64>,
    /// The program's processor time in milliseconds.
    #[serde(default)]
    pub run_cpu_time: Option<i64>,
    /// The compiler's memory in bytes; -1 for the server's limit.
    #[serde(default)]
    pub compile_memory_limit: Option<i64>,
    /// The program's memory in bytes; -1 for the server's limit.
    #[serde(default)]
    pub run_memory_limit: Option<i64>,
}

/// A file of a program.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub struct PistonFile {
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
    /// Its content.
    pub content: String,
    /// How the content is written: `utf8`, `base64` or `hex`.
    #[serde(default)]
    pub encoding: Option<String>,
}

/// What came of a program.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub struct PistonResult {
    /// The language.
    pub language: String,
    /// The version that was selected.
    pub version: String,
    /// What came of the program; of the compiler when that failed.
    pub run: PistonStage,
    /// What came of the compiler, when the language has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub compile: Option<PistonStage>,
}

/// What came of a stage.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub struct PistonStage {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Both, in the order in which they were written.
    pub output: String,
    /// The exit status, when its program exited.
    pub code: Option<i32>,
    /// The name of the signal that ended it.
    pub signal: Option<String>,
    /// What a person should know of how it ended.
    pub message: Option<String>,
    /// `RE` for an exit status other than 0, `SG` for a signal, `TO` for the
    /// time limit, `OL` for the output limit; null when it ended well.
    pub status: Option<String>,
    /// Processor time in milliseconds.
    pub cpu_time: Option<u64>,
    /// Wall-clock time in milliseconds.
    pub wall_time: u64,
    /// The most memory it used, in bytes.
    pub memory: Option<u64>,
}

/// A language that can be run.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub struct PistonRuntime {
    /// The language.
    pub language: String,
    /// Its version.
    pub version: String,
    /// Other names that it goes by.
    pub aliases: Vec<String>,
    /// The program that runs or compiles it.
    pub runtime: String,
}

/// The languages that can be run.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PistonRuntimes(pub Vec<PistonRuntime>);

/// An error.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub struct PistonError {
    /// What is wrong.
    pub message: String,
}
