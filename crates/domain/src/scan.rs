//! Brings the rows up to date with what something beside us did to the files:
//! a run, or a crash of the machine.

use std::collections::HashMap;
use std::sync::Arc;

use atelier_base::{ContentHash, FileId, RunId, TransactionId, UserId, VersionId, WorkspacePath};
use atelier_sandbox::FileError;
use atelier_sandbox::files::{EntryKind, Found, WalkOptions};
use atelier_store::{
    AuthorKind, FileKind, FileStat, LiveFile, TransactionKind, TransactionRow, VersionRow, Writer,
};

use crate::commit::new_row;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::event::{ChangedFile, FileChange, WorkspaceEvent};
use crate::tree::{Tree, blocking};

/// The largest file whose content is kept as a version, in bytes; larger ones
/// are listed without.
pub(crate) const VERSIONED_BYTES: u64 = 64 * 1024 * 1024;

/// Folders that tools fill and fill again: not listed and not versioned.
pub(crate) const LEFT_OUT: [&str; 3] = ["node_modules", ".venv", "__pycache__"];

/// Who changed the files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cause {
    pub(crate) user: Option<UserId>,
    pub(crate) run: Option<RunId>,
}

/// One difference between the tree and its rows.
enum Difference {
    New(Found),
    Changed(LiveFile, Found),
    Gone(LiveFile),
}

impl Domain {
    /// Scans the whole tree and announces what changed. The caller must not
    /// hold the tree's `writing` lock.
    pub(crate) async fn scan(&self, tree: &Arc<Tree>, cause: Cause) -> Result<Vec<ChangedFile>> {
        let _writing = self.write_to(tree).await?;
        self.scan_held(tree, cause).await
    }

    /// As [`Domain::scan`]; the caller holds the tree.
    pub(crate) async fn scan_held(
        &self,
        tree: &Arc<Tree>,
        cause: Cause,
    ) -> Result<Vec<ChangedFile>> {
        let walker = Arc::clone(tree);
        let listing = blocking(move || walker.root.walk(&walk_options())).await?;
        let workspace = tree.workspace;
        let mut known = self
            .store()
            .read(async |tx| tx.list_live_all(workspace).await)
            .await?;
        // What could not be looked into is not gone.
        let unread: Vec<String> = listing
            .skipped
            .iter()
            .map(|skipped| format!("{}/", skipped.place))
            .collect();
        known.retain(|file| {
            !unread
                .iter()
                .any(|folder| file.path.as_str().starts_with(folder))
        });
        let differences = compare(listing.found, known);
        self.record(tree, cause, differences).await
    }

    /// Brings one file's row up to date. The caller holds the `writing` lock.
    pub(crate) async fn scan_file(
        &self,
        tree: &Arc<Tree>,
        cause: Cause,
        known: LiveFile,
    ) -> Result<()> {
        let walker = Arc::clone(tree);
        let path = known.path.clone();
        let found = blocking(move || walker.root.stat(&path)).await?;
        let differences = compare(found.into_iter().collect(), vec![known]);
        self.record(tree, cause, differences).await?;
        Ok(())
    }

    async fn record(
        &self,
        tree: &Arc<Tree>,
        cause: Cause,
        differences: Vec<Difference>,
    ) -> Result<Vec<ChangedFile>> {
        if differences.is_empty() {
            return Ok(Vec::new());
        }
        let mut contents = HashMap::new();
        for difference in &differences {
            if let Difference::New(found) | Difference::Changed(_, found) = difference
                && found.kind == EntryKind::File
                && let Some(content) = self.keep(tree, found).await?
            {
                contents.insert(found.path.clone(), content);
            }
        }
        let recorded = Recording {
            domain: self,
            tree,
            cause,
            contents,
        };
        let changed = recorded.write(&differences).await?;
        if !changed.is_empty() {
            self.streams()
                .publish(
                    tree.workspace,
                    &WorkspaceEvent::files_changed(changed.clone()),
                )
                .await?;
        }
        Ok(changed)
    }

    /// Stores a changed file's content; `None` when it is too large to keep or
    /// gone again.
    async fn keep(&self, tree: &Arc<Tree>, found: &Found) -> Result<Option<ContentHash>> {
        if found.size > VERSIONED_BYTES {
            return Ok(None);
        }
        let (reader, path) = (Arc::clone(tree), found.path.clone());
        let read = blocking(move || match reader.root.read(&path, VERSIONED_BYTES) {
            Ok(content) => Ok(Some(content.bytes)),
            Err(
                FileError::NotFound { .. }
                | FileError::TooLarge { .. }
                | FileError::WrongKind { .. }
                | FileError::Symlink { .. },
            ) => Ok(None),
            // A program may take the right to read its files from everybody.
            Err(FileError::Io { source, .. })
                if source.kind() == std::io::ErrorKind::PermissionDenied =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        })
        .await?;
        match read {
            Some(bytes) => Ok(Some(self.store().blobs().put(bytes).await?)),
            None => Ok(None),
        }
    }
}

/// Returns how a workspace's tree is walked.
pub(crate) fn walk_options() -> WalkOptions {
    WalkOptions {
        leave_out: LEFT_OUT.map(str::to_owned).to_vec(),
        ..WalkOptions::default()
    }
}

