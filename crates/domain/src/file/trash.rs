//! Deletion, which keeps everything, and restoring.

use atelier_base::{FileId, Timestamp, WorkspaceId};
use atelier_sandbox::transaction::Expect;
use atelier_store::{FileKind, FileRow, TransactionKind};

use super::FileContent;
use crate::commit::{Edit, FileEdit, Origin};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::page::{Page, PageOf};
use crate::scan::Cause;

impl Domain {
    /// Lists the deleted files and folders that can be restored, newest first.
    ///
    /// # Errors
    /// Fails when the asker may not see the workspace.
    pub async fn list_deleted_files(
        &self,
        ctx: &Ctx,
        workspace: WorkspaceId,
        page: &Page,
    ) -> Result<PageOf<FileRow>> {
        self.require_workspace(ctx, workspace).await?;
        let before = page
            .cursor_as::<DeletedCursor>()?
            .map(|cursor| (cursor.at, cursor.id));
        let limit = page.limit();
        let rows = self
            .store()
            .query(async |tx| tx.list_deleted(workspace, before, limit + 1).await)
            .await?;
        Ok(page.cut(rows, |file| {
            DeletedCursor {
                at: file.deleted_at.unwrap_or(file.created_at),
                id: file.id,
            }
            .to_string()
        }))
    }

    /// Deletes a file, or a folder with what is in it. It can be restored.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is deleted already.
    pub async fn delete_file(&self, ctx: &Ctx, id: FileId) -> Result<()> {
        let user = ctx.person()?;
        let file = self.require_file(ctx, id).await?;
        let tree = self.trees().open(file.workspace_id).await?;
        let _writing = self.write_to(&tree).await?;
        let file = self.refresh(&tree, ctx, id).await?;
        let edit = match file.kind {
            FileKind::Directory => {
                // Whatever is on disk is kept as a version before it goes.
                let cause = Cause {
                    user: Some(user),
                    run: None,
                };
                self.scan_held(&tree, cause).await?;
                FileEdit::RemoveDirectory {
                    file: id,
                    path: file.path,
                }
            }
            FileKind::File => FileEdit::Remove {
                file: id,
                path: file.path,
                expect: self.kept_content(id).await?,
            },
            FileKind::Link => FileEdit::Remove {
                file: id,
                path: file.path,
                expect: Expect::Any,
            },
        };
        self.commit(
            &tree,
            Edit {
                kind: TransactionKind::Delete,
                user,
                files: vec![edit],
                decision: None,
            },
        )
        .await?;
        Ok(())
    }

    /// Brings a deleted file back, or a folder with what was deleted with it.
    ///
    /// # Errors
    /// [`Error::PathTaken`] when something else has its path now.
    pub async fn restore_file(&self, ctx: &Ctx, id: FileId) -> Result<FileContent> {
        let user = ctx.person()?;
        let file = self.require_file(ctx, id).await?;
        let tree = self.trees().open(file.workspace_id).await?;
        let _writing = self.write_to(&tree).await?;
        let file = self.store().query(async |tx| tx.get_file(id).await).await?;
        let Some(deleted_at) = file.deleted_at else {
            return self.with_content(file).await;
        };
        self.refuse_taken(file.workspace_id, &file.path).await?;
        let (workspace, folder) = (file.workspace_id, file.path.clone());
        let mut rows = self
            .store()
            .query(async |tx| tx.list_deleted_under(workspace, &folder, deleted_at).await)
            .await?;
        rows.sort_by(|a, b| a.path.cmp(&b.path));
        let mut files = Vec::with_capacity(rows.len());
        for row in rows {
            let (restored, path) = (row.id, row.path.clone());
            match self.restoring(row).await? {
                Some(edit) => files.push(edit),
                None if restored == id => {
                    let detail = format!("the content of `{path}` was not kept");
                    return Err(Error::invalid("deleted", detail));
                }
                None => {}
            }
        }
        self.commit(
            &tree,
            Edit {
                kind: TransactionKind::Restore,
                user,
                files,
                decision: None,
            },
        )
        .await?;
        let row = self.store().query(async |tx| tx.get_file(id).await).await?;
        self.with_content(row).await
    }

    /// Returns what a file must still hold to be deleted: the content that is
    /// kept of it, so that nothing written in between is lost.
    async fn kept_content(&self, id: FileId) -> Result<Expect> {
        let kept = self
            .store()
            .query(async |tx| tx.find_current(id).await)
            .await?;
        match kept {
            Some(version) => Ok(Expect::Hash(version.content_hash)),
            None => Err(Error::invalid(
                "id",
                "the file is too large to be kept, so deleting it could not be undone; use a command",
            )),
        }
    }

    /// Returns the edit that brings one deleted row back; `None` for links and
    /// for files whose content was not kept.
    async fn restoring(&self, row: FileRow) -> Result<Option<FileEdit>> {
        if row.kind == FileKind::Directory {
            return Ok(Some(FileEdit::MakeDirectory {
                file: row.id,
                origin: Origin::Deleted,
                path: row.path,
            }));
        }
        let Some(version) = row.current_version_id else {
            return Ok(None);
        };
        let kept = self
            .store()
            .query(async |tx| tx.get_version(version).await)
            .await?;
        let bytes = self.store().blobs().get(kept.content_hash).await?;
        Ok(Some(FileEdit::Restore {
            file: row.id,
            path: row.path,
            bytes,
            executable: row.executable,
        }))
    }
}

/// Where a page of deleted files ended.
struct DeletedCursor {
    at: Timestamp,
    id: FileId,
}

impl std::fmt::Display for DeletedCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.at.as_micros(), self.id)
    }
}

impl std::str::FromStr for DeletedCursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (at, id) = text.split_once('.').ok_or(())?;
        Ok(Self {
            at: Timestamp::from_micros(at.parse().map_err(|_| ())?),
            id: id.parse().map_err(|_| ())?,
        })
    }
}
