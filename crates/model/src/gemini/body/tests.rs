use url::Url;

use super::*;
use crate::message::{Carried, Message, ToolCall};
use crate::request::{Effort, ResponseForm};
use crate::wire::Wire;

const OLD: &str = "gemini-2.5-flash";
const NEW: &str = "gemini-3-flash";

fn encoded(request: &Request, model: &str) -> Value {
    let endpoint = Endpoint {
        name: "G".into(),
        base_url: Url::parse("https://generativelanguage.googleapis.com/v1beta").unwrap(),
        wire: Wire::Gemini,
        key: None,
        model: model.into(),
        max_output_tokens: Some(8_192),
        prices: None,
    };
    serde_json::from_slice(&encode(request, &endpoint).unwrap()).unwrap()
}

fn kept(text_bytes: usize, calls: usize, value: Value) -> Carried {
    Carried {
        wire: Wire::Gemini,
        model: NEW.into(),
        text_bytes,
        calls,
        value,
    }
}

fn call(id: &str) -> ToolCall {
    ToolCall {
        id: id.into(),
        name: "read".into(),
        arguments: r#"{"path": "a"}"#.into(),
    }
}

fn tool(parameters: Value) -> Tool {
    Tool {
        name: "read".into(),
        description: "reads".into(),
        parameters,
    }
}

fn conversation() -> Request {
    let thought = signature::thought("s0".into(), "hm".into());
    Request {
        messages: vec![
            Message::system("rules"),
            Message::user("hi"),
            Message::assistant("One two", vec![call("a"), call("b")]).with_carried(vec![
                kept(0, 0, thought),
                kept(7, 0, signature::text("s1".into(), 3)),
                kept(7, 0, signature::call("s2".into())),
            ]),
            Message::tool("a", "text"),
            Message::tool("b", "no such file").failed(),
        ],
        tools: vec![tool(
            json!({"type": "object", "properties": {"path": {"type": "string"}}}),
        )],
        ..Request::default()
    }
}

#[test]
fn a_conversation_is_written_as_the_reference_says() {
    let called = |id: &str| json!({"id": id, "name": "read", "args": {"path": "a"}});
    let output = |id: &str, response: Value| json!({"functionResponse": {"id": id, "name": "read", "response": response}});
    assert_eq!(
        encoded(&conversation(), NEW),
        json!({
            "systemInstruction": {"parts": [{"text": "rules"}]},
            "contents": [
                {"role": "user", "parts": [{"text": "hi"}]},
                {"role": "model", "parts": [
                    {"text": "hm", "thought": true, "thoughtSignature": "s0"},
                    {"text": "One "},
                    {"text": "two", "thoughtSignature": "s1"},
                    {"functionCall": called("a"), "thoughtSignature": "s2"},
                    {"functionCall": called("b")}]},
                {"role": "user", "parts": [
                    output("a", json!({"output": "text"})),
                    output("b", json!({"error": "no such file"}))]},
            ],
            "tools": [{"functionDeclarations": [{"name": "read", "description": "reads",
                "parametersJsonSchema": {
                    "type": "object", "properties": {"path": {"type": "string"}}}}]}],
            "generationConfig": {},
        })
    );
}

#[test]
fn calls_of_other_models_get_the_word_for_it_in_the_turn_that_goes_on() {
    let signatures = |request: &Request, model: &str| {
        let body = encoded(request, model);
        let parts = body["contents"][1]["parts"].as_array().unwrap().clone();
        let calls = parts.iter().filter(|part| part["functionCall"].is_object());
        calls
            .map(|part| part["thoughtSignature"].clone())
            .collect::<Vec<_>>()
    };
    let mut request = conversation();
    request.messages[2].carried.clear();
    assert_eq!(signatures(&request, NEW), [json!(FOREIGN), Value::Null]);
    assert_eq!(signatures(&request, OLD), [Value::Null, Value::Null]);
    // Another turn has begun: nothing is demanded of the one before.
    request.messages.push(Message::user("and?"));
    assert_eq!(signatures(&request, NEW), [Value::Null, Value::Null]);
}

