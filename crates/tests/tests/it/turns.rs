//! Turns: asked, streamed, resumed, failed and recorded.

use std::time::Duration;

use atelier_api::event::{Numbered, TurnEvent};
use atelier_api::model::{ModelCall, Provider};
use atelier_api::turn::{Conversation, ConversationDetail, Role, Turn as TurnOf, TurnState};
use atelier_api::usage::TokenUsage;
use atelier_api::{Code, Page};
use atelier_base::ContentHash;
use atelier_model::fake::{ErrorStep, FakeModel, Script, Speech, Step, Turn, UsageStep};
use atelier_tests::{Caller, Ran, on_both_engines, question, within};
use serde_json::{Value, json};
use uuid::Uuid;

use super::edits::{add_file, envelope, search_replace, update};

async fn log(caller: &Caller, turn: Uuid, after: i64) -> Vec<Numbered<TurnEvent>> {
    caller
        .watch(&format!("/api/turns/{turn}/events?after={after}"))
        .await
        .all()
        .await
}

fn turn_of(events: &[Numbered<TurnEvent>]) -> Uuid {
    match events[0].event {
        TurnEvent::Started { turn_id, .. } => turn_id,
        _ => panic!("not the beginning: {events:?}"),
    }
}

fn kinds(ran: &Ran) -> Vec<&'static str> {
    let mut kinds: Vec<&str> = ran
        .events
        .iter()
        .map(|event| match event.event {
            TurnEvent::Started { .. } => "started",
            TurnEvent::Context { .. } => "context",
            TurnEvent::Withheld { .. } => "withheld",
            TurnEvent::Switched { .. } => "switched",
            TurnEvent::Text { .. } => "text",
            TurnEvent::Reasoning { .. } => "reasoning",
            TurnEvent::Usage { .. } => "usage",
            TurnEvent::EditPreview { .. } => "editPreview",
            TurnEvent::Proposal { .. } => "proposal",
            TurnEvent::EditFailed { .. } => "editFailed",
            TurnEvent::Finished { .. } => "finished",
        })
        .collect();
    kinds.dedup();
    kinds
}

