//! `PUT /v2/access/uploads/{id}`: takes the whole file and finalizes.

use axum::Json as Answer;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use strongroom_core::digest::Digest;
use strongroom_core::id::{MediaId, UploadId};
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
    let mut body = Bytestream::new(body, app.config.server.deadlines);
    let id = upload_id(&id)?;
    let (digest, media) = take(&app, &access, id, &headers, &mut body).await?;
    let media = settled_media(&app, &access.connection, media, preferred_wait(&headers)).await?;
    Ok((etag_header(digest), Answer(CompletedResponse { media_upload_id: id.to_string(), media: Some(media) })))
}

/// Takes the body and completes the upload with it. The body may take its time, so the caller is looked at again behind it.
async fn take(
    app: &App,
    access: &Access<VaultWrite>,
    id: UploadId,
    headers: &HeaderMap,
    body: &mut Bytestream,
) -> Result<(Digest, MediaId), Problem> {
    let owner = &access.connection.id;
    let upload = app.sessions.find(owner, id).await?;
    let total = upload.plan.total_parts();
    app.parts.refuse_direct(&upload)?;
    if total > 1 && upload.state == UploadState::Open {
        let message = format!("{id} was planned in {total} parts; PUT them to {id}/parts/1 to {total}, then complete");
        return Err(Problem::new(Kind::BadRequest, message));
    }
    refuse_encoding(headers)?;
    let (announced, expected) = (announced_length(headers), content_digests(headers)?);
    if total == 1 && upload.state == UploadState::Open && upload.repr_digest.is_none() {
        let received = app.parts.receive_whole(&upload, announced, expected, body).await?;
        access.check_again(app).await?;
        return app.completion.complete_whole(upload, received).await;
    }
    let is_sent = total == 1 && matches!(upload.state, UploadState::Completing | UploadState::Completed);
    let digest = if is_sent {
        app.parts.compare(&upload, announced, body).await?
    } else {
        // Bytes that turn out not to be what init announced stay, for the client to look at: they are a part first.
        let accepted = app.parts.accept(&app.sessions, owner, id, 1, announced, expected).await?;
        app.parts.take(accepted, body).await?
    };
    access.check_again(app).await?;
    Ok((digest, app.completion.complete(owner, id, Vec::new()).await?))
}
