//! What a crash left of calls.

use atelier_store::{CallEnd, CallState};

use super::ledger::end_one;
use crate::budget::Windows;
use crate::domain::Domain;
use crate::error::{Error, Result};

impl Domain {
    /// Ends the calls that were running when the server stopped. Nobody knows
    /// what they used, so they count as the most they can have used: a budget
    /// that held before a crash holds after it. A server that still runs one,
    /// beside this one on the same database, corrects that when it ends.
    pub(crate) async fn settle_interrupted_calls(&self) -> Result<()> {
        self.store()
            .write(async |tx| {
                // The rows are the truth; what was noted is summed up anew.
                tx.forget_budget_windows().await?;
                let mut windows = Windows::default();
                for call in tx.list_running_calls().await? {
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
