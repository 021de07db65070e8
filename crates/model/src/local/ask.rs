//! From a request to what the local model reads: its own chat form, its own
//! marks around a place to fill in.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::protocol::{Ask, Limit, Part};
use crate::completion::Completion;
use crate::message::{Message, Role};
use crate::request::{Request, ResponseForm, Tool, ToolChoice};

/// How freely the model chooses unless the request says.
const TEMPERATURE: f32 = 0.2;
/// The share of likelihood it chooses from unless the request says.
const TOP_P: f32 = 0.9;
/// The longest filling unless the request says, in tokens.
const FILL_TOKENS: u32 = 96;
/// How much is read of the text before a place.
const PREFIX: Limit = Limit::Last(1_536);
/// How much is read of the text after it. What comes after the place is read
/// again at each key, so it decides how long that takes.
const SUFFIX: Limit = Limit::First(40);
/// How much of the text before and after a place is handed over at all.
const NEAR_BYTES: usize = 64 * 1024;

/// The body of a request to the local model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Body {
    /// What the helper does.
    #[serde(flatten)]
    pub(crate) ask: Ask,
    /// How tool calls in the answer are recognised.
    #[serde(default, skip_serializing_if = "Calls::is_none")]
    pub(crate) calls: Calls,
}

/// How tool calls in an answer are recognised.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Calls {
    /// The tools that may be called; none when nothing is looked for.
    pub(crate) names: Vec<String>,
    /// Whether the prompt already holds the beginning of a call.
    pub(crate) begun: bool,
}

impl Calls {
    const fn is_none(&self) -> bool {
        self.names.is_empty()
    }
}

/// Writes a conversation as the model knows it.
pub(crate) fn chat(request: &Request) -> Body {
    let tools = offered(request);
    let mut prompt = Vec::new();
    let (rules, rest) = match request.messages.split_first() {
        Some((first, rest)) if first.role == Role::System => (first.content.as_str(), rest),
        _ => ("You are a helpful assistant.", request.messages.as_slice()),
    };
    turn(
        &mut prompt,
        "system",
        &format!("{rules}{}", described(&tools)),
    );
    let last = rest.len().saturating_sub(1);
    let mut open = false;
    for (at, message) in rest.iter().enumerate() {
        match message.role {
            Role::System => turn(&mut prompt, "system", &message.content),
            Role::User => turn(&mut prompt, "user", &shown(message)),
            Role::Tool => turn(&mut prompt, "user", &output(message)),
            // The model goes on with what it seems to have begun to say.
            Role::Assistant if at == last && message.tool_calls.is_empty() => {
                mark(&mut prompt, "<|im_start|>");
                text(&mut prompt, format!("assistant\n{}", message.content));
                open = true;
            }
            Role::Assistant => turn(&mut prompt, "assistant", &said(message)),
        }
    }
    if !open {
        mark(&mut prompt, "<|im_start|>");
        text(&mut prompt, "assistant\n".to_owned());
    }
    let forced = !tools.is_empty() && !open && must_call(&request.tool_choice);
    if forced {
        mark(&mut prompt, "<tool_call>");
        text(&mut prompt, "\n".to_owned());
    }
    Body {
        ask: Ask {
            prompt,
            max_tokens: request.max_output_tokens,
            temperature: request.temperature.unwrap_or(TEMPERATURE),
            top_p: request.top_p.unwrap_or(TOP_P),
            seed: request.seed.and_then(|seed| u32::try_from(seed).ok()),
            stop: request.stop.clone(),
            until: String::new(),
            schema: schema(request, &tools, forced),
            urgent: false,
        },
        calls: Calls {
            names: tools.iter().map(|tool| tool.name.clone()).collect(),
            begun: forced,
        },
    }
}

/// Writes a place to be filled in as the model knows it: what is before it,
/// what is after it, and then the filling.
pub(crate) fn fill(place: &Completion) -> Body {
    let prefix = tail(&place.prefix, NEAR_BYTES);
    let suffix = head(&place.suffix, NEAR_BYTES);
    let mut prompt = Vec::new();
    mark(&mut prompt, "<|fim_prefix|>");
    prompt.push(part(prefix, Some(PREFIX)));
    mark(&mut prompt, "<|fim_suffix|>");
    prompt.push(part(suffix, Some(SUFFIX)));
    mark(&mut prompt, "<|fim_middle|>");
    let mut stop = place.stop.clone();
    // The model sometimes runs on into prose.
    stop.push("\n```".to_owned());
    if one_line(prefix, suffix) {
        stop.push("\n".to_owned());
    }
    Body {
        ask: Ask {
            prompt,
            max_tokens: Some(place.max_output_tokens.unwrap_or(FILL_TOKENS)),
            temperature: place.temperature.unwrap_or(TEMPERATURE),
            top_p: place.top_p.unwrap_or(TOP_P),
            seed: place.seed.and_then(|seed| u32::try_from(seed).ok()),
            stop,
            until: head(suffix, 1_024).to_owned(),
            schema: None,
            urgent: true,
        },
        calls: Calls::default(),
    }
}

