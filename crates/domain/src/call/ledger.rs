//! Writes calls down: what begins and ends at the same time, in one
//! transaction.
//!
//! Whoever has something to write puts it in line; if nobody writes, a task is
//! started that does, and goes on until the line is empty. So one call alone
//! waits for its own transaction only, and a thousand at once share a few. A
//! call that begins while nobody writes needs neither line nor task: its asker
//! waits for nothing else.

use std::collections::HashSet;

use atelier_base::{ModelCallId, UserId, WorkspaceId};
use atelier_store::{CallEnd, ModelCallRow, ModelRequestRow, Writer};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::budget::Windows;
use crate::domain::Domain;
use crate::error::{Error, Result, chain};

/// How many calls are written in one transaction; it keeps other writers
/// waiting for a few milliseconds at most.
const BATCH: usize = 64;
/// How many calls may wait to be written before more are refused.
const WAITING: usize = 10_000;

/// The line of what is to be written.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<Line>);

#[derive(Debug, Default)]
struct Line {
    entries: Vec<Entry>,
    writing: bool,
}

#[derive(Debug)]
struct Entry {
    what: What,
    done: oneshot::Sender<Result<()>>,
}

#[derive(Debug)]
enum What {
    Begin(Box<(ModelCallRow, ModelRequestRow)>),
    End(Payer, ModelCallId, Box<CallEnd>),
}

/// Who pays for a call, and in which workspace.
pub(super) type Payer = (UserId, Option<WorkspaceId>);

/// The right to write. Dropped, also by a panic or by who no longer waits, it
/// goes to a task for those who are in line.
struct Writing<'a>(&'a Domain);

impl<'a> Writing<'a> {
    /// Returns the right to write, if nobody has it.
    fn begin(domain: &'a Domain) -> Option<Self> {
        let taken = std::mem::replace(&mut domain.ledger().0.lock().writing, true);
        // Not before it is known: one that is dropped gives the right away.
        (!taken).then(|| Self(domain))
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        let mut line = self.0.ledger().0.lock();
        // Without a runtime the server is gone, and the next start does it.
        if line.entries.is_empty() || tokio::runtime::Handle::try_current().is_err() {
            line.writing = false;
        } else {
            let domain = self.0.clone();
            self.0.detach(async move { domain.write_calls().await });
        }
    }
}

impl Domain {
    /// Writes down that a call begins, if the budgets allow what it may cost.
    ///
    /// # Errors
    /// [`Error::BudgetExceeded`] and [`Error::PriceUnknown`], and then nothing
    /// is written; [`Error::TooMany`].
    pub(super) async fn begin_call(
        &self,
        row: ModelCallRow,
        request: ModelRequestRow,
    ) -> Result<()> {
        if self.ledger().0.lock().entries.len() >= WAITING {
            return Err(Error::TooMany {
                what: "too many requests to models are waiting".to_owned(),
                retry_after: std::time::Duration::from_secs(1),
            });
        }
        // Also of one that is refused below: a sweep too many harms nobody.
        self.unswept().add(request.body.len());
        let what = What::Begin(Box::new((row, request)));
        let Some(_writing) = Writing::begin(self) else {
            return self.write_down(what).await.unwrap_or_else(|_| Err(lost()));
        };
        // Who stops waiting in the middle also ends the call, and that is
        // written after this.
        let mut written = self.write_together(&[what]).await?;
        written.pop().unwrap_or_else(|| Err(lost()))
    }

    /// Writes down how a call ended. It is written also when the caller
    /// doesn't wait.
    pub(super) fn end_call(
        &self,
        payer: Payer,
        id: ModelCallId,
        end: CallEnd,
    ) -> impl Future<Output = Result<()>> + use<> {
        let written = self.write_down(What::End(payer, id, Box::new(end)));
        async move { written.await.unwrap_or_else(|_| Err(lost())) }
    }

    fn write_down(&self, what: What) -> oneshot::Receiver<Result<()>> {
        let (done, written) = oneshot::channel();
        let entry = Entry { what, done };
        self.ledger().0.lock().entries.push(entry);
        // Who writes now takes it along; else a task is started for it.
        drop(Writing::begin(self));
        written
    }

    /// Writes until the line is empty; whoever calls this gives it the right.
    async fn write_calls(&self) {
        let _writing = Writing(self);
        loop {
            let batch: Vec<Entry> = {
                let mut line = self.ledger().0.lock();
                let count = line.entries.len().min(BATCH);
                line.entries.drain(..count).collect()
            };
            if batch.is_empty() {
                return;
            }
            self.write_batch(batch).await;
        }
    }

