//! Saves: what a person typed becomes a version, and never overwrites what
//! somebody else wrote meanwhile.

use atelier_base::{ContentHash, FileId, VersionId};
use atelier_sandbox::transaction::Expect;
use atelier_store::{FileRow, TransactionKind, VersionRow};

use super::{FileContent, VersionContent, checked_text};
use crate::commit::{Author, Edit, FileEdit, Origin};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result, Stale};
use crate::page::{Page, PageOf};

impl Domain {
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
            .query(async |tx| tx.get_version(version).await)
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
        let _writing = self.write_to(&tree).await?;
        let current = self.refresh(&tree, ctx, id).await?;
        if current.current_version_id != Some(edited) {
            return Err(Error::Stale(Box::new(
                self.stale(&current, edited, &bytes).await?,
            )));
        }
        let version = self
            .store()
            .query(async |tx| tx.get_version(edited).await)
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
        let row = self.store().query(async |tx| tx.get_file(id).await).await?;
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
            .query(async |tx| tx.list_versions(id, before, limit + 1).await)
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
            .query(async |tx| tx.get_version(id).await)
            .await?;
        self.require_workspace(ctx, version.workspace_id).await?;
        let content = self
            .content_of(version.content_hash, version.size_bytes)
            .await?;
        Ok(VersionContent { version, content })
    }
}
