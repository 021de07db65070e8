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
    /// The questions that are being answered: one, and perhaps an urgent one
    /// in the middle of it.
    running: Vec<u64>,
    cancelled: HashSet<u64>,
    /// Whether an urgent question waits for the end of a longer one, because
    /// the memory does not hold both.
    postponed: bool,
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

    /// Marks a question as no longer wanted. One that waits is gone at once:
    /// then it returns true, and the question is not answered by anyone else.
    pub(crate) fn cancel(&self, id: u64) -> bool {
        let mut inner = self.lock();
        let waits = inner.waiting.iter().position(|(at, _)| *at == id);
        if let Some(at) = waits {
            inner.waiting.remove(at);
            return true;
        }
        if inner.running.contains(&id) {
            inner.cancelled.insert(id);
        }
        false
    }

    /// Takes the next question, an urgent one if there is one, once there is
    /// any.
    pub(crate) fn next(&self) -> (u64, Ask) {
        let mut inner = self.lock();
        loop {
            let urgent = inner.waiting.iter().position(|(_, ask)| ask.urgent);
            if let Some(next) = inner.take(urgent.unwrap_or(0)) {
                return next;
            }
            let waited = self.more.wait(inner);
            inner = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes the next urgent question, if there is one.
    pub(crate) fn next_urgent(&self) -> Option<(u64, Ask)> {
        let mut inner = self.lock();
        if inner.postponed {
            return None;
        }
        let urgent = inner.waiting.iter().position(|(_, ask)| ask.urgent)?;
        inner.take(urgent)
    }

    /// Lets an urgent question wait for the end of the longer one after all.
    pub(crate) fn postpone(&self, id: u64, ask: Ask) {
        let mut inner = self.lock();
        inner.running.retain(|at| *at != id);
        inner.waiting.push_front((id, ask));
        inner.postponed = true;
    }

    /// Returns whether a question is no longer wanted.
    pub(crate) fn is_cancelled(&self, id: u64) -> bool {
        self.lock().cancelled.contains(&id)
    }

    /// Forgets a question that has been answered.
    pub(crate) fn finish(&self, id: u64) {
        let mut inner = self.lock();
        inner.running.retain(|at| *at != id);
        inner.cancelled.remove(&id);
        inner.postponed = false;
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn take(&mut self, at: usize) -> Option<(u64, Ask)> {
        let (id, ask) = self.waiting.remove(at)?;
        self.running.push(id);
        Some((id, ask))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urgent() -> Ask {
        Ask {
            urgent: true,
            ..Ask::default()
        }
    }

    #[test]
    fn questions_are_answered_in_order_and_can_be_given_up() {
        let queue = Queue::default();
        for id in 0..WAITING as u64 {
            assert!(queue.push(id, Ask::default()));
        }
        assert!(!queue.push(99, Ask::default()), "no more than that wait");
        assert!(queue.cancel(1), "one that waits is gone at once");
        assert!(!queue.cancel(77) && !queue.cancel(1));
        assert!(queue.push(99, Ask::default()), "and its place is free");
        assert_eq!(queue.next().0, 0);
        assert!(!queue.is_cancelled(0));
        assert!(!queue.cancel(0));
        assert!(queue.is_cancelled(0), "also while it is answered");
        queue.finish(0);
        assert_eq!(queue.next().0, 2);
        assert!(
            queue.lock().cancelled.is_empty(),
            "what is over is forgotten"
        );
    }

    #[test]
    fn keys_that_were_typed_over_leave_no_trace() {
        let queue = Queue::default();
        for id in 0..10 * WAITING as u64 {
            assert!(queue.push(id, urgent()), "{id}");
            assert!(queue.cancel(id));
        }
        assert!(queue.push(1_000, Ask::default()));
        assert_eq!(queue.next().0, 1_000);
    }

    #[test]
    fn what_is_urgent_comes_first_and_between() {
        let queue = Queue::default();
        assert!(queue.push(1, Ask::default()) && queue.push(2, Ask::default()));
        assert!(queue.push(3, urgent()));
        assert_eq!(queue.next().0, 3);
        queue.finish(3);
        assert_eq!(queue.next().0, 1);
        assert_eq!(queue.next_urgent(), None);
        assert!(queue.push(4, urgent()) && queue.push(5, urgent()));
        let (id, ask) = queue.next_urgent().unwrap();
        assert_eq!(id, 4);
        queue.postpone(id, ask);
        assert_eq!(queue.next_urgent(), None, "it is not tried at each token");
        queue.finish(1);
        assert_eq!(queue.next().0, 4, "it keeps its place");
    }
}
