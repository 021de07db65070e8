use atelier_base::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::harness::Fixture;
use crate::{FileKind, MessageRole, RunEnd, RunOutcome};

async fn export(t: &Fixture) -> Vec<Value> {
    let mut out = Vec::new();
    let lines = t.read(async |r| r.export(&mut out).await).await;
    let text = String::from_utf8(out).unwrap();
    let read: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(read.len() as u64, lines);
    read
}

/// Puts one of each entity in and returns the lines expected for them.
async fn one_of_each(t: &Fixture) -> Vec<Value> {
    let workspace = t.workspace().await;
    let mut folder = t.file(workspace.id, "src");
    folder.kind = FileKind::Directory;
    let file = t.files(&workspace, &["src/a.py"]).await.remove(0);
    let turn = t.turn(&workspace).await;
    let mut message = t.message(&turn, MessageRole::Assistant, "Hello\n\"you\"");
    message.tool_calls = Some(r#"[{"name":"read"}]"#.to_owned());
    let (call, run) = (t.model_call(&turn), t.run(&workspace));
    let usage = t.usage(&turn, 7);
    let deleted_at = t.now();
    t.write(async |tx| {
        tx.insert_files(&[folder]).await?;
        tx.mark_deleted(file.id, deleted_at).await?;
        tx.insert_message(&message).await?;
        tx.insert_model_calls(std::slice::from_ref(&call)).await?;
        tx.finish_model_call(call.id, &Fixture::call_end()).await?;
        tx.insert_run(&run).await?;
        tx.start_run(run.id, deleted_at).await?;
        tx.finish_run(run.id, &run_end(deleted_at)).await?;
        tx.insert_usage(std::slice::from_ref(&usage)).await
    })
    .await;
    let conversation = t
        .read(async |r| r.get_conversation(turn.conversation_id).await)
        .await;
    let version = t
        .read(async |r| r.find_current(file.id).await)
        .await
        .unwrap();
    let hash = version.content_hash.to_string();
    let time = |time: Timestamp| time.to_string();
    vec![
        json!({"entity": "Workspace", "id": workspace.id.to_string(),
            "ownerId": workspace.owner_id.to_string(), "name": "demo", "defaultModel": "small",
            "createdAt": time(workspace.created_at)}),
        json!({"entity": "File", "id": file.id.to_string(),
            "workspaceId": workspace.id.to_string(), "path": "src/a.py", "language": "py",
            "currentVersionId": version.id.to_string(), "deletedAt": time(deleted_at)}),
        json!({"entity": "FileVersion", "id": version.id.to_string(),
            "fileId": file.id.to_string(),
            "contentRef": format!("blobs/{}/{}", &hash[..2], &hash[2..]), "contentHash": hash,
            "createdBy": "user", "createdAt": time(version.created_at)}),
        json!({"entity": "Conversation", "id": turn.conversation_id.to_string(),
            "workspaceId": workspace.id.to_string(), "title": "Untitled", "activeModel": null,
            "createdAt": time(conversation.created_at)}),
        json!({"entity": "AssistantMessage", "id": message.id.to_string(),
            "conversationId": turn.conversation_id.to_string(), "role": "assistant",
            "content": "Hello\n\"you\"", "toolCalls": [{"name": "read"}],
            "createdAt": time(message.created_at)}),
        json!({"entity": "ModelCall", "id": call.id.to_string(),
            "workspaceId": workspace.id.to_string(),
            "conversationId": turn.conversation_id.to_string(), "task": "chat",
            "provider": "fake", "model": "small", "inputTokens": 1000, "cachedInputTokens": 400,
            "cacheWriteTokens": 100, "outputTokens": 50, "reasoningTokens": 20,
            "cost": "0.000124", "latencyMs": 300}),
        json!({"entity": "ExecutionJob", "id": run.id.to_string(),
            "workspaceId": workspace.id.to_string(), "command": "python3 main.py",
            "status": "timeout", "stdoutRef": format!("events/{}#stdout", run.id),
            "stderrRef": format!("events/{}#stderr", run.id), "startedAt": time(deleted_at),
            "finishedAt": time(deleted_at)}),
        json!({"entity": "UsageRecord", "id": call.id.to_string(),
            "userId": workspace.owner_id.to_string(), "workspaceId": workspace.id.to_string(),
            "type": "tokens", "quantity": 1050, "cost": "0.000124",
            "createdAt": time(call.created_at)}),
        json!({"entity": "UsageRecord", "id": usage.id.to_string(),
            "userId": workspace.owner_id.to_string(), "workspaceId": workspace.id.to_string(),
            "type": "run_ms", "quantity": 7, "cost": "0",
            "createdAt": time(usage.created_at)}),
    ]
}

fn run_end(finished_at: Timestamp) -> RunEnd {
    RunEnd {
        outcome: RunOutcome::Timeout,
        exit_code: None,
        signal: None,
        reason: None,
        wall_ms: None,
        cpu_ms: None,
        peak_memory_bytes: None,
        stdout_bytes: 0,
        stderr_bytes: 0,
        finished_at,
    }
}

both_engines! {
    async fn each_entity_is_a_line(t) {
        let expected = one_of_each(t).await;
        assert_eq!(export(t).await, expected);
    }

    async fn a_table_longer_than_a_page_is_exported_whole(t) {
        let workspace = t.workspace().await;
        let names: Vec<String> = (0..2 * PAGE).map(|n| format!("f{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        t.files(&workspace, &names).await;
        let lines = export(t).await;
        let paths: Vec<&str> = lines.iter().filter_map(|line| line["path"].as_str()).collect();
        assert_eq!(paths, names);
        assert_eq!(lines.len(), 1 + 4 * PAGE as usize);
    }

    async fn tool_calls_that_are_no_json_are_reported_with_their_row(t) {
        let turn = t.turn(&t.workspace().await).await;
        let mut message = t.message(&turn, MessageRole::Assistant, "");
        message.tool_calls = Some("[".to_owned());
        t.write(async |tx| tx.insert_message(&message).await).await;
        let error: Error = t
            .store
            .read(async |r| r.export(&mut tokio::io::sink()).await)
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("inconsistent data in table messages, column tool_calls, row {}", message.id)
        );
    }
}

#[test]
fn authors_are_named_by_what_is_known_of_them() {
    let (user, turn, run) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
    let row = |author_kind| VersionRow {
        id: Uuid::nil().into(),
        file_id: Uuid::nil().into(),
        workspace_id: Uuid::nil().into(),
        path: crate::harness::path("a"),
        content_hash: atelier_base::ContentHash::of(b""),
        size_bytes: 0,
        executable: false,
        author_kind,
        user_id: Some(user.into()),
        turn_id: Some(turn.into()),
        run_id: Some(run.into()),
        proposal_id: None,
        transaction_id: Uuid::nil().into(),
        created_at: Timestamp::from_micros(0),
    };
    for (kind, id) in [
        (AuthorKind::User, user),
        (AuthorKind::Assistant, turn),
        (AuthorKind::Run, run),
        (AuthorKind::Git, user),
        (AuthorKind::Import, user),
    ] {
        let Entity::FileVersion { created_by, .. } = version(&row(kind)) else {
            panic!("not a version");
        };
        assert_eq!(created_by, format!("{kind}:{id}"));
    }
}

#[test]
fn money_is_written_as_decimal_dollars() {
    for (micros, text) in [
        (0, "0"),
        (1, "0.000001"),
        (1_500_000, "1.5"),
        (20_000_000, "20"),
        (-250_000, "-0.25"),
        (i64::MIN, "-9223372036854.775808"),
    ] {
        assert_eq!(dollars(micros), text);
    }
}
