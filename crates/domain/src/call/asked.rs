//! An answer on its way.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use atelier_base::{ModelCallId, Timestamp};
use atelier_model::{Call, Delta, FinishReason, Prepared, Usage};

use super::ask::{Attempt, Chosen, Open, model_error};
use super::bound::Bound;
use super::{Ask, EditForm, Part, Switched};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};

mod settlement;

type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// An answer on its way. Dropping it stops the model and settles the call
/// with what came until then.
pub struct Asked {
    domain: Domain,
    ctx: Ctx,
    ask: Arc<Ask>,
    /// The models that may take over.
    rest: VecDeque<Chosen>,
    open: Open,
    chosen: Chosen,
    body_bytes: usize,
    bound: Bound,
    sent: Timestamp,
    first: Option<Timestamp>,
    stop: Option<String>,
    /// What the asker was told that the answer used.
    told: Option<Usage>,
    handed: Handed,
    switched: bool,
    /// A step that came while the answer was only begun.
    held: Option<Part>,
    spent: Spent,
    stage: Stage,
}

/// What calls used, and cost together; the cost is unknown as soon as one's
/// is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// The tokens.
    pub usage: Usage,
    /// The cost in micro-dollars; `None` when a price is unknown.
    pub cost_micros: Option<i64>,
}

/// What the asker has got of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Handed {
    Nothing,
    /// Something to look at.
    Text,
    /// A tool call, which may have been made by now.
    Effect,
}

/// What is to be done next. Work is kept here while it waits, so that whoever
/// stops waiting loses nothing.
enum Stage {
    Ready(Box<Prepared>),
    Sending(Work<Sent>),
    Answering(Box<Call>),
    /// The end is being written; then it is reported, or another model asked.
    Ending(Work<Result<()>>, Option<atelier_model::Error>),
    Switching(Work<Result<Attempt>>, atelier_model::Error),
    Over,
}

/// What came of sending a request.
struct Sent {
    answer: atelier_model::Result<Call>,
    /// What went out last, when the server refused the request as it was.
    resent: Option<Vec<u8>>,
}

/// An answer is not for logs.
impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked")
            .field("call", &self.open.id)
            .field("model", &self.chosen.endpoint.model)
            .finish_non_exhaustive()
    }
}

impl Asked {
    pub(super) fn new(
        domain: Domain,
        ctx: Ctx,
        ask: Arc<Ask>,
        rest: VecDeque<Chosen>,
        attempt: Attempt,
    ) -> Self {
        let sent = domain.now();
        Self {
            domain,
            ctx,
            ask,
            rest,
            open: attempt.open,
            chosen: attempt.chosen,
            body_bytes: attempt.prepared.body().len(),
            bound: attempt.bound,
            sent,
            first: None,
            stop: None,
            told: None,
            handed: Handed::Nothing,
            switched: false,
            held: None,
            spent: Spent {
                usage: Usage::default(),
                cost_micros: Some(0),
            },
            stage: Stage::Ready(Box::new(attempt.prepared)),
        }
    }

    /// Returns the call that is being answered.
    pub fn id(&self) -> ModelCallId {
        self.open.id
    }

    /// Returns the name of the provider that answers.
    pub fn provider(&self) -> &str {
        &self.chosen.endpoint.name
    }

    /// Returns the model that answers.
    pub fn model(&self) -> &str {
        &self.chosen.endpoint.model
    }

    /// Says whether the model runs on hardware of the person's own.
    pub fn is_local(&self) -> bool {
        self.chosen.local
    }

    /// Returns why this model answers, as a sentence.
    pub fn reason(&self) -> &str {
        &self.chosen.reason
    }

    /// Returns how the model that answers was asked to write edits.
    pub(crate) fn edits(&self) -> EditForm {
        self.chosen.edits
    }

    /// Returns the names of the secrets that were replaced in what is asked.
    pub fn withheld(&self) -> &[String] {
        &self.ask.withheld
    }

    /// Returns how many bytes leave.
    pub fn body_bytes(&self) -> usize {
        self.body_bytes
    }

    /// Returns what the calls that ended used: all there were, once
    /// [`next`](Self::next) has returned `None` or an error.
    pub fn spent(&self) -> Spent {
        self.spent
    }

