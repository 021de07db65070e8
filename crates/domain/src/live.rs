//! Live streams and what can be cancelled: the parts of turns, runs and
//! workspaces that exist only while the server runs.
//!
//! An event is stored with its number first and announced after; subscribers
//! read it from the store. A slow one reads later, so nothing is buffered.

use std::collections::HashMap;

use atelier_base::{Clock, EventStreamId};
use atelier_store::{EventRow, NewEvent, Store, Writer};
use parking_lot::Mutex;
use serde::Serialize;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::error::{Error, Result};

/// How many events a subscriber gets at a time. One may hold 32 KiB of output.
const BATCH: u32 = 32;

/// Announces stored events to whoever listens.
#[derive(Clone, Debug)]
pub(crate) struct Streams {
    store: Store,
    clock: Arc<dyn Clock>,
    latest: Arc<Mutex<HashMap<EventStreamId, watch::Sender<u64>>>>,
}

/// Events of one stream, ready to be stored.
#[derive(Debug)]
pub(crate) struct Batch {
    stream: EventStreamId,
    events: Vec<NewEvent>,
}

impl Streams {
    pub(crate) fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            latest: Arc::default(),
        }
    }

    /// Stores an event, then announces it. Returns its number.
    pub(crate) async fn publish<E: Serialize>(
        &self,
        stream: impl Into<EventStreamId>,
        event: &E,
    ) -> Result<u64> {
        let stream = stream.into();
        let event = self.encode(event)?;
        let seq = self
            .store
            .write(async |tx| tx.append_event(stream, &event).await)
            .await?;
        self.announce(stream, seq);
        Ok(seq)
    }

    /// Stores events in one transaction, then announces them.
    pub(crate) async fn publish_all<E: Serialize>(
        &self,
        stream: impl Into<EventStreamId>,
        events: &[E],
    ) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        let stream = stream.into();
        let events = events
            .iter()
            .map(|event| self.encode(event))
            .collect::<Result<Vec<_>>>()?;
        let last = self
            .store
            .write(async |tx| tx.append_events(stream, &events).await)
            .await?;
        self.announce(stream, last);
        Ok(())
    }

    /// Makes events ready for [`Streams::write_with`].
    pub(crate) fn batch<E: Serialize>(
        &self,
        stream: impl Into<EventStreamId>,
        events: &[E],
    ) -> Result<Batch> {
        Ok(Batch {
            stream: stream.into(),
            events: events
                .iter()
                .map(|event| self.encode(event))
                .collect::<Result<_>>()?,
        })
    }

    /// Does `work` in one transaction that stores events too, then announces
    /// them.
    pub(crate) async fn write_with(
        &self,
        batches: &[Batch],
        work: impl AsyncFnOnce(&mut Writer) -> atelier_store::Result<()>,
    ) -> Result<()> {
        let stored = self
            .store
            .write(async |tx| {
                work(tx).await?;
                let mut last = Vec::with_capacity(batches.len());
                for batch in batches.iter().filter(|batch| !batch.events.is_empty()) {
                    let seq = tx.append_events(batch.stream, &batch.events).await?;
                    last.push((batch.stream, seq));
                }
                Ok::<_, atelier_store::Error>(last)
            })
            .await?;
        for (stream, seq) in stored {
            self.announce(stream, seq);
        }
        Ok(())
    }

    fn encode<E: Serialize>(&self, event: &E) -> Result<NewEvent> {
        let value = serde_json::to_value(event)
            .map_err(|e| Error::Internal(format!("an event does not serialise: {e}")))?;
        let kind = value["type"].as_str().unwrap_or_default().to_owned();
        Ok(NewEvent {
            kind,
            payload: value.to_string(),
            created_at: self.clock.now(),
        })
    }

    fn announce(&self, stream: EventStreamId, seq: u64) {
        let mut latest = self.latest.lock();
        if let Some(sender) = latest.get(&stream) {
            if sender.is_closed() {
                latest.remove(&stream);
            } else {
                sender.send_modify(|known| *known = seq.max(*known));
            }
        }
    }

    /// Subscribes from after `after` on; `None` starts with what comes next.
    pub(crate) async fn subscribe(
        &self,
        stream: impl Into<EventStreamId>,
        after: Option<u64>,
    ) -> Result<Subscription> {
        let stream = stream.into();
        // Listen first and look second, so that nothing falls in between.
        let changed = {
            let mut latest = self.latest.lock();
            latest.retain(|_, sender| !sender.is_closed());
            latest
                .entry(stream)
                .or_insert_with(|| watch::channel(0).0)
                .subscribe()
        };
        let after = match after {
            Some(after) => after,
            None => {
                self.store
                    .query(async |tx| tx.last_event_seq(stream).await)
                    .await?
            }
        };
        Ok(Subscription {
            store: self.store.clone(),
            over: false,
            stream,
            after,
            changed,
        })
    }
}

/// A place in a stream of events that moves forward.
#[derive(Debug)]
pub struct Subscription {
    store: Store,
    /// Whether what the stream is about had ended when it was subscribed to.
    over: bool,
    stream: EventStreamId,
    after: u64,
    changed: watch::Receiver<u64>,
}

impl Subscription {
    /// Says that nothing new will come: the stream ends with what is stored.
    pub(crate) fn over(self, over: bool) -> Self {
        Self { over, ..self }
    }

    /// Waits for the next events and returns them in order; none at the end.
    ///
    /// # Errors
    /// Fails when the store can't be read.
    pub async fn next(&mut self) -> Result<Vec<EventRow>> {
        loop {
            let found = self.ready().await?;
            if !found.is_empty() || self.over {
                return Ok(found);
            }
            if self.changed.changed().await.is_err() {
                return Err(Error::Cancelled);
            }
        }
    }

    /// Waits until there may be more events.
    pub(crate) async fn wait(&mut self) {
        // The sender lives as long as a subscription does.
        let _ = self.changed.changed().await;
    }

    /// Returns the events that are there now, perhaps none.
    ///
    /// # Errors
    /// Fails when the store can't be read.
    pub async fn ready(&mut self) -> Result<Vec<EventRow>> {
        self.changed.mark_unchanged();
        let (stream, after) = (self.stream, self.after);
        let found = self
            .store
            .query(async |tx| tx.list_events_after(stream, after, BATCH).await)
            .await?;
        if let Some(last) = found.last() {
            self.after = last.seq;
        }
        Ok(found)
    }
}

/// The turns and runs that can be cancelled now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Running(Arc<Mutex<HashMap<Uuid, CancellationToken>>>);

impl Running {
    /// Registers work that `token` cancels, until the guard is dropped.
    pub(crate) fn register(&self, id: Uuid, token: CancellationToken) -> RunningGuard {
        self.0.lock().insert(id, token);
        RunningGuard {
            running: self.clone(),
            id,
        }
    }

    /// Cancels work; false when it is not running.
    pub(crate) fn cancel(&self, id: Uuid) -> bool {
        let token = self.0.lock().get(&id).cloned();
        token.inspect(CancellationToken::cancel).is_some()
    }
}

/// Takes finished work off the list.
#[derive(Debug)]
pub(crate) struct RunningGuard {
    running: Running,
    id: Uuid,
}

impl Drop for RunningGuard {
    fn drop(&mut self) {
        self.running.0.lock().remove(&self.id);
    }
}
