//! What the fuzz targets check, on the seeds that they begin with.

use std::fs;
use std::path::Path;

use atelier_model::Wire;

#[expect(
    unreachable_pub,
    reason = "the fuzz targets, which are another crate, have this file too"
)]
#[path = "../../../../fuzz/src/answers.rs"]
mod answers;

#[test]
fn what_holds_for_every_stream_holds_for_the_seeds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for (target, wire) in [
        ("anthropic_stream", Wire::Anthropic),
        ("chat_stream", Wire::OpenAiChat),
        ("gemini_stream", Wire::Gemini),
        ("local_stream", Wire::Local),
        ("responses_stream", Wire::OpenAiResponses),
        // What only its own server adds is read without harm on any other.
        ("chat_stream", Wire::OpenRouter),
    ] {
        let mut seeds = 0;
        for seed in fs::read_dir(corpus.join(target)).unwrap() {
            let path = seed.unwrap().path();
            // Those called by their hash were left by a run of the fuzzer.
            if path.file_name().unwrap().len() != 40 {
                answers::read(wire, &fs::read(path).unwrap());
                seeds += 1;
            }
        }
        assert!(seeds > 0, "{target} has no seeds");
    }
}
