//! Drafts: what runs in one changes nothing of the workspace, and can be
//! listed, thrown away or proposed.

use std::collections::BTreeMap;

use atelier_api::Code;
use atelier_api::draft::{
    CreateDraft, Draft, DraftChangeKind as Kind, DraftDetail, DraftReads, DraftState, Drafts,
    ProposeDraft,
};
use atelier_api::file::AuthorKind;
use atelier_api::proposal::Proposal;
use atelier_api::run::{Execute, Outcome, Run};
use atelier_tests::{Caller, on_both_engines};
use uuid::Uuid;

async fn draft(caller: &Caller, workspace: Uuid, share_caches: bool) -> Draft {
    let path = format!("/api/workspaces/{workspace}/drafts");
    caller.post(&path, CreateDraft { share_caches }).await.ok()
}

async fn detail(caller: &Caller, draft: Uuid) -> DraftDetail {
    caller.get(&format!("/api/drafts/{draft}")).await.ok()
}

/// Runs a shell line in a draft, which must succeed.
async fn sh(caller: &Caller, draft: &Draft, line: &str) -> Run {
    let run = Execute {
        workspace_id: draft.workspace_id,
        draft_id: Some(draft.id),
        command: Some(line.to_owned()),
        ..Execute::default()
    };
    let ended = caller.run(&run).await;
    assert_eq!(ended.outcome, Some(Outcome::Ok), "{ended:?}");
    ended
}

fn kinds(detail: &DraftDetail) -> BTreeMap<&str, (Kind, Option<&str>)> {
    let changes = detail.changes.iter();
    changes
        .map(|change| (change.path.as_str(), (change.kind, change.from.as_deref())))
        .collect()
}

