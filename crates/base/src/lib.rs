//! The small, dull ground every other crate stands on: typed ids, time,
//! error kinds, limits, workspace paths, content hashes and secrets.
//!
//! Nothing here does I/O. Only [`clock`] and [`id`] may ask the operating
//! system for the time and for randomness; everything else receives them.
#![forbid(unsafe_code)]

pub mod address;
pub mod clock;
pub mod hash;
pub mod id;
pub mod kind;
pub mod limit;
pub mod path;
pub mod secret;

pub use address::is_public;
pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use hash::ContentHash;
pub use id::{
    BudgetId, CommentId, ConversationId, DraftId, EventStreamId, FileId, GrantId, HunkId, Ids,
    MessageId, ModelCallId, ProposalId, ProviderId, RequestId, RunId, SecretId, SessionId,
    TerminalId, TokenId, TransactionId, TurnId, UsageId, UserId, VerdictId, VersionId, WorkspaceId,
};
pub use kind::ErrorKind;
pub use path::{PathError, WorkspacePath};
pub use secret::Secret;
