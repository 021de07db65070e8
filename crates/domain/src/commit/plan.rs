//! Splits an edit into the steps that the disk takes and the rows that say so.

use atelier_base::{FileId, TransactionId, VersionId, WorkspaceId, WorkspacePath};
use atelier_sandbox::transaction::{Expect, FileChange as Step, FolderContent};
use atelier_store::FileKind;

use super::rows::{DecisionRows, RowEdit, Rows};
use super::{Author, Edit, FileEdit, Origin};
use crate::domain::Domain;
use crate::error::Result;

/// What an edit does to the disk and to the rows.
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    pub(super) rows: Rows,
}

impl Plan {
    /// Stores the contents of an edit and plans it.
    pub(super) async fn make(
        domain: &Domain,
        id: TransactionId,
        workspace: WorkspaceId,
        edit: Edit,
    ) -> Result<Self> {
        let rows = Rows {
            transaction: id.as_uuid(),
            workspace: workspace.as_uuid(),
            kind: edit.kind.as_str().to_owned(),
            user: edit.user.as_uuid(),
            at: domain.now().as_micros(),
            files: Vec::with_capacity(edit.files.len()),
            decision: edit.decision.map(DecisionRows::from),
        };
        let steps = Vec::with_capacity(edit.files.len());
        let mut plan = Self { steps, rows };
        for file in edit.files {
            plan.add(domain, file).await?;
        }
        Ok(plan)
    }

    async fn add(&mut self, domain: &Domain, edit: FileEdit) -> Result<()> {
        match edit {
            FileEdit::Write {
                file,
                origin,
                path,
                bytes,
                executable,
                expect,
                author,
            } => {
                self.row_of_write(domain, file, origin, &path, &bytes, executable, author)
                    .await?;
                self.steps.push(Step::Write {
                    path,
                    bytes,
                    executable,
                    expect,
                });
            }
            FileEdit::MoveAndWrite {
                file,
                from,
                to,
                bytes,
                executable,
                expect,
                author,
            } => {
                // For the rows a rename and a write: the file keeps its id.
                self.row_of_rename(file, &from, &to);
                self.row_of_write(domain, file, Origin::Known, &to, &bytes, executable, author)
                    .await?;
                self.steps.push(Step::MoveAndWrite {
                    from,
                    to,
                    bytes,
                    executable,
                    expect,
                });
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
                self.rows.files.push(row);
                let expect = Expect::Missing;
                self.steps.push(Step::Write {
                    path,
                    bytes,
                    executable,
                    expect,
                });
            }
            FileEdit::MakeDirectory { file, origin, path } => {
                let (file, shown) = (file.as_uuid(), path.to_string());
                self.rows.files.push(RowEdit::MakeDirectory {
                    file,
                    origin,
                    path: shown,
                });
                self.steps.push(Step::MakeDirectory { path });
            }
            FileEdit::Rename {
                file,
                from,
                to,
                kind,
                expect,
            } => {
                self.row_of_rename(file, &from, &to);
                self.steps.push(match kind {
                    FileKind::Directory => Step::RenameDirectory { from, to },
                    FileKind::File | FileKind::Link => Step::Rename { from, to, expect },
                });
            }
            FileEdit::Remove { file, path, expect } => {
                self.row_of_removal(file, &path);
                self.steps.push(Step::Remove { path, expect });
            }
            FileEdit::RemoveDirectory { file, path } => {
                self.row_of_removal(file, &path);
                let content = FolderContent::Remove;
                self.steps.push(Step::RemoveDirectory { path, content });
            }
        }
        Ok(())
    }
    async fn row_of_write(
        &mut self,
        domain: &Domain,
        file: FileId,
        origin: Origin,
        path: &WorkspacePath,
        bytes: &[u8],
        executable: bool,
        author: Author,
    ) -> Result<()> {
        let hash = domain.store().blobs().put(bytes.to_vec()).await?;
        self.rows.files.push(RowEdit::Write {
            file: file.as_uuid(),
            origin,
            version: domain.ids().next::<VersionId>().as_uuid(),
            path: path.to_string(),
            hash: hash.to_string(),
            size: bytes.len() as u64,
            executable,
            author: author.into(),
        });
        Ok(())
    }

    fn row_of_rename(&mut self, file: FileId, from: &WorkspacePath, to: &WorkspacePath) {
        let (file, from, to) = (file.as_uuid(), from.to_string(), to.to_string());
        self.rows.files.push(RowEdit::Rename { file, from, to });
    }

    fn row_of_removal(&mut self, file: FileId, path: &WorkspacePath) {
        let (file, path) = (file.as_uuid(), path.to_string());
        self.rows.files.push(RowEdit::Remove { file, path });
    }
}
