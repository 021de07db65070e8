//! The crate through its public functions, as other crates use it.
#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests fail by panicking, as tests do"
)]

mod apply_patch;
mod auto;
mod corpus;
mod edits;
mod encodings;
mod failures;
mod fuzz;
mod git_patches;
mod hunks;
mod ladder;
mod large;
mod onto;
mod oracle;
mod packages;
mod properties;
mod refusals;
mod scopes;
mod search_replace;
mod story;
mod stream;
mod style;
mod tree;
mod unified;
mod whole;
