//! The models' interface in OpenAI's form, for any client of it.

use std::convert::Infallible;
use std::time::Duration;

use atelier_api::Code;
use atelier_api::v1::{OpenAiModel, OpenAiModels};
use atelier_base::SecretId;
use atelier_domain::call::{Asked, Part, Task};
use atelier_domain::served::ServedAsk;
use atelier_domain::served::openai::{self, Answering, Kind, Refusal, Served};
use atelier_domain::token::Bearer;
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use futures_util::{FutureExt as _, stream};
use tokio_util::sync::DropGuard;

use crate::app::App;
use crate::http::body::whole;
use crate::http::error::{ApiError, ApiResult};
use crate::http::openai::{Program, fault};
use crate::http::request::Passing;

/// Says what a request is for.
const TASK: HeaderName = HeaderName::from_static("x-atelier-task");
/// Names secrets that may leave with a request, by their ids.
const ATTACH: HeaderName = HeaderName::from_static("x-atelier-attach");
/// How long a stream may be silent: proxies cut what says nothing.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// What is ready is sent together, up to this size.
const GATHER_BYTES: usize = 8 * 1024;

pub(super) async fn create_chat_completion(
    State(app): State<App>,
    program: Program,
    passing: Passing,
    headers: HeaderMap,
    request: Request,
) -> ApiResult<Response> {
    let body = whole(request, &app).await?;
    let served = openai::read_chat(&body).map_err(refused)?;
    drop(body);
    // In a box, so that what is around it doesn't move it from hand to hand.
    Box::pin(answer(&app, program, passing, &headers, Kind::Chat, served)).await
}

pub(super) async fn create_completion(
    State(app): State<App>,
    program: Program,
    passing: Passing,
    headers: HeaderMap,
    request: Request,
) -> ApiResult<Response> {
    let body = whole(request, &app).await?;
    let served = openai::read_completion(&body).map_err(refused)?;
    drop(body);
    // In a box, so that what is around it doesn't move it from hand to hand.
    Box::pin(answer(
        &app,
        program,
        passing,
        &headers,
        Kind::Completion,
        served,
    ))
    .await
}

pub(super) async fn list_openai_models(
    State(app): State<App>,
    program: Program,
) -> ApiResult<Json<OpenAiModels>> {
    let found = app
        .domain
        .list_served(&program.ctx, &program.bearer)
        .await?;
    let data = found.into_iter().map(|model| OpenAiModel {
        id: model.name,
        object: "model".to_owned(),
        created: 0,
        owned_by: model.provider,
    });
    Ok(Json(OpenAiModels {
        object: "list".to_owned(),
        data: data.collect(),
    }))
}

async fn answer(
    app: &App,
    program: Program,
    passing: Passing,
    headers: &HeaderMap,
    kind: Kind,
    served: Served,
) -> ApiResult<Response> {
    let ask = ServedAsk {
        task: task(headers, kind)?,
        attach: attached(headers)?,
        model: served.model,
        request: served.request,
        stream: served.stream,
    };
    let mut ctx = program.ctx;
    // The request's own token ends when its answer begins.
    let cancel = app.domain.stopping().child_token();
    let gone = std::mem::replace(&mut ctx.cancel, cancel.clone());
    let mut asked = tokio::select! {
        asked = begun(app, &ctx, &program.bearer, ask) => asked?,
        () = gone.cancelled() => return Err(atelier_domain::Error::Cancelled.into()),
    };
    let created = app.domain.seconds();
    let id = asked.id().as_uuid().simple().to_string();
    if !served.stream {
        let answering = Answering::whole(kind, &id, created, asked.model());
        return tokio::select! {
            whole = gathered(app, &program.bearer, &mut asked, answering) => whole,
            () = gone.cancelled() => Err(atelier_domain::Error::Cancelled.into()),
        };
    }
    let answering = Answering::streaming(kind, &id, created, asked.model(), served.include_usage);
    Ok(streamed(Streaming {
        app: app.clone(),
        bearer: program.bearer,
        asked,
        answering,
        passing,
        _gone: cancel.drop_guard(),
        over: false,
    }))
}

/// Asks, and waits until the model begins to answer: what fails before that
/// is a status, not an event.
async fn begun(
    app: &App,
    ctx: &atelier_domain::Ctx,
    bearer: &Bearer,
    ask: ServedAsk,
) -> ApiResult<Asked> {
    let mut asked = app.domain.ask_served(ctx, bearer, ask).await?;
    asked.begin().await?;
    Ok(asked)
}

