//! Somebody who asks the server, and what must hold of every answer.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use atelier_api::{Code, Problem};
use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, COOKIE, HeaderMap, SET_COOKIE};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::within;

/// Every header that an answer may have. A new one is a decision.
static HEADERS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
    BTreeSet::from([
        "allow",
        "cache-control",
        "connection",
        "content-disposition",
        "content-encoding",
        "content-length",
        "content-security-policy",
        "content-type",
        "cross-origin-opener-policy",
        "cross-origin-resource-policy",
        "date",
        "etag",
        "referrer-policy",
        "retry-after",
        "set-cookie",
        "transfer-encoding",
        "vary",
        "x-accel-buffering",
        "x-content-type-options",
        "x-frame-options",
        "x-request-id",
        "x-should-retry",
    ])
});
/// The headers that every answer has.
const ALWAYS: [&str; 5] = [
    "content-security-policy",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "x-request-id",
];

/// Somebody who asks the server.
#[derive(Clone, Debug)]
pub struct Caller {
    http: Client,
    base: String,
    cookie: Option<String>,
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    asked: String,
}

impl Caller {
    /// Makes somebody who is not signed in at the server at `base`.
    ///
    /// # Panics
    /// When the client can't be made.
    #[expect(
        clippy::disallowed_methods,
        reason = "tests ask the server from outside"
    )]
    pub fn new(base: &str) -> Self {
        let http = Client::builder().no_proxy().build().unwrap();
        Self {
            http,
            base: base.to_owned(),
            cookie: None,
        }
    }

    /// Exchanges a sign-in token for a session.
    ///
    /// # Panics
    /// When the token is refused.
    pub async fn sign_in(&self, token: &str) -> Self {
        let reply = self.post("/api/session", json!({ "token": token })).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{reply:?}");
        self.with_cookie(reply.cookie())
    }

    /// Returns the same caller with a cookie.
    #[must_use]
    pub fn with_cookie(&self, cookie: String) -> Self {
        Self {
            cookie: Some(cookie),
            ..self.clone()
        }
    }

    /// Returns the same caller at another address, such as after a restart.
    #[must_use]
    pub fn at(&self, base: &str) -> Self {
        Self {
            base: base.to_owned(),
            ..self.clone()
        }
    }

    /// Returns the caller's cookie, if it has one.
    pub fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    /// Returns the address of the server.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Begins a request.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.cookie {
            Some(cookie) => request.header(COOKIE, cookie),
            None => request,
        }
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Panics
    /// When there is no answer, or one that breaks a rule for all answers.
    pub async fn send(&self, request: RequestBuilder) -> Reply {
        within("an answer", async {
            let (client, request) = request.build_split();
            let request = request.unwrap();
            let asked = format!("{} {}", request.method(), request.url().path());
            let response = client.execute(request).await.unwrap();
            Reply::read(asked, response).await
        })
        .await
    }

    /// Asks with GET.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }

    /// Asks with POST and a JSON body.
    pub async fn post(&self, path: &str, body: impl Serialize) -> Reply {
        self.send(with_json(self.request(Method::POST, path), &body))
            .await
    }

    /// Asks with POST and no body.
    pub async fn poke(&self, path: &str) -> Reply {
        self.send(self.request(Method::POST, path)).await
    }

    /// Asks with PATCH and a JSON body.
    pub async fn patch(&self, path: &str, body: impl Serialize) -> Reply {
        self.send(with_json(self.request(Method::PATCH, path), &body))
            .await
    }

    /// Asks with PUT and a JSON body.
    pub async fn put(&self, path: &str, body: impl Serialize) -> Reply {
        self.send(with_json(self.request(Method::PUT, path), &body))
            .await
    }

    /// Asks with DELETE.
    pub async fn delete(&self, path: &str) -> Reply {
        self.send(self.request(Method::DELETE, path)).await
    }
}

/// Adds a JSON body.
pub(crate) fn with_json(request: RequestBuilder, body: &impl Serialize) -> RequestBuilder {
    request
        .header(CONTENT_TYPE, "application/json")
        .body(serde_json::to_vec(body).unwrap())
}

/// Checks what holds of every answer, before its body is read.
pub(crate) fn check_head(asked: &str, response: &Response) {
    for name in response.headers().keys() {
        // Pages of other origins may ask models, and nothing else.
        let open = asked.contains(" /v1/") && name.as_str().starts_with("access-control-");
        assert!(
            open || HEADERS.contains(name.as_str()),
            "{asked}: unexpected header {name}"
        );
    }
    for name in ALWAYS {
        assert!(
            response.headers().contains_key(name),
            "{asked}: no header {name}"
        );
    }
}

impl Reply {
    async fn read(asked: String, response: Response) -> Self {
        check_head(&asked, &response);
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.unwrap();
        let reply = Self {
            status,
            headers,
            body,
            asked,
        };
        if reply.status.is_client_error() || reply.status.is_server_error() {
            if reply.is_pistons() {
                reply.check_message();
            } else if reply.is_openais() {
                reply.check_fault();
            } else {
                reply.check_problem();
            }
        }
        reply
    }

