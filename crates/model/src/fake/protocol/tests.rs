use bytes::Bytes;
use hyper::header::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::super::captured::Captured;

fn faults(path: &str, body: &Value) -> Vec<String> {
    let mut headers = HeaderMap::new();
    headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
    Captured::new(path, &headers, Bytes::from(body.to_string())).protocol_faults()
}

/// Puts a value at a place of a legal request; `null` takes it away.
fn changed(legal: &Value, place: &str, value: Value) -> Value {
    let mut body = legal.clone();
    let (parent, name) = place.rsplit_once('/').unwrap();
    match body.pointer_mut(parent).unwrap() {
        Value::Object(map) if value.is_null() => drop(map.remove(name)),
        Value::Object(map) => drop(map.insert(name.to_owned(), value)),
        Value::Array(list) if name == "-" => list.push(value),
        Value::Array(list) if value.is_null() => drop(list.remove(name.parse().unwrap())),
        other => *other.pointer_mut(&format!("/{name}")).unwrap() = value,
    }
    body
}

fn check(path: &str, legal: &Value, broken: Vec<(&str, Value, &str)>) {
    assert_eq!(faults(path, legal), Vec::<String>::new());
    for (place, value, expected) in broken {
        let found = faults(path, &changed(legal, place, value.clone()));
        let hit = found.iter().any(|fault| fault.contains(expected));
        assert!(hit, "{place} = {value}: {found:?}");
    }
}

#[test]
fn each_fault_on_the_anthropic_wire_is_found() {
    let text = |text: &str| json!({"type": "text", "text": text});
    let legal = json!({
    "model": "claude", "max_tokens": 4096, "stream": true, "system": [text("rules")],
    "tools": [{"name": "read", "description": "", "input_schema": {"type": "object"}}],
    "messages": [
        {"role": "user", "content": [text("hi")]},
        {"role": "assistant", "content": [
            text("ok"), {"type": "tool_use", "id": "a", "name": "read", "input": {}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "a", "content": [text("out")]}]},
    ]});
    let used = json!({"type": "tool_use", "id": "a", "name": "read", "input": {}});
    let thought = json!({"type": "thinking", "thinking": "hm", "signature": "sig-forged"});
    let mark = json!({"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}});
    let budget = json!({"type": "enabled", "budget_tokens": 2048});
    check(
        "/v1/messages",
        &legal,
        vec![
            ("/max_tokens", Value::Null, "`max_tokens`"),
            ("/model", Value::Null, "no model"),
            ("/seed", json!(1), "`seed` is no parameter"),
            ("/temperature", json!(1.5), "out of range"),
            ("/stop_sequences", json!([" "]), "blank"),
            ("/tools", Value::Null, "none is defined"),
            ("/tools/0/name", json!("a b"), "no word"),
            ("/tools/0/input_schema", json!({}), "no object"),
            ("/system/0/text", json!(""), "rules is blank"),
            ("/system", json!(vec![mark; 5]), "too many marks"),
            ("/messages", json!([]), "no messages"),
            ("/messages/0", Value::Null, "take turns"),
            ("/messages/0/content", json!([]), "is empty"),
            ("/messages/0/content/0/text", json!(" "), "blank"),
            ("/messages/1/content/-", text("x"), "behind a call"),
            ("/messages/1/content/-", used, "used twice"),
            ("/messages/1/content/-", thought, "invalid `signature`"),
            ("/messages/1/content/1/id", json!("a.b"), "no word"),
            ("/messages/1/content/1/input", json!("{}"), "no object"),
            ("/messages/2", Value::Null, "asks for nothing"),
            ("/messages/2/content/0", text("x"), "has no output"),
            (
                "/messages/2/content/0/tool_use_id",
                json!("b"),
                "answers nothing",
            ),
            ("/messages/2/content/-", json!({"type": "x"}), "of no kind"),
            ("/thinking", budget.clone(), "began without"),
            (
                "/thinking",
                json!({"type": "enabled", "budget_tokens": 4096}),
                "out of range",
            ),
        ],
    );
    let thinks = changed(&legal, "/thinking", budget);
    for (place, value, expected) in [
        ("/temperature", json!(0.5), "excludes `temperature`"),
        ("/tool_choice", json!({"type": "any"}), "forced call"),
    ] {
        let found = faults("/v1/messages", &changed(&thinks, place, value));
        assert!(
            found.iter().any(|fault| fault.contains(expected)),
            "{found:?}"
        );
    }
    let headers = HeaderMap::new();
    let bare = Captured::new("/v1/messages", &headers, Bytes::from(legal.to_string()));
    assert_eq!(bare.protocol_faults(), ["it names no version"]);
}

#[test]
fn each_fault_on_the_gemini_wire_is_found() {
    let legal = json!({
        "systemInstruction": {"parts": [{"text": "rules"}]},
        "contents": [
            {"role": "user", "parts": [{"text": "hi"}]},
            {"role": "model", "parts": [
                {"text": "ok"},
                {"functionCall": {"id": "a", "name": "read", "args": {}},
                    "thoughtSignature": "skip_thought_signature_validator"}]},
            {"role": "user", "parts": [
                {"functionResponse": {"id": "a", "name": "read", "response": {"output": "x"}}}]},
        ],
        "tools": [{"functionDeclarations": [{"name": "read", "parametersJsonSchema": {
            "properties": {"path": {}}}}]}],
        "generationConfig": {"seed": 1}});
    check(
        "/v1beta/models/gemini-3-flash:streamGenerateContent",
        &legal,
        vec![
            ("/model", json!("x"), "`model` is no parameter"),
            (
                "/generationConfig/max_tokens",
                json!(1),
                "`max_tokens` is no setting",
            ),
            (
                "/generationConfig/stopSequences",
                json!(["a", "b", "c", "d", "e", "f"]),
                "too many stop",
            ),
            ("/systemInstruction/parts/0/text", json!(""), "rules"),
            ("/contents/0", Value::Null, "begin with the person"),
            ("/contents/0/role", json!("assistant"), "role is unknown"),
            ("/contents/0/parts", json!([]), "is empty"),
            ("/contents/0/parts/0/text", json!(""), "text is empty"),
            ("/contents/0/parts/0/inlineData", json!({}), "not one thing"),
            (
                "/contents/1/parts/1/thoughtSignature",
                Value::Null,
                "missing a `thought_signature`",
            ),
            (
                "/contents/1/parts/1/thoughtSignature",
                json!("sig-forged"),
                "not valid",
            ),
            (
                "/contents/1/parts/1/functionCall/args",
                json!("{}"),
                "no object",
            ),
            ("/contents/1/role", json!("user"), "not those of the calls"),
            ("/contents/2", Value::Null, "asks for nothing"),
            (
                "/contents/2/parts/0/functionResponse/name",
                json!("list"),
                "not those of the calls",
            ),
            (
                "/contents/2/parts/0/functionResponse/response",
                json!("x"),
                "no object",
            ),
            (
                "/tools/0/functionDeclarations/0/name",
                json!("a b"),
                "no word",
            ),
            (
                "/tools/0/functionDeclarations/0/parametersJsonSchema/properties",
                json!({}),
                "no properties",
            ),
        ],
    );
    let choice = json!({
        "contents": [{"role": "user", "parts": [{"text": "hi"}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY"}}});
    let found = faults("/v1beta/models/m:generateContent", &choice);
    assert_eq!(found, ["there is a choice of no tools"]);
}
