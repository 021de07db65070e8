//! Follows a terminal: keeps what it writes until it ends.

use std::time::Duration;

use atelier_sandbox::cell::{Terminal, TerminalEnd};

use super::live::LiveTerminal;

/// Bytes read at a time; the kernel hands out no more than a few KiB.
const PIECE: usize = 16 * 1024;
/// After the program's end, what is on its way is waited for this long each
/// time, and this long in all: something in the background may keep the
/// screen open, and ends with the terminal.
const QUIET: Duration = Duration::from_millis(150);
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Keeps what `terminal` writes until its program has ended, or `live` must.
pub(super) async fn follow(live: &LiveTerminal, terminal: &Terminal) -> TerminalEnd {
    tokio::select! {
        end = until_end(live, terminal) => end,
        () = live.closing() => TerminalEnd {
            reason: Some("The terminal was closed.".to_owned()),
            ..TerminalEnd::default()
        },
    }
}

async fn until_end(live: &LiveTerminal, terminal: &Terminal) -> TerminalEnd {
    tokio::select! {
        () = keep_all(live, terminal) => terminal.ended().await,
        end = terminal.ended() => {
            let last = keep_until_quiet(live, terminal);
            // When the time is up, what is missing is the background's.
            let _ = tokio::time::timeout(LAST_WORDS, last).await;
            end
        }
    }
}

async fn keep_until_quiet(live: &LiveTerminal, terminal: &Terminal) {
    let mut buffer = vec![0; PIECE];
    while let Ok(true) = tokio::time::timeout(QUIET, keep_next(live, terminal, &mut buffer)).await {
    }
}

async fn keep_all(live: &LiveTerminal, terminal: &Terminal) {
    let mut buffer = vec![0; PIECE];
    while keep_next(live, terminal, &mut buffer).await {
        live.pause().await;
        // One that always has something must leave room for others.
        tokio::task::yield_now().await;
    }
}

/// Keeps what comes next; false when nothing will.
async fn keep_next(live: &LiveTerminal, terminal: &Terminal, buffer: &mut [u8]) -> bool {
    match terminal.read(buffer).await {
        Ok(0) => false,
        Ok(length) => {
            live.append(&buffer[..length]);
            true
        }
        Err(error) => {
            tracing::warn!(terminal.id = %live.id, %error, "a terminal could not be read");
            false
        }
    }
}
