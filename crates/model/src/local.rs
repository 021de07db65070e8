//! The model that runs on this machine, without a key and without a network.
//!
//! Its weights are one file, pinned by hash ([`Weights`]); a helper program
//! loads them and answers ([`Machine`] starts it). The helper is a process of
//! its own, so that neither its gigabyte nor its crash is ours: it is started
//! by the first request, shared by all, ended when it has not been used for a
//! while, and started again after a crash, which is an error message to those
//! who waited.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex as PlainMutex;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use self::builder::Builder;
use self::falls::Falls;
use self::get::Pull;
use self::process::Helper;
use crate::capabilities::ModelFacts;
use crate::completion::Completion;
use crate::error::{Error, Result};
use crate::request::Request;

pub(crate) mod ask;
mod builder;
mod decoder;
mod falls;
mod get;
mod process;
mod protocol;
mod pull;
mod run;
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

pub use builder::{BuildState, BuilderSocket};
pub use process::{Machine, Started};
pub use pull::{OnProgress, Progress};
pub use weights::{Pin, Presence, Weights};

/// How many parameters the model has, in round numbers.
const PARAMETERS: u64 = 1_540_000_000;

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
    falls: Arc<Falls>,
    builder: Builder,
    pull: PlainMutex<Pull>,
    tasks: TaskTracker,
    stop: CancellationToken,
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
    /// How the helper last ended unasked, and when it starts again; `None`
    /// once it has answered since.
    pub fall: Option<String>,
    /// How far the building of the helper is.
    pub build: BuildState,
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
            falls: Arc::default(),
            builder: Builder::default(),
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
            build: self.0.builder.state(),
            fall: self.0.falls.last().map(|fall| fall.sentence()),
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
            parameters: Some(PARAMETERS),
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

    /// Ends the helper and what is being fetched.
    pub fn close(&self) {
        self.0.stop.cancel();
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
