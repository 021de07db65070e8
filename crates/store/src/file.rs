//! What is in a workspace's tree, and what was.

use atelier_base::{ContentHash, FileId, Timestamp, VersionId, WorkspaceId, WorkspacePath};

use crate::connection::{Reader, Writer};
use crate::error::Result;

words! {
    /// What a path of the tree is.
    pub enum FileKind {
        /// A file with content and versions.
        File = "file",
        /// A directory.
        Directory = "directory",
        /// A symbolic link.
        Link = "link",
    }
}

record! {
    /// A file, directory or link. It survives renames and deletion.
    "files" pub struct FileRow {
        /// Names the file.
        pub id: FileId,
        /// Whose tree it is in.
        pub workspace_id: WorkspaceId,
        /// Where it is, or was when it was deleted.
        pub path: WorkspacePath,
        /// What it is.
        pub kind: FileKind,
        /// The language of its text, when known.
        pub language: Option<String>,
        /// Its newest version; directories have none.
        pub current_version_id: Option<VersionId>,
        /// Its size in bytes.
        pub size_bytes: u64,
        /// Its modification time as the file system said, in nanoseconds.
        pub modified_ns: i64,
        /// Its inode as the file system said.
        pub inode: u64,
        /// Whether its owner may execute it.
        pub executable: bool,
        /// When it came into the tree.
        pub created_at: Timestamp,
        /// When it left the tree.
        pub deleted_at: Option<Timestamp>,
    }
}

record! {
    /// What the tree's scan compares with the file system.
    "files with file_versions" pub struct LiveFile {
        /// Names the file.
        pub id: FileId,
        /// Where it is.
        pub path: WorkspacePath,
        /// What it is.
        pub kind: FileKind,
        /// Its size in bytes.
        pub size_bytes: u64,
        /// Its modification time, in nanoseconds.
        pub modified_ns: i64,
        /// Its inode.
        pub inode: u64,
        /// Whether its owner may execute it.
        pub executable: bool,
        /// Its newest version.
        pub current_version_id: Option<VersionId>,
        /// The hash of the newest version's content.
        pub content_hash: Option<ContentHash>,
    }
}

/// What the file system says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStat {
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Its modification time, in nanoseconds since 1970.
    pub modified_ns: i64,
    /// Its inode.
    pub inode: u64,
    /// Whether its owner may execute it.
    pub executable: bool,
}

/// The files below a folder are those that sort from `folder/` to before
/// `folder0`, because `0` follows `/` in ASCII and paths sort by their bytes.
fn below(folder: &WorkspacePath) -> (String, String) {
    (format!("{folder}/"), format!("{folder}0"))
}

impl Reader {
    /// Returns a file, deleted or not.
    pub async fn get_file(&mut self, id: FileId) -> Result<FileRow> {
        self.get_one("SELECT * FROM files WHERE id = $1", id).await
    }

    /// Finds a file, deleted or not.
    pub async fn find_file(&mut self, id: FileId) -> Result<Option<FileRow>> {
        self.find_one("SELECT * FROM files WHERE id = $1", args![id])
            .await
    }

    /// Finds the file that is at a path now.
    pub async fn find_live_by_path(
        &mut self,
        workspace: WorkspaceId,
        path: &WorkspacePath,
    ) -> Result<Option<FileRow>> {
        self.find_one(
            "SELECT * FROM files WHERE workspace_id = $1 AND path = $2 AND deleted_at IS NULL",
            args![workspace, path.clone()],
        )
        .await
    }

    /// Lists the tree by path, from after `after`.
    pub async fn list_live(
        &mut self,
        workspace: WorkspaceId,
        after: Option<&WorkspacePath>,
        limit: u32,
    ) -> Result<Vec<FileRow>> {
        let after = after.map_or("", WorkspacePath::as_str).to_owned();
        self.all(
            "SELECT * FROM files WHERE workspace_id = $1 AND deleted_at IS NULL AND path > $2
             ORDER BY path LIMIT $3",
            args![workspace, after, limit],
        )
        .await
    }

    /// Lists the whole tree by path, as the scan needs it.
    pub async fn list_live_all(&mut self, workspace: WorkspaceId) -> Result<Vec<LiveFile>> {
        self.all(
            "SELECT f.id, f.path, f.kind, f.size_bytes, f.modified_ns, f.inode, f.executable,
                    f.current_version_id, v.content_hash
             FROM files f LEFT JOIN file_versions v ON v.id = f.current_version_id
             WHERE f.workspace_id = $1 AND f.deleted_at IS NULL
             ORDER BY f.path",
            args![workspace],
        )
        .await
    }

