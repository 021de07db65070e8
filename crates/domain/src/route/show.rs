//! What people see of models and routing.

use atelier_base::WorkspaceId;
use atelier_model::published_date;

use super::{Left, Model, Need, Policy, PriceSource, Route, route};
use crate::call::{Ask, ModelRef, Task, Wish};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};

/// A model that the asker can ask.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedModel {
    /// What is known of it.
    pub model: Model,
    /// The day of the published price, when that is the one that counts.
    pub price_date: Option<&'static str>,
}

/// A question for routing.
#[derive(Clone, Debug)]
pub struct RouteQuery {
    /// What for.
    pub task: Task,
    /// The workspace it would be asked in.
    pub workspace: Option<WorkspaceId>,
    /// The model that is chosen.
    pub wanted: Option<ModelRef>,
    /// How many bytes would be sent.
    pub input_bytes: u64,
    /// The most tokens the answer may have.
    pub max_output_tokens: Option<u64>,
    /// Whether images would be sent.
    pub images: bool,
    /// Whether tools could be called.
    pub tools: bool,
    /// Whether it is to fill in between two texts.
    pub fim: bool,
    /// Micro-dollars that a budget has left, when that is to be tried out;
    /// else what the budgets really have.
    pub left_micros: Option<u64>,
}

/// What routing would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Dry {
    /// The models that may answer, the best first, and those that may not.
    pub routes: Vec<ShownRoute>,
    /// Whether nothing may leave for another machine.
    pub offline: bool,
    /// What the budgets have left.
    pub left: Left,
}

/// What routing says of one model.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownRoute {
    /// The model.
    pub model: Model,
    /// Whether it may answer.
    pub fits: bool,
    /// Why, or why not.
    pub reason: String,
    /// The most it would cost in micro-dollars; `None` when unknown.
    pub most_micros: Option<u64>,
}

/// Which models routing looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All, also to say why not.
    All,
    /// Those that a rule, a provider or the asker names: a provider may list
    /// hundreds, and every call comes by here.
    InQuestion,
}

/// The answer that a dry run's cost is reckoned with when it names none.
const ANSWER: u64 = 4_096;

impl Domain {
    /// Lists the models that the asker can ask.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when nobody is signed in.
    pub async fn list_models(&self, ctx: &Ctx) -> Result<Vec<ListedModel>> {
        let known = self.known(ctx).await?;
        let away = self.catalogues().away();
        let shown = known.models.iter().map(|model| ListedModel {
            price_date: (model.price_source == PriceSource::Published).then(published_date),
            model: Model {
                unreachable: away.contains(&model.provider),
                ..model.clone()
            },
        });
        Ok(shown.collect())
    }

    /// Says which model would be asked, and why, and asks none.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a workspace or provider that the asker may not
    /// see.
    pub async fn route_model(&self, ctx: &Ctx, query: RouteQuery) -> Result<Dry> {
        ctx.person()?;
        if let Some(workspace) = query.workspace {
            self.require_workspace(ctx, workspace).await?;
        }
        if let Some(wanted) = &query.wanted {
            self.check_ref(ctx, wanted).await?;
        }
        let left = match query.left_micros {
            Some(micros) => Left {
                micros: Some(micros),
                tokens: None,
            },
            None => self.budget_left(ctx, query.workspace, None).await?,
        };
        let need = Need {
            task: query.task,
            wanted: query.wanted,
            allowed: None,
            workspace_provider: self.workspace_provider(ctx, query.workspace).await?,
            input_bytes: query.input_bytes,
            max_output_tokens: query.max_output_tokens,
            images: query.images,
            tools: query.tools,
            fim: query.fim,
            left,
        };
        let (models, policy, found) = self.decide(ctx, &need, Scope::All).await?;
        let answer = need.max_output_tokens.unwrap_or(ANSWER);
        let shown = |fits: bool| {
            let models = &models;
            move |(at, reason): (usize, String)| {
                let model = models.get(at)?.clone();
                let most = model
                    .prices
                    .map(|prices| prices.at_most(query.input_bytes, answer));
                Some(ShownRoute {
                    model,
                    fits,
                    reason,
                    most_micros: most,
                })
            }
        };
        let fit = found.order.into_iter().filter_map(shown(true));
        let passed = found.passed_over.into_iter().filter_map(shown(false));
        Ok(Dry {
            routes: fit.chain(passed).collect(),
            offline: policy.offline,
            left,
        })
    }

    /// Routes over what the asker can ask.
    pub(crate) async fn decide(
        &self,
        ctx: &Ctx,
        need: &Need,
        scope: Scope,
    ) -> Result<(Vec<Model>, Policy, Route)> {
        let known = self.known(ctx).await?;
        let away = self.catalogues().away();
        let mut models = match scope {
            Scope::All => known.models.clone(),
            Scope::InQuestion => known.in_question(need),
        };
        if let Some(wanted) = &need.wanted
            && !models.iter().any(|model| wanted.names(model))
        {
            models.extend(known.unlisted(wanted));
        }
        for model in &mut models {
            model.unreachable = away.contains(&model.provider);
        }
        let found = route(need, &known.policy, &models);
        Ok((models, known.policy.clone(), found))
    }

    /// Returns the provider that a workspace is set to.
    pub(crate) async fn workspace_provider(
        &self,
        ctx: &Ctx,
        workspace: Option<WorkspaceId>,
    ) -> Result<Option<atelier_base::ProviderId>> {
        let Some(id) = workspace else {
            return Ok(None);
        };
        let set = self.require_workspace(ctx, id).await?.default_model;
        Ok(set.and_then(|id| id.parse().ok()))
    }
}

impl Need {
    /// Returns what an ask needs.
    pub(crate) fn of(
        ask: &Ask,
        workspace_provider: Option<atelier_base::ProviderId>,
        left: Left,
    ) -> Self {
        let wish = &ask.wish;
        Self {
            task: ask.task,
            wanted: ask.wanted.clone(),
            allowed: ask.allowed.clone(),
            workspace_provider,
            input_bytes: ask.text_bytes(),
            max_output_tokens: wish.max_output_tokens().map(u64::from),
            images: wish.images() > 0,
            tools: wish.has_tools(),
            fim: matches!(wish, Wish::Fill(_)),
            left,
        }
    }
}

impl Route {
    /// Says why no model may answer.
    pub(crate) fn refusal(self, models: &[Model]) -> Error {
        if models.is_empty() {
            return Error::ModelNotConfigured;
        }
        let why = self.passed_over.into_iter().filter_map(|(at, why)| {
            let model = models.get(at)?;
            model
                .configured
                .then(|| format!("{} of {}: {why}", model.name, model.provider_name))
        });
        Error::NoModelFits {
            why: why.collect::<Vec<_>>().join(" "),
        }
    }
}
