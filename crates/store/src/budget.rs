//! Limits of what models may use and cost, and what is used of them.

use atelier_base::{BudgetId, Timestamp, UserId, WorkspaceId};
use uuid::Uuid;

use crate::connection::{Reader, Writer};
use crate::error::Result;

words! {
    /// What a budget is for.
    pub enum BudgetScope {
        /// All that a person asks.
        User = "user",
        /// What is asked in one workspace.
        Workspace = "workspace",
        /// What is asked in one conversation, or in each.
        Conversation = "conversation",
        /// What is asked in one turn, or in each.
        Turn = "turn",
    }
}

words! {
    /// After what a budget begins anew.
    pub enum BudgetPeriod {
        /// A day, in UTC.
        Day = "day",
        /// A month, in UTC.
        Month = "month",
        /// Never.
        Total = "total",
    }
}

record! {
    /// A limit.
    "budgets" pub struct BudgetRow {
        /// Names the budget.
        pub id: BudgetId,
        /// Who set it, and whose calls it is for.
        pub owner_id: UserId,
        /// What it is for.
        pub scope: BudgetScope,
        /// Which one; `None`: the person, or each conversation or turn.
        pub subject_id: Option<Uuid>,
        /// After what it begins anew.
        pub period: BudgetPeriod,
        /// The most money, in micro-dollars.
        pub limit_micros: Option<i64>,
        /// The most tokens, sent and answered.
        pub limit_tokens: Option<u64>,
        /// When it was set.
        pub created_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
    }
}

record! {
    /// What is used and reserved of a budget by one subject in one period.
    "budget_windows" pub struct BudgetWindowRow {
        /// The budget.
        pub budget_id: BudgetId,
        /// The person, workspace, conversation or turn.
        pub subject_id: Uuid,
        /// When the period began; the epoch for a budget that never begins anew.
        pub starts_at: Timestamp,
        /// Micro-dollars that ended calls cost.
        pub used_micros: i64,
        /// The most that running calls can cost.
        pub reserved_micros: i64,
        /// Tokens that ended calls used.
        pub used_tokens: u64,
        /// The most that running calls can use.
        pub reserved_tokens: u64,
    }
}

record! {
    /// Sums over the calls of a period.
    "model_calls summed" pub struct SpentRow {
        /// Micro-dollars that ended calls cost.
        pub used_micros: i64,
        /// The most that running calls can cost.
        pub reserved_micros: i64,
        /// Tokens that ended calls used.
        pub used_tokens: u64,
        /// The most that running calls can use.
        pub reserved_tokens: u64,
    }
}

/// Sums the calls of one subject.
macro_rules! spent {
    ($column:literal) => {
        concat!(
            "SELECT
               CAST(COALESCE(SUM(CASE WHEN state <> 'running' THEN cost_micros END), 0) AS BIGINT)
                 AS used_micros,
               CAST(COALESCE(SUM(CASE WHEN state = 'running' THEN reserved_micros END), 0) AS BIGINT)
                 AS reserved_micros,
               CAST(COALESCE(SUM(CASE WHEN state <> 'running' THEN input_tokens + output_tokens END), 0)
                 AS BIGINT) AS used_tokens,
               CAST(COALESCE(SUM(CASE WHEN state = 'running' THEN reserved_tokens END), 0) AS BIGINT)
                 AS reserved_tokens
             FROM model_calls
             WHERE ",
            $column,
            " = $1 AND created_at >= $2 AND created_at < $3"
        )
    };
}

impl Reader {
    /// Returns a budget.
    pub async fn get_budget(&mut self, id: BudgetId) -> Result<BudgetRow> {
        self.get_one("SELECT * FROM budgets WHERE id = $1", id)
            .await
    }

    /// Lists a person's budgets, oldest first.
    pub async fn list_budgets(&mut self, owner: UserId) -> Result<Vec<BudgetRow>> {
        self.all(
            "SELECT * FROM budgets WHERE owner_id = $1 ORDER BY id",
            args![owner],
        )
        .await
    }

