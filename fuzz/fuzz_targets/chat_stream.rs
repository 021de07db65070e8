//! The reader of a stream on the wire of Chat Completions.
#![no_main]

use atelier_fuzz::answers::read;
use atelier_model::Wire;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    read(Wire::OpenAiChat, bytes);
    // The same with what only its own server adds.
    read(Wire::OpenRouter, bytes);
});
