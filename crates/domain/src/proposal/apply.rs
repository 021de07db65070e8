//! Applies a proposal: all of its accepted hunks, or none.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use atelier_base::{ContentHash, FileId, HunkId, ProposalId, VersionId, WorkspacePath, limit};
use atelier_patch::Hunk;
use atelier_sandbox::FileError;
use atelier_sandbox::transaction::Expect;
use atelier_store::{
    AuthorKind, FileChange, FileKind, HunkState, Proposal as Stored, ProposalFileRow,
    ProposalState, TransactionKind,
};

use super::{HunkStates, Proposal, Standing, engine_hunk, hunks_of, require_open};
use crate::commit::{AppliedFile, Author, Decision, Edit, FileEdit, Origin};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Conflict, Error, Result};
use crate::tree::{Tree, blocking};

/// What is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accept {
    /// Everything.
    All,
    /// The hunks with these numbers, from 1, in the order of the proposal.
    Numbers(Vec<u32>),
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

impl Domain {
    /// Applies the named hunks of an open proposal, all when none are named,
    /// and rejects the others. What was saved meanwhile is merged.
    ///
    /// # Errors
    /// [`Error::MergeConflict`] names every file that needs a decision, and
    /// nothing is written. [`Error::ProposalDecided`] when it is not open.
    pub async fn apply_proposal(
        &self,
        ctx: &Ctx,
        id: ProposalId,
        hunks: Option<Vec<HunkId>>,
        resolutions: Vec<Resolution>,
    ) -> Result<Proposal> {
        let stored = self.require_proposal(ctx, id).await?;
        let tree = self.trees().open(stored.proposal.workspace_id).await?;
        let writing = tree.writing.lock().await;
        let stored = self
            .store()
            .read(async |tx| tx.get_proposal(id).await)
            .await?;
        require_open(&stored)?;
        let accepted = accepted(&stored, hunks)?;
        if accepted.is_empty() {
            drop(writing);
            return self.reject_proposal(ctx, id).await;
        }
        let mut applying = Applying {
            domain: self,
            ctx,
            tree: &tree,
            stored: &stored,
            accepted,
            resolutions: checked(resolutions)?,
            files: Vec::new(),
            applied: Vec::new(),
            conflicts: Vec::new(),
        };
        applying.run().await?;
        let edit = applying.into_edit()?;
        self.commit(&tree, edit).await?;
        drop(writing);
        self.get_proposal(ctx, id).await
    }

    /// Applies hunks by their numbers.
    pub(super) async fn apply_numbered(
        &self,
        ctx: &Ctx,
        id: ProposalId,
        accept: Accept,
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
        self.apply_proposal(ctx, id, hunks, Vec::new()).await
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
            .read(async |tx| tx.find_live_by_path(workspace, path).await)
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

/// Returns the hunks to apply, after checking that they are this proposal's.
fn accepted(stored: &Stored, named: Option<Vec<HunkId>>) -> Result<HashSet<HunkId>> {
    let all: HashSet<HunkId> = stored.hunks.iter().map(|hunk| hunk.id).collect();
    let Some(named) = named else { return Ok(all) };
    match named.iter().find(|hunk| !all.contains(hunk)) {
        Some(stranger) => Err(Error::invalid(
            "hunks",
            format!("{stranger} is not a hunk of this proposal"),
        )),
        None => Ok(named.into_iter().collect()),
    }
}

fn checked(resolutions: Vec<Resolution>) -> Result<BTreeMap<WorkspacePath, Resolution>> {
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

/// A proposal on its way to being applied.
struct Applying<'a> {
    domain: &'a Domain,
    ctx: &'a Ctx,
    tree: &'a Arc<Tree>,
    stored: &'a Stored,
    accepted: HashSet<HunkId>,
    resolutions: BTreeMap<WorkspacePath, Resolution>,
    files: Vec<FileEdit>,
    applied: Vec<AppliedFile>,
    conflicts: Vec<Conflict>,
}

impl Applying<'_> {
    async fn run(&mut self) -> Result<()> {
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
            None => {}
            Some(now) if Some(now.hash) == file.before_hash => {
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
        let bytes = match self.resolution(to, now.version) {
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
    fn into_edit(self) -> Result<Edit> {
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
