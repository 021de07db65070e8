//! A workspace's cell: what runs in it, what listens, what it may reach.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Whether a cell runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum CellStatus {
    /// It does not; it starts when it is needed.
    Stopped,
    /// It does.
    Running,
}

/// A workspace's cell.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cell {
    /// Whether it runs.
    pub state: CellStatus,
    /// Time since its start in milliseconds, while it runs.
    pub age_ms: Option<u64>,
    /// Memory in use in bytes, while it runs.
    pub memory_bytes: Option<u64>,
    /// Processor time used in milliseconds, when measured.
    pub cpu_ms: Option<u64>,
    /// The programs in it.
    pub processes: Vec<CellProcess>,
    /// The TCP ports that are listened on in it, in order.
    pub ports: Vec<CellPort>,
    /// In which ways the isolation is less than it could be, in sentences.
    pub weaker: Vec<String>,
}

/// A process in a cell.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CellProcess {
    /// Its number inside the cell.
    pub pid: i32,
    /// Its command line.
    pub command: String,
    /// Its resident memory in bytes.
    pub memory_bytes: u64,
}

/// A port that a program in a cell listens on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CellPort {
    /// The port.
    pub port: u16,
    /// The program's name, when it could be found.
    pub program: Option<String>,
    /// The address of its preview, which `POST …/ports/{port}/open` opens; null
    /// when previews can't be reached by the address this page was asked at.
    pub url: Option<String>,
}

/// A way into a preview.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreviewLink {
    /// An address on the preview's own origin. It works once, within a minute.
    pub url: String,
}

/// What a grant allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum GrantAction {
    /// To reach hosts of the network.
    Network,
}

/// A remembered permission.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// The grant's id.
    pub id: Uuid,
    /// What it allows.
    pub action: GrantAction,
    /// What it allows that on: `host`, `host:port`, `*.host`, or `registries`
    /// for the package registries.
    pub resource: String,
    /// Who granted it.
    pub created_by: Uuid,
    /// When.
    pub created_at: String,
    /// Until when it holds; null for good.
    pub until: Option<String>,
}

/// The grants that hold in a workspace.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Grants {
    /// The grants, oldest first.
    pub items: Vec<Grant>,
}

/// Grants something to the programs of a workspace.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateGrant {
    /// What is allowed.
    pub action: GrantAction,
    /// What on: `host` (ports 80 and 443), `host:port`, `*.host`, or
    /// `registries` for the package registries.
    #[schema(min_length = 1, max_length = 1000)]
    pub resource: String,
    /// Until when it holds (RFC 3339); absent for good.
    #[serde(default)]
    pub until: Option<String>,
}

/// A host that programs of a workspace were not let to.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Denial {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// How often.
    pub count: u64,
    /// When last.
    pub last_at: String,
    /// The grant that would allow it, and no more.
    pub resource: String,
}

/// What programs of a workspace were not let to since the server started.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Denials {
    /// The refusals, the latest first.
    pub items: Vec<Denial>,
}
