//! Streams as the servers named in the files send them, written after their
//! documentation and source, read in every cut.

use super::*;
use crate::delta::FinishReason;
use crate::failure::Reported;
use crate::message::{Carried, ToolCall};

mod anthropic;
mod gemini;
mod openrouter;
mod responses;

/// The most tokens of the request that the answers are to.
const SENT: u64 = 400;

fn fixture(name: &str) -> String {
    let path = format!("{}/fixtures/{name}.sse", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// What callers see of an answer, pieces put together.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    text: String,
    reasoning: String,
    parts: Vec<(usize, String, String, String)>,
    calls: Vec<ToolCall>,
    carried: Vec<Carried>,
    reason: Option<FinishReason>,
    usage: Option<Usage>,
    fault: Option<&'static str>,
}

fn read(chunks: &[&[u8]]) -> Seen {
    read_on(Wire::OpenAiChat, chunks)
}

fn read_on(wire: Wire, chunks: &[&[u8]]) -> Seen {
    let mut reader = Reader::events(wire, "m", SENT, 100_000);
    let mut fault = None;
    for chunk in chunks {
        fault = fault.or_else(|| reader.take(chunk).err());
    }
    if fault.is_none() && reader.progress() != Progress::Complete {
        fault = reader.finish().err();
    }
    let mut seen = Seen {
        fault: fault.map(|fault| match fault {
            Fault::Cut => "cut",
            Fault::Shape(_) => "shape",
            Fault::Reported(_) => "reported",
            Fault::TooLarge => "too large",
        }),
        ..Seen::default()
    };
    while let Some(delta) = reader.pop() {
        seen.add(delta);
    }
    seen
}

impl Seen {
    fn add(&mut self, delta: Delta) {
        assert!(self.usage.is_none(), "{delta:?} came after the usage");
        match delta {
            Delta::Text(text) => self.text.push_str(&text),
            Delta::Reasoning(text) => self.reasoning.push_str(&text),
            Delta::ToolCallPart(part) => {
                if part.index == self.parts.len() {
                    self.parts.push(Default::default());
                    self.parts[part.index].0 = part.index;
                }
                let seen = &mut self.parts[part.index];
                seen.1.push_str(part.id.as_deref().unwrap_or_default());
                seen.2.push_str(part.name.as_deref().unwrap_or_default());
                seen.3.push_str(&part.arguments);
            }
            Delta::ToolCall(call) => self.calls.push(call),
            Delta::Carried(carried) => self.carried.push(carried),
            Delta::Finish { reason } => self.reason = Some(reason),
            Delta::Usage(usage) => self.usage = Some(usage),
        }
    }
}

fn says(text: &str, reasoning: &str, reason: FinishReason, usage: [u64; 4]) -> Seen {
    let [input, cached, output, thought] = usage;
    Seen {
        text: text.into(),
        reasoning: reasoning.into(),
        reason: Some(reason),
        usage: Some(Usage {
            input_tokens: input,
            cached_input_tokens: cached,
            cache_write_tokens: 0,
            output_tokens: output,
            reasoning_tokens: thought,
            charged_micros: None,
            estimated: false,
        }),
        ..Seen::default()
    }
}

fn calls(mut seen: Seen, calls: &[(&str, &str, &str)]) -> Seen {
    for (index, (id, name, arguments)) in calls.iter().enumerate() {
        let strings = (
            (*id).to_owned(),
            (*name).to_owned(),
            (*arguments).to_owned(),
        );
        let (id, name, arguments) = strings.clone();
        seen.parts.push((index, strings.0, strings.1, strings.2));
        seen.calls.push(ToolCall {
            id,
            name,
            arguments,
        });
    }
    seen
}

fn estimated(mut seen: Seen) -> Seen {
    let usage = seen.usage.as_mut().unwrap();
    usage.estimated = true;
    seen
}

fn broken(text: &str) -> Seen {
    Seen {
        text: text.into(),
        fault: Some("reported"),
        ..Seen::default()
    }
}

/// What is expected of each fixture.
fn expectations() -> Vec<(Wire, &'static str, Seen)> {
    let on = |wire, list: Vec<(&'static str, Seen)>| {
        list.into_iter().map(move |(name, seen)| (wire, name, seen))
    };
    on(Wire::OpenAiChat, chats())
        .chain(on(Wire::Anthropic, anthropic::expectations()))
        .chain(on(Wire::Gemini, gemini::expectations()))
        .chain(on(Wire::OpenAiResponses, responses::expectations()))
        .chain(on(Wire::OpenRouter, openrouter::expectations()))
        .collect()
}

fn chats() -> Vec<(&'static str, Seen)> {
    use FinishReason::{ContentFilter, Length, Stop, ToolCalls};
    let code = "Grüße, 世界 😀\n```rust\nfn main() {}\n```";
    vec![
        ("openai_text", says(code, "", Stop, [2006, 1920, 300, 64])),
        (
            "openai_tools",
            calls(
                says("", "", ToolCalls, [2006, 0, 300, 0]),
                &[
                    ("call_A", "read", r#"{"path":"a.py"}"#),
                    ("call_B", "list", "{}"),
                ],
            ),
        ),
        (
            "openai_refusal",
            says("I can't help.", "", ContentFilter, [2006, 1920, 300, 64]),
        ),
        ("azure_text", says("Hi", "", Length, [2006, 1920, 300, 64])),
        ("vllm_reasoning", says("4", "Hm.", Stop, [20, 0, 4, 0])),
        (
            "vllm_tools",
            calls(
                says("", "", ToolCalls, [20, 0, 8, 0]),
                &[("chatcmpl-tool-1", "read", r#"{"path": "a.py"}"#)],
            ),
        ),
        ("llamacpp_text", says("Hello", "", Stop, [9, 0, 2, 0])),
        ("llamacpp_error", broken("Hel")),
        (
            "ollama_tools",
            calls(
                says("", "I need both.", ToolCalls, [171, 0, 40, 0]),
                &[
                    ("call_x1", "read", r#"{"path":"a"}"#),
                    ("call_x2", "read", r#"{"path":"b"}"#),
                ],
            ),
        ),
        (
            "deepseek_reasoning",
            says("Yes", "So", Stop, [100, 64, 7, 5]),
        ),
        (
            "deepseek_tools",
            Seen {
                carried: vec![Carried {
                    wire: Wire::OpenAiChat,
                    model: "m".into(),
                    text_bytes: 0,
                    calls: 1,
                    value: serde_json::json!({"reasoning_content": "I need it."}),
                }],
                ..calls(
                    says("", "I need it.", ToolCalls, [100, 64, 20, 5]),
                    &[("call_00_a", "read", r#"{"path":"a"}"#)],
                )
            },
        ),
        ("mistral_parts", says("Yes!", "Hm.", Stop, [10, 0, 5, 0])),
        (
            "gemini_tools",
            calls(
                says("", "", Stop, [30, 0, 12, 0]),
                &[
                    ("call_0", "read", r#"{"path":"a"}"#),
                    ("call_1", "read", r#"{"path":"b"}"#),
                ],
            ),
        ),
        ("llamacpp_infill", says("a + b", "", Stop, [26, 20, 4, 0])),
        (
            "openai_completion",
            says("a + b", "", Length, [12, 0, 4, 0]),
        ),
        // Each byte received counts as a token.
        ("minimal", estimated(says("ok", "", Stop, [400, 0, 2, 0]))),
        (
            "reasonless",
            estimated(says("ok", "", Stop, [400, 0, 2, 0])),
        ),
    ]
}

#[test]
fn every_fixture_is_expected() {
    let dir = format!("{}/fixtures", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = files
        .map(|file| {
            file.unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    names.sort();
    let mut expected: Vec<_> = expectations()
        .into_iter()
        .map(|(_, name, _)| name)
        .collect();
    expected.sort_unstable();
    assert_eq!(names, expected);
}

#[test]
fn streams_of_every_server_are_read_in_every_cut() {
    for (wire, name, expected) in expectations() {
        let stream = fixture(name);
        for line_end in ["\n", "\r\n", "\r"] {
            let stream = stream.replace('\n', line_end);
            let stream = stream.as_bytes();
            for at in cuts(stream, line_end) {
                let cut = [&stream[..at], &stream[at..]];
                assert_eq!(
                    read_on(wire, &cut),
                    expected,
                    "{name}, {line_end:?}, cut at {at}"
                );
            }
            let bytes: Vec<&[u8]> = stream.chunks(1).collect();
            assert_eq!(
                read_on(wire, &bytes),
                expected,
                "{name}, {line_end:?}, byte by byte"
            );
        }
    }
}

/// Returns where a stream is cut: everywhere, or for the rarer line ends where
/// they make a difference.
fn cuts(stream: &[u8], line_end: &str) -> Vec<usize> {
    let near = |at: &usize| {
        let around = at.saturating_sub(2)..(at + 2).min(stream.len());
        line_end == "\n" || stream[around].contains(&b'\r')
    };
    (0..=stream.len()).filter(near).collect()
}

#[test]
fn a_stream_that_ends_at_any_byte_is_a_cut_or_complete() {
    for (wire, name, expected) in expectations() {
        let stream = fixture(name);
        for at in 0..stream.len() {
            let seen = read_on(wire, &[&stream.as_bytes()[..at]]);
            assert!(expected.text.starts_with(&seen.text), "{name} at {at}");
            match seen.fault {
                None => assert_eq!(seen.reason, expected.reason, "{name} at {at}"),
                Some("cut") => assert_eq!(seen.usage, None, "{name} at {at}"),
                Some(fault) => assert_eq!(Some(fault), expected.fault, "{name} at {at}"),
            }
        }
    }
}

#[test]
fn what_is_not_the_protocol_is_a_fault_that_keeps_what_came_before() {
    let ok = r#"{"choices":[{"delta":{"content":"ok"}}]}"#;
    for (event, fault) in [
        ("data: hello\n\n", "shape"),
        ("data: 3\n\n", "shape"),
        ("data: {\"choices\":3}\n\n", "shape"),
        ("data: {\"error\":\"boom\"}\n\n", "reported"),
        (
            "data: {\"choices\":[{\"finish_reason\":\"error\"}]}\n\n",
            "reported",
        ),
        ("", "cut"),
        (": nothing more\n\n", "cut"),
    ] {
        let stream = format!("data: {ok}\n\n{event}");
        let seen = read(&[stream.as_bytes()]);
        assert_eq!(
            (seen.text.as_str(), seen.fault),
            ("ok", Some(fault)),
            "{event}"
        );
    }
}

#[test]
fn odd_but_harmless_chunks_are_passed_over() {
    for event in [
        r#"{"choices":null}"#,
        r#"{"choices":[]}"#,
        r#"{"choices":[{}]}"#,
        r#"{"choices":[{"delta":null,"finish_reason":""}]}"#,
        r#"{"choices":[{"index":1,"delta":{"content":"another choice"}}]}"#,
        r#"{"choices":[{"delta":{"content":{"odd":1},"reasoning":{"odd":1}}}]}"#,
        r#"{"choices":[],"usage":{"prompt_tokens":null},"error":null}"#,
        r#"{"object":"ping"}"#,
        "",
    ] {
        let tail = r#"{"choices":[{"delta":{"content":"ok"},"finish_reason":"stop"}]}"#;
        let stream = format!("data: {event}\n\ndata: {tail}\n\n");
        let seen = read(&[stream.as_bytes()]);
        assert_eq!((seen.text.as_str(), seen.fault), ("ok", None), "{event}");
    }
}

#[test]
fn tool_calls_of_odd_servers_are_put_together() {
    let part = |call: &str| format!(r#"{{"choices":[{{"delta":{{"tool_calls":[{call}]}}}}]}}"#);
    for (parts, expected) in [
        // The name and id repeated in every part.
        (
            vec![
                r#"{"index":0,"id":"a","function":{"name":"t","arguments":"{"}}"#,
                r#"{"index":0,"id":"a","function":{"name":"t","arguments":"}"}}"#,
            ],
            vec![("a", "t", "{}")],
        ),
        // The name repeated without an id.
        (
            vec![
                r#"{"index":0,"id":"a","function":{"name":"t","arguments":"{"}}"#,
                r#"{"index":0,"id":null,"function":{"name":"t","arguments":"}"}}"#,
            ],
            vec![("a", "t", "{}")],
        ),
        // Parts of two calls in turns.
        (
            vec![
                r#"{"index":0,"id":"a","function":{"name":"t"}}"#,
                r#"{"index":1,"id":"b","function":{"name":"u"}}"#,
                r#"{"index":0,"function":{"arguments":"{\"x\":1}"}}"#,
                r#"{"index":1,"function":{"arguments":"{\"y\":2}"}}"#,
            ],
            vec![("a", "t", r#"{"x":1}"#), ("b", "u", r#"{"y":2}"#)],
        ),
        // An object in place of JSON text; no arguments at all; a late name.
        (
            vec![
                r#"{"index":7,"function":{"name":"t","arguments":{"x":1}}}"#,
                r#"{"index":9,"id":"b"}"#,
                r#"{"index":9,"function":{"name":"u","arguments":""}}"#,
            ],
            vec![("call_0", "t", r#"{"x":1}"#), ("b", "u", "{}")],
        ),
    ] {
        let events: String = parts
            .iter()
            .map(|call| part(call))
            .collect::<Vec<_>>()
            .join("\n\ndata: ");
        let seen = read(&[format!("data: {events}\n\ndata: [DONE]\n\n").as_bytes()]);
        let calls: Vec<_> = seen
            .calls
            .iter()
            .map(|c| (&*c.id, &*c.name, &*c.arguments))
            .collect();
        assert_eq!(calls, expected, "{parts:?}");
        assert_eq!(seen.reason, Some(FinishReason::ToolCalls));
    }
}

#[test]
fn an_answer_stops_at_its_limit() {
    let word = |field: &str| format!("data: {{\"choices\":[{{\"delta\":{{{field}}}}}]}}\n\n");
    let call = r#""tool_calls":[{"index":0,"function":{"arguments":"0123456789"}}]"#;
    for field in [
        r#""content":"0123456789""#,
        r#""reasoning":"0123456789""#,
        call,
    ] {
        let mut reader = Reader::events(Wire::OpenAiChat, "m", SENT, 100);
        for _ in 0..10 {
            reader.take(word(field).as_bytes()).unwrap();
        }
        let over = reader.take(word(field).as_bytes());
        assert!(matches!(over, Err(Fault::TooLarge)), "{field}: {over:?}");
    }
    let mut reader = Reader::events(Wire::OpenAiChat, "m", SENT, 100);
    let line = vec![b'x'; event_limit(100) + 1];
    assert!(matches!(reader.take(&line), Err(Fault::TooLarge)));
    let mut reader = Reader::events(Wire::OpenAiChat, "m", SENT, 100);
    let comments = b": still here\n".repeat(10_000);
    assert!(matches!(reader.take(&comments), Err(Fault::TooLarge)));
    let mut reader = Reader::whole(Wire::OpenAiChat, "m", SENT, 100);
    assert!(matches!(reader.take(&line), Err(Fault::TooLarge)));
    let many: String = (0..200)
        .map(|i| word(&format!(r#""tool_calls":[{{"index":{i}}}]"#)))
        .collect();
    assert_eq!(read(&[many.as_bytes()]).fault, Some("too large"));
}

#[test]
fn a_whole_answer_is_read_as_well() {
    let read = |json: &str| {
        let mut reader = Reader::whole(Wire::OpenAiChat, "m", SENT, 100_000);
        for byte in json.as_bytes().chunks(1) {
            reader.take(byte).unwrap();
        }
        let mut seen = Seen::default();
        let finished = reader.finish();
        while let Some(delta) = reader.pop() {
            seen.add(delta);
        }
        finished.map(|()| seen)
    };
    let usage = r#""usage":{"prompt_tokens":3,"completion_tokens":2}"#;
    let message = r#""message":{"role":"assistant","content":"ok","reasoning_content":"hm"}"#;
    let whole =
        format!(r#"{{"choices":[{{"index":0,{message},"finish_reason":"stop"}}],{usage}}}"#);
    let expected = says("ok", "hm", FinishReason::Stop, [3, 0, 2, 0]);
    assert_eq!(read(&whole).unwrap(), expected);
    let reasonless = format!(r#"{{"choices":[{{{message}}}],{usage}}}"#);
    assert_eq!(read(&reasonless).unwrap(), expected);
    assert!(matches!(read("{}"), Err(Fault::Shape(_))));
    assert!(matches!(read("nope"), Err(Fault::Shape(_))));
    let reported = read(r#"{"error":{"message":"boom","code":500}}"#);
    assert!(matches!(reported, Err(Fault::Reported(_))));
    let expected = Reported::from_body(br#"{"error":{"message":"boom","code":500}}"#);
    let Err(Fault::Reported(reported)) = reported else {
        unreachable!("checked above");
    };
    assert_eq!(reported, expected);
}
