//! Hands what a draft changed to a proposal.

use std::collections::BTreeMap;
use std::sync::Arc;

use atelier_base::{DraftId, WorkspacePath};
use atelier_patch::{Change, Plan, PlannedFile};
use atelier_sandbox::FileError;
use atelier_sandbox::draft::Draft;
use atelier_store::DraftState;

use super::manifest::Manifest;
use super::{DraftChange, DraftChangeKind as Kind, PROPOSED};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::proposal::{Base, Proposal, ReadyProposal};
use crate::scan::VERSIONED_BYTES;
use crate::tree::blocking;

/// The most files, and bytes of new content, that a proposal of a draft has.
const FILES: usize = 2_000;
const BYTES: u64 = VERSIONED_BYTES;

impl Domain {
    /// Makes a proposal of what a draft changed, on the versions that stood
    /// when it was made. Links and files above 64 MiB stay in the draft: no
    /// proposal can carry them.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the draft is a proposal already or changes no
    /// file, [`Error::TooLarge`] when it changes too much.
    pub async fn create_draft_proposal(
        &self,
        ctx: &Ctx,
        id: DraftId,
        title: Option<String>,
    ) -> Result<Proposal> {
        let row = self.require_draft(ctx, id).await?;
        if row.state != DraftState::Open {
            return Err(Error::invalid("id", PROPOSED));
        }
        let tree = self.trees().open(row.workspace_id).await?;
        let (manifest, _) = self.manifest(row.manifest_hash).await?;
        let found = self.changes_of(&tree, id, &manifest).await?;
        let carried: Vec<DraftChange> = found.changes.into_iter().filter(is_carried).collect();
        let bytes: u64 = carried.iter().filter_map(|change| change.size).sum();
        if carried.len() > FILES || bytes > BYTES {
            return Err(Error::TooLarge {
                what: format!(
                    "what the draft changes ({} files, {bytes} bytes)",
                    carried.len()
                ),
                limit: format!("{FILES} files or {BYTES} bytes"),
            });
        }
        if carried.is_empty() {
            let detail = "the draft changes no file that a proposal can carry";
            return Err(Error::invalid("id", detail));
        }
        let title = title.unwrap_or_else(|| title_of(&carried));
        let plan = self.plan_of(id, &manifest, carried).await?;
        let ready = ReadyProposal {
            workspace: row.workspace_id,
            title,
            format: atelier_patch::Format::Unified,
            text: atelier_patch::unified(&plan),
            turn: None,
            base: base_of(&manifest, &plan),
            files: plan.files,
        };
        // What the proposal stands on outlives the draft.
        let standing = self.store_manifest(&manifest, Some(&found.standing));
        let standing = standing.await?;
        let proposal = self.store_proposal(ctx, ready).await?;
        self.store()
            .write(async |tx| tx.set_draft_proposed(id, proposal, standing).await)
            .await?;
        self.get_proposal(ctx, proposal).await
    }

    async fn plan_of(
        &self,
        id: DraftId,
        manifest: &Manifest,
        changes: Vec<DraftChange>,
    ) -> Result<Plan> {
        let draft = self.open_draft(id).await?;
        let mut plan = Plan::default();
        for change in changes {
            let before = match change.old_hash {
                Some(hash) => Some(self.store().blobs().get(hash).await?),
                None => None,
            };
            let after = match change.kind {
                Kind::Delete => None,
                _ => Some(read(&draft, change.path.clone()).await?),
            };
            let was = manifest.0.get(change.from.as_ref().unwrap_or(&change.path));
            let executable = change
                .executable
                .unwrap_or_else(|| was.is_some_and(|was| was.executable));
            let kind = match (change.kind, change.from) {
                (Kind::Delete, _) => Change::Delete,
                (Kind::Rename, Some(from)) => Change::Rename { from },
                _ if before.is_some() => Change::Modify,
                _ => Change::Create,
            };
            let file = PlannedFile::of(change.path, kind, before, after, executable);
            let could = was.map_or(executable, |was| was.executable);
            plan.files.push(file.with_executable_before(could));
        }
        Ok(plan)
    }
}

/// Says whether a proposal can hold a change: it needs the content on both
/// sides.
fn is_carried(change: &DraftChange) -> bool {
    match change.kind {
        Kind::Create => change.new_hash.is_some(),
        Kind::Modify | Kind::Rename | Kind::Mode => {
            change.new_hash.is_some() && change.old_hash.is_some()
        }
        Kind::Delete => change.old_hash.is_some(),
        Kind::Link => false,
    }
}

fn base_of(manifest: &Manifest, plan: &Plan) -> Base {
    let known = plan.files.iter().filter_map(|file| {
        let path = file.home();
        let entry = manifest.0.get(path)?;
        Some((path.clone(), (entry.file, entry.version)))
    });
    Base::of_known(known.collect::<BTreeMap<_, _>>())
}

async fn read(draft: &Arc<Draft>, path: WorkspacePath) -> Result<Vec<u8>> {
    let reader = Arc::clone(draft);
    let content = blocking(move || {
        let content: Result<_, FileError> = reader.read(&path, VERSIONED_BYTES);
        content
    });
    Ok(content.await?.bytes)
}

/// Returns a title that names what is changed.
fn title_of(changes: &[DraftChange]) -> String {
    match changes {
        [one] => format!("Change {}", one.path),
        [one, rest @ ..] => format!("Change {} and {} more files", one.path, rest.len()),
        [] => "Nothing".to_owned(),
    }
}
