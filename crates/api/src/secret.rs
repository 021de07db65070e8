//! Secrets of persons and workspaces, and access tokens of programs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A secret. Its value never comes back.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoredSecret {
    /// The secret's id, to attach it to a request by.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// The workspace it is for; null for all of its owner's.
    pub workspace_id: Option<Uuid>,
    /// When it was stored.
    pub created_at: String,
    /// When its value was last replaced; null: never.
    pub replaced_at: Option<String>,
}

/// Secrets.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Secrets {
    /// The secrets, by name.
    pub items: Vec<StoredSecret>,
}

/// Which secrets are listed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListSecrets {
    /// The workspace whose secrets are listed too.
    #[serde(default)]
    pub workspace_id: Option<Uuid>,
}

/// Stores a secret.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateSecret {
    /// What it is called: a letter or `_`, then letters, digits, `_`, `-` and
    /// `.`.
    #[schema(min_length = 1, max_length = 64)]
    pub name: String,
    /// The value.
    #[schema(min_length = 8, max_length = 65_536)]
    pub value: String,
    /// The workspace it is for; absent for all of the asker's.
    #[serde(default)]
    pub workspace_id: Option<Uuid>,
}

impl std::fmt::Debug for CreateSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreateSecret")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Replaces a secret's value; its name and its place stay.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateSecret {
    /// The new value.
    #[schema(min_length = 8, max_length = 65_536)]
    pub value: String,
}

impl std::fmt::Debug for UpdateSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UpdateSecret").finish_non_exhaustive()
    }
}

/// An access token, without what proves it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessToken {
    /// The token's id.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// Its last characters.
    pub ending: String,
    /// The workspace its calls count for; null for none.
    pub workspace_id: Option<Uuid>,
    /// The models it may ask; null for all.
    pub models: Option<Vec<String>>,
    /// When it was made.
    pub created_at: String,
    /// From when on it is no longer good; null for never.
    pub expires_at: Option<String>,
    /// When it was last used, give or take five minutes; null for never.
    pub last_used_at: Option<String>,
}

/// Access tokens.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessTokens {
    /// The tokens that were not revoked, oldest first.
    pub items: Vec<AccessToken>,
}

/// Makes an access token.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateToken {
    /// What it is called.
    #[schema(min_length = 1, max_length = 120)]
    pub name: String,
    /// The workspace its calls count for, whose secrets they are kept from.
    #[serde(default)]
    pub workspace_id: Option<Uuid>,
    /// The models it may ask, as `GET /v1/models` names them; absent for all.
    #[serde(default)]
    pub models: Option<Vec<String>>,
    /// For how many days it is good; absent for good.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 3650)]
    pub expires_in_days: Option<u32>,
}

/// A new access token.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedToken {
    /// What it is good for.
    pub token: AccessToken,
    /// What proves it. It is shown this once.
    pub secret: String,
}

impl std::fmt::Debug for CreatedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreatedToken")
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}
