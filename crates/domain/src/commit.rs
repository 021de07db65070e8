//! The bridge between a workspace's files and its rows: both change, or none.
//!
//! The rows ride in the journal of the file transaction. Once the journal is
//! durable the change will happen: files first, then rows, then the journal
//! goes. A crash in between is finished by [`Domain::recover`], which gives
//! the same rows to the same function; the transaction's id makes that safe
//! to repeat.

use std::sync::Arc;

use atelier_base::{
    ContentHash, FileId, HunkId, ProposalId, RunId, Timestamp, TransactionId, TurnId, UserId,
    VersionId, WorkspaceId, WorkspacePath,
};
use atelier_sandbox::files::Root;
use atelier_sandbox::transaction::{Changes, Committed, Expect, FileChange as Step, FolderContent};
use atelier_store::{
    AuthorKind, FileKind, FileRow, FileStat, HunkState, ProposalState, Store, TransactionKind,
    TransactionRow, VersionRow, Writer,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::event::{ChangedFile, FileChange, WorkspaceEvent};
use crate::language;
use crate::tree::{Tree, blocking};

/// A change of several files and of the rows that describe them.
#[derive(Debug)]
pub(crate) struct Edit {
    pub(crate) kind: TransactionKind,
    pub(crate) user: UserId,
    pub(crate) files: Vec<FileEdit>,
    pub(crate) decision: Option<Decision>,
}

/// Who makes the versions of an edit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Author {
    pub(crate) kind: AuthorKind,
    pub(crate) turn: Option<TurnId>,
    pub(crate) run: Option<RunId>,
    pub(crate) proposal: Option<ProposalId>,
}

impl Author {
    pub(crate) const USER: Self = Self {
        kind: AuthorKind::User,
        turn: None,
        run: None,
        proposal: None,
    };
}

/// A change of one file.
#[derive(Debug)]
pub(crate) enum FileEdit {
    /// Makes a file or gives it new content.
    Write {
        file: FileId,
        origin: Origin,
        path: WorkspacePath,
        bytes: Vec<u8>,
        executable: bool,
        expect: Expect,
        author: Author,
    },
    /// Brings a deleted file back as its current version.
    Restore {
        file: FileId,
        path: WorkspacePath,
        bytes: Vec<u8>,
        executable: bool,
    },
    /// Makes a folder, or brings a deleted one back.
    MakeDirectory {
        file: FileId,
        origin: Origin,
        path: WorkspacePath,
    },
    /// Renames a file or folder.
    Rename {
        file: FileId,
        from: WorkspacePath,
        to: WorkspacePath,
        kind: FileKind,
        expect: Expect,
    },
    /// Renames a file and gives it new content.
    MoveAndWrite {
        file: FileId,
        from: WorkspacePath,
        to: WorkspacePath,
        bytes: Vec<u8>,
        executable: bool,
        expect: Expect,
        author: Author,
    },
    /// Deletes a file or link.
    Remove {
        file: FileId,
        path: WorkspacePath,
        expect: Expect,
    },
    /// Deletes a folder and what is in it.
    RemoveDirectory { file: FileId, path: WorkspacePath },
}

/// Whether the rows know the file already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Origin {
    /// It has no row.
    New,
    /// Its row is live.
    Known,
    /// Its row is marked as deleted.
    Deleted,
}

/// What an edit decides about a proposal.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) proposal: ProposalId,
    pub(crate) state: ProposalState,
    pub(crate) hunks: Vec<(HunkId, HunkState)>,
    pub(crate) applied: Vec<AppliedFile>,
}

/// What applying a proposal did to one of its files, for undo.
#[derive(Debug)]
pub(crate) struct AppliedFile {
    pub(crate) position: u32,
    pub(crate) before: Option<ContentHash>,
    pub(crate) after: Option<ContentHash>,
}

/// The rows of an edit, as the journal keeps them.
#[derive(Debug, Serialize, Deserialize)]
struct Rows {
    transaction: Uuid,
    workspace: Uuid,
    kind: String,
    user: Uuid,
    at: i64,
    files: Vec<RowEdit>,
    decision: Option<DecisionRows>,
}

