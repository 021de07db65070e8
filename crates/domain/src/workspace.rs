//! Workspaces: make, list, change, and put away.

mod create;
mod settings;

use std::path::{Path, PathBuf};

use atelier_base::{Timestamp, WorkspaceId, limit};
use atelier_sandbox::files::Root;
use atelier_sandbox::{FileError, import};
use atelier_store::{RunRow, Shelf, WorkspaceRow};

use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::event::{RunEvent, TurnEvent};
use crate::page::{Page, PageOf};
use crate::scan::Cause;
use crate::tree::blocking;

pub use create::{ImportProgress, Source};
pub(crate) use settings::Locks;
pub use settings::{
    CheckCommand, RequestSettings, SettingsChange, ThresholdChange, WorkspaceSettings,
};

/// What is changed about a workspace; `None` leaves it as it is.
#[derive(Clone, Debug, Default)]
pub struct WorkspaceChange {
    /// The new name.
    pub name: Option<String>,
    /// The new default model; `Some(None)` for none.
    pub default_model: Option<Option<String>>,
    /// Whether it is put away.
    pub archived: Option<bool>,
    /// What is set for it now.
    pub settings: Option<SettingsChange>,
}

impl Domain {
    /// Lists the asker's workspaces, newest first.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when nobody is signed in.
    pub async fn list_workspaces(
        &self,
        ctx: &Ctx,
        archived: bool,
        page: &Page,
    ) -> Result<PageOf<WorkspaceRow>> {
        let person = ctx.person()?;
        let shelf = if archived {
            Shelf::Archived
        } else {
            Shelf::Open
        };
        let before = page.cursor_as::<WorkspaceId>()?;
        let limit = page.limit();
        let rows = self
            .store()
            .query(async |tx| tx.list_workspaces(person, shelf, before, limit + 1).await)
            .await?;
        Ok(page.cut(rows, |workspace| workspace.id.to_string()))
    }

    /// Returns a workspace.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see it.
    pub async fn get_workspace(&self, ctx: &Ctx, id: WorkspaceId) -> Result<WorkspaceRow> {
        self.require_workspace(ctx, id).await
    }

    /// Renames a workspace, sets its model or settings, puts it away or brings
    /// it back.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name that is empty or too long, and for limits
    /// above the server's.
    pub async fn update_workspace(
        &self,
        ctx: &Ctx,
        id: WorkspaceId,
        change: WorkspaceChange,
    ) -> Result<WorkspaceRow> {
        self.require_workspace(ctx, id).await?;
        let name = change.name.as_deref().map(checked_name).transpose()?;
        if let Some(Some(model)) = &change.default_model {
            checked_name(model)
                .map_err(|_| Error::invalid("defaultModel", "give a provider's id"))?;
        }
        if let Some(settings) = &change.settings {
            settings.check()?;
            settings
                .limits
                .map_or(Ok(()), |limits| self.check_limits(limits))?;
        }
        let now = self.now();
        let row = self
            .store()
            .write(async |tx| {
                let mut row = tx.get_workspace(id).await?;
                if let Some(name) = name {
                    row.name = name;
                }
                if let Some(model) = change.default_model {
                    row.default_model = model;
                }
                if let Some(archived) = change.archived {
                    row.archived_at = archived.then_some(row.archived_at.unwrap_or(now));
                }
                if let Some(change) = change.settings {
                    let mut settings = WorkspaceSettings::of(&row)?;
                    change.apply(&mut settings);
                    row.settings = settings.to_stored()?;
                }
                row.updated_at = now;
                tx.update_workspace(&row).await?;
                Ok::<_, Error>(row)
            })
            .await?;
        self.egress().forget_all();
        if change.archived == Some(true) {
            self.close_terminals(id);
        }
        Ok(row)
    }

    /// Returns a workspace that the asker may see.
    pub(crate) async fn require_workspace(
        &self,
        ctx: &Ctx,
        id: WorkspaceId,
    ) -> Result<WorkspaceRow> {
        let person = ctx.person()?;
        let found = self
            .store()
            .query(async |tx| tx.find_workspace(id).await)
            .await?;
        found
            .filter(|row| row.owner_id == person)
            .ok_or(Error::NotFound { what: "workspace" })
    }

    /// Subscribes to what happens in a workspace.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see it.
    pub async fn watch_workspace(
        &self,
        ctx: &Ctx,
        id: WorkspaceId,
        after: Option<u64>,
    ) -> Result<crate::Subscription> {
        self.require_workspace(ctx, id).await?;
        self.subscribe(id, after).await
    }

