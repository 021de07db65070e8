//! Puts hunks of a proposal into the files, or takes them out again: all of
//! those that were named, or none.

use std::collections::BTreeMap;
use std::sync::Arc;

use atelier_base::{
    ContentHash, HunkId, ProposalId, TransactionId, VersionId, WorkspacePath, limit,
};
use atelier_sandbox::FileError;
use atelier_store::{FileKind, HunkState, Proposal as Stored, ProposalState};

use super::shift::{Shift, Shifted};
use super::side::{Set, applied_hunks, check_needs};
use super::{HunkStates, Proposal, Standing, decided};
use crate::commit::{Decision, Edit};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::tree::{Tree, blocking};

/// What is applied at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accept {
    /// Everything.
    All,
    /// The hunks with these numbers, from 1, in the order of the proposal.
    Numbers(Vec<u32>),
}

/// What a person decides about a proposal's hunks.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// The hunks; all that can be when `None`.
    pub hunks: Option<Vec<HunkId>>,
    /// Answers to conflicts.
    pub resolutions: Vec<Resolution>,
    /// The words that confirm what a proposal destroys.
    pub confirm: Option<String>,
    /// Names the change, so that asking twice does it once.
    pub transaction: Option<TransactionId>,
}

/// A person's answer to a conflict.
#[derive(Clone, Debug)]
pub struct Resolution {
    /// The file.
    pub path: WorkspacePath,
    /// The text to write.
    pub content: String,
    /// The version the answer was given against.
    pub version: VersionId,
}

/// Which way hunks go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Into the files.
    In,
    /// Out of them.
    Out,
}

impl Domain {
    /// Puts the chosen hunks into the files, merged with what was saved
    /// meanwhile. The other hunks of an open proposal are rejected; they, and
    /// those that were undone, can be applied later by the same call.
    ///
    /// # Errors
    /// [`Error::MergeConflict`] names every file that needs a decision, and
    /// nothing is written. [`Error::ConfirmationRequired`] when the hunks
    /// destroy much, [`Error::LockedPath`] when they are an assistant's and
    /// change a locked file, [`Error::ProposalDecided`] when none is left to
    /// apply.
    pub async fn apply_proposal(
        &self,
        ctx: &Ctx,
        id: ProposalId,
        choice: Choice,
    ) -> Result<Proposal> {
        let none = choice.hunks.as_ref().is_some_and(Vec::is_empty);
        if none {
            return self.reject_proposal(ctx, id).await;
        }
        self.shift_proposal(ctx, id, choice, Way::In).await
    }

    /// Takes the chosen hunks out of the files by a reverse three-way merge,
    /// keeping what was written since.
    ///
    /// # Errors
    /// [`Error::MergeConflict`] when later edits changed the same lines; then
    /// nothing is written. [`Error::ProposalDecided`] when nothing is applied.
    pub async fn undo_proposal(
        &self,
        ctx: &Ctx,
        id: ProposalId,
        choice: Choice,
    ) -> Result<Proposal> {
        self.shift_proposal(ctx, id, choice, Way::Out).await
    }

    async fn shift_proposal(
        &self,
        ctx: &Ctx,
        id: ProposalId,
        choice: Choice,
        way: Way,
    ) -> Result<Proposal> {
        let stored = self.require_proposal(ctx, id).await?;
        let tree = self.trees().open(stored.proposal.workspace_id).await?;
        let writing = self.write_to(&tree).await?;
        if self.was_done(id, choice.transaction).await? {
            drop(writing);
            return self.get_proposal(ctx, id).await;
        }
        let stored = self
            .store()
            .read(async |tx| tx.get_proposal(id).await)
            .await?;
        let from = applied_hunks(&stored);
        let to = chosen(&stored, &from, choice.hunks.as_deref(), way)?;
        check_needs(&stored, &to)?;
        if way == Way::In {
            self.check_locks(ctx, &stored, &from, &to).await?;
        }
        let sets = (from, to.clone());
        let answers = checked(choice.resolutions)?;
        let shift = Shift::new(self, ctx, &tree, &stored, sets, answers);
        let kind = shift.kind;
        let mut shifted = shift.run().await?;
        if way == Way::In {
            let workspace = stored.proposal.workspace_id;
            self.check_confirmed(
                ctx,
                workspace,
                &mut shifted.weighed,
                choice.confirm.as_deref(),
            )
            .await?;
        }
        shifted.check()?;
        let edit = Edit {
            kind,
            user: ctx.person()?,
            decision: Some(decision(&stored, &to, way, &mut shifted)),
            files: shifted.files,
        };
        match choice.transaction {
            Some(transaction) => self.commit_as(&tree, edit, transaction).await?,
            None => self.commit(&tree, edit).await?,
        };
        drop(writing);
        self.get_proposal(ctx, id).await
    }

    /// Says whether a change of this name was made already.
    async fn was_done(&self, id: ProposalId, transaction: Option<TransactionId>) -> Result<bool> {
        let Some(transaction) = transaction else {
            return Ok(false);
        };
        let store = self.store();
        let row = store.query(async |tx| tx.find_transaction(transaction).await);
        match row.await? {
            None => Ok(false),
            Some(row) if row.proposal_id == Some(id) => Ok(true),
            Some(_) => Err(Error::invalid(
                "transactionId",
                "another change has this id; make a new one",
            )),
        }
    }