#[derive(Debug, Serialize, Deserialize)]
enum RowEdit {
    Write {
        file: Uuid,
        origin: Origin,
        version: Uuid,
        path: String,
        hash: String,
        size: u64,
        executable: bool,
        author: AuthorRow,
    },
    Restore {
        file: Uuid,
        path: String,
    },
    MakeDirectory {
        file: Uuid,
        origin: Origin,
        path: String,
    },
    Rename {
        file: Uuid,
        from: String,
        to: String,
    },
    Remove {
        file: Uuid,
        path: String,
    },
}

#[derive(Debug, Serialize, Deserialize)]
struct AuthorRow {
    kind: String,
    turn: Option<Uuid>,
    run: Option<Uuid>,
    proposal: Option<Uuid>,
}

#[derive(Debug, Serialize, Deserialize)]
struct DecisionRows {
    proposal: Uuid,
    state: String,
    hunks: Vec<(Uuid, String)>,
    applied: Vec<(u32, Option<String>, Option<String>)>,
}

impl Domain {
    /// Makes an edit, all or nothing, and announces it. The caller holds the
    /// tree's `writing` lock. Returns what changed.
    pub(crate) async fn commit(&self, tree: &Arc<Tree>, edit: Edit) -> Result<Vec<ChangedFile>> {
        let id = self.ids().next::<TransactionId>();
        let proposal = edit.decision.as_ref().map(|decision| decision.proposal);
        let (steps, rows) = self.plan(id, tree.workspace, edit).await?;
        let encoded = serde_json::to_vec(&rows)
            .map_err(|e| Error::Internal(format!("rows do not serialise: {e}")))?;
        let changes = Changes {
            id,
            files: steps,
            rows: encoded,
        };
        let writer = Arc::clone(tree);
        let committed = blocking(move || writer.root.commit(&changes)).await?;
        let changed = self.finish(tree, committed, rows).await?;
        if !changed.is_empty() {
            self.streams()
                .publish(
                    tree.workspace,
                    &WorkspaceEvent::files_changed(changed.clone()),
                )
                .await?;
        }
        if let Some(proposal) = proposal {
            let event = WorkspaceEvent::ProposalChanged {
                proposal_id: proposal.as_uuid(),
            };
            self.streams().publish(tree.workspace, &event).await?;
        }
        Ok(changed)
    }

    /// Stores the contents and splits an edit into file steps and rows.
    async fn plan(
        &self,
        id: TransactionId,
        workspace: WorkspaceId,
        edit: Edit,
    ) -> Result<(Vec<Step>, Rows)> {
        let mut steps = Vec::with_capacity(edit.files.len());
        let mut files = Vec::with_capacity(edit.files.len());
        for file in edit.files {
            // A move with new content is a removal and a write for the disk,
            // and a rename and a write for the rows.
            if let FileEdit::MoveAndWrite {
                file,
                from,
                to,
                bytes,
                executable,
                expect,
                author,
            } = file
            {
                files.push(RowEdit::Rename {
                    file: file.as_uuid(),
                    from: from.to_string(),
                    to: to.to_string(),
                });
                steps.push(Step::Remove { path: from, expect });
                let write = FileEdit::Write {
                    file,
                    origin: Origin::Known,
                    path: to,
                    bytes,
                    executable,
                    expect: Expect::Missing,
                    author,
                };
                let (step, row) = self.plan_file(write).await?;
                steps.push(step);
                files.push(row);
                continue;
            }
            let (step, row) = self.plan_file(file).await?;
            steps.push(step);
            files.push(row);
        }
        let rows = Rows {
            transaction: id.as_uuid(),
            workspace: workspace.as_uuid(),
            kind: edit.kind.as_str().to_owned(),
            user: edit.user.as_uuid(),
            at: self.now().as_micros(),
            files,
            decision: edit.decision.map(DecisionRows::from),
        };
        Ok((steps, rows))
    }

