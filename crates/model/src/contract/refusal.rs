//! Refusals by status, and what may be left out after one.

use atelier_base::Secret;
use serde_json::json;

use super::*;
use crate::fake::{ErrorStep, Script, Step, Turn};
use crate::request::Effort;

fn hi() -> Request {
    Request {
        messages: vec![Message::user("hi")],
        ..Request::default()
    }
}

fn refusal(status: u16, message: &str) -> Turn {
    Turn::error(status, message)
}

#[tokio::test]
async fn statuses_mean_the_same_on_every_wire() {
    let fake = FakeModel::local(Script::default()).await.unwrap();
    let gateway = gateway();
    for (wire, model) in WIRES {
        for (status, message, code) in [
            (401, "no", "model_key_refused"),
            (403, "no", "model_forbidden"),
            (402, "no", "model_out_of_credit"),
            (404, "model: nope", "model_not_found"),
            (413, "no", "model_context_too_long"),
            (400, "prompt is too long", "model_context_too_long"),
            (400, "no", "model_bad_request"),
            (500, "no", "model_overloaded"),
            (503, "no", "model_overloaded"),
            (529, "no", "model_overloaded"),
        ] {
            fake.push(refusal(status, message));
            let seen = ask(&gateway, &endpoint(&fake, *wire, model), &hi()).await;
            assert_eq!(seen.error, Some(code), "{wire} {status}");
        }
        let limited = ErrorStep {
            status: 429,
            retry_after: Some(7),
            ..ErrorStep::default()
        };
        fake.push(Turn::of([Step::Error(limited)]));
        let prepared = gateway
            .prepare(&endpoint(&fake, *wire, model), &hi())
            .unwrap();
        let refused = gateway.stream(prepared, CancellationToken::new()).await;
        let Err(Error::RateLimited { retry_after, .. }) = refused else {
            panic!("{wire}: {refused:?}");
        };
        assert_eq!(retry_after, Duration::from_secs(7), "{wire}");
    }
    fake.assert_finished();
}

#[tokio::test]
async fn the_key_goes_where_the_wire_wants_it_and_nowhere_else() {
    let key = "sk-canary-0123456789";
    let fake = FakeModel::local(Script::default().with_key(key))
        .await
        .unwrap();
    let gateway = gateway();
    for (wire, model) in WIRES {
        let header = match wire {
            Wire::Anthropic => "x-api-key",
            Wire::Gemini => "x-goog-api-key",
            _ => "authorization",
        };
        let mut to = endpoint(&fake, *wire, model);
        assert_eq!(
            ask(&gateway, &to, &hi()).await.error,
            Some("model_key_refused")
        );
        to.key = Some(Secret::new(format!(" {key}\n")));
        fake.push(Turn::text("ok"));
        let seen = ask(&gateway, &to, &hi()).await;
        assert_eq!((seen.text.as_str(), seen.error), ("ok", None), "{wire}");
        let request = fake.requests().pop().unwrap();
        assert_eq!(request.wire(), Some(*wire));
        assert_eq!(request.bearer.as_ref().unwrap().expose(), key);
        let masked = (header.to_owned(), "[secret]".to_owned());
        assert!(request.headers.contains(&masked), "{wire}");
        assert!(!request.path.contains(key) && !request.body.to_string().contains(key));
    }
}

#[tokio::test]
async fn a_request_is_sent_again_only_without_what_was_refused() {
    let fake = FakeModel::local(Script::default()).await.unwrap();
    let gateway = gateway();
    for (wire, model, message, field) in [
        (
            Wire::OpenAiChat,
            "gpt-fake",
            "Unrecognized request argument: stream_options",
            "/stream_options",
        ),
        (
            Wire::OpenAiResponses,
            "o-fake",
            "Encrypted content is not supported with this model.",
            "/include",
        ),
        (
            Wire::OpenAiResponses,
            "o-fake",
            "Unsupported parameter: reasoning.summary",
            "/reasoning/summary",
        ),
        (
            Wire::Anthropic,
            "claude-fake-4-6",
            "thinking.type: adaptive is not supported on this model",
            "/thinking",
        ),
        (
            Wire::Gemini,
            "gemini-3-fake",
            "Thinking level is not supported for this model.",
            "/generationConfig/thinkingConfig",
        ),
    ] {
        let request = Request {
            effort: Some(Effort::Medium),
            ..hi()
        };
        let to = endpoint(&fake, wire, model);
        fake.push(refusal(400, message));
        fake.push(Turn::text("ok"));
        let before = fake.requests().len();
        assert_eq!(ask(&gateway, &to, &request).await.text, "ok", "{wire}");
        let asked = &fake.requests()[before..];
        assert!(asked[0].body.pointer(field).is_some(), "{wire}");
        let mut expected = asked[0].body.clone();
        let (parent, name) = field.rsplit_once('/').unwrap();
        let parent = expected.pointer_mut(parent).unwrap();
        parent.as_object_mut().unwrap().remove(name);
        assert_eq!(asked[1].body, expected, "{wire}");
        // A second refusal of the same is final.
        fake.push(refusal(400, "no such thing"));
        let seen = ask(&gateway, &to, &request).await;
        assert_eq!(seen.error, Some("model_bad_request"), "{wire}");
    }
    let unscripted = json!([]);
    assert_eq!(json!(fake.unexpected()), unscripted);
}
