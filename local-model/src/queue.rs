//! The questions that wait, and those that nobody wants answered any more.

use std::collections::{HashSet, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::protocol::Ask;

/// The most questions that wait.
const WAITING: usize = 32;

/// Between the thread that listens and the one that answers.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    inner: Mutex<Inner>,
    more: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    waiting: VecDeque<(u64, Ask)>,
    /// The question that is being answered.
    current: Option<u64>,
    cancelled: HashSet<u64>,
}

impl Queue {
    /// Adds a question; false when too many wait.
    pub(crate) fn push(&self, id: u64, ask: Ask) -> bool {
        let mut inner = self.lock();
        if inner.waiting.len() >= WAITING {
            return false;
        }
        inner.waiting.push_back((id, ask));
        self.more.notify_one();
        true
    }

    /// Marks a question as no longer wanted.
    pub(crate) fn cancel(&self, id: u64) {
        let mut inner = self.lock();
        let known = inner.current == Some(id) || inner.waiting.iter().any(|(at, _)| *at == id);
        if known {
            inner.cancelled.insert(id);
        }
    }

    /// Takes the next question, once there is one.
    pub(crate) fn next(&self) -> (u64, Ask) {
        let mut inner = self.lock();
        loop {
            if let Some((id, ask)) = inner.waiting.pop_front() {
                inner.current = Some(id);
                return (id, ask);
            }
            let waited = self.more.wait(inner);
            inner = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Returns whether a question is no longer wanted.
    pub(crate) fn is_cancelled(&self, id: u64) -> bool {
        self.lock().cancelled.contains(&id)
    }

    /// Forgets a question that has been answered.
    pub(crate) fn finish(&self, id: u64) {
        let mut inner = self.lock();
        inner.current = None;
        inner.cancelled.remove(&id);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_answered_in_order_and_can_be_given_up() {
        let queue = Queue::default();
        for id in 0..WAITING as u64 {
            assert!(queue.push(id, Ask::default()));
        }
        assert!(!queue.push(99, Ask::default()), "no more than that wait");
        queue.cancel(1);
        queue.cancel(77);
        assert_eq!(queue.next().0, 0);
        assert!(!queue.is_cancelled(0));
        queue.cancel(0);
        assert!(queue.is_cancelled(0), "also while it is answered");
        queue.finish(0);
        assert_eq!(queue.next().0, 1);
        assert!(queue.is_cancelled(1), "also while it waits");
        queue.finish(1);
        assert!(
            queue.lock().cancelled.is_empty(),
            "what is over is forgotten"
        );
    }
}
