//! What a request to fill in must keep.

use super::unknown;
use crate::fake::captured::Captured;

/// The parameters of `/completions` that we use.
const TEXT: &[&str] = &[
    "max_tokens",
    "model",
    "prompt",
    "seed",
    "stop",
    "stream",
    "stream_options",
    "suffix",
    "temperature",
    "top_p",
];
/// Those of Mistral, which refuses every other.
const MISTRAL: &[&str] = &[
    "max_tokens",
    "model",
    "prompt",
    "random_seed",
    "stop",
    "stream",
    "suffix",
    "temperature",
    "top_p",
];
/// Those of llama.cpp that we use.
const INFILL: &[&str] = &[
    "cache_prompt",
    "input_prefix",
    "input_suffix",
    "n_predict",
    "seed",
    "stop",
    "stream",
    "temperature",
];
/// The most texts that may end an answer, but with llama.cpp.
const STOPS: usize = 4;

/// Returns what is wrong with a request.
pub(super) fn faults(request: &Captured) -> Vec<String> {
    let body = &request.body;
    let mistral = request.path.ends_with("/fim/completions");
    let (known, texts): (_, &[&str]) = match request.is_infill() {
        true => (INFILL, &["input_prefix", "input_suffix"]),
        false if mistral => (MISTRAL, &["model", "prompt"]),
        false => (TEXT, &["model", "prompt"]),
    };
    let strange = unknown(body, known).map(|name| format!("unknown parameter `{name}`"));
    let absent = texts.iter().filter(|name| !body[**name].is_string());
    let absent = absent.map(|name| format!("there is no `{name}`"));
    let stops = body["stop"].as_array().map_or(0, Vec::len);
    let many = !request.is_infill() && stops > STOPS;
    let many = many.then(|| "too many texts end it".to_owned());
    let empty = body["suffix"] == "" && !mistral;
    let empty = empty.then(|| "the suffix is empty".to_owned());
    strange.chain(absent).chain(many).chain(empty).collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use hyper::header::HeaderMap;
    use serde_json::json;

    use super::*;

    #[test]
    fn each_fault_is_found_and_nothing_else() {
        let text = json!({"model": "m", "prompt": "a", "suffix": "b", "stream": true});
        let infill = json!({"input_prefix": "a", "input_suffix": "b", "n_predict": 3});
        for (path, body, expected) in [
            ("/v1/completions", text.clone(), vec![]),
            ("/v1/fim/completions", text.clone(), vec![]),
            ("/infill", infill.clone(), vec![]),
            (
                "/infill",
                text,
                vec!["model", "prompt", "suffix", "input_prefix", "input_suffix"],
            ),
            (
                "/v1/completions",
                infill,
                vec![
                    "input_prefix",
                    "input_suffix",
                    "n_predict",
                    "model",
                    "prompt",
                ],
            ),
            (
                "/v1/completions",
                json!({"model": "m", "prompt": "a", "suffix": "", "stop": [1, 2, 3, 4, 5]}),
                vec!["too many", "empty"],
            ),
            (
                "/v1/fim/completions",
                json!({"model": "m", "prompt": "a", "seed": 1}),
                vec!["seed"],
            ),
        ] {
            let raw = Bytes::from(body.to_string());
            let found = faults(&Captured::new(path, &HeaderMap::new(), raw));
            assert_eq!(found.len(), expected.len(), "{path} {body}: {found:?}");
            for word in expected {
                assert!(found.iter().any(|f| f.contains(word)), "{word}: {found:?}");
            }
        }
    }
}
