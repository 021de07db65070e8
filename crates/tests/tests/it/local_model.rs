//! The model that runs on this machine: one button gets it.

use std::path::PathBuf;

use atelier_api::Code;
use atelier_api::local_model::{LocalBuildState, LocalHelper, LocalModel, LocalWeights};
use atelier_model::local::BuilderSocket;
use atelier_tests::{Caller, LocalSetup, Setup, TestApp, WEIGHTS, local_program, question, within};
use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

const PATH: &str = "/api/models/local";

async fn state(caller: &Caller) -> LocalModel {
    caller.get(PATH).await.ok()
}

/// Asks, as the page does, until the fetching is over.
async fn fetched(caller: &Caller) -> LocalModel {
    within("the weights", async {
        loop {
            let found = state(caller).await;
            match found.weights {
                LocalWeights::Downloading | LocalWeights::Checking => {
                    tokio::task::yield_now().await;
                }
                LocalWeights::Absent | LocalWeights::Ready => return found,
            }
        }
    })
    .await
}

#[tokio::test]
async fn the_weights_are_fetched_by_one_button() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/tiny.gguf", listener.local_addr().unwrap());
    let files = Router::new().route("/tiny.gguf", get(async || WEIGHTS));
    let serving = TaskTracker::new();
    serving.spawn(async move { axum::serve(listener, files).await });
    let mut setup = Setup::sqlite().await;
    setup.local.source = Some(url.parse().unwrap());
    let app = setup.start().await;
    let owner = app.owner();

    let before = state(&owner).await;
    assert_eq!(before.weights, LocalWeights::Absent);
    assert_eq!(before.helper, LocalHelper::Ready);
    assert_eq!(
        (before.usable, before.received_bytes, before.size_bytes),
        (false, 0, 7)
    );
    assert_eq!(before.source, url);
    assert!(before.hint.is_some());

    let begun = owner.poke("/api/models/local/pull").await;
    assert_eq!(begun.status, 202, "{begun}");
    let after = fetched(&owner).await;
    assert_eq!(after.weights, LocalWeights::Ready, "{after:?}");
    assert!(after.usable && after.failure.is_none() && after.hint.is_none());
    assert_eq!(after.received_bytes, after.size_bytes);
    // Once more does nothing.
    owner
        .poke("/api/models/local/pull")
        .await
        .ok::<LocalModel>();
    owner.delete("/api/models/local/pull").await.done();
    app.finish().await;
}

/// Plays who builds the program.
struct Builder(BufReader<DuplexStream>);

impl Builder {
    async fn say(&mut self, news: Value) {
        let line = format!("{news}\n");
        self.0.write_all(line.as_bytes()).await.unwrap();
    }

