//! Reads a request for an answer in a conversation.

use serde::Deserialize;
use serde_json::Value;

use super::{
    Asked, IMAGE_BASE64_BYTES, MESSAGES, Refusal, Served, Stop, StreamOptions, TOOL_CHARS, TOOLS,
    URL_BYTES, model, no_bias, only_one, penalty, refuse, stops, tokens, within,
};
use crate::message::{IMAGE_TYPES, Image, ImageSource, Message, REQUEST_IMAGES, ToolCall};
use crate::request::{Effort, Request, ResponseForm, Tool, ToolChoice};

#[derive(Deserialize)]
pub(super) struct Body {
    model: String,
    messages: Vec<InMessage>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    frequency_penalty: Option<f64>,
    presence_penalty: Option<f64>,
    logit_bias: Option<Value>,
    max_tokens: Option<i64>,
    max_completion_tokens: Option<i64>,
    stop: Option<Stop>,
    seed: Option<i64>,
    n: Option<i64>,
    tools: Option<Vec<InTool>>,
    tool_choice: Option<Value>,
    parallel_tool_calls: Option<bool>,
    response_format: Option<InForm>,
    reasoning_effort: Option<String>,
    logprobs: Option<bool>,
    modalities: Option<Vec<String>>,
    functions: Option<Value>,
}

