//! Writes a request body.

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::settings::{Settings, can_keep_form, demands_signatures};
use super::signature::{self, FOREIGN, Signed};
use crate::conversation::{Conversation, Entry, Ids, Output, Said};
use crate::endpoint::Endpoint;
use crate::failure::Reported;
use crate::message::{Image, ImageSource};
use crate::request::{Effort, Request, Tool, ToolChoice};
use crate::schema;

/// Serialises a streaming request. The format can't forbid several tool calls
/// at once and caches by itself; wishes for that are left out.
pub(crate) fn encode(request: &Request, to: &Endpoint) -> serde_json::Result<Bytes> {
    let said = Conversation::of(&request.messages, to.wire, &to.model, Ids::Common);
    let words = if can_keep_form(request, &to.model) {
        None
    } else {
        request.response.in_words()
    };
    let rules = Some(&*said.system).filter(|rules| !rules.is_empty());
    let rules: Vec<Part<'_>> = rules
        .into_iter()
        .chain(words.as_deref())
        .map(Part::text)
        .collect();
    let tools = &request.tools;
    let declared = (!tools.is_empty()).then(|| Tools {
        function_declarations: tools.iter().map(Declaration::from).collect(),
    });
    let body = Body {
        system_instruction: (!rules.is_empty()).then_some(Instruction { parts: rules }),
        contents: contents(&said, demands_signatures(&to.model))?,
        tools: declared.into_iter().collect(),
        tool_config: tool_config(request),
        generation_config: Settings::of(request, to),
    };
    serde_json::to_vec(&body).map(Bytes::from)
}

/// Returns a body without what the server refused it for: signatures of
/// thoughts that it can't read, or a way to think that the model doesn't have.
pub(crate) fn mend(body: &[u8], refusal: &Reported) -> Option<Bytes> {
    let mut value: Value = serde_json::from_slice(body).ok()?;
    let mended = if refusal.names("signature") {
        without_signatures(&mut value)
    } else if refusal.names("thinking") {
        other_thinking(&mut value["generationConfig"])
    } else {
        false
    };
    mended.then(|| serde_json::to_vec(&value).ok().map(Bytes::from))?
}

/// Asks for more thinking than a refused least, or for none in particular.
fn other_thinking(settings: &mut Value) -> bool {
    let level = settings.pointer_mut("/thinkingConfig/thinkingLevel");
    if let Some(level) = level.filter(|level| *level == Effort::Minimal.as_str()) {
        *level = Effort::Low.as_str().into();
        return true;
    }
    let settings = settings.as_object_mut();
    settings.is_some_and(|settings| settings.remove("thinkingConfig").is_some())
}

/// Puts the word for a foreign call in the place of the signatures of calls
/// and takes out those of other parts.
fn without_signatures(body: &mut Value) -> bool {
    let mut any = false;
    let contents = body["contents"].as_array_mut().into_iter().flatten();
    let parts = contents.filter_map(|content| content["parts"].as_array_mut());
    for part in parts.flatten().filter_map(Value::as_object_mut) {
        match part.get("thoughtSignature").and_then(Value::as_str) {
            None | Some(FOREIGN) => continue,
            Some(_) if part.contains_key("functionCall") => {
                part.insert("thoughtSignature".into(), FOREIGN.into());
            }
            Some(_) => {
                part.remove("thoughtSignature");
            }
        }
        any = true;
    }
    any
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<Instruction<'a>>,
    contents: Vec<Content<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tools<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<Value>,
    generation_config: Settings<'a>,
}

#[derive(Serialize)]
struct Instruction<'a> {
    parts: Vec<Part<'a>>,
}

#[derive(Serialize)]
struct Content<'a> {
    role: &'static str,
    parts: Vec<Part<'a>>,
}

/// A part; exactly one of the fields but the signature is there.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Part<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inline_data: Option<InlineData<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_data: Option<FileData<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_call: Option<FunctionCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_response: Option<FunctionResponse<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thought: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thought_signature: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InlineData<'a> {
    mime_type: &'a str,
    data: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FileData<'a> {
    mime_type: &'a str,
    file_uri: &'a str,
}

#[derive(Serialize)]
struct FunctionCall<'a> {
    id: &'a str,
    name: &'a str,
    args: &'a RawValue,
}

