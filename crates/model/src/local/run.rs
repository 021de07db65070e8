//! Asking: starts the helper when it doesn't run, and leaves one alone that
//! doesn't stay up.

use bytes::Bytes;

use super::LocalModel;
use super::ask::Body;
use super::decoder;
use super::process::{Answering, Helper};
use crate::error::{Error, Result};

/// The longest question, in bytes: no context that the helper can be given
/// holds more, and so many of it wait at once that it must have a bound.
const QUESTION_BYTES: usize = 4 << 20;
impl LocalModel {
    /// Asks; the answer comes as server-sent events, the first of which says
    /// what is to be looked for in it.
    ///
    /// # Errors
    /// [`Error::LocalModel`] when it can't be used; [`Error::LocalModelFell`]
    /// when it doesn't stay up; [`Error::Weights`] when the file is not the one
    /// that is meant; [`Error::ContextTooLong`] for what can't fit.
    pub(crate) async fn ask(&self, body: &Bytes) -> Result<reqwest::Response> {
        if body.len() > QUESTION_BYTES {
            return Err(Error::ContextTooLong {
                model: self.pin().model.clone(),
                message: format!("it is more than {} MiB", QUESTION_BYTES >> 20),
            });
        }
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

    async fn answering(&self, body: &Bytes) -> Result<Answering> {
        // A helper may end between two looks at it; it then starts again, and
        // no more than once.
        for _ in 0..2 {
            if let Some(answering) = self.started().await?.ask(body).await {
                return Ok(answering);
            }
        }
        Err(Error::LocalModelFell {
            reason: "its program ends as soon as it is asked".to_owned(),
        })
    }

    /// Returns the running helper, which is started when there is none.
    async fn started(&self) -> Result<Helper> {
        if let Some(running) = running(self.0.helper.lock().await.as_ref()) {
            return Ok(running);
        }
        let model = self.clone();
        let stop = self.0.stop.clone();
        // In a task of its own: loading takes seconds, and whoever asks at each
        // key gives up sooner than that.
        let starting = self
            .0
            .tasks
            .spawn(async move { stop.run_until_cancelled(model.start()).await });
        match starting.await {
            Ok(Some(started)) => started,
            Ok(None) => Err(Error::Cancelled),
            Err(_) => Err(Error::LocalModelFell {
                reason: "its program could not be started".to_owned(),
            }),
        }
    }

    async fn start(&self) -> Result<Helper> {
        let mut helper = self.0.helper.lock().await;
        if let Some(running) = running(helper.as_ref()) {
            return Ok(running);
        }
        *helper = None;
        let options = &self.0.options;
        self.require_usable()?;
        self.require_rested()?;
        self.verify().await?;
        let started = options.machine.start(&options.weights.path());
        let falls = &self.0.falls;
        let started =
            Helper::start(started, options.idle, falls, &self.0.tasks, &self.0.stop).await;
        let started = started.map_err(|reason| {
            falls.fell(&reason);
            tracing::warn!(reason, "the local model's helper could not be started");
            Error::LocalModelFell {
                reason: falls.last().map_or(reason, |fall| fall.sentence()),
            }
        })?;
        *helper = Some(started.clone());
        Ok(started)
    }

    /// Leaves one that falls again and again alone for a while.
    fn require_rested(&self) -> Result<()> {
        match self.0.falls.last() {
            Some(fall) if !fall.rest.is_zero() => Err(Error::LocalModelFell {
                reason: fall.sentence(),
            }),
            _ => Ok(()),
        }
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
}

fn running(helper: Option<&Helper>) -> Option<Helper> {
    helper.filter(|helper| helper.is_open()).cloned()
}
