//! What everything used and cost: sums over the ledger of model calls and over
//! what runs used.

use atelier_base::{RunId, Timestamp, TurnId, UsageId, UserId, WorkspaceId};

use crate::connection::{Reader, Writer};
use crate::error::Result;
use crate::sql::{Column, Record, Row};

words! {
    /// What a usage record counts.
    pub enum UsageKind {
        /// Wall-clock milliseconds of a run.
        RunMs = "run_ms",
    }
}

record! {
    /// One metered use that is no model call; those are in `model_calls`.
    "usage_records" pub struct UsageRecordRow {
        /// Names the record.
        pub id: UsageId,
        /// Who used it.
        pub user_id: UserId,
        /// The workspace it is paid by.
        pub workspace_id: WorkspaceId,
        /// The turn it was used in.
        pub turn_id: Option<TurnId>,
        /// The run it was used by.
        pub run_id: Option<RunId>,
        /// The model that was used.
        pub model: Option<String>,
        /// What is counted.
        pub kind: UsageKind,
        /// How much of it.
        pub quantity: u64,
        /// The cost in micro-dollars; `None` when there is no known price.
        pub cost_micros: Option<i64>,
        /// When it was used.
        pub created_at: Timestamp,
    }
}

record! {
    /// Sums over model calls and usage records.
    #[derive(Default)]
    "usage summed" pub struct UsageSums {
        /// How many model calls.
        pub calls: u64,
        /// Tokens sent to models, those from and into a cache included.
        pub input_tokens: u64,
        /// Tokens of these that came from a provider's cache.
        pub cached_input_tokens: u64,
        /// Tokens of these that went into a provider's cache.
        pub cache_write_tokens: u64,
        /// Tokens models answered with, reasoning included.
        pub output_tokens: u64,
        /// Tokens of these that were reasoning.
        pub reasoning_tokens: u64,
        /// Wall-clock milliseconds of runs.
        pub run_ms: u64,
        /// The cost in micro-dollars of all that has a price.
        pub cost_micros: i64,
        /// How many model calls that ended have none.
        pub unpriced: u64,
    }
}

impl UsageSums {
    /// Returns the sums of what is in these and not in `part`, a part of it.
    #[must_use]
    pub fn without(&self, part: &Self) -> Self {
        Self {
            calls: self.calls.saturating_sub(part.calls),
            input_tokens: self.input_tokens.saturating_sub(part.input_tokens),
            cached_input_tokens: self
                .cached_input_tokens
                .saturating_sub(part.cached_input_tokens),
            cache_write_tokens: self
                .cache_write_tokens
                .saturating_sub(part.cache_write_tokens),
            output_tokens: self.output_tokens.saturating_sub(part.output_tokens),
            reasoning_tokens: self.reasoning_tokens.saturating_sub(part.reasoning_tokens),
            run_ms: self.run_ms.saturating_sub(part.run_ms),
            cost_micros: self.cost_micros.saturating_sub(part.cost_micros),
            unpriced: self.unpriced.saturating_sub(part.unpriced),
        }
    }
}

/// What usage is summed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageGroup {
    /// The day, in UTC.
    Day,
    /// The person.
    User,
    /// The model.
    Model,
    /// The task.
    Task,
    /// The workspace.
    Workspace,
    /// The turn.
    Turn,
}

/// What one line of summed usage is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UsageKey {
    /// The first moment of a day in UTC.
    Day(Timestamp),
    /// A person.
    User(UserId),
    /// A model; `None` for what no model was used for.
    Model(Option<String>),
    /// A task; `None` for what no model was used for.
    Task(Option<String>),
    /// A workspace; `None` for what was used outside of any.
    Workspace(Option<WorkspaceId>),
    /// A turn; `None` for what was used outside of any.
    Turn(Option<TurnId>),
}

/// Which usage is summed. `None` leaves a side open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageFilter {
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Until before this moment.
    pub to: Option<Timestamp>,
    /// Of this person only.
    pub user: Option<UserId>,
    /// Of this workspace only.
    pub workspace: Option<WorkspaceId>,
    /// Of this turn only.
    pub turn: Option<TurnId>,
    /// Of this model only.
    pub model: Option<String>,
}

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// One side of the sums: the rows of a table that the filter lets through.
macro_rules! filtered {
    ($columns:literal, $table:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM ",
            $table,
            " WHERE ($1 IS NULL OR created_at >= $1) AND ($2 IS NULL OR created_at < $2)
                AND ($3 IS NULL OR user_id = $3) AND ($4 IS NULL OR workspace_id = $4)
                AND ($5 IS NULL OR turn_id = $5) AND ($6 IS NULL OR model = $6)"
        )
    };
}

