//! What programs do to files while they run becomes versions, and is told.

use std::time::{Duration, Instant};

use atelier_api::event::{FileChange, WorkspaceEvent};
use atelier_api::file::{AuthorKind, File};
use atelier_api::run::{Execute, Outcome, Run, RunStatus};
use atelier_tests::{Caller, Setup, Socket, on_both_engines, within};
use uuid::Uuid;

fn command(workspace: Uuid, line: &str) -> Execute {
    Execute {
        workspace_id: workspace,
        command: Some(line.to_owned()),
        ..Execute::default()
    }
}

async fn socket(caller: &Caller, workspace: Uuid) -> Socket {
    let path = format!("/api/workspaces/{workspace}/events");
    caller.socket(&path, &[]).await.unwrap()
}

/// Waits until a file has changed so, and returns the version it has then.
async fn until(live: &mut Socket, path: &str, change: FileChange) -> Option<Uuid> {
    let mut version = None;
    let told = live.until(|event: &WorkspaceEvent| {
        let WorkspaceEvent::FilesChanged { files, .. } = event else {
            return false;
        };
        let found = files
            .iter()
            .find(|file| file.path == path && file.change == change);
        version = found.and_then(|file| file.version_id);
        found.is_some()
    });
    within(&format!("{path} to have {change:?}"), told).await;
    version
}

async fn is_running(caller: &Caller, run: Uuid) -> bool {
    let now: Run = caller.get(&format!("/api/execute/{run}")).await.ok();
    now.status == RunStatus::Running
}

/// What a program does that waits for us between its steps.
const STEPS: &str = "
step() { while [ ! -e go-$1 ]; do sleep 0.01; done; }
step 1; echo one > made
step 2; for n in 1 2 3 4 5; do echo $n >> made; done
step 3; mv made moved
step 4; chmod +x moved
step 5; mkdir -p a/b; echo deep > a/b/c
step 6; rm moved; rm -r a
step 7";