async fn gathered(
    app: &App,
    bearer: &Bearer,
    asked: &mut Asked,
    mut answering: Answering,
) -> ApiResult<Response> {
    let mut nothing = Vec::new();
    while let Some(part) = asked.next().await {
        take(&mut answering, asked, part?, &mut nothing);
    }
    if let Some(keepsake) = answering.take_keepsake() {
        app.domain.keep_for(bearer, keepsake);
    }
    let json = (CONTENT_TYPE, "application/json");
    Ok(([json], answering.into_whole()).into_response())
}

fn take(answering: &mut Answering, asked: &Asked, part: Part, out: &mut Vec<u8>) {
    match part {
        Part::Delta(delta) => answering.add(delta, out),
        Part::Switched(_) => {
            let id = asked.id().as_uuid().simple().to_string();
            answering.restart(&id, asked.model());
        }
    }
}

/// A stream on its way. Dropping it cancels the call.
struct Streaming {
    app: App,
    bearer: Bearer,
    asked: Asked,
    answering: Answering,
    passing: Passing,
    _gone: DropGuard,
    over: bool,
}

fn streamed(streaming: Streaming) -> Response {
    // Boxed, or the stream would hold it twice: waiting, and at work.
    let events = stream::unfold(Box::new(streaming), |mut streaming| async move {
        let chunk = streaming.next().await?;
        Some((Ok::<_, Infallible>(chunk), streaming))
    });
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        // Reverse proxies that gather responses would hold events back.
        (
            HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ),
    ];
    (headers, Body::from_stream(events)).into_response()
}

impl Streaming {
    /// Returns what is to be sent next: all that is ready, within reason.
    async fn next(&mut self) -> Option<Bytes> {
        if self.over {
            return None;
        }
        let mut out = Vec::new();
        let Ok(first) = tokio::time::timeout(HEARTBEAT, self.asked.next()).await else {
            return Some(Bytes::from_static(b": still here\n\n"));
        };
        let mut part = first;
        loop {
            match part {
                Some(Ok(part)) => {
                    take(&mut self.answering, &self.asked, part, &mut out);
                    // Before the program hears it: it may ask again at once.
                    if self.answering.is_finished()
                        && let Some(keepsake) = self.answering.take_keepsake()
                    {
                        self.app.domain.keep_for(&self.bearer, keepsake);
                    }
                }
                Some(Err(error)) => {
                    self.over = true;
                    self.fail(error, &mut out);
                    break;
                }
                None => {
                    self.over = true;
                    self.answering.end(&mut out);
                    break;
                }
            }
            if out.len() >= GATHER_BYTES {
                break;
            }
            let next = self.asked.next();
            let mut next = std::pin::pin!(next);
            part = match (&mut next).now_or_never() {
                Some(ready) => ready,
                None if out.is_empty() => next.await,
                None => break,
            };
        }
        Some(Bytes::from(out))
    }

    fn fail(&self, error: atelier_domain::Error, out: &mut Vec<u8>) {
        let problem = ApiError::from(error).into_problem(&self.passing);
        out.extend_from_slice(b"data: ");
        // Texts always serialise, and a `Vec` always takes them.
        let _ = serde_json::to_writer(&mut *out, &fault(&problem));
        out.extend_from_slice(b"\n\n");
    }
}

fn task(headers: &HeaderMap, kind: Kind) -> ApiResult<Task> {
    let Some(word) = headers.get(&TASK) else {
        return Ok(match kind {
            Kind::Chat => Task::Chat,
            Kind::Completion => Task::Complete,
        });
    };
    let task = word.to_str().ok().and_then(Task::parse);
    task.ok_or_else(|| {
        let words: Vec<&str> = Task::ALL.into_iter().map(Task::as_str).collect();
        let detail = format!("A task is one of {}.", words.join(", "));
        ApiError::new(Code::Invalid, detail).field(TASK.as_str())
    })
}

fn attached(headers: &HeaderMap) -> ApiResult<Vec<SecretId>> {
    let Some(list) = headers.get(&ATTACH) else {
        return Ok(Vec::new());
    };
    let ids = list.to_str().unwrap_or("?").split(',');
    let ids = ids.map(|id| id.trim().parse());
    ids.collect::<Result<_, _>>().map_err(|_| {
        ApiError::new(
            Code::Invalid,
            "Attached are ids of secrets, with commas between them.",
        )
        .field(ATTACH.as_str())
    })
}

fn refused(refusal: Refusal) -> ApiError {
    let error = ApiError::new(Code::Invalid, refusal.message);
    match refusal.param {
        Some(param) => error.field(&param),
        None => error,
    }
}
