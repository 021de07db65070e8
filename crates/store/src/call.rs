//! Requests to models: who asked for what, what they used and cost.

use std::sync::LazyLock;

use atelier_base::{
    ContentHash, ConversationId, ModelCallId, ProviderId, Timestamp, TurnId, UserId, WorkspaceId,
};
use uuid::Uuid;

use crate::connection::{self, Reader, Writer};
use crate::error::Result;
use crate::presence::class;
use crate::sql::{Record, Value};
use crate::store::Store;

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

record! {
    /// One request to a model.
    "model_calls" pub struct ModelCallRow {
        /// Names the call.
        pub id: ModelCallId,
        /// Who asked, and pays.
        pub user_id: UserId,
        /// The workspace it was asked in.
        pub workspace_id: Option<WorkspaceId>,
        /// The conversation it is part of.
        pub conversation_id: Option<ConversationId>,
        /// The turn it is part of.
        pub turn_id: Option<TurnId>,
        /// The access token it was asked with.
        pub token_id: Option<Uuid>,
        /// The call that failed and that this one took over from.
        pub replaces_id: Option<ModelCallId>,
        /// What it was for.
        pub task: String,
        /// The provider asked; `None` in rows from before it was kept.
        pub provider_id: Option<ProviderId>,
        /// The name it had.
        pub provider: String,
        /// The model asked for.
        pub model: String,
        /// The format it was asked in.
        pub wire: String,
        /// Whether it ran on hardware of the person's own.
        pub local: bool,
        /// Why this model, as a sentence.
        pub reason: String,
        /// How far it is.
        pub state: CallState,
        /// Why the model stopped.
        pub stop_reason: Option<String>,
        /// Tokens sent, those from and into the provider's cache included.
        pub input_tokens: u64,
        /// Tokens of these that the provider had cached.
        pub cached_input_tokens: u64,
        /// Tokens of these that the provider put into its cache.
        pub cache_write_tokens: u64,
        /// Tokens answered, reasoning included.
        pub output_tokens: u64,
        /// Tokens of these that were reasoning.
        pub reasoning_tokens: u64,
        /// Whether the provider counted; else the counts are estimates of ours.
        pub measured: bool,
        /// The cost in micro-dollars; `None` when the model has no known price.
        pub cost_micros: Option<i64>,
        /// The most it can cost; `None` when the model has no known price.
        pub reserved_micros: Option<i64>,
        /// The most tokens it can use, sent and answered.
        pub reserved_tokens: u64,
        /// Milliseconds until the first token.
        pub first_token_ms: Option<u64>,
        /// Milliseconds until the end.
        pub latency_ms: Option<u64>,
        /// The hash of the exact bytes that went out.
        pub request_hash: ContentHash,
        /// Why it failed.
        pub error: Option<String>,
        /// When it began.
        pub created_at: Timestamp,
        /// The number of the server that runs it, where several share the
        /// database; see [`Presence`](crate::Presence).
        pub server: Option<i64>,
    }
}

record! {
    /// The exact bytes that went out to a model.
    "model_requests" pub struct ModelRequestRow {
        /// The call they belong to.
        pub call_id: ModelCallId,
        /// The bytes.
        pub body: Vec<u8>,
        /// What they were made of, as a JSON list.
        pub sources: String,
        /// When they went out.
        pub created_at: Timestamp,
    }
}

/// How a model call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallEnd {
    /// Its last state; never `Running`.
    pub state: CallState,
    /// Why the model stopped.
    pub stop_reason: Option<String>,
    /// Tokens sent, those from and into the provider's cache included.
    pub input_tokens: u64,
    /// Tokens of these that the provider had cached.
    pub cached_input_tokens: u64,
    /// Tokens of these that the provider put into its cache.
    pub cache_write_tokens: u64,
    /// Tokens answered, reasoning included.
    pub output_tokens: u64,
    /// Tokens of these that were reasoning.
    pub reasoning_tokens: u64,
    /// Whether the provider counted.
    pub measured: bool,
    /// The cost in micro-dollars; `None` when the model has no known price.
    pub cost_micros: Option<i64>,
    /// Milliseconds until the first token, if one came.
    pub first_token_ms: Option<u64>,
    /// Milliseconds until the end; `None` when nobody saw it.
    pub latency_ms: Option<u64>,
    /// Why it failed.
    pub error: Option<String>,
}