    /// Finishes what a crash left half-done: imports, edits, turns and runs.
    pub(crate) async fn recover(&self) -> Result<()> {
        let ids = self
            .store()
            .query(async |tx| tx.list_workspace_ids().await)
            .await?;
        self.recover_imports(&ids).await?;
        self.remove_lost_drafts().await?;
        for id in ids {
            // One broken workspace must not keep the others from opening; its
            // own edits try again before they begin.
            if let Err(error) = self.recover_tree(id).await {
                tracing::error!(workspace.id = %id, error = %crate::error::chain(&error), "could not recover a workspace");
            }
        }
        self.interrupt(self.now()).await
    }

    async fn recover_tree(&self, id: WorkspaceId) -> Result<()> {
        let tree = self.trees().open(id).await?;
        self.write_to(&tree).await.map(drop)
    }

    /// Records what a run that a crash ended did to the files.
    async fn scan_interrupted(&self, run: &RunRow) -> Result<()> {
        let tree = self.trees().open(run.workspace_id).await?;
        let cause = Cause {
            user: Some(run.user_id),
            run: Some(run.id),
        };
        self.scan(&tree, cause).await.map(drop)
    }

    /// Ends the turns and runs that a crash ended.
    async fn interrupt(&self, now: Timestamp) -> Result<()> {
        self.forget_budget_sums().await?;
        self.settle_orphaned_calls().await?;
        let (turns, runs) = self
            .store()
            .write(async |tx| {
                tx.interrupt_running_verdicts(now).await?;
                Ok::<_, Error>((
                    tx.interrupt_running_turns(now).await?,
                    tx.interrupt_unfinished_runs(now).await?,
                ))
            })
            .await?;
        for turn in turns {
            let event = TurnEvent::Finished {
                state: "interrupted".to_owned(),
                code: None,
                detail: Some("The server stopped while the assistant was answering.".to_owned()),
                hint: Some("Ask again.".to_owned()),
            };
            self.streams().publish(turn.id, &event).await?;
        }
        for run in runs {
            if run.started_at.is_some()
                && let Err(error) = self.scan_interrupted(&run).await
            {
                tracing::error!(run.id = %run.id, error = %crate::error::chain(&error), "could not look at what a run left");
            }
            let event = RunEvent::Finished {
                outcome: "interrupted".to_owned(),
                exit_code: None,
                signal: None,
                reason: Some("The server stopped while it ran.".to_owned()),
                wall_ms: 0,
            };
            self.streams().publish(run.id, &event).await?;
        }
        Ok(())
    }

    /// Deletes imports that never became a workspace and places those that did.
    async fn recover_imports(&self, known: &[WorkspaceId]) -> Result<()> {
        let staging = self.trees().staging();
        let found = {
            let staging = staging.clone();
            blocking(move || entries(&staging)).await?
        };
        for name in found {
            let path = staging.join(&name);
            let row = match known.iter().find(|id| id.to_string() == name) {
                Some(&id) => {
                    self.store()
                        .query(async |tx| tx.find_workspace(id).await)
                        .await?
                }
                None => None,
            };
            let place = row.as_ref().map(|row| self.trees().place(row.id));
            let uid = self
                .settings()
                .host_uid_base
                .zip(row)
                .map(|(base, row)| base + row.number);
            blocking(move || match place {
                Some(place) if !place.join("files").exists() => place_late(&path, &place, uid),
                _ => import::delete_tree(&path),
            })
            .await?;
        }
        Ok(())
    }
}

/// Puts an import in its place whose rows were written before a crash.
fn place_late(path: &Path, place: &Path, uid: Option<u32>) -> Result<(), FileError> {
    if let Some(uid) = uid {
        import::assign_owner(&Root::open(path, &place.join("state"))?, uid)?;
    }
    std::fs::rename(path, place.join("files")).map_err(|e| io("place", path, e))
}

/// Returns the names in the folder where imports are made, which is made too.
fn entries(staging: &Path) -> Result<Vec<String>, FileError> {
    std::fs::create_dir_all(staging).map_err(|e| io("make", staging, e))?;
    let mut names = Vec::new();
    for entry in std::fs::read_dir(staging).map_err(|e| io("list", staging, e))? {
        let entry = entry.map_err(|e| io("list", staging, e))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}

fn io(doing: &'static str, path: &Path, source: std::io::Error) -> FileError {
    FileError::Io {
        doing,
        path: path.display().to_string(),
        source,
    }
}

/// Checks a name that a person gives.
pub(crate) fn checked_name(name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() {
        return Err(Error::invalid("name", "a name has at least one character"));
    }
    if name.chars().count() > limit::NAME_CHARS {
        return Err(Error::invalid(
            "name",
            format!("a name has at most {} characters", limit::NAME_CHARS),
        ));
    }
    if name.chars().any(char::is_control) {
        return Err(Error::invalid("name", "a name has no control characters"));
    }
    Ok(name.to_owned())
}

/// Says whether `path` is one of `folders` or below one, links resolved.
pub(crate) fn is_allowed(path: &Path, folders: &[PathBuf]) -> bool {
    folders.iter().any(|folder| path.starts_with(folder))
}
