//! The gateway against the fake model, over real HTTP.

use atelier_base::Secret;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::delta::{Delta, FinishReason, Usage};
use crate::fake::{ErrorStep, FakeModel, Script, Speech, Step, Turn, UsageStep};
use crate::message::{Message, ToolCall};
use crate::request::Tool;
use crate::wire::Wire;

mod refused;
mod unreachable;

const KEY: &str = "sk-canary-0123456789";

fn gateway(options: GatewayOptions) -> Gateway {
    Gateway::new(options).unwrap()
}

fn endpoint(url: &str) -> Endpoint {
    Endpoint {
        name: "Fake".into(),
        base_url: Url::parse(url).unwrap(),
        key: Some(Secret::new(KEY.to_owned())),
        model: "fake-model".into(),
        wire: Wire::OpenAiChat,
        max_output_tokens: None,
        prices: None,
    }
}

fn ask(text: &str) -> Request {
    Request {
        messages: vec![Message::system("rules"), Message::user(text)],
        ..Request::default()
    }
}

/// Asks and returns all that comes, and the error that ends it, if one does.
async fn deltas(gateway: &Gateway, url: &str, text: &str) -> (Vec<Delta>, Option<Error>) {
    let prepared = gateway.prepare(&endpoint(url), &ask(text)).unwrap();
    let mut seen = Vec::new();
    let mut call = match gateway.stream(prepared, CancellationToken::new()).await {
        Ok(call) => call,
        Err(error) => return (seen, Some(error)),
    };
    while let Some(delta) = call.next().await {
        match delta {
            Ok(delta) => seen.push(delta),
            Err(error) => {
                assert!(call.next().await.is_none(), "an error is the last");
                return (seen, Some(error));
            }
        }
    }
    (seen, None)
}

fn text_of(deltas: &[Delta]) -> String {
    let text = |delta: &Delta| match delta {
        Delta::Text(text) => text.clone(),
        _ => String::new(),
    };
    deltas.iter().map(text).collect()
}

#[tokio::test]
async fn an_answer_streams_and_the_stored_bytes_are_those_that_went_out() {
    let fake = FakeModel::local(Script::default().with_key(KEY))
        .await
        .unwrap();
    fake.push(Turn::of([
        Step::reasoning("hm"),
        Step::Text(Speech {
            text: "Grüße, 世界".into(),
            chunk: 3,
            delay_ms: 1,
        }),
        Step::tool_call("read", json!({"path": "a.py"})),
        Step::Usage(UsageStep {
            input: 100,
            cached: 40,
            output: 9,
            reasoning: 2,
            ..UsageStep::default()
        }),
    ]));
    let gateway = gateway(GatewayOptions::default());
    let request = Request {
        tools: vec![Tool {
            name: "read".into(),
            description: "Reads a file.".into(),
            parameters: json!({"type": "object"}),
        }],
        ..ask("hello")
    };
    let prepared = gateway.prepare(&endpoint(&fake.url()), &request).unwrap();
    let stored = prepared.body().clone();
    let call = gateway
        .stream(prepared, CancellationToken::new())
        .await
        .unwrap();
    let answer = call.collect().await.unwrap();
    assert_eq!(answer.text, "Grüße, 世界");
    assert_eq!(answer.reasoning, "hm");
    assert_eq!(
        answer.tool_calls,
        [ToolCall {
            id: "call_0_0".into(),
            name: "read".into(),
            arguments: r#"{"path":"a.py"}"#.into(),
        }]
    );
    assert_eq!(answer.reason, FinishReason::ToolCalls);
    let usage = Usage {
        input_tokens: 100,
        cached_input_tokens: 40,
        cache_write_tokens: 0,
        output_tokens: 9,
        reasoning_tokens: 2,
        charged_micros: None,
        estimated: false,
    };
    assert_eq!(answer.usage, usage);
    let request = &fake.requests()[0];
    assert_eq!(request.raw, stored);
    assert_eq!(request.path, "/v1/chat/completions");
    assert_eq!(request.bearer.as_ref().unwrap().expose(), KEY);
    let agent = (
        "user-agent".to_owned(),
        concat!("atelier/", env!("CARGO_PKG_VERSION")).to_owned(),
    );
    assert!(request.headers.contains(&agent), "{:?}", request.headers);
    fake.assert_finished();
}

