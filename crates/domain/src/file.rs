//! Files: list, read, make, save, rename, delete, restore, and their versions.

use std::sync::Arc;

use atelier_base::{ContentHash, FileId, Timestamp, VersionId, WorkspaceId, WorkspacePath, limit};
use atelier_sandbox::FileError;
use atelier_sandbox::transaction::Expect;
use atelier_store::{FileKind, FileRow, LiveFile, TransactionKind, VersionRow};

use crate::commit::{Author, Edit, FileEdit, Origin};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result, Stale};
use crate::page::{Page, PageOf};
use crate::scan::{Cause, VERSIONED_BYTES};
use crate::tree::Tree;

/// A file with its content.
#[derive(Debug)]
pub struct FileContent {
    /// The file.
    pub file: FileRow,
    /// Its content, when it is a file whose content is kept.
    pub content: Content,
}

/// What is known of a file's content.
#[derive(Debug, PartialEq, Eq)]
pub enum Content {
    /// UTF-8 text.
    Text(String),
    /// Bytes that are not UTF-8 text.
    Binary,
    /// More than the editor takes, or not kept.
    TooLarge,
    /// A folder or link, which has none.
    None,
}

/// A version with its content.
#[derive(Debug)]
pub struct VersionContent {
    /// The version.
    pub version: VersionRow,
    /// Its text, when it is text the editor takes.
    pub content: Content,
}

/// What is made.
#[derive(Debug)]
pub enum NewFile {
    /// A file with this text.
    File(String),
    /// A folder.
    Directory,
}

