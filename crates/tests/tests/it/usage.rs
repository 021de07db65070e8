//! What was used: exact sums, by day, model, workspace and turn, as JSON and CSV.

use std::time::Duration;

use atelier_api::budget::Budget;
use atelier_api::event::TurnEvent;
use atelier_api::model::Provider;
use atelier_api::session::Session;
use atelier_api::turn::Turn as Asked;
use atelier_api::usage::{Usage, UsageRow};
use atelier_domain::call::{Ask, ModelRef, Task};
use atelier_domain::{Actor, Ctx};
use atelier_model::fake::{Step, Turn, UsageStep};
use atelier_model::{Message, Request};
use atelier_tests::{TestApp, on_both_engines, question};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

fn used(input: u64, output: u64) -> Turn {
    let usage = UsageStep {
        input,
        output,
        ..UsageStep::default()
    };
    Turn::of([Step::text("x"), Step::Usage(usage)])
}

async fn usage(app: &TestApp, query: &str) -> Usage {
    app.owner().get(&format!("/api/usage?{query}")).await.ok()
}

fn sums(row: &UsageRow) -> (i64, i64, &str, i64) {
    let unknown = "unknown";
    (
        row.input_tokens,
        row.output_tokens,
        row.cost_usd.as_deref().unwrap_or(unknown),
        row.unpriced,
    )
}

/// Two priced turns in one workspace, on two days, and an unpriced one and a
/// run in another.
async fn use_some(app: &TestApp) -> [Uuid; 5] {
    let owner = app.owner();
    let (one, two) = (
        owner.workspace("one, \"quoted\"").await.id,
        owner.workspace("=two").await.id,
    );
    app.model.push(used(1_000, 200));
    let first = owner.ask(&question(one, "a")).await.turn.id;
    app.clock.advance(Duration::from_hours(24));
    app.model.push(used(1, 0));
    let second = owner.ask(&question(one, "b")).await.turn.id;
    let body = json!({ "name": "unpriced", "baseUrl": app.model.url(), "model": "other-model", "inputUsdPerMillion": "1" });
    let provider: Provider = owner.post("/api/providers", body).await.ok();
    app.model.push(used(10, 5));
    let mut asked = question(two, "c");
    asked.provider_id = Some(provider.id);
    let third = owner.ask(&asked).await.turn.id;
    owner.sh(two, "true").await;
    [one, two, first, second, third]
}

