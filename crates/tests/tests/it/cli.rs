//! The command line: exit statuses, output that programs read, and errors
//! that people do.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use atelier_api::event::{RunEvent, WorkspaceEvent};
use atelier_api::run::Execute;
use atelier_api::session::Session;
use atelier_model::fake::{FakeModel, Script, Turn};
use atelier_tests::{Caller, Server, question, run_program, start_program};
use serde_json::Value;

use super::apply::project;

#[tokio::test]
async fn doctor_tells_programs_and_people_the_same() {
    let folder = project();
    let json = run_program(folder.path(), &["doctor", "--json"], "").await;
    let said: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(said["ready"] == true, json.code == Some(0), "{json:?}");
    let layers: Vec<&str> = said["layers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|layer| layer["name"].as_str().unwrap())
        .collect();
    let text = run_program(folder.path(), &["doctor"], "").await;
    assert_eq!(text.code, json.code);
    for layer in layers {
        assert!(text.stdout.contains(layer), "{layer}: {}", text.stdout);
    }
    assert_eq!(said["cell"]["idleSeconds"], 600);
    assert!(
        text.stdout.contains("2048 processes in all"),
        "{}",
        text.stdout
    );
    let file = folder.path().join("cells.toml");
    std::fs::write(file, "[cell]\nmemory_mb = 2048\nidle_seconds = 30\n").unwrap();
    let set = run_program(folder.path(), &["doctor", "--config", "cells.toml"], "").await;
    let told = "2048 MiB of memory and 2048 processes in all, and ends after 30 seconds";
    assert!(set.stdout.contains(told), "{}", set.stdout);
    assert!(
        said["runtimes"]
            .as_array()
            .unwrap()
            .iter()
            .any(|runtime| runtime["language"] == "python")
    );
}

#[tokio::test]
async fn run_passes_output_input_and_status_through() {
    let folder = project();
    for (arguments, input, code, stdout) in [
        (&["run", "--", "sh", "-c", "exit 7"][..], "", 7, ""),
        (&["run", "--", "cat"], "through", 0, "through"),
        (&["run", "--", "cat", "b.txt"], "", 0, "b\n"),
        (&["run", "--", "no-such-program"], "", 127, ""),
        (&["run", "--", "sh", "-c", "kill -TERM $$"], "", 143, ""),
        (&["run", "--timeout", "1", "--", "sleep", "20"], "", 124, ""),
        (&["run"], "", 2, ""),
    ] {
        let ended = run_program(folder.path(), arguments, input).await;
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(code), stdout),
            "{arguments:?}: {ended:?}"
        );
    }
    let ended = run_program(
        folder.path(),
        &["run", "--", "sh", "-c", "echo x > made; cat /etc/shadow"],
        "",
    )
    .await;
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(1), ""),
        "{ended:?}"
    );
    assert_eq!(
        fs::read_to_string(folder.path().join("made")).unwrap(),
        "x\n"
    );
}

#[tokio::test]
async fn run_reaches_what_is_named_and_nothing_else() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let folder = project();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 1024];
        let count = stream.read(&mut request).await.unwrap();
        assert!(request[..count].starts_with(b"GET /x HTTP/1."));
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nhere";
        stream.write_all(answer).await.unwrap();
    };
    let ask = |port: u16| {
        format!(
            "import socket; s = socket.create_connection(('127.0.0.1', 3128)); \
             s.sendall(b'GET http://127.0.0.1:{port}/x HTTP/1.0\\r\\n\\r\\n'); \
             print(s.makefile().read())"
        )
    };
    let net = format!("127.0.0.1:{port}");
    let (named, other) = (ask(port), ask(port ^ 1));
    let arguments = ["run", "--net", &net, "--", "/usr/bin/python3", "-c", &named];
    let (ended, ()) = tokio::join!(run_program(folder.path(), &arguments, ""), serve);
    assert!(
        ended.stdout.contains("200") && ended.stdout.contains("here"),
        "{ended:?}"
    );
    let arguments = ["run", "--net", &net, "--", "/usr/bin/python3", "-c", &other];
    let ended = run_program(folder.path(), &arguments, "").await;
    assert!(
        ended.stdout.contains("403") && ended.stdout.contains("--net"),
        "{ended:?}"
    );
    let arguments = ["run", "--net", "https://example.org/", "--", "true"];
    let ended = run_program(folder.path(), &arguments, "").await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
}

#[tokio::test]
async fn run_in_a_draft_lists_changes_and_makes_none() {
    let folder = project();
    fs::write(folder.path().join("c.txt"), "c\n").unwrap();
    fs::write(folder.path().join("d.txt"), "d\n").unwrap();
    let script =
        "echo more >> b.txt; rm c.txt; mkdir new; echo x > new/x.txt; touch d.txt; ls; exit 5";
    let ended = run_program(
        folder.path(),
        &["run", "--draft", "--", "sh", "-c", script],
        "",
    )
    .await;
    assert_eq!(ended.code, Some(5), "{ended:?}");
    assert!(
        ended.stdout.contains("new\n") && !ended.stdout.contains("c.txt"),
        "{ended:?}"
    );
    assert_eq!(ended.stderr, "M b.txt\nD c.txt\nA new\nA new/x.txt\n");
    assert_eq!(
        fs::read_to_string(folder.path().join("b.txt")).unwrap(),
        "b\n"
    );
    assert_eq!(
        fs::read_to_string(folder.path().join("c.txt")).unwrap(),
        "c\n"
    );
    assert!(!folder.path().join("new").exists());
    assert!(!folder.path().join(".atelier").exists());
}