    /// Returns a header's text; empty when there is none.
    ///
    /// # Panics
    /// When it is not text.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    /// Returns the body as text.
    ///
    /// # Panics
    /// When it is not UTF-8.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// Returns the `name=value` of the cookie that the answer sets.
    ///
    /// # Panics
    /// When it sets none.
    #[track_caller]
    pub fn cookie(&self) -> String {
        let set = self.headers.get(SET_COOKIE).expect("a cookie is set");
        let set = set.to_str().unwrap();
        set.split(';').next().unwrap_or_default().to_owned()
    }

    /// Reads the body of a success.
    ///
    /// # Panics
    /// When it is no success, or another type.
    #[track_caller]
    pub fn ok<T: DeserializeOwned>(&self) -> T {
        assert!(self.status.is_success(), "{self}");
        assert!(
            self.header("content-type").starts_with("application/json"),
            "{self}"
        );
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self}"))
    }

    /// Checks a success that has no body.
    ///
    /// # Panics
    /// When it is something else.
    #[track_caller]
    pub fn done(&self) {
        assert_eq!(self.status, StatusCode::NO_CONTENT, "{self}");
        assert!(self.body.is_empty(), "{self}");
    }

    /// Checks a refusal and returns its problem document.
    ///
    /// # Panics
    /// When it is something else.
    #[track_caller]
    pub fn refused(&self, code: Code) -> Problem {
        if self.is_pistons() {
            let status = if code.status() == 422 {
                400
            } else {
                code.status()
            };
            assert_eq!(self.status.as_u16(), status, "{self}");
            return Problem::new(code, self.check_message(), "");
        }
        if self.is_openais() {
            let (message, found) = self.check_fault();
            let (status, expected) = match code {
                Code::NotSignedIn => (401, "invalid_api_key"),
                Code::NotFound => (404, "model_not_found"),
                Code::TooMany => (429, "rate_limit_exceeded"),
                other if other.status() == 422 => (400, other.as_str()),
                other => (other.status(), other.as_str()),
            };
            assert_eq!(
                (self.status.as_u16(), found.as_str()),
                (status, expected),
                "{self}"
            );
            return Problem::new(code, message, "");
        }
        assert_eq!(
            (self.status.as_u16(), self.problem().code.as_str()),
            (code.status(), code.as_str()),
            "{self}"
        );
        self.problem()
    }

    /// Checks a refusal that blames a field.
    ///
    /// # Panics
    /// When it is something else.
    #[track_caller]
    pub fn refused_field(&self, code: Code, field: &str) -> Problem {
        let problem = self.refused(code);
        assert_eq!(problem.field.as_deref(), Some(field), "{self}");
        problem
    }

    /// Reads the problem document of a refusal.
    ///
    /// # Panics
    /// When it has none.
    #[track_caller]
    pub fn problem(&self) -> Problem {
        assert!(!self.status.is_success(), "{self}");
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self}"))
    }

    /// Whether the answer is in the form of Piston's interface.
    fn is_pistons(&self) -> bool {
        let path = self.asked.split(' ').nth(1).unwrap_or_default();
        atelier_api::piston::is_address(path)
    }

    /// Whether the answer is in the form of OpenAI's interface.
    fn is_openais(&self) -> bool {
        let path = self.asked.split(' ').nth(1).unwrap_or_default();
        atelier_api::v1::is_address(path)
    }

    /// Checks an error in OpenAI's form, and returns its message and code.
    #[track_caller]
    fn check_fault(&self) -> (String, String) {
        assert_eq!(self.header("content-type"), "application/json", "{self}");
        let body: Value = serde_json::from_slice(&self.body).expect("an error is JSON");
        let fields = body["error"].as_object().expect("an error is an object");
        for field in ["message", "type", "param", "code"] {
            assert!(fields.contains_key(field), "{self}");
        }
        let text = |name: &str| body["error"][name].as_str().unwrap_or_default().to_owned();
        assert!(
            !text("message").is_empty() && !text("type").is_empty(),
            "{self}"
        );
        (text("message"), text("code"))
    }

    /// Checks an error in Piston's form, and returns its message.
    #[track_caller]
    fn check_message(&self) -> String {
        assert_eq!(self.header("content-type"), "application/json", "{self}");
        let error: Value = serde_json::from_slice(&self.body).expect("an error is JSON");
        let fields = error.as_object().expect("an error is an object");
        assert!(fields.keys().eq(["message"]), "{self}");
        let message = error["message"].as_str().unwrap_or_default();
        assert!(!message.is_empty(), "{self}");
        message.to_owned()
    }

    /// Checks what holds of every problem document (RFC 9457 and our fields).
    fn check_problem(&self) {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self}"
        );
        let problem: Value = serde_json::from_slice(&self.body).expect("a problem is JSON");
        let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
        let code = Code::ALL
            .iter()
            .find(|code| code.as_str() == text("code"))
            .unwrap_or_else(|| panic!("unknown code: {self}"));
        assert_eq!(text("type"), format!("/problems/{}", code.as_str()));
        assert_eq!(text("title"), code.title());
        assert_eq!(problem["status"], code.status());
        assert_eq!(self.status.as_u16(), code.status(), "{self}");
        assert!(!text("detail").is_empty(), "{self}");
        assert_eq!(text("requestId"), self.header("x-request-id"), "{self}");
        assert_ne!(text("requestId"), "", "{self}");
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        let body: String = body.chars().take(2_000).collect();
        write!(f, "{} → {}: {body}", self.asked, self.status)
    }
}