    async fn write_batch(&self, batch: Vec<Entry>) {
        let (whats, dones): (Vec<What>, Vec<_>) = batch
            .into_iter()
            .map(|entry| (entry.what, entry.done))
            .unzip();
        let results = match self.write_together(&whats).await {
            Ok(results) => results,
            Err(error) if whats.len() == 1 => vec![Err(error)],
            Err(error) => {
                // One that can't be written must not take the others along.
                tracing::warn!(error = %chain(&error), "calls are written one by one");
                let mut results = Vec::with_capacity(whats.len());
                for what in &whats {
                    let written = self.write_together(std::slice::from_ref(what)).await;
                    results.push(written.map(drop));
                }
                results
            }
        };
        for (done, result) in dones.into_iter().zip(results) {
            if let Err(Err(error)) = done.send(result) {
                tracing::error!(error = %chain(&error), "a model call could not be written down");
            }
        }
    }

    /// Writes all in one transaction; an answer for each.
    async fn write_together(&self, whats: &[What]) -> Result<Vec<Result<()>>> {
        if let [what] = whats
            && self.write_alone(what).await?
        {
            return Ok(vec![Ok(())]);
        }
        self.store()
            .write_soft(async |tx| {
                let mut windows = Windows::default();
                let begun: HashSet<ModelCallId> = whats.iter().filter_map(What::begun).collect();
                // What ends first makes room for what begins.
                end_all(tx, &mut windows, whats, |id| !begun.contains(&id)).await?;
                let mut results = Vec::with_capacity(whats.len());
                let (mut rows, mut requests) = (Vec::new(), Vec::new());
                for what in whats {
                    let What::Begin(begun) = what else {
                        results.push(Ok(()));
                        continue;
                    };
                    let (row, request) = &**begun;
                    let reserved = windows.reserve(tx, row).await?;
                    if reserved.is_ok() {
                        rows.push(row.clone());
                        requests.push(request.clone());
                    }
                    results.push(reserved);
                }
                tx.insert_model_calls(&rows).await?;
                tx.insert_model_requests(&requests).await?;
                // Whoever gave up at once is in line behind the beginning.
                end_all(tx, &mut windows, whats, |id| begun.contains(&id)).await?;
                windows.store(tx).await?;
                Ok::<_, Error>(results)
            })
            .await
    }
}

impl Domain {
    /// Writes one down on the shortest way, which is only where nothing is to
    /// be reserved; returns whether it was one.
    async fn write_alone(&self, what: &What) -> Result<bool> {
        let written = match what {
            What::Begin(begun) => self.store().begin_unbudgeted_call(&begun.0, &begun.1).await,
            What::End(_, id, end) => self.store().finish_unbudgeted_call(*id, end).await,
        };
        Ok(written?)
    }
}

impl What {
    fn begun(&self) -> Option<ModelCallId> {
        match self {
            Self::Begin(begun) => Some(begun.0.id),
            Self::End(..) => None,
        }
    }
}

/// Writes the ends of the calls that `which` takes.
async fn end_all(
    tx: &mut Writer,
    windows: &mut Windows,
    whats: &[What],
    which: impl Fn(ModelCallId) -> bool,
) -> Result<()> {
    for what in whats {
        let What::End(payer, id, end) = what else {
            continue;
        };
        if !which(*id) {
            continue;
        }
        if windows.count(tx, payer.0, payer.1).await? {
            end_one(tx, windows, *id, end).await?;
        } else {
            tx.finish_model_call(*id, end).await?;
        }
    }
    Ok(())
}

/// Writes one end, and frees what was reserved.
pub(super) async fn end_one(
    tx: &mut Writer,
    windows: &mut Windows,
    id: ModelCallId,
    end: &CallEnd,
) -> Result<()> {
    let before = match tx.get_model_call(id).await {
        Ok(before) => before,
        // It was refused, and nobody waited for that.
        Err(atelier_store::Error::NotFound { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    windows.open(tx, &before).await?;
    if tx.finish_model_call(id, end).await? {
        windows.settle(&before, end);
    }
    Ok(())
}

fn lost() -> Error {
    Error::Internal("the writer of model calls ended early".to_owned())
}

#[cfg(test)]
mod tests;