#[derive(Serialize)]
struct FunctionResponse<'a> {
    id: &'a str,
    name: &'a str,
    response: Response<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Response<'a> {
    Output(&'a str),
    Error(&'a str),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tools<'a> {
    function_declarations: Vec<Declaration<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Declaration<'a> {
    name: &'a str,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters_json_schema: Option<Value>,
}

fn contents<'a>(
    said: &'a Conversation<'a>,
    signatures: bool,
) -> serde_json::Result<Vec<Content<'a>>> {
    let begun = |entry: &Entry<'_>| matches!(entry, Entry::User { .. });
    // Signatures are demanded from the last question on.
    let turn = said.entries.iter().rposition(begun).unwrap_or(0);
    let mut list = Vec::with_capacity(said.entries.len());
    for (index, entry) in said.entries.iter().enumerate() {
        let (role, parts) = match entry {
            Entry::User { text, images } => {
                let text = Some(&**text).filter(|text| !text.is_empty());
                let images = images.iter().map(|image| Part::image(image));
                (
                    "user",
                    text.map(Part::text).into_iter().chain(images).collect(),
                )
            }
            Entry::Assistant(said) => ("model", answer(said, signatures && index > turn)?),
            Entry::Outputs(outputs) => {
                let images = outputs.iter().flat_map(|output| &output.images);
                let images = images.map(|image| Part::image(image));
                (
                    "user",
                    outputs.iter().map(Part::output).chain(images).collect(),
                )
            }
        };
        list.push(Content { role, parts });
    }
    Ok(list)
}

/// Writes what the model said, each signature with the part it came with.
fn answer<'a>(said: &'a Said<'a>, demanded: bool) -> serde_json::Result<Vec<Part<'a>>> {
    let mut parts = Vec::new();
    let mut signed: Vec<Option<&'a str>> = vec![None; said.calls.len()];
    let mut at = 0;
    for kept in &said.carried {
        match signature::read(kept) {
            Some(Signed::Call(signature)) => {
                if let Some(place) = signed.get_mut(kept.calls) {
                    *place = Some(signature);
                }
            }
            Some(Signed::Text(signature, bytes)) => {
                let end = said.cut_at(kept.text_bytes).max(at);
                let begin = said.cut_at(kept.text_bytes.saturating_sub(bytes)).max(at);
                parts.extend(Part::words(&said.text[at..begin]));
                parts.push(Part {
                    thought_signature: Some(signature),
                    ..Part::text(&said.text[begin..end])
                });
                at = end;
            }
            Some(Signed::Part(part)) => {
                let end = said.cut_at(kept.text_bytes).max(at);
                parts.extend(Part::words(&said.text[at..end]));
                parts.push(Part::thought(part));
                at = end;
            }
            None => {}
        }
    }
    parts.extend(Part::words(&said.text[at..]));
    // Of several calls at once the first alone is signed.
    let first = signed
        .first_mut()
        .filter(|first| demanded && first.is_none());
    if let Some(first) = first {
        *first = Some(FOREIGN);
    }
    for (call, signature) in said.calls.iter().zip(signed) {
        parts.push(Part {
            function_call: Some(FunctionCall {
                id: &call.id,
                name: call.name,
                args: serde_json::from_str(&call.arguments)?,
            }),
            thought_signature: signature,
            ..Part::default()
        });
    }
    Ok(parts)
}

impl<'a> Part<'a> {
    fn text(text: &'a str) -> Self {
        Self {
            text: Some(text),
            ..Self::default()
        }
    }

    /// Writes a piece of text; an empty one is nothing.
    fn words(text: &'a str) -> Option<Self> {
        (!text.is_empty()).then(|| Self::text(text))
    }

    fn thought(part: &'a Value) -> Self {
        Self {
            text: part["text"].as_str(),
            thought: Some(true),
            thought_signature: part["thoughtSignature"].as_str(),
            ..Self::default()
        }
    }

    fn image(image: &'a Image) -> Self {
        let mime_type = &image.media_type;
        match &image.source {
            ImageSource::Base64(data) => Self {
                inline_data: Some(InlineData { mime_type, data }),
                ..Self::default()
            },
            ImageSource::Url(file_uri) => Self {
                file_data: Some(FileData {
                    mime_type,
                    file_uri,
                }),
                ..Self::default()
            },
        }
    }

    fn output(output: &'a Output<'a>) -> Self {
        let response = if output.failed {
            Response::Error(&output.text)
        } else {
            Response::Output(&output.text)
        };
        Self {
            function_response: Some(FunctionResponse {
                id: &output.id,
                name: output.name,
                response,
            }),
            ..Self::default()
        }
    }
}

impl<'a> From<&'a Tool> for Declaration<'a> {
    fn from(tool: &'a Tool) -> Self {
        // An object without properties is refused; no schema means the same.
        let takes_any = tool.parameters["properties"]
            .as_object()
            .is_some_and(|properties| !properties.is_empty());
        Self {
            name: &tool.name,
            description: &tool.description,
            parameters_json_schema: takes_any.then(|| schema::for_gemini(&tool.parameters)),
        }
    }
}

fn tool_config(request: &Request) -> Option<Value> {
    if request.tools.is_empty() {
        return None;
    }
    let config = match &request.tool_choice {
        ToolChoice::Auto => return None,
        ToolChoice::None => json!({"mode": "NONE"}),
        ToolChoice::Required => json!({"mode": "ANY"}),
        ToolChoice::Tool(name) => json!({"mode": "ANY", "allowedFunctionNames": [name]}),
    };
    Some(json!({ "functionCallingConfig": config }))
}

#[cfg(test)]
mod tests;
