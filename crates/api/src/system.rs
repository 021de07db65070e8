//! What this server and its machine can do.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::run::RunLimits;

/// What this server and its machine can do.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct System {
    /// The server's version.
    pub version: String,
    /// The database engine: `sqlite` or `postgres`.
    pub database: String,
    /// How runs are isolated here.
    pub isolation: Isolation,
    /// The languages whose files can be run here.
    pub runtimes: Vec<Runtime>,
    /// The limits of a run when nothing else is set: the most that a workspace
    /// or a request may set, but for the time.
    #[serde(default)]
    pub limits: RunLimits,
    /// The longest time that a run may ask for, in milliseconds.
    #[serde(default)]
    pub longest_timeout_ms: u64,
}

/// How runs are isolated here.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Isolation {
    /// True when runs can be started.
    pub ready: bool,
    /// Why not, and what to do.
    pub reason: Option<String>,
    /// Each layer of it.
    pub layers: Vec<Layer>,
}

/// How a layer of isolation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum LayerState {
    /// It holds.
    Active,
    /// Something weaker takes its place.
    Weaker,
    /// It is not there.
    Missing,
}

/// One layer of isolation.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Layer {
    /// Its name.
    pub name: String,
    /// How it stands.
    pub state: LayerState,
    /// What was found.
    pub detail: String,
    /// The exact setting that would enable it.
    pub fix: Option<String>,
}

/// A language whose files can be run.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Runtime {
    /// The language.
    pub language: String,
    /// Its version, when the program says one.
    pub version: Option<String>,
    /// The program that runs it.
    pub command: String,
    /// File endings it is chosen for, without the dot.
    pub extensions: Vec<String>,
}

/// The server is alive.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// `ok`.
    pub status: String,
}
