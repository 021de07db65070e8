//! What the one way to a model adds to the model's own time: printed, never
//! judged.

use std::time::{Duration, Instant};

use atelier_api::model::Provider;
use atelier_api::page::Page;
use atelier_api::route::{Call, CallState};
use atelier_api::session::Session;
use atelier_domain::call::{Ask, Task};
use atelier_domain::{Actor, Ctx};
use atelier_model::fake::{FakeModel, Script, Turn};
use atelier_model::{Delta, Endpoint, Gateway, GatewayOptions, Message, Request, Wire};
use atelier_tests::{TestApp, on_both_engines};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const ALONE: usize = 60;
const TOGETHER: usize = 64;
const ROUNDS: usize = 4;

async fn ctx(app: &TestApp) -> Ctx {
    let session: Session = app.owner().get("/api/session").await.ok();
    Ctx {
        actor: Actor::Person(session.user.id.into()),
        request: app.domain.new_request_id(),
        cancel: CancellationToken::new(),
    }
}

fn request() -> Request {
    Request {
        messages: vec![Message::user("Say something.")],
        max_output_tokens: Some(100),
        ..Request::default()
    }
}

/// Asks through the funnel; the time until the first piece of the answer.
async fn asked(app: &TestApp, ctx: &Ctx) -> Duration {
    let begun = Instant::now();
    let mut asked = app
        .domain
        .ask(ctx, Ask::new(Task::Chat, request()))
        .await
        .unwrap();
    asked.next().await.unwrap().unwrap();
    let first = begun.elapsed();
    while let Some(step) = asked.next().await {
        step.unwrap();
    }
    first
}

/// Asks the gateway alone.
async fn direct(gateway: &Gateway, endpoint: &Endpoint) -> Duration {
    let begun = Instant::now();
    let prepared = gateway.prepare(endpoint, &request()).unwrap();
    let mut call = gateway
        .stream(prepared, CancellationToken::new())
        .await
        .unwrap();
    assert!(matches!(call.next().await, Some(Ok(Delta::Text(_)))));
    let first = begun.elapsed();
    while let Some(step) = call.next().await {
        step.unwrap();
    }
    first
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

on_both_engines! {
    async fn calls_are_metered_one_by_one_and_many_at_once(app, |setup| setup.without_model()) {
        let owner = app.owner();
        let model = FakeModel::local(Script::of([Turn::text("x").repeat()])).await.unwrap();
        let body = json!({ "name": "Fake", "baseUrl": model.url(), "model": "m", "inputUsdPerMillion": "1", "outputUsdPerMillion": "1" });
        owner.post("/api/providers", body).await.ok::<Provider>();
        let gateway = Gateway::new(GatewayOptions::default()).unwrap();
        let endpoint = Endpoint {
            name: "Fake".to_owned(),
            base_url: gateway.parse_base_url(&model.url()).unwrap(),
            wire: Wire::OpenAiChat,
            key: None,
            model: "m".to_owned(),
            max_output_tokens: None,
            prices: None,
        };
        let ctx = ctx(app).await;
        let (mut through, mut around) = (Vec::new(), Vec::new());
        for _ in 0..ALONE {
            around.push(direct(&gateway, &endpoint).await);
            through.push(asked(app, &ctx).await);
        }
        let (through, around) = (median(through), median(around));
        let begun = Instant::now();
        for _ in 0..ROUNDS {
            let tasks = TaskTracker::new();
            for _ in 0..TOGETHER {
                let (domain, ctx) = (app.domain.clone(), ctx.clone());
                tasks.spawn(async move {
                    let mut asked = domain.ask(&ctx, Ask::new(Task::Chat, request())).await.unwrap();
                    while let Some(step) = asked.next().await {
                        step.unwrap();
                    }
                });
            }
            tasks.close();
            tasks.wait().await;
        }
        let each = begun.elapsed() / u32::try_from(ROUNDS * TOGETHER).unwrap();
        println!("first token: {around:?} without, {through:?} with; {TOGETHER} at once: {each:?} each");
        app.settle().await;
        let mut made = 0;
        let mut cursor = String::new();
        loop {
            let page: Page<Call> = owner.get(&format!("/api/calls?limit=100{cursor}")).await.ok();
            assert!(page.items.iter().all(|call| call.state == CallState::Done && call.cost_usd.is_some()));
            made += page.items.len();
            match page.next_cursor {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(made, ALONE + ROUNDS * TOGETHER);
    }
}
