//! How often people and programs may ask: a token bucket for each, so that
//! nobody can starve the others.

use std::collections::HashMap;
use std::time::Duration;

use atelier_base::{Timestamp, TokenId, UserId};
use parking_lot::Mutex;
use uuid::Uuid;

use crate::domain::Domain;
use crate::error::{Error, Result};

/// From how many buckets on those that are full again are forgotten.
const BUCKETS: usize = 4_096;

/// How fast a bucket fills and how much it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests a minute in the long run; at least one.
    pub per_minute: u32,
    /// Requests at once; at least one.
    pub burst: u32,
}

/// How often models may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateSettings {
    /// By one person, in all.
    pub user: Rate,
    /// With one access token.
    pub token: Rate,
}

impl Default for RateSettings {
    fn default() -> Self {
        Self {
            user: Rate {
                per_minute: 1_200,
                burst: 300,
            },
            token: Rate {
                per_minute: 600,
                burst: 200,
            },
        }
    }
}

impl Rate {
    /// How long one request takes to come back into the bucket, in
    /// microseconds.
    fn interval(self) -> i64 {
        60_000_000 / i64::from(self.per_minute.max(1))
    }

    /// How far ahead of its time a request may be, in microseconds.
    fn ahead(self) -> i64 {
        self.interval() * i64::from(self.burst.max(1))
    }
}

/// The buckets of everybody. Of each only the time is kept at which it would
/// be full again (the generic cell rate algorithm), which says all.
#[derive(Debug, Default)]
pub(crate) struct Buckets(Mutex<HashMap<Uuid, i64>>);

impl Buckets {
    /// Takes one request out of each of the buckets, or out of none and says
    /// how long until all of them have one.
    fn take(&self, now: Timestamp, from: &[(Uuid, Rate)]) -> Result<(), Duration> {
        let now = now.as_micros();
        let mut full_at = self.0.lock();
        if full_at.len() >= BUCKETS {
            full_at.retain(|_, at| *at > now);
        }
        let after = |(key, rate): &(Uuid, Rate)| {
            let at = full_at.get(key).copied().unwrap_or(now).max(now);
            (*key, at + rate.interval(), rate.ahead())
        };
        let after: Vec<_> = from.iter().map(after).collect();
        let wait = after.iter().map(|(_, at, ahead)| at - now - ahead).max();
        if let Some(wait @ 1..) = wait {
            return Err(Duration::from_micros(wait.unsigned_abs()));
        }
        full_at.extend(after.into_iter().map(|(key, at, _)| (key, at)));
        Ok(())
    }
}

impl Domain {
    /// Counts a request to a model against the limits of who asks.
    ///
    /// # Errors
    /// [`Error::TooMany`] says when to ask again.
    pub(crate) fn require_pace(&self, user: UserId, token: Option<TokenId>) -> Result<()> {
        let rates = self.settings().rates;
        let mut buckets = vec![(user.as_uuid(), rates.user)];
        buckets.extend(token.map(|token| (token.as_uuid(), rates.token)));
        let taken = self.buckets().take(self.now(), &buckets);
        taken.map_err(|retry_after| Error::TooMany {
            what: "models were asked too often in too short a time".to_owned(),
            retry_after,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        per_minute: 60,
        burst: 3,
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(1_000_000_000 + seconds * 1_000_000)
    }

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let (buckets, ana) = (Buckets::default(), Uuid::from_u128(1));
        for _ in 0..3 {
            assert_eq!(buckets.take(at(0), &[(ana, RATE)]), Ok(()));
        }
        let wait = buckets.take(at(0), &[(ana, RATE)]).unwrap_err();
        assert_eq!(wait, Duration::from_secs(1));
        assert_eq!(buckets.take(at(1), &[(ana, RATE)]), Ok(()));
        assert!(buckets.take(at(1), &[(ana, RATE)]).is_err());
        for _ in 0..3 {
            assert_eq!(
                buckets.take(at(100), &[(ana, RATE)]),
                Ok(()),
                "no more than it holds"
            );
        }
        assert!(buckets.take(at(100), &[(ana, RATE)]).is_err());
    }

    #[test]
    fn nobody_empties_the_bucket_of_another() {
        let (buckets, ana, ben) = (Buckets::default(), Uuid::from_u128(1), Uuid::from_u128(2));
        for _ in 0..1_000 {
            let _ = buckets.take(at(0), &[(ana, RATE)]);
        }
        for _ in 0..3 {
            assert_eq!(buckets.take(at(0), &[(ben, RATE)]), Ok(()));
        }
        assert_eq!(
            buckets.take(at(1), &[(ana, RATE)]),
            Ok(()),
            "refusals cost nothing"
        );
    }

    #[test]
    fn two_buckets_give_together_or_not_at_all() {
        let (buckets, user, token) = (Buckets::default(), Uuid::from_u128(1), Uuid::from_u128(2));
        let slow = Rate {
            per_minute: 1,
            burst: 1,
        };
        assert_eq!(buckets.take(at(0), &[(user, RATE), (token, slow)]), Ok(()));
        for _ in 0..9 {
            let wait = buckets.take(at(0), &[(user, RATE), (token, slow)]);
            assert_eq!(wait, Err(Duration::from_mins(1)));
        }
        assert_eq!(buckets.take(at(0), &[(user, RATE)]), Ok(()));
        assert_eq!(buckets.take(at(0), &[(user, RATE)]), Ok(()));
        assert!(buckets.take(at(0), &[(user, RATE)]).is_err());
    }
}
