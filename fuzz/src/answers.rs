//! What holds for every stream of a model's answer, whatever a server sends.

use atelier_model::{Delta, Ending, Replayed, Wire, replay};

/// The longest answer taken.
const ANSWER_BYTES: usize = 4_096;

/// Reads the bytes as a stream on a wire, in several ways to cut it, and
/// expects the same of each, in the promised order and within the limit.
pub fn read(wire: Wire, bytes: &[u8]) {
    let whole = joined(replay(wire, [bytes], ANSWER_BYTES));
    let size = 1 + usize::from(bytes.first().copied().unwrap_or_default() % 32);
    let cut = joined(replay(wire, bytes.chunks(size), ANSWER_BYTES));
    assert_eq!(whole, cut, "a cut is seen");
    check(&whole);
}

/// A text may come in other pieces when the bytes do.
fn joined(read: Replayed) -> Replayed {
    let mut deltas: Vec<Delta> = Vec::new();
    for delta in read.deltas {
        match (deltas.last_mut(), &delta) {
            (Some(Delta::Text(last)), Delta::Text(more))
            | (Some(Delta::Reasoning(last)), Delta::Reasoning(more)) => last.push_str(more),
            _ => deltas.push(delta),
        }
    }
    Replayed { deltas, ..read }
}

fn check(read: &Replayed) {
    let mut bytes = 0;
    let mut parts = 0;
    let mut calls = 0;
    for delta in &read.deltas {
        match delta {
            Delta::Text(text) | Delta::Reasoning(text) => {
                assert!(!text.is_empty(), "nothing is said");
                bytes += text.len();
            }
            Delta::ToolCallPart(part) => {
                assert!(part.index <= parts, "a call is left out");
                assert_eq!(
                    part.id.is_some(),
                    part.index == parts,
                    "an id twice, or none"
                );
                parts += usize::from(part.index == parts);
                bytes += part.arguments.len();
            }
            Delta::ToolCall(call) => {
                calls += 1;
                assert!(!call.id.is_empty() && !call.arguments.trim().is_empty());
            }
            Delta::Carried(_) | Delta::Finish { .. } | Delta::Usage(_) => {}
        }
    }
    assert!(bytes <= ANSWER_BYTES, "the limit is passed");
    let ends = matches!(
        &read.deltas[..],
        [.., Delta::Finish { .. }, Delta::Usage(_)]
    );
    assert_eq!(ends, read.ending == Ending::Whole, "it ends as promised");
    if ends {
        assert_eq!(parts, calls, "a call is lost");
        let Some(Delta::Usage(usage)) = read.deltas.last() else {
            unreachable!("matched above");
        };
        assert!(usage.cached_input_tokens + usage.cache_write_tokens <= usage.input_tokens);
        assert!(usage.reasoning_tokens <= usage.output_tokens);
    }
}
