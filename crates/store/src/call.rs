//! Requests to models, and what everything cost.

use atelier_base::{
    ContentHash, ConversationId, ModelCallId, RunId, Timestamp, TurnId, UsageId, UserId,
    WorkspaceId,
};

use crate::connection::{Reader, Writer};
use crate::error::Result;
use crate::sql::{Column, Record, Row};

words! {
    /// How far a model call is.
    pub enum CallState {
        /// The answer is being waited for or is coming in.
        Running = "running",
        /// The answer came to its end.
        Done = "done",
        /// It failed; its error says why.
        Failed = "failed",
        /// A person stopped it.
        Cancelled = "cancelled",
        /// The server stopped while it was running.
        Interrupted = "interrupted",
    }
}

words! {
    /// What a usage record counts.
    pub enum UsageKind {
        /// Tokens sent to a model. Each priced or unpriced call has one.
        InputTokens = "input_tokens",
        /// Tokens a model answered with.
        OutputTokens = "output_tokens",
        /// Wall-clock milliseconds of a run.
        RunMs = "run_ms",
    }
}

record! {
    /// One request to a model.
    "model_calls" pub struct ModelCallRow {
        /// Names the call.
        pub id: ModelCallId,
        /// The turn it is part of.
        pub turn_id: Option<TurnId>,
        /// The conversation it is part of.
        pub conversation_id: ConversationId,
        /// The workspace it is paid by.
        pub workspace_id: WorkspaceId,
        /// The name of the provider asked.
        pub provider: String,
        /// The model asked for.
        pub model: String,
        /// How far it is.
        pub state: CallState,
        /// Tokens sent, cached ones included.
        pub input_tokens: u64,
        /// Tokens of these that the provider had cached.
        pub cached_input_tokens: u64,
        /// Tokens answered.
        pub output_tokens: u64,
        /// Whether the provider counted; else the counts are estimates of ours.
        pub measured: bool,
        /// The cost in nano-dollars; `None` when the model has no known price.
        pub cost_nanos: Option<i64>,
        /// Milliseconds until the first token.
        pub first_token_ms: Option<u64>,
        /// Milliseconds until the end.
        pub latency_ms: Option<u64>,
        /// The exact bytes that went out, in the blob store.
        pub request_hash: ContentHash,
        /// Why it failed.
        pub error: Option<String>,
        /// When it began.
        pub created_at: Timestamp,
    }
}

/// How a model call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallEnd {
    /// Its last state; never `Running`.
    pub state: CallState,
    /// Tokens sent, cached ones included.
    pub input_tokens: u64,
    /// Tokens of these that the provider had cached.
    pub cached_input_tokens: u64,
    /// Tokens answered.
    pub output_tokens: u64,
    /// Whether the provider counted.
    pub measured: bool,
    /// The cost in nano-dollars; `None` when the model has no known price.
    pub cost_nanos: Option<i64>,
    /// Milliseconds until the first token, if one came.
    pub first_token_ms: Option<u64>,
    /// Milliseconds until the end.
    pub latency_ms: u64,
    /// Why it failed.
    pub error: Option<String>,
}

record! {
    /// One metered use.
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
        /// The cost in nano-dollars; `None` when there is no known price.
        pub cost_nanos: Option<i64>,
        /// When it was used.
        pub created_at: Timestamp,
    }
}

record! {
    /// Sums over usage records.
    "usage_records summed" pub struct UsageSums {
        /// Tokens sent to models.
        pub input_tokens: u64,
        /// Tokens models answered with.
        pub output_tokens: u64,
        /// Wall-clock milliseconds of runs.
        pub run_ms: u64,
        /// The cost in nano-dollars of all that has a price.
        pub cost_nanos: i64,
        /// How many model calls have none: records of input tokens without cost.
        pub unpriced: u64,
    }
}

/// What usage is summed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageGroup {
    /// The day, in UTC.
    Day,
    /// The model.
    Model,
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
    /// A model; `None` for what no model was used for.
    Model(Option<String>),
    /// A workspace.
    Workspace(WorkspaceId),
    /// A turn; `None` for what was used outside of any.
    Turn(Option<TurnId>),
}

/// Which usage records are summed. `None` leaves a side open.
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