    /// Returns what is wanted next.
    async fn wanted(&mut self) -> Value {
        let mut line = String::new();
        within("a wish", self.0.read_line(&mut line)).await.unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

/// Asks until it is as wanted.
async fn until(caller: &Caller, wanted: impl Fn(&LocalModel) -> bool) -> LocalModel {
    within("the local model", async {
        loop {
            let found = state(caller).await;
            if wanted(&found) {
                return found;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

/// An app without the program, in reach of who can build it. The weights can
/// be had from nowhere but from there.
async fn in_a_checkout() -> (TestApp, Builder, PathBuf) {
    let mut setup = Setup::sqlite().await.without_model();
    let mut program = PathBuf::new();
    setup = setup.settings(|settings| program.clone_from(&settings.data));
    let program = program.join("program");
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    setup.local = LocalSetup {
        program: Some(program.clone()),
        builder: Some(BuilderSocket::new(theirs)),
        ..LocalSetup::default()
    };
    (setup.start().await, Builder(BufReader::new(ours)), program)
}

#[tokio::test]
async fn the_button_builds_the_program_too() {
    let (app, mut builder, program) = in_a_checkout().await;
    let owner = app.owner();
    builder
        .say(json!({ "type": "hello", "version": 1, "begin": false }))
        .await;
    let idle = until(&owner, |found| found.build.state == LocalBuildState::Idle).await;
    assert_eq!((idle.helper, idle.usable), (LocalHelper::Missing, false));

    // Packages are named, and installed only when the owner agrees.
    owner
        .poke("/api/models/local/pull")
        .await
        .ok::<LocalModel>();
    let begin =
        |work: &str, install: bool| json!({ "type": "begin", "work": work, "install": install });
    assert_eq!(builder.wanted().await, begin("program", false));
    builder
        .say(json!({ "type": "needs", "packages": ["cmake"], "command": "apt-get install cmake", "installable": true }))
        .await;
    let needs = until(&owner, |found| {
        found.build.state == LocalBuildState::NeedsPackages
    });
    let needs = needs.await.build;
    assert_eq!(needs.packages, ["cmake"]);
    assert_eq!(needs.command.as_deref(), Some("apt-get install cmake"));
    assert!(needs.installable);
    // Meanwhile the publisher was found to be out of reach.
    assert_eq!(builder.wanted().await, begin("weights", false));
    let agreed = "/api/models/local/pull?installPackages=true";
    owner.poke(agreed).await.ok::<LocalModel>();
    assert_eq!(builder.wanted().await, begin("program", true));

    builder
        .say(json!({ "type": "step", "work": "program", "what": "Compiling llama.cpp", "percent": 45, "line": "[ 45%] Building" }))
        .await;
    let running = until(&owner, |found| found.build.percent == Some(45)).await;
    assert_eq!(running.build.state, LocalBuildState::Running);
    assert_eq!(running.build.step.as_deref(), Some("Compiling llama.cpp"));
    assert_eq!(running.build.line.as_deref(), Some("[ 45%] Building"));
    // The weights come the other way, and are compared with the hash.
    assert_eq!(running.weights, LocalWeights::Downloading);
    let joined = app.data().join("joined");
    std::fs::write(&joined, WEIGHTS).unwrap();
    builder
        .say(json!({ "type": "done", "work": "weights", "file": joined }))
        .await;
    let got = until(&owner, |found| found.weights == LocalWeights::Ready).await;
    assert!(!got.usable && !joined.exists());

    std::fs::copy(local_program(), &program).unwrap();
    builder
        .say(json!({ "type": "done", "work": "program", "file": program }))
        .await;
    let built = until(&owner, |found| found.build.state == LocalBuildState::Idle).await;
    assert!(built.usable && built.hint.is_none(), "{built:?}");
    let workspace = owner.workspace("a").await.id;
    let ran = owner.ask(&question(workspace, "hi")).await;
    assert!(ran.text().starts_with("I read "), "{ran:?}");
    app.finish().await;
}

#[tokio::test]
async fn a_build_can_fail_be_stopped_and_be_out_of_reach() {
    let (app, mut builder, _program) = in_a_checkout().await;
    let owner = app.owner();
    // Whoever started the server asked for it there.
    builder
        .say(json!({ "type": "hello", "version": 1, "begin": true }))
        .await;
    let first = builder.wanted().await;
    assert_eq!(
        (&first["work"], &first["install"]),
        (&json!("program"), &json!(true))
    );
    assert_eq!(builder.wanted().await["work"], "weights");
    let wrong = app.data().join("joined");
    std::fs::write(&wrong, "wEights").unwrap();
    builder
        .say(json!({ "type": "done", "work": "weights", "file": wrong }))
        .await;
    let refused = until(&owner, |found| found.failure.is_some()).await;
    assert!(refused.failure.unwrap().contains("SHA-256"));
    assert!(!wrong.exists());

    owner.delete("/api/models/local/pull").await.done();
    assert_eq!(
        builder.wanted().await,
        json!({ "type": "stop", "work": "program" })
    );
    builder
        .say(json!({ "type": "failed", "work": "program", "message": "it was stopped" }))
        .await;
    let failed = until(&owner, |found| found.build.state == LocalBuildState::Failed).await;
    assert_eq!(failed.build.failure.as_deref(), Some("it was stopped"));

    drop(builder);
    let gone = until(&owner, |found| {
        found.build.state == LocalBuildState::Unavailable
    });
    assert!(gone.await.hint.unwrap().contains("comes with a release"));
    app.finish().await;
}

#[tokio::test]
async fn only_the_owner_may_press_it() {
    let app = Setup::sqlite().await.start().await;
    let first = app.owner();
    first.get(PATH).await.ok::<LocalModel>();
    // From here on this one was there first, and is the owner.
    let owner = app.stranger().await;
    let refused = first.poke("/api/models/local/pull").await;
    refused.refused(Code::Denied);
    let refused = first.delete("/api/models/local/pull").await;
    refused.refused(Code::Denied);
    first.get(PATH).await.ok::<LocalModel>();
    owner
        .poke("/api/models/local/pull")
        .await
        .ok::<LocalModel>();
    owner.delete("/api/models/local/pull").await.done();
    fetched(&owner).await;
    app.finish().await;
}
