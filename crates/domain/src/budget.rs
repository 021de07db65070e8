//! Budgets: how much money and how many tokens models may use.
//!
//! The most that a call can use is reserved before it is sent, in the
//! transaction that writes it down, and what it did not use is free again
//! once it ends. Transactions that write take turns, on both engines and
//! between servers on one database, so however many calls begin at once,
//! their reservations never pass a limit.

mod limit;
mod period;
mod windows;

use atelier_base::Timestamp;
pub use atelier_store::{BudgetPeriod, BudgetScope};

pub use limit::{Budget, Limits, NewBudget};
pub(crate) use windows::Windows;

/// In what a budget is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Micro-dollars.
    Micros,
    /// Tokens.
    Tokens,
}

/// Why a call was not made: a budget would not last for the most that it can
/// use. All amounts are in the unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// The budget.
    pub budget: atelier_base::BudgetId,
    /// What it is for.
    pub scope: BudgetScope,
    /// After what it begins anew.
    pub period: BudgetPeriod,
    /// In what the amounts are.
    pub unit: Unit,
    /// What ended calls used.
    pub used: u64,
    /// The most that running calls can use.
    pub reserved: u64,
    /// The most that this call could use.
    pub wanted: u64,
    /// The limit.
    pub limit: u64,
    /// When the budget begins anew; `None`: never.
    pub resets_at: Option<Timestamp>,
}

/// What to do when a budget needs a price that nobody knows.
pub const PRICE_HINT: &str =
    "Set the model's prices on the Models page, or choose a model whose price is known.";

impl Exceeded {
    /// Returns what to do.
    pub fn hint(&self) -> String {
        let later = match self.resets_at {
            Some(at) => format!("wait until it begins anew at {at}, "),
            None => String::new(),
        };
        let hint = format!(
            "{later}raise it under Budgets on the Models page, ask for a shorter answer, or use a local or cheaper model."
        );
        let mut chars = hint.chars();
        let first: String = chars
            .next()
            .into_iter()
            .flat_map(char::to_uppercase)
            .collect();
        first + chars.as_str()
    }
}

impl std::fmt::Display for Exceeded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let amount = |count: u64| match self.unit {
            Unit::Micros => format!("${}", crate::usage::usd_of(count)),
            Unit::Tokens => crate::usage::tokens_of(count),
        };
        let period = match self.period {
            BudgetPeriod::Day => "daily ",
            BudgetPeriod::Month => "monthly ",
            BudgetPeriod::Total => "",
        };
        let whose = match self.scope {
            BudgetScope::User => "your",
            BudgetScope::Workspace => "the workspace's",
            BudgetScope::Conversation => "the conversation's",
            BudgetScope::Turn => "the turn's",
        };
        write!(
            f,
            "{whose} {period}budget of {} does not last: {} is used, {} is reserved for what is running, and this could use up to {}",
            amount(self.limit),
            amount(self.used),
            amount(self.reserved),
            amount(self.wanted)
        )
    }
}
