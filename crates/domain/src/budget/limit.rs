//! Setting budgets, and what is left of them.

use atelier_base::{BudgetId, Timestamp, WorkspaceId};
use atelier_store::{BudgetPeriod, BudgetRow, BudgetScope, BudgetWindowRow, Reader};
use uuid::Uuid;

use super::period::Span;
use super::windows::{subject_of, sum_window};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::route::Left;

/// The most budgets of a person.
const BUDGETS: usize = 100;
/// The highest limits: a million dollars, and a million million tokens.
const MICROS: i64 = 1_000_000_000_000;
const TOKENS: u64 = 1_000_000_000_000;

/// A budget to set.
#[derive(Clone, Debug)]
pub struct NewBudget {
    /// What it is for.
    pub scope: BudgetScope,
    /// Which one; `None`: the asker, or each conversation or turn.
    pub subject: Option<Uuid>,
    /// After what it begins anew.
    pub period: BudgetPeriod,
    /// Its limits.
    pub limits: Limits,
}

/// The limits of a budget; one at least is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// The most money, in micro-dollars.
    pub micros: Option<i64>,
    /// The most tokens.
    pub tokens: Option<u64>,
}

/// A budget, and what is used of it.
#[derive(Clone, Debug)]
pub struct Budget {
    /// The budget.
    pub row: BudgetRow,
    /// What is used and reserved in this period; `None` for one that is for
    /// each of many.
    pub window: Option<BudgetWindowRow>,
    /// When the period began; `None` for one that never begins anew.
    pub from: Option<Timestamp>,
    /// When it begins anew.
    pub resets_at: Option<Timestamp>,
}

impl Domain {
    /// Lists the asker's budgets with what is used of them.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when nobody is signed in.
    pub async fn list_budgets(&self, ctx: &Ctx) -> Result<Vec<Budget>> {
        let owner = ctx.person()?;
        let now = self.now();
        self.store()
            .read(async |tx| {
                let mut budgets = Vec::new();
                for row in tx.list_budgets(owner).await? {
                    budgets.push(shown(tx, row, now).await?);
                }
                Ok(budgets)
            })
            .await
    }

    /// Sets a budget.
    ///
    /// # Errors
    /// [`Error::Invalid`] for limits that are none, and [`Error::NotFound`]
    /// for a workspace, conversation or turn that the asker may not see.
    pub async fn create_budget(&self, ctx: &Ctx, new: NewBudget) -> Result<Budget> {
        let owner = ctx.person()?;
        self.check_subject(ctx, &new).await?;
        check(new.limits)?;
        let now = self.now();
        let row = BudgetRow {
            id: self.ids().next(),
            owner_id: owner,
            scope: new.scope,
            subject_id: new.subject,
            period: new.period,
            limit_micros: new.limits.micros,
            limit_tokens: new.limits.tokens,
            created_at: now,
            updated_at: now,
        };
        let budget = self
            .store()
            .write(async |tx| {
                if tx.list_budgets(owner).await?.len() >= BUDGETS {
                    let detail = format!("at most {BUDGETS} budgets; delete one first");
                    return Err(Error::invalid("scope", detail));
                }
                tx.insert_budget(&row).await?;
                shown(tx, row, now).await
            })
            .await?;
        self.catalogues().forget();
        Ok(budget)
    }

    /// Changes a budget's limits.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker has no such budget, and
    /// [`Error::Invalid`] for limits that are none.
    pub async fn update_budget(&self, ctx: &Ctx, id: BudgetId, limits: Limits) -> Result<Budget> {
        let row = self.require_budget(ctx, id).await?;
        check(limits)?;
        let now = self.now();
        let row = BudgetRow {
            limit_micros: limits.micros,
            limit_tokens: limits.tokens,
            updated_at: now,
            ..row
        };
        self.store()
            .write(async |tx| {
                tx.update_budget(&row).await?;
                shown(tx, row, now).await
            })
            .await
    }

    /// Takes a budget back.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker has no such budget.
    pub async fn delete_budget(&self, ctx: &Ctx, id: BudgetId) -> Result<()> {
        self.require_budget(ctx, id).await?;
        self.store()
            .write(async |tx| tx.delete_budget(id).await)
            .await?;
        self.catalogues().forget();
        Ok(())
    }

