//! Records an import: every file's row, content and first version.

use std::sync::Arc;

use atelier_base::{FileId, Timestamp, TransactionId, UserId, VersionId, WorkspaceId};
use atelier_sandbox::FileError;
use atelier_sandbox::files::{EntryKind, Found, Root};
use atelier_sandbox::import::Staging;
use atelier_store::{
    AuthorKind, BlobBatch, FileKind, FileRow, NewWorkspace, TransactionKind, TransactionRow,
    VersionRow, WorkspaceRow,
};
use tokio_util::sync::CancellationToken;

use crate::commit::new_row;
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::scan::{VERSIONED_BYTES, kind_of, walk_options};
use crate::tree::blocking;

/// How many bytes of contents are stored at a time.
const BATCH_BYTES: u64 = 16 * 1024 * 1024;

impl Domain {
    /// Stores the imported contents and rows: from here on the workspace is.
    pub(super) async fn record_import(
        &self,
        ctx: &Ctx,
        new: NewWorkspace,
        staging: &Staging,
    ) -> Result<WorkspaceRow> {
        let (files, state) = (
            staging.path().to_owned(),
            self.trees().place(new.id).join("state"),
        );
        let (root, found) = blocking(move || {
            make_folder(&state)?;
            let root = Arc::new(Root::open(&files, &state)?);
            let listing = root.walk(&walk_options())?;
            Ok((root, listing.found))
        })
        .await?;
        let mut import = Import::new(self, &new, ctx.person()?);
        let mut batch = self.store().blobs().batch();
        import.add(&root, found, &mut batch, &ctx.cancel).await?;
        batch.commit().await?;
        let Import {
            transaction,
            files,
            versions,
            ..
        } = import;
        self.store()
            .write(async |tx| {
                let row = tx.insert_workspace(&new).await?;
                tx.insert_transaction(&transaction).await?;
                tx.insert_files(&files).await?;
                tx.insert_versions(&versions).await?;
                Ok::<_, Error>(row)
            })
            .await
    }
}

/// The rows of an import.
struct Import<'a> {
    domain: &'a Domain,
    workspace: WorkspaceId,
    user: UserId,
    at: Timestamp,
    transaction: TransactionRow,
    files: Vec<FileRow>,
    versions: Vec<VersionRow>,
}

impl<'a> Import<'a> {
    fn new(domain: &'a Domain, new: &NewWorkspace, user: UserId) -> Self {
        let transaction = TransactionRow {
            id: domain.ids().next::<TransactionId>(),
            workspace_id: new.id,
            user_id: Some(user),
            kind: TransactionKind::Import,
            proposal_id: None,
            created_at: new.created_at,
        };
        Self {
            domain,
            workspace: new.id,
            user,
            at: new.created_at,
            transaction,
            files: Vec::new(),
            versions: Vec::new(),
        }
    }

    async fn add(
        &mut self,
        root: &Arc<Root>,
        found: Vec<Found>,
        batch: &mut BlobBatch,
        cancel: &CancellationToken,
    ) -> Result<()> {
        let mut waiting = Vec::new();
        let mut bytes = 0;
        for found in found {
            if cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            bytes += found.size;
            waiting.push(found);
            if bytes >= BATCH_BYTES {
                bytes = 0;
                self.add_batch(root, std::mem::take(&mut waiting), batch)
                    .await?;
            }
        }
        self.add_batch(root, waiting, batch).await
    }

    async fn add_batch(
        &mut self,
        root: &Arc<Root>,
        found: Vec<Found>,
        batch: &mut BlobBatch,
    ) -> Result<()> {
        let reader = Arc::clone(root);
        let (found, contents) = blocking(move || {
            let mut contents = Vec::with_capacity(found.len());
            for entry in &found {
                let kept = entry.kind == EntryKind::File && entry.size <= VERSIONED_BYTES;
                contents.push(if kept {
                    Some(reader.read(&entry.path, VERSIONED_BYTES)?.bytes)
                } else {
                    None
                });
            }
            Ok((found, contents))
        })
        .await?;
        let kept: Vec<bool> = contents.iter().map(Option::is_some).collect();
        let mut hashes = batch
            .put_many(contents.into_iter().flatten().collect())
            .await?
            .into_iter();
        for (entry, kept) in found.into_iter().zip(kept) {
            let hash = if kept { hashes.next() } else { None };
            self.add_file(entry, hash);
        }
        Ok(())
    }

    fn add_file(&mut self, found: Found, hash: Option<atelier_base::ContentHash>) {
        let Some(kind) = kind_of(found.kind) else {
            return;
        };
        let id = self.domain.ids().next::<FileId>();
        let mut row = new_row(id, self.workspace, found.path.clone(), kind, self.at);
        if kind == FileKind::File {
            row.size_bytes = found.size;
        }
        (row.modified_ns, row.inode, row.executable) =
            (found.modified_ns, found.inode, found.executable);
        if let Some(content_hash) = hash {
            let version = VersionRow {
                id: self.domain.ids().next::<VersionId>(),
                file_id: id,
                workspace_id: self.workspace,
                path: found.path,
                content_hash,
                size_bytes: found.size,
                executable: found.executable,
                author_kind: AuthorKind::Import,
                user_id: Some(self.user),
                turn_id: None,
                run_id: None,
                proposal_id: None,
                transaction_id: self.transaction.id,
                created_at: self.at,
            };
            row.current_version_id = Some(version.id);
            self.versions.push(version);
        }
        self.files.push(row);
    }
}

fn make_folder(path: &std::path::Path) -> Result<(), FileError> {
    std::fs::create_dir_all(path).map_err(|source| FileError::Io {
        doing: "make the folder",
        path: path.display().to_string(),
        source,
    })
}
