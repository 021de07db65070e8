//! Which terminals there are.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use atelier_base::{TerminalId, WorkspaceId};
use parking_lot::Mutex;

use super::live::LiveTerminal;

/// The terminals of all workspaces.
#[derive(Debug, Default)]
pub(crate) struct Terminals(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// By id, and so in the order of their start.
    all: BTreeMap<TerminalId, Arc<LiveTerminal>>,
    /// How many are being started, by workspace.
    starting: HashMap<WorkspaceId, usize>,
}

/// A place for a terminal that is being started; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Place<'a> {
    terminals: &'a Terminals,
    workspace: WorkspaceId,
}

impl Terminals {
    /// Takes a place among the `most` terminals that a workspace may have
    /// running; `None` when there is none.
    pub(super) fn reserve(&self, workspace: WorkspaceId, most: usize) -> Option<Place<'_>> {
        let mut known = self.0.lock();
        let running = known.running(workspace);
        let starting = known.starting.entry(workspace).or_default();
        if running + *starting >= most {
            return None;
        }
        *starting += 1;
        Some(Place {
            terminals: self,
            workspace,
        })
    }

    pub(super) fn find(&self, id: TerminalId) -> Option<Arc<LiveTerminal>> {
        self.0.lock().all.get(&id).cloned()
    }

    /// Returns a workspace's terminals, oldest first.
    pub(super) fn of(&self, workspace: WorkspaceId) -> Vec<Arc<LiveTerminal>> {
        let known = self.0.lock();
        let own = known
            .all
            .values()
            .filter(|live| live.workspace == workspace);
        own.cloned().collect()
    }

    pub(super) fn remove(&self, id: TerminalId) {
        self.0.lock().all.remove(&id);
    }

    /// Forgets the ended terminals of a workspace but the `kept` that ended
    /// last.
    pub(super) fn forget_oldest_ended(&self, workspace: WorkspaceId, kept: usize) {
        let mut known = self.0.lock();
        let own = known
            .all
            .values()
            .filter(|live| live.workspace == workspace);
        let mut ended: Vec<_> = own
            .filter_map(|live| Some((live.ended_at()?, live.id)))
            .collect();
        ended.sort_unstable();
        for (_, id) in ended.iter().rev().skip(kept) {
            known.all.remove(id);
        }
    }
}

impl Known {
    fn running(&self, workspace: WorkspaceId) -> usize {
        let own = self.all.values().filter(|live| live.workspace == workspace);
        own.filter(|live| live.ended_at().is_none()).count()
    }

    /// Returns a title that no other terminal of the workspace has.
    fn free_title(&self, workspace: WorkspaceId) -> String {
        let own = self.all.values().filter(|live| live.workspace == workspace);
        let taken: Vec<String> = own.map(|live| live.view().title).collect();
        let titles = (1..).map(|number| format!("Terminal {number}"));
        let free = titles.into_iter().find(|title| !taken.contains(title));
        free.unwrap_or_default()
    }
}

impl Place<'_> {
    /// Gives the place to a terminal, with a title of its own.
    pub(super) fn fill(self, live: &Arc<LiveTerminal>) {
        let mut known = self.terminals.0.lock();
        live.rename(known.free_title(self.workspace));
        known.all.insert(live.id, Arc::clone(live));
        // Dropping `self` takes the lock again.
        drop(known);
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut known = self.terminals.0.lock();
        if let Some(starting) = known.starting.get_mut(&self.workspace) {
            *starting -= 1;
            if *starting == 0 {
                known.starting.remove(&self.workspace);
            }
        }
    }
}