    /// Returns what all budgets have left for a call.
    pub(crate) async fn budget_left(
        &self,
        ctx: &Ctx,
        workspace: Option<WorkspaceId>,
        place: Option<(Uuid, Uuid)>,
    ) -> Result<Left> {
        let user = ctx.person()?;
        if !self.known(ctx).await?.has_budgets {
            return Ok(Left::default());
        }
        let now = self.now();
        self.store()
            .read(async |tx| {
                let mut left = Left::default();
                for row in tx.list_budgets_on(user, workspace).await? {
                    let (conversation, turn) = place.unzip();
                    let workspace = workspace.map(WorkspaceId::as_uuid);
                    let places = [workspace, conversation, turn];
                    if let Some(subject) = subject_of(&row, user, places) {
                        let span = Span::of(row.period, now);
                        let window = sum_window(tx, &row, subject, span).await?;
                        left.lower(&row, &window);
                    }
                }
                Ok(left)
            })
            .await
    }

    async fn require_budget(&self, ctx: &Ctx, id: BudgetId) -> Result<BudgetRow> {
        let owner = ctx.person()?;
        let row = self
            .store()
            .query(async |tx| tx.get_budget(id).await)
            .await?;
        if row.owner_id == owner {
            Ok(row)
        } else {
            Err(Error::NotFound { what: "budget" })
        }
    }

    async fn check_subject(&self, ctx: &Ctx, new: &NewBudget) -> Result<()> {
        match (new.scope, new.subject) {
            (BudgetScope::User | BudgetScope::Conversation | BudgetScope::Turn, None) => Ok(()),
            (BudgetScope::User, Some(_)) => Err(Error::invalid(
                "subjectId",
                "your own budget is for you; leave it out",
            )),
            (BudgetScope::Workspace, None) => {
                Err(Error::invalid("subjectId", "say which workspace it is for"))
            }
            (BudgetScope::Workspace, Some(id)) => {
                self.require_workspace(ctx, id.into()).await.map(drop)
            }
            (BudgetScope::Conversation, Some(id)) => {
                self.require_conversation(ctx, id.into()).await.map(drop)
            }
            (BudgetScope::Turn, Some(id)) => self.get_turn(ctx, id.into()).await.map(drop),
        }
    }
}

impl Left {
    fn lower(&mut self, budget: &BudgetRow, window: &BudgetWindowRow) {
        if let Some(limit) = budget.limit_micros {
            let gone = window.used_micros.saturating_add(window.reserved_micros);
            let left = u64::try_from(limit.saturating_sub(gone)).unwrap_or(0);
            self.micros = Some(self.micros.map_or(left, |least| least.min(left)));
        }
        if let Some(limit) = budget.limit_tokens {
            let gone = window.used_tokens.saturating_add(window.reserved_tokens);
            let left = limit.saturating_sub(gone);
            self.tokens = Some(self.tokens.map_or(left, |least| least.min(left)));
        }
    }
}

fn check(limits: Limits) -> Result<()> {
    if limits.micros.is_none() && limits.tokens.is_none() {
        return Err(Error::invalid(
            "limitUsd",
            "give a limit in dollars, in tokens, or both",
        ));
    }
    if limits
        .micros
        .is_some_and(|micros| !(0..=MICROS).contains(&micros))
    {
        return Err(Error::invalid("limitUsd", "at most 1000000 dollars"));
    }
    if limits.tokens.is_some_and(|tokens| tokens > TOKENS) {
        return Err(Error::invalid(
            "limitTokens",
            "at most 1000000000000 tokens",
        ));
    }
    Ok(())
}

async fn shown(tx: &mut Reader, row: BudgetRow, now: Timestamp) -> Result<Budget> {
    let span = Span::of(row.period, now);
    let subject = match row.scope {
        BudgetScope::User => Some(row.owner_id.as_uuid()),
        BudgetScope::Workspace | BudgetScope::Conversation | BudgetScope::Turn => row.subject_id,
    };
    let window = match subject {
        Some(subject) => Some(sum_window(tx, &row, subject, span).await?),
        None => None,
    };
    let resets_at = span.resets_at();
    Ok(Budget {
        row,
        window,
        from: resets_at.map(|_| span.from),
        resets_at,
    })
}
