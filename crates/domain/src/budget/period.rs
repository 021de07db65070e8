//! When a budget's period begins and ends.

use atelier_base::Timestamp;
use atelier_store::BudgetPeriod;

/// The first moment of a period, and the first after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

impl Span {
    /// Returns the period that a moment is in, in UTC.
    pub(super) fn of(period: BudgetPeriod, at: Timestamp) -> Self {
        let (from, to) = match period {
            BudgetPeriod::Day => (at.day_start(), at.next_day_start()),
            BudgetPeriod::Month => (at.month_start(), at.next_month_start()),
            BudgetPeriod::Total => (Timestamp::from_micros(0), Timestamp::from_micros(i64::MAX)),
        };
        Self { from, to }
    }

    /// Returns when the period is over; `None` when it never is.
    pub(super) fn resets_at(self) -> Option<Timestamp> {
        (self.to.as_micros() != i64::MAX).then_some(self.to)
    }
}
