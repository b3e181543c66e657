//! `PUT /v2/access/uploads/{id}/parts/{n}`: takes one part.

use axum::Json as Answer;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use strongroom_core::digest::Digest;
use strongroom_core::id::{ConnectionId, UploadId};
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
    let mut body = Bytestream::new(body, &headers, app.config.server.deadlines);
    match take(&app, &access.connection.id, &id, &number, &headers, &mut body).await {
        Ok((id, part_number, digest)) => {
            let etag = digest.to_etag();
            Ok((etag_header(digest), Answer(PartResponse { media_upload_id: id.to_string(), part_number, etag })))
        }
        Err(problem) => {
            body.linger();
            Err(problem)
        }
    }
}

async fn take(
    app: &App,
    owner: &ConnectionId,
    id: &str,
    number: &str,
    headers: &HeaderMap,
    body: &mut Bytestream,
) -> Result<(UploadId, u32, Digest), Problem> {
    let id = upload_id(id)?;
    let number = number.parse().map_err(|_| Problem::field("partNumber", number, "a part number, counted from 1"))?;
    refuse_encoding(headers)?;
    let expected = content_digests(headers)?;
    let announced = announced_length(headers);
    let accepted = app.parts.accept(&app.sessions, owner, id, number, announced, expected).await?;
    Ok((id, number, app.parts.take(accepted, body).await?))
}
