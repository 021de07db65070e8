//! Model providers.

use atelier_api::model::{CreateProvider, Provider, ProviderCheck, Providers, UpdateProvider};
use atelier_base::{ProviderId, Secret};
use atelier_domain::provider as domain;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;

use crate::app::App;
use crate::http::asker::Asker;
use crate::http::body::{Body, Id};
use crate::http::error::ApiResult;

pub(super) async fn list_providers(
    State(app): State<App>,
    Asker(ctx): Asker,
) -> ApiResult<Json<Providers>> {
    let found = app.domain.list_providers(&ctx).await?;
    Ok(Json(Providers {
        items: found.into_iter().map(shown).collect(),
    }))
}

pub(super) async fn create_provider(
    State(app): State<App>,
    Asker(ctx): Asker,
    Body(body): Body<CreateProvider>,
) -> ApiResult<impl IntoResponse> {
    let new = domain::ProviderChange {
        name: Some(body.name),
        base_url: Some(body.base_url),
        wire: body.wire,
        local: body.local,
        key: body.key.map(Secret::new),
        model: Some(body.model),
        input_usd_per_million: body.input_usd_per_million,
        output_usd_per_million: body.output_usd_per_million,
    };
    Ok((
        StatusCode::CREATED,
        Json(shown(app.domain.create_provider(&ctx, new).await?)),
    ))
}

pub(super) async fn update_provider(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<ProviderId>,
    Body(body): Body<UpdateProvider>,
) -> ApiResult<Json<Provider>> {
    let change = domain::ProviderChange {
        name: body.name,
        base_url: body.base_url,
        wire: body.wire,
        local: body.local,
        key: body.key.map(Secret::new),
        model: body.model,
        input_usd_per_million: body.input_usd_per_million,
        output_usd_per_million: body.output_usd_per_million,
    };
    Ok(Json(shown(
        app.domain.update_provider(&ctx, id, change).await?,
    )))
}

pub(super) async fn delete_provider(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<ProviderId>,
) -> ApiResult<StatusCode> {
    app.domain.delete_provider(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn check_provider(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<ProviderId>,
) -> ApiResult<Json<ProviderCheck>> {
    let found = app.domain.check_provider(&ctx, id).await?;
    Ok(Json(ProviderCheck {
        ok: found.ok,
        detail: found.detail,
        hint: found.hint,
        models: found.models,
        kind: found.kind.map(|kind| kind.as_str().to_owned()),
    }))
}

fn shown(found: domain::Provider) -> Provider {
    Provider {
        id: found.id.into(),
        name: found.name,
        base_url: found.base_url,
        wire: found.wire.as_str().to_owned(),
        local: found.local,
        model: found.model,
        has_key: found.has_key,
        from_environment: found.from_environment,
        input_usd_per_million: found.input_usd_per_million,
        output_usd_per_million: found.output_usd_per_million,
    }
}
