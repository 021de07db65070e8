//! Secrets of persons and workspaces: stored, never given back, kept from
//! models.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use atelier_api::Code;
use atelier_api::event::TurnEvent;
use atelier_api::model::{ModelCall, Provider, ProviderCheck};
use atelier_api::secret::{Secrets, StoredSecret};
use atelier_api::turn::ConversationDetail;
use atelier_api::workspace::Workspace;
use atelier_model::fake::{FakeModel, Script, Turn};
use atelier_tests::{Caller, Server, TestApp, on_both_engines, question, run_program};
use serde_json::json;
use uuid::Uuid;

const VALUE: &str = "c4nary/7340+value";

async fn names(caller: &Caller, query: &str) -> Vec<String> {
    let found = caller.get(&format!("/api/secrets{query}")).await;
    assert!(!found.text().contains(VALUE), "{found}");
    let found = found.ok::<Secrets>().items;
    found.into_iter().map(|secret| secret.name).collect()
}

/// Asks about a workspace and returns the body that went to the model.
async fn sent(app: &TestApp, workspace: Uuid, message: &str) -> String {
    app.model.push(Turn::text("Fine."));
    let ran = app.owner().ask(&question(workspace, message)).await;
    let call = format!("/api/model-calls/{}", ran.turn.model_call_ids[0]);
    let stored = app.owner().get(&call).await.ok::<ModelCall>().request;
    let captured = app.model.requests().pop().unwrap();
    assert_eq!(
        captured.raw,
        stored.as_bytes(),
        "what is kept is what went out"
    );
    stored
}

