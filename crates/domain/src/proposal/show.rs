//! Proposals as they are looked at.

use std::collections::HashMap;

use atelier_base::{HunkId, ProposalId, WorkspaceId};
use atelier_patch::PlannedFile;
use atelier_store::{
    Proposal as Stored, ProposalCounts, ProposalFileRow, ProposalHunkRow, ProposalState,
};

use super::side::{Set, applied_hunks, needs, step_of};
use super::{
    Change, Freshness, Proposal, ProposalFile, ProposalHunk, ProposalSummary, guard, hunks_of,
    summary,
};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::page::{Page, PageOf};
use crate::workspace::{Locks, WorkspaceSettings};

impl Domain {
    /// Returns a proposal with its texts and hunks.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see it.
    pub async fn get_proposal(&self, ctx: &Ctx, id: ProposalId) -> Result<Proposal> {
        let stored = self.require_proposal(ctx, id).await?;
        let workspace = self
            .require_workspace(ctx, stored.proposal.workspace_id)
            .await?;
        let locks = Locks::of(&WorkspaceSettings::of(&workspace)?.locked_paths)?;
        let needs = needs(&stored);
        let applied = applied_hunks(&stored);
        let all: Set = stored.hunks.iter().map(|hunk| hunk.id).collect();
        let mut files = Vec::with_capacity(stored.files.len());
        let mut weighed = Vec::with_capacity(stored.files.len());
        for row in &stored.files {
            let planned = self.planned(&stored, row).await?;
            files.push(
                self.shown_file(&stored, row, &planned, &needs, &locks)
                    .await?,
            );
            weighed.push(step_of(&stored, row, planned, (&applied, &all)));
        }
        let is_open = stored.proposal.state == ProposalState::Open;
        let draft = if is_open {
            self.draft_of_proposal(id).await?
        } else {
            None
        };
        Ok(Proposal {
            summary: summary(&stored),
            files,
            draft,
            warning: guard::warning(&mut weighed, &workspace)?,
            verdict: self.verdict(&stored).await?,
        })
    }

    async fn shown_file(
        &self,
        stored: &Stored,
        row: &ProposalFileRow,
        planned: &PlannedFile,
        needs: &HashMap<HunkId, Vec<HunkId>>,
        locks: &Locks,
    ) -> Result<ProposalFile> {
        let freshness = if stored.proposal.state == ProposalState::Open {
            Some(self.freshness(stored, row).await?)
        } else {
            None
        };
        let text = |bytes: &Option<Vec<u8>>| {
            let bytes = bytes.as_deref().filter(|_| !row.is_binary)?;
            atelier_patch::decode(bytes, planned.encoding)
        };
        let size = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|bytes| bytes.len() as u64);
        let mut paths = row.from_path.iter().chain([&row.path]);
        let hunk = |hunk: &ProposalHunkRow| ProposalHunk {
            needs: needs.get(&hunk.id).cloned().unwrap_or_default(),
            row: hunk.clone(),
        };
        Ok(ProposalFile {
            freshness,
            before: text(&planned.before),
            after: text(&planned.after),
            before_bytes: size(&planned.before),
            after_bytes: size(&planned.after),
            locked: paths.find_map(|path| locks.find(path)).map(str::to_owned),
            hunks: hunks_of(stored, row.position).map(hunk).collect(),
            row: row.clone(),
        })
    }

    /// Lists a workspace's proposals, newest first.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see the workspace.
    pub async fn list_proposals(
        &self,
        ctx: &Ctx,
        workspace: WorkspaceId,
        state: Option<ProposalState>,
        page: &Page,
    ) -> Result<PageOf<ProposalSummary>> {
        self.require_workspace(ctx, workspace).await?;
        let before = page.cursor_as::<ProposalId>()?;
        let limit = page.limit();
        let (rows, counts) = self
            .store()
            .read(async |tx| {
                let rows = tx
                    .list_proposals(workspace, state, before, limit + 1)
                    .await?;
                let counts = tx
                    .count_proposal_changes(workspace, state, before, limit + 1)
                    .await?;
                Ok::<_, Error>((rows, counts))
            })
            .await?;
        let counts: HashMap<ProposalId, ProposalCounts> =
            counts.into_iter().map(|of| (of.id, of)).collect();
        let counted = rows.into_iter().map(|row| {
            let of = counts.get(&row.id);
            ProposalSummary {
                files: of.map_or(0, |of| of.files),
                added: of.map_or(0, |of| of.added),
                removed: of.map_or(0, |of| of.removed),
                row,
            }
        });
        Ok(page.cut(counted.collect(), |summary| summary.row.id.to_string()))
    }

    /// Says how a file stands to what its proposal was made on, by what the
    /// rows say; applying looks at the disk.
    async fn freshness(&self, stored: &Stored, file: &ProposalFileRow) -> Result<Freshness> {
        let workspace = stored.proposal.workspace_id;
        let moved = file
            .from_path
            .as_ref()
            .filter(|_| file.change == Change::Rename);
        let place = moved.unwrap_or(&file.path);
        let current = self
            .store()
            .read(
                async |tx| match tx.find_live_by_path(workspace, place).await? {
                    Some(row) => tx.find_current(row.id).await,
                    None => Ok(None),
                },
            )
            .await?
            .map(|version| version.content_hash);
        let expected = file.before_hash.filter(|_| file.change != Change::Copy);
        if current == expected {
            return Ok(Freshness::Current);
        }
        if file.is_binary || file.change == Change::Copy {
            return Ok(Freshness::Conflicts);
        }
        let (Some(ours), Some(_), Some(_)) = (current, file.before_hash, file.after_hash) else {
            return Ok(Freshness::Conflicts);
        };
        let merge = atelier_patch::merge(
            &self.blob(file.before_hash).await?,
            &self.blob(Some(ours)).await?,
            &self.blob(file.after_hash).await?,
        );
        Ok(if merge.conflicts.is_empty() {
            Freshness::Merges
        } else {
            Freshness::Conflicts
        })
    }
}
