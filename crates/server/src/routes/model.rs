//! Models, and which of them tasks go to.

use atelier_api::route::{
    Call, CallState, Calls, ListCalls, LongPrices, Model, ModelDefaults, ModelRef, ModelRoute,
    Models, Prefer, PriceSource, RouteCandidate, RouteModel, SetModel, SetModelDefaults, Task,
    TaskModels,
};
use atelier_base::ProviderId;
use atelier_domain::call as asks;
use atelier_domain::provider::{LongPricesChange, ModelFactsChange, decimal};
use atelier_domain::route as domain;
use atelier_domain::usage::{parse_usd, usd};
use atelier_domain::{ModelCallRow, ModelCallState};
use axum::Json;
use axum::extract::{Path, State};

use crate::app::App;
use crate::http::asker::Asker;
use crate::http::body::{Body, Query};
use crate::http::error::{ApiError, ApiResult};
use crate::routes::file::signed;

pub(super) async fn list_models(
    State(app): State<App>,
    Asker(ctx): Asker,
) -> ApiResult<Json<Models>> {
    let found = app.domain.list_models(&ctx).await?;
    Ok(Json(Models {
        items: found.into_iter().map(model).collect(),
    }))
}

pub(super) async fn route_model(
    State(app): State<App>,
    Asker(ctx): Asker,
    Body(body): Body<RouteModel>,
) -> ApiResult<Json<ModelRoute>> {
    let left = match &body.left_usd {
        Some(text) => u64::try_from(parse_usd(text, "leftUsd")?).ok(),
        None => None,
    };
    let query = domain::RouteQuery {
        task: task_of(body.task),
        workspace: body.workspace_id.map(Into::into),
        wanted: body.model.map(reference_of),
        input_bytes: body.input_bytes.unwrap_or(0),
        max_output_tokens: body.max_output_tokens,
        images: body.images,
        tools: body.tools,
        fim: body.fim,
        left_micros: left,
    };
    let found = app.domain.route_model(&ctx, query).await?;
    let candidates: Vec<RouteCandidate> = found.routes.into_iter().map(candidate).collect();
    Ok(Json(ModelRoute {
        chosen: candidates.first().filter(|first| first.fits).cloned(),
        candidates,
        offline: found.offline,
        left_usd: found.left.micros.map(dollars),
        left_tokens: found.left.tokens,
    }))
}

pub(super) async fn get_model_defaults(
    State(app): State<App>,
    Asker(ctx): Asker,
) -> ApiResult<Json<ModelDefaults>> {
    Ok(Json(defaults(&app.domain.get_model_policy(&ctx).await?)))
}

pub(super) async fn set_model_defaults(
    State(app): State<App>,
    Asker(ctx): Asker,
    Body(body): Body<SetModelDefaults>,
) -> ApiResult<Json<ModelDefaults>> {
    let rules = body.tasks.into_iter().map(|rule| {
        let models = rule.models.into_iter().map(reference_of).collect();
        let prefer = match rule.prefer {
            Prefer::Order => domain::Prefer::Order,
            Prefer::Cheapest => domain::Prefer::Cheapest,
            Prefer::Fastest => domain::Prefer::Fastest,
            Prefer::Local => domain::Prefer::Local,
        };
        (task_of(rule.task), domain::Rule { prefer, models })
    });
    let policy = app
        .domain
        .set_model_policy(&ctx, body.offline, rules.collect())
        .await?;
    Ok(Json(defaults(&policy)))
}

pub(super) async fn set_model(
    State(app): State<App>,
    Asker(ctx): Asker,
    Path((id, name)): Path<(String, String)>,
    Body(body): Body<SetModel>,
) -> ApiResult<Json<Model>> {
    let provider: ProviderId = id
        .parse()
        .map_err(|_| ApiError::new(atelier_api::Code::NotFound, "There is no such provider."))?;
    let change = ModelFactsChange {
        input_usd_per_million: body.input_usd_per_million,
        output_usd_per_million: body.output_usd_per_million,
        cached_input_usd_per_million: body.cached_input_usd_per_million,
        cache_write_usd_per_million: body.cache_write_usd_per_million,
        long: body.long.map(|long| LongPricesChange {
            from_tokens: long.from_tokens,
            input_usd_per_million: long.input_usd_per_million,
            output_usd_per_million: long.output_usd_per_million,
            cached_input_usd_per_million: long.cached_input_usd_per_million,
        }),
        context_tokens: body.context_tokens,
        max_output_tokens: body.max_output_tokens,
        parameters: body.parameters,
    };
    let wanted = asks::ModelRef {
        provider,
        model: Some(name),
    };
    Ok(Json(model(
        app.domain.set_model_facts(&ctx, wanted, change).await?,
    )))
}

pub(super) async fn list_calls(
    State(app): State<App>,
    Asker(ctx): Asker,
    Query(query): Query<ListCalls>,
) -> ApiResult<Json<Calls>> {
    let page = atelier_domain::Page::new(query.cursor, query.limit)?;
    let found = app
        .domain
        .list_calls(
            &ctx,
            query.workspace_id.map(Into::into),
            query.turn_id.map(Into::into),
            page,
        )
        .await?;
    Ok(Json(Calls {
        items: found.items.into_iter().map(call).collect(),
        next_cursor: found.next_cursor,
    }))
}

