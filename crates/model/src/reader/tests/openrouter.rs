//! What the streams of `OpenRouter` are expected to say.

use serde_json::json;

use super::{Seen, broken, says};
use crate::delta::{FinishReason, Usage};
use crate::message::Carried;
use crate::wire::Wire;

pub(super) fn expectations() -> Vec<(&'static str, Seen)> {
    let details = json!([{"type": "reasoning.text", "text": "Let me think.",
        "format": "unknown", "index": 0}]);
    let carried = Carried {
        wire: Wire::OpenRouter,
        model: "m".into(),
        text_bytes: "Done.".len(),
        calls: 0,
        value: details,
    };
    let said = says(
        "Done.",
        "Let me think.",
        FinishReason::Stop,
        [12, 0, 40, 31],
    );
    let usage = said.usage.map(|usage| Usage {
        charged_micros: Some(90),
        ..usage
    });
    vec![
        (
            "openrouter_reasoning",
            Seen {
                carried: vec![carried],
                usage,
                ..said
            },
        ),
        ("openrouter_error", broken("Half an")),
    ]
}
