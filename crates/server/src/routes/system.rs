//! The contract, the probes, and what this machine can do.

use atelier_api::system::{Health, Isolation, Layer, LayerState, Runtime, System};
use atelier_domain::system as domain;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

use crate::app::App;
use crate::http::asker::Asker;
use crate::http::error::ApiResult;
use crate::routes::run::shown_limits;

pub(super) async fn get_health() -> Json<Health> {
    Json(Health {
        status: "ok".to_owned(),
    })
}

pub(super) async fn get_readiness(State(app): State<App>) -> ApiResult<Json<Health>> {
    app.domain.ready().await?;
    Ok(get_health().await)
}

pub(super) async fn get_openapi() -> Json<Value> {
    Json(atelier_api::openapi())
}

pub(super) async fn get_system(
    State(app): State<App>,
    Asker(ctx): Asker,
) -> ApiResult<Json<System>> {
    let found = app.domain.get_system(&ctx).await?;
    Ok(Json(System {
        version: app.version.to_owned(),
        database: match found.engine {
            atelier_domain::Engine::Sqlite => "sqlite".to_owned(),
            atelier_domain::Engine::Postgres => "postgres".to_owned(),
        },
        isolation: isolation(found.isolation),
        runtimes: found.runtimes.iter().map(runtime).collect(),
        limits: shown_limits(found.limits),
        longest_timeout_ms: found.longest_run_ms,
    }))
}

fn isolation(found: domain::Isolation) -> Isolation {
    Isolation {
        ready: found.ready,
        reason: found.reason,
        layers: found.layers.into_iter().map(layer).collect(),
    }
}

fn layer(found: domain::Layer) -> Layer {
    Layer {
        name: found.name.to_owned(),
        state: match found.state {
            domain::LayerState::Active => LayerState::Active,
            domain::LayerState::Weaker => LayerState::Weaker,
            domain::LayerState::Missing => LayerState::Missing,
        },
        detail: found.detail,
        fix: found.fix,
    }
}

fn runtime(found: &domain::Runtime) -> Runtime {
    Runtime {
        language: found.language.as_str().to_owned(),
        version: found.version.clone(),
        command: found.command.display().to_string(),
        extensions: found
            .language
            .extensions()
            .iter()
            .map(|&extension| extension.to_owned())
            .collect(),
    }
}
