//! Following what programs change in a workspace's files, while they do.
//!
//! A [`Follower`] watches every folder of a tree by inotify, by handle and
//! never through a link, and tells which paths changed. What tools make
//! ([`LeaveOut::Generated`](crate::files::LeaveOut)) is not watched. It only
//! points: whoever listens looks at the files itself. When too much happens,
//! or the kernel gives no (more) watches, it says "everything" instead of a
//! list and goes on; it never waits for its listener.

mod pending;
mod watches;

use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use atelier_base::WorkspacePath;
use rustix::fs::inotify::{CreateFlags, init};
use tokio::io::unix::AsyncFd;
use tokio::time::{Instant, sleep, sleep_until};

use crate::error::{FileError, FileResult};
use crate::files::Root;
use pending::Pending;
use watches::Watches;

/// How long events gather before they are read: a storm is read in gulps.
const GULP: Duration = Duration::from_millis(5);
/// How often a tree is looked through that can't be watched.
const POLL: Duration = Duration::from_secs(1);
const POLL_MOST: Duration = Duration::from_secs(30);
/// A look through may take a tenth of the time.
const POLL_SHARE: u32 = 10;

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changes {
    /// These paths may have: made, written, moved, deleted.
    Paths(Vec<WorkspacePath>),
    /// Anything may have.
    Everything,
}

/// Follows the changes of one tree. Dropping it ends that.
#[derive(Debug)]
pub struct Follower {
    state: Arc<Mutex<State>>,
    events: Option<AsyncFd<Arc<OwnedFd>>>,
    begun: bool,
    returned: Option<Instant>,
}

#[derive(Debug)]
struct State {
    watches: Option<Watches>,
    pending: Pending,
}

impl Root {
    /// Begins to follow the tree. Needs a tokio runtime.
    ///
    /// # Errors
    /// When the process has no file descriptors left.
    pub fn follow(&self) -> FileResult<Follower> {
        let failed = |error| FileError::Io {
            doing: "follow the files of",
            path: "the workspace".to_owned(),
            source: error,
        };
        let top = self.handle().try_clone_to_owned().map_err(failed)?;
        // Without an instance (their number is limited) the tree is looked
        // through now and then.
        let (events, watches) = match init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC) {
            Ok(inotify) => {
                let inotify = Arc::new(inotify);
                let events = register(Arc::clone(&inotify)).map_err(failed)?;
                (Some(events), Some(Watches::new(top, inotify)))
            }
            Err(error) => {
                tracing::warn!(%error, "no inotify instance; files are looked through instead (fs.inotify.max_user_instances)");
                (None, None)
            }
        };
        let state = State {
            watches,
            pending: Pending::new(Instant::now()),
        };
        Ok(Follower {
            state: Arc::new(Mutex::new(state)),
            events,
            begun: false,
            returned: None,
        })
    }
}

impl Follower {
    /// Waits for changes: until they pause for a moment, or go on for long.
    /// The first call answers [`Changes::Everything`] as soon as the tree is
    /// watched. May be cancelled at any time.
    pub async fn next(&mut self) -> Changes {
        if !self.begun {
            self.work(State::resync).await;
            self.begun = true;
            self.returned = Some(Instant::now());
            return Changes::Everything;
        }
        let poll_at = self.poll_at();
        loop {
            let due = self.lock().pending.due();
            let poll = self.is_partial().then_some(poll_at);
            let until = due.into_iter().chain(poll).min();
            tokio::select! {
                () = readable(self.events.as_ref()) => {
                    sleep(GULP).await;
                    self.work(State::drain).await;
                }
                () = until_then(until) => {
                    if let Some(changes) = self.take(poll).await {
                        self.returned = Some(Instant::now());
                        return changes;
                    }
                }
            }
        }
    }

    /// Says whether some or all folders can't be watched, so that changes are
    /// seen by looking through the tree now and then.
    pub fn is_partial(&self) -> bool {
        let state = self.lock();
        state.watches.as_ref().is_none_or(Watches::is_partial)
    }

    async fn take(&mut self, poll: Option<Instant>) -> Option<Changes> {
        let now = Instant::now();
        let taken = self.lock().pending.take(now);
        let polled = poll.is_some_and(|at| at <= now);
        let changes = taken.or(polled.then_some(Changes::Everything))?;
        if changes == Changes::Everything {
            self.work(State::resync).await;
        }
        Some(changes)
    }

    /// Returns when a tree that is not watched is looked through again: the
    /// longer that takes, the later.
    fn poll_at(&self) -> Instant {
        let now = Instant::now();
        let took = self.returned.map_or(Duration::ZERO, |at| now - at);
        now + (took * POLL_SHARE).clamp(POLL, POLL_MOST)
    }

    async fn work(&self, work: fn(&mut State)) {
        let state = Arc::clone(&self.state);
        let done = tokio::task::spawn_blocking(move || {
            work(&mut state.lock().unwrap_or_else(PoisonError::into_inner));
        });
        if let Err(error) = done.await {
            tracing::error!(%error, "following files failed");
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Watches the whole tree anew.
    fn resync(&mut self) {
        if let Some(watches) = &mut self.watches {
            watches.resync();
        }
    }

    /// Reads the events that are there.
    fn drain(&mut self) {
        if let Some(watches) = &mut self.watches {
            self.pending.set_now(Instant::now());
            watches.drain(&mut self.pending);
        }
    }
}

#[expect(unsafe_code, reason = "tokio takes nothing but a promise for it")]
fn register(inotify: Arc<OwnedFd>) -> io::Result<AsyncFd<Arc<OwnedFd>>> {
    // SAFETY: the shared descriptor is closed by nobody while it is registered,
    // because nothing takes it out of the `Arc`, and is always the same one.
    Ok(unsafe { AsyncFd::register(inotify) }?)
}

/// Waits until there are events.
async fn readable(events: Option<&AsyncFd<Arc<OwnedFd>>>) {
    match events {
        Some(events) => {
            // All of them are read, or the descriptor is ready again at once.
            if let Ok(mut ready) = events.readable().await {
                ready.clear_ready();
            }
        }
        None => std::future::pending().await,
    }
}

async fn until_then(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
