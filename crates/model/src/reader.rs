//! Reads an answer: bytes in, deltas out. No I/O and no clock.

use crate::delta::{Delta, Usage};
use crate::draft::{Draft, Fault};
use crate::sse::Parser;
use crate::wire::{Decoder, Wire};

/// How many times larger than the answer itself its wire form may be. A token
/// of four bytes comes in an event of some hundreds.
const WIRE_FACTOR: usize = 256;
/// The room an event has beyond the answer that it may hold whole, escaped.
const EVENT_ROOM: usize = 64 * 1024;

/// An answer that is being read.
#[derive(Debug)]
pub(crate) struct Reader {
    form: Form,
    decoder: Decoder,
    draft: Draft,
    wire_bytes: usize,
    max_answer_bytes: usize,
}

/// How an answer comes.
#[derive(Debug)]
enum Form {
    Events(Parser),
    /// One JSON document, from servers that ignore `stream`.
    Whole(Vec<u8>),
}

/// How far the reading has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// More is to come.
    Open,
    /// The model has stopped; usage may follow.
    Stopped,
    /// Nothing more is to come.
    Complete,
}

impl Reader {
    /// Makes a reader of a stream of events: the answer of `model` to a request
    /// of so many tokens at most.
    pub(crate) fn events(wire: Wire, model: &str, input_at_most: u64, max: usize) -> Self {
        let form = Form::Events(Parser::new(event_limit(max)));
        Self::new(form, wire, Draft::new(wire, model, input_at_most, max), max)
    }

    /// Makes a reader of one JSON document.
    pub(crate) fn whole(wire: Wire, model: &str, input_at_most: u64, max: usize) -> Self {
        let form = Form::Whole(Vec::new());
        Self::new(form, wire, Draft::new(wire, model, input_at_most, max), max)
    }

    fn new(form: Form, wire: Wire, draft: Draft, max_answer_bytes: usize) -> Self {
        Self {
            form,
            decoder: Decoder::of(wire),
            draft,
            wire_bytes: 0,
            max_answer_bytes,
        }
    }

    /// Returns the next delta that is ready.
    pub(crate) fn pop(&mut self) -> Option<Delta> {
        self.draft.pop()
    }

    /// Returns whether no delta is ready.
    pub(crate) fn is_empty(&self) -> bool {
        self.draft.is_empty()
    }

    /// Returns what was used, or the most that we know of.
    pub(crate) fn usage(&self) -> Usage {
        self.draft.usage()
    }

    /// Returns how far the reading has come.
    pub(crate) const fn progress(&self) -> Progress {
        if self.draft.is_done() {
            Progress::Complete
        } else if self.draft.has_reason() {
            Progress::Stopped
        } else {
            Progress::Open
        }
    }

    /// Takes the next bytes, cut anywhere. What came before a fault is ready.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        if self.draft.is_done() {
            return Ok(());
        }
        self.wire_bytes = self.wire_bytes.saturating_add(bytes.len());
        let most = self.max_answer_bytes.saturating_mul(WIRE_FACTOR);
        if self.wire_bytes > most.saturating_add(EVENT_ROOM) {
            return Err(Fault::TooLarge);
        }
        match &mut self.form {
            Form::Events(parser) => {
                let mut events = Vec::new();
                let parsed = parser.feed(bytes, &mut events);
                for data in events {
                    self.decoder.event(&data, &mut self.draft)?;
                }
                parsed.map_err(|_| Fault::TooLarge)?;
            }
            Form::Whole(whole) => {
                if whole.len() + bytes.len() > event_limit(self.max_answer_bytes) {
                    return Err(Fault::TooLarge);
                }
                whole.extend_from_slice(bytes);
            }
        }
        if self.draft.is_done() {
            self.draft.complete();
        }
        Ok(())
    }

    /// Takes the end of the bytes. An answer that said that it stopped is
    /// complete; any other is [`Fault::Cut`].
    pub(crate) fn finish(&mut self) -> Result<(), Fault> {
        match &mut self.form {
            Form::Events(parser) => {
                let mut events = Vec::new();
                parser.finish(&mut events);
                for data in events {
                    match self.decoder.event(&data, &mut self.draft) {
                        // Half an event is a cut, not another protocol.
                        Ok(()) | Err(Fault::Shape(_)) => {}
                        Err(fault) => return Err(fault),
                    }
                }
            }
            Form::Whole(whole) => {
                let data = String::from_utf8_lossy(whole).into_owned();
                self.decoder.event(&data, &mut self.draft)?;
                if self.draft.is_empty() && !self.draft.has_reason() {
                    return Err(Fault::Shape(data));
                }
                self.draft.end();
            }
        }
        if self.draft.complete() {
            Ok(())
        } else {
            Err(Fault::Cut)
        }
    }
}

const fn event_limit(max_answer_bytes: usize) -> usize {
    // Escapes double most text at worst; what needs more is not text.
    max_answer_bytes
        .saturating_mul(2)
        .saturating_add(EVENT_ROOM)
}

#[cfg(test)]
mod tests;
