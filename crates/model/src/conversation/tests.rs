use super::*;
use crate::message::{Carried, ImageSource};

fn call(id: &str, arguments: &str) -> ToolCall {
    ToolCall {
        id: id.into(),
        name: "read".into(),
        arguments: arguments.into(),
    }
}

fn calls(ids: &[&str]) -> Message {
    Message::assistant("", ids.iter().map(|id| call(id, "{}")).collect())
}

/// Writes a conversation as `u:hi a:ok[id,id] o:id=text,!id=text`; `!` marks a
/// failure.
fn shown(messages: &[Message], ids: Ids) -> String {
    let made = Conversation::of(messages, Wire::OpenAiChat, "m", ids);
    let mut words = Vec::new();
    if !made.system.is_empty() {
        words.push(format!("s:{}", made.system));
    }
    for entry in &made.entries {
        words.push(match entry {
            Entry::User { text, images } => format!("u:{text}{}", "*".repeat(images.len())),
            Entry::Assistant(said) => {
                let ids: Vec<&str> = said.calls.iter().map(|call| &*call.id).collect();
                format!("a:{}[{}]", said.text, ids.join(","))
            }
            Entry::Outputs(outputs) => {
                let outputs: Vec<String> = outputs
                    .iter()
                    .map(|o| format!("{}{}={}", if o.failed { "!" } else { "" }, o.id, o.text))
                    .collect();
                format!("o:{}", outputs.join(","))
            }
        });
    }
    words.join(" | ")
}

#[test]
fn a_legal_conversation_stays_as_it_is() {
    let messages = [
        Message::system("rules"),
        Message::user("hi"),
        calls(&["a", "b"]),
        Message::tool("a", "1"),
        Message::tool("b", "2").failed(),
        Message::assistant("ok", vec![]),
        Message::user("more"),
    ];
    let expected = "s:rules | u:hi | a:[a,b] | o:a=1,!b=2 | a:ok[] | u:more";
    assert_eq!(shown(&messages, Ids::Common), expected);
}

#[test]
fn what_providers_refuse_is_mended() {
    let image = Image {
        media_type: "image/png".into(),
        source: ImageSource::Base64("AAAA".into()),
    };
    let hi = || Message::user("hi");
    let ok = || Message::assistant("ok", vec![]);
    let go_on = "u:Continue.";
    for (messages, expected) in [
        (vec![hi(), hi()], "u:hi\n\nhi".to_owned()),
        (
            vec![hi(), Message::user(" \n"), hi()],
            "u:hi\n\nhi".to_owned(),
        ),
        (
            vec![Message::user("").with_images(vec![image])],
            "u:*".to_owned(),
        ),
        (
            vec![ok(), hi()],
            "u:(The conversation began earlier.) | a:ok[] | u:hi".to_owned(),
        ),
        (
            vec![hi(), ok(), ok()],
            format!("u:hi | a:ok\n\nok[] | {go_on}"),
        ),
        (
            vec![hi(), Message::assistant(" ", vec![]), hi()],
            "u:hi\n\nhi".to_owned(),
        ),
        (
            vec![hi(), Message::system("late"), Message::system("later")],
            "s:late\n\nlater | u:hi".to_owned(),
        ),
        (
            vec![hi(), calls(&["a"])],
            "u:hi | a:[a] | o:!a=The tool was not run.".to_owned(),
        ),
        (
            vec![hi(), calls(&["a", "b"]), Message::tool("b", "2"), hi()],
            "u:hi | a:[a,b] | o:!a=The tool was not run.,b=2 | u:hi".to_owned(),
        ),
        (
            vec![
                hi(),
                calls(&["a", "b"]),
                Message::tool("b", "2"),
                Message::tool("a", "1"),
            ],
            "u:hi | a:[a,b] | o:a=1,b=2".to_owned(),
        ),
        (
            vec![
                hi(),
                calls(&["a"]),
                Message::tool("a", ""),
                Message::tool("a", "twice"),
            ],
            "u:hi | a:[a] | o:a=(no output)".to_owned(),
        ),
        (
            vec![
                Message::tool("z", "of nothing"),
                hi(),
                Message::tool("z", "of nothing"),
            ],
            "u:hi".to_owned(),
        ),
        (vec![Message::system("rules")], format!("s:rules | {go_on}")),
    ] {
        assert_eq!(shown(&messages, Ids::Common), expected);
    }
}

