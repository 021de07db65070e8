//! The product from outside: each resource of the interface, the command
//! line, crashes and limits.
#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests fail by panicking, as tests do"
)]

mod it {
    mod git;
    mod http;
    mod input;
    mod session;
    mod workspaces;
    mod zips;
}
