use std::time::Duration;

use atelier_base::{ErrorKind, Timestamp};

use crate::harness::Fixture;
use crate::{BudgetPeriod, BudgetRow, BudgetScope, BudgetWindowRow, ModelCallRow, SpentRow};

both_engines! {
    async fn a_budget_is_set_changed_and_taken_back(t) {
        let (ana, ben) = (t.workspace().await, t.workspace().await);
        let mine = t.budget(ana.owner_id, BudgetScope::User);
        let shared = BudgetRow {
            subject_id: Some(ana.id.as_uuid()),
            ..t.budget(ana.owner_id, BudgetScope::Workspace)
        };
        assert!(!t.read(async |r| r.has_budgets().await).await);
        t.write(async |tx| {
            tx.insert_budget(&mine).await?;
            tx.insert_budget(&shared).await
        })
        .await;
        assert!(t.read(async |r| r.has_budgets().await).await);
        let changed = BudgetRow {
            limit_micros: None,
            limit_tokens: Some(9),
            updated_at: t.now(),
            period: BudgetPeriod::Day,
            ..mine.clone()
        };
        t.write(async |tx| tx.update_budget(&changed).await).await;
        assert_eq!(t.read(async |r| r.get_budget(mine.id).await).await, changed);
        let listed = t.read(async |r| r.list_budgets(ana.owner_id).await).await;
        assert_eq!(listed, [changed.clone(), shared.clone()]);
        let on = async |user, workspace| {
            t.read(async |r| r.list_budgets_on(user, workspace).await).await
        };
        assert_eq!(on(ana.owner_id, None).await, [changed, shared.clone()]);
        assert_eq!(on(ben.owner_id, Some(ben.id)).await, []);
        assert_eq!(on(ben.owner_id, Some(ana.id)).await, [shared], "whoever asks in it");

        t.write(async |tx| tx.delete_budget(mine.id).await).await;
        let error = t.write_fails(async |tx| tx.delete_budget(mine.id).await).await;
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }

    async fn windows_are_noted_and_forgotten(t) {
        let owner = t.workspace().await.owner_id;
        let budget = t.budget(owner, BudgetScope::User);
        let window = BudgetWindowRow {
            budget_id: budget.id,
            subject_id: owner.as_uuid(),
            starts_at: t.now(),
            used_micros: 1,
            reserved_micros: 2,
            used_tokens: 3,
            reserved_tokens: 4,
        };
        let more = BudgetWindowRow { used_micros: 5, reserved_tokens: 0, ..window.clone() };
        let find = async || {
            t.read(async |r| {
                r.find_budget_window(budget.id, owner.as_uuid(), window.starts_at).await
            })
            .await
        };
        t.write(async |tx| tx.insert_budget(&budget).await).await;
        assert_eq!(find().await, None);
        t.write(async |tx| tx.put_budget_window(&window).await).await;
        assert_eq!(find().await, Some(window.clone()));
        t.write(async |tx| tx.put_budget_window(&more).await).await;
        assert_eq!(find().await, Some(more));
        t.write(async |tx| tx.forget_budget_windows().await).await;
        assert_eq!(find().await, None);
        t.write(async |tx| {
            tx.put_budget_window(&window).await?;
            tx.delete_budget(budget.id).await
        })
        .await;
        assert_eq!(find().await, None);
    }

    async fn what_calls_spent_is_summed_by_subject_and_time(t) {
        let workspace = t.workspace().await;
        let turn = t.turn(&workspace).await;
        let early = t.model_call(&turn);
        t.clock.advance(Duration::from_hours(24));
        let noon = t.now();
        let running = t.model_call(&turn);
        let unpriced = ModelCallRow { reserved_micros: None, ..t.model_call(&turn) };
        t.write(async |tx| {
            tx.insert_model_calls(&[early.clone(), running, unpriced]).await?;
            tx.finish_model_call(early.id, &Fixture::call_end()).await
        })
        .await;
        let (epoch, end) = (Timestamp::from_micros(0), Timestamp::from_micros(i64::MAX));
        let spent = |used_micros, reserved_micros, used_tokens, reserved_tokens| SpentRow {
            used_micros,
            reserved_micros,
            used_tokens,
            reserved_tokens,
        };
        for (scope, subject) in [
            (BudgetScope::User, turn.user_id.as_uuid()),
            (BudgetScope::Workspace, workspace.id.as_uuid()),
            (BudgetScope::Conversation, turn.conversation_id.as_uuid()),
            (BudgetScope::Turn, turn.id.as_uuid()),
        ] {
            let sum = async |from, to| {
                t.read(async |r| r.sum_spent(scope, subject, from, to).await).await
            };
            assert_eq!(sum(epoch, end).await, spent(124, 1_000, 1_050, 4_000), "{scope}");
            assert_eq!(sum(epoch, noon).await, spent(124, 0, 1_050, 0), "{scope}");
            assert_eq!(sum(noon, end).await, spent(0, 1_000, 0, 4_000), "{scope}");
            let other = t.read(async |r| r.sum_spent(scope, t.id::<uuid::Uuid>(), epoch, end).await).await;
            assert_eq!(other, spent(0, 0, 0, 0), "{scope}");
        }
    }
}
