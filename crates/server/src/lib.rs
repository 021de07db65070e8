//! The HTTP server: routes by resource over the domain, live events, and the
//! front end's files.
//!
//! It authenticates and translates; it decides nothing. Each handler takes a
//! request apart, makes one call to the domain, and maps the answer to the
//! wire types.
#![forbid(unsafe_code)]

mod app;
mod http;
mod preview;
mod proxy;
mod routes;
mod serve;
mod tunnel;

pub use app::{App, Options};
pub use http::error::patch_failure;
pub use proxy::serve_fixed;
pub use routes::router;
pub use serve::{SHUTDOWN, serve};
