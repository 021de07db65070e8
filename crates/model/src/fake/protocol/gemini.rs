//! What a request must keep on the Gemini wire.

use serde_json::Value;

use super::super::captured::Captured;
use super::super::play::is_ours;
use super::{is_word, unknown};
use crate::gemini::{FOREIGN, demands_signatures};

/// The parameters that the provider knows; it refuses every other.
const PARAMETERS: &[&str] = &[
    "contents",
    "tools",
    "toolConfig",
    "safetySettings",
    "systemInstruction",
    "generationConfig",
    "cachedContent",
];
const SETTINGS: &[&str] = &[
    "temperature",
    "topP",
    "topK",
    "candidateCount",
    "maxOutputTokens",
    "stopSequences",
    "seed",
    "responseMimeType",
    "responseSchema",
    "responseJsonSchema",
    "thinkingConfig",
];
/// What a part can be; it is exactly one of them.
const PARTS: &[&str] = &[
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
];
/// The most texts that may end an answer.
const STOPS: usize = 5;

/// Returns what is wrong with a request.
pub(super) fn faults(request: &Captured) -> Vec<String> {
    let body = &request.body;
    let mut check = Check::default();
    for field in unknown(body, PARAMETERS) {
        check.fault(&format!("`{field}` is no parameter"));
    }
    for field in unknown(&body["generationConfig"], SETTINGS) {
        check.fault(&format!("`{field}` is no setting"));
    }
    let stops = body["generationConfig"]["stopSequences"].as_array();
    check.unless(
        stops.is_none_or(|stops| stops.len() <= STOPS),
        "there are too many stop sequences",
    );
    check.tools(body);
    for part in parts(&body["systemInstruction"]) {
        let text = part["text"].as_str().unwrap_or_default();
        check.unless(!text.is_empty(), "a part of the rules is empty");
    }
    check.contents(body, &request.model());
    check.faults
}

#[derive(Default)]
struct Check {
    faults: Vec<String>,
    /// The calls of the content before: id and name.
    open: Vec<(Value, Value)>,
}

impl Check {
    fn tools(&mut self, body: &Value) {
        let tools = body["tools"].as_array().into_iter().flatten();
        for tool in tools.filter_map(|tool| tool["functionDeclarations"].as_array()) {
            for declared in tool {
                let name = declared["name"].as_str().unwrap_or_default();
                self.unless(is_word(name, 64), "a tool's name is no word");
                let schema = &declared["parametersJsonSchema"];
                let properties = schema["properties"].as_object();
                self.unless(
                    schema.is_null() || properties.is_some_and(|map| !map.is_empty()),
                    "a tool's schema has no properties",
                );
            }
        }
        self.unless(
            body["toolConfig"].is_null() || body["tools"].is_array(),
            "there is a choice of no tools",
        );
    }

    fn contents(&mut self, body: &Value, model: &str) {
        let contents = body["contents"].as_array().map_or(&[][..], Vec::as_slice);
        let first = contents.first().map(|content| &content["role"]);
        self.unless(
            first.is_some_and(|role| role == "user"),
            "it doesn't begin with the person",
        );
        let asks = |content: &Value| content["role"] == "user" && !answers(content);
        let turn = contents.iter().rposition(asks).unwrap_or(0);
        let mut before = "";
        for (index, content) in contents.iter().enumerate() {
            let role = content["role"].as_str().unwrap_or_default();
            self.unless(matches!(role, "user" | "model"), "a role is unknown");
            self.unless(parts(content).next().is_some(), "a content is empty");
            for part in parts(content) {
                self.part(part);
            }
            self.outputs(content);
            if role == "model" {
                self.unless(before != "model", "the roles don't take turns");
                self.calls(content, model, index > turn);
            }
            before = role;
        }
        self.unless(before == "user", "the last content asks for nothing");
        self.unless(self.open.is_empty(), "a call has no output");
    }

    fn part(&mut self, part: &Value) {
        let fields = part.as_object().into_iter().flat_map(|map| map.keys());
        let data = fields.filter(|field| PARTS.contains(&field.as_str()));
        self.unless(data.count() == 1, "a part is not one thing");
        let signed = part["thoughtSignature"].is_string();
        let empty = part["text"].as_str().is_some_and(str::is_empty);
        self.unless(!empty || signed, "a text is empty");
    }

    /// Each call has its output in the next content, and nothing else has.
    fn outputs(&mut self, content: &Value) {
        let open = std::mem::take(&mut self.open);
        let outputs = parts(content).map(|part| &part["functionResponse"]);
        let outputs = outputs.filter(|output| output.is_object());
        let given: Vec<(Value, Value)> = outputs
            .clone()
            .map(|output| (output["id"].clone(), output["name"].clone()))
            .collect();
        self.unless(given == open, "the outputs are not those of the calls");
        for output in outputs {
            let response = output["response"].is_object();
            self.unless(response, "an output is no object");
        }
    }

    fn calls(&mut self, content: &Value, model: &str, current: bool) {
        let mut first = true;
        for part in parts(content) {
            let call = &part["functionCall"];
            let signature = part["thoughtSignature"].as_str();
            if !call.is_object() {
                self.unless(
                    signature.is_none_or(|signed| is_ours(signed, model, "")),
                    "a thought signature is not valid",
                );
                continue;
            }
            let name = call["name"].as_str().unwrap_or_default();
            self.unless(!name.is_empty(), "a call names no tool");
            self.unless(call["args"].is_object(), "a call's arguments are no object");
            let valid = |signed: &str| signed == FOREIGN || is_ours(signed, model, name);
            self.unless(
                signature.is_none_or(valid),
                "a thought signature is not valid",
            );
            let demanded = current && first && demands_signatures(model);
            self.unless(
                !demanded || signature.is_some(),
                "a call is missing a `thought_signature`",
            );
            first = false;
            self.open.push((call["id"].clone(), call["name"].clone()));
        }
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

fn parts(content: &Value) -> impl Iterator<Item = &Value> + Clone {
    content["parts"].as_array().into_iter().flatten()
}

/// Returns whether a content answers calls.
fn answers(content: &Value) -> bool {
    parts(content).any(|part| part["functionResponse"].is_object())
}
