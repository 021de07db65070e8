//! The helper process: started when it is needed, shared by all who ask, ended
//! when nobody does, and started again after a crash.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use serde_json::value::RawValue;
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _,
    BufReader,
};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::falls::Falls;
use super::protocol::{Code, Event, LINE_BYTES, Order, VERSION};

/// How long loading may take: a gigabyte from a slow disk, on a busy machine.
const LOAD: Duration = Duration::from_mins(4);
/// How long is waited for how it ended, once it seems to have.
const LAST_WORD: Duration = Duration::from_secs(2);
/// The most events of an answer that wait to be read. An answer that nobody
/// reads on is given up when it has more: tokens are far fewer.
const UNREAD: usize = 32 * 1024;
/// The most orders that wait to be written.
const UNWRITTEN: usize = 256;

/// What this machine does for the local model; the crates that start processes
/// and know disks are not ours to call.
pub trait Machine: fmt::Debug + Send + Sync {
    /// Starts the helper with a file of weights.
    ///
    /// # Errors
    /// The program is not there or can't be started.
    fn start(&self, weights: &Path) -> io::Result<Started>;

    /// Returns whether the program is there.
    fn is_there(&self) -> bool;

    /// Returns how many bytes a folder's disk has free; `None` when that is
    /// not known.
    fn free_bytes(&self, folder: &Path) -> Option<u64>;
}

/// A helper that has been started.
pub struct Started {
    /// Its standard input.
    pub input: Box<dyn AsyncWrite + Send + Unpin>,
    /// Its standard output.
    pub output: Box<dyn tokio::io::AsyncRead + Send + Unpin>,
    /// Ends when the process does, and says how, such as `it was ended by
    /// signal 9`. Dropping it ends the process.
    pub ended: BoxFuture<'static, String>,
}

impl fmt::Debug for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Started").finish_non_exhaustive()
    }
}

/// A running helper. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Helper(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    orders: mpsc::Sender<Bytes>,
    answers: Mutex<Answers>,
    falls: Arc<Falls>,
}

#[derive(Debug)]
struct Answers {
    open: HashMap<u64, mpsc::Sender<Bytes>>,
    last_id: u64,
    last_used: Instant,
    /// Whether it takes no more questions.
    closed: bool,
}

/// An answer that is being given. Dropping it cancels the question.
#[derive(Debug)]
pub(crate) struct Answering {
    helper: Helper,
    id: u64,
    lines: mpsc::Receiver<Bytes>,
}

