//! What the streams of the Gemini wire are expected to say.

use serde_json::{Value, json};

use super::{Seen, broken, calls, says};
use crate::delta::FinishReason;
use crate::message::Carried;
use crate::wire::Wire;

pub(super) fn expectations() -> Vec<(&'static str, Seen)> {
    use FinishReason::{ContentFilter, Length, Other, Stop, ToolCalls};
    let code = "Grüße, 世界 😀\n```rust\nfn main() {}\n```";
    let text = Seen {
        carried: vec![kept(code.len(), 0, on_text("CiQB==", 0))],
        ..says(code, "**Look**\n", Stop, [2006, 1920, 300, 64])
    };
    let tools = Seen {
        carried: vec![
            kept(12, 0, on_text("CiQT", 12)),
            kept(12, 0, json!({"on": "call", "thoughtSignature": "CiQC=="})),
        ],
        ..calls(
            says("I read both.", "", ToolCalls, [35, 0, 12, 0]),
            &[
                ("fc_1", "read", r#"{"path":"ä.py"}"#),
                ("call_1", "list", "{}"),
            ],
        )
    };
    let half = |reason| says("Half an", "", reason, [20, 0, 5, 0]);
    vec![
        ("gemini_native_text", text),
        ("gemini_native_tools", tools),
        (
            "gemini_native_blocked",
            says("", "", ContentFilter, [20, 0, 0, 0]),
        ),
        ("gemini_native_safety", half(ContentFilter)),
        ("gemini_native_length", half(Length)),
        (
            "gemini_native_malformed",
            half(Other("MALFORMED_FUNCTION_CALL".into())),
        ),
        ("gemini_native_error", broken("Half an")),
    ]
}

fn kept(text_bytes: usize, calls: usize, value: Value) -> Carried {
    Carried {
        wire: Wire::Gemini,
        model: "m".into(),
        text_bytes,
        calls,
        value,
    }
}

fn on_text(signature: &str, bytes: usize) -> Value {
    json!({"on": "text", "bytes": bytes, "thoughtSignature": signature})
}
