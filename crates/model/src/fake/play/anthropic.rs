//! Says an answer in Anthropic's Messages.

use serde_json::{Value, json};

use super::{Called, End, Said, Voice, named, pieces, signature};
use crate::fake::script::{ErrorStep, UsageStep};

/// Writes events.
pub(super) struct Speaker {
    number: usize,
    model: String,
    /// Whether what it thinks is left out, but for the signature.
    hides: bool,
    /// The index of the next block.
    index: usize,
    open: Option<Open>,
    calls: usize,
}

/// The block that is not at its end.
enum Open {
    Text,
    Thought(String),
}

pub(super) fn error_body(error: &ErrorStep) -> Value {
    let kind = match error.status {
        400 => "invalid_request_error",
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        _ => "api_error",
    };
    let kind = error.code.as_deref().unwrap_or(kind);
    json!({"type": "error", "error": {"type": kind, "message": error.message},
        "request_id": "req_fake"})
}

impl Speaker {
    pub(super) const fn new(model: String, number: usize, hides: bool) -> Self {
        Self {
            number,
            model,
            hides,
            index: 0,
            open: None,
            calls: 0,
        }
    }

    fn start(&self, block: &Value, out: &mut Vec<String>) {
        out.push(event(
            "content_block_start",
            json!({"index": self.index, "content_block": block}),
        ));
    }

    fn delta(&self, delta: &Value, out: &mut Vec<String>) {
        out.push(event(
            "content_block_delta",
            json!({"index": self.index, "delta": delta}),
        ));
    }

    fn stop(&mut self, out: &mut Vec<String>) {
        out.push(event("content_block_stop", json!({"index": self.index})));
        self.index += 1;
    }

    /// Ends the open block; thinking gets its signature.
    fn close(&mut self, out: &mut Vec<String>) {
        match self.open.take() {
            None => return,
            Some(Open::Text) => {}
            Some(Open::Thought(thought)) => {
                let signature = signature::sign(&self.model, &thought);
                let delta = json!({"type": "signature_delta", "signature": signature});
                self.delta(&delta, out);
            }
        }
        self.stop(out);
    }

    fn message(&self, content: &Value, reason: &Value, usage: Option<UsageStep>) -> Value {
        let mut message = json!({
            "id": format!("msg_fake_{}", self.number), "type": "message", "role": "assistant",
            "model": self.model, "content": content, "stop_reason": reason,
            "stop_sequence": null});
        if let Some(usage) = usage {
            message["usage"] = usage_json(usage);
        }
        message
    }

    fn call_id(&self, call: &Called, index: usize) -> String {
        let made_up = || format!("toolu_{}_{index}", self.number);
        call.id.clone().unwrap_or_else(made_up)
    }
}

impl Voice for Speaker {
    fn begin(&mut self, usage: Option<UsageStep>, out: &mut Vec<String>) {
        // What is written is counted as it comes.
        let usage = usage.map(|usage| UsageStep {
            output: 1,
            reasoning: 0,
            ..usage
        });
        let message = self.message(&json!([]), &Value::Null, usage);
        out.push(event("message_start", json!({ "message": message })));
    }

    fn text(&mut self, piece: &str, _refusal: bool, out: &mut Vec<String>) {
        if !matches!(self.open, Some(Open::Text)) {
            self.close(out);
            self.start(&json!({"type": "text", "text": ""}), out);
            self.open = Some(Open::Text);
        }
        self.delta(&json!({"type": "text_delta", "text": piece}), out);
    }

    fn thought(&mut self, piece: &str, out: &mut Vec<String>) {
        let piece = if self.hides { "" } else { piece };
        if let Some(Open::Thought(thought)) = &mut self.open {
            thought.push_str(piece);
        } else {
            self.close(out);
            let block = json!({"type": "thinking", "thinking": "", "signature": ""});
            self.start(&block, out);
            self.open = Some(Open::Thought(piece.to_owned()));
        }
        if !self.hides {
            self.delta(&json!({"type": "thinking_delta", "thinking": piece}), out);
        }
    }

    fn call(&mut self, call: &Called, out: &mut Vec<String>) {
        self.close(out);
        let id = self.call_id(call, self.calls);
        self.calls += 1;
        let block = json!({"type": "tool_use", "id": id, "name": call.name, "input": {}});
        self.start(&block, out);
        // The provider begins with an empty piece, and sends no other for an
        // input that is empty.
        let arguments = Some(call.arguments.as_str()).filter(|text| *text != "{}");
        let rest = pieces(arguments.unwrap_or_default(), call.chunk);
        for piece in std::iter::once(String::new()).chain(rest) {
            self.delta(
                &json!({"type": "input_json_delta", "partial_json": piece}),
                out,
            );
        }
        self.stop(out);
    }

    fn error(&mut self, error: &ErrorStep, out: &mut Vec<String>) {
        out.push(named("error", &error_body(error)));
    }

    fn finish(&mut self, end: &End<'_>, out: &mut Vec<String>) {
        self.close(out);
        let delta = json!({"stop_reason": reason(end), "stop_sequence": null});
        let mut data = json!({ "delta": delta });
        if let Some(usage) = end.usage {
            data["usage"] = usage_json(usage);
        }
        out.push(event("message_delta", data));
        out.push(event("message_stop", json!({})));
    }

    fn whole(&self, said: &Said, end: &End<'_>) -> Value {
        let mut content = Vec::new();
        if !said.thought.is_empty() {
            let thought = if self.hides { "" } else { &said.thought };
            let signature = signature::sign(&self.model, thought);
            content.push(json!({
                "type": "thinking", "thinking": thought, "signature": signature}));
        }
        if !said.text.is_empty() {
            content.push(json!({"type": "text", "text": said.text}));
        }
        for (index, call) in said.calls.iter().enumerate() {
            let input: Value = serde_json::from_str(&call.arguments).unwrap_or_default();
            let id = self.call_id(call, index);
            content.push(json!({
                "type": "tool_use", "id": id, "name": call.name, "input": input}));
        }
        self.message(&content.into(), &reason(end).into(), end.usage)
    }
}

fn event(name: &str, mut data: Value) -> String {
    data["type"] = name.into();
    named(name, &data)
}

fn reason<'a>(end: &End<'a>) -> &'a str {
    match end.reason {
        Some("stop") => "end_turn",
        Some("length") => "max_tokens",
        Some("tool_calls") => "tool_use",
        Some("content_filter") => "refusal",
        Some(other) => other,
        None if end.refused => "refusal",
        None if end.calls > 0 => "tool_use",
        None => "end_turn",
    }
}

/// Writes usage; `input_tokens` is on this wire what the cache had no part in.
fn usage_json(usage: UsageStep) -> Value {
    json!({
        "input_tokens": usage.input.saturating_sub(usage.cached + usage.cache_write),
        "cache_read_input_tokens": usage.cached,
        "cache_creation_input_tokens": usage.cache_write,
        "output_tokens": usage.output,
        "output_tokens_details": {"thinking_tokens": usage.reasoning}})
}
