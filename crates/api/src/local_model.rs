//! The model that runs on the server's own machine.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The model that runs on the server's own machine, without a key.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LocalModel {
    /// Its name.
    pub model: String,
    /// The licence of its weights.
    pub license: String,
    /// How far its weights are.
    pub weights: LocalWeights,
    /// The program that runs them.
    pub helper: LocalHelper,
    /// True when a request would be answered.
    pub usable: bool,
    /// The size of the weights in bytes.
    pub size_bytes: u64,
    /// How many bytes are there: of what is downloaded, or of what is left of
    /// an earlier download. Equal to `sizeBytes` once all are there.
    pub received_bytes: u64,
    /// How many bytes were compared with the hash, while `weights` is
    /// `checking`.
    pub checked_bytes: u64,
    /// The SHA-256 that the weights must have, 64 hex digits.
    pub sha256: String,
    /// Where they are fetched from.
    pub source: String,
    /// Why the last download failed; null when it did not.
    pub failure: Option<String>,
    /// How the program last ended unasked, or why it did not start, and when
    /// it is started again; null once it has answered since.
    pub helper_failure: Option<String>,
    /// How far the building of the program is.
    pub build: LocalBuild,
    /// What to do when it is not usable; null when it is.
    pub hint: Option<String>,
}

/// How far the weights are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum LocalWeights {
    /// Not there.
    Absent,
    /// On their way.
    Downloading,
    /// There, and being compared with the hash.
    Checking,
    /// There.
    Ready,
}

/// The program that runs the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum LocalHelper {
    /// Not built.
    Missing,
    /// There; it starts with the next request.
    Ready,
    /// Running, with the model in memory.
    Loaded,
}

/// How far the building of the program is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LocalBuild {
    /// Where it stands.
    pub state: LocalBuildState,
    /// What is being done, while it is `running`.
    pub step: Option<String>,
    /// How much is done, 0 to 100, where that is known.
    pub percent: Option<u8>,
    /// The last line that the tools said.
    pub line: Option<String>,
    /// The packages of the system that have to be installed first, while it is
    /// `needsPackages`.
    pub packages: Vec<String>,
    /// The command that installs them.
    pub command: Option<String>,
    /// Whether `installPackages` lets the server's checkout install them.
    pub installable: bool,
    /// Why it failed, when it is `failed`.
    pub failure: Option<String>,
}

/// Where the building of the program stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum LocalBuildState {
    /// The server was not started from a source checkout.
    Unavailable,
    /// It can be built.
    Idle,
    /// Packages of the system have to be installed first.
    NeedsPackages,
    /// It is being built.
    Running,
    /// The last try failed.
    Failed,
}

/// How the local model is got.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PullLocalModel {
    /// Whether packages of the system may be installed when building the
    /// program needs them.
    #[serde(default)]
    pub install_packages: bool,
}
