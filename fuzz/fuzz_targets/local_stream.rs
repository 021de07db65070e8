//! The reader of what the local model's helper says.
#![no_main]

use atelier_fuzz::answers::read;
use atelier_model::Wire;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| read(Wire::Local, bytes));
