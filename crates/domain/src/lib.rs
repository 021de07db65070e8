//! The rules of Atelier: who may do what, and what it means.
//!
//! Everything is asked of one [`Domain`], with a [`Ctx`] that says who asks.
//! Nothing here knows of HTTP, SQL or system calls: rows are the store's,
//! files and processes the sandbox's, models the gateway's.
#![forbid(unsafe_code)]

pub mod account;
pub mod budget;
pub mod call;
pub mod cell;
mod commit;
mod ctx;
mod domain;
pub mod draft;
mod egress;
mod error;
pub mod event;
pub mod file;
mod follow;
mod language;
mod live;
pub mod local_model;
pub mod network;
mod page;
mod presence;
pub mod preview;
pub mod proposal;
pub mod provider;
pub mod rate;
pub mod route;
pub mod run;
mod scan;
pub mod secret;
pub mod served;
pub mod system;
pub mod template;
pub mod terminal;
#[cfg(test)]
mod testing;
pub mod token;
mod tree;
pub mod turn;
pub mod usage;
pub mod vault;
pub mod workspace;

pub(crate) use atelier_sandbox::FileError;

pub use atelier_patch::{Format, PatchError};
pub use atelier_store::{
    AuthorKind, CallState as ModelCallState, ConversationRow, DraftRow, DraftState, Engine,
    EventRow, FileKind, FileRow, GrantRow, MessageRole, MessageRow, ModelCallRow, ProposalHunkRow,
    ProposalRow, RunOutcome, RunRow, RunStatus, TurnRow, TurnState, UserRow, VersionRow,
    WorkspaceRow,
};
pub use ctx::{Actor, Ctx};
pub use domain::{Domain, ImportSettings, Parts, Settings};
pub use egress::EgressMode;
pub use error::{Conflict, Error, ModelFault, Piece, Result, Stale, chain};
pub use live::Subscription;
pub use page::{Page, PageOf};
