//! Writes a request body.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::thinking::{Thinking, version};
use crate::conversation::{Conversation, Entry, Ids, Output, Said};
use crate::endpoint::Endpoint;
use crate::message::{Image, ImageSource};
use crate::request::{Request, ResponseForm, Tool, ToolChoice};
use crate::schema;

/// The limit of an answer when nobody says one: the format demands it, and
/// every model takes this one.
const DEFAULT_MAX_TOKENS: u32 = 4_096;
/// How many messages to the model are marked, the latest first: what the rules
/// and the tools leave of the four marks that a request may have.
const ENDS: usize = 2;
/// The first version that keeps to a schema.
const SCHEMAS: (u32, u32) = (4, 5);
/// The hottest temperature the provider takes.
const HOTTEST: f32 = 1.0;

/// Serialises a streaming request. The format has no seed; a wish for one is
/// left out.
pub(crate) fn encode(request: &Request, to: &Endpoint) -> serde_json::Result<Bytes> {
    let said = Conversation::of(&request.messages, to.wire, &to.model, Ids::Common);
    let max_tokens = limit(request.max_output_tokens, to);
    let thinking = Thinking::of(request, &said, &to.model, max_tokens);
    let form = Form::of(&request.response, &to.model);
    let mut messages = messages(&said)?;
    let mut system = system(&said, form.words.as_deref());
    let mut tools: Vec<WireTool<'_>> = request.tools.iter().map(WireTool::from).collect();
    let past = Tool::past(&said);
    if tools.is_empty() {
        tools.extend(past.iter().map(WireTool::from));
    }
    if request.cache {
        mark(&mut system, &mut tools, &mut messages);
    }
    // Thinking excludes all but the default temperature, and newer models take
    // one of the two settings only.
    let temperature = request.temperature.filter(|_| !thinking.is_on());
    let top_p = request
        .top_p
        .filter(|_| !thinking.is_on() && temperature.is_none());
    let body = Body {
        model: &to.model,
        max_tokens,
        system,
        messages,
        tool_choice: choice(request, !tools.is_empty()),
        tools,
        temperature: temperature.map(|heat| heat.min(HOTTEST)),
        top_p,
        stop_sequences: stops(&request.stop),
        thinking: thinking.to_json(),
        output_config: output_config(thinking, form.schema),
        stream: true,
    };
    serde_json::to_vec(&body).map(Bytes::from)
}

/// Returns the limit of an answer, which the format demands.
pub(crate) fn limit(wanted: Option<u32>, to: &Endpoint) -> u32 {
    let most = to.max_output_tokens;
    match wanted {
        Some(wanted) => wanted.min(most.unwrap_or(u32::MAX)),
        None => most.unwrap_or(DEFAULT_MAX_TOKENS),
    }
    .max(1)
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Block<'a>>,
    messages: Vec<WireMessage<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<WireTool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop_sequences: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<Value>,
    stream: bool,
}

#[derive(Serialize)]
struct WireMessage<'a> {
    role: &'static str,
    content: Vec<Block<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block<'a> {
    Text {
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<Cache>,
    },
    Image {
        source: Source<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<Cache>,
    },
    ToolUse {
        id: &'a str,
        name: &'a str,
        input: &'a RawValue,
    },
    ToolResult {
        tool_use_id: &'a str,
        content: Vec<Self>,
        #[serde(skip_serializing_if = "Option::is_none")]
        is_error: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<Cache>,
    },
    #[serde(untagged)]
    Carried(&'a Value),
}

/// A mark: everything up to here is to be cached.
#[derive(Clone, Copy, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Cache {
    Ephemeral,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Source<'a> {
    Base64 { media_type: &'a str, data: &'a str },
    Url { url: &'a str },
}

#[derive(Serialize)]
struct WireTool<'a> {
    name: &'a str,
    description: &'a str,
    input_schema: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<Cache>,
}

/// How a form of answer is asked for: by schema, or in words.
struct Form<'a> {
    schema: Option<&'a Value>,
    words: Option<String>,
}

impl<'a> Form<'a> {
    fn of(form: &'a ResponseForm, model: &str) -> Self {
        let enforced = version(model).is_some_and(|version| version >= SCHEMAS);
        match form {
            ResponseForm::Text => Self {
                schema: None,
                words: None,
            },
            ResponseForm::Schema { schema, .. } if enforced && schema::is_closed(schema) => Self {
                schema: Some(schema),
                words: None,
            },
            other => Self {
                schema: None,
                words: other.in_words(),
            },
        }
    }
}

fn system<'a>(said: &'a Conversation<'a>, form: Option<&'a str>) -> Vec<Block<'a>> {
    let rules = Some(&*said.system).filter(|rules| !rules.is_empty());
    rules.into_iter().chain(form).map(Block::text).collect()
}

/// Writes the messages. Outputs and the person's words behind them are one
/// message, the outputs first, since the sides must take turns.
fn messages<'a>(said: &'a Conversation<'a>) -> serde_json::Result<Vec<WireMessage<'a>>> {
    let mut list: Vec<WireMessage<'a>> = Vec::with_capacity(said.entries.len());
    for entry in &said.entries {
        let (role, content) = match entry {
            Entry::User { text, images } => {
                let text = Some(&**text).filter(|text| !text.is_empty());
                let images = images.iter().map(|image| Block::image(image));
                let content = images.chain(text.map(Block::text));
                ("user", content.collect())
            }
            Entry::Assistant(said) => ("assistant", assistant(said)?),
            Entry::Outputs(outputs) => ("user", outputs.iter().map(Block::output).collect()),
        };
        match list.last_mut() {
            Some(last) if last.role == role => last.content.extend(content),
            _ => list.push(WireMessage { role, content }),
        }
    }
    Ok(list)
}

