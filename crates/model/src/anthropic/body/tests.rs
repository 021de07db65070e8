use serde_json::json;
use url::Url;

use super::super::mend::mend;
use super::*;
use crate::failure::Reported;
use crate::message::{Carried, Message, ToolCall};
use crate::request::Effort;
use crate::wire::Wire;

fn endpoint(model: &str) -> Endpoint {
    Endpoint {
        name: "A".into(),
        base_url: Url::parse("https://api.anthropic.com/v1").unwrap(),
        wire: Wire::Anthropic,
        key: None,
        model: model.into(),
        max_output_tokens: None,
        prices: None,
    }
}

fn encoded(request: &Request, model: &str) -> Value {
    serde_json::from_slice(&encode(request, &endpoint(model)).unwrap()).unwrap()
}

fn kept(text_bytes: usize, calls: usize, name: &str) -> Carried {
    Carried {
        wire: Wire::Anthropic,
        model: "claude-opus-4-6".into(),
        text_bytes,
        calls,
        value: json!({"type": "thinking", "thinking": name, "signature": "Eq=="}),
    }
}

fn call(id: &str) -> ToolCall {
    ToolCall {
        id: id.into(),
        name: "read".into(),
        arguments: r#"{"path": 1.0}"#.into(),
    }
}

fn tool() -> Tool {
    Tool {
        name: "read".into(),
        description: "reads".into(),
        parameters: json!({"type": "object"}),
    }
}

fn conversation() -> Request {
    Request {
        messages: vec![
            Message::system("rules"),
            Message::user("hi"),
            Message::assistant("One two", vec![call("a"), call("b")]).with_carried(vec![
                kept(0, 0, "first"),
                kept(4, 0, "second"),
                kept(7, 1, "third"),
            ]),
            Message::tool("a", "text"),
            Message::tool("b", "no such file").failed(),
            Message::user("go on"),
        ],
        tools: vec![tool()],
        ..Request::default()
    }
}

fn ask() -> Request {
    Request {
        messages: vec![Message::user("hi")],
        ..Request::default()
    }
}

#[test]
fn a_conversation_is_written_as_the_reference_says() {
    let thinking = |name: &str| json!({"type": "thinking", "thinking": name, "signature": "Eq=="});
    let used =
        |id: &str| json!({"type": "tool_use", "id": id, "name": "read", "input": {"path": 1.0}});
    let text = |text: &str| json!({"type": "text", "text": text});
    assert_eq!(
        encoded(&conversation(), "claude-opus-4-6"),
        json!({
            "model": "claude-opus-4-6",
            "max_tokens": 4096,
            "system": [text("rules")],
            "messages": [
                {"role": "user", "content": [text("hi")]},
                {"role": "assistant", "content": [
                    thinking("first"), text("One "), thinking("second"), text("two"),
                    used("a"), thinking("third"), used("b")]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "a", "content": [text("text")]},
                    {"type": "tool_result", "tool_use_id": "b", "is_error": true,
                        "content": [text("no such file")]},
                    text("go on")]},
            ],
            "tools": [{"name": "read", "description": "reads",
                "input_schema": {"type": "object"}}],
            "stream": true,
        })
    );
    // Another model gets the same without what only its maker reads.
    let other = encoded(&conversation(), "claude-sonnet-4-5");
    let content = &other["messages"][1]["content"];
    assert_eq!(content, &json!([text("One two"), used("a"), used("b")]));
}

#[test]
fn images_come_first_and_tools_show_them_too() {
    let image = |source| Image {
        media_type: "image/png".into(),
        source,
    };
    let here = image(ImageSource::Base64("AAAA".into()));
    let there = image(ImageSource::Url("https://host/a.png".into()));
    let request = Request {
        messages: vec![
            Message::user("hi").with_images(vec![here]),
            Message::assistant("", vec![call("a")]),
            Message::tool("a", "seen").with_images(vec![there]),
        ],
        ..Request::default()
    };
    let body = encoded(&request, "m");
    let source = &body["messages"][0]["content"][0]["source"];
    let base64 = json!({"type": "base64", "media_type": "image/png", "data": "AAAA"});
    assert_eq!(source, &base64);
    let source = &body["messages"][2]["content"][0]["content"][1]["source"];
    assert_eq!(source, &json!({"type": "url", "url": "https://host/a.png"}));
}

