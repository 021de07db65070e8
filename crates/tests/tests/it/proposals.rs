//! Proposals: reviewed, applied whole or in part, merged, rejected, undone.

use atelier_api::file::AuthorKind;
use atelier_api::proposal::{
    ApplyProposal, Freshness, HunkState, Proposal, ProposalState, ProposalSummary, Resolution,
};
use atelier_api::{Code, Page};
use atelier_model::fake::Turn;
use atelier_tests::{Caller, on_both_engines, question};
use uuid::Uuid;

use super::edits::{add, delete, envelope, move_to, search_replace, update};

const NUMBERS: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n";

/// Changes the second and the ninth line of [`NUMBERS`].
fn two_changes(path: &str) -> String {
    [
        search_replace(path, "two", "TWO"),
        search_replace(path, "nine", "NINE"),
    ]
    .concat()
}

fn hunks(proposal: &Proposal) -> Vec<Uuid> {
    proposal
        .files
        .iter()
        .flat_map(|file| file.hunks.iter().map(|hunk| hunk.id))
        .collect()
}

fn only(hunks: &[Uuid]) -> ApplyProposal {
    ApplyProposal {
        hunks: Some(hunks.to_vec()),
        ..ApplyProposal::default()
    }
}

async fn listed(caller: &Caller, workspace: Uuid, state: &str) -> Vec<Uuid> {
    let path = format!("/api/workspaces/{workspace}/proposals?state={state}");
    let page: Page<ProposalSummary> = caller.get(&path).await.ok();
    page.items.into_iter().map(|summary| summary.id).collect()
}