    /// Sends the request, if it isn't sent yet, and waits until a model begins
    /// to answer. What fails before that is reported here, which lets a caller
    /// refuse in time.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub async fn begin(&mut self) -> Result<()> {
        while !matches!(self.stage, Stage::Answering(_) | Stage::Over) {
            match self.step().await {
                Some(Ok(part)) => self.held = Some(part),
                Some(Err(error)) => return Err(error),
                None => {}
            }
        }
        Ok(())
    }

    /// Returns the next step of the answer; `None` after the last, or after an
    /// error. The call is settled by then. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`Error::Cancelled`] as soon as the asker's token is cancelled, and
    /// [`Error::Model`] with what the provider reports.
    pub async fn next(&mut self) -> Option<Result<Part>> {
        if let Some(part) = self.held.take() {
            return Some(Ok(part));
        }
        loop {
            if matches!(self.stage, Stage::Over) {
                return None;
            }
            if let Some(step) = self.step().await {
                return Some(step);
            }
        }
    }

    /// Does what is next; `None` when it brought nothing for the asker.
    async fn step(&mut self) -> Option<Result<Part>> {
        match &mut self.stage {
            Stage::Ready(_) => self.send(),
            Stage::Sending(sending) => {
                let sent = sending.as_mut().await;
                self.was_sent(sent).await;
            }
            Stage::Answering(call) => match call.next().await {
                Some(Ok(delta)) => return Some(Ok(self.hand(delta))),
                Some(Err(error)) => {
                    let usage = call.usage();
                    self.end(self.settled(usage), Some(error));
                }
                None => {
                    let usage = call.usage();
                    self.end(self.settled(usage), None);
                }
            },
            Stage::Ending(ending, _) => {
                let written = ending.as_mut().await;
                return self.ended(written);
            }
            Stage::Switching(switching, _) => {
                let attempt = switching.as_mut().await;
                return Some(self.switch(attempt));
            }
            Stage::Over => {}
        }
        None
    }

    fn send(&mut self) {
        let Stage::Ready(prepared) = std::mem::replace(&mut self.stage, Stage::Over) else {
            return;
        };
        let (gateway, cancel) = (self.domain.gateway().clone(), self.ctx.cancel.clone());
        self.sent = self.domain.now();
        self.stage = Stage::Sending(Box::pin(async move {
            let mut prepared = *prepared;
            let first = prepared.body().clone();
            let answer = gateway.send(&mut prepared, cancel).await;
            // What is sent again in another form has a body of its own.
            let same = std::ptr::eq::<[u8]>(prepared.body().as_ref(), first.as_ref());
            let resent = (!same).then(|| prepared.body().to_vec());
            Sent { answer, resent }
        }));
    }

    /// Goes on to the answer or to the end, and keeps what went out.
    async fn was_sent(&mut self, sent: Sent) {
        if let Some(body) = &sent.resent {
            self.body_bytes = body.len();
        }
        match sent.answer {
            Ok(call) => {
                self.domain.catalogues().note(self.chosen.provider, true);
                self.stage = Stage::Answering(Box::new(call));
            }
            Err(error) => {
                if matches!(error, atelier_model::Error::Connect { .. }) {
                    self.domain.catalogues().note(self.chosen.provider, false);
                }
                let usage = self.unanswered(&error);
                self.end(usage, Some(error));
            }
        }
        if let Some(body) = sent.resent {
            // Boxed, so that every open stream need not have room for it.
            let recording = Box::pin(self.domain.record_resent(self.open.id, body));
            if let Err(error) = recording.await {
                tracing::error!(call.id = %self.open.id, error = %crate::error::chain(&error), "a request sent again could not be stored");
            }
        }
    }

    fn hand(&mut self, mut delta: Delta) -> Part {
        match &mut delta {
            Delta::Text(_) | Delta::Reasoning(_) | Delta::ToolCallPart(_) | Delta::Carried(_) => {
                self.first.get_or_insert_with(|| self.domain.now());
                self.handed = self.handed.max(Handed::Text);
            }
            Delta::ToolCall(_) => self.handed = Handed::Effect,
            Delta::Finish { reason } => self.stop = Some(stop_word(reason)),
            Delta::Usage(usage) => {
                *usage = self.settled(*usage);
                self.told = Some(*usage);
            }
        }
        Part::Delta(delta)
    }

    /// Begins to write down how the call ended.
    fn end(&mut self, usage: Usage, failure: Option<atelier_model::Error>) {
        let end = self.call_end(usage, failure.as_ref());
        self.add(usage, end.cost_micros);
        self.stage = Stage::Ending(Box::pin(self.open.end(end)), failure);
    }

    /// Reports the end, or asks another model once it is written.
    fn ended(&mut self, written: Result<()>) -> Option<Result<Part>> {
        let Stage::Ending(_, failure) = std::mem::replace(&mut self.stage, Stage::Over) else {
            return None;
        };
        if let Err(error) = written {
            return Some(Err(error));
        }
        let failure = failure?;
        if !self.may_switch(&failure) {
            return Some(Err(model_error(failure)));
        }
        self.switched = true;
        let (domain, ctx, ask) = (self.domain.clone(), self.ctx.clone(), self.ask.clone());
        let replaces = self.open.id;
        let mut rest = std::mem::take(&mut self.rest);
        let work = async move {
            domain
                .attempt_next(&ctx, &ask, &mut rest, Some(replaces))
                .await
        };
        self.stage = Stage::Switching(Box::pin(work), failure);
        None
    }

    /// Says whether another model takes over after a failure: once, and only
    /// while nothing was handed over that can't be taken back.
    fn may_switch(&self, failure: &atelier_model::Error) -> bool {
        let handed = match self.handed {
            Handed::Nothing => true,
            Handed::Text => self.ask.takes_back,
            Handed::Effect => false,
        };
        !self.switched && handed && passes(failure) && !self.rest.is_empty()
    }

    fn switch(&mut self, attempt: Result<Attempt>) -> Result<Part> {
        let Stage::Switching(_, failure) = std::mem::replace(&mut self.stage, Stage::Over) else {
            return Err(Error::Internal("a model took over from none".to_owned()));
        };
        // Why the second can't answer explains less than why the first didn't.
        let Ok(attempt) = attempt else {
            return Err(model_error(failure));
        };
        let from = self.chosen.endpoint.model.clone();
        let switched = Switched {
            from,
            to: attempt.chosen.endpoint.model.clone(),
            local: attempt.chosen.local,
            reason: sentence(&failure.to_string()),
        };
        self.open = attempt.open;
        self.chosen = attempt.chosen;
        self.body_bytes = attempt.prepared.body().len();
        self.bound = attempt.bound;
        (self.first, self.stop, self.told) = (None, None, None);
        self.handed = Handed::Nothing;
        self.stage = Stage::Ready(Box::new(attempt.prepared));
        Ok(Part::Switched(switched))
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if tokio::runtime::Handle::try_current().is_err() {
            return;
        }
        let usage = match &self.stage {
            Stage::Answering(call) => self.settled(call.usage()),
            Stage::Sending(_) => self.unanswered(&atelier_model::Error::Cancelled),
            Stage::Ready(_) | Stage::Ending(..) | Stage::Switching(..) | Stage::Over => return,
        };
        let end = self.call_end(usage, Some(&atelier_model::Error::Cancelled));
        drop(self.open.end(end));
    }
}

/// Says whether another model may do better: what is busy, broken, away or
/// silent, and not what is wrong with the request or the account.
fn passes(error: &atelier_model::Error) -> bool {
    use atelier_model::Error as Failure;
    matches!(
        error,
        Failure::RateLimited { .. }
            | Failure::Overloaded { .. }
            | Failure::Failed { .. }
            | Failure::Cut { .. }
            | Failure::Idle { .. }
            | Failure::Connect { .. }
            | Failure::Tls { .. }
            | Failure::LocalModel { .. }
            | Failure::LocalModelFell { .. }
    )
}

fn stop_word(reason: &FinishReason) -> String {
    match reason {
        FinishReason::Stop => "stop",
        FinishReason::Length => "length",
        FinishReason::ToolCalls => "tool_calls",
        FinishReason::Refusal => "refusal",
        FinishReason::ContentFilter => "content_filter",
        FinishReason::Other(word) => word,
    }
    .to_owned()
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
}
