use reqwest::header::HeaderValue;

use super::*;

fn peer() -> Peer {
    Peer {
        wire: Wire::OpenAiChat,
        endpoint: "Prov".into(),
        model: "m".into(),
        path: "/v1/chat/completions".into(),
        key: Some(Secret::new("sk-canary".to_owned())),
    }
}

/// Bodies as real servers send them, with the code we make of them.
const HTTP: &[(u16, &str, &str)] = &[
    // OpenAI.
    (
        401,
        r#"{"error":{"message":"Incorrect API key provided: sk-c***y.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#,
        "model_key_refused",
    ),
    (
        404,
        r#"{"error":{"message":"The model `gpt-9` does not exist or you do not have access to it.","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#,
        "model_not_found",
    ),
    (
        429,
        r#"{"error":{"message":"Rate limit reached for gpt-4o-mini","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#,
        "model_rate_limited",
    ),
    (
        429,
        r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#,
        "model_out_of_credit",
    ),
    (
        400,
        r#"{"error":{"message":"This model's maximum context length is 128000 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#,
        "model_context_too_long",
    ),
    (
        400,
        r#"{"error":{"message":"Unsupported value: 'temperature'","type":"invalid_request_error","param":"temperature","code":"unsupported_value"}}"#,
        "model_bad_request",
    ),
    (
        403,
        r#"{"error":{"message":"Country not supported","code":"unsupported_country_region_territory"}}"#,
        "model_forbidden",
    ),
    (
        500,
        r#"{"error":{"message":"The server had an error","type":"server_error"}}"#,
        "model_overloaded",
    ),
    (503, "", "model_overloaded"),
    // OpenRouter: codes are statuses.
    (
        402,
        r#"{"error":{"message":"Insufficient credits","code":402}}"#,
        "model_out_of_credit",
    ),
    (
        400,
        r#"{"error":{"message":"foo/bar is not a valid model ID","code":400}}"#,
        "model_not_found",
    ),
    // vLLM, old and new.
    (
        404,
        r#"{"object":"error","message":"The model `x` does not exist.","type":"NotFoundError","param":null,"code":404}"#,
        "model_not_found",
    ),
    (
        400,
        r#"{"error":{"message":"This model's maximum context length is 4096 tokens. However, you requested 5000","type":"BadRequestError","code":400}}"#,
        "model_context_too_long",
    ),
    // llama.cpp.
    (
        400,
        r#"{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error","n_ctx":4096}}"#,
        "model_context_too_long",
    ),
    (
        503,
        r#"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#,
        "model_overloaded",
    ),
    // Ollama.
    (
        404,
        r#"{"error":{"message":"model 'nope' not found","type":"api_error","param":null,"code":null}}"#,
        "model_not_found",
    ),
    (
        404,
        r#"{"error":"model \"nope\" not found, try pulling it first"}"#,
        "model_not_found",
    ),
    (404, "404 page not found", "model_wrong_path"),
    // Gemini's compatible endpoint sends a list.
    (
        400,
        r#"[{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT"}}]"#,
        "model_key_refused",
    ),
    (
        404,
        r#"[{"error":{"code":404,"message":"models/x is not found for API version v1beta","status":"NOT_FOUND"}}]"#,
        "model_not_found",
    ),
    (
        400,
        r#"{"error":{"code":400,"message":"Bad key","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}"#,
        "model_key_refused",
    ),
    (
        403,
        r#"{"error":{"code":403,"message":"Permission denied","status":"PERMISSION_DENIED"}}"#,
        "model_forbidden",
    ),
    (
        503,
        r#"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#,
        "model_overloaded",
    ),
    (
        400,
        r#"{"error":{"code":400,"message":"The input token count (9) exceeds the maximum number of tokens allowed (8).","status":"INVALID_ARGUMENT"}}"#,
        "model_context_too_long",
    ),
    // Anthropic.
    (
        401,
        r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#,
        "model_key_refused",
    ),
    (
        404,
        r#"{"type":"error","error":{"type":"not_found_error","message":"model: claude-9"}}"#,
        "model_not_found",
    ),
    (
        400,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 tokens > 8 maximum"}}"#,
        "model_context_too_long",
    ),
    (
        400,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low"}}"#,
        "model_out_of_credit",
    ),
    (
        429,
        r#"{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your rate limit"}}"#,
        "model_rate_limited",
    ),
    // FastAPI and proxies.
    (
        422,
        r#"{"detail":[{"loc":["body"],"msg":"field required"}]}"#,
        "model_bad_request",
    ),
    (
        405,
        r#"{"detail":"Method Not Allowed"}"#,
        "model_wrong_path",
    ),
    (
        413,
        "<html>413 Request Entity Too Large</html>",
        "model_context_too_long",
    ),
    (
        502,
        "<html><body>Bad gateway</body></html>",
        "model_overloaded",
    ),
    (
        529,
        r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
        "model_overloaded",
    ),
    (301, "", "model_redirected"),
];

#[test]
fn http_errors_are_told_apart() {
    for (status, body, code) in HTTP {
        let error = Reported::from_body(body.as_bytes());
        let error = error.into_error(*status, &HeaderMap::new(), &peer());
        assert_eq!(error.code(), *code, "{status} {body}: {error}");
        assert!(!error.to_string().ends_with(": "), "{error}");
        assert!(!error.to_string().contains("<html>"), "{error}");
    }
}