    async fn plan_file(&self, edit: FileEdit) -> Result<(Step, RowEdit)> {
        Ok(match edit {
            FileEdit::Write {
                file,
                origin,
                path,
                bytes,
                executable,
                expect,
                author,
            } => {
                let hash = self.store().blobs().put(bytes.clone()).await?;
                let row = RowEdit::Write {
                    file: file.as_uuid(),
                    origin,
                    version: self.ids().next::<VersionId>().as_uuid(),
                    path: path.to_string(),
                    hash: hash.to_string(),
                    size: bytes.len() as u64,
                    executable,
                    author: author.into(),
                };
                (
                    Step::Write {
                        path,
                        bytes,
                        executable,
                        expect,
                    },
                    row,
                )
            }
            FileEdit::Restore {
                file,
                path,
                bytes,
                executable,
            } => {
                let row = RowEdit::Restore {
                    file: file.as_uuid(),
                    path: path.to_string(),
                };
                (
                    Step::Write {
                        path,
                        bytes,
                        executable,
                        expect: Expect::Missing,
                    },
                    row,
                )
            }
            FileEdit::MakeDirectory { file, origin, path } => {
                let row = RowEdit::MakeDirectory {
                    file: file.as_uuid(),
                    origin,
                    path: path.to_string(),
                };
                (Step::MakeDirectory { path }, row)
            }
            FileEdit::Rename {
                file,
                from,
                to,
                kind,
                expect,
            } => {
                let row = RowEdit::Rename {
                    file: file.as_uuid(),
                    from: from.to_string(),
                    to: to.to_string(),
                };
                let step = match kind {
                    FileKind::Directory => Step::RenameDirectory { from, to },
                    FileKind::File | FileKind::Link => Step::Rename { from, to, expect },
                };
                (step, row)
            }
            FileEdit::MoveAndWrite { .. } => {
                return Err(Error::Internal(
                    "a move with content is planned as two steps".to_owned(),
                ));
            }
            FileEdit::Remove { file, path, expect } => {
                let row = RowEdit::Remove {
                    file: file.as_uuid(),
                    path: path.to_string(),
                };
                (Step::Remove { path, expect }, row)
            }
            FileEdit::RemoveDirectory { file, path } => {
                let row = RowEdit::Remove {
                    file: file.as_uuid(),
                    path: path.to_string(),
                };
                (
                    Step::RemoveDirectory {
                        path,
                        content: FolderContent::Remove,
                    },
                    row,
                )
            }
        })
    }

    /// Writes the rows of a committed change and lets its journal go.
    async fn finish(
        &self,
        tree: &Arc<Tree>,
        committed: Committed,
        rows: Rows,
    ) -> Result<Vec<ChangedFile>> {
        let ids = self.ids().clone();
        let reader = Arc::clone(tree);
        let (rows, stats) = blocking(move || {
            let stats = rows
                .files
                .iter()
                .map(|row| stat_of(&reader.root, row))
                .collect::<Vec<_>>();
            Ok((rows, stats))
        })
        .await?;
        let changed = write_rows(self.store(), &rows, &stats, || ids.next()).await?;
        blocking(move || committed.finish()).await?;
        Ok(changed)
    }

    /// Finishes the changes that a crash left between files and rows.
    pub(crate) async fn recover_tree(&self, workspace: WorkspaceId) -> Result<usize> {
        let tree = self.trees().open(workspace).await?;
        let _writing = tree.writing.lock().await;
        let reader = Arc::clone(&tree);
        let pending = blocking(move || reader.root.recover()).await?;
        let count = pending.len();
        for committed in pending {
            let rows: Rows = serde_json::from_slice(committed.rows()).map_err(|e| {
                Error::Internal(format!(
                    "the journal of {} can't be read: {e}",
                    committed.id()
                ))
            })?;
            self.finish(&tree, committed, rows).await?;
        }
        Ok(count)
    }
}

/// Returns what the file system says about a changed file; zeros, which match
/// nothing and so make the next scan look again, when it can't be asked.
fn stat_of(root: &Root, row: &RowEdit) -> FileStat {
    let path = match row {
        RowEdit::Write { path, .. }
        | RowEdit::Restore { path, .. }
        | RowEdit::MakeDirectory { path, .. } => path,
        RowEdit::Rename { to, .. } => to,
        RowEdit::Remove { path, .. } => path,
    };
    let found = WorkspacePath::new(path)
        .ok()
        .and_then(|path| root.stat(&path).ok().flatten());
    found.map_or(
        FileStat {
            size_bytes: 0,
            modified_ns: 0,
            inode: 0,
            executable: false,
        },
        |found| FileStat {
            size_bytes: found.size,
            modified_ns: found.modified_ns,
            inode: found.inode,
            executable: found.executable,
        },
    )
}

