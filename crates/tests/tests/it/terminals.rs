//! Terminals, with programs that the test plays itself: who sees what, from
//! where on, and what is refused.

use atelier_api::Code;
use atelier_api::event::WorkspaceEvent;
use atelier_api::terminal::{
    CLOSE_BEHIND, CreateTerminal, TYPED_BYTES, Terminal as Shown, TerminalMessage, TerminalState,
};
use atelier_api::workspace::Workspace;
use atelier_domain::terminal::TerminalSettings;
use atelier_tests::{Caller, Puppet, Screen, Setup, Stage, TestApp, on_both_engines, within};
use serde_json::json;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

/// An app, its owner, a workspace, and the programs of its terminals.
struct Play {
    app: TestApp,
    owner: Caller,
    workspace: Uuid,
    puppets: mpsc::UnboundedReceiver<Puppet>,
}

impl Play {
    async fn begin(change: impl FnOnce(&mut TerminalSettings)) -> Self {
        let (stage, puppets) = Stage::new();
        let setup = Setup::sqlite().await.host(stage);
        let app = setup
            .settings(|all| change(&mut all.terminal))
            .start()
            .await;
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        Self {
            app,
            owner,
            workspace,
            puppets,
        }
    }

    /// Starts a terminal and its program.
    async fn terminal(&mut self) -> (Uuid, Puppet) {
        let shown = self.owner.terminal(self.workspace, &[]).await;
        (shown.id, self.puppet().await)
    }

    async fn puppet(&mut self) -> Puppet {
        within("a program", self.puppets.recv()).await.unwrap()
    }

    async fn shown(&self, id: Uuid) -> Option<Shown> {
        let all = self.owner.terminals(self.workspace).await;
        all.into_iter().find(|shown| shown.id == id)
    }

    async fn delete(&self, id: Uuid) {
        let path = format!("/api/terminals/{id}");
        self.owner.delete(&path).await.done();
    }

    /// Waits until the end of a terminal is listed.
    async fn ended(&self, id: Uuid) -> Shown {
        self.owner.look(id, None).await.to_end().await;
        self.shown(id).await.unwrap()
    }
}

#[tokio::test]
async fn a_terminal_is_started_shown_renamed_and_deleted() {
    let mut play = Play::begin(|_| {}).await;
    let new = CreateTerminal {
        columns: Some(120),
        rows: Some(40),
        cwd: Some("src/deep".to_owned()),
        argv: Some(vec!["vim".to_owned(), "a b".to_owned()]),
    };
    let reply = play.owner.ask_terminal(play.workspace, &new).await;
    assert_eq!(reply.status, 201);
    let made: Shown = reply.ok();
    let puppet = play.puppet().await;
    assert_eq!(puppet.command.argv, ["vim", "a b"]);
    assert_eq!(puppet.command.cwd.as_ref().unwrap().as_str(), "src/deep");
    let (size, env) = (puppet.command.size, &puppet.command.env);
    assert_eq!((size.columns, size.rows), (120, 40));
    assert!(env.contains(&("TERM".to_owned(), "xterm-256color".to_owned())));
    assert_eq!((made.columns, made.rows), (120, 40));
    assert_eq!(
        (made.state, &*made.title),
        (TerminalState::Running, "Terminal 1")
    );
    assert_eq!(made.workspace_id, play.workspace);

    let (second, other) = play.terminal().await;
    assert_eq!(
        (other.command.size.columns, other.command.size.rows),
        (80, 24)
    );
    assert!(other.command.argv.is_empty() && other.command.cwd.is_none());
    let path = format!("/api/terminals/{}", made.id);
    let renamed: Shown = play
        .owner
        .patch(&path, json!({ "title": " the server " }))
        .await
        .ok();
    assert_eq!(renamed.title, "the server");
    let same: Shown = play.owner.patch(&path, json!({})).await.ok();
    let listed = play.owner.terminals(play.workspace).await;
    assert_eq!(listed[0], same);
    assert_eq!(
        listed.iter().map(|shown| &*shown.title).collect::<Vec<_>>(),
        ["the server", "Terminal 2"]
    );

    play.delete(second).await;
    other.killed().await;
    assert_eq!(play.owner.terminals(play.workspace).await, [renamed]);
    let gone = format!("/api/terminals/{second}");
    play.owner.delete(&gone).await.refused(Code::NotFound);
    play.owner
        .patch(&gone, json!({ "title": "x" }))
        .await
        .refused(Code::NotFound);
    play.owner
        .get(&format!("{gone}/socket"))
        .await
        .refused(Code::NotFound);
    play.owner
        .get(&format!("{path}/socket"))
        .await
        .refused(Code::Invalid);
    play.app.finish().await;
    puppet.killed().await;
}

