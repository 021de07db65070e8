use std::time::Duration;

use atelier_base::{ContentHash, ProviderId};
use uuid::Uuid;

use crate::harness::Fixture;
use crate::{CallEnd, CallFilter, CallState, LatencyRow, ModelCallRow, ModelRequestRow};

both_engines! {
    async fn a_model_call_ends_once(t) {
        let turn = t.turn(&t.workspace().await).await;
        let (first, second) = (t.model_call(&turn), t.model_call(&turn));
        let resent = ContentHash::of(b"the same, shorter");
        t.write(async |tx| {
            tx.insert_model_calls(&[first.clone(), second.clone()]).await?;
            tx.insert_model_requests(&[Fixture::model_request(&first)]).await?;
            tx.set_model_request(first.id, resent, b"the same, shorter".to_vec()).await
        })
        .await;
        assert_eq!(t.read(async |r| r.list_running_calls().await).await.len(), 2);
        t.write(async |tx| {
            assert!(tx.finish_model_call(first.id, &Fixture::call_end()).await?);
            let late = CallEnd { state: CallState::Failed, ..Fixture::call_end() };
            assert!(!tx.finish_model_call(first.id, &late).await?);
            Ok(())
        })
        .await;
        let ended = ModelCallRow {
            state: CallState::Done,
            stop_reason: Some("stop".to_owned()),
            input_tokens: 1_000,
            cached_input_tokens: 400,
            cache_write_tokens: 100,
            output_tokens: 50,
            reasoning_tokens: 20,
            measured: true,
            cost_micros: Some(124),
            first_token_ms: Some(20),
            latency_ms: Some(300),
            request_hash: resent,
            ..first.clone()
        };
        let listed = t.read(async |r| r.list_model_calls(turn.id).await).await;
        assert_eq!(listed, [ended, second.clone()]);
        let sent = t.read(async |r| r.find_model_request(first.id).await).await;
        let body = b"the same, shorter".to_vec();
        assert_eq!(sent, Some(ModelRequestRow { body, ..Fixture::model_request(&first) }));
        assert_eq!(t.read(async |r| r.find_model_request(second.id).await).await, None);
    }

    /// Where there is none, SQLite writes at once; it says so when it does.
    async fn a_call_without_a_budget_is_written_at_once(t) {
        let turn = t.turn(&t.workspace().await).await;
        let sqlite = t.store.engine() == crate::Engine::Sqlite;
        let (first, second) = (t.model_call(&turn), t.model_call(&turn));
        let request = Fixture::model_request(&first);
        let end = Fixture::call_end();
        assert_eq!(t.store.begin_unbudgeted_call(&first, &request).await.unwrap(), sqlite);
        let running = t.read(async |r| r.list_running_calls().await).await;
        let sent = t.read(async |r| r.find_model_request(first.id).await).await;
        assert_eq!((running.first(), sent), if sqlite { (Some(&first), Some(request.clone())) } else { (None, None) });
        assert_eq!(t.store.finish_unbudgeted_call(first.id, &end).await.unwrap(), sqlite);
        // It has ended, or never was.
        assert!(!t.store.finish_unbudgeted_call(first.id, &end).await.unwrap());
        let listed = t.read(async |r| r.list_model_calls(turn.id).await).await;
        let states: Vec<_> = listed.iter().map(|call| (call.state, call.latency_ms)).collect();
        assert_eq!(states, vec![(CallState::Done, end.latency_ms); usize::from(sqlite)]);
        // What can't be added leaves nothing behind, no open transaction either.
        let unowned = ModelRequestRow { call_id: t.ids.next(), ..request };
        assert_eq!(t.store.begin_unbudgeted_call(&second, &unowned).await.is_err(), sqlite);
        assert_eq!(t.read(async |r| r.list_running_calls().await).await, []);

        let budget = t.budget(turn.user_id, crate::BudgetScope::User);
        t.write(async |tx| {
            tx.insert_model_calls(std::slice::from_ref(&second)).await?;
            tx.insert_budget(&budget).await
        })
        .await;
        let third = t.model_call(&turn);
        let request = Fixture::model_request(&third);
        assert!(!t.store.begin_unbudgeted_call(&third, &request).await.unwrap());
        assert!(!t.store.finish_unbudgeted_call(second.id, &end).await.unwrap());
        assert_eq!(t.read(async |r| r.list_running_calls().await).await, [second]);
        assert_eq!(t.read(async |r| r.find_model_request(third.id).await).await, None);
    }

    async fn a_call_that_another_server_gave_up_ends_after_all(t) {
        let turn = t.turn(&t.workspace().await).await;
        let call = t.model_call(&turn);
        let interrupted = CallEnd { state: CallState::Interrupted, ..Fixture::call_end() };
        t.write(async |tx| {
            tx.insert_model_calls(std::slice::from_ref(&call)).await?;
            assert!(tx.finish_model_call(call.id, &interrupted).await?);
            assert!(tx.finish_model_call(call.id, &Fixture::call_end()).await?);
            Ok(())
        })
        .await;
        let found = t.read(async |r| r.get_model_call(call.id).await).await;
        assert_eq!(found.state, CallState::Done);
    }

    async fn recent_calls_come_the_latest_first(t) {
        let (one, two) = (t.workspace().await, t.workspace().await);
        let (turn, other) = (t.turn(&one).await, t.turn(&two).await);
        let calls = [t.model_call(&turn), t.model_call(&turn), t.model_call(&other)];
        t.write(async |tx| tx.insert_model_calls(&calls).await).await;
        let list = async |filter: CallFilter, limit| {
            let found = t.read(async |r| r.list_recent_calls(turn.user_id, &filter, limit).await).await;
            found.into_iter().map(|call| call.id).collect::<Vec<_>>()
        };
        let all = CallFilter::default();
        assert_eq!(list(all.clone(), 20).await, [calls[1].id, calls[0].id]);
        assert_eq!(list(all.clone(), 1).await, [calls[1].id]);
        let before = CallFilter { before: Some(calls[1].id), ..all.clone() };
        assert_eq!(list(before, 20).await, [calls[0].id]);
        let here = CallFilter { workspace: Some(one.id), turn: Some(turn.id), ..all.clone() };
        assert_eq!(list(here, 20).await.len(), 2);
        let there = CallFilter { workspace: Some(two.id), ..all };
        assert_eq!(list(there, 20).await, []);
    }

    async fn latencies_are_averages_of_what_was_answered(t) {
        let turn = t.turn(&t.workspace().await).await;
        let calls = [t.model_call(&turn), t.model_call(&turn), t.model_call(&turn)];
        let slow = CallEnd { first_token_ms: Some(40), latency_ms: Some(500), ..Fixture::call_end() };
        t.write(async |tx| {
            tx.insert_model_calls(&calls).await?;
            tx.finish_model_call(calls[0].id, &Fixture::call_end()).await?;
            tx.finish_model_call(calls[1].id, &slow).await
        })
        .await;
        let since = calls[0].created_at;
        let found = t.read(async |r| r.list_latencies(turn.user_id, since).await).await;
        let expected = LatencyRow {
            provider_id: ProviderId::from_uuid(Uuid::nil()),
            model: "small".to_owned(),
            calls: 2,
            first_token_ms: Some(30),
            latency_ms: Some(400),
        };
        assert_eq!(found, [expected]);
        let later = t.now().plus(Duration::from_secs(1));
        assert_eq!(t.read(async |r| r.list_latencies(turn.user_id, later).await).await, []);
    }
}
