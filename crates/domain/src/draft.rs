//! Drafts: layers over a workspace that runs may change while the workspace
//! stays as it is. What a draft changed is listed, thrown away, or handed to
//! a proposal.
//!
//! A draft is made over the versions that stand then: its manifest. The
//! workspace lives on below it, and what a draft has not changed shows through
//! as it is now. So a draft says which of those files are others by now.

mod change;
mod manifest;
mod propose;
mod standing;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use atelier_base::{ContentHash, DraftId, ProposalId, WorkspaceId, WorkspacePath, limit};
use atelier_sandbox::cell::Site;
use atelier_sandbox::draft::{self, Draft};
use atelier_sandbox::files::Root;
use atelier_store::{DraftRow, DraftState};

use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result, chain};
use crate::scan::{Cause, walk_options};
use crate::tree::{Tree, blocking};

pub use change::{DraftChange, DraftChangeKind};
use manifest::Manifest;
use standing::Standing;

/// How many drafts a workspace may have at once.
const DRAFTS: usize = 32;
/// How many stale files are named, and files that were only read.
const STALE_NAMED: usize = 1_000;
const READ_NAMED: usize = 10_000;
/// Folders of packages and build output that a draft may share.
const CACHES: [&str; 4] = ["target", "node_modules", ".venv", "__pycache__"];

/// A draft with what it changed and what that stands on.
#[derive(Debug)]
pub struct DraftDetail {
    /// The draft.
    pub row: DraftRow,
    /// What it changed, by path.
    pub changes: Vec<DraftChange>,
    /// The files it changed, and those that were read in it as far as that is
    /// known, by path: all changed ones and the first 10,000 others.
    pub stood_on: Vec<StoodOn>,
    /// Why any file may have been read; `None` when it is known which were.
    pub reads_unknown: Option<String>,
    /// The workspace's files by which the draft is stale, the first 1,000 by
    /// path: they are not what they were when it was made, and were read in it
    /// or may have been.
    pub stale: Vec<WorkspacePath>,
}

/// A file that a draft changed or read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoodOn {
    /// Where it was when the draft was made.
    pub path: WorkspacePath,
    /// Its content then.
    pub hash: ContentHash,
    /// Whether the draft changed it.
    pub changed: bool,
}

/// The draft that a proposal was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposalDraft {
    /// Names the draft, which may have been thrown away since.
    pub id: DraftId,
    /// As [`DraftDetail::reads_unknown`].
    pub reads_unknown: Option<String>,
    /// As [`DraftDetail::stale`].
    pub stale: Vec<WorkspacePath>,
}

/// What a draft changed and what that stands on.
struct Found {
    changes: Vec<DraftChange>,
    standing: Standing,
}

impl Domain {
    /// Makes a draft over a workspace as it is now. `share_caches` says whether
    /// it sees the workspace's packages and build output, copy-on-write.
    ///
    /// # Errors
    /// [`Error::TooMany`] when the workspace has 32.
    pub async fn create_draft(
        &self,
        ctx: &Ctx,
        workspace: WorkspaceId,
        share_caches: bool,
    ) -> Result<DraftRow> {
        let user = ctx.person()?;
        if self.list_drafts(ctx, workspace).await?.len() >= DRAFTS {
            return Err(Error::TooMany {
                what: format!(
                    "the workspace has {DRAFTS} drafts; throw away one that you don't need"
                ),
                retry_after: Duration::from_secs(5),
            });
        }
        let tree = self.trees().open(workspace).await?;
        let cause = Cause {
            user: Some(user),
            run: None,
        };
        self.scan(&tree, cause).await?;
        let id = self.ids().next::<DraftId>();
        let (manifest, manifest_hash) = self.keep_manifest(&tree).await?;
        let row = DraftRow {
            id,
            workspace_id: workspace,
            state: DraftState::Open,
            share_caches,
            manifest_hash,
            proposal_id: None,
            created_by: user,
            created_at: self.now(),
        };
        let place = self.draft_place(id);
        blocking(move || make(&place, &tree.root, share_caches, &manifest)).await?;
        let stored = self
            .store()
            .write(async |tx| tx.insert_draft(&row).await)
            .await;
        if let Err(error) = stored {
            self.remove_draft_files(id).await;
            return Err(error.into());
        }
        Ok(row)
    }

    /// Lists a workspace's drafts that were not thrown away, newest first.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see the workspace.
    pub async fn list_drafts(&self, ctx: &Ctx, workspace: WorkspaceId) -> Result<Vec<DraftRow>> {
        self.require_workspace(ctx, workspace).await?;
        let rows = self
            .store()
            .query(async |tx| tx.list_drafts(workspace).await)
            .await?;
        Ok(rows)
    }

