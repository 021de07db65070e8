//! What the server remembers: rows in SQLite or Postgres, contents in a
//! content-addressed blob directory, and the event log.
//!
//! This crate owns every line of SQL and hides which engine runs. It knows
//! nothing of rules and permissions: whoever calls it has already decided.
//!
//! # How to add a query
//! 1. A schema change is a new pair of files with the same number and name in
//!    `migrations/sqlite` and `migrations/postgres`; released ones never change.
//! 2. The query is a method on [`Reader`] or [`Writer`] in the file of its
//!    aggregate. Its SQL is a static text in the subset both engines share,
//!    with `$1` placeholders; where they differ, two texts stand side by side.
//! 3. A test in the aggregate's `tests.rs` calls it inside `both_engines!`. A
//!    query without one fails `every_query_runs_on_both_engines`.
#![forbid(unsafe_code)]

#[cfg(test)]
#[macro_use]
mod harness;
#[macro_use]
mod sql;

mod account;
mod blob;
mod budget;
mod call;
mod connection;
mod conversation;
mod draft;
mod error;
mod event;
mod export;
mod file;
mod grant;
mod migration;
mod presence;
mod proposal;
mod provider;
mod request;
mod run;
mod secret;
mod store;
pub mod testing;
mod token;
mod url;
mod usage;
mod version;
mod workspace;

pub use account::{SessionRow, SignInLinkRow, SignedIn, TokenHash, UserRow};
pub use blob::{BlobBatch, BlobStore};
pub use budget::{BudgetPeriod, BudgetRow, BudgetScope, BudgetWindowRow, SpentRow};
pub use call::{CallEnd, CallFilter, CallState, LatencyRow, ModelCallRow, ModelRequestRow};
pub use connection::{Reader, Writer};
pub use conversation::{
    ConversationRow, MessageRole, MessageRow, TurnMode, TurnPlace, TurnRow, TurnState,
};
pub use draft::{DraftRow, DraftState};
pub use error::{Error, Result, Unique};
pub use event::{EventRow, NewEvent};
pub use file::{FileKind, FileRow, FileStat, LiveFile};
pub use grant::{GrantAction, GrantRow};
pub use presence::Presence;
pub use proposal::{
    CommentRow, FileChange, HunkState, LineSide, Proposal, ProposalCounts, ProposalFileRow,
    ProposalHunkRow, ProposalRow, ProposalState, VerdictRow, VerdictState,
};
pub use provider::{ModelPolicyRow, PriceSource, ProviderModelRow, ProviderRow};
pub use run::{RunEnd, RunOutcome, RunRow, RunStatus};
pub use secret::SecretRow;
pub use store::{Engine, Store};
pub use token::AccessTokenRow;
pub use url::{DatabaseUrl, UrlError};
pub use usage::{UsageFilter, UsageGroup, UsageKey, UsageKind, UsageRecordRow, UsageSums};
pub use version::{AuthorKind, TransactionKind, TransactionRow, VersionRow};
pub use workspace::{NewWorkspace, Shelf, WorkspaceRow};
