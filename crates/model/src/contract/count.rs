//! What an answer counts for that its provider did not count to the end.

use serde_json::{Value, json};

use super::*;
use crate::draft::Fault;
use crate::fake::{ErrorStep, Script, Step, Turn, UsageStep};
use crate::reader::Reader;

/// More than the first report of any provider counts.
const SAID: usize = 8_000;

fn hi() -> Request {
    Request {
        messages: vec![Message::user("hi")],
        ..Request::default()
    }
}

#[tokio::test]
async fn an_answer_that_was_cut_counts_all_that_came_of_it() {
    let fake = FakeModel::local(Script::default()).await.unwrap();
    let gateway = gateway();
    for (wire, model) in WIRES {
        for last in [Step::Cut, Step::End, Step::Error(ErrorStep::default())] {
            let counted = UsageStep {
                input: 7,
                output: 9,
                ..UsageStep::default()
            };
            let said = Step::text("ä".repeat(SAID / 2));
            fake.push(Turn::of([Step::Usage(counted), said, last.clone()]));
            let to = endpoint(&fake, *wire, model);
            let prepared = gateway.prepare(&to, &hi()).unwrap();
            let most = prepared.at_most();
            let cancel = CancellationToken::new();
            let mut call = gateway.stream(prepared, cancel).await.unwrap();
            while let Some(Ok(_)) = call.next().await {}
            check(*wire, call.usage(), most.input_tokens, &format!("{last:?}"));
        }
    }
}

#[tokio::test]
async fn an_answer_that_nobody_waits_for_counts_all_that_came_of_it() {
    let fake = FakeModel::local(Script::default()).await.unwrap();
    let gateway = gateway();
    for (wire, model) in WIRES {
        fake.push(Turn::of([
            Step::text("a".repeat(SAID)),
            Step::Stall(600_000),
        ]));
        let cancel = CancellationToken::new();
        let to = endpoint(&fake, *wire, model);
        let prepared = gateway.prepare(&to, &hi()).unwrap();
        let most = prepared.at_most();
        let mut call = gateway.stream(prepared, cancel.clone()).await.unwrap();
        let mut said = 0;
        while said < SAID {
            if let Delta::Text(text) = call.next().await.unwrap().unwrap() {
                said += text.len();
            }
        }
        cancel.cancel();
        let stopped = call.next().await;
        assert!(matches!(stopped, Some(Err(Error::Cancelled))), "{wire}");
        check(*wire, call.usage(), most.input_tokens, "cancelled");
    }
}

fn check(wire: Wire, usage: Usage, most: u64, shown: &str) {
    assert!(usage.estimated, "{wire}, {shown}: {usage:?}");
    assert_eq!(usage.output_tokens, SAID as u64, "{wire}, {shown}");
    // Some providers count the input before they answer.
    assert!(
        (1..=most).contains(&usage.input_tokens),
        "{wire}, {shown}: {usage:?}"
    );
}

/// What each wire says of so many tokens, in one event that ends an answer.
fn last_events(count: u64) -> Vec<(Wire, Vec<Value>)> {
    let chat = || {
        vec![
            json!({"choices": [{"delta": {"content": "a"}, "finish_reason": "stop"}], "usage": {
                "prompt_tokens": count, "completion_tokens": count,
                "prompt_tokens_details": {"cached_tokens": count, "cache_write_tokens": count},
                "completion_tokens_details": {"reasoning_tokens": count}}}),
        ]
    };
    vec![
        (Wire::OpenAiChat, chat()),
        (Wire::OpenRouter, chat()),
        (
            Wire::OpenAiChat,
            vec![
                json!({"content": "a", "stop": true, "tokens_evaluated": count,
                "tokens_predicted": count, "timings": {"cache_n": count}}),
            ],
        ),
        (
            Wire::OpenAiResponses,
            vec![
                json!({"type": "response.completed", "response": {"output": [
                {"type": "message", "content": [{"type": "output_text", "text": "a"}]}],
                "usage": {"input_tokens": count, "output_tokens": count,
                    "input_tokens_details": {"cached_tokens": count},
                    "output_tokens_details": {"reasoning_tokens": count}}}}),
            ],
        ),
        (
            Wire::Anthropic,
            vec![
                json!({"type": "message_start", "message": {"usage": {
                "input_tokens": count, "cache_read_input_tokens": count,
                "cache_creation_input_tokens": count, "output_tokens": 1}}}),
                json!({"type": "content_block_start", "content_block": {"type": "text", "text": "a"}}),
                json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"},
                "usage": {"output_tokens": count}}),
            ],
        ),
        (
            Wire::Gemini,
            vec![
                json!({"candidates": [{"content": {"parts": [{"text": "a"}]},
                "finishReason": "STOP"}], "usageMetadata": {
                "promptTokenCount": count, "cachedContentTokenCount": count,
                "toolUsePromptTokenCount": count, "candidatesTokenCount": count,
                "thoughtsTokenCount": count}}),
            ],
        ),
    ]
}

fn read(wire: Wire, events: &[Value]) -> Result<Usage, Fault> {
    let mut reader = Reader::events(wire, "m", 50, 1_000);
    for event in events {
        reader.take(format!("data: {event}\n\n").as_bytes())?;
    }
    reader.finish().map(|()| reader.usage())
}

#[test]
fn counts_that_nobody_can_have_used_are_not_believed() {
    const MOST: u64 = 1 << 40;
    for (wire, events) in last_events(u64::MAX) {
        let usage = read(wire, &events).unwrap();
        assert_eq!((usage.input_tokens, usage.output_tokens), (MOST, MOST));
        let parts = usage.cached_input_tokens + usage.cache_write_tokens;
        assert!(parts <= MOST && usage.reasoning_tokens <= MOST, "{usage:?}");
        assert!(!usage.estimated, "{wire}");
    }
    for (wire, events) in last_events(3) {
        let usage = read(wire, &events).unwrap();
        assert!(!usage.estimated && usage.output_tokens < 7, "{wire}");
    }
}

#[test]
fn a_count_from_before_the_end_is_not_the_last_word() {
    for (wire, mut events) in last_events(3) {
        if wire == Wire::Anthropic {
            // Only what comes with the beginning is left.
            events[2].as_object_mut().unwrap().remove("usage");
        } else {
            let more = match wire {
                Wire::Gemini => json!({"candidates": [{"content": {"parts": [{"text": "bc"}]}}]}),
                Wire::OpenAiResponses => continue,
                _ => json!({"choices": [{"delta": {"content": "bc"}}]}),
            };
            events.push(more);
        }
        let said = if wire == Wire::Anthropic { 1 } else { 3 };
        let usage = read(wire, &events).unwrap();
        let counted = if wire == Wire::Gemini { 6 } else { said };
        assert_eq!(
            (usage.output_tokens, usage.estimated),
            (counted, true),
            "{wire}"
        );
    }
}