#[tokio::test]
async fn what_can_not_be_started_is_refused() {
    let play = Play::begin(|_| {}).await;
    let path = format!("/api/workspaces/{}/terminals", play.workspace);
    for (body, code, field) in [
        (json!({ "argv": [""] }), Code::Invalid, "argv"),
        (json!({ "argv": ["a\0b"] }), Code::Invalid, "argv"),
        (json!({ "cwd": "../up" }), Code::PathInvalid, "cwd"),
        (json!({ "cwd": "/etc" }), Code::PathInvalid, "cwd"),
        (json!({ "shell": "sh" }), Code::Invalid, "shell"),
    ] {
        let reply = play.owner.post(&path, &body).await;
        reply.refused_field(code, field);
    }
    for body in [
        json!({ "columns": -1 }),
        json!({ "rows": 70_000 }),
        json!({ "argv": "sh" }),
    ] {
        play.owner.post(&path, &body).await.refused(Code::Invalid);
    }
    let long = json!({ "argv": ["a".repeat(1 << 20)] });
    play.owner.post(&path, &long).await.refused(Code::TooLarge);
    assert_eq!(play.owner.terminals(play.workspace).await, []);
    play.app.finish().await;
}

#[tokio::test]
async fn titles_are_names() {
    let mut play = Play::begin(|_| {}).await;
    let (id, _puppet) = play.terminal().await;
    for title in ["", "  ", "a\nb", "\u{1b}]0;x", &"x".repeat(121)] {
        let reply = play
            .owner
            .patch(&format!("/api/terminals/{id}"), json!({ "title": title }))
            .await;
        reply.refused_field(Code::Invalid, "title");
    }
    play.app.finish().await;
}

#[tokio::test]
async fn a_client_takes_up_at_every_byte() {
    let mut play = Play::begin(|_| {}).await;
    let (id, mut puppet) = play.terminal().await;
    let mut whole =
        b"$ echo \xe2\x82\xac\r\n\xe2\x82\xac\r\n\x1b[1;31mred\x1b[0m\r\n\0\xff$ ".to_vec();
    let mut first = play.owner.look(id, None).await;
    assert_eq!((first.offset, first.history, first.lost), (0, 0, false));
    puppet.write(&whole).await;
    first
        .until(|screen| screen.bytes.len() == whole.len())
        .await;
    // Nobody looks now.
    drop(first);
    puppet.write("while away\r\n").await;
    whole.extend(b"while away\r\n");
    let length = whole.len() as u64;
    play.owner
        .look(id, None)
        .await
        .until(|screen| screen.seen() == length)
        .await;
    for after in 0..=length {
        let mut screen = play.owner.look(id, Some(after)).await;
        assert_eq!(
            (screen.offset, screen.history, screen.lost),
            (after, length, false)
        );
        screen.until(|screen| screen.seen() == length).await;
        assert_eq!(
            screen.bytes,
            whole[usize::try_from(after).unwrap()..],
            "after {after}"
        );
    }
    // One that was cut anywhere joins what it has with what follows.
    let mut joined = Vec::new();
    for piece in ["a\n", "bc\r\n", "", "déf"] {
        let after = length + joined.len() as u64;
        let mut screen = play.owner.look(id, Some(after)).await;
        puppet.write(piece).await;
        screen
            .until(|screen| screen.bytes.len() == piece.len())
            .await;
        joined.extend_from_slice(&screen.bytes);
    }
    assert_eq!(joined, "a\nbc\r\ndéf".as_bytes());
    play.app.finish().await;
    puppet.killed().await;
}

