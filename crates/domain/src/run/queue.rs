//! Who may run next: at most so many at a time, and the people who wait take
//! turns, so that nobody's many runs hold up another's one.
//!
//! [`Line`] is the order, and knows nothing of tasks; [`Queue`] lets tasks wait
//! in it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use atelier_base::{RunId, UserId};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::error::{Error, Result};

/// How many runs go on and wait at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Capacity {
    /// How many go on at a time.
    pub going: usize,
    /// How many wait, of everybody together.
    pub waiting: usize,
    /// How many of one person wait.
    pub waiting_by_user: usize,
}

/// Why a run can't wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Full {
    /// Too many wait.
    All,
    /// Too many of the person's own wait.
    Own,
}

/// The order in which runs go on.
#[derive(Debug)]
struct Line {
    capacity: Capacity,
    going: usize,
    /// The people who have a run waiting, the next one first.
    people: VecDeque<UserId>,
    /// Each one's waiting runs, oldest first; none is empty.
    runs: HashMap<UserId, VecDeque<RunId>>,
    waiting: usize,
}

impl Line {
    fn new(capacity: Capacity) -> Self {
        Self {
            capacity: Capacity {
                going: capacity.going.max(1),
                ..capacity
            },
            going: 0,
            people: VecDeque::new(),
            runs: HashMap::new(),
            waiting: 0,
        }
    }

    /// Adds a run. Unless one can go on at once, there must be room to wait.
    fn enter(&mut self, user: UserId, run: RunId) -> Result<(), Full> {
        let goes_on = self.going < self.capacity.going && self.waiting == 0;
        let own = self.runs.get(&user).map_or(0, VecDeque::len);
        if !goes_on {
            if own >= self.capacity.waiting_by_user {
                return Err(Full::Own);
            }
            if self.waiting >= self.capacity.waiting {
                return Err(Full::All);
            }
        }
        if own == 0 {
            self.people.push_back(user);
        }
        self.runs.entry(user).or_default().push_back(run);
        self.waiting += 1;
        Ok(())
    }

    /// Takes the run that goes on next, if one can.
    fn next(&mut self) -> Option<RunId> {
        if self.going >= self.capacity.going {
            return None;
        }
        let user = self.people.pop_front()?;
        let runs = self.runs.get_mut(&user)?;
        let run = runs.pop_front()?;
        if runs.is_empty() {
            self.runs.remove(&user);
        } else {
            self.people.push_back(user);
        }
        self.waiting -= 1;
        self.going += 1;
        Some(run)
    }

    /// Removes a run that waits; `false` when it does not.
    fn leave(&mut self, user: UserId, run: RunId) -> bool {
        let Some(runs) = self.runs.get_mut(&user) else {
            return false;
        };
        let before = runs.len();
        runs.retain(|&waiting| waiting != run);
        if runs.len() == before {
            return false;
        }
        if runs.is_empty() {
            self.runs.remove(&user);
            self.people.retain(|&waiting| waiting != user);
        }
        self.waiting -= 1;
        true
    }

    fn finish(&mut self) {
        self.going = self.going.saturating_sub(1);
    }

    /// Returns how many runs go on before it, and itself: 1 for the next one.
    fn position(&self, user: UserId, run: RunId) -> Option<usize> {
        let own = self.runs.get(&user)?;
        let round = own.iter().position(|&waiting| waiting == run)?;
        let place = self.people.iter().position(|&waiting| waiting == user)?;
        // In each round before its own everybody who has a run left goes once;
        // in its own those who stand before its owner.
        let before = self.people.iter().enumerate().map(|(at, other)| {
            let theirs = self.runs.get(other).map_or(0, VecDeque::len);
            theirs.min(if at < place { round + 1 } else { round })
        });
        Some(before.sum::<usize>() + 1)
    }
}

/// A line that tasks wait in. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Queue(Arc<Mutex<Waiting>>);

#[derive(Debug)]
struct Waiting {
    line: Line,
    told: HashMap<RunId, oneshot::Sender<Slot>>,
}

impl Queue {
    pub(crate) fn new(capacity: Capacity) -> Self {
        Self(Arc::new(Mutex::new(Waiting {
            line: Line::new(capacity),
            told: HashMap::new(),
        })))
    }

    /// Takes a place in the line.
    pub(crate) fn enter(&self, user: UserId, run: RunId) -> Result<Place> {
        let (sender, turn) = oneshot::channel();
        {
            let mut waiting = self.0.lock();
            waiting
                .line
                .enter(user, run)
                .map_err(|full| Error::TooMany {
                    what: match full {
                        Full::All => "too many runs are waiting".to_owned(),
                        Full::Own => "too many of your runs are waiting".to_owned(),
                    },
                    retry_after: Duration::from_secs(5),
                })?;
            waiting.told.insert(run, sender);
        }
        self.advance();
        let queue = self.clone();
        Ok(Place {
            queue,
            user,
            run,
            turn,
        })
    }

    /// Returns how many runs go on before a waiting one, and itself.
    pub(crate) fn position(&self, user: UserId, run: RunId) -> Option<usize> {
        self.0.lock().line.position(user, run)
    }

    /// Lets runs go on as long as one can.
    fn advance(&self) {
        loop {
            let told = {
                let mut waiting = self.0.lock();
                let Some(run) = waiting.line.next() else {
                    return;
                };
                waiting.told.remove(&run)
            };
            let slot = Slot(self.clone());
            // Outside of the lock: a slot that nobody takes is given back.
            if let Some(told) = told {
                drop(told.send(slot));
            }
        }
    }
}

/// A place in the line; dropping it leaves the line.
#[derive(Debug)]
pub(crate) struct Place {
    queue: Queue,
    user: UserId,
    run: RunId,
    turn: oneshot::Receiver<Slot>,
}

impl Place {
    /// Waits until the run may go on. It does so while the slot is held.
    pub(crate) async fn turn(&mut self) -> Result<Slot> {
        let turn = (&mut self.turn).await;
        turn.map_err(|_| Error::Internal("a run's turn was lost".to_owned()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut waiting = self.queue.0.lock();
        waiting.line.leave(self.user, self.run);
        waiting.told.remove(&self.run);
    }
}

/// Being among those that go on.
#[derive(Debug)]
pub(crate) struct Slot(Queue);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.0.lock().line.finish();
        self.0.advance();
    }
}

#[cfg(test)]
mod tests;
