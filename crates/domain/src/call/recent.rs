//! The calls that were made.

use atelier_base::{ModelCallId, TurnId, WorkspaceId};
use atelier_store::{CallFilter, ModelCallRow};

use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::Result;
use crate::page::{Page, PageOf};

/// How many calls are listed when nobody says.
const USUAL: u32 = 20;

impl Domain {
    /// Lists the asker's calls, the latest first.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound) for a workspace that the
    /// asker may not see.
    pub async fn list_calls(
        &self,
        ctx: &Ctx,
        workspace: Option<WorkspaceId>,
        turn: Option<TurnId>,
        page: Page,
    ) -> Result<PageOf<ModelCallRow>> {
        let person = ctx.person()?;
        if let Some(workspace) = workspace {
            self.require_workspace(ctx, workspace).await?;
        }
        let page = page.or(USUAL);
        let filter = CallFilter {
            workspace,
            turn,
            before: page.cursor_as::<ModelCallId>()?,
        };
        let rows = self
            .store()
            .read(async |tx| {
                tx.list_recent_calls(person, &filter, page.limit() + 1)
                    .await
            })
            .await?;
        Ok(page.cut(rows, |row| row.id.to_string()))
    }
}
