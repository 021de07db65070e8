//! Requests as the reference says, and conversations that come back to it.

use atelier_base::Secret;
use serde_json::{Value, json};
use url::Url;

use super::body::{encode, mend};
use crate::endpoint::Endpoint;
use crate::failure::Reported;
use crate::message::{Carried, Image, ImageSource, Message, ToolCall};
use crate::request::{Effort, Request, ResponseForm, Tool, ToolChoice};
use crate::wire::Wire;

fn endpoint(model: &str) -> Endpoint {
    Endpoint {
        name: "Test".into(),
        base_url: Url::parse("https://api.openai.com/v1").unwrap(),
        wire: Wire::OpenAiResponses,
        key: Some(Secret::new("k".into())),
        model: model.into(),
        max_output_tokens: None,
        prices: None,
    }
}

fn encoded(request: &Request, model: &str) -> Value {
    serde_json::from_slice(&encode(request, &endpoint(model)).unwrap()).unwrap()
}

fn call(id: &str) -> ToolCall {
    ToolCall {
        id: id.into(),
        name: "read".into(),
        arguments: r#"{"path":"a"}"#.into(),
    }
}

fn kept(model: &str, text_bytes: usize, calls: usize, value: Value) -> Carried {
    Carried {
        wire: Wire::OpenAiResponses,
        model: model.into(),
        text_bytes,
        calls,
        value,
    }
}

fn reasoning(id: &str) -> Value {
    json!({"id": id, "type": "reasoning", "encrypted_content": "e", "summary": []})
}

fn tool() -> Tool {
    Tool {
        name: "read".into(),
        description: "reads".into(),
        parameters: json!({"type": "object"}),
    }
}

