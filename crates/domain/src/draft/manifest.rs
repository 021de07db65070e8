//! What a workspace held when a draft was made.

use std::collections::BTreeMap;
use std::str::FromStr as _;
use std::sync::Arc;

use atelier_base::{ContentHash, FileId, VersionId, WorkspacePath};
use atelier_store::{FileKind, LiveFile};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::standing::Standing;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::tree::Tree;

/// The tree by path.
#[derive(Debug)]
pub(super) struct Manifest(pub(super) BTreeMap<WorkspacePath, Entry>);

/// What stood at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) kind: FileKind,
    pub(super) file: FileId,
    pub(super) version: Option<VersionId>,
    pub(super) hash: Option<ContentHash>,
    pub(super) executable: bool,
    /// When it was made or written, for links, which have no content here.
    pub(super) link_ns: Option<i64>,
}

/// What is another at a path now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) path: WorkspacePath,
    /// Whether there was no file, or is none any more.
    pub(super) came_or_went: bool,
    /// Whether there was a link, or is one.
    pub(super) is_link: bool,
}

/// An entry as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    path: String,
    kind: String,
    file: Uuid,
    version: Option<Uuid>,
    hash: Option<String>,
    executable: bool,
    link_ns: Option<i64>,
}

/// A manifest as it is stored.
#[derive(Serialize, Deserialize)]
struct Kept {
    files: Vec<Line>,
    standing: Option<Standing>,
}

impl Manifest {
    fn of(rows: Vec<LiveFile>) -> Self {
        let entries = rows.into_iter().map(|row| {
            let entry = Entry {
                kind: row.kind,
                file: row.id,
                version: row.current_version_id,
                hash: row.content_hash,
                executable: row.executable,
                link_ns: link_ns(&row),
            };
            (row.path, entry)
        });
        Self(entries.collect())
    }

    /// Says whether there was anything at a path.
    pub(super) fn has(&self, path: &WorkspacePath) -> bool {
        self.0.contains_key(path)
    }

    /// Returns the folders that there were.
    pub(super) fn folders(&self) -> impl Iterator<Item = &WorkspacePath> {
        let folders = self.0.iter();
        let folders = folders.filter(|(_, entry)| entry.kind == FileKind::Directory);
        folders.map(|(path, _)| path)
    }

    /// Returns the files that are others now, new or gone, by path.
    pub(super) fn changed_since(&self, now: &[LiveFile]) -> Vec<Difference> {
        let mut changed = BTreeMap::new();
        let mut left: BTreeMap<&WorkspacePath, &Entry> = self
            .0
            .iter()
            .filter(|(_, entry)| entry.kind != FileKind::Directory)
            .collect();
        for row in now.iter().filter(|row| row.kind != FileKind::Directory) {
            let before = left.remove(&row.path);
            let same = before.is_some_and(|entry| {
                (entry.kind, entry.hash, entry.executable, entry.link_ns)
                    == (row.kind, row.content_hash, row.executable, link_ns(row))
            });
            if !same {
                let is_link = |kind| kind == FileKind::Link;
                let difference = Difference {
                    path: row.path.clone(),
                    came_or_went: before.is_none(),
                    is_link: is_link(row.kind) || before.is_some_and(|entry| is_link(entry.kind)),
                };
                changed.insert(row.path.clone(), difference);
            }
        }
        for (path, entry) in left {
            let difference = Difference {
                path: path.clone(),
                came_or_went: true,
                is_link: entry.kind == FileKind::Link,
            };
            changed.insert(path.clone(), difference);
        }
        changed.into_values().collect()
    }

    fn lines(&self) -> Vec<Line> {
        let lines = self.0.iter().map(|(path, entry)| Line {
            path: path.to_string(),
            kind: entry.kind.as_str().to_owned(),
            file: entry.file.as_uuid(),
            version: entry.version.map(VersionId::as_uuid),
            hash: entry.hash.map(|hash| hash.to_string()),
            executable: entry.executable,
            link_ns: entry.link_ns,
        });
        lines.collect()
    }

    fn of_lines(lines: Vec<Line>) -> Option<Self> {
        let entries = lines.into_iter().map(|line| {
            let hash = line.hash.as_deref().map(ContentHash::from_str);
            let entry = Entry {
                kind: FileKind::parse(&line.kind)?,
                file: FileId::from(line.file),
                version: line.version.map(VersionId::from),
                hash: hash.transpose().ok()?,
                executable: line.executable,
                link_ns: line.link_ns,
            };
            Some((WorkspacePath::new(&line.path).ok()?, entry))
        });
        entries.collect::<Option<_>>().map(Self)
    }

    /// Makes one with empty files at these paths.
    #[cfg(test)]
    pub(super) fn with_files(paths: &[&str]) -> Self {
        let entry = Entry {
            kind: FileKind::File,
            file: FileId::from(Uuid::nil()),
            version: None,
            hash: None,
            executable: false,
            link_ns: None,
        };
        let paths = paths
            .iter()
            .filter_map(|path| WorkspacePath::new(path).ok());
        Self(paths.map(|path| (path, entry)).collect())
    }
}

fn link_ns(row: &LiveFile) -> Option<i64> {
    (row.kind == FileKind::Link).then_some(row.modified_ns)
}

impl Domain {
    /// Returns what a workspace's rows say now, and where it is stored.
    pub(super) async fn keep_manifest(&self, tree: &Arc<Tree>) -> Result<(Manifest, ContentHash)> {
        let workspace = tree.workspace;
        let _writing = self.write_to(tree).await?;
        let rows = self
            .store()
            .query(async |tx| tx.list_live_all(workspace).await)
            .await?;
        let manifest = Manifest::of(rows);
        let hash = self.store_manifest(&manifest, None).await?;
        Ok((manifest, hash))
    }

    /// Stores a manifest with what a draft stands on, once that is settled.
    pub(super) async fn store_manifest(
        &self,
        manifest: &Manifest,
        standing: Option<&Standing>,
    ) -> Result<ContentHash> {
        let kept = Kept {
            files: manifest.lines(),
            standing: standing.cloned(),
        };
        let bytes = serde_json::to_vec(&kept);
        let bytes = bytes.map_err(|e| Error::Internal(format!("a manifest: {e}")))?;
        Ok(self.store().blobs().put(bytes).await?)
    }

    /// Returns a stored manifest, and what the draft stands on if that is
    /// settled.
    pub(super) async fn manifest(&self, hash: ContentHash) -> Result<(Manifest, Option<Standing>)> {
        let bytes = self.store().blobs().get(hash).await?;
        let kept = serde_json::from_slice::<Kept>(&bytes).ok();
        kept.and_then(|kept| Some((Manifest::of_lines(kept.files)?, kept.standing)))
            .ok_or_else(|| Error::Internal("the manifest of a draft can't be read".to_owned()))
    }
}
