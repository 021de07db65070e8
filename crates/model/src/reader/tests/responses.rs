//! What the streams of the Responses wire are expected to say.

use serde_json::{Value, json};

use super::{Seen, broken, calls, says};
use crate::delta::{FinishReason, Usage};
use crate::message::Carried;
use crate::wire::Wire;

pub(super) fn expectations() -> Vec<(&'static str, Seen)> {
    use FinishReason::{Length, Refusal, Stop, ToolCalls};
    let code = "Grüße, 世界 😀\n```rust\nfn main() {}\n```";
    let text = Seen {
        usage: Some(Usage {
            input_tokens: 2006,
            cached_input_tokens: 1920,
            cache_write_tokens: 30,
            output_tokens: 300,
            reasoning_tokens: 64,
            charged_micros: None,
            estimated: false,
        }),
        ..says(code, "", Stop, [2006, 1920, 300, 64])
    };
    let summary = json!([
        {"type": "summary_text", "text": "**Looking**\nat it."},
        {"type": "summary_text", "text": "**Doing** it."}]);
    let thought = "**Looking**\nat it.\n\n**Doing** it.";
    let phase = json!({"type": "message", "phase": "final_answer"});
    let thoughtful = Seen {
        carried: vec![
            kept(0, 0, reasoning(0, "gAAAAABo==", &summary)),
            kept(0, 0, phase),
        ],
        ..says("Done.", thought, Stop, [12, 0, 40, 31])
    };
    let tools = Seen {
        carried: vec![
            kept(0, 0, reasoning(0, "gAAAAABp==", &json!([]))),
            kept(0, 1, reasoning(2, "gAAAAABq==", &json!([]))),
        ],
        ..calls(
            says("", "", ToolCalls, [2006, 0, 300, 0]),
            &[
                ("call_A", "read", r#"{"path":"a.py"}"#),
                ("call_B", "list", "{}"),
            ],
        )
    };
    vec![
        ("responses_text", text),
        ("responses_reasoning", thoughtful),
        ("responses_tools", tools),
        (
            "responses_refusal",
            says("I can't help.", "", Refusal, [20, 0, 5, 0]),
        ),
        (
            "responses_length",
            says("Half an", "", Length, [20, 0, 16, 0]),
        ),
        ("responses_failed", broken("Half an")),
        ("responses_error", broken("Half an")),
        // It numbers nothing and tells of items only at the end.
        (
            "responses_compatible",
            calls(
                says("Hello", "", ToolCalls, [9, 0, 2, 0]),
                &[("call_x", "read", r#"{"path": "a"}"#)],
            ),
        ),
    ]
}

fn kept(text_bytes: usize, calls: usize, value: Value) -> Carried {
    Carried {
        wire: Wire::OpenAiResponses,
        model: "m".into(),
        text_bytes,
        calls,
        value,
    }
}

fn reasoning(index: usize, encrypted: &str, summary: &Value) -> Value {
    json!({"id": format!("rs_{index}"), "type": "reasoning", "encrypted_content": encrypted,
        "summary": summary})
}
