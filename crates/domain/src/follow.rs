//! Follows what programs change in workspaces while they run, so that it
//! becomes versions, and is seen, within a second and not at their end.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use atelier_base::WorkspaceId;
use atelier_sandbox::cell::Site;
use atelier_sandbox::follow::Changes;
use parking_lot::Mutex;

use crate::domain::Domain;
use crate::error::{Result, chain};
use crate::scan::Cause;
use crate::tree::Tree;

/// Work that is shorter is looked at only when it ends.
const SHORT: Duration = Duration::from_millis(100);
/// How often it is asked whether a cell that nobody uses has programs left.
const LOOK: Duration = Duration::from_secs(2);

/// Which workspaces are followed, and for whom.
#[derive(Debug, Default)]
pub(crate) struct Follows(Mutex<HashMap<WorkspaceId, Followed>>);

#[derive(Debug)]
struct Followed {
    next: u64,
    live: Vec<(u64, Cause)>,
    /// Who was there last: whatever goes on after them is theirs.
    last: Cause,
    /// Whether not all folders can be watched.
    partial: bool,
}

/// Work that may change a workspace's files: while one is kept, they are
/// followed.
#[derive(Debug)]
pub(crate) struct Following {
    domain: Domain,
    tree: Arc<Tree>,
    number: u64,
}

impl Follows {
    /// Adds work; says whether it is the first, so that following begins.
    fn add(&self, workspace: WorkspaceId, cause: Cause) -> (u64, bool) {
        let mut all = self.0.lock();
        let first = !all.contains_key(&workspace);
        let followed = all.entry(workspace).or_insert_with(|| Followed {
            next: 0,
            live: Vec::new(),
            last: cause,
            partial: false,
        });
        followed.next += 1;
        followed.live.push((followed.next, cause));
        (followed.next, first)
    }

    fn remove(&self, workspace: WorkspaceId, number: u64) {
        if let Some(followed) = self.0.lock().get_mut(&workspace) {
            followed.last = followed.cause();
            followed.live.retain(|(known, _)| *known != number);
        }
    }

    /// Says whether changes are found by looking through the files, because the
    /// kernel gives no watches, or too few.
    pub(crate) fn is_partial(&self, workspace: WorkspaceId) -> bool {
        let all = self.0.lock();
        all.get(&workspace).is_some_and(|followed| followed.partial)
    }

    /// Notes that; says whether it is news and so.
    fn set_partial(&self, workspace: WorkspaceId, partial: bool) -> bool {
        let mut all = self.0.lock();
        all.get_mut(&workspace).is_some_and(|followed| {
            let before = std::mem::replace(&mut followed.partial, partial);
            partial && !before
        })
    }

    /// Returns who changes the files now.
    fn cause(&self, workspace: WorkspaceId) -> Cause {
        let all = self.0.lock();
        let nobody = Cause {
            user: None,
            run: None,
        };
        all.get(&workspace).map_or(nobody, Followed::cause)
    }

    fn is_used(&self, workspace: WorkspaceId) -> bool {
        let all = self.0.lock();
        all.get(&workspace)
            .is_some_and(|followed| !followed.live.is_empty())
    }

    /// Ends the following, unless somebody came meanwhile.
    fn end_unused(&self, workspace: WorkspaceId) -> bool {
        let mut all = self.0.lock();
        let unused = all
            .get(&workspace)
            .is_none_or(|followed| followed.live.is_empty());
        if unused {
            all.remove(&workspace);
        }
        unused
    }
}

impl Followed {
    /// Returns the run when there is one alone, and the person when it is the
    /// same one for all.
    fn cause(&self) -> Cause {
        let Some((_, first)) = self.live.first() else {
            return Cause {
                run: None,
                ..self.last
            };
        };
        let mut runs = self.live.iter().filter_map(|(_, cause)| cause.run);
        let (run, more) = (runs.next(), runs.next());
        let same = self.live.iter().all(|(_, cause)| cause.user == first.user);
        Cause {
            user: first.user.filter(|_| same),
            run: run.filter(|_| more.is_none()),
        }
    }
}