    /// Applies hunks by their numbers.
    pub(super) async fn apply_numbered(
        &self,
        ctx: &Ctx,
        id: ProposalId,
        accept: Accept,
        confirm: Option<String>,
    ) -> Result<Proposal> {
        let hunks = match accept {
            Accept::All => None,
            Accept::Numbers(numbers) => {
                let stored = self.require_proposal(ctx, id).await?;
                let named = |number: u32| {
                    let index = usize::try_from(number)
                        .ok()
                        .and_then(|number| number.checked_sub(1));
                    let hunk = index.and_then(|index| stored.hunks.get(index));
                    hunk.map(|hunk| hunk.id).ok_or_else(|| {
                        Error::invalid("accept", format!("there is no hunk {number}"))
                    })
                };
                Some(numbers.into_iter().map(named).collect::<Result<Vec<_>>>()?)
            }
        };
        let choice = Choice {
            hunks,
            confirm,
            ..Choice::default()
        };
        self.apply_proposal(ctx, id, choice).await
    }

    /// Returns what stands at a path now, rows brought up to date; `None` when
    /// no file is there. The caller holds the `writing` lock.
    pub(super) async fn standing(
        &self,
        tree: &Arc<Tree>,
        ctx: &Ctx,
        path: &WorkspacePath,
    ) -> Result<Option<Standing>> {
        let workspace = tree.workspace;
        let Some(row) = self
            .store()
            .query(async |tx| tx.find_live_by_path(workspace, path).await)
            .await?
        else {
            return Ok(None);
        };
        let row = match self.refresh(tree, ctx, row.id).await {
            Ok(row) if row.kind == FileKind::File => row,
            Ok(_) | Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let (reader, place) = (Arc::clone(tree), path.clone());
        let read = blocking(
            move || match reader.root.read(&place, limit::TEXT_FILE_BYTES) {
                Ok(content) => Ok(Some(content)),
                Err(FileError::TooLarge { .. } | FileError::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            },
        )
        .await?;
        Ok(read.map(|content| Standing {
            file: row.id,
            version: row.current_version_id,
            hash: ContentHash::of(&content.bytes),
            bytes: content.bytes,
            executable: content.executable,
        }))
    }
}

/// Returns the hunks that are to be in the files, after checking that the
/// named ones are this proposal's and can go that way.
fn chosen(stored: &Stored, from: &Set, named: Option<&[HunkId]>, way: Way) -> Result<Set> {
    let all: Set = stored.hunks.iter().map(|hunk| hunk.id).collect();
    for hunk in named.unwrap_or_default() {
        if !all.contains(hunk) {
            let detail = format!("{hunk} is not a hunk of this proposal");
            return Err(Error::invalid("hunks", detail));
        }
    }
    let to: Set = match (way, named) {
        (Way::In, None) => all,
        (Way::In, Some(named)) => from.iter().chain(named).copied().collect(),
        (Way::Out, None) => Set::new(),
        (Way::Out, Some(named)) => {
            if let Some(other) = named.iter().find(|hunk| !from.contains(hunk)) {
                let detail = format!("{other} is not applied, so there is nothing to undo");
                return Err(Error::invalid("hunks", detail));
            }
            let stays = |hunk: &&HunkId| !named.contains(hunk);
            from.iter().filter(stays).copied().collect()
        }
    };
    let is_final = stored.proposal.state == ProposalState::Superseded;
    if to == *from || is_final {
        return Err(Error::ProposalDecided {
            state: decided(stored.proposal.state),
        });
    }
    Ok(to)
}

/// Returns what the step decides about the proposal and its hunks.
fn decision(stored: &Stored, to: &Set, way: Way, shifted: &mut Shifted) -> Decision {
    let was_open = stored.proposal.state == ProposalState::Open;
    let state = |hunk: &atelier_store::ProposalHunkRow| match (to.contains(&hunk.id), way) {
        (true, _) => HunkState::Accepted,
        (false, Way::Out) if hunk.state == HunkState::Accepted => HunkState::Undone,
        (false, Way::In) if was_open => HunkState::Rejected,
        (false, _) => hunk.state,
    };
    let hunks: HunkStates = stored
        .hunks
        .iter()
        .map(|hunk| (hunk.id, state(hunk)))
        .collect();
    Decision {
        proposal: stored.proposal.id,
        state: if to.is_empty() {
            ProposalState::Undone
        } else if to.len() == stored.hunks.len() {
            ProposalState::Applied
        } else {
            ProposalState::PartlyApplied
        },
        hunks,
        applied: std::mem::take(&mut shifted.applied),
        merged: std::mem::take(&mut shifted.merged),
    }
}

pub(super) fn checked(resolutions: Vec<Resolution>) -> Result<BTreeMap<WorkspacePath, Resolution>> {
    if resolutions
        .iter()
        .any(|resolution| resolution.content.len() as u64 > limit::TEXT_FILE_BYTES)
    {
        return Err(Error::TooLarge {
            what: "a resolution".to_owned(),
            limit: "8 MiB".to_owned(),
        });
    }
    Ok(resolutions
        .into_iter()
        .map(|resolution| (resolution.path.clone(), resolution))
        .collect())
}
