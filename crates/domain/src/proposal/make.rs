//! Makes a proposal of a patch: parsed, placed, and stored; nothing written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use atelier_base::{
    ContentHash, FileId, HunkId, ProposalId, TurnId, VersionId, WorkspaceId, WorkspacePath, limit,
};
use atelier_patch::{
    Change, Entry, Format, ParseOptions, Patch, PlannedFile, Source, SourceError, Style,
};
use atelier_sandbox::FileError;
use atelier_sandbox::files::EntryKind;
use atelier_store::{
    FileChange, HunkState, Proposal as Stored, ProposalFileRow, ProposalHunkRow, ProposalRow,
    ProposalState,
};

use super::{Proposal, kind_word};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::proposal::Accept;
use crate::tree::{Tree, blocking};

/// A patch that is to become a proposal.
#[derive(Debug)]
pub struct NewProposal {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The patch.
    pub patch: String,
    /// How it is written.
    pub format: Format,
    /// The file that a block without a name means.
    pub path: Option<String>,
    /// One line on what it is.
    pub title: Option<String>,
    /// What is applied at once.
    pub accept: Option<Accept>,
    /// The words that confirm what applying it at once destroys.
    pub confirm: Option<String>,
}

/// Where a patch comes from and what its author saw.
#[derive(Debug, Default)]
pub(crate) struct Origin {
    pub(crate) turn: Option<TurnId>,
    /// The versions that the author was given; other files are taken as they
    /// stand.
    pub(crate) seen: BTreeMap<WorkspacePath, VersionId>,
}

/// A proposal whose changes are known.
pub(crate) struct ReadyProposal {
    pub(crate) workspace: WorkspaceId,
    pub(crate) title: String,
    pub(crate) format: Format,
    /// The patch as a person reads it.
    pub(crate) text: String,
    pub(crate) turn: Option<TurnId>,
    pub(crate) base: Base,
    pub(crate) files: Vec<PlannedFile>,
}

impl Domain {
    /// Validates a patch and makes a proposal of it; applies it when asked to.
    ///
    /// # Errors
    /// [`Error::Patch`] when it can't be read or placed; then nothing is
    /// stored. [`Error::MergeConflict`] when it was to be applied and could
    /// not be; then the proposal is there, open.
    pub async fn create_proposal(&self, ctx: &Ctx, new: NewProposal) -> Result<Proposal> {
        self.require_workspace(ctx, new.workspace).await?;
        if new.patch.len() > limit::PATCH_BYTES {
            return Err(Error::TooLarge {
                what: "the patch".to_owned(),
                limit: "4 MiB".to_owned(),
            });
        }
        let sole_path = new.path.as_deref().map(WorkspacePath::new).transpose()?;
        let options = ParseOptions {
            format: new.format,
            strict: false,
            sole_path,
        };
        let patch = atelier_patch::parse(&new.patch, &options)?;
        let title = new.title.unwrap_or_else(|| title_of(&patch));
        let id = self
            .propose(
                ctx,
                new.workspace,
                &new.patch,
                &patch,
                title,
                Origin::default(),
            )
            .await?;
        match new.accept {
            Some(accept) => self.apply_numbered(ctx, id, accept, new.confirm).await,
            None => self.get_proposal(ctx, id).await,
        }
    }

    /// Places a parsed patch on what its author saw and stores the proposal.
    pub(crate) async fn propose(
        &self,
        ctx: &Ctx,
        workspace: WorkspaceId,
        text: &str,
        patch: &Patch,
        title: String,
        origin: Origin,
    ) -> Result<ProposalId> {
        ctx.person()?;
        let tree = self.trees().open(workspace).await?;
        let base = self.base_of(&tree, ctx, patch, &origin.seen).await?;
        let plan = atelier_patch::plan(patch, &base)?;
        if origin.turn.is_some() {
            let locks = self.locks(ctx, workspace).await?;
            let paths = plan.files.iter().flat_map(|file| [file.home(), &file.path]);
            locks.check(paths)?;
        }
        let ready = ReadyProposal {
            workspace,
            title,
            format: patch.format,
            text: text.to_owned(),
            turn: origin.turn,
            base,
            files: plan.files,
        };
        self.store_proposal(ctx, ready).await
    }

