//! Keeps what was sent to models within each workspace's bounds.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use atelier_base::{Timestamp, WorkspaceId};

use tokio::sync::Notify;

use crate::domain::Domain;
use crate::error::{Result, chain};
use crate::workspace::{RequestSettings, WorkspaceSettings};

/// How often it is looked.
const EVERY: Duration = Duration::from_hours(1);
/// After how many bytes it is looked at once.
const UNSWEPT_BYTES: u64 = 64 * 1024 * 1024;
/// How long it is not looked again, whatever is written: looking holds up who
/// writes.
const CALM: Duration = Duration::from_mins(1);
/// The usual time, and amount.
const DAYS: u32 = 30;
const MEBIBYTES: u32 = 256;
const DAY_MICROS: i64 = 86_400_000_000;

/// What was written since it was last looked.
#[derive(Debug, Default)]
pub(crate) struct Unswept {
    bytes: AtomicU64,
    much: Notify,
}

impl Unswept {
    /// Notes that so many bytes more are kept.
    pub(super) fn add(&self, bytes: usize) {
        let bytes = bytes as u64;
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        if before < UNSWEPT_BYTES && before + bytes >= UNSWEPT_BYTES {
            self.much.notify_one();
        }
    }
}

impl Domain {
    /// Begins to remove what is kept of requests beyond the bounds: now, every
    /// hour and, a minute after the last time at the earliest, when much was
    /// written; until the server stops. To be called once.
    pub fn bound_requests(&self) {
        let domain = self.clone();
        self.accompany(async move {
            loop {
                domain.unswept().bytes.store(0, Ordering::Relaxed);
                if let Err(error) = domain.remove_old_requests().await {
                    tracing::warn!(error = %chain(&error), "old requests could not be removed");
                }
                let due = async {
                    tokio::time::sleep(CALM).await;
                    tokio::select! {
                        () = tokio::time::sleep(EVERY) => {}
                        () = domain.unswept().much.notified() => {}
                    }
                };
                tokio::select! {
                    () = due => {}
                    () = domain.stopping().cancelled() => return,
                }
            }
        });
    }

    /// Removes what is kept of requests beyond the bounds of their workspaces,
    /// and returns how many that are. Their calls stay. A workspace whose
    /// settings can't be read keeps its requests, and the log says so.
    ///
    /// # Errors
    /// Fails when the store fails.
    pub async fn remove_old_requests(&self) -> Result<u64> {
        let ids = self
            .store()
            .query(async |tx| tx.list_workspace_ids().await)
            .await?;
        let mut removed = self
            .remove_requests(None, RequestSettings::default())
            .await?;
        for id in ids {
            match self.remove_requests_of(id).await {
                Ok(more) => removed += more,
                // The others are bounded all the same.
                Err(error) => tracing::warn!(
                    workspace.id = %id,
                    error = %chain(&error),
                    "old requests of a workspace could not be removed"
                ),
            }
        }
        Ok(removed)
    }

    async fn remove_requests_of(&self, id: WorkspaceId) -> Result<u64> {
        let row = self
            .store()
            .query(async |tx| tx.get_workspace(id).await)
            .await?;
        let settings = WorkspaceSettings::of(&row)?.requests;
        self.remove_requests(Some(id), settings).await
    }

    async fn remove_requests(
        &self,
        workspace: Option<WorkspaceId>,
        settings: RequestSettings,
    ) -> Result<u64> {
        let days = i64::from(settings.keep_days.unwrap_or(DAYS));
        let most = u64::from(settings.keep_mb.unwrap_or(MEBIBYTES)) * 1024 * 1024;
        let before = Timestamp::from_micros(self.now().as_micros() - days * DAY_MICROS);
        Ok(self
            .store()
            .write(async |tx| tx.delete_model_requests(workspace, before, most).await)
            .await?)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn much_that_is_written_wakes_the_sweep_before_its_hour() {
        let unswept = Unswept::default();
        let most = usize::try_from(UNSWEPT_BYTES).unwrap();
        for (bytes, wakes) in [(most - 1, false), (1, true), (1, false), (most, false)] {
            unswept.add(bytes);
            let woken = unswept.much.notified().now_or_never().is_some();
            assert_eq!(woken, wakes, "{bytes}");
        }
        unswept.bytes.store(0, Ordering::Relaxed);
        unswept.add(2 * most);
        assert!(unswept.much.notified().now_or_never().is_some());
    }
}
