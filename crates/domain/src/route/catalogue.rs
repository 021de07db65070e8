//! What a person can ask: their providers' models, with all that is known of
//! them. Kept for a moment, because every call looks at it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use atelier_base::{ProviderId, UserId};
use atelier_model::{Endpoint, LongPrices, ModelFacts, Prices, Wire, published};
use atelier_store::{LatencyRow, PriceSource as Named, ProviderModelRow, ProviderRow};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{Model, Need, Policy, PriceSource};
use crate::call::ModelRef;
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::provider::{EMBEDDED, ENVIRONMENT};

/// How long a catalogue is taken for true. What this server changes shows at
/// once; what another one on the same database changes, after this.
const KEPT: Duration = Duration::from_secs(2);
/// How long a provider that could not be reached comes last.
const AWAY: Duration = Duration::from_secs(30);
/// How far back answers count for how fast a model is.
const OF_LATE: Duration = Duration::from_hours(24);
/// The most catalogues kept.
const PEOPLE: usize = 1_000;

/// The catalogues of the people who asked of late, and who is away.
#[derive(Debug, Default)]
pub(crate) struct Catalogues {
    kept: Mutex<HashMap<UserId, (Instant, Arc<Known>)>>,
    away: Mutex<HashMap<ProviderId, Instant>>,
}

/// What a person can ask.
#[derive(Debug)]
pub(crate) struct Known {
    /// The models, provider by provider, each provider's own first.
    pub(crate) models: Vec<Model>,
    /// What the person wants of routing.
    pub(crate) policy: Policy,
    /// Whether any budget may count the person's calls.
    pub(crate) has_budgets: bool,
    /// How each provider is reached, with the model it is set to.
    endpoints: HashMap<ProviderId, Endpoint>,
}

impl Catalogues {
    /// Forgets what is kept, because something changed.
    pub(crate) fn forget(&self) {
        self.kept.lock().clear();
    }

    /// Notes that a provider could not be reached, or could.
    pub(crate) fn note(&self, provider: ProviderId, reached: bool) {
        let mut away = self.away.lock();
        if !reached {
            away.insert(provider, Instant::now() + AWAY);
        } else if !away.is_empty() {
            away.remove(&provider);
        }
    }

    /// Returns the providers that could not be reached a moment ago.
    pub(super) fn away(&self) -> HashSet<ProviderId> {
        let now = Instant::now();
        let mut away = self.away.lock();
        away.retain(|_, until| *until > now);
        away.keys().copied().collect()
    }
}

impl Known {
    /// Returns how a model is reached, with what it costs and can write.
    pub(crate) fn endpoint(&self, model: &Model) -> Option<Endpoint> {
        let mut endpoint = self.endpoints.get(&model.provider)?.clone();
        endpoint.model.clone_from(&model.name);
        endpoint.prices = model.prices;
        endpoint.max_output_tokens = model
            .max_output_tokens
            .map(|most| u32::try_from(most).unwrap_or(u32::MAX));
        Some(endpoint)
    }
}

impl Domain {
    /// Returns what a person can ask.
    pub(crate) async fn known(&self, ctx: &Ctx) -> Result<Arc<Known>> {
        let person = ctx.person()?;
        let now = Instant::now();
        if let Some((until, known)) = self.catalogues().kept.lock().get(&person)
            && *until > now
        {
            return Ok(known.clone());
        }
        let known = Arc::new(self.look_up(ctx, person).await?);
        let mut kept = self.catalogues().kept.lock();
        if kept.len() >= PEOPLE {
            kept.clear();
        }
        kept.insert(person, (now + KEPT, known.clone()));
        Ok(known)
    }

