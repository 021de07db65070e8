//! Brings the rows up to date with what something beside us did to the files:
//! a run, a terminal, or a crash of the machine.

mod difference;
mod record;

use std::sync::Arc;

use atelier_base::{RunId, UserId, WorkspacePath};
use atelier_sandbox::files::{EntryKind, Found, LeaveOut, Seen, WalkOptions};
use atelier_store::{FileKind, LiveFile};

use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::event::ChangedFile;
use crate::tree::{Tree, blocking};
use difference::{Difference, compare};
use record::Ahead;

/// The largest file whose content is kept as a version, in bytes; larger ones
/// are listed without.
pub(crate) const VERSIONED_BYTES: u64 = 64 * 1024 * 1024;

/// How many differences are recorded while a tree is held: a person's save
/// waits no longer than for these.
const STEP: usize = 256;
/// For how many the contents are stored ahead, so that they are synced together
/// and not while the tree is held.
const AHEAD: usize = 8_192;

/// Who changed the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) user: Option<UserId>,
    pub(crate) run: Option<RunId>,
}

/// The most paths that are compared without making way for others.
const AT_ONCE: usize = 2_000;

impl Domain {
    /// Looks through the whole tree, and records and announces what changed,
    /// in steps. The caller must not hold the tree.
    pub(crate) async fn scan(&self, tree: &Arc<Tree>, cause: Cause) -> Result<()> {
        // What a crash left comes first.
        drop(self.write_to(tree).await?);
        let differences = self.differences(tree).await?;
        self.record_in_steps(tree, cause, &differences).await
    }

    /// As [`Domain::scan`], at once and for these paths only.
    pub(crate) async fn scan_paths(
        &self,
        tree: &Arc<Tree>,
        cause: Cause,
        paths: Vec<WorkspacePath>,
    ) -> Result<()> {
        if paths.len() <= STEP {
            return self.scan_step(tree, cause, paths, &Ahead::default()).await;
        }
        let differences = self.differences_at(tree, paths).await?;
        self.record_in_steps(tree, cause, &differences).await
    }

    /// Looks through the whole tree at once; the caller holds it.
    pub(crate) async fn scan_held(
        &self,
        tree: &Arc<Tree>,
        cause: Cause,
    ) -> Result<Vec<ChangedFile>> {
        let differences = self.differences(tree).await?;
        self.record(tree, cause, differences, &Ahead::default())
            .await
    }

    /// Brings one file's row up to date, its content included. The caller
    /// holds the tree.
    pub(crate) async fn scan_file(
        &self,
        tree: &Arc<Tree>,
        cause: Cause,
        known: LiveFile,
    ) -> Result<()> {
        let walker = Arc::clone(tree);
        let path = known.path.clone();
        let found = blocking(move || walker.root.stat(&path)).await?;
        let unkept = known.kind == FileKind::File && known.content_hash.is_none();
        let differences = match found {
            // One that was listed without, and that somebody wants now.
            Some(found)
                if unkept && found.kind == EntryKind::File && found.size <= VERSIONED_BYTES =>
            {
                vec![Difference::Changed(known, found)]
            }
            found => compare(found.into_iter().collect(), vec![known]),
        };
        self.record(tree, cause, differences, &Ahead::default())
            .await?;
        Ok(())
    }

    /// Records differences that were seen while nobody held the tree: each is
    /// looked at again when it is held.
    async fn record_in_steps(
        &self,
        tree: &Arc<Tree>,
        cause: Cause,
        differences: &[Difference],
    ) -> Result<()> {
        for many in differences.chunks(AHEAD) {
            let ahead = if many.len() > STEP {
                self.keep_ahead(tree, many).await?
            } else {
                Ahead::default()
            };
            for step in many.chunks(STEP) {
                let paths = step.iter().flat_map(Difference::paths).cloned();
                self.scan_step(tree, cause, paths.collect(), &ahead).await?;
            }
        }
        Ok(())
    }

    async fn scan_step(
        &self,
        tree: &Arc<Tree>,
        cause: Cause,
        paths: Vec<WorkspacePath>,
        ahead: &Ahead,
    ) -> Result<()> {
        let _writing = self.write_to(tree).await?;
        let differences = self.differences_at(tree, paths).await?;
        self.record(tree, cause, differences, ahead).await?;
        Ok(())
    }

    /// Compares the whole tree with its rows.
    async fn differences(&self, tree: &Arc<Tree>) -> Result<Vec<Difference>> {
        let walker = Arc::clone(tree);
        let walk = blocking(move || walker.root.walk(&walk_options()));
        let workspace = tree.workspace;
        let rows = self
            .store()
            .query(async |tx| tx.list_live_all(workspace).await);
        let (listing, known) = tokio::join!(walk, rows);
        let (listing, mut known) = (listing?, known?);
        // What could not be looked into is not gone.
        let unread: Vec<String> = listing
            .skipped
            .iter()
            .map(|skipped| format!("{}/", skipped.place))
            .collect();
        known.retain(|file| {
            !unread
                .iter()
                .any(|folder| file.path.as_str().starts_with(folder))
        });
        if known.len() + listing.found.len() < AT_ONCE {
            return Ok(compare(listing.found, known));
        }
        // A hundred thousand paths take a while.
        blocking(move || Ok(compare(listing.found, known))).await
    }

    /// Compares what is at these paths with its rows.
    async fn differences_at(
        &self,
        tree: &Arc<Tree>,
        mut paths: Vec<WorkspacePath>,
    ) -> Result<Vec<Difference>> {
        paths.sort_unstable();
        paths.dedup();
        let (looker, workspace) = (Arc::clone(tree), tree.workspace);
        let seen = blocking(move || Ok(looker.root.look_at(paths))).await?;
        let known = self
            .store()
            .read(async |tx| {
                let mut known = Vec::new();
                for (path, seen) in &seen {
                    if *seen == Seen::Hidden {
                        continue;
                    }
                    let Some(row) = tx.find_live(workspace, path).await? else {
                        continue;
                    };
                    let still =
                        matches!(seen, Seen::Here(found) if found.kind == EntryKind::Directory);
                    if row.kind == FileKind::Directory && !still {
                        known.extend(tx.list_live_under(workspace, path).await?);
                    }
                    known.push(row);
                }
                Ok::<_, Error>(known)
            })
            .await?;
        let found = seen.into_iter().filter_map(|(_, seen)| match seen {
            Seen::Here(found) => Some(found),
            Seen::Gone | Seen::Hidden => None,
        });
        Ok(compare(found.collect(), known))
    }
}

/// Returns how a workspace's tree is walked.
pub(crate) fn walk_options() -> WalkOptions {
    WalkOptions {
        leave_out: LeaveOut::Generated,
        ..WalkOptions::default()
    }
}

/// Returns the kind a row has; `None` for what is not listed.
pub(crate) fn kind_of(kind: EntryKind) -> Option<FileKind> {
    match kind {
        EntryKind::File => Some(FileKind::File),
        EntryKind::Directory => Some(FileKind::Directory),
        EntryKind::Symlink => Some(FileKind::Link),
        EntryKind::Missing | EntryKind::Other(_) => None,
    }
}

/// Says whether a scan keeps the content of what it found.
fn is_kept(found: &Found) -> bool {
    found.kind == EntryKind::File && !found.left_out && found.size <= VERSIONED_BYTES
}
