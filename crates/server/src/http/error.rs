//! Turns failures into problem documents. The one place that maps a domain
//! error to a status.

use atelier_api::file::StaleFile;
use atelier_api::proposal::{Conflict, Divergence, LineSpan, LockedPath, MergePiece, PatchFailure};
use atelier_api::{Code, Problem, piston, v1};
use atelier_base::{ErrorKind, PathError};
use atelier_domain::budget::PRICE_HINT;
use atelier_domain::{Error, ModelFault, PatchError, chain};
use axum::Json;
use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use std::time::Duration;

use crate::http::openai::as_openai;
use crate::http::request::Passing;
use crate::routes::budget::exceeded_budget;
use crate::routes::proposal::warning;

/// A failure on its way to the client.
#[derive(Debug)]
pub(crate) struct ApiError {
    problem: Box<Problem>,
    retry_after: Option<Duration>,
}

/// What handlers return.
pub(crate) type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        // The request's id is filled in by `name_problems`, which knows it.
        Self {
            problem: Box::new(Problem::new(code, detail, "")),
            retry_after: None,
        }
    }

    pub(crate) fn hint(mut self, hint: Option<impl Into<String>>) -> Self {
        self.problem.hint = hint.map(Into::into);
        self
    }

    pub(crate) fn field(mut self, field: &str) -> Self {
        self.problem.field = Some(field.to_owned());
        self
    }

    /// Says when trying again may succeed.
    fn after(self, wait: Duration) -> Self {
        Self {
            retry_after: Some(wait),
            ..self
        }
    }

    /// Returns the problem document, for streams that end in one.
    pub(crate) fn into_problem(mut self, passing: &Passing) -> Problem {
        self.problem.request_id = passing.id.to_string();
        *self.problem
    }

    pub(crate) fn into_response_for(mut self, request: &Request) -> Response {
        if let Some(passing) = request.extensions().get::<Passing>() {
            self.problem.request_id = passing.id.to_string();
        }
        self.into_response()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&self.problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(after) = self.retry_after {
            // Rounded up: whoever comes back a moment too soon is refused again.
            let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response.extensions_mut().insert(Unnamed(self.problem));
        response
    }
}

/// A problem whose request is not named in it yet.
#[derive(Clone, Debug)]
struct Unnamed(Box<Problem>);

/// Writes the request's id into problem documents.
pub(crate) async fn name_problems(request: Request, next: axum::middleware::Next) -> Response {
    let passing = request.extensions().get::<Passing>().cloned();
    let path = request.uri().path();
    let (to_piston, to_openai) = (piston::is_address(path), v1::is_address(path));
    let mut response = next.run(request).await;
    let unnamed = response.extensions_mut().remove::<Unnamed>();
    let (Some(Unnamed(mut problem)), Some(passing)) = (unnamed, passing) else {
        return response;
    };
    if !problem.request_id.is_empty() && !to_piston && !to_openai {
        return response;
    }
    problem.request_id = passing.id.to_string();
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(axum::http::header::CONTENT_LENGTH);
    let body = if to_piston {
        as_piston(&mut parts, *problem)
    } else if to_openai {
        as_openai(&mut parts, &problem)
    } else {
        serde_json::to_vec(&problem).unwrap_or_default()
    };
    Response::from_parts(parts, axum::body::Body::from(body))
}

