//! What flows between the server and a running cell: input, output, the
//! answer, and the request to end.
//!
//! One task drains both output pipes, so that a program that fills one while
//! we look at the other never stands still.

use std::io::{self, Cursor};
use std::os::fd::OwnedFd;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::pipe;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::command::{Outcome, Output, Stream};

/// The most bytes taken from a pipe at a time.
const CHUNK: usize = 64 * 1024;
/// The most bytes of an answer.
const ANSWER_BYTES: usize = 256 * 1024;
/// How long a cell that is to end may take, and a receiver to take its output.
const GRACE: Duration = Duration::from_secs(5);

/// One output pipe.
#[derive(Debug)]
struct Drain {
    stream: Stream,
    pipe: Option<pipe::Receiver>,
    /// Grows as bytes come: most programs write few, and memory that is not
    /// touched costs nothing.
    buffer: Vec<u8>,
}

impl Drain {
    fn new(stream: Stream, pipe: pipe::Receiver) -> Self {
        Self {
            stream,
            pipe: Some(pipe),
            buffer: Vec::with_capacity(CHUNK),
        }
    }

    /// Returns the next bytes; `None` once, at the end.
    async fn next(&mut self) -> Option<Output> {
        let Some(pipe) = &mut self.pipe else {
            return std::future::pending().await;
        };
        match pipe.read_buf(&mut self.buffer).await {
            Ok(0) | Err(_) => {
                self.pipe = None;
                None
            }
            Ok(_) => {
                let bytes = self.buffer.clone();
                self.buffer.clear();
                Some(Output {
                    stream: self.stream,
                    bytes,
                })
            }
        }
    }
}

/// The server's ends of a cell's pipes.
#[derive(Debug)]
pub(super) struct Ends {
    pub stdin: pipe::Sender,
    pub input: Vec<u8>,
    pub stdout: pipe::Receiver,
    pub stderr: pipe::Receiver,
    pub control: UnixStream,
}

/// The server's ends of a program's pipes.
#[derive(Debug)]
pub(super) struct Pipes {
    stdin: pipe::Sender,
    stdout: pipe::Receiver,
    stderr: pipe::Receiver,
}

impl Pipes {
    /// Makes them; returns the program's ends too: standard input, output and
    /// error.
    pub(super) fn make() -> io::Result<(Self, [OwnedFd; 3])> {
        let (stdin_in, stdin_out) = io::pipe()?;
        let (stdout_in, stdout_out) = io::pipe()?;
        let (stderr_in, stderr_out) = io::pipe()?;
        let ours = Self {
            stdin: pipe::Sender::from_owned_fd(stdin_out.into())?,
            stdout: pipe::Receiver::from_owned_fd(stdout_in.into())?,
            stderr: pipe::Receiver::from_owned_fd(stderr_in.into())?,
        };
        Ok((
            ours,
            [stdin_in.into(), stdout_out.into(), stderr_out.into()],
        ))
    }

    /// Adds what is typed into them and the socket that says how it ends.
    pub(super) fn into_ends(self, input: Vec<u8>, control: UnixStream) -> Ends {
        Ends {
            stdin: self.stdin,
            input,
            stdout: self.stdout,
            stderr: self.stderr,
            control,
        }
    }
}

/// What flowed.
#[derive(Debug, Default)]
pub(super) struct Flowed {
    /// Why the cell was told to end, if it was.
    pub verdict: Option<Outcome>,
    /// What the launcher answered.
    pub answer: Vec<u8>,
    pub stdout_bytes: u64,
    pub stderr_bytes: u64,
    /// Whether everything ended, in time when told to.
    pub complete: bool,
}

/// Lets everything flow until the cell has ended. At most `limit` bytes of
/// output are delivered. The cell is told to end when more come, and when
/// `ending` resolves.
pub(super) async fn flow(
    ends: Ends,
    limit: u64,
    ending: impl Future<Output = Outcome>,
    output: &mpsc::Sender<Output>,
) -> Flowed {
    let mut state = State::new(ends, limit);
    tokio::pin!(ending);
    while !state.is_done() {
        let room = state.waiting.is_none();
        let event = tokio::select! {
            chunk = state.stdout.next(), if room => Event::Chunk(chunk),
            chunk = state.stderr.next(), if room => Event::Chunk(chunk),
            permit = output.reserve(), if !room => Event::Room(permit.ok()),
            () = feed(&mut state.stdin, &mut state.input) => Event::Fed,
            read = state.control.read_buf(&mut state.flowed.answer), if !state.answered => {
                Event::Answer(read.unwrap_or(0))
            }
            outcome = &mut ending, if state.last.is_none() => Event::End(outcome),
            () = past(state.last) => return state.flowed,
        };
        state.take(event).await;
    }
    state.flowed.complete = true;
    state.flowed
}

