//! Review beyond yes and no: confirmations, locks, single hunks taken out and
//! put in again, needs, kinds of change, comments.

use atelier_api::Code;
use atelier_api::event::{TurnEvent, WorkspaceEvent};
use atelier_api::proposal::{
    ApplyProposal, Change, HunkKind, HunkState, MergePiece, Proposal, ProposalState, Resolution,
    UndoProposal,
};
use atelier_api::review::{Comment, Comments, LineSide};
use atelier_api::workspace::Workspace;
use atelier_model::fake::Turn;
use atelier_tests::{Caller, Reply, on_both_engines, question};
use serde_json::{Value, json};
use uuid::Uuid;

use super::edits::{delete, envelope, search_replace};

const NUMBERS: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n";

/// Changes the second, fifth and ninth line of [`NUMBERS`].
fn three_changes() -> String {
    let changes = [("two", "TWO"), ("five", "FIVE"), ("nine", "NINE")];
    changes
        .map(|(old, new)| search_replace("a.txt", old, new))
        .concat()
}

fn hunks(proposal: &Proposal) -> Vec<Uuid> {
    let files = proposal.files.iter();
    files
        .flat_map(|file| file.hunks.iter().map(|hunk| hunk.id))
        .collect()
}

fn states(proposal: &Proposal) -> Vec<HunkState> {
    let files = proposal.files.iter();
    files
        .flat_map(|file| file.hunks.iter().map(|hunk| hunk.state))
        .collect()
}

fn only(hunks: &[Uuid]) -> ApplyProposal {
    ApplyProposal {
        hunks: Some(hunks.to_vec()),
        ..ApplyProposal::default()
    }
}

async fn undo(caller: &Caller, id: Uuid, hunks: &[Uuid]) -> Reply {
    let body = UndoProposal {
        hunks: Some(hunks.to_vec()),
        ..UndoProposal::default()
    };
    caller
        .post(&format!("/api/proposals/{id}/undo"), body)
        .await
}

async fn set(caller: &Caller, workspace: Uuid, settings: Value) -> Reply {
    caller
        .patch(
            &format!("/api/workspaces/{workspace}"),
            json!({ "settings": settings }),
        )
        .await
}

fn confirmed(word: &str) -> ApplyProposal {
    ApplyProposal {
        confirm: Some(word.to_owned()),
        ..ApplyProposal::default()
    }
}

