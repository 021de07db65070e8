use super::*;

const ID: &str = "01900000-0000-7000-8000-000000000001";

fn origins() -> Origins {
    let place = Place {
        workspace: ID.parse().unwrap(),
        port: 5173,
    };
    let app = vec!["http://127.0.0.1:7340".to_owned()];
    Origins::new(place, "http", &own().replace("http://", ""), true, app)
}

fn own() -> String {
    format!("http://5173--{ID}.localhost:7340")
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(HeaderName::from_static(name), value.parse().unwrap());
    }
    headers
}

fn shown(headers: &HeaderMap) -> Vec<String> {
    let mut all: Vec<String> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    all.sort();
    all
}

#[test]
fn the_server_sees_the_name_it_knows() {
    let referer = format!("{}/page?x=1", own());
    let mut request = headers(&[
        ("host", "ignored"),
        ("origin", &own()),
        ("referer", &referer),
        ("cookie", "a=1; atelier_session=s; b=2"),
        ("cookie", "atelier_preview=p; __Host-atelier_session=s;c=3"),
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("x-forwarded-for", "203.0.113.1"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "for=1"),
    ]);
    origins().rewrite_request(&mut request, Some(HeaderValue::from_static("websocket")));
    let host = own().replace("http://", "");
    assert_eq!(
        shown(&request),
        [
            "connection: Upgrade",
            "cookie: a=1; b=2; c=3",
            "host: localhost:5173",
            "origin: http://localhost:5173",
            "referer: http://localhost:5173/page?x=1",
            "upgrade: websocket",
            &format!("x-forwarded-host: {host}"),
            "x-forwarded-proto: http",
        ]
    );
    let mut request = headers(&[
        ("cookie", "atelier_preview=p"),
        ("referer", "http://127.0.0.1:7340/workspaces/secret"),
        ("connection", "upgrade"),
    ]);
    origins().rewrite_request(&mut request, None);
    assert!(!request.contains_key("cookie") && !request.contains_key("referer"));
    assert!(!request.contains_key("connection"));
}

#[test]
fn the_browser_sees_the_name_it_knows() {
    let sibling = own().replace("5173", "8000");
    let mut response = headers(&[
        ("x-frame-options", "DENY"),
        ("content-security-policy", "script-src 'self'"),
        ("strict-transport-security", "max-age=1; includeSubDomains"),
        ("clear-site-data", "\"*\""),
        ("alt-svc", "h3=\":443\""),
        (
            "set-cookie",
            "sid=1; Path=/; Domain=localhost; HttpOnly; domain = x",
        ),
        ("set-cookie", "atelier_session=x; Path=/"),
        ("set-cookie", "ATELIER_preview=x"),
        ("location", "http://127.0.0.1:5173/login?next=/"),
        ("access-control-allow-origin", "http://localhost:8000"),
        ("transfer-encoding", "chunked"),
    ]);
    origins().rewrite_response(&mut response, Some(&sibling.parse().unwrap()));
    assert_eq!(
        shown(&response),
        [
            &*format!("access-control-allow-origin: {sibling}"),
            "content-security-policy: frame-ancestors 'self' http://127.0.0.1:7340",
            "content-security-policy: script-src 'self'",
            &format!("location: {}/login?next=/", own()),
            "set-cookie: sid=1; Path=/; HttpOnly",
        ]
    );
    for location in [
        "/x",
        "https://example.org/",
        "http://localhost:1/",
        "//localhost:5173/",
    ] {
        let mut response = headers(&[("location", location)]);
        origins().rewrite_response(&mut response, None);
        assert_eq!(response["location"], location);
    }
}

#[test]
fn requests_of_other_pages_are_told_from_the_previews_own() {
    let (own, sibling) = (own(), own().replace("5173", "8000"));
    let stranger = own.replace("000000000001", "000000000002");
    let upper = own.to_uppercase();
    let page = format!("{own}/page");
    for (asked, foreign) in [
        (vec![], false),
        (vec![("origin", own.as_str())], false),
        (vec![("origin", &sibling)], false),
        (vec![("origin", &stranger)], true),
        (vec![("origin", &upper)], true),
        (vec![("origin", "http://127.0.0.1:7340")], true),
        (vec![("origin", "https://evil.example")], true),
        (vec![("origin", "null")], true),
        (
            vec![("origin", "null"), ("sec-fetch-site", "same-origin")],
            false,
        ),
        (
            vec![
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", "no-cors"),
            ],
            true,
        ),
        (
            vec![
                ("sec-fetch-site", "same-site"),
                ("sec-fetch-mode", "no-cors"),
            ],
            true,
        ),
        (
            vec![
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", "no-cors"),
                ("referer", &page),
            ],
            false,
        ),
        (
            vec![
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", "navigate"),
            ],
            false,
        ),
        (
            vec![
                ("sec-fetch-site", "same-origin"),
                ("sec-fetch-mode", "cors"),
            ],
            false,
        ),
    ] {
        assert_eq!(origins().is_foreign(&headers(&asked)), foreign, "{asked:?}");
    }
}
