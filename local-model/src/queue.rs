//! The questions that wait, and those that nobody wants answered any more.

use std::collections::{HashSet, VecDeque};
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::protocol::Ask;

/// The most questions that wait.
const WAITING: usize = 32;
/// How many urgent questions in a row go before one that isn't. While that one
/// is answered, urgent ones are answered in the middle of it.
const AHEAD: usize = 4;

/// Between the thread that listens and the one that answers.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    inner: Mutex<Inner>,
    more: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    /// In the order in which they came; the postponed ones are the first.
    waiting: VecDeque<Waiting>,
    /// The questions that are being answered: one, and perhaps an urgent one
    /// in the middle of it.
    running: Vec<u64>,
    cancelled: HashSet<u64>,
    /// How many urgent questions in a row went before one that isn't.
    ahead: usize,
    /// Whether an urgent question has been let into the longer answer since
    /// its last step.
    let_in: bool,
}

#[derive(Debug)]
struct Waiting {
    id: u64,
    ask: Ask,
    /// Whether it waits for the end of the longer answer, because the memory
    /// does not hold both.
    postponed: bool,
}

impl Queue {
    /// Adds a question; false when too many wait.
    pub(crate) fn push(&self, id: u64, ask: Ask) -> bool {
        let mut inner = self.lock();
        if inner.waiting.len() >= WAITING {
            return false;
        }
        inner.waiting.push_back(Waiting {
            id,
            ask,
            postponed: false,
        });
        self.more.notify_one();
        true
    }

    /// Marks a question as no longer wanted. One that waits is gone at once:
    /// then it returns true, and the question is not answered by anyone else.
    pub(crate) fn cancel(&self, id: u64) -> bool {
        let mut inner = self.lock();
        let waits = inner.waiting.iter().position(|waiting| waiting.id == id);
        if let Some(at) = waits {
            inner.waiting.remove(at);
            return true;
        }
        if inner.running.contains(&id) {
            inner.cancelled.insert(id);
        }
        false
    }