on_both_engines! {
    async fn what_destroys_much_is_confirmed_in_words(app) {
        let owner = app.owner();
        let names: Vec<String> = (0..11).map(|n| format!("f{n}")).collect();
        let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x\n")).collect();
        let workspace = owner.workspace_with("a", &files).await.id;
        let all: Vec<String> = names.iter().map(|name| delete(name)).collect();
        let proposal = owner.propose(workspace, &envelope(&all)).await;
        let id = proposal.summary.id;
        assert_eq!(proposal.warning.as_ref().map(|warning| warning.word.as_str()), Some("delete 11 files"));
        let before = app.disk(workspace);
        for wrong in [ApplyProposal::default(), confirmed(""), confirmed("delete 10 files"), confirmed("yes")] {
            let problem = owner.apply_with(id, &wrong).await.refused_field(Code::ConfirmationRequired, "confirm");
            assert_eq!(problem.status, 428);
            assert_eq!(problem.warning, proposal.warning.clone().map(Box::new));
            assert!(problem.detail.contains("11 files"), "{}", problem.detail);
        }
        assert_eq!(app.disk(workspace), before);
        // Ten of them need no asking.
        let some = hunks(&proposal);
        owner.apply_with(id, &only(&some[..10])).await.ok::<Proposal>();
        let rest: Proposal = owner.apply(id).await.ok();
        assert_eq!((rest.summary.state, app.disk(workspace).len()), (ProposalState::Applied, 0));
        owner.undo(id).await.ok::<Proposal>();
        assert_eq!(app.disk(workspace), before, "undoing asks nothing");
        owner.apply_with(id, &confirmed(" delete 11 files ")).await.ok::<Proposal>();

        // A patch that is applied at once is asked about too, and how much is much is set.
        let workspace = owner.workspace_with("b", &[("a.txt", &"x\n".repeat(100))]).await.id;
        let lazy = json!({ "workspaceId": workspace, "patch": "a.txt\n```\nx\n```\n", "accept": "all" });
        let problem = owner.post("/api/ai/apply-diff", &lazy).await.refused(Code::ConfirmationRequired);
        assert_eq!(problem.warning.unwrap().word, "lose 99 lines");
        set(&owner, workspace, json!({ "destructive": { "lostPercent": 100 } })).await.ok::<Workspace>();
        owner.post("/api/ai/apply-diff", &lazy).await.ok::<Proposal>();
        set(&owner, workspace, json!({ "destructive": { "lostPercent": 101 } })).await.refused_field(Code::Invalid, "settings.destructive.lostPercent");
    }

    async fn locked_files_are_closed_to_assistants_alone(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a.txt", NUMBERS), ("keys/prod", "k\n")]).await.id;
        app.model.push(Turn::text(search_replace("keys/prod", "k", "K")));
        let early = owner.ask(&question(workspace, "Before the lock.")).await.proposal();
        let set_to: Workspace = set(&owner, workspace, json!({ "lockedPaths": ["keys/", "*.lock"] })).await.ok();
        assert_eq!(set_to.settings.locked_paths, ["keys/", "*.lock"]);
        // Other settings stay as they are when they are not named.
        let still: Workspace = set(&owner, workspace, json!({ "checks": [] })).await.ok();
        assert_eq!(still.settings.locked_paths, ["keys/", "*.lock"]);

        let patch = [search_replace("a.txt", "two", "TWO"), search_replace("keys/prod", "k", "K")].concat();
        app.model.push(Turn::text(patch.clone()));
        let ran = owner.ask(&question(workspace, "Change the key.")).await;
        let failed = ran.events.iter().find_map(|event| match &event.event {
            TurnEvent::EditFailed { code, detail, path } => Some((code.as_str(), detail.as_str(), path.as_deref())),
            _ => None,
        });
        let (code, detail, path) = failed.unwrap();
        assert_eq!((code, path), ("locked_path", Some("keys/prod")));
        assert!(detail.contains("keys/`"), "{detail}");
        assert!(ran.turn.proposal_ids.is_empty());

        let problem = owner.apply(early).await.refused(Code::LockedPath);
        let locked = problem.locked.unwrap();
        assert_eq!((locked.path.as_str(), locked.glob.as_str()), ("keys/prod", "keys/"));
        assert_eq!(owner.text(workspace, "keys/prod").await, "k\n");

        let own = owner.propose(workspace, &patch).await;
        let locks: Vec<Option<&str>> = own.files.iter().map(|file| file.locked.as_deref()).collect();
        assert_eq!(locks, [None, Some("keys/")]);
        owner.apply(own.summary.id).await.ok::<Proposal>();
        assert_eq!(owner.text(workspace, "keys/prod").await, "K\n");
        set(&owner, workspace, json!({ "lockedPaths": ["a["] })).await.refused_field(Code::Invalid, "settings.lockedPaths");
    }

    async fn hunks_come_and_go_one_by_one_through_later_edits(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a.txt", NUMBERS)]).await.id;
        let proposal = owner.propose(workspace, &three_changes()).await;
        let (id, all) = (proposal.summary.id, hunks(&proposal));
        owner.apply_with(id, &only(&all[..2])).await.ok::<Proposal>();
        let mine = |text: &str| text.replace("seven", "7");
        owner.overwrite(workspace, "a.txt", &mine(&owner.text(workspace, "a.txt").await)).await;

        let undone: Proposal = undo(&owner, id, &all[..1]).await.ok();
        assert_eq!(states(&undone), [HunkState::Undone, HunkState::Accepted, HunkState::Rejected]);
        assert_eq!(undone.summary.state, ProposalState::PartlyApplied);
        assert_eq!(owner.text(workspace, "a.txt").await, mine(&NUMBERS.replace("five", "FIVE")));
        undo(&owner, id, &all[..1]).await.refused_field(Code::Invalid, "hunks");
        undo(&owner, id, &[workspace]).await.refused_field(Code::Invalid, "hunks");

        // The rejected one is put in later, and the undone one again.
        let later: Proposal = owner.apply_with(id, &only(&all[2..])).await.ok();
        assert_eq!(states(&later), [HunkState::Undone, HunkState::Accepted, HunkState::Accepted]);
        assert!(later.files[0].hunks[2].merged && !later.files[0].hunks[1].merged, "merged with what was written since");
        let whole: Proposal = owner.apply(id).await.ok();
        assert_eq!(whole.summary.state, ProposalState::Applied);
        assert_eq!(owner.text(workspace, "a.txt").await, mine(&NUMBERS.replace("two", "TWO").replace("five", "FIVE").replace("nine", "NINE")));
        let none: Proposal = owner.undo(id).await.ok();
        assert_eq!((none.summary.state, states(&none)), (ProposalState::Undone, vec![HunkState::Undone; 3]));
        assert_eq!(owner.text(workspace, "a.txt").await, mine(NUMBERS));
    }

    async fn a_change_with_a_name_is_made_once(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a.txt", NUMBERS)]).await.id;
        let proposal = owner.propose(workspace, &three_changes()).await;
        let (id, all) = (proposal.summary.id, hunks(&proposal));
        let once = ApplyProposal { transaction_id: Some(Uuid::now_v7()), ..only(&all[..1]) };
        for _ in 0..2 {
            let applied: Proposal = owner.apply_with(id, &once).await.ok();
            assert_eq!(applied.summary.state, ProposalState::PartlyApplied);
        }
        assert_eq!(owner.versions(workspace, "a.txt").await.len(), 2);
        let other = owner.propose(workspace, &search_replace("a.txt", "six", "SIX")).await.summary.id;
        let stolen = ApplyProposal { transaction_id: once.transaction_id, ..ApplyProposal::default() };
        owner.apply_with(other, &stolen).await.refused_field(Code::Invalid, "transactionId");
        let back = UndoProposal { transaction_id: Some(Uuid::now_v7()), ..UndoProposal::default() };
        for _ in 0..2 {
            owner.post(&format!("/api/proposals/{id}/undo"), &back).await.ok::<Proposal>();
        }
        assert_eq!(owner.text(workspace, "a.txt").await, NUMBERS);
    }

    async fn a_conflict_of_undoing_is_decided_piece_by_piece(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a.txt", NUMBERS)]).await.id;
        let id = owner.propose(workspace, &three_changes()).await.summary.id;
        owner.apply(id).await.ok::<Proposal>();
        let mine = owner.text(workspace, "a.txt").await.replace("FIVE", "fuenf").replace("one", "1");
        let saved = owner.overwrite(workspace, "a.txt", &mine).await;
        let path = format!("/api/proposals/{id}/undo");
        let problem = owner.poke(&path).await.refused(Code::MergeConflict);
        let [conflict] = problem.conflicts.as_slice() else { panic!("{problem:?}") };
        let both: Vec<(&str, &str, &str)> = conflict.pieces.iter().filter_map(|piece| match piece {
            MergePiece::Conflict { base, yours, theirs } => Some((base.as_str(), yours.as_str(), theirs.as_str())),
            MergePiece::Same { .. } => None,
        }).collect();
        assert!(both.contains(&("FIVE\n", "fuenf\n", "five\n")), "{both:?}");
        let text: String = conflict.pieces.iter().map(|piece| match piece {
            MergePiece::Conflict { yours, .. } => yours.clone(),
            MergePiece::Same { text } => text.clone(),
        }).collect();
        let answer = UndoProposal {
            resolutions: vec![Resolution { path: "a.txt".to_owned(), content: text.clone(), version_id: saved.version_id.unwrap() }],
            ..UndoProposal::default()
        };
        let undone: Proposal = owner.post(&path, &answer).await.ok();
        assert_eq!((undone.summary.state, owner.text(workspace, "a.txt").await), (ProposalState::Undone, text));
    }

    async fn hunks_that_need_others_say_so(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a", NUMBERS), ("c", NUMBERS)]).await.id;
        let copied = NUMBERS.replace("two", "TWO");
        let patch = "diff --git a/a b/b\nsimilarity index 100%\nrename from a\nrename to b\ndiff --git a/a b/a\nnew file mode 100644\n--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+fresh\ndiff --git a/c b/d\nsimilarity index 90%\ncopy from c\ncopy to d\n--- a/c\n+++ b/d\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n";
        let proposal = owner.propose(workspace, patch).await;
        let id = proposal.summary.id;
        let file = proposal.files.iter().find(|file| file.change == Change::Copy).unwrap();
        assert_eq!((file.path.as_str(), file.from_path.as_deref()), ("d", Some("c")));
        let [copy, text] = file.hunks.as_slice() else { panic!("{file:?}") };
        assert_eq!((copy.kind, text.kind), (HunkKind::Copy, HunkKind::Text));
        assert_eq!((text.needs.as_slice(), copy.needs.as_slice()), ([copy.id].as_slice(), [].as_slice()));
        owner.apply_with(id, &only(&[text.id])).await.refused_field(Code::Invalid, "hunks");
        let before = app.disk(workspace);
        owner.apply_with(id, &only(&[copy.id])).await.ok::<Proposal>();
        assert_eq!(owner.text(workspace, "d").await, NUMBERS);
        owner.apply(id).await.ok::<Proposal>();
        assert_eq!((owner.text(workspace, "a").await.as_str(), owner.text(workspace, "b").await.as_str()), ("fresh\n", NUMBERS));
        assert_eq!(owner.text(workspace, "d").await, copied);
        undo(&owner, id, &[copy.id]).await.refused_field(Code::Invalid, "hunks");
        owner.undo(id).await.ok::<Proposal>();
        assert_eq!(app.disk(workspace), before);
    }

    async fn modes_and_other_encodings_are_changed_and_put_back(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("run.sh", "echo\n")]).await.id;
        let wide: Vec<u8> = std::iter::once(0xfeff).chain("eins\nzwei\ndrei\n".encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let octal: Vec<String> = wide.iter().map(|byte| format!("\\{byte:03o}")).collect();
        let octal = octal.concat();
        owner.sh(workspace, &format!("printf '{octal}' > wide.txt")).await;
        let before = app.disk(workspace);
        let mode = "diff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755\n";
        let proposal = owner.propose(workspace, mode).await;
        let file = &proposal.files[0];
        assert_eq!((file.hunks[0].kind, file.executable_before, file.executable), (HunkKind::Mode, false, true));
        owner.apply(proposal.summary.id).await.ok::<Proposal>();
        owner.sh(workspace, "test -x run.sh && ./run.sh || exit 3").await;
        owner.undo(proposal.summary.id).await.ok::<Proposal>();
        let run = owner.sh(workspace, "test ! -x run.sh").await;
        assert_eq!(run.exit_code, Some(0));

        let proposal = owner.propose(workspace, &search_replace("wide.txt", "zwei", "two")).await;
        let file = &proposal.files[0];
        assert_eq!((file.encoding.as_str(), file.before.as_deref(), file.after.as_deref()), ("utf-16le", Some("eins\nzwei\ndrei\n"), Some("eins\ntwo\ndrei\n")));
        owner.apply(proposal.summary.id).await.ok::<Proposal>();
        owner.undo(proposal.summary.id).await.ok::<Proposal>();
        assert_eq!(app.disk(workspace), before);
    }

    async fn people_comment_on_proposals_hunks_and_lines(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a.txt", NUMBERS)]).await.id;
        let mut news = owner.socket(&format!("/api/workspaces/{workspace}/events"), &[]).await.unwrap();
        let proposal = owner.propose(workspace, &three_changes()).await;
        let path = format!("/api/proposals/{}/comments", proposal.summary.id);
        let hunk = &proposal.files[0].hunks[1];
        let whole: Comment = owner.post(&path, json!({ "body": " Why at all? " })).await.ok();
        assert_eq!((whole.body.as_str(), whole.hunk_id, whole.line), ("Why at all?", None, None));
        let line: Comment = owner.post(&path, json!({ "body": "Here.", "hunkId": hunk.id, "side": "new", "line": hunk.new_start })).await.ok();
        assert_eq!((line.hunk_id, line.side, line.line), (Some(hunk.id), Some(LineSide::New), Some(hunk.new_start)));
        for (field, wrong) in [
            ("body", json!({ "body": "  " })),
            ("hunkId", json!({ "body": "x", "hunkId": workspace })),
            ("line", json!({ "body": "x", "hunkId": hunk.id, "side": "new", "line": 900 })),
            ("line", json!({ "body": "x", "side": "old", "line": 1 })),
        ] {
            owner.post(&path, wrong).await.refused_field(Code::Invalid, field);
        }
        owner.post(&path, json!({ "body": "x".repeat(4097) })).await.refused(Code::TooLarge);
        owner.apply(proposal.summary.id).await.ok::<Proposal>();
        let kept: Comments = owner.get(&path).await.ok();
        assert_eq!(kept.items, [whole.clone(), line]);
        owner.delete(&format!("/api/comments/{}", whole.id)).await.done();
        owner.delete(&format!("/api/comments/{}", whole.id)).await.refused(Code::NotFound);
        let left: Comments = owner.get(&path).await.ok();
        assert_eq!(left.items.len(), 1);
        let mut told = 0;
        while told < 3 {
            let event = news.next::<WorkspaceEvent>().await.unwrap().event;
            told += usize::from(matches!(event, WorkspaceEvent::CommentsChanged { .. }));
        }
    }

    async fn comments_on_lines_say_when_those_are_gone(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a.txt", NUMBERS)]).await.id;
        let patch = [search_replace("a.txt", "two\nthree", "TWO\nTHREE\nmore"), search_replace("a.txt", "nine", "NINE")].concat();
        let proposal = owner.propose(workspace, &patch).await;
        let id = proposal.summary.id;
        let path = format!("/api/proposals/{id}/comments");
        let (first, second) = (&proposal.files[0].hunks[0], &proposal.files[0].hunks[1]);
        let on = |hunk: Uuid, side: &str, line: u32, count: u32| json!({ "body": "Why?", "hunkId": hunk, "side": side, "line": line, "lineCount": count });
        let range: Comment = owner.post(&path, on(first.id, "new", 2, 2)).await.ok();
        assert_eq!((range.line, range.line_count, range.outdated), (Some(2), Some(2), false));
        let one: Comment = owner.post(&path, json!({ "body": "Here.", "hunkId": second.id, "side": "old", "line": 8 })).await.ok();
        assert_eq!((one.line, one.line_count), (Some(8), Some(1)));
        owner.post(&path, on(first.id, "new", 2, 3)).await.refused_field(Code::Invalid, "line");
        owner.post(&path, on(first.id, "old", 1, u32::MAX)).await.refused_field(Code::Invalid, "line");
        owner.post(&path, on(first.id, "old", 1, 0)).await.refused_field(Code::Invalid, "lineCount");
        let outdated = async || {
            let found: Comments = owner.get(&path).await.ok();
            found.items.iter().map(|comment| comment.outdated).collect::<Vec<_>>()
        };

        // Until it is applied a hunk is about its old lines, then about its new ones.
        owner.overwrite(workspace, "a.txt", &NUMBERS.replace("nine", "9").replace("one", "zero\none")).await;
        assert_eq!(outdated().await, [false, true]);
        owner.overwrite(workspace, "a.txt", NUMBERS).await;
        assert_eq!(outdated().await, [false, false]);
        owner.apply_with(id, &only(&[first.id])).await.ok::<Proposal>();
        assert_eq!(outdated().await, [false, false], "the second stands a line lower now");
        let text = owner.text(workspace, "a.txt").await;
        owner.overwrite(workspace, "a.txt", &text.replace("THREE\n", "")).await;
        assert_eq!(outdated().await, [true, false]);
        owner.overwrite(workspace, "a.txt", &text.replace("nine", "neun")).await;
        assert_eq!(outdated().await, [false, true]);
        let gone = owner.propose(workspace, &envelope(&[delete("a.txt")])).await.summary.id;
        owner.apply(gone).await.ok::<Proposal>();
        assert_eq!(outdated().await, [true, true]);
    }
}
