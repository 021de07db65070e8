//! Takes an applied proposal back, keeping what was written since.

use std::sync::Arc;

use atelier_base::{ContentHash, FileId, ProposalId};
use atelier_sandbox::transaction::Expect;
use atelier_store::{
    HunkState, Proposal as Stored, ProposalFileRow, ProposalState, TransactionKind,
};

use super::{Proposal, Standing, decided, hunks_of};
use crate::commit::{Author, Decision, Edit, FileEdit, Origin};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Conflict, Error, Result};
use crate::tree::Tree;

impl Domain {
    /// Undoes an applied proposal by a reverse three-way merge.
    ///
    /// # Errors
    /// [`Error::MergeConflict`] when later edits changed the same lines; then
    /// nothing is written. [`Error::ProposalDecided`] when it is not applied.
    pub async fn undo_proposal(&self, ctx: &Ctx, id: ProposalId) -> Result<Proposal> {
        let stored = self.require_proposal(ctx, id).await?;
        let tree = self.trees().open(stored.proposal.workspace_id).await?;
        let writing = self.write_to(&tree).await?;
        let stored = self
            .store()
            .read(async |tx| tx.get_proposal(id).await)
            .await?;
        if !matches!(
            stored.proposal.state,
            ProposalState::Applied | ProposalState::PartlyApplied
        ) {
            return Err(Error::ProposalDecided {
                state: decided(stored.proposal.state),
            });
        }
        let edit = self.undoing(ctx, &tree, &stored).await?;
        self.commit(&tree, edit).await?;
        drop(writing);
        self.get_proposal(ctx, id).await
    }

    async fn undoing(&self, ctx: &Ctx, tree: &Arc<Tree>, stored: &Stored) -> Result<Edit> {
        let author = Author {
            proposal: Some(stored.proposal.id),
            ..Author::USER
        };
        let mut files = Vec::new();
        let mut conflicts = Vec::new();
        for file in &stored.files {
            if file.applied_before_hash.is_none() && file.applied_after_hash.is_none() {
                continue;
            }
            match self.undo_file(ctx, tree, stored, file, author).await? {
                Ok(edit) => files.extend(edit),
                Err(conflict) => conflicts.push(*conflict),
            }
        }
        if !conflicts.is_empty() {
            return Err(Error::MergeConflict(conflicts));
        }
        let decision = Decision {
            proposal: stored.proposal.id,
            state: ProposalState::Undone,
            hunks: Vec::new(),
            applied: Vec::new(),
        };
        Ok(Edit {
            kind: TransactionKind::Undo,
            user: ctx.person()?,
            files,
            decision: Some(decision),
        })
    }

    async fn undo_file(
        &self,
        ctx: &Ctx,
        tree: &Arc<Tree>,
        stored: &Stored,
        file: &ProposalFileRow,
        author: Author,
    ) -> Result<Result<Option<FileEdit>, Box<Conflict>>> {
        let (path, executable) = (file.path.clone(), file.executable);
        // A rename that was not accepted left the file at its old path.
        let moved = file
            .from_path
            .clone()
            .filter(|_| was_renamed(stored, file.position));
        let place = match (&file.from_path, &moved) {
            (Some(from), None) => from.clone(),
            _ => path.clone(),
        };
        let now = self.standing(tree, ctx, &place).await?;
        let before = self.blob(file.applied_before_hash).await?;
        match (now, file.applied_before_hash, file.applied_after_hash) {
            // It was deleted: bring it back, if nothing took its place.
            (None, Some(_), None) => {
                let (id, origin) = self.deleted_row(file).await?;
                let expect = Expect::Missing;
                Ok(Ok(Some(FileEdit::Write {
                    file: id,
                    origin,
                    path,
                    bytes: before,
                    executable,
                    expect,
                    author,
                })))
            }
            // It was made: remove it, if nobody changed it.
            (Some(now), None, Some(after)) if now.hash == after => Ok(Ok(Some(FileEdit::Remove {
                file: now.file,
                path,
                expect: Expect::Hash(now.hash),
            }))),
            (None, None, _) => Ok(Ok(None)),
            (Some(now), Some(_), Some(after)) => {
                let bytes = match self.reverse(after, &now, &before).await? {
                    Ok(bytes) => bytes,
                    Err(merged) => {
                        return Ok(Err(Box::new(conflict(
                            file,
                            Some(now),
                            Some(before),
                            Some(merged),
                            "you changed the same lines since",
                        ))));
                    }
                };
                let (id, executable, expect) = (now.file, now.executable, Expect::Hash(now.hash));
                Ok(Ok(Some(match moved {
                    Some(to) => FileEdit::MoveAndWrite {
                        file: id,
                        from: place,
                        to,
                        bytes,
                        executable,
                        expect,
                        author,
                    },
                    None => FileEdit::Write {
                        file: id,
                        origin: Origin::Known,
                        path: place,
                        bytes,
                        executable,
                        expect,
                        author,
                    },
                })))
            }
            (now, _, _) => Ok(Err(Box::new(conflict(
                file,
                now,
                Some(before),
                None,
                "the file was changed, made or deleted since",
            )))),
        }
    }

    /// Returns the row of a deleted file, which keeps its history; a new one
    /// when that row is in use again.
    async fn deleted_row(&self, file: &ProposalFileRow) -> Result<(FileId, Origin)> {
        if let Some(id) = file.file_id {
            let row = self.store().read(async |tx| tx.find_file(id).await).await?;
            if row.is_some_and(|row| row.deleted_at.is_some() && row.path == file.path) {
                return Ok((id, Origin::Deleted));
            }
        }
        Ok((self.ids().next(), Origin::New))
    }

    /// Takes the change `before → after` out of what stands now.
    async fn reverse(
        &self,
        after: ContentHash,
        now: &Standing,
        before: &[u8],
    ) -> Result<Result<Vec<u8>, Vec<u8>>> {
        if now.hash == after {
            return Ok(Ok(before.to_vec()));
        }
        let merge = atelier_patch::merge(&self.blob(Some(after)).await?, &now.bytes, before);
        Ok(if merge.conflicts.is_empty() {
            Ok(merge.bytes)
        } else {
            Err(merge.bytes)
        })
    }
}

fn was_renamed(stored: &Stored, position: u32) -> bool {
    hunks_of(stored, position)
        .any(|hunk| hunk.kind == "rename" && hunk.state == HunkState::Accepted)
}

fn conflict(
    file: &ProposalFileRow,
    now: Option<Standing>,
    theirs: Option<Vec<u8>>,
    merged: Option<Vec<u8>>,
    reason: &str,
) -> Conflict {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).ok();
    Conflict {
        path: file.path.clone(),
        reason: reason.to_owned(),
        version: now.as_ref().and_then(|now| now.version),
        base: None,
        yours: now.and_then(|now| text(now.bytes)),
        theirs: theirs.and_then(text),
        merged: merged.and_then(text),
    }
}
