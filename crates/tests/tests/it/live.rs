//! Live events: in order, resumable, and never in the way.

use atelier_api::event::{FileChange, Numbered, RunEvent, TurnEvent, WorkspaceEvent};
use atelier_api::file::FileContent;
use atelier_api::proposal::Proposal;
use atelier_api::run::{Execute, Run};
use atelier_domain::{RunOutcome, TurnState};
use atelier_model::fake::{Step, Turn};
use atelier_tests::{Caller, Socket, on_both_engines, question};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use uuid::Uuid;

use super::edits::search_replace;

async fn socket(caller: &Caller, workspace: Uuid, query: &str) -> Socket {
    let path = format!("/api/workspaces/{workspace}/events{query}");
    caller.socket(&path, &[]).await.unwrap()
}

fn changed(event: &WorkspaceEvent, path: &str, change: FileChange) -> bool {
    matches!(event, WorkspaceEvent::FilesChanged { files, .. } if files.iter().any(|file| file.path == path && file.change == change))
}

fn long_run(workspace: Uuid, line: &str) -> Execute {
    Execute {
        workspace_id: workspace,
        command: Some(line.to_owned()),
        ..Execute::default()
    }
}

on_both_engines! {
    async fn what_happens_in_a_workspace_is_told_in_order(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        owner.write(workspace, "before", "").await;
        let mut live = socket(&owner, workspace, "").await;
        let file = owner.write(workspace, "dir/a.txt", "one\n").await.file.id;
        owner.overwrite(workspace, "dir/a.txt", "two\n").await;
        owner.patch(&format!("/api/files/{file}"), json!({ "path": "b.txt" })).await.ok::<FileContent>();
        let proposal = owner.propose(workspace, &search_replace("b.txt", "two", "three")).await.summary.id;
        owner.apply(proposal).await.ok::<Proposal>();
        let run = owner.sh(workspace, "echo run > made").await.id;
        app.model.push(Turn::text("Hello."));
        let turn = owner.ask(&question(workspace, "hi")).await.turn.id;
        owner.delete(&format!("/api/files/{file}")).await.done();

        let seen = live.until(|event| changed(event, "b.txt", FileChange::Deleted)).await;
        let first = |fits: &dyn Fn(&WorkspaceEvent) -> bool| seen.iter().position(|event| fits(&event.event)).unwrap_or_else(|| panic!("{seen:#?}"));
        let order = [
            first(&|event| changed(event, "dir/a.txt", FileChange::Created)),
            first(&|event| changed(event, "dir/a.txt", FileChange::Modified)),
            first(&|event| changed(event, "b.txt", FileChange::Renamed)),
            first(&|event| *event == WorkspaceEvent::ProposalChanged { proposal_id: proposal }),
            first(&|event| changed(event, "b.txt", FileChange::Modified)),
            first(&|event| *event == WorkspaceEvent::RunChanged { run_id: run }),
            first(&|event| changed(event, "made", FileChange::Created)),
            first(&|event| matches!(event, WorkspaceEvent::TurnChanged { turn_id, .. } if *turn_id == turn)),
        ];
        assert!(order.is_sorted() && order[0] == 0, "{order:?} {seen:#?}");
        let numbers: Vec<i64> = seen.iter().map(|event| event.seq).collect();
        assert_eq!(numbers, (numbers[0]..).take(numbers.len()).collect::<Vec<_>>());
        let count = |fits: &dyn Fn(&WorkspaceEvent) -> bool| seen.iter().filter(|event| fits(&event.event)).count();
        assert_eq!(count(&|event| *event == WorkspaceEvent::ProposalChanged { proposal_id: proposal }), 2, "made and applied");
        assert_eq!(count(&|event| *event == WorkspaceEvent::RunChanged { run_id: run }), 3, "queued, started, ended");

        for after in [0, numbers[0], numbers[3], *numbers.last().unwrap() - 1] {
            let mut again = socket(&owner, workspace, &format!("?after={after}")).await;
            let tail = again.until(|event: &WorkspaceEvent| changed(event, "b.txt", FileChange::Deleted)).await;
            let expected: Vec<_> = seen.iter().filter(|event| event.seq > after).map(|event| (event.seq, &event.event)).collect();
            let found: Vec<_> = tail.iter().filter(|event| event.seq >= numbers[0]).map(|event| (event.seq, &event.event)).collect();
            assert_eq!(found, expected, "after {after}");
            assert_eq!(tail[0].seq, after + 1);
        }
    }

    async fn many_changes_at_once_are_only_counted(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let mut live = socket(&owner, workspace, "").await;
        owner.sh(workspace, "seq 1 300 | xargs touch").await;
        let mut told = Vec::new();
        live.until(|event| {
            if let WorkspaceEvent::FilesChanged { files, count } = event { told.push((files.len(), *count)); }
            told.iter().map(|(_, count)| count).sum::<u64>() >= 300
        }).await;
        assert_eq!(told.iter().map(|(_, count)| count).sum::<u64>(), 300, "{told:?}");
        assert!(told.iter().all(|(named, count)| *named <= 200 && (*named == 0 || u64::try_from(*named) == Ok(*count))), "{told:?}");
    }

    async fn workspaces_do_not_hear_of_each_other(app) {
        let owner = app.owner();
        let (one, two) = (owner.workspace("one").await.id, owner.workspace("two").await.id);
        let mut live = socket(&owner, one, "").await;
        owner.write(two, "elsewhere", "").await;
        owner.write(one, "here", "").await;
        let first: Numbered<WorkspaceEvent> = live.next().await.unwrap();
        assert!(changed(&first.event, "here", FileChange::Created), "{first:?}");
    }

    async fn a_client_that_does_not_read_holds_nobody_up(app, |setup| setup.settings(|s| s.run.output_bytes = 8 << 20)) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let run = owner.start_run(&long_run(workspace, "yes 0123456789abcdef0123456789abcde | head -c 6000000")).await.id;
        let path = format!("/api/execute/{run}/events");
        let slow = owner.watch::<RunEvent>(&path).await;
        let mut deaf = Vec::new();
        for _ in 0..3 {
            let mut stream = TcpStream::connect(app.authority()).await.unwrap();
            let head = format!("GET {path} HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\n\r\n", app.authority(), owner.cookie().unwrap());
            stream.write_all(head.as_bytes()).await.unwrap();
            deaf.push(stream);
        }
        let ended = owner.await_run(run).await;
        assert_eq!(ended.stdout_bytes, 6_000_000, "{:?}", ended.outcome);
        let bytes = |events: &[Numbered<RunEvent>]| events.iter().map(|event| match &event.event {
            RunEvent::Output { text: Some(text), .. } => text.len(),
            _ => 0,
        }).sum::<usize>();
        assert_eq!(bytes(&owner.watch(&path).await.all().await), 6_000_000);
        assert_eq!(bytes(&slow.all().await), 6_000_000, "it comes late, and whole");
        drop(deaf);
    }

    async fn clients_that_go_away_are_forgotten(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        for round in 0..10 {
            let one = socket(&owner, workspace, "").await;
            let two = socket(&owner, workspace, "?after=0").await;
            owner.write(workspace, &format!("f{round}"), "").await;
            drop((one, two));
        }
        let mut live = socket(&owner, workspace, "").await;
        owner.write(workspace, "last", "").await;
        let next: Numbered<WorkspaceEvent> = live.next().await.unwrap();
        assert!(changed(&next.event, "last", FileChange::Created), "{next:?}");
    }

    async fn stopping_ends_every_stream_and_tells_why(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        app.model.push(Turn::of([Step::text("It beg"), Step::Stall(600_000)]));
        let mut chat = owner.chat(&question(workspace, "hi")).await;
        let told = chat.until(|event| matches!(event.event, TurnEvent::Text { .. })).await;
        let TurnEvent::Started { turn_id, .. } = told[0].event else { panic!("{told:?}") };
        let run = owner.start_run(&long_run(workspace, "echo on; sleep 1000")).await.id;
        let mut output = owner.watch::<RunEvent>(&format!("/api/execute/{run}/events")).await;
        output.until(|event| matches!(event.event, RunEvent::Output { .. })).await;
        let mut live = socket(&owner, workspace, "").await;
        // One that will not read its end.
        let _deaf = socket(&owner, workspace, "?after=0").await;

        app.stop_serving().await;
        let rest = output.all().await;
        assert!(rest.iter().all(|event| matches!(event.event, RunEvent::Finished { .. })), "{rest:?}");
        while live.next::<WorkspaceEvent>().await.is_some() {}
        drop(chat);
        app.settle().await;
        let (turn, ended) = app.store.read(async |tx| {
            Ok::<_, atelier_store::Error>((tx.get_turn(turn_id.into()).await?, tx.get_run(run.into()).await?))
        }).await.unwrap();
        assert_eq!(turn.state, TurnState::Interrupted);
        assert_eq!(ended.outcome, Some(RunOutcome::Interrupted));
    }

    async fn a_run_is_watched_from_before_it_starts(app, |setup| setup.settings(|s| s.concurrent_runs = 1)) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let first = owner.start_run(&long_run(workspace, "echo on; sleep 1000")).await.id;
        let second = owner.start_run(&long_run(workspace, "echo off")).await.id;
        let waiting = owner.watch::<RunEvent>(&format!("/api/execute/{second}/events")).await;
        owner.poke(&format!("/api/execute/{first}/cancel")).await.ok::<Run>();
        let all = waiting.all().await;
        assert!(matches!(all[0].event, RunEvent::Started { .. }) && all[0].seq == 1, "{all:?}");
        assert!(all.iter().any(|event| matches!(&event.event, RunEvent::Output { text: Some(text), .. } if text == "off\n")));
    }
}