#[test]
fn ids_are_rewritten_to_what_everybody_takes() {
    let long = "x".repeat(41);
    let turn = |id: &str| {
        vec![
            Message::user("hi"),
            calls(&[id]),
            Message::tool(id, "out"),
            Message::assistant("ok", vec![]),
        ]
    };
    for (ids, form, expected) in [
        (
            vec!["toolu_01", "call-2"],
            Ids::Common,
            vec!["toolu_01", "call-2"],
        ),
        (
            vec!["a.b", "a:b", ""],
            Ids::Common,
            vec!["c00000000", "c00000001", "c00000002"],
        ),
        (
            vec!["call_0", "call_0"],
            Ids::Common,
            vec!["call_0", "c00000001"],
        ),
        (vec![&*long], Ids::Common, vec!["c00000000"]),
        (
            vec!["c00000001", "ä", "c00000001"],
            Ids::Common,
            vec!["c00000001", "c10000001", "c00000002"],
        ),
        (
            vec!["abcdefgh1", "call_0"],
            Ids::Nine,
            vec!["abcdefgh1", "c00000001"],
        ),
    ] {
        let mut messages: Vec<Message> = ids.iter().flat_map(|id| turn(id)).collect();
        messages.push(Message::user("end"));
        let turns = expected
            .iter()
            .map(|id| format!("u:hi | a:[{id}] | o:{id}=out | a:ok[]"));
        let expected: Vec<String> = turns.chain(["u:end".to_owned()]).collect();
        assert_eq!(shown(&messages, form), expected.join(" | "));
    }
}

#[test]
fn arguments_that_are_no_object_are_shown_within_one() {
    for (given, sent) in [
        (r#" {"a": 1} "#, r#"{"a": 1}"#),
        ("", "{}"),
        ("[1]", r#"{"INVALID_JSON":"[1]"}"#),
        (r#"{"a":"#, r#"{"INVALID_JSON":"{\"a\":"}"#),
        (
            r#"{"a":"\ud800"}"#,
            r#"{"INVALID_JSON":"{\"a\":\"\\ud800\"}"}"#,
        ),
    ] {
        assert_eq!(object(given), sent);
    }
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(110), "]".repeat(110));
    assert!(object(&deep).starts_with(r#"{"INVALID_JSON""#));
}

#[test]
fn what_is_carried_goes_back_to_its_own_model_only() {
    let carried = |wire, model: &str, value: &str| Carried {
        wire,
        model: model.into(),
        text_bytes: 3,
        calls: 1,
        value: json!(value),
    };
    let said = Message::assistant("äöü", vec![]).with_carried(vec![
        carried(Wire::OpenAiChat, "m", "mine"),
        carried(Wire::OpenAiChat, "n", "another model's"),
        carried(Wire::Anthropic, "m", "another wire's"),
    ]);
    let messages = [Message::user("hi"), Message::assistant("a", vec![]), said];
    let made = Conversation::of(&messages, Wire::OpenAiChat, "m", Ids::Common);
    let Entry::Assistant(said) = &made.entries[1] else {
        unreachable!("the second entry is the model's");
    };
    assert_eq!(said.text, "a\n\näöü");
    let value = json!("mine");
    let kept = Kept {
        text_bytes: 6,
        calls: 1,
        value: &value,
    };
    assert_eq!(said.carried, [kept]);
    // In the middle of `ö`: the text can be cut before it.
    assert_eq!(said.cut_at(6), 5);
    assert_eq!(said.cut_at(99), 9);
}
