//! Says what fills in: in the events of `/completions`, or of llama.cpp's
//! `/infill`. Neither has words for thinking, refusing or calling tools.

use serde_json::{Value, json};

use super::{CREATED, Called, End, Said, Voice, unnamed};
use crate::fake::script::{ErrorStep, UsageStep};

/// Writes chunks.
pub(super) struct Speaker {
    number: usize,
    model: String,
    wants_usage: bool,
    infill: bool,
}

impl Speaker {
    pub(super) const fn new(model: String, number: usize, wants_usage: bool, infill: bool) -> Self {
        Self {
            number,
            model,
            wants_usage,
            infill,
        }
    }

    fn chunk(&self, choices: &Value, usage: Option<Value>) -> Value {
        let mut chunk = json!({
            "id": format!("cmpl-fake-{}", self.number), "object": "text_completion",
            "created": CREATED, "model": self.model, "choices": choices});
        if let Some(usage) = usage {
            chunk["usage"] = usage;
        }
        chunk
    }

    /// Writes the last event of `/infill`, or its only document.
    fn filled(text: &str, end: &End<'_>) -> Value {
        let stopped_by = if end.reason == Some("length") {
            "limit"
        } else {
            "eos"
        };
        let mut event = json!({"index": 0, "content": text, "stop": true,
            "stop_type": stopped_by, "stopping_word": "", "truncated": false});
        if let Some(usage) = end.usage {
            event["tokens_evaluated"] = json!(usage.input);
            event["tokens_predicted"] = json!(usage.output);
            event["timings"] = json!({"cache_n": usage.cached});
        }
        event
    }
}

impl Voice for Speaker {
    fn begin(&mut self, usage: Option<UsageStep>, _out: &mut Vec<String>) {
        self.wants_usage &= usage.is_some();
    }

    fn text(&mut self, piece: &str, _refusal: bool, out: &mut Vec<String>) {
        out.push(unnamed(&if self.infill {
            json!({"index": 0, "content": piece, "stop": false})
        } else {
            let choice = json!({"index": 0, "text": piece, "finish_reason": null});
            self.chunk(&json!([choice]), self.wants_usage.then_some(Value::Null))
        }));
    }

    fn thought(&mut self, _piece: &str, _out: &mut Vec<String>) {}

    fn call(&mut self, _call: &Called, _out: &mut Vec<String>) {}

    fn error(&mut self, error: &ErrorStep, out: &mut Vec<String>) {
        out.push(unnamed(&super::chat::error_body(error)));
    }

    fn finish(&mut self, end: &End<'_>, out: &mut Vec<String>) {
        if self.infill {
            out.push(unnamed(&Self::filled("", end)));
            return;
        }
        let reason = end.reason.unwrap_or("stop");
        let choice = json!({"index": 0, "text": "", "finish_reason": reason});
        out.push(unnamed(&self.chunk(
            &json!([choice]),
            self.wants_usage.then_some(Value::Null),
        )));
        if self.wants_usage {
            let usage = super::chat::usage_json(end.usage.unwrap_or_default());
            out.push(unnamed(&self.chunk(&json!([]), Some(usage))));
        }
        out.push("data: [DONE]\n\n".to_owned());
    }

    fn whole(&self, said: &Said, end: &End<'_>) -> Value {
        if self.infill {
            return Self::filled(&said.text, end);
        }
        let reason = end.reason.unwrap_or("stop");
        let choice = json!({"index": 0, "text": said.text, "finish_reason": reason});
        self.chunk(&json!([choice]), end.usage.map(super::chat::usage_json))
    }
}