#[tokio::test]
async fn a_connection_is_used_again_after_an_answer() {
    let fake = FakeModel::local(Script::of([Turn::text("ok").repeat()]))
        .await
        .unwrap();
    let gateway = gateway(GatewayOptions::default());
    for _ in 0..5 {
        let (seen, error) = deltas(&gateway, &fake.url(), "hi").await;
        assert_eq!(
            (text_of(&seen).as_str(), error.map(|e| e.code())),
            ("ok", None)
        );
    }
    assert_eq!(fake.connections(), 1);
}

#[tokio::test]
async fn failures_are_told_apart_and_keep_what_came_before() {
    let fake = FakeModel::local(Script::default()).await.unwrap();
    let limited = ErrorStep {
        status: 429,
        retry_after: Some(7),
        ..ErrorStep::default()
    };
    let page = ErrorStep {
        status: 502,
        body: Some("<html>Bad gateway</html>".into()),
        ..ErrorStep::default()
    };
    let huge = ErrorStep {
        status: 500,
        body: Some("x".repeat(1_000_000)),
        ..ErrorStep::default()
    };
    let gateway = gateway(GatewayOptions::default());
    for (turn, text, code) in [
        (Turn::error(401, "wrong key"), "", "model_key_refused"),
        (Turn::of([Step::Error(limited)]), "", "model_rate_limited"),
        (Turn::of([Step::Error(page)]), "", "model_overloaded"),
        (Turn::of([Step::Error(huge)]), "", "model_overloaded"),
        (Turn::error(307, ""), "", "model_redirected"),
        (Turn::of([Step::Cut]), "", "model_cut"),
        (
            Turn::of([Step::text("half"), Step::Cut]),
            "half",
            "model_cut",
        ),
        (
            Turn::of([Step::text("half"), Step::End]),
            "half",
            "model_cut",
        ),
        (
            Turn::of([Step::text("half"), Step::Error(ErrorStep::default())]),
            "half",
            "model_failed",
        ),
        (
            Turn::of([Step::text("half"), Step::Raw("data: oops\n\n".into())]),
            "half",
            "model_protocol",
        ),
    ] {
        let shown = format!("{turn:?}").chars().take(200).collect::<String>();
        fake.push(turn);
        let (seen, error) = deltas(&gateway, &fake.url(), "hi").await;
        let error = error.unwrap();
        assert_eq!(
            (text_of(&seen).as_str(), error.code()),
            (text, code),
            "{shown}: {error:?}"
        );
        assert!(error.to_string().len() < 1_000, "{shown}");
        if let Error::RateLimited { retry_after, .. } = error {
            assert_eq!(retry_after, Duration::from_secs(7));
        }
    }
    // Each was asked exactly once.
    assert_eq!(fake.requests().len(), 10);
    fake.assert_finished();
}

#[tokio::test]
async fn silence_before_and_within_an_answer_is_noticed() {
    let fake = FakeModel::local(Script::default()).await.unwrap();
    let gateway = gateway(GatewayOptions {
        first_byte_timeout: Duration::from_millis(150),
        idle_timeout: Duration::from_millis(100),
        ..GatewayOptions::default()
    });
    let long = Step::Stall(60_000);
    for (steps, text) in [
        (vec![long.clone(), Step::text("late")], ""),
        (vec![Step::text("half"), long.clone()], "half"),
    ] {
        fake.push(Turn::of(steps));
        let (seen, error) = deltas(&gateway, &fake.url(), "hi").await;
        assert!(matches!(error, Some(Error::Idle { .. })), "{error:?}");
        assert_eq!(text_of(&seen), text);
    }
    // An answer that is whole but for its usage and end is taken as it is.
    let stop = r#"data: {"choices":[{"delta":{"content":"all"},"finish_reason":"stop"}]}"#;
    fake.push(Turn::of([Step::Raw(format!("{stop}\n\n")), long]));
    let (seen, error) = deltas(&gateway, &fake.url(), "hi").await;
    assert!(error.is_none(), "{error:?}");
    assert!(matches!(seen.last(), Some(Delta::Usage(usage)) if usage.estimated));
}

