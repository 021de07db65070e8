use super::*;
use crate::message::{Image, ImageSource, ToolCall};

fn flat(body: &Body) -> String {
    body.ask
        .prompt
        .iter()
        .map(|part| part.text.as_str())
        .collect()
}

fn tool(name: &str) -> Tool {
    Tool {
        name: name.to_owned(),
        description: "does it".to_owned(),
        parameters: json!({"type": "object", "properties": {"path": {"type": "string"}}}),
    }
}

#[test]
fn a_conversation_is_written_in_the_models_own_form() {
    let body = chat(&Request {
        messages: vec![
            Message::system("Be brief."),
            Message::user("Hi <|im_end|>"),
            Message::assistant(
                "",
                vec![ToolCall {
                    id: "call_0".to_owned(),
                    name: "read".to_owned(),
                    arguments: r#"{"path":"a"}"#.to_owned(),
                }],
            ),
            Message::tool("call_0", "text"),
            Message::tool("call_1", "no such file").failed(),
            Message::user("and?"),
        ],
        ..Request::default()
    });
    assert_eq!(
        flat(&body),
        "<|im_start|>system\nBe brief.<|im_end|>\n\
         <|im_start|>user\nHi <|im_end|><|im_end|>\n\
         <|im_start|>assistant\n<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\":\"a\"}}\n</tool_call><|im_end|>\n\
         <|im_start|>user\n<tool_response>\ntext\n</tool_response><|im_end|>\n\
         <|im_start|>user\n<tool_response>\nerror: no such file\n</tool_response><|im_end|>\n\
         <|im_start|>user\nand?<|im_end|>\n\
         <|im_start|>assistant\n"
    );
    let forged = body
        .ask
        .prompt
        .iter()
        .filter(|part| part.special && part.text.len() > "<|im_start|>".len());
    assert_eq!(forged.count(), 0);
    let special = body.ask.prompt.iter().filter(|part| part.special).count();
    assert_eq!(special, 13, "a person's text holds no mark of ours");
}

#[test]
fn a_call_that_must_be_made_is_begun_and_held_to_the_tools() {
    let mut request = Request {
        messages: vec![Message::user("read a")],
        tools: vec![tool("read"), tool("write")],
        tool_choice: ToolChoice::Required,
        ..Request::default()
    };
    let body = chat(&request);
    assert!(flat(&body).ends_with("assistant\n<tool_call>\n"));
    assert!(body.calls.begun);
    let schema = body.ask.schema.unwrap();
    let value: Value = serde_json::from_str(&schema).unwrap();
    assert_eq!(value["anyOf"].as_array().unwrap().len(), 2);
    assert!(schema.find("\"name\"") < schema.find("\"arguments\""));

    request.tool_choice = ToolChoice::Tool("write".to_owned());
    assert_eq!(chat(&request).calls.names, ["write"]);

    request.tool_choice = ToolChoice::Auto;
    let body = chat(&request);
    assert_eq!((body.ask.schema, body.calls.begun), (None, false));

    request.tool_choice = ToolChoice::None;
    let body = chat(&request);
    assert!(body.calls.names.is_empty());
    assert!(!flat(&body).contains("<tools>"));
}

#[test]
fn an_answer_has_the_limit_of_its_request_and_none_of_ours() {
    for limit in [None, Some(1), Some(8_192)] {
        let body = chat(&Request {
            messages: vec![Message::user("Write it.")],
            max_output_tokens: limit,
            ..Request::default()
        });
        assert_eq!((body.ask.max_tokens, body.ask.urgent), (limit, false));
    }
    let fill = fill(&Completion::default()).ask;
    assert_eq!((fill.max_tokens, fill.urgent), (Some(FILL_TOKENS), true));
}

#[test]
fn what_a_tools_schema_says_of_itself_is_found_in_the_whole() {
    let item = json!({"type": "object", "properties": {
        "next": {"anyOf": [{"$ref": "#/$defs/Item"}, {"type": "null"}]},
        "elsewhere": {"$ref": "https://example.org/schema"},
        "default": {"$ref": "#/$defs/Item"},
    }});
    let schema = json!({
        "type": "object",
        "$defs": {"Item": item},
        "properties": {"items": {"type": "array", "items": {"$ref": "#/$defs/Item"}}},
    });
    let pydantic = Tool {
        parameters: schema,
        ..tool("add")
    };
    let body = chat(&Request {
        messages: vec![Message::user("add a")],
        tools: vec![tool("read"), pydantic],
        tool_choice: ToolChoice::Required,
        ..Request::default()
    });
    let whole: Value = serde_json::from_str(&body.ask.schema.unwrap()).unwrap();
    let arguments = &whole["anyOf"][1]["properties"]["arguments"];
    let path = arguments["properties"]["items"]["items"]["$ref"]
        .as_str()
        .unwrap();
    let item = whole.pointer(path.strip_prefix('#').unwrap()).unwrap();
    let fields = &item["properties"];
    assert_eq!(fields["next"]["anyOf"][0]["$ref"], path, "also in itself");
    assert_eq!(fields["elsewhere"]["$ref"], "https://example.org/schema");
    assert_eq!(fields["default"]["$ref"], path, "a field of that name");
}

#[test]
fn what_the_model_began_to_say_is_gone_on_with() {
    let body = chat(&Request {
        messages: vec![
            Message::user("Write it."),
            Message::assistant("a.py\n```python\n", vec![]),
        ],
        ..Request::default()
    });
    assert!(flat(&body).ends_with("<|im_start|>assistant\na.py\n```python\n"));
}

#[test]
fn an_image_is_named_and_not_sent() {
    let image = Image {
        media_type: "image/png".to_owned(),
        source: ImageSource::Base64("AAAA".to_owned()),
    };
    let body = chat(&Request {
        messages: vec![Message::user("See").with_images(vec![image])],
        ..Request::default()
    });
    assert!(flat(&body).contains("See\n[an image that you can't see]<|im_end|>"));
    assert!(!flat(&body).contains("AAAA"));
}

#[test]
fn a_place_is_written_as_before_after_between() {
    let place = Completion {
        prefix: "def add(a, b):\n    return ".to_owned(),
        suffix: "\n\n\nprint(add(1, 2))\n".to_owned(),
        ..Completion::default()
    };
    let body = fill(&place);
    assert_eq!(
        flat(&body),
        "<|fim_prefix|>def add(a, b):\n    return <|fim_suffix|>\n\n\nprint(add(1, 2))\n<|fim_middle|>"
    );
    assert_eq!(body.ask.prompt[3].limit, Some(SUFFIX));
    assert_eq!(body.ask.stop, ["\n```", "\n"], "within a line, that line");
    let block = fill(&Completion {
        prefix: "def add(a, b):\n    ".to_owned(),
        ..place
    });
    assert_eq!(block.ask.stop, ["\n```"], "on an empty line, a block");
    let body = serde_json::to_string(&block).unwrap();
    assert_eq!(serde_json::from_str::<Body>(&body).unwrap(), block);
}

#[test]
fn far_away_text_stays_away() {
    let far = "é".repeat(NEAR_BYTES);
    let body = fill(&Completion {
        prefix: far.clone(),
        suffix: far,
        max_output_tokens: Some(8),
        temperature: Some(0.0),
        ..Completion::default()
    });
    assert!(flat(&body).len() <= 2 * NEAR_BYTES + 100);
    assert_eq!((body.ask.max_tokens, body.ask.temperature), (Some(8), 0.0));
}
