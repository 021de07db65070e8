//! Answers: text, thinking, calls, usage, ends and breaks.

use serde_json::json;

use super::*;
use crate::fake::{ErrorStep, Form, Script, Step, Turn, UsageStep};
use crate::request::{Effort, Tool};

/// A script, and what must be read of it. What a wire can't tell is set right
/// by [`Case::on`].
struct Case {
    name: &'static str,
    steps: Vec<Step>,
    text: &'static str,
    reasoning: &'static str,
    calls: Vec<(&'static str, &'static str)>,
    reason: Option<FinishReason>,
    /// Read, cached, written to the cache, said, thought; `None` when it
    /// isn't looked at.
    usage: Option<[u64; 5]>,
    error: Option<&'static str>,
}

impl Case {
    fn new(name: &'static str, steps: Vec<Step>) -> Self {
        Self {
            name,
            steps,
            text: "",
            reasoning: "",
            calls: Vec::new(),
            reason: Some(FinishReason::Stop),
            usage: None,
            error: None,
        }
    }

    fn broken(name: &'static str, steps: Vec<Step>, error: &'static str) -> Self {
        Self {
            text: "Half an",
            reason: None,
            error: Some(error),
            ..Self::new(name, steps)
        }
    }

    /// Returns what is expected on a wire: not every format can say it all.
    fn on(&self, wire: Wire) -> (Option<FinishReason>, Option<[u64; 5]>) {
        let reason = match (&self.reason, wire) {
            // The provider's filter declines, not the model.
            (Some(FinishReason::Refusal), Wire::Gemini) => Some(FinishReason::ContentFilter),
            // There is one word for both.
            (Some(FinishReason::ContentFilter), Wire::Anthropic) => Some(FinishReason::Refusal),
            (reason, _) => reason.clone(),
        };
        let usage = self.usage.map(|[input, cached, written, output, thought]| {
            let written = if wire == Wire::Gemini { 0 } else { written };
            [input, cached, written, output, thought]
        });
        (reason, usage)
    }
}

