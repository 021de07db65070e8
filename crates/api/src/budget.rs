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

/// Sets a budget.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateBudget {
    /// What it is for.
    pub scope: BudgetScope,
    /// The workspace, conversation or turn; absent for your own, and for each
    /// conversation or each turn of yours.
    #[serde(default)]
    pub subject_id: Option<Uuid>,
    /// After what it begins anew.
    pub period: BudgetPeriod,
    /// The most US dollars, as a decimal such as `0.5`.
    #[serde(default)]
    pub limit_usd: Option<String>,
    /// The most tokens, sent and answered.
    #[serde(default)]
    pub limit_tokens: Option<u64>,
}

/// Changes a budget's limits, both of them: an absent one is taken off.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateBudget {
    /// The most US dollars, as a decimal.
    #[serde(default)]
    pub limit_usd: Option<String>,
    /// The most tokens, sent and answered.
    #[serde(default)]
    pub limit_tokens: Option<u64>,
}

/// A budget, and what is used of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Budget {
    /// The budget's id.
    pub id: Uuid,
    /// What it is for.
    pub scope: BudgetScope,
    /// The workspace, conversation or turn; null for your own, and for each.
    pub subject_id: Option<Uuid>,
    /// After what it begins anew.
    pub period: BudgetPeriod,
    /// The most US dollars; null: no limit.
    pub limit_usd: Option<String>,
    /// The most tokens; null: no limit.
    pub limit_tokens: Option<u64>,
    /// What is used of it now; null for one that is for each of many.
    pub spent: Option<BudgetSpent>,
    /// When it begins anew; null: never.
    pub resets_at: Option<String>,
    /// When it was set.
    pub created_at: String,
}

/// What is used of a budget in its present period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BudgetSpent {
    /// US dollars that are used.
    pub used_usd: String,
    /// The most US dollars that what is running can use.
    pub reserved_usd: String,
    /// Tokens that are used.
    pub used_tokens: u64,
    /// The most tokens that what is running can use.
    pub reserved_tokens: u64,
}

/// Every budget of yours.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Budgets {
    /// The budgets, oldest first.
    pub items: Vec<Budget>,
}
