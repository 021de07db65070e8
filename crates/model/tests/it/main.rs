//! The crate through its public functions, as other crates use it.
#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests fail by panicking, as tests do"
)]

mod clients;
mod seeds;
