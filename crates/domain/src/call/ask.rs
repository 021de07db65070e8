//! From a wish to a call that is written down and ready to leave.

use std::collections::VecDeque;
use std::sync::Arc;

use atelier_base::{ContentHash, ModelCallId, ProviderId, UserId};
use atelier_model::{Endpoint, Prepared};
use atelier_store::{CallEnd, CallState, ModelCallRow, ModelRequestRow};

use super::asked::Asked;
use super::bound::{Bound, Counted};
use super::form::EditForm;
use super::ledger::Payer;
use super::{Ask, Wish};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, ModelFault, Result};
use crate::route::{Left, Need, Scope};

/// How often a call without a limit of its own is fitted into what a budget
/// has left, while others begin.
const TRIES: u32 = 3;

/// A model that was chosen, and why.
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    pub(crate) provider: ProviderId,
    pub(crate) endpoint: Endpoint,
    /// Whether it runs on hardware of the person's own.
    pub(crate) local: bool,
    /// Why it, as a sentence.
    pub(crate) reason: String,
    /// How it is asked to write edits.
    pub(crate) edits: EditForm,
}

/// A call that is written down.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) open: Open,
    pub(super) chosen: Chosen,
    pub(super) prepared: Prepared,
    pub(super) bound: Bound,
}

/// A call that must still end. Dropped without, it ends as cancelled.
#[derive(Debug)]
pub(super) struct Open {
    domain: Domain,
    payer: Payer,
    pub(super) id: ModelCallId,
    ended: bool,
}

impl Open {
    /// Writes down how the call ended; also when nobody awaits it.
    pub(super) fn end(&mut self, end: CallEnd) -> impl Future<Output = Result<()>> + use<> {
        self.ended = true;
        self.domain.end_call(self.payer, self.id, end)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // Without a runtime nothing can be written; the next start does it.
        if !self.ended && tokio::runtime::Handle::try_current().is_ok() {
            let end = unused(CallState::Cancelled);
            drop(self.domain.end_call(self.payer, self.id, end));
        }
    }
}

/// Returns the end of a call that used nothing.
pub(super) fn unused(state: CallState) -> CallEnd {
    CallEnd {
        state,
        stop_reason: None,
        input_tokens: 0,
        cached_input_tokens: 0,
        cache_write_tokens: 0,
        output_tokens: 0,
        reasoning_tokens: 0,
        measured: false,
        cost_micros: Some(0),
        first_token_ms: None,
        latency_ms: None,
        error: None,
    }
}

impl Domain {
    /// Asks a model: chooses it, reserves the most that the answer can cost,
    /// and stores the call with the exact bytes that will leave. They leave
    /// when the answer is first looked at.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a workspace or model that the asker may not
    /// see, [`Error::ModelNotConfigured`], [`Error::BudgetExceeded`],
    /// [`Error::PriceUnknown`], and [`Error::Model`] for a request that can't
    /// be sent.
    pub async fn ask(&self, ctx: &Ctx, mut ask: Ask) -> Result<Asked> {
        ctx.person()?;
        if let Some(workspace) = ask.workspace {
            self.require_workspace(ctx, workspace).await?;
        }
        self.guard_ask(ctx, &mut ask).await?;
        let mut routes: VecDeque<Chosen> = self.routes(ctx, &ask).await?.into();
        let ask = Arc::new(ask);
        let attempt = self.attempt_next(ctx, &ask, &mut routes, None).await?;
        Ok(Asked::new(self.clone(), ctx.clone(), ask, routes, attempt))
    }

    /// Writes down a call to the first of the models that the budgets allow
    /// and that has a word for what is asked, and leaves those that come after
    /// it. A model that the asker chose is
    /// asked or none, unless it failed already.
    pub(super) async fn attempt_next(
        &self,
        ctx: &Ctx,
        ask: &Ask,
        routes: &mut VecDeque<Chosen>,
        replaces: Option<ModelCallId>,
    ) -> Result<Attempt> {
        let only = ask.wanted.is_some() && replaces.is_none();
        let mut refused = None;
        while let Some(next) = routes.pop_front() {
            match self.attempt(ctx, ask, next, replaces).await {
                Err(
                    refusal @ (Error::BudgetExceeded(_)
                    | Error::PriceUnknown { .. }
                    | Error::Invalid { .. }),
                ) if !only => {
                    // Why the best may not answer explains the most.
                    refused.get_or_insert(refusal);
                }
                attempted => return attempted,
            }
        }
        Err(refused.unwrap_or(Error::ModelNotConfigured))
    }

