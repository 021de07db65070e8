use atelier_base::ErrorKind;

use crate::harness::Fixture;
use crate::{Error, MessageRole, NewWorkspace, Shelf, WorkspaceRow};

both_engines! {
    async fn workspaces_are_numbered_and_listed_newest_first(t) {
        let ana = t.user();
        let mut made: Vec<WorkspaceRow> = Vec::new();
        t.write(async |tx| tx.insert_user(&ana).await).await;
        for _ in 0..5 {
            let new = t.new_workspace(ana.id);
            made.push(t.write(async |tx| tx.insert_workspace(&new).await).await);
        }
        assert_eq!(made.iter().map(|w| w.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        assert_eq!((made[0].created_at, made[0].archived_at), (made[0].updated_at, None));
        assert_eq!(t.read(async |r| r.get_workspace(made[2].id).await).await, made[2]);
        assert_eq!(t.read(async |r| r.find_workspace(t.id()).await).await, None);
        let found = t.read(async |r| r.find_workspace(made[1].id).await).await;
        assert_eq!(found.as_ref(), Some(&made[1]));
        assert_eq!(t.read(async |r| r.count_workspaces(ana.id).await).await, 5);
        let ids = t.read(async |r| r.list_workspace_ids().await).await;
        assert_eq!(ids, made.iter().map(|w| w.id).collect::<Vec<_>>());

        made.reverse();
        let page = async |shelf, before| {
            t.read(async |r| r.list_workspaces(ana.id, shelf, before, 2).await).await
        };
        assert_eq!(page(Shelf::Open, None).await, made[..2]);
        assert_eq!(page(Shelf::Open, Some(made[1].id)).await, made[2..4]);
        assert_eq!(page(Shelf::Open, Some(made[3].id)).await, made[4..]);
        assert_eq!(page(Shelf::Archived, None).await, []);

        let changed = WorkspaceRow {
            name: "Wörk".to_owned(),
            default_model: None,
            archived_at: Some(t.now()),
            settings: r#"{"limits":{}}"#.to_owned(),
            updated_at: t.now(),
            ..made[0].clone()
        };
        t.write(async |tx| tx.update_workspace(&changed).await).await;
        assert_eq!(page(Shelf::Archived, None).await, [changed]);
        assert_eq!(page(Shelf::Open, None).await, made[1..3]);
    }

    async fn a_failed_write_leaves_nothing(t) {
        let ana = t.user();
        t.write(async |tx| tx.insert_user(&ana).await).await;
        let new: NewWorkspace = t.new_workspace(ana.id);
        let error = t
            .write_fails(async |tx| {
                tx.insert_workspace(&new).await?;
                tx.insert_user(&ana).await
            })
            .await;
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert_eq!(t.read(async |r| r.find_workspace(new.id).await).await, None);
        let missing: Result<WorkspaceRow, Error> =
            t.store.read(async |r| r.get_workspace(new.id).await).await;
        assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);
    }

    async fn a_deleted_workspace_takes_its_rows_along_and_no_others(t) {
        let mut events_left = Vec::new();
        let (gone, kept) = (t.workspace().await, t.workspace().await);
        for workspace in [&gone, &kept] {
            t.files(workspace, &["a.txt", "b/c.txt"]).await;
            let turn = t.turn(workspace).await;
            let run = t.run(workspace);
            t.write(async |tx| {
                tx.insert_message(&t.message(&turn, MessageRole::User, "hi")).await?;
                let call = t.model_call(&turn);
                tx.insert_model_calls(std::slice::from_ref(&call)).await?;
                tx.insert_model_requests(&[Fixture::model_request(&call)]).await?;
                tx.insert_usage(&[t.usage(&turn, 1)]).await?;
                tx.insert_run(&run).await?;
                tx.insert_proposal(&t.proposal(&turn)).await?;
                tx.append_event(turn.id, &t.event("turn")).await?;
                tx.append_event(run.id, &t.event("run")).await?;
                tx.append_event(workspace.id, &t.event("workspace")).await
            })
            .await;
            events_left.push([turn.id.as_uuid(), run.id.as_uuid(), workspace.id.as_uuid()]);
        }
        let before = t.read(async |r| rows(r).await).await;
        t.write(async |tx| tx.delete_workspace(gone.id).await).await;
        let after = t.read(async |r| rows(r).await).await;
        for ((table, before), (_, after)) in before.iter().zip(&after) {
            let expected = if *table == "users" { 2 } else { before / 2 };
            assert_eq!(*after, expected, "{table}");
        }
        for (streams, left) in events_left.into_iter().zip([0, 1]) {
            for stream in streams {
                let stream = atelier_base::EventStreamId::from_uuid(stream);
                assert_eq!(t.read(async |r| r.last_event_seq(stream).await).await, left);
            }
        }
    }
}

/// Counts the rows of every table that hangs on a workspace.
async fn rows(reader: &mut crate::Reader) -> crate::Result<Vec<(&'static str, u64)>> {
    macro_rules! count {
        ($($table:literal),*) => {
            vec![$((
                $table,
                reader
                    .values(concat!("SELECT COUNT(*) AS n FROM ", $table), "n", vec![])
                    .await?[0],
            )),*]
        };
    }
    Ok(count!(
        "users",
        "workspaces",
        "files",
        "file_versions",
        "transactions",
        "conversations",
        "turns",
        "messages",
        "model_calls",
        "model_requests",
        "events",
        "runs",
        "usage_records",
        "proposals",
        "proposal_files",
        "proposal_hunks"
    ))
}
