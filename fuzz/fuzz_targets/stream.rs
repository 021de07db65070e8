//! The reader of a patch that comes in pieces.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| atelier_fuzz::stream(bytes));
