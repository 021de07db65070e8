//! Which refusals are remembered, and for which requests.

use atelier_base::Secret;
use serde_json::json;

use super::*;
use crate::wire::Wire;

const URL: &str = "http://host/v1/chat/completions";

fn refusal(message: &str) -> Reported {
    Reported::from_body(
        json!({ "error": { "message": message } })
            .to_string()
            .as_bytes(),
    )
}

fn peer(wire: Wire, key: &str) -> Peer {
    Peer {
        wire,
        endpoint: "P".to_owned(),
        model: "m".to_owned(),
        path: "/v1".to_owned(),
        key: Some(Secret::new(key.to_owned())),
    }
}

/// Returns a body with what it is mended to.
fn mended(wire: Wire, body: &Value, message: &str) -> Mended {
    let before = Bytes::from(body.to_string());
    let after = wire.mend(&before, &refusal(message));
    Mended {
        after: after.unwrap_or_else(|| panic!("nothing to mend: {body}")),
        before,
        refusal: refusal(message),
    }
}

/// Has a refusal remembered, as the gateway does.
fn refused(mends: &Mends, wire: Wire, body: &Value, message: &str) {
    let helped = mended(wire, body, message);
    mends.remember(URL, &peer(wire, "k"), vec![helped]);
}

fn applied(mends: &Mends, wire: Wire, url: &str, body: &Value) -> Value {
    let body = mends.apply(url, &peer(wire, "k"), body.to_string().into());
    serde_json::from_slice(&body).unwrap()
}

