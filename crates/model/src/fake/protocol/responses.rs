//! What a request must keep on the `OpenAI` Responses wire.

use std::collections::HashSet;

use serde_json::Value;

use super::{is_word, unknown};
use crate::fake::captured::Captured;
use crate::fake::play::is_ours;

/// The parameters that the provider knows; it refuses every other.
const PARAMETERS: &[&str] = &[
    "background",
    "include",
    "input",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "model",
    "parallel_tool_calls",
    "previous_response_id",
    "prompt_cache_key",
    "reasoning",
    "safety_identifier",
    "service_tier",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
];
/// The least limit of an answer.
const LEAST_OUTPUT_TOKENS: u64 = 16;
/// The longest name of a tool, in characters.
const NAME_CHARS: usize = 64;
/// The longest id of a call, in characters.
const CALL_ID_CHARS: usize = 64;

/// Returns what is wrong with a request.
pub(super) fn faults(request: &Captured) -> Vec<String> {
    let body = &request.body;
    let mut check = Check::default();
    check.parameters(body);
    match &body["input"] {
        Value::String(text) if !text.is_empty() => {}
        Value::Array(items) if !items.is_empty() => check.items(items, body),
        _ => check.fault("there is no input"),
    }
    check.faults
}

#[derive(Default)]
struct Check {
    faults: Vec<String>,
    /// Calls that wait for their output.
    open: HashSet<String>,
    seen: HashSet<String>,
}

impl Check {
    fn parameters(&mut self, body: &Value) {
        for name in unknown(body, PARAMETERS) {
            self.fault(&format!("unknown parameter `{name}`"));
        }
        if body["model"].as_str().is_none_or(str::is_empty) {
            self.fault("it names no model");
        }
        let limit = body["max_output_tokens"].as_u64();
        if limit.is_some_and(|limit| limit < LEAST_OUTPUT_TOKENS) {
            self.fault("`max_output_tokens` is below 16");
        }
        for tool in body["tools"].as_array().into_iter().flatten() {
            self.tool(tool);
        }
        self.choice(body);
        let format = &body["text"]["format"];
        let named = format["name"].is_string() && format["schema"].is_object();
        if format["type"] == "json_schema" && !named {
            self.fault("the format has no name or no schema");
        }
    }

    fn tool(&mut self, tool: &Value) {
        let name = tool["name"].as_str().unwrap_or_default();
        if tool["type"] != "function" || !is_word(name, NAME_CHARS) {
            self.fault(&format!("the tool `{name}` is no function with a name"));
        }
        // What is left out counts as true, and true allows only schemas that
        // name everything.
        let open = tool["parameters"]["additionalProperties"] != false;
        if tool["strict"] != false && open {
            self.fault(&format!("the tool `{name}` is strict with an open schema"));
        }
    }

    fn choice(&mut self, body: &Value) {
        let tools = body["tools"].as_array().into_iter().flatten();
        let mut names = tools.map(|tool| &tool["name"]);
        match &body["tool_choice"] {
            Value::Null => {}
            Value::String(word) if ["auto", "none", "required"].contains(&word.as_str()) => {}
            Value::Object(choice)
                if choice["type"] == "function" && names.any(|name| *name == choice["name"]) => {}
            other => self.fault(&format!("the tool choice {other} is none of the tools")),
        }
    }

    fn items(&mut self, items: &[Value], body: &Value) {
        for (index, item) in items.iter().enumerate() {
            let kind = item["type"].as_str().unwrap_or("message");
            // The model may go on before it waits; nobody else may speak.
            if kind == "message" && item["role"] != "assistant" {
                self.close(index);
            }
            match kind {
                "message" => self.message(index, item),
                "function_call" => self.call(index, item),
                "function_call_output" => self.output(index, item),
                "reasoning" => self.reasoning(index, item, items.get(index + 1), body),
                other => self.at(index, &format!("`{other}` is no item of ours")),
            }
        }
        self.close(items.len());
        let last = &items[items.len() - 1];
        if last["role"] == "assistant" {
            self.fault("the last item asks for nothing");
        }
    }

    fn message(&mut self, index: usize, item: &Value) {
        let allowed: &[&str] = match item["role"].as_str() {
            Some("user" | "system" | "developer") => &["input_text", "input_image", "input_file"],
            Some("assistant") => &["output_text", "refusal"],
            _ => &[],
        };
        match &item["content"] {
            Value::String(text) if !text.is_empty() && !allowed.is_empty() => {}
            Value::Array(parts) if !parts.is_empty() => {
                for part in parts {
                    let kind = part["type"].as_str().unwrap_or_default();
                    if !allowed.contains(&kind) {
                        self.at(index, &format!("`{kind}` does not belong to its role"));
                    }
                    if part["text"] == "" {
                        self.at(index, "it has an empty text");
                    }
                }
            }
            _ => self.at(index, "it is empty, or its role is none"),
        }
    }

    fn call(&mut self, index: usize, item: &Value) {
        let id = item["call_id"].as_str().unwrap_or_default();
        let fits = (1..=CALL_ID_CHARS).contains(&id.chars().count());
        if !fits || !self.seen.insert(id.to_owned()) {
            self.at(
                index,
                &format!("the call id `{id}` is empty, too long or used twice"),
            );
        }
        self.open.insert(id.to_owned());
        if !is_word(item["name"].as_str().unwrap_or_default(), NAME_CHARS) {
            self.at(index, &format!("the call `{id}` names no tool"));
        }
        if !item["arguments"].is_string() {
            self.at(index, &format!("the arguments of `{id}` are no text"));
        }
    }

