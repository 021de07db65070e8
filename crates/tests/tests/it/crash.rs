//! `kill -9` at any moment: afterwards everything is as before or as after.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use atelier_api::draft::{CreateDraft, Draft, DraftDetail, DraftReads};
use atelier_api::event::{Numbered, RunEvent, TurnEvent};
use atelier_api::file::{File, FileContent, Version};
use atelier_api::page::Page;
use atelier_api::proposal::{Proposal, ProposalState};
use atelier_api::route::{Call, CallState};
use atelier_api::run::{Execute, Outcome, Run};
use atelier_api::turn::{Turn as TurnOf, TurnState};
use atelier_base::ContentHash;
use atelier_model::fake::{FakeModel, Script, Step, Turn};
use atelier_tests::{Caller, Server, kill_program, question, run_program, within};
use reqwest::Method;
use uuid::Uuid;

use super::edits::{add, delete, envelope, update};

const FILES: usize = 198;
const KILLS: u64 = 8;
/// One file in so many is asked for its history too.
const SAMPLE: usize = 11;

/// What a workspace holds at a generation: 198 files that say which, and one
/// that is there at this generation only.
fn expected(generation: usize) -> BTreeMap<String, String> {
    let mut files: BTreeMap<String, String> = (0..FILES)
        .map(|n| {
            (
                format!("d{}/f{n:03}", n % 5),
                format!("generation {generation}\n"),
            )
        })
        .collect();
    files.insert(format!("only{generation}"), "here\n".to_owned());
    files
}

/// Changes 198 files, makes one and deletes one.
fn patch(generation: usize) -> String {
    let (old, new) = (
        format!("generation {generation}"),
        format!("generation {}", generation + 1),
    );
    let mut sections: Vec<String> = (0..FILES)
        .map(|n| update(&format!("d{}/f{n:03}", n % 5), &old, &new))
        .collect();
    sections.push(add(&format!("only{}", generation + 1), "here"));
    sections.push(delete(&format!("only{generation}")));
    envelope(&sections)
}

fn on_disk(files: &Path, below: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(files.join(below)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let path = if below.is_empty() {
            name
        } else {
            format!("{below}/{name}")
        };
        if files.join(&path).is_dir() {
            found.extend(on_disk(files, &path));
        } else {
            found.insert(
                path.clone(),
                std::fs::read_to_string(files.join(&path)).unwrap(),
            );
        }
    }
    found
}

/// Checks that a file has a version of each generation, the last of which is
/// what it holds.
async fn check_history(owner: &Caller, file: &File, text: &str, generation: usize) {
    let path = format!("/api/files/{}/versions", file.id);
    let versions = owner.list::<Version>(&path, 100).await;
    let hash = ContentHash::of(text.as_bytes()).to_string();
    assert_eq!(versions[0].content_hash, hash);
    let count = if file.path.starts_with("only") {
        1
    } else {
        generation + 1
    };
    let path = &file.path;
    assert_eq!(versions.len(), count, "{path}: a version by generation");
}

/// Checks that disk, rows and proposal tell of one generation, and says which.
async fn check(
    owner: &Caller,
    data: &Path,
    workspace: Uuid,
    proposal: Uuid,
    before: usize,
) -> usize {
    let place = data.join("workspaces").join(workspace.to_string());
    let disk = on_disk(&place.join("files"), "");
    let generation = if disk == expected(before) {
        before
    } else {
        before + 1
    };
    assert_eq!(disk, expected(generation), "neither all old nor all new");
    let state = owner.proposal(proposal).await.summary.state;
    let wanted = if generation == before {
        ProposalState::Open
    } else {
        ProposalState::Applied
    };
    assert_eq!(
        state, wanted,
        "the proposal's row is not of the files' side"
    );
    let mut rows = BTreeMap::new();
    for file in owner.files(workspace).await {
        let Some(version) = file.current_version_id else {
            continue;
        };
        let read: FileContent = owner.get(&format!("/api/files/{}", file.id)).await.ok();
        assert_eq!(read.version_id, Some(version));
        let text = read.content.unwrap();
        if rows.len().is_multiple_of(SAMPLE) {
            check_history(owner, &file, &text, generation).await;
        }
        rows.insert(file.path, text);
    }
    assert_eq!(rows, disk, "rows and files differ");
    let journals = std::fs::read_dir(place.join("state")).unwrap();
    let left: Vec<_> = journals
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| name != "lock")
        .collect();
    assert!(left.is_empty(), "journals left: {left:?}");
    generation
}

/// Spreads numbers evenly (Knuth's multiplicative hashing), the same each run.
fn spread(number: u64, below: u64) -> u64 {
    ((number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) * below) >> 32
}

