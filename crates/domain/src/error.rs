//! The ways the rules say no.

use std::time::Duration;

use atelier_base::{ErrorKind, PathError, VersionId, WorkspacePath};
use atelier_patch::PatchError;

use crate::proposal::Warning;

/// What domain functions return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure, with what a person needs to go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody is signed in.
    #[error("nobody is signed in")]
    Unauthenticated,
    /// The sign-in link is wrong, used or expired.
    #[error("the sign-in link is wrong, used or expired")]
    SignInLink,
    /// The asker may not know of it, or it does not exist.
    #[error("there is no such {what}")]
    NotFound {
        /// What was looked for.
        what: &'static str,
    },
    /// The input is wrong.
    #[error("{detail}")]
    Invalid {
        /// The request field.
        field: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// The path can't be used.
    #[error(transparent)]
    Path(#[from] PathError),
    /// Something stands at the path already.
    #[error("`{path}` exists already")]
    PathTaken {
        /// The path.
        path: String,
    },
    /// Something has the name already.
    #[error("`{name}` is taken")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// The file has a newer version than the one that was edited.
    #[error("the file changed since you opened it")]
    Stale(Box<Stale>),
    /// The edited version was not named.
    #[error("the version you edited is not named")]
    VersionMissing,
    /// The patch can't be read or does not fit the files.
    #[error("{0}")]
    Patch(Box<PatchError>),
    /// The proposal and later edits change the same lines.
    #[error("{} of the files changed in the same place", .0.len())]
    MergeConflict(Vec<Conflict>),
    /// The proposal destroys much, and nobody confirmed that.
    #[error("it destroys much: {}", .0.reasons.join(" "))]
    ConfirmationRequired(Warning),
    /// Only the person the server belongs to may do it.
    #[error("only the owner of this server may {what}")]
    OwnerOnly {
        /// What, in a few words.
        what: &'static str,
    },
    /// An assistant's proposal changes a file that is locked for it.
    #[error("`{path}` is locked for assistants by `{glob}`")]
    LockedPath {
        /// The file.
        path: WorkspacePath,
        /// What locks it.
        glob: String,
    },
    /// The proposal was decided already.
    #[error("the proposal is {state} already")]
    ProposalDecided {
        /// How it was decided.
        state: &'static str,
    },
    /// The conversation has a turn running.
    #[error("the assistant is still answering in this conversation")]
    TurnRunning,
    /// It is larger than a limit.
    #[error("{what} is larger than {limit}")]
    TooLarge {
        /// What.
        what: String,
        /// The limit, as a person reads it.
        limit: String,
    },
    /// Too many at once.
    #[error("{what}")]
    TooMany {
        /// Of what.
        what: String,
        /// When trying again may succeed.
        retry_after: Duration,
    },
    /// The project can't be imported.
    #[error("{detail}")]
    Import {
        /// Why.
        detail: String,
        /// What to do.
        hint: Option<String>,
    },
    /// What was to go to a model holds secrets that were not attached to it.
    #[error("the request holds secrets that may not leave: {}", names.join(", "))]
    SecretFound {
        /// What they are called, never their values.
        names: Vec<String>,
    },
    /// No model is configured.
    #[error("no model is configured")]
    ModelNotConfigured,
    /// A budget does not last for what was asked.
    #[error("{0}")]
    BudgetExceeded(Box<crate::budget::Exceeded>),
    /// Models are configured, but none fits.
    #[error("no model fits: {why}")]
    NoModelFits {
        /// Why not, model by model.
        why: String,
    },
    /// A budget counts money, and nobody knows what the model costs.
    #[error("nobody knows what `{model}` of {provider} costs, and a budget counts money")]
    PriceUnknown {
        /// The model.
        model: String,
        /// The provider's name.
        provider: String,
    },
    /// The model's service failed.
    #[error("{detail}")]
    Model {
        /// What it said.
        detail: String,
        /// What to do.
        hint: Option<String>,
        /// What it means for asking again.
        fault: ModelFault,
    },
    /// Runs can't be isolated here.
    #[error("{reason}")]
    Isolation {
        /// Why, and what to do.
        reason: String,
    },
    /// The asker went away.
    #[error("cancelled")]
    Cancelled,
    /// Reading or writing the workspace's files failed.
    #[error(transparent)]
    Files(atelier_sandbox::FileError),
    /// The database or the blob store failed.
    #[error(transparent)]
    Store(atelier_store::Error),
    /// A fault of ours; the context is for the log.
    #[error("internal error: {0}")]
    Internal(String),
}

/// What a failure of a model's service means for asking again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelFault {
    /// It may pass: the service is broken, away or silent.
    Passing,
    /// The service was asked too much of late.
    Busy {
        /// When trying again may succeed.
        retry_after: Duration,
    },
    /// The service refuses the request as it is.
    Request,
    /// The request is longer than what the model reads.
    TooLong,
    /// It stays until somebody changes the key, the account or the settings.
    Lasting,
}