impl Following {
    /// Records what was not seen yet and ends the work.
    pub(crate) async fn end(self) -> Result<()> {
        let cause = self.domain.follows().cause(self.tree.workspace);
        self.domain.scan(&self.tree, cause).await
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.domain
            .follows()
            .remove(self.tree.workspace, self.number);
    }
}

impl Domain {
    /// Follows a workspace's files for as long as the answer is kept, and
    /// longer while its cell has programs. Call [`Following::end`] so that
    /// nothing is missed.
    pub(crate) fn follow_changes(&self, tree: &Arc<Tree>, cause: Cause) -> Following {
        let (number, first) = self.follows().add(tree.workspace, cause);
        if first {
            let (domain, tree) = (self.clone(), Arc::clone(tree));
            self.accompany(async move { domain.follow_files(&tree).await });
        }
        Following {
            domain: self.clone(),
            tree: Arc::clone(tree),
            number,
        }
    }

    async fn follow_files(&self, tree: &Arc<Tree>) {
        let workspace = tree.workspace;
        loop {
            tokio::time::sleep(SHORT).await;
            if self.follows().is_used(workspace)
                && let Err(error) = self.follow_until_unused(tree).await
            {
                tracing::error!(workspace.id = %workspace, error = %chain(&error), "could not follow files; they are looked at when runs end");
                // Not again before whoever is there has gone.
                self.wait_until_unused(workspace).await;
            }
            if self.stopping().is_cancelled() || self.follows().end_unused(workspace) {
                return;
            }
        }
    }

    async fn follow_until_unused(&self, tree: &Arc<Tree>) -> Result<()> {
        let mut follower = tree.root.follow()?;
        let mut look = tokio::time::interval(LOOK);
        let mut missed = false;
        loop {
            tokio::select! {
                () = self.stopping().cancelled() => return Ok(()),
                changes = follower.next() => {
                    if self.follows().set_partial(tree.workspace, follower.is_partial()) {
                        tracing::warn!(workspace.id = %tree.workspace, "not every folder can be watched; files are looked through instead (fs.inotify.max_user_watches)");
                    }
                    missed |= !self.take_in(tree, changes).await;
                }
                _ = look.tick() => {
                    if missed {
                        missed = !self.take_in(tree, Changes::Everything).await;
                    }
                    if !self.follows().is_used(tree.workspace) && !self.has_programs(tree).await {
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn wait_until_unused(&self, workspace: WorkspaceId) {
        while self.follows().is_used(workspace) {
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = self.stopping().cancelled() => return,
            }
        }
    }

    /// Records changes; says whether that could be done.
    async fn take_in(&self, tree: &Arc<Tree>, changes: Changes) -> bool {
        let cause = self.follows().cause(tree.workspace);
        let done = match changes {
            Changes::Paths(paths) => self.scan_paths(tree, cause, paths).await,
            Changes::Everything => self.scan(tree, cause).await,
        };
        match done {
            Err(error) if !self.stopping().is_cancelled() => {
                tracing::warn!(workspace.id = %tree.workspace, error = %chain(&error), "changed files could not be recorded; looking again soon");
                false
            }
            _ => true,
        }
    }

    /// Says whether the workspace's cell has programs that go on by themselves.
    async fn has_programs(&self, tree: &Arc<Tree>) -> bool {
        let state = self.host().state(&Site::workspace(&tree.files)).await;
        state.is_some_and(|state| !state.processes.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_tree_that_can_not_be_watched_is_told_once_until_nobody_is_there() {
        let (follows, workspace) = (Follows::default(), WorkspaceId::from(Uuid::from_u128(1)));
        let nobody = Cause {
            user: None,
            run: None,
        };
        let partial = || follows.is_partial(workspace);
        assert!(!follows.set_partial(workspace, true) && !partial());
        let (number, first) = follows.add(workspace, nobody);
        assert!(first && !partial());
        assert!(follows.set_partial(workspace, true) && partial());
        assert!(!follows.set_partial(workspace, true) && partial());
        assert!(!follows.set_partial(workspace, false) && !partial());
        assert!(follows.set_partial(workspace, true), "again");
        follows.remove(workspace, number);
        assert!(follows.end_unused(workspace) && !partial());
    }
}