on_both_engines! {
    async fn a_secret_is_stored_listed_and_forgotten(app) {
        let (owner, stranger) = (app.owner(), app.stranger().await);
        let workspace = owner.workspace("a").await.id;
        let reply = owner.post("/api/secrets", json!({ "name": "B_KEY", "value": VALUE })).await;
        assert!(!reply.text().contains(VALUE));
        let own: StoredSecret = reply.ok();
        assert_eq!((own.name.as_str(), own.workspace_id), ("B_KEY", None));
        let shared: StoredSecret = owner
            .post("/api/secrets", json!({ "name": "A_KEY", "value": VALUE, "workspaceId": workspace })).await.ok();
        assert_eq!(names(&owner, "").await, ["B_KEY"]);
        let query = format!("?workspaceId={workspace}");
        assert_eq!(names(&owner, &query).await, ["A_KEY", "B_KEY"]);
        assert_eq!(names(&stranger, "").await.len(), 0);
        stranger.get(&format!("/api/secrets{query}")).await.refused(Code::NotFound);
        let body = json!({ "name": "X", "value": VALUE, "workspaceId": workspace });
        stranger.post("/api/secrets", body).await.refused(Code::NotFound);
        for id in [own.id, shared.id] {
            let path = format!("/api/secrets/{id}");
            stranger.delete(&path).await.refused(Code::NotFound);
            owner.delete(&path).await.done();
            owner.delete(&path).await.refused(Code::NotFound);
        }
        assert_eq!(names(&owner, &query).await.len(), 0);
        assert!(!app.log.text().contains(VALUE));
    }

    async fn a_secret_that_can_not_be_kept_in_is_refused(app) {
        let owner = app.owner();
        let (long, longer) = ("x".repeat(65), "x".repeat(64 * 1024 + 1));
        for (field, name, value) in [
            ("name", "", VALUE), ("name", "1A", VALUE), ("name", "A B", VALUE), ("name", "A]", VALUE), ("name", long.as_str(), VALUE),
            ("value", "A", ""), ("value", "A", "1234567"), ("value", "A", "   1234567   "), ("value", "A", longer.as_str()), ("value", "A", "1234\u{0}5678"),
        ] {
            let reply = owner.post("/api/secrets", json!({ "name": name, "value": value })).await;
            reply.refused_field(Code::Invalid, field);
        }
        owner.post("/api/secrets", json!({ "name": "A", "value": VALUE })).await.ok::<StoredSecret>();
        owner.post("/api/secrets", json!({ "name": "A", "value": VALUE })).await.refused_field(Code::NameTaken, "name");
        assert_eq!(names(&owner, "").await, ["A"]);
    }

    async fn a_secret_is_replaced_in_its_place(app) {
        let (owner, stranger) = (app.owner(), app.stranger().await);
        let workspace = owner.workspace("a").await.id;
        let body = json!({ "name": "MINE", "value": "before-c4n4ry-1" });
        let made: StoredSecret = owner.post("/api/secrets", body).await.ok();
        assert_eq!(made.replaced_at, None);
        let path = format!("/api/secrets/{}", made.id);
        let body = json!({ "value": "after-c4n4ry-22" });
        stranger.put(&path, body.clone()).await.refused(Code::NotFound);
        owner.put(&path, json!({ "value": "short" })).await.refused_field(Code::Invalid, "value");
        let message = "before-c4n4ry-1 after-c4n4ry-22";
        let kept = sent(app, workspace, message).await;
        assert!(kept.contains("[secret MINE] after-c4n4ry-22"), "what was refused changed nothing: {kept}");
        let reply = owner.put(&path, body).await;
        assert!(!reply.text().contains("after-c4n4ry"), "{reply}");
        let replaced: StoredSecret = reply.ok();
        assert_eq!((replaced.id, replaced.name.as_str(), &replaced.created_at), (made.id, "MINE", &made.created_at));
        assert!(replaced.replaced_at.is_some());
        let listed = owner.get("/api/secrets").await.ok::<Secrets>().items;
        assert_eq!((listed.len(), &listed[0].replaced_at), (1, &replaced.replaced_at));
        let kept = sent(app, workspace, message).await;
        assert!(kept.contains("before-c4n4ry-1 [secret MINE]"), "{kept}");
        assert!(!app.log.text().contains("after-c4n4ry"));
    }

    async fn a_turn_tells_which_secrets_went_with_it_and_which_did_not(app) {
        let owner = app.owner();
        let [workspace, other] = [owner.workspace("a").await.id, owner.workspace("b").await.id];
        let mut ids = Vec::new();
        for (name, place) in [("MINE", None), ("OURS", Some(workspace)), ("THEIRS", Some(other))] {
            let body = json!({ "name": name, "value": format!("value-of-{name}-1"), "workspaceId": place });
            ids.push(owner.post("/api/secrets", body).await.ok::<StoredSecret>().id);
        }
        app.model.push(Turn::text("Fine.").repeat());
        let mut asked = question(workspace, "value-of-MINE-1 value-of-OURS-1");
        asked.attach = vec![ids[1], ids[1]];
        let ran = owner.ask(&asked).await;
        let TurnEvent::Started { attached, .. } = &ran.events[0].event else { panic!() };
        assert_eq!(attached, &["OURS"]);
        let TurnEvent::Withheld { names } = &ran.events[1].event else { panic!("{ran:?}") };
        assert_eq!(names, &["MINE"]);
        let sent = String::from_utf8(app.model.requests().pop().unwrap().raw.to_vec()).unwrap();
        assert!(sent.contains("[secret MINE] value-of-OURS-1"), "{sent}");

        // Also when the secret is gone by the time it is read.
        owner.delete(&format!("/api/secrets/{}", ids[1])).await.done();
        let talk = format!("/api/conversations/{}", ran.turn.conversation_id);
        let turn = owner.get(&talk).await.ok::<ConversationDetail>().turns.remove(0);
        assert_eq!((turn.attached, turn.withheld), (vec!["OURS".to_owned()], vec!["MINE".to_owned()]));

        // What is not there, or of another workspace, begins no turn.
        for id in [ids[1], ids[2]] {
            asked.attach = vec![ids[0], id];
            owner.post("/api/ai/chat", &asked).await.refused(Code::NotFound);
        }
        asked.attach = vec![ids[0]; 21];
        owner.post("/api/ai/chat", &asked).await.refused_field(Code::Invalid, "attach");

        let rules = json!({ "settings": { "requests": { "secrets": "refuse" } } });
        owner.patch(&format!("/api/workspaces/{workspace}"), rules).await.ok::<Workspace>();
        let refused = owner.ask(&question(workspace, "value-of-MINE-1")).await;
        assert_eq!(refused.turn.withheld, ["MINE"]);
        assert!(refused.turn.calls.is_empty() && format!("{:?}", refused.end()).contains("secret_found"));
        let mut asked = question(workspace, "value-of-MINE-1");
        asked.attach = vec![ids[0]];
        let ran = owner.ask(&asked).await;
        assert_eq!((ran.text().as_str(), ran.turn.attached.as_slice()), ("Fine.", ["MINE".to_owned()].as_slice()));
        assert!(ran.turn.withheld.is_empty());
    }

    async fn what_a_person_and_a_workspace_know_does_not_leave(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let other = owner.workspace("b").await.id;
        let mut secret: Option<StoredSecret> = None;
        for (name, value, place) in [("MINE", "my-own-secret-1", None), ("OURS", "of-workspace-a-1", Some(workspace))] {
            let body = json!({ "name": name, "value": value, "workspaceId": place });
            secret = Some(owner.post("/api/secrets", body).await.ok());
        }
        let message = "my-own-secret-1 of-workspace-a-1 in-a-file-12345 sk-environment-canary";
        let body = sent(app, workspace, message).await;
        assert!(body.contains("[secret MINE] [secret OURS] in-a-file-12345 [secret key of the server's model]"), "{body}");
        let body = sent(app, other, message).await;
        assert!(body.contains("[secret MINE] of-workspace-a-1 "), "{body}");

        // One that git ignores is read where it is.
        owner.write(workspace, ".gitignore", ".env\n").await;
        let ignored = app.files_of(workspace).join(".env");
        for value in ["ignored-1-value", "ignored-2-value"] {
            fs::write(&ignored, format!("TOKEN={value}\n")).unwrap();
            let body = sent(app, workspace, &format!("say {value}")).await;
            assert!(body.contains("say [secret TOKEN]"), "{body}");
        }
        fs::remove_file(&ignored).unwrap();

        // What a file sets is known as soon as it is saved, and no longer when
        // it is gone; so is what the vault holds.
        let file = owner.write(workspace, ".env.local", "API_KEY=in-a-file-12345\n").await.file.id;
        let body = sent(app, workspace, message).await;
        assert!(body.contains("[secret API_KEY]") && !body.contains("in-a-file"), "{body}");
        owner.delete(&format!("/api/files/{file}")).await.done();
        owner.delete(&format!("/api/secrets/{}", secret.unwrap().id)).await.done();
        let body = sent(app, workspace, message).await;
        assert!(body.contains("[secret MINE] of-workspace-a-1 in-a-file-12345 [secret key"), "{body}");
    }

    async fn a_workspace_may_have_secrets_refused(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        owner.post("/api/secrets", json!({ "name": "MINE", "value": VALUE })).await.ok::<StoredSecret>();
        let path = format!("/api/workspaces/{workspace}");
        let rules = json!({ "settings": { "requests": { "secrets": "refuse", "keepDays": 3 } } });
        let changed: Workspace = owner.patch(&path, rules).await.ok();
        assert_eq!(changed.settings.requests.keep_days, Some(3));
        let ran = owner.ask(&question(workspace, &format!("say {VALUE}"))).await;
        let end = format!("{:?}", ran.end());
        assert!(end.contains("secret_found") && end.contains("MINE") && !end.contains(VALUE), "{end}");
        assert_eq!(app.model.requests().len(), 0);
        let rules = json!({ "settings": { "requests": { "keepDays": 4_000 } } });
        owner.patch(&path, rules).await.refused_field(Code::Invalid, "settings.requests");
    }
}

