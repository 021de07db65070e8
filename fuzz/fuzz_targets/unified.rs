//! The reader of `unified`, and the plan of what it reads.
#![no_main]

use atelier_fuzz::{Format, read};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| read(Format::Unified, bytes));
