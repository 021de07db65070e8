//! What checks said of a proposal.

use atelier_base::{ContentHash, ProposalId, Timestamp, UserId, VerdictId};

use crate::connection::{Reader, Writer};
use crate::error::Result;

words! {
    /// How far checks are, and what they said.
    pub enum VerdictState {
        /// They are going on.
        Running = "running",
        /// Every command ended well.
        Passed = "passed",
        /// A command did not.
        Failed = "failed",
        /// A person stopped them.
        Cancelled = "cancelled",
        /// They could not be carried out to the end.
        Interrupted = "interrupted",
    }
}

record! {
    /// What checks said of a proposal.
    "verdicts" pub struct VerdictRow {
        /// Names the verdict.
        pub id: VerdictId,
        /// What was checked.
        pub proposal_id: ProposalId,
        /// Who asked.
        pub user_id: UserId,
        /// How far the checks are, and what they said.
        pub state: VerdictState,
        /// The hunks that were checked, as a JSON list of ids.
        pub hunks: String,
        /// The tree that the hunks were put on.
        pub base_hash: ContentHash,
        /// The tree that came of it, on which the commands ran.
        pub tree_hash: ContentHash,
        /// The commands and what came of each, as JSON.
        pub commands: String,
        /// Why the checks could not be carried out.
        pub reason: Option<String>,
        /// When they were asked for.
        pub created_at: Timestamp,
        /// When they ended.
        pub finished_at: Option<Timestamp>,
    }
}

impl Reader {
    /// Finds the newest verdict on a proposal.
    pub async fn find_verdict(&mut self, proposal: ProposalId) -> Result<Option<VerdictRow>> {
        self.find_one(
            "SELECT * FROM verdicts WHERE proposal_id = $1 ORDER BY id DESC LIMIT 1",
            args![proposal],
        )
        .await
    }
}

impl Writer {
    /// Adds a verdict.
    pub async fn insert_verdict(&mut self, row: &VerdictRow) -> Result<()> {
        self.insert(row).await
    }

    /// Stores the state, commands, reason and end of `row`.
    pub async fn update_verdict(&mut self, row: &VerdictRow) -> Result<()> {
        self.change(
            "verdicts",
            row.id,
            "UPDATE verdicts SET state = $2, commands = $3, reason = $4, finished_at = $5
             WHERE id = $1",
            args![row.id, row.state, row.commands, row.reason, row.finished_at],
        )
        .await
    }

    /// Ends the checks that a stop of the server cut off.
    pub async fn interrupt_running_verdicts(&mut self, at: Timestamp) -> Result<()> {
        self.execute(
            "UPDATE verdicts SET state = 'interrupted', finished_at = $1,
                 reason = 'The server stopped while the checks ran.'
             WHERE state = 'running'",
            args![at],
        )
        .await
        .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use atelier_base::{ContentHash, ErrorKind};

    use super::{VerdictRow, VerdictState};

    both_engines! {
        async fn the_newest_verdict_counts(t) {
            let turn = t.turn(&t.workspace().await).await;
            let made = t.proposal(&turn);
            let (id, at) = (made.proposal.id, t.now());
            let verdict = |state| VerdictRow {
                id: t.id(),
                proposal_id: id,
                user_id: made.proposal.user_id,
                state,
                hunks: "[]".to_owned(),
                base_hash: ContentHash::of(b"base"),
                tree_hash: ContentHash::of(b"tree"),
                commands: "[]".to_owned(),
                reason: None,
                created_at: at,
                finished_at: None,
            };
            let first = verdict(VerdictState::Running);
            t.write(async |tx| {
                tx.insert_proposal(&made).await?;
                tx.insert_verdict(&first).await
            })
            .await;
            let find = async || t.read(async |r| r.find_verdict(id).await).await;
            assert_eq!(find().await, Some(first.clone()));
            let ended = VerdictRow {
                state: VerdictState::Failed,
                commands: r#"[{"name":"tests"}]"#.to_owned(),
                reason: Some("no cell".to_owned()),
                finished_at: Some(at),
                ..first.clone()
            };
            t.write(async |tx| tx.update_verdict(&ended).await).await;
            assert_eq!(find().await, Some(ended));

            let second = verdict(VerdictState::Running);
            t.write(async |tx| {
                tx.insert_verdict(&second).await?;
                tx.interrupt_running_verdicts(at).await
            })
            .await;
            let cut = find().await.expect("the second");
            assert_eq!((cut.id, cut.state), (second.id, VerdictState::Interrupted));
            assert_eq!(cut.finished_at, Some(at));
            let missing = VerdictRow { id: t.id(), ..first };
            let error = t.write_fails(async |tx| tx.update_verdict(&missing).await).await;
            assert_eq!(error.kind(), ErrorKind::NotFound);
        }
    }
}