/// Writes a problem as Piston does: its message alone, and 400 for all that is
/// wrong with the input.
fn as_piston(parts: &mut axum::http::response::Parts, problem: Problem) -> Vec<u8> {
    if parts.status == StatusCode::UNPROCESSABLE_ENTITY {
        parts.status = StatusCode::BAD_REQUEST;
    }
    let json = HeaderValue::from_static("application/json");
    parts.headers.insert(CONTENT_TYPE, json);
    let error = piston::PistonError {
        message: problem.detail,
    };
    serde_json::to_vec(&error).unwrap_or_default()
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        log(&error);
        let text = sentence(&error.to_string());
        match error {
            Error::Unauthenticated => Self::new(Code::NotSignedIn, "Sign in to do this.").hint(
                Some("Print a new sign-in link with `atelier admin sign-in-link`."),
            ),
            Error::SignInLink => Self::new(Code::SignInLinkInvalid, text)
                .hint(Some("Print a new one with `atelier admin sign-in-link`.")),
            Error::NotFound { .. } => Self::new(Code::NotFound, text),
            Error::Invalid { field, .. } => Self::new(Code::Invalid, text).field(field),
            Error::Path(error) => path_error(&error),
            Error::PathTaken { .. } => Self::new(Code::PathTaken, text)
                .field("path")
                .hint(Some("Choose another path, or open what is there.")),
            Error::NameTaken { .. } => Self::new(Code::NameTaken, text).field("name"),
            Error::Stale(stale) => {
                let mut error = Self::new(Code::StaleVersion, text).hint(Some(
                    "Look at both sides and save again on the current version.",
                ));
                error.problem.stale = Some(Box::new(StaleFile {
                    version_id: stale.version.map(Into::into),
                    content: stale.current,
                    base: stale.base,
                    merged: stale.merged,
                    clean: stale.clean,
                }));
                error
            }
            Error::VersionMissing => Self::new(Code::PreconditionRequired, text).hint(Some(
                "Send the version id you edited, quoted, as `If-Match`.",
            )),
            // It begins with a file's name, which stays as it is written.
            Error::Patch(error) => {
                let mut answer = Self::new(Code::PatchInvalid, error.to_string())
                    .hint(Some(error.hint()))
                    .field("patch");
                answer.problem.patch = Some(Box::new(patch_failure(&error)));
                answer
            }
            Error::MergeConflict(conflicts) => {
                let mut error = Self::new(Code::MergeConflict, text).hint(Some(
                    "Decide what to keep in each file and apply again with `resolutions`.",
                ));
                error.problem.conflicts = conflicts.into_iter().map(conflict).collect();
                error
            }
            Error::ConfirmationRequired(found) => {
                let hint = format!("Send `{}` as `confirm` if you mean it.", found.word);
                let mut error = Self::new(Code::ConfirmationRequired, text)
                    .field("confirm")
                    .hint(Some(hint));
                error.problem.warning = Some(Box::new(warning(found)));
                error
            }
            Error::OwnerOnly { .. } => {
                Self::new(Code::Denied, text).hint(Some("Ask whoever set this server up."))
            }
            Error::LockedPath { path, glob } => {
                let mut error = Self::new(Code::LockedPath, text).hint(Some(
                    "Change the file yourself, or unlock it in the workspace's settings.",
                ));
                error.problem.locked = Some(Box::new(LockedPath {
                    path: path.to_string(),
                    glob,
                }));
                error
            }
            Error::ProposalDecided { .. } => Self::new(Code::ProposalDecided, text),
            Error::TurnRunning => {
                Self::new(Code::TurnRunning, text).hint(Some("Wait for the answer, or stop it."))
            }
            Error::TooLarge { .. } => Self::new(Code::TooLarge, text),
            Error::TooMany { retry_after, .. } => Self::new(Code::TooMany, text).after(retry_after),
            Error::Import { hint, .. } => Self::new(Code::ImportRefused, text).hint(hint),
            Error::SecretFound { .. } => Self::new(Code::SecretFound, text).hint(Some(
                "Take it out, or attach the secret to this request if it is meant to be seen.",
            )),
            Error::ModelNotConfigured => {
                Self::new(Code::ModelNotConfigured, text).hint(Some("Add one on the Models page."))
            }
            Error::BudgetExceeded(exceeded) => {
                let mut error = Self::new(Code::BudgetExceeded, text).hint(Some(exceeded.hint()));
                error.problem.budget = Some(Box::new(exceeded_budget(&exceeded)));
                error
            }
            Error::NoModelFits { .. } => Self::new(Code::NoModelFits, text).hint(Some(
                "Configure another model, raise the budget, or choose a model by name.",
            )),
            Error::PriceUnknown { .. } => {
                Self::new(Code::PriceUnknown, text).hint(Some(PRICE_HINT))
            }
            Error::Model { hint, fault, .. } => match fault {
                ModelFault::Passing => Self::new(Code::ModelFailed, text),
                ModelFault::Busy { retry_after } => {
                    Self::new(Code::ModelBusy, text).after(retry_after)
                }
                ModelFault::Request => Self::new(Code::ModelRefused, text),
                ModelFault::TooLong => Self::new(Code::ContextTooLong, text),
                ModelFault::Lasting => Self::new(Code::ModelMisconfigured, text),
            }
            .hint(hint),
            Error::Isolation { .. } => Self::new(Code::IsolationUnavailable, text).hint(Some(
                "`atelier doctor` shows each layer and the setting that enables it.",
            )),
            Error::Cancelled => Self::new(Code::Cancelled, text),
            Error::Files(ref files) => {
                Self::new(code_of(files.kind()), public(files.kind(), &text)).hint(files.hint())
            }
            Error::Store(ref store) => {
                Self::new(code_of(store.kind()), public(store.kind(), &text))
            }
            Error::Internal(_) => Self::new(Code::Internal, INTERNAL),
        }
    }
}

