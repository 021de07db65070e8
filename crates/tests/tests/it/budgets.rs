//! Budgets: however many ask at once, what is used and reserved never passes
//! a limit, and what calls cost is what usage says.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use atelier_api::Code;
use atelier_api::budget::{Budget, Budgets};
use atelier_api::event::TurnEvent;
use atelier_api::model::Provider;
use atelier_api::page::Page;
use atelier_api::route::{Call, CallState, Model};
use atelier_api::session::Session;
use atelier_api::usage::Usage;
use atelier_domain::call::{Ask, ModelRef, Part, Task, Wish};
use atelier_domain::{Actor, Ctx, Domain, Error};
use atelier_model::fake::{FakeModel, Script, Step, Turn, UsageStep};
use atelier_model::{Delta, Message, Request};
use atelier_tests::{Caller, TestApp, on_both_engines, question};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

async fn ctx(app: &TestApp) -> Ctx {
    let session: Session = app.owner().get("/api/session").await.ok();
    Ctx {
        actor: Actor::Person(session.user.id.into()),
        request: app.domain.new_request_id(),
        cancel: CancellationToken::new(),
    }
}

async fn set(owner: &Caller, body: Value) -> Budget {
    owner.post("/api/budgets", body).await.ok()
}

async fn budgets(owner: &Caller) -> Vec<Budget> {
    owner.get("/api/budgets").await.ok::<Budgets>().items
}

async fn calls(owner: &Caller) -> Vec<Call> {
    owner
        .get("/api/calls?limit=5000")
        .await
        .ok::<Page<Call>>()
        .items
}

/// Money in micro-dollars.
fn micros(text: &str) -> u64 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    whole.parse::<u64>().unwrap() * 1_000_000 + format!("{fraction:0<6}").parse::<u64>().unwrap()
}

/// Configures a provider with prices and returns its id.
async fn provider(owner: &Caller, model: &FakeModel, body: Value) -> Uuid {
    let mut whole = json!({ "name": "Dear", "baseUrl": model.url(), "model": "dear" });
    whole
        .as_object_mut()
        .unwrap()
        .extend(body.as_object().unwrap().clone());
    owner
        .post("/api/providers", whole)
        .await
        .ok::<Provider>()
        .id
}

fn ask(provider: Uuid, max_output_tokens: Option<u32>) -> Ask {
    let request = Request {
        messages: vec![Message::user("Say something.")],
        max_output_tokens,
        ..Request::default()
    };
    let mut ask = Ask::new(Task::Chat, request);
    ask.wanted = Some(ModelRef {
        provider: provider.into(),
        model: None,
    });
    ask
}

/// How the end of a turn is named.
fn code(event: &TurnEvent) -> Option<&str> {
    match event {
        TurnEvent::Finished { code, .. } => code.as_deref(),
        other => panic!("{other:?}"),
    }
}

/// One of many that ask at once: to the end, or only for a look.
async fn agent(domain: Domain, ctx: Ctx, provider: Uuid, number: u32, refused: Arc<AtomicUsize>) {
    for round in 0..3 {
        // Some are longer than others, and some are given up half-way.
        let most = 200 + 97 * ((number * 7 + round * 13) % 9);
        match domain.ask(&ctx, ask(provider, Some(most))).await {
            Ok(mut asked) => match (number + round) % 5 {
                0 => drop(asked),
                1 => drop(asked.next().await),
                _ => while let Some(Ok(_)) = asked.next().await {},
            },
            Err(Error::BudgetExceeded(exceeded)) => {
                assert!(
                    exceeded.used + exceeded.reserved <= exceeded.limit,
                    "{exceeded:?}"
                );
                assert!(
                    exceeded.used + exceeded.reserved + exceeded.wanted > exceeded.limit,
                    "{exceeded:?}"
                );
                refused.fetch_add(1, Ordering::Relaxed);
            }
            Err(other) => panic!("{other}"),
        }
    }
}

