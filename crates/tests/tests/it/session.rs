//! Signing in, and what nobody, strangers and other pages may not do.

use std::time::Duration;

use atelier_api::Code;
use atelier_api::session::Session;
use atelier_domain::account::{LINK_LIFE, SESSION_LIFE};
use atelier_tests::on_both_engines;
use serde_json::json;

on_both_engines! {
    async fn a_link_signs_in_once(app) {
        let token = app.domain.create_sign_in_token().await.unwrap();
        let body = json!({ "token": token.expose() });
        let reply = app.nobody().post("/api/session", &body).await;
        assert_eq!(reply.status, 201);
        let set = reply.header("set-cookie").to_owned();
        for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(set.contains(part), "{set}");
        }
        assert!(!set.contains("Secure"), "plain http: {set}");
        let caller = app.nobody().with_cookie(reply.cookie());
        let session: Session = caller.get("/api/session").await.ok();
        assert_eq!(session.user.name, "Owner");
        app.nobody().post("/api/session", &body).await.refused(Code::SignInLinkInvalid);
    }

    async fn a_wrong_or_expired_link_signs_nobody_in(app) {
        for token in ["", "atl_link_", "x", "atl_link_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "a\0b"] {
            let reply = app.nobody().post("/api/session", json!({ "token": token })).await;
            reply.refused(Code::SignInLinkInvalid);
        }
        let token = app.domain.create_sign_in_token().await.unwrap();
        app.clock.advance(LINK_LIFE + Duration::from_secs(1));
        let reply = app.nobody().post("/api/session", json!({ "token": token.expose() })).await;
        reply.refused(Code::SignInLinkInvalid);
    }

    async fn signing_out_ends_the_session(app) {
        let owner = app.owner();
        let reply = owner.delete("/api/session").await;
        reply.done();
        assert!(reply.header("set-cookie").contains("Max-Age=0"));
        owner.get("/api/session").await.refused(Code::NotSignedIn);
        owner.get("/api/workspaces").await.refused(Code::NotSignedIn);
    }

    async fn a_session_lasts_as_long_as_it_is_used(app) {
        let owner = app.owner();
        let nearly = SESSION_LIFE.checked_sub(Duration::from_mins(1)).unwrap();
        for _ in 0..3 {
            app.clock.advance(nearly);
            owner.get("/api/session").await.ok::<Session>();
        }
        app.clock.advance(SESSION_LIFE + Duration::from_secs(1));
        owner.get("/api/session").await.refused(Code::NotSignedIn);
    }

    async fn a_made_up_cookie_is_nobody(app) {
        for cookie in ["atelier_session=", "atelier_session=x", "atelier_session=atl_session_AAAA", "other=1"] {
            let caller = app.nobody().with_cookie(cookie.to_owned());
            caller.get("/api/session").await.refused(Code::NotSignedIn);
        }
    }
}