#[test]
fn errors_in_mid_stream_are_told_apart() {
    for (data, code) in [
        (r#"{"error":{"message":"boom"}}"#, "model_failed"),
        (r#"{"error":"boom"}"#, "model_failed"),
        (
            r#"{"error":{"message":"Provider disconnected","code":502}}"#,
            "model_overloaded",
        ),
        (
            r#"{"error":{"message":"slow down","code":429}}"#,
            "model_rate_limited",
        ),
        (
            r#"{"error":{"message":"x","type":"rate_limit_error"}}"#,
            "model_rate_limited",
        ),
        (
            r#"{"error":{"message":"x","type":"server_error","code":null}}"#,
            "model_overloaded",
        ),
        (
            r#"{"error":{"message":"x","code":"context_length_exceeded"}}"#,
            "model_context_too_long",
        ),
        (
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            "model_overloaded",
        ),
        (
            r#"{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED"}}"#,
            "model_rate_limited",
        ),
        (
            r#"{"object":"error","message":"x","code":400}"#,
            "model_bad_request",
        ),
    ] {
        let value = serde_json::from_str(data).unwrap();
        let error = Reported::find(&value).unwrap().into_stream_error(&peer());
        assert_eq!(error.code(), code, "{data}");
    }
    for data in [
        r#"{"error":null,"choices":[]}"#,
        r#"{"choices":[]}"#,
        "3",
        "[]",
    ] {
        let value = serde_json::from_str(data).unwrap();
        assert_eq!(Reported::find(&value), None, "{data}");
    }
}

#[test]
fn the_provider_behind_a_router_is_heard() {
    for (metadata, shown) in [
        (r"{}", "Provider returned error"),
        (
            r#"{"provider_name":"Groq"}"#,
            "Groq: Provider returned error",
        ),
        (
            r#"{"provider_name":"Groq","raw":"{\"error\":{\"message\":\"slow down\"}}"}"#,
            "Groq: Provider returned error: slow down",
        ),
        (
            r#"{"raw":"upstream fell over sk-canary"}"#,
            "Provider returned error: upstream fell over [key]",
        ),
    ] {
        let body = format!(
            r#"{{"error":{{"message":"Provider returned error","code":502,"metadata":{metadata}}}}}"#
        );
        let error =
            Reported::from_body(body.as_bytes()).into_error(502, &HeaderMap::new(), &peer());
        let Error::Overloaded { message, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!(message, shown);
    }
}

#[test]
fn the_key_and_control_characters_never_reach_a_message() {
    let body = r#"{"error":{"message":"bad key sk-canary,\n\u0007 I said sk-canary"}}"#;
    let error = Reported::from_body(body.as_bytes()).into_error(401, &HeaderMap::new(), &peer());
    assert_eq!(
        error.to_string(),
        "Prov does not accept the key: bad key [key], I said [key]"
    );
    for shown in [format!("{error:?}"), format!("{:?}", peer())] {
        assert!(!shown.contains("canary"), "{shown}");
    }
    let long = peer().clean(&"ä".repeat(10_000));
    assert_eq!(long.chars().count(), MESSAGE_CHARS + 1);
    let keyless = Peer {
        key: Some(Secret::new(String::new())),
        ..peer()
    };
    assert_eq!(keyless.clean("ab"), "ab");
}

#[test]
fn the_request_is_named_so_that_the_provider_can_be_asked() {
    let anthropic = br#"{"type":"error","error":{"message":"boom"},"request_id":"req_body"}"#;
    for (name, value, body, expected) in [
        ("request-id", "req_1", &b"boom"[..], "boom (request req_1)"),
        ("x-request-id", "req_2", b"boom", "boom (request req_2)"),
        ("request-id", "req_1", anthropic, "boom (request req_1)"),
        ("x-other", "x", anthropic, "boom (request req_body)"),
        ("request-id", "sk-canary", b"boom", "boom (request [key])"),
        ("x-other", "x", b"boom", "boom"),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        let error = Reported::from_body(body).into_error(500, &headers, &peer());
        let expected = format!("Prov is not available at the moment: {expected}");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn the_wait_may_stand_in_the_body() {
    let body = br#"{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED","details":[
        {"@type":"type.googleapis.com/google.rpc.QuotaFailure"},
        {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.5s"}]}}"#;
    let error = Reported::from_body(body).into_error(429, &HeaderMap::new(), &peer());
    let Error::RateLimited { retry_after, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(retry_after, Duration::from_millis(34_500));
}

#[test]
fn the_wait_is_read_from_the_headers() {
    for (name, value, millis) in [
        ("retry-after", "7", 7_000),
        ("retry-after", "0.25", 250),
        ("retry-after-ms", "1500", 1_500),
        ("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT", 5_000),
        ("retry-after", "-3", 5_000),
        ("retry-after", "NaN", 5_000),
        ("retry-after", "1e300", 5_000),
        ("retry-after", "999999999", 86_400_000),
        ("x-other", "1", 5_000),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        assert_eq!(
            retry_after(&headers, None).as_millis(),
            millis,
            "{name}: {value}"
        );
    }
}
