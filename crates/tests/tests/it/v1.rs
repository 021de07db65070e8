//! The models' interface in OpenAI's form: answers whole and streamed, tokens,
//! limits, and errors as its clients know them.

use std::time::Duration;

use atelier_api::Code;
use atelier_api::secret::{CreatedToken, StoredSecret};
use atelier_domain::rate::{Rate, RateSettings};
use atelier_model::fake::{ErrorStep, FakeModel, Script, Step, Turn};
use atelier_tests::{Caller, Reply, TestApp, on_both_engines};
use serde_json::{Value, json};

const CHAT: &str = "/v1/chat/completions";

/// Makes a token; `body` says more of it.
async fn token(app: &TestApp, mut body: Value) -> String {
    body["name"] = "editor".into();
    app.owner()
        .post("/api/tokens", body)
        .await
        .ok::<CreatedToken>()
        .secret
}

async fn ask(app: &TestApp, token: &str, path: &str, body: &Value) -> Reply {
    let request = app.nobody().request(reqwest::Method::POST, path);
    let request = request
        .bearer_auth(token)
        .header("content-type", "application/json");
    app.nobody().send(request.body(body.to_string())).await
}

fn question(text: &str) -> Value {
    json!({ "model": "auto", "messages": [{ "role": "user", "content": text }] })
}

fn events(reply: &Reply) -> Vec<Value> {
    assert_eq!(reply.header("content-type"), "text/event-stream");
    let mut events: Vec<&str> = reply.text().split_terminator("\n\n").collect();
    assert_eq!(events.pop(), Some("data: [DONE]"), "{reply}");
    let parsed = events
        .iter()
        .map(|event| serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap());
    parsed.collect()
}

fn fault(reply: &Reply) -> (u16, String, String) {
    let error: Value = serde_json::from_slice(&reply.body).unwrap();
    let text = |name: &str| error["error"][name].as_str().unwrap_or_default().to_owned();
    (reply.status.as_u16(), text("type"), text("code"))
}