    /// Finds what is at a path now, as the scan needs it.
    pub async fn find_live(
        &mut self,
        workspace: WorkspaceId,
        path: &WorkspacePath,
    ) -> Result<Option<LiveFile>> {
        self.find_one(
            "SELECT f.id, f.path, f.kind, f.size_bytes, f.modified_ns, f.inode, f.executable,
                    f.current_version_id, v.content_hash
             FROM files f LEFT JOIN file_versions v ON v.id = f.current_version_id
             WHERE f.workspace_id = $1 AND f.path = $2 AND f.deleted_at IS NULL",
            args![workspace, path.clone()],
        )
        .await
    }

    /// Lists what is below a folder by path, as the scan needs it.
    pub async fn list_live_under(
        &mut self,
        workspace: WorkspaceId,
        folder: &WorkspacePath,
    ) -> Result<Vec<LiveFile>> {
        let (from, to) = below(folder);
        self.all(
            "SELECT f.id, f.path, f.kind, f.size_bytes, f.modified_ns, f.inode, f.executable,
                    f.current_version_id, v.content_hash
             FROM files f LEFT JOIN file_versions v ON v.id = f.current_version_id
             WHERE f.workspace_id = $1 AND f.deleted_at IS NULL AND f.path >= $2 AND f.path < $3
             ORDER BY f.path",
            args![workspace, from, to],
        )
        .await
    }

    /// Lists the live files whose names begin with `.env`, at any depth, by
    /// path.
    pub async fn list_live_env_files(
        &mut self,
        workspace: WorkspaceId,
        limit: u32,
    ) -> Result<Vec<LiveFile>> {
        self.all(
            "SELECT f.id, f.path, f.kind, f.size_bytes, f.modified_ns, f.inode, f.executable,
                    f.current_version_id, v.content_hash
             FROM files f LEFT JOIN file_versions v ON v.id = f.current_version_id
             WHERE f.workspace_id = $1 AND f.deleted_at IS NULL AND f.kind = 'file'
               AND (f.path LIKE '.env%' OR f.path LIKE '%/.env%')
             ORDER BY f.path LIMIT $2",
            args![workspace, limit],
        )
        .await
    }

    /// Lists what is below a folder, at any depth, by path; not the folder.
    pub async fn list_under(
        &mut self,
        workspace: WorkspaceId,
        folder: &WorkspacePath,
    ) -> Result<Vec<FileRow>> {
        let (from, to) = below(folder);
        self.all(
            "SELECT * FROM files
             WHERE workspace_id = $1 AND deleted_at IS NULL AND path >= $2 AND path < $3
             ORDER BY path",
            args![workspace, from, to],
        )
        .await
    }

    /// Lists deleted files, the last deleted first, those deleted before
    /// `before` (its deletion time and id).
    pub async fn list_deleted(
        &mut self,
        workspace: WorkspaceId,
        before: Option<(Timestamp, FileId)>,
        limit: u32,
    ) -> Result<Vec<FileRow>> {
        let (time, id) = before.unzip();
        self.all(
            "SELECT * FROM files
             WHERE workspace_id = $1 AND deleted_at IS NOT NULL
               AND ($2 IS NULL OR deleted_at < $2 OR (deleted_at = $2 AND id < $3))
             ORDER BY deleted_at DESC, id DESC LIMIT $4",
            args![workspace, time, id, limit],
        )
        .await
    }

    /// Lists what was at `path` and below it and was deleted at exactly `at`:
    /// what one deletion took.
    pub async fn list_deleted_under(
        &mut self,
        workspace: WorkspaceId,
        path: &WorkspacePath,
        at: Timestamp,
    ) -> Result<Vec<FileRow>> {
        let (first, last) = below(path);
        self.all(
            "SELECT * FROM files
             WHERE workspace_id = $1 AND deleted_at = $2
               AND (path = $3 OR (path >= $4 AND path < $5))
             ORDER BY path",
            args![workspace, at, path.clone(), first, last],
        )
        .await
    }

    /// Counts the files, directories and links of the tree.
    pub async fn count_live(&mut self, workspace: WorkspaceId) -> Result<u64> {
        let counted = self
            .values(
                "SELECT COUNT(*) AS files FROM files
                 WHERE workspace_id = $1 AND deleted_at IS NULL",
                "files",
                args![workspace],
            )
            .await?;
        Ok(counted.into_iter().next().unwrap_or_default())
    }
}

