//! The routes, by resource, and what every request passes on its way.

pub(crate) mod budget;
mod cell;
mod draft;
mod file;
mod local_model;
mod model;
mod piston;
pub(crate) mod proposal;
mod provider;
mod review;
mod run;
mod secret;
mod session;
mod system;
mod terminal;
mod turn;
mod usage;
mod v1;
mod workspace;

use std::any::Any;

use atelier_api::Code;
use atelier_base::limit;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header::{
    CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, patch, post, put};
use axum::{Router, response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::app::App;
use crate::http::cors::let_pages_ask;
use crate::http::error::{ApiError, name_problems};
use crate::http::guard::refuse_strangers;
use crate::http::pages;
use crate::http::request::accompany;
use crate::preview;

/// What a page of ours may load: only what comes from this server. Styles may
/// be inline, because the editor and the panels write them. What frames show
/// is a preview; where those are is configured.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
    font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; frame-src ";

/// Returns the server's routes.
pub fn router(app: App) -> Router {
    let routes = Router::new()
        .route("/healthz", get(system::get_health))
        .route("/readyz", get(system::get_readiness))
        .route("/api/openapi.json", get(system::get_openapi))
        .route("/api/system", get(system::get_system))
        .route(
            "/api/session",
            post(session::create_session)
                .get(session::get_session)
                .delete(session::delete_session),
        )
        .route("/api/templates", get(workspace::list_templates))
        .route(
            "/api/workspaces",
            // An archive may be as large as what it unpacks to; it is bounded
            // while it is read.
            post(workspace::create_workspace)
                .layer(DefaultBodyLimit::disable())
                .get(workspace::list_workspaces),
        )
        .route(
            "/api/workspaces/{id}",
            get(workspace::get_workspace)
                .patch(workspace::update_workspace)
                .delete(workspace::delete_workspace),
        )
        .route(
            "/api/workspaces/{id}/events",
            get(workspace::watch_workspace),
        )
        .route(
            "/api/workspaces/{id}/files",
            get(file::list_files).post(file::create_file),
        )
        .route("/api/workspaces/{id}/cell", get(cell::get_cell))
        .route("/api/workspaces/{id}/cell/stop", post(cell::stop_cell))
        .route(
            "/api/workspaces/{id}/ports/{port}/open",
            post(cell::open_preview),
        )
        .route(
            "/api/workspaces/{id}/grants",
            get(cell::list_grants).post(cell::create_grant),
        )
        .route("/api/grants/{id}", delete(cell::delete_grant))
        .route(
            "/api/workspaces/{id}/network/denials",
            get(cell::list_denials),
        )
        .route("/api/workspaces/{id}/runs", get(run::list_runs))
        .route(
            "/api/workspaces/{id}/terminals",
            get(terminal::list_terminals).post(terminal::create_terminal),
        )
        .route(
            "/api/terminals/{id}",
            patch(terminal::update_terminal).delete(terminal::delete_terminal),
        )
        .route("/api/terminals/{id}/socket", get(terminal::attach_terminal))
        .route(
            "/api/workspaces/{id}/conversations",
            get(turn::list_conversations),
        )
        .route(
            "/api/workspaces/{id}/proposals",
            get(proposal::list_proposals),
        )
        .route(
            "/api/files/{id}",
            get(file::get_file)
                .patch(file::update_file)
                .delete(file::delete_file),
        )
        .route("/api/files/{id}/versions", get(file::list_versions))
        .route("/api/files/{id}/restore", post(file::restore_version))
        .route("/api/versions/{id}", get(file::get_version))
        .route("/api/runtimes", get(run::list_runtimes))
        .route("/api/v2/piston/execute", post(piston::execute_piston))
        .route("/api/v2/piston/runtimes", get(piston::list_piston_runtimes))
        .route("/api/v2/execute", post(piston::execute_piston))
        .route("/api/v2/runtimes", get(piston::list_piston_runtimes))
        .route("/api/execute", post(run::execute))
        .route("/api/execute/{id}", get(run::get_run))
        .route("/api/execute/{id}/events", get(run::watch_run))
        .route("/api/execute/{id}/cancel", post(run::cancel_run))
        .route("/api/ai/chat", post(turn::chat))
        .route("/api/ai/apply-diff", post(proposal::apply_diff))
        .route("/api/turns/{id}", get(turn::get_turn))
        .route("/api/turns/{id}/events", get(turn::watch_turn))
        .route("/api/turns/{id}/cancel", post(turn::cancel_turn))
        .route(
            "/api/conversations/{id}",
            get(turn::get_conversation)
                .patch(turn::update_conversation)
                .delete(turn::delete_conversation),
        )
        .route(
            "/api/workspaces/{id}/drafts",
            get(draft::list_drafts).post(draft::create_draft),
        )
        .route(
            "/api/drafts/{id}",
            get(draft::get_draft).delete(draft::delete_draft),
        )
        .route("/api/drafts/{id}/proposal", post(draft::propose_draft))
        .route("/api/proposals/{id}", get(proposal::get_proposal))
        .route("/api/proposals/{id}/apply", post(proposal::apply_proposal))
        .route(
            "/api/proposals/{id}/reject",
            post(proposal::reject_proposal),
        )
        .route("/api/proposals/{id}/undo", post(proposal::undo_proposal))
        .route("/api/proposals/{id}/check", post(review::check_proposal))
        .route(
            "/api/proposals/{id}/check/cancel",
            post(review::cancel_check),
        )
        .route(
            "/api/proposals/{id}/comments",
            get(review::list_comments).post(review::create_comment),
        )
        .route("/api/comments/{id}", delete(review::delete_comment))
        .route(
            "/api/providers",
            get(provider::list_providers).post(provider::create_provider),
        )
        .route(
            "/api/providers/{id}",
            patch(provider::update_provider).delete(provider::delete_provider),
        )
        .route("/api/models/local", get(local_model::get_local_model))
        .route(
            "/api/models/local/pull",
            post(local_model::pull_local_model).delete(local_model::cancel_local_model_pull),
        )
        .route("/api/providers/{id}/check", post(provider::check_provider))
        .route("/api/providers/{id}/models/{model}", put(model::set_model))
        .route("/api/models", get(model::list_models))
        .route("/api/models/route", post(model::route_model))
        .route(
            "/api/models/defaults",
            get(model::get_model_defaults).put(model::set_model_defaults),
        )
        .route(
            "/api/budgets",
            get(budget::list_budgets).post(budget::create_budget),
        )
        .route(
            "/api/budgets/{id}",
            patch(budget::update_budget).delete(budget::delete_budget),
        )
        .route("/api/calls", get(model::list_calls))
        .route(
            "/api/secrets",
            get(secret::list_secrets).post(secret::create_secret),
        )
        .route(
            "/api/secrets/{id}",
            put(secret::update_secret).delete(secret::delete_secret),
        )
        .route(
            "/api/tokens",
            get(secret::list_tokens).post(secret::create_token),
        )
        .route("/api/tokens/{id}", delete(secret::delete_token))
        .route("/api/model-calls/{id}", get(turn::get_model_call))
        .route("/api/usage", get(usage::get_usage))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(pages::page);
    // Open streams are not compressed, and need no room for what would do it.
    let streams = Router::new()
        .route("/v1/chat/completions", post(v1::create_chat_completion))
        .route("/v1/completions", post(v1::create_completion))
        .route("/v1/models", get(v1::list_openai_models))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn(let_pages_ask));
    // Outside of what writes problem documents anew.
    let routes = guarded(&app, routes).layer(CompressionLayer::new());
    let routes = routes
        .merge(guarded(&app, streams))
        .layer(from_fn_with_state(app.clone(), accompany))
        .with_state(app.clone());
    preview::before(app, routes)
}

/// Puts around routes what all of them need. From the outside in: a panic is
/// caught, then strangers are refused, then bodies are bounded.
fn guarded(app: &App, routes: Router<App>) -> Router<App> {
    let policy = format!("{POLICY}{}", app.previews.frame_sources());
    routes
        .layer(DefaultBodyLimit::max(limit::JSON_BODY_BYTES))
        .layer(from_fn_with_state(app.clone(), refuse_strangers))
        .layer(SetResponseHeaderLayer::if_not_present(
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_str(&policy).ok(),
        ))
        .layer(header(X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(X_FRAME_OPTIONS, "DENY"))
        .layer(header(REFERRER_POLICY, "no-referrer"))
        .layer(header(
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ))
        .layer(header(
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(name_problems))
}

fn header(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

async fn method_not_allowed(request: Request) -> response::Response {
    let detail = format!("This address does not take {}.", request.method());
    ApiError::new(Code::MethodNotAllowed, detail).into_response_for(&request)
}

fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(
        panic = message.unwrap_or("no message"),
        "a request panicked"
    );
    ApiError::new(
        Code::Internal,
        "The request failed in the server; its log has the cause.",
    )
    .into_response()
}
