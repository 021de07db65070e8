//! What people say of a proposal.

use atelier_base::{CommentId, HunkId, ProposalId, Timestamp, UserId};

use crate::connection::{Reader, Writer};
use crate::error::Result;

words! {
    /// Which side of a change a line is on.
    pub enum LineSide {
        /// The text before.
        Old = "old",
        /// The text after.
        New = "new",
    }
}

record! {
    /// A comment on a proposal, one of its hunks or a line of one.
    "proposal_comments" pub struct CommentRow {
        /// Names the comment.
        pub id: CommentId,
        /// What it is on.
        pub proposal_id: ProposalId,
        /// Who wrote it.
        pub user_id: UserId,
        /// The hunk it is on; `None` for the whole proposal.
        pub hunk_id: Option<HunkId>,
        /// The side of the line it is on.
        pub side: Option<LineSide>,
        /// The first line it is on, from 0, of that side's whole text.
        pub line: Option<u32>,
        /// How many lines it is on; `None` means one where there is a line.
        pub line_count: Option<u32>,
        /// What it says.
        pub body: String,
        /// When it was written.
        pub created_at: Timestamp,
    }
}

impl Reader {
    /// Lists the comments on a proposal, oldest first.
    pub async fn list_comments(&mut self, proposal: ProposalId) -> Result<Vec<CommentRow>> {
        self.all(
            "SELECT * FROM proposal_comments WHERE proposal_id = $1 ORDER BY id",
            args![proposal],
        )
        .await
    }

    /// Finds a comment.
    pub async fn find_comment(&mut self, id: CommentId) -> Result<Option<CommentRow>> {
        self.find_one("SELECT * FROM proposal_comments WHERE id = $1", args![id])
            .await
    }
}

impl Writer {
    /// Adds a comment.
    pub async fn insert_comment(&mut self, row: &CommentRow) -> Result<()> {
        self.insert(row).await
    }

    /// Deletes a comment.
    pub async fn delete_comment(&mut self, id: CommentId) -> Result<()> {
        self.change(
            "proposal_comments",
            id,
            "DELETE FROM proposal_comments WHERE id = $1",
            args![id],
        )
        .await
    }
}

#[cfg(test)]
mod tests {
    use atelier_base::ErrorKind;

    use super::{CommentRow, LineSide};

    both_engines! {
        async fn comments_are_listed_and_deleted(t) {
            let turn = t.turn(&t.workspace().await).await;
            let made = t.proposal(&turn);
            let id = made.proposal.id;
            let whole = CommentRow {
                id: t.id(),
                proposal_id: id,
                user_id: made.proposal.user_id,
                hunk_id: None,
                side: None,
                line: None,
                line_count: None,
                body: "Why?".to_owned(),
                created_at: t.now(),
            };
            let on_line = CommentRow {
                id: t.id(),
                hunk_id: Some(made.hunks[0].id),
                side: Some(LineSide::New),
                line: Some(3),
                line_count: Some(2),
                ..whole.clone()
            };
            t.write(async |tx| {
                tx.insert_proposal(&made).await?;
                tx.insert_comment(&whole).await?;
                tx.insert_comment(&on_line).await
            })
            .await;
            let list = async || t.read(async |r| r.list_comments(id).await).await;
            assert_eq!(list().await, [whole.clone(), on_line.clone()]);
            t.write(async |tx| tx.delete_comment(whole.id).await).await;
            assert_eq!(list().await, std::slice::from_ref(&on_line));
            let find = async |id| t.read(async |r| r.find_comment(id).await).await;
            assert_eq!(find(on_line.id).await, Some(on_line.clone()));
            assert_eq!(find(whole.id).await, None);
            let error = t.write_fails(async |tx| tx.delete_comment(whole.id).await).await;
            assert_eq!(error.kind(), ErrorKind::NotFound);
        }
    }
}