on_both_engines! {
    async fn usage_is_summed_up_exactly(app) {
        assert_eq!(usage(app, "").await.items.len(), 0);
        let [one, two, first, second, third] = use_some(app).await;
        let expected = |key: String, input, output, cost: &str, unpriced| (key, input, output, cost.to_owned(), unpriced);
        for (group, rows) in [
            ("day", vec![
                expected("2026-01-01".into(), 1_000, 200, "0.00027", 0),
                expected("2026-01-02".into(), 11, 5, "0.000001", 1),
            ]),
            ("model", vec![
                expected("fake-model".into(), 1_001, 200, "0.000271", 0),
                expected("none".into(), 0, 0, "0", 0),
                expected("other-model".into(), 10, 5, "unknown", 1),
            ]),
            ("workspace", vec![
                expected(one.to_string(), 1_001, 200, "0.000271", 0),
                expected(two.to_string(), 10, 5, "unknown", 1),
            ]),
            ("turn", vec![
                expected(first.to_string(), 1_000, 200, "0.00027", 0),
                expected(second.to_string(), 1, 0, "0.000001", 0),
                expected(third.to_string(), 10, 5, "unknown", 1),
                expected("none".into(), 0, 0, "0", 0),
            ]),
        ] {
            let found = usage(app, &format!("groupBy={group}")).await;
            let mut keyed: Vec<_> = found.items.iter().map(|row| {
                let (input, output, cost, unpriced) = sums(row);
                (row.key.clone(), input, output, cost.to_owned(), unpriced)
            }).collect();
            let mut rows = rows;
            keyed.sort();
            rows.sort();
            assert_eq!(keyed, rows, "{group}");
            assert_eq!(sums(&found.total), (1_011, 205, "0.000271", 1), "{group}");
            assert_eq!(found.items.iter().map(|row| row.run_ms).sum::<i64>(), found.total.run_ms);
        }
        let by_workspace = usage(app, "groupBy=workspace").await;
        let named = by_workspace.items.iter().find(|row| row.key == two.to_string()).unwrap();
        assert_eq!(named.name.as_deref(), Some("=two"));
        assert!(named.run_ms >= 0);
    }

    async fn people_and_turns_go_by_their_names(app) {
        let [one, _, first, ..] = use_some(app).await;
        let by_person = usage(app, "groupBy=user").await;
        assert_eq!(by_person.items[0].name.as_deref(), Some("Owner"));
        let by_turn = usage(app, "groupBy=turn").await;
        let named = by_turn.items.iter().find(|row| row.key == first.to_string()).unwrap();
        let asked: Asked = app.owner().get(&format!("/api/turns/{first}")).await.ok();
        assert_eq!(named.name.as_deref(), Some("a"));
        let turn = named.turn.as_ref().unwrap();
        assert_eq!((turn.workspace_id, turn.conversation_id, &turn.asked_at), (one, asked.conversation_id, &asked.created_at));
        let runs = by_turn.items.iter().find(|row| row.key == "none").unwrap();
        assert_eq!((runs.name.as_deref(), &runs.turn), (Some("Runs"), &None));
    }

    async fn usage_is_narrowed_by_workspace_and_time(app) {
        let [one, two, ..] = use_some(app).await;
        for (query, expected) in [
            (format!("workspaceId={one}"), (1_001, 200, "0.000271", 0)),
            (format!("workspaceId={two}"), (10, 5, "unknown", 1)),
            ("from=2026-01-02T00:00:00Z".to_owned(), (11, 5, "0.000001", 1)),
            ("to=2026-01-02T00:00:00Z".to_owned(), (1_000, 200, "0.00027", 0)),
            ("from=2026-01-01T00:00:00Z&to=2026-01-03T00:00:00%2B00:00".to_owned(), (1_011, 205, "0.000271", 1)),
            ("from=2027-01-01T00:00:00Z".to_owned(), (0, 0, "0", 0)),
        ] {
            assert_eq!(sums(&usage(app, &query).await.total), expected, "{query}");
        }
    }

    async fn usage_is_a_table_for_spreadsheets(app) {
        let [one, two, ..] = use_some(app).await;
        let reply = app.owner().get("/api/usage?groupBy=workspace&format=csv").await;
        assert_eq!(reply.header("content-type"), "text/csv; charset=utf-8");
        assert!(reply.header("content-disposition").contains("usage.csv"));
        let lines: Vec<&str> = reply.text().split("\r\n").collect();
        assert_eq!(lines[0], "key,name,calls,inputTokens,cachedInputTokens,cacheWriteTokens,outputTokens,reasoningTokens,runMs,costUsd,unpriced");
        assert!(lines.contains(&&*format!("\"{one}\",\"one, \"\"quoted\"\"\",2,1001,0,0,200,0,0,0.000271,0")), "{lines:?}");
        // A name that begins a formula is guarded.
        assert!(lines.iter().any(|line| line.starts_with(&format!("\"{two}\",\"'=two\",1,10,0,0,5,0,")) && line.ends_with(",,1")), "{lines:?}");
        assert_eq!(lines.len(), 4, "{lines:?}");
    }

    async fn usage_is_never_cut_without_a_word(app) {
        const MODELS: usize = 1_003;
        let owner = app.owner();
        let session: Session = owner.get("/api/session").await.ok();
        let ctx = Ctx {
            actor: Actor::Person(session.user.id.into()),
            request: app.domain.new_request_id(),
            cancel: CancellationToken::new(),
        };
        let body = json!({ "name": "many", "baseUrl": app.model.url(), "model": "m", "inputUsdPerMillion": "1", "outputUsdPerMillion": "1" });
        let provider: Provider = owner.post("/api/providers", body).await.ok();
        for number in 0..MODELS {
            let request = Request { messages: vec![Message::user("hi")], ..Request::default() };
            let mut ask = Ask::new(Task::Chat, request);
            ask.wanted = Some(ModelRef { provider: provider.id.into(), model: Some(format!("m{number:04}")) });
            // Given up before it leaves, it is a call all the same.
            drop(app.domain.ask(&ctx, ask).await.unwrap());
        }
        app.settle().await;
        let found = usage(app, "groupBy=model").await;
        let rest = found.items.last().unwrap();
        assert_eq!((found.items.len(), rest.key.as_str(), rest.calls), (1_001, "rest", 3));
        assert_eq!(found.items.iter().map(|row| row.calls).sum::<i64>(), found.total.calls);
        let reply = owner.get("/api/usage?groupBy=model&format=csv").await;
        let keys: Vec<_> = reply.text().lines().skip(1).filter_map(|line| line.split(',').next().map(str::to_owned)).collect();
        assert_eq!(keys.len(), MODELS, "a table has them all");
        assert!(keys.iter().all(|key| key != "\"rest\""));
    }

    async fn counts_that_nobody_can_have_used_do_no_harm(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        for _ in 0..3 {
            app.model.push(used(u64::MAX / 4, u64::MAX / 4));
            assert_eq!(owner.ask(&question(workspace, "hi")).await.text(), "x");
        }
        let total = usage(app, "").await.total;
        assert_eq!((total.calls, total.input_tokens, total.output_tokens), (3, 3 << 40, 3 << 40));
        assert!(total.cost_usd.is_some());
        // A budget can be summed up from them, too.
        let budget = json!({ "scope": "user", "period": "total", "limitTokens": 1_000_000_000_000_u64 });
        owner.post("/api/budgets", budget).await.ok::<Budget>();
        let refused = owner.ask(&question(workspace, "hi")).await;
        let TurnEvent::Finished { code, .. } = refused.end() else { panic!("{refused:?}") };
        assert_eq!(code.as_deref(), Some("budget_exceeded"));
    }

    async fn a_failed_turn_is_paid_for_too(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        app.model.push(Turn::of([Step::text("half an answer"), Step::Cut]));
        let ran = owner.ask(&question(workspace, "hi")).await;
        let total = usage(app, "").await.total;
        assert!(total.output_tokens > 0 && total.cost_usd.as_deref() != Some("0"), "{total:?}");
        assert_eq!(ran.turn.usage.output_tokens, total.output_tokens);
        assert_eq!(ran.turn.usage.cost_usd, total.cost_usd);
    }
}
