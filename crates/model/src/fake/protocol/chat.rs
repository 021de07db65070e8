//! What a request must keep on the wire of Chat Completions.

use std::collections::HashSet;

use serde_json::Value;

use super::super::captured::text_of;
use super::is_word;
use crate::fake::play::is_ours;

/// The longest id of a call, in characters.
const ID_CHARS: usize = 40;

/// Returns what is wrong with a completion request.
pub(in crate::fake) fn faults(body: &Value) -> Vec<String> {
    let Some(messages) = body["messages"].as_array().filter(|list| !list.is_empty()) else {
        return vec!["there are no messages".to_owned()];
    };
    let mut check = Check {
        model: body["model"].as_str().unwrap_or_default().to_owned(),
        ..Check::default()
    };
    for (index, message) in messages.iter().enumerate() {
        check.message(index, message);
    }
    check.end(messages.len());
    check.faults
}

#[derive(Default)]
struct Check {
    model: String,
    faults: Vec<String>,
    previous: String,
    /// Calls that wait for their output.
    open: HashSet<String>,
    seen: HashSet<String>,
}

impl Check {
    fn message(&mut self, index: usize, message: &Value) {
        let role = message["role"].as_str().unwrap_or_default();
        if role != "tool" {
            self.close_calls(index);
        }
        match role {
            "system" if index > 0 => self.fault(index, "a system message is not the first"),
            "system" | "user" if is_empty(&message["content"]) => {
                self.fault(index, "it is empty");
            }
            "assistant" => self.assistant(index, message),
            "tool" => self.output(index, message),
            "system" | "user" => {}
            other => self.fault(index, &format!("`{other}` is no role")),
        }
        let first = matches!(self.previous.as_str(), "" | "system");
        if role != "tool" && role == self.previous {
            self.fault(index, &format!("two {role} messages in a row"));
        } else if first && matches!(role, "assistant" | "tool") {
            self.fault(index, &format!("the conversation begins with {role}"));
        }
        role.clone_into(&mut self.previous);
    }

    fn assistant(&mut self, index: usize, message: &Value) {
        let calls = message["tool_calls"].as_array();
        let silent = text_of(&message["content"]).is_empty();
        if silent && calls.is_none_or(Vec::is_empty) {
            self.fault(index, "it neither says nor calls anything");
        }
        for detail in message["reasoning_details"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let text = |key: &str| detail[key].as_str().unwrap_or_default();
            if !is_ours(text("signature"), &self.model, text("text")) {
                self.fault(index, "its reasoning was changed, or is another model's");
            }
        }
        for call in calls.into_iter().flatten() {
            let id = call["id"].as_str().unwrap_or_default();
            if !is_word(id, ID_CHARS) || !self.seen.insert(id.to_owned()) {
                self.fault(
                    index,
                    &format!("the call id `{id}` is no word or used twice"),
                );
            }
            self.open.insert(id.to_owned());
            if call["function"]["name"].as_str().is_none_or(str::is_empty) {
                self.fault(index, &format!("the call `{id}` names no tool"));
            }
            let arguments = call["function"]["arguments"].as_str().unwrap_or_default();
            if !serde_json::from_str::<Value>(arguments).is_ok_and(|value| value.is_object()) {
                self.fault(
                    index,
                    &format!("the arguments of `{id}` are no JSON object"),
                );
            }
        }
    }

    fn output(&mut self, index: usize, message: &Value) {
        let id = message["tool_call_id"].as_str().unwrap_or_default();
        if !self.open.remove(id) {
            self.fault(
                index,
                &format!("it answers `{id}`, which waits for nothing"),
            );
        }
    }

    fn close_calls(&mut self, index: usize) {
        let mut open: Vec<String> = self.open.drain().collect();
        open.sort_unstable();
        for id in open {
            self.fault(index, &format!("the call `{id}` has no output before it"));
        }
    }

    fn end(&mut self, count: usize) {
        self.close_calls(count);
        if !matches!(self.previous.as_str(), "user" | "tool") {
            self.fault(count, "the last message asks for nothing");
        }
    }

    fn fault(&mut self, index: usize, what: &str) {
        self.faults.push(format!("message {index}: {what}"));
    }
}

/// Returns whether a message's content has neither text nor image.
fn is_empty(content: &Value) -> bool {
    let mut parts = content.as_array().into_iter().flatten();
    text_of(content).is_empty() && !parts.any(|part| part["type"] == "image_url")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(id: &str) -> Value {
        json!({"role": "assistant", "content": null, "tool_calls": [
            {"id": id, "type": "function", "function": {"name": "t", "arguments": "{}"}}]})
    }

    fn output(id: &str) -> Value {
        json!({"role": "tool", "tool_call_id": id, "content": "x"})
    }

    fn says(role: &str) -> Value {
        json!({"role": role, "content": "x"})
    }

    #[test]
    fn legal_conversations_have_no_faults() {
        for messages in [
            vec![says("user")],
            vec![
                says("system"),
                says("user"),
                says("assistant"),
                says("user"),
            ],
            vec![says("user"), call("a"), output("a")],
            vec![says("user"), call("a"), output("a"), call("b"), output("b")],
            vec![
                says("user"),
                call("a"),
                output("a"),
                says("assistant"),
                says("user"),
            ],
        ] {
            let body = json!({"messages": messages});
            assert_eq!(faults(&body), Vec::<String>::new(), "{body}");
        }
    }

    #[test]
    fn each_fault_is_found() {
        let empty = json!({"role": "user", "content": ""});
        let mute = json!({"role": "assistant", "content": ""});
        let bad_arguments = json!({"role": "assistant", "tool_calls": [
            {"id": "a", "function": {"name": "t", "arguments": "{"}}]});
        for (messages, expected) in [
            (vec![], "there are no messages"),
            (
                vec![says("user"), says("system"), says("user")],
                "not the first",
            ),
            (vec![says("user"), says("user")], "two user messages"),
            (
                vec![says("assistant"), says("user")],
                "begins with assistant",
            ),
            (vec![output("a")], "waits for nothing"),
            (vec![says("user"), call("a"), says("user")], "has no output"),
            (vec![says("user"), call("a")], "has no output"),
            (
                vec![says("user"), call("a"), output("b")],
                "waits for nothing",
            ),
            (
                vec![says("user"), call("a"), output("a"), output("a")],
                "waits for nothing",
            ),
            (
                vec![says("user"), call("a"), output("a"), call("a"), output("a")],
                "used twice",
            ),
            (vec![says("user"), says("assistant")], "asks for nothing"),
            (vec![says("wizard")], "is no role"),
            (vec![empty], "it is empty"),
            (
                vec![says("user"), mute, says("user")],
                "neither says nor calls",
            ),
            (
                vec![says("user"), bad_arguments, output("a")],
                "no JSON object",
            ),
        ] {
            let body = json!({"messages": messages});
            let found = faults(&body);
            assert!(
                found.iter().any(|f| f.contains(expected)),
                "{body}: {found:?}"
            );
        }
    }
}
