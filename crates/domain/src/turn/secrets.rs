//! Which secrets went with a turn, and which were kept out of it: kept with
//! the turn by their names, for a secret may be gone by the time it is read.

use atelier_base::{SecretId, WorkspaceId};

use super::Going;
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::event::TurnEvent;

impl Domain {
    /// Returns the names of the secrets that a person attaches to a turn.
    ///
    /// # Errors
    /// [`Error::NotFound`] for one that the person has not, and
    /// [`Error::Invalid`] for too many.
    pub(super) async fn names_attached(
        &self,
        ctx: &Ctx,
        workspace: WorkspaceId,
        attach: &[uuid::Uuid],
    ) -> Result<Vec<String>> {
        let attach: Vec<SecretId> = attach.iter().map(|id| (*id).into()).collect();
        let rows = self.attached(ctx, Some(workspace), &attach).await?;
        let mut names: Vec<String> = rows.into_iter().map(|row| row.name).collect();
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    /// Notes and says which secrets were kept out of a turn.
    pub(super) async fn withhold(&self, going: &Going, names: &[String]) -> Result<()> {
        if names.is_empty() {
            return Ok(());
        }
        let (turn, kept) = (going.turn, written(names)?);
        self.store()
            .write(async |tx| tx.set_withheld(turn, &kept).await)
            .await?;
        let names = names.to_vec();
        self.streams()
            .publish(turn, &TurnEvent::Withheld { names })
            .await?;
        Ok(())
    }
}

/// Writes names as a turn's row keeps them.
pub(super) fn written(names: &[String]) -> Result<String> {
    serde_json::to_string(names)
        .map_err(|e| Error::Internal(format!("names can't be written: {e}")))
}

/// Reads names as a turn's row keeps them.
pub(super) fn read(names: &str) -> Result<Vec<String>> {
    serde_json::from_str(names)
        .map_err(|e| Error::Internal(format!("the names of a turn's secrets can't be read: {e}")))
}
