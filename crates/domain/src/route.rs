//! Which model a task goes to: a policy that can be read, and a function over
//! it that touches nothing.
//!
//! 1. The model that was chosen by name, whatever else holds; only a person
//!    who is offline is not taken to another machine even then. When it runs
//!    on hardware of their own, nothing that runs elsewhere takes over.
//! 2. Of the others, those that fit: the machine it may run on, what the
//!    request needs, how long it is, and what the budgets have left.
//! 3. Of these the first, in the order that the task's rule says.
//!
//! Those that come after the first take over when it fails.

mod catalogue;
mod defaults;
mod policy;
mod show;

use atelier_base::ProviderId;
use atelier_model::{Prices, Wire};

use crate::call::{ModelRef, Task};
use crate::provider::EMBEDDED;
use crate::usage::{tokens_of, usd_of};

pub(crate) use catalogue::Catalogues;
pub use policy::{Policy, Prefer, Rule};
pub(crate) use show::Scope;
pub use show::{Dry, ListedModel, RouteQuery, ShownRoute};

/// The room that an answer needs at least, in tokens, for a budget to count as
/// lasting.
const ANSWER: u64 = 256;
/// How many bytes a token has, by and large; for whether a request fits, where
/// a bound would turn too many away.
const BYTES_PER_TOKEN: u64 = 4;

/// A model that could be asked, and all that routing knows of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Its provider.
    pub provider: ProviderId,
    /// The provider's name.
    pub provider_name: String,
    /// Its name there.
    pub name: String,
    /// The format it speaks.
    pub wire: Wire,
    /// Whether it runs on hardware of the person's own.
    pub local: bool,
    /// Whether the provider is set to it.
    pub configured: bool,
    /// How many tokens it reads; `None` when unknown.
    pub context_tokens: Option<u64>,
    /// How many tokens it writes.
    pub max_output_tokens: Option<u64>,
    /// How many parameters it has.
    pub parameters: Option<u64>,
    /// Whether it sees images.
    pub images: Option<bool>,
    /// Whether it calls tools.
    pub tools: Option<bool>,
    /// Whether it thinks before it answers.
    pub reasoning: Option<bool>,
    /// Whether it fills in between two texts.
    pub fim: Option<bool>,
    /// What it costs; `None` when unknown.
    pub prices: Option<Prices>,
    /// Who says so.
    pub price_source: PriceSource,
    /// Milliseconds until its first token of late.
    pub first_token_ms: Option<u64>,
    /// Milliseconds until its answers' ends of late.
    pub latency_ms: Option<u64>,
    /// Whether its provider could not be reached a moment ago.
    pub unreachable: bool,
}

/// Who says what a model costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceSource {
    /// Nobody.
    Unknown,
    /// It runs on the person's own hardware.
    Local,
    /// The person.
    Person,
    /// The provider, when it was tested.
    Provider,
    /// The table of published prices.
    Published,
}

/// What is wanted of a model.
#[derive(Clone, Debug)]
pub struct Need {
    /// What for.
    pub task: Task,
    /// The model that was chosen.
    pub wanted: Option<ModelRef>,
    /// The models that the asker may be answered by; all when `None`.
    pub allowed: Option<Vec<ModelRef>>,
    /// The provider that the workspace is set to.
    pub workspace_provider: Option<ProviderId>,
    /// How many bytes are sent.
    pub input_bytes: u64,
    /// The most tokens the answer may have.
    pub max_output_tokens: Option<u64>,
    /// Whether images are sent.
    pub images: bool,
    /// Whether tools may be called.
    pub tools: bool,
    /// Whether it is to fill in between two texts.
    pub fim: bool,
    /// What the budgets have left.
    pub left: Left,
}

/// What the budgets have left; `None` where none counts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Micro-dollars.
    pub micros: Option<u64>,
    /// Tokens.
    pub tokens: Option<u64>,
}

/// What came of routing. Models are named by their place in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// The models that may answer, the best first, each with why.
    pub order: Vec<(usize, String)>,
    /// The models that may not, each with why not.
    pub passed_over: Vec<(usize, String)>,
}

/// Chooses.
pub fn route(need: &Need, policy: &Policy, models: &[Model]) -> Route {
    let rule = policy.rule(need.task);
    let at_home = chose_home(need, models);
    let mut found = Route::default();
    let mut fits = Vec::new();
    for (at, model) in models.iter().enumerate() {
        if (model.local || !policy.offline) && is_wanted(need, model) {
            found.order.push((at, "You chose it.".to_owned()));
            continue;
        }
        let kept_home = (at_home && !model.local)
            .then(|| "You chose a model of your own hardware, and it runs elsewhere.".to_owned());
        match kept_home.or_else(|| why_not(need, policy, &rule, model)) {
            Some(why) => found.passed_over.push((at, why)),
            None => fits.push(at),
        }
    }
    let by = |at: &usize| models.get(*at).map(|model| rank(need, &rule, model));
    fits.sort_by_key(by);
    let first = found.order.is_empty();
    for (place, at) in fits.iter().enumerate() {
        if let Some(model) = models.get(*at) {
            let reason = if first && place == 0 {
                reason(need, policy, &rule, model, fits.len())
            } else {
                "It is the next that fits.".to_owned()
            };
            found.order.push((*at, reason));
        }
    }
    found
}

