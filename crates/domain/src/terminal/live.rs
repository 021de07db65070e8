//! One terminal, from its start until it is forgotten.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use atelier_base::{TerminalId, Timestamp, WorkspaceId};
use atelier_sandbox::cell::{ScreenSize, Terminal, TerminalEnd};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::scrollback::{Bounds, Scrollback};
use super::{TerminalSettings, TerminalView, within_bounds};

/// Bytes of a block of the scrollback.
const BLOCK: usize = 16 * 1024;
/// How long a program is held up at a time for the one who reads fastest.
const PAUSE: Duration = Duration::from_millis(50);

/// A terminal that is running, or that ended and is still listed.
#[derive(Debug)]
pub(super) struct LiveTerminal {
    pub(super) id: TerminalId,
    pub(super) workspace: WorkspaceId,
    created_at: Timestamp,
    state: Mutex<State>,
    /// Who is this many bytes behind is about to fall out of what is kept.
    far: u64,
    /// Tells those who look that there is something to see.
    changed: watch::Sender<()>,
    /// Tells that somebody has read.
    progress: Notify,
    /// Whoever types has it, so that what two people type does not mix.
    keyboard: tokio::sync::Mutex<()>,
    /// Cancelled when it must end, and when it has.
    close: CancellationToken,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) title: String,
    pub(super) size: ScreenSize,
    pub(super) scrollback: Scrollback,
    pub(super) end: Option<(TerminalEnd, Timestamp)>,
    /// How far each who looks has read.
    readers: HashMap<u64, u64>,
    last_reader: u64,
    terminal: Option<Arc<Terminal>>,
}

impl LiveTerminal {
    pub(super) fn new(
        id: TerminalId,
        workspace: WorkspaceId,
        created_at: Timestamp,
        size: ScreenSize,
        settings: TerminalSettings,
        close: CancellationToken,
    ) -> Self {
        let bounds = Bounds {
            lines: settings.scrollback_lines,
            least_bytes: settings.scrollback_bytes / 8,
            bytes: settings.scrollback_bytes,
            block: BLOCK,
        };
        Self {
            id,
            workspace,
            created_at,
            state: Mutex::new(State {
                title: String::new(),
                size,
                scrollback: Scrollback::new(bounds),
                end: None,
                readers: HashMap::new(),
                last_reader: 0,
                terminal: None,
            }),
            far: settings.scrollback_bytes as u64 / 32,
            changed: watch::Sender::new(()),
            progress: Notify::new(),
            keyboard: tokio::sync::Mutex::default(),
            close,
        }
    }

    /// Gives it the terminal that it is about.
    pub(super) fn start(&self, terminal: Arc<Terminal>) {
        self.state.lock().terminal = Some(terminal);
    }

    pub(super) fn view(&self) -> TerminalView {
        let state = self.state.lock();
        TerminalView {
            id: self.id,
            workspace: self.workspace,
            title: state.title.clone(),
            size: state.size,
            end: state.end.clone(),
            created_at: self.created_at,
        }
    }

    pub(super) fn rename(&self, title: String) {
        self.state.lock().title = title;
    }

    /// Says when it ended, if it has.
    pub(super) fn ended_at(&self) -> Option<Timestamp> {
        self.state.lock().end.as_ref().map(|(_, at)| *at)
    }

    /// Looks at its state; `look` must be quick.
    pub(super) fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.lock())
    }

    /// Returns what tells of changes from now on.
    pub(super) fn watch(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Keeps what its program wrote.
    pub(super) fn append(&self, bytes: &[u8]) {
        self.state.lock().scrollback.append(bytes);
        self.changed.send_replace(());
    }

    /// Remembers somebody who reads, and returns by which number.
    pub(super) fn enter(&self, at: u64) -> u64 {
        let mut state = self.state.lock();
        state.last_reader += 1;
        let reader = state.last_reader;
        state.readers.insert(reader, at);
        reader
    }

    /// Says how far a reader is.
    pub(super) fn has_read(&self, reader: u64, at: u64) {
        self.state.lock().readers.insert(reader, at);
        self.progress.notify_one();
    }

    /// Forgets a reader.
    pub(super) fn leave(&self, reader: u64) {
        self.state.lock().readers.remove(&reader);
        self.progress.notify_one();
    }

    /// Waits a little while all who look are far behind: a program is as fast
    /// as the fastest of them, as with any terminal. It never waits for those
    /// who are slower than another, and not long for one who does not read.
    pub(super) async fn pause(&self) {
        let crowded = {
            let state = self.state.lock();
            let fastest = state.readers.values().max();
            fastest.is_some_and(|&at| state.scrollback.end().saturating_sub(at) > self.far)
        };
        if crowded {
            let _ = tokio::time::timeout(PAUSE, self.progress.notified()).await;
        }
    }

    /// Changes the size of its screen, until somebody else does.
    pub(super) fn resize(&self, size: ScreenSize) {
        let size = within_bounds(size);
        let mut state = self.state.lock();
        let Some(terminal) = &state.terminal else {
            return;
        };
        if state.size == size {
            return;
        }
        // Under the lock, so that the screen and the state agree on who was
        // last. A program that is gone does not mind its size.
        if let Err(error) = terminal.resize(size) {
            tracing::debug!(terminal.id = %self.id, %error, "a terminal kept its size");
        }
        state.size = size;
        drop(state);
        self.changed.send_replace(());
    }

    /// Types `bytes`, after what others are typing. It waits while the program
    /// does not read, and gives up when the terminal ends.
    pub(super) async fn type_in(&self, bytes: &[u8]) {
        let typing = async {
            let _keyboard = self.keyboard.lock().await;
            let terminal = self.state.lock().terminal.clone();
            if let Some(terminal) = terminal {
                self.write(&terminal, bytes).await;
            }
        };
        tokio::select! {
            () = typing => {}
            () = self.close.cancelled() => {}
        }
    }

    async fn write(&self, terminal: &Terminal, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match terminal.write(bytes).await {
                Ok(0) => return,
                Ok(taken) => bytes = &bytes[taken..],
                Err(error) => {
                    tracing::debug!(terminal.id = %self.id, %error, "a terminal took no more input");
                    return;
                }
            }
        }
    }

    /// Asks it to end.
    pub(super) fn close(&self) {
        self.close.cancel();
    }

    /// Waits until it must end.
    pub(super) async fn closing(&self) {
        self.close.cancelled().await;
    }

    /// Says that it has ended, and lets go of what it was about.
    pub(super) fn end(&self, end: TerminalEnd, at: Timestamp) {
        let terminal = {
            let mut state = self.state.lock();
            state.end.get_or_insert((end, at));
            state.terminal.take()
        };
        // Ends those who type, who hold it too.
        self.close.cancel();
        drop(terminal);
        self.changed.send_replace(());
    }
}