/// Which model calls are listed. `None` leaves a side open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// Of this workspace only.
    pub workspace: Option<WorkspaceId>,
    /// Of this turn only.
    pub turn: Option<TurnId>,
    /// Older than this call only.
    pub before: Option<ModelCallId>,
}

record! {
    /// How fast a model answered of late.
    "model_calls averaged" pub struct LatencyRow {
        /// The provider.
        pub provider_id: ProviderId,
        /// The model.
        pub model: String,
        /// How many answers these are.
        pub calls: u64,
        /// Milliseconds until the first token, on average.
        pub first_token_ms: Option<u64>,
        /// Milliseconds until the end, on average.
        pub latency_ms: Option<u64>,
    }
}

/// The end of a call, by the arguments of [`end_values`]. Both engines take it,
/// SQLite also with more behind it.
macro_rules! finish_call {
    ($before:literal, $behind:literal) => {
        concat!(
            $before,
            "UPDATE model_calls
             SET state = $2, stop_reason = $3, input_tokens = $4, cached_input_tokens = $5,
                 cache_write_tokens = $6, output_tokens = $7, reasoning_tokens = $8,
                 measured = $9, cost_micros = $10, first_token_ms = $11, latency_ms = $12,
                 error = $13
             WHERE id = $1 AND state IN ('running', 'interrupted')",
            $behind
        )
    };
}

const FINISH_CALL: &str = finish_call!("", "");
const FINISH_UNBUDGETED_CALL: &str = finish_call!(
    "PRAGMA synchronous = NORMAL; ",
    " AND NOT EXISTS (SELECT 1 FROM budgets) RETURNING id"
);

/// Adds a call and what is sent in it, unless there is a budget.
static BEGIN_UNBUDGETED_CALL: LazyLock<String> = LazyLock::new(|| {
    format!(
        "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE; {} RETURNING id; {}; COMMIT",
        insert_unbudgeted::<ModelCallRow>(),
        insert_unbudgeted::<ModelRequestRow>()
    )
});

fn insert_unbudgeted<R: Record>() -> String {
    format!(
        "INSERT INTO {} ({}) SELECT {} WHERE NOT EXISTS (SELECT 1 FROM budgets)",
        R::TABLE,
        R::COLUMNS.join(", "),
        vec!["?"; R::COLUMNS.len()].join(", ")
    )
}

fn end_values(id: ModelCallId, end: &CallEnd) -> Vec<Value> {
    args![
        id,
        end.state,
        end.stop_reason,
        end.input_tokens,
        end.cached_input_tokens,
        end.cache_write_tokens,
        end.output_tokens,
        end.reasoning_tokens,
        end.measured,
        end.cost_micros,
        end.first_token_ms,
        end.latency_ms,
        end.error,
    ]
}

impl Store {
    /// Adds one call, and what is sent in it, where there are no budgets: in
    /// one trip to the database, as durable as [`Store::write_soft`]. Returns
    /// `false`, and has added nothing, when it takes a transaction that looks
    /// at the budgets; on Postgres always.
    pub async fn begin_unbudgeted_call(
        &self,
        call: &ModelCallRow,
        request: &ModelRequestRow,
    ) -> Result<bool> {
        let Some(sqlite) = self.sqlite_writer() else {
            return Ok(false);
        };
        let args = [call.values(), request.values()].concat();
        connection::in_one_trip(sqlite, &BEGIN_UNBUDGETED_CALL, args).await
    }

    /// Stores how a call ended, as [`Writer::finish_model_call`] does, where
    /// there are no budgets: in one trip to the database, as durable as
    /// [`Store::write_soft`]. Returns `false`, and has changed nothing, when
    /// the call had ended, or it takes a transaction that looks at the budgets;
    /// on Postgres always.
    pub async fn finish_unbudgeted_call(&self, id: ModelCallId, end: &CallEnd) -> Result<bool> {
        let Some(sqlite) = self.sqlite_writer() else {
            return Ok(false);
        };
        connection::in_one_trip(sqlite, FINISH_UNBUDGETED_CALL, end_values(id, end)).await
    }
}

impl Reader {
    /// Returns a model call.
    pub async fn get_model_call(&mut self, id: ModelCallId) -> Result<ModelCallRow> {
        self.get_one("SELECT * FROM model_calls WHERE id = $1", id)
            .await
    }

