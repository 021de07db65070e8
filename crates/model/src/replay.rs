//! Reading a recorded answer again.

use crate::delta::Delta;
use crate::draft::Fault;
use crate::reader::{Progress, Reader};
use crate::wire::Wire;

/// What a recorded answer holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// Its steps, in order.
    pub deltas: Vec<Delta>,
    /// How it ends.
    pub ending: Ending,
}

/// How a recorded answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is whole.
    Whole,
    /// It breaks off.
    Cut,
    /// The server reported an error.
    Reported,
    /// Something in it is not of this wire.
    Foreign,
    /// It is larger than the limit.
    TooLarge,
}

/// Reads the body of a streaming response on a wire, recorded in pieces, as
/// [`Call`](crate::Call) does when it arrives; `max_answer_bytes` is the
/// longest answer taken. Where the pieces are cut makes no difference.
pub fn replay<'a>(
    wire: Wire,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    max_answer_bytes: usize,
) -> Replayed {
    let mut reader = Reader::events(wire, "recorded", 0, max_answer_bytes);
    let mut deltas = Vec::new();
    let mut fault = None;
    for piece in pieces {
        fault = reader.take(piece).err();
        deltas.extend(std::iter::from_fn(|| reader.pop()));
        if fault.is_some() {
            break;
        }
    }
    if fault.is_none() && reader.progress() != Progress::Complete {
        fault = reader.finish().err();
        deltas.extend(std::iter::from_fn(|| reader.pop()));
    }
    let ending = match fault {
        None => Ending::Whole,
        Some(Fault::Cut) => Ending::Cut,
        Some(Fault::Reported(_)) => Ending::Reported,
        Some(Fault::Shape(_)) => Ending::Foreign,
        Some(Fault::TooLarge) => Ending::TooLarge,
    };
    Replayed { deltas, ending }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delta::{FinishReason, Usage};

    #[test]
    fn a_recording_says_what_the_answer_said() {
        let hi = "data: {\"type\":\"response.output_text.delta\",\"delta\":\"hi\"}\n\n";
        let usage = "\"usage\":{\"input_tokens\":3,\"output_tokens\":1}";
        let done =
            format!("data: {{\"type\":\"response.completed\",\"response\":{{{usage}}}}}\n\n");
        let whole = format!("{hi}{done}");
        let text = Delta::Text("hi".into());
        for (recorded, rest, ending) in [
            (
                whole.as_str(),
                vec![
                    Delta::Finish {
                        reason: FinishReason::Stop,
                    },
                    Delta::Usage(Usage {
                        input_tokens: 3,
                        output_tokens: 1,
                        ..Usage::default()
                    }),
                ],
                Ending::Whole,
            ),
            (hi, vec![], Ending::Cut),
            (&format!("{hi}data: nonsense\n\n"), vec![], Ending::Foreign),
            (
                &format!("{hi}data: {{\"type\":\"error\",\"message\":\"no\"}}\n\n"),
                vec![],
                Ending::Reported,
            ),
            (&hi.repeat(60), vec![text.clone(); 49], Ending::TooLarge),
        ] {
            let mut deltas = vec![text.clone()];
            deltas.extend(rest);
            let expected = Replayed { deltas, ending };
            let pieces = recorded.as_bytes().chunks(7);
            assert_eq!(replay(Wire::OpenAiResponses, pieces, 100), expected);
        }
    }
}