impl Domain {
    /// Lists the files and folders that are there, by path.
    ///
    /// # Errors
    /// Fails when the asker may not see the workspace.
    pub async fn list_files(
        &self,
        ctx: &Ctx,
        workspace: WorkspaceId,
        page: &Page,
    ) -> Result<PageOf<FileRow>> {
        self.require_workspace(ctx, workspace).await?;
        let after = page.cursor_as::<WorkspacePath>()?;
        let limit = page.limit();
        let rows = self
            .store()
            .read(async |tx| tx.list_live(workspace, after.as_ref(), limit + 1).await)
            .await?;
        Ok(page.cut(rows, |file| file.path.to_string()))
    }

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
            .read(async |tx| tx.list_deleted(workspace, before, limit + 1).await)
            .await?;
        Ok(page.cut(rows, |file| {
            DeletedCursor {
                at: file.deleted_at.unwrap_or(file.created_at),
                id: file.id,
            }
            .to_string()
        }))
    }

    /// Returns a file with its current content.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see it.
    pub async fn get_file(&self, ctx: &Ctx, id: FileId) -> Result<FileContent> {
        let file = self.require_file(ctx, id).await?;
        self.with_content(file).await
    }

    /// Makes a file or folder.
    ///
    /// # Errors
    /// [`Error::PathTaken`] when something is there already.
    pub async fn create_file(
        &self,
        ctx: &Ctx,
        workspace: WorkspaceId,
        path: &str,
        new: NewFile,
    ) -> Result<FileContent> {
        let user = ctx.person()?;
        self.require_workspace(ctx, workspace).await?;
        let path = WorkspacePath::new(path)?;
        let tree = self.trees().open(workspace).await?;
        let _writing = tree.writing.lock().await;
        self.refuse_taken(workspace, &path).await?;
        let file = self.ids().next::<FileId>();
        let edit = match new {
            NewFile::Directory => FileEdit::MakeDirectory {
                file,
                origin: Origin::New,
                path,
            },
            NewFile::File(text) => {
                let bytes = checked_text(text)?;
                let (origin, expect, author) = (Origin::New, Expect::Missing, Author::USER);
                FileEdit::Write {
                    file,
                    origin,
                    path,
                    bytes,
                    executable: false,
                    expect,
                    author,
                }
            }
        };
        self.commit(
            &tree,
            Edit {
                kind: TransactionKind::Create,
                user,
                files: vec![edit],
                decision: None,
            },
        )
        .await?;
        let row = self
            .store()
            .read(async |tx| tx.get_file(file).await)
            .await?;
        self.with_content(row).await
    }

    /// Saves a file's text as a new version.
    ///
    /// # Errors
    /// [`Error::VersionMissing`] without the edited version, [`Error::Stale`]
    /// with both sides and a merge when the file has moved on.
    pub async fn save_file(
        &self,
        ctx: &Ctx,
        id: FileId,
        text: String,
        edited: Option<VersionId>,
    ) -> Result<FileContent> {
        let bytes = checked_text(text)?;
        let edited = edited.ok_or(Error::VersionMissing)?;
        self.put_content(ctx, id, bytes, edited, TransactionKind::Save)
            .await
    }

    /// Makes an old version's content the current one again.
    ///
    /// # Errors
    /// As [`Domain::save_file`]; [`Error::NotFound`] for another file's version.
    pub async fn restore_version(
        &self,
        ctx: &Ctx,
        id: FileId,
        version: VersionId,
        edited: Option<VersionId>,
    ) -> Result<FileContent> {
        self.require_file(ctx, id).await?;
        let edited = edited.ok_or(Error::VersionMissing)?;
        let old = self
            .store()
            .read(async |tx| tx.get_version(version).await)
            .await?;
        if old.file_id != id {
            return Err(Error::NotFound {
                what: "version of this file",
            });
        }
        let bytes = self.store().blobs().get(old.content_hash).await?;
        self.put_content(ctx, id, bytes, edited, TransactionKind::Restore)
            .await
    }

    async fn put_content(
        &self,
        ctx: &Ctx,
        id: FileId,
        bytes: Vec<u8>,
        edited: VersionId,
        kind: TransactionKind,
    ) -> Result<FileContent> {
        let user = ctx.person()?;
        let file = self.require_file(ctx, id).await?;
        let tree = self.trees().open(file.workspace_id).await?;
        let _writing = tree.writing.lock().await;
        let current = self.refresh(&tree, ctx, id).await?;
        if current.current_version_id != Some(edited) {
            return Err(Error::Stale(Box::new(
                self.stale(&current, edited, &bytes).await?,
            )));
        }
        let version = self
            .store()
            .read(async |tx| tx.get_version(edited).await)
            .await?;
        if version.content_hash != ContentHash::of(&bytes) {
            let edit = FileEdit::Write {
                file: id,
                origin: Origin::Known,
                path: current.path.clone(),
                bytes,
                executable: current.executable,
                expect: Expect::Hash(version.content_hash),
                author: Author::USER,
            };
            self.commit(
                &tree,
                Edit {
                    kind,
                    user,
                    files: vec![edit],
                    decision: None,
                },
            )
            .await?;
        }
        let row = self.store().read(async |tx| tx.get_file(id).await).await?;
        self.with_content(row).await
    }

    /// Says what stands now and how it goes together with what was sent.
    async fn stale(&self, current: &FileRow, edited: VersionId, mine: &[u8]) -> Result<Stale> {
        let version = current.current_version_id;
        let (yours, base) = self
            .store()
            .read(async |tx| {
                let yours = tx.find_current(current.id).await?;
                let base = tx
                    .find_version(edited)
                    .await?
                    .filter(|version| version.file_id == current.id);
                Ok::<_, Error>((yours, base))
            })
            .await?;
        let yours = self
            .text_of(yours.map(|version| version.content_hash))
            .await?;
        let base = self
            .text_of(base.map(|version| version.content_hash))
            .await?;
        let merge = match (&base, &yours) {
            (Some(base), Some(yours)) if current.deleted_at.is_none() => Some(
                atelier_patch::merge(base.as_bytes(), mine, yours.as_bytes()),
            ),
            _ => None,
        };
        Ok(Stale {
            version,
            current: yours.filter(|_| current.deleted_at.is_none()),
            base,
            clean: merge
                .as_ref()
                .is_some_and(|merge| merge.conflicts.is_empty()),
            merged: merge.and_then(|merge| String::from_utf8(merge.bytes).ok()),
        })
    }

    async fn text_of(&self, hash: Option<ContentHash>) -> Result<Option<String>> {
        let Some(hash) = hash else { return Ok(None) };
        Ok(String::from_utf8(self.store().blobs().get(hash).await?).ok())
    }

    /// Renames a file or folder; a folder takes along what is in it.
    ///
    /// # Errors
    /// [`Error::PathTaken`] when something is at the new path.
    pub async fn rename_file(&self, ctx: &Ctx, id: FileId, path: &str) -> Result<FileContent> {
        let user = ctx.person()?;
        let to = WorkspacePath::new(path)?;
        let file = self.require_file(ctx, id).await?;
        let tree = self.trees().open(file.workspace_id).await?;
        let _writing = tree.writing.lock().await;
        let file = self.refresh(&tree, ctx, id).await?;
        if file.path != to {
            if to.is_within(&file.path) {
                return Err(Error::invalid(
                    "path",
                    "a folder can't be moved into itself",
                ));
            }
            self.refuse_taken(file.workspace_id, &to).await?;
            let edit = FileEdit::Rename {
                file: id,
                from: file.path.clone(),
                to,
                kind: file.kind,
                expect: Expect::Any,
            };
            self.commit(
                &tree,
                Edit {
                    kind: TransactionKind::Rename,
                    user,
                    files: vec![edit],
                    decision: None,
                },
            )
            .await?;
        }
        let row = self.store().read(async |tx| tx.get_file(id).await).await?;
        self.with_content(row).await
    }

    /// Deletes a file, or a folder with what is in it. It can be restored.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is deleted already.
    pub async fn delete_file(&self, ctx: &Ctx, id: FileId) -> Result<()> {
        let user = ctx.person()?;
        let file = self.require_file(ctx, id).await?;
        let tree = self.trees().open(file.workspace_id).await?;
        // Whatever is on disk is kept as a version before it goes.
        if file.kind == FileKind::Directory {
            self.scan(
                &tree,
                Cause {
                    user: Some(user),
                    run: None,
                },
            )
            .await?;
        }
        let _writing = tree.writing.lock().await;
        let file = self.refresh(&tree, ctx, id).await?;
        let edit = match file.kind {
            FileKind::Directory => FileEdit::RemoveDirectory {
                file: id,
                path: file.path,
            },
            FileKind::File | FileKind::Link => FileEdit::Remove {
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
        let _writing = tree.writing.lock().await;
        let file = self.store().read(async |tx| tx.get_file(id).await).await?;
        let Some(deleted_at) = file.deleted_at else {
            return self.with_content(file).await;
        };
        self.refuse_taken(file.workspace_id, &file.path).await?;
        let (workspace, folder) = (file.workspace_id, file.path.clone());
        let mut rows = self
            .store()
            .read(async |tx| tx.list_deleted_under(workspace, &folder, deleted_at).await)
            .await?;
        rows.sort_by(|a, b| a.path.cmp(&b.path));
        let mut files = Vec::with_capacity(rows.len());
        for row in rows {
            files.extend(self.restoring(row).await?);
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
        let row = self.store().read(async |tx| tx.get_file(id).await).await?;
        self.with_content(row).await
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
            .read(async |tx| tx.get_version(version).await)
            .await?;
        let bytes = self.store().blobs().get(kept.content_hash).await?;
        Ok(Some(FileEdit::Restore {
            file: row.id,
            path: row.path,
            bytes,
            executable: row.executable,
        }))
    }

    /// Lists a file's versions, newest first.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see the file.
    pub async fn list_versions(
        &self,
        ctx: &Ctx,
        id: FileId,
        page: &Page,
    ) -> Result<PageOf<VersionRow>> {
        self.require_file(ctx, id).await?;
        let before = page.cursor_as::<VersionId>()?;
        let limit = page.limit();
        let rows = self
            .store()
            .read(async |tx| tx.list_versions(id, before, limit + 1).await)
            .await?;
        Ok(page.cut(rows, |version| version.id.to_string()))
    }

    /// Returns a version with its content.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see it.
    pub async fn get_version(&self, ctx: &Ctx, id: VersionId) -> Result<VersionContent> {
        let version = self
            .store()
            .read(async |tx| tx.get_version(id).await)
            .await?;
        self.require_workspace(ctx, version.workspace_id).await?;
        let content = self
            .content_of(version.content_hash, version.size_bytes)
            .await?;
        Ok(VersionContent { version, content })
    }

    /// Returns a file that the asker may see.
    pub(crate) async fn require_file(&self, ctx: &Ctx, id: FileId) -> Result<FileRow> {
        ctx.person()?;
        let file = self.store().read(async |tx| tx.get_file(id).await).await?;
        self.require_workspace(ctx, file.workspace_id)
            .await
            .map_err(|error| match error {
                Error::NotFound { .. } => Error::NotFound { what: "file" },
                other => other,
            })?;
        Ok(file)
    }

    /// Returns a live file's row after making sure that it says what is on
    /// disk. The caller holds the `writing` lock.
    pub(crate) async fn refresh(&self, tree: &Arc<Tree>, ctx: &Ctx, id: FileId) -> Result<FileRow> {
        let file = self.store().read(async |tx| tx.get_file(id).await).await?;
        if file.deleted_at.is_some() {
            return Err(Error::NotFound { what: "file" });
        }
        let version = self
            .store()
            .read(async |tx| tx.find_current(id).await)
            .await?;
        let known = LiveFile {
            id,
            path: file.path,
            kind: file.kind,
            size_bytes: file.size_bytes,
            modified_ns: file.modified_ns,
            inode: file.inode,
            executable: file.executable,
            current_version_id: file.current_version_id,
            content_hash: version.map(|version| version.content_hash),
        };
        self.scan_file(
            tree,
            Cause {
                user: ctx.person().ok(),
                run: None,
            },
            known,
        )
        .await?;
        let file = self.store().read(async |tx| tx.get_file(id).await).await?;
        match file.deleted_at {
            Some(_) => Err(Error::NotFound { what: "file" }),
            None => Ok(file),
        }
    }

    async fn refuse_taken(&self, workspace: WorkspaceId, path: &WorkspacePath) -> Result<()> {
        let taken = self
            .store()
            .read(async |tx| tx.find_live_by_path(workspace, path).await)
            .await?;
        match taken {
            Some(_) => Err(Error::PathTaken {
                path: path.to_string(),
            }),
            None => Ok(()),
        }
    }

    pub(crate) async fn with_content(&self, file: FileRow) -> Result<FileContent> {
        let id = file.id;
        let content = match (file.kind, file.current_version_id) {
            (FileKind::File, Some(_)) => {
                let version = self
                    .store()
                    .read(async |tx| tx.find_current(id).await)
                    .await?;
                match version {
                    Some(version) => {
                        self.content_of(version.content_hash, version.size_bytes)
                            .await?
                    }
                    None => Content::TooLarge,
                }
            }
            (FileKind::File, None) => Content::TooLarge,
            (FileKind::Directory | FileKind::Link, _) => Content::None,
        };
        Ok(FileContent { file, content })
    }

    async fn content_of(&self, hash: ContentHash, size: u64) -> Result<Content> {
        if size > limit::TEXT_FILE_BYTES {
            return Ok(Content::TooLarge);
        }
        let bytes = self.store().blobs().get(hash).await?;
        Ok(match String::from_utf8(bytes) {
            Ok(text) if !atelier_patch::is_binary(text.as_bytes()) => Content::Text(text),
            _ => Content::Binary,
        })
    }
}

/// Returns a text's bytes when it is not too large to save.
fn checked_text(text: String) -> Result<Vec<u8>> {
    if text.len() as u64 > limit::TEXT_FILE_BYTES {
        return Err(Error::TooLarge {
            what: "the text".to_owned(),
            limit: "8 MiB".to_owned(),
        });
    }
    Ok(text.into_bytes())
}

/// Turns a file failure that a path is to blame for into one that says so.
impl From<FileError> for Error {
    fn from(error: FileError) -> Self {
        match error {
            FileError::NotFound { .. } => Self::NotFound { what: "file" },
            FileError::Exists { path } => Self::PathTaken {
                path: path.to_string(),
            },
            FileError::CaseCollision { existing, .. } => Self::PathTaken { path: existing },
            FileError::Cancelled => Self::Cancelled,
            other => Self::Files(other),
        }
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

const _: () = assert!(
    limit::TEXT_FILE_BYTES <= VERSIONED_BYTES,
    "every text the editor takes is kept"
);
