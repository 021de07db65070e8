//! What a provider offers: asked of it, or said by the person.

use atelier_base::{ProviderId, Timestamp};
use atelier_model::{Capabilities, Endpoint, LongPrices, ModelFacts, Prices, ServerKind};
use atelier_store::{PriceSource, ProviderModelRow};

use super::{EMBEDDED, ENVIRONMENT, price_of};
use crate::call::ModelRef;
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::route::ListedModel;

/// The most parameters that a model is said to have.
const PARAMETERS: u64 = 1_000_000_000_000_000;
/// The most tokens that a model may be said to read or write.
const TOKENS: u64 = 1_000_000_000;
/// The most models of a provider that are kept.
const MODELS: usize = 1_000;

/// What a test of a provider found.
#[derive(Debug)]
pub struct ProviderCheck {
    /// Whether it answered and knows the model.
    pub ok: bool,
    /// What happened.
    pub detail: String,
    /// What to do.
    pub hint: Option<String>,
    /// The models it offers.
    pub models: Vec<String>,
    /// What kind of server it is, when it answered.
    pub kind: Option<ServerKind>,
}

/// What a person says of a model; an empty price is one that nobody knows. A
/// size that is `None` stays as it is, and `Some(None)` takes it back.
#[derive(Clone, Debug, Default)]
pub struct ModelFactsChange {
    /// The price of a million tokens sent, as a decimal of US dollars.
    pub input_usd_per_million: Option<String>,
    /// The price of a million tokens answered.
    pub output_usd_per_million: Option<String>,
    /// The price of a million tokens from the provider's cache.
    pub cached_input_usd_per_million: Option<String>,
    /// The price of a million tokens put into the provider's cache.
    pub cache_write_usd_per_million: Option<String>,
    /// What a long conversation costs, where that is more.
    pub long: Option<LongPricesChange>,
    /// How many tokens it reads.
    pub context_tokens: Option<Option<u64>>,
    /// How many tokens it writes.
    pub max_output_tokens: Option<Option<u64>>,
    /// How many parameters it has.
    pub parameters: Option<Option<u64>>,
}

/// What a person says of the prices of long conversations.
#[derive(Clone, Debug)]
pub struct LongPricesChange {
    /// How many tokens are sent at the usual prices at most; at least 1.
    pub from_tokens: u64,
    /// The price of a million tokens sent when it is more.
    pub input_usd_per_million: String,
    /// The price of a million tokens answered then; the usual one when `None`.
    pub output_usd_per_million: Option<String>,
    /// The price of a million tokens from the provider's cache then; as input
    /// when `None`.
    pub cached_input_usd_per_million: Option<String>,
}

impl Domain {
    /// Tries whether a provider answers and knows its model, and keeps what it
    /// says of its models.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker has no such provider; what the
    /// provider does wrong is in the answer.
    pub async fn check_provider(&self, ctx: &Ctx, id: ProviderId) -> Result<ProviderCheck> {
        let endpoint = self.endpoint(ctx, id).await?;
        let names = match self.gateway().check(&endpoint).await {
            Ok(names) => names,
            Err(error) => {
                return Ok(ProviderCheck {
                    ok: false,
                    detail: error.to_string(),
                    hint: Some(error.hint().to_owned()),
                    models: Vec::new(),
                    kind: None,
                });
            }
        };
        // It answers; what it says of its models beside their names is a bonus.
        let found = self.gateway().probe(&endpoint).await.ok();
        if let Some(found) = &found
            && id != EMBEDDED
        {
            self.keep_models(ctx, id, &endpoint, found).await?;
        }
        let ok = names.is_empty() || names.contains(&endpoint.model);
        let model = &endpoint.model;
        Ok(ProviderCheck {
            ok,
            detail: if ok {
                format!("{model} answers.")
            } else {
                format!("The provider answers but does not list the model `{model}`.")
            },
            hint: (!ok).then(|| "Choose one of the models it lists.".to_owned()),
            models: names,
            kind: found.map(|found| found.kind),
        })
    }

    /// Says what a model costs and can do, over what the provider and the
    /// published table say. Prices that are `None` are left to them.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker has no such provider, and
    /// [`Error::Invalid`] for a price that is none, for one of input without
    /// one of output, and for a size beyond any model's.
    pub async fn set_model_facts(
        &self,
        ctx: &Ctx,
        model: ModelRef,
        change: ModelFactsChange,
    ) -> Result<ListedModel> {
        self.check_ref(ctx, &model).await?;
        let provider = model.provider;
        let name = match &model.model {
            Some(name) => name.clone(),
            None => self.endpoint(ctx, provider).await?.model,
        };
        let stored = self.stored(ctx, provider, &name).await?;
        let row = changed(stored, &change)?;
        let row = ProviderModelRow {
            updated_at: self.now(),
            ..row
        };
        self.store()
            .write(async |tx| tx.put_provider_model(&row).await)
            .await?;
        self.catalogues().forget();
        let listed = self.list_models(ctx).await?;
        let wanted = ModelRef {
            provider,
            model: Some(name),
        };
        listed
            .into_iter()
            .find(|listed| wanted.names(&listed.model))
            .ok_or(Error::NotFound { what: "model" })
    }

