//! `PUT /v2/access/uploads/{id}`: takes the whole file and finalizes.

use axum::Json as Answer;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use strongroom_core::digest::Digest;
use strongroom_core::id::{ConnectionId, UploadId};
use strongroom_core::upload::UploadState;
use utoipa::ToSchema;

use super::{etag_header, preferred_wait, settled_media, upload_id};
use crate::app::App;
use crate::http::body::{Bytestream, announced_length, content_digests, refuse_encoding};
use crate::http::media_view::MediaView;
use crate::http::principal::{Access, VaultWrite};
use crate::problem::{Kind, Problem};

/// A completed upload.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CompletedResponse {
    /// The session.
    pub(super) media_upload_id: String,
    /// The media that it became.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) media: Option<MediaView>,
}

/// Upload single-part media and finalize (No need to call /complete after upload if using this endpoint)
#[utoipa::path(
    put, path = "/v2/access/uploads/{mediaUploadId}", tag = "uploads", operation_id = "putSingle",
    params(
        ("mediaUploadId" = String, Path, description = "`upload:<uuid>`, raw or percent-encoded"),
        ("Content-Digest" = Option<String>, Header, description = "RFC 9530: sha-256, sha-512"),
        ("Content-MD5" = Option<String>, Header, description = "RFC 1864"),
        ("Prefer" = Option<String>, Header, description = "`wait=N`: wait up to N (≤ 25) seconds for the renditions"),
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = CompletedResponse, headers(("ETag" = String, description = "BLAKE3 of the file")))),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn put_single(
    State(app): State<App>,
    access: Access<VaultWrite>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<([(HeaderName, HeaderValue); 1], Answer<CompletedResponse>), Problem> {
    let owner = &access.connection.id;
    let mut body = Bytestream::new(body, app.config.server.deadlines);
    let (id, digest) = take(&app, owner, &id, &headers, &mut body).await?;
    // The body may have taken its time.
    access.check_again(&app).await?;
    let media = app.completion.complete(owner, id, Vec::new()).await?;
    let media = settled_media(&app, &access.connection, media, preferred_wait(&headers)).await?;
    Ok((etag_header(digest), Answer(CompletedResponse { media_upload_id: id.to_string(), media: Some(media) })))
}

async fn take(
    app: &App,
    owner: &ConnectionId,
    id: &str,
    headers: &HeaderMap,
    body: &mut Bytestream,
) -> Result<(UploadId, Digest), Problem> {
    let id = upload_id(id)?;
    let upload = app.sessions.find(owner, id).await?;
    let total = upload.plan.total_parts();
    app.parts.refuse_direct(&upload)?;
    if total > 1 && upload.state == UploadState::Open {
        let message = format!("{id} was planned in {total} parts; PUT them to {id}/parts/1 to {total}, then complete");
        return Err(Problem::new(Kind::BadRequest, message));
    }
    refuse_encoding(headers)?;
    let expected = content_digests(headers)?;
    if total == 1 && matches!(upload.state, UploadState::Completing | UploadState::Completed) {
        return Ok((id, app.parts.compare(&upload, announced_length(headers), body).await?));
    }
    let accepted = app.parts.accept(&app.sessions, owner, id, 1, announced_length(headers), expected).await?;
    Ok((id, app.parts.take(accepted, body).await?))
}
