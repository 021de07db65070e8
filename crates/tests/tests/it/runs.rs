//! Runs: started, limited, followed and stopped, in real cells.

use std::collections::BTreeMap;

use atelier_api::Code;
use atelier_api::event::{Numbered, OutputStream, RunEvent};
use atelier_api::file::AuthorKind;
use atelier_api::run::{Execute, Outcome, Run, RunLimits, RunStatus};
use atelier_sandbox::cell::{Output, Report, RunCommand, Site};
use atelier_sandbox::doctor::Isolation;
use atelier_sandbox::host::{BoxFuture, Host};
use atelier_sandbox::runtime::Runtime;
use atelier_tests::{Caller, on_both_engines};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

fn command(workspace: Uuid, line: &str) -> Execute {
    Execute {
        workspace_id: workspace,
        command: Some(line.to_owned()),
        ..Execute::default()
    }
}

fn code(workspace: Uuid, language: &str, code: &str) -> Execute {
    Execute {
        workspace_id: workspace,
        code: Some(code.to_owned()),
        language: Some(language.to_owned()),
        ..Execute::default()
    }
}

async fn events(caller: &Caller, run: Uuid) -> Vec<Numbered<RunEvent>> {
    caller
        .watch(&format!("/api/execute/{run}/events"))
        .await
        .all()
        .await
}

/// Waits until a run has written something.
async fn await_output(caller: &Caller, run: Uuid) {
    let mut events = caller
        .watch::<RunEvent>(&format!("/api/execute/{run}/events"))
        .await;
    events
        .until(|event| matches!(event.event, RunEvent::Output { .. }))
        .await;
}

/// A host that can't isolate.
#[derive(Debug)]
struct Open;

impl Host for Open {
    fn run<'a>(
        &'a self,
        _: &'a Site,
        _: RunCommand,
        _: CancellationToken,
        _: mpsc::Sender<Output>,
    ) -> BoxFuture<'a, Report> {
        panic!("nothing runs on a host that can't isolate")
    }

    fn isolation(&self) -> BoxFuture<'_, Isolation> {
        let reason = Some("user namespaces are off: sysctl -w kernel.x=1".to_owned());
        Box::pin(async {
            Isolation {
                ready: false,
                layers: Vec::new(),
                reason,
            }
        })
    }

    fn runtimes(&self) -> BoxFuture<'_, Vec<Runtime>> {
        Box::pin(async { Vec::new() })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

/// A host whose runs fail in a way that nobody thought of.
#[derive(Debug)]
struct Broken;

impl Host for Broken {
    fn run<'a>(
        &'a self,
        _: &'a Site,
        command: RunCommand,
        _: CancellationToken,
        _: mpsc::Sender<Output>,
    ) -> BoxFuture<'a, Report> {
        assert_ne!(command.argv, ["panic"], "as asked");
        Box::pin(async { Report::unstarted(atelier_sandbox::cell::Outcome::Ok, None) })
    }

    fn isolation(&self) -> BoxFuture<'_, Isolation> {
        let layers = Vec::new();
        Box::pin(async {
            Isolation {
                ready: true,
                layers,
                reason: None,
            }
        })
    }

    fn runtimes(&self) -> BoxFuture<'_, Vec<Runtime>> {
        Box::pin(async { Vec::new() })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