    /// Returns the models that may answer, the best first.
    pub(crate) async fn routes(&self, ctx: &Ctx, ask: &Ask) -> Result<Vec<Chosen>> {
        if let Some(wanted) = &ask.wanted {
            self.check_ref(ctx, wanted).await?;
        }
        let set = self.workspace_provider(ctx, ask.workspace).await?;
        let left = self.budget_left(ctx, ask.workspace, ask.places()).await?;
        let mut need = Need::of(ask, set, left);
        let (mut models, _, mut found) = self.decide(ctx, &need, Scope::InQuestion).await?;
        if found.order.is_empty() && left != Left::default() {
            // If only a budget is in the way, reserving says which, and why.
            need.left = Left::default();
            (models, _, found) = self.decide(ctx, &need, Scope::InQuestion).await?;
        }
        if found.order.is_empty() {
            return Err(found.refusal(&models));
        }
        let known = self.known(ctx).await?;
        let chosen = found.order.iter().filter_map(|(at, reason)| {
            let model = models.get(*at)?;
            Some(Chosen {
                provider: model.provider,
                endpoint: known.endpoint(model)?,
                local: model.local,
                reason: reason.clone(),
                edits: EditForm::of(model.parameters, ask.selections),
            })
        });
        Ok(chosen.collect())
    }

    /// Writes one call down, ready to leave.
    async fn attempt(
        &self,
        ctx: &Ctx,
        ask: &Ask,
        chosen: Chosen,
        replaces: Option<ModelCallId>,
    ) -> Result<Attempt> {
        let user = ctx.person()?;
        let mut tries = TRIES;
        let mut counted = None;
        loop {
            let (prepared, bound) = self.fit(ctx, ask, &chosen, &mut counted).await?;
            if let Some(guarded) = &ask.guarded {
                guarded.body(prepared.body())?;
            }
            let row = self.call_row(user, ask, &chosen, &prepared, bound, replaces);
            let mut open = Open {
                domain: self.clone(),
                payer: (user, ask.workspace),
                id: row.id,
                ended: false,
            };
            let request = request_row(&row, ask, &chosen, &prepared)?;
            let most = prepared.at_most();
            match self.begin_call(row, request).await {
                Ok(()) => {
                    return Ok(Attempt {
                        open,
                        chosen,
                        prepared,
                        bound,
                    });
                }
                Err(refusal) => {
                    open.ended = true;
                    tries -= 1;
                    let exceeded = matches!(refusal, Error::BudgetExceeded(_));
                    if exceeded && counted.is_none() {
                        let wish = chosen.edits.told(&ask.wish, ask.edits_after);
                        counted = self.count_input(&wish, &chosen.endpoint, most).await;
                        if counted.is_some() {
                            continue;
                        }
                    }
                    // Others began meanwhile; a shorter answer may still fit.
                    let again = exceeded && ask.wish.max_output_tokens().is_none() && tries > 0;
                    if !again {
                        return Err(refusal);
                    }
                }
            }
        }
    }