    /// Lists the budgets that calls of a person in a workspace may fall under:
    /// the person's own, and those of the workspace.
    pub async fn list_budgets_on(
        &mut self,
        user: UserId,
        workspace: Option<WorkspaceId>,
    ) -> Result<Vec<BudgetRow>> {
        self.all(
            "SELECT * FROM budgets
             WHERE owner_id = $1 OR (scope = 'workspace' AND subject_id = $2) ORDER BY id",
            args![user, workspace],
        )
        .await
    }

    /// Says whether there is any budget.
    pub async fn has_budgets(&mut self) -> Result<bool> {
        let one: Vec<BudgetId> = self
            .values("SELECT id FROM budgets LIMIT 1", "id", args![])
            .await?;
        Ok(!one.is_empty())
    }

    /// Finds what is noted as used of a budget in a period.
    pub async fn find_budget_window(
        &mut self,
        budget: BudgetId,
        subject: Uuid,
        starts_at: Timestamp,
    ) -> Result<Option<BudgetWindowRow>> {
        self.find_one(
            "SELECT * FROM budget_windows
             WHERE budget_id = $1 AND subject_id = $2 AND starts_at = $3",
            args![budget, subject, starts_at],
        )
        .await
    }

    /// Sums what the calls of `subject` used from `from` until before `to`.
    pub async fn sum_spent(
        &mut self,
        scope: BudgetScope,
        subject: Uuid,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<SpentRow> {
        let sql = match scope {
            BudgetScope::User => spent!("user_id"),
            BudgetScope::Workspace => spent!("workspace_id"),
            BudgetScope::Conversation => spent!("conversation_id"),
            BudgetScope::Turn => spent!("turn_id"),
        };
        let sums = self.all(sql, args![subject, from, to]).await?;
        // A sum without GROUP BY is always one row.
        Ok(sums.into_iter().next().unwrap_or(SpentRow {
            used_micros: 0,
            reserved_micros: 0,
            used_tokens: 0,
            reserved_tokens: 0,
        }))
    }
}

impl Writer {
    /// Adds a budget.
    pub async fn insert_budget(&mut self, row: &BudgetRow) -> Result<()> {
        self.tell().await?;
        self.insert(row).await
    }

    /// Changes a budget's limits.
    pub async fn update_budget(&mut self, row: &BudgetRow) -> Result<()> {
        self.change(
            "budgets",
            row.id,
            "UPDATE budgets SET limit_micros = $2, limit_tokens = $3, updated_at = $4 WHERE id = $1",
            args![row.id, row.limit_micros, row.limit_tokens, row.updated_at],
        )
        .await
    }

    /// Deletes a budget with what is noted of it.
    pub async fn delete_budget(&mut self, id: BudgetId) -> Result<()> {
        self.tell().await?;
        self.execute("DELETE FROM budget_windows WHERE budget_id = $1", args![id])
            .await?;
        self.change(
            "budgets",
            id,
            "DELETE FROM budgets WHERE id = $1",
            args![id],
        )
        .await
    }

    /// Notes what is used of a budget in a period.
    pub async fn put_budget_window(&mut self, row: &BudgetWindowRow) -> Result<()> {
        self.execute(
            "INSERT INTO budget_windows (budget_id, subject_id, starts_at, used_micros,
                 reserved_micros, used_tokens, reserved_tokens)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (budget_id, subject_id, starts_at) DO UPDATE
             SET used_micros = $4, reserved_micros = $5, used_tokens = $6, reserved_tokens = $7",
            args![
                row.budget_id,
                row.subject_id,
                row.starts_at,
                row.used_micros,
                row.reserved_micros,
                row.used_tokens,
                row.reserved_tokens
            ],
        )
        .await
        .map(drop)
    }

    /// Forgets all that is noted of budgets, so that it is summed up anew.
    pub async fn forget_budget_windows(&mut self) -> Result<()> {
        self.execute("DELETE FROM budget_windows", args![])
            .await
            .map(drop)
    }
}

#[cfg(test)]
mod tests;