    /// Stores a proposal whose changes are known.
    pub(crate) async fn store_proposal(
        &self,
        ctx: &Ctx,
        ready: ReadyProposal,
    ) -> Result<ProposalId> {
        let id = self.ids().next::<ProposalId>();
        let proposal = ProposalRow {
            id,
            workspace_id: ready.workspace,
            user_id: ctx.person()?,
            turn_id: ready.turn,
            title: ready
                .title
                .chars()
                .filter(|c| !c.is_control())
                .take(limit::NAME_CHARS)
                .collect(),
            format: ready.format.to_string(),
            patch_hash: self.store().blobs().put(ready.text.into_bytes()).await?,
            state: ProposalState::Open,
            created_at: self.now(),
            decided_at: None,
        };
        let mut stored = Stored {
            proposal,
            files: Vec::new(),
            hunks: Vec::new(),
        };
        for (position, planned) in (0..).zip(ready.files) {
            self.add_file(&mut stored, position, planned, &ready.base)
                .await?;
        }
        self.store()
            .write(async |tx| tx.insert_proposal(&stored).await)
            .await?;
        self.announce_proposal(ready.workspace, id).await?;
        Ok(id)
    }

    async fn add_file(
        &self,
        stored: &mut Stored,
        position: u32,
        planned: PlannedFile,
        base: &Base,
    ) -> Result<()> {
        let from_path = match &planned.change {
            Change::Rename { from } | Change::Copy { from } => Some(from.clone()),
            Change::Create | Change::Modify | Change::Delete => None,
        };
        let known = base.0.get(planned.home()).and_then(|entry| entry.known);
        let before_hash = self.keep_bytes(planned.before).await?;
        let after_hash = self.keep_bytes(planned.after).await?;
        stored.files.push(ProposalFileRow {
            proposal_id: stored.proposal.id,
            position,
            change: match planned.change {
                Change::Create => FileChange::Create,
                Change::Copy { .. } => FileChange::Copy,
                Change::Modify => FileChange::Modify,
                Change::Delete => FileChange::Delete,
                Change::Rename { .. } => FileChange::Rename,
            },
            path: planned.path,
            from_path,
            file_id: known.map(|(file, _)| file),
            base_version_id: known.and_then(|(_, version)| version),
            before_hash,
            after_hash,
            executable_before: planned.executable_before,
            executable: planned.executable,
            encoding: planned.encoding.as_str().to_owned(),
            is_binary: planned.binary,
            applied_before_hash: None,
            applied_after_hash: None,
        });
        for (number, hunk) in (0..).zip(planned.hunks) {
            stored.hunks.push(ProposalHunkRow {
                id: self.ids().next::<HunkId>(),
                proposal_id: stored.proposal.id,
                file_position: position,
                position: number,
                kind: kind_word(hunk.kind).to_owned(),
                old_start: hunk.old_start,
                old_lines: hunk.old_lines,
                new_start: hunk.new_start,
                new_lines: hunk.new_lines,
                label: hunk.label.to_string(),
                state: HunkState::Open,
                merged: false,
            });
        }
        Ok(())
    }

    async fn keep_bytes(&self, bytes: Option<Vec<u8>>) -> Result<Option<ContentHash>> {
        match bytes {
            Some(bytes) => Ok(Some(self.store().blobs().put(bytes).await?)),
            None => Ok(None),
        }
    }