#[tokio::test]
async fn what_is_not_kept_is_said_to_be_lost() {
    let mut play = Play::begin(|settings| settings.scrollback_bytes = 100).await;
    let (id, mut puppet) = play.terminal().await;
    let lines = (0..100).fold(String::new(), |all, line| format!("{all}line {line}\r\n"));
    let mut live = play.owner.look(id, Some(0)).await;
    for line in lines.split_inclusive('\n') {
        let seen = live.bytes.len() + line.len();
        puppet.write(line).await;
        live.until(|screen| screen.bytes.len() == seen).await;
    }
    assert_eq!(live.text(), lines, "who looks in time misses nothing");
    let kept = lines.find("line 89").unwrap() as u64;
    assert_eq!(lines.len() as u64 - kept, 99, "the lines that fit whole");
    let length = lines.len() as u64;
    for (after, offset, lost) in [
        (None, kept, false),
        (Some(0), kept, true),
        (Some(kept - 1), kept, true),
        (Some(kept), kept, false),
        (Some(length), length, false),
        (Some(length + 1), kept, true),
        (Some(u64::MAX), kept, true),
    ] {
        let mut screen = play.owner.look(id, after).await;
        assert_eq!((screen.offset, screen.lost), (offset, lost), "{after:?}");
        screen.until(|screen| screen.seen() == length).await;
        assert_eq!(screen.text(), lines[usize::try_from(offset).unwrap()..]);
    }
    let path = format!("/api/terminals/{id}/socket?after=");
    for wrong in ["-1", "x", "1.5", "99999999999999999999999"] {
        play.owner
            .get(&format!("{path}{wrong}"))
            .await
            .refused(Code::Invalid);
    }
    play.app.finish().await;
    puppet.killed().await;
}

#[tokio::test]
async fn several_people_share_a_terminal() {
    let mut play = Play::begin(|_| {}).await;
    let (id, mut puppet) = play.terminal().await;
    let mut ana = play.owner.look(id, None).await;
    let mut ben = play.owner.look(id, None).await;
    puppet.write("hello\r\n").await;
    ana.until_text("hello").await;
    ben.until_text("hello").await;
    ana.type_in("from ana\r").await;
    assert_eq!(puppet.read(9).await, b"from ana\r");
    ben.type_in([3]).await;
    assert_eq!(puppet.read(1).await, [3]);
    // Each paste comes whole, whoever types meanwhile.
    let (one, two) = (vec![b'a'; TYPED_BYTES], vec![b'b'; TYPED_BYTES]);
    tokio::join!(ana.type_in(&one), ben.type_in(&two));
    let typed = puppet.read(2 * TYPED_BYTES).await;
    assert!(typed == [one.clone(), two.clone()].concat() || typed == [two, one].concat());

    ana.resize(100, 30).await;
    ben.until(|screen| screen.size == (100, 30)).await;
    ana.until(|screen| screen.size == (100, 30)).await;
    for (asked, given) in [
        ((0, 0), (1, 1)),
        ((65_535, 1_001), (1_000, 1_000)),
        ((80, 24), (80, 24)),
    ] {
        ben.resize(asked.0, asked.1).await;
        ana.until(|screen| screen.size == given).await;
        ben.until(|screen| screen.size == given).await;
    }
    let late = play.owner.look(id, Some(7)).await;
    assert_eq!((late.size, late.offset), ((80, 24), 7));
    drop(ana);
    puppet.write("still here\r\n").await;
    ben.until_text("still here").await;
    play.app.finish().await;
    assert_eq!(
        ben.to_end().await.close.unwrap().0,
        1001,
        "the server says that it goes"
    );
    puppet.killed().await;
}