    /// Makes the bytes that leave. An answer without a limit gets one when a
    /// budget counts it: what the model can write, or what the budget allows.
    /// Before a budget cuts it short, the input is counted rather than bounded
    /// by its bytes.
    async fn fit(
        &self,
        ctx: &Ctx,
        ask: &Ask,
        chosen: &Chosen,
        counted: &mut Option<Counted>,
    ) -> Result<(Prepared, Bound)> {
        let endpoint = &chosen.endpoint;
        let prepare = |wish: &Wish| {
            match wish {
                Wish::Answer(request) => self.gateway().prepare(endpoint, request),
                Wish::Fill(asked) => self.gateway().prepare_completion(endpoint, asked),
            }
            .map_err(model_error)
        };
        let wish = chosen.edits.told(&ask.wish, ask.edits_after);
        let prepared = prepare(&wish)?;
        let mut bound = Bound::of(prepared.at_most(), *counted);
        if wish.max_output_tokens().is_some() {
            return Ok((prepared, bound));
        }
        let left = self.budget_left(ctx, ask.workspace, ask.places()).await?;
        let Some(mut most) = bound.answer_within(left, endpoint) else {
            return Ok((prepared, bound));
        };
        if Bound::cuts_short(most, endpoint) && counted.is_none() {
            let most_input = prepared.at_most();
            *counted = self.count_input(&wish, endpoint, most_input).await;
            bound = Bound::of(most_input, *counted);
            most = bound.answer_within(left, endpoint).unwrap_or(most);
        }
        let wish = wish.within(most);
        let prepared = prepare(&wish)?;
        let bound = Bound::of(prepared.at_most(), *counted);
        Ok((prepared, bound))
    }

    fn call_row(
        &self,
        user: UserId,
        ask: &Ask,
        chosen: &Chosen,
        prepared: &Prepared,
        bound: Bound,
        replaces: Option<ModelCallId>,
    ) -> ModelCallRow {
        let endpoint = &chosen.endpoint;
        ModelCallRow {
            id: self.ids().next(),
            user_id: user,
            workspace_id: ask.workspace,
            conversation_id: ask.place.map(|(conversation, _)| conversation),
            turn_id: ask.place.map(|(_, turn)| turn),
            token_id: ask.token,
            replaces_id: replaces,
            task: ask.task.as_str().to_owned(),
            provider_id: Some(chosen.provider),
            provider: endpoint.name.clone(),
            model: endpoint.model.clone(),
            wire: endpoint.wire.as_str().to_owned(),
            local: chosen.local,
            reason: chosen.reason.clone(),
            state: CallState::Running,
            stop_reason: None,
            input_tokens: 0,
            cached_input_tokens: 0,
            cache_write_tokens: 0,
            output_tokens: 0,
            reasoning_tokens: 0,
            measured: false,
            cost_micros: None,
            reserved_micros: bound.micros(endpoint),
            reserved_tokens: bound.tokens(),
            first_token_ms: None,
            latency_ms: None,
            request_hash: ContentHash::of(prepared.body()),
            error: None,
            created_at: self.now(),
            server: self.server(),
        }
    }

    /// Stores that a server refused the request as it was and got it again in
    /// other bytes: what is kept is what went out last.
    pub(super) async fn record_resent(&self, id: ModelCallId, body: Vec<u8>) -> Result<()> {
        let hash = ContentHash::of(&body);
        Ok(self
            .store()
            .write_soft(async |tx| tx.set_model_request(id, hash, body).await)
            .await?)
    }
}

fn request_row(
    call: &ModelCallRow,
    ask: &Ask,
    chosen: &Chosen,
    prepared: &Prepared,
) -> Result<ModelRequestRow> {
    let mut sources = ask.sources.clone();
    let rules = sources.iter_mut().find(|source| source.kind == "rules");
    if let Some(rules) = rules.filter(|_| ask.edits_after.is_some()) {
        rules.bytes += chosen.edits.rules().len() as u64;
    }
    Ok(ModelRequestRow {
        call_id: call.id,
        body: prepared.body().to_vec(),
        sources: serde_json::to_string(&sources)
            .map_err(|e| Error::Internal(format!("a manifest can't be written: {e}")))?,
        created_at: call.created_at,
    })
}

pub(crate) fn model_error(error: atelier_model::Error) -> Error {
    match error {
        atelier_model::Error::Cancelled => Error::Cancelled,
        atelier_model::Error::Unsupported { parameter, .. } => {
            Error::invalid(parameter, error.to_string())
        }
        other => Error::Model {
            fault: ModelFault::from(&other),
            detail: other.to_string(),
            hint: Some(other.hint().to_owned()),
        },
    }
}

#[cfg(test)]
mod tests;
