//! The gateway as a service: what programs with an access token ask of models.

mod keepsake;

use atelier_base::SecretId;
pub use atelier_model::serve as openai;

use crate::call::{Ask, Asked, ModelRef, Task};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::route::Model;
use crate::token::Bearer;

pub(crate) use keepsake::Keepsakes;

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
        let known = self.known(ctx).await?;
        let named = names(&known.models).into_iter().zip(&known.models);
        let mut served: Vec<ServedModel> = named
            .map(|(name, model)| ServedModel {
                name,
                provider: model.provider_name.clone(),
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
        let (wanted, allowed) = self.served_model(ctx, bearer, &wish.model).await?;
        let mut ask = match wish.request {
            openai::Asked::Chat(mut request) => {
                let messages = &mut request.messages;
                self.keepsakes()
                    .give_back(self.now(), bearer.token, messages);
                Ask::new(wish.task, request)
            }
            openai::Asked::Completion(gap) => Ask::new(wish.task, gap),
        };
        ask.workspace = bearer.workspace;
        ask.wanted = wanted;
        ask.allowed = allowed;
        ask.attach = wish.attach.into_iter().map(Into::into).collect();
        ask.token = Some(bearer.token.as_uuid());
        ask.takes_back = !wish.stream;
        self.ask(ctx, ask).await
    }

    /// Keeps what the tool calls of an answer want back, for when a program
    /// that can't carry it sends them again.
    pub fn keep_for(&self, bearer: &Bearer, keepsake: openai::Keepsake) {
        self.keepsakes().put(self.now(), bearer.token, keepsake);
    }

    /// Returns the model that a name means, and those that may answer in its
    /// place; `None` is any.
    async fn served_model(
        &self,
        ctx: &Ctx,
        bearer: &Bearer,
        name: &str,
    ) -> Result<(Option<ModelRef>, Option<Vec<ModelRef>>)> {
        let missing = Error::NotFound { what: "model" };
        if !bearer.may_ask(name) {
            return Err(missing);
        }
        if name == AUTO {
            return Ok((None, None));
        }
        let known = self.known(ctx).await?;
        let names = names(&known.models);
        let wanted = find(&known.models, &names, name).ok_or(missing)?;
        // Whoever may leave the choice to the policy may be answered by all.
        let bound = bearer.models.as_ref().filter(|_| !bearer.may_ask(AUTO));
        let allowed = bound.map(|bound| {
            let bound = bound.iter();
            bound
                .filter_map(|name| find(&known.models, &names, name))
                .collect()
        });
        Ok((Some(wanted), allowed))
    }
}

/// Returns the model of a served name. A bare one of which there are several
/// means the first.
fn find(models: &[Model], names: &[String], name: &str) -> Option<ModelRef> {
    let at = names.iter().position(|known| known == name);
    let at = at.or_else(|| models.iter().position(|model| model.name == name))?;
    let model = models.get(at)?;
    Some(ModelRef {
        provider: model.provider,
        model: Some(model.name.clone()),
    })
}

fn names(models: &[Model]) -> Vec<String> {
    let mut count = std::collections::HashMap::new();
    for model in models {
        *count.entry(model.name.as_str()).or_insert(0_usize) += 1;
    }
    let name = |model: &Model| {
        if count.get(model.name.as_str()) == Some(&1) {
            model.name.clone()
        } else {
            format!("{}/{}", model.provider_name, model.name)
        }
    };
    models.iter().map(name).collect()
}
