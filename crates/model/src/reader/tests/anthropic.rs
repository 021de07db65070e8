//! What the streams of the Anthropic wire are expected to say.

use serde_json::{Value, json};

use super::{Seen, broken, calls, says};
use crate::delta::{FinishReason, Usage};
use crate::message::Carried;
use crate::wire::Wire;

pub(super) fn expectations() -> Vec<(&'static str, Seen)> {
    use FinishReason::{Length, Other, Refusal, Stop, ToolCalls};
    let code = "Grüße, 世界 😀\n```rust\nfn main() {}\n```";
    let text = Seen {
        carried: vec![kept(0, 0, thinking("Let me think.\nSo.", "EqQBCkYIA=="))],
        usage: Some(Usage {
            input_tokens: 2006,
            cached_input_tokens: 1920,
            cache_write_tokens: 30,
            output_tokens: 300,
            reasoning_tokens: 64,
            charged_micros: None,
            estimated: false,
        }),
        ..says(code, "Let me think.\nSo.", Stop, [2006, 1920, 300, 64])
    };
    let mut tools = Seen {
        carried: vec![kept(0, 0, thinking("", "EqQC"))],
        ..calls(
            says("I read both.", "", ToolCalls, [2006, 0, 300, 0]),
            &[
                ("toolu_01A", "read", r#"{"path": "ä.py"}"#),
                ("toolu_01B", "list", "{}"),
            ],
        )
    };
    // No piece comes of the empty input; the whole call has it all the same.
    tools.parts[1].3.clear();
    let redacted = json!({"type": "redacted_thinking", "data": "EmwK=="});
    let interleaved = Seen {
        carried: vec![kept(0, 0, redacted), kept(3, 0, thinking("Hm.", "EqQD"))],
        ..says("Ä!Yes.", "Hm.", Length, [20, 0, 16, 0])
    };
    vec![
        ("anthropic_text", text),
        ("anthropic_tools", tools),
        ("anthropic_interleaved", interleaved),
        (
            "anthropic_refusal",
            says("Well: I can't help.", "", Refusal, [20, 0, 5, 0]),
        ),
        ("anthropic_error", broken("Half an")),
        (
            "anthropic_pause",
            says("Half an", "", Other("pause_turn".into()), [20, 0, 5, 0]),
        ),
        (
            "anthropic_compatible",
            calls(
                says("", "Hm.", ToolCalls, [9, 0, 2, 0]),
                &[("call_0", "read", r#"{"path":"a"}"#)],
            ),
        ),
    ]
}

fn kept(text_bytes: usize, calls: usize, value: Value) -> Carried {
    Carried {
        wire: Wire::Anthropic,
        model: "m".into(),
        text_bytes,
        calls,
        value,
    }
}

fn thinking(text: &str, signature: &str) -> Value {
    json!({"type": "thinking", "thinking": text, "signature": signature})
}