#[tokio::test]
async fn serve_says_what_is_wrong_with_its_configuration() {
    for (config, words) in [
        (
            Some("[run]\nwall_secs = 3\n"),
            &["wall_secs", "atelier.toml"][..],
        ),
        (Some("[run]\npids = 0\n"), &["[run]"]),
        (Some("[run\n"), &["atelier.toml"]),
        (
            Some("[server]\nlisten = \"here\"\n"),
            &["atelier.toml", "listen"],
        ),
        (
            Some("[server]\npublic_url = \"https://h/path\"\n"),
            &["public URL"],
        ),
        (Some("[model]\nname = \"m\"\n"), &["base URL"]),
        (
            Some("[import]\nfolders = [\"relative\"]\n"),
            &["import.folders", "relative"],
        ),
        (
            Some("[storage]\ndatabase_url = \"mysql://h/d\"\n"),
            &["storage.database_url"],
        ),
        (None, &["atelier.toml"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        if let Some(config) = config {
            fs::write(folder.path().join("atelier.toml"), config).unwrap();
        }
        let arguments = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data",
            "data",
            "--config",
            "atelier.toml",
        ];
        let ended = run_program(folder.path(), &arguments, "").await;
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(1), ""),
            "{config:?}: {ended:?}"
        );
        for word in words {
            assert!(ended.stderr.contains(word), "{config:?}: {}", ended.stderr);
        }
    }
}

#[tokio::test]
async fn serve_says_when_the_address_is_taken() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let ended = run_program(
        folder.path(),
        &["serve", "--listen", &address, "--data", "data"],
        "",
    )
    .await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stderr.contains(&address) && ended.stderr.contains("--listen"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn serve_keeps_its_data_to_itself() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path()).await;
    let data = folder.path().join("data");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for file in ["secret.key", "atelier.db"] {
        assert_eq!(mode(&data.join(file)), 0o600, "{file}");
    }
    assert_eq!(server.terminate().await, Some(0));
    fs::set_permissions(data.join("secret.key"), fs::Permissions::from_mode(0o644)).unwrap();
    let ended = run_program(
        folder.path(),
        &["serve", "--listen", "127.0.0.1:0", "--data", "data"],
        "",
    )
    .await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("chmod 600"), "{}", ended.stderr);
}

#[tokio::test]
async fn serve_stops_in_time_with_streams_open() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path()).await;
    let owner = server.owner().await;
    let workspace = owner.workspace("a").await.id;
    let run = Execute {
        workspace_id: workspace,
        command: Some("echo on; sleep 1000".to_owned()),
        ..Execute::default()
    };
    let run = owner.start_run(&run).await.id;
    let mut output = owner
        .watch::<RunEvent>(&format!("/api/execute/{run}/events"))
        .await;
    output
        .until(|event| matches!(event.event, RunEvent::Output { .. }))
        .await;
    let mut live = owner
        .socket(&format!("/api/workspaces/{workspace}/events"), &[])
        .await
        .unwrap();
    let begun = Instant::now();
    assert_eq!(server.terminate().await, Some(0), "{}", server.log());
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(2), "stopping took {took:?}");
    output.all().await;
    while live.next::<WorkspaceEvent>().await.is_some() {}
}

#[tokio::test]
async fn admin_prints_a_link_that_works_while_the_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path()).await;
    let arguments = [
        "admin",
        "sign-in-link",
        "--data",
        "data",
        "--url",
        &server.base,
    ];
    let ended = run_program(folder.path(), &arguments, "").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let (_, link) = ended.stdout.trim().split_once("): ").unwrap();
    let (base, token) = link.split_once("/sign-in#token=").unwrap();
    assert_eq!(base, server.base);
    let owner = Caller::new(base).sign_in(token).await;
    assert_eq!(
        owner.get("/api/session").await.ok::<Session>().user.name,
        "Owner"
    );
    assert_eq!(server.terminate().await, Some(0));
}

