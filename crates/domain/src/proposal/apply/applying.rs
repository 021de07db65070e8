//! Decides, file by file, what applying a proposal writes, or why it can't.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use atelier_base::{ContentHash, FileId, HunkId, VersionId, WorkspacePath};
use atelier_patch::Hunk;
use atelier_sandbox::transaction::Expect;
use atelier_store::{
    AuthorKind, FileChange, FileKind, HunkState, Proposal as Stored, ProposalFileRow,
    ProposalState, TransactionKind,
};

use super::Resolution;
use crate::commit::{AppliedFile, Author, Decision, Edit, FileEdit, Origin};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Conflict, Error, Result};
use crate::proposal::{HunkStates, Standing, engine_hunk, hunks_of};
use crate::tree::Tree;

/// A proposal on its way to being applied.
pub(super) struct Applying<'a> {
    pub(super) domain: &'a Domain,
    pub(super) ctx: &'a Ctx,
    pub(super) tree: &'a Arc<Tree>,
    pub(super) stored: &'a Stored,
    pub(super) accepted: HashSet<HunkId>,
    pub(super) resolutions: BTreeMap<WorkspacePath, Resolution>,
    pub(super) files: Vec<FileEdit>,
    pub(super) applied: Vec<AppliedFile>,
    pub(super) conflicts: Vec<Conflict>,
}