#[test]
fn marks_say_what_to_cache_and_never_stand_on_thinking() {
    let request = Request {
        cache: true,
        ..conversation()
    };
    let body = encoded(&request, "claude-opus-4-6");
    let mark = json!({"type": "ephemeral"});
    assert_eq!(body["tools"][0]["cache_control"], mark);
    assert_eq!(body["system"][0]["cache_control"], mark);
    let content = body["messages"][2]["content"].as_array().unwrap();
    assert_eq!(content.last().unwrap()["cache_control"], mark);
    // What was asked before, too: a step may add more than is looked back over.
    assert_eq!(body["messages"][0]["content"][0]["cache_control"], mark);
    assert_eq!(body.to_string().matches("cache_control").count(), 4);
}

#[test]
fn the_limit_is_within_what_the_model_gives() {
    for (wanted, most, sent) in [
        (None, None, 4_096),
        (None, Some(64_000), 64_000),
        (Some(100), Some(64_000), 100),
        (Some(100_000), Some(64_000), 64_000),
        (Some(0), None, 1),
    ] {
        let endpoint = Endpoint {
            max_output_tokens: most,
            ..endpoint("m")
        };
        let request = Request {
            max_output_tokens: wanted,
            ..ask()
        };
        let body = encode(&request, &endpoint).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["max_tokens"], sent);
    }
}

#[test]
fn each_version_is_told_to_think_in_its_own_words() {
    let adaptive = json!({"type": "adaptive", "display": "summarized"});
    let budget = |tokens: u32| json!({"type": "enabled", "budget_tokens": tokens});
    let nothing = Value::Null;
    for (model, effort, max, thinking, word) in [
        (
            "claude-opus-4-6",
            Effort::High,
            9_000,
            adaptive.clone(),
            json!("high"),
        ),
        (
            "claude-opus-4-6",
            Effort::Minimal,
            9_000,
            nothing.clone(),
            json!("low"),
        ),
        (
            "claude-sonnet-4-5",
            Effort::High,
            64_000,
            budget(24_576),
            nothing.clone(),
        ),
        (
            "claude-sonnet-4-5",
            Effort::High,
            4_096,
            budget(2_048),
            nothing.clone(),
        ),
        (
            "claude-sonnet-4-5",
            Effort::Low,
            2_000,
            nothing.clone(),
            nothing.clone(),
        ),
        (
            "claude-3-7-sonnet-20250219",
            Effort::Minimal,
            9_000,
            nothing.clone(),
            nothing.clone(),
        ),
        (
            "glm-4.6",
            Effort::Medium,
            64_000,
            budget(8_192),
            nothing.clone(),
        ),
    ] {
        let request = Request {
            effort: Some(effort),
            max_output_tokens: Some(max),
            temperature: Some(0.5),
            top_p: Some(0.5),
            ..ask()
        };
        let body = encoded(&request, model);
        assert_eq!(body["thinking"], thinking, "{model} {effort:?}");
        assert_eq!(body["output_config"]["effort"], word, "{model} {effort:?}");
        // Thinking excludes the sampling settings.
        assert_eq!(
            body["temperature"].is_null(),
            !thinking.is_null(),
            "{model}"
        );
        assert_eq!(body["top_p"], nothing, "{model}");
    }
}