on_both_engines! {
    async fn an_answer_comes_whole_or_as_it_is_made(app) {
        let token = token(app, json!({})).await;
        app.model.push(Turn::text("Héllo there."));
        let whole: Value = ask(app, &token, CHAT, &question("hi")).await.ok();
        assert_eq!(whole["choices"][0]["message"]["content"], "Héllo there.");
        assert_eq!((&whole["object"], &whole["model"]), (&json!("chat.completion"), &json!("fake-model")));
        assert!(whole["usage"]["prompt_tokens"].as_u64().unwrap() > 0, "{whole}");

        app.model.push(Turn::text("Héllo there."));
        let mut body = question("hi");
        body["stream"] = true.into();
        body["stream_options"] = json!({ "include_usage": true });
        let streamed = events(&ask(app, &token, CHAT, &body).await);
        let text: String = streamed.iter().filter_map(|event| event["choices"][0]["delta"]["content"].as_str()).collect();
        assert_eq!(text, "Héllo there.");
        assert!(streamed.last().unwrap()["usage"]["total_tokens"].as_u64().unwrap() > 0);
        assert_eq!(app.model.requests()[0].body["messages"], app.model.requests()[1].body["messages"]);
    }

    async fn tools_are_offered_called_and_answered(app) {
        let token = token(app, json!({})).await;
        app.model.push(Turn::of([Step::tool_call("read", json!({ "path": "a" }))]));
        app.model.push(Turn::text("It is empty."));
        let tool = json!({ "type": "function", "function": { "name": "read", "description": "reads", "parameters": { "type": "object" } } });
        let mut body = question("what is in a?");
        body["tools"] = json!([tool]);
        let first: Value = ask(app, &token, CHAT, &body).await.ok();
        let message = &first["choices"][0]["message"];
        assert_eq!(first["choices"][0]["finish_reason"], "tool_calls");
        assert_eq!((&message["content"], &message["tool_calls"][0]["function"]["arguments"]), (&Value::Null, &json!("{\"path\":\"a\"}")));
        let id = message["tool_calls"][0]["id"].clone();
        let messages = body["messages"].as_array_mut().unwrap();
        messages.push(message.clone());
        messages.push(json!({ "role": "tool", "tool_call_id": id, "content": "" }));
        let second: Value = ask(app, &token, CHAT, &body).await.ok();
        assert_eq!(second["choices"][0]["message"]["content"], "It is empty.");
    }

    async fn what_a_model_wants_back_comes_back_with_its_calls(app, |setup| setup.without_model()) {
        let tool = json!({ "type": "function", "function": { "name": "read", "parameters": { "type": "object" } } });
        let call = || Turn::of([Step::reasoning("Look first."), Step::tool_call("read", json!({ "path": "a" }))]);
        for (wire, path, signed) in [("anthropic", "", "\"signature\""), ("gemini", "/v1beta", "\"thoughtSignature\""), ("openai_responses", "", "\"encrypted_content\"")] {
            let model = FakeModel::local(Script::of([call(), Turn::text("a"), call(), Turn::text("b")])).await.unwrap();
            let url = if path.is_empty() { model.url() } else { model.url().replace("/v1", path) };
            let name = if wire == "gemini" { "gemini-3-pro".to_owned() } else { format!("{wire}-model") };
            let body = json!({ "name": wire, "baseUrl": url, "wire": wire, "model": name });
            app.owner().post("/api/providers", body).await.ok::<Value>();
            let token = token(app, json!({})).await;
            let mut ids = Vec::new();
            for stream in [false, true] {
                let mut body = question("what is in a?");
                body["model"] = name.clone().into();
                body["tools"] = json!([tool]);
                body["reasoning_effort"] = "low".into();
                body["stream"] = stream.into();
                let reply = ask(app, &token, CHAT, &body).await;
                let id = if stream {
                    events(&reply).iter().find_map(|event| event["choices"][0]["delta"]["tool_calls"][0]["id"].as_str().map(str::to_owned)).unwrap()
                } else {
                    reply.ok::<Value>()["choices"][0]["message"]["tool_calls"][0]["id"].as_str().unwrap().to_owned()
                };
                // As clients write it: with what the wire has, and no more.
                let messages = body["messages"].as_array_mut().unwrap();
                messages.push(json!({ "role": "assistant", "content": null, "tool_calls": [
                    { "id": id, "type": "function", "function": { "name": "read", "arguments": "{\"path\":\"a\"}" } }] }));
                messages.push(json!({ "role": "tool", "tool_call_id": id, "content": "text" }));
                body["stream"] = false.into();
                ask(app, &token, CHAT, &body).await.ok::<Value>();
                let sent = String::from_utf8(model.requests().pop().unwrap().raw.to_vec()).unwrap();
                assert!(sent.contains(signed) && !sent.contains("skip_thought_signature"), "{wire}: {sent}");
                ids.push(id);
            }
            assert_ne!(ids[0], ids[1], "{wire}: calls are told by their ids");
            model.assert_finished();
        }
    }

    async fn a_completion_fills_in_before_its_suffix(app) {
        let token = token(app, json!({})).await;
        for stream in [false, true] {
            app.model.push(Turn::text("return 1"));
            let body = json!({ "model": "auto", "prompt": "def one():\n    ", "suffix": "\n\nprint(one())", "max_tokens": 64, "stream": stream });
            let reply = ask(app, &token, "/v1/completions", &body).await;
            let text: String = if stream {
                events(&reply).iter().filter_map(|event| event["choices"][0]["text"].as_str()).collect()
            } else {
                reply.ok::<Value>()["choices"][0]["text"].as_str().unwrap().to_owned()
            };
            assert_eq!(text, "return 1");
        }
        let sent = String::from_utf8(app.model.requests()[0].raw.to_vec()).unwrap();
        assert!(sent.contains("def one()") && sent.contains("print(one())"), "{sent}");
    }

    async fn only_a_token_that_holds_is_let_in(app) {
        let owner = app.owner();
        let made: CreatedToken = owner.post("/api/tokens", json!({ "name": "a", "expiresInDays": 1 })).await.ok();
        app.model.push(Turn::text("hi").repeat());
        ask(app, &made.secret, CHAT, &question("hi")).await.ok::<Value>();
        // A cookie is for pages: none of them may ask here.
        for path in [CHAT, "/v1/completions"] {
            owner.post(path, question("hi")).await.refused(Code::NotSignedIn);
        }
        owner.get("/v1/models").await.refused(Code::NotSignedIn);
        for wrong in ["", "x", "atl_token_x", &made.secret[..made.secret.len() - 1], &format!("{}x", made.secret)] {
            let reply = ask(app, wrong, CHAT, &question("hi")).await;
            assert_eq!(fault(&reply), (401, "authentication_error".to_owned(), "invalid_api_key".to_owned()));
        }
        app.clock.advance(Duration::from_hours(25));
        ask(app, &made.secret, CHAT, &question("hi")).await.refused(Code::NotSignedIn);
        let other: CreatedToken = app.owner().post("/api/tokens", json!({ "name": "b" })).await.ok();
        ask(app, &other.secret, CHAT, &question("hi")).await.ok::<Value>();
        app.owner().delete(&format!("/api/tokens/{}", other.token.id)).await.done();
        ask(app, &other.secret, CHAT, &question("hi")).await.refused(Code::NotSignedIn);
    }

    async fn a_token_asks_the_models_it_is_bound_to(app) {
        let owner = app.owner();
        let body = json!({ "name": "Other", "baseUrl": "http://127.0.0.1:9/v1", "model": "large" });
        owner.post("/api/providers", body).await.ok::<Value>();
        app.model.push(Turn::text("hi").repeat());
        let all = token(app, json!({})).await;
        let bound = token(app, json!({ "models": ["fake-model"] })).await;
        let models = async |token: &str| {
            let request = app.nobody().request(reqwest::Method::GET, "/v1/models").bearer_auth(token);
            let list: Value = app.nobody().send(request).await.ok();
            assert_eq!(list["object"], "list");
            let ids = list["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap().to_owned());
            ids.collect::<Vec<_>>()
        };
        let listed = models(&all).await;
        assert_eq!(listed[0], "auto");
        assert!(listed.contains(&"fake-model".to_owned()) && listed.contains(&"large".to_owned()), "{listed:?}");
        assert_eq!(models(&bound).await, ["fake-model"]);
        let mut body = question("hi");
        for (model, status) in [("fake-model", 200), ("large", 404), ("auto", 404), ("none", 404)] {
            body["model"] = model.into();
            let reply = ask(app, &bound, CHAT, &body).await;
            assert_eq!(reply.status, status, "{model}: {reply}");
            if status == 404 {
                assert_eq!(fault(&reply).2, "model_not_found");
            }
        }
    }

    async fn no_model_takes_over_that_the_token_may_not_ask(app) {
        let other = FakeModel::local(Script::of([Turn::text("from another").repeat()])).await.unwrap();
        let body = json!({ "name": "Other", "baseUrl": other.url(), "model": "large" });
        app.owner().post("/api/providers", body).await.ok::<Value>();
        let bound = token(app, json!({ "models": ["fake-model"] })).await;
        let two = token(app, json!({ "models": ["fake-model", "large"] })).await;
        let mut body = question("hi");
        body["model"] = "fake-model".into();
        for status in [429, 503] {
            app.model.push(Turn::error(status, "busy"));
            let reply = ask(app, &bound, CHAT, &body).await;
            assert!(!reply.status.is_success(), "{reply}");
            assert!(other.requests().is_empty(), "the other was asked after {status}");
        }
        app.model.push(Turn::error(503, "busy"));
        let whole: Value = ask(app, &two, CHAT, &body).await.ok();
        assert_eq!(whole["model"], "large");
    }

    async fn who_asks_too_often_waits_and_nobody_else_does(app, |setup| setup.settings(|settings| {
        let rate = |per_minute, burst| Rate { per_minute, burst };
        settings.rates = RateSettings { user: rate(60, 6), token: rate(60, 4) };
    })) {
        app.model.push(Turn::text("hi").repeat());
        let (first, second) = (token(app, json!({})).await, token(app, json!({})).await);
        for _ in 0..4 {
            ask(app, &first, CHAT, &question("hi")).await.ok::<Value>();
        }
        let reply = ask(app, &first, CHAT, &question("hi")).await;
        assert_eq!(fault(&reply), (429, "rate_limit_error".to_owned(), "rate_limit_exceeded".to_owned()));
        assert_eq!(reply.header("retry-after"), "1");
        for _ in 0..2 {
            ask(app, &second, CHAT, &question("hi")).await.ok::<Value>();
        }
        ask(app, &second, CHAT, &question("hi")).await.refused(Code::TooMany);
        let workspace = app.owner().workspace("a").await.id;
        let turn = atelier_tests::question(workspace, "hi");
        app.owner().post("/api/ai/chat", turn).await.refused(Code::TooMany);
        app.clock.advance(Duration::from_secs(2));
        ask(app, &second, CHAT, &question("hi")).await.ok::<Value>();
    }

    async fn errors_have_the_form_that_clients_know(app) {
        let token = token(app, json!({})).await;
        let mut many = question("hi");
        many["n"] = 2.into();
        let reply = ask(app, &token, CHAT, &many).await;
        assert_eq!(fault(&reply), (400, "invalid_request_error".to_owned(), "invalid".to_owned()));
        assert!(reply.text().contains("\"param\":\"n\""), "{reply}");
        let reply = ask(app, &token, CHAT, &json!({ "messages": 1 })).await;
        assert_eq!(fault(&reply).0, 400);
        // One that comes too late for a status is the stream's last event.
        app.model.push(Turn::of([Step::text("half"), Step::Error(ErrorStep { status: 400, message: "broken".to_owned(), ..ErrorStep::default() })]));
        let mut body = question("hi");
        body["stream"] = true.into();
        let reply = ask(app, &token, CHAT, &body).await;
        let last = reply.text().split_terminator("\n\n").last().unwrap();
        let last: Value = serde_json::from_str(last.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(last["error"]["code"], "model_failed", "{reply}");
    }

    async fn what_the_provider_refuses_is_not_a_failure_to_try_again(app) {
        let token = token(app, json!({})).await;
        let wait = |seconds| Step::Error(ErrorStep { status: 429, message: "slow down".to_owned(), retry_after: Some(seconds), ..ErrorStep::default() });
        let long = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.";
        for (turn, status, kind, code, headers) in [
            (Turn::error(400, "no such parameter"), 400, "invalid_request_error", "model_refused", ("", "")),
            (Turn::error(400, long), 400, "invalid_request_error", "context_length_exceeded", ("", "")),
            (Turn::of([wait(17)]), 429, "rate_limit_error", "rate_limit_exceeded", ("17", "")),
            (Turn::error(401, "wrong key"), 502, "api_error", "model_misconfigured", ("", "false")),
            (Turn::error(402, "no credit"), 502, "api_error", "model_misconfigured", ("", "false")),
            (Turn::error(503, "busy"), 502, "api_error", "model_failed", ("", "")),
        ] {
            app.model.push(turn);
            let reply = ask(app, &token, CHAT, &question("hi")).await;
            assert_eq!(fault(&reply), (status, kind.to_owned(), code.to_owned()), "{reply}");
            let header = |name: &str| reply.headers.get(name).map_or("", |value| value.to_str().unwrap());
            assert_eq!((header("retry-after"), header("x-should-retry")), headers, "{reply}");
        }
    }

    async fn a_penalty_is_had_or_refused_by_name(app) {
        let other = FakeModel::local(Script::of([Turn::text("hi").repeat()])).await.unwrap();
        let body = json!({ "name": "Other", "baseUrl": other.url(), "model": "claude", "wire": "anthropic" });
        app.owner().post("/api/providers", body).await.ok::<Value>();
        let token = token(app, json!({})).await;
        app.model.push(Turn::text("hi").repeat());
        let mut body = question("hi");
        body["model"] = "fake-model".into();
        body["frequency_penalty"] = 0.5.into();
        ask(app, &token, CHAT, &body).await.ok::<Value>();
        assert_eq!(app.model.requests()[0].body["frequency_penalty"], 0.5);
        body["model"] = "claude".into();
        let reply = ask(app, &token, CHAT, &body).await;
        assert_eq!(fault(&reply), (400, "invalid_request_error".to_owned(), "invalid".to_owned()));
        assert!(reply.text().contains("\"param\":\"frequency_penalty\""), "{reply}");
        assert!(other.requests().is_empty());
        body["frequency_penalty"] = 0.into();
        ask(app, &token, CHAT, &body).await.ok::<Value>();
    }

    async fn a_page_of_any_origin_asks_with_a_token_and_never_with_a_cookie(app) {
        let token = token(app, json!({})).await;
        app.model.push(Turn::text("hi").repeat());
        let page = |request: reqwest::RequestBuilder| request.header("origin", "app://obsidian.md").header("sec-fetch-site", "cross-site");
        let header = |reply: &Reply, name: &str| reply.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let anybody = Some("*".to_owned());

        let wants = page(app.nobody().request(reqwest::Method::OPTIONS, CHAT))
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type,x-stainless-os");
        let reply = app.nobody().send(wants).await;
        assert_eq!(reply.status, 204, "{reply}");
        assert_eq!(header(&reply, "access-control-allow-origin"), anybody);
        assert_eq!(header(&reply, "access-control-allow-headers").unwrap(), "authorization,content-type,x-stainless-os");
        assert_eq!(header(&reply, "access-control-allow-credentials"), None);

        let asked = |caller: &Caller, bearer: Option<&str>| {
            let request = page(caller.request(reqwest::Method::POST, CHAT)).header("content-type", "application/json");
            let request = request.body(question("hi").to_string());
            match bearer { Some(token) => request.bearer_auth(token), None => request }
        };
        let reply = app.nobody().send(asked(&app.nobody(), Some(&token))).await;
        assert_eq!(header(&reply, "access-control-allow-origin"), anybody, "{reply}");
        reply.ok::<Value>();
        let owner = app.owner();
        for (bearer, code) in [(Some("atl_token_x"), Code::NotSignedIn), (None, Code::OriginRefused)] {
            let reply = owner.send(asked(&owner, bearer)).await;
            assert_eq!(header(&reply, "access-control-allow-credentials"), None);
            reply.refused(code);
        }
        // Nothing else is open to pages of others, and no host but ours.
        let models = page(owner.request(reqwest::Method::GET, "/api/models")).bearer_auth(&token);
        owner.send(models).await.refused(Code::OriginRefused);
        let wants = page(owner.request(reqwest::Method::OPTIONS, "/api/models")).header("access-control-request-method", "GET");
        owner.send(wants).await.refused(Code::OriginRefused);
        let elsewhere = asked(&app.nobody(), Some(&token)).header("host", "evil.example");
        app.nobody().send(elsewhere).await.refused(Code::HostRefused);
        assert_eq!(app.model.requests().len(), 1);
    }

    async fn who_is_told_to_wait_is_not_told_too_little(app, |setup| setup.settings(|settings| {
        let rate = Rate { per_minute: 30, burst: 1 };
        settings.rates = RateSettings { user: rate, token: rate };
    })) {
        let token = token(app, json!({})).await;
        app.model.push(Turn::text("hi").repeat());
        ask(app, &token, CHAT, &question("hi")).await.ok::<Value>();
        app.clock.advance(Duration::from_millis(100));
        let reply = ask(app, &token, CHAT, &question("hi")).await;
        assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (429, "2"), "{reply}");
    }

    async fn what_was_sent_is_kept_within_bounds(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let token = token(app, json!({ "workspaceId": workspace })).await;
        app.model.push(Turn::text("hi").repeat());
        let rules = json!({ "settings": { "requests": { "keepDays": 2 } } });
        owner.patch(&format!("/api/workspaces/{workspace}"), rules).await.ok::<Value>();
        ask(app, &token, CHAT, &question("first")).await.ok::<Value>();
        app.clock.advance(Duration::from_hours(50));
        ask(app, &token, CHAT, &question("second")).await.ok::<Value>();
        assert_eq!(app.domain.remove_old_requests().await.unwrap(), 1);
        let calls: Value = owner.get("/api/calls").await.ok();
        let path = |at: usize| format!("/api/model-calls/{}", calls["items"][at]["id"].as_str().unwrap());
        let kept: Value = owner.get(&path(0)).await.ok();
        assert_eq!(kept["request"].as_str().unwrap().as_bytes(), app.model.requests()[1].raw);
        owner.get(&path(1)).await.refused(Code::NotFound);
        assert_eq!(calls["items"].as_array().unwrap().len(), 2, "the call itself stays");
    }

    async fn a_secret_that_is_attached_may_leave_this_once(app) {
        let owner = app.owner();
        let body = json!({ "name": "PASSWORD", "value": "attached-c4n4ry-1" });
        let secret: StoredSecret = owner.post("/api/secrets", body).await.ok();
        let token = token(app, json!({})).await;
        app.model.push(Turn::text("hi").repeat());
        let asked = async |attach: Option<String>| {
            let request = app.nobody().request(reqwest::Method::POST, CHAT).bearer_auth(&token);
            let request = match attach {
                Some(ids) => request.header("x-atelier-attach", ids),
                None => request,
            };
            let request = request.header("content-type", "application/json");
            let reply = app.nobody().send(request.body(question("log in with attached-c4n4ry-1").to_string())).await;
            let sent = app.model.requests().pop().map(|sent| String::from_utf8(sent.raw.to_vec()).unwrap());
            (reply, sent.unwrap_or_default())
        };
        let (reply, sent) = asked(None).await;
        assert!(reply.status.is_success() && sent.contains("[secret PASSWORD]"), "{sent}");
        let (reply, sent) = asked(Some(secret.id.to_string())).await;
        assert!(reply.status.is_success() && sent.contains("attached-c4n4ry-1"), "{reply} {sent}");
        let (reply, _) = asked(Some(uuid::Uuid::from_u128(7).to_string())).await;
        reply.refused(Code::NotFound);
        let (reply, _) = asked(Some("PASSWORD".to_owned())).await;
        reply.refused(Code::Invalid);
        let workspace = owner.workspace("a").await.id;
        let mut turn = atelier_tests::question(workspace, "log in with attached-c4n4ry-1");
        turn.attach = vec![secret.id];
        owner.ask(&turn).await;
        let sent = app.model.requests().pop().unwrap();
        assert!(String::from_utf8(sent.raw.to_vec()).unwrap().contains("attached-c4n4ry-1"));
    }
}