    async fn stored(
        &self,
        ctx: &Ctx,
        provider: ProviderId,
        model: &str,
    ) -> Result<ProviderModelRow> {
        let owner = ctx.person()?;
        let rows = self
            .store()
            .query(async |tx| tx.list_provider_models(owner, ENVIRONMENT).await)
            .await?;
        let known = rows
            .into_iter()
            .find(|row| row.provider_id == provider && row.model == model);
        Ok(known.unwrap_or_else(|| blank(provider, model, self.now())))
    }

    /// Keeps what a provider says of its models; prices that the person set
    /// stay.
    async fn keep_models(
        &self,
        ctx: &Ctx,
        id: ProviderId,
        endpoint: &Endpoint,
        found: &Capabilities,
    ) -> Result<()> {
        let owner = ctx.person()?;
        let stored = self
            .store()
            .query(async |tx| tx.list_provider_models(owner, ENVIRONMENT).await)
            .await?;
        let now = self.now();
        let rows = found.models.iter().take(MODELS).map(|facts| {
            let known = stored
                .iter()
                .find(|row| row.provider_id == id && row.model == facts.id);
            let known = known.cloned().unwrap_or_else(|| blank(id, &facts.id, now));
            told(known, facts)
        });
        let rows: Vec<ProviderModelRow> = rows.collect();
        let at_home = matches!(
            found.kind,
            ServerKind::Ollama | ServerKind::LlamaCpp | ServerKind::LmStudio
        ) && is_this_machine(endpoint);
        let mut provider = if id == ENVIRONMENT {
            None
        } else {
            Some(self.require_provider(ctx, id).await?)
        };
        let learnt = provider.as_mut().is_some_and(|provider| {
            let unsaid = provider.local.is_none() && at_home;
            if unsaid {
                provider.local = Some(true);
            }
            unsaid
        });
        self.store()
            .write(async |tx| {
                for row in &rows {
                    tx.put_provider_model(row).await?;
                }
                match &provider {
                    Some(provider) if learnt => tx.update_provider(provider).await,
                    Some(_) | None => Ok(()),
                }
            })
            .await?;
        self.catalogues().forget();
        Ok(())
    }
}

/// Returns what is known of a model of which nothing is.
fn blank(provider: ProviderId, model: &str, now: Timestamp) -> ProviderModelRow {
    ProviderModelRow {
        provider_id: provider,
        model: model.to_owned(),
        context_tokens: None,
        max_output_tokens: None,
        parameters: None,
        images: None,
        tools: None,
        reasoning: None,
        fim: None,
        input_picos_per_token: None,
        output_picos_per_token: None,
        cached_input_picos_per_token: None,
        cache_write_picos_per_token: None,
        long_from_tokens: None,
        long_input_picos_per_token: None,
        long_output_picos_per_token: None,
        long_cached_input_picos_per_token: None,
        price_source: None,
        updated_at: now,
    }
}