    /// Takes the next question once there is any: an urgent one if there is
    /// one, unless [`AHEAD`] of them went before one that still waits.
    pub(crate) fn next(&self) -> (u64, Ask) {
        let mut inner = self.lock();
        loop {
            if let Some(next) = inner.take_next() {
                return next;
            }
            let waited = self.more.wait(inner);
            inner = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes the next urgent question that isn't postponed, if there is one.
    /// After each there is none once: then the longer answer takes a step, so
    /// that it goes on however many come.
    pub(crate) fn next_urgent(&self) -> Option<(u64, Ask)> {
        let mut inner = self.lock();
        if mem::take(&mut inner.let_in) {
            return None;
        }
        let mut waiting = inner.waiting.iter();
        let urgent = waiting.position(|waiting| waiting.ask.urgent && !waiting.postponed)?;
        inner.let_in = true;
        inner.take(urgent)
    }

    /// Lets an urgent question wait for the end of the longer answer after all;
    /// false when it is no longer wanted: then it is gone.
    pub(crate) fn postpone(&self, id: u64, ask: Ask) -> bool {
        let mut inner = self.lock();
        inner.let_in = false;
        inner.running.retain(|at| *at != id);
        if inner.cancelled.remove(&id) {
            return false;
        }
        let waiting = inner.waiting.iter();
        let first = waiting.take_while(|waiting| waiting.postponed).count();
        inner.waiting.insert(
            first,
            Waiting {
                id,
                ask,
                postponed: true,
            },
        );
        true
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
        if inner.running.is_empty() {
            for waiting in &mut inner.waiting {
                waiting.postponed = false;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn take_next(&mut self) -> Option<(u64, Ask)> {
        let urgent = self.waiting.iter().position(|waiting| waiting.ask.urgent);
        let other = self.waiting.iter().position(|waiting| !waiting.ask.urgent);
        let at = match (urgent, other) {
            (Some(urgent), Some(_)) if self.ahead < AHEAD => {
                self.ahead += 1;
                urgent
            }
            (_, Some(other)) => {
                self.ahead = 0;
                other
            }
            (urgent, None) => {
                self.ahead = 0;
                urgent?
            }
        };
        self.let_in = false;
        self.take(at)
    }

    fn take(&mut self, at: usize) -> Option<(u64, Ask)> {
        let Waiting { id, ask, .. } = self.waiting.remove(at)?;
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
        assert!(queue.push(4, urgent()));
        assert_eq!(queue.next_urgent().unwrap().0, 4);
        queue.finish(4);
        queue.finish(1);
        assert_eq!(queue.next().0, 2);
    }

    /// A queue whose question 1 is being answered, and too long to have the
    /// urgent ones from 2 to `last` beside it.
    fn postponing(last: u64) -> Queue {
        let queue = Queue::default();
        assert!(queue.push(1, Ask::default()));
        assert_eq!(queue.next().0, 1);
        for id in 2..=last {
            assert!(queue.push(id, urgent()));
        }
        for id in 2..=last {
            let (at, ask) = queue.next_urgent().unwrap();
            assert_eq!(at, id, "one that is postponed is not tried again");
            assert!(queue.postpone(at, ask));
        }
        assert_eq!(queue.next_urgent(), None, "nor at the next token");
        queue
    }

    #[test]
    fn what_is_postponed_keeps_its_place() {
        let queue = postponing(3);
        assert!(queue.push(4, urgent()));
        assert_eq!(queue.next_urgent().unwrap().0, 4, "one that fits is let in");
        queue.finish(4);
        for _ in 0..2 {
            assert_eq!(queue.next_urgent(), None, "the long answer isn't over");
        }
        assert!(queue.push(5, urgent()));
        queue.finish(1);
        for id in [2, 3, 5] {
            assert_eq!(queue.next().0, id);
            queue.finish(id);
        }
    }

    #[test]
    fn what_is_postponed_and_typed_over_holds_nothing_up() {
        let queue = postponing(2);
        assert!(queue.cancel(2));
        assert!(queue.push(3, urgent()));
        let (id, ask) = queue.next_urgent().unwrap();
        assert_eq!(id, 3);
        assert!(!queue.cancel(3), "typed over just before it is postponed");
        assert!(!queue.postpone(id, ask), "it doesn't wait any more");
        assert!(queue.lock().cancelled.is_empty());
        assert!(queue.push(4, urgent()));
        assert_eq!(queue.next_urgent().unwrap().0, 4);
    }

    #[test]
    fn what_was_postponed_is_let_into_the_next_long_answer() {
        let queue = postponing(AHEAD as u64 + 2);
        assert!(queue.push(100, Ask::default()));
        queue.finish(1);
        for id in 2..AHEAD as u64 + 2 {
            assert_eq!(queue.next().0, id);
            queue.finish(id);
        }
        assert_eq!(queue.next().0, 100);
        assert_eq!(queue.next_urgent().unwrap().0, AHEAD as u64 + 2);
    }

    #[test]
    fn a_long_answer_takes_a_step_between_two_urgent_ones() {
        let queue = Queue::default();
        assert!(queue.push(0, Ask::default()));
        assert_eq!(queue.next().0, 0);
        for id in 1..=20 {
            // Somebody types on while each is answered.
            assert!(queue.push(2 * id, urgent()) && queue.push(2 * id + 1, urgent()));
            assert_eq!(queue.next_urgent().unwrap().0, id + 1);
            queue.finish(id + 1);
            assert_eq!(queue.next_urgent(), None, "{id}");
        }
    }

    #[test]
    fn a_long_question_begins_however_many_urgent_ones_come() {
        let queue = Queue::default();
        for id in 0..20 {
            assert!(queue.push(id, urgent()));
        }
        for id in 0..=AHEAD as u64 {
            assert_eq!(queue.next().0, id, "nobody else waits");
            queue.finish(id);
        }
        assert!(queue.push(100, Ask::default()) && queue.push(101, Ask::default()));
        let mut order = Vec::new();
        for _ in 0..2 * AHEAD + 2 {
            let (id, _) = queue.next();
            queue.finish(id);
            order.push(id);
        }
        assert_eq!(order, [5, 6, 7, 8, 100, 9, 10, 11, 12, 101]);
    }
}
