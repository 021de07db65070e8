//! Terminals of a cell that stays.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{ANSWER, ANSWER_BYTES, END, Live, Program, explain, receive_one};
use crate::cell::ground::Ground;
use crate::cell::keep::Held;
use crate::cell::refusal;
use crate::cell::spec::{Answer, News};
use crate::cell::terminal::{ScreenSize, Terminal, TerminalEnd};

impl Live {
    /// Opens a terminal. `held` keeps the cell while it lives.
    pub(in crate::cell) async fn open_terminal(
        self: &Arc<Self>,
        ground: &Arc<Ground>,
        program: Program,
        size: ScreenSize,
        held: Held,
    ) -> Result<Terminal, String> {
        let limits = ground.cell_limits().clone();
        let begun = self.begin(ground, program, &limits, Some(size), &[]).await;
        let (control, group) = begun?;
        let screen = timeout(ANSWER, receive_one(&control)).await;
        let Ok(Ok(screen)) = screen else {
            // Then the answer is there instead, and says why.
            return Err(why_not(control).await);
        };
        let (hold, dropped) = oneshot::channel();
        let (end, ended) = watch::channel(None);
        let terminal = Terminal::new(screen, ended, hold);
        let terminal = terminal.map_err(|error| format!("The terminal can't be used: {error}"))?;
        let live = Arc::clone(self);
        ground.tasks().spawn(async move {
            let told = attend(control, dropped, &live.stop).await;
            if told.is_none() || !group.remove().await {
                live.stop.cancel();
            }
            let _ = end.send(Some(told.unwrap_or_default()));
            drop(held);
        });
        Ok(terminal)
    }
}

async fn why_not(mut control: UnixStream) -> String {
    let mut answer = Vec::new();
    let read = (&mut control).take(ANSWER_BYTES);
    let _ = timeout(ANSWER, async { { read }.read_to_end(&mut answer).await }).await;
    explain(&answer)
}

/// Waits for the end of a terminal's program, and ends it when nobody has the
/// terminal any more. `None` when the cell does not say what became of it.
async fn attend(
    mut control: UnixStream,
    dropped: oneshot::Receiver<()>,
    stop: &CancellationToken,
) -> Option<TerminalEnd> {
    let mut answer = Vec::new();
    let mut reading = (&mut control).take(ANSWER_BYTES);
    tokio::select! {
        read = reading.read_to_end(&mut answer) => { read.ok()?; }
        _ = dropped => {}
        () = stop.cancelled() => {}
    }
    if answer.is_empty() {
        let _ = control.shutdown().await;
        let mut reading = (&mut control).take(ANSWER_BYTES);
        let read = timeout(END, reading.read_to_end(&mut answer)).await;
        read.ok()?.ok()?;
    }
    let answer: Answer = serde_json::from_slice(&answer).ok()?;
    Some(match answer.news.into_iter().next()? {
        News::Ended { exit_code, signal } => TerminalEnd {
            exit_code,
            signal,
            reason: None,
        },
        News::Over { .. } => TerminalEnd {
            reason: Some("It used more memory or disk than the cell may".to_owned()),
            ..TerminalEnd::default()
        },
        News::Failed(failure) => TerminalEnd {
            reason: Some(refusal::explain(&failure).text()),
            ..TerminalEnd::default()
        },
        News::NotStarted { errno } => TerminalEnd {
            exit_code: Some(if errno == libc::ENOENT { 127 } else { 126 }),
            reason: Some(format!(
                "The program could not be started: {}",
                io::Error::from_raw_os_error(errno)
            )),
            signal: None,
        },
        News::Facts(_) => TerminalEnd::default(),
    })
}