on_both_engines! {
    async fn files_code_commands_and_argument_lists_run(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[
            ("main.py", "import sys; print('py', sys.argv[1:])"), ("src/main.js", "console.log('js')"), ("say it.sh", "echo sh $0"),
        ]).await.id;
        let file = |path: &str| Execute { workspace_id: workspace, path: Some(path.to_owned()), ..Execute::default() };
        let argv = Execute { workspace_id: workspace, argv: Some(vec!["printf".into(), "%s|".into(), "a b".into(), "$HOME".into()]), ..Execute::default() };
        for (run, said, shown) in [
            (file("main.py"), "py []\n", "python3 main.py"),
            (file("src/main.js"), "js\n", "node src/main.js"),
            (file("say it.sh"), "sh ./say it.sh\n", "'say it.sh'"),
            (code(workspace, "python", "print(6 * 7)"), "42\n", "python (code)"),
            (code(workspace, "javascript", "console.log(6 * 7)"), "42\n", "javascript (code)"),
            (code(workspace, "shell", "echo $((6 * 7))"), "42\n", "shell (code)"),
            (command(workspace, "echo a && pwd | wc -l"), "a\n1\n", "echo a && pwd | wc -l"),
            (argv, "a b|$HOME|", "printf '%s|' 'a b' '$HOME'"),
        ] {
            let ended = owner.run(&run).await;
            assert_eq!((ended.outcome, ended.exit_code), (Some(Outcome::Ok), Some(0)), "{ended:?}");
            assert_eq!(ended.stdout.as_deref(), Some(said), "{ended:?}");
            assert!(ended.command.ends_with(shown), "{} is not {shown}", ended.command);
            assert!(ended.wall_ms.is_some() && ended.started_at.is_some() && ended.finished_at.is_some());
        }
        let runs: Vec<Run> = owner.list(&format!("/api/workspaces/{workspace}/runs"), 3).await;
        assert_eq!(runs.len(), 8);
        assert!(runs.is_sorted_by(|a, b| a.id > b.id), "newest first");
        assert!(runs.iter().all(|run| run.stdout.is_none()), "output only from a run itself");
    }

    async fn every_way_to_end_has_its_outcome(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let limited = |line: &str, limits: RunLimits| Execute { limits: Some(limits), ..command(workspace, line) };
        let none = RunLimits::default;
        for (run, outcome, exit_code, signal) in [
            (command(workspace, "exit 7"), Outcome::Exit, Some(7), None),
            (command(workspace, "kill -TERM $$"), Outcome::Signal, None, Some(15)),
            (command(workspace, "no-such-program"), Outcome::Exit, Some(127), None),
            (limited("sleep 20", RunLimits { timeout_ms: Some(200), ..none() }), Outcome::Timeout, None, None),
            (limited("yes", RunLimits { output_bytes: Some(5_000), ..none() }), Outcome::Output, None, None),
            (limited("python3 -c \"x = 'x' * 200000000; print(len(x))\"", RunLimits { memory_bytes: Some(64 << 20), ..none() }), Outcome::Memory, None, None),
        ] {
            let ended = owner.run(&run).await;
            assert_eq!(ended.outcome, Some(outcome), "{ended:?}");
            if exit_code.is_some() { assert_eq!(ended.exit_code, exit_code, "{ended:?}"); }
            if signal.is_some() { assert_eq!(ended.signal, signal, "{ended:?}"); }
            if outcome == Outcome::Output { assert_eq!(ended.stdout.unwrap().len(), 5_000); }
        }
    }

    async fn output_comes_in_order_with_its_stream(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let program = "import sys\nfor n in range(50):\n  print('out', n, flush=True)\n  print('err', n, file=sys.stderr, flush=True)\n";
        let ended = owner.run(&code(workspace, "python", program)).await;
        let lines = |word: &str| (0..50).fold(String::new(), |all, n| format!("{all}{word} {n}\n"));
        assert_eq!((ended.stdout.as_deref(), ended.stderr.as_deref()), (Some(&*lines("out")), Some(&*lines("err"))));
        let log = events(&owner, ended.id).await;
        assert!(matches!(log[0].event, RunEvent::Started { .. }), "{log:?}");
        assert!(matches!(log.last().unwrap().event, RunEvent::Finished { outcome: Outcome::Ok, exit_code: Some(0), .. }));
        assert_eq!(log.iter().map(|event| event.seq).collect::<Vec<_>>(), (1..).take(log.len()).collect::<Vec<i64>>());
        let mut said: BTreeMap<bool, String> = BTreeMap::new();
        for event in &log {
            if let RunEvent::Output { stream, text: Some(text), base64: None } = &event.event {
                said.entry(*stream == OutputStream::Stdout).or_default().push_str(text);
            }
        }
        assert_eq!((&said[&true], &said[&false]), (&lines("out"), &lines("err")));
        assert_eq!((ended.stdout_bytes, ended.stderr_bytes), (340, 340));
    }

    async fn bytes_that_are_no_text_come_as_base64(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let ended = owner.sh(workspace, "printf '\\377\\376'").await;
        assert_eq!(ended.stdout.as_deref(), Some("\u{fffd}\u{fffd}"));
        let log = events(&owner, ended.id).await;
        let coded = log.iter().any(|event| matches!(&event.event, RunEvent::Output { base64: Some(coded), text: None, .. } if coded == "//4="));
        assert!(coded, "{log:?}");
    }

    async fn a_program_reads_its_input_and_environment_and_nothing_of_ours(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let run = Execute {
            stdin: Some("line one\nüber\n".to_owned()),
            env: BTreeMap::from([("GREETING".to_owned(), "hé llo".to_owned())]),
            ..command(workspace, "cat; echo \"$GREETING\"; env | sort")
        };
        let said = owner.run(&run).await.stdout.unwrap();
        assert!(said.starts_with("line one\nüber\nhé llo\n"), "{said}");
        for ours in ["CARGO", "TEST_DATABASE_URL", "RUST_BACKTRACE", "ATELIER"] {
            assert!(!said.contains(ours), "{said}");
        }
    }

    async fn a_program_has_no_network_and_no_files_of_ours(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let (host, port) = app.authority().rsplit_once(':').map(|(host, port)| (host.to_owned(), port.to_owned())).unwrap();
        let program = format!(
            "import socket, os\nfor where in [('{host}', {port}), ('1.1.1.1', 53)]:\n  try:\n    socket.create_connection(where, 2); print('reached', where)\n  except OSError: print('no')\n\
             print(os.path.exists('{}'), os.path.exists('/etc/shadow'), os.path.exists('/root/.ssh'))\n", app.data().display());
        let ended = owner.run(&code(workspace, "python", &program)).await;
        assert_eq!(ended.stdout.as_deref(), Some("no\nno\nFalse False False\n"), "{ended:?}");
    }

    async fn what_a_run_writes_has_its_name(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("keep", "k"), ("edit", "old"), ("gone", "g"), ("dir/gone", "g")]).await.id;
        let ended = owner.sh(workspace, "echo new > made; echo more >> edit; rm gone; rm -r dir; mkdir -p deep/er; echo x > deep/er/x; touch keep; chmod +x keep").await;
        assert_eq!(owner.paths(workspace).await, ["deep", "deep/er", "deep/er/x", "edit", "keep", "made"]);
        for path in ["made", "edit", "deep/er/x"] {
            let newest = &owner.versions(workspace, path).await[0];
            assert_eq!((newest.author_kind, newest.run_id), (AuthorKind::Run, Some(ended.id)), "{path}");
        }
        assert_eq!(owner.text(workspace, "edit").await, "oldmore\n");
        assert_eq!(owner.versions(workspace, "edit").await.len(), 2);
        // Another run that changes nothing makes no versions.
        owner.sh(workspace, "cat edit").await;
        assert_eq!(owner.versions(workspace, "edit").await.len(), 2);
    }

    async fn a_save_on_a_version_that_a_run_replaced_is_stale(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let opened = owner.write(workspace, "a", "one\n").await;
        owner.sh(workspace, "echo two > a").await;
        let problem = owner.save(opened.file.id, opened.version_id, "mine\n").await.refused(Code::StaleVersion);
        assert_eq!(problem.stale.unwrap().content.as_deref(), Some("two\n"));
    }

    async fn a_stream_is_taken_up_anywhere(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let program = "import time\nfor n in range(6):\n  print(n, flush=True)\n  time.sleep(0.03)\n";
        let run = owner.start_run(&code(workspace, "python", program)).await.id;
        let path = format!("/api/execute/{run}/events");
        let mut first = owner.watch::<RunEvent>(&path).await;
        let seen = first.until(|event| matches!(event.event, RunEvent::Output { .. })).await;
        drop(first);
        let last = seen.last().unwrap().seq;
        let rest = owner.watch::<RunEvent>(&format!("{path}?after={last}")).await.all().await;
        let whole = events(&owner, run).await;
        let joined: Vec<i64> = seen.iter().chain(&rest).map(|event| event.seq).collect();
        assert_eq!(joined, whole.iter().map(|event| event.seq).collect::<Vec<_>>());
        for (at, event) in whole.iter().enumerate().take(whole.len() - 1) {
            let request = owner.request(reqwest::Method::GET, &path).header("last-event-id", event.seq.to_string());
            let tail = owner.open::<Numbered<RunEvent>>(request).await.all().await;
            assert_eq!(tail.len(), whole.len() - at - 1);
            assert_eq!(tail[0].event, whole[at + 1].event);
        }
    }

    async fn a_stream_taken_up_after_its_end_ends(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let run = owner.sh(workspace, "true").await.id;
        let last = events(&owner, run).await.last().unwrap().seq;
        for after in [last, last + 1, last + 1_000] {
            let tail = owner.watch::<RunEvent>(&format!("/api/execute/{run}/events?after={after}")).await.all().await;
            assert!(tail.is_empty(), "{tail:?}");
        }
    }

    async fn a_run_is_stopped_with_all_its_processes(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let run = owner.start_run(&command(workspace, "sleep 1000 & sleep 1000 & echo ready; wait")).await.id;
        await_output(&owner, run).await;
        let now: Run = owner.get(&format!("/api/execute/{run}")).await.ok();
        assert_eq!((now.status, now.stdout.as_deref()), (RunStatus::Running, Some("ready\n")));
        owner.poke(&format!("/api/execute/{run}/cancel")).await.ok::<Run>();
        let ended = owner.await_run(run).await;
        assert_eq!(ended.outcome, Some(Outcome::Cancelled), "{ended:?}");
        let again: Run = owner.poke(&format!("/api/execute/{run}/cancel")).await.ok();
        assert_eq!(again.outcome, Some(Outcome::Cancelled));
    }

    async fn a_full_queue_says_when_to_try_again(app, |setup| setup.settings(|s| { s.concurrent_runs = 1; s.queued_runs = 1; })) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let going = owner.start_run(&command(workspace, "echo on; sleep 1000")).await.id;
        await_output(&owner, going).await;
        let waiting = owner.start_run(&command(workspace, "echo never")).await;
        assert_eq!(waiting.status, RunStatus::Queued);
        let reply = owner.post("/api/execute", command(workspace, "echo no")).await;
        reply.refused(Code::TooMany);
        assert!(reply.header("retry-after").parse::<u32>().unwrap() > 0);
        owner.poke(&format!("/api/execute/{}/cancel", waiting.id)).await.ok::<Run>();
        let ended = owner.await_run(waiting.id).await;
        assert_eq!((ended.outcome, ended.started_at), (Some(Outcome::Cancelled), None));
        owner.poke(&format!("/api/execute/{going}/cancel")).await.ok::<Run>();
        owner.await_run(going).await;
        app.settle().await;
        assert_eq!(owner.sh(workspace, "echo yes").await.stdout.as_deref(), Some("yes\n"));
    }

    async fn without_isolation_nothing_runs(app, |setup| setup.host(Open)) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let problem = owner.post("/api/execute", command(workspace, "true")).await.refused(Code::IsolationUnavailable);
        assert!(problem.detail.contains("sysctl -w kernel.x=1"), "{problem:?}");
        let runs: Vec<Run> = owner.list(&format!("/api/workspaces/{workspace}/runs"), 10).await;
        assert!(runs.is_empty());
        let system: atelier_api::system::System = owner.get("/api/system").await.ok();
        assert!(!system.isolation.ready && system.isolation.reason.is_some());
    }

    async fn a_fault_in_one_run_ends_it_and_stops_no_other(app, |setup| setup.host(Broken).settings(|s| { s.concurrent_runs = 1; s.queued_runs = 0; s.queued_runs_by_user = 0; })) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let argv = |word: &str| Execute { workspace_id: workspace, argv: Some(vec![word.to_owned()]), ..Execute::default() };
        let broken = owner.start_run(&argv("panic")).await.id;
        app.settle().await;
        assert_eq!(owner.run(&argv("fine")).await.outcome, Some(Outcome::Ok));
        let ended: Run = owner.get(&format!("/api/execute/{broken}")).await.ok();
        assert_eq!(ended.status, RunStatus::Finished, "{ended:?}");
        events(&owner, broken).await;
        app.log.clear();
    }

    async fn the_system_says_what_it_can(app) {
        let system: atelier_api::system::System = app.owner().get("/api/system").await.ok();
        assert!(system.isolation.ready, "{:?}", system.isolation);
        assert!(system.isolation.layers.iter().any(|layer| layer.name == "network namespace"));
        let languages: Vec<&str> = system.runtimes.iter().map(|runtime| runtime.language.as_str()).collect();
        for language in ["python", "javascript", "shell"] {
            assert!(languages.contains(&language), "{languages:?}");
        }
        let engine = match app.store.engine() { atelier_store::Engine::Sqlite => "sqlite", atelier_store::Engine::Postgres => "postgres" };
        assert_eq!(system.database, engine);
    }
}
