//! Which model answers: by choice, by rule, and when the first one fails.

use atelier_api::Code;
use atelier_api::event::TurnEvent;
use atelier_api::model::{ModelCall, Provider, Providers};
use atelier_api::page::Page;
use atelier_api::proposal::Proposal;
use atelier_api::route::{
    Call, CallState, Model, ModelDefaults, ModelRoute, Models, PriceSource, Task,
};
use atelier_api::turn::{self, ConversationDetail};
use atelier_domain::provider::EnvironmentProvider;
use atelier_model::fake::{FakeModel, Script, Step, Turn, UsageStep};
use atelier_tests::{Caller, on_both_engines, question};
use serde_json::{Value, json};
use uuid::Uuid;

/// A second model beside the environment's.
async fn second(
    owner: &Caller,
    turns: impl IntoIterator<Item = Turn>,
    body: Value,
) -> (FakeModel, Uuid) {
    let model = FakeModel::local(Script::of(turns)).await.unwrap();
    let mut whole = json!({ "name": "Second", "baseUrl": model.url(), "model": "second-model" });
    whole
        .as_object_mut()
        .unwrap()
        .extend(body.as_object().unwrap().clone());
    let id = owner
        .post("/api/providers", whole)
        .await
        .ok::<Provider>()
        .id;
    (model, id)
}

async fn calls(owner: &Caller) -> Vec<Call> {
    owner.get("/api/calls").await.ok::<Page<Call>>().items
}

async fn dry(owner: &Caller, body: Value) -> ModelRoute {
    owner.post("/api/models/route", body).await.ok()
}