/// The fields of the eight entities, as the export names them.
const ENTITIES: [(&str, &[&str]); 8] = [
    (
        "Workspace",
        &["id", "ownerId", "name", "defaultModel", "createdAt"],
    ),
    (
        "File",
        &[
            "id",
            "workspaceId",
            "path",
            "language",
            "currentVersionId",
            "deletedAt",
        ],
    ),
    (
        "FileVersion",
        &[
            "id",
            "fileId",
            "contentRef",
            "contentHash",
            "createdBy",
            "createdAt",
        ],
    ),
    (
        "Conversation",
        &["id", "workspaceId", "title", "activeModel", "createdAt"],
    ),
    (
        "AssistantMessage",
        &[
            "id",
            "conversationId",
            "role",
            "content",
            "toolCalls",
            "createdAt",
        ],
    ),
    (
        "ModelCall",
        &[
            "id",
            "workspaceId",
            "conversationId",
            "provider",
            "model",
            "task",
            "inputTokens",
            "cachedInputTokens",
            "cacheWriteTokens",
            "outputTokens",
            "reasoningTokens",
            "cost",
            "latencyMs",
        ],
    ),
    (
        "ExecutionJob",
        &[
            "id",
            "workspaceId",
            "command",
            "status",
            "stdoutRef",
            "stderrRef",
            "startedAt",
            "finishedAt",
        ],
    ),
    (
        "UsageRecord",
        &[
            "id",
            "userId",
            "workspaceId",
            "type",
            "quantity",
            "cost",
            "createdAt",
        ],
    ),
];

#[tokio::test]
async fn admin_exports_the_eight_entities() {
    let folder = tempfile::tempdir().unwrap();
    let model = FakeModel::local(Script::of([Turn::text("Hello.")]))
        .await
        .unwrap();
    let config = format!(
        "[model]\nbase_url = \"{}\"\nname = \"fake-model\"\ninput_usd_per_million = \"1\"\noutput_usd_per_million = \"1\"\n",
        model.url()
    );
    fs::write(folder.path().join("atelier.toml"), config).unwrap();
    let mut server = Server::start(folder.path()).await;
    let owner = server.owner().await;
    let workspace = owner
        .workspace_with("exported", &[("main.py", "print(1)\n")])
        .await
        .id;
    owner.ask(&question(workspace, "hi")).await;
    owner.sh(workspace, "echo x > made").await;

    let ended = run_program(folder.path(), &["admin", "export", "--data", "data"], "").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let mut seen: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in ended.stdout.lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        seen.entry(value["entity"].as_str().unwrap().to_owned())
            .or_default()
            .push(value);
    }
    let names: BTreeSet<&str> = ENTITIES.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        seen.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        names
    );
    for (name, fields) in ENTITIES {
        let expected: BTreeSet<&str> = fields.iter().copied().chain(["entity"]).collect();
        for value in &seen[name] {
            let found: BTreeSet<&str> = value
                .as_object()
                .unwrap()
                .keys()
                .map(String::as_str)
                .collect();
            assert_eq!(found, expected, "{name}");
        }
    }
    // Contents are where the export says.
    for version in &seen["FileVersion"] {
        let blob = folder
            .path()
            .join("data")
            .join(version["contentRef"].as_str().unwrap());
        assert!(blob.exists(), "{version}");
    }
    assert!(
        seen["FileVersion"]
            .iter()
            .any(|version| version["createdBy"].as_str().unwrap().starts_with("run:"))
    );
    assert!(
        seen["ModelCall"][0]["cost"].is_string(),
        "{}",
        seen["ModelCall"][0]
    );
    assert_eq!(server.terminate().await, Some(0));
}

#[tokio::test]
async fn fake_model_says_where_a_script_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("script.json"),
        "{\"turns\":[{\"steps\":[{\"says\":\"a\"}]}]}",
    )
    .unwrap();
    for (script, word) in [("script.json", "says"), ("none.json", "none.json")] {
        let ended = run_program(folder.path(), &["fake-model", "--script", script], "").await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains(word), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn fake_model_answers_a_server_without_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"{"turns": [{"match": "hi", "steps": [{"text": "Hello from the script."}]}]}"#;
    fs::write(folder.path().join("script.json"), script).unwrap();
    let arguments = [
        "fake-model",
        "--script",
        "script.json",
        "--listen",
        "127.0.0.1:0",
    ];
    let (model, line) = start_program(folder.path(), &arguments).await;
    let (_, url) = line.rsplit_once(' ').unwrap();
    let config = format!("[model]\nbase_url = \"{url}\"\nname = \"fake-model\"\n");
    fs::write(folder.path().join("atelier.toml"), config).unwrap();
    let mut server = Server::start(folder.path()).await;
    let owner = server.owner().await;
    let workspace = owner.workspace("a").await.id;
    let ran = owner.ask(&question(workspace, "hi")).await;
    assert_eq!(ran.text(), "Hello from the script.");
    assert_eq!(server.terminate().await, Some(0));
    drop(model);
}

#[tokio::test]
async fn every_command_has_help() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["serve", "apply", "run", "doctor", "fake-model", "admin"] {
        let ended = run_program(folder.path(), &[command, "--help"], "").await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.contains("Usage:"), "{}", ended.stdout);
    }
    let version = run_program(folder.path(), &["--version"], "").await;
    assert_eq!(
        version.stdout.trim(),
        concat!("atelier ", env!("CARGO_PKG_VERSION"))
    );
}