#[test]
fn thinking_gives_way_where_it_is_refused() {
    let thinks = |request: &Request, model: &str| !encoded(request, model)["thinking"].is_null();
    let eager = |request: Request| Request {
        effort: Some(Effort::High),
        ..request
    };
    let old = "claude-sonnet-4-5";
    let forced = Request {
        tools: vec![tool()],
        tool_choice: ToolChoice::Required,
        ..ask()
    };
    assert!(!thinks(&eager(forced), "claude-opus-4-6"));
    // The turn that goes on began with a call, and without thinking.
    let mut request = eager(conversation());
    request.messages.pop();
    assert!(!thinks(&request, old));
    assert!(thinks(&request, "claude-opus-4-6"));
    request.messages[2].carried[0].model = old.into();
    assert!(thinks(&request, old));
    request.messages[2].carried.clear();
    assert!(!thinks(&request, old));
    // Words behind outputs go on with the turn; a question begins another.
    request.messages.push(Message::user("and?"));
    assert!(!thinks(&request, old));
    let last = request.messages.len() - 1;
    request
        .messages
        .insert(last, Message::assistant("ok", vec![]));
    assert!(thinks(&request, old));
}

#[test]
fn choices_forms_and_stops_have_their_words() {
    let closed = json!({"type": "object", "properties": {}, "additionalProperties": false});
    for (choice, parallel, expected) in [
        (ToolChoice::Auto, None, Value::Null),
        (ToolChoice::None, Some(false), json!({"type": "none"})),
        (ToolChoice::Required, None, json!({"type": "any"})),
        (
            ToolChoice::Tool("read".into()),
            None,
            json!({"type": "tool", "name": "read"}),
        ),
        (
            ToolChoice::Auto,
            Some(false),
            json!({"type": "auto", "disable_parallel_tool_use": true}),
        ),
    ] {
        let request = Request {
            tool_choice: choice,
            parallel_tool_calls: parallel,
            ..conversation()
        };
        assert_eq!(encoded(&request, "m")["tool_choice"], expected);
    }
    let schema = ResponseForm::Schema {
        name: "answer".into(),
        schema: closed.clone(),
    };
    let request = Request {
        response: schema,
        stop: vec!["\n".into(), "END".into()],
        temperature: Some(1.5),
        ..ask()
    };
    let new = encoded(&request, "claude-sonnet-4-5");
    assert_eq!(new["output_config"]["format"]["schema"], closed);
    assert_eq!(new["stop_sequences"], json!(["END"]));
    assert_eq!(new["temperature"], 1.0);
    let old = encoded(&request, "claude-sonnet-4-20250514");
    assert!(old["output_config"].is_null());
    assert!(
        old["system"][0]["text"]
            .as_str()
            .unwrap()
            .contains("JSON Schema")
    );
}

#[test]
fn what_a_model_refuses_is_left_out_and_nothing_else() {
    let request = Request {
        effort: Some(Effort::High),
        ..conversation()
    };
    let body = encode(&request, &endpoint("claude-opus-4-6")).unwrap();
    let refused = |message: &str, body: &[u8]| {
        let refusal = json!({"type": "error", "error": {
            "type": "invalid_request_error", "message": message}});
        let body = mend(body, &Reported::find(&refusal).unwrap());
        body.map(|body| serde_json::from_slice::<Value>(&body).unwrap())
    };
    let moved = "messages.1.content.0: Invalid `signature` in `thinking` block";
    let mended = refused(moved, &body).unwrap();
    assert!(!mended.to_string().contains("signature"));
    assert_eq!(mended["thinking"]["type"], "adaptive");
    assert_eq!(refused(moved, mended.to_string().as_bytes()), None);
    let missed = "Expected `thinking`, but found `tool_use`. When `thinking` is enabled, a final \
        `assistant` message must start with one of the thinking blocks";
    let mended = refused(missed, mended.to_string().as_bytes()).unwrap();
    assert!(mended["thinking"].is_null());
    let mended = refused("adaptive thinking is not supported", &body).unwrap();
    assert!(mended["thinking"].is_null());
    assert_eq!(mended["messages"][1]["content"][0]["type"], "thinking");
    let mended = refused("effort: unknown", &body).unwrap();
    assert!(mended["output_config"].is_null());
    assert_eq!(refused("max_tokens: too large", &body), None);
    assert_eq!(refused("temperature: not supported", &body), None);
}