fn cases() -> Vec<Case> {
    let words = "Grüße, 世界 😀\nData: \"quoted\" \\ and\r\n\u{2028}more.";
    let half = || Step::text("Half an");
    let overloaded = || {
        Step::Error(ErrorStep {
            status: 529,
            message: "Overloaded".into(),
            code: Some("overloaded_error".into()),
            ..ErrorStep::default()
        })
    };
    let usage = |usage| Step::Usage(usage);
    let full = UsageStep {
        input: 2_006,
        cached: 1_920,
        cache_write: 30,
        output: 300,
        reasoning: 64,
        charged_micros: None,
    };
    vec![
        Case {
            text: words,
            ..Case::new("text", vec![Step::text(words)])
        },
        Case {
            text: "So.",
            reasoning: "Hm, 世界.",
            usage: Some([2_006, 1_920, 30, 300, 64]),
            ..Case::new(
                "thinking and usage",
                vec![Step::reasoning("Hm, 世界."), Step::text("So."), usage(full)],
            )
        },
        Case {
            text: "Both:",
            calls: vec![
                ("read", r#"{"path":"ä 😀.py"}"#),
                ("list", "{}"),
                ("read", r#"{"n":[1]}"#),
            ],
            reason: Some(FinishReason::ToolCalls),
            ..Case::new(
                "parallel tool calls",
                vec![
                    Step::text("Both:"),
                    Step::tool_call("read", json!({"path": "ä 😀.py"})),
                    Step::tool_call("list", json!({})),
                    Step::tool_call("read", json!({"n": [1]})),
                ],
            )
        },
        Case {
            text: "I can't help with that.",
            reason: Some(FinishReason::Refusal),
            ..Case::new("refusal", vec![Step::refusal("I can't help with that.")])
        },
        Case {
            text: "Half an",
            reason: Some(FinishReason::ContentFilter),
            ..Case::new(
                "filter",
                vec![half(), Step::Finish("content_filter".into())],
            )
        },
        Case {
            text: "Half an",
            reason: Some(FinishReason::Length),
            ..Case::new("length", vec![half(), Step::Finish("length".into())])
        },
        Case {
            text: "Half an",
            reason: Some(FinishReason::Other("because".into())),
            ..Case::new(
                "unknown reason",
                vec![half(), Step::Finish("because".into())],
            )
        },
        Case {
            text: "Half an",
            ..Case::new("no usage", vec![half(), Step::NoUsage])
        },
        Case {
            usage: Some([9, 0, 0, 0, 0]),
            ..Case::new(
                "nothing said",
                vec![usage(UsageStep {
                    input: 9,
                    ..UsageStep::default()
                })],
            )
        },
        Case::broken(
            "error in the middle",
            vec![half(), overloaded()],
            "model_overloaded",
        ),
        Case::broken("cut", vec![half(), Step::Cut], "model_cut"),
        Case::broken("end too soon", vec![half(), Step::End], "model_cut"),
        Case::broken(
            "no protocol",
            vec![half(), Step::Raw("data: oops\n\n".into())],
            "model_protocol",
        ),
    ]
}

fn forms() -> Vec<Form> {
    let plain = Form::default();
    let alive = Form {
        keep_alive: true,
        ..plain
    };
    let crlf = Form {
        crlf: true,
        ..plain
    };
    let cut = |form, size| Form {
        cut_bytes: Some(size),
        ..form
    };
    vec![
        plain,
        crlf,
        alive,
        cut(plain, 1),
        cut(crlf, 1),
        cut(
            Form {
                keep_alive: true,
                ..crlf
            },
            3,
        ),
        cut(alive, 7),
    ]
}

fn request() -> Request {
    let tool = |name: &str| Tool {
        name: name.into(),
        description: "Does it.".into(),
        parameters: json!({"type": "object", "properties": {"path": {"type": "string"}}}),
    };
    Request {
        messages: vec![Message::system("rules"), Message::user("hi")],
        tools: vec![tool("read"), tool("list")],
        effort: Some(Effort::High),
        cache: true,
        ..Request::default()
    }
}

#[tokio::test]
async fn every_wire_reads_every_script_in_every_form() {
    let fake = FakeModel::local(Script::default()).await.unwrap();
    let gateway = gateway();
    for (wire, model) in WIRES {
        let to = endpoint(&fake, *wire, model);
        for case in cases() {
            for form in forms() {
                fake.push(Turn::of(case.steps.clone()).written(form));
                let seen = ask(&gateway, &to, &request()).await;
                check(
                    &case,
                    *wire,
                    &seen,
                    &format!("{wire}, {}, {form:?}", case.name),
                );
            }
        }
    }
    fake.assert_finished();
}

fn check(case: &Case, wire: Wire, seen: &Seen, shown: &str) {
    let (reason, usage) = case.on(wire);
    assert_eq!(seen.error, case.error, "{shown}: {seen:?}");
    assert_eq!(seen.text, case.text, "{shown}");
    assert_eq!(seen.reasoning, case.reasoning, "{shown}");
    assert_eq!(seen.reason, reason, "{shown}");
    let calls = seen.calls.iter();
    let calls: Vec<_> = calls.map(|c| (&*c.name, &*c.arguments)).collect();
    assert_eq!(calls, case.calls, "{shown}");
    for (call, grown) in seen.calls.iter().zip(&seen.grown) {
        // An empty input may come without any piece.
        assert!(
            grown == &call.arguments || call.arguments == "{}",
            "{shown}"
        );
    }
    let ids: std::collections::HashSet<_> = seen.calls.iter().map(|call| &call.id).collect();
    assert_eq!(ids.len(), seen.calls.len(), "{shown}: ids are used twice");
    assert_eq!(seen.usage.is_some(), case.error.is_none(), "{shown}");
    if let (Some(expected), Some(got)) = (usage, seen.usage) {
        let counts = [
            got.input_tokens,
            got.cached_input_tokens,
            got.cache_write_tokens,
            got.output_tokens,
            got.reasoning_tokens,
        ];
        assert_eq!((counts, got.estimated), (expected, false), "{shown}");
    }
    let silent = case.steps.contains(&Step::NoUsage);
    assert_eq!(
        seen.usage.is_some_and(|usage| usage.estimated),
        silent,
        "{shown}"
    );
}

#[tokio::test]
async fn an_answer_in_one_document_is_read_as_well() {
    let whole = |wire| match wire {
        Wire::Anthropic => json!({
            "type": "message", "role": "assistant", "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": "s"},
                {"type": "text", "text": "So."},
                {"type": "tool_use", "id": "a", "name": "read", "input": {"path": "a"}}],
            "stop_reason": "tool_use", "usage": {"input_tokens": 3, "output_tokens": 2}}),
        Wire::OpenAiResponses => json!({
            "object": "response", "status": "completed", "output": [
                {"type": "reasoning", "id": "rs", "summary": [
                    {"type": "summary_text", "text": "Hm."}]},
                {"type": "message", "role": "assistant", "content": [
                    {"type": "output_text", "text": "So."}]},
                {"type": "function_call", "call_id": "a", "name": "read",
                    "arguments": "{\"path\":\"a\"}"}],
            "usage": {"input_tokens": 3, "output_tokens": 2}}),
        Wire::Gemini => json!([{
            "candidates": [{"content": {"parts": [
                {"text": "Hm.", "thought": true}, {"text": "So."},
                {"functionCall": {"id": "a", "name": "read", "args": {"path": "a"}}}]},
                "finishReason": "STOP"}],
            "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2}}]),
        _ => json!({
            "choices": [{"finish_reason": "tool_calls", "message": {
                "role": "assistant", "content": "So.", "reasoning_content": "Hm.",
                "tool_calls": [{"id": "a", "function": {
                    "name": "read", "arguments": "{\"path\":\"a\"}"}}]}}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 2}}),
    };
    let fake = FakeModel::local(Script::default()).await.unwrap();
    for (wire, model) in WIRES {
        // The fake says it is JSON only when it refuses; a status of success
        // is all it takes.
        fake.push(Turn::of([Step::Error(ErrorStep {
            status: 200,
            body: Some(whole(*wire).to_string()),
            ..ErrorStep::default()
        })]));
        let seen = ask(&gateway(), &endpoint(&fake, *wire, model), &request()).await;
        let case = Case {
            text: "So.",
            reasoning: "Hm.",
            calls: vec![("read", r#"{"path":"a"}"#)],
            reason: Some(FinishReason::ToolCalls),
            usage: Some([3, 0, 0, 2, 0]),
            ..Case::new("one document", vec![])
        };
        check(&case, *wire, &seen, wire.as_str());
    }
}

#[tokio::test]
async fn an_answer_that_fills_the_context_is_cut_short() {
    let fake = FakeModel::local(Script::default()).await.unwrap();
    for (wire, model, word) in [
        (
            Wire::Anthropic,
            "claude-fake-4-6",
            "model_context_window_exceeded",
        ),
        (Wire::OpenAiChat, "mistral-fake", "model_length"),
    ] {
        fake.push(Turn::of([
            Step::text("Half an"),
            Step::Finish(word.to_owned()),
        ]));
        let seen = ask(&gateway(), &endpoint(&fake, wire, model), &request()).await;
        assert_eq!(seen.text, "Half an");
        assert_eq!(seen.reason, Some(FinishReason::Length), "{word}");
    }
    fake.assert_finished();
}