#[test]
fn images_are_parts() {
    let image = |source| Image {
        media_type: "image/png".into(),
        source,
    };
    let images = vec![
        image(ImageSource::Base64("AAAA".into())),
        image(ImageSource::Url("https://host/a.png".into())),
    ];
    let request = Request {
        messages: vec![Message::user("").with_images(images)],
        ..Request::default()
    };
    assert_eq!(
        encoded(&request, NEW)["contents"][0]["parts"],
        json!([
            {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
            {"fileData": {"mimeType": "image/png", "fileUri": "https://host/a.png"}}])
    );
}

#[test]
fn every_wish_has_its_word() {
    let schema = json!({"type": "object", "properties": {"x": {"const": 1}}});
    let request = Request {
        messages: vec![Message::user("hi")],
        temperature: Some(0.5),
        top_p: Some(0.25),
        presence_penalty: Some(0.5),
        max_output_tokens: Some(100_000),
        stop: ["a", "b", "c", "d", "e", "f"].map(str::to_owned).to_vec(),
        seed: Some(7),
        effort: Some(Effort::Low),
        response: ResponseForm::Schema {
            name: "answer".into(),
            schema,
        },
        ..Request::default()
    };
    assert_eq!(
        encoded(&request, NEW)["generationConfig"],
        json!({
            "temperature": 0.5, "topP": 0.25, "presencePenalty": 0.5, "maxOutputTokens": 8_192,
            "stopSequences": ["a", "b", "c", "d", "e"], "seed": 7,
            "responseMimeType": "application/json",
            "responseJsonSchema": {"type": "object", "properties": {"x": {"enum": [1]}}},
            "thinkingConfig": {"includeThoughts": true, "thinkingLevel": "low"},
        })
    );
    // Beside tools, earlier models are asked for the form in words.
    let request = Request {
        tools: conversation().tools,
        ..request
    };
    let body = encoded(&request, OLD);
    assert!(body["generationConfig"]["responseMimeType"].is_null());
    let words = body["systemInstruction"]["parts"][0]["text"].as_str();
    assert!(words.unwrap().contains("JSON Schema"));
}

#[test]
fn tools_are_declared_and_chosen() {
    for (choice, expected) in [
        (ToolChoice::Auto, Value::Null),
        (ToolChoice::None, json!({"mode": "NONE"})),
        (ToolChoice::Required, json!({"mode": "ANY"})),
        (
            ToolChoice::Tool("read".into()),
            json!({"mode": "ANY", "allowedFunctionNames": ["read"]}),
        ),
    ] {
        let request = Request {
            tool_choice: choice,
            ..conversation()
        };
        let config = &encoded(&request, OLD)["toolConfig"];
        assert_eq!(config["functionCallingConfig"], expected);
    }
    // An object without properties is refused.
    for parameters in [
        json!({"type": "object"}),
        json!({"properties": {}}),
        json!({}),
    ] {
        let request = Request {
            tools: vec![tool(parameters)],
            ..conversation()
        };
        let declared = &encoded(&request, OLD)["tools"][0]["functionDeclarations"][0];
        assert_eq!(declared, &json!({"name": "read", "description": "reads"}));
    }
}

#[test]
fn what_a_model_refuses_is_left_out_and_nothing_else() {
    let request = Request {
        effort: Some(Effort::Medium),
        ..conversation()
    };
    let body = encoded(&request, NEW);
    let refused = |message: &str, body: &Value| {
        let refusal = json!([{"error": {"code": 400, "message": message}}]);
        let mended = mend(
            body.to_string().as_bytes(),
            &Reported::find(&refusal).unwrap(),
        );
        mended.map(|body| serde_json::from_slice::<Value>(&body).unwrap())
    };
    let mended = refused("Corrupted thought signature.", &body).unwrap();
    let parts = &mended["contents"][1]["parts"];
    assert_eq!(parts[3]["thoughtSignature"], FOREIGN);
    assert!(parts[2]["thoughtSignature"].is_null());
    assert_eq!(refused("Corrupted thought signature.", &mended), None);
    let mended = refused("Thinking level MEDIUM is not supported", &body).unwrap();
    assert_eq!(mended["generationConfig"], json!({}));
    assert_eq!(refused("Thinking is not supported", &mended), None);
    assert_eq!(refused("Invalid value at 'contents'", &body), None);
}
