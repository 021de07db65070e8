//! What a workspace held when a draft was made.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr as _;
use std::sync::Arc;

use atelier_base::{ContentHash, FileId, VersionId, WorkspacePath};
use atelier_store::{FileKind, LiveFile};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

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
            };
            (row.path, entry)
        });
        Self(entries.collect())
    }

    /// Returns the files that are others now, new or gone, by path.
    pub(super) fn changed_since(&self, now: &[LiveFile]) -> Vec<WorkspacePath> {
        let files = |kind: FileKind| kind != FileKind::Directory;
        let mut changed = BTreeSet::new();
        let mut left: BTreeSet<&WorkspacePath> = self
            .0
            .iter()
            .filter(|(_, entry)| files(entry.kind))
            .map(|(path, _)| path)
            .collect();
        for row in now.iter().filter(|row| files(row.kind)) {
            left.remove(&row.path);
            let same = self.0.get(&row.path).is_some_and(|entry| {
                (entry.kind, entry.hash, entry.executable)
                    == (row.kind, row.content_hash, row.executable)
            });
            if !same {
                changed.insert(row.path.clone());
            }
        }
        changed.extend(left.into_iter().cloned());
        changed.into_iter().collect()
    }

    fn encode(&self) -> Result<Vec<u8>> {
        let lines: Vec<Line> = self
            .0
            .iter()
            .map(|(path, entry)| Line {
                path: path.to_string(),
                kind: entry.kind.as_str().to_owned(),
                file: entry.file.as_uuid(),
                version: entry.version.map(VersionId::as_uuid),
                hash: entry.hash.map(|hash| hash.to_string()),
                executable: entry.executable,
            })
            .collect();
        serde_json::to_vec(&lines).map_err(|e| Error::Internal(format!("a manifest: {e}")))
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let lines: Vec<Line> = serde_json::from_slice(bytes).ok()?;
        let entries = lines.into_iter().map(|line| {
            let hash = line.hash.as_deref().map(ContentHash::from_str);
            let entry = Entry {
                kind: FileKind::parse(&line.kind)?,
                file: FileId::from(line.file),
                version: line.version.map(VersionId::from),
                hash: hash.transpose().ok()?,
                executable: line.executable,
            };
            Some((WorkspacePath::new(&line.path).ok()?, entry))
        });
        entries.collect::<Option<_>>().map(Self)
    }
}

impl Domain {
    /// Stores what a workspace's rows say now.
    pub(super) async fn keep_manifest(&self, tree: &Arc<Tree>) -> Result<ContentHash> {
        let workspace = tree.workspace;
        let _writing = self.write_to(tree).await?;
        let rows = self
            .store()
            .read(async |tx| tx.list_live_all(workspace).await)
            .await?;
        let bytes = Manifest::of(rows).encode()?;
        Ok(self.store().blobs().put(bytes).await?)
    }

    /// Returns a stored manifest.
    pub(super) async fn manifest(&self, hash: ContentHash) -> Result<Manifest> {
        let bytes = self.store().blobs().get(hash).await?;
        Manifest::decode(&bytes)
            .ok_or_else(|| Error::Internal("the manifest of a draft can't be read".to_owned()))
    }
}
