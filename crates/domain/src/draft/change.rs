//! From a draft's layer to the list of what it changed.

use std::collections::HashMap;

use atelier_base::{ContentHash, WorkspacePath};
use atelier_sandbox::draft::{Draft, Layer};
use atelier_sandbox::files::{EntryKind, Found};
use atelier_store::FileKind;

use super::manifest::{Entry, Manifest};
use crate::scan::VERSIONED_BYTES;

/// One file that a draft changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftChange {
    /// Where it is now, or was.
    pub path: WorkspacePath,
    /// What happened to it.
    pub kind: DraftChangeKind,
    /// Where it was before a rename.
    pub from: Option<WorkspacePath>,
    /// Its size in bytes, unless it is gone.
    pub size: Option<u64>,
    /// Whether it may be executed, unless it is gone or a link.
    pub executable: Option<bool>,
    /// Its content when the draft was made.
    pub old_hash: Option<ContentHash>,
    /// Its content in the draft; `None` for what is gone, a link, or larger
    /// than 64 MiB.
    pub new_hash: Option<ContentHash>,
}

/// What a draft did to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DraftChangeKind {
    /// It is new.
    Create,
    /// Its content is another.
    Modify,
    /// It is gone.
    Delete,
    /// Only its mode is another.
    Mode,
    /// It is a symbolic link that was not there, or led elsewhere.
    Link,
    /// It moved; its content is the same.
    Rename,
}

use DraftChangeKind as Kind;

/// Hashes the files of a layer that are not too large for versions.
pub(super) fn hash_all(draft: &Draft, layer: &Layer) -> HashMap<WorkspacePath, ContentHash> {
    let files = layer
        .found
        .iter()
        .filter(|found| found.kind == EntryKind::File);
    let hashed = files.filter_map(|found| {
        // One that is gone by now, or shut, is told of without its content.
        let hash = draft.hash(&found.path, VERSIONED_BYTES).ok()?;
        Some((found.path.clone(), hash))
    });
    hashed.collect()
}

/// Lists what a layer changes of what a manifest holds, by path.
pub(super) fn changes(
    manifest: &Manifest,
    layer: &Layer,
    hashes: &HashMap<WorkspacePath, ContentHash>,
) -> Vec<DraftChange> {
    let mut changes = deletions(manifest, layer);
    for found in &layer.found {
        let old = manifest.0.get(&found.path);
        let change = match found.kind {
            EntryKind::File => file(found, old, hashes.get(&found.path).copied()),
            EntryKind::Symlink => layer
                .links
                .binary_search(&found.path)
                .is_ok()
                .then(|| new(found, Kind::Link, old.and_then(|old| old.hash), None)),
            EntryKind::Directory | EntryKind::Missing | EntryKind::Other(_) => None,
        };
        changes.extend(change);
    }
    let mut changes = pair(changes);
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    changes
}

/// Returns what was hidden and is not there anew.
fn deletions(manifest: &Manifest, layer: &Layer) -> Vec<DraftChange> {
    let mut gone = Vec::new();
    for hidden in &layer.hidden {
        let within = manifest.0.range(hidden.clone()..);
        // What lies in a folder sorts after it, though not at once.
        let within = within.take_while(|(path, _)| path.as_str().starts_with(hidden.as_str()));
        for (path, entry) in within.filter(|(path, _)| path.is_within(hidden)) {
            let anew = layer
                .found
                .binary_search_by(|found| found.path.cmp(path))
                .is_ok_and(|at| layer.found[at].kind != EntryKind::Directory);
            if entry.kind != FileKind::Directory && !anew {
                gone.push(DraftChange {
                    path: path.clone(),
                    kind: Kind::Delete,
                    from: None,
                    size: None,
                    executable: None,
                    old_hash: entry.hash,
                    new_hash: None,
                });
            }
        }
    }
    gone.sort_by(|a, b| a.path.cmp(&b.path));
    gone.dedup_by(|a, b| a.path == b.path);
    gone
}

fn file(found: &Found, old: Option<&Entry>, hash: Option<ContentHash>) -> Option<DraftChange> {
    let change = |kind| new(found, kind, old.and_then(|old| old.hash), hash);
    match old {
        Some(old) if old.kind == FileKind::File => {
            let same = hash.is_some() && hash == old.hash;
            match (same, found.executable == old.executable) {
                (true, true) => None,
                (true, false) => Some(change(Kind::Mode)),
                (false, _) => Some(change(Kind::Modify)),
            }
        }
        Some(old) if old.kind == FileKind::Link => Some(change(Kind::Modify)),
        _ => Some(change(Kind::Create)),
    }
}

fn new(
    found: &Found,
    kind: Kind,
    old_hash: Option<ContentHash>,
    new_hash: Option<ContentHash>,
) -> DraftChange {
    DraftChange {
        path: found.path.clone(),
        kind,
        from: None,
        size: Some(found.size),
        executable: (found.kind == EntryKind::File).then_some(found.executable),
        old_hash,
        new_hash,
    }
}

/// Makes renames of a deleted and a new file of one content.
fn pair(changes: Vec<DraftChange>) -> Vec<DraftChange> {
    let (gone, rest): (Vec<_>, Vec<_>) = changes
        .into_iter()
        .partition(|change| change.kind == Kind::Delete);
    let mut gone: Vec<Option<DraftChange>> = gone.into_iter().map(Some).collect();
    let mut by_hash: HashMap<ContentHash, Vec<usize>> = HashMap::new();
    for (at, change) in gone.iter().enumerate().rev() {
        if let Some(hash) = change.as_ref().and_then(|change| change.old_hash) {
            by_hash.entry(hash).or_default().push(at);
        }
    }
    let mut paired = Vec::with_capacity(rest.len() + gone.len());
    for mut change in rest {
        // Empty files are all alike and moved from nowhere.
        let moved = change.kind == Kind::Create && change.size != Some(0);
        let hash = change.new_hash.filter(|_| moved);
        let from = hash.and_then(|hash| by_hash.get_mut(&hash)?.pop());
        if let Some(from) = from.and_then(|at| gone[at].take()) {
            change.kind = Kind::Rename;
            change.old_hash = from.old_hash;
            change.from = Some(from.path);
        }
        paired.push(change);
    }
    paired.extend(gone.into_iter().flatten());
    paired
}
