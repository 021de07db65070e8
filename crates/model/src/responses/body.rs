//! Writes a request body.

use std::fmt;

use bytes::Bytes;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::conversation::{Conversation, Entry, Ids, Kept, Output, Said};
use crate::endpoint::Endpoint;
use crate::failure::Reported;
use crate::message::{Image, ImageSource};
use crate::request::{Effort, Request, ResponseForm, Tool, ToolChoice};
use crate::schema;
use crate::wire::Wire;

/// What `include` asks for, so that reasoning can be carried back to a server
/// that keeps nothing.
const ENCRYPTED_REASONING: &str = "reasoning.encrypted_content";
/// The least that the provider takes as a limit of the answer.
const LEAST_OUTPUT_TOKENS: u32 = 16;
/// Families that never reason and refuse to be asked for encrypted reasoning.
const WITHOUT_REASONING: &[&str] = &["gpt-4", "gpt-3.5", "chatgpt-", "gpt-5-chat"];

/// What can be left out when a model refuses it, with the words that a refusal
/// has for it.
const OPTIONAL: &[(&str, &str)] = &[
    ("top_p", "top_p"),
    ("temperature", "temperature"),
    ("parallel_tool_calls", "parallel_tool_calls"),
];

/// Serialises a streaming request. Texts that end the answer and a seed have
/// no field in this format and are left out.
pub(crate) fn encode(request: &Request, to: &Endpoint) -> serde_json::Result<Bytes> {
    let model = to.model.as_str();
    let wire = Wire::OpenAiResponses;
    let conversation = Conversation::of(&request.messages, wire, model, Ids::Common);
    let mut input = Vec::new();
    for entry in &conversation.entries {
        add(entry, &mut input);
    }
    let instructions = Some(&*conversation.system).filter(|text| !text.is_empty());
    let reasons = !WITHOUT_REASONING
        .iter()
        .any(|name| bare(model).starts_with(name));
    let tools = !request.tools.is_empty();
    let body = Body {
        model,
        instructions,
        input,
        tools: request.tools.iter().map(WireTool::from).collect(),
        tool_choice: tools.then(|| choice(&request.tool_choice)).flatten(),
        parallel_tool_calls: request.parallel_tool_calls.filter(|_| tools),
        temperature: request.temperature,
        top_p: request.top_p,
        max_output_tokens: limit(request.max_output_tokens),
        text: format(&request.response).map(|format| Text { format }),
        reasoning: request.effort.map(|effort| Reasoning {
            effort: effort.as_str(),
            summary: "auto",
        }),
        include: if reasons { &[ENCRYPTED_REASONING] } else { &[] },
        store: false,
        stream: true,
    };
    serde_json::to_vec(&body).map(Bytes::from)
}

/// Returns the limit of an answer, as the provider takes it.
pub(crate) fn limit(wanted: Option<u32>) -> Option<u32> {
    wanted.map(|wanted| wanted.max(LEAST_OUTPUT_TOKENS))
}

/// Returns a body without what the server refused it for.
///
/// Encrypted reasoning is refused by models that don't reason, and by another
/// organisation's servers, which can't read it; a summary by OpenAI until it
/// has verified the organisation.
pub(crate) fn mend(body: &[u8], refusal: &Reported) -> Option<Bytes> {
    let names = |words: &[&str]| words.iter().any(|word| refusal.names(word));
    let mut value: Value = serde_json::from_slice(body).ok()?;
    let fields = value.as_object_mut()?;
    let mut changed = false;
    if names(&["encrypted_content", "ncrypted content"]) {
        changed |= fields.remove("include").is_some();
        if let Some(input) = fields.get_mut("input").and_then(Value::as_array_mut) {
            let before = input.len();
            input.retain(|item| item["type"] != "reasoning");
            changed |= input.len() < before;
        }
    }
    if names(&["reasoning.summary", "reasoning summar"]) {
        let reasoning = fields.get_mut("reasoning").and_then(Value::as_object_mut);
        changed |= reasoning.is_some_and(|reasoning| reasoning.remove("summary").is_some());
    }
    if !changed && names(&["reasoning.effort"]) {
        changed = other_effort(&mut value, refusal);
    }
    changed = changed || refusal.take_out(&mut value, OPTIONAL);
    if !changed {
        return None;
    }
    serde_json::to_vec(&value).ok().map(Bytes::from)
}

/// Asks for more than a refused `minimal`, or for no effort in particular.
fn other_effort(body: &mut Value, refusal: &Reported) -> bool {
    if body["reasoning"]["effort"] == "minimal" && refusal.names("'minimal'") {
        body["reasoning"]["effort"] = Effort::instead_of_minimal(refusal).into();
        return true;
    }
    let fields = body.as_object_mut();
    fields.is_some_and(|fields| fields.remove("reasoning").is_some())
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<&'a str>,
    input: Vec<Item<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<WireTool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Reasoning>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    include: &'static [&'static str],
    /// What is asked is nobody's to keep.
    store: bool,
    stream: bool,
}

#[derive(Serialize)]
struct Text<'a> {
    format: Format<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Format<'a> {
    JsonObject,
    JsonSchema {
        name: &'a str,
        schema: &'a Value,
        strict: bool,
    },
}

