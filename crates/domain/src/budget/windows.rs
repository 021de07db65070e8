//! What is used and reserved of budgets, in one transaction.

use std::collections::btree_map::Entry as Place;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use atelier_base::{BudgetId, ConversationId, Timestamp, TurnId, UserId, WorkspaceId};
use atelier_store::{
    BudgetRow, BudgetScope, BudgetWindowRow, CallEnd, CallState, ModelCallRow, Reader, Writer,
};
use uuid::Uuid;

use super::period::Span;
use super::{Exceeded, Unit};
use crate::error::{Error, Result};

/// The windows that a transaction looked at, as they will be when it commits.
#[derive(Debug, Default)]
pub(crate) struct Windows {
    budgets: HashMap<(UserId, Option<WorkspaceId>), Vec<BudgetRow>>,
    windows: BTreeMap<Key, Window>,
}

type Key = (BudgetId, Uuid, Timestamp);

#[derive(Debug)]
struct Window {
    row: BudgetWindowRow,
    changed: bool,
}

/// What a call counts for in a budget.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    used_micros: i64,
    reserved_micros: i64,
    used_tokens: u64,
    reserved_tokens: u64,
}

impl Windows {
    /// Reserves the most that a call can use, in every budget that it falls
    /// under or in none.
    ///
    /// # Errors
    /// The outer one is the store's. The inner one says why the call may not
    /// be made.
    pub(crate) async fn reserve(
        &mut self,
        tx: &mut Reader,
        call: &ModelCallRow,
    ) -> Result<Result<()>> {
        let found = self.open(tx, call).await?;
        for (budget, key) in &found {
            let span = Span::of(budget.period, call.created_at);
            if let Some(window) = self.windows.get(key)
                && let Err(refusal) = allows(budget, &window.row, span, call)
            {
                return Ok(Err(refusal));
            }
        }
        let share = Share::of_running(call);
        for (_, key) in found {
            self.shift(key, Share::default(), share);
        }
        Ok(Ok(()))
    }

    /// Says whether any budget may count the calls of a person in a workspace.
    pub(crate) async fn count(
        &mut self,
        tx: &mut Reader,
        user: UserId,
        workspace: Option<WorkspaceId>,
    ) -> Result<bool> {
        let known = match self.budgets.entry((user, workspace)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(tx.list_budgets_on(user, workspace).await?),
        };
        Ok(!known.is_empty())
    }

    /// Looks at the budgets that a call falls under. Must come before the
    /// call's row changes, which a window that is not noted yet is summed from.
    pub(crate) async fn open(
        &mut self,
        tx: &mut Reader,
        call: &ModelCallRow,
    ) -> Result<Vec<(BudgetRow, Key)>> {
        let asker = (call.user_id, call.workspace_id);
        let budgets = match self.budgets.entry(asker) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(tx.list_budgets_on(asker.0, asker.1).await?),
        };
        let mut open = Vec::new();
        for budget in budgets.iter() {
            let Some(subject) = subject(budget, call) else {
                continue;
            };
            let span = Span::of(budget.period, call.created_at);
            let key = (budget.id, subject, span.from);
            if let Place::Vacant(place) = self.windows.entry(key) {
                place.insert(window(tx, budget, subject, span).await?);
            }
            open.push((budget.clone(), key));
        }
        Ok(open)
    }

    /// Takes back what was reserved for a call and counts what it used.
    pub(crate) fn settle(&mut self, before: &ModelCallRow, end: &CallEnd) {
        let then = match before.state {
            CallState::Running => Share::of_running(before),
            CallState::Done | CallState::Failed | CallState::Cancelled | CallState::Interrupted => {
                Share::used(
                    before.cost_micros,
                    before.input_tokens + before.output_tokens,
                )
            }
        };
        let now = Share::used(end.cost_micros, end.input_tokens + end.output_tokens);
        let asker = (before.user_id, before.workspace_id);
        let keys: Vec<Key> = self
            .budgets
            .get(&asker)
            .into_iter()
            .flatten()
            .filter_map(|budget| {
                let span = Span::of(budget.period, before.created_at);
                Some((budget.id, subject(budget, before)?, span.from))
            })
            .collect();
        for key in keys {
            self.shift(key, then, now);
        }
    }

    /// Notes what changed.
    pub(crate) async fn store(self, tx: &mut Writer) -> Result<()> {
        for window in self.windows.into_values().filter(|window| window.changed) {
            tx.put_budget_window(&window.row).await?;
        }
        Ok(())
    }

    fn shift(&mut self, key: Key, then: Share, now: Share) {
        let Some(window) = self.windows.get_mut(&key) else {
            return;
        };
        let row = &mut window.row;
        let money = |sum: &mut i64, then: i64, now: i64| {
            *sum = sum.saturating_sub(then).saturating_add(now).max(0);
        };
        let tokens = |sum: &mut u64, then: u64, now: u64| {
            *sum = sum.saturating_sub(then).saturating_add(now);
        };
        money(&mut row.used_micros, then.used_micros, now.used_micros);
        money(
            &mut row.reserved_micros,
            then.reserved_micros,
            now.reserved_micros,
        );
        tokens(&mut row.used_tokens, then.used_tokens, now.used_tokens);
        tokens(
            &mut row.reserved_tokens,
            then.reserved_tokens,
            now.reserved_tokens,
        );
        window.changed = true;
    }
}

