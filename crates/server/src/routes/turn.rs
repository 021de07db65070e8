//! Conversations, turns, and what was sent to models.

use atelier_api::event::After;
use atelier_api::model::{ModelCall, RequestSource};
use atelier_api::turn::{
    Chat, Conversation, ConversationDetail, LineRange, Message, Role, Selection, Turn, TurnCall,
    TurnState, UpdateConversation,
};
use atelier_api::usage::TokenUsage;
use atelier_api::{Page, PageQuery};
use atelier_base::{ConversationId, ModelCallId, TurnId, WorkspaceId, WorkspacePath};
use atelier_domain as domain;
use atelier_domain::turn::{NewSelection, NewTurn};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use crate::app::App;
use crate::http::asker::Asker;
use crate::http::body::{Body, Id, Query};
use crate::http::error::ApiResult;
use crate::http::live;
use crate::routes::file::{page_of, wanted};

pub(super) async fn chat(
    State(app): State<App>,
    Asker(ctx): Asker,
    Body(body): Body<Chat>,
) -> ApiResult<Response> {
    let files = body
        .files
        .iter()
        .map(|path| WorkspacePath::new(path))
        .collect::<Result<Vec<_>, _>>();
    let selections = body.selections.into_iter().map(new_selection);
    let selections = selections.collect::<ApiResult<Vec<_>>>()?;
    let new = NewTurn {
        workspace: body.workspace_id.into(),
        conversation: body.conversation_id.map(Into::into),
        message: body.message,
        files: files.map_err(domain::Error::from)?,
        selections,
        provider: body.provider_id.map(Into::into),
        attach: body.attach,
    };
    let (_, subscription) = app.domain.chat(&ctx, new).await?;
    Ok(live::events(subscription, app.domain.stopping().clone()))
}

pub(super) async fn get_turn(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<TurnId>,
) -> ApiResult<Json<Turn>> {
    Ok(Json(turn(app.domain.get_turn(&ctx, id).await?)))
}

pub(super) async fn watch_turn(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<TurnId>,
    Query(after): Query<After>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let subscription = app
        .domain
        .watch_turn(&ctx, id, live::resume(after.after, &headers))
        .await?;
    Ok(live::events(subscription, app.domain.stopping().clone()))
}

pub(super) async fn cancel_turn(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<TurnId>,
) -> ApiResult<Json<Turn>> {
    Ok(Json(turn(app.domain.cancel_turn(&ctx, id).await?)))
}

pub(super) async fn list_conversations(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<WorkspaceId>,
    Query(query): Query<PageQuery>,
) -> ApiResult<Json<Page<Conversation>>> {
    let page = wanted(query.cursor, query.limit)?;
    Ok(page_of(
        app.domain.list_conversations(&ctx, id, &page).await?,
        conversation,
    ))
}

pub(super) async fn get_conversation(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<ConversationId>,
) -> ApiResult<Json<ConversationDetail>> {
    let found = app.domain.get_conversation(&ctx, id).await?;
    Ok(Json(ConversationDetail {
        conversation: conversation(found.conversation),
        messages: found.messages.into_iter().filter_map(message).collect(),
        turns: found.turns.into_iter().map(turn).collect(),
    }))
}

pub(super) async fn update_conversation(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<ConversationId>,
    Body(body): Body<UpdateConversation>,
) -> ApiResult<Json<Conversation>> {
    Ok(Json(conversation(
        app.domain
            .update_conversation(&ctx, id, &body.title)
            .await?,
    )))
}

pub(super) async fn delete_conversation(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<ConversationId>,
) -> ApiResult<StatusCode> {
    app.domain.delete_conversation(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn get_model_call(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<ModelCallId>,
) -> ApiResult<Json<ModelCall>> {
    let found = app.domain.get_model_call(&ctx, id).await?;
    Ok(Json(ModelCall {
        id: found.row.id.into(),
        turn_id: found.row.turn_id.map(Into::into),
        provider: found.row.provider,
        model: found.row.model,
        task: found.row.task,
        reason: found.row.reason,
        request_hash: found.row.request_hash.to_string(),
        request: found.request,
        sources: found.sources.into_iter().map(source).collect(),
        created_at: found.row.created_at.to_string(),
    }))
}

fn new_selection(asked: Selection) -> ApiResult<NewSelection> {
    Ok(NewSelection {
        path: WorkspacePath::new(&asked.path).map_err(domain::Error::from)?,
        version: asked.version_id.map(Into::into),
        lines: domain::event::LineRange {
            first: asked.lines.first,
            last: asked.lines.last,
        },
    })
}

fn selection(kept: domain::event::Selection) -> Selection {
    Selection {
        path: kept.path,
        version_id: kept.version_id,
        lines: line_range(kept.lines),
    }
}

fn line_range(lines: domain::event::LineRange) -> LineRange {
    LineRange {
        first: lines.first,
        last: lines.last,
    }
}

fn source(source: domain::call::Source) -> RequestSource {
    RequestSource {
        kind: source.kind,
        path: source.path,
        version_id: source.version_id,
        lines: source.lines.map(line_range),
        bytes: source.bytes,
        reason: source.reason,
    }
}

fn turn(found: domain::turn::Turn) -> Turn {
    let row = found.row;
    Turn {
        id: row.id.into(),
        workspace_id: row.workspace_id.into(),
        conversation_id: row.conversation_id.into(),
        state: match row.state {
            domain::TurnState::Running => TurnState::Running,
            domain::TurnState::Done => TurnState::Done,
            domain::TurnState::Failed => TurnState::Failed,
            domain::TurnState::Cancelled => TurnState::Cancelled,
            domain::TurnState::Interrupted => TurnState::Interrupted,
        },
        model: row.model,
        error: row.error,
        usage: usage(found.usage),
        proposal_ids: found.proposals.into_iter().map(Into::into).collect(),
        model_call_ids: found.calls.iter().map(|call| call.id.into()).collect(),
        calls: found.calls.into_iter().map(turn_call).collect(),
        attached: found.attached,
        withheld: found.withheld,
        selections: found.selections.into_iter().map(selection).collect(),
        created_at: row.created_at.to_string(),
        finished_at: row.finished_at.map(|at| at.to_string()),
    }
}

fn turn_call(row: domain::ModelCallRow) -> TurnCall {
    TurnCall {
        id: row.id.into(),
        provider: row.provider,
        model: row.model,
        local: row.local,
        reason: row.reason,
        replaces_id: row.replaces_id.map(Into::into),
        error: row.error,
    }
}

fn usage(used: domain::event::TokenUsage) -> TokenUsage {
    TokenUsage {
        input_tokens: used.input_tokens,
        cached_input_tokens: used.cached_input_tokens,
        output_tokens: used.output_tokens,
        cost_usd: used.cost_usd,
        measured: used.measured,
    }
}

fn conversation(row: domain::ConversationRow) -> Conversation {
    Conversation {
        id: row.id.into(),
        workspace_id: row.workspace_id.into(),
        title: row.title,
        active_model: row.active_model,
        created_at: row.created_at.to_string(),
        updated_at: row.updated_at.to_string(),
    }
}

fn message(row: domain::MessageRow) -> Option<Message> {
    let role = match row.role {
        domain::MessageRole::User => Role::User,
        domain::MessageRole::Assistant => Role::Assistant,
        domain::MessageRole::Tool => return None,
    };
    Some(Message {
        id: row.id.into(),
        turn_id: row.turn_id.map(Into::into),
        role,
        content: row.content,
        created_at: row.created_at.to_string(),
    })
}
