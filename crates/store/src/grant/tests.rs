use std::time::Duration;

use atelier_base::ErrorKind;

use crate::{GrantAction, GrantRow};

both_engines! {
    async fn a_grant_holds_until_it_expires_or_is_deleted(t) {
        let (workspace, other) = (t.workspace().await, t.workspace().await);
        let lasting = t.grant(&workspace, "example.org");
        let short = GrantRow {
            expires_at: Some(t.now().plus(Duration::from_mins(5))),
            ..t.grant(&workspace, "*.example.org")
        };
        let elsewhere = t.grant(&other, "example.org");
        t.write(async |tx| {
            tx.insert_grant(&lasting).await?;
            tx.insert_grant(&short).await?;
            tx.insert_grant(&elsewhere).await
        })
        .await;
        assert_eq!(t.read(async |r| r.get_grant(short.id).await).await, short);
        let listed = t.read(async |r| r.list_grants(workspace.id, t.now()).await).await;
        assert_eq!(listed, [lasting.clone(), short.clone()]);
        let network = GrantAction::Network;
        let found = t.read(async |r| r.find_grant(workspace.id, network, "example.org").await).await;
        assert_eq!(found, Some(lasting.clone()));
        let found = t.read(async |r| r.find_grant(other.id, network, "*.example.org").await).await;
        assert_eq!(found, None);
        t.write_fails(async |tx| tx.insert_grant(&t.grant(&workspace, "example.org")).await).await;

        let (until, day) = (short.expires_at, Some(t.now().plus(Duration::from_hours(24))));
        t.write(async |tx| tx.update_grant_expiry(short.id, day).await).await;
        assert_eq!(t.read(async |r| r.get_grant(short.id).await).await.expires_at, day);
        t.write(async |tx| tx.update_grant_expiry(short.id, until).await).await;

        t.clock.advance(Duration::from_mins(5));
        let listed = t.read(async |r| r.list_grants(workspace.id, t.now()).await).await;
        assert_eq!(listed, std::slice::from_ref(&lasting));
        let now = t.now();
        assert_eq!(t.write(async |tx| tx.delete_expired_grants(workspace.id, now).await).await, 1);
        assert_eq!(t.write(async |tx| tx.delete_expired_grants(workspace.id, now).await).await, 0);

        t.write(async |tx| tx.delete_grant(lasting.id).await).await;
        let error = t.write_fails(async |tx| tx.delete_grant(lasting.id).await).await;
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let listed = t.read(async |r| r.list_grants(other.id, t.now()).await).await;
        assert_eq!(listed, [elsewhere]);
        t.write(async |tx| tx.delete_workspace(other.id).await).await;
        let listed = t.read(async |r| r.list_grants(other.id, t.now()).await).await;
        assert_eq!(listed, []);
    }
}
