//! Proposals and their review.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::draft::ProposalDraft;
use crate::review::Verdict;

/// Validates a patch against the workspace and makes a proposal of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApplyDiff {
    /// The workspace.
    pub workspace_id: Uuid,
    /// The patch, at most 4 MiB.
    #[schema(max_length = 4_194_304)]
    pub patch: String,
    /// How the patch is written; `auto` when absent.
    #[serde(default)]
    pub format: Option<PatchFormat>,
    /// The file that a block without a name means.
    #[serde(default)]
    pub path: Option<String>,
    /// Applies at once: `"all"`, or the numbers of hunks, from 1, in the order
    /// of the proposal.
    #[serde(default)]
    pub accept: Option<Accept>,
    /// With `accept`: the words of a `confirmation_required` problem.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub confirm: Option<String>,
    /// A title for the proposal.
    #[serde(default)]
    #[schema(max_length = 120)]
    pub title: Option<String>,
}

/// What is applied at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Accept {
    /// Everything.
    All(AcceptAll),
    /// Only the hunks with these numbers, from 1.
    Hunks(Vec<u32>),
}

/// The word `all`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum AcceptAll {
    /// Everything.
    All,
}

/// How a patch is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PatchFormat {
    /// The reader decides.
    Auto,
    /// `*** Begin Patch`.
    ApplyPatch,
    /// `<<<<<<< SEARCH` blocks.
    SearchReplace,
    /// A unified or git diff.
    Unified,
    /// JSON `[{"path","old","new"}]`.
    Edits,
    /// Whole files.
    Whole,
}

/// How far a proposal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProposalState {
    /// It waits for a decision.
    Open,
    /// A later proposal took its place.
    Superseded,
    /// Some of its hunks were applied.
    PartlyApplied,
    /// All of it was applied.
    Applied,
    /// It was rejected.
    Rejected,
    /// It was applied and then undone.
    Undone,
}

/// A proposal as it stands in lists.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProposalSummary {
    /// The proposal's id.
    pub id: Uuid,
    /// The workspace it is for.
    pub workspace_id: Uuid,
    /// The turn that made it; null when a person sent the patch.
    pub turn_id: Option<Uuid>,
    /// One line on what it is.
    pub title: String,
    /// How the patch was written.
    pub format: PatchFormat,
    /// How far it is.
    pub state: ProposalState,
    /// How many files it changes.
    pub file_count: u32,
    /// Lines added.
    pub added: u32,
    /// Lines removed.
    pub removed: u32,
    /// When it was made.
    pub created_at: String,
    /// When it was decided.
    pub decided_at: Option<String>,
}

/// A proposal, whole.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Proposal {
    /// What lists show of it.
    #[serde(flatten)]
    pub summary: ProposalSummary,
    /// The files, in the order of the patch.
    pub files: Vec<ProposalFile>,
    /// The draft that it was made of; null when it was made otherwise, and once
    /// decided.
    pub draft: Option<ProposalDraft>,
    /// What the hunks that are not applied would destroy all together; null
    /// when that needs no confirmation.
    pub warning: Option<Warning>,
    /// The newest verdict of the workspace's checks; null: not checked.
    pub verdict: Option<Verdict>,
}

/// What applying destroys, and how it is confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Warning {
    /// What is lost, a sentence each.
    pub reasons: Vec<String>,
    /// What to send as `confirm`, as a person typed it.
    pub word: String,
}

/// Takes hunks of a proposal out of the files.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UndoProposal {
    /// The hunks to undo; all that are applied when absent.
    #[serde(default)]
    pub hunks: Option<Vec<Uuid>>,
    /// The text to write for files whose merge has conflicts.
    #[serde(default)]
    pub resolutions: Vec<Resolution>,
    /// Names the change: asked for again under the same id, it is not made
    /// again.
    #[serde(default)]
    pub transaction_id: Option<Uuid>,
}

/// What happens to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Change {
    /// It is made.
    Create,
    /// Its text changes.
    Modify,
    /// It is deleted.
    Delete,
    /// It gets a new path, and perhaps a new text.
    Rename,
    /// It is made of another file, perhaps with another text.
    Copy,
}

/// How a file stands to what the proposal was made on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Freshness {
    /// The file is what the proposal was made on.
    Current,
    /// The file changed since, and both changes go together.
    Merges,
    /// The file changed since, in the same lines.
    Conflicts,
}

/// One file of a proposal.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProposalFile {
    /// What happens to it.
    pub change: Change,
    /// Its path afterwards (before, for a deletion).
    pub path: String,
    /// Its path before, for a rename; what it is made of, for a copy.
    pub from_path: Option<String>,
    /// The version it was made on.
    pub base_version_id: Option<Uuid>,
    /// How the file stands to that version now; null once decided.
    pub freshness: Option<Freshness>,
    /// The text before; null for a new file or one that is not text.
    pub before: Option<String>,
    /// The text after; null for a deletion or one that is not text.
    pub after: Option<String>,
    /// True when it is not text.
    pub binary: bool,
    /// How its text is written as bytes: `utf-8`, `utf-16le`, `windows-1252`.
    pub encoding: String,
    /// The size before, in bytes.
    pub before_bytes: Option<u64>,
    /// The size after, in bytes.
    pub after_bytes: Option<u64>,
    /// Whether it can be executed before.
    pub executable_before: bool,
    /// Whether it can be executed after.
    pub executable: bool,
    /// The glob that locks it for assistants, if one does.
    pub locked: Option<String>,
    /// The hunks, in the order of their lines.
    pub hunks: Vec<Hunk>,
}

