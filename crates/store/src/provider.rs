//! Model providers a person configured.

use atelier_base::{ProviderId, Timestamp, UserId};

use crate::connection::{Reader, Writer};
use crate::error::Result;

record! {
    /// A provider and the model used there unless another is asked for.
    "providers" pub struct ProviderRow {
        /// Names the provider.
        pub id: ProviderId,
        /// Who configured it.
        pub owner_id: UserId,
        /// What it is called; unique for its owner.
        pub name: String,
        /// The URL its API starts at.
        pub base_url: String,
        /// The format it speaks.
        pub wire: String,
        /// Whether it runs on hardware of the person's own; `None` when nobody
        /// said.
        pub local: Option<bool>,
        /// The API key, sealed; `None` when it needs none.
        pub sealed_key: Option<Vec<u8>>,
        /// The model that is asked for.
        pub model: String,
        /// The price of a token sent, in pico-dollars, when known.
        pub input_picos_per_token: Option<u64>,
        /// The price of a token answered, in pico-dollars, when known.
        pub output_picos_per_token: Option<u64>,
        /// When it was configured.
        pub created_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
    }
}

record! {
    /// What is known of a provider's model.
    "provider_models" pub struct ProviderModelRow {
        /// The provider.
        pub provider_id: ProviderId,
        /// The model's name there.
        pub model: String,
        /// How many tokens it can read and write together.
        pub context_tokens: Option<u64>,
        /// How many tokens it can write.
        pub max_output_tokens: Option<u64>,
        /// How many parameters it has.
        pub parameters: Option<u64>,
        /// Whether it sees images.
        pub images: Option<bool>,
        /// Whether it calls tools.
        pub tools: Option<bool>,
        /// Whether it thinks before it answers.
        pub reasoning: Option<bool>,
        /// Whether it fills in what is missing between two texts.
        pub fim: Option<bool>,
        /// The price of a token sent, in pico-dollars.
        pub input_picos_per_token: Option<u64>,
        /// The price of a token answered.
        pub output_picos_per_token: Option<u64>,
        /// The price of a token from the provider's cache.
        pub cached_input_picos_per_token: Option<u64>,
        /// The price of a token put into the provider's cache.
        pub cache_write_picos_per_token: Option<u64>,
        /// Above how many tokens sent the prices below hold; `None`: never.
        pub long_from_tokens: Option<u64>,
        /// The price of a token sent then.
        pub long_input_picos_per_token: Option<u64>,
        /// The price of a token answered then.
        pub long_output_picos_per_token: Option<u64>,
        /// The price of a token from the provider's cache then.
        pub long_cached_input_picos_per_token: Option<u64>,
        /// Who named the prices; `None` when nobody did.
        pub price_source: Option<PriceSource>,
        /// When it last changed.
        pub updated_at: Timestamp,
    }
}

words! {
    /// Who named a price.
    pub enum PriceSource {
        /// The person, who is always right.
        Person = "person",
        /// The provider, in its list of models.
        Provider = "provider",
    }
}

record! {
    /// Which models a person's tasks go to.
    "model_policies" pub struct ModelPolicyRow {
        /// Whose tasks.
        pub owner_id: UserId,
        /// The policy, as JSON that only the rules read.
        pub policy: String,
        /// When it last changed.
        pub updated_at: Timestamp,
    }
}

impl Reader {
    /// Lists what is known of the models of a person's providers and of
    /// `also`, which has no row, by provider and name.
    pub async fn list_provider_models(
        &mut self,
        owner: UserId,
        also: ProviderId,
    ) -> Result<Vec<ProviderModelRow>> {
        self.all(
            "SELECT * FROM provider_models
             WHERE provider_id = $2
                OR provider_id IN (SELECT id FROM providers WHERE owner_id = $1)
             ORDER BY provider_id, model",
            args![owner, also],
        )
        .await
    }

    /// Finds what a person wants of routing.
    pub async fn find_model_policy(&mut self, owner: UserId) -> Result<Option<ModelPolicyRow>> {
        self.find_one(
            "SELECT * FROM model_policies WHERE owner_id = $1",
            args![owner],
        )
        .await
    }

    /// Returns a provider.
    pub async fn get_provider(&mut self, id: ProviderId) -> Result<ProviderRow> {
        self.get_one("SELECT * FROM providers WHERE id = $1", id)
            .await
    }

    /// Finds a provider by its name.
    pub async fn find_provider_by_name(
        &mut self,
        owner: UserId,
        name: &str,
    ) -> Result<Option<ProviderRow>> {
        self.find_one(
            "SELECT * FROM providers WHERE owner_id = $1 AND name = $2",
            args![owner, name.to_owned()],
        )
        .await
    }

    /// Lists the providers of everybody, for a change of the key.
    pub async fn list_all_providers(&mut self) -> Result<Vec<ProviderRow>> {
        self.all("SELECT * FROM providers ORDER BY id", args![])
            .await
    }

    /// Lists a person's providers, oldest first.
    pub async fn list_providers(&mut self, owner: UserId) -> Result<Vec<ProviderRow>> {
        self.all(
            "SELECT * FROM providers WHERE owner_id = $1 ORDER BY id",
            args![owner],
        )
        .await
    }
}

impl Writer {
    /// Adds a provider.
    ///
    /// # Errors
    /// `Taken` when the owner has one of that name.
    pub async fn insert_provider(&mut self, row: &ProviderRow) -> Result<()> {
        self.tell().await?;
        self.insert(row).await
    }

    /// Stores all of `row` but its id, owner and creation time.
    ///
    /// # Errors
    /// `Taken` when the owner has another one of that name.
    pub async fn update_provider(&mut self, row: &ProviderRow) -> Result<()> {
        self.tell().await?;
        self.change(
            "providers",
            row.id,
            "UPDATE providers
             SET name = $2, base_url = $3, sealed_key = $4, model = $5,
                 input_picos_per_token = $6, output_picos_per_token = $7, updated_at = $8,
                 wire = $9, local = $10
             WHERE id = $1",
            args![
                row.id,
                row.name,
                row.base_url,
                row.sealed_key,
                row.model,
                row.input_picos_per_token,
                row.output_picos_per_token,
                row.updated_at,
                row.wire,
                row.local,
            ],
        )
        .await
    }

    /// Stores what is known of a model, over what was known.
    pub async fn put_provider_model(&mut self, row: &ProviderModelRow) -> Result<()> {
        self.tell().await?;
        self.execute(
            "DELETE FROM provider_models WHERE provider_id = $1 AND model = $2",
            args![row.provider_id, row.model],
        )
        .await?;
        self.insert(row).await
    }

    /// Stores what a person wants of routing.
    pub async fn put_model_policy(&mut self, row: &ModelPolicyRow) -> Result<()> {
        self.tell().await?;
        self.execute(
            "DELETE FROM model_policies WHERE owner_id = $1",
            args![row.owner_id],
        )
        .await?;
        self.insert(row).await
    }

    /// Deletes a provider.
    pub async fn delete_provider(&mut self, id: ProviderId) -> Result<()> {
        self.tell().await?;
        self.execute(
            "DELETE FROM provider_models WHERE provider_id = $1",
            args![id],
        )
        .await?;
        self.change(
            "providers",
            id,
            "DELETE FROM providers WHERE id = $1",
            args![id],
        )
        .await
    }
}

#[cfg(test)]
mod tests;