    async fn look_up(&self, ctx: &Ctx, person: UserId) -> Result<Known> {
        let since = self.now().as_micros();
        let since = since.saturating_sub(i64::try_from(OF_LATE.as_micros()).unwrap_or(i64::MAX));
        let since = atelier_base::Timestamp::from_micros(since);
        let (rows, facts, policy, latencies, budgets) = self
            .store()
            .read(async |tx| {
                Ok::<_, Error>((
                    tx.list_providers(person).await?,
                    tx.list_provider_models(person, ENVIRONMENT).await?,
                    tx.find_model_policy(person).await?,
                    tx.list_latencies(person, since).await?,
                    tx.has_budgets().await?,
                ))
            })
            .await?;
        let policy = match policy {
            Some(row) => serde_json::from_str(&row.policy)
                .map_err(|e| Error::Internal(format!("a policy can't be read: {e}")))?,
            None => Policy::default(),
        };
        let embedded = self.gateway().local().filter(|model| model.is_usable());
        let ids: Vec<ProviderId> = (self.settings().environment_provider.iter())
            .map(|_| ENVIRONMENT)
            .chain(rows.iter().map(|row| row.id))
            // Last: it answers when it is chosen, preferred or all that is left.
            .chain(embedded.map(|_| EMBEDDED))
            .collect();
        let mut known = Known {
            models: Vec::new(),
            policy,
            has_budgets: budgets,
            endpoints: HashMap::new(),
        };
        for id in ids {
            // A provider that can't be used must not keep the others from it.
            match self.endpoint(ctx, id).await {
                Ok(endpoint) => {
                    let local = self.is_local(id, &endpoint, &rows);
                    known.add(id, endpoint, local, &facts, &latencies);
                }
                Err(error) => {
                    tracing::warn!(provider.id = %id, error = %crate::error::chain(&error), "a provider can't be used");
                }
            }
        }
        if let Some(local) = embedded {
            known.tell(EMBEDDED, &local.facts());
        }
        Ok(known)
    }

    /// Says whether a provider runs on hardware of the person's own.
    fn is_local(&self, id: ProviderId, endpoint: &Endpoint, rows: &[ProviderRow]) -> bool {
        let environment = self.settings().environment_provider.as_ref();
        let row = rows.iter().find(|row| row.id == id);
        endpoint.wire == Wire::Local
            || id == ENVIRONMENT && environment.is_some_and(|provider| provider.local)
            || row.and_then(|row| row.local) == Some(true)
    }
}

impl Known {
    /// Returns the models that are not passed over by their names alone.
    pub(super) fn in_question(&self, need: &Need) -> Vec<Model> {
        let rule = self.policy.rule(need.task);
        let named = |model: &&Model| {
            model.configured
                || need
                    .wanted
                    .as_ref()
                    .is_some_and(|wanted| wanted.names(model))
                || rule.models.iter().any(|listed| listed.names(model))
        };
        self.models.iter().filter(named).cloned().collect()
    }

    /// Notes what a provider's own model can do.
    fn tell(&mut self, id: ProviderId, facts: &ModelFacts) {
        let of = |model: &&mut Model| model.provider == id && model.configured;
        if let Some(model) = self.models.iter_mut().find(of) {
            model.context_tokens = facts.context_tokens.map(u64::from);
            model.max_output_tokens = facts.max_output_tokens.map(u64::from);
            model.parameters = facts.parameters;
            model.images = facts.images;
            model.tools = facts.tools;
            model.reasoning = facts.reasoning;
            model.fim = facts.fim;
        }
    }

    fn add(
        &mut self,
        id: ProviderId,
        endpoint: Endpoint,
        local: bool,
        facts: &[ProviderModelRow],
        latencies: &[LatencyRow],
    ) {
        let mut models = vec![model(
            id,
            &endpoint,
            local,
            &endpoint.model,
            facts,
            latencies,
        )];
        let own = |row: &&ProviderModelRow| row.provider_id == id;
        for row in facts.iter().filter(own) {
            if row.model != endpoint.model {
                models.push(model(id, &endpoint, local, &row.model, facts, latencies));
            }
        }
        self.models.append(&mut models);
        self.endpoints.insert(id, endpoint);
    }