enum Event<'a> {
    Chunk(Option<Output>),
    Room(Option<mpsc::Permit<'a, Output>>),
    Fed,
    Answer(usize),
    End(Outcome),
}

struct State {
    stdout: Drain,
    stderr: Drain,
    stdin: Option<pipe::Sender>,
    input: Cursor<Vec<u8>>,
    control: UnixStream,
    limit: u64,
    /// Output that the receiver has no room for yet.
    waiting: Option<Output>,
    answered: bool,
    /// When to give up, once the cell was told to end.
    last: Option<Instant>,
    flowed: Flowed,
}

impl State {
    fn new(ends: Ends, limit: u64) -> Self {
        Self {
            stdout: Drain::new(Stream::Stdout, ends.stdout),
            stderr: Drain::new(Stream::Stderr, ends.stderr),
            stdin: Some(ends.stdin),
            input: Cursor::new(ends.input),
            control: ends.control,
            limit,
            waiting: None,
            answered: false,
            last: None,
            flowed: Flowed::default(),
        }
    }

    fn is_done(&self) -> bool {
        let drained = self.stdout.pipe.is_none() && self.stderr.pipe.is_none();
        self.answered && drained && self.waiting.is_none()
    }

    async fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Chunk(None) | Event::Fed => {}
            Event::Chunk(Some(chunk)) => self.admit(chunk).await,
            Event::Room(permit) => {
                // A receiver that is gone gets nothing; the program goes on.
                if let (Some(permit), Some(chunk)) = (permit, self.waiting.take()) {
                    permit.send(chunk);
                }
                self.waiting = None;
            }
            Event::Answer(count) => {
                self.answered = count == 0 || self.flowed.answer.len() > ANSWER_BYTES;
            }
            Event::End(outcome) => self.end(outcome).await,
        }
    }

    /// Queues what is below the limit; ends the cell at the first byte above.
    async fn admit(&mut self, mut chunk: Output) {
        let before = self.flowed.stdout_bytes + self.flowed.stderr_bytes;
        let room = usize::try_from(self.limit.saturating_sub(before)).unwrap_or(usize::MAX);
        let over = chunk.bytes.len() > room;
        chunk.bytes.truncate(room);
        let count = chunk.bytes.len() as u64;
        match chunk.stream {
            Stream::Stdout => self.flowed.stdout_bytes += count,
            Stream::Stderr => self.flowed.stderr_bytes += count,
        }
        if count > 0 {
            self.waiting = Some(chunk);
        }
        if over && self.flowed.verdict.is_none() {
            self.flowed.verdict = Some(Outcome::Output);
            self.end(Outcome::Output).await;
        }
    }

    /// Asks the launcher to end the cell: the end of the control socket is what
    /// it would see, too, if this server died.
    async fn end(&mut self, outcome: Outcome) {
        if self.last.is_none() {
            self.last = Some(Instant::now() + GRACE);
        }
        if !self.answered {
            self.flowed.verdict.get_or_insert(outcome);
            let _ = self.control.shutdown().await;
        }
    }
}

async fn past(last: Option<Instant>) {
    match last {
        Some(last) => tokio::time::sleep_until(last).await,
        None => std::future::pending().await,
    }
}

/// Writes some input, or ends it when there is no more.
async fn feed(stdin: &mut Option<pipe::Sender>, input: &mut Cursor<Vec<u8>>) {
    let Some(pipe) = stdin else {
        return std::future::pending().await;
    };
    let left = input.position() < input.get_ref().len() as u64;
    // A program that does not read its input is no error.
    if !left || pipe.write_buf(input).await.is_err() {
        *stdin = None;
    }
}
