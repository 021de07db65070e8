use std::time::Duration;

use atelier_base::Timestamp;

use crate::harness::Fixture;
use crate::{
    CallEnd, CallState, ModelCallRow, TurnRow, UsageFilter, UsageGroup, UsageKey, UsageSums,
    WorkspaceRow,
};

/// Two days, two workspaces, two models (one without a price) and a run.
async fn spend(t: &Fixture) -> (WorkspaceRow, TurnRow, TurnRow) {
    let (workspace, other) = (t.workspace().await, t.workspace().await);
    let first = t.turn(&workspace).await;
    let second = t.turn(&other).await;
    let priced = t.model_call(&first);
    let run = t.usage(&first, 1_500);
    t.clock.advance(Duration::from_hours(24));
    let unpriced = ModelCallRow {
        model: "other".to_owned(),
        task: "plan".to_owned(),
        ..t.model_call(&second)
    };
    let end = CallEnd {
        input_tokens: 7,
        output_tokens: 3,
        cached_input_tokens: 0,
        cache_write_tokens: 0,
        reasoning_tokens: 0,
        cost_micros: None,
        state: CallState::Failed,
        ..Fixture::call_end()
    };
    // One that runs is counted, but has used nothing yet.
    let running = t.model_call(&second);
    t.write(async |tx| {
        tx.insert_model_calls(&[priced.clone(), unpriced.clone(), running])
            .await?;
        tx.finish_model_call(priced.id, &Fixture::call_end())
            .await?;
        tx.finish_model_call(unpriced.id, &end).await?;
        tx.insert_usage(&[run]).await
    })
    .await;
    (workspace, first, second)
}

fn priced() -> UsageSums {
    UsageSums {
        calls: 1,
        input_tokens: 1_000,
        cached_input_tokens: 400,
        cache_write_tokens: 100,
        output_tokens: 50,
        reasoning_tokens: 20,
        cost_micros: 124,
        ..UsageSums::default()
    }
}

fn unpriced(calls: u64) -> UsageSums {
    UsageSums {
        calls,
        input_tokens: 7,
        output_tokens: 3,
        unpriced: 1,
        ..UsageSums::default()
    }
}

fn run() -> UsageSums {
    UsageSums {
        run_ms: 1_500,
        ..UsageSums::default()
    }
}

both_engines! {
    async fn usage_is_summed_by_each_group(t) {
        let (workspace, first, second) = spend(t).await;
        let by = async |group| {
            t.read(async |r| r.usage_by(group, &UsageFilter::default(), 10).await).await
        };
        let with_run = UsageSums { run_ms: 1_500, ..priced() };
        let day = |n: i64| {
            UsageKey::Day(Timestamp::from_micros(1_767_225_600_000_000 + n * 86_400_000_000))
        };
        assert_eq!(
            by(UsageGroup::Day).await,
            [(day(1), unpriced(2)), (day(0), with_run.clone())]
        );
        assert_eq!(
            by(UsageGroup::Model).await,
            [
                (UsageKey::Model(Some("small".to_owned())), UsageSums { calls: 2, ..priced() }),
                (UsageKey::Model(Some("other".to_owned())), unpriced(1)),
                (UsageKey::Model(None), run()),
            ]
        );
        assert_eq!(
            by(UsageGroup::Task).await,
            [
                (UsageKey::Task(Some("plan".to_owned())), unpriced(1)),
                (UsageKey::Task(Some("chat".to_owned())), UsageSums { calls: 2, ..priced() }),
                (UsageKey::Task(None), run()),
            ]
        );
        let mut users = by(UsageGroup::User).await;
        users.sort_by_key(|(_, sums)| sums.calls);
        assert_eq!(
            users,
            [
                (UsageKey::User(first.user_id), with_run.clone()),
                (UsageKey::User(second.user_id), unpriced(2)),
            ]
        );
        assert_eq!(
            by(UsageGroup::Workspace).await,
            [
                (UsageKey::Workspace(Some(second.workspace_id)), unpriced(2)),
                (UsageKey::Workspace(Some(workspace.id)), with_run),
            ]
        );
        assert_eq!(
            by(UsageGroup::Turn).await,
            [
                (UsageKey::Turn(Some(second.id)), unpriced(2)),
                (UsageKey::Turn(Some(first.id)), priced()),
                (UsageKey::Turn(None), run()),
            ]
        );
        let limited = t
            .read(async |r| r.usage_by(UsageGroup::Turn, &UsageFilter::default(), 1).await)
            .await;
        assert_eq!(limited.len(), 1);
    }

    async fn usage_is_filtered(t) {
        let (workspace, first, second) = spend(t).await;
        let all = UsageFilter::default();
        let noon = Timestamp::from_micros(1_767_225_600_000_000 + 43_200_000_000);
        let with_run = UsageSums { run_ms: 1_500, ..priced() };
        let everything = UsageSums {
            calls: 3,
            input_tokens: 1_007,
            output_tokens: 53,
            unpriced: 1,
            ..with_run.clone()
        };
        for (name, filter, expected) in [
            ("all", all.clone(), everything),
            ("from", UsageFilter { from: Some(noon), ..all.clone() }, unpriced(2)),
            ("to", UsageFilter { to: Some(noon), ..all.clone() }, with_run.clone()),
            (
                "user",
                UsageFilter { user: Some(second.user_id), ..all.clone() },
                unpriced(2),
            ),
            (
                "workspace",
                UsageFilter { workspace: Some(workspace.id), ..all.clone() },
                with_run,
            ),
            ("turn", UsageFilter { turn: Some(first.id), ..all.clone() }, priced()),
            (
                "model",
                UsageFilter { model: Some("other".to_owned()), ..all.clone() },
                unpriced(1),
            ),
            ("nobody", UsageFilter { user: Some(t.id()), ..all.clone() }, UsageSums::default()),
        ] {
            let totals = t.read(async |r| r.usage_totals(&filter).await).await;
            assert_eq!(totals, expected, "{name}");
        }
    }
}
