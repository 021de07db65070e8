//! Checks of a proposal: the workspace's commands in a draft with its hunks.

use atelier_api::Code;
use atelier_api::event::WorkspaceEvent;
use atelier_api::proposal::{Proposal, ProposalState};
use atelier_api::review::{CheckState, VerdictState};
use atelier_api::workspace::Workspace;
use atelier_tests::{Caller, on_both_engines};
use serde_json::{Value, json};
use uuid::Uuid;

use super::edits::{add, delete, envelope, move_to, search_replace, update};

async fn set_checks(caller: &Caller, workspace: Uuid, checks: Value) {
    let body = json!({ "settings": { "checks": checks } });
    let path = format!("/api/workspaces/{workspace}");
    caller.patch(&path, body).await.ok::<Workspace>();
}

/// Asks for a check and returns the proposal when it has ended.
async fn checked(caller: &Caller, workspace: Uuid, id: Uuid, hunks: Option<&[Uuid]>) -> Proposal {
    let mut news = caller
        .socket(&format!("/api/workspaces/{workspace}/events"), &[])
        .await
        .unwrap();
    let path = format!("/api/proposals/{id}/check");
    let begun: Proposal = caller.post(&path, json!({ "hunks": hunks })).await.ok();
    assert_eq!(
        begun.verdict.map(|verdict| verdict.state),
        Some(VerdictState::Running)
    );
    loop {
        let proposal = caller.proposal(id).await;
        if proposal
            .verdict
            .as_ref()
            .is_some_and(|verdict| verdict.finished_at.is_some())
        {
            return proposal;
        }
        news.next::<WorkspaceEvent>().await.unwrap();
    }
}

on_both_engines! {
    async fn checks_run_on_the_proposal_and_change_nothing(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a", "old\n"), ("gone", "g\n"), ("from", "f\n"), ("dir/x", "x\n")]).await.id;
        let patch = envelope(&[update("a", "old", "new"), delete("gone"), delete("dir/x"), move_to("from", "to", "f", "F"), add("deep/made", "m")]);
        let id = owner.propose(workspace, &patch).await.summary.id;
        owner.poke(&format!("/api/proposals/{id}/check")).await.refused_field(Code::Invalid, "checks");
        assert!(owner.proposal(id).await.verdict.is_none(), "not checked");

        let line = "cat a to deep/made; ls; test ! -e gone && test ! -e dir/x && test ! -e from; touch a.log";
        set_checks(&owner, workspace, json!([{ "name": "files", "argv": ["sh", "-c", line] }, { "name": "second", "argv": ["sh", "-c", "test -e a.log; echo fine >&2"] }])).await;
        let before = app.disk(workspace);
        let verdict = checked(&owner, workspace, id, None).await.verdict.unwrap();
        assert_eq!((verdict.state, verdict.stale), (VerdictState::Passed, false), "{verdict:?}");
        assert!(verdict.commands[0].output.starts_with("new\nF\nm\na\n"), "{verdict:?}");
        assert_eq!((verdict.commands[1].output.as_str(), verdict.commands[1].exit_code), ("fine", Some(0)));
        assert_eq!(app.disk(workspace), before);

        // What was checked is what is applied then; after that anything is stale.
        let applied: Proposal = owner.apply(id).await.ok();
        assert_eq!((applied.summary.state, applied.verdict.map(|verdict| verdict.stale)), (ProposalState::Applied, Some(false)));
        owner.overwrite(workspace, "a", "other\n").await;
        assert_eq!(owner.proposal(id).await.verdict.map(|verdict| verdict.stale), Some(true));
    }

    async fn a_verdict_names_its_hunks_and_what_failed(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a.txt", "1\n2\n3\n4\n5\n")]).await.id;
        set_checks(&owner, workspace, json!([
            { "name": "fails", "argv": ["sh", "-c", "cat a.txt; exit 3"] },
            { "name": "missing", "argv": ["no-such-program"] },
            { "name": "passes", "argv": ["true"] },
        ])).await;
        let proposal = owner.propose(workspace, &[search_replace("a.txt", "1", "one"), search_replace("a.txt", "5", "five")].concat()).await;
        let second = proposal.files[0].hunks[1].id;
        let verdict = checked(&owner, workspace, proposal.summary.id, Some(&[second])).await.verdict.unwrap();
        assert_eq!((verdict.state, verdict.hunks.as_slice()), (VerdictState::Failed, [second].as_slice()));
        let states: Vec<CheckState> = verdict.commands.iter().map(|command| command.state).collect();
        assert_eq!(states, [CheckState::Failed, CheckState::Failed, CheckState::Passed]);
        assert_eq!((verdict.commands[0].exit_code, verdict.commands[0].output.as_str()), (Some(3), "1\n2\n3\n4\nfive"));
        assert_ne!(verdict.base_hash, verdict.tree_hash);
        // A conflict is told before anything runs.
        owner.overwrite(workspace, "a.txt", "uno\n2\n3\n4\n5\n").await;
        owner.poke(&format!("/api/proposals/{}/check", proposal.summary.id)).await.refused(Code::MergeConflict);
    }

    async fn checks_that_go_on_are_stopped(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a.txt", "1\n")]).await.id;
        // The ids of two tests that run at once are the same.
        let word = format!("{workspace}.{}", std::process::id());
        set_checks(&owner, workspace, json!([
            { "name": "first", "argv": ["true"] },
            { "name": "endless", "argv": ["sh", "-c", "echo begun; while :; do sleep 1000; done", word] },
            { "name": "third", "argv": ["true"] },
        ])).await;
        let id = owner.propose(workspace, &search_replace("a.txt", "1", "one")).await.summary.id;
        let cancel = format!("/api/proposals/{id}/check/cancel");
        let idle: Proposal = owner.poke(&cancel).await.ok();
        assert!(idle.verdict.is_none(), "nothing runs");

        let mut news = owner.socket(&format!("/api/workspaces/{workspace}/events"), &[]).await.unwrap();
        owner.poke(&format!("/api/proposals/{id}/check")).await.ok::<Proposal>();
        while !runs(&word) {
            tokio::task::yield_now().await;
        }
        let mut verdict = owner.proposal(id).await.verdict.unwrap();
        owner.poke(&cancel).await.ok::<Proposal>();
        while verdict.finished_at.is_none() {
            news.next::<WorkspaceEvent>().await.unwrap();
            verdict = owner.proposal(id).await.verdict.unwrap();
        }
        assert_eq!((verdict.state, verdict.reason), (VerdictState::Cancelled, None));
        let states: Vec<CheckState> = verdict.commands.iter().map(|command| command.state).collect();
        assert_eq!(states, [CheckState::Passed, CheckState::Cancelled, CheckState::Skipped]);
        assert_eq!(verdict.commands[1].outcome.as_deref(), Some("cancelled"));
        assert!(!runs(&word), "it is killed");
        let late: Proposal = owner.poke(&cancel).await.ok();
        assert_eq!(late.verdict.map(|verdict| verdict.state), Some(VerdictState::Cancelled));

        // It stands in the way of no other check.
        set_checks(&owner, workspace, json!([{ "name": "first", "argv": ["true"] }])).await;
        let again = checked(&owner, workspace, id, None).await.verdict.unwrap();
        assert_eq!(again.state, VerdictState::Passed);
    }
}

/// Says whether a process of this machine, in a sandbox or not, has `word` for
/// its last argument.
fn runs(word: &str) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap();
    let mut lines =
        processes.filter_map(|entry| std::fs::read(entry.ok()?.path().join("cmdline")).ok());
    lines.any(|line| line.ends_with(format!("\0{word}\0").as_bytes()))
}
