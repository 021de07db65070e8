//! The model that runs on this machine, without a key and without a network.
//!
//! Its weights are one file, pinned by hash ([`Weights`]); a helper program
//! loads them and answers ([`Machine`] starts it). The helper is a process of
//! its own, so that neither its gigabyte nor its crash is ours: it is started
//! by the first request, shared by all, ended when it has not been used for a
//! while, and started again after a crash, which is an error message to those
//! who waited.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex as PlainMutex;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use self::ask::Body;
use self::process::{Answering, Helper};
use crate::capabilities::ModelFacts;
use crate::completion::Completion;
use crate::error::{Error, Result};
use crate::http;
use crate::request::Request;

pub(crate) mod ask;
mod decoder;
mod process;
mod protocol;
mod pull;
mod tool_calls;
mod weights;

pub(crate) use decoder::Decoder;
/// Stands for the address of the local model where an endpoint needs one;
/// nothing is ever sent there.
pub const BASE_URL: &str = "http://localhost/";

/// Writes the body of a request.
pub(crate) fn encode(request: &Request) -> serde_json::Result<Bytes> {
    serde_json::to_vec(&ask::chat(request)).map(Bytes::from)
}

/// Writes the body of a request to fill in.
pub(crate) fn encode_completion(asked: &Completion) -> serde_json::Result<Bytes> {
    serde_json::to_vec(&ask::fill(asked)).map(Bytes::from)
}

pub use process::{Machine, Started};
pub use pull::{OnProgress, Progress};
pub use weights::{Pin, Presence, Weights};

/// What stays free on the disk.
const SPARE_BYTES: u64 = 64 << 20;

/// What a local model is made with.
#[derive(Debug)]
pub struct LocalOptions {
    /// The weights.
    pub weights: Weights,
    /// What starts the helper program and knows the disk.
    pub machine: Arc<dyn Machine>,
    /// Where the weights are fetched from; the publisher's address when
    /// `None`.
    pub source: Option<Url>,
    /// How many tokens the helper remembers at once.
    pub context_tokens: u32,
    /// After how long without a request the helper is ended.
    pub idle: Duration,
}

/// The model on this machine. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LocalModel(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: LocalOptions,
    /// Held while the helper starts, so that it starts once.
    helper: Mutex<Option<Helper>>,
    pull: PlainMutex<Pull>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// The last attempt to get the weights.
#[derive(Debug, Default)]
struct Pull {
    running: Option<CancellationToken>,
    progress: Option<Progress>,
    failure: Option<String>,
}

/// What is known of the local model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalState {
    /// The weights.
    pub weights: WeightsState,
    /// The program that runs them.
    pub helper: HelperState,
    /// Why the last attempt to get the weights failed.
    pub failure: Option<String>,
}

/// How far the weights are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightsState {
    /// They are not there; so many bytes of them are left of an earlier
    /// attempt.
    Absent(u64),
    /// They are coming; so many bytes are there.
    Downloading(u64),
    /// They are there, and so many bytes have been compared with the hash.
    Checking(u64),
    /// They are there.
    Ready,
}

/// What the program that runs the weights is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HelperState {
    /// It is not built.
    Missing,
    /// It is there, and starts with the next request.
    Ready,
    /// It runs, with the model in memory.
    Loaded,
}

impl LocalModel {
    /// Makes a local model; nothing is started or fetched yet.
    pub fn new(options: LocalOptions) -> Self {
        Self(Arc::new(Inner {
            options,
            helper: Mutex::new(None),
            pull: PlainMutex::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }))
    }

    /// Returns which weights it runs.
    pub fn pin(&self) -> &Pin {
        self.0.options.weights.pin()
    }

    /// Returns where its weights are fetched from.
    pub fn source(&self) -> String {
        let options = &self.0.options;
        let source = options.source.as_ref().map(ToString::to_string);
        source.unwrap_or_else(|| options.weights.pin.url.clone())
    }

    /// Returns where its weights lie.
    pub fn path(&self) -> PathBuf {
        self.0.options.weights.path()
    }

