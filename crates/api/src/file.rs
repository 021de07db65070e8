//! Files of a workspace and their versions.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What an entry of the tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum FileKind {
    /// A file.
    File,
    /// A folder.
    Directory,
    /// A symbolic link, shown but never followed.
    Symlink,
}

/// An entry of a workspace's tree.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct File {
    /// The file's id; it survives renames.
    pub id: Uuid,
    /// The workspace it is in.
    pub workspace_id: Uuid,
    /// The path relative to the workspace.
    pub path: String,
    /// What it is.
    pub kind: FileKind,
    /// The language it is highlighted as, when known.
    pub language: Option<String>,
    /// The size in bytes; 0 for folders.
    pub size_bytes: i64,
    /// The version that stands on disk; null for folders, links and files
    /// too large to keep versions of.
    pub current_version_id: Option<Uuid>,
    /// When it was deleted; null while it is there.
    pub deleted_at: Option<String>,
}

/// A file with its content.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileContent {
    /// The file.
    pub file: File,
    /// The text; null when it is not UTF-8 text or too large to edit.
    pub content: Option<String>,
    /// True when it is not UTF-8 text.
    pub binary: bool,
    /// The version the text is of; the value for `If-Match`.
    pub version_id: Option<Uuid>,
}

/// Which entries are listed, in the order of their paths.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListFiles {
    /// True lists the deleted ones that can be restored.
    #[serde(default)]
    pub deleted: Option<bool>,
    /// Where the last page ended.
    #[serde(default)]
    pub cursor: Option<String>,
    /// How many items, from 1 to 5,000; 100 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// Makes a file or folder. Missing folders on the way are made too.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateFile {
    /// The path relative to the workspace.
    #[schema(max_length = 1024)]
    pub path: String,
    /// A file, when absent.
    #[serde(default)]
    pub kind: Option<NewFileKind>,
    /// The text of a new file; empty when absent.
    #[serde(default)]
    pub content: Option<String>,
}

/// What can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum NewFileKind {
    /// A file.
    File,
    /// A folder.
    Directory,
}

/// Changes a file: its text (with `If-Match`), its path, or brings it back
/// from deletion. One of them at a time.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateFile {
    /// The new text.
    #[serde(default)]
    pub content: Option<String>,
    /// The new path; a folder takes what is in it along.
    #[serde(default)]
    #[schema(max_length = 1024)]
    pub path: Option<String>,
    /// False restores a deleted file.
    #[serde(default)]
    pub deleted: Option<bool>,
}

/// What a save met when the file has moved on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StaleFile {
    /// The version that stands now.
    pub version_id: Option<Uuid>,
    /// The text that stands now; null when the file was deleted or is binary.
    pub content: Option<String>,
    /// The text both sides started from, when it is known.
    pub base: Option<String>,
    /// Both changes together; with conflict markers when `clean` is false.
    pub merged: Option<String>,
    /// True when the merge has no conflict.
    pub clean: bool,
}

/// Who made a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum AuthorKind {
    /// A person.
    User,
    /// The assistant, through an applied proposal.
    Assistant,
    /// A run.
    Run,
    /// Git.
    Git,
    /// The import that made the workspace.
    Import,
}

/// One content of one file at one time.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// The version's id.
    pub id: Uuid,
    /// The file it is of.
    pub file_id: Uuid,
    /// The path the file had.
    pub path: String,
    /// BLAKE3 of the content, 64 hex digits.
    pub content_hash: String,
    /// The size in bytes.
    pub size_bytes: i64,
    /// Who made it.
    pub author_kind: AuthorKind,
    /// The turn that made it, when the assistant did.
    pub turn_id: Option<Uuid>,
    /// The run that made it, when a run did.
    pub run_id: Option<Uuid>,
    /// The proposal it was applied from.
    pub proposal_id: Option<Uuid>,
    /// When it was made.
    pub created_at: String,
}

/// A version with its content.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionContent {
    /// The version.
    pub version: Version,
    /// The text; null when it is not UTF-8 text.
    pub content: Option<String>,
}

/// Makes an old version the current one again, as a new version. Takes
/// `If-Match` like a save.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RestoreVersion {
    /// The version to go back to.
    pub version_id: Uuid,
}
