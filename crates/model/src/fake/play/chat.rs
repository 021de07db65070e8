//! Says an answer in Chat Completions.

use serde_json::{Value, json};

use super::{CREATED, Called, End, Said, Voice, pieces, signature, unnamed};
use crate::fake::script::{ErrorStep, UsageStep};

/// Writes chunks.
pub(super) struct Speaker {
    number: usize,
    model: String,
    wants_usage: bool,
    calls: usize,
    router: Option<Router>,
}

/// What `OpenRouter` does otherwise: thinking comes in a form of its own as
/// well, signed at its end.
#[derive(Default)]
struct Router {
    thought: String,
    /// How many thoughts have ended.
    index: usize,
}

pub(super) fn error_body(error: &ErrorStep) -> Value {
    json!({"error": {
        "message": error.message, "type": "fake_error", "param": null, "code": error.code}})
}

impl Speaker {
    pub(super) const fn new(model: String, number: usize, wants_usage: bool) -> Self {
        Self {
            number,
            model,
            wants_usage,
            calls: 0,
            router: None,
        }
    }

    pub(super) fn of_openrouter(model: String, number: usize) -> Self {
        Self {
            router: Some(Router::default()),
            ..Self::new(model, number, true)
        }
    }

    /// Signs the thought that ends here, if one does.
    fn sign(&mut self, out: &mut Vec<String>) {
        let Some(router) = &mut self.router else {
            return;
        };
        let thought = std::mem::take(&mut router.thought);
        if !thought.is_empty() {
            let signature = signature::sign(&self.model, &thought);
            let detail = json!({"type": "reasoning.text", "signature": signature,
                "index": router.index});
            router.index += 1;
            out.push(self.delta(&json!({"reasoning_details": [detail]})));
        }
    }

    fn delta(&self, delta: &Value) -> String {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": null});
        self.chunk(&json!([choice]), Value::Null)
    }

    fn chunk(&self, choices: &Value, usage: Value) -> String {
        let mut chunk = json!({
            "id": self.id(), "object": "chat.completion.chunk",
            "created": CREATED, "model": self.model, "choices": choices});
        if self.wants_usage {
            chunk["usage"] = usage;
        }
        unnamed(&chunk)
    }

    fn id(&self) -> String {
        format!("chatcmpl-fake-{}", self.number)
    }

    fn call_id(&self, call: &Called, index: usize) -> String {
        let made_up = || format!("call_{}_{index}", self.number);
        call.id.clone().unwrap_or_else(made_up)
    }
}

impl Voice for Speaker {
    fn begin(&mut self, usage: Option<UsageStep>, out: &mut Vec<String>) {
        self.wants_usage &= usage.is_some();
        out.push(self.delta(&json!({"role": "assistant", "content": ""})));
    }

    fn text(&mut self, piece: &str, refusal: bool, out: &mut Vec<String>) {
        self.sign(out);
        let field = if refusal { "refusal" } else { "content" };
        out.push(self.delta(&json!({ field: piece })));
    }

    fn thought(&mut self, piece: &str, out: &mut Vec<String>) {
        if let Some(router) = &mut self.router {
            router.thought.push_str(piece);
            let detail = json!({"type": "reasoning.text", "text": piece, "index": router.index});
            let delta = json!({"reasoning": piece, "reasoning_details": [detail]});
            out.push(self.delta(&delta));
            return;
        }
        out.push(self.delta(&json!({"reasoning_content": piece})));
    }

    fn call(&mut self, call: &Called, out: &mut Vec<String>) {
        self.sign(out);
        let index = self.calls;
        self.calls += 1;
        let id = self.call_id(call, index);
        let function = json!({"name": call.name, "arguments": ""});
        let head = json!({"index": index, "id": id, "type": "function", "function": function});
        out.push(self.delta(&json!({"tool_calls": [head]})));
        for piece in pieces(&call.arguments, call.chunk) {
            let part = json!({"index": index, "function": {"arguments": piece}});
            out.push(self.delta(&json!({"tool_calls": [part]})));
        }
    }

    fn error(&mut self, error: &ErrorStep, out: &mut Vec<String>) {
        out.push(unnamed(&error_body(error)));
    }

    fn finish(&mut self, end: &End<'_>, out: &mut Vec<String>) {
        self.sign(out);
        let choice = json!({"index": 0, "delta": {}, "finish_reason": reason(end)});
        out.push(self.chunk(&json!([choice]), Value::Null));
        if self.wants_usage {
            let said = end.usage.unwrap_or_default();
            let mut usage = usage_json(said);
            if let Some(micros) = said.charged_micros.filter(|_| self.router.is_some()) {
                let dollars = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
                usage["cost"] = dollars.parse::<f64>().unwrap_or_default().into();
            }
            out.push(self.chunk(&json!([]), usage));
        }
        out.push("data: [DONE]\n\n".to_owned());
    }

    fn whole(&self, said: &Said, end: &End<'_>) -> Value {
        let mut message = json!({"role": "assistant", "content": said.text});
        if said.refused {
            message = json!({"role": "assistant", "content": null, "refusal": said.text});
        }
        if !said.thought.is_empty() {
            message["reasoning_content"] = said.thought.as_str().into();
        }
        if !said.calls.is_empty() {
            let calls = said.calls.iter().enumerate().map(|(index, call)| {
                json!({
                    "id": self.call_id(call, index), "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments}})
            });
            message["tool_calls"] = calls.collect();
        }
        let mut body = json!({
            "id": self.id(), "object": "chat.completion", "created": CREATED,
            "model": self.model,
            "choices": [{"index": 0, "message": message, "finish_reason": reason(end)}]});
        if let Some(usage) = end.usage {
            body["usage"] = usage_json(usage);
        }
        body
    }
}

const fn reason<'a>(end: &End<'a>) -> &'a str {
    match end.reason {
        Some(word) => word,
        None if end.calls > 0 => "tool_calls",
        None => "stop",
    }
}

pub(super) fn usage_json(usage: UsageStep) -> Value {
    json!({
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {
            "cached_tokens": usage.cached, "cache_write_tokens": usage.cache_write},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning}})
}