fn is_wanted(need: &Need, model: &Model) -> bool {
    need.wanted
        .as_ref()
        .is_some_and(|wanted| wanted.names(model))
}

/// Says whether the chosen model runs on hardware of the person's own. Who
/// chooses that one may do so for what must not leave.
fn chose_home(need: &Need, models: &[Model]) -> bool {
    let wanted = need.wanted.as_ref();
    // The embedded one is not listed while it can't be used.
    wanted.is_some_and(|wanted| wanted.provider == EMBEDDED)
        || models
            .iter()
            .any(|model| model.local && is_wanted(need, model))
}

/// Returns why a model is not asked; `None` when it may be.
fn why_not(need: &Need, policy: &Policy, rule: &Rule, model: &Model) -> Option<String> {
    if policy.offline && !model.local {
        return Some("You are offline, and it runs elsewhere.".to_owned());
    }
    let names = |wanted: &ModelRef| wanted.names(model);
    if need
        .allowed
        .as_ref()
        .is_some_and(|all| !all.iter().any(names))
    {
        return Some("The access token may not ask it.".to_owned());
    }
    let listed = rule.models.iter().any(names);
    let in_question = if rule.models.is_empty() {
        model.configured
    } else {
        listed
    };
    if !(in_question || policy.offline && model.configured) {
        return Some(format!("It is not among the models for {}.", need.task));
    }
    if need.images && model.images == Some(false) {
        return Some("It sees no images.".to_owned());
    }
    if need.tools && model.tools == Some(false) {
        return Some("It calls no tools.".to_owned());
    }
    let tokens = need.input_bytes / BYTES_PER_TOKEN;
    if let Some(most) = model.context_tokens.filter(|most| tokens > *most) {
        return Some(format!(
            "It reads {most} tokens, and this has about {tokens}."
        ));
    }
    too_dear(need, model)
}

/// Says why the budgets would not last for a model.
fn too_dear(need: &Need, model: &Model) -> Option<String> {
    let answer = need.max_output_tokens.unwrap_or(ANSWER);
    if let Some(left) = need.left.tokens
        && need.input_bytes.saturating_add(answer) > left
    {
        return Some(format!("The budget has {} left.", tokens_of(left)));
    }
    let left = need.left.micros?;
    let Some(prices) = &model.prices else {
        return Some("Its price is not known, and a budget counts money.".to_owned());
    };
    let most = prices.at_most(need.input_bytes, answer);
    (most > left).then(|| {
        let (most, left) = (usd_of(most), usd_of(left));
        format!("It could cost ${most}, and the budget has ${left} left.")
    })
}

/// Returns what models are sorted by; what is not known comes last.
fn rank(need: &Need, rule: &Rule, model: &Model) -> [u64; 4] {
    const LAST: u64 = u64::MAX;
    let away = u64::from(model.unreachable);
    let speed = model.first_token_ms.unwrap_or(LAST);
    // Three tokens are read for each one written, by and large.
    let price = model
        .prices
        .map_or(LAST, |prices| prices.at_most(3_000_000, 1_000_000));
    let listed = rule.models.iter().position(|wanted| wanted.names(model));
    let order = match listed {
        Some(place) => place as u64,
        None if need.workspace_provider == Some(model.provider) => 0,
        None => 1_000,
    };
    match rule.prefer {
        Prefer::Order => [away, order, 0, 0],
        Prefer::Cheapest => [away, price, order, speed],
        Prefer::Fastest => [away, speed, order, price],
        Prefer::Local => {
            let elsewhere = u64::from(!model.local);
            [away, elsewhere, u64::from(model.fim != Some(true)), speed]
        }
    }
}

fn reason(need: &Need, policy: &Policy, rule: &Rule, model: &Model, fits: usize) -> String {
    let task = need.task;
    if policy.offline {
        return "You are offline, and it runs on your own hardware.".to_owned();
    }
    if fits == 1 && rule.models.is_empty() {
        return "It is the only model that fits.".to_owned();
    }
    match rule.prefer {
        Prefer::Order if !rule.models.is_empty() => format!("It is your choice for {task}."),
        Prefer::Order if need.workspace_provider == Some(model.provider) => {
            "The workspace is set to it.".to_owned()
        }
        Prefer::Order => "It is the first of your models that fits.".to_owned(),
        Prefer::Cheapest => format!("It is the cheapest that fits; {task} goes to that."),
        Prefer::Fastest => format!("It answered soonest of late; {task} goes to that."),
        Prefer::Local if model.local => {
            format!("It runs on your own hardware; {task} goes there first.")
        }
        Prefer::Local => format!("No model of your own hardware fits, where {task} goes first."),
    }
}

impl ModelRef {
    /// Says whether it is the name of this model.
    pub(crate) fn names(&self, model: &Model) -> bool {
        self.provider == model.provider
            && self
                .model
                .as_ref()
                .map_or(model.configured, |name| *name == model.name)
    }
}

#[cfg(test)]
mod tests;
