//! `PUT /v2/access/uploads/{id}/parts/{n}`: takes one part.

use axum::Json as Answer;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use tracing::Instrument as _;
use utoipa::ToSchema;

use super::{etag_header, upload_id};
use crate::app::App;
use crate::http::body::{Bytestream, announced_length, content_digests, refuse_encoding};
use crate::http::principal::{Access, VaultWrite};
use crate::problem::Problem;

/// A part that is on stable storage.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PartResponse {
    /// The session.
    media_upload_id: String,
    /// The part.
    part_number: u32,
    /// Its entity tag: the same for the same bytes.
    etag: String,
}

/// Upload chunk to managed media upload
#[utoipa::path(
    put, path = "/v2/access/uploads/{mediaUploadId}/parts/{partNumber}", tag = "uploads", operation_id = "putPart",
    params(
        ("mediaUploadId" = String, Path, description = "`upload:<uuid>`, raw or percent-encoded"),
        ("partNumber" = u32, Path, description = "From 1"),
        ("Content-Digest" = Option<String>, Header, description = "RFC 9530: sha-256, sha-512"),
        ("Content-MD5" = Option<String>, Header, description = "RFC 1864"),
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = PartResponse, headers(("ETag" = String, description = "As `etag`")))),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn put_part(
    State(app): State<App>,
    access: Access<VaultWrite>,
    Path((id, number)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<([(HeaderName, HeaderValue); 1], Answer<PartResponse>), Problem> {
    let id = upload_id(&id)?;
    let part_number =
        number.parse().map_err(|_| Problem::field("partNumber", &number, "a part number, counted from 1"))?;
    refuse_encoding(&headers)?;
    let (announced, expected) = (announced_length(&headers), content_digests(&headers)?);
    let owner = &access.connection.id;
    let accepted = app.parts.accept(&app.sessions, owner, id, part_number, announced, expected).await?;
    let mut body = Bytestream::new(body, app.config.server.deadlines);
    let digest = app.parts.take(accepted, &mut body).instrument(tracing::debug_span!("part")).await?;
    let etag = digest.to_etag();
    Ok((etag_header(digest), Answer(PartResponse { media_upload_id: id.to_string(), part_number, etag })))
}
