use std::time::Duration;

use crate::harness::Fixture;
use crate::{ModelCallRow, ModelRequestRow};

both_engines! {
    async fn requests_go_when_they_are_old_or_too_much(t) {
        let turn = t.turn(&t.workspace().await).await;
        let start = t.now();
        let mut calls = Vec::new();
        let mut requests = Vec::new();
        for place in [Some(turn.workspace_id), Some(turn.workspace_id), Some(turn.workspace_id), None, Some(turn.workspace_id)] {
            let call = ModelCallRow { workspace_id: place, created_at: t.now(), ..t.model_call(&turn) };
            requests.push(ModelRequestRow {
                call_id: call.id,
                body: vec![b'x'; 100],
                sources: "[]".to_owned(),
                created_at: call.created_at,
            });
            calls.push(call);
            t.clock.advance(Duration::from_mins(1));
        }
        t.write(async |tx| {
            tx.insert_model_calls(&calls).await?;
            tx.insert_model_requests(&requests).await?;
            // The last one is still being answered.
            for call in &calls[..4] {
                tx.finish_model_call(call.id, &Fixture::call_end()).await?;
            }
            Ok(())
        })
        .await;
        let delete = async |place, minutes, most| {
            let before = start.plus(Duration::from_mins(minutes));
            t.write(async |tx| tx.delete_model_requests(place, before, most).await).await
        };
        let kept = async || {
            let mut kept = Vec::new();
            for call in &calls {
                kept.push(t.read(async |r| r.find_model_request(call.id).await).await.is_some());
            }
            kept
        };
        let here = Some(turn.workspace_id);
        assert_eq!(delete(here, 0, 400).await, 0);
        assert_eq!(delete(here, 1, 400).await, 1, "the first is too old");
        assert_eq!(kept().await, [false, true, true, true, true]);
        assert_eq!(delete(here, 0, 250).await, 1, "the oldest of three is too much");
        assert_eq!(kept().await, [false, false, true, true, true]);
        assert_eq!(delete(None, 0, 99).await, 1, "outside of any workspace");
        assert_eq!(delete(here, 60, 0).await, 1, "all but the one that is being answered");
        assert_eq!(kept().await, [false, false, false, false, true]);
        assert_eq!(t.read(async |r| r.get_model_call(calls[0].id).await).await.id, calls[0].id);
    }
}