    fn output(&mut self, index: usize, item: &Value) {
        let id = item["call_id"].as_str().unwrap_or_default();
        if !self.open.remove(id) {
            self.at(
                index,
                &format!("it answers `{id}`, which waits for nothing"),
            );
        }
        if !item["output"].is_string() && !item["output"].is_array() {
            self.at(index, "it has no output");
        }
    }

    fn reasoning(&mut self, index: usize, item: &Value, next: Option<&Value>, body: &Value) {
        // What is not stored can't be looked up by its id.
        if body["store"] == false && !item["encrypted_content"].is_string() {
            self.at(index, "the reasoning is neither stored nor encrypted");
        }
        let Some(summary) = item["summary"].as_array() else {
            return self.at(index, "the reasoning has no summary");
        };
        let thought: String = summary
            .iter()
            .filter_map(|part| part["text"].as_str())
            .collect();
        let model = body["model"].as_str().unwrap_or_default();
        if let Some(content) = item["encrypted_content"].as_str()
            && !is_ours(content, model, &thought)
        {
            self.at(index, "the encrypted content could not be verified");
        }
        let led_to = next.map(|next| (next["type"].as_str().unwrap_or("message"), next));
        let follows = led_to.is_some_and(|(kind, next)| match kind {
            "message" => next["role"] == "assistant",
            other => matches!(other, "function_call" | "reasoning"),
        });
        if !follows {
            self.at(
                index,
                "the reasoning is without its required following item",
            );
        }
    }

    fn close(&mut self, index: usize) {
        let mut open: Vec<String> = self.open.drain().collect();
        open.sort_unstable();
        for id in open {
            self.at(index, &format!("the call `{id}` has no output before it"));
        }
    }

    fn at(&mut self, index: usize, what: &str) {
        self.faults.push(format!("item {index}: {what}"));
    }

    fn fault(&mut self, what: &str) {
        self.faults.push(what.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use hyper::header::HeaderMap;
    use serde_json::json;

    use super::*;

    fn found(body: &Value) -> Vec<String> {
        let raw = Bytes::from(body.to_string());
        faults(&Captured::new("/v1/responses", &HeaderMap::new(), raw))
    }

    fn user() -> Value {
        json!({"type": "message", "role": "user", "content": [
            {"type": "input_text", "text": "hi"}]})
    }

    fn call(id: &str) -> Value {
        json!({"type": "function_call", "call_id": id, "name": "t", "arguments": "{}"})
    }

    fn output(id: &str) -> Value {
        json!({"type": "function_call_output", "call_id": id, "output": "x"})
    }

    fn reasoning() -> Value {
        json!({"type": "reasoning", "id": "rs", "summary": [], "encrypted_content": "sig-0"})
    }

    #[test]
    fn legal_requests_have_no_faults() {
        for input in [
            json!("hi"),
            json!([user()]),
            json!([user(), call("a"), call("b"), output("b"), output("a")]),
            json!([user(), {"role": "assistant", "content": "ok"}, user()]),
        ] {
            let tool = json!({"type": "function", "name": "t", "strict": false,
                "parameters": {"type": "object"}});
            let choice = json!({"type": "function", "name": "t"});
            let body = json!({"model": "m", "input": input, "tools": [tool],
                "tool_choice": choice, "store": false});
            assert_eq!(found(&body), Vec::<String>::new(), "{body}");
        }
    }

    #[test]
    fn each_fault_is_found() {
        let wrong = |role: &str, kind: &str, text: &str| json!({"role": role, "content": [{"type": kind, "text": text}]});
        for (input, fault) in [
            (json!([]), "there is no input"),
            (json!([user(), call("a")]), "has no output"),
            (json!([user(), output("a")]), "waits for nothing"),
            (
                json!([user(), call("a"), user(), output("a")]),
                "has no output",
            ),
            (
                json!([user(), call("a"), output("a"), call("a"), output("a")]),
                "used twice",
            ),
            (json!([user(), reasoning()]), "required following item"),
            (
                json!([user(), reasoning(), user()]),
                "required following item",
            ),
            (
                json!([user(), reasoning(), call("a"), output("a")]),
                "could not be verified",
            ),
            (json!([wrong("user", "output_text", "x")]), "its role"),
            (json!([wrong("assistant", "input_text", "x")]), "its role"),
            (json!([wrong("user", "input_text", "")]), "an empty text"),
            (json!([wrong("wizard", "input_text", "x")]), "its role"),
            (
                json!([user(), wrong("assistant", "output_text", "x")]),
                "asks for nothing",
            ),
            (json!([{"type": "magic"}]), "no item of ours"),
        ] {
            let body = json!({"model": "m", "input": input, "store": false});
            let found = found(&body);
            assert!(found.iter().any(|f| f.contains(fault)), "{body}: {found:?}");
        }
        for (field, value, fault) in [
            ("stop", json!(["x"]), "unknown parameter `stop`"),
            ("max_output_tokens", json!(1), "below 16"),
            (
                "tool_choice",
                json!({"type": "function", "name": "t"}),
                "none of the tools",
            ),
            (
                "tools",
                json!([{"type": "function", "name": "a b"}]),
                "no function",
            ),
            (
                "tools",
                json!([{"type": "function", "name": "t", "parameters": {"type": "object"}}]),
                "strict with an open schema",
            ),
            (
                "text",
                json!({"format": {"type": "json_schema"}}),
                "no name or no schema",
            ),
            ("model", json!(""), "names no model"),
        ] {
            let mut body = json!({"model": "m", "input": "hi"});
            body[field] = value;
            let found = found(&body);
            assert!(found.iter().any(|f| f.contains(fault)), "{body}: {found:?}");
        }
    }
}
