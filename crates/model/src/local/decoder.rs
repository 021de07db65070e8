//! Turns the helper's events into words of the [`Draft`].

use serde_json::{Value, json};

use super::ask::Calls;
use super::protocol::{Code, Event, Reason};
use super::tool_calls::{Finder, Piece};
use crate::delta::{FinishReason, Usage};
use crate::draft::{Draft, Fault};
use crate::failure::Reported;

/// What the wire needs to remember between two events.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    finder: Finder,
    read: Usage,
}

/// The first event of an answer, which is ours: what to look for in it.
pub(crate) fn opening(calls: &Calls) -> String {
    json!({"type": OPENING, "calls": calls}).to_string()
}

const OPENING: &str = "opening";

impl Decoder {
    /// Takes one event.
    pub(crate) fn event(&mut self, data: &str, draft: &mut Draft) -> Result<(), Fault> {
        match serde_json::from_str(data) {
            Ok(Event::Text { text, .. }) => {
                let mut pieces = Vec::new();
                self.finder.take(&text, &mut pieces);
                say(pieces, draft)
            }
            Ok(Event::Read {
                tokens,
                cached_tokens,
                ..
            }) => {
                self.read = Usage {
                    input_tokens: tokens.into(),
                    cached_input_tokens: cached_tokens.min(tokens).into(),
                    ..Usage::default()
                };
                draft.report(self.read);
                Ok(())
            }
            Ok(Event::Done { reason, tokens, .. }) => self.done(reason, tokens, draft),
            Ok(Event::Failed { code, message, .. }) => Err(reported(code, &message)),
            Ok(Event::Ready { .. }) => Err(Fault::Shape(data.to_owned())),
            Err(_) => self.open(data),
        }
    }

    fn open(&mut self, data: &str) -> Result<(), Fault> {
        let shape = || Fault::Shape(data.to_owned());
        let mut value: Value = serde_json::from_str(data).map_err(|_| shape())?;
        if value["type"] != OPENING {
            return Err(shape());
        }
        let calls = serde_json::from_value(value["calls"].take()).map_err(|_| shape())?;
        self.finder = Finder::new(calls);
        Ok(())
    }

    fn done(&mut self, reason: Reason, tokens: u32, draft: &mut Draft) -> Result<(), Fault> {
        let mut pieces = Vec::new();
        std::mem::take(&mut self.finder).finish(&mut pieces);
        say(pieces, draft)?;
        match reason {
            Reason::Stop if draft.calls().is_empty() => draft.stop(FinishReason::Stop),
            Reason::Stop => draft.stop(FinishReason::ToolCalls),
            Reason::Length => draft.stop(FinishReason::Length),
            Reason::Cancelled => draft.stop_word("cancelled"),
        }
        draft.report(Usage {
            output_tokens: tokens.into(),
            ..self.read
        });
        draft.end();
        Ok(())
    }
}

fn say(pieces: Vec<Piece>, draft: &mut Draft) -> Result<(), Fault> {
    for piece in pieces {
        match piece {
            Piece::Text(text) => draft.say(text)?,
            Piece::Call { name, arguments } => {
                draft.begin_call(None, Some(name), arguments)?;
            }
        }
    }
    Ok(())
}

/// Says a failure in the words that the other wires' servers use, so that it
/// becomes the same error.
fn reported(code: Code, message: &str) -> Fault {
    let code = match code {
        Code::TooLong => "context_length_exceeded",
        Code::Invalid => "invalid_request_error",
        Code::Busy => "server_overloaded",
        Code::Broken => "server_error",
    };
    let error = json!({"error": {"code": code, "message": message}});
    Fault::Reported(Reported::find(&error).unwrap_or_else(Reported::unexplained))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delta::Delta;
    use crate::wire::Wire;

    fn read(names: &[&str], lines: &[&str]) -> (Vec<Delta>, Result<bool, Fault>) {
        let mut decoder = Decoder::default();
        let mut draft = Draft::new(Wire::Local, "m", 100, 1_000);
        let names = names.iter().map(|&name| name.to_owned()).collect();
        let opening = opening(&Calls {
            names,
            begun: false,
        });
        let mut ended = Ok(false);
        for line in [opening.as_str()].iter().chain(lines) {
            ended = decoder.event(line, &mut draft).map(|()| false);
            draft.end_event();
        }
        let ended = ended.map(|_| draft.complete());
        (std::iter::from_fn(|| draft.pop()).collect(), ended)
    }

    #[test]
    fn an_answer_is_text_then_reason_then_usage() {
        let (deltas, ended) = read(
            &[],
            &[
                r#"{"type":"read","id":1,"tokens":40,"cachedTokens":30}"#,
                r#"{"type":"text","id":1,"text":"a "}"#,
                r#"{"type":"text","id":1,"text":"b"}"#,
                r#"{"type":"done","id":1,"reason":"stop","tokens":2}"#,
            ],
        );
        assert!(ended.unwrap());
        let usage = Usage {
            input_tokens: 40,
            cached_input_tokens: 30,
            output_tokens: 2,
            ..Usage::default()
        };
        let reason = FinishReason::Stop;
        assert_eq!(
            deltas,
            [
                Delta::Text("a ".to_owned()),
                Delta::Text("b".to_owned()),
                Delta::Finish { reason },
                Delta::Usage(usage),
            ]
        );
    }

    #[test]
    fn a_call_is_a_part_and_then_whole() {
        let (deltas, _) = read(
            &["read"],
            &[
                r#"{"type":"text","id":1,"text":"{\"name\":\"read\",\"arguments\":{}}"}"#,
                r#"{"type":"done","id":1,"reason":"stop","tokens":9}"#,
            ],
        );
        assert!(matches!(&deltas[0], Delta::ToolCallPart(part) if part.index == 0));
        assert!(matches!(&deltas[1], Delta::ToolCall(call) if call.name == "read"));
        let reason = FinishReason::ToolCalls;
        assert_eq!(deltas[2], Delta::Finish { reason });
    }

    #[test]
    fn an_answer_without_its_end_is_not_whole() {
        let (deltas, ended) = read(&[], &[r#"{"type":"text","id":1,"text":"a"}"#]);
        assert_eq!((deltas.len(), ended.unwrap()), (1, false));
    }

    #[test]
    fn faults_are_told_apart() {
        for line in [
            "{}",
            "no",
            r#"{"type":"ready","version":2,"contextTokens":1}"#,
        ] {
            assert!(
                matches!(read(&[], &[line]).1, Err(Fault::Shape(_))),
                "{line}"
            );
        }
        let long = r#"{"type":"failed","id":1,"code":"tooLong","message":"m"}"#;
        assert!(matches!(read(&[], &[long]).1, Err(Fault::Reported(_))));
    }
}
