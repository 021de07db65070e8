//! Model providers: where a model is, what it costs, and the sealed key.

mod check;

use atelier_base::{ProviderId, Secret};
use atelier_model::{Endpoint, Prices, Wire};
use atelier_store::{ProviderRow, Unique};

use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::workspace::checked_name;

pub use check::{LongPricesChange, ModelFactsChange, ProviderCheck};

/// The id of the provider that the environment configures: there is one, and
/// no row can have it, for it is not a UUIDv7.
pub const ENVIRONMENT: ProviderId = ProviderId::from_uuid(uuid::Uuid::nil());

/// The id of the model that runs in this server's own helper program; no row
/// can have it either.
pub const EMBEDDED: ProviderId = ProviderId::from_uuid(uuid::Uuid::from_u128(1));

/// A provider that the server's environment configures.
#[derive(Clone, Debug)]
pub struct EnvironmentProvider {
    /// The address that `/chat/completions` is appended to.
    pub base_url: String,
    /// The key, when the endpoint needs one.
    pub key: Option<Secret<String>>,
    /// The model's name at the provider.
    pub model: String,
    /// Prices of a million input and output tokens in US dollars, as decimals.
    pub prices: Option<(String, String)>,
    /// Whether it runs on hardware of one's own.
    pub local: bool,
}

/// A configured provider, without its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// The provider's id.
    pub id: ProviderId,
    /// The name shown.
    pub name: String,
    /// The address that `/chat/completions` is appended to.
    pub base_url: String,
    /// The format it speaks.
    pub wire: Wire,
    /// Whether it runs on hardware of the person's own: it costs nothing
    /// unless a price is set, and is asked when nothing may leave.
    pub local: bool,
    /// The model's name at the provider.
    pub model: String,
    /// Whether a key is stored.
    pub has_key: bool,
    /// Whether the environment configures it.
    pub from_environment: bool,
    /// Price of a million input tokens, as a decimal of US dollars.
    pub input_usd_per_million: Option<String>,
    /// Price of a million output tokens, as a decimal of US dollars.
    pub output_usd_per_million: Option<String>,
}

/// What a provider is made of or changed to; `None` leaves it as it is.
#[derive(Debug, Default)]
pub struct ProviderChange {
    /// The name shown.
    pub name: Option<String>,
    /// The address.
    pub base_url: Option<String>,
    /// The format it speaks, by its word.
    pub wire: Option<String>,
    /// Whether it runs on hardware of the person's own.
    pub local: Option<bool>,
    /// The key; an empty one removes it.
    pub key: Option<Secret<String>>,
    /// The model's name.
    pub model: Option<String>,
    /// Price of input; an empty one makes it unknown.
    pub input_usd_per_million: Option<String>,
    /// Price of output; an empty one makes it unknown.
    pub output_usd_per_million: Option<String>,
}

impl Domain {
    /// Lists the configured providers; the first is the default.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when nobody is signed in.
    pub async fn list_providers(&self, ctx: &Ctx) -> Result<Vec<Provider>> {
        let owner = ctx.person()?;
        let rows = self
            .store()
            .query(async |tx| tx.list_providers(owner).await)
            .await?;
        let environment = self
            .settings()
            .environment_provider
            .iter()
            .map(shown_environment);
        Ok(environment.chain(rows.iter().map(shown)).collect())
    }

    /// Configures a provider.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the field that is wrong.
    pub async fn create_provider(&self, ctx: &Ctx, new: ProviderChange) -> Result<Provider> {
        let owner = ctx.person()?;
        let now = self.now();
        let mut row = ProviderRow {
            id: self.ids().next(),
            owner_id: owner,
            name: String::new(),
            base_url: String::new(),
            wire: Wire::default().as_str().to_owned(),
            local: None,
            sealed_key: None,
            model: String::new(),
            input_picos_per_token: None,
            output_picos_per_token: None,
            created_at: now,
            updated_at: now,
        };
        self.change(&mut row, new)?;
        let stored = self
            .store()
            .write(async |tx| tx.insert_provider(&row).await)
            .await;
        stored.map_err(|error| name_taken(error, &row.name))?;
        self.catalogues().forget();
        self.egress().forget_all();
        Ok(shown(&row))
    }