/// Compares the tree with its rows.
fn compare(found: Vec<Found>, known: Vec<LiveFile>) -> Vec<Difference> {
    let mut known: HashMap<WorkspacePath, LiveFile> = known
        .into_iter()
        .map(|file| (file.path.clone(), file))
        .collect();
    let unseen: Vec<WorkspacePath> = found
        .iter()
        .filter(|found| found.kind == EntryKind::Directory && LEFT_OUT.contains(&found.path.name()))
        .map(|found| found.path.clone())
        .collect();
    let mut differences = Vec::new();
    for found in found {
        let Some(kind) = kind_of(found.kind) else {
            continue;
        };
        match known.remove(&found.path) {
            None => differences.push(Difference::New(found)),
            Some(file) if file.kind != kind => {
                differences.push(Difference::Gone(file));
                differences.push(Difference::New(found));
            }
            Some(file) if kind == FileKind::File && !same_stat(&file, &found) => {
                differences.push(Difference::Changed(file, found));
            }
            Some(_) => {}
        }
    }
    // A person's own file in a folder that is not entered is not gone.
    known.retain(|path, _| {
        let inside = |folder: &WorkspacePath| path != folder && path.is_within(folder);
        !unseen.iter().any(inside)
    });
    differences.extend(known.into_values().map(Difference::Gone));
    // Rows that go make way for rows that take their paths.
    differences.sort_by_key(|difference| match difference {
        Difference::Gone(file) => (0, file.path.clone()),
        Difference::New(found) | Difference::Changed(_, found) => (1, found.path.clone()),
    });
    differences
}

/// Returns the kind a row has; `None` for what is not listed.
pub(crate) fn kind_of(kind: EntryKind) -> Option<FileKind> {
    match kind {
        EntryKind::File => Some(FileKind::File),
        EntryKind::Directory => Some(FileKind::Directory),
        EntryKind::Symlink => Some(FileKind::Link),
        EntryKind::Missing | EntryKind::Other(_) => None,
    }
}

fn same_stat(file: &LiveFile, found: &Found) -> bool {
    (
        file.size_bytes,
        file.modified_ns,
        file.inode,
        file.executable,
    ) == (found.size, found.modified_ns, found.inode, found.executable)
}

/// Writes the rows of what a scan found.
struct Recording<'a> {
    domain: &'a Domain,
    tree: &'a Tree,
    cause: Cause,
    contents: HashMap<WorkspacePath, ContentHash>,
}

impl Recording<'_> {
    async fn write(&self, differences: &[Difference]) -> Result<Vec<ChangedFile>> {
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
                for difference in differences {
                    changed.extend(self.write_one(tx, &transaction, difference).await?);
                }
                Ok::<_, Error>(changed)
            })
            .await
    }

    async fn write_one(
        &self,
        tx: &mut Writer,
        transaction: &TransactionRow,
        difference: &Difference,
    ) -> Result<Option<ChangedFile>> {
        let named =
            |id: FileId, path: &WorkspacePath, change, version: Option<VersionId>| ChangedFile {
                file_id: id.as_uuid(),
                path: path.to_string(),
                change,
                version_id: version.map(VersionId::as_uuid),
            };
        match difference {
            Difference::Gone(file) => {
                tx.mark_deleted(file.id, transaction.created_at).await?;
                Ok(Some(named(file.id, &file.path, FileChange::Deleted, None)))
            }
            Difference::New(found) => {
                let Some(kind) = kind_of(found.kind) else {
                    return Ok(None);
                };
                let id = self.domain.ids().next::<FileId>();
                let row = new_row(
                    id,
                    transaction.workspace_id,
                    found.path.clone(),
                    kind,
                    transaction.created_at,
                );
                tx.insert_files(&[row]).await?;
                let version = self.add_version(tx, transaction, id, found).await?;
                Ok(Some(named(id, &found.path, FileChange::Created, version)))
            }
            Difference::Changed(file, found) => {
                let same = self
                    .contents
                    .get(&found.path)
                    .is_some_and(|hash| file.content_hash == Some(*hash));
                if same && file.executable == found.executable {
                    tx.set_stat(file.id, &stat(found)).await?;
                    return Ok(None);
                }
                let version = self.add_version(tx, transaction, file.id, found).await?;
                Ok(Some(named(
                    file.id,
                    &found.path,
                    FileChange::Modified,
                    version,
                )))
            }
        }
    }

    /// Adds the version of a file's new content, when it is kept.
    async fn add_version(
        &self,
        tx: &mut Writer,
        transaction: &TransactionRow,
        file: FileId,
        found: &Found,
    ) -> Result<Option<VersionId>> {
        let Some(hash) = self.contents.get(&found.path) else {
            tx.clear_current(file, &stat(found)).await?;
            return Ok(None);
        };
        let version = VersionRow {
            id: self.domain.ids().next::<VersionId>(),
            file_id: file,
            workspace_id: transaction.workspace_id,
            path: found.path.clone(),
            content_hash: *hash,
            size_bytes: found.size,
            executable: found.executable,
            author_kind: AuthorKind::Run,
            user_id: self.cause.user,
            turn_id: None,
            run_id: self.cause.run,
            proposal_id: None,
            transaction_id: transaction.id,
            created_at: transaction.created_at,
        };
        tx.insert_version(&version).await?;
        tx.set_current(file, version.id, &stat(found)).await?;
        Ok(Some(version.id))
    }
}

/// Returns what a row keeps of what the walk saw.
pub(crate) fn stat(found: &Found) -> FileStat {
    FileStat {
        size_bytes: found.size,
        modified_ns: found.modified_ns,
        inode: found.inode,
        executable: found.executable,
    }
}