    /// Makes what is known of a model that was asked for by a name that its
    /// provider has not listed.
    pub(crate) fn unlisted(&self, wanted: &ModelRef) -> Option<Model> {
        let name = wanted.model.as_ref()?;
        let endpoint = self.endpoints.get(&wanted.provider)?;
        let local = self
            .models
            .iter()
            .any(|model| model.provider == wanted.provider && model.local);
        Some(model(wanted.provider, endpoint, local, name, &[], &[]))
    }
}

fn model(
    provider: ProviderId,
    endpoint: &Endpoint,
    local: bool,
    name: &str,
    facts: &[ProviderModelRow],
    latencies: &[LatencyRow],
) -> Model {
    let row = facts
        .iter()
        .find(|row| row.provider_id == provider && row.model == name);
    let seen = latencies
        .iter()
        .find(|row| row.provider_id == provider && row.model == name);
    let listed = published(endpoint.wire, &endpoint.base_url, name);
    let configured = endpoint.model == name;
    let of_provider = endpoint.prices.filter(|_| configured);
    let (prices, price_source) = prices(row, of_provider, local, listed.map(|known| known.prices));
    let told = |of: fn(&ProviderModelRow) -> Option<bool>| row.and_then(of);
    let size = |of: fn(&ProviderModelRow) -> Option<u64>| row.and_then(of);
    Model {
        provider,
        provider_name: endpoint.name.clone(),
        name: name.to_owned(),
        wire: endpoint.wire,
        local,
        configured,
        context_tokens: size(|row| row.context_tokens)
            .or_else(|| listed.and_then(|known| known.context_tokens)),
        max_output_tokens: size(|row| row.max_output_tokens)
            .or_else(|| listed.and_then(|known| known.max_output_tokens)),
        parameters: size(|row| row.parameters),
        images: told(|row| row.images).or(listed.map(|known| known.images)),
        tools: told(|row| row.tools).or(listed.map(|known| known.tools)),
        reasoning: told(|row| row.reasoning).or(listed.map(|known| known.reasoning)),
        fim: told(|row| row.fim),
        prices,
        price_source,
        first_token_ms: seen.and_then(|row| row.first_token_ms),
        latency_ms: seen.and_then(|row| row.latency_ms),
        unreachable: false,
    }
}

/// Returns what a model costs and who says so: the person before everybody,
/// then nobody for what runs on their own hardware, then the provider, then
/// the table.
fn prices(
    row: Option<&ProviderModelRow>,
    of_provider: Option<Prices>,
    local: bool,
    listed: Option<Prices>,
) -> (Option<Prices>, PriceSource) {
    let stored = |source| {
        row.filter(|row| row.price_source == Some(source))
            .and_then(stored_prices)
    };
    if let Some(prices) = stored(Named::Person).or(of_provider) {
        (Some(prices), PriceSource::Person)
    } else if local {
        (Some(Prices::FREE), PriceSource::Local)
    } else if let Some(prices) = stored(Named::Provider) {
        (Some(prices), PriceSource::Provider)
    } else if let Some(prices) = listed {
        (Some(prices), PriceSource::Published)
    } else {
        (None, PriceSource::Unknown)
    }
}

fn stored_prices(row: &ProviderModelRow) -> Option<Prices> {
    Some(Prices {
        input_picos_per_token: row.input_picos_per_token?,
        output_picos_per_token: row.output_picos_per_token?,
        cached_input_picos_per_token: row.cached_input_picos_per_token,
        cache_write_picos_per_token: row.cache_write_picos_per_token,
        long: row
            .long_from_tokens
            .zip(row.long_input_picos_per_token)
            .map(|(from_tokens, input_picos_per_token)| LongPrices {
                from_tokens,
                input_picos_per_token,
                output_picos_per_token: row.long_output_picos_per_token,
                cached_input_picos_per_token: row.long_cached_input_picos_per_token,
            }),
    })
}