#[derive(Deserialize)]
struct InMessage {
    role: String,
    content: Option<Content>,
    refusal: Option<String>,
    tool_calls: Option<Vec<InCall>>,
    tool_call_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    r#type: String,
    text: Option<String>,
    refusal: Option<String>,
    image_url: Option<InImage>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum InImage {
    Object { url: String },
    Url(String),
}

#[derive(Deserialize)]
struct InCall {
    id: String,
    function: Option<InCalled>,
}

#[derive(Deserialize)]
struct InCalled {
    name: String,
    #[serde(default)]
    arguments: String,
}

#[derive(Deserialize)]
struct InTool {
    r#type: Option<String>,
    function: Option<InFunction>,
}

#[derive(Deserialize)]
struct InFunction {
    name: String,
    description: Option<String>,
    parameters: Option<Value>,
}

#[derive(Deserialize)]
struct InForm {
    r#type: String,
    json_schema: Option<InSchema>,
}

#[derive(Deserialize)]
struct InSchema {
    name: Option<String>,
    schema: Option<Value>,
}

pub(super) fn read(body: Body) -> Result<Served, Refusal> {
    only_one("n", body.n)?;
    if body.logprobs == Some(true) {
        return refuse("logprobs", "Log probabilities can't be had.");
    }
    no_bias(body.logit_bias.as_ref())?;
    if body.functions.is_some() {
        return refuse("functions", "Use `tools` instead of `functions`.");
    }
    let speaks = |modalities: &Vec<String>| modalities.iter().any(|word| word != "text");
    if body.modalities.as_ref().is_some_and(speaks) {
        return refuse("modalities", "Answers are text.");
    }
    if body.messages.is_empty() || body.messages.len() > MESSAGES {
        return refuse(
            "messages",
            format!("A request has 1 to {MESSAGES} messages."),
        );
    }
    let messages = body.messages.into_iter().enumerate();
    let messages = messages.map(|(at, given)| message(at, given));
    let messages = messages.collect::<Result<Vec<_>, _>>()?;
    let images: usize = messages.iter().map(|message| message.images.len()).sum();
    if images > REQUEST_IMAGES {
        return refuse(
            "messages",
            format!("A request has at most {REQUEST_IMAGES} images."),
        );
    }
    let limit = tokens("max_completion_tokens", body.max_completion_tokens)?;
    let request = Request {
        messages,
        tools: tools(body.tools.unwrap_or_default())?,
        tool_choice: tool_choice(body.tool_choice)?,
        parallel_tool_calls: body.parallel_tool_calls,
        temperature: within("temperature", body.temperature, 2.0)?,
        top_p: within("top_p", body.top_p, 1.0)?,
        frequency_penalty: penalty("frequency_penalty", body.frequency_penalty)?,
        presence_penalty: penalty("presence_penalty", body.presence_penalty)?,
        max_output_tokens: limit.or(tokens("max_tokens", body.max_tokens)?),
        stop: stops(body.stop)?,
        seed: body.seed,
        response: form(body.response_format)?,
        effort: effort(body.reasoning_effort)?,
        cache: true,
    };
    Ok(Served {
        model: model(body.model)?,
        request: Asked::Chat(request),
        stream: body.stream.unwrap_or(false),
        include_usage: body
            .stream_options
            .and_then(|options| options.include_usage)
            .unwrap_or(false),
    })
}

fn message(at: usize, given: InMessage) -> Result<Message, Refusal> {
    let param = |field: &str| format!("messages[{at}].{field}");
    let (text, images) = content(at, given.content)?;
    match given.role.as_str() {
        "system" | "developer" => Ok(Message::system(text)),
        "user" => Ok(Message::user(text).with_images(images)),
        "assistant" => {
            let text = if text.is_empty() {
                given.refusal.unwrap_or_default()
            } else {
                text
            };
            let calls = given.tool_calls.unwrap_or_default().into_iter();
            let calls = calls.map(|call| match call.function {
                Some(function) => Ok(ToolCall {
                    id: call.id,
                    name: function.name,
                    arguments: function.arguments,
                }),
                None => refuse(param("tool_calls"), "Only functions can be called."),
            });
            Ok(Message::assistant(text, calls.collect::<Result<_, _>>()?))
        }
        "tool" => match given.tool_call_id {
            Some(id) => Ok(Message::tool(id, text).with_images(images)),
            None => refuse(param("tool_call_id"), "A tool's output names its call."),
        },
        _ => refuse(
            param("role"),
            "A message is from `system`, `developer`, `user`, `assistant` or `tool`.",
        ),
    }
}

fn content(at: usize, content: Option<Content>) -> Result<(String, Vec<Image>), Refusal> {
    let parts = match content {
        None => return Ok((String::new(), Vec::new())),
        Some(Content::Text(text)) => return Ok((text, Vec::new())),
        Some(Content::Parts(parts)) => parts,
    };
    let (mut text, mut images) = (String::new(), Vec::new());
    for part in parts {
        let param = || format!("messages[{at}].content");
        match (
            part.r#type.as_str(),
            part.text.or(part.refusal),
            part.image_url,
        ) {
            ("text" | "refusal", Some(more), _) => {
                if !text.is_empty() && !text.ends_with('\n') {
                    text.push('\n');
                }
                text.push_str(&more);
            }
            ("image_url", _, Some(InImage::Object { url } | InImage::Url(url))) => {
                images.push(image(url).or_else(|message| refuse(param(), message))?);
            }
            _ => {
                return refuse(
                    param(),
                    "A part is `text` with a text or `image_url` with an image.",
                );
            }
        }
    }
    Ok((text, images))
}

fn image(url: String) -> Result<Image, String> {
    if let Some(data) = url.strip_prefix("data:") {
        let coded = data.split_once(";base64,");
        let (media_type, bytes) = coded.ok_or("An image here is in base64.")?;
        if !IMAGE_TYPES.contains(&media_type) {
            return Err(format!("An image is one of {}.", IMAGE_TYPES.join(", ")));
        }
        if bytes.is_empty() || bytes.len() > IMAGE_BASE64_BYTES {
            return Err(format!(
                "An image has 1 to {IMAGE_BASE64_BYTES} bytes of base64."
            ));
        }
        return Ok(Image {
            media_type: media_type.to_owned(),
            source: ImageSource::Base64(bytes.to_owned()),
        });
    }
    let plain = url.len() <= URL_BYTES && url.bytes().all(|byte| byte.is_ascii_graphic());
    if !url.starts_with("https://") || !plain {
        return Err("An image is at an https address, or here as a data URL.".to_owned());
    }
    Ok(Image {
        media_type: media_type_of(&url).to_owned(),
        source: ImageSource::Url(url),
    })
}

/// Guesses the type of an image by its address, for wires that want one.
fn media_type_of(url: &str) -> &'static str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    match path.rsplit('.').next().unwrap_or_default() {
        "png" | "PNG" => "image/png",
        "webp" => "image/webp",
        "gif" => "image/gif",
        _ => "image/jpeg",
    }
}

