//! A running call: bytes in, deltas out.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::bound::AtMost;
use crate::delta::{Delta, FinishReason, Usage};
use crate::draft::Fault;
use crate::error::{Error, Result};
use crate::failure::Peer;
use crate::message::{Carried, ToolCall};
use crate::reader::{Progress, Reader};

/// How long the rest of a stream is waited for once the model has stopped:
/// usage comes at once or never, and some servers don't close.
const TAIL: Duration = Duration::from_secs(5);
/// How long the end of the response is waited for once the answer is whole.
const DRAIN: Duration = Duration::from_millis(50);
/// A running call. Dropping it closes the connection, and with it the work of
/// servers that notice.
pub struct Call {
    /// `None` once nothing more is read.
    response: Option<Response>,
    reader: Reader,
    /// Comes after what is ready.
    failure: Option<Error>,
    ended: bool,
    wait: Wait,
    context: Context,
}

/// What a call needs besides the response.
pub(crate) struct Context {
    pub(crate) peer: Peer,
    pub(crate) at_most: AtMost,
    pub(crate) cancel: CancellationToken,
    pub(crate) idle_timeout: Duration,
    pub(crate) max_answer_bytes: usize,
}

/// A whole answer, for callers that don't show it grow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The visible text.
    pub text: String,
    /// The model's thinking, where shown.
    pub reasoning: String,
    /// The tools it wants to call.
    pub tool_calls: Vec<ToolCall>,
    /// What its provider wants back unchanged.
    pub carried: Vec<Carried>,
    /// Why it stopped.
    pub reason: FinishReason,
    /// What it used.
    pub usage: Usage,
}

/// Until when something is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    deadline: Instant,
    total: Duration,
}

impl Wait {
    /// Begins to wait now.
    pub(crate) fn from_now(total: Duration) -> Self {
        Self {
            deadline: Instant::now() + total,
            total,
        }
    }

    /// Waits for `work`, for cancellation or for the deadline, whichever is
    /// first.
    pub(crate) async fn run<T>(
        self,
        work: impl Future<Output = T>,
        cancel: &CancellationToken,
        peer: &Peer,
    ) -> Result<T> {
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(Error::Cancelled),
            done = work => Ok(done),
            () = tokio::time::sleep_until(self.deadline) => Err(Error::Idle {
                endpoint: peer.endpoint.clone(),
                after: self.total,
            }),
        }
    }
}

/// Shows whom it talks to; an answer is not for logs.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("endpoint", &self.context.peer.endpoint)
            .field("model", &self.context.peer.model)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