    /// Returns a draft with what it changed.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see it, or it was thrown
    /// away.
    pub async fn get_draft(&self, ctx: &Ctx, id: DraftId) -> Result<DraftDetail> {
        let row = self.require_draft(ctx, id).await?;
        let tree = self.trees().open(row.workspace_id).await?;
        let (manifest, settled) = self.manifest(row.manifest_hash).await?;
        let found = self.changes_of(&tree, id, &manifest).await?;
        let standing = settled.unwrap_or(found.standing);
        let stale = self
            .stale_files(row.workspace_id, &manifest, &standing)
            .await?;
        Ok(DraftDetail {
            stood_on: stood_on(&manifest, &standing, &found.changes),
            reads_unknown: standing.unknown().map(str::to_owned),
            changes: found.changes,
            row,
            stale,
        })
    }

    /// Returns the draft that a proposal was made of, and how it stands to the
    /// workspace now.
    pub(crate) async fn draft_of_proposal(&self, id: ProposalId) -> Result<Option<ProposalDraft>> {
        let found = self
            .store()
            .query(async |tx| tx.find_draft_of_proposal(id).await)
            .await?;
        let Some(row) = found else { return Ok(None) };
        let (manifest, settled) = self.manifest(row.manifest_hash).await?;
        let Some(standing) = settled else {
            return Ok(None);
        };
        let stale = self
            .stale_files(row.workspace_id, &manifest, &standing)
            .await?;
        Ok(Some(ProposalDraft {
            id: row.id,
            reads_unknown: standing.unknown().map(str::to_owned),
            stale,
        }))
    }

    /// Returns the files by which a draft is stale, the first 1,000.
    async fn stale_files(
        &self,
        workspace: WorkspaceId,
        manifest: &Manifest,
        standing: &Standing,
    ) -> Result<Vec<WorkspacePath>> {
        let now = self
            .store()
            .query(async |tx| tx.list_live_all(workspace).await)
            .await?;
        let differences = manifest.changed_since(&now).into_iter();
        let stale = differences.filter(|difference| standing.rests_on(difference));
        let stale = stale.map(|difference| difference.path);
        Ok(stale.take(STALE_NAMED).collect())
    }

    /// Throws a draft away, with what runs in it.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see it, or it was thrown
    /// away.
    pub async fn delete_draft(&self, ctx: &Ctx, id: DraftId) -> Result<()> {
        let row = self.require_draft(ctx, id).await?;
        self.store()
            .write(async |tx| tx.discard_draft(id).await)
            .await?;
        let tree = self.trees().open(row.workspace_id).await?;
        self.host().stop(&self.draft_site(&tree, id)).await;
        self.remove_draft_files(id).await;
        Ok(())
    }

    /// Returns where a run in an open draft works.
    pub(crate) async fn open_draft_site(
        &self,
        ctx: &Ctx,
        workspace: WorkspaceId,
        id: DraftId,
    ) -> Result<Site> {
        let row = self.require_draft(ctx, id).await?;
        if row.workspace_id != workspace {
            return Err(Error::NotFound { what: "draft" });
        }
        if row.state != DraftState::Open {
            return Err(Error::invalid("draftId", PROPOSED));
        }
        let tree = self.trees().open(workspace).await?;
        Ok(self.draft_site(&tree, id))
    }

    /// Removes the files of drafts that are no more, and settles what was read
    /// in the others: for the start of the server.
    pub(crate) async fn remove_lost_drafts(&self) -> Result<()> {
        let kept = self
            .store()
            .query(async |tx| tx.list_kept_drafts().await)
            .await?;
        let kept: Vec<String> = kept.iter().map(ToString::to_string).collect();
        let drafts = draft::place(&self.settings().data, "");
        let Ok(entries) = std::fs::read_dir(&drafts) else {
            return Ok(());
        };
        for name in entries.flatten().map(|entry| entry.file_name()) {
            if kept.iter().any(|id| name == id.as_str()) {
                settle(drafts.join(name)).await;
            } else {
                remove(drafts.join(name)).await;
            }
        }
        Ok(())
    }

