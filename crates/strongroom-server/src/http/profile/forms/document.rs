//! `GET` and `PUT /v2/access/self/release-forms/{id}/document`: what was signed.

use axum::Json as Answer;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use strongroom_catalog::records::Document;
use strongroom_core::id::{ConnectionId, FormId};
use strongroom_core::media::{FailureCode, MediaStatus};
use strongroom_core::rendition::{RenditionFormat, RenditionName};

use super::view::{FormView, hexadecimal};
use super::{actor, find, form_id, show};
use crate::app::App;
use crate::delivery::disposition;
use crate::delivery::entity::{Entity, Fetch, serve_as_data};
use crate::http::body::{Bytestream, file_length, refuse_encoding};
use crate::http::page::QueryPairs;
use crate::http::principal::{Access, ProfileRead, ProfileWrite};
use crate::problem::{Kind, Problem};
use crate::services::documents;

/// Add a signed document to a release form
///
/// A PDF or a picture; what it is, is told from its bytes. It is never changed: another one is another version, and the older
/// ones stay.
#[utoipa::path(
    put, path = "/v2/access/self/release-forms/{releaseFormId}/document", tag = "self", operation_id = "putReleaseFormDocument",
    params(("releaseFormId" = String, Path, description = "A release form's id")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "A PDF or a picture, at most 64 MiB"),
    responses((status = 200, body = FormView)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn put_document(
    State(app): State<App>,
    access: Access<ProfileWrite>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Answer<FormView>, Problem> {
    let (owner, id) = (access.connection.id.clone(), form_id(&id)?);
    find(&app, owner.clone(), id).await?;
    refuse_encoding(&headers)?;
    let size = file_length(&headers, "a document")?;
    let mut body = Bytestream::new(body, app.config.server.deadlines);
    let bytes = documents::receive(&app, size, &mut body).await?;
    access.check_again(&app).await?;
    documents::add(&app, &owner, id, actor(&access.key), bytes).await?;
    show(&app, owner, id).await
}

/// Download a release form's document
#[utoipa::path(
    get, path = "/v2/access/self/release-forms/{releaseFormId}/document", tag = "self", operation_id = "getReleaseFormDocument",
    params(
        ("releaseFormId" = String, Path, description = "A release form's id"),
        ("version" = Option<u32>, Query, description = "An older document's version; the newest unless given"),
    ),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn get_document(
    State(app): State<App>,
    access: Access<ProfileRead>,
    Path(id): Path<String>,
    query: QueryPairs,
    fetch: Fetch,
) -> Result<Response, Problem> {
    let id = form_id(&id)?;
    let owner = access.connection.id;
    let document = wanted(&app, owner.clone(), id, &query).await?;
    let Document { version, kind, .. } = document;
    let state = app.catalog.blob_state(owner, document.blob).await?;
    if state.and_then(|state| state.failure).is_some_and(|failure| failure.code == FailureCode::Damaged) {
        return Err(Problem::new(Kind::NotFound, "the stored document was found damaged and is withheld"));
    }
    let reader = app.store.open_blob(document.blob).await?;
    let entity = Entity {
        etag: format!("\"{}\"", hexadecimal(&document.sha256)),
        content_type: kind.content_type(),
        disposition: disposition::attachment(&format!("release-form-{id}-{version}.{}", kind.extension())),
        cache_control: HeaderValue::from_static("private, no-store"),
    };
    serve_as_data(&reader, &entity, &fetch)
}

/// Preview a release form's document
///
/// At most 1280 pixels a side. Once it is rendered; of a PDF its first page.
#[utoipa::path(
    get, path = "/v2/access/self/release-forms/{releaseFormId}/document/preview", tag = "self",
    operation_id = "getReleaseFormDocumentPreview",
    params(
        ("releaseFormId" = String, Path, description = "A release form's id"),
        ("version" = Option<u32>, Query, description = "An older document's version; the newest unless given"),
    ),
    responses((status = 200, content_type = "image/jpeg", body = Vec<u8>)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn get_document_preview(
    State(app): State<App>,
    access: Access<ProfileRead>,
    Path(id): Path<String>,
    query: QueryPairs,
    fetch: Fetch,
) -> Result<Response, Problem> {
    let (owner, id) = (access.connection.id, form_id(&id)?);
    let document = wanted(&app, owner.clone(), id, &query).await?;
    let state = app.catalog.blob_state(owner, document.blob).await?;
    if state.is_none_or(|state| state.status != MediaStatus::Ready) {
        return Err(Problem::not_found("preview of the document of release form", &id.to_string()));
    }
    let (name, format) = (RenditionName::Preview, RenditionFormat::Jpeg);
    let reader = app.store.open_rendition(document.blob, name, format).await?;
    let entity = Entity {
        etag: format!("\"{}-{name}\"", hexadecimal(&document.sha256)),
        content_type: format.content_type(),
        disposition: disposition::inline(&format!("release-form-{id}-{}.{}", document.version, format.extension())),
        cache_control: HeaderValue::from_static("private, no-store"),
    };
    serve_as_data(&reader, &entity, &fetch)
}

/// The document that `version` names, or the newest.
async fn wanted(app: &App, owner: ConnectionId, id: FormId, query: &QueryPairs) -> Result<Document, Problem> {
    let version = query.word("version", "a document's version (a positive whole number)")?;
    let found = app.catalog.document(owner, id, version).await?;
    found.ok_or_else(|| Problem::not_found("document of release form", &id.to_string()))
}
