//! The step from one set of a proposal's hunks to another, merged with what
//! the files hold by now: applying, undoing, and applying again.

mod record;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use atelier_base::{ContentHash, FileId, HunkId, VersionId, WorkspacePath};
use atelier_patch::{PlannedFile, Selected};
use atelier_sandbox::transaction::Expect;
use atelier_store::{FileChange, FileKind, Proposal as Stored, ProposalFileRow, TransactionKind};

use self::record::Place;
use super::conflict::Found;
use super::side::{Set, encoding_of, side, step_of};
use super::{Resolution, Standing, hunks_of};
use crate::commit::{AppliedFile, FileEdit, Origin};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Conflict, Error, Result};
use crate::tree::Tree;

/// A step on its way.
pub(super) struct Shift<'a> {
    pub(super) domain: &'a Domain,
    pub(super) ctx: &'a Ctx,
    pub(super) tree: &'a Arc<Tree>,
    pub(super) stored: &'a Stored,
    pub(super) kind: TransactionKind,
    /// The hunks that are in the files.
    pub(super) from: Set,
    /// The hunks that are to be.
    pub(super) to: Set,
    pub(super) resolutions: BTreeMap<WorkspacePath, Resolution>,
    /// The paths that this step frees for others.
    vacated: HashSet<WorkspacePath>,
    pub(super) done: Shifted,
}

/// What a step does.
#[derive(Debug, Default)]
pub(super) struct Shifted {
    pub(super) files: Vec<FileEdit>,
    pub(super) applied: Vec<AppliedFile>,
    pub(super) merged: Vec<HunkId>,
    pub(super) conflicts: Vec<Conflict>,
    /// The files as the proposal has them, without their hunks: for weighing.
    pub(super) weighed: Vec<PlannedFile>,
}

/// A file of the step: as it is in the proposal, before and after.
struct Moving<'a> {
    file: &'a ProposalFileRow,
    planned: PlannedFile,
    from: Selected,
    to: Selected,
    /// Whether no hunk of the file is left in it afterwards.
    is_end: bool,
}

impl<'a> Shift<'a> {
    pub(super) fn new(
        domain: &'a Domain,
        ctx: &'a Ctx,
        tree: &'a Arc<Tree>,
        stored: &'a Stored,
        (from, to): (Set, Set),
        resolutions: BTreeMap<WorkspacePath, Resolution>,
    ) -> Self {
        let kind = if from.is_subset(&to) {
            TransactionKind::Apply
        } else {
            TransactionKind::Undo
        };
        Self {
            domain,
            ctx,
            tree,
            stored,
            kind,
            from,
            to,
            resolutions,
            vacated: HashSet::new(),
            done: Shifted::default(),
        }
    }

    /// Decides every file of the proposal.
    pub(super) async fn run(mut self) -> Result<Shifted> {
        let mut moving = Vec::new();
        for file in &self.stored.files {
            let mut hunks = hunks_of(self.stored, file.position);
            if hunks.any(|hunk| self.from.contains(&hunk.id) != self.to.contains(&hunk.id)) {
                moving.push(self.moving(file).await?);
            }
        }
        for one in &moving {
            let stays = one.to.bytes.is_some() && one.to.path == one.from.path;
            if one.from.bytes.is_some() && !stays {
                self.vacated.insert(one.from.path.clone());
            }
        }
        // Rows of a path that is freed go before rows that take it.
        moving.sort_by_key(|one| match (&one.from.bytes, &one.to.bytes) {
            (_, None) => 0,
            (Some(_), Some(_)) => 1,
            (None, Some(_)) => 2,
        });
        for one in moving {
            match (&one.from.bytes, &one.to.bytes) {
                (None, Some(_)) => self.appear(&one).await?,
                (Some(_), None) => self.vanish(&one).await?,
                (Some(_), Some(_)) => self.change(&one).await?,
                (None, None) => {}
            }
            let sets = (&self.from, &self.to);
            let step = step_of(self.stored, one.file, one.planned, sets);
            self.done.weighed.push(step);
        }
        Ok(self.done)
    }