/// Whether the place is within a line that says something already: then the
/// rest of that line is wanted, and no more.
fn one_line(prefix: &str, suffix: &str) -> bool {
    let before = prefix.rsplit('\n').next().unwrap_or_default();
    let after = suffix.split('\n').next().unwrap_or_default();
    !before.trim().is_empty() || !after.trim().is_empty()
}

fn offered(request: &Request) -> Vec<&Tool> {
    let wanted = |tool: &&Tool| match &request.tool_choice {
        ToolChoice::None => false,
        ToolChoice::Tool(name) => tool.name == *name,
        ToolChoice::Auto | ToolChoice::Required => true,
    };
    request.tools.iter().filter(wanted).collect()
}

const fn must_call(choice: &ToolChoice) -> bool {
    matches!(choice, ToolChoice::Required | ToolChoice::Tool(_))
}

/// What the answer has to satisfy.
fn schema(request: &Request, tools: &[&Tool], forced: bool) -> Option<String> {
    if forced {
        let calls = tools.iter().enumerate();
        let calls: Vec<String> = calls.map(|(at, tool)| call_schema(at, tool)).collect();
        return Some(format!(r#"{{"anyOf":[{}]}}"#, calls.join(",")));
    }
    match &request.response {
        ResponseForm::Text => None,
        ResponseForm::Json => Some(json!({"type": "object"}).to_string()),
        ResponseForm::Schema { schema, .. } => Some(schema.to_string()),
    }
}

/// The schema of a call of one tool, the one at `at` of those offered. The name
/// comes first, as the model has learned it, which a map of fields would not
/// keep.
fn call_schema(at: usize, tool: &Tool) -> String {
    let name = json!(tool.name);
    let arguments = if tool.parameters.is_object() {
        let mut parameters = tool.parameters.clone();
        refer(
            &mut parameters,
            &format!("#/anyOf/{at}/properties/arguments"),
        );
        parameters.to_string()
    } else {
        r#"{"type":"object"}"#.to_owned()
    };
    format!(
        r#"{{"type":"object","properties":{{"name":{{"const":{name}}},"arguments":{arguments}}},"required":["name","arguments"],"additionalProperties":false}}"#
    )
}

/// Lets what a schema says of itself (`"$ref": "#/$defs/Item"`) be found where
/// the schema is now.
fn refer(schema: &mut Value, place: &str) {
    match schema {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(path) if name == "$ref" => {
                        if let Some(own) = path.strip_prefix('#') {
                            *path = format!("{place}{own}");
                        }
                    }
                    _ => refer(value, place),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| refer(item, place)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What the rules say of the tools, in the words of the model's training.
fn described(tools: &[&Tool]) -> String {
    if tools.is_empty() {
        return String::new();
    }
    let mut text = "\n\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\nYou are provided with function signatures within <tools></tools> XML tags:\n<tools>".to_owned();
    for tool in tools {
        let function = json!({
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters,
            },
        });
        // Writing to a string can't fail.
        let _ = write!(text, "\n{function}");
    }
    text.push_str("\n</tools>\n\nFor each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:\n<tool_call>\n{\"name\": <function-name>, \"arguments\": <args-json-object>}\n</tool_call>\n\nWhen a function helps, answer with its call alone and no other words. When none helps, answer in plain words.");
    text
}

/// What a person says. The model can't see; it is told that it doesn't.
fn shown(message: &Message) -> String {
    let unseen = "\n[an image that you can't see]".repeat(message.images.len());
    format!("{}{unseen}", message.content)
}

fn output(message: &Message) -> String {
    let failed = if message.tool_failed { "error: " } else { "" };
    format!(
        "<tool_response>\n{failed}{}\n</tool_response>",
        shown(message)
    )
}

fn said(message: &Message) -> String {
    let mut text = message.content.clone();
    for call in &message.tool_calls {
        let arguments = if call.arguments.trim().is_empty() {
            "{}"
        } else {
            call.arguments.as_str()
        };
        let name = json!(call.name);
        let gap = if text.is_empty() { "" } else { "\n" };
        let _ = write!(
            text,
            "{gap}<tool_call>\n{{\"name\": {name}, \"arguments\": {arguments}}}\n</tool_call>"
        );
    }
    text
}

fn turn(prompt: &mut Vec<Part>, role: &str, content: &str) {
    mark(prompt, "<|im_start|>");
    text(prompt, format!("{role}\n{content}"));
    mark(prompt, "<|im_end|>");
    text(prompt, "\n".to_owned());
}

/// Adds a special token.
fn mark(prompt: &mut Vec<Part>, name: &str) {
    prompt.push(Part {
        text: name.to_owned(),
        special: true,
        limit: None,
    });
}

/// Adds text, in which the names of special tokens mean nothing.
fn text(prompt: &mut Vec<Part>, text: String) {
    prompt.push(Part {
        text,
        ..Part::default()
    });
}

fn part(text: &str, limit: Option<Limit>) -> Part {
    Part {
        text: text.to_owned(),
        special: false,
        limit,
    }
}

fn head(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

fn tail(text: &str, bytes: usize) -> &str {
    &text[text.ceil_char_boundary(text.len().saturating_sub(bytes))..]
}

#[cfg(test)]
mod tests;
