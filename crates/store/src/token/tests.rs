use std::time::Duration;

use crate::{AccessTokenRow, Error};

both_engines! {
    async fn a_token_is_good_until_it_expires_or_is_revoked(t) {
        let ana = t.user();
        let row = |token: u8| AccessTokenRow {
            id: t.id(),
            user_id: ana.id,
            name: "editor".to_owned(),
            token_hash: [token; 32],
            ending: "wXyZ".to_owned(),
            workspace_id: None,
            models: Some("[\"small\"]".to_owned()),
            created_at: t.now(),
            expires_at: None,
            last_used_at: None,
            revoked_at: None,
        };
        let (first, second) = (row(1), row(2));
        let third = AccessTokenRow { expires_at: Some(t.now().plus(Duration::from_mins(1))), ..row(3) };
        let touched = t.now();
        t.write(async |tx| {
            tx.insert_user(&ana).await?;
            tx.insert_access_token(&first).await?;
            tx.insert_access_token(&second).await?;
            tx.insert_access_token(&third).await?;
            tx.revoke_access_token(second.id, t.now()).await?;
            tx.touch_access_token(first.id, touched).await
        })
        .await;
        let find = async |token: u8| {
            let now = t.now();
            t.read(async |r| r.find_access_token([token; 32], now).await).await.map(|row| row.id)
        };
        assert_eq!(find(1).await, Some(first.id));
        assert_eq!(find(2).await, None, "revoked");
        assert_eq!(find(3).await, Some(third.id));
        assert_eq!(find(4).await, None, "unknown");
        let used = AccessTokenRow { last_used_at: Some(touched), ..first.clone() };
        assert_eq!(t.read(async |r| r.get_access_token(first.id).await).await, used);
        assert_eq!(t.read(async |r| r.list_access_tokens(ana.id).await).await, [used, third]);
        t.clock.advance(Duration::from_mins(1));
        assert_eq!(find(3).await, None, "expired");
        let twice = t.write_fails(async |tx| tx.insert_access_token(&row(1)).await).await;
        assert!(matches!(twice, Error::Taken { .. }), "{twice:?}");
    }
}
