//! Limits of what models may use and cost.

use atelier_api::budget::{
    Budget, BudgetPeriod, BudgetScope, BudgetSpent, BudgetUnit, Budgets, CreateBudget,
    ExceededBudget, UpdateBudget,
};
use atelier_base::BudgetId;
use atelier_domain::budget::{self as domain, Exceeded};
use atelier_domain::usage::{parse_usd, usd};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;

use crate::app::App;
use crate::http::asker::Asker;
use crate::http::body::{Body, Id};
use crate::http::error::ApiResult;

pub(super) async fn list_budgets(
    State(app): State<App>,
    Asker(ctx): Asker,
) -> ApiResult<Json<Budgets>> {
    let found = app.domain.list_budgets(&ctx).await?;
    Ok(Json(Budgets {
        items: found.into_iter().map(shown).collect(),
    }))
}

pub(super) async fn create_budget(
    State(app): State<App>,
    Asker(ctx): Asker,
    Body(body): Body<CreateBudget>,
) -> ApiResult<impl IntoResponse> {
    let new = domain::NewBudget {
        scope: match body.scope {
            BudgetScope::User => domain::BudgetScope::User,
            BudgetScope::Workspace => domain::BudgetScope::Workspace,
            BudgetScope::Conversation => domain::BudgetScope::Conversation,
            BudgetScope::Turn => domain::BudgetScope::Turn,
        },
        subject: body.subject_id,
        period: match body.period {
            BudgetPeriod::Day => domain::BudgetPeriod::Day,
            BudgetPeriod::Month => domain::BudgetPeriod::Month,
            BudgetPeriod::Total => domain::BudgetPeriod::Total,
        },
        limits: limits(body.limit_usd.as_deref(), body.limit_tokens)?,
    };
    let made = app.domain.create_budget(&ctx, new).await?;
    Ok((StatusCode::CREATED, Json(shown(made))))
}

pub(super) async fn update_budget(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<BudgetId>,
    Body(body): Body<UpdateBudget>,
) -> ApiResult<Json<Budget>> {
    let limits = limits(body.limit_usd.as_deref(), body.limit_tokens)?;
    Ok(Json(shown(
        app.domain.update_budget(&ctx, id, limits).await?,
    )))
}

pub(super) async fn delete_budget(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<BudgetId>,
) -> ApiResult<StatusCode> {
    app.domain.delete_budget(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn limits(limit_usd: Option<&str>, tokens: Option<u64>) -> ApiResult<domain::Limits> {
    let micros = match limit_usd {
        Some(text) => Some(parse_usd(text, "limitUsd")?),
        None => None,
    };
    Ok(domain::Limits { micros, tokens })
}

fn shown(found: domain::Budget) -> Budget {
    let row = found.row;
    Budget {
        id: row.id.into(),
        scope: scope(row.scope),
        subject_id: row.subject_id,
        period: period(row.period),
        limit_usd: row.limit_micros.map(usd),
        limit_tokens: row.limit_tokens,
        spent: found.window.map(|window| BudgetSpent {
            used_usd: usd(window.used_micros),
            reserved_usd: usd(window.reserved_micros),
            used_tokens: window.used_tokens,
            reserved_tokens: window.reserved_tokens,
        }),
        resets_at: found.resets_at.map(|at| at.to_string()),
        created_at: row.created_at.to_string(),
    }
}

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