/// Writes the rows of one change, once.
async fn write_rows(
    store: &Store,
    rows: &Rows,
    stats: &[FileStat],
    new_id: impl Fn() -> FileId,
) -> Result<Vec<ChangedFile>> {
    let at = Timestamp::from_micros(rows.at);
    let transaction = TransactionRow {
        id: rows.transaction.into(),
        workspace_id: rows.workspace.into(),
        user_id: Some(rows.user.into()),
        kind: word(&rows.kind, TransactionKind::parse)?,
        proposal_id: rows
            .decision
            .as_ref()
            .map(|decision| decision.proposal.into()),
        created_at: at,
    };
    store
        .write(async |tx| {
            if !tx.insert_transaction(&transaction).await? {
                return Ok(Vec::new());
            }
            let mut changed = Vec::with_capacity(rows.files.len());
            for (row, stat) in rows.files.iter().zip(stats) {
                changed.push(write_row(tx, &transaction, row, stat, &new_id).await?);
            }
            if let Some(decision) = &rows.decision {
                write_decision(tx, decision, at).await?;
            }
            Ok::<_, Error>(changed)
        })
        .await
}

async fn write_row(
    tx: &mut Writer,
    transaction: &TransactionRow,
    row: &RowEdit,
    stat: &FileStat,
    new_id: &impl Fn() -> FileId,
) -> Result<ChangedFile> {
    let (workspace, at) = (transaction.workspace_id, transaction.created_at);
    let changed = |file: &Uuid, path: &str, change, version| ChangedFile {
        file_id: *file,
        path: path.to_owned(),
        change,
        version_id: version,
    };
    Ok(match row {
        RowEdit::Write {
            file,
            origin,
            version,
            path,
            hash,
            size,
            executable,
            author,
        } => {
            let place = WorkspacePath::new(path)?;
            ensure_parents(tx, workspace, &place, at, new_id).await?;
            settle(
                tx,
                (*file).into(),
                workspace,
                &place,
                FileKind::File,
                *origin,
                at,
            )
            .await?;
            let row = VersionRow {
                id: (*version).into(),
                file_id: (*file).into(),
                workspace_id: workspace,
                path: place,
                content_hash: hash
                    .parse()
                    .map_err(|_| Error::Internal(format!("`{hash}` is not a hash")))?,
                size_bytes: *size,
                executable: *executable,
                author_kind: word(&author.kind, AuthorKind::parse)?,
                user_id: transaction.user_id,
                turn_id: author.turn.map(Into::into),
                run_id: author.run.map(Into::into),
                proposal_id: author.proposal.map(Into::into),
                transaction_id: transaction.id,
                created_at: at,
            };
            tx.insert_version(&row).await?;
            tx.set_current(row.file_id, row.id, stat).await?;
            let change = if *origin == Origin::Known {
                FileChange::Modified
            } else {
                FileChange::Created
            };
            changed(file, path, change, Some(*version))
        }
        RowEdit::Restore { file, path } => {
            ensure_parents(tx, workspace, &WorkspacePath::new(path)?, at, new_id).await?;
            tx.restore_file((*file).into()).await?;
            tx.set_stat((*file).into(), stat).await?;
            let version = tx.get_file((*file).into()).await?.current_version_id;
            changed(file, path, FileChange::Created, version.map(Into::into))
        }
        RowEdit::MakeDirectory { file, origin, path } => {
            let place = WorkspacePath::new(path)?;
            ensure_parents(tx, workspace, &place, at, new_id).await?;
            settle(
                tx,
                (*file).into(),
                workspace,
                &place,
                FileKind::Directory,
                *origin,
                at,
            )
            .await?;
            changed(file, path, FileChange::Created, None)
        }
        RowEdit::Rename { file, from, to } => {
            let place = WorkspacePath::new(to)?;
            ensure_parents(tx, workspace, &place, at, new_id).await?;
            tx.rename_under(workspace, &WorkspacePath::new(from)?, &place)
                .await?;
            tx.set_language((*file).into(), language::of(&place))
                .await?;
            let row = tx.get_file((*file).into()).await?;
            changed(
                file,
                to,
                FileChange::Renamed,
                row.current_version_id.map(Into::into),
            )
        }
        RowEdit::Remove { file, path } => {
            tx.mark_deleted_under(workspace, &WorkspacePath::new(path)?, at)
                .await?;
            changed(file, path, FileChange::Deleted, None)
        }
    })
}

