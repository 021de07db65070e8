//! Records calls to models: what went out, what it used, what it cost.

use atelier_base::{ContentHash, ModelCallId, Timestamp, UsageId};
use atelier_model::{Usage, cost};
use atelier_store::{CallEnd, CallState, ModelCallRow, UsageKind, UsageRecordRow};

use super::Going;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::event::{TokenUsage, TurnEvent};
use crate::usage::usd;

/// When the call's parts came, for the record.
pub(super) struct Timing {
    pub(super) sent: Timestamp,
    pub(super) first: Option<Timestamp>,
}

impl Domain {
    /// Records that a server refused the request as it was and got it again in
    /// other bytes: what is stored is what went out last.
    pub(super) async fn record_resent(&self, id: ModelCallId, body: Vec<u8>) -> Result<()> {
        let hash = self.store().blobs().put(body).await?;
        Ok(self
            .store()
            .write(async |tx| tx.set_request_hash(id, hash).await)
            .await?)
    }

    /// Records how a call ended and what it used.
    pub(super) async fn record_call(
        &self,
        going: &Going,
        id: ModelCallId,
        timing: &Timing,
        usage: Usage,
        failure: Option<&Error>,
    ) -> Result<()> {
        let now = self.now();
        let priced = going
            .endpoint
            .prices
            .as_ref()
            .map(|prices| i64::try_from(cost(&usage, prices)).unwrap_or(i64::MAX));
        let millis = |until: Timestamp| {
            u64::try_from(until.since(timing.sent).as_millis()).unwrap_or(u64::MAX)
        };
        let end = CallEnd {
            state: match failure {
                None => CallState::Done,
                Some(Error::Cancelled) => CallState::Cancelled,
                Some(_) => CallState::Failed,
            },
            input_tokens: usage.input_tokens,
            cached_input_tokens: usage.cached_input_tokens,
            output_tokens: usage.output_tokens,
            measured: !usage.estimated,
            cost_nanos: priced,
            first_token_ms: timing.first.map(millis),
            latency_ms: millis(now),
            error: failure.map(ToString::to_string),
        };
        let rows = self.usage_rows(going, usage, now);
        self.store()
            .write(async |tx| {
                tx.finish_model_call(id, &end).await?;
                tx.insert_usage(&rows).await
            })
            .await?;
        let tokens = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let event = TurnEvent::Usage {
            usage: TokenUsage {
                input_tokens: tokens(usage.input_tokens),
                cached_input_tokens: tokens(usage.cached_input_tokens),
                output_tokens: tokens(usage.output_tokens),
                cost_usd: priced.map(usd),
                measured: !usage.estimated,
            },
        };
        self.streams().publish(going.turn, &event).await?;
        Ok(())
    }

    /// Splits a call's use into input and output; the parts' costs add up to
    /// the whole.
    fn usage_rows(&self, going: &Going, usage: Usage, at: Timestamp) -> Vec<UsageRecordRow> {
        let prices = going.endpoint.prices.as_ref();
        let nanos = |usage: &Usage| {
            prices.map(|prices| i64::try_from(cost(usage, prices)).unwrap_or(i64::MAX))
        };
        let input = nanos(&Usage {
            output_tokens: 0,
            reasoning_tokens: 0,
            ..usage
        });
        let output = nanos(&usage).zip(input).map(|(all, input)| all - input);
        let row = |kind, quantity, cost_nanos| UsageRecordRow {
            id: self.ids().next::<UsageId>(),
            user_id: going.user,
            workspace_id: going.workspace,
            turn_id: Some(going.turn),
            run_id: None,
            model: Some(going.endpoint.model.clone()),
            kind,
            quantity,
            cost_nanos,
            created_at: at,
        };
        vec![
            row(UsageKind::InputTokens, usage.input_tokens, input),
            row(UsageKind::OutputTokens, usage.output_tokens, output),
        ]
    }
}

/// Returns the row of a call that begins.
pub(super) fn call_row(
    going: &Going,
    id: ModelCallId,
    hash: ContentHash,
    at: Timestamp,
) -> ModelCallRow {
    ModelCallRow {
        id,
        turn_id: Some(going.turn),
        conversation_id: going.conversation,
        workspace_id: going.workspace,
        provider: going.endpoint.name.clone(),
        model: going.endpoint.model.clone(),
        state: CallState::Running,
        input_tokens: 0,
        cached_input_tokens: 0,
        output_tokens: 0,
        measured: false,
        cost_nanos: None,
        first_token_ms: None,
        latency_ms: None,
        request_hash: hash,
        error: None,
        created_at: at,
    }
}
