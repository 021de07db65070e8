//! What holds for every request that a client sends, and for the gate.

use atelier_base::Secret;
use atelier_model::gate::{Gate, Known};
use atelier_model::serve::{Asked, read_chat, read_completion};

/// The most messages, texts that end an answer, and tools of a request.
const MESSAGES: usize = 10_000;
const STOPS: usize = 16;
const TOOLS: usize = 256;

/// Reads the bytes as either request, and expects a request within its limits
/// or a sentence that says what is wrong.
pub fn read(bytes: &[u8]) {
    for served in [read_chat(bytes), read_completion(bytes)] {
        match served {
            Err(refusal) => assert!(refusal.message.ends_with('.'), "{refusal}"),
            Ok(served) => {
                assert!(!served.model.is_empty(), "no model");
                match served.request {
                    Asked::Chat(request) => {
                        assert!((1..=MESSAGES).contains(&request.messages.len()));
                        assert!(request.stop.len() <= STOPS && request.tools.len() <= TOOLS);
                        assert!(request.max_output_tokens != Some(0));
                        let in_bounds = |value: Option<f32>, most: f32| {
                            value.is_none_or(|value| (0.0..=most).contains(&value))
                        };
                        assert!(in_bounds(request.temperature, 2.0));
                        assert!(in_bounds(request.top_p, 1.0));
                    }
                    Asked::Completion(gap) => {
                        assert!(!gap.prefix.is_empty() || !gap.suffix.is_empty());
                    }
                }
            }
        }
    }
}

/// Takes the first line for a secret and the rest for what is to leave, and
/// expects that none of it is left in what the gate lets out.
pub fn guard(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (secret, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let gate = Gate::new(&[Known {
        name: "S".to_owned(),
        value: Secret::new(secret.to_owned()),
    }]);
    let (clean, found) = gate.clean(rest);
    let mut end = 0;
    for finding in &found {
        assert!(finding.place.start >= end, "out of order");
        assert!(
            rest.get(finding.place.clone())
                .is_some_and(|text| !text.is_empty())
        );
        end = finding.place.end;
    }
    let looked_for = secret.len() >= atelier_model::gate::SHORTEST_SECRET;
    if looked_for && rest.contains(secret) {
        assert!(!found.is_empty(), "it leaves");
        // What stands in its place has brackets and a space.
        let apart = !secret.contains(['[', ']', ' ']);
        assert!(!apart || !clean.contains(secret), "it is left");
    }
}