on_both_engines! {
    async fn fifty_at_once_never_pass_a_dollar(app) {
        let owner = app.owner();
        let usage = UsageStep { input: 40, output: 150, ..UsageStep::default() };
        let model = FakeModel::local(Script::of([Turn::of([Step::text("a b c"), Step::Usage(usage)]).repeat()])).await.unwrap();
        // The longest answers reserve a tenth of the budget, and use a part.
        let id = provider(&owner, &model, json!({ "inputUsdPerMillion": "1", "outputUsdPerMillion": "100" })).await;
        set(&owner, json!({ "scope": "user", "period": "day", "limitUsd": "1" })).await;
        let (ctx, refused, agents) = (ctx(app).await, Arc::new(AtomicUsize::new(0)), TaskTracker::new());
        for number in 0..50 {
            agents.spawn(agent(app.domain.clone(), ctx.clone(), id, number, refused.clone()));
        }
        agents.close();
        let watched = async {
            while !agents.is_empty() {
                let spent = budgets(&owner).await.remove(0).spent.unwrap();
                assert!(micros(&spent.used_usd) + micros(&spent.reserved_usd) <= 1_000_000, "{spent:?}");
            }
        };
        watched.await;
        agents.wait().await;
        app.settle().await;
        let spent = budgets(&owner).await.remove(0).spent.unwrap();
        let made = calls(&owner).await;
        let cost: u64 = made.iter().map(|call| micros(call.cost_usd.as_deref().unwrap())).sum();
        let tokens: i64 = made.iter().map(|call| call.input_tokens + call.output_tokens).sum();
        let usage: Usage = owner.get("/api/usage?groupBy=model").await.ok();
        assert!(cost <= 1_000_000 && cost > 0, "{cost}");
        assert_eq!((micros(&spent.used_usd), spent.reserved_usd.as_str()), (cost, "0"));
        assert_eq!((i64::try_from(spent.used_tokens).unwrap(), spent.reserved_tokens), (tokens, 0));
        assert_eq!(micros(&usage.total.cost_usd.unwrap()), cost);
        assert_eq!(usage.total.input_tokens + usage.total.output_tokens, tokens);
        assert_eq!(usage.total.calls, i64::try_from(made.len()).unwrap());
        assert!(made.iter().all(|call| call.state != CallState::Running));
        assert_eq!(made.len() + refused.load(Ordering::Relaxed), 150);
        assert!(refused.load(Ordering::Relaxed) > 0, "the limit was met");
    }

    async fn a_budget_that_does_not_last_says_which_and_until_when(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let body = json!({ "scope": "workspace", "subjectId": workspace, "period": "month", "limitTokens": 100 });
        let made = set(&owner, body).await;
        assert_eq!(made.resets_at.as_deref(), Some("2026-02-01T00:00:00.000000Z"));
        let ran = owner.ask(&question(workspace, "hi")).await;
        let TurnEvent::Finished { code, detail, hint, .. } = ran.end() else { panic!() };
        assert_eq!(code.as_deref(), Some("budget_exceeded"));
        let detail = detail.unwrap();
        assert!(detail.contains("the workspace's monthly budget of 100 tokens") && detail.contains("0 tokens is used"), "{detail}");
        assert!(hint.unwrap().contains("2026-02-01"), "it says when");
        assert_eq!(app.model.requests().len(), 0, "nothing left");
        // Elsewhere nothing counts.
        let other = owner.workspace("b").await.id;
        app.model.push(Turn::text("ok"));
        assert_eq!(owner.ask(&question(other, "hi")).await.text(), "ok");
        owner.patch(&format!("/api/budgets/{}", made.id), json!({ "limitTokens": 1_000_000 })).await.ok::<Budget>();
        app.model.push(Turn::text("now"));
        assert_eq!(owner.ask(&question(workspace, "hi")).await.text(), "now");
    }

    async fn an_answer_without_a_limit_gets_what_the_budget_allows(app) {
        let owner = app.owner();
        let id = provider(&owner, &app.model, json!({ "inputUsdPerMillion": "1", "outputUsdPerMillion": "10" })).await;
        set(&owner, json!({ "scope": "user", "period": "total", "limitUsd": "0.01" })).await;
        app.model.push(Turn::text("ok"));
        let mut asked = app.domain.ask(&ctx(app).await, ask(id, None)).await.unwrap();
        while let Some(step) = asked.next().await {
            assert!(matches!(step, Ok(Part::Delta(_))));
        }
        let sent = app.model.requests().remove(0).body;
        let most = sent["max_tokens"].as_u64().unwrap();
        // A cent buys a thousand tokens less what the question may cost.
        assert!((900..1_000).contains(&most), "{most}");
        let spent = budgets(&owner).await.remove(0).spent.unwrap();
        assert!(micros(&spent.used_usd) > 0 && spent.reserved_usd == "0", "{spent:?}");
    }

    /// Nothing is sent: what is asked for is dropped before it is looked at.
    async fn input_is_counted_where_a_budget_would_refuse_its_bytes(app) {
        let (owner, ctx) = (app.owner(), ctx(app).await);
        let text = "The quick brown fox jumps over the lazy dog. ".repeat(1_000);
        let long = |id, most| {
            let mut ask = ask(id, most);
            let Wish::Answer(request) = &mut ask.wish else { panic!() };
            request.messages = vec![Message::user(&text)];
            ask
        };
        let openai = json!({ "baseUrl": "https://api.openai.com/v1", "model": "gpt-4o" });
        let public = provider(&owner, &app.model, openai).await;
        let secret = provider(&owner, &app.model, json!({ "name": "Own" })).await;
        set(&owner, json!({ "scope": "user", "period": "total", "limitTokens": 20_000 })).await;
        // 45,000 bytes, and some 10,000 tokens.
        let refused = app.domain.ask(&ctx, long(secret, Some(500))).await.unwrap_err();
        assert!(matches!(&refused, Error::BudgetExceeded(why) if why.wanted > 45_000), "{refused}");
        for (most, reserved) in [(Some(500), 10_000..13_000), (None, 18_000..20_001)] {
            let asked = app.domain.ask(&ctx, long(public, most)).await.unwrap();
            let call = calls(&owner).await.remove(0);
            assert!(reserved.contains(&call.reserved_tokens), "{}", call.reserved_tokens);
            drop(asked);
            app.settle().await;
        }
        let refused = app.domain.ask(&ctx, long(public, Some(15_000))).await.unwrap_err();
        assert!(matches!(&refused, Error::BudgetExceeded(why) if why.wanted < 30_000), "{refused}");
        // What lasts by its bytes is not counted.
        let budget = budgets(&owner).await.remove(0).id;
        owner.patch(&format!("/api/budgets/{budget}"), json!({ "limitTokens": 60_000 })).await.ok::<Budget>();
        let _asked = app.domain.ask(&ctx, long(public, Some(500))).await.unwrap();
        assert!(calls(&owner).await.remove(0).reserved_tokens > 45_000);
    }

    async fn a_model_without_a_price_is_refused_until_it_has_one(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let id = provider(&owner, &app.model, json!({ "model": "vendor/unheard-of" })).await;
        set(&owner, json!({ "scope": "turn", "period": "total", "limitUsd": "0.5" })).await;
        let mut asked = question(workspace, "hi");
        asked.provider_id = Some(id);
        let refused = owner.ask(&asked).await;
        assert_eq!(code(&refused.end()), Some("price_unknown"));
        let path = format!("/api/providers/{id}/models/vendor%2Funheard-of");
        let listed: Model = owner.put(&path, json!({ "inputUsdPerMillion": "0.5", "outputUsdPerMillion": "1", "contextTokens": 9000 })).await.ok();
        assert_eq!((listed.model.as_str(), listed.output_usd_per_million.as_deref(), listed.context_tokens), ("vendor/unheard-of", Some("1"), Some(9000)));
        app.model.push(Turn::text("ok"));
        assert_eq!(owner.ask(&asked).await.text(), "ok");
        owner.put(&path, json!({ "inputUsdPerMillion": "0.5" })).await.refused_field(Code::Invalid, "outputUsdPerMillion");
        let unpriced: Model = owner.put(&path, json!({})).await.ok();
        assert_eq!((unpriced.output_usd_per_million, unpriced.context_tokens), (None, Some(9000)));
        let again = owner.ask(&asked).await;
        assert_eq!(code(&again.end()), Some("price_unknown"));
    }

    async fn what_was_said_of_a_models_size_can_be_taken_back(app) {
        let owner = app.owner();
        let id = provider(&owner, &app.model, json!({ "model": "vendor/unheard-of" })).await;
        let path = format!("/api/providers/{id}/models/vendor%2Funheard-of");
        let sizes = |model: Model| (model.context_tokens, model.max_output_tokens, model.parameters);
        let said = json!({ "contextTokens": 9000, "maxOutputTokens": 500, "parameters": 1_500_000_000_u64 });
        assert_eq!(sizes(owner.put(&path, said).await.ok()), (Some(9000), Some(500), Some(1_500_000_000)));
        let one = json!({ "contextTokens": null });
        assert_eq!(sizes(owner.put(&path, one).await.ok()), (None, Some(500), Some(1_500_000_000)));
        let rest = json!({ "maxOutputTokens": null, "parameters": null });
        assert_eq!(sizes(owner.put(&path, rest).await.ok()), (None, None, None));
    }

    async fn what_runs_at_home_costs_nothing_however_little_is_left(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let home = FakeModel::local(Script::of([Turn::text("from home")])).await.unwrap();
        let id = provider(&owner, &home, json!({ "local": true })).await;
        set(&owner, json!({ "scope": "user", "period": "day", "limitUsd": "0" })).await;
        let mut asked = question(workspace, "hi");
        asked.provider_id = Some(id);
        let ran = owner.ask(&asked).await;
        assert_eq!((ran.text().as_str(), ran.turn.usage.cost_usd.as_deref()), ("from home", Some("0")));
        let made = calls(&owner).await;
        assert!(made[0].local && made[0].cost_usd.as_deref() == Some("0"), "{made:?}");
        home.assert_finished();
    }

    async fn what_is_given_up_frees_what_was_reserved(app) {
        let owner = app.owner();
        let id = provider(&owner, &app.model, json!({ "inputUsdPerMillion": "1", "outputUsdPerMillion": "1" })).await;
        set(&owner, json!({ "scope": "user", "period": "day", "limitTokens": 10_000 })).await;
        app.model.push(Turn::of([Step::text("It begins"), Step::Stall(600_000)]));
        let ctx = ctx(app).await;
        let mut asked = app.domain.ask(&ctx, ask(id, Some(5_000))).await.unwrap();
        assert!(matches!(asked.next().await, Some(Ok(Part::Delta(_)))));
        let running = calls(&owner).await.remove(0);
        assert_eq!((running.state, running.cost_usd.clone()), (CallState::Running, None));
        let reserved = budgets(&owner).await.remove(0).spent.unwrap().reserved_tokens;
        assert!(reserved > 5_000 && i64::try_from(reserved).unwrap() == running.reserved_tokens, "{reserved}");
        drop(asked);
        app.settle().await;
        let spent = budgets(&owner).await.remove(0).spent.unwrap();
        assert!(spent.reserved_tokens == 0 && spent.used_tokens > 0 && spent.used_tokens < 1_000, "{spent:?}");
        assert_eq!(calls(&owner).await.remove(0).state, CallState::Cancelled);
    }

    /// A provider may begin with a count of one token, and be cut off behind
    /// thousands.
    async fn answers_that_are_stopped_count_what_came_of_them(app) {
        let owner = app.owner();
        let prices = json!({ "wire": "anthropic", "inputUsdPerMillion": "1", "outputUsdPerMillion": "100" });
        let id = provider(&owner, &app.model, prices).await;
        set(&owner, json!({ "scope": "user", "period": "day", "limitUsd": "1" })).await;
        app.model.push(Turn::of([Step::text("a".repeat(8_000)), Step::Stall(600_000)]));
        let ctx = ctx(app).await;
        let mut asked = app.domain.ask(&ctx, ask(id, Some(9_000))).await.unwrap();
        let mut came = 0;
        while came < 8_000 {
            if let Some(Ok(Part::Delta(Delta::Text(text)))) = asked.next().await {
                came += text.len();
            }
        }
        // Also what it may have written since, and nobody saw.
        app.clock.advance(Duration::from_secs(17));
        drop(asked);
        app.settle().await;
        let stopped = calls(&owner).await.remove(0);
        assert_eq!((stopped.state, stopped.output_tokens, stopped.measured), (CallState::Cancelled, 8_500, false));
        let cost = micros(stopped.cost_usd.as_deref().unwrap());
        assert!((850_000..=900_000).contains(&cost), "{cost}");
        let spent = budgets(&owner).await.remove(0).spent.unwrap();
        assert_eq!((micros(&spent.used_usd), spent.reserved_usd.as_str()), (cost, "0"));
        let refused = app.domain.ask(&ctx, ask(id, Some(9_000))).await.unwrap_err();
        assert!(matches!(refused, Error::BudgetExceeded(_)), "{refused}");
    }

    async fn wrong_budgets_name_their_field(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        for (field, body) in [
            ("limitUsd", json!({ "scope": "user", "period": "day" })),
            ("limitUsd", json!({ "scope": "user", "period": "day", "limitUsd": "" })),
            ("limitUsd", json!({ "scope": "user", "period": "day", "limitUsd": "-1" })),
            ("limitUsd", json!({ "scope": "user", "period": "day", "limitUsd": "0.0000001" })),
            ("limitTokens", json!({ "scope": "user", "period": "day", "limitTokens": u64::MAX })),
            ("subjectId", json!({ "scope": "workspace", "period": "day", "limitTokens": 1 })),
            ("subjectId", json!({ "scope": "user", "subjectId": workspace, "period": "day", "limitTokens": 1 })),
        ] {
            owner.post("/api/budgets", body).await.refused_field(Code::Invalid, field);
        }
        let stranger = app.stranger().await;
        let body = json!({ "scope": "workspace", "subjectId": workspace, "period": "day", "limitTokens": 1 });
        stranger.post("/api/budgets", &body).await.refused(Code::NotFound);
        let made = set(&owner, body).await;
        let path = format!("/api/budgets/{}", made.id);
        stranger.patch(&path, json!({ "limitTokens": 9 })).await.refused(Code::NotFound);
        stranger.delete(&path).await.refused(Code::NotFound);
        assert_eq!(budgets(&stranger).await.len(), 0);
        owner.delete(&path).await.done();
        assert_eq!(budgets(&owner).await.len(), 0);
    }
}
