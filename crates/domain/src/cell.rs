//! The cell of a workspace: what goes on in it, and its end.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use atelier_base::WorkspaceId;
use atelier_sandbox::cell::Site;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Result, chain};
use crate::event::{OpenPort, WorkspaceEvent};
use crate::system::LayerState;

pub use atelier_sandbox::cell::{CellProcess, CellState, ListeningPort};

/// How often a running cell is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// How many looks at a cell that is not there yet are worth it.
const PATIENCE: u32 = 4;

/// What is said where not every folder can be watched.
const UNWATCHED: &str = "files: not every folder can be watched, so what programs change is found by looking through \
     the files (raise fs.inotify.max_user_watches or max_user_instances)";

/// A workspace's cell.
#[derive(Debug)]
pub struct Cell {
    /// What goes on in it; `None` when it is not running.
    pub state: Option<CellState>,
    /// In which ways the isolation is less than it could be, in sentences.
    pub weaker: Vec<String>,
}

/// The cells that are being looked at.
#[derive(Debug, Default)]
pub(crate) struct Watched(Mutex<HashMap<Site, Watch>>);

#[derive(Debug, Default)]
struct Watch {
    /// Cancelled when the cell has ended.
    over: CancellationToken,
    /// Whether somebody asked for it since it began, and so perhaps for a cell
    /// that has begun since.
    renewed: bool,
}

impl Watched {
    /// Ends a watch, unless it was asked for again.
    fn end(&self, site: &Site, stopping: bool) -> bool {
        let mut watched = self.0.lock();
        let renewed = watched
            .get_mut(site)
            .is_some_and(|watch| std::mem::take(&mut watch.renewed));
        if renewed && !stopping {
            return false;
        }
        if let Some(watch) = watched.remove(site) {
            watch.over.cancel();
        }
        true
    }
}

impl Domain {
    /// Returns what goes on in a workspace's cell.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`] when the asker may not see the workspace.
    pub async fn get_cell(&self, ctx: &Ctx, workspace: WorkspaceId) -> Result<Cell> {
        self.require_workspace(ctx, workspace).await?;
        let site = self.site_of(workspace);
        let state = self.host().state(&site).await;
        if state.is_some() {
            self.watch_cell(workspace, site);
        }
        let isolation = self.host().isolation().await;
        let weaker = isolation
            .layers
            .into_iter()
            .filter(|layer| layer.state != LayerState::Active)
            .map(|layer| match layer.fix {
                Some(fix) => format!("{}: {} ({fix})", layer.name, layer.detail),
                None => format!("{}: {}", layer.name, layer.detail),
            })
            .chain(
                self.follows()
                    .is_partial(workspace)
                    .then(|| UNWATCHED.to_owned()),
            );
        Ok(Cell {
            state,
            weaker: weaker.collect(),
        })
    }

    /// Ends a workspace's cell and all that runs in it.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`] when the asker may not see the workspace.
    pub async fn stop_cell(&self, ctx: &Ctx, workspace: WorkspaceId) -> Result<()> {
        self.require_workspace(ctx, workspace).await?;
        self.host().stop(&self.site_of(workspace)).await;
        tracing::info!(workspace.id = %workspace, request.id = %ctx.request, "a cell was stopped");
        Ok(())
    }

    /// Returns where the cell of a workspace itself is.
    pub(crate) fn site_of(&self, workspace: WorkspaceId) -> Site {
        Site::workspace(&self.trees().files_of(workspace))
    }

    /// Looks at a cell until it ends, and announces which ports are listened
    /// on in a workspace's own whenever they change. Returns what is cancelled
    /// when it has ended.
    pub(crate) fn watch_cell(&self, workspace: WorkspaceId, site: Site) -> CancellationToken {
        let mut watched = self.watched().0.lock();
        if let Some(watch) = watched.get_mut(&site) {
            watch.renewed = true;
            return watch.over.clone();
        }
        let watch = Watch::default();
        let over = watch.over.clone();
        watched.insert(site.clone(), watch);
        drop(watched);
        let domain = self.clone();
        self.accompany(async move {
            loop {
                domain.follow_ports(workspace, &site).await;
                let stopping = domain.stopping().is_cancelled();
                if domain.watched().end(&site, stopping) {
                    return;
                }
            }
        });
        over
    }

    async fn follow_ports(&self, workspace: WorkspaceId, site: &Site) {
        let host = Arc::clone(self.host());
        // A cell that is about to start is not there at the first look.
        let (mut known, mut missing) = (Vec::new(), 0);
        loop {
            let state = host.state(site).await;
            missing = if state.is_some() { 0 } else { missing + 1 };
            let ports = state.map(|state| state.ports).unwrap_or_default();
            if site.draft.is_none() && ports != known {
                self.announce_ports(workspace, &ports).await;
                known = ports;
            }
            if missing > PATIENCE {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = self.stopping().cancelled() => return,
            }
        }
    }

    async fn announce_ports(&self, workspace: WorkspaceId, ports: &[ListeningPort]) {
        let ports = ports
            .iter()
            .map(|port| OpenPort {
                port: port.port,
                program: port.program.clone(),
            })
            .collect();
        let event = WorkspaceEvent::PortsChanged { ports };
        if let Err(error) = self.streams().publish(workspace, &event).await {
            tracing::warn!(workspace.id = %workspace, error = %chain(&error), "open ports could not be announced");
        }
    }
}