fn tools(given: Vec<InTool>) -> Result<Vec<Tool>, Refusal> {
    if given.len() > TOOLS {
        return refuse("tools", format!("A request has at most {TOOLS} tools."));
    }
    let tool = |(at, tool): (usize, InTool)| {
        let function = tool
            .function
            .filter(|_| tool.r#type.as_deref().unwrap_or("function") == "function");
        let Some(function) = function else {
            return refuse(format!("tools[{at}]"), "A tool is a function.");
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if function.name.is_empty()
            || function.name.len() > TOOL_CHARS
            || !function.name.chars().all(fits)
        {
            return refuse(
                format!("tools[{at}].function.name"),
                format!(
                    "A function's name has letters, digits, `_` and `-`, at most {TOOL_CHARS}."
                ),
            );
        }
        let parameters = function.parameters.unwrap_or(Value::Null);
        let parameters = match parameters {
            Value::Null => serde_json::json!({ "type": "object", "properties": {} }),
            Value::Object(_) => parameters,
            _ => {
                return refuse(
                    format!("tools[{at}].function.parameters"),
                    "Parameters are a JSON Schema.",
                );
            }
        };
        Ok(Tool {
            name: function.name,
            description: function.description.unwrap_or_default(),
            parameters,
        })
    };
    given.into_iter().enumerate().map(tool).collect()
}

fn tool_choice(given: Option<Value>) -> Result<ToolChoice, Refusal> {
    let wrong = || {
        refuse(
            "tool_choice",
            "It is `auto`, `none`, `required` or one function.",
        )
    };
    match given {
        None | Some(Value::Null) => Ok(ToolChoice::Auto),
        Some(Value::String(word)) => match word.as_str() {
            "auto" => Ok(ToolChoice::Auto),
            "none" => Ok(ToolChoice::None),
            "required" => Ok(ToolChoice::Required),
            _ => wrong(),
        },
        Some(choice) => match choice["function"]["name"].as_str() {
            Some(name) => Ok(ToolChoice::Tool(name.to_owned())),
            None => wrong(),
        },
    }
}

fn form(given: Option<InForm>) -> Result<ResponseForm, Refusal> {
    let Some(given) = given else {
        return Ok(ResponseForm::Text);
    };
    match (given.r#type.as_str(), given.json_schema) {
        ("text", _) => Ok(ResponseForm::Text),
        ("json_object", _) => Ok(ResponseForm::Json),
        (
            "json_schema",
            Some(InSchema {
                name,
                schema: Some(schema @ Value::Object(_)),
            }),
        ) => {
            let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            let name = name
                .unwrap_or_default()
                .chars()
                .filter(fits)
                .take(TOOL_CHARS)
                .collect::<String>();
            let name = if name.is_empty() {
                "answer".to_owned()
            } else {
                name
            };
            Ok(ResponseForm::Schema { name, schema })
        }
        _ => refuse(
            "response_format",
            "It is `text`, `json_object`, or `json_schema` with a schema.",
        ),
    }
}

fn effort(given: Option<String>) -> Result<Option<Effort>, Refusal> {
    match given.as_deref() {
        None => Ok(None),
        Some("minimal" | "none") => Ok(Some(Effort::Minimal)),
        Some("low") => Ok(Some(Effort::Low)),
        Some("medium") => Ok(Some(Effort::Medium)),
        Some("high" | "xhigh") => Ok(Some(Effort::High)),
        Some(_) => refuse(
            "reasoning_effort",
            "It is `minimal`, `low`, `medium` or `high`.",
        ),
    }
}