    /// Returns what is known of it.
    pub fn state(&self) -> LocalState {
        let pull = self.0.pull.lock();
        let weights = match (&pull.running, pull.progress) {
            (Some(_), Some(Progress::Checked(bytes))) => WeightsState::Checking(bytes),
            (Some(_), Some(Progress::Received(bytes))) => WeightsState::Downloading(bytes),
            (Some(_), None) => WeightsState::Downloading(0),
            (None, _) => match self.0.options.weights.presence() {
                Presence::Whole => WeightsState::Ready,
                Presence::Part(bytes) => WeightsState::Absent(bytes),
                Presence::Absent => WeightsState::Absent(0),
            },
        };
        LocalState {
            weights,
            helper: self.helper_state(),
            failure: pull.failure.clone(),
        }
    }

    /// Returns whether a request would be answered.
    pub fn is_usable(&self) -> bool {
        self.require_usable().is_ok()
    }

    /// Returns what the model can do.
    pub fn facts(&self) -> ModelFacts {
        ModelFacts {
            id: self.pin().model.clone(),
            context_tokens: Some(self.0.options.context_tokens),
            images: Some(false),
            tools: Some(true),
            reasoning: Some(false),
            fim: Some(true),
            ..ModelFacts::default()
        }
    }

    /// Makes sure that a request would be answered; nothing is loaded.
    ///
    /// # Errors
    /// [`Error::LocalModel`] says what is missing.
    pub(crate) fn require_usable(&self) -> Result<()> {
        let options = &self.0.options;
        let reason = if !options.machine.is_there() {
            "the program that runs it is not built"
        } else if options.weights.presence() != Presence::Whole {
            "its weights are not on this machine"
        } else {
            return Ok(());
        };
        Err(Error::LocalModel {
            reason: reason.to_owned(),
        })
    }

    /// Begins to fetch the weights, unless they are there or on their way.
    pub fn begin_pull(&self) {
        let cancel = {
            let mut pull = self.0.pull.lock();
            if pull.running.is_some() || self.0.options.weights.presence() == Presence::Whole {
                return;
            }
            let cancel = self.0.stop.child_token();
            *pull = Pull {
                running: Some(cancel.clone()),
                ..Pull::default()
            };
            cancel
        };
        let model = self.clone();
        self.0.tasks.spawn(async move {
            let noted = |progress| model.0.pull.lock().progress = Some(progress);
            let pulled = model.pull(None, &noted, &cancel).await;
            if let Err(error) = &pulled {
                tracing::warn!(%error, "the local model's weights were not fetched");
            }
            let mut pull = model.0.pull.lock();
            pull.running = None;
            pull.failure = match pulled {
                Ok(()) | Err(Error::Cancelled) => None,
                Err(error) => Some(error.to_string()),
            };
        });
    }

    /// Stops fetching the weights. What has arrived is kept.
    pub fn cancel_pull(&self) {
        if let Some(running) = &self.0.pull.lock().running {
            running.cancel();
        }
    }

    /// Fetches the weights and returns when they are there: from `url`, or
    /// where they are fetched from anyway.
    ///
    /// # Errors
    /// [`Error::Weights`], [`Error::Client`] or [`Error::Cancelled`].
    pub async fn pull(
        &self,
        url: Option<Url>,
        progress: OnProgress<'_>,
        cancel: &CancellationToken,
    ) -> Result<()> {
        let options = &self.0.options;
        let url = match url.or_else(|| options.source.clone()) {
            Some(url) => url,
            None => Url::parse(&options.weights.pin.url).map_err(|_| Error::Weights {
                reason: "their publisher's address is not a URL".to_owned(),
            })?,
        };
        self.require_room()?;
        let client = http::downloads(concat!("atelier/", env!("CARGO_PKG_VERSION")))?;
        options
            .weights
            .download(&client, &url, progress, cancel)
            .await
    }

    /// Takes the weights from a file, which stays where it is. Blocks while it
    /// copies.
    ///
    /// # Errors
    /// [`Error::Weights`] when it is another file or can't be read.
    pub fn pull_file(
        &self,
        file: &Path,
        progress: OnProgress<'_>,
        cancel: &CancellationToken,
    ) -> Result<()> {
        self.require_room()?;
        self.0.options.weights.copy(file, progress, cancel)
    }