const INTERNAL: &str =
    "Something failed in the server; its log has the cause under this request's id.";

/// Returns what a client may read: never the cause of a fault of ours.
fn public(kind: ErrorKind, text: &str) -> String {
    if kind == ErrorKind::Internal {
        INTERNAL.to_owned()
    } else {
        text.to_owned()
    }
}

fn code_of(kind: ErrorKind) -> Code {
    match kind {
        ErrorKind::NotFound => Code::NotFound,
        ErrorKind::Invalid => Code::Invalid,
        ErrorKind::Conflict => Code::Conflict,
        ErrorKind::PreconditionRequired => Code::PreconditionRequired,
        ErrorKind::Denied => Code::Denied,
        ErrorKind::Unauthenticated => Code::NotSignedIn,
        ErrorKind::TooLarge => Code::TooLarge,
        ErrorKind::Limited { .. } => Code::TooMany,
        ErrorKind::Unavailable => Code::Unavailable,
        ErrorKind::Cancelled => Code::Cancelled,
        ErrorKind::Internal => Code::Internal,
    }
}

/// Logs what an administrator should see, once, with its causes.
fn log(error: &Error) {
    match error.kind() {
        ErrorKind::Internal => tracing::error!(error = %chain(error), "a request failed"),
        ErrorKind::Unavailable => {
            tracing::warn!(error = %chain(error), "a request could not be served");
        }
        _ => {}
    }
}

fn path_error(error: &PathError) -> ApiError {
    ApiError::new(Code::PathInvalid, sentence(&error.to_string())).field("path")
}

/// Writes why a patch was refused in the form that programs read, here and in
/// the command line's JSON.
pub fn patch_failure(error: &PatchError) -> PatchFailure {
    let evidence = error.evidence.as_deref();
    PatchFailure {
        code: error.code().to_owned(),
        message: error.to_string(),
        hint: error.hint().to_owned(),
        path: error.path.as_ref().map(ToString::to_string),
        hunk: error.hunk,
        patch_line: error.patch_line,
        file_hash: evidence.and_then(|evidence| Some(evidence.file_hash?.to_string())),
        divergence: evidence
            .and_then(|evidence| evidence.divergence.as_ref())
            .map(|divergence| Divergence {
                line: divergence.line,
                expected: divergence.expected.clone(),
                found: divergence.found.clone(),
            }),
        candidates: evidence.map_or_else(Vec::new, |evidence| evidence.candidates.clone()),
        reread: evidence
            .and_then(|evidence| evidence.reread)
            .map(|(from, to)| LineSpan { from, to }),
    }
}

fn conflict(conflict: atelier_domain::Conflict) -> Conflict {
    Conflict {
        path: conflict.path.to_string(),
        reason: conflict.reason,
        version_id: conflict.version.map(Into::into),
        base: conflict.base,
        yours: conflict.yours,
        theirs: conflict.theirs,
        merged: conflict.merged,
        pieces: conflict.pieces.into_iter().map(piece).collect(),
    }
}

fn piece(piece: atelier_domain::Piece) -> MergePiece {
    match piece {
        atelier_domain::Piece::Same(text) => MergePiece::Same { text },
        atelier_domain::Piece::Conflict {
            base,
            yours,
            theirs,
        } => MergePiece::Conflict {
            base,
            yours,
            theirs,
        },
    }
}

/// Writes an error's text as a sentence.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let mut sentence: String = chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default();
    if !sentence.ends_with(['.', '!', '?']) && !sentence.contains('\n') {
        sentence.push('.');
    }
    sentence
}
