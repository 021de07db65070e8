//! Keeps what was sent to models within each workspace's bounds.

use std::time::Duration;

use atelier_base::{Timestamp, WorkspaceId};

use crate::domain::Domain;
use crate::error::{Result, chain};
use crate::workspace::{RequestSettings, WorkspaceSettings};

/// How often it is looked.
const EVERY: Duration = Duration::from_hours(1);
/// The usual time, and amount.
const DAYS: u32 = 30;
const MEBIBYTES: u32 = 256;
const DAY_MICROS: i64 = 86_400_000_000;

impl Domain {
    /// Begins to remove, now and every hour until the server stops, what is
    /// kept of requests beyond the bounds. To be called once.
    pub fn bound_requests(&self) {
        let domain = self.clone();
        self.accompany(async move {
            loop {
                if let Err(error) = domain.remove_old_requests().await {
                    tracing::warn!(error = %chain(&error), "old requests could not be removed");
                }
                tokio::select! {
                    () = tokio::time::sleep(EVERY) => {}
                    () = domain.stopping().cancelled() => return,
                }
            }
        });
    }

    /// Removes what is kept of requests beyond the bounds of their workspaces,
    /// and returns how many that are. Their calls stay.
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
            let row = self
                .store()
                .query(async |tx| tx.get_workspace(id).await)
                .await?;
            let settings = WorkspaceSettings::of(&row)?.requests;
            removed += self.remove_requests(Some(id), settings).await?;
        }
        Ok(removed)
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