    async fn moving(&self, file: &'a ProposalFileRow) -> Result<Moving<'a>> {
        let planned = self.domain.planned(self.stored, file).await?;
        let mut hunks = hunks_of(self.stored, file.position);
        Ok(Moving {
            from: side(self.stored, file, &planned, &self.from),
            to: side(self.stored, file, &planned, &self.to),
            is_end: !hunks.any(|hunk| self.to.contains(&hunk.id)),
            planned,
            file,
        })
    }

    /// Makes a file, or brings it back.
    async fn appear(&mut self, one: &Moving<'_>) -> Result<()> {
        let path = &one.to.path;
        let mut wanted = one.to.bytes.clone().unwrap_or_default();
        // What was deleted may have been more than the proposal knew.
        if let (true, Some(hash)) = (one.is_end, one.file.applied_before_hash) {
            wanted = self.domain.blob(Some(hash)).await?;
        }
        let found = match self.standing(path).await? {
            Some(_) if self.vacated.contains(path) => None,
            found => found,
        };
        match found {
            None if !self.vacated.contains(path) && self.row_at(path).await? => self.refuse(
                one,
                None,
                "something that is not a text file is there now",
                None,
            ),
            None => {
                let (file, origin) = self.row_for(one).await?;
                let place = Place {
                    file,
                    origin,
                    expect: Expect::Missing,
                    before: None,
                };
                self.write(one, place, wanted, one.to.executable);
            }
            Some(now) if now.bytes == wanted && now.executable == one.to.executable => {
                self.note(one, Some(now.hash), Some(now.hash));
            }
            Some(now) => match self.resolution(one, now.version)? {
                Some(bytes) => {
                    let executable = now.executable;
                    self.write(one, Place::over(&now), bytes, executable);
                }
                None => self.refuse(one, Some(now), "the file exists by now", None),
            },
        }
        Ok(())
    }

    /// Removes a file.
    async fn vanish(&mut self, one: &Moving<'_>) -> Result<()> {
        let path = &one.from.path;
        if one.is_end && one.had_no_effect() {
            self.forget(one);
            return Ok(());
        }
        match self.standing(path).await? {
            None if self.row_at(path).await? => {
                self.refuse(one, None, "it is not a text file any more", None);
            }
            None => self.note(one, None, None),
            // An answer given against what stands now confirms the deletion.
            Some(now) if one.expects(now.hash) || self.resolution(one, now.version)?.is_some() => {
                self.done.files.push(FileEdit::Remove {
                    file: now.file,
                    path: path.clone(),
                    expect: Expect::Hash(now.hash),
                });
                self.note(one, Some(now.hash), None);
            }
            Some(now) => {
                let reason = if one.file.change == FileChange::Delete {
                    "the file to delete has changed"
                } else {
                    "the file was changed since"
                };
                self.refuse(one, Some(now), reason, None);
            }
        }
        Ok(())
    }

    /// Changes a file's content, place or mode.
    async fn change(&mut self, one: &Moving<'_>) -> Result<()> {
        let (from, to) = (&one.from.path, &one.to.path);
        let Some(now) = self.standing(from).await? else {
            self.refuse(one, None, "the file to change is gone", None);
            return Ok(());
        };
        if to != from && !self.vacated.contains(to) && self.row_at(to).await? {
            self.refuse(one, Some(now), "something is at the new path by now", None);
            return Ok(());
        }
        let (base, theirs) = self.texts(one).await?;
        let bytes = match self.resolution(one, now.version)? {
            Some(bytes) => bytes,
            None if base == theirs => now.bytes.clone(),
            None if now.bytes == base => theirs,
            None if one.file.is_binary => {
                self.refuse(
                    one,
                    Some(now),
                    "the file is other bytes by now, which can't be merged",
                    None,
                );
                return Ok(());
            }
            None => {
                let merge = atelier_patch::merge(&base, &now.bytes, &theirs);
                if !merge.conflicts.is_empty() {
                    let found = Found {
                        base,
                        theirs,
                        merge,
                    };
                    let reason = if self.kind == TransactionKind::Apply {
                        "you and the proposal changed the same lines"
                    } else {
                        "you changed the same lines since"
                    };
                    self.refuse(one, Some(now), reason, Some(found));
                    return Ok(());
                }
                self.note_merge(one);
                merge.bytes
            }
        };
        self.place(one, &now, bytes);
        Ok(())
    }

    /// Returns the two texts between which the step leads.
    ///
    /// Taking all of a file's hunks back leads to just what was there, when
    /// that is known: what was merged then goes too.
    async fn texts(&self, one: &Moving<'_>) -> Result<(Vec<u8>, Vec<u8>)> {
        if let (true, Some(before), Some(after)) = (
            one.is_end,
            one.file.applied_before_hash,
            one.file.applied_after_hash,
        ) {
            let theirs = self.domain.blob(Some(before)).await?;
            return Ok((self.domain.blob(Some(after)).await?, theirs));
        }
        let text = |side: &Selected| side.bytes.clone().unwrap_or_default();
        Ok((text(&one.from), text(&one.to)))
    }

    /// Writes a changed file, and moves it when its place changes.
    fn place(&mut self, one: &Moving<'_>, now: &Standing, bytes: Vec<u8>) {
        let executable = if one.from.executable == one.to.executable {
            now.executable
        } else {
            one.to.executable
        };
        let same = bytes == now.bytes && executable == now.executable;
        let (from, to) = (&one.from.path, &one.to.path);
        if from == to {
            if same {
                self.note(one, Some(now.hash), Some(now.hash));
            } else {
                self.write(one, Place::over(now), bytes, executable);
            }
            return;
        }
        let expect = Expect::Hash(now.hash);
        let after = ContentHash::of(&bytes);
        self.done.files.push(if same {
            FileEdit::Rename {
                file: now.file,
                from: from.clone(),
                to: to.clone(),
                kind: FileKind::File,
                expect,
            }
        } else {
            FileEdit::MoveAndWrite {
                file: now.file,
                from: from.clone(),
                to: to.clone(),
                bytes,
                executable,
                expect,
                author: self.author(),
            }
        });
        self.note(one, Some(now.hash), Some(after));
    }

    /// Returns a person's answer for a file, if it was given against what
    /// stands there now.
    fn resolution(&self, one: &Moving<'_>, version: Option<VersionId>) -> Result<Option<Vec<u8>>> {
        let answer = self.resolutions.get(&one.file.path);
        let Some(answer) = answer.filter(|answer| Some(answer.version) == version) else {
            return Ok(None);
        };
        let bytes = atelier_patch::encode(answer.content.clone(), encoding_of(one.file))?;
        Ok(Some(bytes))
    }

    async fn standing(&self, path: &WorkspacePath) -> Result<Option<Standing>> {
        self.domain.standing(self.tree, self.ctx, path).await
    }

    async fn row_at(&self, path: &WorkspacePath) -> Result<bool> {
        let workspace = self.tree.workspace;
        let store = self.domain.store();
        let row = store.query(async |tx| tx.find_live_by_path(workspace, path).await);
        Ok(row.await?.is_some())
    }

    /// Returns the row of a deleted file, which keeps its history; a new one
    /// when there is none, or it is in use again.
    async fn row_for(&self, one: &Moving<'_>) -> Result<(FileId, Origin)> {
        if let (FileChange::Delete, Some(id)) = (one.file.change, one.file.file_id) {
            let store = self.domain.store();
            let row = store.query(async |tx| tx.find_file(id).await).await?;
            if row.is_some_and(|row| row.deleted_at.is_some() && row.path == one.file.path) {
                return Ok((id, Origin::Deleted));
            }
        }
        Ok((self.domain.ids().next(), Origin::New))
    }
}

impl Shifted {
    /// Refuses a step that a person must decide about.
    pub(super) fn check(&mut self) -> Result<()> {
        if self.conflicts.is_empty() {
            return Ok(());
        }
        Err(Error::MergeConflict(std::mem::take(&mut self.conflicts)))
    }
}

impl Moving<'_> {
    /// Says whether what stands is what the proposal put there.
    fn expects(&self, hash: ContentHash) -> bool {
        let known = self.from.bytes.as_deref().map(ContentHash::of);
        let wrote = self.file.applied_after_hash.filter(|_| self.is_end);
        Some(hash) == wrote || (wrote.is_none() && Some(hash) == known)
    }

    /// Says whether the file was already as its hunks wanted it.
    fn had_no_effect(&self) -> bool {
        let file = self.file;
        file.applied_before_hash.is_some() && file.applied_before_hash == file.applied_after_hash
    }
}
