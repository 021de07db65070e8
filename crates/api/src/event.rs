//! Live events. Each is stored with a number before it is sent; a client
//! resumes with `?after=` the last number it saw. Types are only ever added.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::proposal::HunkKind;
use crate::run::{Outcome, StageName};
use crate::turn::{LineRange, Selection, TurnState};
use crate::usage::TokenUsage;

/// An event with its place in the stream.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Numbered<T> {
    /// The place in the stream, from 1.
    pub seq: i64,
    /// When it happened.
    pub at: String,
    /// What happened.
    #[serde(flatten)]
    pub event: T,
}

/// Where a stream is taken up.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct After {
    /// The last number the client saw; 0 or absent for all. A workspace's
    /// stream starts with new events when it is absent.
    #[serde(default)]
    pub after: Option<i64>,
}

/// What happens in a turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum TurnEvent {
    /// The turn began.
    Started {
        /// The turn.
        turn_id: Uuid,
        /// Its conversation.
        conversation_id: Uuid,
        /// The model that answers.
        model: String,
        /// The names of the secrets that a person attached to it.
        #[serde(default)]
        attached: Vec<String>,
        /// The lines that a person selected for it.
        #[serde(default)]
        selections: Vec<Selection>,
    },
    /// Secrets were kept out of the request: their names stand in their place,
    /// or nothing left at all.
    Withheld {
        /// What they are called, never their values.
        names: Vec<String>,
    },
    /// A request goes to the model; this is what is in it.
    Context {
        /// The request, for `GET /api/model-calls/:id`.
        model_call_id: Uuid,
        /// Its size in bytes.
        bytes: u64,
        /// The workspace's files in it.
        files: Vec<ContextFile>,
        /// The provider that is asked.
        #[serde(default)]
        provider: String,
        /// The model that is asked.
        #[serde(default)]
        model: String,
        /// True when it runs on hardware of the person's own.
        #[serde(default)]
        local: bool,
        /// Why it is this model, in a sentence.
        #[serde(default)]
        reason: String,
    },
    /// Another model took over. The text and reasoning before it are void: the
    /// answer begins anew.
    Switched {
        /// The request to the model that answers now, for
        /// `GET /api/model-calls/:id`.
        model_call_id: Uuid,
        /// The model that failed.
        from: String,
        /// The model that answers now.
        to: String,
        /// True when that one runs on hardware of the person's own.
        local: bool,
        /// Why, in a sentence.
        reason: String,
    },
    /// Some text of the answer.
    Text {
        /// The text.
        text: String,
    },
    /// Some of the model's reasoning.
    Reasoning {
        /// The text.
        text: String,
    },
    /// What the model reported it used.
    Usage {
        /// The tokens and cost of this request.
        usage: TokenUsage,
    },
    /// A change of the answer as it is written: for the eye. It has no
    /// place yet, and nothing of it is applied.
    EditPreview {
        /// The file, when one is named.
        path: Option<String>,
        /// What it does, in the words of a hunk's kind.
        kind: HunkKind,
        /// The lines it removes, at most 100.
        removed: Vec<String>,
        /// The lines it adds, at most 100.
        added: Vec<String>,
        /// Whether lines are left out.
        cut: bool,
    },
    /// The answer's edits are a proposal now; nothing is written.
    Proposal {
        /// The proposal.
        proposal_id: Uuid,
        /// How many files it would change.
        files: u32,
        /// Lines it would add.
        added: u32,
        /// Lines it would remove.
        removed: u32,
    },
    /// The answer has edits that can't be used.
    EditFailed {
        /// The stable name of the failure.
        code: String,
        /// What is wrong, where, and what was found instead.
        detail: String,
        /// The file, when one is to blame.
        path: Option<String>,
    },
    /// The turn ended.
    Finished {
        /// How.
        state: TurnState,
        /// The stable name of the failure.
        code: Option<String>,
        /// Why it failed.
        detail: Option<String>,
        /// What to do about it.
        hint: Option<String>,
    },
}

/// A file whose text was given to a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContextFile {
    /// The file's path.
    pub path: String,
    /// The version given.
    pub version_id: Option<Uuid>,
    /// How many bytes of it.
    pub bytes: u64,
    /// The lines given; null or absent for all.
    pub lines: Option<LineRange>,
}

/// Which of a program's two output streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What happens in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum RunEvent {
    /// It started.
    Started {
        /// What is run.
        command: String,
    },
    /// It wrote something. Text is UTF-8; other bytes come as base64.
    Output {
        /// Where to.
        stream: OutputStream,
        /// The bytes, when they are UTF-8.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        text: Option<String>,
        /// The bytes, when they are not.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        base64: Option<String>,
    },
    /// A stage of a run that is compiled first began, or ended with an outcome.
    Stage {
        /// Which.
        name: StageName,
        /// How it ended; absent when it begins.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        outcome: Option<Outcome>,
        /// Its exit status.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        exit_code: Option<i32>,
        /// Its wall-clock time in milliseconds.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        wall_ms: Option<i64>,
    },
    /// It ended.
    Finished {
        /// How.
        outcome: Outcome,
        /// The exit status.
        exit_code: Option<i32>,
        /// The signal.
        signal: Option<i32>,
        /// Why, in a sentence.
        reason: Option<String>,
        /// Wall-clock time in milliseconds.
        wall_ms: i64,
    },
}

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum FileChange {
    /// It is new, or back from deletion.
    Created,
    /// It has a new version.
    Modified,
    /// It has a new path.
    Renamed,
    /// It was deleted.
    Deleted,
}

/// A file that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangedFile {
    /// The file.
    pub file_id: Uuid,
    /// Its path now.
    pub path: String,
    /// What happened.
    pub change: FileChange,
    /// Its version now.
    pub version_id: Option<Uuid>,
}

/// What happens in a workspace, over its WebSocket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum WorkspaceEvent {
    /// Files changed.
    FilesChanged {
        /// Which; empty when there are too many to name, so list them anew.
        files: Vec<ChangedFile>,
        /// How many.
        count: u64,
    },
    /// Comments on a proposal were written or deleted.
    CommentsChanged {
        /// Which proposal.
        proposal_id: Uuid,
    },
    /// A proposal is new or has a new state.
    ProposalChanged {
        /// Which.
        proposal_id: Uuid,
    },
    /// A run is new or has a new status.
    RunChanged {
        /// Which.
        run_id: Uuid,
    },
    /// A terminal is new, gone, ended or has another title; list them anew.
    TerminalsChanged,
    /// A turn is new or has a new state.
    TurnChanged {
        /// Which.
        turn_id: Uuid,
        /// Its conversation.
        conversation_id: Uuid,
    },
    /// Programs in the cell began or ceased to listen.
    PortsChanged {
        /// The ports that are listened on now, in order.
        ports: Vec<OpenPort>,
    },
    /// A program was not let to a host that nobody granted.
    NetworkDenied {
        /// The host.
        host: String,
        /// The port.
        port: u16,
    },
}

/// A port that a program in the cell listens on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenPort {
    /// The port.
    pub port: u16,
    /// The program's name, when it could be found.
    pub program: Option<String>,
}
