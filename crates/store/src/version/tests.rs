use atelier_base::ErrorKind;

use crate::{AuthorKind, Error, TransactionKind, TransactionRow, VersionRow};

both_engines! {
    async fn a_files_versions_are_listed_newest_first(t) {
        let workspace = t.workspace().await;
        let turn = t.turn(&workspace).await;
        let file = t.files(&workspace, &["a"]).await.remove(0);
        let transaction = t.transaction(&workspace);
        let mut made: Vec<VersionRow> = (0..3_u8)
            .map(|n| VersionRow {
                author_kind: AuthorKind::Assistant,
                turn_id: (n != 1).then_some(turn.id),
                run_id: Some(t.id()),
                user_id: Some(workspace.owner_id),
                proposal_id: Some(t.id()),
                ..t.version(&file, transaction.id, &[n])
            })
            .collect();
        t.write(async |tx| {
            tx.insert_transaction(&transaction).await?;
            tx.insert_versions(&made).await
        })
        .await;
        let by_turn = t.read(async |r| r.list_versions_by_turn(turn.id).await).await;
        assert_eq!(by_turn, [made[0].clone(), made[2].clone()]);
        assert_eq!(t.read(async |r| r.get_version(made[1].id).await).await, made[1]);

        let found = t.read(async |r| r.find_version(made[1].id).await).await;
        assert_eq!(found.as_ref(), Some(&made[1]));
        assert_eq!(t.read(async |r| r.find_version(t.id()).await).await, None);

        made.reverse();
        let page = async |before| {
            t.read(async |r| r.list_versions(file.id, before, 2).await).await
        };
        assert_eq!(page(None).await, made[..2]);
        let rest = page(Some(made[1].id)).await;
        assert_eq!(rest[0], made[2]);
        assert_eq!(Some(rest[1].id), file.current_version_id, "the first one");

        let current = t.read(async |r| r.find_current(file.id).await).await;
        assert_eq!(current.unwrap().content_hash, atelier_base::ContentHash::of(b"a"));
        assert_eq!(t.read(async |r| r.find_current(t.id()).await).await, None);
        let missing: Result<_, Error> = t.store.read(async |r| r.get_version(t.id()).await).await;
        assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);
    }

    async fn an_edit_transaction_happens_once(t) {
        let workspace = t.workspace().await;
        let first = t.transaction(&workspace);
        let again = TransactionRow { kind: TransactionKind::Undo, ..first.clone() };
        assert_eq!(t.read(async |r| r.find_transaction(first.id).await).await, None);
        assert!(t.write(async |tx| tx.insert_transaction(&first).await).await);
        assert!(!t.write(async |tx| tx.insert_transaction(&again).await).await);
        assert_eq!(t.read(async |r| r.find_transaction(first.id).await).await, Some(first));
    }
}