    /// Finds what was sent in a call; `None` when it is not kept any more, or
    /// is in the blob store, as those of the first release are.
    pub async fn find_model_request(&mut self, id: ModelCallId) -> Result<Option<ModelRequestRow>> {
        self.find_one("SELECT * FROM model_requests WHERE call_id = $1", args![id])
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

    /// Lists a person's latest model calls, the latest first.
    pub async fn list_recent_calls(
        &mut self,
        user: UserId,
        filter: &CallFilter,
        limit: u32,
    ) -> Result<Vec<ModelCallRow>> {
        self.all(
            "SELECT * FROM model_calls
             WHERE user_id = $1 AND ($2 IS NULL OR workspace_id = $2)
               AND ($3 IS NULL OR turn_id = $3) AND ($4 IS NULL OR id < $4)
             ORDER BY created_at DESC, id DESC LIMIT $5",
            args![user, filter.workspace, filter.turn, filter.before, limit],
        )
        .await
    }

    /// Lists the calls that have not ended, oldest first.
    pub async fn list_running_calls(&mut self) -> Result<Vec<ModelCallRow>> {
        self.all(
            "SELECT * FROM model_calls WHERE state = 'running' ORDER BY id",
            args![],
        )
        .await
    }

    /// Returns how fast each model answered a person since a moment, by their
    /// last 500 answers.
    pub async fn list_latencies(
        &mut self,
        user: UserId,
        since: Timestamp,
    ) -> Result<Vec<LatencyRow>> {
        self.all(
            "SELECT provider_id, model, COUNT(*) AS calls,
                 CAST(AVG(first_token_ms) AS BIGINT) AS first_token_ms,
                 CAST(AVG(latency_ms) AS BIGINT) AS latency_ms
             FROM (
                 SELECT provider_id, model, first_token_ms, latency_ms FROM model_calls
                 WHERE user_id = $1 AND created_at >= $2 AND state = 'done'
                   AND provider_id IS NOT NULL
                 ORDER BY created_at DESC LIMIT 500
             ) AS latest
             GROUP BY provider_id, model",
            args![user, since],
        )
        .await
    }
}

impl Writer {
    /// Lists the calls that have not ended and whose server is gone, oldest
    /// first: on SQLite all of them, so that it is only for a server that
    /// begins. While a server lives, nobody else gets its lock.
    pub async fn list_orphaned_calls(&mut self) -> Result<Vec<ModelCallRow>> {
        const POSTGRES: &str = concat!(
            "SELECT * FROM model_calls
             WHERE state = 'running'
               AND (server IS NULL OR pg_try_advisory_xact_lock(",
            class!(),
            ", CAST(server AS INTEGER))) ORDER BY id"
        );
        if self.is_postgres() {
            self.all(POSTGRES, args![]).await
        } else {
            self.list_running_calls().await
        }
    }

    /// Adds model calls, before they are sent.
    pub async fn insert_model_calls(&mut self, rows: &[ModelCallRow]) -> Result<()> {
        self.insert_all(rows).await
    }

    /// Adds what is sent in calls.
    pub async fn insert_model_requests(&mut self, rows: &[ModelRequestRow]) -> Result<()> {
        self.insert_all(rows).await
    }

    /// Stores that a call's request went out again in other bytes.
    pub async fn set_model_request(
        &mut self,
        id: ModelCallId,
        hash: ContentHash,
        body: Vec<u8>,
    ) -> Result<()> {
        self.execute(
            "UPDATE model_requests SET body = $2 WHERE call_id = $1",
            args![id, body],
        )
        .await?;
        self.change(
            "model_calls",
            id,
            "UPDATE model_calls SET request_hash = $2 WHERE id = $1",
            args![id, hash],
        )
        .await
    }

    /// Stores how a model call ended. Returns `false`, and changes nothing,
    /// when it had ended. One that counts as interrupted may end after all:
    /// the server that interrupted it was not the one that ran it.
    pub async fn finish_model_call(&mut self, id: ModelCallId, end: &CallEnd) -> Result<bool> {
        let changed = self.execute(FINISH_CALL, end_values(id, end)).await?;
        Ok(changed == 1)
    }
}

#[cfg(test)]
mod tests;