/// Says whether an endpoint is on this machine by its address: a model server
/// there runs on the person's own hardware.
fn is_this_machine(endpoint: &Endpoint) -> bool {
    match endpoint.base_url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Returns what is known of a model once its provider has spoken.
fn told(stored: ProviderModelRow, facts: &ModelFacts) -> ProviderModelRow {
    let context = facts.context_tokens.map(u64::from);
    let mut row = ProviderModelRow {
        // What is only assumed is less than what somebody said.
        context_tokens: if facts.context_assumed {
            stored.context_tokens.or(context)
        } else {
            context.or(stored.context_tokens)
        },
        max_output_tokens: facts
            .max_output_tokens
            .map(u64::from)
            .or(stored.max_output_tokens),
        parameters: facts.parameters.or(stored.parameters),
        images: facts.images.or(stored.images),
        tools: facts.tools.or(stored.tools),
        reasoning: facts.reasoning.or(stored.reasoning),
        fim: facts.fim.or(stored.fim),
        ..stored
    };
    if let Some(prices) = &facts.prices
        && row.price_source != Some(PriceSource::Person)
    {
        put_prices(&mut row, prices);
        row.price_source = Some(PriceSource::Provider);
    }
    row
}

fn put_prices(row: &mut ProviderModelRow, prices: &Prices) {
    row.input_picos_per_token = Some(prices.input_picos_per_token);
    row.output_picos_per_token = Some(prices.output_picos_per_token);
    row.cached_input_picos_per_token = prices.cached_input_picos_per_token;
    row.cache_write_picos_per_token = prices.cache_write_picos_per_token;
    put_long(row, prices.long.as_ref());
}

fn put_long(row: &mut ProviderModelRow, long: Option<&LongPrices>) {
    row.long_from_tokens = long.map(|long| long.from_tokens);
    row.long_input_picos_per_token = long.map(|long| long.input_picos_per_token);
    row.long_output_picos_per_token = long.and_then(|long| long.output_picos_per_token);
    row.long_cached_input_picos_per_token = long.and_then(|long| long.cached_input_picos_per_token);
}

/// Returns what is known of a model once the person has spoken.
fn changed(stored: ProviderModelRow, change: &ModelFactsChange) -> Result<ProviderModelRow> {
    let size = |said: &Option<Option<u64>>, stored, most, field| match said {
        Some(said) => said_size(*said, most, field),
        None => Ok(stored),
    };
    let mut row = ProviderModelRow {
        context_tokens: size(
            &change.context_tokens,
            stored.context_tokens,
            TOKENS,
            "contextTokens",
        )?,
        max_output_tokens: size(
            &change.max_output_tokens,
            stored.max_output_tokens,
            TOKENS,
            "maxOutputTokens",
        )?,
        parameters: size(
            &change.parameters,
            stored.parameters,
            PARAMETERS,
            "parameters",
        )?,
        ..stored
    };
    if let Some(prices) = said_prices(change)? {
        put_prices(&mut row, &prices);
        row.price_source = Some(PriceSource::Person);
    } else if row.price_source == Some(PriceSource::Person) {
        row.input_picos_per_token = None;
        row.output_picos_per_token = None;
        row.cached_input_picos_per_token = None;
        row.cache_write_picos_per_token = None;
        put_long(&mut row, None);
        row.price_source = None;
    }
    Ok(row)
}

/// Returns the prices that a person gives; `None` leaves them to others.
fn said_prices(change: &ModelFactsChange) -> Result<Option<Prices>> {
    let input = price(
        change.input_usd_per_million.as_deref(),
        "inputUsdPerMillion",
    )?;
    let output = price(
        change.output_usd_per_million.as_deref(),
        "outputUsdPerMillion",
    )?;
    let cached_input_picos_per_token = price(
        change.cached_input_usd_per_million.as_deref(),
        "cachedInputUsdPerMillion",
    )?;
    let cache_write_picos_per_token = price(
        change.cache_write_usd_per_million.as_deref(),
        "cacheWriteUsdPerMillion",
    )?;
    let long = change.long.as_ref().map(said_long).transpose()?;
    let missing = |field| Err(Error::invalid(field, "give both prices or none"));
    match (input, output) {
        (Some(input_picos_per_token), Some(output_picos_per_token)) => Ok(Some(Prices {
            input_picos_per_token,
            output_picos_per_token,
            cached_input_picos_per_token,
            cache_write_picos_per_token,
            long,
        })),
        (Some(_), None) => missing("outputUsdPerMillion"),
        (None, None)
            if cached_input_picos_per_token.is_none()
                && cache_write_picos_per_token.is_none()
                && long.is_none() =>
        {
            Ok(None)
        }
        (None, _) => missing("inputUsdPerMillion"),
    }
}

fn said_long(change: &LongPricesChange) -> Result<LongPrices> {
    if !(1..=TOKENS).contains(&change.from_tokens) {
        let detail = format!("a long conversation begins at 1 to {TOKENS} tokens");
        return Err(Error::invalid("long", detail));
    }
    Ok(LongPrices {
        from_tokens: change.from_tokens,
        input_picos_per_token: price_of(&change.input_usd_per_million, "long")?
            .ok_or_else(|| Error::invalid("long", "give the price of what is sent"))?,
        output_picos_per_token: price(change.output_usd_per_million.as_deref(), "long")?,
        cached_input_picos_per_token: price(
            change.cached_input_usd_per_million.as_deref(),
            "long",
        )?,
    })
}

fn price(text: Option<&str>, field: &'static str) -> Result<Option<u64>> {
    text.map_or(Ok(None), |text| price_of(text, field))
}

/// Returns the size that a person gives; `None` takes back what was said.
fn said_size(said: Option<u64>, most: u64, field: &'static str) -> Result<Option<u64>> {
    if said.is_none_or(|size| (1..=most).contains(&size)) {
        return Ok(said);
    }
    let detail = format!("give a number from 1 to {most}, or null to take it back");
    Err(Error::invalid(field, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_that_is_said_leaves_the_providers_prices_alone() {
        let mut told = blank(ENVIRONMENT, "m", Timestamp::from_micros(0));
        told.price_source = Some(PriceSource::Provider);
        told.input_picos_per_token = Some(1);
        let said = ModelFactsChange {
            context_tokens: Some(Some(9_000)),
            ..ModelFactsChange::default()
        };
        let row = changed(told.clone(), &said).unwrap();
        let expected = ProviderModelRow {
            context_tokens: Some(9_000),
            ..told
        };
        assert_eq!(row, expected);
    }
}
