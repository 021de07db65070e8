//! Two servers on one Postgres: a budget is one, what one changes holds on the
//! other, and the start of one ends nothing of the other's.

use atelier_api::budget::{Budget, Budgets};
use atelier_api::model::Provider;
use atelier_api::page::Page;
use atelier_api::route::{Call, CallState};
use atelier_api::secret::CreatedToken;
use atelier_api::session::Session;
use atelier_api::usage::Usage;
use atelier_domain::call::{Ask, ModelRef, Task};
use atelier_domain::{Actor, Ctx, Domain, Error};
use atelier_model::fake::{FakeModel, Script, Step, Turn, UsageStep};
use atelier_model::{Message, Request};
use atelier_tests::{Caller, Setup, TestApp, within};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// Runs a story of servers on one database, which only Postgres is for.
async fn on_postgres(story: impl AsyncFnOnce(TestApp) -> TestApp) {
    match Setup::postgres().await {
        Some(setup) => {
            let app = setup.without_model().paper_cells().start().await;
            Box::pin(story(app)).await.finish().await;
        }
        None => println!("not run: TEST_DATABASE_URL is not set"),
    }
}

async fn ctx(app: &TestApp) -> Ctx {
    let session: Session = app.owner().get("/api/session").await.ok();
    Ctx {
        actor: Actor::Person(session.user.id.into()),
        request: app.domain.new_request_id(),
        cancel: CancellationToken::new(),
    }
}

/// A model that answers so, without end, and its provider's id.
async fn model(app: &TestApp, turns: impl IntoIterator<Item = Turn>) -> (FakeModel, Uuid) {
    let model = FakeModel::local(Script::of(turns)).await.unwrap();
    let body = json!({ "name": "Dear", "baseUrl": model.url(), "model": "dear", "inputUsdPerMillion": "1", "outputUsdPerMillion": "100" });
    let made: Provider = app.owner().post("/api/providers", body).await.ok();
    (model, made.id)
}

fn ask(provider: Uuid, most: u32) -> Ask {
    let request = Request {
        messages: vec![Message::user("Say something.")],
        max_output_tokens: Some(most),
        ..Request::default()
    };
    let mut ask = Ask::new(Task::Chat, request);
    ask.wanted = Some(ModelRef {
        provider: provider.into(),
        model: None,
    });
    ask
}

/// Asks to the end; whether the budget allowed it.
async fn asked(domain: Domain, ctx: Ctx, provider: Uuid, most: u32) -> bool {
    match domain.ask(&ctx, ask(provider, most)).await {
        Ok(mut asked) => {
            while let Some(step) = asked.next().await {
                step.unwrap();
            }
            true
        }
        Err(Error::BudgetExceeded(why)) => {
            assert!(why.used + why.reserved <= why.limit, "{why:?}");
            false
        }
        Err(other) => panic!("{other}"),
    }
}

async fn budgets(caller: &Caller) -> Vec<Budget> {
    caller.get("/api/budgets").await.ok::<Budgets>().items
}

async fn calls(caller: &Caller) -> Vec<Call> {
    caller
        .get("/api/calls?limit=1000")
        .await
        .ok::<Page<Call>>()
        .items
}

/// Money in micro-dollars.
fn micros(text: &str) -> u64 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    whole.parse::<u64>().unwrap() * 1_000_000 + format!("{fraction:0<6}").parse::<u64>().unwrap()
}

/// Asks as a program does.
async fn served(nobody: &Caller, token: &str, text: &str) -> StatusCode {
    let body = json!({ "model": "auto", "messages": [{ "role": "user", "content": text }] });
    let request = nobody.request(Method::POST, "/v1/chat/completions");
    let request = request
        .bearer_auth(token)
        .header("content-type", "application/json");
    nobody.send(request.body(body.to_string())).await.status
}

#[tokio::test]
async fn fifty_calls_over_both_never_pass_a_dollar() {
    Box::pin(on_postgres(async |app| {
        let usage = UsageStep {
            input: 40,
            output: 150,
            ..UsageStep::default()
        };
        let (_model, id) = model(
            &app,
            [Turn::of([Step::text("a b c"), Step::Usage(usage)]).repeat()],
        )
        .await;
        app.owner()
            .post(
                "/api/budgets",
                json!({ "scope": "user", "period": "day", "limitUsd": "1" }),
            )
            .await
            .ok::<Budget>();
        let (beside, ctx, agents) = (app.beside(1).await, ctx(&app).await, TaskTracker::new());
        let asking: Vec<_> = (0..50)
            .map(|number| {
                let domain = if number % 2 == 0 {
                    &app.domain
                } else {
                    &beside.domain
                };
                // Each reserves a twentieth of the budget, and uses a third of that.
                agents.spawn(asked(domain.clone(), ctx.clone(), id, 450 + number))
            })
            .collect();
        agents.close();
        while !agents.is_empty() {
            for owner in [&app.owner(), &beside.owner] {
                let spent = budgets(owner).await.remove(0).spent.unwrap();
                assert!(
                    micros(&spent.used_usd) + micros(&spent.reserved_usd) <= 1_000_000,
                    "{spent:?}"
                );
            }
        }
        let mut allowed = 0;
        for one in asking {
            allowed += u64::from(one.await.unwrap());
        }
        within("both to settle", async {
            app.domain.settle().await;
            beside.domain.settle().await;
        })
        .await;
        let (spent, made) = (
            budgets(&beside.owner).await.remove(0).spent.unwrap(),
            calls(&app.owner()).await,
        );
        let cost: u64 = made
            .iter()
            .map(|call| micros(call.cost_usd.as_deref().unwrap()))
            .sum();
        let usage: Usage = beside.owner.get("/api/usage?groupBy=user").await.ok();
        assert_eq!(
            (micros(&spent.used_usd), spent.reserved_usd.as_str()),
            (cost, "0")
        );
        assert_eq!(
            (micros(&usage.total.cost_usd.unwrap()), made.len() as u64),
            (cost, allowed)
        );
        assert!(
            allowed < 50 && cost <= 1_000_000,
            "{allowed} calls cost {cost}"
        );
        beside.finish().await;
        app
    }))
    .await;
}

