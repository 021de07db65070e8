//! Making several files and folders durable at once.
//!
//! A disk takes about as long to flush ten things as to flush one, and the
//! kernel joins what is asked for at the same time. So they are asked for by
//! several threads: a commit of twenty files then waits for a few flushes
//! and not for twenty-five.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::error::FileResult;

/// The most threads that wait for the disk.
const THREADS: usize = 8;

/// Does `sync` for each item; a failure ends it soon and is returned.
pub(super) fn each<T: Sync>(
    items: &[T],
    sync: impl Fn(&T) -> FileResult<()> + Sync,
) -> FileResult<()> {
    if let [one] = items {
        return sync(one);
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let take = || items.get(next.fetch_add(1, Ordering::Relaxed));
        std::iter::from_fn(take).try_for_each(&sync)
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..THREADS.min(items.len()))
            .map(|_| scope.spawn(work))
            .collect();
        let mine = work();
        let theirs = others.into_iter().map(|other| match other.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        theirs.fold(mine, Result::and)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::each;
    use crate::error::FileError;

    #[test]
    fn each_item_is_done_once_and_a_failure_is_told() {
        for count in [0, 1, 2, 8, 100] {
            let items: Vec<usize> = (0..count).collect();
            let done = Mutex::new(Vec::new());
            each(&items, |n| {
                done.lock().unwrap().push(*n);
                Ok(())
            })
            .unwrap();
            let mut done = done.into_inner().unwrap();
            done.sort_unstable();
            assert_eq!(done, items);
            let fail_last = |n: &usize| {
                if *n + 1 == count {
                    return Err(FileError::Cancelled);
                }
                Ok(())
            };
            assert_eq!(each(&items, fail_last).is_err(), count > 0);
        }
    }
}