impl Call {
    pub(crate) fn new(mut response: Response, context: Context, wait: Wait) -> Result<Self> {
        let kind = response.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|v| v.to_str().ok()).unwrap_or_default();
        let (sent, limit) = (context.at_most.input_tokens, context.max_answer_bytes);
        let reader = if kind.starts_with("application/json") {
            Reader::whole(context.peer.wire, &context.peer.model, sent, limit)
        } else if kind.starts_with("text/html") {
            return Err(context.peer.protocol("a web page"));
        } else {
            Reader::events(context.peer.wire, &context.peer.model, sent, limit)
        };
        // They lie in the connection's first buffer, and would keep it as long as
        // the answer lasts.
        response.headers_mut().clear();
        Ok(Self {
            response: Some(response),
            reader,
            failure: None,
            ended: false,
            wait,
            context,
        })
    }

    /// Returns the next step of the answer; `None` after the last, or after an
    /// error. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`Error::Cancelled`] as soon as the token is cancelled, even when more
    /// has arrived; [`Error::Cut`], [`Error::Idle`], [`Error::TooLarge`],
    /// [`Error::Protocol`], or what the provider reports.
    pub async fn next(&mut self) -> Option<Result<Delta>> {
        loop {
            if self.ended {
                return None;
            }
            if self.reader.is_empty() && self.failure.is_none() {
                if self.reader.progress() == Progress::Complete {
                    self.drain().await;
                }
                if self.response.is_none() {
                    self.ended = true;
                    return None;
                }
            }
            if self.context.cancel.is_cancelled() {
                return Some(Err(self.end(Error::Cancelled)));
            }
            if let Some(delta) = self.reader.pop() {
                return Some(Ok(delta));
            }
            if let Some(error) = self.failure.take() {
                return Some(Err(self.end(error)));
            }
            if let Err(error) = self.read().await {
                self.response = None;
                self.failure = Some(error);
            }
        }
    }

    /// Reads to the end and returns the whole answer.
    ///
    /// # Errors
    /// As [`Call::next`]; what had arrived is then lost.
    pub async fn collect(mut self) -> Result<Answer> {
        let mut answer = Answer {
            text: String::new(),
            reasoning: String::new(),
            tool_calls: Vec::new(),
            carried: Vec::new(),
            reason: FinishReason::Stop,
            usage: Usage::default(),
        };
        while let Some(delta) = self.next().await {
            match delta? {
                Delta::Text(text) => answer.text.push_str(&text),
                Delta::Reasoning(text) => answer.reasoning.push_str(&text),
                Delta::ToolCallPart(_) => {}
                Delta::ToolCall(call) => answer.tool_calls.push(call),
                Delta::Carried(carried) => answer.carried.push(carried),
                Delta::Finish { reason } => answer.reason = reason,
                Delta::Usage(usage) => answer.usage = usage,
            }
        }
        Ok(answer)
    }

    /// Returns what the call has used so far: as reported at its end, else the
    /// most that is known (see [`Usage::estimated`]). For calls that end in an
    /// error; others end in [`Delta::Usage`].
    pub fn usage(&self) -> Usage {
        self.reader.usage()
    }

    fn end(&mut self, error: Error) -> Error {
        self.response = None;
        self.ended = true;
        error
    }

    /// Reads the end of the response, so that the connection can be used
    /// again; a server that doesn't end it soon loses the connection.
    async fn drain(&mut self) {
        if let Some(response) = &mut self.response {
            let rest = async { while let Ok(Some(_)) = response.chunk().await {} };
            // Late or not, the answer is whole.
            let _ = tokio::time::timeout(DRAIN, rest).await;
        }
        self.response = None;
    }

    async fn read(&mut self) -> Result<()> {
        let Some(response) = &mut self.response else {
            return Ok(());
        };
        let Context { cancel, peer, .. } = &self.context;
        let chunk = self.wait.run(response.chunk(), cancel, peer).await;
        match chunk {
            Ok(Ok(Some(bytes))) => self.take(&bytes),
            Ok(Ok(None)) => self.finish(None),
            Ok(Err(error)) => self.finish(Some(error.without_url())),
            // The answer is whole; only its usage is missing.
            Err(Error::Idle { .. }) if self.reader.progress() == Progress::Stopped => {
                self.finish(None)
            }
            Err(error) => Err(error),
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        let taken = self.reader.take(bytes);
        taken.map_err(|fault| self.error(fault, None))?;
        let idle = self.context.idle_timeout;
        self.wait = Wait::from_now(match self.reader.progress() {
            Progress::Open => idle,
            Progress::Stopped | Progress::Complete => idle.min(TAIL),
        });
        Ok(())
    }

    /// Ends the reading; `source` says why, unless it ended in an orderly way.
    fn finish(&mut self, source: Option<reqwest::Error>) -> Result<()> {
        self.response = None;
        let finished = self.reader.finish();
        finished.map_err(|fault| self.error(fault, source))
    }

    fn error(&self, fault: Fault, source: Option<reqwest::Error>) -> Error {
        let peer = &self.context.peer;
        let endpoint = peer.endpoint.clone();
        match fault {
            Fault::Reported(reported) => reported.into_stream_error(peer),
            // Half a document is a cut, not another protocol.
            Fault::Shape(data) if source.is_none() => peer.protocol(&data),
            Fault::Shape(_) | Fault::Cut => Error::Cut { endpoint, source },
            Fault::TooLarge => Error::TooLarge {
                endpoint,
                limit_bytes: self.context.max_answer_bytes,
            },
        }
    }
}
