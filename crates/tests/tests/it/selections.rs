//! Questions about selected lines: the model sees these alone of their file,
//! and a small one writes them anew.

use atelier_api::Code;
use atelier_api::event::{ContextFile, TurnEvent};
use atelier_api::model::{ModelCall, Providers};
use atelier_api::page::Page;
use atelier_api::proposal::{Freshness, Proposal, ProposalState};
use atelier_api::turn::{Chat, ConversationDetail, LineRange, Selection};
use atelier_model::fake::Turn;
use atelier_tests::{Caller, Ran, TestApp, on_both_engines, question};
use serde_json::json;
use uuid::Uuid;

use super::edits::{search_replace, whole};

const CLASS: &str =
    "class Bill:\n    def net(self):\n        return 1\n\n    def gross(self):\n        return 2\n";
/// What a small model is told and a large one is not.
const ANEW: &str = "write their new text in one block";

fn lines(first: u32, last: u32) -> LineRange {
    LineRange { first, last }
}

/// Asks about lines of a file as it is now.
fn about(workspace: Uuid, path: &str, first: u32, last: u32) -> Chat {
    let selection = Selection {
        path: path.to_owned(),
        version_id: None,
        lines: lines(first, last),
    };
    Chat {
        selections: vec![selection],
        ..question(workspace, "Make it better.")
    }
}

/// Says that the environment's model is a small one.
async fn shrink(owner: &Caller) {
    let providers: Providers = owner.get("/api/providers").await.ok();
    let path = format!("/api/providers/{}/models/fake-model", providers.items[0].id);
    let size = json!({ "parameters": 1_540_000_000_u64 });
    owner.put(&path, size).await.ok::<serde_json::Value>();
}

fn block(text: &str) -> Turn {
    Turn::text(format!("Better so:\n\n```python\n{text}```\nDone.\n"))
}

/// What the model was told last: the rules, and what the person said.
fn told(app: &TestApp) -> (String, String) {
    let sent = app.model.requests().pop().unwrap();
    let rules = sent.body["messages"][0]["content"].as_str().unwrap();
    (rules.to_owned(), sent.last_user_text())
}

fn context(ran: &Ran) -> Vec<ContextFile> {
    let mut files = ran.events.iter().filter_map(|event| match &event.event {
        TurnEvent::Context { files, .. } => Some(files.clone()),
        _ => None,
    });
    files.next().unwrap()
}

fn failure(ran: &Ran) -> (String, String) {
    let mut failed = ran.events.iter().filter_map(|event| match &event.event {
        TurnEvent::EditFailed { code, detail, .. } => Some((code.clone(), detail.clone())),
        _ => None,
    });
    failed
        .next()
        .unwrap_or_else(|| panic!("no edit failed: {ran:?}"))
}

