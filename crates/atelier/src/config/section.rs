//! The configuration file, as it is written.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

/// The file. Unknown keys are errors.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) server: ServerSection,
    pub(super) storage: StorageSection,
    pub(super) import: ImportSection,
    pub(super) run: RunSection,
    pub(super) cell: CellSection,
    pub(super) terminal: TerminalSection,
    pub(super) model: ModelSection,
    pub(super) local_model: LocalModelSection,
    pub(super) network: NetworkSection,
    pub(super) preview: PreviewSection,
    pub(super) vault: VaultSection,
    pub(super) limits: LimitsSection,
}

/// Where the vault's master key is.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct VaultSection {
    pub(super) key_file: Option<PathBuf>,
}

/// How often models may be asked.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LimitsSection {
    pub(super) model_requests_per_minute: Option<u32>,
    pub(super) model_requests_at_once: Option<u32>,
    pub(super) token_requests_per_minute: Option<u32>,
    pub(super) token_requests_at_once: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct NetworkSection {
    pub(super) allow_private: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PreviewSection {
    pub(super) domain: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ServerSection {
    pub(super) listen: Option<SocketAddr>,
    pub(super) public_url: Option<Url>,
    pub(super) allowed_hosts: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct StorageSection {
    pub(super) data: Option<PathBuf>,
    pub(super) database_url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ImportSection {
    pub(super) max_bytes: Option<u64>,
    pub(super) max_files: Option<u64>,
    pub(super) folders: Option<Vec<PathBuf>>,
    pub(super) git_allow_http: bool,
    pub(super) git_allow_private: bool,
    pub(super) git_timeout_seconds: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RunSection {
    pub(super) wall_seconds: Option<u64>,
    pub(super) memory_mb: Option<u64>,
    pub(super) cpu_percent: Option<u32>,
    pub(super) pids: Option<u32>,
    pub(super) output_kb: Option<u64>,
    pub(super) max_timeout_seconds: Option<u64>,
    pub(super) concurrent: Option<usize>,
    pub(super) servers: Option<usize>,
    pub(super) queued: Option<usize>,
    pub(super) queued_per_user: Option<usize>,
}

/// A cell as a whole, with all that runs in it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CellSection {
    pub(super) memory_mb: Option<u64>,
    pub(super) pids: Option<u32>,
    pub(super) idle_seconds: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TerminalSection {
    pub(super) per_workspace: Option<usize>,
    pub(super) scrollback_lines: Option<usize>,
    pub(super) scrollback_mb: Option<usize>,
}

/// The model that runs on this machine.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LocalModelSection {
    pub(super) helper: Option<PathBuf>,
    pub(super) url: Option<Url>,
    pub(super) threads: Option<u32>,
    pub(super) context_tokens: Option<u32>,
    pub(super) idle_seconds: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ModelSection {
    pub(super) base_url: Option<String>,
    pub(super) name: Option<String>,
    pub(super) api_key: Option<String>,
    pub(super) input_usd_per_million: Option<String>,
    pub(super) output_usd_per_million: Option<String>,
    pub(super) local: Option<bool>,
}

impl std::fmt::Debug for ModelSection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ModelSection")
            .field("base_url", &self.base_url)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