/// Makes a file's row live, whatever it was before.
async fn settle(
    tx: &mut Writer,
    file: FileId,
    workspace: WorkspaceId,
    path: &WorkspacePath,
    kind: FileKind,
    origin: Origin,
    at: Timestamp,
) -> Result<()> {
    match origin {
        Origin::New => {
            tx.insert_files(&[new_row(file, workspace, path.clone(), kind, at)])
                .await?
        }
        Origin::Deleted => tx.restore_file(file).await?,
        Origin::Known => {}
    }
    Ok(())
}

/// Makes rows for the folders on the way to `path` that have none.
pub(crate) async fn ensure_parents(
    tx: &mut Writer,
    workspace: WorkspaceId,
    path: &WorkspacePath,
    at: Timestamp,
    new_id: &impl Fn() -> FileId,
) -> Result<()> {
    let mut missing = Vec::new();
    let mut parent = path.parent();
    while let Some(folder) = parent {
        if tx.find_live_by_path(workspace, &folder).await?.is_some() {
            break;
        }
        parent = folder.parent();
        missing.push(new_row(
            new_id(),
            workspace,
            folder,
            FileKind::Directory,
            at,
        ));
    }
    Ok(tx.insert_files(&missing).await?)
}

/// Returns the row of a file that is new.
pub(crate) fn new_row(
    id: FileId,
    workspace: WorkspaceId,
    path: WorkspacePath,
    kind: FileKind,
    at: Timestamp,
) -> FileRow {
    FileRow {
        id,
        workspace_id: workspace,
        language: language::of(&path)
            .filter(|_| kind == FileKind::File)
            .map(str::to_owned),
        path,
        kind,
        current_version_id: None,
        size_bytes: 0,
        modified_ns: 0,
        inode: 0,
        executable: false,
        created_at: at,
        deleted_at: None,
    }
}

async fn write_decision(tx: &mut Writer, decision: &DecisionRows, at: Timestamp) -> Result<()> {
    let proposal = ProposalId::from(decision.proposal);
    tx.set_proposal_state(
        proposal,
        word(&decision.state, ProposalState::parse)?,
        Some(at),
    )
    .await?;
    let states = decision
        .hunks
        .iter()
        .map(|(hunk, state)| Ok((HunkId::from(*hunk), word(state, HunkState::parse)?)))
        .collect::<Result<Vec<_>>>()?;
    tx.set_hunk_states(proposal, &states).await?;
    let hash = |text: &Option<String>| text.as_deref().and_then(|text| text.parse().ok());
    for (position, before, after) in &decision.applied {
        tx.set_applied(proposal, *position, hash(before), hash(after))
            .await?;
    }
    Ok(())
}

fn word<T>(text: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T> {
    parse(text).ok_or_else(|| Error::Internal(format!("a journal has the unknown word `{text}`")))
}

impl From<Author> for AuthorRow {
    fn from(author: Author) -> Self {
        Self {
            kind: author.kind.as_str().to_owned(),
            turn: author.turn.map(Into::into),
            run: author.run.map(Into::into),
            proposal: author.proposal.map(Into::into),
        }
    }
}

impl From<Decision> for DecisionRows {
    fn from(decision: Decision) -> Self {
        let hash = |hash: Option<ContentHash>| hash.map(|hash| hash.to_string());
        Self {
            proposal: decision.proposal.as_uuid(),
            state: decision.state.as_str().to_owned(),
            hunks: decision
                .hunks
                .into_iter()
                .map(|(id, state)| (id.as_uuid(), state.as_str().to_owned()))
                .collect(),
            applied: decision
                .applied
                .into_iter()
                .map(|file| (file.position, hash(file.before), hash(file.after)))
                .collect(),
        }
    }
}
