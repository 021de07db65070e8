//! The product from outside: each resource of the interface, the command
//! line, crashes and limits.
#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests fail by panicking, as tests do"
)]
#![expect(
    clippy::print_stdout,
    reason = "what was measured is printed, and never judged"
)]

mod it {
    mod apply;
    mod apply_later;
    mod budgets;
    mod canary;
    mod cli;
    mod contain;
    mod corpus;
    mod crash;
    mod drafts;
    mod dropped;
    mod edits;
    mod events;
    mod fallback;
    mod files;
    mod follow;
    mod funnel;
    mod git;
    mod http;
    mod input;
    mod links;
    mod live;
    mod local_model;
    mod local_model_falls;
    mod local_model_real;
    mod local_model_real_helper;
    mod local_model_real_peer;
    mod local_model_real_turns;
    mod local_model_speed;
    mod network;
    mod patches;
    mod previews;
    mod proposals;
    mod providers;
    mod review;
    mod review_bytes;
    mod review_checks;
    mod routing;
    mod runs;
    mod runs_piston;
    mod runs_stages;
    mod secrets;
    mod selections;
    mod session;
    mod terminals;
    mod tokens;
    mod turns;
    mod two_servers;
    mod usage;
    mod v1;
    mod v1_clients;
    mod vault;
    mod workspaces;
    mod zips;
}