/// Sums usage, by `bucket` when it is given. Postgres adds BIGINTs up to a
/// NUMERIC, hence the casts.
macro_rules! sums {
    ($bucket:literal, $tail:literal) => {
        concat!(
            "SELECT ",
            $bucket,
            " CAST(COALESCE(SUM(CASE WHEN kind = 'input_tokens' THEN quantity END), 0) AS BIGINT)
                AS input_tokens,
              CAST(COALESCE(SUM(CASE WHEN kind = 'output_tokens' THEN quantity END), 0) AS BIGINT)
                AS output_tokens,
              CAST(COALESCE(SUM(CASE WHEN kind = 'run_ms' THEN quantity END), 0) AS BIGINT)
                AS run_ms,
              CAST(COALESCE(SUM(cost_nanos), 0) AS BIGINT) AS cost_nanos,
              COUNT(CASE WHEN kind = 'input_tokens' AND cost_nanos IS NULL THEN 1 END) AS unpriced
              FROM usage_records
              WHERE ($1 IS NULL OR created_at >= $1) AND ($2 IS NULL OR created_at < $2)
                AND ($3 IS NULL OR user_id = $3) AND ($4 IS NULL OR workspace_id = $4)
                AND ($5 IS NULL OR turn_id = $5) AND ($6 IS NULL OR model = $6)",
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
    /// Returns a model call.
    pub async fn get_model_call(&mut self, id: ModelCallId) -> Result<ModelCallRow> {
        self.get_one("SELECT * FROM model_calls WHERE id = $1", id)
            .await
    }

    /// Lists the model calls of a turn, oldest first.
    pub async fn list_model_calls(&mut self, turn: TurnId) -> Result<Vec<ModelCallRow>> {
        self.all(
            "SELECT * FROM model_calls WHERE turn_id = $1 ORDER BY id",
            args![turn],
        )
        .await
    }

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
            UsageGroup::Model => {
                let sql = sums!(by "model AS bucket,");
                self.map(sql, args, |row| line(row, UsageKey::Model)).await
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
        Ok(sums.into_iter().next().unwrap_or(UsageSums::NONE))
    }
}

impl Writer {
    /// Adds a model call, before it is sent.
    pub async fn insert_model_call(&mut self, row: &ModelCallRow) -> Result<()> {
        self.insert(row).await
    }

    /// Notes that a call's request went out again in other bytes.
    pub async fn set_request_hash(&mut self, id: ModelCallId, hash: ContentHash) -> Result<()> {
        self.change(
            "model_calls",
            id,
            "UPDATE model_calls SET request_hash = $2 WHERE id = $1",
            args![id, hash],
        )
        .await
    }

    /// Stores how a model call ended. Returns `false`, and changes nothing,
    /// when it had ended.
    pub async fn finish_model_call(&mut self, id: ModelCallId, end: &CallEnd) -> Result<bool> {
        let changed = self
            .execute(
                "UPDATE model_calls
                 SET state = $2, input_tokens = $3, cached_input_tokens = $4, output_tokens = $5,
                     measured = $6, cost_nanos = $7, first_token_ms = $8, latency_ms = $9,
                     error = $10
                 WHERE id = $1 AND state = 'running'",
                args![
                    id,
                    end.state,
                    end.input_tokens,
                    end.cached_input_tokens,
                    end.output_tokens,
                    end.measured,
                    end.cost_nanos,
                    end.first_token_ms,
                    end.latency_ms,
                    end.error,
                ],
            )
            .await?;
        Ok(changed == 1)
    }

    /// Ends every running model call as interrupted, for the start of the
    /// server, and returns how many.
    pub async fn interrupt_running_model_calls(&mut self) -> Result<u64> {
        self.execute(
            "UPDATE model_calls SET state = 'interrupted' WHERE state = 'running'",
            args![],
        )
        .await
    }

    /// Adds usage records.
    pub async fn insert_usage(&mut self, rows: &[UsageRecordRow]) -> Result<()> {
        self.insert_all(rows).await
    }
}

impl UsageSums {
    const NONE: Self = Self {
        input_tokens: 0,
        output_tokens: 0,
        run_ms: 0,
        cost_nanos: 0,
        unpriced: 0,
    };
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
