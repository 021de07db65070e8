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