impl Writer {
    /// Adds files; tens of thousands at once are fine.
    ///
    /// # Errors
    /// `Taken` when one of the paths is.
    pub async fn insert_files(&mut self, rows: &[FileRow]) -> Result<()> {
        self.insert_all(rows).await
    }

    /// Sets the language a file is highlighted as.
    pub async fn set_language(&mut self, id: FileId, language: Option<&str>) -> Result<()> {
        self.change(
            "files",
            id,
            "UPDATE files SET language = $2 WHERE id = $1",
            args![id, language.map(str::to_owned)],
        )
        .await
    }

    /// Moves one file.
    ///
    /// # Errors
    /// `Taken` when there is a file at the path.
    pub async fn set_path(&mut self, id: FileId, path: &WorkspacePath) -> Result<()> {
        self.change(
            "files",
            id,
            "UPDATE files SET path = $2 WHERE id = $1",
            args![id, path.clone()],
        )
        .await
    }

    /// Moves a folder, if it has a row, and all that is below it, and returns
    /// how many rows that is.
    ///
    /// # Errors
    /// `Taken` when there is a file at one of the new paths.
    pub async fn rename_under(
        &mut self,
        workspace: WorkspaceId,
        from: &WorkspacePath,
        to: &WorkspacePath,
    ) -> Result<u64> {
        let (first, last) = below(from);
        self.execute(
            "UPDATE files SET path = $2 || substr(path, length($3) + 1)
             WHERE workspace_id = $1 AND deleted_at IS NULL
               AND (path = $3 OR (path >= $4 AND path < $5))",
            args![workspace, to.clone(), from.clone(), first, last],
        )
        .await
    }

    /// Takes a file out of the tree; one that is out keeps its time.
    pub async fn mark_deleted(&mut self, id: FileId, at: Timestamp) -> Result<()> {
        self.change(
            "files",
            id,
            "UPDATE files SET deleted_at = COALESCE(deleted_at, $2) WHERE id = $1",
            args![id, at],
        )
        .await
    }

    /// Takes a folder, if it has a row, and all that is below it out of the
    /// tree, and returns how many rows that is.
    pub async fn mark_deleted_under(
        &mut self,
        workspace: WorkspaceId,
        folder: &WorkspacePath,
        at: Timestamp,
    ) -> Result<u64> {
        let (first, last) = below(folder);
        self.execute(
            "UPDATE files SET deleted_at = $2
             WHERE workspace_id = $1 AND deleted_at IS NULL
               AND (path = $3 OR (path >= $4 AND path < $5))",
            args![workspace, at, folder.clone(), first, last],
        )
        .await
    }

    /// Puts a deleted file back where it was.
    ///
    /// # Errors
    /// `Taken` when there is another file now.
    pub async fn restore_file(&mut self, id: FileId) -> Result<()> {
        self.change(
            "files",
            id,
            "UPDATE files SET deleted_at = NULL WHERE id = $1",
            args![id],
        )
        .await
    }

    /// Gives a file a new version as its content.
    pub async fn set_current(
        &mut self,
        id: FileId,
        version: VersionId,
        stat: &FileStat,
    ) -> Result<()> {
        self.change(
            "files",
            id,
            "UPDATE files SET current_version_id = $2, size_bytes = $3, modified_ns = $4,
                              inode = $5, executable = $6
             WHERE id = $1",
            args![
                id,
                version,
                stat.size_bytes,
                stat.modified_ns,
                stat.inode,
                stat.executable
            ],
        )
        .await
    }

    /// Notes what the file system says about a file whose content is not kept.
    pub async fn clear_current(&mut self, id: FileId, stat: &FileStat) -> Result<()> {
        self.change(
            "files",
            id,
            "UPDATE files SET current_version_id = NULL, size_bytes = $2, modified_ns = $3,
                              inode = $4, executable = $5
             WHERE id = $1",
            args![
                id,
                stat.size_bytes,
                stat.modified_ns,
                stat.inode,
                stat.executable
            ],
        )
        .await
    }

    /// Notes what the file system says of a file whose content is the same.
    pub async fn set_stat(&mut self, id: FileId, stat: &FileStat) -> Result<()> {
        self.change(
            "files",
            id,
            "UPDATE files SET size_bytes = $2, modified_ns = $3, inode = $4, executable = $5
             WHERE id = $1",
            args![
                id,
                stat.size_bytes,
                stat.modified_ns,
                stat.inode,
                stat.executable
            ],
        )
        .await
    }
}

#[cfg(test)]
mod tests;
