//! Addresses that can't be asked, and those that answer as no model does.

use super::*;

#[tokio::test]
async fn what_can_not_be_sent_is_refused_before() {
    let gateway = gateway(GatewayOptions::default());
    let good = endpoint("http://127.0.0.1:9/v1");
    let at = |url: &str| Endpoint {
        base_url: Url::parse(url).unwrap(),
        ..good.clone()
    };
    let nameless = Endpoint {
        model: " ".into(),
        ..good.clone()
    };
    for (to, request, code) in [
        (
            at("http://api.openai.com/v1"),
            ask("hi"),
            "model_base_url_invalid",
        ),
        (
            at("https://me:pw@host/v1"),
            ask("hi"),
            "model_base_url_invalid",
        ),
        (at("file:///etc"), ask("hi"), "model_base_url_invalid"),
        (nameless, ask("hi"), "model_request_invalid"),
        (good.clone(), Request::default(), "model_request_invalid"),
    ] {
        let error = gateway.prepare(&to, &request).unwrap_err();
        assert_eq!(error.code(), code, "{to:?}");
    }
    let spaced = Endpoint {
        key: Some(Secret::new(format!(" {KEY}\n"))),
        ..good
    };
    let prepared = gateway.prepare(&spaced, &ask("hi")).unwrap();
    assert_eq!(prepared.headers["authorization"], format!("Bearer {KEY}"));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_from_one_without_tls() {
    let gateway = gateway(GatewayOptions::default());
    // A port that was free a moment ago.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = format!("http://{}/v1", listener.local_addr().unwrap());
    drop(listener);
    let error = deltas(&gateway, &closed, "hi").await.1.unwrap();
    let shown = error.to_string();
    assert_eq!(shown, "could not connect to Fake: nothing listens there");
    // No name has a part of 64 letters, so that nobody needs to be asked.
    let unknown = format!("http://{}.internal/v1", "x".repeat(64));
    let error = deltas(&gateway, &unknown, "hi").await.1.unwrap();
    let shown = error.to_string();
    assert_eq!(shown, "could not connect to Fake: its name is not known");
    let fake = FakeModel::local(Script::default()).await.unwrap();
    let secure = fake.url().replace("http:", "https:");
    let error = deltas(&gateway, &secure, "hi").await.1.unwrap();
    assert!(matches!(error, Error::Tls { .. }), "{error:?}");
}

#[tokio::test]
async fn a_server_that_ignores_streaming_or_is_a_web_page_is_understood() {
    let gateway = gateway(GatewayOptions::default());
    let whole = r#"{"choices":[{"message":{"content":"ok"},"finish_reason":"stop"}]}"#;
    for (kind, body, text, code) in [
        ("application/json", whole, "ok", None),
        (
            "application/json",
            r#"{"error":"boom"}"#,
            "",
            Some("model_failed"),
        ),
        ("application/json", "{}", "", Some("model_protocol")),
        ("text/html", "<html>", "", Some("model_protocol")),
    ] {
        let url = answer_once("200 OK", &format!("content-type: {kind}"), body).await;
        let (seen, error) = deltas(&gateway, &url, "hi").await;
        let found = error.as_ref().map(Error::code);
        assert_eq!(
            (text_of(&seen).as_str(), found),
            (text, code),
            "{kind} {body}"
        );
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let fake = FakeModel::local(Script::of([Turn::text("elsewhere").repeat()]))
        .await
        .unwrap();
    let location = format!("location: {}/chat/completions", fake.url());
    let url = answer_once("307 Temporary Redirect", &location, "").await;
    let (_, error) = deltas(&gateway(GatewayOptions::default()), &url, "hi").await;
    assert!(
        matches!(error, Some(Error::Redirected { status: 307, .. })),
        "{error:?}"
    );
    assert!(fake.requests().is_empty());
}

/// Serves one response to whatever is asked.
async fn answer_once(status: &str, header: &str, body: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let length = body.len();
    let response =
        format!("HTTP/1.1 {status}\r\n{header}\r\ncontent-length: {length}\r\n\r\n{body}");
    tokio_util::task::TaskTracker::new().spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 64 * 1024];
        assert!(socket.read(&mut request).await.unwrap() > 0);
        socket.write_all(response.as_bytes()).await.unwrap();
        // Until the client leaves.
        let _ = socket.read(&mut request).await;
    });
    url
}