    async fn require_draft(&self, ctx: &Ctx, id: DraftId) -> Result<DraftRow> {
        let found = self
            .store()
            .query(async |tx| tx.find_draft(id).await)
            .await?;
        let missing = Error::NotFound { what: "draft" };
        let Some(row) = found.filter(|row| row.state != DraftState::Discarded) else {
            ctx.person()?;
            return Err(missing);
        };
        match self.require_workspace(ctx, row.workspace_id).await {
            Ok(_) => Ok(row),
            Err(Error::NotFound { .. }) => Err(missing),
            Err(error) => Err(error),
        }
    }

    fn draft_place(&self, id: DraftId) -> PathBuf {
        draft::place(&self.settings().data, &id.to_string())
    }

    fn draft_site(&self, tree: &Tree, id: DraftId) -> Site {
        Site {
            draft: Some(self.draft_place(id)),
            ..Site::workspace(&tree.files)
        }
    }

    async fn remove_draft_files(&self, id: DraftId) {
        remove(self.draft_place(id)).await;
    }

    async fn open_draft(&self, id: DraftId) -> Result<Arc<Draft>> {
        let place = self.draft_place(id);
        blocking(move || Ok(Arc::new(Draft::open(&place)?))).await
    }

    async fn changes_of(
        &self,
        tree: &Arc<Tree>,
        id: DraftId,
        manifest: &Manifest,
    ) -> Result<Found> {
        self.host().settle_reads(&self.draft_site(tree, id)).await;
        let (layers, below) = (self.open_draft(id).await?, Arc::clone(tree));
        let (layer, hashes, reads) = blocking(move || {
            // What was read is known of before what was changed is looked at.
            let reads = layers.reads()?;
            let layer = layers.layer(&below.root, limit::IMPORT_FILES)?;
            let hashes = change::hash_all(&layers, &layer);
            Ok((layer, hashes, reads))
        })
        .await?;
        Ok(Found {
            changes: change::changes(manifest, &layer, &hashes),
            standing: Standing::of(reads, &layer, manifest),
        })
    }
}

/// Lists what a draft changed or is known to have read.
fn stood_on(manifest: &Manifest, standing: &Standing, changes: &[DraftChange]) -> Vec<StoodOn> {
    let changed: HashMap<_, _> = changes
        .iter()
        .filter_map(|change| {
            Some((
                change.from.as_ref().unwrap_or(&change.path),
                change.old_hash?,
            ))
        })
        .collect();
    let mut room = READ_NAMED;
    let stood_on = manifest.0.iter().filter_map(|(path, entry)| {
        let of = |hash, changed| StoodOn {
            path: path.clone(),
            hash,
            changed,
        };
        if let Some(hash) = changed.get(path) {
            return Some(of(*hash, true));
        }
        let hash = entry.hash.filter(|_| standing.has_read(path))?;
        room = room.checked_sub(1)?;
        Some(of(hash, false))
    });
    stood_on.collect()
}

/// Why a draft takes no more runs.
const PROPOSED: &str = "this draft is a proposal already; make another draft";

fn make(
    place: &std::path::Path,
    workspace: &Root,
    share: bool,
    manifest: &Manifest,
) -> Result<(), crate::FileError> {
    let mut hidden = Vec::new();
    if !share {
        let found = workspace.walk(&walk_options())?.found.into_iter();
        let caches = found.filter(|found| found.left_out && CACHES.contains(&found.path.name()));
        hidden.extend(caches.map(|found| found.path));
    }
    let draft = make_bare(place, workspace, &hidden)?;
    draft.observe(manifest.folders())
}

/// Makes a draft whose reads nobody wants to know.
pub(crate) fn make_bare(
    place: &std::path::Path,
    workspace: &Root,
    hidden: &[WorkspacePath],
) -> Result<Draft, crate::FileError> {
    if let Some(drafts) = place.parent() {
        std::fs::create_dir_all(drafts).map_err(|source| crate::FileError::Io {
            doing: "make the folder of drafts",
            path: drafts.display().to_string(),
            source,
        })?;
    }
    Draft::create(place, workspace, hidden)
}

/// Removes a draft's directory. One that stays is removed at the next start.
pub(crate) async fn remove(place: PathBuf) {
    let shown = place.clone();
    if let Err(error) = blocking(move || draft::remove(&place)).await {
        tracing::warn!(path = %shown.display(), error = %chain(&error), "the files of a draft could not be removed; the next start tries again");
    }
}

/// Settles what was read in a draft that has no cell any more.
async fn settle(place: PathBuf) {
    let shown = place.clone();
    let settled = blocking(move || Draft::open(&place)?.settle_reads()).await;
    if let Err(error) = settled {
        tracing::warn!(path = %shown.display(), error = %chain(&error), "what was read in a draft is not known any more");
    }
}