on_both_engines! {
    async fn changes_are_shown_while_they_are_written(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("a.txt", "one\ntwo\n")]).await.id;
        let answer = search_replace("a.txt", "two", "TWO");
        let (head, tail) = answer.split_at(answer.len() / 2);
        app.model.push(Turn::of([Step::text("I shout:\n\n"), Step::text(head), Step::text(tail)]));
        let ran = owner.ask(&question(workspace, "Louder.")).await;
        let at = |wanted: fn(&TurnEvent) -> bool| ran.events.iter().position(|event| wanted(&event.event)).unwrap();
        let shown = at(|event| matches!(event, TurnEvent::EditPreview { .. }));
        assert!(shown < at(|event| matches!(event, TurnEvent::Proposal { .. })));
        let TurnEvent::EditPreview { path, removed, added, cut, .. } = &ran.events[shown].event else { panic!() };
        assert_eq!((path.as_deref(), removed.as_slice(), added.as_slice(), *cut), (Some("a.txt"), ["two".to_owned()].as_slice(), ["TWO".to_owned()].as_slice(), false));
        let again = log(&owner, ran.turn.id, 0).await;
        assert_eq!(format!("{again:?}"), format!("{:?}", ran.events), "it is there again later");
        assert_eq!(owner.text(workspace, "a.txt").await, "one\ntwo\n", "nothing is applied");
    }

    async fn a_question_is_answered_and_recorded(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        app.model.push(Turn::of([Step::reasoning("Let me think."), Step::text("It is **42**.")]));
        let ran = owner.ask(&question(workspace, "What is it?\nTell me.")).await;
        assert_eq!(kinds(&ran), ["started", "context", "reasoning", "text", "usage", "finished"]);
        assert_eq!(ran.events.iter().map(|event| event.seq).collect::<Vec<_>>(), (1..).take(ran.events.len()).collect::<Vec<i64>>());
        assert_eq!(ran.text(), "It is **42**.");
        assert_eq!((ran.turn.state, ran.turn.model.as_str(), ran.turn.error.as_deref()), (TurnState::Done, "fake-model", None));
        assert!(ran.turn.finished_at.is_some() && ran.turn.proposal_ids.is_empty());
        assert_eq!(ran.end(), TurnEvent::Finished { state: TurnState::Done, code: None, detail: None, hint: None });
        let talk: ConversationDetail = owner.get(&format!("/api/conversations/{}", ran.turn.conversation_id)).await.ok();
        assert_eq!((talk.conversation.title.as_str(), talk.conversation.active_model.as_deref()), ("What is it?", Some("fake-model")));
        let said: Vec<(Role, &str)> = talk.messages.iter().map(|message| (message.role, message.content.as_str())).collect();
        assert_eq!(said, [(Role::User, "What is it?\nTell me."), (Role::Assistant, "It is **42**.")]);
        assert_eq!(talk.turns.len(), 1);
    }

    async fn what_is_stored_is_what_went_out(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("src/täst.py", "print('ü')\n"), ("other.py", "secret = 1\n")]).await.id;
        app.model.push(Turn::text("Fine."));
        let mut asked = question(workspace, "Look at \"this\" ☃");
        asked.files = vec!["src/täst.py".to_owned(), "missing.py".to_owned()];
        let ran = owner.ask(&asked).await;
        let [call] = ran.turn.model_call_ids.as_slice() else { panic!("{ran:?}") };
        let call: ModelCall = owner.get(&format!("/api/model-calls/{call}")).await.ok();
        let captured = app.model.requests().pop().unwrap();
        assert_eq!(call.request.as_bytes(), &captured.raw[..]);
        assert_eq!(call.request_hash, ContentHash::of(&captured.raw).to_string());
        assert_eq!((call.turn_id, call.provider.as_str(), call.model.as_str()), (Some(ran.turn.id), "Environment", "fake-model"));
        assert!(!call.request.contains(Caller::environment_key()));

        let text = captured.last_user_text();
        assert!(text.contains("src/täst.py\n```\nprint('ü')\n```"), "{text}");
        assert!(text.ends_with("Look at \"this\" ☃"), "{text}");
        assert!(!text.contains("secret"), "only what was attached: {text}");
        let system = captured.body["messages"][0]["content"].as_str().unwrap();
        assert!(system.contains("other.py"), "the tree is told: {system}");

        let version = owner.read(workspace, "src/täst.py").await.version_id;
        let context = ran.events.iter().find_map(|event| match &event.event {
            TurnEvent::Context { bytes, files, .. } => Some((*bytes, files.clone())),
            _ => None,
        }).unwrap();
        assert_eq!(context.0, captured.raw.len() as u64);
        assert_eq!(context.1.len(), 1);
        assert_eq!((context.1[0].path.as_str(), context.1[0].version_id, context.1[0].bytes), ("src/täst.py", version, 12));
    }

    async fn a_request_sent_again_in_another_form_is_stored_in_that_form(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        app.model.push(Turn::error(400, "Unrecognized request argument supplied: stream_options"));
        app.model.push(Turn::text("Fine."));
        let ran = owner.ask(&question(workspace, "hi")).await;
        assert_eq!(ran.text(), "Fine.");
        let requests = app.model.requests();
        assert_eq!(requests.len(), 2);
        let call: ModelCall = owner.get(&format!("/api/model-calls/{}", ran.turn.model_call_ids.last().unwrap())).await.ok();
        assert_eq!(call.request.as_bytes(), &requests[1].raw[..], "what the answer is to");
    }

    async fn a_request_refused_in_its_other_form_too_is_stored_in_that_form(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        app.model.push(Turn::error(400, "Unrecognized request argument supplied: stream_options"));
        app.model.push(Turn::error(400, "no"));
        let ran = owner.ask(&question(workspace, "hi")).await;
        assert_eq!(ran.turn.state, TurnState::Failed);
        let requests = app.model.requests();
        assert_eq!(requests.len(), 2);
        let call: ModelCall = owner.get(&format!("/api/model-calls/{}", ran.turn.model_call_ids.last().unwrap())).await.ok();
        assert_eq!(call.request.as_bytes(), &requests[1].raw[..], "what went out last");
    }

    async fn what_was_said_is_marked_for_the_cache_of_claude(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let claude = FakeModel::local(Script::of([Turn::text("Ana."), Turn::text("Still Ana.")])).await.unwrap();
        let body = json!({ "name": "Claude", "baseUrl": claude.url(), "wire": "anthropic", "model": "claude-fake" });
        let provider: Provider = owner.post("/api/providers", body).await.ok();
        let mut asked = question(workspace, "My name is Ana.");
        asked.provider_id = Some(provider.id);
        let first = owner.ask(&asked).await;
        "What is my name?".clone_into(&mut asked.message);
        asked.conversation_id = Some(first.turn.conversation_id);
        assert_eq!(owner.ask(&asked).await.text(), "Still Ana.");
        let body = claude.requests().pop().unwrap().body;
        let marked = |place: &str| body.pointer(&format!("{place}/cache_control")).is_some();
        for place in ["/system/0", "/messages/0/content/0", "/messages/2/content/0"] {
            assert!(marked(place), "{place}: {body}");
        }
        claude.assert_finished();
    }

    async fn what_was_said_goes_along(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        app.model.push(Turn::text("Ana."));
        let first = owner.ask(&question(workspace, "My name is Ana.")).await;
        app.model.push(Turn::text("Still Ana."));
        let mut asked = question(workspace, "What is my name?");
        asked.conversation_id = Some(first.turn.conversation_id);
        let second = owner.ask(&asked).await;
        assert_eq!(second.turn.conversation_id, first.turn.conversation_id);
        let body = app.model.requests().pop().unwrap().body;
        let said: Vec<(&str, &str)> = body["messages"].as_array().unwrap().iter().skip(1)
            .map(|message| (message["role"].as_str().unwrap(), message["content"].as_str().unwrap())).collect();
        assert_eq!(said, [("user", "My name is Ana."), ("assistant", "Ana."), ("user", "What is my name?")]);
    }

    async fn roles_alternate_also_after_failures_and_in_long_conversations(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let mut conversation = None;
        for n in 0..26 {
            let failed = n % 7 == 3;
            app.model.push(if failed { Turn::error(500, "oops") } else { Turn::text(format!("answer {n}")) });
            let mut asked = question(workspace, &format!("question {n}"));
            asked.conversation_id = conversation;
            let ran = owner.ask(&asked).await;
            assert_eq!(ran.turn.state == TurnState::Failed, failed);
            conversation = Some(ran.turn.conversation_id);
        }
        let body = app.model.requests().pop().unwrap().body;
        let said = body["messages"].as_array().unwrap();
        let roles: Vec<&str> = said.iter().map(|message| message["role"].as_str().unwrap()).collect();
        assert_eq!(roles[..3], ["system", "user", "assistant"]);
        assert!(roles.windows(2).all(|two| two[0] != two[1]), "{roles:?}");
        // A question that got no answer is not forgotten.
        assert!(said.iter().any(|message| message["content"] == "question 24\n\nquestion 25"), "{said:?}");
    }

    async fn a_conversation_belongs_to_one_workspace(app) {
        let owner = app.owner();
        let (one, two) = (owner.workspace("one").await.id, owner.workspace("two").await.id);
        app.model.push(Turn::text("Hello."));
        let ran = owner.ask(&question(one, "hi")).await;
        let mut asked = question(two, "hi");
        asked.conversation_id = Some(ran.turn.conversation_id);
        owner.post("/api/ai/chat", asked).await.refused_field(Code::Invalid, "conversationId");
    }

    async fn tokens_and_cost_are_exact(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        app.model.push(Turn::of([Step::text("x"), Step::Usage(UsageStep { input: 1_000, cached: 400, output: 200, reasoning: 50, ..UsageStep::default() })]));
        let ran = owner.ask(&question(workspace, "hi")).await;
        // 1,000 × 0.15 + 200 × 0.60 dollars by the million.
        let expected = TokenUsage { input_tokens: 1_000, cached_input_tokens: 400, output_tokens: 200, cost_usd: Some("0.00027".to_owned()), measured: true };
        assert_eq!(ran.turn.usage, expected);
        let told = ran.events.iter().find_map(|event| match &event.event { TurnEvent::Usage { usage } => Some(usage.clone()), _ => None });
        assert_eq!(told, Some(expected));
        app.model.push(Turn::of([Step::text("an answer of some words"), Step::NoUsage]));
        let estimated = owner.ask(&question(workspace, "hi")).await.turn.usage;
        assert!(!estimated.measured && estimated.input_tokens > 0 && estimated.output_tokens > 0, "{estimated:?}");
    }

    async fn a_provider_that_fails_is_told_with_what_to_do(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let error = |status, message: &str| Step::Error(ErrorStep { status, message: message.to_owned(), ..ErrorStep::default() });
        let half = || Step::text("half an ans");
        for (steps, detail, hint, text) in [
            (vec![error(401, "Incorrect API key provided.")], "does not accept the key", "Copy the key again", ""),
            (vec![error(404, "The model does not exist")], "", "", ""),
            (vec![error(429, "slow down")], "limits the rate", "Wait a moment", ""),
            (vec![error(500, "oops")], "not available", "Try again", ""),
            (vec![Step::Cut], "", "Try again", ""),
            (vec![half(), error(500, "melted")], "failed in the middle", "Try again", "half an ans"),
            (vec![half(), Step::Cut], "cut off", "Try again", "half an ans"),
            (vec![half(), Step::End], "cut off", "Try again", "half an ans"),
            (vec![Step::Raw("data: {nonsense\n\n".to_owned())], "in the format `openai_chat`", "base URL", ""),
        ] {
            app.model.push(Turn::of(steps.clone()));
            let ran = owner.ask(&question(workspace, "hi")).await;
            let TurnEvent::Finished { state, code, detail: told, hint: helped } = ran.end() else { panic!("{ran:?}") };
            assert_eq!((state, ran.turn.state), (TurnState::Failed, TurnState::Failed), "{steps:?}");
            assert!(code.is_some(), "{steps:?}: no code");
            assert!(told.as_deref().unwrap_or_default().contains(detail), "{steps:?}: {told:?}");
            assert!(helped.as_deref().unwrap_or_default().contains(hint), "{steps:?}: {helped:?}");
            assert_eq!(ran.turn.error, told, "{steps:?}");
            assert_eq!(ran.text(), text, "{steps:?}");
            assert!(kinds(&ran).contains(&"usage"), "what it used is recorded: {steps:?}");
            if !text.is_empty() {
                assert!(ran.turn.usage.output_tokens > 0, "{ran:?}");
            }
        }
    }

    async fn a_stopped_turn_ends_at_once_and_leaves_the_model(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        app.model.push(Turn::of([Step::text("It beg"), Step::Stall(600_000), Step::text("ins")]));
        let mut events = owner.chat(&question(workspace, "hi")).await;
        let seen = events.until(|event| matches!(event.event, TurnEvent::Text { .. })).await;
        let turn = turn_of(&seen);
        owner.poke(&format!("/api/turns/{turn}/cancel")).await.ok::<TurnOf>();
        let rest = events.all().await;
        assert_eq!(rest.last().unwrap().event, TurnEvent::Finished { state: TurnState::Cancelled, code: None, detail: None, hint: None });
        within("the model to be left", app.model.wait_abandoned(1)).await;
        let ended: TurnOf = owner.get(&format!("/api/turns/{turn}")).await.ok();
        assert_eq!(ended.state, TurnState::Cancelled);
        let again: TurnOf = owner.poke(&format!("/api/turns/{turn}/cancel")).await.ok();
        assert_eq!(again.state, TurnState::Cancelled);
        let talk: ConversationDetail = owner.get(&format!("/api/conversations/{}", ended.conversation_id)).await.ok();
        assert_eq!(talk.messages.last().unwrap().content, "It beg", "what was said stays");
        app.model.push(Turn::text("Again."));
        let mut asked = question(workspace, "go on");
        asked.conversation_id = Some(ended.conversation_id);
        assert_eq!(owner.ask(&asked).await.text(), "Again.");
    }

    async fn a_model_that_never_begins_is_stopped_too(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        app.model.push(Turn::of([Step::Stall(600_000), Step::text("late")]));
        let mut events = owner.chat(&question(workspace, "hi")).await;
        let seen = events.until(|event| matches!(event.event, TurnEvent::Context { .. })).await;
        within("the model to be asked", app.model.wait_requests(1)).await;
        owner.poke(&format!("/api/turns/{}/cancel", turn_of(&seen))).await.ok::<TurnOf>();
        let rest = events.all().await;
        assert!(matches!(rest.last().unwrap().event, TurnEvent::Finished { state: TurnState::Cancelled, .. }));
    }

    async fn a_turn_goes_on_when_nobody_watches(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let slow = Speech { text: "word ".repeat(30), chunk: 5, delay_ms: 4 };
        app.model.push(Turn::of([Step::Text(slow.clone())]));
        let mut first = owner.chat(&question(workspace, "hi")).await;
        let seen = first.until(|event| matches!(event.event, TurnEvent::Text { .. })).await;
        drop(first);
        let (turn, last) = (turn_of(&seen), seen.last().unwrap().seq);
        let request = owner.request(reqwest::Method::GET, &format!("/api/turns/{turn}/events")).header("last-event-id", last.to_string());
        let rest = owner.open::<Numbered<TurnEvent>>(request).await.all().await;
        let whole = log(&owner, turn, 0).await;
        let joined: Vec<_> = seen.iter().chain(&rest).map(|event| (event.seq, event.event.clone())).collect();
        assert_eq!(joined, whole.iter().map(|event| (event.seq, event.event.clone())).collect::<Vec<_>>());
        for (at, event) in whole.iter().enumerate().take(whole.len() - 1) {
            let tail = log(&owner, turn, event.seq).await;
            assert_eq!(tail.iter().map(|event| event.seq).collect::<Vec<_>>(), whole[at + 1..].iter().map(|event| event.seq).collect::<Vec<_>>());
        }
        let text: String = whole.iter().filter_map(|event| match &event.event { TurnEvent::Text { text } => Some(text.as_str()), _ => None }).collect();
        assert_eq!(text, slow.text);
    }

    async fn a_log_taken_up_after_its_end_ends(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        app.model.push(Turn::text("Hello."));
        let ran = owner.ask(&question(workspace, "hi")).await;
        for after in [0, 1, 1_000] {
            let last = ran.events.last().unwrap().seq;
            assert!(log(&owner, ran.turn.id, last + after).await.is_empty());
        }
    }

    async fn one_turn_at_a_time_in_a_conversation(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        app.model.push(Turn::of([Step::text("a"), Step::Stall(600_000)]).matching("first"));
        app.model.push(Turn::text("elsewhere").matching("other"));
        let mut events = owner.chat(&question(workspace, "first")).await;
        let seen = events.until(|event| matches!(event.event, TurnEvent::Text { .. })).await;
        let TurnEvent::Started { conversation_id, turn_id, .. } = seen[0].event else { panic!("{seen:?}") };
        let mut second = question(workspace, "second");
        second.conversation_id = Some(conversation_id);
        let problem = owner.post("/api/ai/chat", &second).await.refused(Code::TurnRunning);
        assert!(problem.hint.is_some());
        assert_eq!(owner.ask(&question(workspace, "the other one")).await.text(), "elsewhere");
        owner.poke(&format!("/api/turns/{turn_id}/cancel")).await.ok::<TurnOf>();
        events.all().await;
        app.settle().await;
        let talk: ConversationDetail = owner.get(&format!("/api/conversations/{conversation_id}")).await.ok();
        assert_eq!(talk.messages.iter().filter(|message| message.role == Role::User).count(), 1, "the refused question left no trace");
    }

    async fn edits_become_a_proposal_and_nothing_is_written(app) {
        let owner = app.owner();
        for (name, answer) in [
            ("blocks", format!("I change it.\n\n{}\nDone.", search_replace("main.py", "print(1)", "print(2)"))),
            ("fenced blocks", format!("So:\n\n```python\n{}```\n", search_replace("main.py", "print(1)", "print(2)"))),
            ("envelope", format!("Here:\n\n{}", envelope(&[update("main.py", "print(1)", "print(2)")]))),
        ] {
            let workspace = owner.workspace_with(name, &[("main.py", "print(1)\n")]).await.id;
            let before = app.disk(workspace);
            app.model.push(Turn::of([Step::text(answer)]));
            let mut asked = question(workspace, "Print two.");
            asked.files = vec!["main.py".to_owned()];
            let ran = owner.ask(&asked).await;
            let mut told = kinds(&ran);
            told.retain(|kind| *kind != "editPreview");
            told.dedup();
            assert_eq!(told, ["started", "context", "text", "usage", "proposal", "finished"], "{name}");
            let told = ran.events.iter().find_map(|event| match event.event {
                TurnEvent::Proposal { proposal_id, files, added, removed } => Some((proposal_id, files, added, removed)),
                _ => None,
            });
            assert_eq!(told, Some((ran.proposal(), 1, 1, 1)), "{name}");
            assert_eq!(app.disk(workspace), before, "{name}");
            let proposal = owner.proposal(ran.proposal()).await;
            assert_eq!((proposal.summary.turn_id, proposal.files[0].after.as_deref()), (Some(ran.turn.id), Some("print(2)\n")), "{name}");
        }
    }

    async fn edits_by_tool_call_become_a_proposal(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        app.model.push(Turn::of([Step::text("I add it."), Step::tool_call("apply_patch", json!({ "input": add_file("new.txt", "hello") }))]));
        let ran = owner.ask(&question(workspace, "Add it.")).await;
        assert_eq!(owner.proposal(ran.proposal()).await.files[0].after.as_deref(), Some("hello\n"));
    }

    async fn edits_that_do_not_fit_are_explained(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("main.py", "print(1)\nprint(3)\n")]).await.id;
        let cut = Turn::of([Step::text(search_replace("main.py", "print(1)", "print(2)")), Step::Finish("length".to_owned())]);
        for (turn, expected, words) in [
            (Turn::text(search_replace("main.py", "print(7)", "print(2)")), "context_not_found", &["main.py", "hint"][..]),
            (Turn::text(search_replace("../evil.py", "", "x")), "invalid_path", &["../evil.py"]),
            (Turn::text("main.py\n<<<<<<< SEARCH\nprint(1)\n"), "syntax", &[]),
            (Turn::text("*** Begin Patch\n*** Delete File: none.py\n*** End Patch"), "file_missing", &["none.py"]),
            (cut, "cut_short", &["cut off"]),
        ] {
            app.model.push(turn);
            let mut asked = question(workspace, "Change it.");
            asked.files = vec!["main.py".to_owned()];
            let ran = owner.ask(&asked).await;
            let failed = ran.events.iter().find_map(|event| match &event.event {
                TurnEvent::EditFailed { code, detail, .. } => Some((code.clone(), detail.clone())),
                _ => None,
            });
            let (code, detail) = failed.unwrap_or_else(|| panic!("{expected}: {ran:?}"));
            assert_eq!(code, expected, "{detail}");
            for word in words { assert!(detail.contains(word), "{detail}"); }
            assert_eq!(ran.turn.state, TurnState::Done);
            assert!(ran.turn.proposal_ids.is_empty(), "{expected}");
        }
    }

    async fn an_answer_that_is_not_whole_says_why_and_proposes_nothing(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("main.py", "print(1)\n")]).await.id;
        let edit = search_replace("main.py", "print(1)", "print(2)");
        for (word, code, why) in [
            ("length", "cut_short", "length limit"),
            ("content_filter", "filtered", "content filter"),
            ("MALFORMED_FUNCTION_CALL", "cut_short", "`MALFORMED_FUNCTION_CALL`"),
        ] {
            for steps in [vec![], vec![Step::text(&edit)]] {
                let edits = steps.len();
                app.model.push(Turn::of(steps.into_iter().chain([Step::Finish(word.to_owned())])));
                let mut asked = question(workspace, "Change it.");
                asked.files = vec!["main.py".to_owned()];
                let ran = owner.ask(&asked).await;
                assert_eq!(kinds(&ran).iter().filter(|kind| **kind == "editFailed").count(), edits, "{word}");
                let Some(TurnEvent::Finished { state, code: told, detail, .. }) = ran.events.last().map(|event| event.event.clone()) else {
                    panic!("{ran:?}");
                };
                assert_eq!((state, told.as_deref()), (TurnState::Done, Some(code)), "{word}");
                assert!(detail.is_some_and(|detail| detail.contains(why)), "{word}");
                assert!(ran.turn.error.is_some_and(|error| error.contains(why)), "{word}");
                assert!(ran.turn.proposal_ids.is_empty(), "{word}");
            }
        }
        app.model.push(Turn::of([Step::refusal("I can't help with that.")]));
        let ran = owner.ask(&question(workspace, "Do harm.")).await;
        assert_eq!((ran.turn.state, ran.turn.error.as_deref()), (TurnState::Done, Some("The model declined to answer.")));
    }

    async fn edits_stand_on_what_the_model_saw(app) {
        let owner = app.owner();
        let text = "one\ntwo\nthree\nfour\nfive\n";
        let workspace = owner.workspace_with("a", &[("a", text)]).await.id;
        app.model.push(Turn::of([Step::Stall(300), Step::text(search_replace("a", "one", "ONE"))]));
        let mut asked = question(workspace, "Shout.");
        asked.files = vec!["a".to_owned()];
        let mut events = owner.chat(&asked).await;
        let seen = events.until(|event| matches!(event.event, TurnEvent::Context { .. })).await;
        owner.overwrite(workspace, "a", &text.replace("five", "FIVE")).await;
        events.all().await;
        let turn: TurnOf = owner.get(&format!("/api/turns/{}", turn_of(&seen))).await.ok();
        let proposal = owner.proposal(turn.proposal_ids[0]).await;
        assert_eq!(proposal.files[0].before.as_deref(), Some(text));
        assert_eq!(proposal.files[0].freshness, Some(atelier_api::proposal::Freshness::Merges));
        owner.apply(proposal.summary.id).await.ok::<Value>();
        assert_eq!(owner.text(workspace, "a").await, "ONE\ntwo\nthree\nfour\nFIVE\n");
    }

    async fn conversations_are_listed_renamed_and_put_away(app) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let mut talks = Vec::new();
        for n in 0..4 {
            app.model.push(Turn::text("Hello."));
            talks.push(owner.ask(&question(workspace, &format!("question {n}"))).await.turn.conversation_id);
            app.clock.advance(Duration::from_secs(1));
        }
        talks.reverse();
        let path = format!("/api/workspaces/{workspace}/conversations");
        for limit in [1, 3, 4, 10] {
            let listed: Vec<Conversation> = owner.list(&path, limit).await;
            assert_eq!(listed.iter().map(|talk| talk.id).collect::<Vec<_>>(), talks, "{limit}");
        }
        let one = format!("/api/conversations/{}", talks[0]);
        let renamed: Conversation = owner.patch(&one, json!({ "title": " New name " })).await.ok();
        assert_eq!(renamed.title, "New name");
        for title in ["", "a\nb", &"x".repeat(121)] {
            owner.patch(&one, json!({ "title": title })).await.refused_field(Code::Invalid, "title");
        }
        owner.delete(&one).await.done();
        let left: Page<Conversation> = owner.get(&path).await.ok();
        assert_eq!(left.items.iter().map(|talk| talk.id).collect::<Vec<_>>(), talks[1..]);
    }
}
