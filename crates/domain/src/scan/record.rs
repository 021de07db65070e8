//! Writes what a scan found: contents, versions, rows, and the event.

use std::collections::HashMap;
use std::sync::Arc;

use atelier_base::{ContentHash, FileId, TransactionId, VersionId, WorkspacePath};
use atelier_sandbox::FileError;
use atelier_sandbox::files::{Found, Root};
use atelier_store::{
    AuthorKind, FileKind, FileRow, FileStat, LiveFile, TransactionKind, TransactionRow, VersionRow,
    Writer,
};

use super::difference::{Difference, same_stat};
use super::{Cause, VERSIONED_BYTES, is_kept, kind_of};
use crate::commit::new_row;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::event::{ChangedFile, FileChange, WorkspaceEvent};
use crate::tree::{Tree, blocking};

/// How many bytes of contents are read before they are stored.
const BATCH_BYTES: u64 = 16 * 1024 * 1024;
/// The coarsest that a file system's clock ticks, in nanoseconds.
const TICK_NS: i64 = 20_000_000;
/// From this many contents on they are synced together.
const BATCH_FROM: usize = 8;

impl Domain {
    /// Records and announces differences; the caller holds the tree.
    pub(super) async fn record(
        &self,
        tree: &Arc<Tree>,
        cause: Cause,
        differences: Vec<Difference>,
        ahead: &Ahead,
    ) -> Result<Vec<ChangedFile>> {
        if differences.is_empty() {
            return Ok(Vec::new());
        }
        let recorded = Recording {
            domain: self,
            tree,
            cause,
            contents: self.keep(tree, &differences, ahead).await?,
        };
        let changed = recorded.write(differences).await?;
        if !changed.is_empty() {
            self.egress().files_changed(tree.workspace, &changed);
            let event = WorkspaceEvent::files_changed(changed.clone());
            self.streams().publish(tree.workspace, &event).await?;
        }
        Ok(changed)
    }

    /// Stores the contents of what is new or changed before the tree is held.
    pub(super) async fn keep_ahead(
        &self,
        tree: &Arc<Tree>,
        differences: &[Difference],
    ) -> Result<Ahead> {
        let found: Vec<&Found> = differences.iter().filter_map(kept).collect();
        let newest = found.iter().map(|found| found.changed_ns).max();
        let rests = |found: &&Found| {
            // The file system's clock may not tell a change from one just before.
            newest.is_some_and(|newest| newest.saturating_sub(found.changed_ns) > TICK_NS)
        };
        let resting: Vec<&Found> = found.into_iter().filter(rests).collect();
        let contents = self.put_all(tree, &resting).await?;
        let known = resting.into_iter().filter_map(|found| {
            let hash = contents.get(&found.path)?;
            Some((found.path.clone(), (found.clone(), *hash)))
        });
        Ok(Ahead(known.collect()))
    }

    /// Stores the contents of what is new or changed, and returns what was stored.
    async fn keep(
        &self,
        tree: &Arc<Tree>,
        differences: &[Difference],
        ahead: &Ahead,
    ) -> Result<HashMap<WorkspacePath, Content>> {
        let mut contents = HashMap::new();
        let mut wanted = Vec::new();
        for found in differences.iter().filter_map(kept) {
            match ahead.0.get(&found.path) {
                Some((known, hash)) if known == found => {
                    contents.insert(found.path.clone(), *hash);
                }
                _ => wanted.push(found),
            }
        }
        contents.extend(self.put_all(tree, &wanted).await?);
        Ok(contents)
    }