    /// Reads what the patch's paths held for its author.
    async fn base_of(
        &self,
        tree: &Arc<Tree>,
        ctx: &Ctx,
        patch: &Patch,
        seen: &BTreeMap<WorkspacePath, VersionId>,
    ) -> Result<Base> {
        let mut base = BTreeMap::new();
        let paths = paths_of(patch);
        // What the paths lie in must be folders, so it is looked at too.
        let folders = paths
            .iter()
            .flat_map(|path| std::iter::successors(path.parent(), WorkspacePath::parent));
        // So is what says how the project wants its files.
        let styles = paths.iter().flat_map(Style::sources);
        let named = paths.iter().cloned();
        let all: BTreeSet<_> = folders.chain(styles).chain(named).collect();
        for path in all {
            let entry = match seen.get(&path) {
                Some(version) => self.seen_entry(*version).await?,
                None => self.standing_entry(tree, ctx, &path).await?,
            };
            base.insert(path, entry);
        }
        Ok(Base(base))
    }

    async fn seen_entry(&self, version: VersionId) -> Result<BaseEntry> {
        let row = self
            .store()
            .query(async |tx| tx.get_version(version).await)
            .await?;
        let bytes = self.store().blobs().get(row.content_hash).await?;
        let entry = Entry::File {
            bytes,
            executable: row.executable,
        };
        Ok(BaseEntry {
            entry,
            known: Some((row.file_id, Some(version))),
        })
    }

    async fn standing_entry(
        &self,
        tree: &Arc<Tree>,
        ctx: &Ctx,
        path: &WorkspacePath,
    ) -> Result<BaseEntry> {
        let _writing = self.write_to(tree).await?;
        if let Some(standing) = self.standing(tree, ctx, path).await? {
            let known = Some((standing.file, standing.version));
            let entry = Entry::File {
                bytes: standing.bytes,
                executable: standing.executable,
            };
            return Ok(BaseEntry { entry, known });
        }
        let (reader, place) = (Arc::clone(tree), path.clone());
        let kind = blocking(move || match reader.root.entry(&place) {
            // A path below a file is not there.
            Err(FileError::WrongKind { .. }) => Ok(EntryKind::Missing),
            // The patch's author hears of it as of any edit that does not fit.
            Err(FileError::Symlink { .. }) => Ok(EntryKind::Other("path behind a symbolic link")),
            other => other,
        })
        .await?;
        let entry = match kind {
            EntryKind::Missing => Entry::Missing,
            EntryKind::Directory => Entry::Directory,
            EntryKind::Symlink => Entry::Other("symbolic link"),
            EntryKind::File => Entry::TooLarge,
            EntryKind::Other(what) => Entry::Other(what),
        };
        Ok(BaseEntry { entry, known: None })
    }
}

/// What the paths of a patch held.
pub(crate) struct Base(BTreeMap<WorkspacePath, BaseEntry>);

impl Base {
    /// Makes the base of changes whose files and versions are known.
    pub(crate) fn of_known(known: BTreeMap<WorkspacePath, (FileId, Option<VersionId>)>) -> Self {
        let entries = known.into_iter().map(|(path, known)| {
            let entry = BaseEntry {
                entry: Entry::Missing,
                known: Some(known),
            };
            (path, entry)
        });
        Self(entries.collect())
    }
}

struct BaseEntry {
    entry: Entry,
    known: Option<(FileId, Option<VersionId>)>,
}

impl Source for Base {
    fn read(&self, path: &WorkspacePath) -> Result<Entry, SourceError> {
        Ok(self
            .0
            .get(path)
            .map_or(Entry::Missing, |entry| entry.entry.clone()))
    }
}

fn paths_of(patch: &Patch) -> Vec<WorkspacePath> {
    let mut paths = Vec::new();
    for edit in &patch.edits {
        paths.extend(edit.paths().cloned());
    }
    paths.sort();
    paths.dedup();
    paths
}

/// Returns a title that names what a patch changes.
pub(crate) fn title_of(patch: &Patch) -> String {
    let paths = paths_of(patch);
    match paths.as_slice() {
        [] => "Nothing".to_owned(),
        [one] => format!("Change {one}"),
        [one, two] => format!("Change {one} and {two}"),
        [one, rest @ ..] => format!("Change {one} and {} more files", rest.len()),
    }
}
