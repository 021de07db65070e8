//! What a check runs on, and the end of what its commands write.

use std::collections::BTreeMap;
use std::sync::Arc;

use atelier_base::{ContentHash, WorkspaceId, WorkspacePath, limit};
use atelier_sandbox::cell::Output;
use atelier_sandbox::draft::Filling;
use atelier_store::{FileKind, LiveFile};
use tokio::sync::mpsc;

use crate::commit::FileEdit;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::tree::{Tree, blocking};

/// How much of a command's output is kept: its end, in lines and in bytes.
const TAIL_LINES: usize = 60;
const TAIL_BYTES: usize = 16 * 1024;

impl Domain {
    /// Returns the workspace's files by path.
    pub(super) async fn tree_now(&self, workspace: WorkspaceId) -> Result<Files> {
        let store = self.store();
        let rows = store.query(async |tx| tx.list_live_all(workspace).await);
        let files = rows.await?.into_iter().filter_map(file_of);
        Ok(files.collect())
    }
}

/// The files of a tree: content and mode by path.
pub(super) type Files = BTreeMap<WorkspacePath, (Option<ContentHash>, bool)>;

fn file_of(row: LiveFile) -> Option<(WorkspacePath, (Option<ContentHash>, bool))> {
    let kept = row.kind != FileKind::Directory;
    kept.then_some((row.path, (row.content_hash, row.executable)))
}

/// Names a tree by all that is in it.
pub(super) fn tree_hash(files: &Files) -> ContentHash {
    let mut text = String::new();
    for (path, (hash, executable)) in files {
        let hash = hash.map_or_else(String::new, |hash| hash.to_string());
        let mode = if *executable { "x" } else { "-" };
        for part in [mode, " ", &hash, " ", path.as_str(), "\n"] {
            text.push_str(part);
        }
    }
    ContentHash::of(text.as_bytes())
}

/// Returns what a draft must hold for `edits` to be in it, and makes them in
/// `files` too.
pub(super) async fn filling(
    tree: &Arc<Tree>,
    edits: Vec<FileEdit>,
    files: &mut Files,
) -> Result<Filling> {
    let mut filling = Filling::default();
    for edit in edits {
        let (gone, come) = match edit {
            FileEdit::Write {
                path,
                bytes,
                executable,
                ..
            } => (None, Some((path, bytes, executable))),
            FileEdit::MoveAndWrite {
                from,
                to,
                bytes,
                executable,
                ..
            } => (Some(from), Some((to, bytes, executable))),
            FileEdit::Rename { from, to, .. } => {
                let (reader, place) = (Arc::clone(tree), from.clone());
                let most = limit::TEXT_FILE_BYTES;
                let read = blocking(move || reader.root.read(&place, most)).await?;
                (Some(from), Some((to, read.bytes, read.executable)))
            }
            FileEdit::Remove { path, .. } => (Some(path), None),
            other => {
                let detail = format!("a proposal makes no such edit: {other:?}");
                return Err(Error::Internal(detail));
            }
        };
        if let Some(path) = gone {
            files.remove(&path);
            filling.gone.push(path);
        }
        if let Some((path, bytes, executable)) = come {
            files.insert(path.clone(), (Some(ContentHash::of(&bytes)), executable));
            filling.files.push((path, bytes, executable));
        }
    }
    Ok(filling)
}

/// Reads all that a command writes and keeps the end of it.
pub(super) async fn tail(mut receiver: mpsc::Receiver<Output>) -> String {
    let mut kept: Vec<u8> = Vec::new();
    while let Some(piece) = receiver.recv().await {
        kept.extend(piece.bytes);
        let over = kept.len().saturating_sub(TAIL_BYTES);
        kept.drain(..over);
    }
    let text = String::from_utf8_lossy(&kept).replace('\0', "\u{fffd}");
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.len().saturating_sub(TAIL_LINES);
    lines.get(first..).unwrap_or_default().join("\n")
}
