//! The changes that wait to be told: each path until it rests.

use std::collections::HashMap;
use std::time::Duration;

use atelier_base::WorkspacePath;
use tokio::time::Instant;

use super::Changes;

/// A path is told of when nothing happened to it for this long …
const QUIET: Duration = Duration::from_millis(150);
/// … or it was written to for this long without a pause; each time it still
/// is, twice as long, so that a log that grows for hours has tens of versions
/// and not tens of thousands.
const LONGEST: Duration = Duration::from_millis(700);
const LONGEST_MOST: Duration = Duration::from_mins(1);
/// More paths than this are "everything".
const PATHS: usize = 4_096;

/// When something happened first and last.
#[derive(Clone, Copy, Debug)]
struct Times {
    first: Instant,
    last: Instant,
}

#[derive(Debug)]
pub(super) struct Pending {
    /// When what is noted happened.
    now: Instant,
    paths: HashMap<WorkspacePath, Times>,
    /// How long those may go on that did not rest when they were last told of.
    busy: HashMap<WorkspacePath, Duration>,
    everything: Option<Times>,
    storm: Option<Duration>,
}

impl Pending {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            now,
            paths: HashMap::new(),
            busy: HashMap::new(),
            everything: None,
            storm: None,
        }
    }

    /// Says when what is noted from here on happened.
    pub(super) fn set_now(&mut self, now: Instant) {
        self.now = now;
    }

    /// Notes that something happened to a path.
    pub(super) fn add(&mut self, path: WorkspacePath) {
        if self.everything.is_some() {
            return self.add_everything();
        }
        let now = self.now;
        let times = Times {
            first: now,
            last: now,
        };
        self.paths.entry(path).or_insert(times).last = now;
        if self.paths.len() > PATHS {
            self.add_everything();
        }
    }

    /// Notes that anything may have happened.
    pub(super) fn add_everything(&mut self) {
        let now = self.now;
        let first = self.paths.values().map(|times| times.first).min();
        let times = Times {
            first: first.unwrap_or(now),
            last: now,
        };
        self.everything.get_or_insert(times).last = now;
        self.paths.clear();
    }

    /// Returns when the next change is to be told.
    pub(super) fn due(&self) -> Option<Instant> {
        match &self.everything {
            Some(times) => Some(times.due(self.storm)),
            None => self
                .paths
                .iter()
                .map(|(path, times)| self.due_of(path, times))
                .min(),
        }
    }

    /// Takes what is to be told at `now`.
    pub(super) fn take(&mut self, now: Instant) -> Option<Changes> {
        if let Some(times) = self.everything {
            if times.due(self.storm) > now {
                return None;
            }
            self.storm = times.next(self.storm, now);
            self.everything = None;
            return Some(Changes::Everything);
        }
        let due: Vec<_> = self
            .paths
            .iter()
            .filter(|(path, times)| self.due_of(path, times) <= now)
            .map(|(path, times)| (path.clone(), *times))
            .collect();
        for (path, times) in &due {
            self.paths.remove(path);
            match times.next(self.busy.get(path).copied(), now) {
                Some(longer) => self.busy.insert(path.clone(), longer),
                None => self.busy.remove(path),
            };
        }
        // Paths that never rest and then vanish leave nothing for long.
        if self.busy.len() > PATHS {
            self.busy.clear();
        }
        let mut paths: Vec<_> = due.into_iter().map(|(path, _)| path).collect();
        paths.sort_unstable();
        (!paths.is_empty()).then_some(Changes::Paths(paths))
    }

    fn due_of(&self, path: &WorkspacePath, times: &Times) -> Instant {
        times.due(self.busy.get(path).copied())
    }
}

impl Times {
    fn due(&self, longest: Option<Duration>) -> Instant {
        (self.last + QUIET).min(self.first + longest.unwrap_or(LONGEST))
    }

    /// Returns how long it may go on next time; `None` when it rests.
    fn next(&self, longest: Option<Duration>, now: Instant) -> Option<Duration> {
        let rests = self.last + QUIET <= now;
        (!rests).then(|| (longest.unwrap_or(LONGEST) * 2).min(LONGEST_MOST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> WorkspacePath {
        WorkspacePath::new(name).unwrap()
    }

    fn pass(pending: &mut Pending, ms: u64) -> Option<Changes> {
        let now = pending.now + Duration::from_millis(ms);
        pending.set_now(now);
        pending.take(now)
    }

    fn pending() -> Pending {
        Pending::new(Instant::now())
    }

    #[test]
    fn a_burst_is_told_once_when_it_rests() {
        let mut pending = pending();
        for _ in 0..5 {
            pending.add(path("a"));
            assert_eq!(pass(&mut pending, 50), None);
        }
        let due = pending.now + Duration::from_millis(100);
        assert_eq!(pending.due(), Some(due));
        let told = Changes::Paths(vec![path("a")]);
        assert_eq!(pass(&mut pending, 100), Some(told));
        assert_eq!((pending.due(), pass(&mut pending, 1_000)), (None, None));
    }

    #[test]
    fn what_never_rests_is_told_ever_more_rarely_until_it_does() {
        let mut pending = pending();
        let begun = pending.now;
        let mut told = Vec::new();
        for _ in 0..200 {
            pending.add(path("log"));
            if pass(&mut pending, 50).is_some() {
                told.push((pending.now - begun).as_millis());
            }
        }
        assert_eq!(told, [700, 2_100, 4_900]);
        assert!(pass(&mut pending, 150).is_some(), "it rests");
        pending.add(path("log"));
        let due = pending.now + QUIET;
        assert_eq!(pending.due(), Some(due), "and is quick again");
    }

    #[test]
    fn too_many_paths_are_everything() {
        let mut pending = pending();
        for number in 0..=PATHS {
            pending.add(path(&format!("{number}")));
        }
        pending.add(path("more"));
        assert_eq!(pass(&mut pending, 200), Some(Changes::Everything));
        assert_eq!(pass(&mut pending, 1_000), None);
    }
}