/// Writes what the model said, with what is carried where it stood.
fn assistant<'a>(said: &'a Said<'a>) -> serde_json::Result<Vec<Block<'a>>> {
    let mut blocks = Vec::new();
    let mut carried = said.carried.iter().peekable();
    let mut at = 0;
    while let Some(kept) = carried.next_if(|kept| kept.calls == 0) {
        let cut = said.cut_at(kept.text_bytes).max(at);
        blocks.extend(Block::words(&said.text[at..cut]));
        blocks.push(Block::Carried(kept.value));
        at = cut;
    }
    blocks.extend(Block::words(&said.text[at..]));
    for (index, call) in said.calls.iter().enumerate() {
        while let Some(kept) = carried.next_if(|kept| kept.calls <= index) {
            blocks.push(Block::Carried(kept.value));
        }
        blocks.push(Block::ToolUse {
            id: &call.id,
            name: call.name,
            input: serde_json::from_str(&call.arguments)?,
        });
    }
    // Nothing may stand behind the calls: what claims to is left out.
    if said.calls.is_empty() {
        blocks.extend(carried.map(|kept| Block::Carried(kept.value)));
    }
    Ok(blocks)
}

impl<'a> Block<'a> {
    const fn text(text: &'a str) -> Self {
        Self::Text {
            text,
            cache_control: None,
        }
    }

    /// Writes a piece of text; a blank one is refused and left out.
    fn words(text: &'a str) -> Option<Self> {
        (!text.trim().is_empty()).then(|| Self::text(text))
    }

    fn image(image: &'a Image) -> Self {
        let source = match &image.source {
            ImageSource::Base64(data) => Source::Base64 {
                media_type: &image.media_type,
                data,
            },
            ImageSource::Url(url) => Source::Url { url },
        };
        Self::Image {
            source,
            cache_control: None,
        }
    }

    fn output(output: &'a Output<'a>) -> Self {
        let images = output.images.iter().map(|image| Self::image(image));
        let content = Self::words(&output.text).into_iter().chain(images);
        Self::ToolResult {
            tool_use_id: &output.id,
            content: content.collect(),
            is_error: output.failed.then_some(true),
            cache_control: None,
        }
    }

    const fn mark(&mut self) {
        match self {
            Self::Text { cache_control, .. }
            | Self::Image { cache_control, .. }
            | Self::ToolResult { cache_control, .. } => *cache_control = Some(Cache::Ephemeral),
            Self::ToolUse { .. } | Self::Carried(_) => {}
        }
    }
}

impl Tool {
    /// Returns the tools that a conversation called, which must be defined
    /// even when none may be called any more.
    fn past(said: &Conversation<'_>) -> Vec<Self> {
        let said = said.entries.iter().filter_map(|entry| match entry {
            Entry::Assistant(said) => Some(&said.calls),
            Entry::User { .. } | Entry::Outputs(_) => None,
        });
        let names: BTreeSet<&str> = said.flatten().map(|call| call.name).collect();
        let tool = |name: &str| Self {
            name: name.to_owned(),
            description: String::new(),
            parameters: json!({"type": "object"}),
        };
        names.into_iter().map(tool).collect()
    }
}

impl<'a> From<&'a Tool> for WireTool<'a> {
    fn from(tool: &'a Tool) -> Self {
        Self {
            name: &tool.name,
            description: &tool.description,
            input_schema: &tool.parameters,
            cache_control: None,
        }
    }
}

/// Marks what is to be cached: the tools, the rules, and the conversation, at
/// its end and where it ended a step ago. From a mark the provider looks back
/// over twenty blocks only, and a step may add more.
fn mark(system: &mut [Block<'_>], tools: &mut [WireTool<'_>], messages: &mut [WireMessage<'_>]) {
    if let Some(tool) = tools.last_mut() {
        tool.cache_control = Some(Cache::Ephemeral);
    }
    if let Some(block) = system.last_mut() {
        block.mark();
    }
    let said = messages.iter_mut().rev();
    for message in said.filter(|message| message.role == "user").take(ENDS) {
        if let Some(block) = message.content.last_mut() {
            block.mark();
        }
    }
}

/// Says whether to call a tool; tools that are only of the past are not called.
fn choice(request: &Request, any: bool) -> Option<Value> {
    if request.tools.is_empty() {
        return any.then(|| json!({"type": "none"}));
    }
    let one = request.parallel_tool_calls == Some(false);
    let mut choice = match &request.tool_choice {
        ToolChoice::Auto if one => json!({"type": "auto"}),
        ToolChoice::Auto => return None,
        ToolChoice::None => return Some(json!({"type": "none"})),
        ToolChoice::Required => json!({"type": "any"}),
        ToolChoice::Tool(name) => json!({"type": "tool", "name": name}),
    };
    if one {
        choice["disable_parallel_tool_use"] = true.into();
    }
    Some(choice)
}

/// Returns the texts that end the answer; a blank one is refused and left out.
fn stops(stop: &[String]) -> Vec<&str> {
    let texts = stop.iter().map(String::as_str);
    texts.filter(|text| !text.trim().is_empty()).collect()
}

fn output_config(thinking: Thinking, schema: Option<&Value>) -> Option<Value> {
    let mut config = serde_json::Map::new();
    if let Some(effort) = thinking.effort {
        config.insert("effort".into(), effort.into());
    }
    if let Some(schema) = schema {
        let format = json!({"type": "json_schema", "schema": schema});
        config.insert("format".into(), format);
    }
    (!config.is_empty()).then_some(Value::Object(config))
}

#[cfg(test)]
mod tests;
