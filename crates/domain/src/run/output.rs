//! What runs write, turned into stored events.
//!
//! Nothing here grows with the output: a full channel holds the program up,
//! and what is taken from it is stored before more is taken.

use std::time::Duration;

use atelier_base::RunId;
use atelier_sandbox::cell::{Output, Stream};
use atelier_sandbox::runtime::Piece;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::mpsc;

use super::stage::Stages;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::event::{OutputStream, RunEvent};

/// How many pieces of output, of up to 64 KiB each, wait for the store before
/// the program does.
pub(super) const WAITING: usize = 8;
/// Output is gathered this long, or to this size, before it is stored at once.
const GATHER: Duration = Duration::from_millis(15);
const GATHER_BYTES: usize = 256 * 1024;
/// The most bytes of output in one event, so that a client that reads many
/// events at a time never needs much memory.
const EVENT_BYTES: usize = 32 * 1024;

impl Domain {
    /// Stores what a run writes until it has ended; returns what is left to be
    /// stored with its end.
    pub(super) async fn store_output(
        &self,
        run: RunId,
        stages: &mut Stages,
        mut output: mpsc::Receiver<Output>,
    ) -> Result<Vec<RunEvent>> {
        let mut gathered = Gathered::default();
        let mut over = false;
        while !over && let Some(piece) = output.recv().await {
            let before = stages.ended().len();
            gathered.add_all(stages.take(piece), stages);
            let until = tokio::time::Instant::now() + GATHER;
            while gathered.bytes < GATHER_BYTES && !over {
                match tokio::time::timeout_at(until, output.recv()).await {
                    Ok(Some(piece)) => gathered.add_all(stages.take(piece), stages),
                    Ok(None) => over = true,
                    Err(_) => break,
                }
            }
            if over {
                break;
            }
            if stages.ended().len() > before {
                self.store_stages(run, stages).await?;
            }
            self.streams()
                .publish_all(run, &gathered.take(false))
                .await?;
        }
        gathered.add_all(stages.rest(), stages);
        Ok(gathered.take(true))
    }

    async fn store_stages(&self, run: RunId, stages: &Stages) -> Result<()> {
        let ended = serde_json::to_string(stages.ended())
            .map_err(|e| Error::Internal(format!("stages can't be written: {e}")))?;
        self.store()
            .write(async |tx| tx.set_run_stages(run, &ended).await)
            .await?;
        Ok(())
    }
}

/// Output that waits to become events: neighbours of one stream together, in
/// order, cut only between characters.
#[derive(Default)]
struct Gathered {
    ready: Vec<RunEvent>,
    pieces: Vec<Output>,
    bytes: usize,
}

impl Gathered {
    fn add_all(&mut self, pieces: Vec<Piece>, stages: &mut Stages) {
        for piece in pieces {
            match piece {
                Piece::Output(output) => self.add(output),
                Piece::Compiled => {
                    let bytes = self.bytes;
                    self.ready = self.take(true);
                    self.ready.extend(stages.compiled());
                    self.bytes = bytes;
                }
            }
        }
    }

    fn add(&mut self, piece: Output) {
        self.bytes += piece.bytes.len();
        match self.pieces.last_mut() {
            Some(last) if last.stream == piece.stream => last.bytes.extend(piece.bytes),
            _ => self.pieces.push(piece),
        }
    }

    /// Takes what can be sent; half a character at the end stays for later,
    /// unless this is the end.
    fn take(&mut self, end: bool) -> Vec<RunEvent> {
        let mut events = std::mem::take(&mut self.ready);
        let mut pieces = std::mem::take(&mut self.pieces);
        self.bytes = 0;
        if !end && let Some(last) = pieces.last_mut() {
            let rest = last
                .bytes
                .split_off(last.bytes.len() - unfinished(&last.bytes));
            if !rest.is_empty() {
                self.add(Output {
                    stream: last.stream,
                    bytes: rest,
                });
            }
        }
        for piece in pieces {
            let mut bytes = piece.bytes.as_slice();
            while !bytes.is_empty() {
                let most = &bytes[..bytes.len().min(EVENT_BYTES)];
                let half = if most.len() < bytes.len() {
                    unfinished(most)
                } else {
                    0
                };
                let (now, later) = bytes.split_at(most.len() - half);
                events.push(event(piece.stream, now));
                bytes = later;
            }
        }
        events
    }
}

fn event(stream: Stream, bytes: &[u8]) -> RunEvent {
    let stream = match stream {
        Stream::Stdout => OutputStream::Stdout,
        Stream::Stderr => OutputStream::Stderr,
    };
    let (text, base64) = match std::str::from_utf8(bytes) {
        Ok(text) => (Some(text.to_owned()), None),
        Err(_) => (None, Some(STANDARD.encode(bytes))),
    };
    RunEvent::Output {
        stream,
        text,
        base64,
    }
}

/// Returns how many bytes at the end may be the beginning of a character.
fn unfinished(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => bytes.len() - error.valid_up_to(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out(bytes: &[u8]) -> Output {
        Output {
            stream: Stream::Stdout,
            bytes: bytes.to_vec(),
        }
    }

    fn text(text: &str) -> RunEvent {
        RunEvent::Output {
            stream: OutputStream::Stdout,
            text: Some(text.to_owned()),
            base64: None,
        }
    }

    #[test]
    fn a_character_is_never_cut_in_two() {
        let mut gathered = Gathered::default();
        let euro = "€".as_bytes();
        gathered.add(out(b"a"));
        gathered.add(out(&euro[..2]));
        assert_eq!(gathered.take(false), [text("a")]);
        gathered.add(out(&euro[2..]));
        assert_eq!(gathered.take(false), [text("€")]);
        assert_eq!(gathered.take(true), []);
    }

    #[test]
    fn much_output_is_cut_into_events_of_bounded_size() {
        let mut gathered = Gathered::default();
        let long = "€".repeat(EVENT_BYTES);
        gathered.add(out(long.as_bytes()));
        let mut whole = String::new();
        for event in gathered.take(false) {
            let RunEvent::Output {
                text: Some(text), ..
            } = event
            else {
                panic!("{event:?}");
            };
            assert!(text.len() <= EVENT_BYTES);
            whole.push_str(&text);
        }
        assert!(whole == long);
    }

    #[test]
    fn bytes_that_are_not_text_come_whole() {
        let mut gathered = Gathered::default();
        gathered.add(out(&[0xff, 0xfe]));
        let coded = RunEvent::Output {
            stream: OutputStream::Stdout,
            text: None,
            base64: Some("//4=".to_owned()),
        };
        assert_eq!(gathered.take(true), [coded]);
    }
}
