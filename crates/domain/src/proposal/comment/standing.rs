//! Whether what a comment is on still stands in the files.

use std::collections::HashMap;
use std::ops::Range;

use atelier_base::HunkId;
use atelier_patch::{HunkKind, PlannedFile, diff};
use atelier_store::{
    CommentRow, Proposal as Stored, ProposalFileRow, ProposalHunkRow, ProposalState,
};

use super::super::hunks_of;
use super::super::side::{Set, applied_hunks, side};
use crate::domain::Domain;
use crate::error::Result;

/// How the hunks of a proposal stand to the files, each file compared once.
pub(super) struct Ages<'a> {
    domain: &'a Domain,
    stored: &'a Stored,
    applied: Set,
    /// What in each file was changed since, as lines of the file under the
    /// hunks that are applied; `None` when the file is gone.
    changed: HashMap<u32, Option<Changed>>,
}

/// What was changed in a file since the proposal touched it or was made.
struct Changed {
    planned: PlannedFile,
    lines: Vec<Range<u32>>,
}

impl<'a> Ages<'a> {
    pub(super) fn of(domain: &'a Domain, stored: &'a Stored) -> Ages<'a> {
        Ages {
            domain,
            stored,
            applied: applied_hunks(stored),
            changed: HashMap::new(),
        }
    }

    /// Says whether the lines of a comment's hunk don't stand any more as the
    /// hunk has them: its old ones until it is applied, its new ones after.
    pub(super) async fn is_outdated(&mut self, comment: &CommentRow) -> Result<bool> {
        if self.stored.proposal.state == ProposalState::Superseded {
            return Ok(true);
        }
        let mut hunks = self.stored.hunks.iter();
        let Some(hunk) = hunks.find(|hunk| Some(hunk.id) == comment.hunk_id) else {
            return Ok(false);
        };
        let mut files = self.stored.files.iter();
        let Some(file) = files.find(|file| file.position == hunk.file_position) else {
            return Ok(false);
        };
        if !self.changed.contains_key(&file.position) {
            let found = self.compare(file).await?;
            self.changed.insert(file.position, found);
        }
        let Some(Some(changed)) = self.changed.get(&file.position) else {
            return Ok(true);
        };
        let place = self.place(file, changed, hunk);
        let touches = |lines: &Range<u32>| lines.start < place.end && lines.end > place.start;
        Ok(changed.lines.iter().any(touches))
    }

    async fn compare(&self, file: &ProposalFileRow) -> Result<Option<Changed>> {
        let planned = self.domain.planned(self.stored, file).await?;
        let expected = side(self.stored, file, &planned, &self.applied);
        let workspace = self.stored.proposal.workspace_id;
        let path = &expected.path;
        let current = self
            .domain
            .store()
            .read(
                async |tx| match tx.find_live_by_path(workspace, path).await? {
                    Some(row) => tx.find_current(row.id).await,
                    None => Ok(None),
                },
            )
            .await?;
        let lines = match (expected.bytes, current) {
            (None, None) => Vec::new(),
            (Some(expected), Some(current)) => {
                let now = self.domain.blob(current.content_hash.into()).await?;
                let hunks = diff(&expected, &now);
                let range = |hunk: &atelier_patch::Hunk| {
                    hunk.old_start..hunk.old_start.saturating_add(hunk.old_lines)
                };
                hunks.iter().map(range).collect()
            }
            // Where nothing was to be, or all is gone, no line stands.
            _ => return Ok(None),
        };
        Ok(Some(Changed { planned, lines }))
    }

    /// Returns the lines of a hunk in its file under the hunks applied.
    fn place(
        &self,
        file: &ProposalFileRow,
        changed: &Changed,
        hunk: &ProposalHunkRow,
    ) -> Range<u32> {
        let is_in = |id: HunkId| self.applied.contains(&id);
        let rows = hunks_of(self.stored, file.position);
        let mut start = hunk.old_start;
        for (row, planned) in rows.zip(&changed.planned.hunks) {
            let is_before = row.id != hunk.id && row.old_start <= hunk.old_start;
            if planned.kind == HunkKind::Text && is_before && is_in(row.id) {
                start = start
                    .saturating_add(row.new_lines)
                    .saturating_sub(row.old_lines);
            }
        }
        let count = if is_in(hunk.id) {
            hunk.new_lines
        } else {
            hunk.old_lines
        };
        start..start.saturating_add(count)
    }
}
