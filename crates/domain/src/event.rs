//! What happens in turns, runs and workspaces, as it is stored and sent.
//!
//! The stored form is the wire form: an event is serialised once, stored with
//! its number, and those bytes are what every client gets, now or after a
//! reconnect. The types of the interface describe the same shapes; a test
//! there holds the two together. Types are only ever added.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Tokens and cost, as events carry them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenUsage {
    /// Tokens of the requests.
    pub input_tokens: i64,
    /// Those of them that the provider had cached.
    pub cached_input_tokens: i64,
    /// Tokens of the answers.
    pub output_tokens: i64,
    /// US dollars as a decimal; `None` when a model's price is unknown.
    pub cost_usd: Option<String>,
    /// False when the counts are estimates.
    pub measured: bool,
}

/// A file whose text was given to a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContextFile {
    /// The file's path.
    pub path: String,
    /// The version given.
    pub version_id: Option<Uuid>,
    /// How many bytes of it.
    pub bytes: u64,
    /// The lines given; `None` for all.
    pub lines: Option<LineRange>,
}

/// Lines of a text, from 1, the first and the last included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LineRange {
    /// The first of them.
    pub first: u32,
    /// The last of them.
    pub last: u32,
}

/// Lines of a file that a person selected for a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Selection {
    /// The file's path.
    pub path: String,
    /// The version whose lines they are.
    pub version_id: Option<Uuid>,
    /// The lines.
    pub lines: LineRange,
}

/// What happens in a turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// A request goes to the model.
    Context {
        /// The stored request.
        model_call_id: Uuid,
        /// Its size in bytes.
        bytes: u64,
        /// The workspace's files in it.
        files: Vec<ContextFile>,
        /// The provider that is asked.
        provider: String,
        /// The model that is asked.
        model: String,
        /// Whether it runs on hardware of the person's own.
        local: bool,
        /// Why it is this model.
        reason: String,
    },
    /// Another model took over. The text and reasoning before it are void: the
    /// answer begins anew.
    Switched {
        /// The stored request to the model that answers now.
        model_call_id: Uuid,
        /// The model that failed.
        from: String,
        /// The model that answers now.
        to: String,
        /// Whether that one runs on hardware of the person's own.
        local: bool,
        /// Why.
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
        kind: String,
        /// The lines it removes.
        removed: Vec<String>,
        /// The lines it adds.
        added: Vec<String>,
        /// Whether lines are left out.
        cut: bool,
    },
    /// The answer's edits are a proposal now.
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
        /// What is wrong and where.
        detail: String,
        /// The file, when one is to blame.
        path: Option<String>,
    },
    /// The turn ended.
    Finished {
        /// How: `done`, `failed`, `cancelled` or `interrupted`.
        state: String,
        /// The stable name of the failure, or of why the answer is not whole.
        code: Option<String>,
        /// Why it failed, or why the answer is not whole.
        detail: Option<String>,
        /// What to do about it.
        hint: Option<String>,
    },
}

/// Which of a program's two output streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A stage of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RunStage {
    /// The program is compiled.
    Compile,
    /// The program runs.
    Run,
}

/// What happens in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// It wrote something: text when the bytes are UTF-8, else base64.
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
        name: RunStage,
        /// How it ended, in the words of the outcome; absent when it begins.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        outcome: Option<String>,
        /// Its exit status.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        exit_code: Option<i32>,
        /// Its wall-clock time in milliseconds.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        wall_ms: Option<i64>,
    },
    /// It ended.
    Finished {
        /// How, in the words of the outcome.
        outcome: String,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// What happens in a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum WorkspaceEvent {
    /// Files changed.
    FilesChanged {
        /// Which; empty when there are too many to name.
        files: Vec<ChangedFile>,
        /// How many.
        count: u64,
    },
    /// A proposal is new or has a new state.
    ProposalChanged {
        /// Which.
        proposal_id: Uuid,
    },
    /// Comments on a proposal were written or deleted.
    CommentsChanged {
        /// Which proposal.
        proposal_id: Uuid,
    },
    /// A run is new or has a new status.
    RunChanged {
        /// Which.
        run_id: Uuid,
    },
    /// A turn is new or has a new state.
    TurnChanged {
        /// Which.
        turn_id: Uuid,
        /// Its conversation.
        conversation_id: Uuid,
    },
    /// A terminal is new, gone, ended or has another title.
    TerminalsChanged,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenPort {
    /// The port.
    pub port: u16,
    /// The program's name, when it could be found.
    pub program: Option<String>,
}

/// How many changed files an event names; more only count.
const NAMED_FILES: usize = 200;

impl WorkspaceEvent {
    /// Says that `files` changed; names them when they are few.
    pub(crate) fn files_changed(files: Vec<ChangedFile>) -> Self {
        let count = files.len() as u64;
        let files = if files.len() > NAMED_FILES {
            Vec::new()
        } else {
            files
        };
        Self::FilesChanged { files, count }
    }
}