on_both_engines! {
    async fn whatever_a_draft_does_the_workspace_stays(app) {
        let owner = app.owner();
        let files = [
            ("append", "a\n"), ("gone", "gone\n"), ("mode", "#!/bin/sh\n"), ("move", "to be moved\n"), ("cut", "long text\n"),
            ("dir/one", "1\n"), ("dir/two", "2\n"), ("keep", "k\n"), ("swap", "a file\n"), ("sub/deep/x", "x\n"), ("same", "same\n"),
        ];
        let workspace = owner.workspace_with("a", &files).await.id;
        owner.sh(workspace, "ln -s keep link; ln -s keep steady; mkdir -p empty").await;
        let (disk, rows) = (app.disk(workspace), owner.paths(workspace).await);
        let made = draft(&owner, workspace, false).await;
        assert_eq!((made.state, made.workspace_id), (DraftState::Open, workspace));
        let fresh = detail(&owner, made.id).await;
        assert!(fresh.changes.is_empty() && fresh.stale.is_empty() && fresh.stood_on.is_empty(), "{fresh:?}");

        sh(&owner, &made, "echo new > new; mkdir -p made/in; echo f > made/in/f; echo more >> append; rm gone; chmod +x mode
            mv move moved; truncate -s 4 cut; rm -r dir; mkdir dir; echo 3 > dir/three; rm swap; mkdir swap; echo s > swap/s
            ln -sf gone link; rmdir empty; mkfifo fifo; mkdir shut; echo s > shut/s; chmod 000 shut; touch same; mv sub/deep/x sub/y; rmdir sub/deep").await;
        // Another run in the same draft goes on from there.
        let seen = sh(&owner, &made, "cat append moved dir/three; ls").await;
        assert_eq!(seen.stdout.as_deref().map(|out| out.starts_with("a\nmore\nto be moved\n3\nappend\n")), Some(true), "{seen:?}");

        assert_eq!((app.disk(workspace), owner.paths(workspace).await), (disk.clone(), rows));
        let found = detail(&owner, made.id).await;
        let mut expected = BTreeMap::from([
            ("new", (Kind::Create, None)), ("made/in/f", (Kind::Create, None)), ("append", (Kind::Modify, None)), ("gone", (Kind::Delete, None)),
            ("mode", (Kind::Mode, None)), ("moved", (Kind::Rename, Some("move"))), ("cut", (Kind::Modify, None)),
            ("dir/one", (Kind::Delete, None)), ("dir/two", (Kind::Delete, None)), ("dir/three", (Kind::Create, None)),
            ("swap", (Kind::Delete, None)), ("swap/s", (Kind::Create, None)), ("link", (Kind::Link, None)), ("sub/y", (Kind::Rename, Some("sub/deep/x"))),
        ]);
        // Root looks into every folder; others can't say what is in a shut one.
        if atelier_tests::is_root() { expected.insert("shut/s", (Kind::Create, None)); }
        assert_eq!(kinds(&found), expected);
        let changed = found.stood_on.iter().filter(|base| base.changed);
        let stood: Vec<&str> = changed.map(|base| base.path.as_str()).collect();
        assert_eq!(stood, ["append", "cut", "dir/one", "dir/two", "gone", "mode", "move", "sub/deep/x", "swap"]);
        let append = found.changes.iter().find(|change| change.path == "append").unwrap();
        assert_eq!((append.size, append.executable), (Some(7), Some(false)));
        assert_eq!(append.new_hash.as_deref(), Some(atelier_base::ContentHash::of(b"a\nmore\n").to_string().as_str()));
        assert!(owner.versions(workspace, "append").await.iter().all(|version| version.author_kind != AuthorKind::Run));

        owner.delete(&format!("/api/drafts/{}", made.id)).await.done();
        owner.get(&format!("/api/drafts/{}", made.id)).await.refused(Code::NotFound);
        let left: Drafts = owner.get(&format!("/api/workspaces/{workspace}/drafts")).await.ok();
        assert!(left.items.is_empty());
        assert_eq!(std::fs::read_dir(app.data().join("drafts")).unwrap().count(), 0, "nothing is left of it");
        assert_eq!(app.disk(workspace), disk);
    }

    async fn a_draft_becomes_a_proposal(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("edit", "one\ntwo\n"), ("move", "moved as it is\n"), ("gone", "g\n"), ("tool", "#!/bin/sh\n")]).await.id;
        let made = draft(&owner, workspace, true).await;
        let propose = |title: &str| ProposeDraft { title: Some(title.to_owned()) };
        let path = format!("/api/drafts/{}/proposal", made.id);
        owner.post(&path, propose("Nothing")).await.refused(Code::Invalid);
        sh(&owner, &made, "sed -i s/two/TWO/ edit; mkdir d; mv move d/moved; rm gone; printf '#!/bin/sh\n' > run; chmod +x run; printf '\\0' > bin; chmod +x edit tool").await;
        // Somebody edits another line meanwhile: the proposal merges.
        owner.overwrite(workspace, "edit", "zero\none\ntwo\n").await;
        let proposal: Proposal = owner.post(&path, propose("From a draft")).await.ok();
        assert_eq!((proposal.summary.title.as_str(), proposal.files.len()), ("From a draft", 6));
        let now = detail(&owner, made.id).await;
        assert_eq!((now.draft.state, now.draft.proposal_id), (DraftState::Proposed, Some(proposal.summary.id)));
        owner.post(&path, propose("Again")).await.refused(Code::Invalid);
        owner.apply(proposal.summary.id).await.ok::<Proposal>();
        assert_eq!(owner.paths(workspace).await, ["bin", "d", "d/moved", "edit", "run", "tool"]);
        assert_eq!(owner.text(workspace, "edit").await, "zero\none\nTWO\n");
        assert_eq!(owner.text(workspace, "d/moved").await, "moved as it is\n");
        assert_eq!(owner.sh(workspace, "./run && ./tool && test -x edit && wc -c < bin").await.stdout.as_deref(), Some("1\n"));
        owner.delete(&format!("/api/drafts/{}", made.id)).await.done();
    }

    async fn a_draft_turns_stale_by_what_it_read_or_changed(app) {
        let owner = app.owner();
        let files = [("a", "a\n"), ("b", "b\n"), ("c", "c\n"), ("lib/one", "1\n"), ("lib/two", "2\n"), ("far/x", "x\n")];
        let workspace = owner.workspace_with("a", &files).await.id;
        owner.sh(workspace, "ln -s c link").await;
        let made = draft(&owner, workspace, false).await;
        sh(&owner, &made, "echo more >> a; cat b lib/one").await;
        let fresh = detail(&owner, made.id).await;
        assert_eq!((fresh.reads, fresh.reads_reason.as_deref()), (DraftReads::Observed, None));
        let stood: Vec<(&str, bool)> = fresh.stood_on.iter().map(|base| (base.path.as_str(), base.changed)).collect();
        assert_eq!(stood, [("a", true), ("b", false), ("lib/one", false)]);
        assert_eq!(fresh.stood_on[1].hash, atelier_base::ContentHash::of(b"b\n").to_string());
        let stale = async || detail(&owner, made.id).await.stale;
        // What it did not read is nothing to it, also when it is new elsewhere.
        owner.overwrite(workspace, "c", "C\n").await;
        owner.overwrite(workspace, "lib/two", "II\n").await;
        owner.overwrite(workspace, "far/x", "X\n").await;
        owner.write(workspace, "far/new", "").await;
        assert_eq!(stale().await, Vec::<String>::new());
        owner.overwrite(workspace, "b", "B\n").await;
        owner.overwrite(workspace, "a", "A\n").await;
        // Beside what was read a name may have been looked for, and any link.
        owner.write(workspace, "lib/new", "").await;
        owner.sh(workspace, "ln -sf b link; mkdir made; echo m > made/m").await;
        assert_eq!(stale().await, ["a", "b", "lib/new", "link", "made/m"]);
        // What the draft did not open or change shows through as it is now.
        let seen = sh(&owner, &made, "cat a c; ls lib").await;
        assert_eq!(seen.stdout.as_deref(), Some("a\nmore\nC\nnew\none\ntwo\n"));
        owner.overwrite(workspace, "b", "b\n").await;
        assert_eq!(stale().await, ["a", "c", "lib/new", "link", "made/m"]);
        owner.delete(&format!("/api/drafts/{}", made.id)).await.done();
    }

    async fn a_proposal_turns_stale_by_what_its_draft_read(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a", "a\n"), ("read", "r\n"), ("unread", "u\n")]).await.id;
        let made = draft(&owner, workspace, false).await;
        sh(&owner, &made, "cat read > a").await;
        let proposal: Proposal = owner.post(&format!("/api/drafts/{}/proposal", made.id), ProposeDraft::default()).await.ok();
        let path = format!("/api/proposals/{}", proposal.summary.id);
        let of_draft = async || { let found: Proposal = owner.get(&path).await.ok(); found.draft };
        let fresh = of_draft().await.unwrap();
        assert_eq!((fresh.id, fresh.reads, fresh.stale.len()), (made.id, DraftReads::Observed, 0));
        owner.overwrite(workspace, "unread", "U\n").await;
        assert_eq!(of_draft().await, Some(fresh));
        // The draft need not be there for it.
        owner.delete(&format!("/api/drafts/{}", made.id)).await.done();
        owner.overwrite(workspace, "read", "R\n").await;
        assert_eq!(of_draft().await.unwrap().stale, ["read"]);
        owner.post(&format!("{path}/reject"), ()).await.ok::<Proposal>();
        assert_eq!(of_draft().await, None, "once decided");
    }

    async fn a_draft_that_lost_its_record_may_have_read_everything(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a", "a\n"), ("b", "b\n")]).await.id;
        let made = draft(&owner, workspace, false).await;
        sh(&owner, &made, "cat a").await;
        std::fs::remove_file(app.data().join("drafts").join(made.id.to_string()).join("folders")).unwrap();
        owner.overwrite(workspace, "b", "B\n").await;
        let found = detail(&owner, made.id).await;
        assert_eq!((found.reads, found.stale), (DraftReads::All, vec!["b".to_owned()]));
        assert!(found.reads_reason.is_some() && found.stood_on.is_empty());
        owner.delete(&format!("/api/drafts/{}", made.id)).await.done();
    }

    async fn build_caches_are_shared_or_not_there(app) {
        let owner = app.owner();
        // A tool that builds only what is older than its source.
        let build = "mkdir -p target; for f in *.src; do o=target/$f.out; if [ ! -e $o ] || [ $f -nt $o ]; then echo built $f; cp $f $o; fi; done";
        let workspace = owner.workspace_with("a", &[("one.src", "1\n"), ("two.src", "2\n"), ("build.sh", build)]).await.id;
        let first = owner.sh(workspace, "sh build.sh; mkdir -p node_modules/p; echo p > node_modules/p/index.js").await;
        assert_eq!(first.stdout.as_deref(), Some("built one.src\nbuilt two.src\n"));
        let cache = app.files_of(workspace).join("target/one.src.out");
        let before = std::fs::read(&cache).unwrap();

        let warm = draft(&owner, workspace, true).await;
        let ran = sh(&owner, &warm, "sh build.sh; cat node_modules/p/index.js").await;
        assert_eq!(ran.stdout.as_deref(), Some("p\n"), "nothing is built anew");
        let ran = sh(&owner, &warm, "sleep 0.02; echo 11 > one.src; sh build.sh; rm -r node_modules").await;
        assert_eq!(ran.stdout.as_deref(), Some("built one.src\n"));
        assert_eq!(kinds(&detail(&owner, warm.id).await), BTreeMap::from([("one.src", (Kind::Modify, None))]), "caches are not listed");
        assert_eq!(std::fs::read(&cache).unwrap(), before, "nor written through");

        let cold = draft(&owner, workspace, false).await;
        let ran = sh(&owner, &cold, "ls node_modules; sh build.sh").await;
        assert_eq!(ran.stdout.as_deref(), Some("built one.src\nbuilt two.src\n"));
        assert!(detail(&owner, cold.id).await.changes.is_empty());
        assert!(app.files_of(workspace).join("node_modules/p/index.js").exists());
        for made in [warm, cold] {
            owner.delete(&format!("/api/drafts/{}", made.id)).await.done();
        }
        owner.sh(workspace, "rm -r target node_modules").await;
    }

    async fn drafts_are_of_one_workspace_and_their_number_is_limited(app) {
        let owner = app.owner();
        let (one, two) = (owner.workspace("one").await.id, owner.workspace("two").await.id);
        let made = draft(&owner, one, false).await;
        let elsewhere = Execute { workspace_id: two, draft_id: Some(made.id), command: Some("true".to_owned()), ..Execute::default() };
        owner.post("/api/execute", &elsewhere).await.refused(Code::NotFound);
        for _ in 1..32 {
            draft(&owner, one, false).await;
        }
        let path = format!("/api/workspaces/{one}/drafts");
        owner.post(&path, CreateDraft::default()).await.refused(Code::TooMany);
        let all: Drafts = owner.get(&path).await.ok();
        assert_eq!(all.items.len(), 32);
        for draft in all.items {
            owner.delete(&format!("/api/drafts/{}", draft.id)).await.done();
        }
    }
}