on_both_engines! {
    async fn what_a_run_writes_is_told_while_it_runs(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let mut live = socket(&owner, workspace).await;
        let run = owner.start_run(&command(workspace, STEPS)).await.id;
        let mut took = Vec::new();
        let mut versions = Vec::new();
        for (step, path, change) in [
            (1, "made", FileChange::Created),
            (2, "made", FileChange::Modified),
            (3, "moved", FileChange::Renamed),
            (4, "moved", FileChange::Modified),
            (5, "a/b/c", FileChange::Created),
            (6, "moved", FileChange::Deleted),
        ] {
            owner.write(workspace, &format!("go-{step}"), "").await;
            let asked = Instant::now();
            versions.push(until(&mut live, path, change).await);
            took.push(asked.elapsed());
            if step == 3 {
                let file = owner.file(workspace, "moved").await;
                let all = owner.versions(workspace, "moved").await;
                assert_eq!(all.len(), 2, "a burst is one version: {all:?}");
                assert!(all.iter().all(|version| version.author_kind == AuthorKind::Run && version.run_id == Some(run)), "{all:?}");
                assert_eq!(all[0].file_id, file.id, "the same file");
                assert_eq!(owner.text(workspace, "moved").await, "one\n1\n2\n3\n4\n5\n");
            }
        }
        println!("from the person's step to the event: {took:?}");
        assert!(is_running(&owner, run).await);
        assert_eq!(versions[2], versions[1], "moving makes no version");
        assert!(versions[3].is_some() && versions[3] != versions[2], "a mode is part of a version");
        owner.write(workspace, "go-7", "").await;
        assert_eq!(owner.await_run(run).await.outcome, Some(Outcome::Ok));
        let left: Vec<String> = (1..=7).map(|step| format!("go-{step}")).collect();
        assert_eq!(owner.paths(workspace).await, left);
        // What a person saved meanwhile stays theirs.
        for path in left {
            let all = owner.versions(workspace, &path).await;
            assert_eq!((all.len(), all[0].author_kind), (1, AuthorKind::User), "{path}");
        }
    }

    async fn what_tools_make_and_git_ignores_has_no_versions(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[(".gitignore", "*.log\nout/\n")]).await.id;
        let mut live = socket(&owner, workspace).await;
        let line = "for d in node_modules target/debug .venv/bin p/__pycache__ out; do mkdir -p $d; echo x > $d/x; done
            echo x > run.log; sleep 0.3; echo y >> run.log; echo end > z; while [ ! -e go ]; do sleep 0.01; done
            rm -r node_modules target .venv p out run.log";
        let run = owner.start_run(&command(workspace, line)).await.id;
        until(&mut live, "z", FileChange::Created).await;
        let files = owner.files(workspace).await;
        let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, [".gitignore", ".venv", "node_modules", "out", "p", "p/__pycache__", "run.log", "target", "z"]);
        let log: &File = files.iter().find(|file| file.path == "run.log").unwrap();
        assert!(owner.versions(workspace, "run.log").await.is_empty(), "{log:?}");
        // Who wants to see it does.
        assert_eq!(owner.text(workspace, "run.log").await, "x\ny\n");
        owner.write(workspace, "go", "").await;
        assert_eq!(owner.await_run(run).await.outcome, Some(Outcome::Ok));
        assert_eq!(owner.paths(workspace).await, [".gitignore", "go", "z"]);
    }

    async fn two_runs_at_once_share_what_they_do(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let mut live = socket(&owner, workspace).await;
        let wait = "while [ ! -e go ]; do sleep 0.01; done";
        let first = owner.start_run(&command(workspace, &format!(": > on; {wait}"))).await.id;
        until(&mut live, "on", FileChange::Created).await;
        let second = owner.start_run(&command(workspace, &format!(": > both; {wait}"))).await.id;
        until(&mut live, "both", FileChange::Created).await;
        owner.write(workspace, "go", "").await;
        for run in [first, second] {
            assert_eq!(owner.await_run(run).await.outcome, Some(Outcome::Ok));
        }
        assert_eq!(owner.versions(workspace, "on").await[0].run_id, Some(first));
        assert_eq!(owner.versions(workspace, "both").await[0].run_id, None, "nobody knows which");
    }

    async fn a_hostile_workspace_is_followed_all_the_same(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("d/x", "x")]).await.id;
        let mut live = socket(&owner, workspace).await;
        let line = "mkfifo fifo; ln -s . loop; ln -s .. up; mkdir shut; echo s > shut/s; chmod 000 shut
            ln -s /dev/zero zero; mv d was; ln -s was d; ln -s / e; echo first > first
            while [ ! -e go ]; do sleep 0.01; done; chmod 755 shut; rm -r fifo loop up zero d e; echo last > last
            while [ ! -e end ]; do sleep 0.01; done";
        let run = owner.start_run(&command(workspace, line)).await.id;
        until(&mut live, "first", FileChange::Created).await;
        let paths = owner.paths(workspace).await;
        let seen: Vec<&str> = paths.iter().map(String::as_str).filter(|path| !path.starts_with("shut")).collect();
        assert_eq!(seen, ["d", "e", "first", "loop", "up", "was", "was/x", "zero"]);
        owner.write(workspace, "go", "").await;
        until(&mut live, "last", FileChange::Created).await;
        owner.write(workspace, "end", "").await;
        assert_eq!(owner.await_run(run).await.outcome, Some(Outcome::Ok));
        assert_eq!(owner.text(workspace, "was/x").await, "x");
        assert_eq!(owner.text(workspace, "shut/s").await, "s\n");
    }
}

/// One engine, because what is watched is the tree.
#[tokio::test]
async fn a_storm_of_fifty_thousand_files_stalls_nothing() {
    let patient = Setup::sqlite()
        .await
        .settings(|settings| settings.run.wall = Duration::from_mins(3));
    let app = patient.start().await;
    let owner = app.owner();
    let workspace = owner.workspace_with("a", &[("mine", "0")]).await.id;
    let line = "import os\nfor d in range(100):\n  os.mkdir(f's{d}')\n  for f in range(500):\n    open(f's{d}/{f}', 'w').write('x')\n";
    let run = Execute {
        code: Some(line.to_owned()),
        language: Some("python".to_owned()),
        ..command(workspace, "")
    };
    let run = Execute {
        command: None,
        ..run
    };
    let began = Instant::now();
    let id = owner.start_run(&run).await.id;
    let (mut longest, mut asked) = (Duration::ZERO, 0_u32);
    loop {
        let at = Instant::now();
        owner
            .overwrite(workspace, "mine", &format!("{asked}"))
            .await;
        longest = longest.max(at.elapsed());
        asked += 1;
        if !matches!(
            owner
                .get(&format!("/api/execute/{id}"))
                .await
                .ok::<Run>()
                .status,
            RunStatus::Queued | RunStatus::Running
        ) {
            break;
        }
    }
    println!(
        "{asked} saves in {:?}, the longest {longest:?}",
        began.elapsed()
    );
    assert_eq!(owner.await_run(id).await.outcome, Some(Outcome::Ok));
    assert!(asked > 3, "the server answered meanwhile");
    assert_eq!(app.kinds(workspace).await.len(), 50_101);
    app.finish().await;
}
