//! The merge of three texts, in parts as `atelier_fuzz::merge` says.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| atelier_fuzz::merge(bytes));
