//! Time. The one module that reads the operating system's clock.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Microseconds in a day; UTC as computers count it has no other days.
const DAY_MICROS: i64 = 86_400_000_000;

/// A moment: microseconds since 1970-01-01T00:00:00Z.
///
/// The same integer is stored by both database engines, so a value read back
/// equals the value written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Makes a timestamp from microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Returns the microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Returns the whole milliseconds since the epoch, never negative.
    pub fn as_millis(self) -> u64 {
        u64::try_from(self.0 / 1_000).unwrap_or(0)
    }

    /// Returns the moment `duration` later, saturating at the end of time.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros))
    }

    /// Returns the time from `earlier` to `self`; zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Returns the first moment of its day, in UTC.
    #[must_use]
    pub const fn day_start(self) -> Self {
        Self(self.0 - self.0.rem_euclid(DAY_MICROS))
    }

    /// Returns the first moment of the day after its own, in UTC.
    #[must_use]
    pub const fn next_day_start(self) -> Self {
        Self(self.day_start().0.saturating_add(DAY_MICROS))
    }

    /// Returns the first moment of its month, in UTC.
    #[must_use]
    pub fn month_start(self) -> Self {
        self.month(0)
    }

    /// Returns the first moment of the month after its own, in UTC.
    #[must_use]
    pub fn next_month_start(self) -> Self {
        self.month(1)
    }

    /// Returns the first moment of the month `later` months after its own; the
    /// day's where the calendar ends.
    fn month(self, later: i32) -> Self {
        use jiff::{ToSpan as _, tz::TimeZone};
        let month = || {
            let here = jiff::Timestamp::from_microsecond(self.0).ok()?;
            let first = here.to_zoned(TimeZone::UTC).date().first_of_month();
            let first = first.checked_add(later.months()).ok()?;
            let start = first.to_zoned(TimeZone::UTC).ok()?;
            Some(Self(start.timestamp().as_microsecond()))
        };
        month().unwrap_or_else(|| self.day_start())
    }

    /// Reads RFC 3339 text, such as `2026-01-01T00:00:00Z`.
    ///
    /// # Errors
    /// Returns the text back when it is not RFC 3339.
    pub fn parse(text: &str) -> Result<Self, String> {
        text.parse::<jiff::Timestamp>()
            .map(|t| Self(t.as_microsecond()))
            .map_err(|_| text.to_owned())
    }
}

impl fmt::Display for Timestamp {
    /// Writes RFC 3339 in UTC with six digits of fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(t) => write!(f, "{t:.6}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

/// Where the current time comes from.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// Returns the current time.
    fn now(&self) -> Timestamp;
}

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the clock"
    )]
    fn now(&self) -> Timestamp {
        Timestamp(jiff::Timestamp::now().as_microsecond())
    }
}

/// A clock that tests set by hand; it also advances one microsecond per
/// reading, so that two events never share a time.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// Makes a clock that starts at `start`.
    pub fn new(start: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(start.0)))
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.fetch_add(1, Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_print_and_parse_as_rfc_3339() {
        let t = Timestamp::from_micros(1_767_225_600_000_001);
        assert_eq!(t.to_string(), "2026-01-01T00:00:00.000001Z");
        assert_eq!(Timestamp::parse(&t.to_string()), Ok(t));
        assert!(Timestamp::parse("yesterday").is_err());
    }

    #[test]
    fn days_and_months_begin_in_utc() {
        for (at, day, next_day, month, next_month) in [
            (
                "2026-01-31T23:59:59Z",
                "2026-01-31",
                "2026-02-01",
                "2026-01-01",
                "2026-02-01",
            ),
            (
                "2028-02-29T00:00:00Z",
                "2028-02-29",
                "2028-03-01",
                "2028-02-01",
                "2028-03-01",
            ),
            (
                "2026-12-05T12:00:00Z",
                "2026-12-05",
                "2026-12-06",
                "2026-12-01",
                "2027-01-01",
            ),
            (
                "1969-12-31T12:00:00Z",
                "1969-12-31",
                "1970-01-01",
                "1969-12-01",
                "1970-01-01",
            ),
        ] {
            let at = Timestamp::parse(at).unwrap();
            let start = |day| Timestamp::parse(&format!("{day}T00:00:00Z")).unwrap();
            assert_eq!(at.day_start(), start(day));
            assert_eq!(at.next_day_start(), start(next_day));
            assert_eq!(at.month_start(), start(month));
            assert_eq!(at.next_month_start(), start(next_month));
        }
    }

    #[test]
    fn a_manual_clock_moves_only_forward() {
        let clock = ManualClock::new(Timestamp::from_micros(10));
        let first = clock.now();
        clock.advance(Duration::from_secs(1));
        assert!(clock.now().since(first) >= Duration::from_secs(1));
    }
}