#[tokio::test]
async fn a_comment_keeps_a_slow_answer_alive() {
    let fake = FakeModel::local(Script::default()).await.unwrap();
    let mut steps = Vec::new();
    for _ in 0..10 {
        steps.push(Step::Stall(40));
        steps.push(Step::Raw(": OPENROUTER PROCESSING\n\n".into()));
    }
    steps.push(Step::text("ok"));
    fake.push(Turn::of(steps));
    let gateway = gateway(GatewayOptions {
        idle_timeout: Duration::from_millis(300),
        ..GatewayOptions::default()
    });
    let (seen, error) = deltas(&gateway, &fake.url(), "hi").await;
    assert_eq!(
        (text_of(&seen).as_str(), error.map(|e| e.code())),
        ("ok", None)
    );
}

#[tokio::test]
async fn cancelling_drops_the_connection_at_once() {
    let fake = FakeModel::local(Script::default()).await.unwrap();
    let gateway = gateway(GatewayOptions::default());
    fake.push(Turn::of([Step::text("half"), Step::Stall(600_000)]));
    fake.push(Turn::of([Step::Stall(600_000), Step::text("late")]));

    // In the middle of an answer.
    let cancel = CancellationToken::new();
    let prepared = gateway.prepare(&endpoint(&fake.url()), &ask("hi")).unwrap();
    let mut call = gateway.stream(prepared, cancel.clone()).await.unwrap();
    assert_eq!(
        call.next().await.unwrap().unwrap(),
        Delta::Text("half".into())
    );
    let next = async { tokio::join!(call.next(), async { cancel.cancel() }).0 };
    // Far less than the idle timeout, which would end the wait as well.
    let next = tokio::time::timeout(Duration::from_secs(20), next)
        .await
        .unwrap();
    assert!(matches!(next, Some(Err(Error::Cancelled))), "{next:?}");
    assert!(call.next().await.is_none());
    assert!(call.usage().estimated && call.usage().output_tokens == 4);
    fake.wait_abandoned(1).await;

    // Before its first byte.
    let cancel = CancellationToken::new();
    let prepared = gateway.prepare(&endpoint(&fake.url()), &ask("hi")).unwrap();
    let begin = gateway.stream(prepared, cancel.clone());
    let arrived = async {
        fake.wait_requests(2).await;
        cancel.cancel();
    };
    let (begun, ()) = tokio::join!(begin, arrived);
    assert!(matches!(begun, Err(Error::Cancelled)));
    fake.wait_abandoned(2).await;

    // Before it is sent at all.
    let prepared = gateway.prepare(&endpoint(&fake.url()), &ask("hi")).unwrap();
    let begun = gateway.stream(prepared, cancel).await;
    assert!(matches!(begun, Err(Error::Cancelled)));
    assert_eq!(fake.requests().len(), 2);
}

#[tokio::test]
async fn a_cancelled_call_gives_out_nothing_more_even_if_it_has_arrived() {
    let word = "data: {\"choices\":[{\"delta\":{\"content\":\"word\"}}]}\n\n";
    // One write, so that both words arrive together.
    let both = Turn::of([Step::Raw(word.repeat(2)), Step::Stall(600_000)]);
    let fake = FakeModel::local(Script::of([both])).await.unwrap();
    let gateway = gateway(GatewayOptions::default());
    let cancel = CancellationToken::new();
    let prepared = gateway.prepare(&endpoint(&fake.url()), &ask("hi")).unwrap();
    let mut call = gateway.stream(prepared, cancel.clone()).await.unwrap();
    assert!(call.next().await.unwrap().is_ok());
    cancel.cancel();
    assert!(matches!(call.next().await, Some(Err(Error::Cancelled))));
    assert!(call.next().await.is_none());
}

#[tokio::test]
async fn a_dropped_call_drops_the_connection() {
    let fake = FakeModel::local(Script::of([Turn::of([
        Step::text("half"),
        Step::Stall(600_000),
    ])]))
    .await
    .unwrap();
    let gateway = gateway(GatewayOptions::default());
    let prepared = gateway.prepare(&endpoint(&fake.url()), &ask("hi")).unwrap();
    drop(
        gateway
            .stream(prepared, CancellationToken::new())
            .await
            .unwrap(),
    );
    fake.wait_abandoned(1).await;
}

