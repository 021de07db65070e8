use url::Url;

use super::super::mend::mend;
use super::*;
use crate::failure::Reported;
use crate::message::{Carried, Message, ToolCall};
use crate::wire::Wire;

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

fn ask(message: Message) -> Request {
    Request {
        messages: vec![message],
        ..Request::default()
    }
}

fn endpoint(base_url: &str) -> Endpoint {
    Endpoint {
        name: "P".into(),
        base_url: Url::parse(base_url).unwrap(),
        wire: Wire::OpenAiChat,
        key: None,
        model: "m".into(),
        max_output_tokens: None,
        prices: None,
    }
}

fn encoded(request: &Request, base_url: &str) -> Value {
    let body = encode(request, &endpoint(base_url)).unwrap();
    serde_json::from_slice(&body).unwrap()
}

#[test]
fn a_conversation_is_written_as_the_reference_says() {
    assert_eq!(
        encoded(&conversation(), "http://host/v1"),
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
    let plain = json!({
        "model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": true,
        "stream_options": {"include_usage": true}});
    let openai = "https://api.openai.com/v1";
    assert_eq!(encoded(&ask(Message::user("hi")), openai), plain);
    // Choosing among no tools means nothing, and some servers refuse it.
    let choosy = Request {
        tool_choice: ToolChoice::Required,
        parallel_tool_calls: Some(true),
        ..ask(Message::user("hi"))
    };
    assert_eq!(encoded(&choosy, openai), plain);
    let limited = encoded(&conversation(), openai);
    assert_eq!(limited["max_completion_tokens"], 100);
}

#[test]
fn every_wish_has_its_word() {
    let schema = json!({"type": "object", "properties": {"x": {"type": "string"}},
        "required": ["x"], "additionalProperties": false});
    let request = Request {
        tool_choice: ToolChoice::Tool("read".into()),
        parallel_tool_calls: Some(false),
        top_p: Some(0.5),
        frequency_penalty: Some(0.25),
        presence_penalty: Some(-1.0),
        stop: ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec(),
        seed: Some(-7),
        response: ResponseForm::Schema {
            name: "answer".into(),
            schema: schema.clone(),
        },
        effort: Some(Effort::Low),
        ..conversation()
    };
    let body = encoded(&request, "http://host/v1");
    for (field, expected) in [
        (
            "tool_choice",
            json!({"type": "function", "function": {"name": "read"}}),
        ),
        ("parallel_tool_calls", json!(false)),
        ("top_p", json!(0.5)),
        ("frequency_penalty", json!(0.25)),
        ("presence_penalty", json!(-1.0)),
        ("stop", json!(["a", "b", "c", "d"])),
        ("seed", json!(-7)),
        (
            "response_format",
            json!({"type": "json_schema", "json_schema": {
                "name": "answer", "schema": schema, "strict": true}}),
        ),
        ("reasoning_effort", json!("low")),
    ] {
        assert_eq!(body[field], expected, "{field}");
    }
    for (wish, word) in [
        (ToolChoice::None, "none"),
        (ToolChoice::Required, "required"),
    ] {
        let request = Request {
            tool_choice: wish,
            response: ResponseForm::Json,
            ..conversation()
        };
        let body = encoded(&request, "http://host/v1");
        assert_eq!(body["tool_choice"], word);
        assert_eq!(body["response_format"], json!({"type": "json_object"}));
    }
}

#[test]
fn images_go_with_the_person_also_those_of_tools() {
    let image = |source| Image {
        media_type: "image/png".into(),
        source,
    };
    let mut request = conversation();
    request.messages[1].images = vec![image(ImageSource::Base64("AAAA".into()))];
    request.messages[3].images = vec![image(ImageSource::Url("https://host/a.png".into()))];
    let body = encoded(&request, "http://host/v1");
    let here = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}});
    let there = json!({"type": "image_url", "image_url": {"url": "https://host/a.png"}});
    let hi = json!({"type": "text", "text": "hi"});
    assert_eq!(body["messages"][1]["content"], json!([hi, here]));
    assert_eq!(body["messages"][4]["role"], "user");
    assert_eq!(body["messages"][4]["content"][1], there);
    request.messages.push(Message::user("and?"));
    let body = encoded(&request, "http://host/v1");
    let and = json!({"type": "text", "text": "and?"});
    assert_eq!(body["messages"][4]["content"], json!([and, there]));
    assert_eq!(body["messages"].as_array().unwrap().len(), 5);
}