on_both_engines! {
    async fn another_model_takes_over_once(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let (model, _) = second(&owner, (0..4).map(|_| Turn::text("whole")), json!({})).await;
        for fails in [
            Turn::error(429, "slow down"),
            Turn::error(503, "busy"),
            Turn::of([Step::text("half an ans"), Step::Cut]),
            Turn::of([Step::text("half"), Step::End]),
        ] {
            app.model.push(fails);
            let ran = owner.ask(&question(workspace, "hi")).await;
            let at = ran.events.iter().position(|event| matches!(event.event, TurnEvent::Switched { .. })).unwrap();
            let TurnEvent::Switched { from, to, local, reason, .. } = &ran.events[at].event else { panic!() };
            assert_eq!((from.as_str(), to.as_str(), *local), ("fake-model", "second-model", false));
            assert!(!reason.is_empty());
            let after: String = ran.events[at..].iter().filter_map(|event| match &event.event {
                TurnEvent::Text { text } => Some(text.as_str()),
                _ => None,
            }).collect();
            assert_eq!(after, "whole", "the answer begins anew");
            let talk: ConversationDetail = owner.get(&format!("/api/conversations/{}", ran.turn.conversation_id)).await.ok();
            assert_eq!(talk.messages.last().unwrap().content, "whole");
            // What was shown live is there after a reload too.
            let [failed, answered] = talk.turns[0].calls.as_slice() else { panic!("{talk:?}") };
            assert_eq!([failed.id, answered.id].as_slice(), ran.turn.model_call_ids);
            assert_eq!((failed.model.as_str(), answered.model.as_str()), ("fake-model", "second-model"));
            assert_eq!((failed.replaces_id, answered.replaces_id), (None, Some(failed.id)));
            let words = |text: &str| text.trim_end_matches('.').to_lowercase();
            assert_eq!(words(failed.error.as_deref().unwrap()), words(reason));
        }
        let made = calls(&owner).await;
        assert_eq!(made[0].replaces_id, Some(made[1].id));
        assert_eq!((made[0].state, made[1].state), (CallState::Done, CallState::Failed));
        model.assert_finished();
    }

    async fn edits_are_asked_for_in_the_form_that_suits_the_model(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a.py", "one = 1\ntwo = 2\nthree = 3\n")]).await.id;
        let whole = "Done.\n\na.py\n```\none = 1\ntwo = 22\nthree = 3\n```\n";
        let (small, id) = second(&owner, [Turn::text(whole), Turn::text("whole"), Turn::error(503, "busy")], json!({})).await;
        let path = format!("/api/providers/{id}/models/second-model");
        let said: Model = owner.put(&path, json!({ "parameters": 1_540_000_000_u64 })).await.ok();
        assert_eq!(said.parameters, Some(1_540_000_000));
        for field in ["parameters", "contextTokens", "maxOutputTokens"] {
            for size in [0, u64::MAX] {
                owner.put(&path, json!({ field: size })).await.refused_field(Code::Invalid, field);
            }
        }
        let told = |model: &FakeModel| {
            let sent = model.requests().pop().unwrap();
            let rules = sent.body["messages"][0]["content"].as_str().unwrap().to_owned();
            assert!(rules.starts_with("You are the assistant") && rules.ends_with("a.py\n"), "{rules}");
            let forms = ["<<<<<<< SEARCH", "the whole text of the file"];
            forms.map(|mark| rules.matches(mark).count())
        };

        // One of whom nobody says how large it is.
        app.model.push(Turn::text("Fine."));
        owner.ask(&question(workspace, "hi")).await;
        assert_eq!(told(&app.model), [1, 0]);

        let mut asked = question(workspace, "make two 22");
        (asked.provider_id, asked.files) = (Some(id), vec!["a.py".to_owned()]);
        let ran = owner.ask(&asked).await;
        assert_eq!(told(&small), [0, 1]);
        let made: Proposal = owner.get(&format!("/api/proposals/{}", ran.proposal())).await.ok();
        assert_eq!((made.summary.added, made.summary.removed), (1, 1), "only what changes: {made:?}");

        // The form is that of who takes over, either way.
        app.model.push(Turn::error(503, "busy"));
        assert_eq!(owner.ask(&question(workspace, "again")).await.text(), "whole");
        assert_eq!((told(&app.model), told(&small)), ([1, 0], [0, 1]));
        app.model.push(Turn::text("blocks"));
        assert_eq!(owner.ask(&asked).await.text(), "blocks");
        assert_eq!((told(&app.model), told(&small)), ([1, 0], [0, 1]));
        small.assert_finished();

        // The manifest counts what was told.
        let call = calls(&owner).await.remove(0);
        let call: ModelCall = owner.get(&format!("/api/model-calls/{}", call.id)).await.ok();
        let sent: Value = serde_json::from_str(&call.request).unwrap();
        let rules = sent["messages"][0]["content"].as_str().unwrap().len() as u64;
        assert_eq!(call.sources[0].bytes, rules);
    }

    async fn what_is_wrong_with_the_request_is_not_tried_elsewhere_and_a_second_failure_is_the_end(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let (model, _) = second(&owner, [Turn::error(503, "busy too")], json!({})).await;
        for status in [400, 401, 404] {
            app.model.push(Turn::error(status, "no"));
            let ran = owner.ask(&question(workspace, "hi")).await;
            assert!(!ran.events.iter().any(|event| matches!(event.event, TurnEvent::Switched { .. })), "{status}");
        }
        assert_eq!(model.requests().len(), 0);
        app.model.push(Turn::error(500, "broken"));
        let ran = owner.ask(&question(workspace, "hi")).await;
        let TurnEvent::Finished { code, detail, .. } = ran.end() else { panic!() };
        assert_eq!(code.as_deref(), Some("model_failed"));
        assert!(detail.unwrap().contains("busy too"), "{ran:?}");
        model.assert_finished();
    }

    async fn offline_only_what_runs_at_home_is_asked(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let set: ModelDefaults = owner.put("/api/models/defaults", json!({ "offline": true })).await.ok();
        assert!(set.offline);
        owner.post("/api/ai/chat", question(workspace, "hi")).await.refused(Code::NoModelFits);
        let (home, id) = second(&owner, [Turn::text("from home"), Turn::text("again")], json!({ "local": true })).await;
        let ran = owner.ask(&question(workspace, "hi")).await;
        assert_eq!(ran.text(), "from home");
        let sign = ran.events.iter().find_map(|event| match &event.event {
            TurnEvent::Context { local, reason, .. } => Some((*local, reason.clone())),
            _ => None,
        });
        let offline = "You are offline, and it runs on your own hardware.";
        assert_eq!(sign, Some((true, offline.to_owned())));
        let turn: turn::Turn = owner.get(&format!("/api/turns/{}", ran.turn.id)).await.ok();
        let [call] = turn.calls.as_slice() else { panic!("{turn:?}") };
        assert_eq!((call.local, call.reason.as_str(), call.model.as_str()), (true, offline, "second-model"));
        // Not even what was chosen by name leaves.
        let mut chosen = question(workspace, "hi");
        chosen.provider_id = Some(Uuid::nil());
        assert_eq!(owner.ask(&chosen).await.text(), "again");
        assert_eq!(app.model.connections(), 0, "no socket was opened");
        let found = dry(&owner, json!({ "task": "chat" })).await;
        assert!(found.offline && found.chosen.unwrap().provider_id == id);
        home.assert_finished();
    }

    async fn the_environments_model_may_run_at_home(app, |setup| setup.without_model().settings(|settings| {
        settings.environment_provider = Some(EnvironmentProvider {
            base_url: "http://127.0.0.1:9/v1".to_owned(),
            key: None,
            model: "qwen2.5-coder".to_owned(),
            prices: None,
            local: true,
        });
    })) {
        let owner = app.owner();
        let listed = owner.get("/api/models").await.ok::<Models>().items;
        assert_eq!((listed[0].local, listed[0].price_source), (true, PriceSource::Local));
        let providers: Providers = owner.get("/api/providers").await.ok();
        assert!(providers.items[0].local);
        owner.put("/api/models/defaults", json!({ "offline": true })).await.ok::<ModelDefaults>();
        let chosen = dry(&owner, json!({ "task": "chat", "leftUsd": "0" })).await.chosen.unwrap();
        assert_eq!((chosen.model.as_str(), chosen.most_usd.as_deref()), ("qwen2.5-coder", Some("0")));
    }

    async fn who_can_not_be_reached_comes_last_for_a_while(app, |setup| setup.without_model()) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let gone = json!({ "name": "Gone", "baseUrl": "http://127.0.0.1:1/v1", "model": "gone" });
        owner.post("/api/providers", gone).await.ok::<Provider>();
        let (model, _) = second(&owner, [Turn::text("one"), Turn::text("two")], json!({ "local": true })).await;
        let ran = owner.ask(&question(workspace, "hi")).await;
        assert_eq!(ran.text(), "one");
        let switched = ran.events.iter().find_map(|event| match &event.event {
            TurnEvent::Switched { local, reason, .. } => Some((*local, reason.clone())),
            _ => None,
        });
        let (local, reason) = switched.unwrap();
        assert!(local && reason.contains("not connect to Gone"), "{reason}");
        let ran = owner.ask(&question(workspace, "hi")).await;
        assert!(ran.text() == "two" && !ran.events.iter().any(|event| matches!(event.event, TurnEvent::Switched { .. })));
        let listed: Models = owner.get("/api/models").await.ok();
        assert_eq!(listed.items.iter().map(|model| model.unreachable).collect::<Vec<_>>(), [true, false]);
        model.assert_finished();
    }

    async fn a_dry_run_says_what_would_be_asked_and_why_not_the_others(app) {
        let owner = app.owner();
        let (model, id) = second(&owner, [Turn::text("ok")], json!({ "inputUsdPerMillion": "0.01", "outputUsdPerMillion": "0.02" })).await;
        let first = dry(&owner, json!({ "task": "chat" })).await;
        assert_eq!(first.chosen.as_ref().unwrap().model, "fake-model");
        assert_eq!(first.candidates.len(), 2);
        let cheap = dry(&owner, json!({ "task": "commit_message" })).await.chosen.unwrap();
        assert_eq!((cheap.provider_id, cheap.reason.as_str()), (id, "It is the cheapest that fits; commit_message goes to that."));
        let poor = dry(&owner, json!({ "task": "chat", "inputBytes": 100_000, "leftUsd": "0.002" })).await;
        assert_eq!(poor.chosen.unwrap().provider_id, id);
        let out = poor.candidates.iter().find(|found| !found.fits).unwrap();
        assert!(out.reason.contains("the budget has $0.002 left"), "{}", out.reason);
        let chosen = json!({ "task": "chat", "model": { "providerId": id, "model": "another" } });
        let named = dry(&owner, chosen).await.chosen.unwrap();
        assert_eq!((named.model.as_str(), named.reason.as_str(), named.most_usd), ("another", "You chose it.", None));

        let rule = json!({ "tasks": [{ "task": "chat", "prefer": "order", "models": [{ "providerId": id }] }] });
        let set: ModelDefaults = owner.put("/api/models/defaults", &rule).await.ok();
        assert_eq!(set.tasks.len(), 9);
        let chat = set.tasks.iter().find(|rule| rule.task == Task::Chat).unwrap();
        assert_eq!(chat.models[0].provider_id, id);
        assert_eq!(owner.get("/api/models/defaults").await.ok::<ModelDefaults>(), set);
        let workspace = owner.workspace("a").await.id;
        assert_eq!(owner.ask(&question(workspace, "hi")).await.text(), "ok", "the next one goes there");
        let made = calls(&owner).await.remove(0);
        assert_eq!((made.reason.as_str(), made.task.as_str()), ("It is your choice for chat.", "chat"));
        assert!(made.latency_ms.is_some() && made.first_token_ms.is_some());
        let strange = json!({ "tasks": [{ "task": "chat", "prefer": "order", "models": [{ "providerId": Uuid::from_u128(9) }] }] });
        owner.put("/api/models/defaults", strange).await.refused(Code::NotFound);
        model.assert_finished();
    }

    async fn models_are_listed_with_what_they_cost_and_who_says_so(app) {
        let owner = app.owner();
        let known = json!({ "name": "Claude", "baseUrl": "https://api.anthropic.com/v1", "wire": "anthropic", "model": "claude-sonnet-4-5" });
        owner.post("/api/providers", known).await.ok::<Provider>();
        let home = json!({ "name": "Home", "baseUrl": "http://127.0.0.1:9/v1", "model": "m", "local": true });
        owner.post("/api/providers", home).await.ok::<Provider>();
        let unknown = json!({ "name": "Proxy", "baseUrl": "https://proxy.example/v1", "model": "gpt-4o" });
        owner.post("/api/providers", unknown).await.ok::<Provider>();
        let listed = owner.get("/api/models").await.ok::<Models>().items;
        let shown: Vec<_> = listed.iter().map(|model| (model.provider.as_str(), model.price_source, model.input_usd_per_million.as_deref())).collect();
        assert_eq!(shown, [
            ("Environment", PriceSource::Person, Some("0.15")),
            ("Claude", PriceSource::Published, Some("3")),
            ("Home", PriceSource::Local, Some("0")),
            ("Proxy", PriceSource::Unknown, None),
        ]);
        assert_eq!((listed[1].wire.as_str(), listed[1].context_tokens, listed[1].images), ("anthropic", Some(200_000), Some(true)));
        assert!(listed[1].price_date.is_some() && listed[3].price_date.is_none());
        let wrong = json!({ "name": "X", "baseUrl": "https://h/v1", "wire": "telex", "model": "m" });
        owner.post("/api/providers", wrong).await.refused_field(Code::Invalid, "wire");
    }

    async fn a_long_conversation_costs_what_was_said_of_it(app) {
        let owner = app.owner();
        let (model, id) = second(&owner, [], json!({})).await;
        let path = format!("/api/providers/{id}/models/second-model");
        let mut prices = json!({ "inputUsdPerMillion": "1", "outputUsdPerMillion": "2",
            "long": { "fromTokens": 200_000, "inputUsdPerMillion": "3", "outputUsdPerMillion": "4" } });
        let set: Model = owner.put(&path, &prices).await.ok();
        let long = set.long.unwrap();
        assert_eq!((long.from_tokens, long.input_usd_per_million.as_str(), long.cached_input_usd_per_million), (200_000, "3", None));
        let usage = |input| Step::Usage(UsageStep { input, output: 1_000, ..UsageStep::default() });
        let workspace = owner.workspace("a").await.id;
        for (input, usd) in [(200_000, "0.202"), (200_001, "0.604003")] {
            model.push(Turn::of([Step::text("hi"), usage(input)]));
            owner.ask(&turn::Chat { provider_id: Some(id), ..question(workspace, "hi") }).await;
            assert_eq!(calls(&owner).await[0].cost_usd.as_deref(), Some(usd), "{input}");
        }
        prices["long"]["fromTokens"] = 0.into();
        owner.put(&path, &prices).await.refused_field(Code::Invalid, "long");
        let alone = json!({ "long": { "fromTokens": 9, "inputUsdPerMillion": "3" } });
        owner.put(&path, alone).await.refused_field(Code::Invalid, "inputUsdPerMillion");
    }

    async fn what_openrouter_charges_is_what_a_call_cost(app) {
        let owner = app.owner();
        let router = json!({ "wire": "openrouter", "inputUsdPerMillion": "1", "outputUsdPerMillion": "2" });
        let said = |charged_micros| Turn::of([Step::text("hi"), Step::Usage(UsageStep { input: 1_000, output: 1_000, charged_micros, ..UsageStep::default() })]);
        let (model, id) = second(&owner, [said(Some(1_234)), said(None)], router).await;
        let workspace = owner.workspace("a").await.id;
        for usd in ["0.001234", "0.003"] {
            owner.ask(&turn::Chat { provider_id: Some(id), ..question(workspace, "hi") }).await;
            assert_eq!(calls(&owner).await[0].cost_usd.as_deref(), Some(usd));
        }
        model.assert_finished();
    }

    async fn calls_are_listed_page_by_page(app) {
        let owner = app.owner();
        let (one, two) = (owner.workspace("a").await.id, owner.workspace("b").await.id);
        for workspace in [one, one, two] {
            app.model.push(Turn::text("ok"));
            owner.ask(&question(workspace, "hi")).await;
        }
        let first: Page<Call> = owner.get("/api/calls?limit=2").await.ok();
        assert_eq!(first.items.len(), 2);
        let rest: Page<Call> = owner.get(&format!("/api/calls?cursor={}", first.next_cursor.unwrap())).await.ok();
        assert_eq!((rest.items.len(), rest.next_cursor), (1, None));
        let here: Page<Call> = owner.get(&format!("/api/calls?workspaceId={one}")).await.ok();
        assert_eq!(here.items.len(), 2);
        let stranger = app.stranger().await;
        stranger.get(&format!("/api/calls?workspaceId={one}")).await.refused(Code::NotFound);
        assert_eq!(calls(&stranger).await.len(), 0);
    }
}
