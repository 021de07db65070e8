//! Model providers: configured, checked, and never giving their key away.

use atelier_api::Code;
use atelier_api::model::{Provider, ProviderCheck, Providers};
use atelier_api::workspace::Workspace;
use atelier_model::fake::{FakeModel, Script, Turn};
use atelier_tests::{Caller, on_both_engines, question};
use serde_json::{Value, json};
use uuid::Uuid;

const KEY: &str = "sk-canary-0123456789";

async fn configured(caller: &Caller) -> Vec<Provider> {
    caller.get("/api/providers").await.ok::<Providers>().items
}

async fn check(caller: &Caller, id: Uuid) -> ProviderCheck {
    caller
        .poke(&format!("/api/providers/{id}/check"))
        .await
        .ok()
}

fn settings(name: &str, url: &str) -> Value {
    json!({ "name": name, "baseUrl": url, "model": "small", "key": KEY })
}

on_both_engines! {
    async fn a_provider_is_made_changed_checked_and_forgotten(app, |setup| setup.without_model()) {
        let model = FakeModel::local(Script::default().with_key(KEY).with_models(["small", "large"])).await.unwrap();
        let owner = app.owner();
        assert_eq!(configured(&owner).await.len(), 0);
        let body = json!({ "name": " Mine ", "baseUrl": format!("{}/", model.url()), "model": "small", "key": format!(" {KEY}\n"),
            "inputUsdPerMillion": "0.150", "outputUsdPerMillion": "0.6" });
        let reply = owner.post("/api/providers", body).await;
        assert!(!reply.text().contains(KEY));
        let made: Provider = reply.ok();
        assert_eq!((made.name.as_str(), made.base_url.as_str(), made.has_key, made.from_environment), ("Mine", model.url().as_str(), true, false));
        assert_eq!((made.input_usd_per_million.as_deref(), made.output_usd_per_million.as_deref()), (Some("0.15"), Some("0.6")));

        let checked = check(&owner, made.id).await;
        assert!(checked.ok, "{checked:?}");
        assert_eq!(checked.models, ["large", "small"], "in order");
        let path = format!("/api/providers/{}", made.id);
        owner.patch(&path, json!({ "model": "huge" })).await.ok::<Provider>();
        let checked = check(&owner, made.id).await;
        assert!(!checked.ok && checked.detail.contains("huge") && checked.hint.is_some(), "{checked:?}");

        let changed: Provider = owner.patch(&path, json!({ "model": "large", "inputUsdPerMillion": "" })).await.ok();
        assert_eq!((changed.has_key, changed.input_usd_per_million, changed.output_usd_per_million.as_deref()), (true, None, Some("0.6")));
        assert!(check(&owner, made.id).await.ok, "the key is kept");
        let bare: Provider = owner.patch(&path, json!({ "key": "" })).await.ok();
        assert!(!bare.has_key);
        let checked = check(&owner, made.id).await;
        assert!(!checked.ok && checked.hint.unwrap().contains("key"), "{}", checked.detail);
        owner.patch(&path, json!({ "key": KEY })).await.ok::<Provider>();
        assert!(check(&owner, made.id).await.ok);

        owner.delete(&path).await.done();
        assert_eq!(configured(&owner).await.len(), 0);
        owner.poke(&format!("{path}/check")).await.refused(Code::NotFound);
        owner.patch(&path, json!({})).await.refused(Code::NotFound);
    }

    async fn wrong_settings_name_their_field(app) {
        let owner = app.owner();
        let fine = settings("Fine", "http://127.0.0.1:9/v1");
        let made: Provider = owner.post("/api/providers", &fine).await.ok();
        let path = format!("/api/providers/{}", made.id);
        let long = "x".repeat(201);
        let long_url = format!("https://h/{}", "x".repeat(2_048));
        for (field, value) in [
            ("name", ""), ("name", "\u{0}"), ("name", long.as_str()),
            ("model", ""), ("model", " "), ("model", long.as_str()),
            ("baseUrl", ""), ("baseUrl", "api.example.com"), ("baseUrl", "ftp://h/v1"), ("baseUrl", "file:///etc/passwd"),
            ("baseUrl", "http://api.example.com/v1"), ("baseUrl", "https://user:pass@h/v1"), ("baseUrl", "https://h/v1?key=1"),
            ("baseUrl", "http://169.254.169.254/latest"), ("baseUrl", long_url.as_str()),
            ("inputUsdPerMillion", "cheap"), ("inputUsdPerMillion", "-1"), ("inputUsdPerMillion", "0.0000001"),
            ("outputUsdPerMillion", "1e3"), ("outputUsdPerMillion", "1000001"),
        ] {
            let mut body = fine.clone();
            body["name"] = "Another".into();
            body[field] = value.into();
            owner.post("/api/providers", &body).await.refused_field(Code::Invalid, field);
            owner.patch(&path, json!({ field: value })).await.refused_field(Code::Invalid, field);
        }
        for (missing, field) in [("name", "name"), ("baseUrl", "baseUrl"), ("model", "model")] {
            let mut body = fine.clone();
            body.as_object_mut().unwrap().remove(missing);
            owner.post("/api/providers", &body).await.refused_field(Code::Invalid, field);
        }
        let mut body = fine.clone();
        body["organisation"] = "x".into();
        owner.post("/api/providers", &body).await.refused_field(Code::Invalid, "organisation");
        assert_eq!(configured(&owner).await.len(), 2, "the environment's and one more");
    }

    async fn a_key_is_bounded_and_fit_for_a_header(app) {
        let owner = app.owner();
        for key in ["k".repeat(4_097), "sk-\u{e9}".to_owned(), "sk-a\nb".to_owned()] {
            let mut body = settings("Mine", "http://127.0.0.1:9/v1");
            body["key"] = key.into();
            let reply = owner.post("/api/providers", &body).await;
            reply.refused_field(Code::Invalid, "key");
        }
        assert_eq!(configured(&owner).await.len(), 1);
    }

    async fn a_name_is_taken_once(app) {
        let owner = app.owner();
        let url = "http://127.0.0.1:9/v1";
        owner.post("/api/providers", settings("One", url)).await.ok::<Provider>();
        let two: Provider = owner.post("/api/providers", settings("Two", url)).await.ok();
        owner.post("/api/providers", settings("One", url)).await.refused_field(Code::NameTaken, "name");
        let path = format!("/api/providers/{}", two.id);
        owner.patch(&path, json!({ "name": "One" })).await.refused_field(Code::NameTaken, "name");
        owner.patch(&path, json!({ "name": "Two" })).await.ok::<Provider>();
    }

    async fn the_environments_provider_is_first_and_fixed(app) {
        let owner = app.owner();
        owner.post("/api/providers", settings("Mine", "http://127.0.0.1:9/v1")).await.ok::<Provider>();
        let reply = owner.get("/api/providers").await;
        assert!(!reply.text().contains(Caller::environment_key()) && !reply.text().contains(KEY));
        let all = reply.ok::<Providers>().items;
        let first = &all[0];
        assert!(first.from_environment && first.has_key, "{first:?}");
        assert_eq!((first.model.as_str(), first.input_usd_per_million.as_deref()), ("fake-model", Some("0.15")));
        assert!(check(&owner, first.id).await.ok);
        let path = format!("/api/providers/{}", first.id);
        owner.patch(&path, json!({ "name": "x" })).await.refused(Code::NotFound);
        owner.delete(&path).await.refused(Code::NotFound);
        let asked = app.model.requests();
        assert_eq!(asked[0].bearer.as_ref().unwrap().expose(), Caller::environment_key());
    }

    async fn a_turn_asks_the_provider_it_names_or_the_workspaces_or_the_first(app) {
        let owner = app.owner();
        let other = FakeModel::local(Script::of([Turn::text("other"), Turn::text("other")]).with_key(KEY)).await.unwrap();
        let made: Provider = owner.post("/api/providers", settings("Other", &other.url())).await.ok();
        let workspace = owner.workspace("a").await.id;
        app.model.push(Turn::text("first"));
        assert_eq!(owner.ask(&question(workspace, "hi")).await.text(), "first");
        let mut asked = question(workspace, "hi");
        asked.provider_id = Some(made.id);
        assert_eq!(owner.ask(&asked).await.text(), "other");
        owner.patch(&format!("/api/workspaces/{workspace}"), json!({ "defaultModel": made.id })).await.ok::<Workspace>();
        let ran = owner.ask(&question(workspace, "hi")).await;
        assert_eq!((ran.text().as_str(), ran.turn.model.as_str()), ("other", "small"));
        owner.delete(&format!("/api/providers/{}", made.id)).await.done();
        app.model.push(Turn::text("first again"));
        assert_eq!(owner.ask(&question(workspace, "hi")).await.text(), "first again");
        other.assert_finished();
    }

    async fn without_a_provider_a_turn_says_so(app, |setup| setup.without_model()) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let problem = owner.post("/api/ai/chat", question(workspace, "hi")).await.refused(Code::ModelNotConfigured);
        assert!(problem.hint.is_some());
        let talks: Value = owner.get(&format!("/api/workspaces/{workspace}/conversations")).await.ok();
        assert_eq!(talks["items"], json!([]));
    }

    async fn a_provider_that_does_not_answer_is_told_from_a_wrong_key(app) {
        let owner = app.owner();
        let strict = FakeModel::local(Script::default().with_key("another")).await.unwrap();
        let bare = FakeModel::local(Script::default().with_models([])).await.unwrap();
        for (name, url, ok, word) in [
            ("gone", "http://127.0.0.1:9/v1".to_owned(), false, "could not connect"),
            ("strict", strict.url(), false, "does not accept the key"),
            ("bare", bare.url(), true, "answers"),
            ("odd", format!("{}/nothing/here", app.owner().base()), false, ""),
        ] {
            let made: Provider = owner.post("/api/providers", settings(name, &url)).await.ok();
            let found = check(&owner, made.id).await;
            assert!(!format!("{found:?}").contains(KEY));
            if name == "bare" && !found.ok { continue }
            assert_eq!((found.ok, found.detail.contains(word)), (ok, true), "{name}: {found:?}");
            assert_eq!(found.hint.is_some(), !ok, "{found:?}");
        }
    }
}
