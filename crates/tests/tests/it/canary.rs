//! Canaries: secrets asked about in every way and every form, of which nothing
//! may leave, be kept or be logged.

use std::fmt::Write as _;

use atelier_api::secret::{CreatedToken, StoredSecret};
use atelier_base::ModelCallId;
use atelier_model::fake::Turn;
use atelier_tests::{Reply, TestApp, on_both_engines, question};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use uuid::Uuid;

/// One of the vault, one of a file, one that only its shape tells.
const SECRETS: [(&str, &str); 3] = [
    ("VAULT", "c4n4ry/7340+Zq\"v%9b\\e"),
    ("FILE", "file-c4n4ry-83724-kq"),
    ("SHAPE", "ghp_9fKq2LmZx7Rt4VbN8cWd1HsJ6gYp3QeA5uTi"),
];
const REQUESTS: usize = 500;

fn json_text(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap();
    quoted[1..quoted.len() - 1].to_owned()
}

fn percent(text: &str, all: bool) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if all || !byte.is_ascii_alphanumeric() {
            let _ = write!(out, "%{byte:02X}");
        } else {
            out.push(char::from(byte));
        }
        out
    })
}

fn hex(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The ways in which a secret is written; the shape of a key survives some.
fn forms(secret: &str, known: bool) -> Vec<String> {
    let unicode: String = secret
        .bytes()
        .map(|byte| format!("\\u{byte:04x}"))
        .collect::<Vec<_>>()
        .concat();
    let mut forms = vec![
        secret.to_owned(),
        json_text(secret),
        json_text(&json_text(secret)),
        unicode.clone(),
        json_text(&unicode),
        percent(secret, false),
        percent(secret, true),
        percent(&percent(secret, true), false),
    ];
    if known {
        let base64 = STANDARD.encode(format!("user:{secret}"));
        let lines: Vec<&str> = (0..base64.len())
            .step_by(12)
            .map(|at| &base64[at..base64.len().min(at + 12)])
            .collect();
        forms.extend([
            STANDARD.encode(secret),
            STANDARD.encode(format!("a{secret}b")),
            URL_SAFE.encode(format!("ab{secret}")),
            URL_SAFE_NO_PAD.encode(secret),
            lines.join("\n"),
            lines.join("\r\n  "),
            percent(&base64, false),
            hex(secret),
            hex(secret).to_uppercase(),
        ]);
    }
    forms
}

/// Says which secret a text gives away, if any. It looks for what was asked
/// with, in the text as it is and with its escapes undone.
fn leak(text: &str) -> Option<String> {
    let mut views = vec![text.to_owned()];
    for _ in 0..3 {
        let last = views.last().unwrap();
        let undone = serde_json::from_str::<Value>(last).map(|value| strings(&value));
        let plain = undone.unwrap_or_else(|_| {
            last.replace("\\\"", "\"")
                .replace("\\\\", "\\")
                .replace("\\n", "\n")
        });
        views.push(plain);
    }
    for (name, secret) in SECRETS {
        for form in forms(secret, true) {
            if views.iter().any(|view| view.contains(&form)) {
                return Some(format!("{name} as {form}"));
            }
        }
        for lead in 0..3 {
            let core = STANDARD.encode(format!("{}{secret}", &"ab"[..lead]));
            let core = &core[[0, 2, 3][lead]..core.len() - 4];
            if views.iter().any(|view| view.contains(core)) {
                return Some(format!("{name} in base64 behind {lead}"));
            }
        }
    }
    None
}

/// Returns all texts of a document, one a line.
fn strings(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text}\n"),
        Value::Array(items) => items.iter().map(strings).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| format!("{key}\n{}", strings(value)))
            .collect::<Vec<_>>()
            .concat(),
        _ => String::new(),
    }
}

/// A request with a text in one of the places where texts are.
fn request(place: usize, text: &str) -> Value {
    let call = |arguments: &str| {
        json!({ "role": "assistant", "content": null, "tool_calls": [
        { "id": "call_1", "type": "function", "function": { "name": "shell", "arguments": arguments } }] })
    };
    let messages = match place {
        0 => json!([{ "role": "user", "content": format!("What is {text} for?") }]),
        1 => {
            json!([{ "role": "system", "content": text }, { "role": "user", "content": [{ "type": "text", "text": text }] }])
        }
        2 => {
            json!([{ "role": "user", "content": format!("Files, as they are now:\n\nconfig.py\n```\nimport os\nvalue = \"{text}\"  # from the vault\n```\n") }])
        }
        3 => json!([{ "role": "user", "content": "run env" }, call("{\"cmd\":\"env\"}"),
            { "role": "tool", "tool_call_id": "call_1", "content": format!("HOME=/root\nVALUE={text}\nPATH=/bin") }]),
        4 => {
            json!([{ "role": "user", "content": "go on" }, call(&json!({ "cmd": format!("echo {text}") }).to_string()),
            { "role": "tool", "tool_call_id": "call_1", "content": "done" }])
        }
        _ => {
            json!([{ "role": "user", "content": format!("Traceback (most recent call last):\n  File \"a.py\", line 3, in <module>\n    connect('{text}')\nConnectionError: HTTPSConnectionPool(host='x', url: /?v={text})\n") }])
        }
    };
    let mut body = json!({ "model": "auto", "messages": messages });
    if place == 4 {
        body["tools"] = json!([{ "type": "function", "function": { "name": "shell", "description": format!("as {text}"),
            "parameters": { "type": "object", "properties": { "cmd": { "type": "string", "default": text } } } } }]);
    }
    body
}

