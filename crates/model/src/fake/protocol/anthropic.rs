//! What a request must keep on the Anthropic wire.

use std::collections::HashSet;

use serde_json::Value;

use super::super::captured::Captured;
use super::super::play::is_ours;
use super::{is_word, unknown};

/// The parameters that the provider knows; it refuses every other.
const PARAMETERS: &[&str] = &[
    "model",
    "max_tokens",
    "messages",
    "system",
    "metadata",
    "stop_sequences",
    "stream",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_p",
    "output_config",
    "service_tier",
];
/// The most marks of what to cache.
const MARKS: usize = 4;
/// The least budget for thinking.
const LEAST_BUDGET: u64 = 1_024;

/// Returns what is wrong with a request.
pub(super) fn faults(request: &Captured) -> Vec<String> {
    let body = &request.body;
    let mut check = Check::default();
    let version = ("anthropic-version".to_owned(), "2023-06-01".to_owned());
    check.unless(request.headers.contains(&version), "it names no version");
    for field in unknown(body, PARAMETERS) {
        check.fault(&format!("`{field}` is no parameter"));
    }
    check.unless(
        body["max_tokens"].as_u64().is_some_and(|most| most > 0),
        "`max_tokens` is missing",
    );
    check.unless(
        body["model"].as_str().is_some_and(|name| !name.is_empty()),
        "it names no model",
    );
    check.settings(body);
    check.tools(body);
    check.system(&body["system"]);
    check.messages(body);
    let marks = body.to_string().matches("\"cache_control\"").count();
    check.unless(marks <= MARKS, "there are too many marks of what to cache");
    check.faults
}

#[derive(Default)]
struct Check {
    faults: Vec<String>,
    seen: HashSet<String>,
    /// The calls of the message before that wait for their output.
    open: Vec<String>,
}

impl Check {
    fn settings(&mut self, body: &Value) {
        let heat = body["temperature"].as_f64();
        self.unless(
            heat.is_none_or(|heat| (0.0..=1.0).contains(&heat)),
            "`temperature` is out of range",
        );
        let stops = body["stop_sequences"].as_array().into_iter().flatten();
        let blank = stops.into_iter().any(is_blank);
        self.unless(!blank, "a stop sequence is blank");
        let thinking = &body["thinking"];
        if !matches!(thinking["type"].as_str(), Some("enabled" | "adaptive")) {
            return;
        }
        self.unless(
            heat.is_none_or(|heat| (heat - 1.0).abs() < f64::EPSILON),
            "thinking excludes `temperature`",
        );
        let choice = body["tool_choice"]["type"].as_str();
        self.unless(
            !matches!(choice, Some("any" | "tool")),
            "thinking excludes a forced call",
        );
        if let Some(budget) = thinking["budget_tokens"].as_u64() {
            let most = body["max_tokens"].as_u64().unwrap_or(0);
            self.unless(
                (LEAST_BUDGET..most).contains(&budget),
                "the budget is out of range",
            );
            self.thinks_on(body);
        }
    }

    /// With a budget, a turn that goes on must have begun with thinking; what
    /// follows the first outputs need not think again.
    fn thinks_on(&mut self, body: &Value) {
        let messages = body["messages"].as_array().map_or(&[][..], Vec::as_slice);
        let first = |message: &Value| message["content"][0]["type"].as_str().map(str::to_owned);
        let asks = |message: &&Value| {
            message["role"] == "user" && first(message).as_deref() != Some("tool_result")
        };
        let turn = messages.iter().rev().take_while(|message| !asks(message));
        let began = turn.filter(|message| message["role"] == "assistant").last();
        let thought = began.and_then(first);
        self.unless(
            began.is_none() || matches!(thought.as_deref(), Some("thinking" | "redacted_thinking")),
            "thinking is on, and the turn began without",
        );
    }

    fn tools(&mut self, body: &Value) {
        let tools = body["tools"].as_array();
        for tool in tools.into_iter().flatten() {
            let name = tool["name"].as_str().unwrap_or_default();
            self.unless(is_word(name, 64), "a tool's name is no word");
            let object = tool["input_schema"]["type"] == "object";
            self.unless(object, "a tool's schema is of no object");
        }
        let used = body["messages"].to_string().contains("\"tool_use\"");
        self.unless(
            !used || tools.is_some_and(|tools| !tools.is_empty()),
            "tools were used, and none is defined",
        );
        let choice = body["tool_choice"]["type"].as_str();
        self.unless(
            choice.is_none() || tools.is_some(),
            "there is a choice of no tools",
        );
    }