#[tokio::test]
async fn an_ended_terminal_can_be_read_until_it_is_deleted() {
    let mut play = Play::begin(|_| {}).await;
    let (id, mut puppet) = play.terminal().await;
    let mut live = play.owner.look(id, None).await;
    puppet.write("bye\r\n").await;
    live.until_text("bye").await;
    let last = "last words\r\n".repeat(1_000);
    puppet.write(&last).await;
    puppet.exit(7);
    let live = live.to_end().await;
    let ended = TerminalMessage::Ended {
        exit_code: Some(7),
        signal: None,
        reason: None,
    };
    assert_eq!(
        (live.end.as_ref(), live.close.clone().unwrap().0),
        (Some(&ended), 1000)
    );
    assert_eq!(live.text(), format!("bye\r\n{last}"));
    let shown = play.shown(id).await.unwrap();
    assert_eq!(
        (shown.state, shown.exit_code, shown.signal),
        (TerminalState::Ended, Some(7), None)
    );
    assert!(shown.ended_at.is_some());

    let again = play.owner.look(id, Some(5)).await.to_end().await;
    assert_eq!((again.text(), again.end), (last, Some(ended)));
    // What is sent to it does no harm.
    let mut screen = play.owner.look(id, None).await;
    screen.send(Message::Binary(vec![3].into())).await;
    screen
        .send(Message::Text(
            r#"{"type":"resize","columns":9,"rows":9}"#.into(),
        ))
        .await;
    assert_eq!(screen.to_end().await.close.unwrap().0, 1000);
    assert_eq!(play.shown(id).await.unwrap().columns, 80);
    play.delete(id).await;
    assert_eq!(play.owner.terminals(play.workspace).await, []);
    play.app.finish().await;
}

#[tokio::test]
async fn a_deleted_terminal_tells_those_who_look() {
    let mut play = Play::begin(|_| {}).await;
    let (id, puppet) = play.terminal().await;
    let live = play.owner.look(id, None).await;
    play.delete(id).await;
    let live = live.to_end().await;
    assert!(
        matches!(
            live.end,
            Some(TerminalMessage::Ended {
                exit_code: None,
                reason: Some(_),
                ..
            })
        ),
        "{live:?}"
    );
    assert_eq!(live.close.unwrap().0, 1000);
    puppet.killed().await;
    play.app.finish().await;
}

#[tokio::test]
async fn there_are_only_so_many() {
    let mut play =
        Play::begin(|settings| (settings.per_workspace, settings.ended_kept) = (3, 2)).await;
    let mut running = Vec::new();
    for _ in 0..3 {
        running.push(play.terminal().await);
    }
    let reply = play
        .owner
        .ask_terminal(play.workspace, &CreateTerminal::default())
        .await;
    reply.refused(Code::TooMany);
    assert!(reply.header("retry-after").parse::<u32>().unwrap() > 0);
    let elsewhere: Workspace = play.owner.workspace("b").await;
    play.owner.terminal(elsewhere.id, &[]).await;
    let _elsewhere = play.puppet().await;

    // Those that ended take no place, and only the last of them are kept.
    let mut ended = Vec::new();
    for (id, puppet) in running {
        puppet.exit(0);
        play.ended(id).await;
        ended.push(id);
        play.app.clock.advance(std::time::Duration::from_secs(1));
    }
    let mut live = events(&play.owner, play.workspace).await;
    let (fourth, puppet) = play.terminal().await;
    let until_changed = live
        .until(|event: &WorkspaceEvent| *event == WorkspaceEvent::TerminalsChanged)
        .await;
    assert_eq!(until_changed.len(), 1);
    let listed: Vec<Uuid> = play
        .owner
        .terminals(play.workspace)
        .await
        .iter()
        .map(|shown| shown.id)
        .collect();
    assert_eq!(listed, [ended[1], ended[2], fourth]);
    play.delete(fourth).await;
    puppet.killed().await;
    play.app.finish().await;
}