impl From<&atelier_model::Error> for ModelFault {
    fn from(error: &atelier_model::Error) -> Self {
        use atelier_model::Error as Failure;
        match error {
            Failure::RateLimited { retry_after, .. } => Self::Busy {
                retry_after: *retry_after,
            },
            Failure::BadRequest { .. } | Failure::InvalidRequest { .. } => Self::Request,
            Failure::ContextTooLong { .. } => Self::TooLong,
            Failure::Unauthorized { .. }
            | Failure::Forbidden { .. }
            | Failure::OutOfCredit { .. }
            | Failure::ModelNotFound { .. }
            | Failure::WrongPath { .. }
            | Failure::Redirected { .. }
            | Failure::InvalidKey { .. }
            | Failure::InvalidBaseUrl { .. } => Self::Lasting,
            _ => Self::Passing,
        }
    }
}

/// What a save met when the file had moved on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// The version that stands now.
    pub version: Option<VersionId>,
    /// The text that stands now, when it is text.
    pub current: Option<String>,
    /// The text both sides started from.
    pub base: Option<String>,
    /// Both changes together.
    pub merged: Option<String>,
    /// True when the merge has no conflict.
    pub clean: bool,
}

/// A file whose merge needs a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The file.
    pub path: WorkspacePath,
    /// Why, in a sentence.
    pub reason: String,
    /// The version that stands now.
    pub version: Option<VersionId>,
    /// The text the proposal was made on.
    pub base: Option<String>,
    /// The text that stands now.
    pub yours: Option<String>,
    /// The text the proposal wants.
    pub theirs: Option<String>,
    /// Both together, with conflict markers.
    pub merged: Option<String>,
    /// The merge in pieces, in order; none when it was not one of lines.
    pub pieces: Vec<Piece>,
}

/// A piece of a merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// What goes together.
    Same(String),
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

impl Error {
    /// Says that the input in `field` is wrong.
    pub(crate) fn invalid(field: &'static str, detail: impl Into<String>) -> Self {
        Self::Invalid {
            field,
            detail: detail.into(),
        }
    }

    /// Returns what kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unauthenticated | Self::SignInLink => ErrorKind::Unauthenticated,
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::Invalid { .. }
            | Self::Path(_)
            | Self::Patch(_)
            | Self::Import { .. }
            | Self::LockedPath { .. }
            | Self::PriceUnknown { .. }
            | Self::NoModelFits { .. }
            | Self::SecretFound { .. }
            | Self::ModelNotConfigured => ErrorKind::Invalid,
            Self::BudgetExceeded(_) | Self::OwnerOnly { .. } => ErrorKind::Denied,
            Self::PathTaken { .. }
            | Self::NameTaken { .. }
            | Self::Stale(_)
            | Self::MergeConflict(_)
            | Self::ProposalDecided { .. }
            | Self::TurnRunning => ErrorKind::Conflict,
            Self::VersionMissing | Self::ConfirmationRequired(_) => ErrorKind::PreconditionRequired,
            Self::TooLarge { .. } => ErrorKind::TooLarge,
            Self::TooMany { retry_after, .. } => ErrorKind::Limited {
                retry_after: *retry_after,
            },
            Self::Model { fault, .. } => match *fault {
                ModelFault::Busy { retry_after } => ErrorKind::Limited { retry_after },
                ModelFault::Request | ModelFault::TooLong => ErrorKind::Invalid,
                ModelFault::Passing | ModelFault::Lasting => ErrorKind::Unavailable,
            },
            Self::Isolation { .. } => ErrorKind::Unavailable,
            Self::Cancelled => ErrorKind::Cancelled,
            Self::Files(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::Internal(_) => ErrorKind::Internal,
        }
    }
}

impl From<atelier_store::Error> for Error {
    fn from(error: atelier_store::Error) -> Self {
        match error {
            atelier_store::Error::NotFound { table, .. } => Self::NotFound {
                what: thing_of(table),
            },
            other => Self::Store(other),
        }
    }
}

impl From<PatchError> for Error {
    fn from(error: PatchError) -> Self {
        Self::Patch(Box::new(error))
    }
}

/// Returns what a row of a table is called.
fn thing_of(table: &str) -> &'static str {
    match table {
        "workspaces" => "workspace",
        "files" => "file",
        "file_versions" => "version",
        "conversations" => "conversation",
        "turns" => "turn",
        "model_calls" => "model call",
        "runs" => "run",
        "proposal_comments" => "comment",
        "proposals" | "proposal_hunks" | "proposal_files" => "proposal",
        "providers" => "provider",
        "grants" => "grant",
        "budgets" => "budget",
        "secrets" => "secret",
        "access_tokens" => "token",
        _ => "thing",
    }
}

/// Returns an error with all its causes, for the log.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