/// When the server is killed.
enum Moment {
    After(Duration),
    /// When so many files are staged.
    Staged(usize),
    /// When there is a journal at this stage.
    Journal(&'static str),
}

impl Moment {
    /// Waits for the moment; for ever, when it has passed unseen.
    async fn reached(&self, state: &Path) {
        let is_there = || {
            let names = std::fs::read_dir(state).into_iter().flatten();
            let mut names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            match self {
                Self::After(_) => true,
                Self::Staged(count) => names.count() >= *count,
                Self::Journal(stage) => names.any(|name| name.ends_with(stage)),
            }
        };
        if let Self::After(time) = self {
            tokio::time::sleep(*time).await;
        }
        while !is_there() {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_kill_while_a_proposal_is_applied_leaves_all_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = Server::start(folder.path()).await;
    let mut owner = server.owner().await;
    let workspace = owner.workspace("crash").await.id;
    let sections: Vec<String> = expected(0)
        .iter()
        .map(|(path, text)| add(path, text))
        .collect();
    let begun = Instant::now();
    let first = owner
        .propose(workspace, &envelope(&sections))
        .await
        .summary
        .id;
    owner.apply(first).await.ok::<Proposal>();
    let whole = u64::try_from(begun.elapsed().as_micros()).unwrap();

    let state = data
        .join("workspaces")
        .join(workspace.to_string())
        .join("state");
    let (mut generation, mut kept) = (0, 0);
    for kill in 0..KILLS {
        let id = owner
            .propose(workspace, &patch(generation))
            .await
            .summary
            .id;
        let path = format!("/api/proposals/{id}/apply");
        let request = owner
            .request(Method::POST, &path)
            .header("content-type", "application/json")
            .body("{}");
        // The moment is what is tested: from at once to after the end.
        let moment = match (kill, kill % 4) {
            (0, _) => Moment::After(Duration::ZERO),
            (1, _) => Moment::After(Duration::from_mins(1)),
            (_, 0) => Moment::Staged(usize::try_from(spread(kill, 200)).unwrap()),
            (_, 1) => Moment::Journal(".pending"),
            (_, 2) => Moment::After(Duration::from_micros(spread(kill, whole))),
            _ => Moment::Journal(".applied"),
        };
        let answer = tokio::select! {
            answer = request.send() => Some(answer),
            () = moment.reached(&state) => None,
        };
        server.kill().await;
        drop(answer);
        server = Server::start(folder.path()).await;
        owner = owner.at(&server.base);
        let now = check(&owner, &data, workspace, id, generation).await;
        kept += usize::from(now == generation);
        generation = now;
    }
    println!("{KILLS} kills: {kept} left all old, {generation} all new");
    assert!(kept > 0 && generation > 0);
    assert_eq!(server.terminate().await, Some(0));
}

#[tokio::test]
async fn a_killed_apply_is_finished_or_forgotten_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let (at, state) = (folder.path(), folder.path().join(".atelier"));
    let sections: Vec<String> = expected(0)
        .iter()
        .map(|(path, text)| add(path, text))
        .collect();
    let apply = ["apply", "--dir", "."];
    let begun = Instant::now();
    let first = run_program(at, &apply, &envelope(&sections)).await;
    assert_eq!(first.code, Some(0), "{first:?}");
    let whole = u64::try_from(begun.elapsed().as_micros()).unwrap();
    let (mut generation, mut kept, mut killed) = (0, 0, 0);
    for kill in 0..20 {
        let moment = match kill % 4 {
            0 => Moment::Staged(usize::try_from(spread(kill, 200)).unwrap()),
            1 => Moment::Journal(".pending"),
            2 => Moment::After(Duration::from_micros(spread(kill, whole))),
            _ => Moment::Journal(".applied"),
        };
        let moment = moment.reached(&state);
        killed += usize::from(kill_program(at, &apply, &patch(generation), moment).await);
        // A check finishes what it finds, and changes nothing else.
        let check = ["apply", "--dir", ".", "--check"];
        let next = run_program(at, &check, &envelope(&[add("probe", "x")])).await;
        assert_eq!(next.code, Some(0), "{next:?}");
        let disk = on_disk(at, "");
        let now = generation + usize::from(disk != expected(generation));
        assert_eq!(disk, expected(now), "neither all old nor all new");
        assert!(!state.exists(), "something staged is left");
        kept += usize::from(now == generation);
        generation = now;
    }
    println!("{killed} of 20 killed: {kept} left all old, {generation} all new");
    assert!(killed > 5 && kept > 0 && generation > 0);
}

#[tokio::test]
async fn what_a_kill_interrupts_says_so_after_the_restart() {
    let folder = tempfile::tempdir().unwrap();
    let model = FakeModel::local(Script::of([
        Turn::of([Step::text("It beg"), Step::Stall(600_000)]),
        Turn::text("Again."),
    ]))
    .await
    .unwrap();
    let config = format!(
        "[model]\nbase_url = \"{}\"\nname = \"fake-model\"\n",
        model.url()
    );
    std::fs::write(folder.path().join("atelier.toml"), config).unwrap();
    let server = Server::start(folder.path()).await;
    let owner = server.owner().await;
    let workspace = owner.workspace("crash").await.id;
    let mut chat = owner.chat(&question(workspace, "hi")).await;
    let told = chat
        .until(|event| matches!(event.event, TurnEvent::Text { .. }))
        .await;
    let TurnEvent::Started {
        turn_id,
        conversation_id,
        ..
    } = told[0].event
    else {
        panic!("{told:?}")
    };
    let command = Some("echo on; while sleep 0.05; do echo alive > beat; done".to_owned());
    let run = owner
        .start_run(&Execute {
            workspace_id: workspace,
            command,
            ..Execute::default()
        })
        .await
        .id;
    let mut output = owner
        .watch::<RunEvent>(&format!("/api/execute/{run}/events"))
        .await;
    output
        .until(|event| matches!(event.event, RunEvent::Output { .. }))
        .await;

    server.kill().await;
    within("the model to be left", model.wait_abandoned(1)).await;
    let mut server = Server::start(folder.path()).await;
    let owner = owner.at(&server.base);
    let turn: TurnOf = owner.get(&format!("/api/turns/{turn_id}")).await.ok();
    assert_eq!(turn.state, TurnState::Interrupted);
    // Nobody knows what the model used: it counts as the most it can be.
    let calls: Page<Call> = owner.get("/api/calls").await.ok();
    let call = &calls.items[0];
    assert_eq!(call.state, CallState::Interrupted);
    assert!(
        !call.measured && call.input_tokens > 100 && call.reserved_tokens == 0,
        "{call:?}"
    );
    let ended: Run = owner.get(&format!("/api/execute/{run}")).await.ok();
    assert_eq!(
        (ended.outcome, ended.stdout.as_deref()),
        (Some(Outcome::Interrupted), Some("on\n")),
        "{ended:?}"
    );
    let log: Vec<Numbered<TurnEvent>> = owner
        .watch(&format!("/api/turns/{turn_id}/events"))
        .await
        .all()
        .await;
    assert!(
        matches!(
            log.last().unwrap().event,
            TurnEvent::Finished {
                state: TurnState::Interrupted,
                ..
            }
        ),
        "{log:?}"
    );
    let log: Vec<Numbered<RunEvent>> = owner
        .watch(&format!("/api/execute/{run}/events"))
        .await
        .all()
        .await;
    assert!(
        matches!(
            log.last().unwrap().event,
            RunEvent::Finished {
                outcome: Outcome::Interrupted,
                ..
            }
        ),
        "{log:?}"
    );

    // Nothing of the run lives on, and the conversation goes on.
    let beat = folder
        .path()
        .join("data/workspaces")
        .join(workspace.to_string())
        .join("files/beat");
    let _ = std::fs::remove_file(&beat);
    let mut again = question(workspace, "hello?");
    again.conversation_id = Some(conversation_id);
    assert_eq!(owner.ask(&again).await.text(), "Again.");
    assert_eq!(
        owner
            .run(&Execute {
                workspace_id: workspace,
                command: Some("sleep 0.2; ls".to_owned()),
                ..Execute::default()
            })
            .await
            .stdout
            .as_deref(),
        Some("")
    );
    assert_eq!(server.terminate().await, Some(0));
    model.assert_finished();
}

/// What a draft's programs opened just before the kill may not be written down.
#[tokio::test]
async fn a_kill_leaves_no_files_of_lost_drafts_and_no_false_record_of_reads() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let owner = server.owner().await;
    let workspace = owner.workspace_with("a", &[("a", "a\n")]).await.id;
    let drafts = format!("/api/workspaces/{workspace}/drafts");
    let used: Draft = owner.post(&drafts, CreateDraft::default()).await.ok();
    let unused: Draft = owner.post(&drafts, CreateDraft::default()).await.ok();
    let ran = owner
        .run(&Execute {
            workspace_id: workspace,
            draft_id: Some(used.id),
            command: Some("cat a".to_owned()),
            ..Execute::default()
        })
        .await;
    assert_eq!(ran.outcome, Some(Outcome::Ok), "{ran:?}");
    server.kill().await;
    let place = folder.path().join("data/drafts");
    let lost = place.join(Uuid::from_u128(7).to_string());
    std::fs::create_dir_all(lost.join("upper/deep")).unwrap();
    std::fs::write(lost.join("upper/deep/file"), "left").unwrap();

    let mut server = Server::start(folder.path()).await;
    let owner = owner.at(&server.base);
    assert!(!lost.exists() && place.join(unused.id.to_string()).exists());
    let detail = async |id: Uuid| {
        owner
            .get(&format!("/api/drafts/{id}"))
            .await
            .ok::<DraftDetail>()
    };
    let found = detail(used.id).await;
    assert_eq!(found.reads, DraftReads::All);
    let reason = found.reads_reason.unwrap();
    assert!(reason.contains("server ended"), "{reason}");
    assert_eq!(detail(unused.id).await.reads, DraftReads::Observed);
    assert_eq!(server.terminate().await, Some(0));
}
