//! How long, and how much of, what was sent to models is kept.

use atelier_base::{Timestamp, WorkspaceId};

use crate::connection::Writer;
use crate::error::Result;

/// Deletes the requests of some calls from before `$1` and beyond the latest
/// `$2` bytes. One that is being answered stays.
macro_rules! delete {
    ($whose:literal) => {
        concat!(
            "DELETE FROM model_requests WHERE call_id IN (
                 SELECT call_id FROM (
                     SELECT r.call_id, r.created_at, c.state,
                         SUM(LENGTH(r.body)) OVER (ORDER BY r.created_at DESC, r.call_id DESC)
                             AS kept
                     FROM model_requests r JOIN model_calls c ON c.id = r.call_id
                     WHERE ",
            $whose,
            "
                 ) AS sized
                 WHERE (created_at < $1 OR kept > $2) AND state <> 'running'
             )"
        )
    };
}

impl Writer {
    /// Deletes what was sent to models in a workspace, or outside of any,
    /// before a moment, and beyond so many bytes of the latest. Returns how
    /// many requests that are; their calls stay.
    pub async fn delete_model_requests(
        &mut self,
        workspace: Option<WorkspaceId>,
        before: Timestamp,
        most_bytes: u64,
    ) -> Result<u64> {
        match workspace {
            Some(workspace) => {
                self.execute(
                    delete!("c.workspace_id = $3"),
                    args![before, most_bytes, workspace],
                )
                .await
            }
            None => {
                self.execute(delete!("c.workspace_id IS NULL"), args![before, most_bytes])
                    .await
            }
        }
    }
}

#[cfg(test)]
mod tests;
