//! The rows of an edit: how the journal keeps them, and how they are written.

use atelier_base::{
    ContentHash, FileId, HunkId, ProposalId, Timestamp, WorkspaceId, WorkspacePath,
};
use atelier_sandbox::files::Root;
use atelier_store::{
    AuthorKind, FileKind, FileRow, FileStat, HunkState, ProposalState, Store, TransactionKind,
    TransactionRow, VersionRow, Writer,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Author, Decision, Origin};
use crate::error::{Error, Result};
use crate::event::{ChangedFile, FileChange};
use crate::language;
use crate::scan::VERSIONED_BYTES;

/// The rows of an edit, as the journal keeps them.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Rows {
    pub(super) transaction: Uuid,
    pub(super) workspace: Uuid,
    pub(super) kind: String,
    pub(super) user: Uuid,
    pub(super) at: i64,
    pub(super) files: Vec<RowEdit>,
    pub(super) decision: Option<DecisionRows>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum RowEdit {
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
pub(super) struct AuthorRow {
    pub(super) kind: String,
    pub(super) turn: Option<Uuid>,
    pub(super) run: Option<Uuid>,
    pub(super) proposal: Option<Uuid>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DecisionRows {
    pub(super) proposal: Uuid,
    pub(super) state: String,
    pub(super) hunks: Vec<(Uuid, String)>,
    pub(super) applied: Vec<(u32, Option<String>, Option<String>)>,
    /// Absent from journals of older servers.
    #[serde(default)]
    pub(super) merged: Vec<Uuid>,
}

/// Returns what the file system says about a changed file.
///
/// A running program may have written the file again already. Only a stat
/// that surely belongs to the row's content may be kept, for a scan trusts
/// it; otherwise the time is zero, which makes the next scan look again.
pub(super) fn stat_of(root: &Root, row: &RowEdit) -> FileStat {
    let (path, written) = match row {
        RowEdit::Write {
            path,
            hash,
            size,
            executable,
            ..
        } => (path, Some((hash, *size, *executable))),
        RowEdit::Restore { path, .. }
        | RowEdit::MakeDirectory { path, .. }
        | RowEdit::Remove { path, .. } => (path, None),
        RowEdit::Rename { to, .. } => (to, None),
    };
    let look = || {
        let path = WorkspacePath::new(path).ok()?;
        // First the stat, then the content: a change in between shows.
        let found = root.stat(&path).ok().flatten()?;
        let hash = written.and_then(|_| root.hash(&path, VERSIONED_BYTES).ok());
        Some((found, hash))
    };
    match (look(), written) {
        (Some((found, Some(now))), Some((hash, ..))) if now.to_string() == *hash => FileStat {
            size_bytes: found.size,
            modified_ns: found.modified_ns,
            inode: found.inode,
            executable: found.executable,
        },
        (_, Some((_, size_bytes, executable))) => FileStat {
            size_bytes,
            modified_ns: 0,
            inode: 0,
            executable,
        },
        (found, None) => FileStat {
            size_bytes: found.as_ref().map_or(0, |(found, _)| found.size),
            modified_ns: 0,
            inode: 0,
            executable: found.is_some_and(|(found, _)| found.executable),
        },
    }
}

/// Writes the rows of one change, once.
pub(super) async fn write_rows(
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
                .await?;
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
    let merged: Vec<HunkId> = decision.merged.iter().map(|id| HunkId::from(*id)).collect();
    tx.set_hunks_merged(proposal, &merged).await?;
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
            merged: decision.merged.into_iter().map(HunkId::as_uuid).collect(),
        }
    }
}
