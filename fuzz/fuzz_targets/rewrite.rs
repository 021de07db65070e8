//! The readers of new texts for a file or lines of it, in parts as
//! `atelier_fuzz::rewrite` says.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| atelier_fuzz::rewrite(bytes));
