//! Access tokens: made, shown once, listed, revoked.

use atelier_api::Code;
use atelier_api::secret::{AccessToken, AccessTokens, CreatedToken};
use atelier_tests::{Caller, on_both_engines};
use serde_json::json;

async fn tokens(caller: &Caller) -> Vec<AccessToken> {
    caller.get("/api/tokens").await.ok::<AccessTokens>().items
}

on_both_engines! {
    async fn a_token_is_shown_once_and_revoked(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let body = json!({ "name": " editor ", "workspaceId": workspace, "models": ["small"], "expiresInDays": 2 });
        let made: CreatedToken = owner.post("/api/tokens", body).await.ok();
        assert!(made.secret.starts_with("atl_token_") && made.secret.ends_with(&made.token.ending), "{made:?}");
        assert!(made.secret.len() > 50 && made.token.ending.len() == 4);
        assert_eq!((made.token.name.as_str(), made.token.workspace_id), ("editor", Some(workspace)));
        assert_eq!(made.token.models.as_deref(), Some(&["small".to_owned()][..]));
        let end = made.token.expires_at.unwrap();
        assert!(end.starts_with("2026-01-03T00:00:00"), "{end}");
        assert_eq!(made.token.last_used_at, None);
        let reply = owner.get("/api/tokens").await;
        assert!(!reply.text().contains(&made.secret));
        assert_eq!(reply.ok::<AccessTokens>().items.len(), 1);

        // It is good for the models' interface alone.
        let bearer = app.nobody().request(reqwest::Method::GET, "/api/tokens").bearer_auth(&made.secret);
        app.nobody().send(bearer).await.refused(Code::NotSignedIn);

        let path = format!("/api/tokens/{}", made.token.id);
        app.stranger().await.delete(&path).await.refused(Code::NotFound);
        owner.delete(&path).await.done();
        owner.delete(&path).await.refused(Code::NotFound);
        assert_eq!(tokens(&owner).await.len(), 0);
    }

    async fn a_token_that_makes_no_sense_is_refused(app) {
        let owner = app.owner();
        let other = app.stranger().await.workspace("theirs").await.id;
        for (field, body) in [
            ("name", json!({ "name": "" })),
            ("models", json!({ "name": "a", "models": [] })),
            ("models", json!({ "name": "a", "models": [" "] })),
            ("models", json!({ "name": "a", "models": vec!["m"; 51] })),
            ("expiresInDays", json!({ "name": "a", "expiresInDays": 0 })),
            ("expiresInDays", json!({ "name": "a", "expiresInDays": 4_000 })),
        ] {
            owner.post("/api/tokens", body).await.refused_field(Code::Invalid, field);
        }
        owner.post("/api/tokens", json!({ "name": "a", "workspaceId": other })).await.refused(Code::NotFound);
        assert_eq!(tokens(&owner).await.len(), 0);
    }
}