impl Applying<'_> {
    /// Decides every file of the proposal.
    pub(super) async fn run(&mut self) -> Result<()> {
        let stored = self.stored;
        for file in &stored.files {
            if hunks_of(stored, file.position).any(|hunk| self.accepted.contains(&hunk.id)) {
                match file.change {
                    FileChange::Create => self.create(file).await?,
                    FileChange::Delete => self.delete(file).await?,
                    FileChange::Modify | FileChange::Rename => self.modify(file).await?,
                }
            }
        }
        Ok(())
    }

    async fn create(&mut self, file: &ProposalFileRow) -> Result<()> {
        let wanted = self.domain.blob(file.after_hash).await?;
        match self.standing(&file.path).await? {
            None => {
                let taken = self.row_at(&file.path).await?;
                if taken {
                    return self
                        .conflict(
                            file,
                            None,
                            "something that is not a text file is there now",
                            None,
                        )
                        .await;
                }
                let id = self.domain.ids().next::<FileId>();
                self.write(
                    file,
                    id,
                    Origin::New,
                    file.path.clone(),
                    wanted,
                    file.executable,
                    Expect::Missing,
                    None,
                );
            }
            Some(now) if now.bytes == wanted => {}
            Some(now) => match self.resolution(&file.path, now.version) {
                Some(bytes) => {
                    let (id, executable) = (now.file, now.executable);
                    self.write(
                        file,
                        id,
                        Origin::Known,
                        file.path.clone(),
                        bytes,
                        executable,
                        Expect::Hash(now.hash),
                        Some(now.hash),
                    );
                }
                None => {
                    return self
                        .conflict(file, Some(&now), "the file exists by now", None)
                        .await;
                }
            },
        }
        Ok(())
    }

    async fn delete(&mut self, file: &ProposalFileRow) -> Result<()> {
        match self.standing(&file.path).await? {
            None if self.row_at(&file.path).await? => {
                return self
                    .conflict(file, None, "it is not a text file any more", None)
                    .await;
            }
            None => {}
            // An answer given against what stands now confirms the deletion.
            Some(now)
                if Some(now.hash) == file.before_hash
                    || self.resolution(&file.path, now.version).is_some() =>
            {
                self.files.push(FileEdit::Remove {
                    file: now.file,
                    path: file.path.clone(),
                    expect: Expect::Hash(now.hash),
                });
                self.applied.push(AppliedFile {
                    position: file.position,
                    before: Some(now.hash),
                    after: None,
                });
            }
            Some(now) => {
                return self
                    .conflict(file, Some(&now), "the file to delete has changed", None)
                    .await;
            }
        }
        Ok(())
    }

    async fn modify(&mut self, file: &ProposalFileRow) -> Result<()> {
        let from = file.from_path.as_ref().unwrap_or(&file.path);
        let Some(now) = self.standing(from).await? else {
            return self
                .conflict(file, None, "the file to change is gone", None)
                .await;
        };
        let to = if self.moves(file) { &file.path } else { from };
        if to != from && self.row_at(to).await? {
            return self
                .conflict(
                    file,
                    Some(&now),
                    "something is at the new path by now",
                    None,
                )
                .await;
        }
        let theirs = self.selected(file).await?;
        let bytes = match self.resolution(&file.path, now.version) {
            Some(bytes) => bytes,
            None if Some(now.hash) == file.before_hash => theirs,
            None => {
                let base = self.domain.blob(file.before_hash).await?;
                let merge = atelier_patch::merge(&base, &now.bytes, &theirs);
                if !merge.conflicts.is_empty() {
                    return self
                        .conflict(
                            file,
                            Some(&now),
                            "you and the proposal changed the same lines",
                            Some(merge.bytes),
                        )
                        .await;
                }
                merge.bytes
            }
        };
        self.place(file, from, to, &now, bytes);
        Ok(())
    }

    /// Writes a changed file, and moves it when its rename is accepted.
    fn place(
        &mut self,
        file: &ProposalFileRow,
        from: &WorkspacePath,
        to: &WorkspacePath,
        now: &Standing,
        bytes: Vec<u8>,
    ) {
        if from == to {
            if bytes != now.bytes {
                let expect = Expect::Hash(now.hash);
                self.write(
                    file,
                    now.file,
                    Origin::Known,
                    to.clone(),
                    bytes,
                    now.executable,
                    expect,
                    Some(now.hash),
                );
            }
            return;
        }
        let expect = Expect::Hash(now.hash);
        if bytes == now.bytes {
            self.files.push(FileEdit::Rename {
                file: now.file,
                from: from.clone(),
                to: to.clone(),
                kind: FileKind::File,
                expect,
            });
            self.applied.push(AppliedFile {
                position: file.position,
                before: Some(now.hash),
                after: Some(now.hash),
            });
            return;
        }
        let applied = AppliedFile {
            position: file.position,
            before: Some(now.hash),
            after: Some(ContentHash::of(&bytes)),
        };
        self.files.push(FileEdit::MoveAndWrite {
            file: now.file,
            from: from.clone(),
            to: to.clone(),
            bytes,
            executable: now.executable,
            expect,
            author: self.author(),
        });
        self.applied.push(applied);
    }

    /// Returns the file with only its accepted hunks.
    async fn selected(&self, file: &ProposalFileRow) -> Result<Vec<u8>> {
        let before = self.domain.blob(file.before_hash).await?;
        let after = self.domain.blob(file.after_hash).await?;
        let rows: Vec<_> = hunks_of(self.stored, file.position).collect();
        let hunks = rows
            .iter()
            .map(|row| engine_hunk(row))
            .collect::<Result<Vec<Hunk>>>()?;
        let accepted: Vec<bool> = rows
            .iter()
            .map(|row| self.accepted.contains(&row.id))
            .collect();
        Ok(atelier_patch::splice(&before, &after, &hunks, &accepted))
    }

    /// Says whether the file's rename is accepted.
    fn moves(&self, file: &ProposalFileRow) -> bool {
        hunks_of(self.stored, file.position)
            .any(|hunk| hunk.kind == "rename" && self.accepted.contains(&hunk.id))
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of one write; a struct would name them again"
    )]
    fn write(
        &mut self,
        row: &ProposalFileRow,
        file: FileId,
        origin: Origin,
        path: WorkspacePath,
        bytes: Vec<u8>,
        executable: bool,
        expect: Expect,
        before: Option<ContentHash>,
    ) {
        let after = Some(ContentHash::of(&bytes));
        let author = self.author();
        self.files.push(FileEdit::Write {
            file,
            origin,
            path,
            bytes,
            executable,
            expect,
            author,
        });
        self.applied.push(AppliedFile {
            position: row.position,
            before,
            after,
        });
    }

    fn author(&self) -> Author {
        let proposal = &self.stored.proposal;
        // A patch that a person sent is the person's work.
        let kind = if proposal.turn_id.is_some() {
            AuthorKind::Assistant
        } else {
            AuthorKind::User
        };
        Author {
            kind,
            turn: proposal.turn_id,
            run: None,
            proposal: Some(proposal.id),
        }
    }

    /// Returns a person's answer for a file, if it was given against what
    /// stands there now.
    fn resolution(&self, path: &WorkspacePath, version: Option<VersionId>) -> Option<Vec<u8>> {
        let resolution = self.resolutions.get(path)?;
        (Some(resolution.version) == version).then(|| resolution.content.clone().into_bytes())
    }

    async fn standing(&self, path: &WorkspacePath) -> Result<Option<Standing>> {
        self.domain.standing(self.tree, self.ctx, path).await
    }

    async fn row_at(&self, path: &WorkspacePath) -> Result<bool> {
        let workspace = self.tree.workspace;
        let row = self
            .domain
            .store()
            .read(async |tx| tx.find_live_by_path(workspace, path).await)
            .await?;
        Ok(row.is_some())
    }

    async fn conflict(
        &mut self,
        file: &ProposalFileRow,
        now: Option<&Standing>,
        reason: &str,
        merged: Option<Vec<u8>>,
    ) -> Result<()> {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).ok();
        let theirs = match file.change {
            FileChange::Modify | FileChange::Rename => text(self.selected(file).await?),
            FileChange::Create | FileChange::Delete => {
                self.domain.proposal_text(file, file.after_hash).await?
            }
        };
        self.conflicts.push(Conflict {
            path: file.path.clone(),
            reason: reason.to_owned(),
            version: now.and_then(|now| now.version),
            base: self.domain.proposal_text(file, file.before_hash).await?,
            yours: now.and_then(|now| text(now.bytes.clone())),
            theirs,
            merged: merged.and_then(text),
        });
        Ok(())
    }

    /// Returns the edit to commit, or the conflicts that stand against it.
    pub(super) fn into_edit(self) -> Result<Edit> {
        if !self.conflicts.is_empty() {
            return Err(Error::MergeConflict(self.conflicts));
        }
        let hunks: HunkStates = self
            .stored
            .hunks
            .iter()
            .map(|hunk| {
                (
                    hunk.id,
                    if self.accepted.contains(&hunk.id) {
                        HunkState::Accepted
                    } else {
                        HunkState::Rejected
                    },
                )
            })
            .collect();
        let all = hunks.len() == self.accepted.len();
        let state = if all {
            ProposalState::Applied
        } else {
            ProposalState::PartlyApplied
        };
        Ok(Edit {
            kind: TransactionKind::Apply,
            user: self.ctx.person()?,
            files: self.files,
            decision: Some(Decision {
                proposal: self.stored.proposal.id,
                state,
                hunks,
                applied: self.applied,
            }),
        })
    }
}