fn model(found: domain::ListedModel) -> Model {
    let model = found.model;
    let prices = model.prices.as_ref();
    Model {
        provider_id: model.provider.into(),
        provider: model.provider_name,
        model: model.name,
        wire: model.wire.as_str().to_owned(),
        local: model.local,
        configured: model.configured,
        context_tokens: model.context_tokens,
        max_output_tokens: model.max_output_tokens,
        parameters: model.parameters,
        images: model.images,
        tools: model.tools,
        reasoning: model.reasoning,
        fim: model.fim,
        input_usd_per_million: prices.map(|prices| decimal(prices.input_picos_per_token)),
        output_usd_per_million: prices.map(|prices| decimal(prices.output_picos_per_token)),
        cached_input_usd_per_million: prices
            .and_then(|prices| prices.cached_input_picos_per_token)
            .map(decimal),
        cache_write_usd_per_million: prices
            .and_then(|prices| prices.cache_write_picos_per_token)
            .map(decimal),
        long: prices
            .and_then(|prices| prices.long)
            .map(|long| LongPrices {
                from_tokens: long.from_tokens,
                input_usd_per_million: decimal(long.input_picos_per_token),
                output_usd_per_million: long.output_picos_per_token.map(decimal),
                cached_input_usd_per_million: long.cached_input_picos_per_token.map(decimal),
            }),
        price_source: match model.price_source {
            domain::PriceSource::Unknown => PriceSource::Unknown,
            domain::PriceSource::Local => PriceSource::Local,
            domain::PriceSource::Person => PriceSource::Person,
            domain::PriceSource::Provider => PriceSource::Provider,
            domain::PriceSource::Published => PriceSource::Published,
        },
        price_date: found.price_date.map(str::to_owned),
        first_token_ms: model.first_token_ms,
        latency_ms: model.latency_ms,
        unreachable: model.unreachable,
    }
}

fn candidate(found: domain::ShownRoute) -> RouteCandidate {
    RouteCandidate {
        provider_id: found.model.provider.into(),
        provider: found.model.provider_name,
        model: found.model.name,
        local: found.model.local,
        fits: found.fits,
        reason: found.reason,
        most_usd: found.most_micros.map(dollars),
    }
}

fn dollars(micros: u64) -> String {
    usd(i64::try_from(micros).unwrap_or(i64::MAX))
}

fn defaults(policy: &domain::Policy) -> ModelDefaults {
    let task = |task| {
        let rule = policy.rule(task);
        TaskModels {
            task: task_shown(task),
            prefer: match rule.prefer {
                domain::Prefer::Order => Prefer::Order,
                domain::Prefer::Cheapest => Prefer::Cheapest,
                domain::Prefer::Fastest => Prefer::Fastest,
                domain::Prefer::Local => Prefer::Local,
            },
            models: rule.models.into_iter().map(reference).collect(),
        }
    };
    ModelDefaults {
        offline: policy.offline,
        tasks: asks::Task::ALL.into_iter().map(task).collect(),
    }
}

fn reference_of(model: ModelRef) -> asks::ModelRef {
    asks::ModelRef {
        provider: model.provider_id.into(),
        model: model.model,
    }
}

fn reference(model: asks::ModelRef) -> ModelRef {
    ModelRef {
        provider_id: model.provider.into(),
        model: model.model,
    }
}

fn task_of(task: Task) -> asks::Task {
    match task {
        Task::Chat => asks::Task::Chat,
        Task::Plan => asks::Task::Plan,
        Task::Edit => asks::Task::Edit,
        Task::Debug => asks::Task::Debug,
        Task::Explain => asks::Task::Explain,
        Task::Refactor => asks::Task::Refactor,
        Task::Complete => asks::Task::Complete,
        Task::Summarise => asks::Task::Summarise,
        Task::CommitMessage => asks::Task::CommitMessage,
    }
}

fn task_shown(task: asks::Task) -> Task {
    match task {
        asks::Task::Chat => Task::Chat,
        asks::Task::Plan => Task::Plan,
        asks::Task::Edit => Task::Edit,
        asks::Task::Debug => Task::Debug,
        asks::Task::Explain => Task::Explain,
        asks::Task::Refactor => Task::Refactor,
        asks::Task::Complete => Task::Complete,
        asks::Task::Summarise => Task::Summarise,
        asks::Task::CommitMessage => Task::CommitMessage,
    }
}

fn call(row: ModelCallRow) -> Call {
    let running = row.state == ModelCallState::Running;
    Call {
        id: row.id.into(),
        workspace_id: row.workspace_id.map(Into::into),
        conversation_id: row.conversation_id.map(Into::into),
        turn_id: row.turn_id.map(Into::into),
        token_id: row.token_id,
        replaces_id: row.replaces_id.map(Into::into),
        task: row.task,
        provider_id: row.provider_id.map(Into::into),
        provider: row.provider,
        model: row.model,
        wire: row.wire,
        local: row.local,
        reason: row.reason,
        state: match row.state {
            ModelCallState::Running => CallState::Running,
            ModelCallState::Done => CallState::Done,
            ModelCallState::Failed => CallState::Failed,
            ModelCallState::Cancelled => CallState::Cancelled,
            ModelCallState::Interrupted => CallState::Interrupted,
        },
        stop_reason: row.stop_reason,
        input_tokens: signed(row.input_tokens),
        cached_input_tokens: signed(row.cached_input_tokens),
        cache_write_tokens: signed(row.cache_write_tokens),
        output_tokens: signed(row.output_tokens),
        reasoning_tokens: signed(row.reasoning_tokens),
        measured: row.measured,
        cost_usd: row.cost_micros.map(usd),
        reserved_usd: row.reserved_micros.filter(|_| running).map(usd),
        reserved_tokens: if running {
            signed(row.reserved_tokens)
        } else {
            0
        },
        first_token_ms: row.first_token_ms,
        latency_ms: row.latency_ms,
        error: row.error,
        created_at: row.created_at.to_string(),
    }
}
