//! The reader of a stream on the wire of Gemini.
#![no_main]

use atelier_fuzz::answers::read;
use atelier_model::Wire;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| read(Wire::Gemini, bytes));