    /// Changes a provider.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the field that is wrong.
    pub async fn update_provider(
        &self,
        ctx: &Ctx,
        id: ProviderId,
        change: ProviderChange,
    ) -> Result<Provider> {
        let mut row = self.require_provider(ctx, id).await?;
        self.change(&mut row, change)?;
        row.updated_at = self.now();
        let stored = self
            .store()
            .write(async |tx| tx.update_provider(&row).await)
            .await;
        stored.map_err(|error| name_taken(error, &row.name))?;
        self.catalogues().forget();
        self.egress().forget_all();
        Ok(shown(&row))
    }

    /// Forgets a provider and its key.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker has no such provider.
    pub async fn delete_provider(&self, ctx: &Ctx, id: ProviderId) -> Result<()> {
        self.require_provider(ctx, id).await?;
        self.store()
            .write(async |tx| tx.delete_provider(id).await)
            .await?;
        self.catalogues().forget();
        Ok(())
    }

    /// Returns what the gateway needs to reach a provider.
    pub(crate) async fn endpoint(&self, ctx: &Ctx, id: ProviderId) -> Result<Endpoint> {
        if id == ENVIRONMENT {
            let provider = self
                .settings()
                .environment_provider
                .as_ref()
                .ok_or(Error::NotFound { what: "provider" })?;
            let prices = provider
                .prices
                .as_ref()
                .map(|(input, output)| Prices::per_million(input, output))
                .transpose();
            return Ok(Endpoint {
                name: ENVIRONMENT_NAME.to_owned(),
                base_url: self
                    .gateway()
                    .parse_base_url(&provider.base_url)
                    .map_err(field("baseUrl"))?,
                wire: Wire::OpenAiChat,
                key: provider.key.clone(),
                model: provider.model.clone(),
                max_output_tokens: None,
                prices: prices.map_err(field("prices"))?,
            });
        }
        if id == EMBEDDED {
            return self.embedded();
        }
        let row = self.require_provider(ctx, id).await?;
        let key = row
            .sealed_key
            .as_ref()
            .map(|sealed| self.vault().open(row.id.as_uuid().as_bytes(), sealed))
            .transpose()?;
        let prices = row.input_picos_per_token.zip(row.output_picos_per_token);
        let wire = wire_of(&row);
        Ok(Endpoint {
            name: row.name,
            base_url: self
                .gateway()
                .parse_base_url(&row.base_url)
                .map_err(field("baseUrl"))?,
            wire,
            key,
            model: row.model,
            max_output_tokens: None,
            prices: prices.map(|(input, output)| Prices {
                input_picos_per_token: input,
                output_picos_per_token: output,
                ..Prices::FREE
            }),
        })
    }

    /// Returns how the model of this server's own is asked.
    fn embedded(&self) -> Result<Endpoint> {
        let missing = Error::NotFound { what: "provider" };
        let model = self.gateway().local().ok_or(missing)?;
        Ok(Endpoint {
            name: EMBEDDED_NAME.to_owned(),
            // Its requests leave by a pipe; the address only names it.
            base_url: self
                .gateway()
                .parse_base_url(atelier_model::local::BASE_URL)
                .map_err(field("baseUrl"))?,
            wire: Wire::Local,
            key: None,
            model: model.pin().model.clone(),
            max_output_tokens: None,
            prices: None,
        })
    }

    async fn require_provider(&self, ctx: &Ctx, id: ProviderId) -> Result<ProviderRow> {
        let owner = ctx.person()?;
        let row = self
            .store()
            .query(async |tx| tx.get_provider(id).await)
            .await?;
        if row.owner_id == owner {
            Ok(row)
        } else {
            Err(Error::NotFound { what: "provider" })
        }
    }

