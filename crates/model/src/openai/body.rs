//! Writes a request body.

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use crate::message::{Message, Role, ToolCall};
use crate::request::{Request, Tool};

/// What differs from server to server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialect {
    /// Whether to ask for usage at the end of the stream.
    pub(crate) stream_options: bool,
    /// Whether the limit is called `max_completion_tokens` (OpenAI itself,
    /// which refuses the old name for newer models) or `max_tokens` (the only
    /// name most compatible servers know).
    pub(crate) max_completion_tokens: bool,
}

/// Serialises a streaming request.
pub(crate) fn encode(
    request: &Request,
    model: &str,
    dialect: Dialect,
) -> serde_json::Result<Bytes> {
    let limit = request.max_output_tokens;
    let body = Body {
        model,
        messages: request.messages.iter().map(WireMessage::from).collect(),
        tools: request.tools.iter().map(WireTool::from).collect(),
        temperature: request.temperature,
        max_tokens: limit.filter(|_| !dialect.max_completion_tokens),
        max_completion_tokens: limit.filter(|_| dialect.max_completion_tokens),
        stream: true,
        stream_options: dialect.stream_options.then_some(StreamOptions {
            include_usage: true,
        }),
    };
    serde_json::to_vec(&body).map(Bytes::from)
}

/// Returns the body without `stream_options`, or `None` when it has none.
pub(crate) fn without_stream_options(body: &[u8]) -> Option<Bytes> {
    let mut value: Value = serde_json::from_slice(body).ok()?;
    value.as_object_mut()?.remove("stream_options")?;
    serde_json::to_vec(&value).ok().map(Bytes::from)
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<WireMessage<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<WireTool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct WireMessage<'a> {
    role: &'static str,
    /// `null` beside tool calls: some servers refuse an empty string there.
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<WireToolCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
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

impl<'a> From<&'a Message> for WireMessage<'a> {
    fn from(message: &'a Message) -> Self {
        let silent = message.content.is_empty() && !message.tool_calls.is_empty();
        let calls = match message.role {
            Role::Assistant => message.tool_calls.as_slice(),
            Role::System | Role::User | Role::Tool => &[],
        };
        Self {
            role: message.role.as_str(),
            content: (!silent).then_some(message.content.as_str()),
            tool_calls: calls.iter().map(WireToolCall::from).collect(),
            tool_call_id: message.tool_call_id.as_deref(),
        }
    }
}

impl<'a> From<&'a ToolCall> for WireToolCall<'a> {
    fn from(call: &'a ToolCall) -> Self {
        Self {
            id: &call.id,
            r#type: "function",
            function: WireCalled {
                name: &call.name,
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
mod tests {
    use serde_json::json;

    use super::*;

    fn conversation() -> Request {
        let call = ToolCall {
            id: "call_1".into(),
            name: "read".into(),
            arguments: r#"{"path":"a"}"#.into(),
        };
        Request {
            messages: vec![
                Message::system("rules"),
                Message::user("hi"),
                Message::assistant("", vec![call]),
                Message::tool("call_1", "text"),
            ],
            tools: vec![Tool {
                name: "read".into(),
                description: "reads".into(),
                parameters: json!({"type": "object"}),
            }],
            temperature: Some(0.2),
            max_output_tokens: Some(100),
            ..Request::default()
        }
    }

    fn encoded(request: &Request, dialect: Dialect) -> Value {
        serde_json::from_slice(&encode(request, "m", dialect).unwrap()).unwrap()
    }

    #[test]
    fn a_conversation_is_written_as_the_reference_says() {
        let dialect = Dialect {
            stream_options: true,
            max_completion_tokens: false,
        };
        assert_eq!(
            encoded(&conversation(), dialect),
            json!({
                "model": "m",
                "messages": [
                    {"role": "system", "content": "rules"},
                    {"role": "user", "content": "hi"},
                    {"role": "assistant", "content": null, "tool_calls": [{
                        "id": "call_1", "type": "function",
                        "function": {"name": "read", "arguments": "{\"path\":\"a\"}"}}]},
                    {"role": "tool", "content": "text", "tool_call_id": "call_1"},
                ],
                "tools": [{"type": "function", "function": {
                    "name": "read", "description": "reads", "parameters": {"type": "object"}}}],
                "temperature": 0.2,
                "max_tokens": 100,
                "stream": true,
                "stream_options": {"include_usage": true},
            })
        );
    }

    #[test]
    fn what_is_not_asked_for_is_not_sent() {
        let request = Request {
            messages: vec![Message::user("hi")],
            ..Request::default()
        };
        let dialect = Dialect {
            stream_options: false,
            max_completion_tokens: true,
        };
        let plain = json!({
            "model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": true});
        assert_eq!(encoded(&request, dialect), plain);
        assert_eq!(
            encoded(&conversation(), dialect)["max_completion_tokens"],
            100
        );
    }

    #[test]
    fn stream_options_can_be_taken_out_and_nothing_else() {
        let dialect = Dialect {
            stream_options: true,
            max_completion_tokens: false,
        };
        let body = encode(&conversation(), "m", dialect).unwrap();
        let without = without_stream_options(&body).unwrap();
        let mut expected: Value = serde_json::from_slice(&body).unwrap();
        expected.as_object_mut().unwrap().remove("stream_options");
        assert_eq!(serde_json::from_slice::<Value>(&without).unwrap(), expected);
        assert_eq!(without_stream_options(&without), None);
    }
}
