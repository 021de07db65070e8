//! What people say of a proposal: on the whole, on a hunk, or on a line of one.

use atelier_base::{CommentId, HunkId, ProposalId};
pub use atelier_store::{CommentRow, LineSide};

use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::event::WorkspaceEvent;

/// The longest comment, in bytes, and the most comments on a proposal.
const BODY_BYTES: usize = 4 * 1024;
const COMMENTS: usize = 500;

/// A comment to write.
#[derive(Clone, Debug)]
pub struct NewComment {
    /// The hunk it is on; `None` for the whole proposal.
    pub hunk: Option<HunkId>,
    /// The line of the hunk it is on: which side's, and from 0.
    pub line: Option<(LineSide, u32)>,
    /// What it says.
    pub body: String,
}

impl Domain {
    /// Lists the comments on a proposal, oldest first.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see the proposal.
    pub async fn list_comments(&self, ctx: &Ctx, id: ProposalId) -> Result<Vec<CommentRow>> {
        self.require_proposal(ctx, id).await?;
        let store = self.store();
        Ok(store.read(async |tx| tx.list_comments(id).await).await?)
    }

    /// Writes a comment on a proposal, whatever its state.
    ///
    /// # Errors
    /// [`Error::Invalid`] for no text, a hunk of another proposal, or a line
    /// that is not the hunk's; [`Error::TooLarge`] above 4 KiB.
    pub async fn create_comment(
        &self,
        ctx: &Ctx,
        id: ProposalId,
        new: NewComment,
    ) -> Result<CommentRow> {
        let stored = self.require_proposal(ctx, id).await?;
        let body = new.body.replace('\0', "\u{fffd}").trim().to_owned();
        if body.is_empty() {
            return Err(Error::invalid("body", "a comment says something"));
        }
        if body.len() > BODY_BYTES {
            return Err(Error::TooLarge {
                what: "the comment".to_owned(),
                limit: "4 KiB".to_owned(),
            });
        }
        if let Some(hunk) = new.hunk {
            let Some(found) = stored.hunks.iter().find(|row| row.id == hunk) else {
                let detail = format!("{hunk} is not a hunk of this proposal");
                return Err(Error::invalid("hunkId", detail));
            };
            let inside = |(side, line): (LineSide, u32)| match side {
                LineSide::Old => {
                    (found.old_start..found.old_start + found.old_lines).contains(&line)
                }
                LineSide::New => {
                    (found.new_start..found.new_start + found.new_lines).contains(&line)
                }
            };
            if new.line.is_some_and(|line| !inside(line)) {
                return Err(Error::invalid("line", "the hunk does not have this line"));
            }
        } else if new.line.is_some() {
            return Err(Error::invalid("line", "name the hunk that the line is of"));
        }
        let row = CommentRow {
            id: self.ids().next(),
            proposal_id: id,
            user_id: ctx.person()?,
            hunk_id: new.hunk,
            side: new.line.map(|(side, _)| side),
            line: new.line.map(|(_, line)| line),
            body,
            created_at: self.now(),
        };
        if self.list_comments(ctx, id).await?.len() >= COMMENTS {
            let detail = format!("a proposal has at most {COMMENTS} comments");
            return Err(Error::invalid("body", detail));
        }
        self.store()
            .write(async |tx| tx.insert_comment(&row).await)
            .await?;
        self.announce_comments(stored.proposal.workspace_id, id)
            .await?;
        Ok(row)
    }

    /// Deletes a comment of the asker's own.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not there, or not the asker's.
    pub async fn delete_comment(&self, ctx: &Ctx, id: CommentId) -> Result<()> {
        let person = ctx.person()?;
        let missing = || Error::NotFound { what: "comment" };
        let found = self
            .store()
            .read(async |tx| tx.find_comment(id).await)
            .await?;
        let row = found
            .filter(|row| row.user_id == person)
            .ok_or_else(missing)?;
        let stored =
            self.require_proposal(ctx, row.proposal_id)
                .await
                .map_err(|error| match error {
                    Error::NotFound { .. } => missing(),
                    other => other,
                })?;
        self.store()
            .write(async |tx| tx.delete_comment(id).await)
            .await?;
        self.announce_comments(stored.proposal.workspace_id, row.proposal_id)
            .await
    }

    async fn announce_comments(
        &self,
        workspace: atelier_base::WorkspaceId,
        id: ProposalId,
    ) -> Result<()> {
        let event = WorkspaceEvent::CommentsChanged {
            proposal_id: id.as_uuid(),
        };
        self.streams().publish(workspace, &event).await?;
        Ok(())
    }
}