    /// Stores the contents of files and returns what was stored.
    async fn put_all(
        &self,
        tree: &Arc<Tree>,
        files: &[&Found],
    ) -> Result<HashMap<WorkspacePath, Content>> {
        let mut stored = HashMap::with_capacity(files.len());
        let mut batch = self.store().blobs().batch();
        let many = files.len() >= BATCH_FROM;
        let mut rest = files.iter().peekable();
        while rest.peek().is_some() {
            let mut bytes = 0;
            let mut paths = Vec::new();
            while let Some(found) = rest.next_if(|_| bytes < BATCH_BYTES) {
                bytes += found.size;
                paths.push(found.path.clone());
            }
            let reader = Arc::clone(tree);
            let read = blocking(move || read_all(&reader.root, paths)).await?;
            let (files, contents): (Vec<_>, Vec<_>) = read
                .into_iter()
                .map(|(path, content)| ((path, content.len() as u64), content))
                .unzip();
            if many {
                let put = files.into_iter().zip(batch.put_many(contents).await?);
                stored.extend(put.map(|((path, bytes), hash)| (path, Content { hash, bytes })));
                continue;
            }
            for ((path, bytes), content) in files.into_iter().zip(contents) {
                let hash = self.store().blobs().put(content).await?;
                stored.insert(path, Content { hash, bytes });
            }
        }
        if many {
            batch.commit().await?;
        }
        Ok(stored)
    }
}

/// A content that is stored. It may be longer or shorter than its file was
/// when that was looked at: programs write meanwhile.
#[derive(Clone, Copy, Debug)]
struct Content {
    hash: ContentHash,
    bytes: u64,
}

/// Contents that were stored before the tree was held, with what their files
/// looked like then.
#[derive(Debug, Default)]
pub(super) struct Ahead(HashMap<WorkspacePath, (Found, Content)>);

/// Returns what was found, when its content is kept.
fn kept(difference: &Difference) -> Option<&Found> {
    match difference {
        Difference::New(found) | Difference::Changed(_, found) => {
            Some(found).filter(|found| is_kept(found))
        }
        Difference::Gone(_) | Difference::Moved(..) => None,
    }
}

