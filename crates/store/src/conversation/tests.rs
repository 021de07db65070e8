use atelier_base::ErrorKind;

use crate::{ConversationRow, Error, MessageRole, MessageRow, TurnPlace, TurnRow, TurnState};

both_engines! {
    async fn conversations_are_listed_renamed_and_put_away(t) {
        let workspace = t.workspace().await;
        let made: Vec<ConversationRow> = (0..3).map(|_| t.conversation(workspace.id)).collect();
        t.write(async |tx| {
            for row in &made {
                tx.insert_conversation(row).await?;
            }
            Ok(())
        })
        .await;
        let page = async |before| {
            t.read(async |r| r.list_conversations(workspace.id, before, 2).await).await
        };
        assert_eq!(page(None).await, [made[2].clone(), made[1].clone()]);
        assert_eq!(page(Some(made[1].id)).await, [made[0].clone()]);

        let at = t.now();
        t.write(async |tx| {
            tx.update_title(made[0].id, "Greeting").await?;
            tx.touch_conversation(made[0].id, Some("large"), at).await?;
            tx.touch_conversation(made[0].id, None, at).await?;
            tx.archive_conversation(made[1].id, Some(at)).await?;
            tx.archive_conversation(made[2].id, Some(at)).await?;
            tx.archive_conversation(made[2].id, None).await
        })
        .await;
        let expected = ConversationRow {
            title: "Greeting".to_owned(),
            active_model: Some("large".to_owned()),
            updated_at: at,
            ..made[0].clone()
        };
        assert_eq!(page(None).await, [made[2].clone(), expected]);
        let archived = t.read(async |r| r.get_conversation(made[1].id).await).await;
        assert_eq!(archived.archived_at, Some(at));
        let error = t.write_fails(async |tx| tx.update_title(t.id(), "x").await).await;
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }

    async fn turns_are_found_where_they_were_asked(t) {
        let workspace = t.workspace().await;
        let turns = [t.turn(&workspace).await, t.turn(&workspace).await, t.turn(&workspace).await];
        let found = async |user, first, last| {
            t.read(async |r| r.list_turn_places(user, first, last).await).await
        };
        let some = found(turns[0].user_id, turns[0].id, turns[1].id).await;
        let title = t.read(async |r| r.get_conversation(turns[0].conversation_id).await).await.title;
        assert_eq!(some.iter().map(|place| place.id).collect::<Vec<_>>(), [turns[0].id, turns[1].id]);
        assert_eq!(some[0], TurnPlace {
            id: turns[0].id,
            workspace_id: workspace.id,
            conversation_id: turns[0].conversation_id,
            title,
            created_at: turns[0].created_at,
        });
        assert_eq!(found(t.id(), turns[0].id, turns[2].id).await, []);
    }

    async fn a_turn_ends_once(t) {
        let workspace = t.workspace().await;
        let turn = t.turn(&workspace).await;
        assert_eq!(t.read(async |r| r.get_turn(turn.id).await).await, turn);
        let end = async |state, error: Option<&str>| {
            let at = t.now();
            t.write(async |tx| tx.finish_turn(turn.id, state, error, at).await).await
        };
        assert!(end(TurnState::Failed, Some("no model")).await);
        assert!(!end(TurnState::Done, None).await);
        let ended = t.read(async |r| r.get_turn(turn.id).await).await;
        assert_eq!((ended.state, ended.error.as_deref()), (TurnState::Failed, Some("no model")));
        assert!(ended.finished_at.is_some());
    }

    async fn a_turn_keeps_which_secrets_went_with_it_and_which_did_not(t) {
        let workspace = t.workspace().await;
        let turn = t.turn(&workspace).await;
        let withheld = r#"["TOKEN"]"#;
        t.write(async |tx| tx.set_withheld(turn.id, withheld).await).await;
        let kept = t.read(async |r| r.get_turn(turn.id).await).await;
        assert_eq!((kept.attached, kept.withheld.as_str()), (turn.attached, withheld));
        assert_eq!(kept.selections, turn.selections);
        let error = t.write_fails(async |tx| tx.set_withheld(t.id(), withheld).await).await;
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }

    async fn a_restart_interrupts_the_turns_that_were_running(t) {
        let workspace = t.workspace().await;
        let turns: Vec<TurnRow> =
            vec![t.turn(&workspace).await, t.turn(&workspace).await, t.turn(&workspace).await];
        let at = t.now();
        t.write(async |tx| tx.finish_turn(turns[1].id, TurnState::Done, None, at).await).await;
        let running = t.read(async |r| r.list_running_turns().await).await;
        assert_eq!(running, [turns[0].clone(), turns[2].clone()]);

        let interrupted = t.write(async |tx| tx.interrupt_running_turns(at).await).await;
        let expected = [&turns[0], &turns[2]].map(|turn| TurnRow {
            state: TurnState::Interrupted,
            finished_at: Some(at),
            ..turn.clone()
        });
        assert_eq!(interrupted, expected);
        assert_eq!(t.read(async |r| r.list_running_turns().await).await, []);
        let listed = t
            .read(async |r| r.list_turns(turns[0].conversation_id, None, 9).await)
            .await;
        assert_eq!(listed, expected[..1]);
        let before = Some(turns[0].id);
        let none = t
            .read(async |r| r.list_turns(turns[0].conversation_id, before, 9).await)
            .await;
        assert_eq!(none, []);
    }

    async fn messages_are_listed_newest_first(t) {
        let workspace = t.workspace().await;
        let turn = t.turn(&workspace).await;
        let mut said = vec![
            t.message(&turn, MessageRole::User, "Grüße 👋"),
            t.message(&turn, MessageRole::Assistant, ""),
            t.message(&turn, MessageRole::Tool, "ok"),
        ];
        said[1].tool_calls = Some(r#"[{"name":"read"}]"#.to_owned());
        t.write(async |tx| {
            for message in &said {
                tx.insert_message(message).await?;
            }
            Ok(())
        })
        .await;
        said.reverse();
        let page = async |before| -> Vec<MessageRow> {
            t.read(async |r| r.list_messages(turn.conversation_id, before, 2).await).await
        };
        assert_eq!(page(None).await, said[..2]);
        assert_eq!(page(Some(said[1].id)).await, said[2..]);
        let missing: Result<_, Error> =
            t.store.read(async |r| r.get_conversation(t.id()).await).await;
        assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);
    }
}