#[derive(Serialize)]
struct Reasoning {
    effort: &'static str,
    summary: &'static str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Choice<'a> {
    Word(&'static str),
    Function { r#type: &'static str, name: &'a str },
}

#[derive(Serialize)]
struct WireTool<'a> {
    r#type: &'static str,
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
    /// It is true when left out, other than in Chat Completions.
    strict: bool,
}

/// One item of the conversation.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Item<'a> {
    Message {
        role: &'static str,
        content: Vec<Part<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        phase: Option<&'a str>,
    },
    FunctionCall {
        call_id: &'a str,
        name: &'a str,
        arguments: &'a str,
    },
    FunctionCallOutput {
        call_id: &'a str,
        output: Outcome<'a>,
    },
    #[serde(untagged)]
    Carried(&'a Value),
}

#[derive(Serialize)]
#[serde(untagged)]
enum Outcome<'a> {
    Text(&'a str),
    Parts(Vec<Part<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part<'a> {
    InputText {
        text: &'a str,
    },
    OutputText {
        text: &'a str,
    },
    InputImage {
        image_url: ImageUrl<'a>,
        detail: &'static str,
    },
}

impl<'a> From<&'a Tool> for WireTool<'a> {
    fn from(tool: &'a Tool) -> Self {
        Self {
            r#type: "function",
            name: &tool.name,
            description: &tool.description,
            parameters: &tool.parameters,
            strict: false,
        }
    }
}

/// Adds the items of one side's turn.
fn add<'a>(entry: &'a Entry<'a>, input: &mut Vec<Item<'a>>) {
    match entry {
        Entry::User { text, images } => input.push(Item::Message {
            role: "user",
            content: shown(text, images),
            phase: None,
        }),
        Entry::Assistant(said) => Answered::new(said).add(input),
        Entry::Outputs(outputs) => {
            input.extend(outputs.iter().map(|output| Item::FunctionCallOutput {
                call_id: &output.id,
                output: result(output),
            }));
        }
    }
}

fn result<'a>(output: &'a Output<'a>) -> Outcome<'a> {
    if output.images.is_empty() {
        Outcome::Text(&output.text)
    } else {
        Outcome::Parts(shown(&output.text, &output.images))
    }
}

/// Returns a text and images as parts.
fn shown<'a>(text: &'a str, images: &'a [&'a Image]) -> Vec<Part<'a>> {
    let text = Some(text).filter(|text| !text.is_empty());
    let text = text.map(|text| Part::InputText { text });
    let images = images.iter().map(|image| Part::InputImage {
        image_url: ImageUrl(image),
        detail: "auto",
    });
    text.into_iter().chain(images).collect()
}

/// An answer of the model, being put back into the order of its items.
struct Answered<'a> {
    said: &'a Said<'a>,
    text_bytes: usize,
    calls: usize,
    phase: Option<&'a str>,
}

impl<'a> Answered<'a> {
    fn new(said: &'a Said<'a>) -> Self {
        Self {
            said,
            text_bytes: 0,
            calls: 0,
            phase: None,
        }
    }

    fn add(mut self, input: &mut Vec<Item<'a>>) {
        for kept in &self.said.carried {
            let Kept {
                text_bytes,
                calls,
                value,
            } = *kept;
            self.advance(text_bytes, calls, input);
            match value["phase"].as_str() {
                Some(phase) if value["type"] == "message" => self.phase = Some(phase),
                _ => input.push(Item::Carried(value)),
            }
        }
        self.advance(usize::MAX, usize::MAX, input);
        // Reasoning that led to nothing is refused.
        while matches!(input.last(), Some(Item::Carried(_))) {
            input.pop();
        }
    }

    /// Adds the text and the calls that stand before a place.
    fn advance(&mut self, text_bytes: usize, calls: usize, input: &mut Vec<Item<'a>>) {
        let until = self.said.cut_at(text_bytes).max(self.text_bytes);
        let text = &self.said.text[self.text_bytes..until];
        self.text_bytes = until;
        if !text.is_empty() {
            input.push(Item::Message {
                role: "assistant",
                content: vec![Part::OutputText { text }],
                phase: self.phase.take(),
            });
        }
        let until = calls.min(self.said.calls.len()).max(self.calls);
        let made = &self.said.calls[self.calls..until];
        self.calls = until;
        input.extend(made.iter().map(|call| Item::FunctionCall {
            call_id: &call.id,
            name: call.name,
            arguments: &call.arguments,
        }));
    }
}

fn choice(choice: &ToolChoice) -> Option<Choice<'_>> {
    match choice {
        ToolChoice::Auto => None,
        ToolChoice::None => Some(Choice::Word("none")),
        ToolChoice::Required => Some(Choice::Word("required")),
        ToolChoice::Tool(name) => Some(Choice::Function {
            r#type: "function",
            name,
        }),
    }
}

fn format(form: &ResponseForm) -> Option<Format<'_>> {
    match form {
        ResponseForm::Text => None,
        ResponseForm::Json => Some(Format::JsonObject),
        ResponseForm::Schema { name, schema } => Some(Format::JsonSchema {
            name,
            schema,
            strict: schema::is_strict(schema),
        }),
    }
}

/// Returns a model's name without the vendor that routers put before it.
fn bare(model: &str) -> &str {
    model.rsplit('/').next().unwrap_or(model)
}

/// An image as a URL: its own, or one that holds its bytes.
struct ImageUrl<'a>(&'a Image);

impl fmt::Display for ImageUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.source {
            ImageSource::Base64(data) => write!(f, "data:{};base64,{data}", self.0.media_type),
            ImageSource::Url(url) => f.write_str(url),
        }
    }
}

impl Serialize for ImageUrl<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
