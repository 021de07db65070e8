//! Model providers a person configured.

use atelier_base::{ProviderId, Timestamp, UserId};

use crate::connection::{Reader, Writer};
use crate::error::Result;

record! {
    /// A provider of an OpenAI-compatible API and the model used there.
    "providers" pub struct ProviderRow {
        /// Names the provider.
        pub id: ProviderId,
        /// Who configured it.
        pub owner_id: UserId,
        /// What it is called; unique for its owner.
        pub name: String,
        /// The URL its API starts at.
        pub base_url: String,
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

impl Reader {
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
        self.insert(row).await
    }

    /// Stores all of `row` but its id, owner and creation time.
    ///
    /// # Errors
    /// `Taken` when the owner has another one of that name.
    pub async fn update_provider(&mut self, row: &ProviderRow) -> Result<()> {
        self.change(
            "providers",
            row.id,
            "UPDATE providers
             SET name = $2, base_url = $3, sealed_key = $4, model = $5,
                 input_picos_per_token = $6, output_picos_per_token = $7, updated_at = $8
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
            ],
        )
        .await
    }

    /// Deletes a provider.
    pub async fn delete_provider(&mut self, id: ProviderId) -> Result<()> {
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
