//! Files: list, read, make, save, rename, delete, restore, and their versions.

mod save;
mod trash;

use std::sync::Arc;

use atelier_base::{ContentHash, FileId, VersionId, WorkspaceId, WorkspacePath, limit};
use atelier_sandbox::FileError;
use atelier_sandbox::transaction::Expect;
use atelier_store::{FileKind, FileRow, LiveFile, TransactionKind, VersionRow};

use crate::commit::{Author, Edit, FileEdit, Origin};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};
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
            .query(async |tx| tx.list_live(workspace, after.as_ref(), limit + 1).await)
            .await?;
        Ok(page.cut(rows, |file| file.path.to_string()))
    }

    /// Returns a file with its current content.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see it.
    pub async fn get_file(&self, ctx: &Ctx, id: FileId) -> Result<FileContent> {
        let mut file = self.require_file(ctx, id).await?;
        let small = file.size_bytes <= limit::TEXT_FILE_BYTES;
        if file.kind == FileKind::File && file.current_version_id.is_none() && small {
            // One whose content scans leave out, and that somebody wants now.
            let tree = self.trees().open(file.workspace_id).await?;
            let _writing = self.write_to(&tree).await?;
            file = self.refresh(&tree, ctx, id).await?;
        }
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
        let _writing = self.write_to(&tree).await?;
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
            .query(async |tx| tx.get_file(file).await)
            .await?;
        self.with_content(row).await
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
        let _writing = self.write_to(&tree).await?;
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
        let row = self.store().query(async |tx| tx.get_file(id).await).await?;
        self.with_content(row).await
    }

    /// Returns a file that the asker may see.
    pub(crate) async fn require_file(&self, ctx: &Ctx, id: FileId) -> Result<FileRow> {
        ctx.person()?;
        let file = self.store().query(async |tx| tx.get_file(id).await).await?;
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
        let file = self.store().query(async |tx| tx.get_file(id).await).await?;
        if file.deleted_at.is_some() {
            return Err(Error::NotFound { what: "file" });
        }
        let version = self
            .store()
            .query(async |tx| tx.find_current(id).await)
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
        let file = self.store().query(async |tx| tx.get_file(id).await).await?;
        match file.deleted_at {
            Some(_) => Err(Error::NotFound { what: "file" }),
            None => Ok(file),
        }
    }

    async fn refuse_taken(&self, workspace: WorkspaceId, path: &WorkspacePath) -> Result<()> {
        let taken = self
            .store()
            .query(async |tx| tx.find_live_by_path(workspace, path).await)
            .await?;
        match taken {
            Some(_) => Err(Error::PathTaken {
                path: path.to_string(),
            }),
            None => Ok(()),
        }
    }

    pub(crate) async fn with_content(&self, file: FileRow) -> Result<FileContent> {
        let content = match (file.kind, file.current_version_id) {
            (FileKind::File, Some(version)) => {
                // The version that the row names, whatever was saved since.
                self.version_content(version).await?
            }
            (FileKind::File, None) => Content::TooLarge,
            (FileKind::Directory | FileKind::Link, _) => Content::None,
        };
        Ok(FileContent { file, content })
    }

    /// Returns a version's content.
    pub(crate) async fn version_content(&self, version: VersionId) -> Result<Content> {
        let version = self
            .store()
            .query(async |tx| tx.get_version(version).await)
            .await?;
        self.content_of(version.content_hash, version.size_bytes)
            .await
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

const _: () = assert!(
    limit::TEXT_FILE_BYTES <= VERSIONED_BYTES,
    "every text the editor takes is kept"
);
