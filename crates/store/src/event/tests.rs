use atelier_base::{EventStreamId, RunId, TurnId};

both_engines! {
    async fn each_stream_is_numbered_from_one_without_gaps(t) {
        let (turn, run): (TurnId, RunId) = (t.id(), t.id());
        t.write(async |tx| {
            assert_eq!(tx.append_event(turn, &t.event("a")).await?, 1);
            assert_eq!(tx.append_event(run, &t.event("x")).await?, 1);
            assert_eq!(tx.append_event(turn, &t.event("b")).await?, 2);
            assert_eq!(tx.append_events(turn, &[t.event("c"), t.event("d")]).await?, 3);
            assert_eq!(tx.append_events(turn, &[]).await?, 5);
            assert_eq!(tx.append_event(turn, &t.event("e")).await?, 5);
            Ok(())
        })
        .await;
        let after = async |seq| {
            let events = t.read(async |r| r.list_events_after(turn, seq, 3).await).await;
            events.into_iter().map(|e| (e.seq, e.kind)).collect::<Vec<_>>()
        };
        let expected = |events: &[(u64, &str)]| -> Vec<(u64, String)> {
            events.iter().map(|(seq, kind)| (*seq, (*kind).to_owned())).collect()
        };
        assert_eq!(after(0).await, expected(&[(1, "a"), (2, "b"), (3, "c")]));
        assert_eq!(after(3).await, expected(&[(4, "d"), (5, "e")]));
        assert_eq!(after(5).await, []);
        assert_eq!(t.read(async |r| r.last_event_seq(turn).await).await, 5);
        assert_eq!(t.read(async |r| r.last_event_seq(t.id::<EventStreamId>()).await).await, 0);
        let stored = t.read(async |r| r.list_events_after(run, 0, 3).await).await;
        assert_eq!(stored[0].stream_id, EventStreamId::from(run));
        assert_eq!(stored[0].payload, r#"{"text":"a"}"#);
    }

    async fn writers_at_the_same_time_never_get_the_same_number(t) {
        let turn: TurnId = t.id();
        let append = async || {
            for _ in 0..20 {
                t.write(async |tx| tx.append_event(turn, &t.event("a")).await).await;
            }
        };
        tokio::join!(append(), append(), append(), append());
        let events = t.read(async |r| r.list_events_after(turn, 0, 1_000).await).await;
        let numbers: Vec<u64> = events.iter().map(|event| event.seq).collect();
        assert_eq!(numbers, (1..=80).collect::<Vec<_>>());
    }
}
