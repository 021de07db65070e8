use atelier_base::Secret;
use atelier_model::gate::Known;
use atelier_model::{Image, Role, Tool, ToolCall};
use serde_json::json;

use super::*;

const SECRET: &str = "c4nary-7340-value";

fn guarded(mode: EgressMode) -> Guarded {
    let known = Known {
        name: "CANARY".to_owned(),
        value: Secret::new(SECRET.to_owned()),
    };
    Guarded {
        gate: Gate::new(&[known]),
        mode,
    }
}

/// A request with the secret in every text that leaves.
fn request() -> Request {
    let call = ToolCall {
        id: "call_0".to_owned(),
        name: "read".to_owned(),
        arguments: json!({ "path": SECRET }).to_string(),
    };
    Request {
        messages: vec![
            Message::system(format!("rules {SECRET}")),
            Message::user(format!("{SECRET} and {SECRET}")),
            Message::assistant("", vec![call]),
            Message::tool("call_0", format!("TOKEN={SECRET}")).failed(),
        ],
        tools: vec![Tool {
            name: "read".to_owned(),
            description: format!("as {SECRET}"),
            parameters: json!({ "type": "object", "properties": { SECRET: { "enum": [SECRET, 1, null] } } }),
        }],
        stop: vec![SECRET.to_owned()],
        response: ResponseForm::Schema {
            name: "x".to_owned(),
            schema: json!({ "const": SECRET }),
        },
        ..Request::default()
    }
}

#[test]
fn no_text_of_a_request_keeps_a_secret() {
    let mut request = request();
    let found = guarded(EgressMode::Replace).request(&mut request).unwrap();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["CANARY"]);
    let text = format!("{request:?}");
    assert!(!text.contains(SECRET), "{text}");
    assert_eq!(
        request.messages[1].content,
        "[secret CANARY] and [secret CANARY]"
    );
    assert_eq!(request.messages[1].role, Role::User);
    assert_eq!(
        request.messages[2].tool_calls[0].arguments,
        "{\"path\":\"[secret CANARY]\"}"
    );
    let again = guarded(EgressMode::Refuse).request(&mut request).unwrap();
    assert!(again.is_empty());
}

#[test]
fn a_request_is_refused_where_that_is_set() {
    let refused = guarded(EgressMode::Refuse)
        .request(&mut request())
        .unwrap_err();
    assert!(
        matches!(&refused, Error::SecretFound { names } if names == &["CANARY"]),
        "{refused:?}"
    );
    assert!(!refused.to_string().contains(SECRET));
}

#[test]
fn an_image_with_a_secret_is_refused_either_way() {
    let image = Image {
        media_type: "image/png".to_owned(),
        source: ImageSource::Url(format!("https://x.example/?token={SECRET}")),
    };
    let mut request = Request {
        messages: vec![Message::user("look").with_images(vec![image])],
        ..Request::default()
    };
    let refused = guarded(EgressMode::Replace).request(&mut request);
    assert!(matches!(refused, Err(Error::SecretFound { .. })));
}

#[test]
fn the_bytes_that_leave_are_looked_at_too() {
    let guarded = guarded(EgressMode::Replace);
    let body = json!({ "a": SECRET }).to_string();
    assert!(matches!(
        guarded.body(body.as_bytes()),
        Err(Error::SecretFound { .. })
    ));
    assert!(guarded.body(b"{\"a\":\"[secret CANARY]\"}\xff").is_ok());
}

#[test]
fn a_text_that_its_name_calls_secret_is_replaced_and_what_leaves_then_passes() {
    let key = "9f3a1c7e5b2d4806af19e3c75d8b0264";
    let field = json!({ "api_key": key, "client \"secret\"": key, "token": { "is": key }, "n": 1 });
    let mut request = Request {
        tools: vec![Tool {
            name: "call".to_owned(),
            description: String::new(),
            parameters: json!({ "type": "object", "examples": [field.clone()] }),
        }],
        response: ResponseForm::Schema {
            name: "x".to_owned(),
            schema: json!({ "default": field }),
        },
        ..Request::default()
    };
    let guarded = guarded(EgressMode::Replace);
    let found = guarded.request(&mut request).unwrap();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["key"]);
    let ResponseForm::Schema { schema, .. } = &request.response else {
        panic!()
    };
    let replaced = json!({
        "api_key": "[secret key]", "client \"secret\"": "[secret key]", "token": { "is": key }, "n": 1,
    });
    assert_eq!(schema["default"], replaced);
    let parameters = &request.tools[0].parameters;
    assert_eq!(parameters["examples"][0], replaced);
    for document in [schema, parameters] {
        guarded.body(document.to_string().as_bytes()).unwrap();
    }
}

#[test]
fn a_gate_of_a_request_tells_nothing_of_its_secrets() {
    let told = format!("{:?}", guarded(EgressMode::Refuse));
    assert!(!told.contains("c4n") && !told.contains("99, 52"), "{told}");
}
