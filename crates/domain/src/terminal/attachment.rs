//! Somebody who looks at a terminal, and types into it.

use std::sync::Arc;

use atelier_sandbox::cell::{ScreenSize, TerminalEnd};
use tokio::sync::watch;

use super::live::LiveTerminal;

/// The most bytes handed out at a time.
const PIECE: usize = 64 * 1024;

/// Somebody's place in what a terminal writes. It buffers nothing: who reads
/// slowly reads later, and who falls behind what is kept must begin anew.
#[derive(Debug)]
pub struct Attachment {
    live: Arc<LiveTerminal>,
    changed: watch::Receiver<()>,
    /// Its number among those who look.
    reader: u64,
    start: Start,
    /// The place of the next byte.
    at: u64,
    /// The size that was told last.
    size: ScreenSize,
}

/// Where an attachment begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// The place, in all that the terminal ever wrote, of the first byte to
    /// come.
    pub offset: u64,
    /// The place of the next byte to be written: what is before it is history.
    pub end: u64,
    /// Whether bytes that were asked for are not kept any more.
    pub lost: bool,
    /// The size of the screen now.
    pub size: ScreenSize,
}

/// What happens in a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// It wrote something.
    Output(Vec<u8>),
    /// Its screen has another size.
    Resized(ScreenSize),
    /// Its program has ended, and all of its output was told.
    Ended(TerminalEnd),
    /// What comes next is not kept any more: attach again.
    Behind,
}

impl Attachment {
    pub(super) fn new(live: Arc<LiveTerminal>, after: Option<u64>) -> Self {
        // Listen first and look second, so that nothing falls in between.
        let changed = live.watch();
        let start = live.look(|state| {
            let kept = after.filter(|&after| state.scrollback.reaches(after));
            Start {
                offset: kept.unwrap_or(state.scrollback.start()),
                end: state.scrollback.end(),
                lost: after.is_some() && kept.is_none(),
                size: state.size,
            }
        });
        Self {
            reader: live.enter(start.offset),
            live,
            changed,
            start,
            at: start.offset,
            size: start.size,
        }
    }

    /// Returns where it began.
    pub fn start(&self) -> Start {
        self.start
    }

    /// Returns the hands that go with these eyes.
    pub fn typist(&self) -> Typist {
        Typist(Arc::clone(&self.live))
    }

    /// Waits for what happens next. Nothing follows the end.
    pub async fn next(&mut self) -> Happening {
        loop {
            self.changed.mark_unchanged();
            if let Some(happening) = self.look() {
                return happening;
            }
            // The sender lives as long as `live`, and so as long as this.
            let _ = self.changed.changed().await;
        }
    }

    fn look(&mut self) -> Option<Happening> {
        let (at, told) = (self.at, self.size);
        let happening = self.live.look(|state| {
            if state.size != told {
                return Some(Happening::Resized(state.size));
            }
            match state.scrollback.read(at, PIECE) {
                None => Some(Happening::Behind),
                Some(bytes) if !bytes.is_empty() => Some(Happening::Output(bytes)),
                Some(_) => state.end.clone().map(|(end, _)| Happening::Ended(end)),
            }
        })?;
        match &happening {
            Happening::Output(bytes) => {
                self.at += bytes.len() as u64;
                self.live.has_read(self.reader, self.at);
            }
            Happening::Resized(size) => self.size = *size,
            Happening::Ended(_) | Happening::Behind => {}
        }
        Some(happening)
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        self.live.leave(self.reader);
    }
}

/// Somebody who types into a terminal.
#[derive(Clone, Debug)]
pub struct Typist(Arc<LiveTerminal>);

impl Typist {
    /// Types `bytes` all together. It waits while the program does not read,
    /// and gives up when the terminal ends.
    pub async fn type_in(&self, bytes: &[u8]) {
        self.0.type_in(bytes).await;
    }

    /// Changes the size of the screen, for everybody who looks. The last one
    /// wins; sizes are brought within 1 and [`SCREEN_MOST`](super::SCREEN_MOST).
    pub fn resize(&self, size: ScreenSize) {
        self.0.resize(size);
    }
}
