//! What people say of a proposal: on the whole, on a hunk, or on lines of one.

mod standing;

use atelier_base::{CommentId, HunkId, ProposalId};
pub use atelier_store::{CommentRow, LineSide};
use atelier_store::{Proposal as Stored, ProposalHunkRow};

use self::standing::Ages;
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::event::WorkspaceEvent;

/// The longest comment, in bytes, and the most comments on a proposal.
const BODY_BYTES: usize = 4 * 1024;
const COMMENTS: usize = 500;

/// A comment as it is looked at.
#[derive(Clone, Debug)]
pub struct Comment {
    /// The comment.
    pub row: CommentRow,
    /// Whether the lines of its hunk don't stand in the file any more, or a
    /// later proposal took the place of this one.
    pub is_outdated: bool,
}

/// A comment to write.
#[derive(Clone, Debug)]
pub struct NewComment {
    /// The hunk it is on; `None` for the whole proposal.
    pub hunk: Option<HunkId>,
    /// The lines of the hunk it is on.
    pub lines: Option<Lines>,
    /// What it says.
    pub body: String,
}

/// Lines of one side of a hunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lines {
    /// Whose text they are of.
    pub side: LineSide,
    /// The first of them, from 0, in the whole text.
    pub first: u32,
    /// How many they are, at least one.
    pub count: u32,
}

impl Domain {
    /// Lists the comments on a proposal, oldest first.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see the proposal.
    pub async fn list_comments(&self, ctx: &Ctx, id: ProposalId) -> Result<Vec<Comment>> {
        let stored = self.require_proposal(ctx, id).await?;
        let store = self.store();
        let rows = store.query(async |tx| tx.list_comments(id).await).await?;
        let mut ages = Ages::of(self, &stored);
        let mut comments = Vec::with_capacity(rows.len());
        for row in rows {
            comments.push(Comment {
                is_outdated: ages.is_outdated(&row).await?,
                row,
            });
        }
        Ok(comments)
    }

    /// Writes a comment on a proposal, whatever its state.
    ///
    /// # Errors
    /// [`Error::Invalid`] for no text, a hunk of another proposal, or lines
    /// that are not the hunk's; [`Error::TooLarge`] above 4 KiB.
    pub async fn create_comment(
        &self,
        ctx: &Ctx,
        id: ProposalId,
        new: NewComment,
    ) -> Result<Comment> {
        let stored = self.require_proposal(ctx, id).await?;
        let body = checked_body(&new.body)?;
        check_place(&stored, &new)?;
        let row = CommentRow {
            id: self.ids().next(),
            proposal_id: id,
            user_id: ctx.person()?,
            hunk_id: new.hunk,
            side: new.lines.map(|lines| lines.side),
            line: new.lines.map(|lines| lines.first),
            line_count: new.lines.map(|lines| lines.count),
            body,
            created_at: self.now(),
        };
        let store = self.store();
        let written = store.query(async |tx| tx.list_comments(id).await).await?;
        if written.len() >= COMMENTS {
            let detail = format!("a proposal has at most {COMMENTS} comments");
            return Err(Error::invalid("body", detail));
        }
        store
            .write(async |tx| tx.insert_comment(&row).await)
            .await?;
        self.announce_comments(stored.proposal.workspace_id, id)
            .await?;
        Ok(Comment {
            is_outdated: Ages::of(self, &stored).is_outdated(&row).await?,
            row,
        })
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
            .query(async |tx| tx.find_comment(id).await)
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

fn checked_body(body: &str) -> Result<String> {
    let body = body.replace('\0', "\u{fffd}").trim().to_owned();
    if body.is_empty() {
        return Err(Error::invalid("body", "a comment says something"));
    }
    if body.len() > BODY_BYTES {
        return Err(Error::TooLarge {
            what: "the comment".to_owned(),
            limit: "4 KiB".to_owned(),
        });
    }
    Ok(body)
}

/// Refuses a place that is not of this proposal.
fn check_place(stored: &Stored, new: &NewComment) -> Result<()> {
    let Some(hunk) = new.hunk else {
        return match new.lines {
            Some(_) => Err(Error::invalid("line", "name the hunk that the line is of")),
            None => Ok(()),
        };
    };
    let Some(found) = stored.hunks.iter().find(|row| row.id == hunk) else {
        let detail = format!("{hunk} is not a hunk of this proposal");
        return Err(Error::invalid("hunkId", detail));
    };
    match new.lines {
        Some(lines) if lines.count == 0 => Err(Error::invalid(
            "lineCount",
            "a comment on lines is on one at least",
        )),
        Some(lines) if !has_lines(found, lines) => Err(Error::invalid(
            "line",
            "the hunk does not have these lines on this side",
        )),
        _ => Ok(()),
    }
}

fn has_lines(hunk: &ProposalHunkRow, lines: Lines) -> bool {
    let (start, count) = match lines.side {
        LineSide::Old => (hunk.old_start, hunk.old_lines),
        LineSide::New => (hunk.new_start, hunk.new_lines),
    };
    let end = lines.first.saturating_add(lines.count);
    lines.first >= start && end <= start.saturating_add(count)
}
