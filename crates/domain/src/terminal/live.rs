//! One terminal, from its start until it is forgotten.

use std::sync::Arc;

use atelier_base::{TerminalId, Timestamp, WorkspaceId};
use atelier_sandbox::cell::{ScreenSize, Terminal, TerminalEnd};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::scrollback::{Bounds, Scrollback};
use super::{TerminalSettings, TerminalView, within_bounds};

/// A terminal that is running, or that ended and is still listed.
#[derive(Debug)]
pub(super) struct LiveTerminal {
    pub(super) id: TerminalId,
    pub(super) workspace: WorkspaceId,
    created_at: Timestamp,
    state: Mutex<State>,
    /// Tells those who look that there is something to see.
    changed: watch::Sender<()>,
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
            bytes: settings.scrollback_bytes,
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
                terminal: None,
            }),
            changed: watch::Sender::new(()),
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