/// What a hunk does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum HunkKind {
    /// Replaces some lines.
    Text,
    /// Makes the file.
    Create,
    /// Deletes the file.
    Delete,
    /// Gives the file its new path.
    Rename,
    /// Makes the file of another one.
    Copy,
    /// Changes whether the file may be executed.
    Mode,
    /// Changes a content that is not text, as a whole.
    Binary,
}

/// What was decided about a hunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum HunkState {
    /// Nothing yet.
    Open,
    /// It was applied.
    Accepted,
    /// It was not.
    Rejected,
    /// It was applied and then taken back.
    Undone,
}

/// One change that can be accepted or rejected.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Hunk {
    /// The hunk's id.
    pub id: Uuid,
    /// What it does.
    pub kind: HunkKind,
    /// The first line it replaces, from 0, in `before`.
    pub old_start: u32,
    /// How many lines it replaces.
    pub old_lines: u32,
    /// The first line it puts there, from 0, in `after`.
    pub new_start: u32,
    /// How many lines it puts there.
    pub new_lines: u32,
    /// How its place was found: `exact`, or what had to be allowed for.
    pub label: String,
    /// What was decided.
    pub state: HunkState,
    /// True when it was merged with what the file had become.
    pub merged: bool,
    /// The hunks without which it can't be applied.
    pub needs: Vec<Uuid>,
}

/// Which proposals are listed, newest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListProposals {
    /// Only those in this state.
    #[serde(default)]
    pub state: Option<ProposalState>,
    /// Where the last page ended.
    #[serde(default)]
    pub cursor: Option<String>,
    /// How many items, from 1 to 5,000; 100 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// Applies a proposal, atomically. Hunks of an open one that are not named are
/// rejected; those, and what was undone, can be applied later in the same way.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApplyProposal {
    /// The hunks to apply; all when absent.
    #[serde(default)]
    pub hunks: Option<Vec<Uuid>>,
    /// The text to write for files whose merge has conflicts.
    #[serde(default)]
    pub resolutions: Vec<Resolution>,
    /// The words of a `confirmation_required` problem, as a person typed them.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub confirm: Option<String>,
    /// Names the change: asked for again under the same id, it is not made
    /// again.
    #[serde(default)]
    pub transaction_id: Option<Uuid>,
}

/// A person's answer to a conflict.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resolution {
    /// The file.
    pub path: String,
    /// The text to write.
    pub content: String,
    /// The version the answer was given against.
    pub version_id: Uuid,
}

/// A file whose merge needs a person.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conflict {
    /// The file.
    pub path: String,
    /// Why, in a sentence.
    pub reason: String,
    /// The version that stands now; null when the file is gone.
    pub version_id: Option<Uuid>,
    /// The text the proposal was made on.
    pub base: Option<String>,
    /// The text that stands now.
    pub yours: Option<String>,
    /// The text the proposal wants.
    pub theirs: Option<String>,
    /// Both together, with conflict markers.
    pub merged: Option<String>,
    /// The merge in pieces, in order, to be decided one by one; none when it
    /// is not one of lines.
    #[serde(default)]
    pub pieces: Vec<MergePiece>,
}

/// A piece of a merge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum MergePiece {
    /// What goes together.
    Same {
        /// The lines.
        text: String,
    },
    /// Lines that both sides changed.
    Conflict {
        /// What both started from.
        base: String,
        /// What stands now.
        yours: String,
        /// What is wanted.
        theirs: String,
    },
}

/// A file that is locked for assistants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LockedPath {
    /// The file.
    pub path: String,
    /// What locks it.
    pub glob: String,
}

/// Why a patch was refused, for a program: the same facts that the problem's
/// `detail`, or the command line's message, tells a person or a model. Nothing
/// of a refused patch is applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PatchFailure {
    /// The stable name of the kind of failure, such as `context_not_found`.
    pub code: String,
    /// The whole explanation, at most 40 lines.
    pub message: String,
    /// What the patch's author can do about it.
    pub hint: String,
    /// The file, when one is to blame.
    pub path: Option<String>,
    /// Which hunk of that file, from 1, counted through the whole patch.
    pub hunk: Option<u32>,
    /// Which line of the patch, from 1.
    pub patch_line: Option<u32>,
    /// The hash of the file's current content.
    pub file_hash: Option<String>,
    /// The first line where the most similar place differs from the hunk.
    pub divergence: Option<Divergence>,
    /// Up to three lines of the file, from 1, where the hunk could begin.
    #[serde(default)]
    pub candidates: Vec<u32>,
    /// The lines of the file that are worth reading again.
    pub reread: Option<LineSpan>,
}

/// A line that a hunk expected and the file doesn't have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Divergence {
    /// The line of the file, from 1.
    pub line: u32,
    /// The line as the hunk has it.
    pub expected: String,
    /// The line as the file has it; null past the end of the file.
    pub found: Option<String>,
}

/// Some lines of a file, from 1, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LineSpan {
    /// The first line.
    pub from: u32,
    /// The last line.
    pub to: u32,
}
