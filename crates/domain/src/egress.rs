//! What must not leave for a model: the values known to a person and a
//! workspace, the gate that finds them, and what is done about it.
//!
//! Known are the secrets of the vault, the keys of providers, and what the
//! workspace's `.env` files set; by their shape, keys that nobody told of. A
//! person may attach a secret of the vault to a request, and then it passes.

mod env;
mod guarded;
mod known;

use std::collections::HashMap;
use std::sync::Arc;

use atelier_base::{SecretId, UserId, WorkspaceId};
use atelier_model::gate::Gate;
use atelier_store::SecretRow;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use self::known::Files;
use crate::call::{Ask, Source, Wish};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::event::{ChangedFile, FileChange};
use crate::tree::blocking;
use crate::workspace::WorkspaceSettings;

pub(crate) use self::guarded::Guarded;

/// The most gates kept ready.
const GATES: usize = 256;
/// The most secrets attached to a request.
const ATTACHED: usize = 20;

/// What happens to a request that holds a secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EgressMode {
    /// The secret is replaced by `[secret NAME]`.
    #[default]
    Replace,
    /// The request is refused.
    Refuse,
}

/// The gates that are ready.
#[derive(Debug, Default)]
pub(crate) struct Egress(Mutex<Ready>);

type Who = (UserId, Option<WorkspaceId>);

#[derive(Debug, Default)]
struct Ready {
    gates: HashMap<Who, Kept>,
    /// How often something became known or unknown: a gate that was being made
    /// meanwhile is not kept.
    generation: u64,
}

/// A gate, and what it was made of.
#[derive(Clone, Debug)]
struct Kept {
    guarded: Guarded,
    files: Option<Arc<Files>>,
}

impl Egress {
    /// Notes that something became known or unknown.
    pub(crate) fn forget_all(&self) {
        let mut ready = self.0.lock();
        ready.gates.clear();
        ready.generation += 1;
    }

    /// Notes that files of a workspace changed.
    pub(crate) fn files_changed(&self, workspace: WorkspaceId, files: &[ChangedFile]) {
        // A folder that came, or came back, may have such a file in it.
        let came =
            |file: &ChangedFile| matches!(file.change, FileChange::Created | FileChange::Renamed);
        if files
            .iter()
            .any(|file| env::is_env(&file.path) || came(file))
        {
            let mut ready = self.0.lock();
            ready
                .gates
                .retain(|(_, place), _| *place != Some(workspace));
            ready.generation += 1;
        }
    }

    fn find(&self, who: Who) -> (Option<Kept>, u64) {
        let ready = self.0.lock();
        (ready.gates.get(&who).cloned(), ready.generation)
    }

    fn keep(&self, who: Who, gate: Kept, generation: u64) {
        let mut ready = self.0.lock();
        if ready.generation != generation {
            return;
        }
        if ready.gates.len() >= GATES {
            ready.gates.clear();
        }
        ready.gates.insert(who, gate);
    }
}

impl Domain {
    /// Returns the gate that what a person asks of models passes, with the
    /// secrets attached to the request open.
    pub(crate) async fn guard(
        &self,
        ctx: &Ctx,
        workspace: Option<WorkspaceId>,
        attached: &[SecretId],
    ) -> Result<Guarded> {
        let who = (ctx.person()?, workspace);
        let (ready, generation) = self.egress().find(who);
        let guarded = match ready {
            Some(kept) if self.still_holds(&kept).await? => kept.guarded,
            _ => self.make_gate(ctx, who, generation).await?,
        };
        if attached.is_empty() {
            return Ok(guarded);
        }
        let rows = self.attached(ctx, workspace, attached).await?;
        let open: Result<Vec<_>> = rows.iter().map(|row| self.open_secret(row)).collect();
        Ok(Guarded {
            gate: guarded.gate.allowing(&open?),
            ..guarded
        })
    }

    /// Keeps secrets out of what is asked, and notes in its manifest which.
    ///
    /// # Errors
    /// [`Error::SecretFound`] when such a request is to be refused, and
    /// [`Error::NotFound`] for an attached secret that the asker has not.
    pub(crate) async fn guard_ask(&self, ctx: &Ctx, ask: &mut Ask) -> Result<()> {
        let attached: Vec<SecretId> = ask.attach.iter().map(|id| (*id).into()).collect();
        let guarded = self.guard(ctx, ask.workspace, &attached).await?;
        let replaced = match &mut ask.wish {
            Wish::Answer(request) => guarded.request(request)?,
            Wish::Fill(gap) => guarded.completion(gap)?,
        };
        ask.withheld = replaced.iter().cloned().collect();
        ask.sources.extend(replaced.into_iter().map(|name| Source {
            kind: "secret".to_owned(),
            path: None,
            version_id: None,
            lines: None,
            bytes: 0,
            reason: format!("`{name}` was replaced; it is not attached."),
        }));
        ask.guarded = Some(guarded);
        Ok(())
    }

    async fn still_holds(&self, kept: &Kept) -> Result<bool> {
        let Some(files) = kept.files.clone() else {
            return Ok(true);
        };
        if self.now() >= files.until {
            return Ok(false);
        }
        blocking(move || files.are_same()).await
    }

    async fn make_gate(&self, ctx: &Ctx, who: Who, generation: u64) -> Result<Guarded> {
        let mut known = self.known_secrets(who).await?;
        let files = match who.1 {
            Some(workspace) => {
                let (set, files) = self.known_in_files(workspace).await?;
                known.extend(set);
                Some(Arc::new(files))
            }
            None => None,
        };
        let guarded = Guarded {
            gate: Gate::new(&known),
            mode: self.egress_mode(ctx, who.1).await?,
        };
        let kept = Kept {
            guarded: guarded.clone(),
            files,
        };
        self.egress().keep(who, kept, generation);
        Ok(guarded)
    }

    async fn egress_mode(&self, ctx: &Ctx, workspace: Option<WorkspaceId>) -> Result<EgressMode> {
        let Some(workspace) = workspace else {
            return Ok(EgressMode::default());
        };
        let row = self.require_workspace(ctx, workspace).await?;
        Ok(WorkspaceSettings::of(&row)?.requests.secrets)
    }

    /// Returns the secrets that a person attaches to a request.
    ///
    /// # Errors
    /// [`Error::NotFound`] for one that the person has not, or that another
    /// workspace holds, and [`Error::Invalid`] for too many.
    pub(crate) async fn attached(
        &self,
        ctx: &Ctx,
        workspace: Option<WorkspaceId>,
        attached: &[SecretId],
    ) -> Result<Vec<SecretRow>> {
        if attached.len() > ATTACHED {
            let detail = format!("at most {ATTACHED} secrets are attached to a request");
            return Err(Error::invalid("attach", detail));
        }
        let mut rows = Vec::with_capacity(attached.len());
        for id in attached {
            let row = self.require_secret(ctx, *id).await?;
            // What one workspace holds does not leave on behalf of another.
            if row.workspace_id.is_some() && row.workspace_id != workspace {
                return Err(Error::NotFound { what: "secret" });
            }
            rows.push(row);
        }
        Ok(rows)
    }
}
