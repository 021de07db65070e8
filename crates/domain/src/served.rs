//! The gateway as a service: what programs with an access token ask of models.

use atelier_base::SecretId;
pub use atelier_model::serve as openai;

use crate::call::{Ask, Asked, ModelRef, Task};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::route::ListedModel;
use crate::token::Bearer;

/// What a program writes for the model that the policy chooses.
pub const AUTO: &str = "auto";

/// A model that a token may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedModel {
    /// What it is called in requests: its name, behind its provider's and a
    /// slash when another provider has one of that name too.
    pub name: String,
    /// The provider's name.
    pub provider: String,
}

/// What a program asks.
#[derive(Debug)]
pub struct ServedAsk {
    /// What for.
    pub task: Task,
    /// The secrets that may leave with it.
    pub attach: Vec<SecretId>,
    /// The model, as [`ServedModel::name`] has it, or [`AUTO`].
    pub model: String,
    /// What is wanted.
    pub request: openai::Asked,
    /// Whether the program gets the answer as it is made, rather than whole.
    pub stream: bool,
}

impl Domain {
    /// Lists the models that a token may ask, with [`AUTO`] when it may ask
    /// any.
    ///
    /// # Errors
    /// Fails when the store fails.
    pub async fn list_served(&self, ctx: &Ctx, bearer: &Bearer) -> Result<Vec<ServedModel>> {
        let models = self.list_models(ctx).await?;
        let named = names(&models).into_iter().zip(&models);
        let mut served: Vec<ServedModel> = named
            .map(|(name, listed)| ServedModel {
                name,
                provider: listed.model.provider_name.clone(),
            })
            .collect();
        if !served.is_empty() {
            let auto = ServedModel {
                name: AUTO.to_owned(),
                provider: "atelier".to_owned(),
            };
            served.insert(0, auto);
        }
        served.retain(|model| bearer.may_ask(&model.name));
        Ok(served)
    }

    /// Asks a model for a program.
    ///
    /// # Errors
    /// [`Error::TooMany`], [`Error::NotFound`] for a model or secret that the
    /// token may not use, and what [`Domain::ask`] reports.
    pub async fn ask_served(&self, ctx: &Ctx, bearer: &Bearer, wish: ServedAsk) -> Result<Asked> {
        self.require_pace(bearer.user, Some(bearer.token))?;
        let wanted = self.served_model(ctx, bearer, &wish.model).await?;
        let mut ask = match wish.request {
            openai::Asked::Chat(request) => Ask::new(wish.task, request),
            openai::Asked::Completion(gap) => Ask::new(wish.task, gap),
        };
        ask.workspace = bearer.workspace;
        ask.wanted = wanted;
        ask.attach = wish.attach.into_iter().map(Into::into).collect();
        ask.token = Some(bearer.token.as_uuid());
        ask.takes_back = !wish.stream;
        self.ask(ctx, ask).await
    }

    async fn served_model(
        &self,
        ctx: &Ctx,
        bearer: &Bearer,
        name: &str,
    ) -> Result<Option<ModelRef>> {
        let missing = Error::NotFound { what: "model" };
        if !bearer.may_ask(name) {
            return Err(missing);
        }
        if name == AUTO {
            return Ok(None);
        }
        let models = self.list_models(ctx).await?;
        let at = names(&models).iter().position(|known| known == name);
        // Its bare name means the first one's that has it.
        let at = at.or_else(|| models.iter().position(|listed| listed.model.name == name));
        let listed = at.and_then(|at| models.get(at)).ok_or(missing)?;
        Ok(Some(ModelRef {
            provider: listed.model.provider,
            model: Some(listed.model.name.clone()),
        }))
    }
}

fn names(models: &[ListedModel]) -> Vec<String> {
    let mut count = std::collections::HashMap::new();
    for listed in models {
        *count.entry(listed.model.name.as_str()).or_insert(0_usize) += 1;
    }
    let name = |listed: &ListedModel| {
        let model = &listed.model;
        if count.get(model.name.as_str()) == Some(&1) {
            model.name.clone()
        } else {
            format!("{}/{}", model.provider_name, model.name)
        }
    };
    models.iter().map(name).collect()
}
