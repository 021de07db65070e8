//! Writes a request body.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

use super::REASONING;
use crate::conversation::{Called, Conversation, Entry, Ids, Kept, Output, Said};
use crate::endpoint::Endpoint;
use crate::message::{Image, ImageSource};
use crate::request::{Effort, Request, ResponseForm, Tool, ToolChoice};
use crate::schema;
use crate::wire::Wire;

/// The most texts that may end an answer.
const STOPS: usize = 4;
/// The models behind `OpenRouter` that cache only what is marked.
const CACHED_ON_DEMAND: &str = "anthropic/";
/// How many ends of what was said to the model are marked, the latest first.
const ENDS: usize = 2;
/// Stands before the images of tool outputs, which have no place for them.
const IMAGES: &str = "The images that the tools gave:";

/// Serialises a streaming request.
pub(crate) fn encode(request: &Request, to: &Endpoint) -> serde_json::Result<Bytes> {
    let host = to.base_url.host_str().unwrap_or_default();
    let ids = if host == "mistral.ai" || host.ends_with(".mistral.ai") {
        Ids::Nine
    } else {
        Ids::Common
    };
    let said = Conversation::of(&request.messages, to.wire, &to.model, ids);
    // OpenAI itself refuses the old name for newer models; most compatible
    // servers know no other.
    let new_name = host == "api.openai.com";
    let limit = request.max_output_tokens;
    let tools = !request.tools.is_empty();
    let router = to.wire == Wire::OpenRouter;
    let mut messages = messages(&said);
    if router && request.cache && to.model.starts_with(CACHED_ON_DEMAND) {
        mark(&mut messages);
    }
    let effort = request.effort.map(Effort::as_str);
    let body = Body {
        model: &to.model,
        messages,
        tools: request.tools.iter().map(WireTool::from).collect(),
        tool_choice: tools.then(|| choice(&request.tool_choice)).flatten(),
        parallel_tool_calls: request.parallel_tool_calls.filter(|_| tools),
        temperature: request.temperature,
        top_p: request.top_p,
        frequency_penalty: request.frequency_penalty,
        presence_penalty: request.presence_penalty,
        stop: &request.stop[..request.stop.len().min(STOPS)],
        seed: request.seed,
        response_format: response_format(&request.response),
        reasoning_effort: effort.filter(|_| !router),
        reasoning: effort.filter(|_| router).map(|effort| Reasoning { effort }),
        usage: router.then_some(Usage { include: true }),
        max_tokens: limit.filter(|_| !new_name),
        max_completion_tokens: limit.filter(|_| new_name),
        stream: true,
        stream_options: StreamOptions {
            include_usage: true,
        },
    };
    serde_json::to_vec(&body).map(Bytes::from)
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<WireMessage<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<WireTool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'static str>,
    /// `OpenRouter`'s words for effort and for counts that hold the cache's.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Reasoning>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    stream: bool,
    stream_options: StreamOptions,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct Reasoning {
    effort: &'static str,
}

#[derive(Serialize)]
struct Usage {
    include: bool,
}

#[derive(Serialize)]
struct WireMessage<'a> {
    role: &'static str,
    /// `null` beside tool calls: some servers refuse an empty string there.
    content: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<WireToolCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<&'a str>,
    /// What `OpenRouter` wants back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasoning_details: Vec<&'a Value>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Text(&'a str),
    Parts(Vec<Part<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part<'a> {
    Text {
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    ImageUrl {
        image_url: ImageUrl<'a>,
    },
}

#[derive(Serialize)]
struct CacheControl {
    r#type: &'static str,
}

#[derive(Serialize)]
struct ImageUrl<'a> {
    url: Cow<'a, str>,
}

#[derive(Serialize)]
struct WireToolCall<'a> {
    id: &'a str,
    r#type: &'static str,
    function: WireCalled<'a>,
}

#[derive(Serialize)]
struct WireCalled<'a> {
    name: &'a str,
    arguments: &'a str,
}

#[derive(Serialize)]
struct WireTool<'a> {
    r#type: &'static str,
    function: WireFunction<'a>,
}

#[derive(Serialize)]
struct WireFunction<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
}

fn messages<'a>(said: &'a Conversation<'a>) -> Vec<WireMessage<'a>> {
    let mut list = Vec::with_capacity(said.entries.len() + 1);
    if !said.system.is_empty() {
        list.push(WireMessage::says("system", Content::Text(&said.system)));
    }
    // The images of outputs, which go to the person's message behind them.
    let mut seen: Vec<&Image> = Vec::new();
    for entry in &said.entries {
        match entry {
            Entry::User { text, images } => {
                seen.extend(images);
                list.push(WireMessage::says("user", content(text, &seen)));
                seen.clear();
            }
            Entry::Assistant(said) => {
                list.extend(images_alone(&mut seen));
                list.push(WireMessage::from(said));
            }
            Entry::Outputs(outputs) => {
                list.extend(outputs.iter().map(WireMessage::from));
                seen.extend(outputs.iter().flat_map(|output| &output.images));
            }
        }
    }
    list.extend(images_alone(&mut seen));
    list
}

