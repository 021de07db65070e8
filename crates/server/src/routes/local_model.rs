//! The model that runs on this machine.

use atelier_api::local_model::{
    LocalBuild, LocalBuildState, LocalHelper, LocalModel, LocalWeights, PullLocalModel,
};
use atelier_domain::local_model::{BuildState, HelperState, LocalModelView, WeightsState};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;

use crate::app::App;
use crate::http::asker::Asker;
use crate::http::body::Query;
use crate::http::error::ApiResult;

pub(super) async fn get_local_model(
    State(app): State<App>,
    Asker(ctx): Asker,
) -> ApiResult<Json<LocalModel>> {
    Ok(Json(shown(app.domain.get_local_model(&ctx)?)))
}

pub(super) async fn pull_local_model(
    State(app): State<App>,
    Asker(ctx): Asker,
    Query(query): Query<PullLocalModel>,
) -> ApiResult<impl IntoResponse> {
    let model = app.domain.pull_local_model(&ctx, query.install_packages);
    let model = shown(model.await?);
    Ok((StatusCode::ACCEPTED, Json(model)))
}

pub(super) async fn cancel_local_model_pull(
    State(app): State<App>,
    Asker(ctx): Asker,
) -> ApiResult<StatusCode> {
    app.domain.cancel_local_model_pull(&ctx).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown(found: LocalModelView) -> LocalModel {
    let (weights, received_bytes, checked_bytes) = match found.state.weights {
        WeightsState::Absent(bytes) => (LocalWeights::Absent, bytes, 0),
        WeightsState::Downloading(bytes) => (LocalWeights::Downloading, bytes, 0),
        WeightsState::Checking(bytes) => (LocalWeights::Checking, found.size_bytes, bytes),
        WeightsState::Ready => (LocalWeights::Ready, found.size_bytes, found.size_bytes),
    };
    LocalModel {
        weights,
        helper: match found.state.helper {
            HelperState::Missing => LocalHelper::Missing,
            HelperState::Ready => LocalHelper::Ready,
            HelperState::Loaded => LocalHelper::Loaded,
        },
        usable: found.is_usable(),
        received_bytes,
        checked_bytes,
        hint: found.hint().map(str::to_owned),
        model: found.model,
        license: found.license,
        size_bytes: found.size_bytes,
        sha256: found.sha256,
        source: found.source,
        failure: found.state.failure,
        helper_failure: found.state.fall,
        build: built(found.state.build),
    }
}

fn built(state: BuildState) -> LocalBuild {
    let mut build = LocalBuild {
        state: LocalBuildState::Unavailable,
        step: None,
        percent: None,
        line: None,
        packages: Vec::new(),
        command: None,
        installable: false,
        failure: None,
    };
    match state {
        BuildState::Nobody => {}
        BuildState::Idle => build.state = LocalBuildState::Idle,
        BuildState::Needs {
            packages,
            command,
            installable,
        } => {
            build.state = LocalBuildState::NeedsPackages;
            build.packages = packages;
            build.command = Some(command);
            build.installable = installable;
        }
        BuildState::Running {
            what,
            percent,
            line,
        } => {
            build.state = LocalBuildState::Running;
            (build.step, build.percent, build.line) = (Some(what), percent, line);
        }
        BuildState::Failed { reason } => {
            build.state = LocalBuildState::Failed;
            build.failure = Some(reason);
        }
    }
    build
}
