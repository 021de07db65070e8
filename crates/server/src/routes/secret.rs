//! Secrets of persons and workspaces, and access tokens of programs.

use atelier_api::secret::{
    AccessToken, AccessTokens, CreateSecret, CreateToken, CreatedToken, ListSecrets, Secrets,
    StoredSecret, UpdateSecret,
};
use atelier_base::{Secret, SecretId, TokenId};
use atelier_domain::{secret as secrets, token as tokens};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;

use crate::app::App;
use crate::http::asker::Asker;
use crate::http::body::{Body, Id, Query};
use crate::http::error::ApiResult;

pub(super) async fn list_secrets(
    State(app): State<App>,
    Asker(ctx): Asker,
    Query(query): Query<ListSecrets>,
) -> ApiResult<Json<Secrets>> {
    let workspace = query.workspace_id.map(Into::into);
    let found = app.domain.list_secrets(&ctx, workspace).await?;
    Ok(Json(Secrets {
        items: found.into_iter().map(shown_secret).collect(),
    }))
}

pub(super) async fn create_secret(
    State(app): State<App>,
    Asker(ctx): Asker,
    Body(body): Body<CreateSecret>,
) -> ApiResult<impl IntoResponse> {
    let new = secrets::NewSecret {
        name: body.name,
        value: Secret::new(body.value),
        workspace: body.workspace_id.map(Into::into),
    };
    let made = app.domain.create_secret(&ctx, new).await?;
    Ok((StatusCode::CREATED, Json(shown_secret(made))))
}

pub(super) async fn update_secret(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<SecretId>,
    Body(body): Body<UpdateSecret>,
) -> ApiResult<Json<StoredSecret>> {
    let value = Secret::new(body.value);
    let kept = app.domain.update_secret(&ctx, id, &value).await?;
    Ok(Json(shown_secret(kept)))
}

pub(super) async fn delete_secret(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<SecretId>,
) -> ApiResult<StatusCode> {
    app.domain.delete_secret(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn list_tokens(
    State(app): State<App>,
    Asker(ctx): Asker,
) -> ApiResult<Json<AccessTokens>> {
    let found = app.domain.list_tokens(&ctx).await?;
    Ok(Json(AccessTokens {
        items: found.into_iter().map(shown_token).collect(),
    }))
}

pub(super) async fn create_token(
    State(app): State<App>,
    Asker(ctx): Asker,
    Body(body): Body<CreateToken>,
) -> ApiResult<impl IntoResponse> {
    let new = tokens::NewToken {
        name: body.name,
        workspace: body.workspace_id.map(Into::into),
        models: body.models,
        expires_in_days: body.expires_in_days,
    };
    let made = app.domain.create_token(&ctx, new).await?;
    let created = CreatedToken {
        token: shown_token(made.token),
        secret: made.secret.expose().clone(),
    };
    Ok((StatusCode::CREATED, Json(created)))
}

pub(super) async fn delete_token(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<TokenId>,
) -> ApiResult<StatusCode> {
    app.domain.delete_token(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown_secret(found: secrets::StoredSecret) -> StoredSecret {
    StoredSecret {
        id: found.id.into(),
        name: found.name,
        workspace_id: found.workspace.map(Into::into),
        created_at: found.created_at.to_string(),
        replaced_at: found.replaced_at.map(|at| at.to_string()),
    }
}

fn shown_token(found: tokens::AccessToken) -> AccessToken {
    AccessToken {
        id: found.id.into(),
        name: found.name,
        ending: found.ending,
        workspace_id: found.workspace.map(Into::into),
        models: found.models,
        created_at: found.created_at.to_string(),
        expires_at: found.expires_at.map(|at| at.to_string()),
        last_used_at: found.last_used_at.map(|at| at.to_string()),
    }
}
