//! What a crash left of calls.

use atelier_store::{CallEnd, CallState};

use super::ledger::end_one;
use crate::budget::Windows;
use crate::domain::Domain;
use crate::error::{Error, Result};

impl Domain {
    /// Forgets what is noted of budgets, at the start: the rows are the truth,
    /// and it is summed up from them anew.
    pub(crate) async fn forget_budget_sums(&self) -> Result<()> {
        let forgotten = self
            .store()
            .write(async |tx| tx.forget_budget_windows().await);
        Ok(forgotten.await?)
    }

    /// Ends the calls that were running when this server, or one beside it on
    /// the same database, was killed. Nobody knows what they used, so they
    /// count as the most they can have used: a budget that held before a crash
    /// holds after it. Those of servers that live are left alone. One that
    /// lived but could not be told from a dead one, because it had lost its
    /// connection, corrects the count when the call ends.
    pub(crate) async fn settle_orphaned_calls(&self) -> Result<()> {
        self.store()
            .write(async |tx| {
                let mut windows = Windows::default();
                for call in tx.list_orphaned_calls().await? {
                    let bound = i64::try_from(call.reserved_tokens).unwrap_or(i64::MAX);
                    let end = CallEnd {
                        state: CallState::Interrupted,
                        stop_reason: None,
                        input_tokens: bound.unsigned_abs(),
                        cached_input_tokens: 0,
                        cache_write_tokens: 0,
                        output_tokens: 0,
                        reasoning_tokens: 0,
                        measured: false,
                        cost_micros: call.reserved_micros,
                        first_token_ms: None,
                        latency_ms: None,
                        error: Some("the server stopped while it was running".to_owned()),
                    };
                    end_one(tx, &mut windows, call.id, &end).await?;
                }
                windows.store(tx).await?;
                Ok::<_, Error>(())
            })
            .await
    }
}