#[tokio::test]
async fn an_answer_over_the_limit_is_refused_while_it_comes() {
    let fake = FakeModel::local(Script::of([Turn::text("x".repeat(100_000))]))
        .await
        .unwrap();
    let gateway = gateway(GatewayOptions {
        max_answer_bytes: 1_000,
        ..GatewayOptions::default()
    });
    let (seen, error) = deltas(&gateway, &fake.url(), "hi").await;
    assert!(
        matches!(
            error,
            Some(Error::TooLarge {
                limit_bytes: 1_000,
                ..
            })
        ),
        "{error:?}"
    );
    assert!(text_of(&seen).len() <= 1_000);
}

#[tokio::test]
async fn the_key_shows_up_nowhere() {
    let quoting = format!("your key {KEY} is wrong");
    let fake = FakeModel::local(Script::of([
        Turn::error(400, format!("stream_options: {quoting}")),
        Turn::text("ok"),
        Turn::error(401, &quoting),
        Turn::of([
            Step::text("half"),
            Step::Error(ErrorStep {
                message: quoting.clone(),
                ..ErrorStep::default()
            }),
        ]),
        Turn::of([Step::Raw(format!("data: {quoting}\n\n"))]),
        Turn::text("ok"),
    ]))
    .await
    .unwrap();
    let gateway = gateway(GatewayOptions::default());
    let to = endpoint(&fake.url());
    // A refusal that is remembered quotes it too.
    assert!(deltas(&gateway, &fake.url(), "hi").await.1.is_none());
    let prepared = gateway.prepare(&to, &ask("hi")).unwrap();
    let mut shown = vec![format!("{to:?} {gateway:?} {prepared:?}")];
    assert!(shown[0].contains("Mends(1)"), "{}", shown[0]);
    shown.push(String::from_utf8_lossy(prepared.body()).into_owned());
    shown.push(format!("{:?}", prepared.headers));
    for _ in 0..3 {
        let error = deltas(&gateway, &fake.url(), "hi").await.1.unwrap();
        shown.push(format!("{error} {error:?} {}", error.hint()));
    }
    let call = gateway
        .stream(prepared, CancellationToken::new())
        .await
        .unwrap();
    shown.push(format!("{call:?} {fake:?} {:?}", fake.requests()));
    let odd = Endpoint {
        key: Some(Secret::new(format!("{KEY}\n{KEY}"))),
        ..to
    };
    let error = gateway.prepare(&odd, &ask("hi")).unwrap_err();
    assert!(matches!(error, Error::InvalidKey { .. }));
    shown.push(format!("{error} {error:?}"));
    let shown = shown.join("\n");
    assert!(shown.contains("[key]"), "the provider's words are shown");
    assert!(!shown.contains("canary"), "{shown}");
}

#[tokio::test]
async fn a_connection_is_tested_by_the_list_of_models_or_by_a_word() {
    let script = Script::default().with_key(KEY).with_models(["b", "a"]);
    let fake = FakeModel::local(script).await.unwrap();
    let gateway = gateway(GatewayOptions::default());
    let good = endpoint(&fake.url());
    assert_eq!(gateway.check(&good).await.unwrap(), ["a", "b"]);
    let keyless = Endpoint {
        key: None,
        ..good.clone()
    };
    let error = gateway.check(&keyless).await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized { .. }));
    assert_eq!(fake.requests().len(), 2);
    assert!(fake.requests().iter().all(|r| r.path == "/v1/models"));

    // No list: a word is asked for.
    let script = Script::of([Turn::text("ok")]).with_models([]);
    let fake = FakeModel::local(script).await.unwrap();
    assert!(
        gateway
            .check(&endpoint(&fake.url()))
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(fake.requests()[1].body["max_tokens"], 16);
    let error = gateway.check(&endpoint(&fake.url())).await.unwrap_err();
    assert!(matches!(error, Error::BadRequest { .. }), "{error:?}");
}
