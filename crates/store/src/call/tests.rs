use std::time::Duration;

use atelier_base::{ContentHash, Timestamp};

use crate::harness::Fixture;
use crate::{
    CallEnd, CallState, ModelCallRow, TurnRow, UsageFilter, UsageGroup, UsageKey, UsageKind,
    UsageRecordRow, UsageSums, WorkspaceRow,
};

fn end() -> CallEnd {
    CallEnd {
        state: CallState::Done,
        input_tokens: 1_000,
        cached_input_tokens: 400,
        output_tokens: 50,
        measured: true,
        cost_nanos: Some(123_456),
        first_token_ms: Some(20),
        latency_ms: 300,
        error: None,
    }
}

/// Two days, two workspaces, two models (one without a price) and a run.
async fn spend(t: &Fixture) -> (WorkspaceRow, TurnRow, TurnRow) {
    let (workspace, other) = (t.workspace().await, t.workspace().await);
    let first = t.turn(&workspace).await;
    let mut second = t.turn(&other).await;
    second.model = "local".to_owned();
    let priced = |record: UsageRecordRow, nanos| UsageRecordRow {
        cost_nanos: Some(nanos),
        ..record
    };
    let mut records = vec![
        priced(t.usage(&first, UsageKind::InputTokens, 100), 1_000),
        priced(t.usage(&first, UsageKind::OutputTokens, 10), 500),
        UsageRecordRow {
            run_id: Some(t.id()),
            turn_id: None,
            model: None,
            ..t.usage(&first, UsageKind::RunMs, 1_500)
        },
    ];
    t.clock.advance(Duration::from_hours(24));
    records.push(t.usage(&second, UsageKind::InputTokens, 7));
    records.push(t.usage(&second, UsageKind::OutputTokens, 3));
    t.write(async |tx| tx.insert_usage(&records).await).await;
    (workspace, first, second)
}

fn sums(input: u64, output: u64, run_ms: u64, cost_nanos: i64, unpriced: u64) -> UsageSums {
    UsageSums {
        input_tokens: input,
        output_tokens: output,
        run_ms,
        cost_nanos,
        unpriced,
    }
}

both_engines! {
    async fn a_model_call_ends_once(t) {
        let turn = t.turn(&t.workspace().await).await;
        let (first, second) = (t.model_call(&turn), t.model_call(&turn));
        let resent = ContentHash::of(b"the same, shorter");
        t.write(async |tx| {
            tx.insert_model_call(&first).await?;
            tx.insert_model_call(&second).await?;
            tx.set_request_hash(first.id, resent).await?;
            assert!(tx.finish_model_call(first.id, &end()).await?);
            let late = CallEnd { state: CallState::Failed, ..end() };
            assert!(!tx.finish_model_call(first.id, &late).await?);
            Ok(())
        })
        .await;
        let ended = ModelCallRow {
            state: CallState::Done,
            input_tokens: 1_000,
            cached_input_tokens: 400,
            output_tokens: 50,
            measured: true,
            cost_nanos: Some(123_456),
            first_token_ms: Some(20),
            latency_ms: Some(300),
            request_hash: resent,
            ..first
        };
        let listed = t.read(async |r| r.list_model_calls(turn.id).await).await;
        assert_eq!(listed, [ended, second.clone()]);

        assert_eq!(t.write(async |tx| tx.interrupt_running_model_calls().await).await, 1);
        let interrupted = t.read(async |r| r.get_model_call(second.id).await).await;
        assert_eq!(interrupted.state, CallState::Interrupted);
    }

    async fn usage_is_summed_by_each_group(t) {
        let (workspace, first, second) = spend(t).await;
        let by = async |group| {
            t.read(async |r| r.usage_by(group, &UsageFilter::default(), 10).await).await
        };
        let (priced, unpriced) = (sums(100, 10, 0, 1_500, 0), sums(7, 3, 0, 0, 1));
        let with_run = sums(100, 10, 1_500, 1_500, 0);
        let day = |n: i64| {
            UsageKey::Day(Timestamp::from_micros(1_767_225_600_000_000 + n * 86_400_000_000))
        };
        assert_eq!(
            by(UsageGroup::Day).await,
            [(day(1), unpriced.clone()), (day(0), with_run.clone())]
        );
        assert_eq!(
            by(UsageGroup::Model).await,
            [
                (UsageKey::Model(Some("small".to_owned())), priced.clone()),
                (UsageKey::Model(Some("local".to_owned())), unpriced.clone()),
                (UsageKey::Model(None), sums(0, 0, 1_500, 0, 0)),
            ]
        );
        assert_eq!(
            by(UsageGroup::Workspace).await,
            [
                (UsageKey::Workspace(second.workspace_id), unpriced.clone()),
                (UsageKey::Workspace(workspace.id), with_run),
            ]
        );
        assert_eq!(
            by(UsageGroup::Turn).await,
            [
                (UsageKey::Turn(Some(second.id)), unpriced),
                (UsageKey::Turn(Some(first.id)), priced),
                (UsageKey::Turn(None), sums(0, 0, 1_500, 0, 0)),
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
        for (name, filter, expected) in [
            ("all", all.clone(), sums(107, 13, 1_500, 1_500, 1)),
            ("from", UsageFilter { from: Some(noon), ..all.clone() }, sums(7, 3, 0, 0, 1)),
            ("to", UsageFilter { to: Some(noon), ..all.clone() }, sums(100, 10, 1_500, 1_500, 0)),
            (
                "user",
                UsageFilter { user: Some(second.user_id), ..all.clone() },
                sums(7, 3, 0, 0, 1),
            ),
            (
                "workspace",
                UsageFilter { workspace: Some(workspace.id), ..all.clone() },
                sums(100, 10, 1_500, 1_500, 0),
            ),
            (
                "turn",
                UsageFilter { turn: Some(first.id), ..all.clone() },
                sums(100, 10, 0, 1_500, 0),
            ),
            (
                "model",
                UsageFilter { model: Some("local".to_owned()), ..all.clone() },
                sums(7, 3, 0, 0, 1),
            ),
            ("nobody", UsageFilter { user: Some(t.id()), ..all.clone() }, UsageSums::NONE),
        ] {
            let totals = t.read(async |r| r.usage_totals(&filter).await).await;
            assert_eq!(totals, expected, "{name}");
        }
    }
}