/// Sums usage, by `bucket` when it is given. Postgres adds BIGINTs up to a
/// NUMERIC, hence the casts.
macro_rules! sums {
    ($bucket:literal, $tail:literal) => {
        concat!(
            "SELECT ",
            $bucket,
            " CAST(COALESCE(SUM(calls), 0) AS BIGINT) AS calls,
              CAST(COALESCE(SUM(input_tokens), 0) AS BIGINT) AS input_tokens,
              CAST(COALESCE(SUM(cached_input_tokens), 0) AS BIGINT) AS cached_input_tokens,
              CAST(COALESCE(SUM(cache_write_tokens), 0) AS BIGINT) AS cache_write_tokens,
              CAST(COALESCE(SUM(output_tokens), 0) AS BIGINT) AS output_tokens,
              CAST(COALESCE(SUM(reasoning_tokens), 0) AS BIGINT) AS reasoning_tokens,
              CAST(COALESCE(SUM(run_ms), 0) AS BIGINT) AS run_ms,
              CAST(COALESCE(SUM(cost_micros), 0) AS BIGINT) AS cost_micros,
              CAST(COALESCE(SUM(unpriced), 0) AS BIGINT) AS unpriced
              FROM (",
            filtered!(
                "user_id, workspace_id, turn_id, model, task, created_at, 1 AS calls, input_tokens,
                 cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens,
                 0 AS run_ms, cost_micros,
                 CASE WHEN cost_micros IS NULL AND state <> 'running' THEN 1 ELSE 0 END AS unpriced",
                "model_calls"
            ),
            " UNION ALL ",
            filtered!(
                "user_id, workspace_id, turn_id, model, NULL AS task, created_at, 0, 0, 0, 0, 0, 0,
                 quantity, cost_micros, 0",
                "usage_records"
            ),
            ") AS used",
            $tail
        )
    };
    (by $column:literal) => {
        sums!(
            $column,
            " GROUP BY bucket ORDER BY bucket DESC NULLS LAST LIMIT $7"
        )
    };
}

impl Reader {
    /// Sums usage by `group`: the latest day, turn or workspace first, models
    /// from Z to A, what belongs to none last; at most `limit` lines.
    pub async fn usage_by(
        &mut self,
        group: UsageGroup,
        filter: &UsageFilter,
        limit: u32,
    ) -> Result<Vec<(UsageKey, UsageSums)>> {
        let mut args = filter.args();
        args.push(limit.to_value());
        match group {
            UsageGroup::Day => {
                let sql = sums!(by "created_at / 86400000000 AS bucket,");
                let day = |day: i64| UsageKey::Day(Timestamp::from_micros(day * MICROS_PER_DAY));
                self.map(sql, args, |row| line(row, day)).await
            }
            UsageGroup::User => {
                let sql = sums!(by "user_id AS bucket,");
                self.map(sql, args, |row| line(row, UsageKey::User)).await
            }
            UsageGroup::Model => {
                let sql = sums!(by "model AS bucket,");
                self.map(sql, args, |row| line(row, UsageKey::Model)).await
            }
            UsageGroup::Task => {
                let sql = sums!(by "task AS bucket,");
                self.map(sql, args, |row| line(row, UsageKey::Task)).await
            }
            UsageGroup::Workspace => {
                let sql = sums!(by "workspace_id AS bucket,");
                self.map(sql, args, |row| line(row, UsageKey::Workspace))
                    .await
            }
            UsageGroup::Turn => {
                let sql = sums!(by "turn_id AS bucket,");
                self.map(sql, args, |row| line(row, UsageKey::Turn)).await
            }
        }
    }

    /// Sums usage up.
    pub async fn usage_totals(&mut self, filter: &UsageFilter) -> Result<UsageSums> {
        let sums = self.all(sums!("", ""), filter.args()).await?;
        // A sum without GROUP BY is always one row.
        Ok(sums.into_iter().next().unwrap_or_default())
    }
}

impl Writer {
    /// Adds usage records.
    pub async fn insert_usage(&mut self, rows: &[UsageRecordRow]) -> Result<()> {
        self.insert_all(rows).await
    }
}

impl UsageFilter {
    fn args(&self) -> Vec<crate::sql::Value> {
        args![
            self.from,
            self.to,
            self.user,
            self.workspace,
            self.turn,
            self.model
        ]
    }
}

fn line<T: Column>(row: &Row, key: impl Fn(T) -> UsageKey) -> Result<(UsageKey, UsageSums)> {
    let bucket = row.get(UsageSums::TABLE, "bucket")?;
    Ok((key(bucket), UsageSums::read(row)?))
}

#[cfg(test)]
mod tests;
