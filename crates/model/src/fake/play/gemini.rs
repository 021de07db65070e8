//! Says an answer in Gemini's format.

use serde_json::{Value, json};

use super::{Called, End, Said, Voice, signature, unnamed};
use crate::fake::script::{ErrorStep, UsageStep};

/// Writes chunks.
pub(super) struct Speaker {
    number: usize,
    model: String,
    thought: String,
    calls: usize,
}

pub(super) fn error_body(error: &ErrorStep) -> Value {
    let status = match error.status {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 | 529 => "UNAVAILABLE",
        _ => "INTERNAL",
    };
    let status = error.code.as_deref().unwrap_or(status);
    json!({"error": {"code": error.status, "message": error.message, "status": status}})
}

impl Speaker {
    pub(super) const fn new(model: String, number: usize) -> Self {
        Self {
            number,
            model,
            thought: String::new(),
            calls: 0,
        }
    }

    fn chunk(&self, parts: &Value, reason: Option<&str>, usage: Option<UsageStep>) -> Value {
        let mut candidate = json!({
            "content": {"parts": parts, "role": "model"}, "index": 0});
        if let Some(reason) = reason {
            candidate["finishReason"] = reason.into();
        }
        let mut chunk = json!({
            "candidates": [candidate], "modelVersion": self.model,
            "responseId": format!("fake-{}", self.number)});
        if let Some(usage) = usage {
            chunk["usageMetadata"] = usage_json(usage);
        }
        chunk
    }

    /// Writes a call; the first of an answer is signed.
    fn call_part(&self, call: &Called, index: usize) -> Value {
        let args: Value = serde_json::from_str(&call.arguments).unwrap_or_else(|_| json!({}));
        let made_up = || format!("fc_{}_{index}", self.number);
        let id = call.id.clone().unwrap_or_else(made_up);
        let mut part = json!({"functionCall": {"id": id, "name": call.name, "args": args}});
        if index == 0 {
            part["thoughtSignature"] = signature::sign(&self.model, &call.name).into();
        }
        part
    }
}

impl Voice for Speaker {
    fn begin(&mut self, _usage: Option<UsageStep>, _out: &mut Vec<String>) {}

    fn text(&mut self, piece: &str, _refusal: bool, out: &mut Vec<String>) {
        out.push(unnamed(&self.chunk(&json!([{"text": piece}]), None, None)));
    }

    fn thought(&mut self, piece: &str, out: &mut Vec<String>) {
        self.thought.push_str(piece);
        let parts = json!([{"text": piece, "thought": true}]);
        out.push(unnamed(&self.chunk(&parts, None, None)));
    }

    fn call(&mut self, call: &Called, out: &mut Vec<String>) {
        let part = self.call_part(call, self.calls);
        self.calls += 1;
        out.push(unnamed(&self.chunk(&json!([part]), None, None)));
    }

    fn error(&mut self, error: &ErrorStep, out: &mut Vec<String>) {
        out.push(unnamed(&error_body(error)));
    }

    fn finish(&mut self, end: &End<'_>, out: &mut Vec<String>) {
        let mut last = json!({"text": ""});
        if !self.thought.is_empty() && self.calls == 0 {
            last["thoughtSignature"] = signature::sign(&self.model, "").into();
        }
        let chunk = self.chunk(&json!([last]), Some(reason(end)), end.usage);
        out.push(unnamed(&chunk));
    }

    fn whole(&self, said: &Said, end: &End<'_>) -> Value {
        let mut parts = Vec::new();
        if !said.thought.is_empty() {
            parts.push(json!({"text": said.thought, "thought": true}));
        }
        if !said.text.is_empty() {
            parts.push(json!({"text": said.text}));
        }
        let calls = said.calls.iter().enumerate();
        parts.extend(calls.map(|(index, call)| self.call_part(call, index)));
        self.chunk(&parts.into(), Some(reason(end)), end.usage)
    }
}

fn reason<'a>(end: &End<'a>) -> &'a str {
    match end.reason {
        Some("stop" | "tool_calls") => "STOP",
        Some("length") => "MAX_TOKENS",
        Some("content_filter") => "SAFETY",
        Some(other) => other,
        None if end.refused => "PROHIBITED_CONTENT",
        None => "STOP",
    }
}

/// Writes usage; on this wire thoughts stand beside what was said.
fn usage_json(usage: UsageStep) -> Value {
    json!({
        "promptTokenCount": usage.input,
        "cachedContentTokenCount": usage.cached,
        "candidatesTokenCount": usage.output.saturating_sub(usage.reasoning),
        "thoughtsTokenCount": usage.reasoning,
        "totalTokenCount": usage.input + usage.output})
}
