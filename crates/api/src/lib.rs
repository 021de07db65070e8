//! The contract of the HTTP interface: wire types, error codes, and the
//! OpenAPI document built from them.
//!
//! JSON is camelCase, ids are UUIDv7 text, times RFC 3339 UTC. Unknown fields
//! are rejected in requests. Nothing here knows how a request is served.
#![forbid(unsafe_code)]

pub mod budget;
pub mod cell;
pub mod code;
pub mod draft;
pub mod event;
pub mod file;
pub mod local_model;
pub mod model;
pub mod openapi;
pub mod operation;
pub mod page;
pub mod piston;
pub mod problem;
pub mod proposal;
pub mod review;
pub mod route;
pub mod run;
pub mod secret;
pub mod session;
pub mod system;
pub mod terminal;
pub mod turn;
pub mod usage;
pub mod v1;
pub mod workspace;

pub use code::Code;
pub use openapi::openapi;
pub use operation::{Access, Body, Method, OPERATIONS, Operation, Reply};
pub use page::{Page, PageQuery};
pub use problem::Problem;
