//! Says an answer in `OpenAI`'s Responses.

use serde_json::{Value, json};

use super::{CREATED, Called, End, Said, Voice, named, pieces, signature};
use crate::fake::captured::Captured;
use crate::fake::script::{ErrorStep, UsageStep};

/// Writes events.
pub(super) struct Speaker {
    number: usize,
    model: String,
    /// Whether reasoning is to come in a form that can go back.
    encrypted: bool,
    sequence: u64,
    /// The items that are done.
    items: Vec<Value>,
    open: Option<Open>,
    calls: usize,
}

/// The item that is not at its end.
enum Open {
    Message { text: String, refusal: bool },
    Thought(String),
}

impl Speaker {
    pub(super) fn new(request: &Captured, number: usize) -> Self {
        let include = request.body["include"].as_array();
        let wanted = "reasoning.encrypted_content";
        Self {
            number,
            model: request.model(),
            encrypted: include.is_some_and(|list| list.iter().any(|entry| entry == wanted)),
            sequence: 0,
            items: Vec::new(),
            open: None,
            calls: 0,
        }
    }

    fn event(&mut self, kind: &str, fields: Value, out: &mut Vec<String>) {
        let mut data = json!({"type": kind, "sequence_number": self.sequence});
        self.sequence += 1;
        if let (Value::Object(data), Value::Object(fields)) = (&mut data, fields) {
            data.extend(fields);
        }
        out.push(named(kind, &data));
    }

    /// Sends an event about the item that is open.
    fn about(&mut self, kind: &str, place: &str, fields: &Value, out: &mut Vec<String>) {
        let mut all = json!({"item_id": self.item_id(), "output_index": self.items.len()});
        if !place.is_empty() {
            all[place] = json!(0);
        }
        for (key, value) in fields.as_object().into_iter().flatten() {
            all[key] = value.clone();
        }
        self.event(kind, all, out);
    }

    fn begin_item(&mut self, item: &Value, out: &mut Vec<String>) {
        let fields = json!({"output_index": self.items.len(), "item": item});
        self.event("response.output_item.added", fields, out);
    }

    fn end_item(&mut self, item: Value, out: &mut Vec<String>) {
        let fields = json!({"output_index": self.items.len(), "item": item});
        self.event("response.output_item.done", fields, out);
        self.items.push(item);
    }

    fn close(&mut self, out: &mut Vec<String>) {
        match self.open.take() {
            None => {}
            Some(Open::Message { text, refusal }) => self.close_message(&text, refusal, out),
            Some(Open::Thought(thought)) => self.close_thought(&thought, out),
        }
    }

    fn close_message(&mut self, text: &str, refusal: bool, out: &mut Vec<String>) {
        let (kind, fields) = if refusal {
            ("response.refusal.done", json!({ "refusal": text }))
        } else {
            (
                "response.output_text.done",
                json!({"text": text, "logprobs": []}),
            )
        };
        self.about(kind, "content_index", &fields, out);
        let part = part(text, refusal);
        let fields = json!({ "part": part });
        self.about("response.content_part.done", "content_index", &fields, out);
        let item = self.message("completed", &json!([part]));
        self.end_item(item, out);
    }

    fn close_thought(&mut self, thought: &str, out: &mut Vec<String>) {
        let place = "summary_index";
        let fields = json!({ "text": thought });
        self.about("response.reasoning_summary_text.done", place, &fields, out);
        let summary = json!({"type": "summary_text", "text": thought});
        let fields = json!({ "part": summary });
        self.about("response.reasoning_summary_part.done", place, &fields, out);
        let mut item = json!({"id": self.item_id(), "type": "reasoning", "summary": [summary]});
        if self.encrypted {
            item["encrypted_content"] = json!(signature::sign(&self.model, thought));
        }
        self.end_item(item, out);
    }

    fn message(&self, status: &str, content: &Value) -> Value {
        json!({"id": self.item_id(), "type": "message", "status": status, "role": "assistant",
            "content": content})
    }

    fn response(&self, status: &str, details: &Value, usage: Option<UsageStep>) -> Value {
        json!({
            "id": format!("resp_fake_{}", self.number), "object": "response",
            "created_at": CREATED, "status": status, "error": null,
            "incomplete_details": details, "instructions": null, "metadata": {},
            "model": self.model, "output": self.items, "parallel_tool_calls": true,
            "tool_choice": "auto", "tools": [], "usage": usage.map(usage_json)})
    }

