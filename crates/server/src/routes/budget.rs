//! Limits of what models may use and cost.

use atelier_api::budget::{BudgetPeriod, BudgetScope, BudgetUnit, ExceededBudget};
use atelier_domain::budget::{self as domain, Exceeded};
use atelier_domain::usage::usd;

/// Writes why something was not asked in the form that programs read.
pub(crate) fn exceeded_budget(found: &Exceeded) -> ExceededBudget {
    let amount = |count: u64| match found.unit {
        domain::Unit::Micros => usd(i64::try_from(count).unwrap_or(i64::MAX)),
        domain::Unit::Tokens => count.to_string(),
    };
    ExceededBudget {
        budget_id: found.budget.into(),
        scope: scope(found.scope),
        period: period(found.period),
        unit: match found.unit {
            domain::Unit::Micros => BudgetUnit::Usd,
            domain::Unit::Tokens => BudgetUnit::Tokens,
        },
        used: amount(found.used),
        reserved: amount(found.reserved),
        wanted: amount(found.wanted),
        limit: amount(found.limit),
        resets_at: found.resets_at.map(|at| at.to_string()),
    }
}

fn scope(scope: domain::BudgetScope) -> BudgetScope {
    match scope {
        domain::BudgetScope::User => BudgetScope::User,
        domain::BudgetScope::Workspace => BudgetScope::Workspace,
        domain::BudgetScope::Conversation => BudgetScope::Conversation,
        domain::BudgetScope::Turn => BudgetScope::Turn,
    }
}

fn period(period: domain::BudgetPeriod) -> BudgetPeriod {
    match period {
        domain::BudgetPeriod::Day => BudgetPeriod::Day,
        domain::BudgetPeriod::Month => BudgetPeriod::Month,
        domain::BudgetPeriod::Total => BudgetPeriod::Total,
    }
}