#[test]
fn mistral_gets_the_ids_it_takes() {
    let body = encoded(&conversation(), "https://api.mistral.ai/v1");
    let id = &body["messages"][2]["tool_calls"][0]["id"];
    assert_eq!(id, "c00000000");
    assert_eq!(&body["messages"][3]["tool_call_id"], id);
}

#[test]
fn stream_options_can_be_taken_out_and_nothing_else() {
    let body = encode(&conversation(), &endpoint("http://host/v1")).unwrap();
    let refusal = json!({"error": {"message": "Unrecognized request argument: stream_options"}});
    let refusal = Reported::find(&refusal).unwrap();
    let without = mend(&body, &refusal).unwrap();
    let mut expected: Value = serde_json::from_slice(&body).unwrap();
    expected.as_object_mut().unwrap().remove("stream_options");
    assert_eq!(serde_json::from_slice::<Value>(&without).unwrap(), expected);
    assert_eq!(mend(&without, &refusal), None);
}

#[test]
fn openrouter_is_asked_in_its_own_words() {
    let router = Endpoint {
        wire: Wire::OpenRouter,
        model: "anthropic/claude-sonnet-4".into(),
        ..endpoint("https://openrouter.ai/api/v1")
    };
    let carried = |model: &str, wire| Carried {
        wire,
        model: model.into(),
        text_bytes: 2,
        calls: 0,
        value: json!([{"type": "reasoning.text", "text": "hm", "signature": "s"}]),
    };
    let ours = carried("anthropic/claude-sonnet-4", Wire::OpenRouter);
    let request = Request {
        messages: vec![
            Message::system("rules"),
            Message::user("hi"),
            Message::assistant("ok", Vec::new()).with_carried(vec![ours]),
            Message::user("go on"),
        ],
        effort: Some(Effort::High),
        cache: true,
        ..Request::default()
    };
    let asked = |request: &Request| -> Value {
        let body = encode(request, &router).unwrap();
        serde_json::from_slice(&body).unwrap()
    };
    let marked = |text: &str| json!([{"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}]);
    let expected = json!({
        "model": "anthropic/claude-sonnet-4",
        "messages": [
            {"role": "system", "content": marked("rules")},
            {"role": "user", "content": marked("hi")},
            {"role": "assistant", "content": "ok", "reasoning_details": [
                {"type": "reasoning.text", "text": "hm", "signature": "s"}]},
            {"role": "user", "content": marked("go on")},
        ],
        "reasoning": {"effort": "high"},
        "usage": {"include": true},
        "stream": true,
        "stream_options": {"include_usage": true},
    });
    assert_eq!(asked(&request), expected);
    let foreign = carried("openai/gpt-5", Wire::OpenRouter);
    let request = Request {
        messages: vec![
            Message::user("hi"),
            Message::assistant("ok", Vec::new()).with_carried(vec![foreign]),
            Message::user("go on"),
        ],
        ..Request::default()
    };
    let said = json!({"role": "assistant", "content": "ok"});
    assert_eq!(asked(&request)["messages"][1], said);
}

#[test]
fn thinking_goes_back_beside_the_calls_that_came_of_it() {
    let mut request = conversation();
    request.messages[2].carried = vec![Carried {
        wire: Wire::OpenAiChat,
        model: "m".into(),
        text_bytes: 0,
        calls: 1,
        value: json!({"reasoning_content": "hm"}),
    }];
    let with = encoded(&request, "http://host/v1");
    assert_eq!(with["messages"][2]["reasoning_content"], "hm");
    let refused = |message: &str, body: &Value| {
        let refusal = Reported::find(&json!({"error": {"message": message}})).unwrap();
        let body = mend(body.to_string().as_bytes(), &refusal);
        body.map(|body| serde_json::from_slice::<Value>(&body).unwrap())
    };
    // A server that doesn't know the field.
    let unknown = "Extra inputs are not permitted: reasoning_content";
    let without = refused(unknown, &with).unwrap();
    assert_eq!(without["messages"][2].get("reasoning_content"), None);
    assert_eq!(refused(unknown, &without), None);
    // One that misses it, where another model made the calls.
    let missed = "The `reasoning_content` in the thinking mode must be passed back to the API.";
    let empty = refused(missed, &without).unwrap();
    assert_eq!(empty["messages"][2]["reasoning_content"], "");
    assert_eq!(refused(missed, &empty), None);
    assert_eq!(refused("another thing", &with), None);
}