on_both_engines! {
    async fn an_assistants_proposal_is_applied_once(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a.txt", NUMBERS), ("gone", "g\n"), ("old", "o\n")]).await.id;
        let patch = envelope(&[update("a.txt", "two", "TWO"), add("dir/new", "n"), delete("gone"), move_to("old", "moved/new", "o", "O")]);
        app.model.push(Turn::text(patch));
        let ran = owner.ask(&question(workspace, "Do it all.")).await;
        let before = app.disk(workspace);
        let proposal = owner.proposal(ran.proposal()).await;
        assert_eq!((proposal.summary.state, proposal.summary.file_count, proposal.summary.decided_at.as_deref()), (ProposalState::Open, 4, None));
        assert!(proposal.files.iter().all(|file| file.freshness == Some(Freshness::Current)), "{proposal:?}");
        assert_eq!(app.disk(workspace), before, "looking writes nothing");
        let old = owner.file(workspace, "old").await.id;

        let applied: Proposal = owner.apply(proposal.summary.id).await.ok();
        assert_eq!(applied.summary.state, ProposalState::Applied);
        assert!(applied.summary.decided_at.is_some());
        assert!(applied.files.iter().all(|file| file.freshness.is_none() && file.hunks.iter().all(|hunk| hunk.state == HunkState::Accepted)));
        assert_eq!(owner.paths(workspace).await, ["a.txt", "dir", "dir/new", "moved", "moved/new"]);
        assert_eq!(owner.text(workspace, "a.txt").await, NUMBERS.replace("two", "TWO"));
        assert_eq!(owner.text(workspace, "moved/new").await, "O\n");
        assert_eq!(owner.file(workspace, "moved/new").await.id, old, "a rename keeps the file");
        for path in ["a.txt", "dir/new", "moved/new"] {
            let newest = &owner.versions(workspace, path).await[0];
            assert_eq!((newest.author_kind, newest.turn_id, newest.proposal_id), (AuthorKind::Assistant, Some(ran.turn.id), Some(proposal.summary.id)), "{path}");
        }
        let now = app.disk(workspace);
        owner.apply(proposal.summary.id).await.refused(Code::ProposalDecided);
        owner.poke(&format!("/api/proposals/{}/reject", proposal.summary.id)).await.refused(Code::ProposalDecided);
        assert_eq!(app.disk(workspace), now);
    }

    async fn a_rejected_proposal_changes_nothing_and_stays_readable(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a.txt", NUMBERS)]).await.id;
        let before = app.disk(workspace);
        let id = owner.propose(workspace, &two_changes("a.txt")).await.summary.id;
        let rejected: Proposal = owner.poke(&format!("/api/proposals/{id}/reject")).await.ok();
        assert_eq!(rejected.summary.state, ProposalState::Rejected);
        assert!(rejected.files[0].hunks.iter().all(|hunk| hunk.state == HunkState::Rejected));
        assert!(rejected.files[0].after.is_some());
        assert_eq!(app.disk(workspace), before);
        owner.undo(id).await.refused(Code::ProposalDecided);
        // It can be had all the same.
        let applied: Proposal = owner.apply(id).await.ok();
        assert_eq!(applied.summary.state, ProposalState::Applied);
        assert_eq!(owner.text(workspace, "a.txt").await, NUMBERS.replace("two", "TWO").replace("nine", "NINE"));
    }

    async fn only_the_named_hunks_are_applied(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a.txt", NUMBERS), ("b.txt", "b\n")]).await.id;
        let patch = [two_changes("a.txt"), search_replace("b.txt", "b", "B")].concat();
        let proposal = owner.propose(workspace, &patch).await;
        let all = hunks(&proposal);
        assert_eq!(all.len(), 3);
        let stranger = only(&[all[0], workspace]);
        owner.apply_with(proposal.summary.id, &stranger).await.refused_field(Code::Invalid, "hunks");
        let applied: Proposal = owner.apply_with(proposal.summary.id, &only(&[all[1], all[1]])).await.ok();
        assert_eq!(applied.summary.state, ProposalState::PartlyApplied);
        let states: Vec<HunkState> = applied.files.iter().flat_map(|file| file.hunks.iter().map(|hunk| hunk.state)).collect();
        assert_eq!(states, [HunkState::Rejected, HunkState::Accepted, HunkState::Rejected]);
        assert_eq!(owner.text(workspace, "a.txt").await, NUMBERS.replace("nine", "NINE"));
        assert_eq!((owner.text(workspace, "b.txt").await.as_str(), owner.versions(workspace, "b.txt").await.len()), ("b\n", 1));
        owner.apply_with(proposal.summary.id, &only(&[all[1]])).await.refused(Code::ProposalDecided);
        let undone: Proposal = owner.undo(proposal.summary.id).await.ok();
        assert_eq!(undone.summary.state, ProposalState::Undone);
        assert_eq!(owner.text(workspace, "a.txt").await, NUMBERS);
    }

    async fn no_hunks_at_all_is_a_rejection(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a.txt", NUMBERS)]).await.id;
        let proposal = owner.propose(workspace, &two_changes("a.txt")).await;
        let decided: Proposal = owner.apply_with(proposal.summary.id, &only(&[])).await.ok();
        assert_eq!(decided.summary.state, ProposalState::Rejected);
        assert_eq!(owner.text(workspace, "a.txt").await, NUMBERS);
    }

    async fn a_rename_and_its_change_are_accepted_apart(app) {
        let owner = app.owner();
        for accepts_rename in [true, false] {
            let workspace = owner.workspace_with("a", &[("old", "text\n")]).await.id;
            let proposal = owner.propose(workspace, &envelope(&[move_to("old", "new", "text", "TEXT")])).await;
            let file = &proposal.files[0];
            let wanted: Vec<Uuid> = file.hunks.iter()
                .filter(|hunk| (hunk.kind == atelier_api::proposal::HunkKind::Rename) == accepts_rename).map(|hunk| hunk.id).collect();
            assert_eq!((file.hunks.len(), wanted.len()), (2, 1), "{file:?}");
            owner.apply_with(proposal.summary.id, &only(&wanted)).await.ok::<Proposal>();
            let (path, text) = if accepts_rename { ("new", "text\n") } else { ("old", "TEXT\n") };
            assert_eq!(owner.paths(workspace).await, [path]);
            assert_eq!(owner.text(workspace, path).await, text);
            owner.undo(proposal.summary.id).await.ok::<Proposal>();
            assert_eq!(owner.text(workspace, "old").await, "text\n");
            assert_eq!(owner.paths(workspace).await, ["old"]);
        }
    }

    async fn what_was_saved_meanwhile_is_merged(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a.txt", NUMBERS)]).await.id;
        let id = owner.propose(workspace, &two_changes("a.txt")).await.summary.id;
        owner.overwrite(workspace, "a.txt", &NUMBERS.replace("five", "5\nand a half")).await;
        assert_eq!(owner.proposal(id).await.files[0].freshness, Some(Freshness::Merges));
        owner.apply(id).await.ok::<Proposal>();
        assert_eq!(owner.text(workspace, "a.txt").await, NUMBERS.replace("five", "5\nand a half").replace("two", "TWO").replace("nine", "NINE"));
    }

    async fn what_a_run_wrote_meanwhile_is_merged_too(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a.txt", NUMBERS)]).await.id;
        let id = owner.propose(workspace, &two_changes("a.txt")).await.summary.id;
        owner.sh(workspace, "sed -i s/six/6/ a.txt").await;
        owner.apply(id).await.ok::<Proposal>();
        assert_eq!(owner.text(workspace, "a.txt").await, NUMBERS.replace("six", "6").replace("two", "TWO").replace("nine", "NINE"));
    }

    async fn what_stands_there_already_is_applied_without_a_version(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a.txt", NUMBERS)]).await.id;
        let id = owner.propose(workspace, &envelope(&[update("a.txt", "two", "TWO"), add("b.txt", "b")])).await.summary.id;
        owner.overwrite(workspace, "a.txt", &NUMBERS.replace("two", "TWO")).await;
        owner.write(workspace, "b.txt", "b\n").await;
        let applied: Proposal = owner.apply(id).await.ok();
        assert_eq!(applied.summary.state, ProposalState::Applied);
        assert_eq!((owner.versions(workspace, "a.txt").await.len(), owner.versions(workspace, "b.txt").await.len()), (2, 1));
        // Nothing of it was applied, so nothing of it is taken back.
        owner.undo(id).await.ok::<Proposal>();
        assert_eq!(owner.text(workspace, "a.txt").await, NUMBERS.replace("two", "TWO"));
    }

    async fn a_conflict_shows_both_sides_and_takes_an_answer(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a.txt", NUMBERS), ("b.txt", "b\n")]).await.id;
        let patch = [search_replace("a.txt", "two", "TWO"), search_replace("b.txt", "b", "B")].concat();
        let id = owner.propose(workspace, &patch).await.summary.id;
        let mine = NUMBERS.replace("two", "2");
        let saved = owner.overwrite(workspace, "a.txt", &mine).await;
        assert_eq!(owner.proposal(id).await.files[0].freshness, Some(Freshness::Conflicts));
        let before = app.disk(workspace);

        let problem = owner.apply(id).await.refused(Code::MergeConflict);
        assert_eq!(app.disk(workspace), before, "all or nothing: b is not written either");
        assert_eq!(owner.proposal(id).await.summary.state, ProposalState::Open);
        let [conflict] = problem.conflicts.as_slice() else { panic!("{problem:?}") };
        assert_eq!((conflict.path.as_str(), conflict.version_id), ("a.txt", saved.version_id));
        assert_eq!(conflict.base.as_deref(), Some(NUMBERS));
        assert_eq!(conflict.yours.as_deref(), Some(mine.as_str()));
        assert_eq!(conflict.theirs.as_deref(), Some(&*NUMBERS.replace("two", "TWO")));
        let merged = conflict.merged.as_deref().unwrap();
        for part in ["<<<<<<<", "\n2\n", "=======", "\nTWO\n", ">>>>>>>"] { assert!(merged.contains(part), "{merged}"); }

        let answer = |version: Uuid, content: &str| ApplyProposal {
            resolutions: vec![Resolution { path: "a.txt".to_owned(), content: content.to_owned(), version_id: version }],
            ..ApplyProposal::default()
        };
        // An answer to what stood there before is no answer to what stands now.
        owner.overwrite(workspace, "a.txt", &mine.replace("ten", "10")).await;
        owner.apply_with(id, &answer(saved.version_id.unwrap(), "x\n")).await.refused(Code::MergeConflict);
        let now = owner.read(workspace, "a.txt").await.version_id.unwrap();
        let evil = ApplyProposal { resolutions: vec![Resolution { path: "../a".to_owned(), content: String::new(), version_id: now }], ..ApplyProposal::default() };
        owner.apply_with(id, &evil).await.refused(Code::PathInvalid);
        let large = "x".repeat(8 * 1024 * 1024 + 1);
        owner.apply_with(id, &answer(now, &large)).await.refused(Code::TooLarge);
        let applied: Proposal = owner.apply_with(id, &answer(now, "both\n")).await.ok();
        assert_eq!(applied.summary.state, ProposalState::Applied);
        assert_eq!((owner.text(workspace, "a.txt").await.as_str(), owner.text(workspace, "b.txt").await.as_str()), ("both\n", "B\n"));
    }

    async fn a_conflict_by_what_was_made_or_deleted_meanwhile_is_told(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("gone", NUMBERS), ("edited", NUMBERS), ("deleted", "d\n"), ("from", "f\n")]).await.id;
        let patch = envelope(&[
            update("gone", "two", "TWO"), add("made", "theirs"), delete("edited"), move_to("from", "to", "f", "F"), delete("deleted"),
        ]);
        let id = owner.propose(workspace, &patch).await.summary.id;
        for path in ["gone", "deleted"] {
            owner.delete(&format!("/api/files/{}", owner.file(workspace, path).await.id)).await.done();
        }
        owner.write(workspace, "made", "mine\n").await;
        owner.write(workspace, "to", "mine\n").await;
        owner.overwrite(workspace, "edited", "mine\n").await;
        let before = app.disk(workspace);
        let problem = owner.apply(id).await.refused(Code::MergeConflict);
        let told: Vec<(&str, bool)> = problem.conflicts.iter().map(|conflict| (conflict.path.as_str(), conflict.version_id.is_some())).collect();
        let mut told = told;
        told.sort_unstable();
        assert_eq!(told, [("edited", true), ("gone", false), ("made", true), ("to", true)], "deleting what is gone is done");
        assert!(problem.conflicts.iter().all(|conflict| !conflict.reason.is_empty()));
        assert_eq!(app.disk(workspace), before);
    }

    async fn undo_takes_back_everything(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a.txt", NUMBERS), ("gone", "g\n"), ("old", "o\n"), ("same", "s\n")]).await.id;
        let before = app.disk(workspace);
        let pure = "*** Update File: same\n*** Move to: else/where\n".to_owned();
        let patch = envelope(&[update("a.txt", "two", "TWO"), add("new", "n"), delete("gone"), move_to("old", "moved", "o", "O"), pure]);
        let id = owner.propose(workspace, &patch).await.summary.id;
        owner.apply(id).await.ok::<Proposal>();
        let undone: Proposal = owner.undo(id).await.ok();
        assert_eq!(undone.summary.state, ProposalState::Undone);
        let mut after = app.disk(workspace);
        // A folder that the change needed may stay, empty.
        after.remove("else");
        assert_eq!(after, before);
        owner.undo(id).await.refused(Code::ProposalDecided);
        let newest = &owner.versions(workspace, "a.txt").await[0];
        assert_eq!((newest.author_kind, newest.proposal_id), (AuthorKind::User, Some(id)));
    }

    async fn undo_keeps_what_was_written_since(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a.txt", NUMBERS)]).await.id;
        let id = owner.propose(workspace, &two_changes("a.txt")).await.summary.id;
        owner.apply(id).await.ok::<Proposal>();
        let now = owner.text(workspace, "a.txt").await;
        owner.overwrite(workspace, "a.txt", &now.replace("five", "FIVE")).await;
        owner.undo(id).await.ok::<Proposal>();
        assert_eq!(owner.text(workspace, "a.txt").await, NUMBERS.replace("five", "FIVE"));
    }

    async fn undo_never_guesses(app) {
        let owner = app.owner();
        for (what, patch, change) in [
            ("same lines", two_changes("a.txt"), Some(("a.txt", NUMBERS.replace("two", "zwei")))),
            ("made file edited", envelope(&[add("new", "n")]), Some(("new", "mine\n".to_owned()))),
        ] {
            let workspace = owner.workspace_with("a", &[("a.txt", NUMBERS)]).await.id;
            let id = owner.propose(workspace, &patch).await.summary.id;
            owner.apply(id).await.ok::<Proposal>();
            let (path, text) = change.unwrap();
            owner.overwrite(workspace, path, &text).await;
            let before = app.disk(workspace);
            let problem = owner.undo(id).await.refused(Code::MergeConflict);
            assert_eq!(problem.conflicts[0].path, path, "{what}");
            assert_eq!(problem.conflicts[0].yours.as_deref(), Some(text.as_str()), "{what}");
            assert_eq!(app.disk(workspace), before, "{what}");
            assert_eq!(owner.proposal(id).await.summary.state, ProposalState::Applied, "{what}");
        }
    }

    async fn undo_follows_a_file_that_was_renamed_or_deleted_since(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a.txt", NUMBERS), ("b.txt", NUMBERS), ("c", "c\n")]).await.id;
        let patch = [two_changes("a.txt"), two_changes("b.txt")].concat();
        let id = owner.propose(workspace, &patch).await.summary.id;
        owner.apply(id).await.ok::<Proposal>();
        let b = owner.file(workspace, "b.txt").await.id;
        owner.delete(&format!("/api/files/{b}")).await.done();
        let before = app.disk(workspace);
        owner.undo(id).await.refused(Code::MergeConflict);
        assert_eq!(app.disk(workspace), before);
    }

    async fn proposals_undo_one_after_the_other(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a.txt", NUMBERS)]).await.id;
        let mut ids = Vec::new();
        for (old, new) in [("two", "TWO"), ("five", "FIVE"), ("nine", "NINE")] {
            let id = owner.propose(workspace, &search_replace("a.txt", old, new)).await.summary.id;
            owner.apply(id).await.ok::<Proposal>();
            ids.push(id);
        }
        // Not the last one first: each takes back only its own lines.
        for (id, expected) in [
            (ids[0], NUMBERS.replace("five", "FIVE").replace("nine", "NINE")),
            (ids[2], NUMBERS.replace("five", "FIVE")),
            (ids[1], NUMBERS.to_owned()),
        ] {
            owner.undo(id).await.ok::<Proposal>();
            assert_eq!(owner.text(workspace, "a.txt").await, expected);
        }
    }

    async fn proposals_are_listed_by_state_and_page(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a.txt", NUMBERS)]).await.id;
        let mut ids = Vec::new();
        for _ in 0..5 {
            ids.push(owner.propose(workspace, &two_changes("a.txt")).await.summary.id);
        }
        owner.apply(ids[0]).await.ok::<Proposal>();
        owner.poke(&format!("/api/proposals/{}/reject", ids[1])).await.ok::<Proposal>();
        let newest: Vec<Uuid> = ids.iter().rev().copied().collect();
        for limit in [1, 2, 5, 6] {
            let all: Vec<ProposalSummary> = owner.list(&format!("/api/workspaces/{workspace}/proposals"), limit).await;
            assert_eq!(all.iter().map(|summary| summary.id).collect::<Vec<_>>(), newest, "{limit}");
        }
        assert_eq!(listed(&owner, workspace, "open").await, newest[..3]);
        assert_eq!(listed(&owner, workspace, "applied").await, [ids[0]]);
        assert_eq!(listed(&owner, workspace, "rejected").await, [ids[1]]);
        assert!(listed(&owner, workspace, "undone").await.is_empty());
        let bad = format!("/api/workspaces/{workspace}/proposals?state=maybe");
        owner.get(&bad).await.refused(Code::Invalid);
    }

    async fn two_who_apply_at_once_apply_once(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a.txt", NUMBERS)]).await.id;
        let id = owner.propose(workspace, &two_changes("a.txt")).await.summary.id;
        let replies = tokio::join!(owner.apply(id), owner.apply(id), owner.apply(id), owner.apply(id));
        let replies = [replies.0, replies.1, replies.2, replies.3];
        let won = replies.iter().filter(|reply| reply.status.is_success()).count();
        assert_eq!(won, 1);
        for reply in replies.iter().filter(|reply| !reply.status.is_success()) {
            reply.refused(Code::ProposalDecided);
        }
        assert_eq!(owner.versions(workspace, "a.txt").await.len(), 2);
    }
}