on_both_engines! {
    async fn a_small_model_writes_the_selected_lines_anew(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("bill.py", CLASS)]).await.id;
        shrink(&owner).await;
        // The model drops the indentation that all the lines have.
        app.model.push(block("def net(self):\n    return 10\n"));
        let ran = owner.ask(&about(workspace, "bill.py", 2, 3)).await;

        let (rules, said) = told(app);
        assert!(rules.contains(ANEW) && !rules.contains("<<<<<<< SEARCH"), "{rules}");
        let selected = "    def net(self):\n        return 1\n";
        let shown = format!("Lines that the person selected:\n\nbill.py, lines 2 to 3\n```\n{selected}```\n\nMake it better.");
        assert_eq!(said, shown, "the selection and no more of the file");

        let version = owner.file(workspace, "bill.py").await.current_version_id;
        let kept = Selection { path: "bill.py".to_owned(), version_id: version, lines: lines(2, 3) };
        let file = ContextFile { path: "bill.py".to_owned(), version_id: version, bytes: selected.len() as u64, lines: Some(lines(2, 3)) };
        assert_eq!(context(&ran), [file]);
        assert!(matches!(&ran.events[0].event, TurnEvent::Started { selections, .. } if *selections == [kept.clone()]), "{ran:?}");
        let call: ModelCall = owner.get(&format!("/api/model-calls/{}", ran.turn.model_call_ids[0])).await.ok();
        let source = call.sources.iter().find(|source| source.kind == "selection").unwrap();
        assert_eq!((source.path.as_deref(), source.lines, source.version_id), (Some("bill.py"), Some(lines(2, 3)), version));
        // It is kept with the turn.
        let detail: ConversationDetail = owner.get(&format!("/api/conversations/{}", ran.turn.conversation_id)).await.ok();
        assert_eq!(detail.turns[0].selections, [kept]);

        let made = owner.proposal(ran.proposal()).await;
        assert_eq!((made.summary.added, made.summary.removed), (1, 1), "only what changes: {made:?}");
        assert_eq!(owner.text(workspace, "bill.py").await, CLASS, "nothing is written yet");
        owner.apply(made.summary.id).await.ok::<Proposal>();
        assert_eq!(owner.text(workspace, "bill.py").await, CLASS.replace("return 1", "return 10"));
        owner.undo(made.summary.id).await.ok::<Proposal>();
        assert_eq!(owner.text(workspace, "bill.py").await, CLASS);
    }

    async fn a_small_model_that_forgets_the_name_of_the_only_file_means_it(app) {
        let owner = app.owner();
        let files = [("bill.py", CLASS), ("b.py", "b = 1\n")];
        let workspace = owner.workspace_with("a", &files).await.id;
        let changed = CLASS.replace("return 1", "return 10");
        let asked = Chat { files: vec!["bill.py".to_owned()], ..question(workspace, "Make it better.") };
        // A large one writes blocks; what it shows besides is an example.
        app.model.push(block(&changed));
        assert!(owner.ask(&asked).await.turn.proposal_ids.is_empty());
        shrink(&owner).await;
        // An excerpt is no file, and of two files it may be either.
        app.model.push(block("    def net(self):\n        return 10\n"));
        assert!(owner.ask(&asked).await.turn.proposal_ids.is_empty());
        app.model.push(block(&changed));
        let both = Chat { files: vec!["bill.py".to_owned(), "b.py".to_owned()], ..asked.clone() };
        assert!(owner.ask(&both).await.turn.proposal_ids.is_empty());

        app.model.push(block(&changed));
        let ran = owner.ask(&asked).await;
        owner.apply(ran.proposal()).await.ok::<Proposal>();
        assert_eq!(owner.text(workspace, "bill.py").await, changed);
    }

    async fn a_large_model_sees_the_selection_and_writes_blocks(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("bill.py", CLASS), ("b.py", "b = 1\n")]).await.id;
        let asked = Chat { files: vec!["b.py".to_owned()], ..about(workspace, "bill.py", 6, 6) };
        app.model.push(Turn::text(search_replace("bill.py", "        return 2", "        return 20")));
        let ran = owner.ask(&asked).await;
        let (rules, said) = told(app);
        assert!(rules.contains("<<<<<<< SEARCH") && !rules.contains(ANEW), "{rules}");
        assert!(said.contains("bill.py, line 6\n```\n        return 2\n```\n") && said.contains("b = 1"), "{said}");
        assert!(!said.contains("class Bill"), "{said}");
        owner.apply(ran.proposal()).await.ok::<Proposal>();
        assert_eq!(owner.text(workspace, "bill.py").await, CLASS.replace('2', "20"));

        // Who saw a part of a file does not write it whole.
        app.model.push(Turn::text(whole("bill.py", "        return 3")));
        let ran = owner.ask(&asked).await;
        let (code, detail) = failure(&ran);
        assert!(code == "seen_in_part" && detail.contains("bill.py"), "{code}: {detail}");
        assert!(ran.turn.proposal_ids.is_empty());
        // Two selections are two places: a small model is asked for blocks too.
        shrink(&owner).await;
        app.model.push(Turn::text("Fine."));
        let mut two = about(workspace, "bill.py", 1, 1);
        two.selections.extend(about(workspace, "bill.py", 5, 6).selections);
        owner.ask(&two).await;
        assert!(told(app).0.contains("<<<<<<< SEARCH"));
    }

    async fn the_lines_are_those_of_the_version_they_were_selected_in(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("n.txt", "one\ntwo\nthree\nfour\nfive\nsix\nseven\n")]).await.id;
        shrink(&owner).await;
        let version = owner.file(workspace, "n.txt").await.current_version_id;
        let mut asked = about(workspace, "n.txt", 6, 6);
        asked.selections[0].version_id = version;
        // Meanwhile the lines move.
        owner.overwrite(workspace, "n.txt", "zero\none\ntwo\nthree\nfour\nfive\nsix\nseven\n").await;
        app.model.push(block("SIX\n"));
        let ran = owner.ask(&asked).await;
        assert!(told(app).1.contains("n.txt, line 6\n```\nsix\n```\n"));
        let made = owner.proposal(ran.proposal()).await;
        assert_eq!(made.files[0].freshness, Some(Freshness::Merges));
        let applied: Proposal = owner.apply(made.summary.id).await.ok();
        assert_eq!(applied.summary.state, ProposalState::Applied);
        assert_eq!(owner.text(workspace, "n.txt").await, "zero\none\ntwo\nthree\nfour\nfive\nSIX\nseven\n");

        // The very lines changed: a conflict, not a guess.
        app.model.push(block("seis\n"));
        let ran = owner.ask(&asked).await;
        assert_eq!(owner.proposal(ran.proposal()).await.files[0].freshness, Some(Freshness::Conflicts));
        owner.apply(ran.proposal()).await.refused(Code::MergeConflict);
    }

    async fn what_is_no_edit_of_the_selection_makes_no_proposal(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("bill.py", CLASS)]).await.id;
        shrink(&owner).await;
        let asked = about(workspace, "bill.py", 2, 3);
        for answer in ["It returns `1`.", "Look:\n\n```\ndef net(self):\n    return 1\n```\nThat is all."] {
            app.model.push(Turn::text(answer));
            let ran = owner.ask(&asked).await;
            assert!(ran.turn.proposal_ids.is_empty() && ran.turn.error.is_none(), "{ran:?}");
            assert!(!ran.events.iter().any(|event| matches!(event.event, TurnEvent::EditFailed { .. })), "{ran:?}");
        }
        // Of several new texts none is chosen; one that quotes the old does not count.
        let [old, new, other] = ["1", "10", "100"].map(|n| format!("```\n    def net(self):\n        return {n}\n```\n"));
        app.model.push(Turn::text(format!("First:\n{new}\nOr:\n{other}")));
        let (code, detail) = failure(&owner.ask(&asked).await);
        assert!(code == "syntax" && detail.contains("2 different blocks"), "{code}: {detail}");
        app.model.push(Turn::text("```\n    def net(self):\n        # ... existing code ...\n```\n"));
        assert_eq!(failure(&owner.ask(&asked).await).0, "elided");
        app.model.push(Turn::text("```\n    def net(self):\n"));
        assert_eq!(failure(&owner.ask(&asked).await).0, "syntax");
        app.model.push(Turn::text(format!("It was:\n{old}\nNow:\n{new}")));
        owner.apply(owner.ask(&asked).await.proposal()).await.ok::<Proposal>();
        assert_eq!(owner.text(workspace, "bill.py").await, CLASS.replace("return 1", "return 10"));
    }

    async fn the_lines_must_be_there(app) {
        let owner = app.owner();
        let files = [("bill.py", CLASS), ("other.py", "x\n"), ("empty", "")];
        let workspace = owner.workspace_with("a", &files).await.id;
        let elsewhere = owner.file(workspace, "other.py").await.current_version_id;
        let with = |path: &str, first, last, version_id| {
            let mut asked = about(workspace, path, first, last);
            asked.selections[0].version_id = version_id;
            asked
        };
        for (asked, why) in [
            (with("bill.py", 6, 7, None), "`bill.py` has 6 lines; lines 6 to 7 are outside of it"),
            (with("other.py", 2, 2, None), "`other.py` has one line; lines 2 to 2 are outside of it"),
            (with("bill.py", 0, 1, None), "lines are counted from 1"),
            (with("bill.py", 3, 2, None), "the last line, 2, is above the first, 3"),
            (with("empty", 1, 1, None), "`empty` is empty"),
            (with("gone.py", 1, 1, None), "there is no file `gone.py`"),
            (with("bill.py", 1, 1, elsewhere), "`bill.py` has no such version; select again"),
            (Chat { files: vec!["bill.py".to_owned()], ..with("bill.py", 1, 1, None) }, "`bill.py` comes along whole already; send either all of it or lines of it"),
            (Chat { selections: vec![with("bill.py", 1, 1, None).selections.remove(0); 21], ..question(workspace, "hi") }, "at most 20 selections"),
        ] {
            let problem = owner.post("/api/ai/chat", &asked).await.refused_field(Code::Invalid, "selections");
            assert_eq!(problem.detail.to_lowercase(), format!("{why}.").to_lowercase());
        }
        owner.post("/api/ai/chat", &with("../bill.py", 1, 1, None)).await.refused(Code::PathInvalid);
        assert!(app.model.requests().is_empty());
        let turns: Page<atelier_api::turn::Conversation> = owner.get(&format!("/api/workspaces/{workspace}/conversations")).await.ok();
        assert!(turns.items.is_empty(), "a refused question leaves nothing");
    }
}