/// Marks the rules and the conversation for the cache of providers that cache
/// only what is marked: at its end, and where it ended a step ago, which they
/// don't find on their own when much was added.
fn mark(messages: &mut [WireMessage<'_>]) {
    let first = messages.first_mut().filter(|first| first.role == "system");
    first.map(mark_end);
    let mut answered = true;
    let mut ends = 0;
    for message in messages.iter_mut().rev() {
        let said = message.role == "assistant";
        if answered && !said && message.role != "system" && ends < ENDS {
            mark_end(message);
            ends += 1;
        }
        answered = said;
    }
}

fn mark_end(message: &mut WireMessage<'_>) {
    if let Some(Content::Text(text)) = message.content {
        // An empty text can't be marked.
        if text.is_empty() {
            return;
        }
        message.content = Some(Content::Parts(vec![Part::text(text)]));
    }
    let Some(Content::Parts(parts)) = &mut message.content else {
        return;
    };
    for part in parts.iter_mut().rev() {
        if let Part::Text { cache_control, .. } = part {
            *cache_control = Some(CacheControl {
                r#type: "ephemeral",
            });
            return;
        }
    }
}

fn images_alone<'a>(seen: &mut Vec<&'a Image>) -> Option<WireMessage<'a>> {
    let images = std::mem::take(seen);
    (!images.is_empty()).then(|| WireMessage::says("user", content(IMAGES, &images)))
}

fn content<'a>(text: &'a str, images: &[&'a Image]) -> Content<'a> {
    if images.is_empty() {
        return Content::Text(text);
    }
    let text = (!text.is_empty()).then(|| Part::text(text));
    let images = images.iter().map(|image| Part::ImageUrl {
        image_url: ImageUrl { url: url_of(image) },
    });
    Content::Parts(text.into_iter().chain(images).collect())
}

fn url_of(image: &Image) -> Cow<'_, str> {
    match &image.source {
        ImageSource::Url(url) => Cow::Borrowed(url),
        ImageSource::Base64(data) => Cow::Owned(format!("data:{};base64,{data}", image.media_type)),
    }
}

fn choice(choice: &ToolChoice) -> Option<Value> {
    match choice {
        ToolChoice::Auto => None,
        ToolChoice::None => Some("none".into()),
        ToolChoice::Required => Some("required".into()),
        ToolChoice::Tool(name) => Some(json!({"type": "function", "function": {"name": name}})),
    }
}

fn response_format(form: &ResponseForm) -> Option<Value> {
    match form {
        ResponseForm::Text => None,
        ResponseForm::Json => Some(json!({"type": "json_object"})),
        ResponseForm::Schema { name, schema } => Some(json!({
            "type": "json_schema",
            "json_schema": {"name": name, "schema": schema, "strict": schema::is_strict(schema)},
        })),
    }
}

impl<'a> WireMessage<'a> {
    const fn says(role: &'static str, content: Content<'a>) -> Self {
        Self {
            role,
            content: Some(content),
            tool_calls: Vec::new(),
            tool_call_id: None,
            reasoning_content: None,
            reasoning_details: Vec::new(),
        }
    }
}

impl<'a> From<&'a Said<'a>> for WireMessage<'a> {
    fn from(said: &'a Said<'a>) -> Self {
        Self {
            role: "assistant",
            content: (!said.text.is_empty()).then_some(Content::Text(&said.text)),
            tool_calls: said.calls.iter().map(WireToolCall::from).collect(),
            tool_call_id: None,
            reasoning_content: said.carried.iter().find_map(reasoning),
            // Only `OpenRouter` sends lists to be carried.
            reasoning_details: said.carried.iter().flat_map(details).collect(),
        }
    }
}

fn reasoning<'a>(kept: &Kept<'a>) -> Option<&'a str> {
    kept.value.get(REASONING)?.as_str()
}

fn details<'a>(kept: &Kept<'a>) -> impl Iterator<Item = &'a Value> + use<'a> {
    kept.value.as_array().into_iter().flatten()
}

impl<'a> Part<'a> {
    const fn text(text: &'a str) -> Self {
        Self::Text {
            text,
            cache_control: None,
        }
    }
}

impl<'a> From<&'a Output<'a>> for WireMessage<'a> {
    fn from(output: &'a Output<'a>) -> Self {
        Self {
            tool_call_id: Some(&output.id),
            ..Self::says("tool", Content::Text(&output.text))
        }
    }
}

impl<'a> From<&'a Called<'a>> for WireToolCall<'a> {
    fn from(call: &'a Called<'a>) -> Self {
        Self {
            id: &call.id,
            r#type: "function",
            function: WireCalled {
                name: call.name,
                arguments: &call.arguments,
            },
        }
    }
}

impl<'a> From<&'a Tool> for WireTool<'a> {
    fn from(tool: &'a Tool) -> Self {
        Self {
            r#type: "function",
            function: WireFunction {
                name: &tool.name,
                description: &tool.description,
                parameters: &tool.parameters,
            },
        }
    }
}

#[cfg(test)]
mod tests;
