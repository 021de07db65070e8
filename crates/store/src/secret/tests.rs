use crate::{Error, SecretRow, Unique};

both_engines! {
    async fn secrets_are_listed_with_those_of_a_workspace(t) {
        let workspace = t.workspace().await;
        let (other, owner) = (t.workspace().await, workspace.owner_id);
        let row = |name: &str, workspace| SecretRow {
            id: t.id(),
            owner_id: owner,
            workspace_id: workspace,
            name: name.to_owned(),
            sealed: vec![1, 2, 3],
            created_at: t.now(),
            replaced_at: None,
        };
        let (b, a) = (row("B", None), row("A", Some(workspace.id)));
        let stranger = SecretRow { owner_id: other.owner_id, ..row("A", None) };
        t.write(async |tx| {
            tx.insert_secret(&b).await?;
            tx.insert_secret(&a).await?;
            tx.insert_secret(&row("A", Some(other.id))).await?;
            tx.insert_secret(&stranger).await
        })
        .await;
        let list = async |workspace| t.read(async |r| r.list_secrets(owner, workspace).await).await;
        assert_eq!(list(None).await, std::slice::from_ref(&b));
        assert_eq!(list(Some(workspace.id)).await, [a.clone(), b.clone()]);
        assert_eq!(t.read(async |r| r.list_all_secrets().await).await.len(), 4);
        for taken in [row("B", None), row("A", Some(workspace.id))] {
            let error = t.write_fails(async |tx| tx.insert_secret(&taken).await).await;
            assert!(matches!(error, Error::Taken { what: Unique::SecretName }), "{error:?}");
        }
    }

    async fn a_secret_is_sealed_anew_replaced_and_deleted(t) {
        let workspace = t.workspace().await;
        let row = SecretRow {
            id: t.id(),
            owner_id: workspace.owner_id,
            workspace_id: None,
            name: "A".to_owned(),
            sealed: vec![0, 255],
            created_at: t.now(),
            replaced_at: None,
        };
        t.write(async |tx| {
            tx.insert_secret(&row).await?;
            tx.update_secret(row.id, vec![7]).await
        })
        .await;
        assert_eq!(t.read(async |r| r.get_secret(row.id).await).await, SecretRow { sealed: vec![7], ..row.clone() });
        let at = t.now();
        t.write(async |tx| tx.replace_secret(row.id, vec![8], at).await).await;
        let replaced = SecretRow { sealed: vec![8], replaced_at: Some(at), ..row.clone() };
        assert_eq!(t.read(async |r| r.get_secret(row.id).await).await, replaced);
        t.write(async |tx| tx.delete_secret(row.id).await).await;
        let missing = t.write_fails(async |tx| tx.delete_secret(row.id).await).await;
        assert!(matches!(missing, Error::NotFound { .. }), "{missing:?}");
        let missing = t.write_fails(async |tx| tx.replace_secret(row.id, vec![9], at).await).await;
        assert!(matches!(missing, Error::NotFound { .. }), "{missing:?}");
    }
}
