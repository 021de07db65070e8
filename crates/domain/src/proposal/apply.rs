//! Applies a proposal: all of its accepted hunks, or none.

mod applying;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use atelier_base::{ContentHash, HunkId, ProposalId, VersionId, WorkspacePath, limit};
use atelier_sandbox::FileError;
use atelier_store::{FileKind, Proposal as Stored};

use super::{Proposal, Standing, require_open};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::tree::{Tree, blocking};

use applying::Applying;

/// What is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accept {
    /// Everything.
    All,
    /// The hunks with these numbers, from 1, in the order of the proposal.
    Numbers(Vec<u32>),
}

/// A person's answer to a conflict.
#[derive(Clone, Debug)]
pub struct Resolution {
    /// The file.
    pub path: WorkspacePath,
    /// The text to write.
    pub content: String,
    /// The version the answer was given against.
    pub version: VersionId,
}

impl Domain {
    /// Applies the named hunks of an open proposal, all when none are named,
    /// and rejects the others. What was saved meanwhile is merged.
    ///
    /// # Errors
    /// [`Error::MergeConflict`] names every file that needs a decision, and
    /// nothing is written. [`Error::ProposalDecided`] when it is not open.
    pub async fn apply_proposal(
        &self,
        ctx: &Ctx,
        id: ProposalId,
        hunks: Option<Vec<HunkId>>,
        resolutions: Vec<Resolution>,
    ) -> Result<Proposal> {
        let stored = self.require_proposal(ctx, id).await?;
        let tree = self.trees().open(stored.proposal.workspace_id).await?;
        let writing = self.write_to(&tree).await?;
        let stored = self
            .store()
            .read(async |tx| tx.get_proposal(id).await)
            .await?;
        require_open(&stored)?;
        let accepted = accepted(&stored, hunks)?;
        if accepted.is_empty() {
            drop(writing);
            return self.reject_proposal(ctx, id).await;
        }
        let mut applying = Applying {
            domain: self,
            ctx,
            tree: &tree,
            stored: &stored,
            accepted,
            resolutions: checked(resolutions)?,
            files: Vec::new(),
            applied: Vec::new(),
            conflicts: Vec::new(),
        };
        applying.run().await?;
        let edit = applying.into_edit()?;
        self.commit(&tree, edit).await?;
        drop(writing);
        self.get_proposal(ctx, id).await
    }

    /// Applies hunks by their numbers.
    pub(super) async fn apply_numbered(
        &self,
        ctx: &Ctx,
        id: ProposalId,
        accept: Accept,
    ) -> Result<Proposal> {
        let hunks = match accept {
            Accept::All => None,
            Accept::Numbers(numbers) => {
                let stored = self.require_proposal(ctx, id).await?;
                let named = |number: u32| {
                    let index = usize::try_from(number)
                        .ok()
                        .and_then(|number| number.checked_sub(1));
                    let hunk = index.and_then(|index| stored.hunks.get(index));
                    hunk.map(|hunk| hunk.id).ok_or_else(|| {
                        Error::invalid("accept", format!("there is no hunk {number}"))
                    })
                };
                Some(numbers.into_iter().map(named).collect::<Result<Vec<_>>>()?)
            }
        };
        self.apply_proposal(ctx, id, hunks, Vec::new()).await
    }

    /// Returns what stands at a path now, rows brought up to date; `None` when
    /// no file is there. The caller holds the `writing` lock.
    pub(super) async fn standing(
        &self,
        tree: &Arc<Tree>,
        ctx: &Ctx,
        path: &WorkspacePath,
    ) -> Result<Option<Standing>> {
        let workspace = tree.workspace;
        let Some(row) = self
            .store()
            .read(async |tx| tx.find_live_by_path(workspace, path).await)
            .await?
        else {
            return Ok(None);
        };
        let row = match self.refresh(tree, ctx, row.id).await {
            Ok(row) if row.kind == FileKind::File => row,
            Ok(_) | Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let (reader, place) = (Arc::clone(tree), path.clone());
        let read = blocking(
            move || match reader.root.read(&place, limit::TEXT_FILE_BYTES) {
                Ok(content) => Ok(Some(content)),
                Err(FileError::TooLarge { .. } | FileError::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            },
        )
        .await?;
        Ok(read.map(|content| Standing {
            file: row.id,
            version: row.current_version_id,
            hash: ContentHash::of(&content.bytes),
            bytes: content.bytes,
            executable: content.executable,
        }))
    }
}

/// Returns the hunks to apply, after checking that they are this proposal's.
fn accepted(stored: &Stored, named: Option<Vec<HunkId>>) -> Result<HashSet<HunkId>> {
    let all: HashSet<HunkId> = stored.hunks.iter().map(|hunk| hunk.id).collect();
    let Some(named) = named else { return Ok(all) };
    match named.iter().find(|hunk| !all.contains(hunk)) {
        Some(stranger) => Err(Error::invalid(
            "hunks",
            format!("{stranger} is not a hunk of this proposal"),
        )),
        None => Ok(named.into_iter().collect()),
    }
}

fn checked(resolutions: Vec<Resolution>) -> Result<BTreeMap<WorkspacePath, Resolution>> {
    if resolutions
        .iter()
        .any(|resolution| resolution.content.len() as u64 > limit::TEXT_FILE_BYTES)
    {
        return Err(Error::TooLarge {
            what: "a resolution".to_owned(),
            limit: "8 MiB".to_owned(),
        });
    }
    Ok(resolutions
        .into_iter()
        .map(|resolution| (resolution.path.clone(), resolution))
        .collect())
}