#[test]
fn a_conversation_is_written_as_the_reference_says() {
    let image = Image {
        media_type: "image/png".into(),
        source: ImageSource::Base64("aGk=".into()),
    };
    let request = Request {
        messages: vec![
            Message::system("rules"),
            Message::user("hi").with_images(vec![image]),
            Message::assistant("I look.", vec![call("call_1")]),
            Message::tool("call_1", "text"),
        ],
        tools: vec![tool()],
        tool_choice: ToolChoice::Tool("read".into()),
        parallel_tool_calls: Some(false),
        temperature: Some(0.5),
        top_p: Some(0.5),
        max_output_tokens: Some(100),
        stop: vec!["END".into()],
        seed: Some(1),
        response: ResponseForm::Json,
        effort: Some(Effort::Low),
        cache: true,
        ..Request::default()
    };
    let expected = json!({
        "model": "gpt-5",
        "instructions": "rules",
        "input": [
            {"type": "message", "role": "user", "content": [
                {"type": "input_text", "text": "hi"},
                {"type": "input_image", "image_url": "data:image/png;base64,aGk=",
                    "detail": "auto"}]},
            {"type": "message", "role": "assistant", "content": [
                {"type": "output_text", "text": "I look."}]},
            {"type": "function_call", "call_id": "call_1", "name": "read",
                "arguments": "{\"path\":\"a\"}"},
            {"type": "function_call_output", "call_id": "call_1", "output": "text"},
        ],
        "tools": [{"type": "function", "name": "read", "description": "reads",
            "parameters": {"type": "object"}, "strict": false}],
        "tool_choice": {"type": "function", "name": "read"},
        "parallel_tool_calls": false,
        "temperature": 0.5,
        "top_p": 0.5,
        "max_output_tokens": 100,
        "text": {"format": {"type": "json_object"}},
        "reasoning": {"effort": "low", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
        "store": false,
        "stream": true,
    });
    assert_eq!(encoded(&request, "gpt-5"), expected);
}

#[test]
fn what_is_not_asked_for_is_not_sent() {
    let request = Request {
        messages: vec![Message::user("hi")],
        max_output_tokens: Some(1),
        tool_choice: ToolChoice::Required,
        parallel_tool_calls: Some(true),
        ..Request::default()
    };
    let content = json!([{"type": "input_text", "text": "hi"}]);
    let expected = json!({
        "model": "gpt-4o",
        "input": [{"type": "message", "role": "user", "content": content}],
        // The least that the provider takes.
        "max_output_tokens": 16,
        "store": false,
        "stream": true,
    });
    assert_eq!(encoded(&request, "gpt-4o"), expected);
}

#[test]
fn a_schema_is_enforced_where_it_can_be() {
    let closed = json!({"type": "object", "properties": {"x": {"type": "string"}},
        "required": ["x"], "additionalProperties": false});
    for (schema, strict) in [(closed, true), (json!({"type": "object"}), false)] {
        let request = Request {
            messages: vec![Message::user("hi")],
            response: ResponseForm::Schema {
                name: "answer".into(),
                schema: schema.clone(),
            },
            ..Request::default()
        };
        let expected = json!({"type": "json_schema", "name": "answer", "schema": schema,
            "strict": strict});
        assert_eq!(encoded(&request, "gpt-5")["text"]["format"], expected);
    }
}

#[test]
fn reasoning_goes_back_where_it_stood_and_only_to_its_model() {
    let carried = vec![
        kept("gpt-5", 0, 0, reasoning("rs_0")),
        kept(
            "gpt-5",
            0,
            0,
            json!({"type": "message", "phase": "commentary"}),
        ),
        kept("gpt-5", 7, 1, reasoning("rs_3")),
        // Broken off: it led to nothing.
        kept("gpt-5", 7, 2, reasoning("rs_5")),
        kept("gpt-5-mini", 0, 0, reasoning("rs_9")),
    ];
    let answer = Message::assistant("I look.", vec![call("a"), call("b")]);
    let request = Request {
        messages: vec![
            Message::user("hi"),
            answer.with_carried(carried),
            Message::tool("a", "1"),
            Message::tool("b", "2"),
        ],
        ..Request::default()
    };
    let said = json!([{"type": "output_text", "text": "I look."}]);
    let made = |id: &str| {
        json!({"type": "function_call", "call_id": id, "name": "read",
            "arguments": "{\"path\":\"a\"}"})
    };
    let asked = encoded(&request, "gpt-5");
    let expected = [
        reasoning("rs_0"),
        json!({"type": "message", "role": "assistant", "content": said, "phase": "commentary"}),
        made("a"),
        reasoning("rs_3"),
        made("b"),
    ];
    assert_eq!(asked["input"].as_array().unwrap()[1..6], expected);
    assert_eq!(asked["input"][6]["type"], "function_call_output");
    let mini = encoded(&request, "gpt-5-mini");
    assert_eq!(mini["input"][1], reasoning("rs_9"));
    assert_eq!(mini["input"][3], made("a"));
    let other = encoded(&request, "o4");
    assert_eq!(other["input"][1]["type"], "message");
}

#[test]
fn what_a_server_refuses_is_left_out_and_nothing_else() {
    let answer = Message::assistant("ok", Vec::new());
    let request = Request {
        messages: vec![
            Message::user("hi"),
            answer.with_carried(vec![kept("m", 0, 0, reasoning("rs_0"))]),
            Message::user("go on"),
        ],
        effort: Some(Effort::High),
        ..Request::default()
    };
    let body = encode(&request, &endpoint("m")).unwrap();
    let refused = |message: &str, param: &str| {
        let error = json!({"error": {"message": message, "param": param, "code": null,
            "type": "invalid_request_error"}});
        Reported::from_body(error.to_string().as_bytes())
    };
    let no_content = refused(
        "Encrypted content is not supported with this model.",
        "include",
    );
    let mended = mend(&body, &no_content).unwrap();
    let mut expected: Value = serde_json::from_slice(&body).unwrap();
    expected.as_object_mut().unwrap().remove("include");
    expected["input"].as_array_mut().unwrap().remove(1);
    let mended_value: Value = serde_json::from_slice(&mended).unwrap();
    assert_eq!(mended_value, expected);
    assert_eq!(mend(&mended, &no_content), None, "once is enough");

    let no_summary = refused(
        "Your organization must be verified to generate reasoning summaries.",
        "reasoning.summary",
    );
    let mended = mend(&body, &no_summary).unwrap();
    let mended: Value = serde_json::from_slice(&mended).unwrap();
    assert_eq!(mended["reasoning"], json!({"effort": "high"}));
    assert_eq!(mend(&body, &refused("Unknown parameter", "tools")), None);
}
