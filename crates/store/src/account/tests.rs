use std::time::Duration;

use atelier_base::ErrorKind;

use crate::{Error, Unique};

both_engines! {
    async fn the_owner_is_the_first_person(t) {
        assert_eq!(t.read(async |r| r.find_owner().await).await, None);
        let (ana, ben) = (t.user(), t.user());
        t.write(async |tx| {
            tx.insert_user(&ben).await?;
            tx.insert_user(&ana).await
        })
        .await;
        assert_eq!(t.read(async |r| r.find_owner().await).await, Some(ana.clone()));
        assert_eq!(t.read(async |r| r.get_user(ben.id).await).await, ben);
        let missing = t.store.read(async |r| r.get_user(t.id()).await).await;
        let missing: Error = missing.unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);
    }

    async fn a_sign_in_link_is_good_once_and_for_a_while(t) {
        let ana = t.user();
        t.write(async |tx| {
            tx.insert_user(&ana).await?;
            tx.insert_sign_in_link(&t.sign_in_link(ana.id, 1)).await?;
            tx.insert_sign_in_link(&t.sign_in_link(ana.id, 2)).await
        })
        .await;
        let try_link = async |token: u8| {
            let now = t.now();
            t.write(async |tx| tx.use_sign_in_link([token; 32], now).await).await
        };
        assert_eq!(try_link(3).await, None, "unknown");
        assert_eq!(try_link(1).await, Some(ana.id));
        assert_eq!(try_link(1).await, None, "used");
        t.clock.advance(Duration::from_secs(61));
        assert_eq!(try_link(2).await, None, "expired");
    }

    async fn a_session_holds_until_it_expires_or_is_revoked(t) {
        let ana = t.user();
        let (first, second) = (t.session(ana.id, 1), t.session(ana.id, 2));
        t.write(async |tx| {
            tx.insert_user(&ana).await?;
            tx.insert_session(&first).await?;
            tx.insert_session(&second).await
        })
        .await;
        let find = async |token: u8| {
            let now = t.now();
            t.read(async |r| r.find_session_by_hash([token; 32], now).await).await
        };
        let signed_in = find(1).await.unwrap();
        assert_eq!(signed_in.session_id, first.id);
        assert_eq!((signed_in.user_id, signed_in.user_name), (ana.id, ana.name.clone()));
        assert_eq!(signed_in.last_seen_at, first.last_seen_at);
        assert_eq!(find(9).await, None);

        let later = t.now().plus(Duration::from_hours(1));
        t.write(async |tx| {
            tx.touch_session(first.id, t.now(), later).await?;
            tx.revoke_session(second.id, t.now()).await
        })
        .await;
        t.clock.advance(Duration::from_mins(2));
        assert_eq!(find(1).await.unwrap().expires_at, later, "touched");
        assert_eq!(find(2).await, None, "revoked");
        t.clock.advance(Duration::from_hours(1));
        assert_eq!(find(1).await, None, "expired");
    }

    async fn ended_sessions_are_deleted(t) {
        let ana = t.user();
        let kept = t.session(ana.id, 3);
        t.write(async |tx| {
            tx.insert_user(&ana).await?;
            tx.insert_session(&t.session(ana.id, 1)).await?;
            tx.insert_sign_in_link(&t.sign_in_link(ana.id, 1)).await?;
            t.clock.advance(Duration::from_hours(1));
            tx.insert_session(&kept).await?;
            tx.touch_session(kept.id, t.now(), t.now().plus(Duration::from_mins(1))).await
        })
        .await;
        let now = t.now();
        assert_eq!(t.write(async |tx| tx.delete_ended_sessions(now).await).await, 2);
        let found = t.read(async |r| r.find_session_by_hash([3; 32], now).await).await;
        assert_eq!(found.map(|s| s.session_id), Some(kept.id));
    }

    async fn two_sessions_never_share_a_token(t) {
        let ana = t.user();
        t.write(async |tx| {
            tx.insert_user(&ana).await?;
            tx.insert_session(&t.session(ana.id, 1)).await
        })
        .await;
        let error = t.write_fails(async |tx| tx.insert_session(&t.session(ana.id, 1)).await).await;
        assert!(matches!(error, Error::Taken { what: Unique::SessionToken }), "{error:?}");
    }
}