impl Share {
    fn of_running(call: &ModelCallRow) -> Self {
        Self {
            reserved_micros: call.reserved_micros.unwrap_or(0),
            reserved_tokens: call.reserved_tokens,
            ..Self::default()
        }
    }

    fn used(micros: Option<i64>, tokens: u64) -> Self {
        Self {
            used_micros: micros.unwrap_or(0),
            used_tokens: tokens,
            ..Self::default()
        }
    }
}

/// Returns what of a call a budget is about; `None` when it is not about it.
fn subject(budget: &BudgetRow, call: &ModelCallRow) -> Option<Uuid> {
    let places = [
        call.workspace_id.map(WorkspaceId::as_uuid),
        call.conversation_id.map(ConversationId::as_uuid),
        call.turn_id.map(TurnId::as_uuid),
    ];
    subject_of(budget, call.user_id, places)
}

/// The same, for a call of a person in a workspace, conversation and turn.
pub(super) fn subject_of(
    budget: &BudgetRow,
    user: UserId,
    [workspace, conversation, turn]: [Option<Uuid>; 3],
) -> Option<Uuid> {
    let own = budget.owner_id == user;
    let this_or_each = |id: &Uuid| own && budget.subject_id.is_none_or(|wanted| wanted == *id);
    match budget.scope {
        BudgetScope::User => own.then_some(budget.owner_id.as_uuid()),
        BudgetScope::Workspace => workspace.filter(|id| budget.subject_id == Some(*id)),
        BudgetScope::Conversation => conversation.filter(this_or_each),
        BudgetScope::Turn => turn.filter(this_or_each),
    }
}

/// Finds what is noted of a window, or sums it up from the calls.
pub(super) async fn sum_window(
    tx: &mut Reader,
    budget: &BudgetRow,
    subject: Uuid,
    span: Span,
) -> Result<BudgetWindowRow> {
    let noted = tx.find_budget_window(budget.id, subject, span.from).await?;
    if let Some(row) = noted {
        return Ok(row);
    }
    let spent = tx
        .sum_spent(budget.scope, subject, span.from, span.to)
        .await?;
    Ok(BudgetWindowRow {
        budget_id: budget.id,
        subject_id: subject,
        starts_at: span.from,
        used_micros: spent.used_micros,
        reserved_micros: spent.reserved_micros,
        used_tokens: spent.used_tokens,
        reserved_tokens: spent.reserved_tokens,
    })
}

async fn window(tx: &mut Reader, budget: &BudgetRow, subject: Uuid, span: Span) -> Result<Window> {
    Ok(Window {
        row: sum_window(tx, budget, subject, span).await?,
        changed: false,
    })
}

/// Decides whether a budget lasts for the most that a call can use.
fn allows(
    budget: &BudgetRow,
    window: &BudgetWindowRow,
    span: Span,
    call: &ModelCallRow,
) -> Result<()> {
    let refuse = |unit, used, reserved, wanted, limit| {
        Err(Error::BudgetExceeded(Box::new(Exceeded {
            budget: budget.id,
            scope: budget.scope,
            period: budget.period,
            unit,
            used,
            reserved,
            wanted,
            limit,
            resets_at: span.resets_at(),
        })))
    };
    if let Some(limit) = budget.limit_micros {
        let Some(wanted) = call.reserved_micros else {
            return Err(Error::PriceUnknown {
                model: call.model.clone(),
                provider: call.provider.clone(),
            });
        };
        let (used, reserved) = (window.used_micros, window.reserved_micros);
        // What costs nothing is allowed however much is spent.
        if wanted > 0 && used.saturating_add(reserved).saturating_add(wanted) > limit {
            let [used, reserved, wanted, limit] =
                [used, reserved, wanted, limit].map(|micros| u64::try_from(micros).unwrap_or(0));
            return refuse(Unit::Micros, used, reserved, wanted, limit);
        }
    }
    if let Some(limit) = budget.limit_tokens {
        let (used, reserved, wanted) = (
            window.used_tokens,
            window.reserved_tokens,
            call.reserved_tokens,
        );
        if used.saturating_add(reserved).saturating_add(wanted) > limit {
            return refuse(Unit::Tokens, used, reserved, wanted, limit);
        }
    }
    Ok(())
}