#[tokio::test]
async fn a_budget_set_on_one_holds_at_once_on_the_other() {
    Box::pin(on_postgres(async |app| {
        let (_model, id) = model(&app, [Turn::text("ok").repeat()]).await;
        let (beside, ctx) = (app.beside(1).await, ctx(&app).await);
        let there = async || asked(beside.domain.clone(), ctx.clone(), id, 100).await;
        assert!(there().await);
        let made: Budget = app
            .owner()
            .post(
                "/api/budgets",
                json!({ "scope": "user", "period": "day", "limitUsd": "0.001" }),
            )
            .await
            .ok();
        assert!(!there().await, "it is not known there yet");
        let path = format!("/api/budgets/{}", made.id);
        app.owner()
            .patch(&path, json!({ "limitUsd": "1" }))
            .await
            .ok::<Budget>();
        assert!(there().await, "it was raised");
        app.owner()
            .patch(&path, json!({ "limitUsd": "0.002" }))
            .await
            .ok::<Budget>();
        assert!(!there().await, "it was lowered");
        app.owner().delete(&path).await.done();
        assert!(there().await, "it is gone");
        beside.finish().await;
        app
    }))
    .await;
}

/// The clock of tests stands still, so nothing is forgotten for its age here:
/// only what one server tells the other.
#[tokio::test]
async fn what_one_revokes_or_learns_the_other_is_told() {
    Box::pin(on_postgres(async |app| {
        let (model, _) = model(&app, [Turn::text("ok").repeat()]).await;
        let owner = app.owner();
        let made: CreatedToken = owner
            .post("/api/tokens", json!({ "name": "editor" }))
            .await
            .ok();
        let beside = app.beside(1).await;
        let there = async |text: &str| served(&beside.nobody(), &made.secret, text).await;
        assert_eq!(there("the word is swordfish-4711").await, 200);
        let leaked = || {
            model
                .requests()
                .last()
                .unwrap()
                .body
                .to_string()
                .contains("swordfish-4711")
        };
        assert!(leaked(), "nobody has said that it is a secret");
        owner
            .post(
                "/api/secrets",
                json!({ "name": "WORD", "value": "swordfish-4711" }),
            )
            .await
            .ok::<serde_json::Value>();
        within("the other server to keep the secret in", async {
            while leaked() {
                assert_eq!(there("the word is swordfish-4711").await, 200);
            }
        })
        .await;
        owner
            .delete(&format!("/api/tokens/{}", made.token.id))
            .await
            .done();
        within("the other server to refuse the token", async {
            while there("hi").await != 401 {}
        })
        .await;
        beside.finish().await;
        app
    }))
    .await;
}

#[tokio::test]
async fn a_server_that_starts_ends_only_what_the_dead_left() {
    Box::pin(on_postgres(async |app| {
        let slow = || Turn::of([Step::text("It begins"), Step::Stall(600_000)]);
        let (model, id) = model(&app, [slow(), slow(), Turn::text("ok").repeat()]).await;
        app.owner()
            .post(
                "/api/budgets",
                json!({ "scope": "user", "period": "day", "limitTokens": 1_000_000 }),
            )
            .await
            .ok::<Budget>();
        let (dying, ctx) = (app.beside(1).await, ctx(&app).await);
        let mut here = app.domain.ask(&ctx, ask(id, 5_000)).await.unwrap();
        here.next().await.unwrap().unwrap();
        let mut lost = dying.domain.ask(&ctx, ask(id, 3_000)).await.unwrap();
        lost.next().await.unwrap().unwrap();
        let (here_id, lost_id) = (here.id().as_uuid(), lost.id().as_uuid());
        let state = async |id: Uuid| {
            calls(&app.owner())
                .await
                .into_iter()
                .find(|call| call.id == id)
                .unwrap()
                .state
        };

        let second = app.beside(2).await;
        assert_eq!(
            (state(here_id).await, state(lost_id).await),
            (CallState::Running, CallState::Running)
        );
        let reserved = async || {
            budgets(&app.owner())
                .await
                .remove(0)
                .spent
                .unwrap()
                .reserved_tokens
        };
        let both = reserved().await;
        assert!(both > 8_000, "{both}");
        second.finish().await;

        // What it holds must not end it: a dead server ends nothing.
        std::mem::forget(lost);
        dying.vanish().await;
        let mut number = 3;
        within(
            "a starting server to settle what the dead one left",
            async {
                while state(lost_id).await != CallState::Interrupted {
                    app.beside(number).await.finish().await;
                    number += 1;
                }
            },
        )
        .await;
        assert_eq!(state(here_id).await, CallState::Running);
        let one = reserved().await;
        assert!(one > 5_000 && one < both, "{one} of {both}");
        drop(here);
        app.settle().await;
        assert_eq!(
            (state(here_id).await, reserved().await),
            (CallState::Cancelled, 0)
        );
        assert!(asked(app.domain.clone(), ctx, id, 10).await);
        drop(model);
        app
    }))
    .await;
}
