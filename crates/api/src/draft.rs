//! Drafts: copy-on-write layers over a workspace.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Makes a draft over the workspace as it is now.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateDraft {
    /// Whether the draft sees the workspace's build caches (`target`,
    /// `node_modules`, `.venv`, `__pycache__`), copy-on-write; false when
    /// absent: then they are empty in it.
    #[serde(default)]
    pub share_caches: bool,
}

/// Makes a proposal of what a draft changed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProposeDraft {
    /// A title for the proposal; made of the files' names when absent.
    #[serde(default)]
    #[schema(max_length = 120)]
    pub title: Option<String>,
}

/// What became of a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum DraftState {
    /// Runs may change it.
    Open,
    /// It was thrown away.
    Discarded,
    /// Its changes are a proposal.
    Proposed,
}

/// A copy-on-write layer over a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Draft {
    /// The draft's id.
    pub id: Uuid,
    /// The workspace it lies over.
    pub workspace_id: Uuid,
    /// What became of it.
    pub state: DraftState,
    /// Whether it sees the workspace's build caches.
    pub share_caches: bool,
    /// The proposal made of it.
    pub proposal_id: Option<Uuid>,
    /// When it was made.
    pub created_at: String,
    /// Who made it.
    pub created_by: Uuid,
}

/// A workspace's drafts, newest first; at most 32.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Drafts {
    /// Those that were not thrown away.
    pub items: Vec<Draft>,
}

/// What a draft did to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum DraftChangeKind {
    /// It is new.
    Create,
    /// Its content is another.
    Modify,
    /// It is gone.
    Delete,
    /// Only its mode is another.
    Mode,
    /// It is a symbolic link that was not there, or led elsewhere.
    Link,
    /// It moved; its content is the same.
    Rename,
}

/// One file that a draft changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DraftChange {
    /// Where it is now, or was.
    pub path: String,
    /// What happened to it.
    pub kind: DraftChangeKind,
    /// Where it was before a rename.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Its size in bytes; absent when it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,
    /// Whether it may be executed; absent when it is gone or a link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub executable: Option<bool>,
    /// BLAKE3 of its content when the draft was made, 64 hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_hash: Option<String>,
    /// BLAKE3 of its content in the draft; absent when it is gone, a link, or
    /// larger than 64 MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_hash: Option<String>,
}

/// What is known of what was read in a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum DraftReads {
    /// The files that its programs opened.
    Observed,
    /// Any file of the workspace may have been read.
    All,
}

/// A file that a draft changed or read, and its content when it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DraftBase {
    /// The file's path.
    pub path: String,
    /// BLAKE3 of its content, 64 hex digits.
    pub hash: String,
    /// Whether the draft changed it; otherwise it was only read.
    pub changed: bool,
}

/// A draft with what it changed and what that stands on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DraftDetail {
    /// The draft.
    #[serde(flatten)]
    pub draft: Draft,
    /// What it changed, by path; not what build tools make.
    pub changes: Vec<DraftChange>,
    /// The files it changed, and those that are known to have been read in it,
    /// as they were when it was made, by path: all changed ones and at most
    /// 10,000 others.
    pub stood_on: Vec<DraftBase>,
    /// What is known of what was read in it.
    pub reads: DraftReads,
    /// Why any file may have been read; null when it is known which were.
    pub reads_reason: Option<String>,
    /// The workspace's files by which it is stale, by path, at most 1,000: they
    /// are not what they were when it was made, and were read or looked for in
    /// it, or may have been.
    pub stale: Vec<String>,
}

/// The draft that a proposal was made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProposalDraft {
    /// The draft's id. It may have been thrown away since.
    pub id: Uuid,
    /// What is known of what was read in it.
    pub reads: DraftReads,
    /// Why any file may have been read; null when it is known which were.
    pub reads_reason: Option<String>,
    /// As of the draft: the workspace's files by which it is stale.
    pub stale: Vec<String>,
}