/// Reads files; one that is too large to keep, gone again, or shut is left out.
fn read_all(
    root: &Root,
    paths: Vec<WorkspacePath>,
) -> Result<Vec<(WorkspacePath, Vec<u8>)>, FileError> {
    let mut read = Vec::with_capacity(paths.len());
    for path in paths {
        match root.read(&path, VERSIONED_BYTES) {
            Ok(content) => read.push((path, content.bytes)),
            Err(
                FileError::NotFound { .. }
                | FileError::TooLarge { .. }
                | FileError::WrongKind { .. }
                | FileError::Symlink { .. },
            ) => {}
            // A program may take the right to read its files from everybody.
            Err(FileError::Io { source, .. })
                if source.kind() == std::io::ErrorKind::PermissionDenied => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// Writes the rows of what a scan found.
struct Recording<'a> {
    domain: &'a Domain,
    tree: &'a Tree,
    cause: Cause,
    contents: HashMap<WorkspacePath, Content>,
}

/// The rows that are new.
#[derive(Default)]
struct NewRows {
    files: Vec<FileRow>,
    versions: Vec<VersionRow>,
}

impl Recording<'_> {
    async fn write(&self, differences: Vec<Difference>) -> Result<Vec<ChangedFile>> {
        let now = self.domain.now();
        let transaction = TransactionRow {
            id: self.domain.ids().next::<TransactionId>(),
            workspace_id: self.tree.workspace,
            user_id: self.cause.user,
            kind: TransactionKind::Scan,
            proposal_id: None,
            created_at: now,
        };
        self.domain
            .store()
            .write(async |tx| {
                tx.insert_transaction(&transaction).await?;
                let mut changed = Vec::with_capacity(differences.len());
                let mut new = NewRows::default();
                for difference in &differences {
                    if let Difference::New(found) = difference {
                        changed.extend(self.add(&mut new, &transaction, found));
                    } else {
                        changed.extend(self.write_one(tx, &transaction, difference).await?);
                    }
                }
                tx.insert_files(&new.files).await?;
                tx.insert_versions(&new.versions).await?;
                Ok::<_, Error>(changed)
            })
            .await
    }

    /// Makes the rows of what is new.
    fn add(
        &self,
        new: &mut NewRows,
        transaction: &TransactionRow,
        found: &Found,
    ) -> Option<ChangedFile> {
        let kind = kind_of(found.kind)?;
        let id = self.domain.ids().next::<FileId>();
        let path = found.path.clone();
        let at = transaction.created_at;
        let version = self.version(transaction, id, found);
        new.files.push(FileRow {
            current_version_id: version.as_ref().map(|version| version.id),
            size_bytes: if kind == FileKind::File {
                found.size
            } else {
                0
            },
            modified_ns: found.modified_ns,
            inode: found.inode,
            executable: found.executable,
            ..new_row(id, transaction.workspace_id, path, kind, at)
        });
        let version_id = version.as_ref().map(|version| version.id);
        new.versions.extend(version);
        let created = FileChange::Created;
        Some(named(id, &found.path, created, version_id))
    }

    async fn write_one(
        &self,
        tx: &mut Writer,
        transaction: &TransactionRow,
        difference: &Difference,
    ) -> Result<Option<ChangedFile>> {
        match difference {
            Difference::New(_) => Ok(None),
            Difference::Gone(file) => {
                tx.mark_deleted(file.id, transaction.created_at).await?;
                Ok(Some(named(file.id, &file.path, FileChange::Deleted, None)))
            }
            Difference::Moved(file, found) => {
                tx.set_path(file.id, &found.path).await?;
                let version = file.current_version_id;
                let renamed = FileChange::Renamed;
                Ok(Some(named(file.id, &found.path, renamed, version)))
            }
            Difference::Changed(file, found) => {
                self.write_changed(tx, transaction, file, found).await
            }
        }
    }

    async fn write_changed(
        &self,
        tx: &mut Writer,
        transaction: &TransactionRow,
        file: &LiveFile,
        found: &Found,
    ) -> Result<Option<ChangedFile>> {
        let hash = self.contents.get(&found.path).map(|content| &content.hash);
        if hash == file.content_hash.as_ref() && file.executable == found.executable {
            if !same_stat(file, found) {
                tx.set_stat(file.id, &stat(found)).await?;
            }
            // Of a file that is listed without its content, a new time is all
            // that is known.
            if hash.is_some() || same_stat(file, found) {
                return Ok(None);
            }
        }
        let version = self.version(transaction, file.id, found);
        match &version {
            Some(version) => {
                tx.insert_version(version).await?;
                tx.set_current(file.id, version.id, &stat(found)).await?;
            }
            None => tx.clear_current(file.id, &stat(found)).await?,
        }
        let version = version.map(|version| version.id);
        let modified = FileChange::Modified;
        Ok(Some(named(file.id, &found.path, modified, version)))
    }

    /// Makes the version of a file's content, when that is kept.
    fn version(
        &self,
        transaction: &TransactionRow,
        file: FileId,
        found: &Found,
    ) -> Option<VersionRow> {
        let content = self.contents.get(&found.path)?;
        let id = self.domain.ids().next::<VersionId>();
        Some(VersionRow {
            user_id: self.cause.user,
            run_id: self.cause.run,
            ..content.version(id, file, transaction, found)
        })
    }
}

impl Content {
    /// Makes a file's version of it. What was found may be out of date: only
    /// what a content has not of its own is taken from there.
    fn version(
        self,
        id: VersionId,
        file: FileId,
        transaction: &TransactionRow,
        found: &Found,
    ) -> VersionRow {
        VersionRow {
            id,
            file_id: file,
            workspace_id: transaction.workspace_id,
            path: found.path.clone(),
            content_hash: self.hash,
            size_bytes: self.bytes,
            executable: found.executable,
            author_kind: AuthorKind::Run,
            user_id: None,
            turn_id: None,
            run_id: None,
            proposal_id: None,
            transaction_id: transaction.id,
            created_at: transaction.created_at,
        }
    }
}

fn named(
    id: FileId,
    path: &WorkspacePath,
    change: FileChange,
    version: Option<VersionId>,
) -> ChangedFile {
    ChangedFile {
        file_id: id.as_uuid(),
        path: path.to_string(),
        change,
        version_id: version.map(VersionId::as_uuid),
    }
}

/// Returns what a row keeps of what the walk saw.
fn stat(found: &Found) -> FileStat {
    FileStat {
        size_bytes: found.size,
        modified_ns: found.modified_ns,
        inode: found.inode,
        executable: found.executable,
    }
}

#[cfg(test)]
mod tests;