    /// Ends the helper and what is being fetched.
    pub fn close(&self) {
        self.0.stop.cancel();
    }

    /// Asks; the answer comes as server-sent events, the first of which says
    /// what is to be looked for in it.
    ///
    /// # Errors
    /// [`Error::LocalModel`] when it can't be used; [`Error::Weights`] when
    /// the file is not the one that is meant.
    pub(crate) async fn ask(&self, body: &Bytes) -> Result<reqwest::Response> {
        let calls = serde_json::from_slice::<Body>(body)
            .map_err(|_| Error::InvalidRequest {
                reason: "it is not one for the local model",
            })?
            .calls;
        let answering = self.answering(body).await?;
        let first = Some(Bytes::from(decoder::opening(&calls)));
        let events =
            futures_util::stream::unfold((first, answering), async |(first, answering)| {
                let mut answering = answering;
                let line = match first {
                    Some(first) => first,
                    None => answering.next().await?,
                };
                let mut event = b"data: ".to_vec();
                event.extend_from_slice(line.trim_ascii_end());
                event.extend_from_slice(b"\n\n");
                Some((Ok::<_, std::io::Error>(event), (None, answering)))
            });
        let body = reqwest::Body::wrap_stream(events);
        Ok(reqwest::Response::from(hyper::Response::new(body)))
    }

    /// Refuses to begin what the disk can't hold.
    fn require_room(&self) -> Result<()> {
        let options = &self.0.options;
        let there = match options.weights.presence() {
            Presence::Part(bytes) => bytes,
            Presence::Absent | Presence::Whole => 0,
        };
        let needed = options.weights.pin.size_bytes - there + SPARE_BYTES;
        options.weights.make_folder()?;
        let folder = &options.weights.folder;
        match options.machine.free_bytes(folder) {
            Some(free) if free < needed => Err(Error::Weights {
                reason: format!(
                    "`{}` has {} MiB free, and {} MiB are needed",
                    folder.display(),
                    free >> 20,
                    needed >> 20
                ),
            }),
            _ => Ok(()),
        }
    }

    async fn answering(&self, body: &Bytes) -> Result<Answering> {
        // A helper may end between two looks at it; it then starts again, and
        // no more than once.
        for _ in 0..2 {
            if let Some(answering) = self.started().await?.ask(body).await {
                return Ok(answering);
            }
        }
        Err(Error::LocalModel {
            reason: "its program ends as soon as it is asked".to_owned(),
        })
    }

    async fn started(&self) -> Result<Helper> {
        let mut helper = self.0.helper.lock().await;
        if let Some(running) = helper.as_ref().filter(|helper| helper.is_open()) {
            return Ok(running.clone());
        }
        *helper = None;
        let failed = |reason: String| Error::LocalModel { reason };
        let options = &self.0.options;
        self.require_usable()?;
        self.verify().await?;
        let started = options.machine.start(&options.weights.path());
        let started = Helper::start(started, options.idle, &self.0.tasks, &self.0.stop).await;
        let started = started.map_err(failed)?;
        *helper = Some(started.clone());
        Ok(started)
    }

    async fn verify(&self) -> Result<()> {
        let (weights, stop) = (self.0.options.weights.clone(), self.0.stop.clone());
        let verified = tokio::task::spawn_blocking(move || weights.verify(&stop)).await;
        verified.unwrap_or_else(|_| {
            Err(Error::Weights {
                reason: "they could not be checked".to_owned(),
            })
        })
    }

    fn helper_state(&self) -> HelperState {
        // Locked only while it starts, or for a moment.
        let loaded = self
            .0
            .helper
            .try_lock()
            .is_ok_and(|helper| helper.as_ref().is_some_and(Helper::is_open));
        if loaded {
            HelperState::Loaded
        } else if self.0.options.machine.is_there() {
            HelperState::Ready
        } else {
            HelperState::Missing
        }
    }
}

#[cfg(test)]
mod tests;