    fn change(&self, row: &mut ProviderRow, change: ProviderChange) -> Result<()> {
        if let Some(name) = change.name {
            row.name = checked_name(&name)?;
        }
        if let Some(url) = change.base_url {
            self.gateway()
                .parse_base_url(&url)
                .map_err(field("baseUrl"))?
                .as_str()
                .clone_into(&mut row.base_url);
        }
        if let Some(wire) = change.wire {
            let known = Wire::parse(&wire).filter(|wire| *wire != Wire::Local);
            let wire = known.ok_or_else(|| {
                let words: Vec<&str> = Wire::ALL.iter().map(|wire| wire.as_str()).collect();
                Error::invalid("wire", format!("`{wire}` is none of {}", words.join(", ")))
            })?;
            wire.as_str().clone_into(&mut row.wire);
        }
        if change.local.is_some() {
            row.local = change.local;
        }
        if let Some(model) = change.model {
            row.model = checked_name(&model)
                .map_err(|_| Error::invalid("model", "give the model's name at the provider"))?;
        }
        if let Some(key) = change.key {
            let key = checked_key(&key)?;
            let sealed = || self.vault().seal(row.id.as_uuid().as_bytes(), key.expose());
            row.sealed_key = if key.expose().is_empty() {
                None
            } else {
                Some(sealed()?)
            };
        }
        if let Some(price) = change.input_usd_per_million {
            row.input_picos_per_token = price_of(&price, "inputUsdPerMillion")?;
        }
        if let Some(price) = change.output_usd_per_million {
            row.output_picos_per_token = price_of(&price, "outputUsdPerMillion")?;
        }
        Ok(())
    }
}

/// The longest key taken, in bytes.
const KEY_BYTES: usize = 4_096;

/// Returns a key without the space that copying adds, if a header can carry it.
fn checked_key(key: &Secret<String>) -> Result<Secret<String>> {
    let key = key.expose().trim();
    if key.len() > KEY_BYTES || !key.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Error::invalid(
            "key",
            format!("a key has at most {KEY_BYTES} visible ASCII characters"),
        ));
    }
    Ok(Secret::new(key.to_owned()))
}

/// Returns the format a row's provider speaks; an unknown word is from a newer
/// release, and most servers speak the usual one.
fn wire_of(row: &ProviderRow) -> Wire {
    Wire::parse(&row.wire).unwrap_or_default()
}

const ENVIRONMENT_NAME: &str = "Environment";
const EMBEDDED_NAME: &str = "This machine";

pub(crate) fn field(name: &'static str) -> impl Fn(atelier_model::Error) -> Error {
    move |error| Error::invalid(name, error.to_string())
}

pub(crate) fn price_of(text: &str, name: &'static str) -> Result<Option<u64>> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let prices = Prices::per_million(text, "0").map_err(field(name))?;
    Ok(Some(prices.input_picos_per_token))
}

fn name_taken(error: atelier_store::Error, name: &str) -> Error {
    match error {
        atelier_store::Error::Taken {
            what: Unique::ProviderName,
        } => Error::NameTaken {
            name: name.to_owned(),
        },
        other => other.into(),
    }
}

fn shown(row: &ProviderRow) -> Provider {
    Provider {
        id: row.id,
        name: row.name.clone(),
        base_url: row.base_url.clone(),
        wire: wire_of(row),
        local: row.local == Some(true),
        model: row.model.clone(),
        has_key: row.sealed_key.is_some(),
        from_environment: false,
        input_usd_per_million: row.input_picos_per_token.map(decimal),
        output_usd_per_million: row.output_picos_per_token.map(decimal),
    }
}

fn shown_environment(provider: &EnvironmentProvider) -> Provider {
    let (input, output) = provider.prices.clone().unzip();
    Provider {
        id: ENVIRONMENT,
        name: ENVIRONMENT_NAME.to_owned(),
        base_url: provider.base_url.clone(),
        wire: Wire::OpenAiChat,
        local: provider.local,
        model: provider.model.clone(),
        has_key: provider.key.is_some(),
        from_environment: true,
        input_usd_per_million: input,
        output_usd_per_million: output,
    }
}

/// Writes pico-dollars a token as dollars a million tokens: both are
/// millionths.
pub fn decimal(picos: u64) -> String {
    let text = format!("{}.{:06}", picos / 1_000_000, picos % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_come_back_as_they_were_given() {
        for text in ["0.15", "0", "2.5", "60", "0.0375"] {
            assert_eq!(
                price_of(text, "x").unwrap().map(decimal).as_deref(),
                Some(text)
            );
        }
        assert_eq!(price_of(" ", "x").unwrap(), None);
        assert!(price_of("cheap", "x").is_err());
    }
}
