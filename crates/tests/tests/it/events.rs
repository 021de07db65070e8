//! What `domain` stores and what `api` describes are the same events.

use atelier_api::event as wire;
use atelier_domain::event as stored;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

const ID: Uuid = Uuid::from_u128(7);

/// Reads each stored event as the wire's type; writing it again must give the
/// same JSON, so that no field is lost or renamed.
fn hold_together<S: Serialize, W: Serialize + DeserializeOwned>(events: &[S]) {
    for event in events {
        let written = serde_json::to_value(event).unwrap();
        let numbered = {
            let mut value = written.clone();
            value["seq"] = 1.into();
            value["at"] = "2026-01-01T00:00:00Z".into();
            value
        };
        let read: wire::Numbered<W> = serde_json::from_value(numbered.clone())
            .unwrap_or_else(|error| panic!("{error}: {written}"));
        assert_eq!(serde_json::to_value(&read).unwrap(), numbered);
        let alone: W = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(serde_json::to_value(&alone).unwrap(), written);
    }
}

/// Every word of the wire's enum is one that `domain` may store, and back.
fn same_words<W: Serialize>(wire: &[W], stored: &[&str]) {
    let words: Vec<Value> = wire
        .iter()
        .map(|word| serde_json::to_value(word).unwrap())
        .collect();
    assert_eq!(words, stored);
}

#[test]
fn events_of_turns() {
    let usage = |cost: Option<&str>| stored::TokenUsage {
        input_tokens: 1,
        cached_input_tokens: 2,
        output_tokens: 3,
        cost_usd: cost.map(str::to_owned),
        measured: true,
    };
    let lines = stored::LineRange { first: 1, last: 2 };
    let file = |version| stored::ContextFile {
        path: "a".to_owned(),
        version_id: version,
        bytes: 9,
        lines: version.map(|_| lines),
    };
    let text = || "text".to_owned();
    let mut all = vec![
        stored::TurnEvent::Started {
            turn_id: ID,
            conversation_id: ID,
            model: text(),
            attached: vec![text()],
            selections: vec![stored::Selection {
                path: text(),
                version_id: Some(ID),
                lines,
            }],
        },
        stored::TurnEvent::Withheld {
            names: vec![text()],
        },
        stored::TurnEvent::Context {
            model_call_id: ID,
            bytes: u64::MAX,
            files: vec![file(None), file(Some(ID))],
            provider: text(),
            model: text(),
            local: true,
            reason: text(),
        },
        stored::TurnEvent::Switched {
            model_call_id: ID,
            from: text(),
            to: text(),
            local: true,
            reason: text(),
        },
        stored::TurnEvent::Text { text: text() },
        stored::TurnEvent::Reasoning { text: text() },
        stored::TurnEvent::Usage { usage: usage(None) },
        stored::TurnEvent::Usage {
            usage: usage(Some("0.1")),
        },
        stored::TurnEvent::EditPreview {
            path: Some(text()),
            kind: "text".to_owned(),
            removed: vec![text()],
            added: Vec::new(),
            cut: true,
        },
        stored::TurnEvent::EditPreview {
            path: None,
            kind: "binary".to_owned(),
            removed: Vec::new(),
            added: vec![text()],
            cut: false,
        },
        stored::TurnEvent::Proposal {
            proposal_id: ID,
            files: 1,
            added: 2,
            removed: 3,
        },
        stored::TurnEvent::EditFailed {
            code: text(),
            detail: text(),
            path: Some(text()),
        },
        stored::TurnEvent::EditFailed {
            code: text(),
            detail: text(),
            path: None,
        },
    ];
    for state in ["done", "failed", "cancelled", "interrupted"] {
        all.push(stored::TurnEvent::Finished {
            state: state.to_owned(),
            code: Some(text()),
            detail: None,
            hint: Some(text()),
        });
    }
    hold_together::<_, wire::TurnEvent>(&all);
}

#[test]
fn events_of_runs() {
    let outcomes = atelier_sandbox::cell::Outcome::ALL;
    let mut all = vec![stored::RunEvent::Started {
        command: "true".to_owned(),
    }];
    for stream in [stored::OutputStream::Stdout, stored::OutputStream::Stderr] {
        let text = Some("a\u{0}é".to_owned());
        all.push(stored::RunEvent::Output {
            stream,
            text,
            base64: None,
        });
        all.push(stored::RunEvent::Output {
            stream,
            text: None,
            base64: Some("//4=".to_owned()),
        });
    }
    all.extend(outcomes.iter().map(|outcome| stored::RunEvent::Finished {
        outcome: outcome.as_str().to_owned(),
        exit_code: Some(1),
        signal: None,
        reason: Some("why".to_owned()),
        wall_ms: 5,
    }));
    hold_together::<_, wire::RunEvent>(&all);
}

#[test]
fn events_of_workspaces() {
    use stored::FileChange::{Created, Deleted, Modified, Renamed};
    let files = [Created, Modified, Renamed, Deleted].map(|change| stored::ChangedFile {
        file_id: ID,
        path: "a/b".to_owned(),
        change,
        version_id: (change != Deleted).then_some(ID),
    });
    hold_together::<_, wire::WorkspaceEvent>(&[
        stored::WorkspaceEvent::FilesChanged {
            count: 4,
            files: files.to_vec(),
        },
        stored::WorkspaceEvent::FilesChanged {
            count: 1_000,
            files: Vec::new(),
        },
        stored::WorkspaceEvent::CommentsChanged { proposal_id: ID },
        stored::WorkspaceEvent::ProposalChanged { proposal_id: ID },
        stored::WorkspaceEvent::RunChanged { run_id: ID },
        stored::WorkspaceEvent::TurnChanged {
            turn_id: ID,
            conversation_id: ID,
        },
        stored::WorkspaceEvent::TerminalsChanged,
        stored::WorkspaceEvent::PortsChanged {
            ports: [None, Some("node")]
                .map(|program| stored::OpenPort {
                    port: u16::MAX,
                    program: program.map(str::to_owned),
                })
                .to_vec(),
        },
        stored::WorkspaceEvent::NetworkDenied {
            host: "example.org".to_owned(),
            port: 443,
        },
    ]);
}

#[test]
fn states_have_the_same_words() {
    use atelier_api::run::Outcome as O;
    use atelier_api::turn::TurnState as T;
    let outcomes: Vec<&str> = atelier_sandbox::cell::Outcome::ALL
        .iter()
        .map(|outcome| outcome.as_str())
        .collect();
    same_words(
        &[
            O::Ok,
            O::Exit,
            O::Signal,
            O::Timeout,
            O::Memory,
            O::Pids,
            O::Output,
            O::Disk,
            O::Cancelled,
            O::Interrupted,
            O::Refused,
        ],
        &outcomes,
    );
    let states = [
        atelier_domain::TurnState::Running,
        atelier_domain::TurnState::Done,
        atelier_domain::TurnState::Failed,
        atelier_domain::TurnState::Cancelled,
        atelier_domain::TurnState::Interrupted,
    ];
    let states: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    same_words(
        &[T::Running, T::Done, T::Failed, T::Cancelled, T::Interrupted],
        &states,
    );
}
