//! What stands between a proposal and the files besides a person's yes:
//! locked paths, and a typed confirmation of what destroys much.

use atelier_base::{WorkspaceId, WorkspacePath};
use atelier_patch::{Destruction, Loss, Plan, PlannedFile};
use atelier_store::{Proposal as Stored, WorkspaceRow};

use super::hunks_of;
use super::side::Set;
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::workspace::{Locks, WorkspaceSettings};

/// What a proposal destroys, and what confirms it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What is lost, a sentence each.
    pub reasons: Vec<String>,
    /// What a person must type.
    pub word: String,
}

/// Weighs what files of a proposal lose; `None` when that needs no asking.
pub(super) fn warning(
    files: &mut Vec<PlannedFile>,
    workspace: &WorkspaceRow,
) -> Result<Option<Warning>> {
    let settings = WorkspaceSettings::of(workspace)?;
    let plan = Plan {
        files: std::mem::take(files),
    };
    let destruction = Destruction::of(&plan, &settings.thresholds());
    *files = plan.files;
    Ok(destruction.is_destructive().then(|| Warning {
        reasons: destruction.reasons.iter().map(sentence).collect(),
        word: word(&destruction),
    }))
}

fn sentence(loss: &Loss) -> String {
    let text = loss.to_string();
    let mut chars = text.chars();
    let first = chars.next().map(char::to_uppercase);
    first
        .into_iter()
        .flatten()
        .chain(chars)
        .chain(['.'])
        .collect()
}

/// Returns what is typed: it names the amount, so that it can't be a habit and
/// holds only for what was shown.
fn word(destruction: &Destruction) -> String {
    let mut lines = 0_u32;
    for loss in &destruction.reasons {
        match loss {
            Loss::Files { deleted, .. } => return format!("delete {deleted} files"),
            Loss::Total { lost, .. } => return format!("lose {lost} lines"),
            Loss::Lines { before, after, .. } => lines += before.saturating_sub(*after),
        }
    }
    format!("lose {lines} lines")
}

impl Domain {
    /// Refuses what destroys much and was not confirmed.
    pub(super) async fn check_confirmed(
        &self,
        ctx: &Ctx,
        workspace: WorkspaceId,
        files: &mut Vec<PlannedFile>,
        confirm: Option<&str>,
    ) -> Result<()> {
        let row = self.require_workspace(ctx, workspace).await?;
        match warning(files, &row)? {
            Some(warning) if confirm.map(str::trim) != Some(&warning.word) => {
                Err(Error::ConfirmationRequired(warning))
            }
            _ => Ok(()),
        }
    }

    /// Refuses hunks of an assistant that change a locked file.
    pub(super) async fn check_locks(
        &self,
        ctx: &Ctx,
        stored: &Stored,
        from: &Set,
        to: &Set,
    ) -> Result<()> {
        if stored.proposal.turn_id.is_none() {
            return Ok(());
        }
        let locks = self.locks(ctx, stored.proposal.workspace_id).await?;
        for file in &stored.files {
            let mut hunks = hunks_of(stored, file.position);
            if hunks.any(|hunk| to.contains(&hunk.id) && !from.contains(&hunk.id)) {
                locks.check(file.from_path.iter().chain([&file.path]))?;
            }
        }
        Ok(())
    }

    /// Returns a workspace's locked paths.
    pub(crate) async fn locks(&self, ctx: &Ctx, workspace: WorkspaceId) -> Result<Locks> {
        let row = self.require_workspace(ctx, workspace).await?;
        Locks::of(&WorkspaceSettings::of(&row)?.locked_paths)
    }
}

impl Locks {
    /// Refuses the first of `paths` that is locked.
    pub(crate) fn check<'a>(
        &self,
        paths: impl IntoIterator<Item = &'a WorkspacePath>,
    ) -> Result<()> {
        let mut paths = paths.into_iter();
        let locked = paths.find_map(|path| Some((path, self.find(path)?)));
        match locked {
            None => Ok(()),
            Some((path, glob)) => Err(Error::LockedPath {
                path: path.clone(),
                glob: glob.to_owned(),
            }),
        }
    }
}
