//! A terminal in a cell: a shell, or another program, with a screen.

use std::io;
use std::os::fd::OwnedFd;

use atelier_base::WorkspacePath;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::{oneshot, watch};

use super::system;

/// What to start in a terminal.
#[derive(Clone, Debug, Default)]
pub struct TerminalCommand {
    /// The program and its arguments; the shell of the cell when empty.
    pub argv: Vec<String>,
    /// The folder to start in; the top of the workspace when `None`.
    pub cwd: Option<WorkspacePath>,
    /// Variables added to the cell's own few.
    pub env: Vec<(String, String)>,
    /// The size of the screen.
    pub size: ScreenSize,
}

/// The size of a terminal's screen, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScreenSize {
    /// Characters in a line.
    pub columns: u16,
    /// Lines.
    pub rows: u16,
}

impl Default for ScreenSize {
    fn default() -> Self {
        Self {
            columns: 80,
            rows: 24,
        }
    }
}

/// How a terminal's program ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TerminalEnd {
    /// The program's exit status, when it ended by itself.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// What a person should know about the end, in a sentence.
    pub reason: Option<String>,
}

/// A terminal whose program runs in a cell. Dropping it ends the program and
/// all that it started.
#[derive(Debug)]
pub struct Terminal {
    screen: AsyncFd<OwnedFd>,
    end: watch::Receiver<Option<TerminalEnd>>,
    /// Its end is what tells the cell to end the program.
    _hold: oneshot::Sender<()>,
}

impl Terminal {
    /// Makes one of the side of a terminal that has the keys; where its
    /// program's end will be told; and what tells, by its own end, that nobody
    /// has the terminal any more.
    ///
    /// # Errors
    /// The descriptor can't be waited for.
    pub fn new(
        screen: OwnedFd,
        end: watch::Receiver<Option<TerminalEnd>>,
        hold: oneshot::Sender<()>,
    ) -> io::Result<Self> {
        Ok(Self {
            screen: system::wait_on(screen)?,
            end,
            _hold: hold,
        })
    }

    /// Reads what the program wrote to its screen; 0 bytes when it, and all
    /// that held the terminal open, is gone.
    ///
    /// # Errors
    /// The terminal can't be read.
    pub async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self
            .screen
            .async_io(Interest::READABLE, |screen| {
                Ok(rustix::io::read(screen, &mut *buffer)?)
            })
            .await;
        match read {
            // What Linux says when nobody holds the other side any more.
            Err(error) if error.raw_os_error() == Some(libc::EIO) => Ok(0),
            read => read,
        }
    }

    /// Types `bytes`; returns how many were taken. It waits while the program
    /// does not read.
    ///
    /// # Errors
    /// The terminal can't be written to.
    pub async fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.screen
            .async_io(Interest::WRITABLE, |screen| {
                Ok(rustix::io::write(screen, bytes)?)
            })
            .await
    }

    /// Changes the size of the screen and tells the program.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn resize(&self, size: ScreenSize) -> io::Result<()> {
        let size = rustix::termios::Winsize {
            ws_row: size.rows,
            ws_col: size.columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        Ok(rustix::termios::tcsetwinsize(self.screen.get_ref(), size)?)
    }

    /// Waits for the program's end. Output may still be left to read.
    pub async fn ended(&self) -> TerminalEnd {
        let mut end = self.end.clone();
        let ended = end.wait_for(Option::is_some).await;
        ended.ok().and_then(|end| end.clone()).unwrap_or_default()
    }
}