async fn ask(app: &TestApp, token: &str, body: &Value) {
    post(app, token, "/v1/chat/completions", body)
        .await
        .ok::<Value>();
}

async fn post(app: &TestApp, token: &str, path: &str, body: &Value) -> Reply {
    let request = app.nobody().request(reqwest::Method::POST, path);
    let request = request
        .bearer_auth(token)
        .header("content-type", "application/json");
    app.nobody().send(request.body(body.to_string())).await
}

/// The ways in which models are asked.
#[derive(Clone, Copy)]
enum Way {
    Whole,
    Streamed,
    Completion,
    Turn,
}

/// Turns are few, for each costs as much as ten of the others.
const WAYS: [Way; 11] = [
    Way::Whole,
    Way::Streamed,
    Way::Completion,
    Way::Whole,
    Way::Streamed,
    Way::Turn,
    Way::Whole,
    Way::Streamed,
    Way::Completion,
    Way::Whole,
    Way::Streamed,
];

impl Way {
    async fn ask(self, app: &TestApp, workspace: Uuid, token: &str, place: usize, text: &str) {
        let mut body = request(place, text);
        match self {
            Self::Whole => ask(app, token, &body).await,
            Self::Streamed => {
                body["stream"] = true.into();
                let reply = post(app, token, "/v1/chat/completions", &body).await;
                assert!(reply.text().ends_with("data: [DONE]\n\n"), "{reply}");
            }
            Self::Completion => {
                let stream = place.is_multiple_of(2);
                body = json!({ "model": "auto", "prompt": format!("key = \"{text}\"\n"), "suffix": format!("# {text}"), "stream": stream });
                let reply = post(app, token, "/v1/completions", &body).await;
                assert!(reply.status.is_success(), "{reply}");
            }
            Self::Turn => {
                let ran = app
                    .owner()
                    .ask(&question(workspace, &format!("What is {text} for?")))
                    .await;
                assert!(ran.text().ends_with("Fine."), "{ran:?}");
            }
        }
    }
}

on_both_engines! {
    async fn of_five_hundred_requests_none_gives_a_secret_away(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let secret = json!({ "name": "VAULT", "value": SECRETS[0].1, "workspaceId": workspace });
        owner.post("/api/secrets", secret).await.ok::<StoredSecret>();
        owner.write(workspace, ".env", &format!("FILE_TOKEN={}\n", SECRETS[1].1)).await;
        let body = json!({ "name": "agent", "workspaceId": workspace });
        let token = owner.post("/api/tokens", body).await.ok::<CreatedToken>().secret;
        app.model.push(Turn::text("Fine.").repeat());
        let known = |name: &str| name != "SHAPE";
        let written: Vec<String> = SECRETS.iter().flat_map(|(name, secret)| forms(secret, known(name))).collect();
        let texts = (0..6).flat_map(|place| written.iter().map(move |text| (place, text)));
        let texts: Vec<(usize, &String)> = texts.collect();
        assert!(texts.len() > 200, "{}", texts.len());
        // Each text goes one way in the first round and another in the next.
        for (number, (place, text)) in texts.iter().cycle().take(REQUESTS).enumerate() {
            let body = request(*place, text);
            assert!(leak(&body.to_string()).is_some(), "the search finds what it is to find: {body}");
            let way = WAYS[(number + number / texts.len()) % WAYS.len()];
            way.ask(app, workspace, &token, *place, text).await;
        }
        let captured = app.model.requests();
        assert_eq!(captured.len(), REQUESTS);
        for sent in &captured {
            let text = std::str::from_utf8(&sent.raw).unwrap();
            assert_eq!(leak(text), None, "sent: {text}");
            assert!(text.contains("[secret "), "{text}");
        }
        let calls: Value = owner.get("/api/calls?limit=500").await.ok();
        let calls = calls["items"].as_array().unwrap();
        assert_eq!(calls.len(), REQUESTS);
        for call in calls {
            let id: Uuid = call["id"].as_str().unwrap().parse().unwrap();
            let id = ModelCallId::from_uuid(id);
            let kept = app.store.read(async |tx| tx.find_model_request(id).await).await.unwrap().unwrap();
            assert_eq!(leak(std::str::from_utf8(&kept.body).unwrap()), None, "kept");
            assert_eq!(leak(&kept.sources), None, "in its manifest");
        }
        assert_eq!(leak(&app.log.text()), None, "logged");
    }

    async fn what_people_work_with_is_not_touched(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let secret = json!({ "name": "VAULT", "value": SECRETS[0].1 });
        owner.post("/api/secrets", secret).await.ok::<StoredSecret>();
        let body = json!({ "name": "agent", "workspaceId": workspace });
        let token = owner.post("/api/tokens", body).await.ok::<CreatedToken>().secret;
        app.model.push(Turn::text("Fine.").repeat());
        for text in [
            include_str!("../../../../Cargo.lock"),
            include_str!("../../../../web/package-lock.json"),
            include_str!("../../../api/openapi.json"),
            include_str!("../../../../web/src/api/schema.ts"),
            include_str!("../../../model/src/gate/shape.rs"),
        ] {
            ask(app, &token, &json!({ "model": "auto", "messages": [{ "role": "user", "content": text }] })).await;
            let sent = app.model.requests().pop().unwrap();
            assert_eq!(sent.body["messages"][0]["content"], text);
        }
    }
}
