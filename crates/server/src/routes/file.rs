//! Files and their versions.

use atelier_api::file::{
    AuthorKind, CreateFile, File, FileContent, FileKind, ListFiles, NewFileKind, RestoreVersion,
    UpdateFile, Version, VersionContent,
};
use atelier_api::{Code, Page, PageQuery};
use atelier_base::{FileId, VersionId, WorkspaceId};
use atelier_domain as domain;
use atelier_domain::file::{Content, NewFile};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{ETAG, HeaderMap};
use axum::response::IntoResponse;

use crate::app::App;
use crate::http::asker::Asker;
use crate::http::body::{Body, Id, IfMatch, Query, etag};
use crate::http::error::{ApiError, ApiResult};

/// A file with its version as `ETag`.
type Tagged = (HeaderMap, Json<FileContent>);

pub(super) async fn list_files(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<WorkspaceId>,
    Query(query): Query<ListFiles>,
) -> ApiResult<Json<Page<File>>> {
    let page = wanted(query.cursor, query.limit)?;
    let found = if query.deleted.unwrap_or(false) {
        app.domain.list_deleted_files(&ctx, id, &page).await?
    } else {
        app.domain.list_files(&ctx, id, &page).await?
    };
    Ok(page_of(found, shown))
}

pub(super) async fn create_file(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<WorkspaceId>,
    Body(body): Body<CreateFile>,
) -> ApiResult<impl IntoResponse> {
    let new = match (body.kind.unwrap_or(NewFileKind::File), body.content) {
        (NewFileKind::File, content) => NewFile::File(content.unwrap_or_default()),
        (NewFileKind::Directory, None) => NewFile::Directory,
        (NewFileKind::Directory, Some(_)) => {
            return Err(ApiError::new(Code::Invalid, "A folder has no content.").field("content"));
        }
    };
    let made = app.domain.create_file(&ctx, id, &body.path, new).await?;
    Ok((StatusCode::CREATED, tagged(made)))
}

pub(super) async fn get_file(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<FileId>,
) -> ApiResult<Tagged> {
    Ok(tagged(app.domain.get_file(&ctx, id).await?))
}

pub(super) async fn update_file(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<FileId>,
    IfMatch(edited): IfMatch<VersionId>,
    Body(body): Body<UpdateFile>,
) -> ApiResult<Tagged> {
    let changed = match (body.content, body.path, body.deleted) {
        (Some(content), None, None) => app.domain.save_file(&ctx, id, content, edited).await?,
        (None, Some(path), None) => app.domain.rename_file(&ctx, id, &path).await?,
        (None, None, Some(false)) => app.domain.restore_file(&ctx, id).await?,
        (None, None, Some(true)) => {
            return Err(
                ApiError::new(Code::Invalid, "Use DELETE to delete a file.").field("deleted")
            );
        }
        _ => {
            return Err(ApiError::new(
                Code::Invalid,
                "Send exactly one of `content`, `path` and `deleted`.",
            ));
        }
    };
    Ok(tagged(changed))
}

pub(super) async fn delete_file(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<FileId>,
) -> ApiResult<StatusCode> {
    app.domain.delete_file(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn list_versions(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<FileId>,
    Query(query): Query<PageQuery>,
) -> ApiResult<Json<Page<Version>>> {
    let page = wanted(query.cursor, query.limit)?;
    Ok(page_of(
        app.domain.list_versions(&ctx, id, &page).await?,
        version,
    ))
}

pub(super) async fn restore_version(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<FileId>,
    IfMatch(edited): IfMatch<VersionId>,
    Body(body): Body<RestoreVersion>,
) -> ApiResult<Tagged> {
    Ok(tagged(
        app.domain
            .restore_version(&ctx, id, body.version_id.into(), edited)
            .await?,
    ))
}

pub(super) async fn get_version(
    State(app): State<App>,
    Asker(ctx): Asker,
    Id(id): Id<VersionId>,
) -> ApiResult<Json<VersionContent>> {
    let found = app.domain.get_version(&ctx, id).await?;
    Ok(Json(VersionContent {
        version: version(found.version),
        content: text(found.content),
    }))
}

fn tagged(found: domain::file::FileContent) -> Tagged {
    let version_id = found.file.current_version_id;
    let mut headers = HeaderMap::new();
    if let Some(tag) = version_id.as_ref().and_then(etag) {
        headers.insert(ETAG, tag);
    }
    let binary = found.content == Content::Binary;
    let content = text(found.content);
    let body = FileContent {
        file: shown(found.file),
        content,
        binary,
        version_id: version_id.map(Into::into),
    };
    (headers, Json(body))
}

fn text(content: Content) -> Option<String> {
    match content {
        Content::Text(text) => Some(text),
        Content::Binary | Content::TooLarge | Content::None => None,
    }
}

fn shown(row: domain::FileRow) -> File {
    File {
        id: row.id.into(),
        workspace_id: row.workspace_id.into(),
        path: row.path.to_string(),
        kind: match row.kind {
            domain::FileKind::File => FileKind::File,
            domain::FileKind::Directory => FileKind::Directory,
            domain::FileKind::Link => FileKind::Symlink,
        },
        language: row.language,
        size_bytes: signed(row.size_bytes),
        current_version_id: row.current_version_id.map(Into::into),
        deleted_at: row.deleted_at.map(|at| at.to_string()),
    }
}

fn version(row: domain::VersionRow) -> Version {
    Version {
        id: row.id.into(),
        file_id: row.file_id.into(),
        path: row.path.to_string(),
        content_hash: row.content_hash.to_string(),
        size_bytes: signed(row.size_bytes),
        author_kind: match row.author_kind {
            domain::AuthorKind::User => AuthorKind::User,
            domain::AuthorKind::Assistant => AuthorKind::Assistant,
            domain::AuthorKind::Run => AuthorKind::Run,
            domain::AuthorKind::Git => AuthorKind::Git,
            domain::AuthorKind::Import => AuthorKind::Import,
        },
        turn_id: row.turn_id.map(Into::into),
        run_id: row.run_id.map(Into::into),
        proposal_id: row.proposal_id.map(Into::into),
        created_at: row.created_at.to_string(),
    }
}

/// Returns a count as the wire has it.
pub(super) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Checks which page a request wants.
pub(super) fn wanted(cursor: Option<String>, limit: Option<u32>) -> ApiResult<domain::Page> {
    Ok(domain::Page::new(cursor, limit)?)
}

/// Maps a page to the wire.
pub(super) fn page_of<T, U>(page: domain::PageOf<T>, map: impl Fn(T) -> U) -> Json<Page<U>> {
    Json(Page {
        items: page.items.into_iter().map(map).collect(),
        next_cursor: page.next_cursor,
    })
}
