//! The planner: a tree and a patch, in parts as `atelier_fuzz::plan` says.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| atelier_fuzz::plan(bytes));