    fn ended(&self, end: &End<'_>) -> (&'static str, Value) {
        let (status, details) = match end.reason {
            None | Some("stop" | "tool_calls") => ("completed", Value::Null),
            Some("length") => ("incomplete", json!({"reason": "max_output_tokens"})),
            Some(word) => ("incomplete", json!({ "reason": word })),
        };
        (status, self.response(status, &details, end.usage))
    }

    fn item_id(&self) -> String {
        format!("item_{}_{}", self.number, self.items.len())
    }
}

impl Voice for Speaker {
    fn begin(&mut self, _usage: Option<UsageStep>, out: &mut Vec<String>) {
        for kind in ["response.created", "response.in_progress"] {
            let response = self.response("in_progress", &Value::Null, None);
            self.event(kind, json!({ "response": response }), out);
        }
    }

    fn text(&mut self, piece: &str, declines: bool, out: &mut Vec<String>) {
        if let Some(Open::Message { text, refusal }) = &mut self.open
            && *refusal == declines
        {
            text.push_str(piece);
        } else {
            self.close(out);
            let item = self.message("in_progress", &json!([]));
            self.begin_item(&item, out);
            let fields = json!({ "part": part("", declines) });
            self.about("response.content_part.added", "content_index", &fields, out);
            self.open = Some(Open::Message {
                text: piece.to_owned(),
                refusal: declines,
            });
        }
        let (kind, fields) = if declines {
            ("response.refusal.delta", json!({ "delta": piece }))
        } else {
            (
                "response.output_text.delta",
                json!({"delta": piece, "logprobs": []}),
            )
        };
        self.about(kind, "content_index", &fields, out);
    }

    fn thought(&mut self, piece: &str, out: &mut Vec<String>) {
        let place = "summary_index";
        if let Some(Open::Thought(thought)) = &mut self.open {
            thought.push_str(piece);
        } else {
            self.close(out);
            let item = json!({"id": self.item_id(), "type": "reasoning", "summary": []});
            self.begin_item(&item, out);
            let fields = json!({"part": {"type": "summary_text", "text": ""}});
            self.about("response.reasoning_summary_part.added", place, &fields, out);
            self.open = Some(Open::Thought(piece.to_owned()));
        }
        let fields = json!({ "delta": piece });
        self.about("response.reasoning_summary_text.delta", place, &fields, out);
    }

    fn call(&mut self, call: &Called, out: &mut Vec<String>) {
        self.close(out);
        let made_up = format!("call_{}_{}", self.number, self.calls);
        self.calls += 1;
        let mut item = json!({"id": self.item_id(), "type": "function_call",
            "status": "in_progress", "call_id": call.id.clone().unwrap_or(made_up),
            "name": call.name, "arguments": ""});
        self.begin_item(&item, out);
        for piece in pieces(&call.arguments, call.chunk) {
            let fields = json!({ "delta": piece });
            self.about("response.function_call_arguments.delta", "", &fields, out);
        }
        let fields = json!({"name": call.name, "arguments": call.arguments});
        self.about("response.function_call_arguments.done", "", &fields, out);
        item["status"] = json!("completed");
        item["arguments"] = json!(call.arguments);
        self.end_item(item, out);
    }

    fn error(&mut self, error: &ErrorStep, out: &mut Vec<String>) {
        let fields = json!({"code": error.code, "message": error.message, "param": null});
        self.event("error", fields, out);
    }

    fn finish(&mut self, end: &End<'_>, out: &mut Vec<String>) {
        self.close(out);
        let (status, response) = self.ended(end);
        let fields = json!({ "response": response });
        self.event(&format!("response.{status}"), fields, out);
    }

    fn whole(&self, said: &Said, end: &End<'_>) -> Value {
        let mut again = Self {
            model: self.model.clone(),
            items: Vec::new(),
            open: None,
            ..*self
        };
        let mut out = Vec::new();
        if !said.thought.is_empty() {
            again.thought(&said.thought, &mut out);
        }
        if !said.text.is_empty() {
            again.text(&said.text, said.refused, &mut out);
        }
        for call in &said.calls {
            again.call(call, &mut out);
        }
        again.close(&mut out);
        again.ended(end).1
    }
}

fn part(text: &str, refusal: bool) -> Value {
    if refusal {
        json!({"type": "refusal", "refusal": text})
    } else {
        json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})
    }
}

fn usage_json(usage: UsageStep) -> Value {
    json!({
        "input_tokens": usage.input,
        "input_tokens_details": {
            "cached_tokens": usage.cached, "cache_write_tokens": usage.cache_write},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output})
}
