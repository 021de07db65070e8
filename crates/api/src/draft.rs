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

/// A file and its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DraftBase {
    /// The file's path.
    pub path: String,
    /// BLAKE3 of its content, 64 hex digits.
    pub hash: String,
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
    /// The files it changed, as they were when it was made.
    pub stood_on: Vec<DraftBase>,
    /// The workspace's files that are not any more what they were when the
    /// draft was made, by path, at most 1,000. Any may have been read in it.
    pub stale: Vec<String>,
}
