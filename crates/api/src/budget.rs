//! Limits of what models may use and cost.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a budget is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum BudgetScope {
    /// All that you ask.
    User,
    /// All that is asked in one workspace.
    Workspace,
    /// What is asked in one conversation, or in each of yours.
    Conversation,
    /// What is asked in one turn, or in each of yours.
    Turn,
}

/// After what a budget begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum BudgetPeriod {
    /// A day, in UTC.
    Day,
    /// A month, in UTC.
    Month,
    /// Never.
    Total,
}

/// In what an amount is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum BudgetUnit {
    /// US dollars.
    Usd,
    /// Tokens, sent and answered.
    Tokens,
}

/// Why something was not asked: the most it could use is more than is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExceededBudget {
    /// The budget.
    pub budget_id: Uuid,
    /// What it is for.
    pub scope: BudgetScope,
    /// After what it begins anew.
    pub period: BudgetPeriod,
    /// In what the amounts are.
    pub unit: BudgetUnit,
    /// What is used, as a decimal.
    pub used: String,
    /// The most that what is running can use, as a decimal.
    pub reserved: String,
    /// The most that this could have used, as a decimal.
    pub wanted: String,
    /// The limit, as a decimal.
    pub limit: String,
    /// When the budget begins anew; null: never.
    pub resets_at: Option<String>,
}