    fn system(&mut self, system: &Value) {
        for block in system.as_array().into_iter().flatten() {
            let legal = block["type"] == "text" && !is_blank(&block["text"]);
            self.unless(legal, "a block of the rules is blank");
        }
    }

    fn messages(&mut self, body: &Value) {
        let messages = body["messages"].as_array().map_or(&[][..], Vec::as_slice);
        self.unless(!messages.is_empty(), "there are no messages");
        let model = body["model"].as_str().unwrap_or_default();
        for (index, message) in messages.iter().enumerate() {
            let role = if index % 2 == 0 { "user" } else { "assistant" };
            self.unless(message["role"] == role, "the roles don't take turns");
            let content = message["content"].as_array().map_or(&[][..], Vec::as_slice);
            self.unless(!content.is_empty(), "a message is empty");
            if message["role"] == "assistant" {
                self.assistant(content, model);
            } else {
                self.user(content);
            }
        }
        let last = messages.last().map(|message| &message["role"]);
        self.unless(
            last.is_some_and(|role| role == "user"),
            "the last message asks for nothing",
        );
        self.unless(self.open.is_empty(), "a call has no output");
    }

    fn assistant(&mut self, content: &[Value], model: &str) {
        let mut called = false;
        for block in content {
            match block["type"].as_str() {
                Some("text") => {
                    self.unless(!is_blank(&block["text"]), "a text is blank");
                    self.unless(!called, "a text stands behind a call");
                }
                Some("tool_use") => {
                    called = true;
                    self.call(block);
                }
                Some("thinking") => {
                    let text = |key: &str| block[key].as_str().unwrap_or_default();
                    let signed = is_ours(text("signature"), model, text("thinking"));
                    self.unless(signed, "invalid `signature` in `thinking` block");
                    let marked = block["cache_control"].is_null();
                    self.unless(marked, "a mark stands on thinking");
                }
                Some("redacted_thinking") => {
                    self.unless(block["data"].is_string(), "hidden thinking has no data");
                }
                _ => self.fault("a block is of no kind"),
            }
        }
    }

    fn call(&mut self, block: &Value) {
        let id = block["id"].as_str().unwrap_or_default();
        self.unless(is_word(id, usize::MAX), "a call's id is no word");
        let new = self.seen.insert(id.to_owned());
        self.unless(new, "a call's id is used twice");
        let name = block["name"].as_str().unwrap_or_default();
        self.unless(is_word(name, 200), "a call's name is no word");
        self.unless(block["input"].is_object(), "a call's input is no object");
        self.open.push(id.to_owned());
    }

    fn user(&mut self, content: &[Value]) {
        let mut open = std::mem::take(&mut self.open);
        let mut outputs = true;
        for block in content {
            match block["type"].as_str() {
                Some("tool_result") => {
                    self.unless(outputs, "an output is not at the front");
                    let id = block["tool_use_id"].as_str().unwrap_or_default();
                    let place = open.iter().position(|open| open == id);
                    match place {
                        Some(place) => drop(open.swap_remove(place)),
                        None => self.fault("an output answers nothing"),
                    }
                    let parts = block["content"].as_array();
                    let blank = |part: &Value| part["type"] == "text" && is_blank(&part["text"]);
                    let blank = parts.into_iter().flatten().any(blank);
                    self.unless(!blank, "an output's text is blank");
                }
                Some("text") => {
                    outputs = false;
                    self.unless(!is_blank(&block["text"]), "a text is blank");
                }
                Some("image") => outputs = false,
                _ => self.fault("a block is of no kind"),
            }
        }
        self.unless(open.is_empty(), "a call has no output");
    }

    fn unless(&mut self, well: bool, fault: &str) {
        if !well {
            self.fault(fault);
        }
    }

    fn fault(&mut self, fault: &str) {
        self.faults.push(fault.to_owned());
    }
}

fn is_blank(text: &Value) -> bool {
    text.as_str().is_none_or(|text| text.trim().is_empty())
}
