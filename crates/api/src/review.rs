//! What reviewers of a proposal go by: checks and comments.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What checks said of a proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The verdict's id.
    pub id: Uuid,
    /// How far the checks are, and what they said.
    pub state: VerdictState,
    /// The hunks that were in the files then, in the order of the proposal.
    pub hunks: Vec<Uuid>,
    /// The hash of the tree that the hunks were put on.
    pub base_hash: String,
    /// The hash of the tree on which the commands ran.
    pub tree_hash: String,
    /// True when the workspace is neither of these trees any more: what it
    /// holds now was not checked.
    pub stale: bool,
    /// The commands, and what came of each.
    pub commands: Vec<CheckedCommand>,
    /// Why the checks could not be carried out.
    pub reason: Option<String>,
    /// When they were asked for.
    pub created_at: String,
    /// When they ended.
    pub finished_at: Option<String>,
}

/// How far checks are, and what they said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum VerdictState {
    /// They go on.
    Running,
    /// Every command exited with 0.
    Passed,
    /// A command did not.
    Failed,
    /// A person stopped them.
    Cancelled,
    /// They could not be carried out to the end.
    Interrupted,
}

/// A command of a check, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckedCommand {
    /// What it is called.
    pub name: String,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// How far it is.
    pub state: CheckState,
    /// How it ended, in the words of a run's outcome.
    pub outcome: Option<String>,
    /// Its exit status.
    pub exit_code: Option<i32>,
    /// How long it took, in milliseconds.
    pub wall_ms: Option<u64>,
    /// The last lines that it wrote, at most 60.
    pub output: String,
}

/// How far a command of a check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum CheckState {
    /// It has not begun.
    Waiting,
    /// It runs.
    Running,
    /// It exited with 0.
    Passed,
    /// It ended in another way.
    Failed,
    /// It ran when the checks were stopped.
    Cancelled,
    /// It was not run.
    Skipped,
}

/// Runs the workspace's checks on a proposal.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckProposal {
    /// The hunks to put into the files, beside those that are in them; all when
    /// absent.
    #[serde(default)]
    pub hunks: Option<Vec<Uuid>>,
}

/// Which side of a change a line is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum LineSide {
    /// The text before.
    Old,
    /// The text after.
    New,
}

/// Comments on a proposal, oldest first.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Comments {
    /// The comments.
    pub items: Vec<Comment>,
}

/// What a person says of a proposal, a hunk or lines of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Comment {
    /// The comment's id.
    pub id: Uuid,
    /// The proposal.
    pub proposal_id: Uuid,
    /// Who wrote it.
    pub user_id: Uuid,
    /// The hunk it is on; null for the whole proposal.
    pub hunk_id: Option<Uuid>,
    /// The side of the line it is on; null when it is on no line.
    pub side: Option<LineSide>,
    /// The first line it is on, from 0, of that side's whole text.
    pub line: Option<u32>,
    /// How many lines it is on; null when it is on no line.
    pub line_count: Option<u32>,
    /// True when the lines of its hunk don't stand in the file any more as the
    /// hunk has them, or a later proposal took this one's place.
    pub outdated: bool,
    /// What it says.
    pub body: String,
    /// When it was written.
    pub created_at: String,
}

/// Comments on a proposal.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateComment {
    /// The hunk it is on; the whole proposal when absent.
    #[serde(default)]
    pub hunk_id: Option<Uuid>,
    /// With `line`: which side's line.
    #[serde(default)]
    pub side: Option<LineSide>,
    /// With `side`: the first line, from 0, of that side's whole text. It must
    /// be one of the hunk's.
    #[serde(default)]
    pub line: Option<u32>,
    /// With `line`: how many of the hunk's lines; one when absent.
    #[serde(default)]
    #[schema(minimum = 1)]
    pub line_count: Option<u32>,
    /// What it says, at most 4 KiB.
    #[schema(max_length = 4096)]
    pub body: String,
}