#[tokio::test]
async fn those_who_ask_at_the_same_time_share_the_limit() {
    let mut play = Play::begin(|settings| settings.per_workspace = 4).await;
    let new = CreateTerminal::default();
    let asking = (0..12).map(|_| play.owner.ask_terminal(play.workspace, &new));
    let replies = futures_util::future::join_all(asking).await;
    let made = replies.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(made, 4);
    assert_eq!(play.owner.terminals(play.workspace).await.len(), 4);
    let mut titles: Vec<String> = play
        .owner
        .terminals(play.workspace)
        .await
        .into_iter()
        .map(|shown| shown.title)
        .collect();
    titles.dedup();
    assert_eq!(titles.len(), 4, "{titles:?}");
    let puppets = [
        play.puppet().await,
        play.puppet().await,
        play.puppet().await,
        play.puppet().await,
    ];
    play.app.finish().await;
    for puppet in puppets {
        puppet.killed().await;
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_and_comes_back() {
    const FLOOD: usize = 48 << 20;
    let mut play = Play::begin(|settings| settings.scrollback_bytes = 1 << 20).await;
    let (id, mut puppet) = play.terminal().await;
    let deaf = play.owner.look(id, None).await;
    let line: Vec<u8> = (0..64)
        .map(|at| if at == 63 { b'\n' } else { b'a' + at % 26 })
        .collect();
    let piece = line.repeat(1024);
    let mut keen = play.owner.look(id, None).await;
    let flood = async {
        for round in 0..FLOOD / piece.len() {
            puppet.write(&piece).await;
            if round % 100 == 0 {
                // Nobody else is held up.
                let session = play.owner.get("/api/session").await;
                session.ok::<serde_json::Value>();
            }
        }
        puppet.write("the end").await;
    };
    let all = keen.until(|screen| screen.seen() == FLOOD as u64 + 7);
    tokio::join!(flood, all);
    assert!(
        keen.bytes
            .iter()
            .zip(line.iter().cycle())
            .take(FLOOD)
            .all(|(got, sent)| got == sent),
        "who reads misses nothing"
    );
    let late = play.owner.look(id, None).await;
    let kept = late.history - late.offset;
    assert!((1 << 20) - 64 < kept && kept <= 1 << 20, "{kept}");

    let deaf = deaf.to_end().await;
    assert_eq!(
        deaf.close.as_ref().map(|(code, _)| *code),
        Some(CLOSE_BEHIND),
        "{:?}",
        deaf.close
    );
    assert!(
        deaf.bytes
            .iter()
            .zip(line.iter().cycle())
            .all(|(got, sent)| got == sent),
        "no hole in what came"
    );
    let mut back = play.owner.look(id, Some(deaf.seen())).await;
    assert!(back.lost && back.offset > deaf.seen());
    back.until_text("the end").await;
    assert_eq!(back.offset % 64, 0, "from the start of a line");
    play.app.finish().await;
    puppet.killed().await;
}

#[tokio::test]
async fn a_program_that_does_not_read_holds_up_only_who_types() {
    let mut play = Play::begin(|_| {}).await;
    let (id, mut puppet) = play.terminal().await;
    let mut typist = play.owner.look(id, None).await;
    let mut other = play.owner.look(id, None).await;
    // More than any buffer on the way holds.
    let paste = vec![b'x'; TYPED_BYTES];
    for _ in 0..64 {
        typist.type_in(&paste).await;
    }
    puppet.write("not listening\r\n").await;
    typist.until_text("not listening").await;
    other.until_text("not listening").await;
    other.resize(90, 20).await;
    typist.until(|screen| screen.size == (90, 20)).await;
    let typed = puppet.read(64 * TYPED_BYTES).await;
    assert!(
        typed.iter().all(|&byte| byte == b'x'),
        "and nothing is lost"
    );
    for _ in 0..64 {
        typist.type_in(&paste).await;
    }
    play.delete(id).await;
    assert_eq!(other.to_end().await.close.unwrap().0, 1000);
    puppet.killed().await;
    play.app.finish().await;
}

#[tokio::test]
async fn hostile_messages_close_one_socket_and_nothing_else() {
    let mut play = Play::begin(|_| {}).await;
    let (id, mut puppet) = play.terminal().await;
    let mut witness = play.owner.look(id, None).await;
    let text = |text: &str| Message::Text(text.into());
    let deep = "[".repeat(30_000);
    let long = format!(
        r#"{{"type":"resize","columns":1,"rows":{}}}"#,
        "1".repeat(TYPED_BYTES)
    );
    let hostile = [
        (text(""), 1008),
        (text("null"), 1008),
        (text("{}"), 1008),
        (text("[]"), 1008),
        (text(&deep), 1008),
        (text("\u{0}"), 1008),
        (text(r#"{"type":"resize"}"#), 1008),
        (text(r#"{"type":"resize","columns":80}"#), 1008),
        (text(r#"{"type":"resize","columns":-1,"rows":1}"#), 1008),
        (text(r#"{"type":"resize","columns":65536,"rows":1}"#), 1008),
        (text(r#"{"type":"resize","columns":1e3,"rows":1}"#), 1008),
        (
            text(r#"{"type":"resize","columns":"80","rows":"24"}"#),
            1008,
        ),
        (
            text(r#"{"type":"resize","columns":80,"rows":24,"more":1}"#),
            1008,
        ),
        (
            text(r#"{"type":"resize","columns":80,"columns":80,"rows":24}"#),
            1008,
        ),
        (text(r#"{"type":"Resize","columns":80,"rows":24}"#), 1008),
        (text(r#"{"type":"ended","exitCode":0}"#), 1008),
        (
            text(r#"{"type":"start","offset":0,"end":0,"columns":1,"rows":1}"#),
            1008,
        ),
        (text(&long), 1009),
        (Message::Binary(vec![0; TYPED_BYTES + 1].into()), 1009),
        (Message::Binary(vec![0; 4 * TYPED_BYTES].into()), 1009),
    ];
    for (message, code) in hostile {
        let mut screen = play.owner.look(id, None).await;
        let shown: String = format!("{message:?}").chars().take(80).collect();
        screen.send(message).await;
        let close = screen.to_end().await.close;
        assert_eq!(close.as_ref().map(|(code, _)| *code), Some(code), "{shown}");
        assert!(!close.unwrap().1.is_empty());
    }
    // What is far too long is not even read: the connection may be gone
    // before the reason came through.
    let mut screen = play.owner.look(id, None).await;
    screen.send(Message::Binary(vec![0; 8 << 20].into())).await;
    let close = screen.to_end().await.close;
    assert!(close.is_none_or(|(code, _)| code == 1002));
    // Nothing of it reached the program, or anybody else.
    witness.type_in("typed").await;
    assert_eq!(puppet.read(5).await, b"typed");
    puppet.write("written").await;
    witness.until_text("written").await;
    assert_eq!(
        (witness.text().as_str(), witness.size),
        ("written", (80, 24))
    );
    // What is odd but allowed changes nothing either.
    let mut odd = play.owner.look(id, None).await;
    for message in [
        Message::Binary(Vec::new().into()),
        Message::Ping(vec![1; 125].into()),
        Message::Pong(Vec::new().into()),
        text(r#"{"type":"resize","columns":80,"rows":24}"#),
        Message::Binary(vec![b'k'; TYPED_BYTES].into()),
    ] {
        assert!(odd.send(message).await);
    }
    assert_eq!(puppet.read(TYPED_BYTES).await, vec![b'k'; TYPED_BYTES]);
    play.app.finish().await;
    puppet.killed().await;
}

#[tokio::test]
async fn a_workspace_that_is_put_away_ends_its_terminals() {
    let mut play = Play::begin(|_| {}).await;
    let (id, puppet) = play.terminal().await;
    let live: Screen = play.owner.look(id, None).await;
    let path = format!("/api/workspaces/{}", play.workspace);
    play.owner
        .patch(&path, json!({ "name": "still here" }))
        .await
        .ok::<Workspace>();
    assert!(play.shown(id).await.is_some());
    play.owner.delete(&path).await.done();
    puppet.killed().await;
    assert_eq!(live.to_end().await.close.unwrap().0, 1000);
    assert_eq!(play.owner.terminals(play.workspace).await, []);
    play.app.finish().await;
}

#[tokio::test]
async fn who_signs_out_sees_and_types_no_more() {
    let mut play = Play::begin(|_| {}).await;
    let (id, mut puppet) = play.terminal().await;
    let token = play.app.domain.create_sign_in_token().await.unwrap();
    let elsewhere = play.app.nobody().sign_in(token.expose()).await;
    let there = elsewhere.look(id, None).await;
    let mut feed = events(&elsewhere, play.workspace).await;
    let mut here = play.owner.look(id, None).await;
    elsewhere.delete("/api/session").await.done();
    assert_eq!(there.to_end().await.close.unwrap().0, 1008);
    assert!(feed.next::<WorkspaceEvent>().await.is_none());
    here.type_in("still here").await;
    assert_eq!(puppet.read(10).await, b"still here");
    play.app.finish().await;
    puppet.killed().await;
}

#[tokio::test]
async fn where_nothing_can_be_started_the_reason_is_told() {
    let play = Play::begin(|_| {}).await;
    let Play {
        app,
        owner,
        workspace,
        puppets,
    } = play;
    drop(puppets);
    let reply = owner
        .ask_terminal(workspace, &CreateTerminal::default())
        .await;
    let problem = reply.refused(Code::IsolationUnavailable);
    assert!(
        problem.detail.contains("obody plays the programs"),
        "{problem:?}"
    );
    assert_eq!(owner.terminals(workspace).await, []);
    app.log.clear();
    app.finish().await;
}

async fn events(caller: &Caller, workspace: Uuid) -> atelier_tests::Socket {
    let path = format!("/api/workspaces/{workspace}/events");
    caller.socket(&path, &[]).await.unwrap()
}

/// Terminals whose programs do nothing, or end at once when told `exit`.
fn idle(setup: Setup) -> Setup {
    let (stage, mut puppets) = Stage::new();
    #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Some(puppet) = puppets.recv().await {
            match puppet.command.argv.as_slice() {
                [word] if word == "exit" => puppet.exit(3),
                _ => kept.push(puppet),
            }
        }
    });
    setup.host(stage)
}

on_both_engines! {
    async fn what_becomes_of_terminals_is_announced(app, idle) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let mut live = events(&owner, workspace).await;
        let changed = |event: &WorkspaceEvent| *event == WorkspaceEvent::TerminalsChanged;
        let id = owner.terminal(workspace, &[]).await.id;
        live.until(changed).await;
        assert_eq!(owner.terminals(workspace).await.len(), 1);
        owner.patch(&format!("/api/terminals/{id}"), json!({ "title": "t" })).await.ok::<Shown>();
        live.until(changed).await;
        owner.delete(&format!("/api/terminals/{id}")).await.done();
        live.until(changed).await;
        let ending = owner.terminal(workspace, &["exit"]).await.id;
        live.until(changed).await;
        live.until(changed).await;
        let listed = owner.terminals(workspace).await;
        assert_eq!((listed[0].id, listed[0].state, listed[0].exit_code), (ending, TerminalState::Ended, Some(3)));
        let other = owner.workspace("b").await.id;
        assert_eq!(owner.terminals(other).await, [], "each workspace has its own");
    }
}
