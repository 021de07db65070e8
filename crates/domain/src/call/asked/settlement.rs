//! What an answer used and cost, as far as it came.

use std::time::Duration;

use atelier_base::Timestamp;
use atelier_model::{Usage, Wire, cost};
use atelier_store::{CallEnd, CallState};

use super::Asked;

impl Asked {
    pub(super) fn add(&mut self, usage: Usage, cost_micros: Option<i64>) {
        let sum = &mut self.spent.usage;
        sum.input_tokens += usage.input_tokens;
        sum.cached_input_tokens += usage.cached_input_tokens;
        sum.cache_write_tokens += usage.cache_write_tokens;
        sum.output_tokens += usage.output_tokens;
        sum.reasoning_tokens += usage.reasoning_tokens;
        sum.estimated |= usage.estimated;
        let both = self.spent.cost_micros.zip(cost_micros);
        self.spent.cost_micros = both.map(|(sum, cost)| sum.saturating_add(cost));
    }

    /// Returns what a call cost: what OpenRouter says that it charges, which
    /// knows the service that answered and its discounts, and else what our
    /// prices make of it.
    fn cost_micros(&self, usage: &Usage) -> Option<i64> {
        let endpoint = &self.chosen.endpoint;
        let told = usage
            .charged_micros
            .filter(|_| endpoint.wire == Wire::OpenRouter);
        let ours = || endpoint.prices.as_ref().map(|prices| cost(usage, prices));
        let micros = told.or_else(ours)?;
        Some(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    pub(super) fn call_end(&self, usage: Usage, failure: Option<&atelier_model::Error>) -> CallEnd {
        let millis = |until: Timestamp| {
            u64::try_from(until.since(self.sent).as_millis()).unwrap_or(u64::MAX)
        };
        CallEnd {
            state: match failure {
                None => CallState::Done,
                Some(atelier_model::Error::Cancelled) => CallState::Cancelled,
                Some(_) => CallState::Failed,
            },
            stop_reason: self.stop.clone(),
            input_tokens: usage.input_tokens,
            cached_input_tokens: usage.cached_input_tokens,
            cache_write_tokens: usage.cache_write_tokens,
            output_tokens: usage.output_tokens,
            reasoning_tokens: usage.reasoning_tokens,
            measured: !usage.estimated,
            cost_micros: self.cost_micros(&usage),
            first_token_ms: self.first.map(millis),
            latency_ms: Some(millis(self.domain.now())),
            error: failure.map(ToString::to_string),
        }
    }

    /// Returns what counts of what the answer used until now; once it was told,
    /// that.
    pub(super) fn settled(&self, usage: Usage) -> Usage {
        self.told
            .unwrap_or_else(|| self.bound.settle(usage, self.unseen_for()))
    }

    /// Returns how long the model may have thought without showing it. One at
    /// home shows all that it writes, and takes its time to begin.
    fn unseen_for(&self) -> Duration {
        if self.chosen.local {
            return Duration::ZERO;
        }
        self.domain.now().since(self.sent)
    }

    /// Returns what a request used that was sent and not answered: nothing
    /// when the provider refused it, and the most it can have when it may have
    /// been read.
    pub(super) fn unanswered(&self, error: &atelier_model::Error) -> Usage {
        use atelier_model::Error as Failure;
        match error {
            Failure::Cancelled | Failure::Idle { .. } | Failure::Cut { .. } => {
                self.bound.unanswered(self.unseen_for())
            }
            _ => Usage::default(),
        }
    }
}