#[test]
fn a_refusal_is_remembered_for_the_same_settings_for_an_hour() {
    const HOT: &str = "Unsupported value: 'temperature' does not support 0.2 with this model.";
    let ask = |text: &str, more: Value| {
        let mut body = json!({"model": "m", "messages": [{"role": "user", "content": text}],
            "temperature": 0.2, "max_tokens": 5, "stop": ["a"]});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let mends = Mends::default();
    refused(&mends, Wire::OpenAiChat, &ask("hi", json!({})), HOT);
    for (what, url, more, taken) in [
        ("the same", URL, json!({}), true),
        ("another limit", URL, json!({"max_tokens": 9}), true),
        ("another stop", URL, json!({"stop": ["b", "c"]}), true),
        ("other heat", URL, json!({"temperature": 1.0}), false),
        ("another model", URL, json!({"model": "n"}), false),
        (
            "no thought",
            URL,
            json!({"reasoning_effort": "none"}),
            false,
        ),
        ("tools", URL, json!({"tools": []}), false),
        ("another server", "http://other/", json!({}), false),
    ] {
        let asked = ask("another question", more);
        let body = applied(&mends, Wire::OpenAiChat, url, &asked);
        assert_eq!(body["temperature"].is_null(), taken, "{what}");
        assert_eq!(body["messages"], asked["messages"], "{what}");
    }
    // What is refused next is known by the settings that are left then.
    let mut mended = ask("hi", json!({}));
    mended.as_object_mut().unwrap().remove("temperature");
    let limit = "Use 'max_completion_tokens' instead.";
    refused(&mends, Wire::OpenAiChat, &mended, limit);
    let body = applied(
        &mends,
        Wire::OpenAiChat,
        URL,
        &ask("3", json!({"max_tokens": 7})),
    );
    assert_eq!(
        body,
        json!({"model": "m", "messages": [{"role": "user", "content": "3"}],
            "max_completion_tokens": 7, "stop": ["a"]})
    );
    let asked = Bytes::from(ask("hi", json!({})).to_string());
    let later = Instant::now() + KEPT;
    let to = peer(Wire::OpenAiChat, "k");
    assert_ne!(mends.apply(URL, &to, asked.clone()), asked);
    assert_eq!(mends.apply_at(URL, &to, asked.clone(), later), asked);
    // Another account, or another model there, may have it.
    let mut other = peer(Wire::OpenAiChat, "l");
    assert_eq!(mends.apply(URL, &other, asked.clone()), asked);
    other = Peer {
        model: "n".to_owned(),
        ..to.clone()
    };
    assert_eq!(mends.apply(URL, &other, asked.clone()), asked);
    mends.forget(URL, &other);
    assert_ne!(mends.apply(URL, &to, asked.clone()), asked);
    mends.forget(URL, &to);
    assert_eq!(mends.apply(URL, &to, asked.clone()), asked);
}

#[test]
fn what_is_refused_for_its_content_is_not_remembered() {
    let thinking = json!({"model": "m", "thinking": {"type": "enabled", "budget_tokens": 9},
        "messages": [{"role": "assistant", "content": [
            {"type": "thinking", "thinking": "a", "signature": "b"}, {"type": "text", "text": "c"}]}]});
    let unthought = json!({"model": "m", "thinking": {"type": "enabled", "budget_tokens": 9},
        "messages": [{"role": "assistant", "content": [{"type": "text", "text": "c"}]}]});
    let encrypted = json!({"model": "m", "include": ["reasoning.encrypted_content"],
        "input": [{"type": "reasoning", "encrypted_content": "x"}]});
    let reasoned = json!({"model": "m", "messages": [{"role": "assistant", "content": "a",
        "reasoning_content": "b"}]});
    for (wire, body, message) in [
        (
            Wire::Anthropic,
            &thinking,
            "messages.0.content.0: Invalid `signature` in `thinking` block",
        ),
        (
            Wire::Anthropic,
            &thinking,
            "Invalid `signature` in `thinking` block",
        ),
        (
            Wire::Anthropic,
            &unthought,
            "messages.0.content.0.type: Expected `thinking`, but found `text`. When `thinking` is enabled, a final assistant message must start with a thinking block",
        ),
        (
            Wire::OpenAiResponses,
            &encrypted,
            "The encrypted content could not be verified.",
        ),
        (
            Wire::OpenAiChat,
            &reasoned,
            "Extra inputs: reasoning_content",
        ),
    ] {
        let mends = Mends::default();
        refused(&mends, wire, body, message);
        assert!(mends.0.lock().is_empty(), "{message}");
    }
    // A model that doesn't encrypt its reasoning never does.
    let mends = Mends::default();
    let plain = json!({"model": "m", "include": ["reasoning.encrypted_content"], "input": "hi"});
    let never = "Encrypted content is not supported with this model.";
    refused(&mends, Wire::OpenAiResponses, &plain, never);
    assert!(applied(&mends, Wire::OpenAiResponses, URL, &plain)["include"].is_null());
}

#[test]
fn a_call_that_can_not_be_forced_is_asked_for_in_words_at_once() {
    let forced = |name: &str| {
        json!({"model": "claude-opus-5-5", "messages": [], "tools": [{"name": name}],
            "tool_choice": {"type": "tool", "name": name}})
    };
    let mends = Mends::default();
    let message = "tool_choice: type \"tool\" is not supported while thinking";
    refused(&mends, Wire::Anthropic, &forced("read"), message);
    let body = applied(&mends, Wire::Anthropic, URL, &forced("read"));
    assert_eq!(body["tool_choice"], json!({"type": "auto"}));
    assert!(
        body["system"][0]["text"]
            .as_str()
            .unwrap()
            .contains("`read`")
    );
    // Of another tool it isn't known.
    assert_eq!(
        applied(&mends, Wire::Anthropic, URL, &forced("write")),
        forced("write")
    );
}

#[test]
fn what_did_not_help_is_not_remembered() {
    let body = json!({"model": "m", "temperature": 0.2, "top_p": 0.5, "tools": [{"name": "w"}]});
    let schema = "Invalid schema for function 'w': 'temperature' is wrong";
    let mends = Mends::default();
    let first = mended(Wire::OpenAiChat, &body, schema);
    let second = Mended {
        before: first.after.clone(),
        after: json!({"model": "m"}).to_string().into(),
        refusal: refusal(schema),
    };
    let third = Mended {
        refusal: refusal("tools are not supported"),
        before: second.after.clone(),
        after: "{}".into(),
    };
    mends.remember(
        URL,
        &peer(Wire::OpenAiChat, "k"),
        vec![first, second, third],
    );
    assert_eq!(mends.0.lock().len(), 2, "the second and the third");
    let asked = json!({"model": "m", "temperature": 0.2, "top_p": 0.5, "tools": []});
    assert_eq!(applied(&mends, Wire::OpenAiChat, URL, &asked), asked);
}

#[test]
fn names_within_a_schema_are_its_own() {
    let form = |text: Value| {
        let schema = json!({"properties": {"text": text, "input": {}}});
        json!({"model": "m", "output_config": {"format": {"schema": schema}}})
    };
    let wrong = form(json!({"minLength": 1}));
    let mends = Mends::default();
    refused(&mends, Wire::Anthropic, &wrong, "output_config: minLength");
    let right = form(json!({}));
    assert_eq!(applied(&mends, Wire::Anthropic, URL, &right), right);
    assert_ne!(applied(&mends, Wire::Anthropic, URL, &wrong), wrong);
}

#[test]
fn what_is_remembered_has_a_bound() {
    let mends = Mends::default();
    let body = |top_p: usize| json!({"model": "m", "top_p": top_p});
    for top_p in 0..=OF_ONE_PLACE {
        for _ in 0..2 {
            refused(&mends, Wire::OpenAiChat, &body(top_p), "top_p: no");
        }
    }
    assert_eq!(mends.0.lock().len(), OF_ONE_PLACE);
    for (top_p, known) in [(0, false), (1, true), (OF_ONE_PLACE, true)] {
        let body = applied(&mends, Wire::OpenAiChat, URL, &body(top_p));
        assert_eq!(body["top_p"].is_null(), known, "{top_p}");
    }
    for key in 0..=REMEMBERED {
        let to = peer(Wire::OpenAiChat, &key.to_string());
        let helped = mended(Wire::OpenAiChat, &body(1), "top_p: no");
        mends.remember(URL, &to, vec![helped]);
    }
    assert_eq!(format!("{mends:?}"), format!("Mends({REMEMBERED})"));
    let long = format!("top_p: no. {}", "x".repeat(LONGEST));
    refused(&mends, Wire::OpenAiChat, &body(1_000), &long);
    assert_eq!(
        applied(&mends, Wire::OpenAiChat, URL, &body(1_000)),
        body(1_000)
    );
}
