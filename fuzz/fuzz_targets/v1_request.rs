//! The readers of what clients of OpenAI's interface send.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| atelier_fuzz::served::read(bytes));