impl Helper {
    /// Starts the helper and waits until the model is loaded.
    ///
    /// # Errors
    /// Why it can't be used, for people.
    pub(crate) async fn start(
        started: io::Result<Started>,
        idle: Duration,
        falls: &Arc<Falls>,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Result<Self, String> {
        let started =
            started.map_err(|error| format!("its program could not be started: {error}"))?;
        let Started {
            input,
            output,
            mut ended,
        } = started;
        let mut lines = Lines::new(output);
        let ready = tokio::select! {
            ready = timeout(LOAD, lines.next()) => match ready {
                // Its output closes a moment before it is known how it ended.
                Ok(Ok(None)) => return Err(timeout(LAST_WORD, &mut ended)
                    .await
                    .unwrap_or_else(|_| "it closed its output while it was loading".to_owned())),
                ready => ready,
            },
            // A last word explains more than a status.
            how = &mut ended => match timeout(LAST_WORD, lines.next()).await {
                Ok(Ok(Some(line))) => Ok(Ok(Some(line))),
                _ => return Err(how),
            }
        };
        let line = ready
            .map_err(|_| "it took too long to load".to_owned())?
            .map_err(|error| format!("it can't be read: {error}"))?
            .ok_or_else(|| "it ended while it was loading".to_owned())?;
        match serde_json::from_slice(&line) {
            Ok(Event::Ready { version, .. }) if version == VERSION => {}
            Ok(Event::Failed { message, .. }) => return Err(message),
            _ => return Err("its program is of another version; build it again".to_owned()),
        }
        let (orders, waiting) = mpsc::channel(UNWRITTEN);
        let helper = Self(Arc::new(Inner {
            orders,
            answers: Mutex::new(Answers {
                open: HashMap::new(),
                last_id: 0,
                last_used: Instant::now(),
                closed: false,
            }),
            falls: Arc::clone(falls),
        }));
        tasks.spawn(write(input, waiting));
        let serving = helper.clone().serve(lines, ended, idle);
        let stop = stop.clone();
        // Dropping what serves ends the process.
        tasks.spawn(async move {
            let _ = stop.run_until_cancelled(serving).await;
        });
        Ok(helper)
    }

    /// Returns whether it takes questions.
    pub(crate) fn is_open(&self) -> bool {
        !self.0.answers.lock().closed
    }

    /// Asks; `None` when it takes no more questions.
    pub(crate) async fn ask(&self, body: &Bytes) -> Option<Answering> {
        let (sender, lines) = mpsc::channel(UNREAD);
        let id = {
            let mut answers = self.0.answers.lock();
            if answers.closed {
                return None;
            }
            answers.last_id += 1;
            let id = answers.last_id;
            answers.open.insert(id, sender);
            id
        };
        let answering = Answering {
            helper: self.clone(),
            id,
            lines,
        };
        // The very bytes that are stored: what the model is asked is what can be
        // read later.
        let ask: &RawValue = serde_json::from_slice(body).ok()?;
        self.0
            .orders
            .send(line(&Order::Ask { id, ask })?)
            .await
            .ok()?;
        Some(answering)
    }

    /// Hands out what the helper says until it ends or is idle for long.
    async fn serve(self, mut lines: Lines, mut ended: BoxFuture<'static, String>, idle: Duration) {
        let how = loop {
            let used = self.0.answers.lock().last_used;
            tokio::select! {
                biased;
                line = lines.next() => match line {
                    Ok(Some(line)) => self.hand_out(line),
                    Ok(None) => break timeout(LAST_WORD, &mut ended)
                        .await
                        .unwrap_or_else(|_| "it closed its output".to_owned()),
                    Err(error) => break error.to_string(),
                },
                how = &mut ended => break how,
                () = tokio::time::sleep_until(used + idle) => {
                    if self.close_if_idle(idle) {
                        tracing::info!("the local model was not used for a while and is unloaded");
                        return;
                    }
                }
            }
        };
        self.fail_all(&how);
    }

    fn hand_out(&self, line: Bytes) {
        let Ok(event) = serde_json::from_slice::<Event>(&line) else {
            tracing::warn!("the local model's helper said something that is no event");
            return;
        };
        let (id, last) = match event {
            Event::Read { id, .. } | Event::Text { id, .. } => (id, false),
            Event::Done { id, .. } => {
                self.0.falls.stood();
                (id, true)
            }
            Event::Failed { id: Some(id), .. } => (id, true),
            Event::Failed { message, .. } => {
                tracing::warn!(message, "the local model's helper complained");
                return;
            }
            Event::Ready { .. } => return,
        };
        let mut answers = self.0.answers.lock();
        answers.last_used = Instant::now();
        let unread = answers
            .open
            .get(&id)
            .is_some_and(|answer| answer.try_send(line).is_err());
        if last || unread {
            answers.open.remove(&id);
        }
    }

    fn close_if_idle(&self, idle: Duration) -> bool {
        let mut answers = self.0.answers.lock();
        answers.closed |= answers.open.is_empty() && answers.last_used.elapsed() >= idle;
        if !answers.closed {
            answers.last_used = Instant::now();
        }
        answers.closed && answers.open.is_empty()
    }

    /// Ends every open answer with the reason.
    fn fail_all(&self, how: &str) {
        let open: Vec<_> = {
            let mut answers = self.0.answers.lock();
            answers.closed = true;
            answers.open.drain().collect()
        };
        self.0.falls.fell(how);
        let again = self
            .0
            .falls
            .last()
            .map_or_else(String::new, |fall| fall.again());
        tracing::warn!(how, again, "the local model's helper ended");
        for (id, answer) in open {
            let event = Event::Failed {
                id: Some(id),
                code: Code::Broken,
                message: format!("the local model's program ended: {how}; {again}"),
            };
            let line = serde_json::to_vec(&event).unwrap_or_default();
            // Nobody reads any more: then nobody has to know.
            let _ = answer.try_send(line.into());
        }
    }
}

impl Answering {
    /// Returns the next line; `None` after the last.
    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        self.lines.recv().await
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let mut answers = self.helper.0.answers.lock();
        answers.last_used = Instant::now();
        if answers.open.remove(&self.id).is_some()
            && let Some(order) = line(&Order::<()>::Cancel { id: self.id })
        {
            // When so many orders wait the answer is made in vain, no more.
            let _ = self.helper.0.orders.try_send(order);
        }
    }
}

/// Writes an order down; nothing in it can fail to be.
fn line<T: serde::Serialize>(order: &Order<T>) -> Option<Bytes> {
    let mut line = serde_json::to_vec(order).ok()?;
    line.push(b'\n');
    Some(line.into())
}

async fn write(mut input: Box<dyn AsyncWrite + Send + Unpin>, mut orders: mpsc::Receiver<Bytes>) {
    while let Some(order) = orders.recv().await {
        if input.write_all(&order).await.is_err() || input.flush().await.is_err() {
            // Whoever reads its output learns why.
            return;
        }
    }
}

/// Lines of at most [`LINE_BYTES`].
struct Lines(Box<dyn AsyncBufRead + Send + Unpin>, Vec<u8>);

impl Lines {
    fn new(output: Box<dyn tokio::io::AsyncRead + Send + Unpin>) -> Self {
        Self(Box::new(BufReader::new(output)), Vec::new())
    }

    /// Reads the next line; dropping the future loses nothing.
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        let room = (LINE_BYTES + 1).saturating_sub(self.1.len());
        let mut limited = (&mut self.0).take(u64::try_from(room).unwrap_or(u64::MAX));
        limited.read_until(b'\n', &mut self.1).await?;
        if self.1.is_empty() {
            return Ok(None);
        }
        if self.1.len() > LINE_BYTES {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "it said too much in one line",
            ));
        }
        Ok(Some(std::mem::take(&mut self.1).into()))
    }
}