#[tokio::test]
async fn the_master_key_is_changed_and_everything_opens() {
    let folder = tempfile::tempdir().unwrap();
    let key = "sk-canary-to-be-resealed";
    let model = FakeModel::local(Script::default().with_key(key))
        .await
        .unwrap();
    let mut server = Server::start(folder.path()).await;
    let owner = server.owner().await;
    let body = json!({ "name": "Mine", "baseUrl": model.url(), "model": "fake-model", "key": key });
    let provider = owner.post("/api/providers", body).await.ok::<Provider>().id;
    owner
        .post("/api/secrets", json!({ "name": "A", "value": VALUE }))
        .await
        .ok::<StoredSecret>();
    let file = folder.path().join("data/secret.key");
    let old = fs::read(&file).unwrap();
    let arguments = ["admin", "rotate-key", "--data", "data"];
    // What it would seal from now on would not open any more.
    let beside = run_program(folder.path(), &arguments, "").await;
    assert_eq!(beside.code, Some(1), "{beside:?}");
    assert!(beside.stderr.contains("stop it first"), "{}", beside.stderr);
    assert_eq!(fs::read(&file).unwrap(), old);
    assert_eq!(server.terminate().await, Some(0));

    let rotated = run_program(folder.path(), &arguments, "").await;
    assert_eq!(rotated.code, Some(0), "{rotated:?}");
    assert!(
        rotated.stdout.starts_with("2 secrets"),
        "{}",
        rotated.stdout
    );
    let new = fs::read(&file).unwrap();
    assert!(new != old && new.len() == 32);
    let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    assert!(!folder.path().join("data/secret.key.next").exists());

    let mut server = Server::start(folder.path()).await;
    let owner = server.owner().await;
    let path = format!("/api/providers/{provider}/check");
    assert!(owner.poke(&path).await.ok::<ProviderCheck>().ok);
    assert_eq!(server.terminate().await, Some(0));

    // With the old key nothing opens, nothing is changed, and it is said so.
    fs::write(&file, old).unwrap();
    let refused = run_program(folder.path(), &arguments, "").await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains("nothing was changed"),
        "{}",
        refused.stderr
    );
    fs::write(&file, new).unwrap();
    // What was cut short goes on with the key that was made for it.
    let again = run_program(folder.path(), &arguments, "").await;
    assert_eq!(again.code, Some(0), "{again:?}");
}
