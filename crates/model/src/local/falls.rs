//! How often the helper fell over of late, and when it may stand up again.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// How long it rests after it fell for the second time in a row; each further
/// time twice as long.
const REST: Duration = Duration::from_secs(1);
/// The longest it rests.
const LONGEST: Duration = Duration::from_mins(1);

/// The helper's falls since it last gave a whole answer.
///
/// After one it is started again by the next request. One that falls again
/// and again is left alone for longer and longer, so that a machine with too
/// little memory doesn't spend itself on loading a gigabyte in vain.
#[derive(Debug, Default)]
pub(super) struct Falls(Mutex<Fallen>);

#[derive(Debug, Default)]
struct Fallen {
    in_a_row: u32,
    /// How it last fell, and until when it rests.
    last: Option<(String, Instant)>,
}

/// A fall that was not made good yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fall {
    /// How it fell, for people.
    pub(super) how: String,
    /// How long it still rests; zero when the next request starts it.
    pub(super) rest: Duration,
}

impl Falls {
    /// Notes that it fell.
    pub(super) fn fell(&self, how: &str) {
        self.fell_at(how, Instant::now());
    }

    fn fell_at(&self, how: &str, now: Instant) {
        let mut fallen = self.0.lock();
        fallen.in_a_row = fallen.in_a_row.saturating_add(1);
        let rest = match fallen.in_a_row.checked_sub(2) {
            None => Duration::ZERO,
            Some(more) => REST.saturating_mul(1 << more.min(16)).min(LONGEST),
        };
        fallen.last = Some((how.to_owned(), now + rest));
    }

    /// Notes that it gave a whole answer.
    pub(super) fn stood(&self) {
        *self.0.lock() = Fallen::default();
    }

    /// Returns the last fall; `None` after a whole answer.
    pub(super) fn last(&self) -> Option<Fall> {
        self.at(Instant::now())
    }

    fn at(&self, now: Instant) -> Option<Fall> {
        let fallen = self.0.lock();
        let (how, until) = fallen.last.as_ref()?;
        Some(Fall {
            how: how.clone(),
            rest: until.saturating_duration_since(now),
        })
    }
}

impl Fall {
    /// Says when it starts again, as the end of a sentence.
    pub(super) fn again(&self) -> String {
        match self.rest.as_millis().div_ceil(1_000) {
            0 => "it starts again with the next request".to_owned(),
            1 => "it is not started again for a second".to_owned(),
            seconds => format!("it is not started again for {seconds} seconds"),
        }
    }

    /// Returns the whole sentence.
    pub(super) fn sentence(&self) -> String {
        format!("{}; {}", self.how, self.again())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fall_in_a_row_is_followed_by_a_longer_rest() {
        let falls = Falls::default();
        let now = Instant::now();
        assert_eq!(falls.at(now), None);
        let rests: Vec<u64> = (0..9)
            .map(|_| {
                falls.fell_at("it fell", now);
                falls.at(now).unwrap().rest.as_secs()
            })
            .collect();
        assert_eq!(rests, [0, 1, 2, 4, 8, 16, 32, 60, 60]);
        let words = |after| {
            let at = now + Duration::from_millis(after);
            falls.at(at).unwrap().sentence()
        };
        assert_eq!(
            words(58_500),
            "it fell; it is not started again for 2 seconds"
        );
        assert_eq!(
            words(59_500),
            "it fell; it is not started again for a second"
        );
        assert_eq!(
            words(60_500),
            "it fell; it starts again with the next request"
        );
        falls.stood();
        falls.fell_at("it fell", now);
        assert_eq!(falls.at(now).unwrap().rest, Duration::ZERO);
    }
}
