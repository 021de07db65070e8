//! Where code runs and files live: cells, the host behind a workspace, and
//! confined file access.
//!
//! This crate alone starts processes and touches workspace files. It knows
//! nothing of accounts, permissions, databases or HTTP: whoever calls it has
//! already decided that the call is allowed.

pub mod cell;
pub mod doctor;
pub mod draft;
pub mod error;
pub mod files;
pub mod follow;
pub mod git;
pub mod host;
pub mod import;
pub mod runtime;
pub mod sidecar;
pub mod transaction;

pub use error::{FileError, FileResult};
