//! The gate that keeps secrets in.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| atelier_fuzz::served::guard(bytes));
