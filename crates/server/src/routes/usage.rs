//! What was used and what it cost.

use atelier_api::Code;
use atelier_api::usage::{GetUsage, GroupBy, Usage, UsageFormat, UsageRow, UsageTurn};
use atelier_base::Timestamp;
use atelier_domain::usage::{self as domain, PAGE_ROWS, TABLE_ROWS, UsageGroup, UsageQuery, usd};
use axum::Json;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::http::asker::Asker;
use crate::http::body::Query;
use crate::http::error::{ApiError, ApiResult};
use crate::routes::file::signed;

pub(super) async fn get_usage(
    State(app): State<App>,
    Asker(ctx): Asker,
    Query(query): Query<GetUsage>,
) -> ApiResult<Response> {
    let format = query.format.unwrap_or(UsageFormat::Json);
    let wanted = UsageQuery {
        group: match query.group_by.unwrap_or_default() {
            GroupBy::Day => UsageGroup::Day,
            GroupBy::User => UsageGroup::User,
            GroupBy::Model => UsageGroup::Model,
            GroupBy::Task => UsageGroup::Task,
            GroupBy::Workspace => UsageGroup::Workspace,
            GroupBy::Turn => UsageGroup::Turn,
        },
        workspace: query.workspace_id.map(Into::into),
        from: time(query.from.as_deref(), "from")?,
        to: time(query.to.as_deref(), "to")?,
        most: match format {
            UsageFormat::Json => PAGE_ROWS,
            UsageFormat::Csv => TABLE_ROWS,
        },
    };
    let found = app.domain.get_usage(&ctx, wanted).await?;
    let usage = Usage {
        items: found.rows.into_iter().map(row).collect(),
        total: row(found.total),
    };
    Ok(match format {
        UsageFormat::Json => Json(usage).into_response(),
        UsageFormat::Csv => {
            let headers = [
                (CONTENT_TYPE, "text/csv; charset=utf-8"),
                (CONTENT_DISPOSITION, "attachment; filename=\"usage.csv\""),
            ];
            (headers, csv(&usage)).into_response()
        }
    })
}

fn time(text: Option<&str>, field: &'static str) -> ApiResult<Option<Timestamp>> {
    let parse = |text| {
        Timestamp::parse(text).map_err(|_| {
            ApiError::new(
                Code::Invalid,
                "The time is not RFC 3339, such as 2026-01-31T00:00:00Z.",
            )
            .field(field)
        })
    };
    text.map(parse).transpose()
}

fn row(found: domain::UsageRow) -> UsageRow {
    let sums = &found.sums;
    // Of nothing but unknown prices, zero is not what it cost.
    let known = sums.unpriced == 0 || sums.cost_micros > 0;
    UsageRow {
        key: found.key,
        name: found.name,
        turn: found.turn.map(|turn| UsageTurn {
            workspace_id: turn.workspace_id.into(),
            conversation_id: turn.conversation_id.into(),
            asked_at: turn.created_at.to_string(),
        }),
        calls: signed(found.sums.calls),
        input_tokens: signed(found.sums.input_tokens),
        cached_input_tokens: signed(found.sums.cached_input_tokens),
        cache_write_tokens: signed(found.sums.cache_write_tokens),
        output_tokens: signed(found.sums.output_tokens),
        reasoning_tokens: signed(found.sums.reasoning_tokens),
        run_ms: signed(found.sums.run_ms),
        cost_usd: known.then(|| usd(found.sums.cost_micros)),
        unpriced: signed(found.sums.unpriced),
    }
}

const HEAD: &str = "key,name,calls,inputTokens,cachedInputTokens,cacheWriteTokens,outputTokens,reasoningTokens,runMs,costUsd,unpriced";

fn csv(usage: &Usage) -> String {
    let mut text = format!("{HEAD}\r\n");
    for row in &usage.items {
        let name = row.name.as_deref().unwrap_or_default();
        let numbers = [
            row.calls,
            row.input_tokens,
            row.cached_input_tokens,
            row.cache_write_tokens,
            row.output_tokens,
            row.reasoning_tokens,
            row.run_ms,
        ]
        .map(|number| number.to_string())
        .join(",");
        let (key, name) = (cell(&row.key), cell(name));
        let line = format!(
            "{key},{name},{numbers},{},{}\r\n",
            row.cost_usd.as_deref().unwrap_or_default(),
            row.unpriced
        );
        text.push_str(&line);
    }
    text
}

/// Quotes a cell (RFC 4180) and keeps spreadsheets from taking it for a
/// formula.
fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        "'"
    } else {
        ""
    };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        assert_eq!(cell("a\"b"), "\"a\"\"b\"");
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
    }
}
